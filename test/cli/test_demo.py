#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`bonafide demo`: the story on one screen, and nothing left behind."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import harness
from harness import PROGRAM, bonafide, test

STORY = [("signed", "genuine", "A"), ("signed, a famous name", "impostor", "A"),
         ("her own, not signed", "unproven", "-"), ("not signed", "unproven", "-"), ("another number shown", "broken", "-"),
         ("token changed", "broken", "-"), ("token of another call", "broken", "-"), ("old token", "broken", "-"),
         ("token used twice", "broken", "-"), ("untrusted carrier", "broken", "-"), ("signed by a gateway", "unproven", "C")]


def rows(out):
    found = []
    for line in out.splitlines():
        cells = re.split(r"  +", re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip())
        if len(cells) == 6 and cells[3] in ("genuine", "unproven", "broken", "impostor"):
            found.append(cells)
    return found


def check_story(out):
    found = rows(out)
    assert [(c[0], c[3], c[4]) for c in found] == STORY, out
    for cells in found:
        assert re.fullmatch(r"\+\d{8,15}", cells[1]) and cells[2] and len(cells[5]) > 15, cells


def check_callback(out):
    """both phones rang, the person's at the number of the address book, and were connected"""
    desk = re.search(r"^the desk +sip:201@\S+ +Call back: Aurelia Vance +(.*)$", out, re.M)
    person = re.search(r"^Aurelia Vance +sip:\+12155550177@\S+ +(.*)$", out, re.M)
    assert desk and person, out
    assert desk[1] == person[1] == "rang, picked up, connected, hung up", out
    assert "The two were connected." in out, out


def ask(link, path, body=None, **fields):
    """what the desk says, and the answer's fields"""
    asked = urllib.request.Request(link.split("/desk/")[0].replace("localhost", "127.0.0.1") + "/desk/" + path,
                                   json.dumps(body).encode() if body else None, {"Content-Type": "application/json", **fields})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return json.loads(answer.read()), answer.headers


def check_desk(out):
    """who opens the printed link is let in once, and sees the calls"""
    link = re.search(r"http://localhost:\d+/desk/#first=[0-9a-f]{64}", out)[0]
    first = {"token": link.split("first=")[1], "user": "ada", "password": "correct horse battery"}
    me, fields = ask(link, "api/login/first", first)
    assert me["role"] == "admin" and me["features"]["callback"], me
    calls, _ = ask(link, "api/calls", Cookie=fields["Set-Cookie"].split(";")[0])
    # the token that is used twice was genuine once: a call that the story does not show
    assert sorted(c["verdict"] for c in calls["calls"]) == sorted([row[1] for row in STORY] + ["genuine"]), calls
    assert "Aurelia Vance" in [(c["claimed_person"] or {}).get("name") for c in calls["calls"]], calls
    try:
        ask(link, "api/login/first", first | {"user": "eve"})
    except urllib.error.HTTPError as error:
        assert error.code == 403, error
    else:
        raise AssertionError("the link worked twice")


@test
def once_tells_the_whole_story_and_ends_well():
    with tempfile.TemporaryDirectory() as tmp:
        # what an earlier demo fetched from a port must not count for the next one there: nothing is kept in the state
        ran = bonafide("demo", "--once", status=0, env={"TMPDIR": tmp, "XDG_STATE_HOME": tmp, "HOME": tmp})
        check_story(ran.out)
        assert "is the name of Aurelia Vance" in ran.out and "is not theirs" in ran.out, ran.out
        assert re.search(r"Alice Lab is in the address book, .*: it came\.", ran.out), ran.out
        check_callback(ran.out)
        assert re.search(r"The desk, .* http://localhost:\d+/desk/\.\n", ran.out) and "first=" not in ran.out, ran.out
        assert ran.err == "" and "\033[" not in ran.out, ran
        assert "udp:127.0.0.1:" in ran.out and "http://127.0.0.1:" in ran.out and "Try next" in ran.out, ran
        assert os.listdir(tmp) == [], os.listdir(tmp)


@test
def colour_only_on_a_terminal():
    assert "\033[32m" in harness.on_terminal("demo", "--once")
    assert "\033[" not in harness.on_terminal("demo", "--once", "--no-color")


@test
def the_server_stays_until_it_is_told_to_go():
    with tempfile.TemporaryDirectory() as tmp:
        process = subprocess.Popen([str(PROGRAM), "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=os.environ | {"TMPDIR": tmp, "XDG_STATE_HOME": tmp, "HOME": tmp})
        out = ""
        for line in process.stdout:
            out += line
            if line.startswith("Ends with"):
                break
        try:
            check_story(out)
            check_callback(out)
            check_desk(out)
            http = re.search(r"http://127\.0\.0\.1:\d+", out)[0]
            with urllib.request.urlopen(http + "/healthz", timeout=10) as answer:
                assert answer.status == 200
            with urllib.request.urlopen(http + "/metrics", timeout=10) as answer:
                assert b"bonafide" in answer.read()
            lab = re.search(r"bonafide call --lab (\S+) (\S+)", out)
            ran = bonafide("call", "--lab", lab[1], "--expect", lab[2], "signed", "unsigned", "stale", status=0)
            assert "genuine" in ran.out, ran
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=60)
        assert process.returncode == 0, rest
        assert list(pathlib.Path(tmp).iterdir()) == [], list(pathlib.Path(tmp).iterdir())


@test
def a_place_that_cannot_be_written_is_said():
    ran = bonafide("demo", "--once", status=70, env={"TMPDIR": "/nonexistent"})
    assert "TMPDIR" in ran.err and ran.out == "", ran


@test
def operands_are_wrong_usage():
    assert "understood" in bonafide("demo", "now", status=64).err


if __name__ == "__main__":
    harness.run_tests(harness.tests_of(sys.modules[__name__]))
