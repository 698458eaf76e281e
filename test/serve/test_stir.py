# SPDX-License-Identifier: Apache-2.0
"""/stir/v1/ of a live server: both dialects, every error of API-006, every case of API-008, repeats and replays."""
import hashlib
from tokens import *




def main(place):
    lab, others = Lab(place + "/lab", carriers=2), Lab(place + "/others", prefix="https://strange.example/")
    for chain in os.listdir(others.certs):
        shutil.copy(os.path.join(others.certs, chain), lab.certs)
    with open(place + "/numbers.csv", "w") as f:
        f.write(f"number,customer\n+{CALLER},acme\n")
    vouching = {"signing": {"inventory": [place + "/numbers.csv"], "certificate": {"key": lab.key(), "x5u": lab.x5u()}},
                "customers": [{"name": "acme", "attest": "B", "from": ["127.0.0.1/32"]}]}
    server = Server(place + "/s", dict(vouching, http={"sign": True}), lab=lab).start()
    plain = Server(place + "/plain", {"http": {"reason_case": "camel", "heartbeat": "refuse", "dialect": "3gpp"}}, lab=lab).start()
    m = Maker(lab)
    good = m.value

    def post(path, body, headers=None, to=server, method="POST"):
        body = body if isinstance(body, (bytes, type(None))) else json.dumps(body)
        status, head, said = to.get("/stir/v1/" + path, method, body, {"Content-Type": "application/json"} | (headers or {}))
        return status, {k.lower(): v for k, v in head.items()}, json.loads(said) if said else None

    def asked(identity=None, **more):
        return {"verificationRequest": {"from": {"tn": CALLER}, "to": {"tn": [CALLED]}, "time": int(time.time())} |
                ({"identity": identity} if identity else {}) | more}

    def verify(identity=None, to=server, headers=None, **more):
        status, _, said = post("verification", asked(identity, **more), headers, to)
        equal(status, 200, said)
        return said["verificationResponse"]

    def error(said):
        what, = said["requestError"].values()
        return next(iter(said["requestError"])), what["messageId"], what["variables"]

    # ---- errors ----

    def rows():
        """API-006 every SVC and POL row: status, exception, messageId, variables"""
        inside = asked(lab.identity())["verificationRequest"]
        without = lambda name: {"verificationRequest": {k: v for k, v in inside.items() if k != name}}
        for name in ("from", "to", "time"):
            code, _, said = post("verification", without(name))
            equal((code, error(said)), (400, ("serviceException", "SVC4001", [name])))
        for wrong, name in (({"time": "soon"}, "time"), ({"from": {"tn": "ALICE"}}, "from"), ({"identity": 7}, "identity"),
                            ({"to": {"tn": []}}, "to")):
            code, _, said = post("verification", {"verificationRequest": inside | wrong})
            equal((code, error(said)[:2], error(said)[2][0]), (400, ("serviceException", "SVC4005"), name), said)
        for body in (b"nonsense", b"[]", b'{"verificationRequest":{}}x', b'{"verificationRequest":{"time":1,"time":2}}', b"\xff"):
            code, _, said = post("verification", body)
            check((code, error(said)[1]) == (400, "SVC4006"), body, said)
        code, _, said = post("verification", b"")
        equal((code, error(said)), (400, ("serviceException", "SVC4000", [])))
        code, _, said = post("verification", inside, {"Accept": "text/html"})
        equal((code, error(said)), (406, ("serviceException", "SVC4002", ["text/html"])))
        code, _, said = post("elsewhere", inside)
        equal((code, error(said)), (404, ("serviceException", "SVC4003", [])))
        code, _, said = post("verification", inside, {"Content-Type": "text/xml"})
        equal((code, error(said)), (415, ("serviceException", "SVC4004", ["application/json"])))
        for method in ("GET", "PUT", "DELETE"):
            code, head, said = post("signing", None, method=method)
            equal((code, head.get("allow"), error(said)[:2]), (405, "POST", ("policyException", "POL4050")))
        code, _, said = post("verification", b"x" * 65537)
        equal((code, error(said)[1]), (413, "SVC4006"))
        check(post("verification", asked(lab.identity()), {"Content-Type": "application/json; charset=utf-8", "Accept": "*/*"})[0] == 200)

    def no_length():
        """API-006 SVC4007: a body without its length; SEC-059 with two of them: 400"""
        def raw(lines):
            with socket.create_connection(server.door("http"), timeout=PATIENCE) as s:
                s.sendall(("POST /stir/v1/verification HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + lines).encode())
                out = b""
                while part := s.recv(65536):
                    out += part
                return out
        check(b" 411 " in (out := raw("\r\n")) and b"SVC4007" in out, out)
        check(raw("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").startswith(b"HTTP/1.1 400"))

    # ---- cases ----

    cases = [
        (4, 438, "Invalid Identity Header", "No", lambda: good(".." + m.token().split(".")[2])),
        (5, 438, "Invalid Identity Header", "No", lambda: good(m.token(), ppt='"div"')),
        (6, 436, "Bad identity Info", "No", lambda: good(m.token(), info="")),
        (7, 436, "Bad identity Info", "No", lambda: m.value(m.token(header=m.header(x5u="http://a.example/b")), info="http://a.example/b")),
        (8, 436, "Bad identity Info", "No", lambda: m.value(m.token(header=m.header(x5u="https://lab.example/none.pem")), info="https://lab.example/none.pem")),
        (9, 436, "Bad identity Info", "No", lambda: good(m.token(without=["typ"]))),
        (10, 436, "Bad identity Info", "No", lambda: m.value(m.token(), info=lab.x5u(1))),
        (11, 437, "Unsupported credential", "No", lambda: good(m.token(header=m.header(typ="JWT")))),
        (12, 437, "Unsupported credential", "No", lambda: good(m.token(header=m.header(alg="ES384")))),
        (13, 438, "Invalid Identity Header", "No", lambda: good(m.token(header=m.header(ppt="msg")))),
        (14, 438, "Invalid Identity Header", "No", lambda: good(m.token(without=["origid"]))),
        (15, 403, "Stale Date", "No", lambda: good(m.token(claims=m.claims(iat=int(time.time()) - 300)))),
        (16, 438, "Invalid Identity Header", "No", lambda: good(m.token(claims=m.claims(dest={"tn": ["12155550199"]})))),
        (17, 437, "Unsupported credential", "TN-Validation-Failed", lambda: others.identity()),
        (18, 438, "Invalid Identity Header", "TN-Validation-Failed", lambda: good(edited(m.token(), 2, other_last))),
        (19, 438, "Invalid Identity Header", "No", lambda: good(m.token(claims=m.claims(attest="D")))),
    ]

    def case(n, code, text, verstat, make):
        def test():
            out = verify(make())
            equal((out.get("reasoncode"), out.get("reasontext"), out["verstat"]),
                  (code, text, "No-TN-Validation" if verstat == "No" else verstat), out)
            check(out["reasondesc"], out)
        test.__doc__ = f"API-008 E{n}: {code} {text}, {verstat if verstat != 'No' else 'No-TN-Validation'}"
        return test

    def e3():
        """API-008 E3: a request whose own time is not now is 403, whatever its token says"""
        out = verify(lab.identity(), time=int(time.time()) - 3600)
        equal((out["reasoncode"], out["reasontext"], out["verstat"]), (403, "Stale Date", "No-TN-Validation"))

    def passed():
        """API-002 all passed: verstat alone"""
        equal(verify(lab.identity()), {"verstat": "TN-Validation-Passed"})

    def aliases():
        """API-004 orig, dest and iat for from, to and time; a tn as text or list; names in any letter case"""
        now = int(time.time())
        for inside in ({"orig": {"tn": [CALLER]}, "dest": {"tn": [CALLED]}, "iat": now, "identity": lab.identity()},
                       {"From": {"TN": "+1 (215) 555-0121"}, "TO": {"tn": CALLED}, "Time": now, "IDENTITY": lab.identity()}):
            code, _, said = post("verification", {"verificationRequest": inside})
            equal((code, said), (200, {"verificationResponse": {"verstat": "TN-Validation-Passed"}}))

    def heartbeat():
        """API-009b a heartbeat without a token: No-TN-Validation, or SVC4001 where that is asked for"""
        equal(verify(), {"verstat": "No-TN-Validation"})
        code, _, said = post("verification", asked(), to=plain)
        equal((code, error(said)[1]), (400, "SVC4001"))

    def camel():
        """API-003 reasonCode by setting"""
        out = verify(lab.identity(iat=int(time.time()) - 300), to=plain)
        equal((out["reasonCode"], out["reasonText"], out["verstat"]), (403, "Stale Date", "No-TN-Validation"))

    def of_3gpp():
        """API-009 3GPP: results of every header, claims on pass, reasons on fail, names given back"""
        bad = good(edited(m.token(), 2, other_last))
        inside = {"from": {"tn": CALLER}, "to": {"tn": CALLED}, "time": int(time.time()), "identityHeader": lab.identity(),
                  "identityHeaders": [bad], "requestId": "r-7", "displayName": "Lab"}
        code, _, said = post("verification", {"verificationRequest": inside})
        out = said["verificationResponse"]
        equal((code, out["verstatValue"], out["requestId"], out["displayName"]), (200, "TN-Validation-Passed", "r-7", "Lab"))
        first, second = (r["verifyResult"] for r in out["verifyResults"])
        equal((first["ppt"], first["status"], first["validClaims"]["orig"]), ("shaken", "pass", {"tn": CALLER}))
        check(not {"reasonCode", "reasonText", "reasonDescription", "passport"} & set(first), first)
        equal((second["status"], second["reasonCode"], second["reasonText"], second["passport"]),
              ("fail", 438, "Invalid Identity Header", bad.split(";")[0]))
        check("validClaims" not in second and second["reasonDescription"], second)

    # ---- names, repeats, replays ----

    def names():
        """API-007 X-RequestID and X-InstanceID come back, on errors too; a request without one gets one"""
        for body in (asked(lab.identity()), b"nonsense"):
            _, head, _ = post("verification", body, {"X-RequestID": "abc-1", "X-InstanceID": "sbc 2"})
            equal((head["x-requestid"], head["x-instanceid"]), ("abc-1", "sbc 2"))
        _, head, _ = post("verification", asked())
        check(re.fullmatch(r"[0-9A-Z]{26}", head["x-requestid"]), head)
        check("x-instanceid" not in head, head)

    def repeats():
        """the same X-RequestID with the same bytes is the same question; under another one the token is a replay"""
        body = asked(lab.identity())
        say = lambda name, what=body: post("verification", what, {"X-RequestID": name})[2]["verificationResponse"]
        equal([say("one")["verstat"] for _ in range(3)], ["TN-Validation-Passed"] * 3)
        check(say("two")["verstat"] != "TN-Validation-Passed")

    def strangers():
        """the same bytes under the same X-RequestID from another client are a replay, over both paths"""
        body = asked(lab.identity(), callId="mine")
        for path in ("/stir/v1/verification", "/v1/verdict"):
            said = []
            for source in ("127.0.0.1", "127.0.0.2"):
                c = http.client.HTTPConnection(*server.door("http"), timeout=PATIENCE, source_address=(source, 0))
                c.request("POST", path, json.dumps(body), {"Content-Type": "application/json", "X-RequestID": "same"})
                said.append(b"TN-Validation-Passed" in c.getresponse().read())
                c.close()
            equal(said, [True, False] if path.startswith("/stir") else [False, False], path)

    def tells():
        """the verdict stands in a header of its own, with the id of its record"""
        _, head, _ = post("verification", asked(lab.identity()))
        said = dict(part.split("=", 1) for part in head["x-bonafide"].split(";"))
        equal((said["verdict"], said["attest"], said["case"]), ("genuine", "A", "none"))
        check(re.fullmatch("[0-9A-Z]{26}", said["id"]), said)

    def twin():
        """SEC-042 the twin (r, n - s) is the same token"""
        token = m.token()
        equal(verify(good(token), headers={"X-RequestID": word()})["verstat"], "TN-Validation-Passed")
        check(verify(good(negated(token)), headers={"X-RequestID": word()})["verstat"] != "TN-Validation-Passed")

    def doors():
        """what was asked about over HTTP may come in over SIP, once; a second call with it is a replay"""
        identity = lab.identity()
        equal(verify(identity)["verstat"], "TN-Validation-Passed")
        u = Udp(server.door("udp"))
        equal(verdict(u.ask(request(identity=identity)))["verdict"], "genuine")
        check(verdict(u.ask(request(identity=identity)))["verdict"] != "genuine")
        u.close()

    # ---- signing ----

    def sign(to=server, **more):
        inside = {"attest": "A", "dest": {"tn": [CALLED]}, "iat": int(time.time()), "orig": {"tn": CALLER},
                  "origid": "de305d54-75b4-431b-adb2-eb6b9e546014"} | more
        return post("signing", {"signingRequest": {k: v for k, v in inside.items() if v is not None}}, to=to)

    def signs():
        """API-001 a token that verifies, its origid as asked, its attestation not above what the customer may have"""
        code, _, said = sign()
        equal(code, 200, said)
        value = said["signingResponse"]["identity"]
        claims = json.loads(base64.urlsafe_b64decode(value.split(".")[1] + "=="))
        equal((claims["attest"], claims["origid"], claims["orig"]), ("B", "de305d54-75b4-431b-adb2-eb6b9e546014", {"tn": CALLER}))
        equal(verify(value)["verstat"], "TN-Validation-Passed")
        claims = lambda said: json.loads(base64.urlsafe_b64decode(said["signingResponse"]["identity"].split(".")[1] + "=="))
        equal(claims(sign(attest="C")[2])["attest"], "C")

    def signs_3gpp():
        """API-009 identityHeader and requestId for who asks in that dialect"""
        code, _, said = sign(requestId="9", ppt="shaken", attest=None, origid=None)
        equal((code, said["signingResponse"]["requestId"]), (200, "9"))
        equal(verify(said["signingResponse"]["identityHeader"])["verstat"], "TN-Validation-Passed")

    def signs_not():
        """signing is no oracle: off unless switched on, no number that is not the customer's, no stale iat, no other kind"""
        code, _, said = sign(to=plain)
        equal((code, error(said)[:2]), (403, ("policyException", "POL4030")))
        check("http.sign" in error(said)[2][0], said)
        code, _, said = sign(orig={"tn": "12155550177"})
        equal((code, error(said)[0]), (403, "policyException"), said)
        for more, name in (({"iat": int(time.time()) - 100}, "iat"), ({"ppt": "div"}, "ppt"), ({"attest": "D"}, "attest"),
                           ({"origid": "x"}, "origid")):
            code, _, said = sign(**more)
            equal((code, error(said)[1], error(said)[2][0]), (400, "SVC4005", name), said)

    def signs_by_key():
        """a customer known by its API key gets its calls signed over HTTP; another key, or none, gets nothing"""
        keys = {name: name * 8 for name in ("crm!", "web!")}
        row = lambda name, *scopes: {"name": name, "sha256": hashlib.sha256(keys[name].encode()).hexdigest(), "scopes": list(scopes)}
        s = Server(place + "/keys", {"signing": vouching["signing"], "customers": [{"name": "acme", "attest": "A", "keys": ["crm!"]}],
                                     "http": {"sign": True, "keys": [row("crm!", "sign", "read"), row("web!", "sign")]}}, lab=lab)
        s.headers = {"X-API-Key": keys["crm!"]}
        with s:
            body = lambda: json.dumps({"signingRequest": {"attest": "A", "dest": {"tn": [CALLED]}, "iat": int(time.time()),
                                                          "orig": {"tn": CALLER}, "origid": str(uuid.uuid4())}})
            for key, wanted in (("crm!", 200), ("web!", 403), (None, 401)):
                code, _, said = s.get("/stir/v1/signing", "POST", body(), {"Content-Type": "application/json", "X-API-Key": keys.get(key, "none at all")})
                equal(code, wanted, said)
                if code == 200:
                    value = json.loads(said)["signingResponse"]["identity"]
                    equal(json.loads(base64.urlsafe_b64decode(value.split(".")[1] + "=="))["attest"], "A")

    def ends():
        """the servers end"""
        equal((server.stop(), plain.stop()), (0, 0))
        lab.close()
        others.close()

    tap([rows, no_length, e3] + [case(*c) for c in cases] + [passed, aliases, heartbeat, camel, of_3gpp, names, repeats, strangers, tells, twin, doors,
                                                              signs, signs_3gpp, signs_not, signs_by_key, ends])


with scratch() as place:
    main(place)
