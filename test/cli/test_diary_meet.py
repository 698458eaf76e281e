# SPDX-License-Identifier: Apache-2.0
"""`bonafide diary meet`: dates of two diaries, in the three forms, and what it says when there is none."""
import json
import pathlib
import tempfile

from harness import bonafide, run_tests, test, tests_of

ALICE = [("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z", "busy"),
         ("2026-12-02T09:00:00Z", "2026-12-02T17:30:00Z", "tentative")]
BOB = [("2026-12-01T12:00:00Z", "2026-12-01T16:00:00Z", "unknown")]
HOURS = ("--hours", "Mo-Fr/09:00-17:30")
WINDOW = ("--from", "2026-12-01", "--to", "2026-12-04", "--now", "2026-11-30")


def meet(*more, alice=ALICE, bob=BOB, window=WINDOW, hours=HOURS, form="json", status=0):
    with tempfile.TemporaryDirectory() as place:
        args = ["--zone", "Europe/London", "--format", form, *window, *hours]
        for name, zone, rows in (("alice", "Europe/London", alice), ("bob", "Europe/Moscow", bob)):
            file = pathlib.Path(place, name)
            file.write_text("".join(json.dumps(dict(zip(("start", "end", "type"), r))) + "\n" for r in rows))
            args += ["--who", f"{name}:req:{zone}:{file}"]
        ran = bonafide("diary", "meet", *args, *more, status=status)
    return json.loads(ran.out) if form == "json" else ran


@test
def the_first_date_suits_both_and_says_how_each_sees_it():
    first = meet()["candidates"][0]
    assert (first["start"], first["end"]) == ("2026-12-01T10:00:00Z", "2026-12-01T10:30:00Z"), first
    assert first["local"] == {"alice": "2026-12-01T10:00 +00:00", "bob": "2026-12-01T13:00 +03:00"}
    assert "follows a meeting of alice at 10:00" in first["why"]


@test
def dates_lie_in_different_half_days_first():
    halves = [c["start"][:11] + str(int(c["start"][11:13]) // 12) for c in meet("--top", "5")["candidates"]]
    assert len(halves) == len(set(halves)) == 5, halves


@test
def who_is_worst_placed_stands_first():
    found = meet("--prefer", "Mo-Fr/09:00-13:00", "--top", "1", window=("--from", "2026-12-03T13:00", "--to", "2026-12-03T15:00",
                                                                        "--now", "2026-11-30"))
    assert list(found["candidates"][0]["local"]) == ["bob", "alice"], found


@test
def tentative_time_is_last_or_not_at_all():
    on_second = [any(c["start"].startswith("2026-12-02") for c in meet("--tentative", how)["candidates"])
                 for how in ("busy", "soft", "free")]
    assert on_second == [False, True, True]
    assert any("tentative" in why for c in meet()["candidates"] for why in c["why"])


@test
def where_there_is_none_the_constraint_is_named():
    narrow = ("--from", "2026-12-01", "--to", "2026-12-02", "--now", "2026-11-30")
    found = meet("--length", "3h", window=narrow, status=1)
    assert not found["candidates"] and found["none"]["constraint"] == "hours", found
    assert {o["constraint"] for o in found["none"]["others"]} == {"length", "presence"}
    text = meet("--length", "3h", window=narrow, form="text", status=1).out
    assert "outside the hours of alice" in text, text


@test
def buffers_belong_to_the_new_meeting():
    first = meet("--buffer", "alice=10m/5m")["candidates"]
    assert all(c["start"] != "2026-12-01T10:00:00Z" for c in first)
    assert any(c["start"] == "2026-12-01T11:30:00Z" for c in meet("--buffer", "alice=10m/5m", "--top", "40")["candidates"])
    assert not any(c["start"] == "2026-12-01T11:30:00Z" for c in meet("--buffer", "bob=0m/5m", "--top", "40")["candidates"])


@test
def a_diary_that_cannot_be_read_is_taken_time():
    for text in ("nonsense\n", '{"start":"2026-12-01T09:00:00Z"}\n', '{"start":"x","end":"y","type":"busy"}\n'):
        with tempfile.TemporaryDirectory() as place:
            file = pathlib.Path(place, "a")
            file.write_text(text)
            ran = bonafide("diary", "meet", "--who", f"a:req::{file}", "--format", "json", status=3)
            assert not json.loads(ran.out)["candidates"] and json.loads(ran.out)["warnings"][0]["diary"] == "a"
            ran = bonafide("diary", "meet", "--who", f"a:opt::{file}", "--who", "b:req::/dev/null", "--format", "json", status=0)
            assert json.loads(ran.out)["warnings"] and "a is not free, and optional" in ran.out
            bonafide("diary", "meet", "--who", f"a:opt::{file}", "--who", "b:req::/dev/null", "--strict", status=3)


@test
def a_calendar_of_dates_is_one():
    lines = meet("--top", "2", form="ics").out.splitlines()
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-1] == "END:VCALENDAR"
    assert lines.count("STATUS:TENTATIVE") == 2 and "DTSTART:20261201T100000Z" in lines


@test
def wrong_options_are_named():
    for args in (["--length", "0m"], ["--step", "2d"], ["--hours", "carol=Mo/09:00-10:00"], ["--hours", "Mo/9-10"],
                 ["--from", "tomorrow"], ["--format", "xml"], ["--top", "1000"], ["--tentative", "maybe"]):
        ran = bonafide("diary", "meet", "--who", "a:req::/dev/null", *args, status=64)
        assert args[0] in ran.err, ran
    bonafide("diary", "meet", status=64)
    bonafide("diary", "meet", "--who", "a:req:Mars/Olympus:/dev/null", status=65)


if __name__ == "__main__":
    run_tests(tests_of(__import__("__main__")))
