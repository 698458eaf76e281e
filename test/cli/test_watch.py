# SPDX-License-Identifier: Apache-2.0
"""`bonafide watch`: verdicts on calls that come by. Captures are written here byte by byte; on loopback a real sender sends."""
import http.server
import json
import os
import pathlib
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from harness import (CALLED, CALLER, NOW, PROGRAM, URL, Lab, Skip, bonafide, invite, on_terminal, run_tests, test, tests_of)

PLACE = pathlib.Path(tempfile.mkdtemp(prefix="bonafide-watch-"))
PLACE.chmod(0o755)
_lab = []


def lab():
    if not _lab:
        _lab.append(Lab())
        _lab[0].dir.chmod(0o755)
    return _lab[0]


# ---- packets ----

V4 = (bytes([192, 0, 2, 10]), bytes([192, 0, 2, 20]))
V6 = (bytes.fromhex("20010db8" + "0" * 23 + "1"), bytes.fromhex("20010db8" + "0" * 23 + "2"))


def ip(payload, protocol, ends=V4):
    if len(ends[0]) == 4:
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0) + ends[0] + ends[1] + payload
    return struct.pack(">IHBB", 0x60000000, len(payload), protocol, 64) + ends[0] + ends[1] + payload


def ethernet(packet, tags=()):
    kind = 0x0800 if packet[0] >> 4 == 4 else 0x86dd
    return b"\2" * 12 + b"".join(struct.pack(">HH", t, 7) for t in tags) + struct.pack(">H", kind) + packet


def udp(payload, ends=V4, source=5060, to=5060):
    return ip(struct.pack(">HHHH", source, to, 8 + len(payload), 0) + payload, 17, ends)


def tcp(payload, seq, flags=0x18, ends=V4, source=40000, to=5060):
    return ip(struct.pack(">HHIIBBHHH", source, to, seq & 0xffffffff, 1, 0x50, flags, 1000, 0, 0) + payload, 6, ends)


def stream(payload, size, **where):
    """SYN, then segments of that size."""
    first = where.pop("seq", 1000)
    cuts = range(0, len(payload), size)
    return [tcp(b"", first, 2, **where)] + [tcp(payload[n:n + size], first + 1 + n, **where) for n in cuts]


def pcap(frames, link=1, snaplen=65535):
    out = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, snaplen, link)
    for number, frame in enumerate(frames):
        at, data = frame if isinstance(frame, tuple) else (NOW, frame)
        kept = data[:snaplen]
        out += struct.pack("<IIII", at, number, len(kept), len(data)) + kept
    return out


def file_of(frames, name="calls.pcap", **how):
    path = PLACE / name
    path.write_bytes(pcap(frames, **how))
    return path


# ---- calls ----

def config():
    path = PLACE / "bonafide.yaml"
    path.write_text(f"""
trust: {{domains: [{{name: lab, anchors: [{lab().root}], lab: true}}]}}
x5u: {{certs_dir: {lab().certs}}}
numbers: {{own: ["+12155550130/10"]}}
sip: {{peers: [{{from: 192.0.2.0/24, pai: true}}, {{from: "2001:db8::/32", pai: true}}]}}
""")
    return path


def call(number, **how):
    return invite(call_id=f"{number}@watch.example", **how).encode()


def genuine(number, **how):
    return call(number, identities=[lab().identity(origid=f"123e4567-e89b-12d3-a456-{number:012d}", **how)])


def impostor(number):
    return call(number, caller="12155550132", extra=())


def watch(*args, frames=None, status=0, **more):
    where = [file_of(frames, **more)] if frames is not None else []
    return bonafide("watch", "--config", config(), "--offline", *args, *where, status=status)


def objects(ran):
    told = ran.json()
    return [o for o in told if "summary" not in o], told[-1]["summary"]


# ---- captures ----

@test
def a_call_of_every_verdict_over_every_carrier_of_packets():
    frames = [ethernet(udp(genuine(1))),
              ethernet(udp(call(2), V6)),
              ethernet(udp(genuine(3, dest="12025550199")), tags=[0x8100]),
              ethernet(udp(genuine(4)), tags=[0x88a8, 0x8100]),
              *[ethernet(p) for p in stream(impostor(5), 100, ends=V6)]]
    calls, summary = objects(watch("--json", frames=frames))
    assert [c["verdict"] for c in calls] == ["genuine", "unproven", "broken", "genuine", "impostor"], calls
    assert [c["transport"] for c in calls] == ["udp"] * 4 + ["tcp"]
    assert calls[0]["source"] == "192.0.2.10:5060" and calls[0]["destination"] == "192.0.2.20:5060", calls[0]
    assert calls[1]["source"] == "[2001:db8::1]:5060" and calls[4]["source"] == "[2001:db8::1]:40000"
    assert calls[0]["time"].startswith("2015-09-25T19:12:25.000Z") and calls[0]["call_id"] == "1@watch.example"
    assert calls[0]["signer"]["spc"] == "1234" and calls[0]["attest"] == "A" and not calls[0]["late"]
    assert summary["verdicts"] == {"genuine": 2, "unproven": 1, "broken": 1, "impostor": 1}, summary
    assert summary["calls"] == 5 and summary["signed"] == 3 and summary["refused"] == 2 and summary["last"]
    assert summary["signers"] == [{"spc": "1234", "x5u": URL, "calls": 3, "failed": 1}], summary
    assert summary["lost"] == 0 and summary["packets"] == len(frames)


@test
def the_verdict_is_that_of_verify():
    frames = [ethernet(udp(genuine(1))), ethernet(udp(genuine(2, orig="12025550100"))), ethernet(udp(call(3)))]
    watched, _ = objects(watch("--json", frames=frames))
    verified = bonafide("verify", "--json", "--config", config(), "--offline", file_of(frames)).json()
    assert len(watched) == len(verified) == 3
    for w, v in zip(watched, verified):
        assert {k: w[k] for k in v} == v


@test
def people_get_a_line_a_call_and_a_summary_of_what_a_policy_would_refuse():
    frames = [ethernet(udp(genuine(1))), ethernet(udp(genuine(2, dest="12025550199"))), ethernet(udp(call(3)))]
    out = watch(frames=frames).out
    lines = out.splitlines()
    assert lines[0].startswith("2015-09-25T19:12:25Z  genuine   +12155550121 -> +12155550131"), out
    assert "  A  1234" in lines[0] and "says: Lab" in lines[0] and lines[1].split()[1] == "broken"
    assert "3 calls: 1 genuine, 1 unproven, 1 broken, 0 impostor" in out
    assert "signed     66.7% (A 1, B 0, C 0)" in out, out
    assert "by case" in out and "failing    SPC 1234 at certs.lab.example: 1 of 2" in out, out
    assert out.endswith("1 of 3 calls would have been refused, if broken calls and impostors were.\n"), out


@test
def a_terminal_gets_colours_and_lines_that_fit():
    frames = [ethernet(udp(genuine(1)))]
    out = on_terminal("watch", "--config", config(), "--offline", file_of(frames), columns=70)
    first = out.splitlines()[0]
    assert "\x1b[32mgenuine\x1b[0m" in first and len(first.replace("\x1b[32m", "").replace("\x1b[0m", "")) <= 70, first
    assert "\x1b" not in on_terminal("watch", "--no-color", "--config", config(), "--offline", file_of(frames))


@test
def the_policy_of_the_configuration_says_what_would_be_refused_and_help_is_never_in_the_way():
    path = PLACE / "policy.yaml"
    path.write_text(config().read_text() + "policy: {broken: reject}\nredress: https://help.example/\n")
    frames = [ethernet(udp(impostor(1))), ethernet(udp(genuine(2, dest="12025550199"))),
              ethernet(udp(call(3, identities=[lab().identity(dest="12025550199")], called="911")))]
    ran = bonafide("watch", "--config", path, "--offline", file_of(frames), status=0)
    assert "1 of 3 calls would have been refused, by the policy of the configuration." in ran.out, ran


@test
def each_call_is_judged_once_however_often_it_is_seen():
    first = genuine(1)
    leg = first.replace(b"branch=z9hG4bK1", b"branch=z9hG4bK9").replace(b"Max-Forwards: 70", b"Max-Forwards: 69")
    challenged = first.replace(b"CSeq: 1 ", b"CSeq: 2 ")
    other = (bytes([192, 0, 2, 20]), bytes([192, 0, 2, 30]))
    frames = [ethernet(udp(first)), (NOW + 1, ethernet(udp(first))), ethernet(udp(leg, other)), ethernet(udp(challenged))]
    calls, summary = objects(watch("--json", frames=frames))
    assert len(calls) == 1 and summary["repeated"] == 3, summary
    calls, summary = objects(watch("--json", "--same", "leg", frames=frames))
    assert len(calls) == 2 and summary["repeated"] == 2, summary


@test
def behind_a_gateway_that_makes_new_call_ids_the_token_tells_the_call():
    first = genuine(1)
    frames = [ethernet(udp(first)), (NOW + 9, ethernet(udp(first.replace(b"1@watch", b"77@watch"))))]
    out = watch(frames=frames).out
    assert "1 genuine" in out and "1 broken" in out and "--same token" in out, out
    calls, summary = objects(watch("--json", "--same", "token", frames=frames))
    assert [c["verdict"] for c in calls] == ["genuine"] and summary["repeated"] == 1


@test
def segments_out_of_order_sent_twice_and_with_two_calls_in_one():
    both = stream(genuine(1) + call(2), 200)
    mixed = [both[0]] + both[3:5] + both[1:2] + both[3:4] + both[2:3] + both[5:]
    calls, summary = objects(watch("--json", frames=[ethernet(p) for p in mixed]))
    assert [c["verdict"] for c in calls] == ["genuine", "unproven"], calls


@test
def fragments_of_udp_are_put_together():
    whole = udp(genuine(1))
    head, payload = whole[:20], whole[20:]
    cut = 800
    def part(data, offset, more):
        return head[:2] + struct.pack(">HHH", 20 + len(data), 77, offset // 8 | (0x2000 if more else 0)) + head[8:] + data
    frames = [ethernet(part(payload[cut:], cut, False)), ethernet(part(payload[:cut], 0, True))]
    calls, _ = objects(watch("--json", "--port", "5060", frames=frames))
    assert [c["verdict"] for c in calls] == ["genuine"]


@test
def linux_cooked_captures_are_read():
    frames = [struct.pack(">HHH8sH", 0, 1, 6, b"\2" * 8, 0x0800) + udp(genuine(1))]
    calls, _ = objects(watch("--json", "--port", "5060", frames=frames, link=113))
    assert [c["verdict"] for c in calls] == ["genuine"]


@test
def a_port_and_a_filter_choose_what_is_looked_at_also_behind_tags():
    frames = [ethernet(udp(call(1), to=5080), tags=[0x8100]), ethernet(udp(call(2), source=7000, to=7000)), ethernet(udp(call(3)))]
    def seen(*args):
        return [c["call_id"][0] for c in objects(watch("--json", *args, frames=frames))[0]]
    assert seen() == ["1", "2", "3"]
    assert seen("--port", "5080", "--port", "7000") == ["1", "2"]
    assert seen("--filter", "udp port 7000") == ["2"]
    assert "is none" in watch("--filter", "udp prt 1", frames=frames, status=64).err


@test
def what_is_cut_short_is_counted_and_never_judged():
    frames = [ethernet(udp(genuine(1))), ethernet(udp(call(2)))]
    ran = watch(frames=frames, snaplen=96)
    assert "0 calls" in ran.out and "2 damaged or cut short" in ran.out, ran


@test
def garbage_ends_in_a_summary():
    import random
    dice = random.Random(8)
    frames = []
    for n in range(300):
        good = bytearray(ethernet(udp(genuine(n)) if n < 20 else udp(call(n)), tags=[0x8100][:n % 2]))
        for _ in range(dice.randrange(1, 12)):
            good[dice.randrange(len(good))] = dice.randrange(256)
        frames.append(bytes(good[:dice.randrange(1, len(good) + 1)] if n % 3 == 0 else good))
    ran = watch("--json", frames=frames)
    calls, summary = objects(ran)
    assert summary["packets"] == 300 and summary["calls"] == len([c for c in calls if "verdict" in c])
    for c in calls:
        assert "error" in c or c["verdict"] != "genuine" or c["called"] == CALLED, c


@test
def a_capture_that_breaks_off_says_where_and_keeps_what_came_before():
    path = file_of([ethernet(udp(call(1))), ethernet(udp(call(2)))])
    path.write_bytes(path.read_bytes()[:-7])
    ran = watch("--json", path, status=65)
    assert len(objects(ran)[0]) == 1 and "packet 2 cannot be read" in ran.err, ran
    path.write_bytes(b"no capture at all")
    assert watch(path, status=65).err.count("\n") == 1
    assert "No such file" in watch(PLACE / "nothing.pcap", status=65).err


@test
def wrong_usage_is_64_with_a_sentence():
    for args, word in ((["--port", "0"], "--port"), (["--same", "x"], "--same"), (["--summary", "99999999999"], "--summary"), (["--store", "x:y"], "sqlite:PATH"),
                       (["-i", "lo", "a.pcap"], "one interface or one FILE"), (["a", "b"], "one FILE")):
        given = args if "a.pcap" in args or args == ["a", "b"] else [*args, file_of([])]
        ran = watch(*given, status=64)
        assert word in ran.err and not ran.out, ran


# ---- as it happens ----

class Watching:
    """`bonafide watch --json` under way; its lines as they come."""

    def __init__(self, *args, stdin=subprocess.DEVNULL):
        self.process = subprocess.Popen([str(PROGRAM), "watch", "--json", "--config", str(config()), *map(str, args)],
                                        stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        self.rest = b""

    def line(self, patience=30):
        end = time.monotonic() + patience
        while b"\n" not in self.rest:
            left = end - time.monotonic()
            assert left > 0 and select.select([self.process.stdout], [], [], left)[0], "no line came"
            piece = os.read(self.process.stdout.fileno(), 65536)
            assert piece, f"it ended: {self.process.stderr.read()}"
            self.rest += piece
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def end(self, number=signal.SIGINT):
        if number:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return [json.loads(line) for line in (self.rest + out).splitlines()], err.decode()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@test
def a_capture_that_is_still_written_is_judged_as_it_comes():
    w = Watching("--offline", "-", stdin=subprocess.PIPE)
    try:
        bytes_ = pcap([ethernet(udp(genuine(1))), ethernet(udp(call(2)))])
        first = 24 + 16 + len(ethernet(udp(genuine(1))))
        w.process.stdin.write(bytes_[:first])
        assert w.line()["verdict"] == "genuine"
        w.process.stdin.write(bytes_[first:])
        assert w.line()["verdict"] == "unproven"
        told, err = w.end(signal.SIGTERM)
        assert w.process.returncode == 0 and told[-1]["summary"]["calls"] == 2, (told, err)
    finally:
        w.close()


class Slow:
    """A repository that gives its chain when told to."""

    def __init__(self):
        slow = self
        self.asked, self.go = threading.Event(), threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                slow.asked.set()
                slow.go.wait(30)
                pem = lab().chain.read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", "application/pem-certificate-chain")
                self.send_header("Content-Length", str(len(pem)))
                self.end_headers()
                try:
                    self.wfile.write(pem)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/1234.pem"

    def close(self):
        self.go.set()
        self.server.shutdown()


@test
def a_call_that_waits_for_its_certificate_holds_up_nobody():
    repository = Slow()
    path = PLACE / "slow.yaml"
    path.write_text(config().read_text().replace("x5u: {", "x5u: {lab: true, budget_ms: 4000, "))
    w = Watching("--config", path, "-", stdin=subprocess.PIPE)
    try:
        waits = genuine(1, x5u=repository.url)
        w.process.stdin.write(pcap([ethernet(udp(waits)), ethernet(udp(call(2)))]))
        assert w.line()["call_id"] == "2@watch.example"
        assert repository.asked.wait(30)
        repository.go.set()
        last = w.line()
        assert last["call_id"] == "1@watch.example" and last["verdict"] == "genuine" and not last["late"], last
    finally:
        repository.close()
        w.close()


@test
def a_certificate_that_does_not_come_leaves_the_call_unproven_and_late():
    repository = Slow()
    path = PLACE / "late.yaml"
    path.write_text(config().read_text().replace("x5u: {", "x5u: {lab: true, budget_ms: 50, "))
    try:
        ran = bonafide("watch", "--json", "--config", path, file_of([ethernet(udp(genuine(1, x5u=repository.url)))]), status=0)
        calls, summary = objects(ran)
        assert calls[0]["verdict"] == "unproven" and calls[0]["late"] and summary["late"] == 1, ran
    finally:
        repository.close()


@test
def records_are_kept_where_calls_finds_them_and_a_capture_read_twice_is_kept_once():
    store = f"sqlite:{PLACE}/records.db"
    frames = [ethernet(udp(genuine(1))), ethernet(udp(impostor(2)))]
    for _ in range(2):
        watch("--store", store, frames=frames)
    kept = bonafide("calls", "--json", "--store", store, status=0).json()
    assert sorted(r["verdict"] for r in kept) == ["genuine", "impostor"], kept
    shown = bonafide("calls", "--store", store, "--verdict", "impostor", status=0)
    assert CALLED[-7:] in shown.out, shown


@test
def a_collector_gets_the_call_and_its_verdict():
    collector = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    collector.settimeout(30)
    collector.bind(("127.0.0.1", 0))
    message = genuine(1)
    watch("--hep", f"udp:127.0.0.1:{collector.getsockname()[1]}", frames=[ethernet(udp(message))])
    sip, log = collector.recv(65536), collector.recv(65536)
    assert sip.startswith(b"HEP3") and sip.endswith(message) and V4[0] in sip and V4[1] in sip
    assert b'"verdict":"genuine"' in log and b"1@watch.example" in log
    collector.close()


@test
def summaries_come_while_it_watches_and_quiet_leaves_only_them():
    w = Watching("--offline", "--quiet", "--summary", "1", "-", stdin=subprocess.PIPE)
    try:
        w.process.stdin.write(pcap([ethernet(udp(call(1)))]))
        told = w.line()["summary"]
        while told["calls"] == 0:
            told = w.line()["summary"]
        assert told["calls"] == 1 and not told["last"]
        assert w.end()[0][-1]["summary"]["last"]
    finally:
        w.close()


# ---- on an interface ----

def live(*args):
    w = Watching("--offline", "-i", "lo", *args)
    said = b""
    while b"listening on lo" not in said:
        piece = os.read(w.process.stderr.fileno(), 4096)
        said += piece
        if not piece:
            w.process.wait(30)
            if w.process.returncode == 77 or b"permission" in said.lower():
                raise Skip("this user may not capture")
            raise AssertionError(said.decode())
    return w


@test
def calls_on_loopback_are_judged_while_they_pass_over_udp_and_tcp():
    listener, udp_door = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp_door.bind(("127.0.0.1", 0))
    port, tcp_port = udp_door.getsockname()[1], listener.getsockname()[1]
    w = live("--port", port, "--port", tcp_port)
    try:
        now = int(time.time())
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        token = lab().identity(iat=now)
        sender.sendto(invite([token], call_id="live-1", date=None).encode(), ("127.0.0.1", port))
        seen = w.line()
        assert seen["verdict"] == "genuine" and seen["source"] == f"127.0.0.1:{sender.getsockname()[1]}", seen
        stream_ = socket.create_connection(("127.0.0.1", tcp_port))
        stream_.sendall(invite(call_id="live-2", date=None).encode())
        seen = w.line()
        assert seen["verdict"] == "unproven" and seen["transport"] == "tcp", seen
        told, err = w.end()
        assert w.process.returncode == 0 and told[-1]["summary"]["calls"] == 2, (told, err)
        stream_.close()
        sender.close()
    finally:
        w.close()
        listener.close()
        udp_door.close()


@test
def rights_are_given_back_once_the_device_is_open():
    w = live()
    try:
        lines = pathlib.Path(f"/proc/{w.process.pid}/status").read_text().splitlines()
        status = {line.split(":")[0]: line.split(":")[1].split() for line in lines}
        assert status["CapEff"] == ["0000000000000000"], status
        assert status["NoNewPrivs"] == ["1"]
        if os.geteuid() == 0:
            assert "0" not in status["Uid"], status
        w.end()
        assert w.process.returncode == 0
    finally:
        w.close()


@test
def who_may_not_capture_is_told_what_to_type():
    if os.geteuid() != 0:
        raise Skip("only root can become somebody who may not")
    given = config()
    given.chmod(0o644)
    done = subprocess.run([str(PROGRAM), "watch", "-i", "lo", "--config", str(given)], capture_output=True, timeout=60,
                          check=False, user=65534, group=65534, extra_groups=[])
    assert done.returncode == 77, done
    assert b"sudo bonafide watch -i lo" in done.stderr and b"setcap cap_net_raw+ep" in done.stderr, done


@test
def an_interface_that_is_not_there_is_named_beside_those_that_are():
    ran = bonafide("watch", "-i", "nothing0", "--offline")
    if ran.status == 77:
        raise Skip("this user may not capture")
    assert ran.status == 65 and "there is no such interface" in ran.err and "lo" in ran.err, ran


if __name__ == "__main__":
    run_tests(tests_of(sys.modules[__name__]))
