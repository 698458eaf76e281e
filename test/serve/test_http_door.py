# SPDX-License-Identifier: Apache-2.0
"""HTTP on a network: keys, scopes and rates; TLS and client certificates; requests made to be read in two ways."""
import hashlib, ssl
from house import *

SECRET = "bf_a-key-of-the-office-0123456789"


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def authority(place, name):
    """A CA and two certificates of it: for a server on loopback, and for a client."""
    os.makedirs(place)
    at = lambda file: os.path.join(place, file)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=" + name, "-keyout", at("ca.key"), "-out", at("ca.pem"))
    for who, san, use in (("server", "IP:127.0.0.1", "serverAuth"), ("client", "DNS:sbc.example", "clientAuth")):
        with open(at("ext"), "w") as f:
            f.write(f"subjectAltName={san}\nextendedKeyUsage={use}\nbasicConstraints=CA:false\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + who, "-keyout",
                at(who + ".key"), "-out", at(who + ".csr"))
        openssl("x509", "-req", "-in", at(who + ".csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial",
                "-days", "2", "-extfile", at("ext"), "-out", at(who + ".pem"))
        os.chmod(at(who + ".key"), 0o600)
    return at


def main(place):
    lab = Lab(place + "/lab")
    ours, theirs = authority(place + "/ours", "ours"), authority(place + "/theirs", "theirs")
    with open(place + "/office.key", "w") as f:
        f.write(SECRET + "\n")
    os.chmod(place + "/office.key", 0o600)
    keys = [{"name": "office", "key_file": place + "/office.key", "scopes": ["verify", "metrics", "read"]},
            {"name": "few", "sha256": hashlib.sha256(b"another-key-of-ours").hexdigest(), "rate_per_s": 2, "burst": 3},
            {"name": "idle", "sha256": hashlib.sha256(b"a-key-to-read-with").hexdigest(), "scopes": ["read"]}]
    keyed = Server(place + "/keyed", {"http": {"keys": keys}}, lab=lab)
    keyed.headers = {"Authorization": "Bearer " + SECRET}
    keyed.start()
    free = Server(place + "/free", {"http": {"connections_per_address": 8}, "sip": {"workers": 1}}, lab=lab).start()

    def body():
        return json.dumps({"verificationRequest": {"from": {"tn": CALLER}, "to": {"tn": [CALLED]}, "time": int(time.time()),
                                                   "identity": lab.identity()}})

    def verdict(server, headers):
        before, server.headers = server.headers, {}
        try:
            return server.get("/v1/verdict", "POST", body(), dict({"Content-Type": "application/json"}, **headers))
        finally:
            server.headers = before

    def bare(server, path):
        before, server.headers = server.headers, {}
        try:
            return server.get(path)
        finally:
            server.headers = before

    def raw(text, server=free, wait=PATIENCE):
        with socket.create_connection(server.door("http"), timeout=wait) as s:
            s.sendall(text)
            out = b""
            with contextlib.suppress(ConnectionError):
                while part := s.recv(65536):
                    out += part
            return out

    def alive():
        equal(free.get("/healthz")[0], 200, "it still answers")

    # ---- keys ----

    def keys_are_asked_for():
        """SEC-059 without a good key everything but /healthz is 401, and says how to come again"""
        for headers in ({}, {"Authorization": "Bearer wrong-key-of-nobody"}, {"X-API-Key": ""}, {"Authorization": "Basic b2ZmaWNl"},
                        {"Authorization": "Bearer " + SECRET, "X-API-Key": SECRET}):
            code, heads, text = verdict(keyed, headers)
            equal((code, heads.get("WWW-Authenticate", "")[:6], list(json.loads(text))), (401, "Bearer", ["error"]), headers)
        for path in ("/stir/v1/verification", "/stir/v1/signing"):
            before, keyed.headers = keyed.headers, {}
            code, heads, text = keyed.get(path, "POST", body(), {"Content-Type": "application/json"})
            keyed.headers = before
            equal((code, heads.get("WWW-Authenticate", "")[:6], list(json.loads(text))), (401, "Bearer", ["requestError"]), path)
        equal(keyed.get("/stir/v1/signing", "POST", body(), {"Content-Type": "application/json"})[0], 403, "not its scope")
        for path in ("/metrics", "/readyz"):
            equal(bare(keyed, path)[0], 401, path)
        equal(bare(keyed, "/healthz")[0], 200)

    def keys_open():
        """a key opens by either header, and its name is never the secret in the log"""
        for headers in ({"Authorization": "Bearer " + SECRET}, {"authorization": "bearer  " + SECRET}, {"X-API-Key": SECRET}):
            code, _, text = verdict(keyed, headers)
            equal((code, json.loads(text)["verdict"]), (200, "genuine"), headers)
        check(SECRET not in keyed.read_log(), "the key stands in the log")

    def scopes():
        """SEC-059 a key for something else is 403"""
        equal(verdict(keyed, {"X-API-Key": "a-key-to-read-with"})[0], 403)
        equal(keyed.get("/metrics", headers={"Authorization": "Bearer a-key-to-read-with"})[0], 403)
        equal(keyed.get("/readyz", headers={"Authorization": "Bearer a-key-to-read-with"})[0], 200)

    def rates():
        """SEC-059 a key that asks too often is 429 with Retry-After, and others go on"""
        codes = [verdict(keyed, {"X-API-Key": "another-key-of-ours"}) for _ in range(30)]
        seen = {c[0] for c in codes}
        equal(seen, {200, 429})
        check(all(int(c[1]["Retry-After"]) >= 1 for c in codes if c[0] == 429), "Retry-After")
        equal(verdict(keyed, {"X-API-Key": SECRET})[0], 200)

    def reloaded():
        """a key that a reload takes away is worth nothing from then on"""
        fewer = json.loads(json.dumps(keyed.config))
        fewer["http"]["keys"] = keys[:1]
        keyed.write(fewer)
        keyed.signal(signal.SIGHUP)
        eventually(lambda: verdict(keyed, {"X-API-Key": "a-key-to-read-with"})[0] == 401, "the key is unknown")
        equal(verdict(keyed, {"X-API-Key": SECRET})[0], 200)

    def refused():
        """a network listener without keys, keys others may read, digests that are none: the file is refused, with its line"""
        def said(http):
            file = place + "/refused.yaml"
            with open(file, "w") as f:
                f.write(yaml({"http": http, "store": {"url": "", "journal": ""}}))
            r = subprocess.run([PROGRAM, "serve", "--config", file, "--check"], capture_output=True, text=True)
            return r.returncode, r.stdout + r.stderr
        loose = place + "/loose.key"
        with open(loose, "w") as f:
            f.write("a-key-that-others-may-read")
        os.chmod(loose, 0o644)
        for http, words in (
                ({"listen": "0.0.0.0:0"}, "http.open"), ({"listen": "[::]:0"}, "http.open"), ({"listen": "192.0.2.1:8080"}, "http.open"),
                ({"listen": "0.0.0.0:0", "tls": {"cert": ours("server.pem"), "key": ours("server.key")}}, "http.open"),
                ({"listen": "127.0.0.1:0", "keys": [{"name": "x", "key_file": loose}]}, "chmod 600"),
                ({"listen": "127.0.0.1:0", "keys": [{"name": "x", "sha256": "12"}]}, "64 hexadecimal"),
                ({"listen": "127.0.0.1:0", "keys": [{"name": "x"}]}, "key_file"),
                ({"listen": "127.0.0.1:0", "keys": [keys[1], keys[1]]}, "two are called"),
                ({"listen": "127.0.0.1:0", "tls": {"cert": ours("server.pem")}}, "both"),
                ({"listen": "127.0.0.1:0", "tls": {"cert": ours("server.pem"), "key": theirs("server.key")}}, "http.tls"),
                ({"listen": "127.0.0.1:0", "tls": {"client_ca": ours("ca.pem")}}, "no TLS")):
            code, text = said(http)
            check(code != 0 and words in text, http, code, text)
        for http in ({"listen": "0.0.0.0:0", "open": True}, {"listen": "0.0.0.0:0", "keys": keys}, {"listen": "127.0.0.2:0"}):
            code, text = said(http)
            check(code == 0, http, code, text)

    def shown():
        """what is shown of a configuration does not tell the digest of a key; bonafide config --key makes one that works"""
        text = subprocess.run([PROGRAM, "config", "--config", keyed.file], capture_output=True, text=True).stdout
        made = subprocess.run([PROGRAM, "config", "--key", "new"], capture_output=True, text=True, check=True).stdout
        secret = re.search(r"bf_[\w-]+", made)[0]
        check("http.keys" in text and keys[1]["sha256"] not in text, text)
        check(hashlib.sha256(secret.encode()).hexdigest() in made, made)

    # ---- TLS ----

    def context(authority_of=ours, client=None):
        c = ssl.create_default_context(cafile=authority_of("ca.pem"))
        if client:
            c.load_cert_chain(client("client.pem"), client("client.key"))
        return c

    def tls():
        """TLS 1.2 and 1.3, nothing older; with a client CA, who has none of its certificates is 403 but for /healthz"""
        wishes = {"http": {"tls": {"cert": ours("server.pem"), "key": ours("server.key"), "client_ca": ours("ca.pem")}}}
        server = Server(place + "/tls", wishes, lab=lab)
        server.tls = context(client=ours)
        with server as s:
            code, _, text = verdict(s, {})
            equal((code, json.loads(text)["verdict"]), (200, "genuine"))
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                s.tls = context(client=ours)
                s.tls.minimum_version = s.tls.maximum_version = version
                equal(s.get("/healthz")[0], 200, version)
            s.tls = context(client=theirs)
            equal((s.get("/healthz")[0], s.get("/metrics")[0], verdict(s, {})[0]), (200, 403, 403), "of another CA")
            s.tls = context()
            equal((s.get("/healthz")[0], s.get("/metrics")[0], verdict(s, {})[0]), (200, 403, 403), "without")
            old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
            old.set_ciphers("ALL:@SECLEVEL=0")
            old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
            with socket.create_connection(s.door("http"), timeout=PATIENCE) as plain:
                try:
                    old.wrap_socket(plain)
                    check(False, "TLS 1.1 was spoken")
                except (ssl.SSLError, OSError):
                    pass
            check(b"HTTP/1.1 200" not in raw(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", s), "spoken without TLS")
            s.tls = context(client=ours)

    # ---- made to be read in two ways ----

    def one_answer():
        """SEC-059 two lengths, a length beside chunks, chunks alone, fields folded or nameless: a 4xx, and nothing after it"""
        second = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        for fields in (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                       b"Content-Length: 4\r\nContent-Length: 5\r\n", b"Content-Length: 4\r\ncontent-length: 4\r\n",
                       b"Content-Length: 4, 4\r\n", b"Content-Length: -4\r\n", b"Content-Length: 0x4\r\n",
                       b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity, chunked\r\n",
                       b"Content-Length : 4\r\nTransfer-Encoding: chunked\r\n"):
            out = raw(b"POST /v1/verdict HTTP/1.1\r\nHost: a\r\nContent-Type: message/sip\r\n" + fields + b"\r\n0\r\n\r\n" + second)
            heads = set(re.findall(rb"HTTP/1\.[01] (\d)", out))  # libmicrohttpd writes some of its own refusals twice
            check(heads <= {b"4"} and b"ok\n" not in out, fields, out)
        alive()

    def too_much():
        """SEC-059 a body or a header that is too large is refused before it is taken"""
        head = b"POST /v1/verdict HTTP/1.1\r\nHost: a\r\nContent-Type: message/sip\r\n"
        check(b" 413 " in raw(head + b"Content-Length: 1000000000000\r\n\r\n"), "413")
        for flood in (b"".join(b"X-%d: y\r\n" % i for i in range(20000)), b"X: " + b"y" * 200000 + b"\r\n"):
            out = raw(head + flood + b"\r\n")
            check(b" 200 " not in out, out[:100])
        check(b" 200 " not in raw(b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"), "a long target")
        alive()

    def slow():
        """SEC-059 clients that send a byte now and then keep nobody else waiting"""
        clients = [socket.create_connection(free.door("http"), timeout=PATIENCE) for _ in range(6)]
        for c in clients:
            c.sendall(b"POST /v1/verdict HTTP/1.1\r\nHost: a\r\nContent-Type: message/sip\r\nContent-Length: 500\r\n\r\nI")
        for c in clients:
            c.sendall(b"N")
            equal(verdict(free, {})[0], 200)
        for c in clients:
            c.close()

    def crowd():
        """SEC-059 more connections of one address than it may have are closed, and there is room again when they end"""
        crowd = [socket.create_connection(free.door("http"), timeout=PATIENCE) for _ in range(30)]
        answered = 0
        for c in crowd:
            with contextlib.suppress(ConnectionError):
                c.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                answered += b" 200 " in c.recv(4096)
        check(1 <= answered <= 8, answered)
        for c in crowd:
            c.close()
        eventually(lambda: free.get("/healthz")[0] == 200, "there is room again")

    def kept():
        """keep-alive, pipelining and HTTP/1.0: every request is answered, in order"""
        one = lambda: (lambda b: b"POST /v1/verdict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                       % len(b) + b)(body().encode())
        last = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        out = raw(one() + b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n" + one() + one() + last)
        equal(re.findall(rb'"verdict":"\w+"|ready: |ok\n', out), [b'"verdict":"genuine"', b"ready: "] + [b'"verdict":"genuine"'] * 2 + [b"ok\n"])
        out = raw(b"GET /healthz HTTP/1.0\r\n\r\n")
        check(out.startswith(b"HTTP/1.") and b" 200 " in out and out.endswith(b"ok\n"), out)
        body_ = body().encode()
        out = raw(b"POST /v1/verdict HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body_) + body_)
        check(b'"verdict":"genuine"' in out, out)

    def wide():
        """requests on 200 connections at once are all answered"""
        text = body().encode()
        one = (b"POST /v1/verdict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-API-Key: %s\r\nContent-Length: %d\r\n\r\n"
               % (SECRET.encode(), len(text)) + text)
        clients = [socket.create_connection(keyed.door("http"), timeout=PATIENCE) for _ in range(200)]
        for _ in range(3):
            for c in clients:
                c.sendall(one)
            for c in clients:
                out = b""
                while (head := out.partition(b"\r\n\r\n"))[1] == b"" or len(head[2]) < int(
                        re.search(rb"Content-Length: (\d+)", head[0])[1]):
                    out += (part := c.recv(65536))
                    check(part, "the connection ended")
                check(out.startswith(b"HTTP/1.1 200 "), out[:200])
        for c in clients:
            c.close()

    def addresses():
        """SEC-059 an address may be held to so many requests a second"""
        with Server(place + "/rate", {"http": {"rate_per_s": 20}}, lab=lab) as s:
            codes = [s.get("/metrics")[0] for _ in range(60)]
            check(200 in codes and 429 in codes, codes)
            equal(s.get("/healthz")[0], 200)

    def ended():
        """all of them end with status 0"""
        equal((keyed.stop(), free.stop()), (0, 0))

    tap([keys_are_asked_for, keys_open, scopes, rates, reloaded, refused, shown, tls, one_answer, too_much, slow, crowd, kept, wide,
         addresses, ended])


with scratch() as place:
    main(place)
