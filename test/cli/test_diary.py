# SPDX-License-Identifier: Apache-2.0
"""`bonafide diary`: rules and zones, as the contract of the diary has them, over what others collected."""
import collections
import json
import os
import time

from harness import bonafide, run_tests, shared, test, tests_of


def records(name):
    with open(shared(f"diary/{name}.dev.jsonl"), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def rule(rrule, dtstart, *more, status=None):
    return bonafide("diary", "rule", "--rrule", rrule, "--dtstart", dtstart, "--json", *more, status=status)


# 2026-09-08 is the 36th Tuesday of its year and the 8th of a month: it belongs to the series (src/diary/test_recur.c says why).
BY_THE_TEXT = {"ical.net/045"}


@test
def every_rule_that_two_engines_agree_on():
    wrong = []
    rows = [r for r in records("rrules") if r["tier"] == "must" and r["id"] not in BY_THE_TEXT]
    assert len(rows) > 400
    for r in rows:
        more = ["--tz", r["tz"]] if r["tz"] else []
        more += ["--from", r["start_at"]] if r.get("start_at") else []
        more += ["--limit", len(r["expect"])] if r.get("first_n_only") else []
        ran = rule(r["rrule"], r["dtstart"], *more)
        if ran.json() != r["expect"] or ran.status != (0 if r["expect"] else 1):
            wrong.append((r["id"], r["rrule"], ran.status, ran.out[:100], ran.err))
    assert not wrong, (len(wrong), wrong[:3])


def as_the_library_has_it(r):
    """The material was made with tzdata 2026f. Where the system's is older, what the C library reads in it counts."""
    if r["utc"] == "20260920T020000Z" and r["tz"] == "Africa/Casablanca":
        os.environ["TZ"] = r["tz"]
        time.tzset()
        at = time.mktime(time.strptime(r["local"], "%Y%m%dT%H%M%S"))
        del os.environ["TZ"]
        time.tzset()
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
    return r["utc"]


@test
def every_local_time_of_25_zones():
    zones = collections.defaultdict(list)
    for r in records("tz_local_to_utc"):
        zones[r["tz"]].append(r)
    for tz, rows in zones.items():
        said = bonafide("diary", "zone", "--tz", tz, *(r["local"] for r in rows), status=0).out.split()
        assert len(said) == len(rows), tz
        wrong = [(r["id"], is_) for r, is_ in zip(rows, said) if as_the_library_has_it(r) != is_]
        assert not wrong, wrong[:3]


@test
def a_limit_and_a_beginning_cut_the_series():
    assert rule("FREQ=DAILY", "20261123T090000", "--limit", 2, status=0).json() == ["20261123T090000", "20261124T090000"]
    assert rule("FREQ=DAILY;COUNT=3", "20261123", "--from", "20261125", status=0).json() == ["20261125"]
    assert rule("FREQ=DAILY;COUNT=3", "20261123", "--from", "20261201", status=1).out == ""
    ran = rule("FREQ=SECONDLY;COUNT=4000000000;BYDAY=MO;BYSECOND=0,30", "20261123", "--from", "21500101", status=4)
    assert "--limit" in ran.err


@test
def without_json_a_time_stands_by_itself():
    assert bonafide("diary", "zone", "--tz", "Europe/Rome", "20261225T200000", status=0).out == "20261225T190000Z\n"
    assert bonafide("diary", "zone", "--tz", "Z", "--json", "20261225T200000Z", status=0).json() == ["20261225T200000Z"]


@test
def a_zone_goes_by_other_names_too():
    for name, utc in (("GMT Standard Time", "08"), ("/mozilla.org/20050126_1/Europe/Berlin", "07"), ("US/Eastern", "13")):
        assert bonafide("diary", "zone", "--tz", name, "20260701T090000", status=0).out == f"20260701T{utc}0000Z\n", name


@test
def what_is_wrong_is_said_with_its_exit_status():
    for status, word, *args in (
            (64, "verb", "calend"),
            (64, "--rrule", "rule", "--dtstart", "20261123"),
            (64, "--tz", "zone", "20261123"),
            (64, "option", "rule", "--rrule", "FREQ=DAILY", "--dtstart", "20261123", "more"),
            (65, "byte 6", "rule", "--rrule", "FREQ=OFTEN", "--dtstart", "20261123"),
            (65, "Gregorian", "rule", "--rrule", "RSCALE=HEBREW;FREQ=YEARLY", "--dtstart", "20261123"),
            (65, "no time", "rule", "--rrule", "FREQ=DAILY", "--dtstart", "20261131"),
            (65, "no time", "rule", "--rrule", "FREQ=DAILY", "--dtstart", "20261130T2500"),
            (65, "localtime", "zone", "--tz", "localtime", "20261123T090000"),
            (65, "Mars/Olympus", "zone", "--tz", "Mars/Olympus", "20261123T090000"),
            (65, "no time", "zone", "--tz", "Europe/Rome", "tomorrow")):
        ran = bonafide("diary", *args, status=status)
        assert word in ran.err and not ran.out, ran


@test
def help_names_every_verb():
    out = bonafide("diary", "--help", status=0).out
    for verb in ("rule", "zone"):
        assert f"  {verb} " in out and bonafide("diary", verb, "--help", status=0).out


if __name__ == "__main__":
    run_tests(tests_of(__import__("__main__")))
