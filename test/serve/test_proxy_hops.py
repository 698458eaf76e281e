# SPDX-License-Identifier: Apache-2.0
"""sip.mode: proxy, when things go otherwise: next hops that fail, calls that wait, calls that are refused, signing, Record-Route, the
end of the server."""
from hop import *


def main(place):
    lab = Lab(place + "/lab")
    one, two = Uas(), Uas()
    repository = Repository({lab.names[0] + ".pem": read(lab.chain())})
    slow = lambda: lab.identity(x5u=repository.url(lab.names[0] + ".pem"))
    number = [0]

    def start(**sip):
        number[0] += 1
        wishes = {"sip": dict({"mode": "proxy", "next_hop": one.uri}, **sip)}
        return Server(f"{place}/s{number[0]}", wishes, lab=lab)

    def failing(**sip):
        return start(next_hop=[one.uri, two.uri], next_hop_timeout_ms=400, next_hop_probe_s=0, **sip)

    def drain():
        one.drain()
        two.drain()

    def invite(server, **wishes):
        u, message = Udp(server.door("udp")), request(**wishes)
        u.send(message)
        return u, message, header(message, "Call-ID")

    def silent_hop():
        """a next hop that says nothing: the next one of the list gets the same call, with the same verdict and another branch"""
        with failing() as server:
            u, message, call = invite(server, identity=lab.identity())
            first = one.take("INVITE", call)
            second = two.take("INVITE", call)
            check(branch_of(first) != branch_of(second))
            equal(verdict(first)["id"], verdict(second)["id"])
            two.answer(second, 180)
            two.answer(second, 486)
            equal(status(u.final()), 486)
            equal(two.take("ACK", call)[:3], b"ACK")
            equal(server.metrics()["proxy_failovers_total"], 1)
            eventually(lambda: len(server.records(f"SELECT id FROM records WHERE call_id='{call}'")) == 1, "one record")

    def late_hop():
        """what a next hop says too late: a 1xx is cancelled, a 200 passes all the same"""
        drain()
        with failing() as server:
            u, message, call = invite(server)
            first, second = one.take("INVITE", call), two.take("INVITE", call)
            one.answer(first, 180)
            cancel = one.take("CANCEL", call)
            equal(branch_of(cancel), branch_of(first))
            two.answer(second, 180)
            equal(status(u.receive()), 100)
            equal(status(u.receive()), 180)
            one.answer(first, 200, tag="late")
            answer = u.final()
            check(";tag=late" in header(answer, "To"))
            equal(branch_of(two.take("CANCEL", call)), branch_of(second))

    def busy_hop():
        """503 of a next hop: acknowledged, and the next one is asked; the last 503 is the caller's"""
        drain()
        with failing() as server:
            u, message, call = invite(server)
            one.answer(one.take("INVITE", call), 503)
            one.take("ACK", call)
            two.answer(two.take("INVITE", call), 503)
            two.take("ACK", call)
            equal(status(u.final()), 503)
            u, message, call = invite(server, method="MESSAGE")
            one.answer(one.take("MESSAGE", call), 503)
            two.answer(two.take("MESSAGE", call), 200)
            equal(status(u.final()), 200)

    def no_hop():
        """a next hop that cannot be reached: 503"""
        with start(next_hop="sip:[2001:db8::1]:5060", next_hop_probe_s=0) as server:
            u, message, call = invite(server)
            equal(status(u.final()), 503)

    def cancelled_for_want_of_an_answer():
        """a cancelled call whose next hop never said anything is 487, not sent to the next one"""
        drain()
        with failing() as server:
            u, message, call = invite(server)
            one.take("INVITE", call)
            u.send(follow("CANCEL", message))
            codes = set()
            while len(codes) < 3:
                codes.add((status(m := u.receive()), header(m, "CSeq")))
            equal(codes, {(100, "1 INVITE"), (200, "1 CANCEL"), (487, "1 INVITE")})
            check(two.silent())

    def parked():
        """a call that waits for a certificate goes on only then; cancelled meanwhile it is 487 and never goes on"""
        drain()
        repository.moods[lab.names[0] + ".pem"] = "silent"
        server = start()
        server.config = merged(server.config, {"x5u": {"lab": True, "budget_ms": 700}})
        server.write()
        with server:
            u, message, call = invite(server, identity=slow())
            equal(status(u.receive()), 100)
            got = one.take("INVITE", call)
            equal(verdict(got)["verdict"], "unproven")
            one.answer(got, 486)
            one.take("ACK", call)
            equal(status(u.final()), 486)
            u.send(follow("ACK", message))
            u, message, call = invite(server, identity=slow(), call_id="parkedtoo")
            equal(status(u.receive()), 100)
            u.send(follow("CANCEL", message))
            answers = {header(m := u.final(), "CSeq"): (status(m)), header(m := u.final(), "CSeq"): status(m)}
            equal(answers, {"1 CANCEL": 200, "1 INVITE": 487})
            u.send(follow("ACK", message))
            check(all(header(m, "Call-ID") != call for m, _ in one.held) and one.silent(1.0))

    def refused():
        """a call that the policy rejects is answered and does not go on; one to elsewhere is redirected; an emergency call goes on"""
        drain()
        server = start()
        server.config = merged(server.config, {"redress": "https://example.com/complain",
                                               "policy": {"broken": "reject", "unproven": "to:sip:desk@example.com"}})
        server.write()
        with server:
            u, message, call = invite(server, identity=lab.identity(), caller="12155550199")
            answer = u.final()
            equal(status(answer), 438)
            equal(status(u.final()), 438)  # it is repeated until it is acknowledged
            u.send(follow("ACK", message, header(answer, "To")))
            u, message, call = invite(server)
            answer = u.final()
            equal((status(answer), header(answer, "Contact")), (302, "<sip:desk@example.com>"))
            u.send(follow("ACK", message, header(answer, "To")))
            check(one.silent(1.0))
            u, message, call = invite(server, uri="sip:911@example.com", to="<sip:911@example.com>", identity=lab.identity(), caller="12155550199")
            got = one.take("INVITE", call)
            one.answer(got, 486)
            equal(status(u.final()), 486)

    def full_disk():
        """disk full: no call goes on as genuine or Passed without its record; where the operator wants it, it does not go on at all"""
        drain()
        for on_failure in ("answer", "refuse"):
            number[0] += 1
            server = Server(f"{place}/s{number[0]}", {"sip": {"mode": "proxy", "next_hop": one.uri}, "log": {"verdicts": False},
                                                      "store": {"on_failure": on_failure, "url": "", "keep_messages": True}}, lab=lab,
                            wrap=["prlimit", "--fsize=131072"])
            with server:
                sent, u = {}, Udp(server.door("udp"))
                for _ in range(200):
                    message = request(identity=lab.identity())
                    u.send(message)
                    call, answer = header(message, "Call-ID"), u.receive()
                    if status(answer) == 503:
                        equal(on_failure, "refuse")
                        u.send(follow("ACK", message, header(answer, "To")))
                        break
                    equal(status(answer), 100)
                    sent[call] = got = one.take("INVITE", call)
                    one.answer(got, 486)
                    while status(answer := u.receive()) < 200 or header(answer, "Call-ID") != call:
                        pass
                    u.send(follow("ACK", message, header(answer, "To")))
                    one.take("ACK", call)
                    if verdict(got)["verdict"] != "genuine":
                        equal(on_failure, "answer")
                        break
                check(len(sent) < 200, "the disk never filled")
                kept = read(os.path.join(server.place, "journal", "0" * 20 + ".journal"))
                for call, got in sent.items():
                    check(call.encode() in kept or b"TN-Validation-Passed" not in got and b"genuine" not in got, call)

    def signed():
        """on a signing listener a call goes on with the Identity of ours, over a failover the same"""
        drain()
        server = start(listen=[{"on": "udp:127.0.0.1:0", "role": "sign"}], next_hop=[one.uri, two.uri], next_hop_timeout_ms=400, next_hop_probe_s=0)
        server.config = merged(server.config, {"sign": [{"numbers": ["+" + CALLER], "attest": "A", "for": ["127.0.0.1/32"],
                                                         "key": lab.key(), "x5u": lab.x5u(), "chain": lab.chain()}]})
        server.write()
        with server:
            u, message = Udp(server.door("udp", sign=True)), request()
            u.send(message)
            call = header(message, "Call-ID")
            first, second = one.take("INVITE", call), two.take("INVITE", call)
            check(header(first, "Identity") and header(first, "Identity") == header(second, "Identity"), first)
            two.answer(second, 486)
            equal(status(u.final()), 486)

    def record_route():
        """with sip.record_route we stay in the dialog, and know our own Route again in both directions"""
        drain()
        with start(record_route=True) as server:
            host, port = server.door("udp")
            u, message, call = invite(server)
            got = one.take("INVITE", call)
            equal(headers(got, "Record-Route"), [f"<sip:{host}:{port};lr>"])
            one.answer(got, 200)
            answer = u.final()
            route = headers(answer, "Record-Route")
            u.send(dialog("ACK", message, "uas", f"sip:callee@127.0.0.1:{one.port}", routes=route, cseq=1))
            equal(headers(one.take("ACK", call), "Route"), [])
            mine = u.socket.getsockname()[1]
            bye = dialog("BYE", message, "uas", f"sip:caller@127.0.0.1:{mine}", routes=route)  # the other way round
            one.socket.sendto(bye, server.door("udp"))
            there = u.receive()
            check(there.startswith(b"BYE "), there)
            equal((headers(there, "Route"), header(there, "Max-Forwards")), ([], "69"))

    def over_tcp():
        """a next hop over TCP: one connection for its calls, and what it says on it finds them; in a dialog the same way"""
        hop = TcpUas()
        with start(next_hop=hop.uri, record_route=True, workers=1) as server:
            for _ in range(3):
                u, message, call = invite(server, identity=lab.identity())
                got = hop.take("INVITE", call)
                check(top(got).startswith("SIP/2.0/TCP ") and verdict(got)["verdict"] == "genuine", got)
                check(";transport=tcp;lr>, <sip:" in header(got, "Record-Route"), got)  # RFC 5658
                hop.answer(got, 180)
                hop.answer(got, 200, extra=[f"Contact: <{hop.uri}>"])
                answer = u.final()
                route = headers(answer, "Record-Route")[0].split(", ")[::-1]
                u.send(dialog("ACK", message, "uas", hop.uri, routes=route, cseq=1))
                equal(headers(hop.take("ACK", call), "Route"), [])
                u.send(dialog("BYE", message, "uas", hop.uri, routes=route))
                hop.answer(hop.take("BYE", call), 200)
                equal(status(u.final()), 200)
            check(server.get("/metrics")[0] == 200)
        hop.close()

    def tcp_to_tcp():
        """a call over TCP on both sides; a refusal is acknowledged on its connection"""
        hop = TcpUas()
        with start(next_hop=hop.uri) as server:
            t, message = Tcp(server.door("tcp")), request(transport="TCP")
            t.send(message)
            got = hop.take("INVITE", header(message, "Call-ID"))
            hop.answer(got, 486)
            hop.take("ACK", header(message, "Call-ID"))
            equal([status(t.receive()), status(t.receive())], [100, 486])
            t.send(follow("ACK", message))
        hop.close()

    def tcp_refused():
        """a connection that is refused, or ends before the next hop has said anything: the next of the list"""
        drain()
        hop = TcpUas()
        with start(next_hop=[hop.uri, one.uri], next_hop_timeout_ms=20000, next_hop_probe_s=0) as server:
            u, message, call = invite(server)
            hop.take("INVITE", call)
            hop.close()
            hop.peer.shutdown(socket.SHUT_RDWR)
            one.answer(one.take("INVITE", call), 486)
            equal(status(u.final()), 486)
            u, message, call = invite(server)
            one.answer(one.take("INVITE", call), 486)
            equal(status(u.final()), 486)
            equal(server.metrics()["proxy_failovers_total"], 2)

    def reloaded():
        """a reload moves new calls to another next hop; one that is under way stays where it is"""
        drain()
        with start() as server:
            u, message, call = invite(server)
            got = one.take("INVITE", call)
            one.answer(got, 180)
            server.config["sip"]["next_hop"] = two.uri
            server.write()
            before = server.metrics()["reloads_total"]
            server.signal(signal.SIGHUP)
            eventually(lambda: server.metrics()["reloads_total"] > before, "it is reloaded")
            one.answer(got, 486)
            equal(status(u.final()), 486)
            one.take("ACK", call)
            u, message, call = invite(server)
            two.answer(two.take("INVITE", call), 486)
            equal(status(u.final()), 486)

    def end_with_calls():
        """the server ends though a call rings, and says 503 to OPTIONS meanwhile"""
        drain()
        server = start().start()
        u, message, call = invite(server)
        got = one.take("INVITE", call)
        one.answer(got, 180)
        u.receive(), u.receive()
        server.signal(signal.SIGTERM)
        eventually(lambda: status(Udp(server.door("udp")).ask(request("OPTIONS", uri="sip:%s:%d" % server.door("udp")))) == 503, "it drains")
        one.answer(got, 200)
        equal(status(u.final()), 200)
        equal(server.wait(), 0)

    tap([silent_hop, late_hop, busy_hop, no_hop, cancelled_for_want_of_an_answer, parked, refused, full_disk, signed, record_route, over_tcp, tcp_to_tcp, tcp_refused, reloaded, end_with_calls])


with scratch() as here:
    main(here)
