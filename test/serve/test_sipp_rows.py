# SPDX-License-Identifier: Apache-2.0
"""Every answer that a call can be refused with, through the live server by SIPp, over UDP and TCP.  standards.md B.8, F"""
from house import *

TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sipp", "refused.xml")
REDRESS = "https://example.com/help"


def main(place):
    if not shutil.which("sipp"):
        print("1..1\nok 1 - SIPp # SKIP sipp is absent")
        return
    lab, stranger = Lab(place + "/lab"), Lab(place + "/stranger", prefix="https://stranger.example/")
    for name in os.listdir(stranger.certs):  # its chain is to be had; nobody trusts it
        shutil.copy(os.path.join(stranger.certs, name), lab.certs)
    own = {"numbers": {"own": ["+12025550100/100"]}, "redress": REDRESS}
    refuse = {"policy": {"unproven": "reject", "broken": "reject", "impostor": "reject"}}
    servers = {
        "refusing": Server(place + "/refusing", merged(own, refuse), lab=lab).start(),
        "passing": Server(place + "/passing", own, lab=lab).start(),
        "shown only": Server(place + "/shown", merged(own, {"policy": {"anonymous": "reject"}}), lab=lab).start(),
        "refusing proxy": Server(place + "/proxy", merged(merged(own, refuse), {"sip": {"mode": "proxy"}}), lab=lab).start(),
        "608": Server(place + "/608", merged(merged(own, refuse), {"policy": {
            "block_code": "608", "block_key": lab.key(), "block_x5u": lab.x5u()}}), lab=lab).start(),
    }
    identity = lambda **wishes: "Identity: " + lab.identity(**wishes)

    def sipp(server, door, status, reason, holds, header, caller=CALLER):
        """One call that must end as the row says."""
        where = os.path.join(place, f"sipp-{word()}")
        os.makedirs(where)
        with open(TEMPLATE) as f:
            text = f.read()
        for name, value in (("STATUS", str(status)), ("REASON", reason), ("HOLDS", holds), ("CALLER", caller),
                            ("CALLED", CALLED), ("HEADER", header)):
            text = text.replace(f"@{name}@", value)
        with open(where + "/scenario.xml", "w") as f:
            f.write(text)
        host, port = servers[server].door(door)
        done = subprocess.run(["sipp", f"{host}:{port}", "-sf", where + "/scenario.xml", "-m", "1", "-i", "127.0.0.1", "-t",
                               "u1" if door == "udp" else "t1", "-nostdin", "-timeout", f"{PATIENCE}s", "-trace_err"],
                              cwd=where, capture_output=True, text=True, timeout=3 * PATIENCE)
        check(done.returncode == 0, server, door, status, errors(where))

    def errors(where):
        return "".join(read(os.path.join(where, name)).decode(errors="replace")[-3000:] for name in os.listdir(where) if "errors" in name)

    rows = [  # item, status, phrase, header of the call, cause in Reason where it is let through
        ("403 a stale token", 403, "Stale Date", lambda: identity(iat=int(time.time()) - 300)),
        ("403 a token of the future", 403, "Stale Date", lambda: identity(iat=int(time.time()) + 300)),
        ("436 a certificate that is not to be had", 436, "Bad Identity Info", lambda: identity(x5u="http://lab.example/none.pem")),
        ("436 no info", 436, "Bad Identity Info", lambda: "Identity: " + lab.tokens(1)[0] + ";alg=ES256"),
        ("437 a certificate that nobody trusts", 437, "Unsupported Credential", lambda: "Identity: " + stranger.identity()),
        ("438 a token of another caller", 438, "Invalid Identity Header", lambda: identity(orig="12155550199")),
        ("438 a token for somebody else", 438, "Invalid Identity Header", lambda: identity(dest="12155550199")),
        ("438 a signature that does not hold", 438, "Invalid Identity Header", lambda: flipped(identity())),
        ("438 no token at all", 438, "Invalid Identity Header", lambda: "Identity: junk;info=<https://lab.example/x.pem>;alg=ES256"),
    ]

    def flipped(value):
        token, rest = value.split(";", 1)
        head, signature = token.rsplit(".", 1)
        return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]};{rest}"

    def refused(name, status, reason, make):
        def test():
            for server, door in (("refusing", "udp"), ("refusing", "tcp"), ("refusing proxy", "udp")):
                sipp(server, door, status, reason, f"Reason: STIR;cause={status};text=.{reason}.;ppi=|X-Bonafide: verdict=", make())
        test.__doc__ = f"B.8 {name}: refused where that is the policy, over UDP and TCP, and by a proxy"
        return test

    def told(name, status, reason, make):
        def test():
            sipp("passing", "udp", 302, "Moved Temporarily", f"Reason: STIR;cause={status};text=.{reason}.", make())
        test.__doc__ = f"ID-502, RSN-003 {name}: where the policy lets it go on, only Reason says so"
        return test

    def both(status, reason, holds, header, caller=CALLER, server="refusing"):
        for door in ("udp", "tcp"):
            sipp(server, door, status, reason, holds, header, caller)

    def unsigned():
        """B.8 428 no Identity header where one is required, over UDP and TCP"""
        both(428, "Use Identity Header", "X-Bonafide: verdict=unproven", "Subject: none")

    def precedence():
        """ID-501 of several headers that failed, 438 comes before 437 before 403 before 436"""
        stale, unfetched = identity(iat=int(time.time()) - 300), identity(x5u="http://lab.example/none.pem")
        untrusted, broken = "Identity: " + stranger.identity(), identity(orig="12155550199")
        several = lambda *values: "\n      ".join(values)
        both(403, "Stale Date", "cause=403.*cause=436|cause=436.*cause=403|cause=403", several(unfetched, stale))
        both(437, "Unsupported Credential", "cause=437", several(unfetched, stale, untrusted))
        both(438, "Invalid Identity Header", "cause=438", several(unfetched, stale, untrusted, broken))

    def one_is_enough():
        """ID-409 a call with one header that holds is not refused for another"""
        for door in ("udp", "tcp"):  # a token each: the second use of one would be a replay
            sipp("refusing", door, 302, "Moved Temporarily", "X-Bonafide: verdict=genuine",
                 "\n      ".join([identity(orig="12155550199"), identity()]))

    def withheld():
        """RFC 5079 433 a caller who withholds his number, over UDP and TCP"""
        both(433, "Anonymity Disallowed", "X-Bonafide: verdict=", "Privacy: id", server="shown only")
        both(302, "Moved Temporarily", "X-Bonafide: verdict=", "Privacy: none", server="shown only")

    def blocked():
        """ATIS-1000099 603 an impostor is blocked by the network, with where to complain, over UDP and TCP"""
        both(603, "Network Blocked", f"Reason: SIP;cause=603;text=.v=analytics1;url={REDRESS}.", "Subject: none", caller="12025550142")

    def rejected():
        """RFC 8688 608 an impostor is rejected with a signed card, over UDP and TCP"""
        both(608, "Rejected", "Call-Info: .data:application/jose,[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+.;purpose=jwscard",
             "Subject: none", caller="12025550142", server="608")

    def again():
        """ID-503 the same call under a new branch, with a new token, is judged and not 482; ID-504 a refusal mirrors its request"""
        u = Udp(servers["refusing"].door("udp"))
        one = dict(call_id="retried", tag="t1", cseq=7)
        first = request(identity=lab.identity(orig="12155550199"), **one)
        answer = u.ask(first)
        equal(status(answer), 438)
        for name in ("From", "Call-ID", "CSeq"):
            equal(header(answer, name), header(first, name))
        check(header(answer, "Via").startswith(header(first, "Via").removesuffix(";rport")), answer)
        check(header(answer, "To").startswith(header(first, "To") + ";tag="), answer)
        answer = u.ask(request(identity=lab.identity(), **one))
        equal((status(answer), verdict(answer)["verdict"]), (302, "genuine"))
        u.close()

    try:
        tap([refused(*row) for row in rows] + [told(*row) for row in rows] +
            [unsigned, precedence, one_is_enough, withheld, blocked, rejected, again])
    finally:
        for server in servers.values():
            server.stop()
        lab.close()
        stranger.close()


with scratch() as where:
    main(where)
