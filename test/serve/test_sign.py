# SPDX-License-Identifier: Apache-2.0
"""A listener that signs: whom it signs for, what comes out, and that nothing is signed twice."""
from house import *


def main(place):
    lab = Lab(place + "/lab", carriers=2)
    row = lambda carrier, **more: dict({"numbers": ["+1215555*"], "attest": "A", "for": ["127.0.0.1"], "key": lab.key(carrier),
                                        "x5u": lab.x5u(carrier)}, **more)
    listen = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0", {"on": "udp:127.0.0.1:0", "role": "sign"},
              {"on": "tcp:127.0.0.1:0", "role": "sign"}]
    wishes = {"sip": {"clients": ["127.0.0.0/8"], "overload_ms": 10000}, "sign": [row(0), row(1, numbers=["+44"], attest="B")]}
    server = Server(place + "/s", wishes, lab=lab, listen=listen).start()
    udp = lambda sign=True, **k: Udp(server.door("udp", sign=sign), **k)
    signed = lambda: sum(v for k, v in server.metrics().items() if k.startswith('calls_total{verdict="signed"'))

    def verdict_on(answer, message):
        """What a verifier says of the call, its Identity header put in."""
        identity = header(answer, "Identity")
        check(identity, answer)
        text = message.replace(b"Content-Length", b"Identity: " + identity.encode() + b"\r\nContent-Length")
        return verdict(udp(sign=False).ask(text.replace(b"z9hG4bK", b"z9hG4bKv")))

    def a_customers_call():
        """shk_021 a customer's call is signed, and a verifier finds it genuine"""
        message = request()
        answer = udp().ask(message)
        equal((status(answer), verdict(answer)["signed"]), (302, "yes"))
        check(header(answer, "Identity").endswith(f';info=<{lab.x5u(0)}>;alg=ES256;ppt="shaken"'), answer)
        check(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                           header(answer, "P-Origination-ID")), answer)
        found = verdict_on(answer, message)
        equal((found["verdict"], found["attest"]), ("genuine", "A"))

    def rows():
        """each call is signed by the key and with the attestation of its own row, also over TCP"""
        tcp = Tcp(server.door("tcp", sign=True))
        for ask in (udp().ask, tcp.ask):
            for caller, carrier, attest in (("12155550199", 0, "A"), ("442079460123", 1, "B")):
                message = request(caller=caller, transport="TCP" if ask == tcp.ask else "UDP")
                answer = ask(message)
                check(f"info=<{lab.x5u(carrier)}>" in header(answer, "Identity"), answer)
                equal(verdict_on(answer, message.replace(b"/TCP ", b"/UDP "))["attest"], attest)

    def others():
        """id_101 what is nobody's number, or not this customer's, or signed already, goes out as it came"""
        for u, message in ((udp(), request(caller="33123456789")), (udp(source=("127.0.0.2", 0)), request()),
                           (udp(), request(identity=lab.identity())), (udp(), request(extra=["Priority: emergency"], called="911"))):
            answer = u.ask(message)
            equal((status(answer), verdict(answer)["signed"]), (302, "no"))
            equal(header(answer, "Identity"), None)

    def a_retransmission():
        """sip_032 a retransmission gets the same Identity header, byte for byte, and nothing is signed again"""
        u, message, before = udp(), request(call_id="again"), server.metrics()
        count = signed()
        first = u.ask(message)
        check(header(first, "Identity"), first)
        for _ in range(20):
            equal(u.ask(message), first)
        equal(signed(), count + 1)
        equal(server.metrics()["retransmissions_total"], before["retransmissions_total"] + 20)
        eventually(lambda: server.records("SELECT count(*) FROM records WHERE call_id='again@test'") == [(1,)], "one record")
        u.send(follow("ACK", message, header(first, "To")))
        equal(u.ask(message), first)

    def another_call():
        """shk_003 the same call once more, under another branch, has an origid and a signature of its own"""
        u, message = udp(), request()
        a, b = u.ask(message), u.ask(message.replace(b"z9hG4bK", b"z9hG4bKx"))
        check(header(a, "Identity") != header(b, "Identity"))
        check(header(a, "P-Origination-ID") != header(b, "P-Origination-ID"))

    def a_burst():
        """a burst of calls, of which some are not ours to sign, is answered whole, each by its own row"""
        u, sent, seen = udp(), {}, {}
        callers = {f"1215555{i:04}": 0 for i in range(100)} | {f"4420794{i:05}": 1 for i in range(100)}
        callers |= {f"3312345{i:04}": None for i in range(50)}
        for i, caller in enumerate(sorted(callers, key=lambda c: c[::-1])):
            sent[f"burst{i}@test"] = caller, request(caller=caller, call_id=f"burst{i}")
        for _, message in sent.values():
            u.send(message)
        while len(seen) < len(sent):
            answer = u.final()
            seen[header(answer, "Call-ID")] = answer
        origids = set()
        for call_id, answer in seen.items():
            caller, message = sent[call_id]
            carrier = callers[caller]
            equal((caller, verdict(answer)["signed"]), (caller, "no" if carrier is None else "yes"))
            if carrier is not None:
                check(f"info=<{lab.x5u(carrier)}>" in header(answer, "Identity"), answer)
                origids.add(header(answer, "P-Origination-ID"))
                equal((caller, verdict_on(answer, message)["attest"]), (caller, "AB"[carrier]))
        equal(len(origids), 200)

    def a_new_key():
        """after a reload calls are signed with the new key, and what was signed with the old one is signed anew"""
        u, message = udp(), request()
        first = u.ask(message)
        server.write(merged(server.config, {"sign": [row(1)]}))
        server.signal(signal.SIGHUP)
        eventually(lambda: server.metrics()["reloads_total"] == 1, "a reload")
        for asked in (message, request()):
            answer = u.ask(asked)
            check(f"info=<{lab.x5u(1)}>" in header(answer, "Identity"), answer)
            equal(verdict_on(answer, asked)["verdict"], "genuine")
        equal(verdict_on(first, message)["verdict"], "genuine")
        server.write()
        server.signal(signal.SIGHUP)
        eventually(lambda: server.metrics()["reloads_total"] == 2, "a reload")
        check(f"info=<{lab.x5u(0)}>" in header(u.ask(request()), "Identity"))

    def no_allocation():
        """a signed call allocates nothing of ours, once its worker has signed before"""
        shim, counted = os.path.join(BUILD, "test", "serve", "count_alloc.so"), place + "/allocations"
        if SANITIZED:
            raise Skip("a sanitizer has the allocator")
        with Server(place + "/alloc", merged(wishes, {"sip": {"workers": 1}}), lab=lab, listen=listen,
                    environment={"LD_PRELOAD": shim, "BF_ALLOC_FILE": counted}) as s:
            u = Udp(s.door("udp", sign=True))
            u.ask(request())
            worker = next(int(t) for t in os.listdir(f"/proc/{s.pid}/task")
                          if read(f"/proc/{s.pid}/task/{t}/comm") == b"worker\n")
            count = lambda: int.from_bytes(read(counted)[8 * (worker % 32768):][:8], "little")
            before = count()
            for _ in range(128):
                check(header(u.ask(request()), "Identity"))
            equal(count() - before, 0)

    def ends():
        """SIGTERM ends it with status 0"""
        equal(server.stop(), 0)
        lab.close()

    tap([a_customers_call, rows, others, a_retransmission, another_call, a_burst, a_new_key, no_allocation, ends])


with scratch() as place:
    main(place)
