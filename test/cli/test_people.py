# SPDX-License-Identifier: Apache-2.0
"""`bonafide people`: an address book from the command line, in a store of its own."""
import json
import os
import pathlib
import sqlite3
import subprocess
import tempfile

from harness import PROGRAM, run_tests, test, tests_of

WORK = pathlib.Path(tempfile.mkdtemp(prefix="bonafide-people-"))


class Book:
    """A store, and the command upon it."""

    def __init__(self, name):
        self.url = f"sqlite:{WORK / name}.db"

    def run(self, verb, *args, status=0, stdin=b""):
        done = subprocess.run([PROGRAM, "people", verb, "--store", self.url, *map(str, args)], input=stdin, capture_output=True,
                              check=False, env=dict(os.environ, XDG_STATE_HOME=str(WORK), NO_COLOR="1"))
        assert done.returncode == status, (verb, args, done)
        self.said = done.stderr.decode()
        return done.stdout.decode()

    def people(self, *text):
        out = self.run("search", "--json", *text) if text else self.run("list", "--json")
        return [json.loads(line) for line in out.splitlines()]


@test
def somebody_is_added_changed_found_and_removed():
    book = Book("one")
    first = book.run("add", "Ronald Putnam", "--alias", "Рональд Патнэм", "--number", "+1 (202) 555-0100", "--number",
                     "+12025550200/100", "--signer", "spc:1234", "--protected", "--least-attestation", "A", "--tag", "board").strip()
    book.run("add", "Zoë Söhn", "--number", "+4930123456")
    [putnam] = book.people("патнэм")
    assert putnam["numbers"] == ["+12025550100", "+12025550200/100"] and putnam["protected"], putnam
    assert putnam["signers"] == ["spc:1234"] and putnam["least_attestation"] == "A" and str(putnam["id"]) == first
    book.run("edit", "zoe sohn", "--organisation", "Acme", "--require-proof", "required")
    [zoe] = book.people("ACME")
    assert zoe["name"] == "Zoë Söhn" and zoe["numbers"] == ["+4930123456"] and zoe["require_proof"] == "required"
    book.run("edit", first, "--number", "", "--unprotected")
    assert book.people("putnam")[0]["numbers"] == [] and not book.people("putnam")[0]["protected"]
    assert "Ronald Putnam" in book.run("show", first) and "Zoë" in book.run("list")
    book.run("remove", first)
    assert [p["name"] for p in book.people()] == ["Zoë Söhn"]


@test
def two_entries_become_one_that_has_both_numbers():
    book = Book("merge")
    book.run("add", "R. Putnam", "--number", "+12025550100")
    book.run("add", "Ronald Putnam", "--number", "+12025550101", "--protected")
    book.run("merge", 1, 2)
    [both] = book.people()
    assert both["aliases"] == ["Ronald Putnam"] and len(both["numbers"]) == 2 and both["protected"], both


def without_time(cards):
    """REV says when this book changed an entry, and no other book's is the same."""
    return [line for line in cards.splitlines() if not line.startswith("REV:")]


@test
def what_is_exported_makes_the_same_book_elsewhere():
    book, copy = Book("from"), Book("to")
    photo = WORK / "photo.jpg"
    photo.write_bytes(b"\xff\xd8\xff" + bytes(range(256)))
    book.run("add", "Ronald Putnam", "--alias", "a;b", "--number", "+1202*", "--note", "=1+1", "--protected", "--photo", photo)
    book.run("import", "-", stdin=b"BEGIN:VCARD\nVERSION:3.0\nFN:Zoe\nUID:z\nEMAIL:z@example.com\nTEL;TYPE=cell:+49 30 1\nEND:VCARD\n")
    for form in ("vcard", "csv"):
        copy = Book("to-" + form)
        assert copy.run("import", "-", stdin=book.run("export", "--format", form).encode()).startswith("2 added")
        assert without_time(copy.run("export")) == without_time(book.run("export")), form
        assert "0 changed, 2 as they were" in copy.run("import", "-", stdin=book.run("export", "--format", form).encode())


@test
def what_cannot_be_taken_is_told_with_its_line():
    book = Book("bad")
    out = book.run("import", "-", status=65, stdin=b"name,numbers\ngood,+12025550100\nbad,abc\n")
    assert out.startswith("1 added, 0 changed, 0 as they were, 1 refused") and "-:3: " in book.said, (out, book.said)
    book.run("import", "-", status=65, stdin=b"hello")
    assert "Nothing was changed" in book.said
    book.run("add", "", status=65)
    book.run("add", "x", "--number", "abc", status=64)
    book.run("add", "x", "--least-attestation", "D", status=64)
    book.run("show", 99, status=65)
    assert "there is no person 99" in book.said
    Book("none").run("list", status=65)
    book.run("juggle", status=64)


@test
def a_call_is_expected_listed_and_cancelled():
    book = Book("expect")
    book.run("add", "Ronald Putnam", "--number", "+12025550100")
    window = ("--from", "2050-11-24 15:00", "--until", "2050-11-24 15:30")
    first = book.run("expect", "putnam", *window, "--zone", "Europe/Rome", "--number", "+1 202 555-0100", "--word", "heron").strip()
    second = book.run("expect", 1, "--from", "2050-11-24T15:00+01:00", "--until", "2050-11-24T16:00Z").strip()
    rows = [json.loads(line) for line in book.run("expected", "--json").splitlines()]
    assert rows[0] == {"id": int(first), "person": {"id": 1, "name": "Ronald Putnam"}, "from": "2050-11-24T14:00:00Z",
                       "until": "2050-11-24T14:30:00Z", "zone": "Europe/Rome", "number": "+12025550100", "word": "heron",
                       "state": "open", "source": "command", "call": "", "by": rows[0]["by"]} and rows[0]["by"], rows
    assert rows[1]["from"] == rows[0]["from"] and rows[1]["number"] == "" and rows[1]["zone"] == "UTC", rows
    book.run("expected", "--cancel", first)
    assert [json.loads(line)["id"] for line in book.run("expected", "--json").splitlines()] == [int(second)]
    states = [json.loads(line)["state"] for line in book.run("expected", "--json", "--all").splitlines()]
    assert states == ["cancelled", "open"], states
    assert "any of theirs" in book.run("expected") and "heron" in book.run("expected", "--all")
    book.run("expected", "--cancel", first, status=65)
    assert "no expected call 1 that is open" in book.said, book.said


@test
def a_window_that_makes_no_sense_is_refused_in_words():
    book = Book("windows")
    book.run("add", "Ada")
    for status, words, *args in (
            (64, "--from TIME and --until TIME", "ada"),
            (64, "time zone", "ada", "--from", "2050-11-24 15:00", "--until", "2050-11-24 16:00", "--zone", "Europe/Atlantis"),
            (64, "skip this time", "ada", "--from", "2027-03-28 02:30", "--until", "2027-03-28 04:00", "--zone", "Europe/Rome"),
            (64, "RFC 3339", "ada", "--from", "soon", "--until", "2050-11-24 16:00"),
            (64, "one number", "ada", "--from", "2050-11-24 15:00", "--until", "2050-11-24 16:00", "--number", "+1202*"),
            (65, "ended already", "ada", "--from", "2020-11-24 15:00", "--until", "2020-11-24 16:00"),
            (65, "before it begins", "ada", "--from", "2050-11-24 15:00", "--until", "2050-11-24 15:00"),
            (65, "nobody matches", "bob", "--from", "2050-11-24 15:00", "--until", "2050-11-24 16:00")):
        book.run("expect", *args, status=status)
        assert words in book.said, (args, book.said)
    assert book.run("expected", "--json", "--all") == ""
    assert "no call is awaited" in (book.run("expected"), book.said)[1]


def teach(book, days):
    """What the server learns of genuine calls, as it stands in the store: the command only reads and decides."""
    with sqlite3.connect(book.url.removeprefix("sqlite:")) as store:
        store.execute("INSERT INTO habits (person, number, spc, issuer, trust_domain, state, calls, days, since, last, "
                      "confirmed_by) VALUES (1, '+12025550100', '1234', 'CN=CA', 'us', ?, 7, ?, 1728000000, 1728300000, '')",
                      (1 if days >= 3 else 0, days))


@test
def a_habit_counts_once_somebody_confirmed_it():
    book = Book("habits")
    book.run("add", "Ronald Putnam", "--number", "+12025550100")
    book.run("habits")
    assert "nothing was learned yet" in book.said
    teach(book, 3)
    [habit] = [json.loads(line) for line in book.run("habits", "--json").splitlines()]
    assert habit == {"id": 1, "person": {"id": 1, "name": "Ronald Putnam"}, "number": "+12025550100",
                     "signer": {"spc": "1234", "issuer": "CN=CA", "trust_domain": "us"}, "state": "proposed", "calls": 7, "days": 3,
                     "since": "2024-10-04T00:00:00Z", "last": "2024-10-07T11:20:00Z", "by": ""}, habit
    book.run("habits", "--confirm", 1)
    assert json.loads(book.run("habits", "--json"))["state"] == "confirmed" and "confirmed" in book.run("habits")
    assert json.loads(book.run("habits", "--json"))["by"]
    book.run("habits", "--refuse", 1)
    assert json.loads(book.run("habits", "--json"))["state"] == "refused"
    book.run("habits", "--confirm", 9, status=65)
    assert "no habit 9" in book.said
    book.run("habits", "--confirm", 1, "--refuse", 1, status=64)
    book.run("habits", "--confirm", "one", status=64)


@test
def a_habit_that_is_still_learned_cannot_be_confirmed():
    book = Book("learning")
    book.run("add", "Ronald Putnam", "--number", "+12025550100")
    teach(book, 2)
    book.run("habits", "--confirm", 1, status=65)
    assert "3 days" in book.said and json.loads(book.run("habits", "--json"))["state"] == "learning", book.said


@test
def a_number_may_say_a_name_that_is_not_its_own():
    book = Book("exceptions")
    book.run("exceptions", "--add", "+1 (202) 555-0177", "Ronald Putnam")
    [row] = [json.loads(line) for line in book.run("exceptions", "--json").splitlines()]
    assert (row["number"], row["name"]) == ("+12025550177", "Ronald Putnam") and row["by"], row
    assert "+12025550177" in book.run("exceptions")
    book.run("exceptions", "--add", "+12025550177", status=64)
    book.run("exceptions", "--add", "abc", "Ada", status=64)
    book.run("exceptions", "--remove", row["id"])
    assert book.run("exceptions", "--json") == ""
    book.run("exceptions", "--remove", row["id"], status=65)


@test
def a_claimed_name_is_compared_with_those_who_are_protected():
    book = Book("names")
    putnam = book.run("add", "Ronald Putnam", "--alias", "Ron Putnam", "--protected").strip()
    book.run("add", "Ada Miller")
    said = [json.loads(line) for line in book.run("name", "--json", "R\u043enald Putnam", "Ada Miller").splitlines()]
    assert said[0]["match"] and said[0]["person"] == putnam and said[0]["rule"] == "lookalike", said
    assert not said[1]["match"] and said[1]["person"] is None, "who is not protected lends nobody a name to fear for"
    assert "Ronald Putnam" in book.run("name", stdin="Putnam, Ronald\n".encode())
    book.run("name", "--book", "people.csv", "Ada", status=64)
    assert "--book takes the place of --store" in book.said, book.said


if __name__ == "__main__":
    try:
        run_tests(tests_of(__import__("__main__")))
    finally:
        subprocess.run(["rm", "-rf", WORK], check=False)
