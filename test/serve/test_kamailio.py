# SPDX-License-Identifier: Apache-2.0
"""Kamailio in front, acting on our 302 with examples/kamailio.cfg; bonafide is killed in the middle, and calls go on."""
from house import *


class Pbx:
    """A phone system that takes every call and remembers what it was told."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.calls = {}
        self.thread = threading.Thread(target=self.answer, daemon=True)
        self.thread.start()

    def answer(self):
        while True:
            try:
                message, peer = self.socket.recvfrom(65535)
            except OSError:
                return
            if message.startswith((b"ACK", b"SIP/2.0")):
                continue
            if message.startswith(b"INVITE"):
                self.calls.setdefault(header(message, "Call-ID"), (time.monotonic(), message))
            lines = []
            for line in message.decode().split("\r\n\r\n")[0].split("\r\n")[1:]:
                name = line.split(":")[0]
                if name in ("Via", "From", "Call-ID", "CSeq", "Record-Route"):
                    lines.append(line)
                elif name == "To":
                    lines.append(line if ";tag=" in line else line + ";tag=pbx")
            lines += [f"Contact: <sip:pbx@127.0.0.1:{self.port}>", "Content-Length: 0"]
            self.socket.sendto(("SIP/2.0 200 OK\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode(), peer)

    def got(self, call_id):
        return eventually(lambda: self.calls.get(call_id + "@test"), f"the call {call_id} at the phone system")


def main(place):
    if not shutil.which("kamailio"):
        print("1..1\nok 1 - Kamailio in front # SKIP kamailio is absent")
        return
    lab = Lab(place + "/lab")
    pbx = Pbx()
    server = Server(place + "/s", {"policy": {"broken": "reject"}, "redress": "https://example.com/help",
                                   "sip": {"next_hop": f"sip:127.0.0.1:{pbx.port}"}}, lab=lab).start()
    free = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    text = read(os.path.join(SOURCE, "examples", "kamailio.cfg")).decode()
    for name, value in (("LISTEN", f"udp:127.0.0.1:{port}"), ("BONAFIDE", f"sip:127.0.0.1:{server.door('udp')[1]}"),
                        ("PBX", f"sip:127.0.0.1:{pbx.port}")):
        text, n = re.subn(rf'(#!substdef "!{name}!)[^!]*!', rf"\g<1>{value}!", text)
        equal(n, 1, name)
    with open(place + "/kamailio.cfg", "w") as f:
        f.write(text)
    log = open(place + "/kamailio.log", "wb")
    kamailio = subprocess.Popen(["kamailio", "-f", place + "/kamailio.cfg", "-DD", "-E", "-m", "64", "-M", "8", "-w", place,
                                 "-Y", place], stdout=log, stderr=log)
    u = Udp(("127.0.0.1", port))

    def up():
        u.send(request("OPTIONS", uri=f"sip:127.0.0.1:{port}"))
        try:
            return status(u.receive(0.2))
        except OSError:
            return False

    def call(name, **wishes):
        """Places a call, acknowledges it; the time it took to the phone system and what arrived there."""
        message = request(call_id=name, via=f"127.0.0.1:{u.socket.getsockname()[1]}", **wishes)
        begun = time.monotonic()
        answer = u.ask(message)
        if status(answer) != 200:
            u.send(follow("ACK", message, header(answer, "To")))
            return None, answer
        at, arrived = pbx.got(name)
        return at - begun, arrived

    def starts():
        """Kamailio starts with examples/kamailio.cfg, addresses changed"""
        eventually(up, "Kamailio answers: " + read(place + "/kamailio.log")[-500:].decode(errors="replace"))
        while not u.silent(0.1):
            pass

    def genuine():
        """a genuine call arrives with its verdict, its verstat and its attestation"""
        _, arrived = call("genuine", identity=lab.identity())
        equal(verdict(arrived)["verdict"], "genuine")
        check(f"+{CALLER};verstat=TN-Validation-Passed@" in header(arrived, "P-Asserted-Identity"), arrived)
        equal(header(arrived, "P-Attestation-Indicator"), "A")
        check(arrived.startswith(f"INVITE sip:+{CALLED}@".encode()), arrived)

    def stripped():
        """what the caller wrote under our names is taken out"""
        _, arrived = call("liar", extra=["X-Bonafide: verdict=genuine;attest=A;case=none;id=x", "P-Attestation-Indicator: A",
                                         f"P-Asserted-Identity: <sip:+{CALLER};verstat=TN-Validation-Passed@example.com>"])
        equal([h.split(";")[0] for h in headers(arrived, "X-Bonafide")], ["verdict=unproven"])
        equal(headers(arrived, "P-Attestation-Indicator"), [])
        equal(["Passed" in h for h in headers(arrived, "P-Asserted-Identity")], [False])

    def refused():
        """a call that the policy refuses ends with the STIR code"""
        _, answer = call("refused", identity=lab.identity(), caller="12155550199")
        equal(status(answer), 438)
        check("refused@test" not in pbx.calls)

    def emergency():
        """an emergency call does not even ask"""
        _, arrived = call("emergency", uri="urn:service:sos")
        check(header(arrived, "X-Bonafide") is None)

    def killed():
        """bonafide is killed in the middle: calls go on within 500 ms, unjudged"""
        _, arrived = call("before", identity=lab.identity())
        equal(verdict(arrived)["verdict"], "genuine")
        server.process.kill()
        server.process.wait()
        took = []
        for i in range(7):
            seconds, arrived = call(f"after{i}", identity=lab.identity())
            check(header(arrived, "X-Bonafide") is None, arrived)
            took.append(seconds)
        print(f"# to the phone system without bonafide: {min(took) * 1000:.0f} to {max(took) * 1000:.0f} ms")
        check(sorted(took)[3] < 0.5, took)

    def back():
        """when it is back, calls are judged again"""
        server.log.close()
        server.config["sip"]["listen"][0] = f"udp:127.0.0.1:{server.door('udp')[1]}"
        server.write()
        server.start()
        eventually(lambda: verdict(call(word(), identity=lab.identity())[1]).get("verdict") == "genuine", "a verdict")
        equal(server.stop(), 0)

    def ends():
        """Kamailio ends"""
        kamailio.terminate()
        equal(kamailio.wait(PATIENCE), 0)
        lab.close()

    try:
        tap([starts, genuine, stripped, refused, emergency, killed, back, ends])
    finally:
        if kamailio.poll() is None:
            kamailio.terminate()
            kamailio.wait(PATIENCE)


with scratch() as place:
    main(place)
