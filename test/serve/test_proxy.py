# SPDX-License-Identifier: Apache-2.0
"""sip.mode: proxy, between a caller and next hops that the test plays."""
from hop import *


def main(place):
    lab = Lab(place + "/lab")
    uas = Uas()
    wishes = {"sip": {"mode": "proxy", "next_hop": uas.uri, "listen": ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]}}
    server = Server(place + "/s", wishes, lab=lab).start()
    udp = lambda **k: Udp(server.door("udp"), **k)

    def final(u):
        return u.final()

    def a_signed_call():
        """sip_051 a signed call goes on to the next hop with its verdict, and the answer comes back without our Via"""
        u, message = udp(), request(identity=lab.identity(), body=b"v=0\r\n", extra=["Content-Type: application/sdp"])
        u.send(message)
        equal(status(u.receive()), 100)
        got = uas.take("INVITE", header(message, "Call-ID"))
        equal(len(headers(got, "Via")), 2)
        check(re.match(r"SIP/2.0/UDP 127\.0\.0\.1:\d+;branch=z9hG4bK\S+;rport$", top(got)), top(got))
        check(";received=127.0.0.1" in headers(got, "Via")[1] and ";rport=" in headers(got, "Via")[1], got)
        equal(header(got, "Max-Forwards"), "69")
        equal(verdict(got)["verdict"], "genuine")
        check(header(got, "Identity") == header(message, "Identity"), got)
        check("verstat=TN-Validation-Passed" in header(got, "P-Asserted-Identity"), got)
        check(got.endswith(b"v=0\r\n"), got)
        equal(headers(got, "Record-Route"), [])
        uas.answer(got, 180)
        answer = u.receive()
        equal((status(answer), len(headers(answer, "Via")), branch_of(answer)), (180, 1, branch_of(message)))
        equal(header(answer, "From"), header(message, "From"))
        uas.answer(got, 200, extra=["Contact: <sip:uas@127.0.0.1>"])
        equal(status(u.receive()), 200)
        eventually(lambda: server.records(f"SELECT verdict FROM records WHERE call_id='{header(message, 'Call-ID')}'") == [("genuine",)], "record")

    def unsigned():
        """an unsigned call goes on, and does not say Passed"""
        u, message = udp(), request()
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        equal(verdict(got)["verdict"], "unproven")
        check(b"TN-Validation-Passed" not in got, got)
        uas.answer(got, 486)
        equal(status(u.final()), 486)
        equal(status_line(uas.take("ACK", header(message, "Call-ID"))), "ACK")

    def status_line(m):
        return m.split(b" ")[0].decode()

    def refused():
        """sip_054 a final answer that is no 2xx is acknowledged to the next hop by us, and repeated until the caller acknowledges it"""
        u, message = udp(), request()
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        uas.answer(got, 404, tag="nope")
        ack = uas.take("ACK", header(message, "Call-ID"))
        equal(branch_of(ack), branch_of(got))
        check(";tag=nope" in header(ack, "To"), ack)
        answer = u.final()
        equal(status(answer), 404)
        equal(status(u.final()), 404)  # T1 has passed: once more
        u.send(follow("ACK", message, header(answer, "To")))
        check(uas.silent(), "the ACK ends at the proxy")
        uas.answer(got, 404, tag="nope")  # it did not hear our ACK
        uas.take("ACK", header(message, "Call-ID"))
        check(u.silent(1.5))

    def repeated():
        """sip_053 a repeated INVITE does not go on twice; the next hop gets the same bytes again when it says nothing"""
        u, message = udp(), request(identity=lab.identity())
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        for _ in range(3):
            u.send(message)
        again = uas.take("INVITE", header(message, "Call-ID"))
        equal(again, got)
        uas.answer(got, 200)
        equal(status(u.final()), 200)
        u.send(message)
        uas.drain()
        check(uas.silent())
        eventually(lambda: len(server.records(f"SELECT id FROM records WHERE call_id='{header(message, 'Call-ID')}'")) == 1, "one record")

    def late_forks():
        """every 2xx of a fork passes, also a late one"""
        u, message = udp(), request()
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        uas.answer(got, 183, tag="one")
        uas.answer(got, 183, tag="two")
        tags = lambda m: header(m, "To").split(";tag=")[1]
        equal(status(u.receive()), 100)
        equal(sorted(tags(u.receive()) for _ in range(2)), ["one", "two"])
        uas.answer(got, 200, tag="one")
        equal(tags(u.final()), "one")
        uas.answer(got, 200, tag="two")
        equal(tags(u.final()), "two")
        uas.answer(got, 200, tag="one")  # its ACK was lost
        equal(tags(u.final()), "one")

    def ack_of_2xx():
        """the ACK of a 2xx goes to the contact of the callee, with a branch of its own, and is never answered"""
        u, message = udp(), request()
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        uas.answer(got, 200)
        u.final()
        u.send(dialog("ACK", message, "uas", f"sip:callee@127.0.0.1:{uas.port}", cseq=1))
        ack = uas.take("ACK", header(message, "Call-ID"))
        check(branch_of(ack) != branch_of(got) and len(headers(ack, "Via")) == 2, ack)
        check(u.silent())

    def cancel_early():
        """a CANCEL is 200 at once, and goes on only when the next hop has said something (9.1)"""
        u, message = udp(), request()
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        u.send(follow("CANCEL", message))
        check(status(u.receive()) == 100)
        ok = u.receive()
        equal((status(ok), header(ok, "CSeq")), (200, "1 CANCEL"))
        check(all(m.startswith(b"INVITE") for m, _ in uas.held) and uas.silent(0.3))
        uas.answer(got, 180)
        equal(status(u.receive()), 180)
        cancel = uas.take("CANCEL", header(message, "Call-ID"))
        equal((branch_of(cancel), len(headers(cancel, "Via"))), (branch_of(got), 1))
        uas.answer(cancel, 200)
        uas.answer(got, 487)
        uas.take("ACK", header(message, "Call-ID"))
        answer = u.final()
        equal((status(answer), header(answer, "CSeq")), (487, "1 INVITE"))
        u.send(follow("ACK", message, header(answer, "To")))

    def cancel_late():
        """a CANCEL after the 200 changes nothing, one of nothing is 481"""
        u, message = udp(), request()
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        uas.answer(got, 200)
        equal(status(u.final()), 200)
        uas.drain()
        u.send(follow("CANCEL", message))
        equal(header(u.final(), "CSeq"), "1 CANCEL")
        check(uas.silent())
        u.send(follow("CANCEL", request()))
        equal(status(u.final()), 481)

    def cancel_crossing():
        """a 200 that crosses the CANCEL wins"""
        u, message = udp(), request()
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        uas.answer(got, 180)
        u.receive(), u.receive()
        u.send(follow("CANCEL", message))
        uas.take("CANCEL", header(message, "Call-ID"))
        uas.answer(got, 200)
        answers = {header(u.final(), "CSeq"), header(u.final(), "CSeq")}
        equal(answers, {"1 CANCEL", "1 INVITE"})

    def in_dialog():
        """requests in a dialog go on by their Request-URI, whatever the method, and are not judged"""
        u, message = udp(), request()
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        uas.answer(got, 200)
        u.final()
        recorded = lambda: len(server.records(f"SELECT id FROM records WHERE call_id='{header(message, 'Call-ID')}'"))
        eventually(lambda: recorded() == 1, "its record")
        for n, method in enumerate(["INVITE", "UPDATE", "PRACK", "INFO", "REFER", "NOTIFY", "BYE"], 2):
            u.send(dialog(method, message, "uas", f"sip:callee@127.0.0.1:{uas.port}", cseq=n, extra=["X-Mine: kept"]))
            there = uas.take(method, header(message, "Call-ID"))
            equal((header(there, "X-Mine"), header(there, "X-Bonafide")), ("kept", None))
            uas.answer(there, 200)
            answer = u.final()
            equal((status(answer), header(answer, "CSeq")), (200, f"{n} {method}"))
        equal(recorded(), 1)

    def no_relay():
        """a request in a dialog goes to no address that is neither a next hop's nor a client's"""
        u, message = udp(), request()
        before = server.metrics()["proxy_nowhere_total"]
        for uri in ("sip:victim@192.0.2.7", "sip:victim@192.0.2.7:5060;transport=tcp"):
            u.send(dialog("BYE", message, "uas", uri))
            equal(status(u.final()), 403)
        u.send(dialog("BYE", message, "uas", "sip:x@127.0.0.1", routes=["<sip:192.0.2.7;lr>"]))
        equal(status(u.final()), 403)
        u.send(dialog("BYE", message, "uas", "sip:victim@host.example"))
        equal(status(u.final()), 404)
        u.send(dialog("ACK", message, "uas", "sip:victim@192.0.2.7"))
        check(u.silent())
        equal(server.metrics()["proxy_nowhere_total"], before + 4)

    def not_elsewhere():
        """a call whose Route and Request-URI name somebody else goes to the next hop all the same"""
        u, message = udp(), request(uri=f"sip:+{CALLED}@192.0.2.7", extra=["Route: <sip:192.0.2.8;lr>"])
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        check(got.startswith(f"INVITE sip:+{CALLED}@192.0.2.7 ".encode()), got)
        uas.answer(got, 486)
        u.final()

    def routes():
        """sip_055 our Route goes, the rest stays; where a strict router comes next the Request-URI goes last"""
        u, message = udp(), request()
        host, port = server.door("udp")
        u.send(dialog("BYE", message, "uas", "sip:callee@198.51.100.9", routes=[f"<sip:{host}:{port};lr>", f"<{uas.uri};lr>"]))
        got = uas.take("BYE", header(message, "Call-ID"))
        equal(headers(got, "Route"), [f"<{uas.uri};lr>"])
        check(got.startswith(b"BYE sip:callee@198.51.100.9 "), got)
        uas.answer(got, 200)
        equal(status(u.final()), 200)
        u.send(dialog("INFO", message, "uas", "sip:callee@198.51.100.9", routes=[f"<sip:{host}:{port};lr>, <{uas.uri}>"]))
        got = uas.take("INFO", header(message, "Call-ID"))
        check(got.startswith(f"INFO {uas.uri} ".encode()), got)
        equal(headers(got, "Route"), ["<sip:callee@198.51.100.9>"])
        uas.answer(got, 200)
        equal(status(u.final()), 200)
        u.send(dialog("UPDATE", message, "uas", f"sip:{host}:{port};lr", routes=[f"<sip:callee@127.0.0.1:{uas.port}>"]))
        got = uas.take("UPDATE", header(message, "Call-ID"))
        check(got.startswith(f"UPDATE sip:callee@127.0.0.1:{uas.port} ".encode()), got)
        uas.answer(got, 200)
        equal(status(u.final()), 200)

    def addressed_to_us():
        """a call to our own address goes on under the next hop's"""
        host, port = server.door("udp")
        u, message = udp(), request(uri=f"sip:+{CALLED}@{host}:{port};user=phone")
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        check(got.startswith(f"INVITE sip:+{CALLED}@127.0.0.1:{uas.port};user=phone ".encode()), got)
        uas.answer(got, 603)
        u.final()

    def other_methods():
        """other methods outside a dialog go to the next hop without a verdict; OPTIONS that asks us is answered"""
        u = udp()
        for method in ("REGISTER", "SUBSCRIBE", "MESSAGE", "PUBLISH", "OPTIONS", "FROBNICATE"):
            message = request(method)
            u.send(message)
            got = uas.take(method, header(message, "Call-ID"))
            equal(header(got, "X-Bonafide"), None)
            uas.answer(got, 202)
            equal(status(u.final()), 202)
        host, port = server.door("udp")
        equal(status(u.ask(request("OPTIONS", uri=f"sip:{host}:{port}"))), 200)
        equal(status(u.ask(request("OPTIONS", max_forwards="0"))), 200)

    def refusals():
        """sip_034 sip_054 Max-Forwards 0 is 483, an unknown scheme 416, Proxy-Require 420 with what is not supported"""
        u = udp()
        equal(status(u.ask(request(max_forwards="0"))), 483)
        equal(status(u.ask(request("MESSAGE", max_forwards="0"))), 483)
        equal(status(u.ask(request(uri="mailto:somebody@example.com"))), 416)
        answer = u.ask(request(extra=["Proxy-Require: foo, bar"]))
        equal((status(answer), header(answer, "Unsupported")), (420, "foo, bar"))

    def loop():
        """a request that comes back unchanged is 482, one that comes back changed goes on"""
        u, message = udp(), request()
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        uas.socket.sendto(got, uas.peer)  # from a client of ours as well
        back = uas.take("SIP/2.0", header(message, "Call-ID"))
        equal(status(back), 482)
        uas.answer(got, 486)
        u.final()

    def max_forwards_added():
        """a request without Max-Forwards goes on with 70"""
        u, message = udp(), request(max_forwards=None)
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        equal(header(got, "Max-Forwards"), "70")
        uas.answer(got, 486)
        u.final()

    def stray_responses():
        """sip_054 a response whose top Via is not ours goes nowhere, and is counted"""
        u, message = udp(), request()
        u.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        u.receive()
        before = server.metrics()['dropped_total{why="response"}']
        forged = [got.replace(branch_of(got).encode(), branch_of(got)[:-1].encode() + (b"0" if branch_of(got)[-1] != "0" else b"1")),
                  got.replace(b"Via: SIP/2.0/UDP 127.0.0.1:", b"Via: SIP/2.0/UDP 127.0.0.2:", 1),
                  got.replace(branch_of(got).encode(), b"z9hG4bKother")]
        for f in forged:
            uas.answer(f, 200)
        eventually(lambda: server.metrics()['dropped_total{why="response"}'] == before + 3, "they are dropped")
        check(u.silent())
        uas.answer(got, 486)
        equal(status(u.final()), 486)

    def over_tcp():
        """a call that came over TCP goes on over UDP, and is answered on its connection"""
        t, message = Tcp(server.door("tcp")), request(transport="TCP", identity=lab.identity())
        t.send(message)
        got = uas.take("INVITE", header(message, "Call-ID"))
        check(top(got).startswith("SIP/2.0/UDP "), got)
        equal(status(t.receive()), 100)
        uas.answer(got, 180)
        equal(status(t.receive()), 180)
        uas.answer(got, 486)
        equal(status(t.receive()), 486)
        t.send(follow("ACK", message))
        t.close()

    def many_workers():
        """twenty-four calls at once: each response finds its call, whichever worker it meets"""
        u, calls = udp(), {}
        for _ in range(24):
            m = request(identity=lab.identity())
            calls[header(m, "Call-ID")] = m
            u.send(m)
        for call_id in calls:
            got = uas.take("INVITE", call_id)
            uas.answer(got, 180)
            uas.answer(got, 486)
        seen = {}
        while sum(1 for codes in seen.values() if 486 in codes) < 24:
            a = u.receive()
            seen.setdefault(header(a, "Call-ID"), set()).add(status(a))
            if status(a) >= 200:
                u.send(follow("ACK", calls[header(a, "Call-ID")], header(a, "To")))
        check(all(codes >= {100, 486} for codes in seen.values()), seen)  # a 180 may be overtaken
        for call_id in calls:
            uas.take("ACK", call_id)

    def in_order():
        """a BYE right behind an ACK does not overtake it, whichever worker has the call"""
        u = udp()
        for _ in range(100):
            message = request()
            u.send(message)
            uas.answer(uas.take("INVITE", header(message, "Call-ID")), 200)
            u.final()
            for method, cseq in (("ACK", 1), ("BYE", 2)):
                u.send(dialog(method, message, "uas", f"sip:callee@127.0.0.1:{uas.port}", cseq=cseq))
            first = uas.take(None, header(message, "Call-ID"))
            check(first.startswith(b"ACK "), first)
            uas.answer(uas.take("BYE", header(message, "Call-ID")), 200)
            equal(status(u.final()), 200)

    try:
        tap([a_signed_call, unsigned, refused, repeated, late_forks, ack_of_2xx, cancel_early, cancel_late, cancel_crossing, in_dialog,
             no_relay, not_elsewhere, routes, addressed_to_us, other_methods, refusals, loop, max_forwards_added, stray_responses,
             over_tcp, many_workers, in_order])
    finally:
        check(server.stop() == 0, "the server ends well")


with scratch() as here:
    main(here)
