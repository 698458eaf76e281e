#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`bonafide bench`: one object with every member, whose ratios are the quotients of its parts; nothing is left behind.

No figure is asserted: what is fast is for the bench to say.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import harness
from harness import bonafide, test

NUMBERS = ["verify_openssl_us", "sign_us", "sign_identity_us", "call_us", "scale_2", "echo_udp_us", "call_udp_us",
           "call_udp_off_us", "call_udp_strict_us", "call_udp_ratio", "sign_udp_us", "sign_udp_ratio"]
LANES = ["verify_warm_us", "verify_cold_us", "verify_one_us", "verify_warm_ratio", "verify_cold_ratio", "verify_one_ratio"]
QUOTIENTS = [("verify_warm_ratio", "verify_openssl_us", "verify_warm_us"), ("verify_cold_ratio", "verify_openssl_us", "verify_cold_us"),
             ("verify_one_ratio", "verify_openssl_us", "verify_one_us"), ("call_udp_ratio", "call_udp_us", "echo_udp_us")]


def has_lanes():
    if os.environ.get("BONAFIDE_ENGINE") == "openssl":
        return False
    flags = re.search(r"^flags.*", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return bool(flags) and "avx512ifma" in flags[0].split()


def close(a, b):
    return abs(a - b) <= 0.01 * abs(b) + 0.002


def in_order(times):
    assert 0 <= times["p50"] <= times["p99"] <= times["p999"] <= times["most"], times


def left_in(directory):
    return sorted(path.name for path in pathlib.Path(directory).iterdir())


def processes_of(directory):
    """Command lines that name something in this directory: servers that were not ended."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(directory) in line and "bench" not in line.split(" ")[1:2]:
            found.append(line)
    return found


@test
def quick_prints_one_object_with_every_member():
    with tempfile.TemporaryDirectory() as directory:
        plots = pathlib.Path(directory) / "plots"
        scratch = pathlib.Path(directory) / "scratch"
        scratch.mkdir()
        ran = bonafide("bench", "--quick", "--json", "--plots", plots, env={"TMPDIR": str(scratch)}, status=0, timeout=200)
        assert left_in(scratch) == [] and processes_of(scratch) == [], ran
        (figures,) = ran.json()
        assert set(NUMBERS + LANES + ["latency_ms", "engine", "complete"]) <= set(figures), figures
        due = NUMBERS if figures["complete"] else ["verify_openssl_us", "sign_us"]  # a busy machine has no time for more
        if len(os.sched_getaffinity(0)) < 2:
            due = [name for name in due if name != "scale_2"]
        for name in due + (LANES if has_lanes() else []):
            assert figures[name] > 0, (name, figures)
        if not has_lanes():
            assert figures["engine"] == "openssl" and all(figures[name] is None for name in LANES), figures
        for ratio, above, below in QUOTIENTS:
            if figures[ratio] is not None:
                assert close(figures[ratio], figures[above] / figures[below]), (ratio, figures)
        if figures["sign_udp_ratio"] is not None:
            assert close(figures["sign_udp_ratio"], figures["sign_udp_us"] / (figures["sign_us"] + figures["echo_udp_us"])), figures
        for latency in [figures["latency_ms"]] if figures["latency_ms"] else []:
            in_order(latency)
        for row in figures["latencies"]:
            assert row["calls_per_second"] > 0 and row["durability"] in ("relaxed", "strict"), row
            in_order(row["ms"])
        assert "signatures.svg" in left_in(plots), left_in(plots)
        for path in plots.iterdir():
            text = path.read_text()
            assert text.startswith("<svg ") and text.endswith("</svg>\n") and "--quick --plots" in text, path


@test
def signatures_fit_into_eighty_columns():
    ran = bonafide("bench", "--quick", "--only", "signatures", status=0, timeout=200)
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80, ran
    assert any(line.startswith("EVP_DigestVerify ") for line in lines), ran
    assert any(line.startswith("lanes, signer warm" if has_lanes() else "No lanes here: ") for line in lines), ran


@test
def without_lanes_their_members_are_null_and_a_sentence_says_why():
    options = ("bench", "--quick", "--only", "signatures")
    (figures,) = bonafide(*options, "--json", env={"BONAFIDE_ENGINE": "openssl"}, status=0, timeout=200).json()
    assert figures["engine"] == "openssl" and figures["verify_openssl_us"] > 0, figures
    assert all(figures[name] is None for name in LANES), figures
    out = bonafide(*options, env={"BONAFIDE_ENGINE": "openssl"}, status=0, timeout=200).out
    assert "No lanes here: BONAFIDE_ENGINE asks for OpenSSL." in out, out


@test
def ctrl_c_ends_it_and_leaves_nothing_behind():
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen([str(harness.PROGRAM), "bench", "--only", "udp"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=os.environ | {"TMPDIR": directory})
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end and not processes_of(directory):  # until a server runs
                time.sleep(0.05)
            assert processes_of(directory), "no server was started"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == 130 and out == b"", (process.returncode, out, err)
        assert left_in(directory) == [] and processes_of(directory) == [], (left_in(directory), processes_of(directory))


@test
def what_it_does_not_understand_is_wrong_usage():
    for args in (["now"], ["--only", "x"], ["--seconds", "1"], ["--quick=yes"]):
        bonafide("bench", *args, status=64)


if __name__ == "__main__":
    harness.run_tests(harness.tests_of(sys.modules[__name__]))
