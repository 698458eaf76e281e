# SPDX-License-Identifier: Apache-2.0
"""Rules: what they do to calls, what they write down, and that they do nothing until they are switched on."""
from house import *

RULES = [
    {"name": "press", "action": "ring:<urn:alert:service:call-waiting>", "tag": ["press"], "mode": "enforce"},
    {"name": "says press", "action": "to:sip:reception@192.0.2.7", "claims_tag": ["press"], "mode": "enforce"},
    {"name": "proven", "action": "ring:<urn:alert:priority:high>", "verdict": ["genuine"], "mode": "enforce"},
    {"name": "watching", "action": "reject:603", "caller": ["+44*"]},
    {"name": "reception", "action": "to:sip:200@192.0.2.7", "caller": ["+44*"], "called": [f"+{CALLED}"], "mode": "enforce"},
    {"name": "box", "action": "voicemail:sip:vm@192.0.2.7", "caller": ["+45*"], "mode": "enforce"},
    {"name": "no", "action": "reject:486", "caller": ["+46*"], "mode": "enforce"},
    {"name": "let in", "action": "pass", "caller": ["+47*"], "mode": "enforce"},
    {"name": "nobody else", "action": "reject:603", "caller": ["+48*"]},
]


def wishes(rules, **more):
    return dict({"rules": rules, "redress": "https://example.org/complain", "policy": {"unproven": "to:sip:policy@192.0.2.9"}}, **more)


def main(place):
    lab = Lab(place + "/lab")
    server = Server(place + "/server", wishes(RULES), lab=lab).start()
    u = Udp(server.door("udp"))

    def record_of(call_id):
        found = lambda: server.records(f"SELECT rule, rule_action, rule_observed, status FROM records WHERE call_id='{call_id}@test'")
        return eventually(found, "the record of " + call_id)[0]

    def asked(**what):
        call_id = word()
        return u.ask(request(call_id=call_id, **what)), call_id

    def rings():
        """a genuine call rings as its rule says, and goes where it would have gone"""
        answer, call_id = asked(identity=lab.identity())
        equal(status(answer), 302)
        equal(verdict(answer)["verdict"], "genuine")
        equal(header(answer, "Alert-Info"), "<urn:alert:priority:high>")
        check("127.0.0.1:5080" in header(answer, "Contact"), answer)
        equal(record_of(call_id), ("proven", "ring:<urn:alert:priority:high>", 0, 302))

    def goes_elsewhere():
        """the first rule that is switched on decides, also behind one that only watches"""
        answer, call_id = asked(caller="442079460000")
        equal((status(answer), header(answer, "Contact")), (302, "<sip:200@192.0.2.7>"))
        equal(record_of(call_id), ("reception", "to:sip:200@192.0.2.7", 0, 302))

    def voicemail():
        """voicemail is told whose box it is"""
        answer, _ = asked(caller="4533123456")
        equal(header(answer, "Contact"), f"<sip:vm@192.0.2.7;target=sip:+{CALLED}%40example.com%3Buser%3Dphone;cause=480>")

    def refused():
        """a refusal is answered with its code"""
        answer, call_id = asked(caller="4681234567")
        equal((status(answer), header(answer, "Contact")), (486, None))
        equal(record_of(call_id)[3], 486)

    def lets_in():
        """pass outweighs the policy of the verdict"""
        answer, _ = asked(caller="4721234567")
        check("127.0.0.1:5080" in header(answer, "Contact"), answer)

    def watches():
        """a rule that is not switched on changes nothing, and is written down"""
        answer, call_id = asked(caller="48221234567")
        equal(header(answer, "Contact"), "<sip:policy@192.0.2.9>")
        equal(record_of(call_id), ("nobody else", "reject:603", 1, 302))
        check(any("would=reject:603" in line for line in server.verdict_lines()), server.verdict_lines()[-1:])

    def none():
        """where no rule matches, the policy of the verdict holds"""
        answer, call_id = asked(caller="33123456789")
        equal(header(answer, "Contact"), "<sip:policy@192.0.2.9>")
        equal(record_of(call_id)[0], None)

    def emergency():
        """no rule stands in the way of an emergency"""
        answer, call_id = asked(caller="4681234567", uri="sip:112@example.com;user=phone", to="<sip:112@example.com;user=phone>")
        equal(status(answer), 302)
        check("127.0.0.1:5080" in header(answer, "Contact"), answer)
        equal(record_of(call_id)[0], None)

    def the_same():
        """a retransmission has the same answer though the rules are others by then"""
        message = request(caller="442079460000")
        first = u.ask(message)
        server.write(dict(server.config, rules=[{"name": "new", "action": "reject:480", "caller": ["+44*"], "mode": "enforce"}]))
        server.signal(signal.SIGHUP)
        eventually(lambda: status(asked(caller="442079460000")[0]) == 480, "the new rules are in force")
        equal(u.ask(message), first)
        server.write()
        server.signal(signal.SIGHUP)
        eventually(lambda: status(asked(caller="442079460000")[0]) == 302, "the old rules are in force")

    def desk_path():
        return ["rules", "put", "--config", server.file]

    def desk():
        """rules of the desk stand behind those of the file, and are in force without a reload"""
        listed = place + "/desk.json"
        with open(listed, "w") as f:
            json.dump([{"name": "desk 44", "action": "reject:480", "caller": ["+44*"], "mode": "enforce"},
                       {"name": "desk 49", "action": "to:sip:300@192.0.2.7", "caller": ["+49*"], "mode": "enforce"}], f)
        subprocess.run([PROGRAM, *desk_path(), listed], check=True, stdout=subprocess.DEVNULL)
        eventually(lambda: header(asked(caller="4930123456")[0], "Contact") == "<sip:300@192.0.2.7>", "the desk's rule decides")
        equal(header(asked(caller="442079460000")[0], "Contact"), "<sip:200@192.0.2.7>")
        shown = subprocess.run([PROGRAM, "rules", "list", "--config", server.file, "--json"], check=True, capture_output=True, text=True)
        names = [rule["name"] for rule in json.loads(shown.stdout)["rules"]]
        equal(names, [rule["name"] for rule in RULES] + ["desk 44", "desk 49"])

    def dry():
        """a dry run tells which calls of the past a rule would have decided"""
        eventually(lambda: server.metrics()["journal_lag_records"] == 0, "all calls are in the index")
        wanted = place + "/wanted.json"
        with open(wanted, "w") as f:
            json.dump([{"name": "all of 44", "action": "to:sip:reception@192.0.2.7", "caller": ["+44*"]},
                       {"name": "the proven", "action": "pass", "verdict": ["genuine"]}], f)
        said = subprocess.run([PROGRAM, "rules", "dry-run", "--config", server.file, "--json", wanted], check=True,
                              capture_output=True, text=True)
        answer = json.loads(said.stdout)
        numbers = server.records("SELECT caller, verdict, kind FROM records")
        equal(answer["calls"], sum(kind == "verified" for _, _, kind in numbers))
        equal(answer["by_rule"][0]["matched"], sum(caller.startswith("44") for caller, _, _ in numbers))
        equal(answer["by_rule"][1]["matched"], sum(v == "genuine" for _, v, _ in numbers))
        check(answer["by_rule"][0]["matched"] > 0 and answer["by_rule"][1]["matched"] > 0, answer)
        words = subprocess.run([PROGRAM, "rules", "dry-run", "--config", server.file, wanted], check=True, capture_output=True,
                               text=True).stdout
        check(f"{answer['by_rule'][0]['matched']} of {answer['calls']} calls" in words, words)
        check("to:sip:reception@192.0.2.7" in words, words)

    def people():
        """a rule for a person is for whoever is proven to be that person, never for who says so"""
        subprocess.run([PROGRAM, "people", "add", "Ada Miller", "--number", f"+{CALLER}", "--tag", "press", "--protected",
                        "--config", server.file], check=True, stdout=subprocess.DEVNULL)
        ring = lambda: header(asked(identity=lab.identity())[0], "Alert-Info")
        eventually(lambda: ring() == "<urn:alert:service:call-waiting>", "her rule decides")
        answer, call_id = asked()  # her number, and nothing that proves it
        equal((header(answer, "Contact"), header(answer, "Alert-Info")), ("<sip:reception@192.0.2.7>", None))
        equal(record_of(call_id)[0], "says press")
        wanted = place + "/tagged.json"
        with open(wanted, "w") as f:
            json.dump([{"name": "hers", "action": "label", "tag": ["press"]}, {"name": "not hers", "action": "label", "claims_tag": ["press"]}], f)
        said = json.loads(subprocess.run([PROGRAM, "rules", "dry-run", "--config", server.file, "--json", wanted], check=True,
                                         capture_output=True, text=True).stdout)
        check(all(rule["matched"] > 0 for rule in said["by_rule"]), said)

    def ends():
        """the server ends well"""
        u.close()
        equal(server.stop(), 0)

    tap([rings, goes_elsewhere, voicemail, refused, lets_in, watches, none, emergency, the_same, desk, dry, people, ends])


if __name__ == "__main__":
    with scratch() as place:
        main(place)
