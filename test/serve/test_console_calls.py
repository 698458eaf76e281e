# SPDX-License-Identifier: Apache-2.0
"""The desk and calls that were really placed: events as they come, lists and their filters, one call with everything, sums."""
import csv, io
from desk import *
from house import *

KINDS = ["signed", "unsigned", "spoofed", "tampered", "other"]


def main(place):
    lab = Lab(place + "/lab")
    server, port = desk_server(place + "/server", {"store": {"keep_messages": True}}, lab)
    server.start()
    desk = Desk(port).first(server.read_log())

    def rows(query="", n=None):
        """the list of calls, once it has n of them"""
        if n is not None:
            eventually(lambda: len(desk.get("calls?limit=1000")["calls"]) == n, f"{n} calls are listed")
        return desk.get("calls?limit=1000&" + query)["calls"]

    def events():
        """a call is told as an event within the second, as it stands in the list"""
        stream = Stream(desk)
        place_calls(server, lab, *KINDS, name="Ada Miller")
        told = [stream.next("call") for _ in KINDS]
        stream.close()
        equal([t["id"] for t in told], [r["id"] for r in reversed(rows(n=len(KINDS)))])
        equal(sorted(t["verdict"] for t in told), sorted(r["verdict"] for r in rows()))
        equal([t[""] for t in told], [t["id"] for t in told], "the id of an event is the call's")

    def resumed():
        """who comes again hears what came meanwhile, and nothing twice"""
        known = rows()
        stream = Stream(desk, last=known[2]["id"])
        equal([stream.next("call")["id"] for _ in range(2)], [known[1]["id"], known[0]["id"]])
        place_calls(server, lab, "unsigned")
        equal(stream.next("call")["id"], rows(n=len(KINDS) + 1)[0]["id"])
        stream.close()

    def resumed_from_store():
        """also what is too old to be in memory: it is read from the store"""
        equal(server.stop(), 0)
        old = time.time() + 3
        eventually(lambda: time.time() > old, "what came before is older than the start")
        server.start()
        known = rows(n=len(KINDS) + 1)
        stream = Stream(desk, last=known[3]["id"])
        equal([stream.next("call")["id"] for _ in range(3)], [r["id"] for r in reversed(known[:3])])
        place_calls(server, lab, "signed")
        equal(stream.next("call")["id"], rows(n=len(KINDS) + 2)[0]["id"])
        stream.close()

    def pages():
        """a list comes page by page, newest first, without a gap"""
        whole, got, before = [r["id"] for r in rows()], [], ""
        while True:
            said = desk.get(f"calls?limit=2&before={before}")
            got += [r["id"] for r in said["calls"]]
            before = got[-1]
            if not said["more"]:
                break
        equal(got, whole)
        equal(desk.ask("GET", "api/calls?before=nonsense")[0], 200)

    def filters():
        """verdict, words and times choose"""
        everything = rows()
        for verdict in ("genuine", "unproven", "broken"):
            equal(rows("verdict=" + verdict), [r for r in everything if r["verdict"] == verdict])
            check(rows("verdict=" + verdict), verdict)
        equal(rows("q=ada+MILLER"), [r for r in everything if r["claimed_name"] == "Ada Miller"])
        equal(rows("q=nobody+says+this"), [])
        equal(rows("since=2001-01-01T00:00:00Z&until=2002-01-01T00:00:00Z"), [])
        equal(rows("since=2001-01-01T00:00:00Z"), everything)

    def downloads():
        """the same as CSV and as JSON, a line a call"""
        status, text = desk.ask("GET", "api/calls.csv?verdict=genuine")
        lines = list(csv.DictReader(io.StringIO(text.decode())))
        equal((status, [line["id"] for line in lines]), (200, [r["id"] for r in rows("verdict=genuine")]))
        status, text = desk.ask("GET", "api/calls.jsonl")
        check("attachment" in desk.fields["Content-Disposition"])
        equal((status, [json.loads(line)["id"] for line in text.splitlines()]), (200, [r["id"] for r in rows()]))

    def feedback():
        """whether a verdict was right is told to everybody, kept, and shown with the call"""
        call = rows()[0]["id"]
        stream = Stream(desk)
        equal(desk.ask("POST", f"api/calls/{call}/feedback", {"right": False, "note": "it was Ada"})[0], 200)
        equal(stream.next("feedback")["id"], call)
        stream.close()
        equal(rows()[0]["feedback"], {"right": False, "note": "it was Ada"})
        equal(desk.get("calls/" + call)["feedback"], {"right": False, "note": "it was Ada"})
        equal(desk.ask("POST", f"api/calls/{call}/feedback", {"right": "perhaps"})[0], 400)

    def one_call():
        """one call shows its token and its certificates"""
        call = next(r for r in rows("verdict=genuine"))
        said = desk.get("calls/" + call["id"])
        check(said["message"].startswith("INVITE "), said["message"])
        [identity] = said["identities"]
        equal((identity["header"]["ppt"], identity["claims"]["orig"], identity["status"]),
              ("shaken", {"tn": call["caller"]}, "valid"))
        equal(identity["info"], identity["header"]["x5u"])
        equal([c["role"] for c in said["chain"]], ["leaf", "intermediate", "anchor"])
        leaf, between, anchor = said["chain"]
        equal((leaf["subject"], leaf["spc"], leaf["serial"]), (said["record"]["subject"], said["record"]["spc"], said["record"]["serial"]))
        equal((leaf["issuer"], between["issuer"], anchor["issuer"]), (between["subject"], anchor["subject"], anchor["subject"]))
        check(leaf["not_before"] < call["at"] < leaf["not_after"], leaf)
        equal(desk.ask("GET", "api/calls/" + "0" * 26)[0], 404)

    def broken_call():
        """a token that broke is shown as such, an unsigned call has none"""
        broken = desk.get("calls/" + rows("verdict=broken")[0]["id"])
        equal([i["status"] for i in broken["identities"]], ["invalid"])
        unsigned = desk.get("calls/" + next(r["id"] for r in rows("verdict=unproven") if not r["attest"]))
        equal((unsigned["identities"], unsigned["chain"]), ([], []))

    def sums():
        """the overview counts what the list has; the signers are those who signed"""
        everything = rows()
        said = desk.get("overview?step=3600")
        for verdict in ("genuine", "unproven", "broken"):
            equal(sum(b[verdict] for b in said["buckets"]), len(rows("verdict=" + verdict)), verdict)
        equal(sum(said["attest"].values()), len(everything))
        check(isinstance(said["lag_ms"], int) and said["lag_ms"] >= 0, said["lag_ms"])
        equal(desk.ask("GET", "api/overview?step=1&since=2001-01-01T00:00:00Z")[0], 400)
        signers = desk.get("certificates")["signers"]
        equal(sum(s["calls"] for s in signers), len([r for r in everything if r["subject"]]))

    def rules():
        """rules are tried on past calls, written, and not over somebody else's"""
        rule = {"name": "strangers", "action": "reject:603", "verdict": ["unproven"]}
        status, said = desk.ask("POST", "api/rules/dry-run", {"rules": [rule], "since": "2001-01-01T00:00:00Z"})
        equal((status, said["calls"], said["by_rule"][0]["matched"]), (200, len(rows()), len(rows("verdict=unproven"))))
        equal({r["id"] for r in said["by_rule"][0]["calls"]}, {r["id"] for r in rows("verdict=unproven")})
        before = desk.get("rules")
        equal(desk.ask("PUT", "api/rules", {"rules": [rule]})[0], 400)
        status, said = desk.ask("PUT", "api/rules", {"rules": [rule]}, **{"If-Match": before["etag"]})
        equal((status, [r["name"] for r in said["rules"]], said["rules"][0]["mode"]), (200, ["strangers"], "observe"))
        equal(desk.ask("PUT", "api/rules", {"rules": []}, **{"If-Match": before["etag"]})[0], 409)
        equal(desk.ask("PUT", "api/rules", {"rules": [{"name": "x", "action": "explode"}]}, **{"If-Match": said["etag"]})[0], 400)
        eventually(lambda: (place_calls(server, lab, "unsigned"), [r for r in rows() if r["rule"] == "strangers"])[1], "it is taken up")

    def masked():
        """who only reads sees neither numbers nor messages, in lists and in events"""
        reader = desk.user("bob", "read")
        stream = Stream(reader)
        place_calls(server, lab, "signed")
        told = stream.next("call")
        stream.close()
        check(CALLER not in json.dumps(told) and told["caller"].endswith("21"), told)
        check(CALLER not in json.dumps(reader.get("calls")))
        said = reader.get("calls/" + told["id"])
        equal((said["message"], CALLER in json.dumps(said)), (None, False))
        equal(reader.ask("GET", "api/calls.csv")[0], 403)
        check(CALLER.encode() not in reader.ask("GET", "api/calls.jsonl")[1])

    try:
        return tap([events, resumed, resumed_from_store, pages, filters, downloads, feedback, one_call, broken_call, sums, rules, masked])
    finally:
        equal(server.stop(), 0)
        lab.close()


if __name__ == "__main__":
    with scratch() as place:
        sys.exit(main(place))
