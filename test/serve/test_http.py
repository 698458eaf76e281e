# SPDX-License-Identifier: Apache-2.0
"""HTTP: health, metrics, verdicts, errors as sentences; and the certificate repository."""
from house import *


def main(place):
    lab = Lab(place + "/lab")
    os.makedirs(place + "/public")
    shutil.copy(lab.chain(), place + "/public/carrier.pem")
    shutil.copy(lab.key(), place + "/public/key.pem")
    with open(place + "/public/both.pem", "wb") as f:
        f.write(read(lab.chain()) + read(lab.key()))
    with open(place + "/secret.pem", "wb") as f:
        f.write(read(lab.chain()))
    os.symlink(place + "/secret.pem", place + "/public/link.pem")
    server = Server(place + "/s", {"public": {"listen": "127.0.0.1:0", "certificates": place + "/public"}}, lab=lab).start()

    def raw(text, public=False):
        """Bytes in, everything until the other side closes out."""
        s = socket.create_connection(server.door("http", public=public), timeout=PATIENCE)
        s.sendall(text)
        out = b""
        try:
            while True:
                part = s.recv(65536)
                if not part:
                    break
                out += part
        except ConnectionResetError:
            pass
        s.close()
        return out

    def health():
        """/healthz says ok, /readyz says ready, and why"""
        equal(server.get("/healthz")[0::2], (200, b"ok\n"))
        code, _, body = server.get("/readyz")
        equal((code, body), (200, b"ready: calls are answered\n"))

    def metrics():
        """/metrics is in the format of Prometheus, a HELP and a TYPE a family"""
        code, head, body = server.get("/metrics")
        equal(code, 200)
        check(head["Content-Type"].startswith("text/plain; version=0.0.4"))
        families = set()
        for line in body.decode().splitlines():
            if line.startswith("# TYPE "):
                families.add(line.split()[2])
            elif not line.startswith("#"):
                name = re.match(r"[a-z0-9_]+", line)[0]
                check(any(name == f or name.removesuffix(s) == f for f in families for s in ("_bucket", "_sum", "_count")), line)
                float(line.rsplit(" ", 1)[1])
        check("bonafide_trust_anchors 1" in body.decode())

    def sip():
        """a SIP INVITE gets the object of verify --json"""
        code, body = server.verdict(request(identity=lab.identity()))
        out = json.loads(body)
        equal((code, out["verdict"], out["verstat"], out["attest"]), (200, "genuine", "TN-Validation-Passed", "A"))
        equal(out["signer"]["x5u"], lab.x5u())
        check(any(b["check"] == "signature" and b["vote"] == "pass" for b in out["ballots"]))
        equal(out["lab"], True)

    def text():
        """text/plain is read as SIP, bare line feeds too; Accept: text/plain gives one word"""
        code, body = server.verdict(request(identity=lab.identity()).replace(b"\r\n", b"\n"), "text/plain; charset=utf-8", "text/plain")
        equal((code, body), (200, b"genuine\n"))
        equal(server.verdict(request(), accept="text/plain")[1], b"unproven\n")

    def api():
        """a verificationRequest gets the same object"""
        body = {"verificationRequest": {"from": {"tn": CALLER}, "to": {"tn": [CALLED]}, "time": int(time.time()),
                                        "identity": lab.identity()}}
        code, out = server.verdict(json.dumps(body), "application/json")
        equal((code, json.loads(out)["verdict"]), (200, "genuine"))

    def old_time():
        """a time of the client's choosing does not make a stale token fresh"""
        then = int(time.time()) - 3600
        body = {"verificationRequest": {"from": {"tn": CALLER}, "to": {"tn": [CALLED]}, "time": then,
                                        "identity": lab.identity(iat=then)}}
        code, out = server.verdict(json.dumps(body), "application/json")
        equal((code, json.loads(out)["verdict"]), (200, "broken"))

    def replay():
        """a token of another call is a replay; what came in over SIP may be asked about over HTTP"""
        identity = lab.identity()
        equal(verdict(Udp(server.door("udp")).ask(request(identity=identity)))["verdict"], "genuine")
        equal(server.verdict(request(identity=identity), accept="text/plain")[1], b"genuine\n")
        check(server.verdict(request(identity=identity), accept="text/plain")[1] != b"genuine\n")

    def recorded():
        """a verdict over HTTP has its record"""
        server.verdict(request(call_id="over-http"))
        eventually(lambda: server.records("SELECT transport, status FROM records WHERE call_id='over-http@test'") == [("http", 200)],
                   "its record")

    def errors():
        """api_010 errors are JSON sentences with the right status"""
        rows = [("GET", "/nothing", None, {}, 404), ("GET", "/v1/verdict", None, {}, 405), ("PUT", "/v1/verdict", b"x", {}, 405),
                ("POST", "/healthz", b"x", {}, 405), ("DELETE", "/metrics", None, {}, 405),
                ("POST", "/v1/verdict", b"x", {"Content-Type": "image/png"}, 415), ("POST", "/v1/verdict", b"x", {}, 415),
                ("POST", "/v1/verdict", b"", {"Content-Type": "message/sip"}, 400),
                ("POST", "/v1/verdict", b"x" * 65537, {"Content-Type": "message/sip"}, 413),
                ("POST", "/v1/verdict", b"nonsense", {"Content-Type": "message/sip"}, 400),
                ("POST", "/v1/verdict", request("OPTIONS"), {"Content-Type": "message/sip"}, 400),
                ("POST", "/v1/verdict", request(to="<sip:x@y>;tag=1"), {"Content-Type": "message/sip"}, 400),
                ("POST", "/v1/verdict", b"{}", {"Content-Type": "application/json"}, 400),
                ("POST", "/v1/verdict", b'{"a":1}{"a":2}', {"Content-Type": "application/json"}, 400),
                ("POST", "/v1/verdict", b"[]", {"Content-Type": "application/json"}, 400)]
        for method, path, body, head, wanted in rows:
            code, answer, text = server.get(path, method, body, head)
            equal(code, wanted, f"{method} {path}")
            equal(list(json.loads(text)), ["error"])
            if wanted == 405:
                check("Allow" in answer, answer)

    def no_length():
        """a POST without a length is 411"""
        check(raw(b"POST /v1/verdict HTTP/1.1\r\nHost: x\r\nContent-Type: message/sip\r\n\r\n").startswith(b"HTTP/1.1 411 "))
        check(raw(b"POST /v1/verdict HTTP/1.1\r\nHost: x\r\nContent-Type: message/sip\r\nTransfer-Encoding: chunked\r\n\r\n"
                  b"0\r\n\r\n").startswith(b"HTTP/1.1 411 "))

    def smuggling():
        """sec_059 a repeated Content-Length, or one beside Transfer-Encoding, is 400 and ends the connection"""
        smuggled = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
        for public in (False, True):
            for head in (b"Content-Length: 5\r\nContent-Length: 5", b"Content-Length: 5\r\nContent-Length: 40",
                         b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 5",
                         b"Content-Length: 5\r\nTransfer-Encoding: identity"):
                for line in (b"POST /v1/verdict", b"GET /healthz"):
                    out = raw(line + b" HTTP/1.1\r\nHost: x\r\nContent-Type: message/sip\r\n" + head + b"\r\n\r\n0\r\n\r\n" + smuggled,
                              public)
                    check(out.startswith(b"HTTP/1.1 400 "), head, out[:60])
                    check(b"bonafide_" not in out and out.count(b"HTTP/1.1 ") == 1, head, out)

    def bad_lengths():
        """lengths that are no numbers are 400"""
        for length in (b"-1", b"5x", b"+5", b"0x5", b"99999999999999999999999", b"5, 5", b""):
            out = raw(b"POST /v1/verdict HTTP/1.1\r\nHost: x\r\nContent-Type: message/sip\r\nContent-Length: " + length +
                      b"\r\n\r\nhello")
            check(out[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 411"), length, out[:80])

    def many():
        """many clients at once are all answered"""
        results = []

        def client():
            for _ in range(20):
                results.append(server.verdict(request(identity=lab_identities.pop()), accept="text/plain"))

        lab_identities = [lab.identity() for _ in range(200)]
        threads = [threading.Thread(target=client) for _ in range(10)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        equal(set(results), {(200, b"genuine\n")})

    def hung_up():
        """a client that goes away in the middle harms nobody"""
        for n in range(30):
            s = socket.create_connection(server.door("http"))
            body = request(identity=lab.identity())
            s.sendall(b"POST /v1/verdict HTTP/1.1\r\nHost: x\r\nContent-Type: message/sip\r\nContent-Length: %d\r\n\r\n" % len(body)
                      + (body if n % 2 else body[:50]))
            s.close()
        equal(server.get("/healthz")[0], 200)

    def certificate():
        """the repository serves a chain, cacheable, with an ETag"""
        code, head, body = server.get("/carrier.pem", public=True)
        equal((code, body), (200, read(lab.chain())))
        equal(head["Content-Type"], "application/pem-certificate-chain")
        equal(head["Cache-Control"], "public, max-age=86400")
        code, _, body = server.get("/carrier.pem", headers={"If-None-Match": head["ETag"]}, public=True)
        equal((code, body), (304, b""))
        code, again, body = server.get("/carrier.pem", "HEAD", public=True)
        equal((code, body, again["ETag"]), (200, b"", head["ETag"]))

    def nothing_else():
        """the repository serves nothing else: no key, no link, no directory, no path, no API"""
        for path in ("/", "/key.pem", "/both.pem", "/link.pem", "/../secret.pem", "/%2e%2e/secret.pem", "/..%2fsecret.pem", "/carrier.pem/",
                     "//carrier.pem", "/.pem", "/./carrier.pem", "/carrier.pem%00.pem", "/carrier", "/metrics", "/healthz", "/v1/verdict",
                     "/" + "a" * 300 + ".pem"):
            equal(server.get(path, public=True)[0], 404, path)
        out = raw(b"GET /../secret.pem HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", public=True)
        check(out.startswith(b"HTTP/1.1 404") and b"CERTIFICATE" not in out, out)
        equal(server.get("/carrier.pem", "POST", b"x", public=True)[0], 405)

    def ends():
        """SIGTERM ends it with status 0"""
        equal(server.stop(), 0)

    tap([health, metrics, sip, text, api, old_time, replay, recorded, errors, no_length, smuggling, bad_lengths, many, hung_up,
         certificate, nothing_else, ends])


with scratch() as place:
    main(place)
