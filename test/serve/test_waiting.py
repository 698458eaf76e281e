# SPDX-License-Identifier: Apache-2.0
"""Calls that wait for a certificate while its server is silent, slow, gone, endless, redirecting: good calls of other signers
keep being answered, the others are answered within the budget, an emergency call never waits."""
from house import *

BUDGET = 0.8
STATES = ["silent", "slow", "gone", "endless", "redirect", "refused"]


def main(place):
    lab = Lab(place + "/lab", carriers=12)
    chains = {f"{name}.pem": read(lab.chain(i)) for i, name in enumerate(lab.names)}
    repository = Repository(chains)
    server = Server(place + "/s", {"x5u": {"lab": True, "certs_dir": ""}, "sip": {"clients": ["127.0.0.0/8"]}}, lab=lab)
    server.start()
    udp = lambda **k: Udp(server.door("udp"), **k)
    url = lambda carrier: repository.url(lab.names[carrier] + ".pem")
    signed = lambda carrier, **k: request(identity=lab.identity(carrier=carrier, x5u=k.pop("x5u", None) or url(carrier)), **k)

    def comes_in_time():
        """a certificate that comes in time makes the call genuine, after a 100"""
        u = udp()
        u.send(signed(0))
        equal(status(u.receive()), 100)
        answer = u.final()
        equal(verdict(answer)["verdict"], "genuine")

    def hit():
        """the next call of the same signer does not wait"""
        u = udp()
        u.send(signed(0))
        answer = u.receive()
        equal((status(answer), verdict(answer)["verdict"]), (302, "genuine"))
        equal(repository.asked[lab.names[0] + ".pem"], 1)

    def one_fetch():
        """sec_037 many calls of one new signer make one fetch"""
        u = udp()
        for _ in range(30):
            u.send(signed(1))
        equal({verdict(u.final())["verdict"] for _ in range(30)}, {"genuine"})
        equal(repository.asked[lab.names[1] + ".pem"], 1)

    def misbehaving(state, name):
        def test():
            carrier = 2 + STATES.index(state)
            repository.moods[lab.names[carrier] + ".pem"] = state
            bad, good, urgent = udp(), udp(), udp()
            begun = time.monotonic()
            bad.send(signed(carrier))
            for _ in range(20):
                equal(verdict(good.ask(signed(0)))["verdict"], "genuine")
            urgent.send(request(uri="urn:service:sos", identity=lab.identity(carrier=carrier, x5u=url(carrier) + "x")))
            first = urgent.receive()
            equal(status(first), 302, "an emergency call is answered at once, without a 100")
            answer = bad.final()
            took = time.monotonic() - begun
            equal(verdict(answer)["verdict"], "unproven")
            check("STIR;cause=436" in header(answer, "Reason"), answer)
            check("TN-Validation-Passed" not in header(answer, "P-Asserted-Identity"), answer)
            check(took < BUDGET + 1.5, "answered after", took)  # the budget, and a busy machine
        test.__doc__ = f"while the certificate server is {name}: others are answered, this one says 436 within the budget"
        return test

    def dead_name():
        """a name that does not resolve is 436 within the budget"""
        begun = time.monotonic()
        answer = udp().ask(signed(0, x5u="https://no-such-name.invalid/x.pem"))
        check("STIR;cause=436" in header(answer, "Reason"), answer)
        check(time.monotonic() - begun < BUDGET + 1.5)

    def absorbed():
        """retransmissions of a waiting call are absorbed"""
        repository.moods["wait.pem"] = "silent"
        u, message = udp(), signed(0, x5u=repository.url("wait.pem"), call_id="absorbed")
        u.send(message)
        equal(status(u.receive()), 100)
        before = server.metrics()["absorbed_total"]
        for _ in range(5):
            u.send(message)
        eventually(lambda: server.metrics()["absorbed_total"] == before + 5, "five absorbed")
        answer = u.final()
        equal(u.ask(message), answer)
        eventually(lambda: server.records("SELECT count(*) FROM records WHERE call_id='absorbed@test'") == [(1,)], "one record")

    def resent():
        """the answer after a 100 is sent again until its ACK"""
        repository.moods["again.pem"] = "silent"
        u, message = udp(), signed(0, x5u=repository.url("again.pem"))
        u.send(message)
        answer = u.final()
        equal(u.receive(), answer)
        equal(u.receive(), answer)
        acks = server.metrics()["acks_total"]
        u.send(follow("ACK", message, header(answer, "To")))
        eventually(lambda: server.metrics()["acks_total"] == acks + 1, "the ACK is read")
        while not u.silent(0.2):
            pass  # what was on its way when the ACK came
        check(u.silent(2.5), "the next would have come within two seconds")

    def cancelled():
        """CANCEL of a waiting call gives 200, then 487; it is recorded and not judged"""
        repository.moods["cancel.pem"] = "silent"
        u, message = udp(), signed(0, x5u=repository.url("cancel.pem"), call_id="cancelled")
        begun = time.monotonic()
        u.send(message)
        equal(status(u.receive()), 100)
        u.send(follow("CANCEL", message))
        answers = [u.receive(), u.receive()]
        check(time.monotonic() - begun < BUDGET)
        equal([(status(a), header(a, "CSeq")) for a in answers], [(200, "1 CANCEL"), (487, "1 INVITE")])
        equal(status(u.ask(message)), 487, "a retransmission")
        eventually(lambda: server.records("SELECT kind, status FROM records WHERE call_id='cancelled@test'") == [("cancelled", 487)],
                   "its record")

    def over_tcp():
        """a call over TCP waits too, and a connection that closes first harms nobody"""
        repository.moods["tcp.pem"] = "silent"
        t = Tcp(server.door("tcp"))
        t.send(signed(0, x5u=repository.url("tcp.pem"), transport="TCP"))
        equal(status(t.receive()), 100)
        hasty = Tcp(server.door("tcp"))
        hasty.send(signed(0, x5u=repository.url("tcp.pem"), transport="TCP"))
        equal(status(hasty.receive()), 100)
        hasty.close()
        equal(status(t.receive()), 302)
        eventually(lambda: server.metrics()["parked"] == 0, "nobody waits")

    def over_http():
        """a verdict over HTTP waits for the certificate"""
        repository.moods["http.pem"] = "silent"
        code, body = server.verdict(signed(0, x5u=repository.url("http.pem")))
        equal((code, json.loads(body)["verdict"] != "genuine"), (200, True))
        code, body = server.verdict(signed(9), accept="text/plain")
        equal((code, body.strip()), (200, b"genuine"))

    def a_source_has_bounds():
        """of one source at most 64 calls wait; the next is answered at once"""
        repository.moods["bound.pem"] = "silent"
        greedy = udp(source=("127.0.0.7", 0))
        for _ in range(64):
            greedy.send(signed(0, x5u=repository.url("bound.pem"), via="127.0.0.7:5099"))
        equal({status(greedy.receive()) for _ in range(64)}, {100})
        greedy.send(signed(0, x5u=repository.url("bound.pem"), via="127.0.0.7:5099"))
        answer = greedy.receive()
        equal(status(answer), 302)
        check("STIR;cause=436" in header(answer, "Reason"))
        other = udp()
        other.send(signed(0, x5u=repository.url("bound.pem")))
        equal(status(other.receive()), 100, "another source may wait")
        eventually(lambda: server.metrics()["parked"] == 0, "nobody waits")

    def drained():
        """a waiting call is answered before the server ends"""
        repository.moods["drain.pem"] = "silent"
        u = udp()
        u.send(signed(0, x5u=repository.url("drain.pem")))
        equal(status(u.receive()), 100)
        server.signal(signal.SIGTERM)
        equal(status(u.final()), 302)
        equal(server.wait(), 0)

    tap([comes_in_time, hit, one_fetch,
         misbehaving("silent", "silent"), misbehaving("slow", "sending a byte a second"), misbehaving("gone", "without it"),
         misbehaving("endless", "sending without end"), misbehaving("redirect", "redirecting"),
         misbehaving("refused", "hanging up"), dead_name, absorbed, resent, cancelled, over_tcp, over_http,
         a_source_has_bounds, drained])


with scratch() as place:
    main(place)
