# SPDX-License-Identifier: Apache-2.0
"""Next hops over TLS: who they must prove to be, what they are shown, how they are kept, and what happens while they are away."""
from certificates import *
from hop import *


class TlsUas(TcpUas):
    """A next hop over TLS; `shown` and `asked` are what the last one who came has shown (certificate) and asked for (SNI)."""

    def __init__(self, show, client_ca=None, host="127.0.0.1"):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(show["cert"], show["key"])
        if client_ca:
            self.context.load_verify_locations(client_ca)
            self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.sni_callback = lambda s, name, c: setattr(self, "asked", name)
        self.shown = self.asked = None
        self.connections = 0
        super().__init__(host)
        self.uri = f"sip:{host}:{self.port};transport=tls"

    def read(self, connection):
        try:
            tls = self.context.wrap_socket(connection, server_side=True)
        except (OSError, ssl.SSLError):
            connection.close()
            return
        self.connections += 1
        self.shown = tls.getpeercert() if self.context.verify_mode else None
        super().read(tls)


def main(place):
    lab, certificates = Lab(place + "/lab"), Certificates(place + "/tls")
    good = certificates.make("good", "/CN=x", "IP:127.0.0.1,DNS:localhost")
    elsewhere = certificates.make("elsewhere", "/CN=127.0.0.1", "DNS:elsewhere.example")
    stranger = certificates.make("stranger", "/CN=x", "IP:127.0.0.1", issuer="other")
    us = certificates.make("us", "/CN=us", "DNS:us.example")
    two = Uas()
    number = [0]

    def start(hops, tls=(), **sip):
        number[0] += 1
        wishes = {"mode": "proxy", "next_hop": hops, "next_hop_probe_s": 0, "workers": 1,
                  "tls": dict({"ca": certificates.path("ca.pem")}, **dict(tls))}
        return Server(f"{place}/s{number[0]}", {"sip": dict(wishes, **sip)}, lab=lab)

    def invite(server, **wishes):
        u, message = Udp(server.door("udp")), request(**wishes)
        u.send(message)
        return u, message, header(message, "Call-ID")

    def call(server, hop, **wishes):
        u, message, name = invite(server, **wishes)
        heard = hop.take("INVITE", name)
        hop.answer(heard, 486)
        equal(status(u.final()), 486)
        return heard

    def over_tls():
        """SIP-024 a call goes on over TLS, one connection for all, and its answers come back"""
        hop = TlsUas(good)
        with start(hop.uri) as server:
            heard = call(server, hop, identity=lab.identity())
            check(top(heard).startswith("SIP/2.0/TLS "), top(heard))
            equal(verdict(heard)["verdict"], "genuine")
            for _ in range(3):
                call(server, hop)
            u, _, name = invite(server, body=b"v=0\r\n" * 3000, extra=["Content-Type: application/sdp"])
            heard = hop.take("INVITE", name)
            equal(len(heard.split(b"\r\n\r\n", 1)[1]), 15000)
            hop.answer(heard, 200, extra=["Contact: <sip:b@127.0.0.1>"])
            equal(status(u.final()), 200)
            equal(hop.connections, 1)
        hop.close()

    def dialog_follows():
        """a request in the dialog goes the same way: by the Route that we left"""
        hop = TlsUas(good)
        with start(hop.uri, listen=["udp:127.0.0.1:0", "tls:127.0.0.1:0"], tls=us, record_route=True) as server:
            u, message, name = invite(server)
            heard = hop.take("INVITE", name)
            routes = [r for v in headers(heard, "Record-Route") for r in v.split(", ")]
            check(any("transport=tls" in r for r in routes) and len(routes) == 2, routes)
            hop.answer(heard, 200, extra=[f"Contact: <sip:b@127.0.0.1:{hop.port};transport=tls>"])
            equal(status(u.final()), 200)
            u.send(dialog("BYE", message, "uas", f"sip:b@127.0.0.1:{hop.port};transport=tls", routes=list(reversed(routes)), number=None))
            bye = hop.take("BYE", name)
            check(headers(bye, "Route") == [], bye)
            hop.answer(bye, 200)
            equal(status(u.final()), 200)
            equal(hop.connections, 1)
        hop.close()

    def wrong_name():
        """RFC 5922 a next hop whose certificate speaks for somebody else, or comes from a stranger, hears nothing: the next one does"""
        for show in (elsewhere, stranger):
            hop = TlsUas(show)
            with start([hop.uri, two.uri]) as server:
                for _ in range(3):
                    call(server, two)
                check(hop.silent())
                equal(server.metrics()["tls_failed_total"] >= 1, True)
            hop.close()

    def no_plain():
        """a next hop over TLS is never spoken to in plain text"""
        hop = TcpUas()
        with start([hop.uri.replace("=tcp", "=tls"), two.uri]) as server:
            call(server, two)
            check(hop.silent())
        hop.close()

    def our_certificate():
        """our own certificate is shown to a next hop that asks for one"""
        hop = TlsUas(good, client_ca=certificates.path("ca.pem"))
        with start(hop.uri, us) as server:
            call(server, hop)
            check(("DNS", "us.example") in hop.shown["subjectAltName"], hop.shown)
        with start([hop.uri, two.uri]) as server:
            call(server, two)
        hop.close()

    def asked_name():
        """SNI: a next hop that has a name is asked for by it"""
        if socket.getaddrinfo("localhost", 5061, type=socket.SOCK_DGRAM)[0][0] != socket.AF_INET:
            raise Skip("localhost is IPv6 first")
        hop = TlsUas(good)
        with start(f"sips:localhost:{hop.port}") as server:
            eventually(lambda: reached(server, hop), "the name is found")
            equal(hop.asked, "localhost")
        hop.close()

    def reached(server, hop):
        u, _, name = invite(server)
        answer = u.receive()
        if status(answer) != 100:
            return False
        hop.answer(hop.take("INVITE", name), 486)
        return status(u.final()) == 486

    def away_and_back():
        """a next hop that is away rests, calls go to the other meanwhile; once it is back it is used again"""
        hop = TlsUas(good)
        port = hop.port
        hop.close()
        with start([hop.uri, two.uri]) as server:
            call(server, two)
            back = TlsUas.__new__(TlsUas)
            real = socket.create_server
            socket.create_server = lambda address, **k: real((address[0], port), **k)
            try:
                back.__init__(good)
            finally:
                socket.create_server = real

            def used():
                u, _, name = invite(server)
                end = time.monotonic() + PATIENCE
                while time.monotonic() < end:
                    for uas in (back, two):
                        try:
                            uas.answer(uas.take("INVITE", name, patience=0.05), 486)
                            equal(status(u.final()), 486)
                            return uas is back
                        except (queue.Empty, socket.timeout):
                            pass
                return False
            eventually(used, "it is used again")
            back.close()

    def hangs_up():
        """a call whose next hop hangs up before it has answered goes to the other"""
        hop = TlsUas(good)
        with start([hop.uri, two.uri], next_hop_timeout_ms=30000) as server:
            u, _, name = invite(server)
            hop.take("INVITE", name)
            hop.peer.shutdown(socket.SHUT_RDWR)
            two.answer(two.take("INVITE", name), 486)
            equal(status(u.final()), 486)
        hop.close()

    def probes():
        """OPTIONS probes go over TLS: a next hop with the wrong name counts as down, one that answers as up"""
        hop, wrong = TlsUas(good), TlsUas(elsewhere)
        answering = [True]

        def answer():
            while answering[0]:
                try:
                    hop.answer(hop.take("OPTIONS", patience=0.1), 200)
                except queue.Empty:
                    pass
        thread = threading.Thread(target=answer)
        thread.start()
        with start([hop.uri, wrong.uri], next_hop_probe_s=1) as server:
            up = lambda: [server.metrics()[f'hop_up{{hop="{i}"}}'] for i in (0, 1)]
            eventually(lambda: up() == [1, 0], "one up, one down")
            answering[0] = False
            thread.join()
            eventually(lambda: up() == [0, 0], "both down")
            check(wrong.silent())
        hop.close()
        wrong.close()

    def reload():
        """a reload believes the new certificates of next hops"""
        shutil.copy(certificates.path("other.pem"), certificates.path("believed.pem"))
        hop = TlsUas(good)
        with start([hop.uri, two.uri], {"ca": certificates.path("believed.pem")}) as server:
            call(server, two)
            shutil.copy(certificates.path("ca.pem"), certificates.path("believed.pem"))
            server.signal(signal.SIGHUP)

            def used():
                u, _, name = invite(server)
                for _ in range(40):
                    for uas in (hop, two):
                        try:
                            uas.answer(uas.take("INVITE", name, patience=0.05), 486)
                            equal(status(u.final()), 486)
                            return uas is hop
                        except (queue.Empty, socket.timeout):
                            pass
                return False
            eventually(used, "it is believed")
        hop.close()

    def kept():
        """RFC 5626 section 3.5.1: a connection without a word is pinged, and goes on being used"""
        hop = TlsUas(good)
        heard, pinged = queue.Queue(), False

        def listen(connection):
            tls = hop.context.wrap_socket(connection, server_side=True)
            hop.connections += 1
            while got := tls.recv(65535):
                heard.put((got, tls))
        hop.read = listen
        with start(hop.uri) as server:
            for _ in range(2):
                u, _, name = invite(server)
                message, hop.peer = heard.get(timeout=PATIENCE)
                equal(header(message, "Call-ID"), name)
                hop.answer(message, 486)
                equal(status(u.final()), 486)
                equal(heard.get(timeout=PATIENCE)[0][:3], b"ACK")
                if not pinged:
                    equal(heard.get(timeout=60)[0], b"\r\n\r\n")
                    pinged = True
                    hop.say(b"\r\n")
            equal(hop.connections, 1)
        hop.close()

    def no_anchors():
        """a file of anchors that is none is refused at the start, by name"""
        done = subprocess.run([PROGRAM, "serve", "--check", "--config", start("sip:127.0.0.1;transport=tls", {"ca": "/nowhere.pem"}).file],
                              capture_output=True, text=True)
        check(done.returncode != 0 and "/nowhere.pem" in done.stderr, done.stderr)

    tap([over_tls, dialog_follows, wrong_name, no_plain, our_certificate, asked_name, away_and_back, hangs_up, probes, reload, kept, no_anchors])
    lab.close()


with scratch() as place:
    main(place)
