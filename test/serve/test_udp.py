# SPDX-License-Identifier: Apache-2.0
"""SIP over UDP: calls, methods, retransmissions, dialogs, malformed messages, strangers."""
from house import *


def main(place):
    lab = Lab(place + "/lab")
    server = Server(place + "/s", {"sip": {"listen": ["udp:127.0.0.1:0", "udp:[::1]:0", "tcp:127.0.0.1:0"],
                                           "clients": ["127.0.0.1/32", "::1/128"]}}, lab=lab,
                    environment={"MALLOC_PERTURB_": "0"})  # which touches all that is allocated, used or not
    server.start()
    udp = lambda **k: Udp(server.door("udp", host="127.0.0.1"), **k)

    def a_signed_call():
        """a signed call is genuine, and its answer is a 302 with the proven number"""
        u = udp()
        answer = u.ask(request(identity=lab.identity()))
        equal(status(answer), 302)
        equal(verdict(answer)["verdict"], "genuine")
        equal(verdict(answer)["attest"], "A")
        check(f"+{CALLER};verstat=TN-Validation-Passed@" in header(answer, "P-Asserted-Identity"), answer)
        check(header(answer, "Contact").startswith(f"<sip:+{CALLED}@127.0.0.1:5080"), answer)
        equal(header(answer, "P-Attestation-Indicator"), "A")

    def an_unsigned_call():
        """an unsigned call is unproven and goes on"""
        answer = udp().ask(request())
        equal((status(answer), verdict(answer)["verdict"]), (302, "unproven"))

    def a_tampered_call():
        """a token of another call is broken, with its Reason"""
        answer = udp().ask(request(identity=lab.identity(), caller="12155550199"))
        equal((status(answer), verdict(answer)["verdict"]), (302, "broken"))
        check("STIR;cause=438" in header(answer, "Reason"), answer)
        check("TN-Validation-Failed" in header(answer, "P-Asserted-Identity"), answer)

    def a_retransmission():
        """sip_032 a retransmission gets the identical answer, whichever worker it meets, and is one call in the record"""
        u, message = udp(), request(identity=lab.identity(), call_id="again")
        first = u.ask(message)
        for _ in range(20):
            equal(u.ask(message), first)
        eventually(lambda: server.records("SELECT count(*) FROM records WHERE call_id='again@test'") == [(1,)], "one record")

    def other_bytes():
        """other bytes under the same branch are another call"""
        u = udp()
        a = u.ask(request(branch="z9hG4bKsame", call_id="same", tag="t"))
        b = u.ask(request(branch="z9hG4bKsame", call_id="same", tag="t", display='"Other" '))
        check(verdict(a)["id"] != verdict(b)["id"], a, b)
        eventually(lambda: len(server.records("SELECT id FROM records WHERE call_id='same@test'")) == 2, "two records")

    def another_source():
        """the same bytes from another port are no retransmission"""
        message = request()
        check(verdict(udp().ask(message))["id"] != verdict(udp().ask(message))["id"])

    def acknowledged():
        """ACK is never answered, and ends the decision; a repetition it overtook is no second call"""
        u, message = udp(), request()
        kept = server.metrics()["answers_kept"]
        answer = u.ask(message)
        equal(server.metrics()["answers_kept"], kept + 1)
        u.send(follow("ACK", message, header(answer, "To")))
        eventually(lambda: server.metrics()["answers_kept"] == kept, "the decision is done with")
        check(u.silent())
        equal(u.ask(message), answer)

    def cancel():
        """sip_040 CANCEL of an answered call is 200, of an unknown one 481"""
        u, message = udp(), request()
        u.ask(message)
        equal(status(u.ask(follow("CANCEL", message))), 200)
        equal(status(u.ask(follow("CANCEL", request()))), 481)

    def passed_on():
        """ACK and CANCEL find their call whichever worker they meet; both answers have one To tag"""
        u, tag = udp(), lambda answer: header(answer, "To").split(";tag=")[1]
        kept = server.metrics()["answers_kept"]
        for _ in range(24):  # of two workers, one of them is never met by chance
            message = request()
            answer = u.ask(message)
            cancelled = u.ask(follow("CANCEL", message))
            equal((status(cancelled), tag(cancelled)), (200, tag(answer)))
            u.send(follow("ACK", message, header(answer, "To")))
        eventually(lambda: server.metrics()["answers_kept"] == kept, "all are done with")
        message = request()
        u.ask(message)
        u.send(follow("ACK", message))  # without our tag
        eventually(lambda: server.metrics()["answers_kept"] == kept, "this one, too")

    def options():
        """sip_035 OPTIONS is answered with what the server can"""
        answer = udp().ask(request("OPTIONS", max_forwards="0"))
        equal(status(answer), 200)
        check("INVITE" in header(answer, "Allow"))
        equal(header(answer, "Accept"), "application/sdp")
        check(header(answer, "Supported") is not None)

    def methods():
        """sip_034 other methods are redirected without a verdict, never 405 or 420"""
        u = udp()
        for method in ("REGISTER", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER", "BYE", "PRACK", "UPDATE", "INFO", "FOO"):
            answer = u.ask(request(method, extra=["Require: 100rel, x-nothing"]))
            equal((method, status(answer)), (method, 302))
            check(header(answer, "X-Bonafide") is None, answer)
            check(header(answer, "Contact"), answer)

    def dialogs():
        """a request with a To tag is 481, never judged, never recorded"""
        u = udp()
        for method in ("INVITE", "BYE", "UPDATE", "INFO"):
            equal(status(u.ask(request(method, to=f"<sip:+{CALLED}@example.com>;tag=x", call_id="dialog"))), 481)
        u.ask(request(call_id="fence"))
        eventually(lambda: server.records("SELECT 1 FROM records WHERE call_id='fence@test'"), "a later record")
        equal(server.records("SELECT 1 FROM records WHERE call_id='dialog@test'"), [])

    def max_forwards():
        """Max-Forwards 0 is 483; a missing one is excused"""
        u = udp()
        equal(status(u.ask(request(max_forwards="0"))), 483)
        equal(status(u.ask(request(max_forwards=None))), 302)

    def malformed():
        """sip_005 a malformed request is 400 where it can be answered, and what is missing is named"""
        u = udp()
        equal(status(u.ask(request(extra=["From: <sip:other@example.com>;tag=2"]))), 400)
        equal(status(u.ask(request().replace(b"CSeq: 1 INVITE", b"CSeq: 1 BYE"))), 400)
        equal(status(u.ask(request().replace(b"Content-Length: 0", b"Content-Length: 10"))), 400)
        u.send(request().replace(b"Call-ID", b"X-Call-ID"))
        u.send(b"\x00\x01\x02 nonsense\r\n\r\n")
        u.send(b"INVITE sip:x SIP/2.0\r\n\r\n")
        u.send(b"\r\n\r\n")
        u.send(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x\r\n\r\n")
        u.send(follow("ACK", request()).replace(b"From", b"X-From"))
        check(u.silent())

    def too_large():
        """sip_008 a message beyond a limit is 513"""
        u = udp()
        equal(status(u.ask(request(extra=["X-Large: " + "x" * 17000]))), 513)
        equal(status(u.ask(request(extra=[f"X-Many: {i}" for i in range(250)]))), 513)

    def strangers():
        """an address outside sip.clients is dropped and counted, never answered"""
        before = server.metrics()['dropped_total{why="client"}']
        u = udp(source=("127.0.0.2", 0))
        u.send(request())
        u.send(request("OPTIONS"))
        eventually(lambda: server.metrics()['dropped_total{why="client"}'] == before + 2, "both are counted")
        check(u.silent())

    def target():
        """sip_023 answers go to the source, whatever Via and maddr say"""
        u = udp()
        message = request(via="127.0.0.2:9;maddr=127.0.0.3").replace(b";rport", b"")
        port = u.socket.getsockname()[1]
        u.send(message.replace(b"127.0.0.2:9;", b"127.0.0.2:%d;" % port))
        equal(status(u.receive()), 302)

    def six():
        """calls come in over IPv6"""
        u = Udp(server.door("udp", host="::1"))
        equal(verdict(u.ask(request(identity=lab.identity(), via=f"[::1]:{u.socket.getsockname()[1]}")))["verdict"], "genuine")

    def wildcard():
        """on an unspecified address, answers leave from where the request arrived"""
        with Server(place + "/any", lab=lab, listen=["udp:0.0.0.0:0", "udp:[::]:0"]) as any_server:
            for to in ("127.0.0.1", "127.0.0.5"):
                u = Udp((to, any_server.door("udp", host="0.0.0.0")[1]), source=("127.0.0.1", 0))
                equal(status(u.ask(request())), 302)

    def growth():
        """an answer is at most its request and 2 KiB"""
        message = request(identity=[lab.identity() for _ in range(10)])
        answer = udp().ask(message)
        check(len(answer) <= len(message) + 2048, len(answer), len(message))

    def batches():
        """a burst is answered whole, each call once"""
        u = udp()
        identities = [lab.identity() for _ in range(200)]
        sent = {f"burst{i}@test": request(identity=identities[i], call_id=f"burst{i}") for i in range(200)}
        for message in sent.values():
            u.send(message)
        seen = {}
        while len(seen) < len(sent):
            answer = u.final()
            seen[header(answer, "Call-ID")] = verdict(answer)["verdict"]
        equal(set(seen.values()), {"genuine"})

    def spread():
        """one client with one socket fills all workers"""
        # Dealt by a hash of what is in them: of the hundreds sent above, all to one of two workers would be a miracle.
        m = server.metrics()
        check(all(m[f'worker_datagrams_total{{worker="{i}"}}'] > 20 for i in range(2)), m)

    def memory():
        """a server that answered some hundred calls is small"""
        if SANITIZED:
            raise Skip("a sanitizer has memory of its own")
        rss = int(re.search(r"VmRSS:\s+(\d+)", read(f"/proc/{server.pid}/status").decode())[1])
        # 25 MiB before the first call: bench/bench_memory.c; then the memory of tokens (64 MiB) comes in huge pages
        check(rss < 128 * 1024, rss, "KiB")

    def ends():
        """SIGTERM ends it with status 0"""
        equal(server.stop(), 0)
        lab.close()

    tap([a_signed_call, an_unsigned_call, a_tampered_call, a_retransmission, other_bytes, another_source, acknowledged,
         cancel, passed_on, options, methods, dialogs, max_forwards, malformed, too_large, strangers, target, six, wildcard, growth, batches,
         spread, memory, ends])


with scratch() as place:
    main(place)
