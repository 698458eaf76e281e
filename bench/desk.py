#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long each route of the desk takes, with many records: median and 99th percentile of milliseconds, on one connection after
the other.   python3 bench/desk.py [RECORDS] [TIMES]   (100000 records, each route 100 times; BF_BUILD says where the program is)"""
import os, subprocess, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "serve"))
from desk import *
from house import *

RECORDS = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
TIMES = int(sys.argv[2]) if len(sys.argv) > 2 else 100
PEOPLE = 2000


def measured(desk, method, path, body=None, kind="application/json"):
    took = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        status, _ = desk.ask(method, "api/" + path, body, kind)
        took.append(1000 * (time.perf_counter() - begun))
        check(status < 300, path, status)
    took.sort()
    return took[len(took) // 2], took[min(len(took) - 1, len(took) * 99 // 100)]


def main(place):
    os.makedirs(place + "/server")
    subprocess.run([os.path.join(BUILD, "bench", "desk_fill"), place + "/server", str(RECORDS)], check=True)
    server, port = desk_server(place + "/server")
    server.start()
    try:
        desk = Desk(port).first(server.read_log())
        book = "name,numbers,aliases\n" + "".join(f"Person {i},+1215{i:07},P. {i}\n" for i in range(PEOPLE))
        equal(desk.ask("POST", "api/people/import", book.encode(), "text/csv")[0], 200)
        eventually(lambda: sum(s["calls"] for s in desk.get("certificates")["signers"]) == RECORDS, "all calls are known", 120)
        calls = desk.get("calls?limit=1000")["calls"]
        until = calls[-1]["at"][:19] + "Z"
        routes = [("GET", "me"), ("GET", "calls"), ("GET", "calls?limit=1000"), ("GET", f"calls?limit=1000&before={calls[-1]['id']}"),
                  ("GET", f"calls?until={until}"), ("GET", "calls?verdict=impostor"), ("GET", "calls?q=lovelace"),
                  ("GET", "calls?q=nobody+says+this"), ("GET", "calls?person=1"), ("GET", "calls?person=77"),
                  ("GET", "calls/" + calls[500]["id"]), ("GET", "people"), ("GET", "people?q=person+19"), ("GET", "people.vcf"), ("GET", "people/1"),
                  ("GET", "names?name=Person%2019"), ("GET", "exceptions"), ("GET", "expected"), ("GET", "rules"), ("GET", "overview"),
                  ("GET", "overview?since=2020-01-01T00:00:00Z&step=604800"), ("GET", "certificates"), ("GET", "users"), ("GET", "audit"),
                  ("POST", f"calls/{calls[0]['id']}/feedback", {"right": True, "note": ""}),
                  ("POST", "rules/dry-run", {"rules": [{"name": "all", "action": "pass", "verdict": ["impostor"]}]})]
        print(f"{RECORDS} records, {PEOPLE} people\n{'route':60} {'median':>9} {'p99':>9}   milliseconds")
        for method, path, *body in routes:
            try:
                print(f"{method + ' ' + path:60.60} {'%9.1f %9.1f' % measured(desk, method, path, *body)}", flush=True)
            except AssertionError as e:
                print(f"{method + ' ' + path:60.60} refused: {e}", flush=True)
    finally:
        server.stop()


if __name__ == "__main__":
    with scratch() as place:
        main(place)
