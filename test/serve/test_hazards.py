# SPDX-License-Identifier: Apache-2.0
"""Hazards that come over the wire, to a server that redirects and to one that is a proxy.  standards.md M"""
import base64
from house import *

STRANGER = ("127.0.0.2", 0)  # may call, and is believed nothing


class Desk:
    """Where calls go on to: takes every one, and keeps what arrived."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.uri = f"sip:127.0.0.1:{self.socket.getsockname()[1]}"
        self.arrived, self.others = {}, 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                message, peer = self.socket.recvfrom(65535)
            except OSError:
                return
            method = message.split(b" ")[0]
            if method == b"ACK":
                continue
            if method == b"INVITE":
                self.arrived[header(message, "Call-ID")] = message
            lines = ["SIP/2.0 200 OK"] + [f"Via: {v}" for v in headers(message, "Via")]
            lines += [f"{name}: {header(message, name)}" for name in ("From", "Call-ID", "CSeq")]
            lines += [f"To: {header(message, 'To')};tag=desk", f"Contact: <{self.uri}>", "Content-Length: 0"]
            self.socket.sendto("\r\n".join(lines).encode() + b"\r\n\r\n", peer)


def main(place):
    lab, desk = Lab(place + "/lab"), Desk()
    peers = {"sip": {"clients": ["127.0.0.0/8"], "peers": [{"from": "127.0.0.2/32", "pai": False}, {"from": "127.0.0.0/8", "pai": True}],
                     "next_hop": desk.uri}}
    servers = {"redirect": Server(place + "/redirect", peers, lab=lab).start(),
               "proxy": Server(place + "/proxy", merged(peers, {"sip": {"mode": "proxy"}}), lab=lab).start()}

    def ask(mode, message, source=None):
        """The answer, and the request that says what was found: that answer again, or what arrived at the desk."""
        u = Udp(servers[mode].door("udp"), source=source)
        try:
            answer = u.ask(message)
            if mode == "proxy" and status(answer) == 200:
                u.send(follow("ACK", message, header(answer, "To")))
                return answer, desk.arrived[header(message, "Call-ID")]
            return answer, answer
        finally:
            u.close()

    def in_both(test):
        def run():
            for mode in servers:
                test(mode)
        run.__doc__ = test.__doc__
        return run

    def outcome(mode, message, source=None):
        return verdict(ask(mode, message, source)[1]).get("verdict")

    def arrived(mode, message):
        return mode == "proxy" and header(message, "Call-ID") in desk.arrived

    def refused(mode, message, wanted=(400,)):
        answer, _ = ask(mode, message)
        check(status(answer) in wanted, mode, status(answer), message[:2000])
        check(not arrived(mode, message), mode, "went on")

    def rewritten(identity, change):
        """Claims that our own signer would not write; whose signature is another's, and is not come to."""
        head, claims, rest = identity.split(".", 2)
        claims = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
        return f"{head}.{base64.urlsafe_b64encode(change(claims)).decode().rstrip('=')}.{rest}"

    @in_both
    def singletons(mode):
        """SEC-008 header fields that must stand once and stand twice are 400, and nothing goes on"""
        token = lab.identity()
        for line in (f"From: <sip:+{CALLER}@example.com>;tag=2", f"f: <sip:+{CALLER}@example.com>;tag=2", "To: <sip:+1@example.com>",
                     "t: <sip:+1@example.com>", "Call-ID: other", "i: other", "CSeq: 2 INVITE", "Content-Length: 0", "l: 0",
                     "Max-Forwards: 3"):
            refused(mode, request(identity=token, extra=[line]))
        refused(mode, request(extra=["Date: Fri, 25 Sep 2015 19:12:25 GMT", "Date: Fri, 25 Sep 2015 19:12:26 GMT"]))

    @in_both
    def huge(mode):
        """SEC-011 a token beyond the ceiling is 513, and eleven of them are never genuine"""
        refused(mode, request(identity="a" * 17000 + ".b.c;info=<https://lab.example/x>;alg=ES256"), (513,))
        message = request(identity=[lab.identity() for _ in range(11)])
        check(outcome(mode, message) != "genuine")

    @in_both
    def replayed(mode):
        """SEC-040 a token that comes again in another call is not genuine"""
        token = lab.identity()
        equal(outcome(mode, request(identity=token)), "genuine")
        check(outcome(mode, request(identity=token)) != "genuine")
        equal(outcome(mode, request(identity=token), STRANGER), "broken")

    @in_both
    def cut_and_pasted(mode):
        """SEC-041 a token on a call from or to somebody else is broken, and never Passed"""
        for wish in ({"caller": "12155550199"}, {"called": "12155550199"}):
            answer, said = ask(mode, request(identity=lab.identity(), **wish))
            equal(verdict(said)["verdict"], "broken", mode)
            check(b"Validation-Passed" not in said, said)

    @in_both
    def clocks(mode):
        """SEC-043 a time too far off in either direction is stale, a huge or negative one too"""
        now = int(time.time())
        for offset in (-50, 50):
            equal(outcome(mode, request(identity=lab.identity(iat=now + offset))), "genuine", offset)
        for iat in (now - 70, now + 75, 1, 2 ** 31):
            equal(outcome(mode, request(identity=lab.identity(iat=iat))), "broken", iat)
        for iat in ("-1", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e400", f'"{now}"', f"{now}.5"):
            equal(outcome(mode, request(identity=rewritten(lab.identity(), lambda claims: re.sub(rb'"iat":\d+', b'"iat":' + iat.encode(), claims)))),
                  "broken", iat)
        dated = request(identity=lab.identity(), extra=["Date: Fri, 25 Sep 2015 19:12:25 GMT"])
        equal(outcome(mode, dated), "genuine")  # iat alone decides

    @in_both
    def shown(mode):
        """SEC-045 the number that is shown must be the one that is proven"""
        spoofed = request(identity=lab.identity(), caller="12155550199",
                          extra=[f"P-Asserted-Identity: <sip:+{CALLER}@example.com>"])
        answer, said = ask(mode, spoofed)
        check(verdict(said)["verdict"] != "genuine", mode, said)
        if mode == "proxy":
            check("verstat" not in header(said, "From"), said)

    @in_both
    def asserted(mode):
        """SEC-046 what a stranger asserts is not believed and does not go on"""
        for name in ("P-Asserted-Identity", "p-ASSERTED-identity ", "Remote-Party-ID", "P-Preferred-Identity"):
            message = request(identity=lab.identity(), caller="12155550199", extra=[f'{name}: "Bank" <sip:+{CALLER}@example.com>'])
            _, said = ask(mode, message, STRANGER)
            check(verdict(said)["verdict"] != "genuine", mode, name)
            for h in headers(said, "P-Asserted-Identity") + headers(said, "Remote-Party-ID") + headers(said, "P-Preferred-Identity"):
                check(CALLER not in h and "Bank" not in h, mode, said)

    @in_both
    def claimed(mode):
        """SEC-047 what a call says of its own verification is taken out, whoever sends it"""
        claims = ["X-Bonafide: verdict=genuine;attest=A;case=none;id=x", "x-BONAFIDE:\r\n verdict=genuine", "Attestation-Info: A",
                  "P-Attestation-Indicator: A", "Origination-Id: 123e4567-e89b-12d3-a456-426655440000", "Priority-Verstat: RPH-Validation-Passed",
                  'Call-Info: <data:>;purpose=jcard;verified="true"', f"P-Asserted-Identity: <sip:+{CALLER};verstat=TN-Validation-Passed@example.com>",
                  f"P-Asserted-Identity: <tel:+{CALLER};verstat=TN-Validation-Passed>,\r\n\t<sip:+{CALLER}@example.com;VERSTAT=TN-Validation-Passed>",
                  f"Contact: <sip:x@127.0.0.1>;verstat=TN-Validation-Passed"]
        for source in (None, STRANGER):
            for claim in claims + ["\r\n".join(claims)]:
                message = request(extra=[claim]).replace(b"@example.com;user=phone>;tag=", b";verstat=TN-Validation-Passed@example.com;user=phone>;tag=")
                _, said = ask(mode, message, source)
                head = "\n".join(line for line in said.decode().split("\r\n") if not line.startswith(("From", "Via")) or mode == "proxy")
                check("Passed" not in head and "genuine" not in head and "verified" not in head, mode, claim, said)
                equal(len(headers(said, "X-Bonafide")), 1, claim)
                equal(headers(said, "P-Attestation-Indicator") + headers(said, "Attestation-Info") + headers(said, "Origination-Id"), [])

    @in_both
    def injected(mode):
        """SEC-048 nothing in a name, a URI or a parameter starts a line of its own"""
        for display in ('"x\\\x01\\"Identity: y" ', '"a\r\n Identity: y" ', '"\u2714 Bank\u2028Identity: y" '):
            _, said = ask(mode, request(display=display))
            equal(headers(re.sub(rb"\r\n[ \t]+", b" ", said), "Identity"), [], said)
        for caller in ("12155550121%0d%0aIdentity:%20y", "12155550121%00"):
            _, said = ask(mode, request(caller=caller))
            check(header(said, "Identity") is None, said)
            check(verdict(said)["verdict"] != "genuine")

    @in_both
    def confused(mode):
        """SEC-053 digits of other scripts, doubled signs, escapes, zeros and too many digits prove nothing"""
        for caller in ("\u0661" + CALLER[1:], "%2B" + CALLER, "%2B%2B" + CALLER, "0" + CALLER, "00" + CALLER, CALLER + "0" * 10, CALLER + "%00",
                       CALLER + "#", "1(215)555-0121x", "%D9%A1" + CALLER[1:]):
            answer, said = ask(mode, request(identity=lab.identity(), caller=caller))
            check(status(answer) == 400 or verdict(said)["verdict"] != "genuine", mode, caller, said)

    @in_both
    def lengths(mode):
        """SEC-054 a Content-Length that is huge, negative, doubled or no number is 400, on UDP and on TCP"""
        for length in ("99999999999", "18446744073709551616", "-1", "+0", "0x0", "1 1", "", "10"):
            message = request().replace(b"Content-Length: 0", b"Content-Length: " + length.encode())
            refused(mode, message)
        for length in ("99999999999", "-1", "0x0"):
            t = Tcp(servers[mode].door("tcp"))
            t.send(request(transport="TCP").replace(b"Content-Length: 0", b"Content-Length: " + length.encode()))
            equal(status(t.receive()), 400, length)
            check(t.closed())
            t.close()

    @in_both
    def amplified(mode):
        """SEC-063 an answer goes to who asked, and is at most its request and 2 KiB"""
        # A Via that names somebody else, and asks for somebody else's port.
        victim = Udp(servers[mode].door("udp"))
        victim_port = victim.socket.getsockname()[1]
        for via in (f"127.0.0.9:{victim_port}", f"127.0.0.1:{victim_port};maddr=127.0.0.9", f"victim.example;received=127.0.0.9;rport={victim_port}"):
            u = Udp(servers[mode].door("udp"))
            message = request("OPTIONS", via=via)
            u.send(message)
            u.socket.settimeout(PATIENCE)
            answer = u.receive()
            check(len(answer) <= len(message) + 2048, len(answer))
            u.close()
        check(victim.silent())
        victim.close()
        message = request(identity=[lab.identity(orig="12155550199") for _ in range(10)])
        answer, _ = ask(mode, message)
        check(len(answer) <= len(message) + 2048, len(answer), len(message))

    @in_both
    def malformed(mode):
        """SEC-064 nonsense, stray answers, Via without end and loops end nothing; calls go on"""
        u = Udp(servers[mode].door("udp"))
        good = request(identity=lab.identity())
        ways = [b"\x00" * 40, b"SIP/2.0", b"INVITE", b"INVITE sip:a SIP/2.0\r\n\r\n", b"\xff" * 3000, b"SIP/2.0 200 OK\r\n\r\n",
                b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKbfjunk\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
                b"Call-ID: stray\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
                good.replace(b"Via: ", b"Via: " + b"SIP/2.0/UDP h;branch=z9hG4bKx," * 80),
                good.replace(b"branch=", b"branch=;branch="), good.replace(b"CSeq: 1", b"CSeq: 99999999999"),
                good.replace(b"Max-Forwards: 70", b"Max-Forwards: 256"), good.replace(b";tag=", b";tag"), good[:100], good[:-2]]
        for message in ways + [good[:n] for n in range(0, len(good), 37)]:
            u.send(message)
        u.close()
        if mode == "proxy":  # a call that has been through here already, with our own Via in it: RFC 3261 section 16.6 item 8
            answer, said = ask(mode, request(identity=lab.identity()))
            equal(status(answer), 200)
        equal(outcome(mode, request(identity=lab.identity())), "genuine")
        equal(servers[mode].process.poll(), None)

    def forwarded():
        """SEC-047, ID-105 a genuine call arrives with its Identity, a verstat of ours on the proven number, and its tags"""
        message = request(identity=lab.identity(), extra=[f"P-Asserted-Identity: <sip:+{CALLER}@example.com;user=phone>"])
        answer, said = ask("proxy", message)
        equal(header(said, "Identity"), header(message, "Identity"))
        equal(header(said, "From").split(";tag=")[1], header(message, "From").split(";tag=")[1])
        check(f"+{CALLER};verstat=TN-Validation-Passed@" in header(said, "From"), said)
        check(f"+{CALLER};verstat=TN-Validation-Passed@" in header(said, "P-Asserted-Identity"), said)
        equal(verdict(said)["verdict"], "genuine")
        equal(header(answer, "From"), header(message, "From"), "the caller sees what he wrote")

    def told():
        """RSN-003, RSN-004, RSN-007 what failed stands in the answer of the next hop; a stranger is not told which token"""
        answer, said = ask("proxy", request(identity=lab.identity(), caller="12155550199"))
        equal(status(answer), 200)
        check('STIR;cause=438;text="Invalid Identity Header";ppi="..' in header(answer, "Reason"), answer)
        equal(header(said, "Reason"), None)
        answer, _ = ask("proxy", request(identity=lab.identity(), caller="12155550199"), STRANGER)
        equal(headers(answer, "Reason"), ['STIR;cause=438;text="Invalid Identity Header"'])
        # More tokens than there is room for: each is told of all the same.
        answer, _ = ask("proxy", request(identity=[lab.identity() for _ in range(10)], caller="12155550199"))
        equal(len([r for r in headers(answer, "Reason") if "STIR;cause=438" in r]), 10)

    try:
        tap([singletons, huge, replayed, cut_and_pasted, clocks, shown, asserted, claimed, injected, confused, lengths, amplified, malformed,
             forwarded, told])
    finally:
        for server in servers.values():
            server.stop()
        lab.close()


with scratch() as where:
    main(where)
