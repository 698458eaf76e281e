#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The desk over HTTP: log-in, roles, forged requests, people."""
import re, socket, tempfile
from desk import *
from house import Server, Udp, check, equal, free_port, request, tap, verdict


def with_desk(test):
    def run():
        with tempfile.TemporaryDirectory() as place:
            port = free_port()
            with Server(place, {"desk": {"listen": f"127.0.0.1:{port}"}}) as server:
                desk = Desk(port)
                token = re.search(r"#first=([0-9a-f]{64})", server.read_log())[1]
                test(server, desk, token)
    run.__doc__ = test.__doc__
    return run


def enter(desk, token):
    status, me = desk.ask("POST", "api/login/first", {"token": token, "user": "ada", "password": PASSWORD})
    equal(status, 200)
    desk.csrf = me["csrf"]


@with_desk
def nobody_sees_anything_without_a_session(server, desk, token):
    """without a session there is the page and nothing else; the one-time log-in works once"""
    for path in ("me", "calls", "people", "events", "users", "overview"):
        equal(desk.ask("GET", "api/" + path)[0], 401, path)
    equal(desk.ask("POST", "api/login/first", {"token": "0" * 64, "user": "eve", "password": PASSWORD})[0], 403)
    enter(desk, token)
    equal(Desk(desk.port).ask("POST", "api/login/first", {"token": token, "user": "eve", "password": PASSWORD})[0], 403)
    check("default-src 'none'" in desk.fields["Content-Security-Policy"])


@with_desk
def a_forged_write_is_refused(server, desk, token):
    """a write without the page's token is refused, and a wrong password often enough is not even looked at"""
    enter(desk, token)
    equal(desk.ask("POST", "api/people", {"name": "Eve"}, **{"X-CSRF": "no"})[0], 403)
    equal(desk.ask("GET", "api/people")[1], {"people": []})
    stranger = Desk(desk.port)
    said = [stranger.ask("POST", "api/login", {"user": "ada", "password": "wrong"})[0] for _ in range(6)]
    equal(said, [401] * 5 + [429])


@with_desk
def who_only_reads_sees_masked_numbers(server, desk, token):
    """who only reads sees masked numbers and changes nothing; who changed what is kept"""
    enter(desk, token)
    status, person = desk.ask("POST", "api/people", {"name": "Ada Miller", "numbers": ["+12025550100"]})
    equal((status, person["numbers"]), (200, ["+12025550100"]))
    equal(desk.ask("POST", "api/users", {"user": "bob", "role": "read", "password": PASSWORD})[0], 200)
    reader = Desk(desk.port)
    status, me = reader.ask("POST", "api/login", {"user": "bob", "password": PASSWORD})
    equal((status, me["role"], me["masked"]), (200, "read", True))
    reader.csrf = me["csrf"]
    equal(reader.ask("GET", "api/people")[1]["people"][0]["numbers"], ["+*********00"])
    for method, path in (("POST", "people"), ("DELETE", "people/1"), ("GET", "users"), ("GET", "people.csv")):
        equal(reader.ask(method, "api/" + path, {} if method == "POST" else None)[0], 403, path)
    check("person" in [e["what"] for e in desk.ask("GET", "api/audit")[1]["entries"]])
    equal(desk.ask("DELETE", "api/users/ada")[0], 409)


def a_busy_port_does_not_stop_calls():
    """a port of the desk that another program has is an alarm in the log, and calls are answered"""
    with tempfile.TemporaryDirectory() as place, socket.create_server(("127.0.0.1", 0)) as other:
        with Server(place, {"desk": {"listen": f"127.0.0.1:{other.getsockname()[1]}"}}) as server:
            phone = Udp(server.door("udp"))
            equal(verdict(phone.ask(request(via=f"127.0.0.1:{phone.socket.getsockname()[1]}")))["verdict"], "unproven")
            check("desk cannot listen" in server.read_log(), server.read_log())


if __name__ == "__main__":
    tap([a_busy_port_does_not_stop_calls, nobody_sees_anything_without_a_session, a_forged_write_is_refused, who_only_reads_sees_masked_numbers])
