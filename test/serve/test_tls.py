# SPDX-License-Identifier: Apache-2.0
"""SIP over TLS: who gets in, under which name, and what a connection that is no TLS costs."""
from certificates import *


def main(place):
    lab, certificates = Lab(place + "/lab"), Certificates(place + "/tls")
    sip = certificates.make("sip", "/CN=x", "DNS:sip.example,IP:127.0.0.1")
    second = certificates.make("second", "/CN=y", "DNS:second.example")
    carrier = certificates.make("carrier", "/CN=z", "URI:sip:carrier.example")
    stranger = certificates.make("stranger", "/CN=z", "URI:sip:carrier.example", issuer="other")
    nobody = certificates.make("nobody", "/CN=z", "DNS:nobody.example")

    def server(name, **tls):
        return Server(place + "/" + name,
                      {"sip": {"listen": ["udp:127.0.0.1:0", "tls:127.0.0.1:0"], "tls": dict(sip, **tls), "workers": 1,
                               "peers": [{"from": "127.0.0.0/8", "tls_name": "carrier.example", "says": "believe"},
                                         {"from": "127.0.0.0/8", "pai": True}]}}, lab=lab)

    open_one = server("open", names=[dict(second, name="second.example")]).start()
    door = open_one.door("tls")
    invite = lambda **wishes: request(transport="TLS", **wishes)

    def genuine():
        """SIP-024 a call over TLS is judged like any other, and its record says tls"""
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            t, name = Tls(door, certificates, version=version), word()
            answer = t.ask(invite(identity=lab.identity(), call_id=name))
            equal((status(answer), verdict(answer)["verdict"]), (302, "genuine"))
            t.close()
            eventually(lambda: open_one.records(f"SELECT transport FROM records WHERE call_id='{name}@test'") == [("tls",)], "its record")

    def our_command():
        """bonafide call --tls is answered with the verdict; a wrong name is not spoken to"""
        def call(name, *more):
            done = subprocess.run([PROGRAM, "call", "--json", "--tls", "--ca", certificates.path("ca.pem"), "--server-name", name, "--key", lab.key(),
                                   "--x5u", lab.x5u(), *more, "%s:%d" % door, "signed"], capture_output=True, text=True, timeout=PATIENCE)
            return json.loads(done.stdout)
        equal(call("sip.example")["verdict"], "genuine")
        equal(call("second.example")["verdict"], "genuine")
        said = call("bank.example")
        equal(said["status"], None)
        check("bank.example" in said["error"], said)

    def s_client():
        """OpenSSL's own client believes us, is answered, and may not negotiate again"""
        command = ["openssl", "s_client", "-connect", "%s:%d" % door, "-CAfile", certificates.path("ca.pem"), "-servername", "sip.example",
                   "-verify_return_error", "-verify_hostname", "sip.example"]
        with subprocess.Popen(command + ["-quiet"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as p:
            p.stdin.write(invite(method="OPTIONS"))
            p.stdin.flush()
            equal(p.stdout.readline(), b"SIP/2.0 200 OK\r\n")
            p.kill()
        with subprocess.Popen(command + ["-tls1_2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as p:
            while not (line := p.stdout.readline()).startswith(b"    Verify return code"):
                check(line, "the handshake is over")
            p.stdin.write(b"R\n")
            p.stdin.flush()
            said = p.stdout.read()
            check(b"no renegotiation" in said, said)
            p.wait()

    def halves():
        """handshakes that stop in the middle are cut in bounded time, and disturb nobody"""
        before = open_one.metrics()["tls_failed_total"]
        half = [socket.create_connection(door, timeout=30) for _ in range(50)]
        for i, c in enumerate(half):
            c.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[:i % 11])
        t = Tls(door, certificates)
        equal(status(t.ask(invite())), 302)
        for c in half:
            equal(c.recv(10), b"")
            c.close()
        equal(open_one.metrics()["tls_failed_total"] - before, 50)
        t.close()

    def old_versions():
        """TLS 1.1 is not spoken"""
        done = subprocess.run(["openssl", "s_client", "-connect", "%s:%d" % door, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=PATIENCE)
        check(done.returncode != 0, done.stdout)

    def sni():
        """the client's question (SNI) picks the certificate"""
        for name in ("sip.example", "second.example"):
            t = Tls(door, certificates, name=name)
            check(("DNS", name) in t.socket.getpeercert()["subjectAltName"], t.socket.getpeercert())
            t.close()

    def pieces():
        """SIP-021 a message in many records, and many messages in one"""
        t = Tls(door, certificates)
        message = invite(identity=lab.identity(), body=b"v=0\r\n" * 2000, extra=["Content-Type: application/sdp"])
        for i in range(0, len(message), 701):
            t.send(message[i:i + 701])
        while status(answer := t.receive()) < 200:
            pass
        equal(verdict(answer)["verdict"], "genuine")
        many = [invite() for _ in range(40)]
        t.send(b"".join(many))
        equal([status(t.receive()) for _ in many], [302] * 40)
        t.close()

    def keepalive():
        """a keepalive of two line ends is answered with one"""
        t = Tls(door, certificates)
        t.send(b"\r\n\r\n")
        equal(t.socket.recv(10), b"\r\n")
        t.close()

    def garbage():
        """what is no TLS is cut, counted, and disturbs nobody"""
        t = Tls(door, certificates)
        before = open_one.metrics()["tls_failed_total"]
        for bytes_ in (b"INVITE sip:a@b SIP/2.0\r\n\r\n", b"\x16\x03\x01\x00\x05hello", bytes(600)):
            c = socket.create_connection(door, timeout=PATIENCE)
            c.sendall(bytes_)
            try:
                while c.recv(4096):
                    pass
            except ConnectionResetError:
                pass
            c.close()
        eventually(lambda: open_one.metrics()["tls_failed_total"] >= before + 3, "three failures are counted")
        equal(status(t.ask(invite())), 302)
        t.close()

    def plain():
        """nobody is asked for a certificate: a name in one means nothing, and a carrier's word is not believed"""
        t = Tls(door, certificates, show=carrier)
        passed = f"P-Asserted-Identity: <sip:+{CALLER};verstat=TN-Validation-Passed@example.com;user=phone>"
        equal(verdict(t.ask(invite(extra=[passed, "P-Attestation-Indicator: A"])))["verdict"], "unproven")
        t.close()

    def reload():
        """a reload takes the new certificate; connections that are open go on"""
        t = Tls(door, certificates, name="second.example")
        shutil.copy(certificates.make("third", "/CN=third", "DNS:second.example")["cert"], second["cert"])
        shutil.copy(certificates.path("third.key"), second["key"])
        open_one.signal(signal.SIGHUP)

        def subject():
            c = Tls(door, certificates, name="second.example")
            out = c.socket.getpeercert()["subject"]
            c.close()
            return out
        eventually(lambda: subject() == ((("commonName", "third"),),), "the new certificate")
        equal(status(t.ask(invite())), 302)
        t.close()

    def required():
        """client: required lets nobody in without a certificate of its CA"""
        s = server("required", client="required", client_ca=certificates.path("ca.pem")).start()
        for show in (None, stranger):
            try:
                t = Tls(s.door("tls"), certificates, show=show)
                t.send(invite())
                got = t.socket.recv(100)
                t.close()
                check(got == b"", got)
            except (ssl.SSLError, ConnectionError):
                pass
        t = Tls(s.door("tls"), certificates, show=nobody)
        equal(status(t.ask(invite())), 302)
        t.close()
        equal(s.stop(), 0)

    def believed():
        """RFC 5922 a peer is known by the name in its certificate: its word is believed, nobody else's is"""
        s = server("believed", client="optional", client_ca=certificates.path("ca.pem")).start()
        passed = [f"P-Asserted-Identity: <sip:+{CALLER};verstat=TN-Validation-Passed@example.com;user=phone>", "P-Attestation-Indicator: A"]
        for show, wanted in ((carrier, "genuine"), (nobody, "unproven"), (None, "unproven")):
            t = Tls(s.door("tls"), certificates, show=show)
            equal(verdict(t.ask(invite(extra=passed)))["verdict"], wanted, show)
            t.close()
        equal(verdict(Udp(s.door("udp")).ask(request(extra=passed)))["verdict"], "unproven")
        equal(s.stop(), 0)

    def signing():
        """a customer known by its TLS name gets its calls signed; another does not"""
        with open(place + "/numbers.csv", "w") as f:
            f.write(f"number,customer\n+{CALLER},acme\n")
        acme = {"name": "acme", "attest": "A", "tls": ["carrier.example"]}
        s = Server(place + "/signing", {"sip": {"listen": ["udp:127.0.0.1:0", {"on": "tls:127.0.0.1:0", "role": "sign"}], "workers": 1,
                                                "tls": dict(sip, client="optional", client_ca=certificates.path("ca.pem"))},
                                        "signing": {"inventory": [place + "/numbers.csv"], "certificate": {"key": lab.key(), "x5u": lab.x5u()}},
                                        "customers": [acme]}, lab=lab).start()
        for show, signed in ((carrier, True), (nobody, False), (None, False)):
            t = Tls(s.door("tls", sign=True), certificates, show=show)
            equal(header(t.ask(invite()), "Identity") is not None, signed, show)
            t.close()
        equal(s.stop(), 0)

    def wrong():
        """a TLS listener without a certificate, or with a key that others may read, is refused at the start"""
        os.chmod(sip["key"], 0o644)
        done = subprocess.run([PROGRAM, "serve", "--check", "--config", open_one.file], capture_output=True, text=True)
        os.chmod(sip["key"], 0o600)
        check(done.returncode != 0 and "chmod 600" in done.stderr, done.stderr)

    def ends():
        """the server ends while connections are open"""
        t = Tls(door, certificates)
        equal(open_one.stop(), 0)
        t.close()
        lab.close()

    tap([genuine, our_command, s_client, halves, old_versions, sni, pieces, keepalive, garbage, plain, reload, required, believed, signing, wrong, ends])


with scratch() as place:
    main(place)
