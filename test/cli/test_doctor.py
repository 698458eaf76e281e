#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`bonafide doctor`: every answer has a grade, bad ones have advice, and the status says the worst."""
import contextlib
import http.server
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading

import harness
from harness import bonafide, test

QUESTIONS = ["clock", "dns", "way out", "anchors", "crl", "signing", "emergency", "engine", "disk", "ports", "test call"]
LAB = None


def lab():
    global LAB
    if LAB is None:
        LAB = harness.Lab()
    return LAB


def doctor(text, *args, status=None, offline=True, run=bonafide, **more):
    config = lab().dir / "doctor.yaml"
    config.write_text(text)
    ran = run("doctor", *(["--offline"] if offline else []), "--config", config, *args, status=status, **more)
    grades = {}
    for line in ran.out.splitlines():
        m = re.match(r"(ok|warn|FAIL|-)\s+(" + "|".join(QUESTIONS) + r")\s+(\S.*)", line)
        if m:
            grades[m[2]] = (m[1], m[3])
    assert list(grades) == QUESTIONS, ran
    return grades, ran


def free_port():
    """For UDP and TCP, and none that the kernel gives to a test beside this one."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            try:
                udp.bind(("127.0.0.1", port))
                tcp.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


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
def the_clock_is_graded_by_what_the_kernel_says_of_it():
    shim = harness.BUILD.absolute() / "test" / "cli" / "clock_says.so"
    if os.environ.get("BF_SANITIZE", "none") != "none" or not shim.exists():
        raise harness.Skip("a sanitizer must be loaded first")
    for says, grade, words in (("900000", "ok", "at most 900 ms off"), ("2000999", "ok", "at most 2000 ms off"),
                               ("2001000", "warn", "2001 ms off"), ("alone", "warn", "nothing keeps this clock in step"),
                               ("refused", "warn", "the kernel does not say")):
        grades, ran = doctor(config(), env={"LD_PRELOAD": str(shim), "BF_CLOCK": says})
        assert grades["clock"][0] == grade and words in grades["clock"][1], ran


@contextlib.contextmanager
def web(status):
    """A server that answers every request with that status."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@test
def whoever_answers_shows_that_there_is_a_way_out():
    for status in (200, 404, 503):
        with web(status) as url:
            grades, ran = doctor(config(more="x5u: {lab: true}\n"), "--url", url, offline=False)
            assert grades["dns"][0] == "ok" and grades["dns"][1].startswith("127.0.0.1 resolved"), ran
            assert grades["way out"][0] == "ok" and f"answered ({status})" in grades["way out"][1], ran


@test
def nobody_there_is_no_way_out():
    with socket.socket() as s:  # bound, and not listening
        s.bind(("127.0.0.1", 0))
        grades, ran = doctor(config(more="x5u: {lab: true}\n"), "--url", f"http://127.0.0.1:{s.getsockname()[1]}/",
                             offline=False, status=1)
    assert grades["dns"][0] == "ok" and grades["way out"][0] == "FAIL" and "-> certificates come over https" in ran.out, ran


@test
def the_way_out_keeps_to_the_rules_of_certificates():
    with web(200) as url:  # not in a lab: no http, no port of one's own, no address of this machine
        grades, ran = doctor(config(), "--url", url, offline=False, status=1)
        assert grades["way out"][0] == "FAIL", ran


@test
def a_proxy_is_asked_instead():
    with web(200) as proxy:
        more = f"x5u: {{lab: true, proxy: \"{proxy}\"}}\n"
        grades, ran = doctor(config(more=more), "--url", "http://127.0.0.1:9/", offline=False)
        assert grades["way out"][0] == "ok" and "http://127.0.0.1:9/ answered (200)" in grades["way out"][1], ran


@test
def a_name_that_nobody_knows_fails():
    grades, ran = doctor(config(), "--url", "https://name.invalid/", offline=False, status=1,
                         env={"RES_OPTIONS": "timeout:1 attempts:1"})
    assert grades["dns"][0] == "FAIL" and "name.invalid cannot be resolved" in grades["dns"][1], ran
    assert grades["way out"][0] == "FAIL", ran


@test
def what_is_no_url_is_told_so():
    for url in ("example.com", "https://", "https:///path", "https://" + "a" * 300 + "/"):
        grades, ran = doctor(config(), "--url", url, offline=False, status=1)
        assert grades["dns"][0] == "FAIL" and "is no URL" in grades["dns"][1] and "-> write --url" in ran.out, ran


@test
def the_engine_is_told_and_why():
    grades, ran = doctor(config(more="es256: {engine: openssl}\n"))
    assert grades["engine"] == ("ok", "openssl: es256.engine says so"), ran
    auto, ran = doctor(config(more="es256: {engine: auto}\n"))
    assert auto["engine"][0] == "ok", ran
    grades, ran = doctor(config(more="es256: {engine: lanes}\n"))
    here = auto["engine"][1].startswith("lanes")
    assert grades["engine"] == auto["engine"] if here else grades["engine"][0] == "FAIL" and "cannot run here" in ran.out, ran


def in_a_small_room(size):
    """Runs the program where a directory of the lab's is a file system of that size; skips where that may not be."""
    place = lab().dir / "small"
    place.mkdir(exist_ok=True)
    mount = f"mount -t tmpfs -o size={size} none {place}"
    if not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True).returncode:
        raise harness.Skip("no file system of our own may be mounted here")

    def run(*args, status=None):
        done = subprocess.run(["unshare", "-rm", "sh", "-c", f"{mount} && exec \"$@\"", "sh", str(harness.PROGRAM), *map(str, args)],
                              capture_output=True, timeout=60)
        ran = harness.Ran(args, done)
        assert status is None or done.returncode == status, ran
        return ran
    return place, run


@test
def a_disk_that_is_nearly_full_is_to_look_at_and_a_full_one_fails():
    for size, grade, words in (("50m", "FAIL", "MiB are free"), ("500m", "warn", "only"), ("2g", "ok", "GiB free")):
        place, run = in_a_small_room(size)
        text = f"store: {{url: \"sqlite:{place}/calls.db\", journal: \"{place}/journal\"}}\n"
        grades, ran = doctor(text, run=run, status=1 if grade == "FAIL" else None)
        assert grades["disk"][0] == grade and words in grades["disk"][1] and str(place) in grades["disk"][1], ran


@test
def the_worse_of_database_and_journal_counts():
    place, run = in_a_small_room("50m")
    for url, journal in ((lab().dir, place), (place, lab().dir)):
        text = f"store: {{url: \"sqlite:{url}/calls.db\", journal: \"{journal}/journal\"}}\n"
        grades, ran = doctor(text, run=run, status=1)
        assert grades["disk"][0] == "FAIL" and f"{place}: " in grades["disk"][1], ran


@test
def a_directory_that_is_yet_to_be_made_is_asked_where_it_will_lie():
    text = f"store: {{url: \"sqlite:{lab().dir}/to/be/made/calls.db\"}}\n"
    grades, ran = doctor(text)
    assert grades["disk"][0] == "ok" and grades["disk"][1].startswith(f"{lab().dir}: "), ran


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
