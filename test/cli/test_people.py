# SPDX-License-Identifier: Apache-2.0
"""`bonafide people`: an address book from the command line, in a store of its own."""
import json
import os
import pathlib
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


if __name__ == "__main__":
    try:
        run_tests(tests_of(__import__("__main__")))
    finally:
        subprocess.run(["rm", "-rf", WORK], check=False)
