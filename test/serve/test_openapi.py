# SPDX-License-Identifier: Apache-2.0
"""docs/openapi.yaml and the running server, route by route: every method, every status, every body."""
import hashlib
from tokens import *

try:
    import yaml as reader
except ImportError:  # a Python of one's own beside Debian's
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import yaml as reader
    except ImportError:
        reader = None


class Document:
    def __init__(self, path):
        with open(path) as f:
            self.all = reader.safe_load(f)

    def resolve(self, part):
        while isinstance(part, dict) and "$ref" in part:
            at = self.all
            for name in part["$ref"].removeprefix("#/").split("/"):
                at = at[name]
            part = at
        return part

    KINDS = {"object": dict, "array": list, "string": str, "null": type(None), "boolean": bool}

    def faults(self, schema, value, where="body"):
        """What is wrong with the value; as much of JSON Schema as the document uses."""
        s, out = self.resolve(schema), []
        unknown = set(s) - {"type", "const", "enum", "pattern", "oneOf", "required", "properties", "additionalProperties", "items", "description",
                            "maxLength"}
        check(not unknown, unknown)
        kind = s.get("type")
        if kind == "integer" and (isinstance(value, bool) or not isinstance(value, int)) or \
                kind in self.KINDS and not isinstance(value, self.KINDS[kind]):
            return [f"{where}: {value!r} is no {kind}"]
        if "const" in s and value != s["const"] or "enum" in s and value not in s["enum"]:
            out.append(f"{where}: {value!r}")
        if "pattern" in s and not re.search(s["pattern"], value):
            out.append(f"{where}: {value!r} does not match {s['pattern']}")
        if "oneOf" in s and sum(not self.faults(one, value) for one in s["oneOf"]) != 1:
            out.append(f"{where}: {value!r} fits not one of {len(s['oneOf'])}")
        out += [f"{where} lacks {name}" for name in s.get("required", []) if name not in value]
        if isinstance(value, dict):
            for name, part in value.items():
                if name in s.get("properties", {}):
                    out += self.faults(s["properties"][name], part, f"{where}.{name}")
                elif s.get("additionalProperties", True) is False:
                    out.append(f"{where}: nobody told of {name}")
        if isinstance(value, list) and "items" in s:
            for i, part in enumerate(value):
                out += self.faults(s["items"], part, f"{where}[{i}]")
        return out


def main(place):
    if not reader:
        print("1..1\nok 1 - docs/openapi.yaml # SKIP python3-yaml is absent")
        return
    document = Document(os.path.join(SOURCE, "docs", "openapi.yaml"))
    lab = Lab(place + "/lab")
    with open(place + "/numbers.csv", "w") as f:
        f.write(f"number,customer\n+{CALLER},acme\n")
    keys = {name: name.encode().hex() * 4 for name in ("all", "none", "slow")}
    digest = lambda key: hashlib.sha256(key.encode()).hexdigest()
    scopes = ["verify", "sign", "metrics", "read"]
    vouching = {"signing": {"inventory": [place + "/numbers.csv"], "certificate": {"key": lab.key(), "x5u": lab.x5u()}},
                "customers": [{"name": "acme", "attest": "A", "from": ["127.0.0.1/32"]}]}
    open_one = Server(place + "/open", dict(vouching, http={"sign": True}), lab=lab).start()
    locked = Server(place + "/locked", dict(vouching, http={"sign": True, "keys": [
        {"name": "all", "sha256": digest(keys["all"]), "scopes": scopes},
        {"name": "readonly", "sha256": digest(keys["none"]), "scopes": ["metrics"]},
        {"name": "reader", "sha256": digest(keys["none"] + "r"), "scopes": ["read"]},
        {"name": "slow", "sha256": digest(keys["slow"]), "scopes": scopes, "rate_per_s": 1, "burst": 1}]}), lab=lab)
    locked.get = lambda *args, **more: (200, {}, b"")  # it is ready when it answers with a key
    locked.start()
    del locked.get
    seen = set()

    def look(server, method, path, wanted, body=None, headers=None):
        """Asks, and holds the answer against the document."""
        code, head, said = server.get(path, method, body, headers or {})
        equal(code, wanted, f"{method} {path} {said[:200]}")
        key = "get" if "get" in document.all["paths"][path] else "post"
        response = document.resolve(document.all["paths"][path][key]["responses"].get(str(code)))
        check(response, f"{path}: nobody told of {code}")
        seen.add((path, str(code)))
        head = {k.lower(): v for k, v in head.items()}
        for name, what in response.get("headers", {}).items():
            check(name.lower() in head, f"{path} {code}: {name} is missing")
            equal(document.faults(document.resolve(what)["schema"], head[name.lower()]), [], f"{path} {code} {name}")
        kind = head["content-type"].split(";")[0]
        check(kind in response["content"], f"{path} {code}: {kind}")
        value = json.loads(said) if kind == "application/json" else said.decode()
        equal(document.faults(response["content"][kind]["schema"], value), [], f"{path} {code}")
        return value

    JSON = {"Content-Type": "application/json"}
    inside = lambda **more: json.dumps({"verificationRequest": {"from": {"tn": CALLER}, "to": {"tn": [CALLED]}, "time": int(time.time())} | more})
    to_sign = lambda **more: json.dumps({"signingRequest": {"attest": "A", "dest": {"tn": [CALLED]}, "iat": int(time.time()), "orig": {"tn": CALLER},
                                                            "origid": str(uuid.uuid4())} | more})

    def routes():
        """the document and the server's table name the same routes"""
        rows = re.findall(r'\{ \{ "(/[^"]*)", \d+ \}, \{ "([A-Z]+)"', read(os.path.join(SOURCE, "src", "serve", "http_route.c")).decode())
        equal(sorted((path, method.lower()) for path, method in rows),
              sorted((path, method) for path, methods in document.all["paths"].items() for method in methods))

    def plain():
        """health, readiness, metrics"""
        for path in ("/healthz", "/readyz", "/metrics"):
            look(open_one, "GET", path, 200)
            look(open_one, "DELETE", path, 405)

    def unready():
        """a server whose disk is full is not ready"""
        full = Server(place + "/full", {"store": {"url": "", "keep_messages": True}}, wrap=["prlimit", "--fsize=65536"]).start()
        for _ in range(400):
            full.verdict(request())
            if full.get("/readyz")[0] != 200:
                break
        look(full, "GET", "/readyz", 503)
        equal(full.stop(), 0)

    def verdicts():
        """/v1/verdict"""
        sip = {"Content-Type": "message/sip"}
        for identity in (lab.identity(), None, lab.identity(iat=1), lab.identity(attest="C")):
            look(open_one, "POST", "/v1/verdict", 200, request(identity=identity), sip)
        look(open_one, "POST", "/v1/verdict", 200, request(), sip | {"Accept": "text/plain"})
        look(open_one, "POST", "/v1/verdict", 200, inside(identity=lab.identity()), JSON)
        look(open_one, "POST", "/v1/verdict", 400, b"nonsense", sip)
        look(open_one, "PUT", "/v1/verdict", 405, b"x")
        look(open_one, "POST", "/v1/verdict", 413, b"x" * 65537, sip)
        look(open_one, "POST", "/v1/verdict", 415, b"x", {"Content-Type": "image/png"})

    def verification():
        """/stir/v1/verification, both dialects"""
        path = "/stir/v1/verification"
        for more in ({"identity": lab.identity()}, {}, {"identity": lab.identity(iat=1)},
                     {"identityHeader": lab.identity(), "identityHeaders": [lab.identity(iat=1)], "requestId": "7", "displayName": "x"}):
            look(open_one, "POST", path, 200, inside(**more), JSON)
        for body in (b"nonsense", inside(**{"from": {}}), inside(identity=5)):
            look(open_one, "POST", path, 400, body, JSON)
        look(open_one, "GET", path, 405)
        look(open_one, "POST", path, 406, inside(), JSON | {"Accept": "text/html"})
        look(open_one, "POST", path, 413, b"x" * 65537, JSON)
        look(open_one, "POST", path, 415, b"x", {"Content-Type": "text/xml"})

    def signing():
        """/stir/v1/signing"""
        path = "/stir/v1/signing"
        look(open_one, "POST", path, 200, to_sign(), JSON)
        look(open_one, "POST", path, 200, to_sign(ppt="shaken", requestId="5"), JSON)
        look(open_one, "POST", path, 400, to_sign(attest="D"), JSON)
        look(open_one, "POST", path, 403, to_sign(orig={"tn": "12155550199"}), JSON)
        look(open_one, "GET", path, 405)
        look(open_one, "POST", path, 406, to_sign(), JSON | {"Accept": "text/html"})
        look(open_one, "POST", path, 413, b"x" * 65537, JSON)
        look(open_one, "POST", path, 415, b"x", {"Content-Type": "text/xml"})

    def lengths():
        """411: a body without its length"""
        for path in ("/v1/verdict", "/stir/v1/verification", "/stir/v1/signing"):
            with socket.create_connection(open_one.door("http"), timeout=PATIENCE) as s:
                s.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\r\n".encode())
                out = b""
                while part := s.recv(65536):
                    out += part
            check(out.startswith(b"HTTP/1.1 411 "), out)
            response = document.resolve(document.all["paths"][path]["post"]["responses"]["411"])
            equal(document.faults(response["content"]["application/json"]["schema"], json.loads(out.split(b"\r\n\r\n")[1])), [])
            seen.add((path, "411"))

    def doors():
        """401 without a key, 403 with one for something else, 429 with one that has asked enough"""
        bodies = {"/v1/verdict": inside(), "/stir/v1/verification": inside(), "/stir/v1/signing": to_sign()}
        for path, methods in document.all["paths"].items():
            if path == "/healthz":
                look(locked, "GET", path, 200)
                continue
            ask = lambda wanted, key=None: look(locked, next(iter(methods)).upper(), path, wanted, bodies.get(path),
                                                JSON | ({"Authorization": "Bearer " + key} if key else {}))
            ask(401)
            ask(200, keys["all"])
            ask(403, keys["none"] + ("r" if path == "/metrics" else ""))
            eventually(lambda: locked.get(path, next(iter(methods)).upper(), bodies.get(path), JSON | {"Authorization": "Bearer " + keys["slow"]})[0] == 429,
                       "too many")
            ask(429, keys["slow"])

    def everything():
        """every status that is written down was seen"""
        told = {(path, code) for path, methods in document.all["paths"].items() for what in methods.values() for code in what["responses"]}
        equal(sorted(told - seen), [])

    def ends():
        """the servers end"""
        equal((open_one.stop(), locked.stop()), (0, 0))
        lab.close()

    tap([routes, plain, unready, verdicts, verification, signing, lengths, doors, everything, ends])


with scratch() as place:
    main(place)
