# SPDX-License-Identifier: Apache-2.0
"""HEPv3: what a collector gets of judged calls, over UDP and TCP."""
import struct

from house import *

NAMES = {1: "family", 2: "protocol", 3: "source", 4: "target", 5: "source", 6: "target", 7: "source_port", 8: "target_port",
         9: "seconds", 10: "micros", 11: "type", 12: "agent", 14: "key", 15: "payload", 17: "correlation"}
NUMBERS = {"family", "protocol", "source_port", "target_port", "seconds", "micros", "type", "agent"}


def hep_read(packet):
    equal(packet[:4], b"HEP3")
    equal(struct.unpack(">H", packet[4:6])[0], len(packet), "the length is that of the packet")
    at, out = 6, {}
    while at < len(packet):
        vendor, kind, n = struct.unpack(">HHH", packet[at:at + 6])
        equal(vendor, 0)
        check(n >= 6 and at + n <= len(packet), "a chunk leaves its packet")
        name, value = NAMES[kind], packet[at + 6:at + n]
        out[name] = int.from_bytes(value, "big") if name in NUMBERS else value
        at += n
    return out


def withheld_request():
    """The trunk says who it is; the phone must not show it."""
    honest = request(call_id="hep-w", extra=["Privacy: id", f"P-Asserted-Identity: <sip:+{CALLER}@example.com;user=phone>"])
    return re.sub(rb"From: .*?;tag", b'From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag', honest)


class Collector:
    def __init__(self, tcp=False):
        self.tcp = tcp
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE)
        self.socket.bind(("127.0.0.1", 0))
        if tcp:
            self.socket.listen()
        self.lane = None

    @property
    def name(self):
        return f"{'tcp' if self.tcp else 'udp'}:127.0.0.1:{self.socket.getsockname()[1]}"

    def _exactly(self, n):
        out = b""
        while len(out) < n:
            piece = self.lane.recv(n - len(out))
            check(piece, "the stream ended")
            out += piece
        return out

    def raw(self):
        if not self.tcp:
            return self.socket.recv(65536)
        if not self.lane:
            self.lane = self.socket.accept()[0]
            self.lane.settimeout(PATIENCE)
        head = self._exactly(6)
        return head + self._exactly(struct.unpack(">H", head[4:])[0] - 6)

    def packet(self):
        return hep_read(self.raw())

    def close(self):
        for s in (self.lane, self.socket):
            if s:
                s.close()


def main(place):
    lab = Lab(place + "/lab")

    def collected(collector, name, ask, **hep):
        wishes = {"hep": {"to": collector.name, **hep}, "sip": {"workers": 1}}
        with Server(place + "/" + name, wishes, lab=lab) as server:
            return ask(server)

    def over_udp():
        """a judged call goes out as its message and its verdict, with one correlation id"""
        collector = Collector()

        def ask(server):
            u = Udp(server.door("udp"))
            message = request(identity=lab.identity(), call_id="hep-1")
            u.send(message)
            sip, log = collector.packet(), collector.packet()
            equal((sip["type"], log["type"]), (1, 100))
            equal(sip["payload"], message)
            for p in (sip, log):
                equal((p["agent"], p["key"], p["correlation"]), (77, b"secret", b"hep-1@test"))
                equal((p["family"], p["protocol"]), (2, 17))
                equal((p["source"], p["target"]), (socket.inet_aton("127.0.0.1"),) * 2)
                equal(p["target_port"], server.door("udp")[1])
                check(abs(p["seconds"] - time.time()) < 3600 and p["micros"] < 1000000)
            said = json.loads(log["payload"])
            equal((said["verdict"], said["caller"], said["called"]), ("genuine", CALLER, CALLED))
            check("message" not in said or said["message"] is None)
            eventually(lambda: server.metrics()["hep_sent_total"] == 2, "both are counted")
            equal(server.metrics()["hep_dropped_total"], 0)
        collected(collector, "udp", ask, id=77, password="secret")
        collector.close()

    def over_tcp():
        """over TCP packets stand one behind the other, and a collector that went away is found again"""
        collector = Collector(tcp=True)

        def ask(server):
            u = Udp(server.door("udp"))
            for number in range(3):
                u.send(request(call_id=f"hep-{number}"))
                equal([collector.packet()["type"] for _ in range(2)], [1, 100])
            collector.lane.close()
            collector.lane = None

            def again():
                u.send(request(call_id=f"hep-{time.monotonic()}"))
                collector.socket.settimeout(0.2)
                try:
                    return collector.raw()
                except TimeoutError:
                    return None
            eventually(again, "packets come again")
        collected(collector, "tcp", ask)
        collector.close()

    def withheld():
        """the message of a caller who withheld the number stays here, and the verdict does not say the number"""
        collector = Collector()

        def ask(server):
            u = Udp(server.door("udp"))
            u.send(withheld_request())
            raw = collector.raw()
            equal(hep_read(raw)["type"], 100)
            check(CALLER.encode() not in raw, raw)
        collected(collector, "withheld", ask)
        collector.close()

    def settings():
        """hep.messages all and none mean what they say"""
        for setting, kinds in (("all", [1, 100]), ("none", [100])):
            collector = Collector()

            def ask(server):
                Udp(server.door("udp")).send(withheld_request())
                equal([collector.packet()["type"] for _ in kinds], kinds, setting)
            collected(collector, "messages-" + setting, ask, messages=setting)
            collector.close()

    def nobody():
        """where nobody collects, calls are answered all the same"""
        collector = Collector(tcp=True)
        name = collector.name
        collector.close()
        with Server(place + "/nobody", {"hep": {"to": name}}, lab=lab) as server:
            u = Udp(server.door("udp"))
            for number in range(50):
                u.send(request(call_id=f"hep-{number}"))
                check(u.receive().startswith(b"SIP/2.0 302"))
            eventually(lambda: server.metrics()["hep_dropped_total"] == 100, "all are counted as dropped")

    tap([over_udp, over_tcp, withheld, settings, nobody])
    lab.close()


with scratch() as place:
    main(place)
