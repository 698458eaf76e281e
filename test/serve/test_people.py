# SPDX-License-Identifier: Apache-2.0
"""People: who calls by the address book, what names claim, what breaks a habit, which call was expected; while the server runs."""
import sqlite3
from house import *

ADA, BABBAGE, STRANGER, NAMESAKE = CALLER, "12155550144", "12155550177", "12155550188"
DAY = 86400


class Book:
    """The address book of a server that runs, changed from outside as the desk and the command change it."""

    def __init__(self, server):
        self.server = server
        self.url = f"{server.place}/records.db"

    def run(self, *statements):
        with contextlib.closing(sqlite3.connect(self.url, timeout=10)) as db:
            for sql, values in statements:
                db.execute(sql, values)
            db.execute("UPDATE people_generation SET generation = generation + 1")
            generation = db.execute("SELECT generation FROM people_generation").fetchone()[0]
            db.commit()
        eventually(lambda: f"(generation {generation})" in self.server.read_log(), "the server has read the book")

    def ask(self, sql):
        with contextlib.closing(sqlite3.connect(self.url, timeout=10)) as db:
            return db.execute(sql).fetchall()

    def person(self, number, name, protected=1, proof=0, signer=None):
        details = [(1, number)] + ([(2, signer)] if signer else [])
        self.run(("INSERT INTO people (id, uid, name, organisation, least_attestation, protected, require_proof, language,"
                  " note, photo, photo_type, extra, changed, folded) VALUES (?, ?, ?, '', '', ?, ?, '', '', NULL, '', '', 0, '')",
                  (self.count() + 1, f"uid:{name}:{number}", name, protected, proof)),
                 *[("INSERT INTO people_details VALUES (?, ?, 0, ?)", (self.count() + 1, kind, text)) for kind, text in details])

    def count(self):
        return self.ask("SELECT count(*) FROM people")[0][0]


def ballots(row):
    return {b["check"]: b for b in row["ballots"]}


def main(place):
    lab = Lab(place + "/lab", carriers=2)
    server = Server(place + "/server", {"policy": {"genuine": "label", "impostor": "label"}}, lab=lab).start()
    book = Book(server)
    u = Udp(server.door("udp"))
    book.person("+" + ADA, "Ada Lovelace")
    book.person("+" + BABBAGE, "Charles Babbage", protected=0)

    def judged(**what):
        """the verdict on the wire, and the record that says the same"""
        call_id = word()
        signed = what.pop("signed", None)
        if signed is not None:
            what["identity"] = lab.identity(orig=what.get("caller", ADA), carrier=signed)
        answer = u.ask(request(call_id=call_id, **what))
        outcome = verdict(answer)["verdict"]

        def found():
            said = subprocess.run([PROGRAM, "calls", "--store", f"sqlite:{server.place}/records.db", "--json"],
                                  capture_output=True, text=True).stdout.splitlines()
            return [r for r in map(json.loads, said) if r["call_id"] == call_id + "@test"]
        row = eventually(found, "its record")[0]
        equal(row["verdict"], outcome)
        return row

    def known():
        """a person whose number is proven is named"""
        row = judged(signed=0)
        equal((row["verdict"], row["person"], row["person_id"], row["claimed_person"]), ("genuine", "Ada Lovelace", 1, None))
        equal(ballots(row)["person-known"]["vote"], "pass")
        check(any('person=' in line for line in server.verdict_lines()), server.verdict_lines()[-1])
        equal(server.metrics()["people"], 2)

    def nobody():
        """somebody we do not know is not"""
        row = judged(caller=STRANGER, signed=0)
        equal((row["verdict"], row["person"], row["claimed_person"]), ("genuine", None, None))

    def unproven():
        """her number alone proves nothing"""
        row = judged()
        equal((row["verdict"], row["person"], row["claimed_person"]), ("unproven", None, "Ada Lovelace"))
        check("nothing proves it" in ballots(row)["person-known"]["why"], row)

    def learns():
        """a habit is learned from genuine calls, proposed on its third day, and counts when somebody confirmed it"""
        eventually(lambda: book.ask("SELECT calls FROM habits WHERE person = 1") == [(1,)], "the first lesson")
        equal(book.ask("SELECT number, trust_domain, state, days FROM habits"), [("+" + ADA, "lab", 0, 1)])
        for day in (1, 2):  # what was learned today was learned yesterday
            with contextlib.closing(sqlite3.connect(book.url, timeout=10)) as db:
                db.execute("UPDATE habits SET since = since - ?, last = last - ?", (DAY, DAY))
                db.commit()
            judged(signed=0)
            eventually(lambda: book.ask("SELECT days FROM habits") == [(day + 1,)], f"day {day + 1}")
        equal(book.ask("SELECT state FROM habits"), [(1,)])
        equal(judged()["verdict"], "unproven")
        book.run(("UPDATE habits SET state = 2, confirmed_by = 'test'", ()))
        check("signed as always" in json.dumps(judged_json(signed=0)), "the habit is told")

    def judged_json(signed=None, **what):
        if signed is not None:
            what["identity"] = lab.identity(orig=what.get("caller", ADA), carrier=signed)
        status, body = server.verdict(request(**what))
        equal(status, 200)
        return json.loads(body)

    def says_who():
        """JSON over HTTP names the person, and whose name it may be"""
        said = judged_json(signed=0)
        equal((said["person"], said["claimed_person"]), ({"id": 1, "name": "Ada Lovelace"}, None))
        said = judged_json(display="")
        equal((said["person"], said["claimed_person"]), (None, {"id": 1, "name": "Ada Lovelace"}))

    def habit_broken():
        """unsigned, where every call was signed: an impostor, for she is protected"""
        row = judged()
        equal((row["verdict"], row["claimed_person"]), ("impostor", "Ada Lovelace"))
        equal(ballots(row)["person-habit"]["vote"], "abstain")
        check("this call is not signed" in ballots(row)["person-habit"]["why"], row)

    def other_signer():
        """another carrier's signature is good, and not the habit's"""
        row = judged(signed=1)
        equal((row["verdict"], row["verstat"], row["person"]), ("unproven", "TN-Validation-Passed", None))
        check("another signer" in row["why"], row["why"])

    def not_learned():
        """what is unproven, or of nobody we know, teaches nothing"""
        equal(book.ask("SELECT count(*) FROM habits"), [(1,)])

    def expect(person, until, number=""):
        now = int(time.time())
        book.run(("INSERT INTO expected (person, from_at, until_at, zone, number, word, source, state, call, by_whom) "
                  "VALUES (?, ?, ?, 'Europe/Rome', ?, '', 'command', 0, '', 'test')", (person, now - 60, now + until, number)))

    def expected():
        """an expected call passes, and is marked as come"""
        expect(2, 600)
        row = judged(caller=BABBAGE, signed=0)
        equal((row["verdict"], row["person"], ballots(row)["call-expected"]["vote"]), ("genuine", "Charles Babbage", "pass"))
        eventually(lambda: book.ask("SELECT state, call FROM expected") == [(1, row["id"])], "it is met")
        equal(server.metrics()["expected_met_total"], 1)

    def expected_unproven():
        """an expected call that nothing proves is not"""
        row = judged(caller=BABBAGE)
        equal((row["verdict"], ballots(row)["call-expected"]["vote"]), ("unproven", "abstain"))

    def missed():
        """who does not come is missed, once"""
        expect(1, -15)
        eventually(lambda: book.ask("SELECT state FROM expected WHERE person = 1") == [(2,)], "it is missed")
        check("did not come: Ada Lovelace" in server.read_log(), server.read_log()[-500:])
        equal(server.metrics()["expected_missed_total"], 1)

    def restart():
        """who is known is known to the first call after a start; nothing is learned twice"""
        before = book.ask("SELECT calls FROM habits")
        equal(server.stop(), 0)
        server.start()
        u.socket.connect(server.door("udp"))
        said = judged_json(signed=0)
        equal(said["person"]["name"], "Ada Lovelace")
        eventually(lambda: server.metrics()["habit_lessons_total"] == 1, "the one lesson")
        equal(book.ask("SELECT calls FROM habits WHERE id = 1")[0][0], before[0][0] + 1)

    def waived():
        """the entry of a person goes before the habit"""
        book.run(("UPDATE people SET require_proof = 2 WHERE id = 1", ()))
        equal(judged_json()["verdict"], "unproven")
        book.run(("UPDATE people SET require_proof = 1 WHERE id = 1", ()))
        equal(judged_json()["verdict"], "impostor")

    def shown():
        """the book's name stands beside the tick, and in a retransmission's answer too when the book has changed meanwhile"""
        message = request(identity=lab.identity(orig=ADA))
        answer = u.ask(message)
        check(f'"✔ Ada Lovelace (+{ADA}) says: Lab" ' in header(answer, "P-Asserted-Identity"), answer)
        check(";person=Ada%20Lovelace;id=" in header(answer, "X-Bonafide"), answer)
        book.run(("UPDATE people SET name = 'Ada King' WHERE id = 1", ()))
        equal(u.ask(message), answer)
        check("Ada%20King" in header(u.ask(request(identity=lab.identity(orig=ADA))), "X-Bonafide"), "a new call has the new name")
        book.run(("UPDATE people SET name = 'Ada Lovelace' WHERE id = 1", ()))

    def impostor():
        """a signed number does not make another's name one's own"""
        answer = u.ask(request(identity=lab.identity(orig=STRANGER), caller=STRANGER, display='"Ada Lovelace" '))
        equal(verdict(answer)["verdict"], "impostor")
        check("✘ not Ada Lovelace" in header(answer, "P-Asserted-Identity"), answer)
        check("person=" not in header(answer, "X-Bonafide"), answer)

    def excepted():
        """an exception lets the number say the name; the name is still not beside the tick"""
        book.run(("INSERT INTO exceptions (number, name, by_whom) VALUES (?, 'Ada Lovelace', 'test')", ("+" + STRANGER,)))
        answer = u.ask(request(identity=lab.identity(orig=STRANGER), caller=STRANGER, display='"Ada Lovelace" '))
        equal(verdict(answer)["verdict"], "genuine")
        check(f'"✔ +{STRANGER} says: Ada Lovelace" ' in header(answer, "P-Asserted-Identity"), answer)
        book.run(("DELETE FROM exceptions", ()))
        equal(judged(caller=STRANGER, signed=0, display='"Ada Lovelace" ')["verdict"], "impostor")

    def namesake():
        """two people may share a name when the number is theirs"""
        book.person("+" + NAMESAKE, "Ada Lovelace", protected=0)
        row = judged(caller=NAMESAKE, signed=0, display='"Ada Lovelace" ')
        equal((row["verdict"], row["person_id"]), ("genuine", 3))

    def withheld():
        """of a number that is withheld, the name is, too"""
        answer = u.ask(request(identity=lab.identity(orig=ADA), extra=["Privacy: id"]))
        check("person=" not in header(answer, "X-Bonafide") and "Lovelace" not in str(answer), answer)

    def forgotten():
        """who is removed is known no more"""
        book.run(("DELETE FROM people_details WHERE person = 1", ()), ("DELETE FROM people WHERE id = 1", ()),
                 ("DELETE FROM habits", ()))
        said = judged_json(signed=0)
        equal((said["verdict"], said["person"], said["claimed_person"]), ("genuine", None, None))

    try:
        return tap([known, nobody, unproven, learns, says_who, habit_broken, other_signer, not_learned, expected,
                    expected_unproven, missed, restart, waived, shown, impostor, excepted, namesake, withheld, forgotten])
    finally:
        u.close()
        equal(server.stop(), 0)
        lab.close()


if __name__ == "__main__":
    with scratch() as place:
        sys.exit(main(place))
