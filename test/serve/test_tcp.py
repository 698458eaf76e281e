# SPDX-License-Identifier: Apache-2.0
"""SIP over TCP: framing, keepalive, slow and split senders, slow readers, bounds."""
from house import *


def main(place):
    lab = Lab(place + "/lab")
    server = Server(place + "/s", {"sip": {"connections": 20, "idle_s": 5}}, lab=lab).start()
    tcp = lambda **k: Tcp(server.door("tcp"), **k)
    invite = lambda **k: request(transport="TCP", **k)

    def a_call():
        """a signed call over TCP is genuine"""
        equal(verdict(tcp().ask(invite(identity=lab.identity())))["verdict"], "genuine")

    def split():
        """sip_021 a message may arrive byte by byte, or several at once"""
        t = tcp()
        message = invite(identity=lab.identity(), call_id="split", body=b"v=0\r\n")
        for i in range(0, len(message), 7):
            t.send(message[i:i + 7])
        equal(header(t.receive(), "Call-ID"), "split@test")
        t.send(b"".join(invite(call_id=f"joined{i}") for i in range(100)))
        equal([header(t.receive(), "Call-ID") for _ in range(100)], [f"joined{i}@test" for i in range(100)])

    def keepalive():
        """a double CRLF is answered with one; stray ones are dropped"""
        t = tcp()
        t.send(b"\r\n\r\n")
        equal(t.socket.recv(10), b"\r\n")
        t.send(b"\r\n" + invite())
        equal(status(t.receive()), 302)

    def no_length():
        """sip_021 without Content-Length it is 400, and the connection is closed"""
        t = tcp()
        t.send(invite().replace(b"Content-Length: 0\r\n", b""))
        equal(status(t.receive()), 400)
        check(t.closed())

    def two_lengths():
        """sec_054 lengths that differ, or are no numbers, end the connection"""
        for bad in (b"Content-Length: 0\r\nContent-Length: 5", b"Content-Length: -1", b"Content-Length: 99999999999999999999"):
            t = tcp()
            t.send(invite().replace(b"Content-Length: 0", bad))
            answer = t.receive()
            check(answer == b"" or status(answer) in (400, 513), answer)
            check(answer == b"" or t.closed())

    def too_long():
        """a message larger than 64 KiB is cut off"""
        t = tcp()
        try:
            t.send(b"INVITE sip:x@y SIP/2.0\r\nX: " + b"x" * 200000)
            t.receive()
        except (ConnectionResetError, BrokenPipeError):
            pass

    def cancel():
        """CANCEL over TCP of a call that is answered is 481: nothing is kept where nothing is lost"""
        t, message = tcp(), invite()
        equal(status(t.ask(message)), 302)
        equal(status(t.ask(follow("CANCEL", message))), 481)

    def nonsense():
        """what is not SIP is closed"""
        for bytes_ in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + b"\0" * 200 + b"\r\n\r\n"):
            t = tcp()
            t.send(bytes_)
            answer = t.receive()
            check(answer == b"" or status(answer) == 400, answer)

    def strangers():
        """an address outside sip.clients is hung up on"""
        before = server.metrics()['dropped_total{why="client"}']
        check(tcp(source=("127.0.0.2", 0)).closed())
        equal(server.metrics()['dropped_total{why="client"}'], before + 1)

    def idle():
        """a connection without a byte for sip.idle_s is closed, and holds no memory"""
        t = tcp()
        t.send(b"INVITE sip:half")
        check(t.closed())
        eventually(lambda: server.metrics()["connections"] == 0 and server.metrics()["connections_bytes"] == 0, "all is given back")

    def bounded():
        """beyond sip.connections nobody gets in; then again"""
        held = [tcp() for _ in range(20)]
        eventually(lambda: server.metrics()["connections"] == 20, "twenty are open")
        check(tcp().closed())
        equal(server.metrics()["connections_refused_total"], 1)
        for t in held:
            t.close()
        eventually(lambda: server.metrics()["connections"] == 0, "none is open")
        equal(status(tcp().ask(invite())), 302)

    def slow_reader():
        """a client that does not read is not waited for: others are answered"""
        t = Tcp.__new__(Tcp)
        t.socket, t.held = socket.socket(), b""
        t.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        t.socket.connect(server.door("tcp"))
        t.socket.setblocking(False)
        batch = b"".join(invite(extra=["X-Long: " + "x" * 1000]) for _ in range(50))
        sent = 0
        try:
            while sent < 40_000_000:
                sent += t.socket.send(batch)
        except BlockingIOError:
            pass
        check(sent < 40_000_000, "it is never told to wait")
        equal(status(tcp().ask(invite())), 302)
        held = server.metrics()["connections_bytes"]
        check(held < 4 << 20, held)
        t.close()

    def half_a_keepalive():
        """a message must be whole within 32 s; a single CRLF, the keepalive of some, may stay alone"""
        patient = Server(place + "/patient", {"sip": {"idle_s": 3600}}, lab=lab).start()
        alive, slow = Tcp(patient.door("tcp")), Tcp(patient.door("tcp"))
        alive.send(b"\r\n")
        slow.socket.settimeout(90)
        slow.send(b"INVITE sip:half")
        check(slow.closed())
        equal(status(alive.ask(invite())), 302)
        equal(patient.stop(), 0)

    def half_closed():
        """a client that has said all it will say still gets its answers"""
        t = tcp()
        t.send(invite(call_id="last"))
        t.socket.shutdown(socket.SHUT_WR)
        equal(header(t.receive(), "Call-ID"), "last@test")
        equal(t.receive(), b"")

    def ends():
        """SIGTERM ends it while connections are open"""
        t = tcp()
        equal(status(t.ask(invite())), 302)
        equal(server.stop(), 0)
        check(t.closed())

    long = [half_a_keepalive] if os.environ.get("BF_LOAD") == "soak" else []
    tap([a_call, split, keepalive, *long, no_length, two_lengths, too_long, cancel, nonsense, strangers, idle, bounded, slow_reader,
         half_closed, ends])


with scratch() as place:
    main(place)
