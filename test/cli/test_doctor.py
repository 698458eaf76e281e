#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`bonafide doctor`: every answer has a grade, bad ones have advice, and the status says the worst."""
import re
import socket
import subprocess
import sys

import harness
from harness import bonafide, test

QUESTIONS = ["clock", "dns", "way out", "anchors", "crl", "signing", "emergency", "disk", "ports", "test call"]
LAB = None


def lab():
    global LAB
    if LAB is None:
        LAB = harness.Lab()
    return LAB


def doctor(text, *args, status=None):
    config = lab().dir / "doctor.yaml"
    config.write_text(text)
    ran = bonafide("doctor", "--offline", "--config", config, *args, status=status)
    grades = {}
    for line in ran.out.splitlines():
        m = re.match(r"(ok|warn|FAIL|-)\s+(" + "|".join(QUESTIONS) + r")\s+(\S.*)", line)
        if m:
            grades[m[2]] = (m[1], m[3])
    assert list(grades) == QUESTIONS, ran
    return grades, ran


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def config(port=None, anchors=None, more=""):
    return (f"sip: {{listen: [\"udp:127.0.0.1:{port or free_port()}\"]}}\n"
            f"http: {{listen: \"127.0.0.1:{free_port()}\"}}\n"
            + (f"trust: {{domains: [{{name: here, anchors: [\"{anchors}\"]}}]}}\n" if anchors else "")
            + f"store: {{url: \"sqlite:{lab().dir}/doctor.db\"}}\n" + more)


@test
def emergency_numbers_taken_out_are_to_look_at():
    more = "policy: {never_block_defaults: false, never_block: [\"988\"]}\n"
    grades, ran = doctor(config(anchors=lab().root, more=more), status=0)
    assert grades["emergency"][0] == "warn" and "only 1 " in grades["emergency"][1] and "-> take out" in ran.out, ran
    grades, ran = doctor(config(anchors=lab().root, more="policy: {never_block: [\"988\"]}\n"), status=0)
    assert grades["emergency"][0] == "ok", ran


@test
def a_sound_configuration_passes():
    grades, ran = doctor(config(anchors=lab().root), status=0)
    assert grades["anchors"][0] == "ok" and "2040-01-01" in grades["anchors"][1], ran
    assert grades["disk"][0] == "ok" and "fdatasync" in grades["disk"][1], ran
    assert grades["ports"][0] == "ok", ran
    assert grades["dns"][0] == "-" and grades["way out"][0] == "-", ran
    assert grades["test call"][0] == "warn", ran
    assert "0 failed" in ran.out, ran


@test
def bad_answers_come_with_advice():
    _, ran = doctor(config())
    lines = ran.out.splitlines()
    for at, line in enumerate(lines):
        if re.match(r"(warn|FAIL)\s", line):
            assert lines[at + 1].lstrip().startswith("-> "), line


@test
def anchors_that_cannot_be_read_fail():
    grades, ran = doctor(config(anchors="/nonexistent/roots.pem"), status=1)
    assert grades["anchors"][0] == "FAIL" and "/nonexistent/roots.pem" in grades["anchors"][1], ran


@test
def a_key_that_is_not_there_fails():
    more = f"sign: [{{numbers: [\"+12025550100\"], attest: A, for: [10.0.0.0/8], key: /nonexistent/key.pem, x5u: {harness.URL}}}]\n"
    grades, ran = doctor(config(more=more), status=1)
    assert grades["signing"][0] == "FAIL" and "/nonexistent/key.pem" in grades["signing"][1], ran


@test
def a_key_and_its_chain_pass():
    for name in ("key", "chain"):
        getattr(lab(), name).chmod(0o600)
    more = (f"sign: [{{numbers: [\"+12025550100\"], attest: A, for: [10.0.0.0/8], key: \"{lab().key}\", x5u: {harness.URL}, "
            f"chain: \"{lab().chain}\"}}]\n")
    grades, ran = doctor(config(more=more), status=0)
    assert grades["signing"][0] == "ok", ran


@test
def a_port_in_use_is_seen():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        grades, ran = doctor(config(port=s.getsockname()[1]))
        assert grades["ports"][0] == "warn" and "in use" in grades["ports"][1], ran


@test
def an_address_that_is_not_ours_fails():
    grades, ran = doctor(f"sip: {{listen: [\"udp:192.0.2.1:5060\"]}}\nstore: {{url: \"sqlite:{lab().dir}/doctor.db\"}}\n", status=1)
    assert grades["ports"][0] == "FAIL", ran


@test
def a_directory_that_cannot_be_made_fails():
    grades, ran = doctor("store: {url: \"sqlite:/proc/nowhere/bonafide.db\"}\n", status=1)
    assert grades["disk"][0] == "FAIL", ran


@test
def a_bad_configuration_is_wrong_usage():
    path = lab().dir / "bad.yaml"
    path.write_text("sip: {lisen: []}\n")
    ran = bonafide("doctor", "--config", path, status=64)
    assert "bad.yaml:1" in ran.err and ran.out == "", ran
    bonafide("doctor", "--offline", "now", status=64)


@test
def a_server_that_runs_is_called():
    text = config(anchors=lab().root)
    path = lab().dir / "served.yaml"
    path.write_text(text)
    server = subprocess.Popen([str(harness.PROGRAM), "serve", "--config", str(path)], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):  # until it answers
            grades, ran = doctor(text)
            if grades["test call"][0] == "ok" or server.poll() is not None:
                break
        assert grades["test call"][0] == "ok" and "unproven" in grades["test call"][1], ran
        assert grades["ports"][0] == "warn", ran
    finally:
        server.terminate()
        server.wait(60)


if __name__ == "__main__":
    try:
        harness.run_tests(harness.tests_of(sys.modules[__name__]))
    finally:
        if LAB:
            LAB.close()
