# SPDX-License-Identifier: Apache-2.0
"""One table of calls, every door: the same verdict, the same codes and the same ballots, whichever way a call comes in. ATIS-1000082 has
codes of its own for some cases, and says no verdict: there the ballots are compared, and its code with the table of API-008."""
import ctypes
from hop import Uas
from tokens import *

SECOND = "12155550132"  # another called number
OTHER = "12155550122"   # another caller


# ---- the table ----

class Call:
    """identities; who calls, who is called; what must come out: verdict, verstat on SIP, attestation, a code an Identity."""

    def __init__(self, name, wanted, *identities, caller=CALLER, called=CALLED, only=None, extra=()):
        self.name, self.identities, self.caller, self.called, self.extra = name, list(identities), caller, called, list(extra)
        self.verdict, self.verstat, self.attest, self.codes = wanted
        self.ignored = name == "ppt of another kind"
        self.only = only  # doors that can say such a call; None: all

    def sip(self, transport="UDP"):
        return request(identity=self.identities, caller=self.caller, called=self.called, extra=self.extra, display="",
                       transport=transport, call_id="door" + word())

    def json(self):
        inside = {"from": {"tn": self.caller}, "to": {"tn": [self.called]}, "time": int(time.time()), "callId": "door" + word()}
        if len(self.identities) == 1:
            inside["identity"] = self.identities[0]
        elif self.identities:
            inside["identityHeaders"] = self.identities
        return inside


P, F, N = "TN-Validation-Passed", "TN-Validation-Failed", "No-TN-Validation"


def genuine(attest="A"):
    return "genuine", P, attest, [0]


def unproven(verstat=N, attest=None, codes=(0,)):
    return "unproven", verstat, attest, list(codes)


def broken(code, verstat=F):
    return "broken", verstat, None, [code]


def table(m, strangers):
    """strangers: another lab, which nobody here trusts."""
    good = m.value
    calls = [
        Call("attestation A", genuine(), good(m.token())),
        Call("parameters in another order", genuine(), m.token() + f';ppt="shaken";alg=ES256;info=<{m.lab.x5u()}>'),
        Call("ppt without quotes", genuine(), good(m.token(), ppt="shaken")),
        Call("no alg parameter", genuine(), good(m.token(), alg=None)),
        Call("an extension parameter", genuine(), good(m.token(), more=";canon=x")),
        Call("members in another order", genuine(), good(m.raw(json.dumps(m.header()), json.dumps(dict(reversed(m.claims().items())))))),
        Call("a claim that nobody knows", genuine(), good(m.token(claims=m.claims(zzz="1")))),
        Call("several called numbers", genuine(), good(m.token(claims=m.claims(dest={"tn": [SECOND, CALLED]})))),
        Call("fifty seconds old", genuine(), good(m.token(claims=m.claims(iat=m.now - 45)))),
        Call("half a minute ahead", genuine(), good(m.token(claims=m.claims(iat=m.now + 30)))),
        Call("the twin of a signature", genuine(), good(negated(m.token()))),
        Call("origid that is no UUID", genuine(), good(m.token(claims=m.claims(origid="trunk-7")))),
        Call("another carrier of the same CA", genuine(), m.value(m.token(header=m.header(x5u=m.lab.x5u(1)), carrier=1), info=m.lab.x5u(1))),
        Call("attestation B", unproven(P, "B"), good(m.token(claims=m.claims(attest="B")))),
        Call("attestation C", unproven(P, "C"), good(m.token(claims=m.claims(attest="C")))),
        Call("not signed", unproven(codes=())),
        Call("not signed, to another", unproven(codes=()), called=SECOND),
        Call("ppt of another kind", unproven(codes=[0]), m.value(m.token(header=m.header(ppt="msg")), ppt='"msg"')),
        Call("ten minutes old", broken(403), good(m.token(claims=m.claims(iat=m.now - 600)))),
        Call("five minutes ahead", broken(403), good(m.token(claims=m.claims(iat=m.now + 300)))),
        Call("a year old", broken(403), good(m.token(claims=m.claims(iat=m.now - 31536000)))),
        Call("made for another called number", broken(438), good(m.token(claims=m.claims(dest={"tn": [SECOND]})))),
        Call("made for another caller", broken(438), good(m.token(claims=m.claims(orig={"tn": OTHER})))),
        Call("put under another caller", broken(438), good(m.token()), caller=OTHER),
        Call("put under another called", broken(438), good(m.token()), called=SECOND),
        Call("a signature changed", broken(438), good(edited(m.token(), 2, other_last))),
        Call("attestation raised", broken(438), good(m.token(claims=m.claims(attest="B")).split(".")[0] + "." + b64(compact(m.claims())) +
                                                     "." + m.token().split(".")[2])),
        Call("signed by another key", broken(438), good(m.token(carrier=1))),
        Call("a carrier nobody trusts", broken(437), strangers),
        Call("alg none", broken(438), good(m.token(header=m.header(alg="none")))),
        Call("alg HS256", broken(438), good(m.token(header=m.header(alg="HS256")))),
        Call("alg in small letters", broken(438), good(m.token(header=m.header(alg="es256")))),
        Call("alg of the header field differs", broken(438), good(m.token(), alg="ES384")),
        Call("typ of another kind", broken(438), good(m.token(header=m.header(typ="JWT")))),
        Call("no typ", broken(438), good(m.token(without=["typ"]))),
        Call("no alg in the token", broken(438), good(m.token(header={k: v for k, v in m.header().items() if k != "alg"}))),
        Call("no attest", broken(438), good(m.token(without=["attest"]))),
        Call("no dest", broken(438), good(m.token(without=["dest"]))),
        Call("no orig", broken(438), good(m.token(without=["orig"]))),
        Call("no origid", broken(438), good(m.token(without=["origid"]))),
        Call("no iat", broken(438), good(m.token(without=["iat"]))),
        Call("iat as a text", broken(438), good(m.token(claims=m.claims(iat=str(m.now))))),
        Call("iat with a fraction", broken(438), good(m.token(claims=m.claims(iat=m.now + 0.5)))),
        Call("iat below zero", broken(438), good(m.token(claims=m.claims(iat=-1)))),
        Call("attestation D", broken(438), good(m.token(claims=m.claims(attest="D")))),
        Call("attestation in a small letter", broken(438), good(m.token(claims=m.claims(attest="a")))),
        Call("dest as a text", broken(438), good(m.token(claims=m.claims(dest={"tn": CALLED})))),
        Call("dest empty", broken(438), good(m.token(claims=m.claims(dest={"tn": []})))),
        Call("orig as a list", broken(438), good(m.token(claims=m.claims(orig={"tn": [CALLER]})))),
        Call("orig with two members", broken(438), good(m.token(claims=m.claims(orig={"tn": CALLER, "uri": "sip:a@b"})))),
        Call("a member twice", broken(438), good(m.raw(json.dumps(m.header()), '{"attest":"A",' + json.dumps(m.claims())[1:]))),
        Call("a member twice, escaped", broken(438), good(m.raw(json.dumps(m.header()), '{"or\\u0069g":{"tn":"1"},' + json.dumps(m.claims())[1:]))),
        Call("bytes behind the claims", broken(438), good(m.raw(json.dumps(m.header()), json.dumps(m.claims()) + "x"))),
        Call("the claims a list", broken(438), good(m.raw(json.dumps(m.header()), "[]"))),
        Call("crit", broken(438), good(m.token(header=m.header(crit=["x"])))),
        Call("four parts", broken(438), good(m.token() + ".AAAA")),
        Call("compact form", broken(438), good(".." + m.token().split(".")[2])),
        Call("padding", broken(438), good(m.token() + "==")),
        Call("spare bits set", broken(438), good(edited(m.token(), 2, lambda s: s[:-1] + chr(ord(s[-1]) + 1)))),
        Call("an empty signature", broken(438), good(edited(m.token(), 2, lambda s: ""))),
        Call("a signature of zeros", broken(438), good(edited(m.token(), 2, lambda s: b64(bytes(64))))),
        Call("info and x5u differ", broken(438), m.value(m.token(), info=m.lab.x5u(1))),
        Call("ppt of the header field differs", broken(438), good(m.token(), ppt='"div"')),
        Call("a certificate that is not to be had", unproven(codes=[436]),
             m.value(m.token(header=m.header(x5u="https://lab.example/nowhere.pem")), info="https://lab.example/nowhere.pem")),
        Call("info over http", unproven(codes=[436]),
             m.value(m.token(header=m.header(x5u="http://lab.example/a.pem")), info="http://lab.example/a.pem")),
        Call("no info", unproven(codes=[436]), good(m.token(), info="")),
    ]
    many = ("command", "library", "redirect", "redirect over TCP", "verdict of SIP", "verdict of JSON", "proxy", "TS 24.229")
    calls += [
        Call("a broken one beside a good one", ("genuine", P, "A", [0, 438]), good(m.token()), good(edited(m.token(), 2, other_last)), only=many),
        Call("a broken one before a good one", ("genuine", P, "A", [438, 0]), good(edited(m.token(), 2, other_last)), good(m.token()), only=many),
        Call("two that hold: the lower counts", unproven(P, "C", [0, 0]), good(m.token()), good(m.token(claims=m.claims(attest="C"))), only=many),
        Call("two broken ones", ("broken", F, None, [403, 438]), good(m.token(claims=m.claims(iat=m.now - 600))),
             good(edited(m.token(), 2, other_last)), only=many),
    ]
    return calls


# ---- the doors ----

def of_object(out):
    """What the object of `verify --json` says."""
    return {"verdict": out["verdict"], "verstat": out["verstat"], "attest": out["attest"],
            "codes": [i["code"] for i in out["identities"]],
            "ballots": sorted((b["check"], -1 if b["identity"] is None else b["identity"], b["vote"]) for b in out["ballots"])}


def of_command(place, lab):
    def ask(call):
        done = subprocess.run([PROGRAM, "verify", "--json", "--offline", "--trust", lab.root, "--certs", lab.certs, "--at", str(int(time.time())), "-"],
                              input=call.sip(), capture_output=True)
        check(done.returncode in (0, 1, 2, 3), done.stderr)
        return of_object(json.loads(done.stdout))
    return ask


class Options(ctypes.Structure):
    """struct bf_verify_options"""
    _fields_ = [("size", ctypes.c_size_t), ("trust", ctypes.POINTER(ctypes.c_char_p)), ("n_trust", ctypes.c_size_t), ("cert", ctypes.c_char_p),
                ("certs", ctypes.c_char_p), ("cache", ctypes.c_char_p), ("offline", ctypes.c_bool), ("no_chain", ctypes.c_bool),
                ("lab_urls", ctypes.c_bool), ("ignore_pai", ctypes.c_bool), ("color", ctypes.c_bool), ("least_attestation", ctypes.c_char),
                ("freshness_s", ctypes.c_uint), ("budget_ms", ctypes.c_uint), ("replay_entries", ctypes.c_size_t), ("engine", ctypes.c_int),
                ("tables_mb", ctypes.c_uint)]


def of_library(place, lab):
    so = ctypes.CDLL(os.path.join(BUILD, "src", "front", "libbonafide.so"))
    so.bf_verdict_json.restype = ctypes.c_char_p
    for name in ("bf_verdict_json", "bf_verdict_destroy"):
        getattr(so, name).argtypes = [ctypes.c_void_p]
    verifier, trust = ctypes.c_void_p(), (ctypes.c_char_p * 1)(lab.root.encode())
    options = Options(size=ctypes.sizeof(Options), trust=trust, n_trust=1, certs=lab.certs.encode(), offline=True, least_attestation=b"A",
                      freshness_s=60, budget_ms=4000, replay_entries=65536, tables_mb=64)
    equal(so.bf_verifier_create(ctypes.byref(options), ctypes.byref(verifier), None), 0)

    def ask(call):
        message, out = call.sip(), ctypes.c_void_p()
        equal(so.bf_verify_sip(verifier, message, ctypes.c_size_t(len(message)), ctypes.c_int64(0), ctypes.byref(out), None), 0)
        said = json.loads(so.bf_verdict_json(out))
        so.bf_verdict_destroy(out)
        return of_object(said)
    return ask


def kept_ballots(server, call_id):
    """The record of a call says who voted how."""
    def look():
        said = subprocess.run([PROGRAM, "calls", "--store", f"sqlite:{server.place}/records.db", "--json", "--limit", "1000"],
                              capture_output=True, text=True).stdout.splitlines()
        return [c for c in map(json.loads, said) if c["call_id"] == call_id]
    record = eventually(look, f"the record of {call_id}")[0]
    return sorted((b["check"], -1 if b["identity"] is None else b["identity"], b["vote"]) for b in record["ballots"])


def of_answer(server, message, answer, n, reasons=None):
    """What a redirection, or a request that goes on, tells of the verdict."""
    said, codes = verdict(answer), [0] * n
    for reason in headers(answer, "Reason") if reasons is None else reasons:
        m = re.search(r'cause=(\d+).*?(?:ppi="\.\.([^"]*)")?$', reason)
        check(m, reason)
        at = [i for i, value in enumerate(headers(message, "Identity")) if m[2] and m[2] in value]
        if at or n == 1:
            codes[at[0] if at else 0] = int(m[1])
    shown = re.search(r"verstat=([\w-]+)", header(answer, "P-Asserted-Identity") or "")
    return {"verdict": said["verdict"], "verstat": shown and shown[1], "attest": None if said["attest"] == "none" else said["attest"],
            "codes": codes, "ballots": kept_ballots(server, header(message, "Call-ID"))}


def of_redirect(place, lab, transport):
    server = Server(place, {"sip": {"workers": 1}}, lab=lab).start()
    door = (Udp if transport == "UDP" else Tcp)(server.door(transport.lower()))

    def ask(call):
        message = call.sip(transport)
        answer = door.ask(message)
        equal(status(answer), 302)
        return of_answer(server, message, answer, len(call.identities))
    return ask


def of_verdict(place, lab, kind):
    server = Server(place, {"sip": {"workers": 1}}, lab=lab).start()

    def ask(call):
        body = call.sip() if kind == "message/sip" else json.dumps({"verificationRequest": call.json()})
        code, said = server.verdict(body, kind)
        equal(code, 200, said)
        return of_object(json.loads(said))
    return ask


def of_proxy(place, lab):
    uas = Uas()
    server = Server(place, {"sip": {"mode": "proxy", "next_hop": uas.uri, "workers": 1}}, lab=lab).start()
    door = Udp(server.door("udp"))

    def ask(call):
        message = call.sip()
        door.send(message)
        went_on = uas.take("INVITE", header(message, "Call-ID"))
        uas.answer(went_on, 486)
        answer = door.final()
        equal(status(answer), 486)
        door.send(follow("ACK", message, header(answer, "To")))
        # the reasons go back to who signed, the verdict goes on
        return of_answer(server, message, went_on, len(call.identities), headers(answer, "Reason"))
    return ask


# The cases of ATIS-1000082 that have another code there than in RFC 8224 (API-008), by the name of the call.
ATIS_CODES = {"alg none": 437, "alg HS256": 437, "alg in small letters": 437, "typ of another kind": 437, "no typ": 436, "no alg in the token": 436,
              "info and x5u differ": 436, "ppt of another kind": 438, "alg of the header field differs": 437}


def of_api(place, lab, dialect):
    server = Server(place, {"sip": {"workers": 1}}, lab=lab).start()

    def ask(call):
        inside = call.json()
        if dialect == "3gpp":
            inside["to"]["tn"] = call.called
            values = ([inside.pop("identity")] if "identity" in inside else []) + inside.pop("identityHeaders", [])
            inside["requestId"] = inside["callId"]
            if values:
                inside["identityHeader"] = values[0]
            if values[1:]:
                inside["identityHeaders"] = values[1:]
        code, _, said = server.get("/stir/v1/verification", "POST", json.dumps({"verificationRequest": inside}), {"Content-Type": "application/json"})
        equal(code, 200, said)
        out = json.loads(said)["verificationResponse"]
        ballots = kept_ballots(server, inside["callId"])
        if dialect == "3gpp":
            codes = iter(r["verifyResult"].get("reasonCode", 0) for r in out.get("verifyResults", []))
            return {"verstat": out["verstatValue"], "ballots": ballots,
                    "codes": [0 if call.ignored else next(codes) for _ in call.identities]}
        wanted = ATIS_CODES.get(call.name, next((c for c in call.codes if c), 0))
        equal(out.get("reasoncode", 0), 0 if call.verstat == P else wanted, out)
        equal(out["verstat"] == P, call.verstat == P)
        return {"ballots": ballots}
    return ask


def main(place):
    lab, others = Lab(place + "/lab", carriers=2), Lab(place + "/others", prefix="https://strange.example/")
    for chain in os.listdir(others.certs):
        shutil.copy(os.path.join(others.certs, chain), lab.certs)
    doors = {
        "command": of_command(place, lab),
        "redirect": of_redirect(place + "/udp", lab, "UDP"),
        "redirect over TCP": of_redirect(place + "/tcp", lab, "TCP"),
        "verdict of SIP": of_verdict(place + "/sip", lab, "message/sip"),
        "verdict of JSON": of_verdict(place + "/json", lab, "application/json"),
        "proxy": of_proxy(place + "/proxy", lab),
        "ATIS-1000082": of_api(place + "/atis", lab, "atis"),
        "TS 24.229": of_api(place + "/3gpp", lab, "3gpp"),
    }
    if not SANITIZED:  # a sanitizer wants to be in the program that loads the library
        doors["library"] = of_library(place, lab)

    def through(call):
        def test():
            said = {name: door(call) for name, door in doors.items() if call.only is None or name in call.only}
            first = said["command"]
            equal((first["verdict"], first["verstat"], first["attest"], first["codes"]),
                  (call.verdict, call.verstat, call.attest, call.codes))
            for name, what in said.items():
                for member in what:
                    equal(what[member], first[member], f"{name}: {member}")
        test.__doc__ = call.name + ": the same through every door"
        return test

    calls = table(Maker(lab), others.identity())
    check(len([c for c in calls if c.only is None]) >= 60, len(calls))
    tap([through(call) for call in calls])


with scratch() as place:
    main(place)
