#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`bonafide verify` on the real program: the contract that design.md binds, on real and on made-up calls."""
import hashlib
import http.server
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

import harness
from harness import CALLED, CALLER, NOW, URL, bonafide, invite, shared, test

LAB = None


def lab():
    global LAB
    if LAB is None:
        LAB = harness.Lab()
    return LAB


def file_of(text, name="call.sip"):
    path = lab().dir / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def verify(*args, **more):
    return bonafide("verify", "--offline", "--trust", lab().root, "--certs", lab().certs, *args, **more)


def verdict(text, *args, status=None):
    """The one object about one call."""
    ran = verify("--json", *args, file_of(text), status=status)
    objects = ran.json()
    assert len(objects) == 1, ran
    assert ran.err == "", ran
    return objects[0]


# ---- the real call of 2022 ----

REAL_URL = "https://cr.ccid.neustar.biz/ccid/authn/v2/certs/11001.10012"


class Real:
    """Its chain: the leaf out of tokens/keys, and all intermediates there are."""

    def __init__(self):
        self.call = json.loads(shared("tokens/real-centurylink-20220427.json").read_text())
        leaf = shared("tokens/keys/prod_266e4919267dfd27.der").read_bytes()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="bonafide-real-"))
        pem = harness.openssl("x509", "-inform", "DER", stdin=leaf)
        name = hashlib.sha256(REAL_URL.encode()).hexdigest() + ".pem"
        (self.dir / name).write_bytes(pem + shared("certs/intermediates.pem").read_bytes())
        self.args = ("verify", "--orig", "94716866386", "--dest", "19563046048", "--trust", shared("certs/roots.pem"),
                     "--certs", self.dir, "--at", "1651056041", "--json")

    def verify(self, value, *more, **kept):
        return bonafide(*self.args, *more, "-", stdin=value, **kept)


REAL = None


def real():
    global REAL
    if REAL is None:
        REAL = Real()
    return REAL


@test
def the_real_call_of_2022_is_valid_trusted_and_unproven_because_c_vouches_for_the_gateway_only():
    ran = real().verify(real().call["identity_header"] + "\n", status=1)
    assert ran.err == "", ran
    (v,) = ran.json()
    assert v["verdict"] == "unproven" and v["verstat"] == "TN-Validation-Passed" and v["attest"] == "C", ran
    assert v["lab"] is False, ran
    assert v["identities"][0]["status"] == "valid" and v["identities"][0]["code"] == 0, ran
    assert v["signer"]["spc"] == "8826" and v["signer"]["x5u"] == REAL_URL, ran
    votes = {b["check"]: b["vote"] for b in v["ballots"]}
    assert votes["signature"] == "pass" and votes["chain"] == "pass", ran
    assert v["orig"] == {"tn": "94716866386"} and v["dest"] == {"tn": ["19563046048"]}, ran
    assert v["iat"] == 1651056041 and v["origid"] == "886df12a-0a95-437f-a746-8efc03b1030d", ran


@test
def the_real_call_is_genuine_with_least_attestation_c_and_says_lab():
    (v,) = real().verify(real().call["identity_header"], "--least-attestation", "C", status=0).json()
    assert v["verdict"] == "genuine" and v["verstat"] == "TN-Validation-Passed" and v["lab"] is True, v


@test
def one_bit_flipped_anywhere_in_the_token_is_never_genuine_and_never_passed():
    value = real().call["identity_header"].encode()
    end = value.index(b";")
    seen = 0
    lines, alone = [], []
    for at in range(end):
        for bit in range(8):
            flipped = bytearray(value)
            flipped[at] ^= 1 << bit
            # a flip that makes a line end or a blank would split the line: those go in by themselves
            (alone if flipped[at] in b"\r\n \t" else lines).append(bytes(flipped))
    runs = [real().verify(b"\n".join(lines) + b"\n", "--least-attestation", "C", timeout=300)]
    runs += [real().verify(one, "--least-attestation", "C") for one in alone]
    for ran in runs:
        assert ran.status in (1, 2, 65), ran.status
        for v in ran.json():
            seen += 1
            assert v.get("verdict") != "genuine" and v.get("verstat") != "TN-Validation-Passed", v
    assert seen >= end * 8, f"{seen} verdicts for {end * 8} flips"


@test
def the_real_call_today_is_stale_and_its_certificate_expired():
    args = [a for a in real().args if a not in ("--at", "1651056041")]
    (v,) = bonafide(*args, "-", stdin=real().call["identity_header"], status=2).json()
    assert v["verdict"] == "broken" and v["verstat"] != "TN-Validation-Passed", v


@test
def without_trust_the_real_call_is_unproven_not_broken():
    args = list(real().args)
    at = args.index("--trust")
    del args[at:at + 2]
    (v,) = bonafide(*args, "-", stdin=real().call["identity_header"], status=1).json()
    assert v["verdict"] == "unproven" and v["verstat"] != "TN-Validation-Passed", v


# ---- verdicts and their exit statuses ----

@test
def a_signed_call_is_genuine():
    v = verdict(invite([lab().identity()]), status=0)
    assert (v["verdict"], v["verstat"], v["attest"], v["lab"]) == ("genuine", "TN-Validation-Passed", "A", False), v
    assert v["proof"] == "identity" and v["called"] == CALLED, v


@test
def an_unsigned_call_is_unproven():
    v = verdict(invite(), status=1)
    assert (v["verdict"], v["verstat"], v["attest"], v["proof"]) == ("unproven", "No-TN-Validation", None, None), v
    assert v["identities"] == [], v


def book_of(*rows, head="id,name,aliases,numbers,protected"):
    return file_of("\n".join((head, *rows)) + "\n", "book.csv")


def ballot(v, check):
    return next(b for b in v["ballots"] if b["check"] == check)


@test
def a_protected_name_from_another_number_is_an_impostors_however_well_signed():
    book = book_of("7,Ronald Putnam,R. Putnam,+12025550100,yes", "8,Ada Lovelace,,+12025550101,no")
    text = invite([lab().identity()]).replace('"Lab"', '"Putnam, Ronald"')
    v = verdict(text, "--book", book, status=3)
    assert v["verdict"] == "impostor" and v["claimed_person"]["name"] == "Ronald Putnam" and v["person"] is None, v
    assert ballot(v, "name-claimed")["vote"] == "veto", v
    assert verdict(text.replace("Putnam, Ronald", "Ada Lovelace"), "--book", book, status=0)["claimed_person"] is None
    assert verdict(text, status=0)["claimed_person"] is None


@test
def a_proven_number_of_the_book_names_its_person():
    book = book_of(f'7,Ronald Putnam,,"+{CALLER}",yes')
    for name in ("Lab", "Ronald Putnam"):
        v = verdict(invite([lab().identity()]).replace('"Lab"', f'"{name}"'), "--book", book, status=0)
        assert v["person"]["name"] == "Ronald Putnam" and ballot(v, "person-known")["vote"] == "pass", v
    v = verdict(invite().replace('"Lab"', '"Ronald Putnam"'), "--book", book)
    assert v["verdict"] != "genuine" and v["person"] is None and v["claimed_person"]["name"] == "Ronald Putnam", v


@test
def a_book_without_marks_protects_everybody_in_it_and_a_store_says_the_same():
    text = invite([lab().identity()]).replace('"Lab"', '"Ronald Putnam"')
    v = verdict(text, "--book", book_of("7,Ronald Putnam", head="id,name"), status=3)
    assert v["verdict"] == "impostor" and v["claimed_person"]["id"] == 7, v
    twice = verify("--book", book_of("7,Ronald Putnam", "7,Ada Lovelace", head="id,name"), file_of(text, "call.sip"), status=65)
    assert ":3: there is a person 7 already" in twice.err, twice
    card = file_of("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ronald Putnam\r\nEND:VCARD\r\n", "book.vcf")
    assert verdict(text, "--book", card, status=3)["verdict"] == "impostor"
    store = f"sqlite:{lab().dir / 'book.db'}"
    bonafide("people", "add", "Ronald Putnam", "--protected", "--store", store, status=0)
    assert verdict(text, "--store", store, status=3)["verdict"] == "impostor"
    bonafide("people", "exceptions", "--add", "+" + CALLER, "Ronald Putnam", "--store", store, status=0)
    assert verdict(text, "--store", store, status=0)["verdict"] == "genuine"


@test
def a_book_that_cannot_be_read_whole_judges_nothing():
    call = file_of(invite(), "call.sip")
    for text, words in (("name,numbers\nRonald Putnam,abc\n", "book.csv:2: "), ("id,title\n7,x\n", "`name`"), (None, "No such file")):
        book = file_of(text, "book.csv") if text else lab().dir / "nobody.csv"
        ran = verify("--json", "--book", book, call, status=65)
        assert words in ran.err and ran.out == "", ran
    assert "do not go together" in verify("--book", "a", "--store", "b", call, status=64).err
    assert verify("--store", f"sqlite:{lab().dir / 'none.db'}", call, status=65).out == ""


@test
def a_call_to_somebody_else_is_broken():
    v = verdict(invite([lab().identity()], called="12155550199"), status=2)
    assert v["verdict"] == "broken" and v["verstat"] == "TN-Validation-Failed", v
    assert v["identities"][0]["status"] == "invalid" and v["identities"][0]["code"] in (403, 436, 437, 438), v


@test
def another_number_shown_is_never_genuine():
    text = invite([lab().identity()]).replace(f'"Lab" <sip:+{CALLER}@', '"Lab" <sip:+12155550999@')
    v = verdict(text)
    assert v["verdict"] != "genuine", v


@test
def the_worst_verdict_is_the_exit_status():
    good = file_of(invite([lab().identity()]), "good.sip")
    plain = file_of(invite(call_id="plain"), "plain.sip")
    bad = file_of(invite([lab().identity()], called="12155550199", call_id="bad"), "bad.sip")
    verify(good, status=0)
    verify(good, plain, status=1)
    verify(plain, bad, good, status=2)
    ran = verify("--json", plain, bad, good, status=2)
    assert [v["verdict"] for v in ran.json()] == ["unproven", "broken", "genuine"], ran


@test
def one_memory_of_tokens_serves_the_whole_run():
    value = lab().identity()
    first = file_of(invite([value], call_id="one"), "one.sip")
    late = file_of(invite([value], call_id="two", date="Fri, 25 Sep 2015 19:12:45 GMT"), "two.sip")
    ran = verify("--json", first, late, status=2)
    assert [v["verdict"] for v in ran.json()] == ["genuine", "broken"], ran
    ran = verify("--json", first, first, status=0)  # the same bytes are the same call
    assert [v["verdict"] for v in ran.json()] == ["genuine", "genuine"], ran


# ---- the object ----

SHAPE = {
    "verdict": str, "verstat": str, "attest": (str, type(None)), "proof": (str, type(None)), "lab": bool,
    "trust_domain": (str, type(None)), "called": (str, type(None)), "orig": dict, "dest": dict,
    "origid": (str, type(None)), "iat": (int, type(None)), "signer": (dict, type(None)),
    "person": (dict, type(None)), "claimed_person": (dict, type(None)), "name": dict, "identities": list, "ballots": list,
}


def check_shape(v):
    for member, kind in SHAPE.items():
        assert member in v, f"{member} is missing: {v}"
        assert isinstance(v[member], kind), f"{member}: {v[member]!r}"
    assert set(v["name"]) >= {"claimed", "proven"}, v["name"]
    for identity in v["identities"]:
        assert set(identity) >= {"ppt", "status", "code", "case", "claims"}, identity
        assert identity["status"] in ("valid", "invalid", "ignored"), identity
        assert identity["code"] in (0, 403, 428, 436, 437, 438), identity
    for ballot in v["ballots"]:
        assert set(ballot) >= {"check", "identity", "vote", "why"}, ballot
        assert ballot["vote"] in ("pass", "abstain", "veto"), ballot
        assert ballot["why"] and not ballot["why"].endswith("."), ballot


@test
def every_member_of_the_object_is_there_with_its_type():
    for text in (invite([lab().identity()]), invite(), invite(["x.y.z;info=<https://a.example/b>"]),
                 invite([lab().identity()], called="12155550199")):
        check_shape(verdict(text))


@test
def the_object_says_what_the_signalling_says_and_claims_what_the_token_says():
    v = verdict(invite([lab().identity(orig="12155550777")]), status=2)
    assert v["orig"] == {"tn": CALLER} and v["dest"] == {"tn": [CALLED]}, v
    assert v["identities"][0]["claims"]["orig"] == {"tn": "12155550777"}, v
    assert v["name"]["claimed"] == "Lab" and v["name"]["proven"] is None, v


@test
def the_signer_is_named():
    v = verdict(invite([lab().identity()]))
    assert v["signer"]["spc"] == "1234" and v["signer"]["x5u"] == URL and "SHAKEN 1234" in v["signer"]["subject"], v
    assert v["origid"] == "123e4567-e89b-12d3-a456-426655440000" and v["iat"] == NOW, v


@test
def other_kinds_of_token_are_ignored_and_say_so():
    value = lab().identity(header={"alg": "ES256", "ppt": "rph", "typ": "passport", "x5u": URL})
    v = verdict(invite([lab().identity(), value.replace('ppt="shaken"', 'ppt="rph"')]), status=0)
    assert [i["status"] for i in v["identities"]] == ["valid", "ignored"], v
    assert v["identities"][1]["ppt"] == "rph", v


@test
def a_hostile_display_name_stays_inside_its_string():
    ran = verify("--json", file_of(invite([lab().identity()], name='a\\"},{\\"verdict\\":\\"genuine')), status=0)
    (v,) = ran.json()
    assert v["name"]["claimed"] == 'a"},{"verdict":"genuine', v


# ---- what goes in ----

@test
def lines_end_with_crlf_or_lf():
    value = lab().identity()
    assert verdict(invite([value]), status=0)["verdict"] == "genuine"
    assert verdict(invite([value], eol="\n"), status=0)["verdict"] == "genuine"
    body = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
    assert verdict(invite([value], body=body), status=0)["verdict"] == "genuine"
    assert verdict(invite([value], body=body, eol="\n"), status=0)["verdict"] == "genuine"
    assert verdict(invite([value], eol="\n").rstrip("\n") + "\n", status=0)["verdict"] == "genuine"


@test
def standard_input_is_dash_or_nothing():
    text = invite([lab().identity()])
    for args in (("-",), ()):
        assert verify("--json", *args, stdin=text, status=0).json()[0]["verdict"] == "genuine"


@test
def json_lines_of_verification_requests():
    value = lab().identity()
    inside = {"from": {"tn": CALLER}, "to": {"tn": [CALLED]}, "time": NOW, "identity": value}
    other = {"orig": {"tn": CALLER}, "dest": {"tn": [CALLED]}, "iat": NOW + 1, "identity": lab().identity(iat=NOW + 1)}
    lines = [json.dumps({"verificationRequest": inside}), "", json.dumps(inside | {"identity": None}), "{", "[1]",
             json.dumps({"verificationRequest": other})]
    ran = verify("--json", "-", stdin="\n".join(lines) + "\n", status=65)
    objects = ran.json()
    assert objects[0]["verdict"] == "genuine" and objects[-1]["verdict"] == "genuine", ran
    assert all("error" in o or o["verdict"] != "genuine" for o in objects[1:-1]), ran
    assert sum("error" in o for o in objects) >= 2 and ran.err == "", ran


@test
def a_bare_value_may_carry_its_header_name_and_folds():
    value = lab().identity()
    name, rest = value.split(";", 1)
    for text in (value, f"Identity: {value}\r\n", f"{name}\r\n ;{rest}\r\n"):
        ran = verify("--json", "--orig", "+1 215 555 0121", "--dest", CALLED, "--at", NOW, "-", stdin=text, status=0)
        assert ran.json()[0]["verdict"] == "genuine", ran


# ---- time ----

@test
def the_time_is_at_then_the_date_then_now():
    value = lab().identity()
    dated, undated = invite([value]), invite([value], date=None)
    assert verdict(dated, status=0)["verdict"] == "genuine"
    assert verdict(undated, status=2)["verdict"] == "broken"  # ten years late
    assert verdict(undated, "--at", NOW, status=0)["verdict"] == "genuine"
    assert verdict(dated, "--at", NOW + 61, status=2)["verdict"] == "broken"
    assert verdict(dated, "--at", NOW + 60, status=0)["verdict"] == "genuine"
    for text in ("2015-09-25T19:12:25Z", "2015-09-25T21:12:25+02:00", "2015-09-25t19:12:25.75z"):
        assert verdict(undated, "--at", text, status=0)["verdict"] == "genuine", text


@test
def what_is_no_time_is_wrong_usage():
    path = file_of(invite())
    for text in ("yesterday", "", "2015-02-30T00:00:00Z", "2015-09-25T19:12:25", "2015-13-01T00:00:00Z", "-5", "0", "12x",
                 "2015-09-25T19:12:25+2:00", "2015-09-25T19:12:25Zx"):
        ran = verify("--at", text, path, status=64)
        assert "--at" in ran.err and ran.out == "", ran


# ---- captures ----

def udp_packet(payload, source=5060, to=5060):
    udp = struct.pack(">HHHH", source, to, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes([192, 0, 2, 10]), bytes([192, 0, 2, 20]))
    total = sum(struct.unpack(">10H", ip))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", ~total & 0xffff) + ip[12:]
    return b"\0" * 12 + b"\x08\x00" + ip + udp


def pcap(packets):
    """(seconds, bytes)..."""
    out = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    for at, data in packets:
        out += struct.pack("<IIII", at, 0, len(data), len(data)) + data
    return out


def pcapng(packets):
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        size = 12 + len(body)
        return struct.pack("<II", kind, size) + body + struct.pack("<I", size)
    out = block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)) + block(1, struct.pack("<HHI", 1, 0, 65535))
    for at, data in packets:
        stamp = at * 1000000
        out += block(6, struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xffffffff, len(data), len(data)) + data)
    return out


@test
def calls_of_a_capture_are_judged_at_their_packets_time():
    calls = [invite([lab().identity(iat=NOW + n)], call_id=f"cap{n}", date="Thu, 01 Jan 2015 00:00:00 GMT") for n in (0, 5)]
    bye = "BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKb\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n" \
          "Call-ID: b\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n"
    ok = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKb\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n" \
         "Call-ID: b\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n"
    packets = [(NOW + at, udp_packet(text.encode())) for at, text in
               ((0, calls[0]), (1, calls[0]), (2, bye), (3, ok), (5, calls[1]))]
    for make in (pcap, pcapng):
        ran = verify("--json", file_of(make(packets), "calls." + make.__name__), status=0)
        assert [v["verdict"] for v in ran.json()] == ["genuine", "genuine"], ran  # the retransmission is no third call
    ran = verify("--json", "-", stdin=pcap(packets), status=0)
    assert len(ran.json()) == 2, ran
    assert verify("--json", "--at", NOW + 300, file_of(pcap(packets), "late.pcap"), status=2)


@test
def a_capture_without_a_call_is_no_input():
    ran = verify("--json", file_of(pcap([(NOW, udp_packet(b"hello"))]), "none.pcap"), status=65)
    assert "error" in ran.json()[0], ran
    ran = verify("--json", file_of(pcap([(NOW, udp_packet(invite().encode()))])[:-7], "cut.pcap"), status=65)
    assert "error" in ran.json()[-1], ran


@test
def messages_made_to_torture_parsers_end_in_a_verdict_or_in_an_error():
    files = sorted(p for p in shared("sip").rglob("*") if p.is_file() and p.name != "index.tsv")
    ran = verify("--json", *files, status=65)
    requests = len(files) + len([p for p in files if p.name == "dblreq.dat"])  # two in a datagram: two in a file
    assert ran.err == "" and len(ran.json()) == requests, (requests, ran.err[:1000])
    assert not [v for v in ran.json() if v.get("verdict") == "genuine"]


# ---- errors ----

@test
def input_that_is_no_call_says_so_and_the_rest_is_judged():
    good = file_of(invite([lab().identity()]), "good.sip")
    cases = {
        "empty.sip": "", "text.sip": "hello\n", "noise.sip": bytes(range(256)),
        "response.sip": "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n"
                        "To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n",
        "options.sip": invite().replace("INVITE", "OPTIONS"),
        "dialog.sip": invite().replace("To: <sip:+12155550131@term.example;user=phone>",
                                       "To: <sip:+12155550131@term.example;user=phone>;tag=9"),
        "nofrom.sip": "\r\n".join(l for l in invite().split("\r\n") if not l.startswith("From")),
        "huge.sip": invite(extra=["X: " + "y" * 70000]),
    }
    for name, text in cases.items():
        bad = file_of(text, name)
        ran = verify("--json", bad, good, status=65)
        objects = ran.json()
        assert len(objects) == 2 and list(objects[0])[0] == "error" and objects[0]["error"], (name, ran)
        assert objects[1]["verdict"] == "genuine" and ran.err == "", (name, ran)
        ran = verify(bad, status=65)
        assert ran.out == "" and name in ran.err and ran.err.endswith(".\n"), (name, ran)
    ran = verify("--json", lab().dir / "absent.sip", good, status=65)
    assert "error" in ran.json()[0] and ran.json()[1]["verdict"] == "genuine", ran
    verify("--json", lab().dir, status=65)


@test
def wrong_usage_is_64_with_a_sentence_and_no_output():
    path = file_of(invite())
    empty = file_of("", "empty.pem")
    for args in (["--nonsense"], ["-x"], ["--at"], ["--json=yes"], ["--least-attestation", "D"], ["--least-attestation", ""],
                 ["--least-attestation", "AB"], ["--orig", CALLER], ["--dest", CALLED], ["--orig", "alice", "--dest", CALLED],
                 ["--orig", CALLER, "--dest", "1-800-FLOWERS"], ["--trust", "/nonexistent/roots.pem"], ["--trust", empty],
                 ["--cert", "/nonexistent/chain.pem"], ["--cert", empty], ["--certs", "/nonexistent"],
                 ["--certs", path], ["--config", "/nonexistent/bonafide.conf"]):
        ran = bonafide("verify", *args, path, status=64)
        assert ran.out == "" and ran.err.startswith("bonafide verify: ") and ran.err.count("\n") >= 1, ran


@test
def usage_outranks_verdicts_and_no_input_outranks_usage_of_none():
    good = file_of(invite([lab().identity()], called="12155550199"), "broken.sip")
    text = file_of("hello", "text.sip")
    verify(good, text, status=65)
    verify(text, good, status=65)


@test
def a_full_disk_is_our_own_failure():
    path = file_of(invite())
    with open("/dev/full", "w") as full:
        done = subprocess.run([str(harness.PROGRAM), "verify", "--json", "--offline", str(path)], stdout=full,
                              stderr=subprocess.PIPE, check=False)
    assert done.returncode == 70, done


# ---- options ----

@test
def no_chain_and_cert_say_lab():
    text = invite([lab().identity()])
    v = verdict(text, "--no-chain", status=0)
    assert v["verdict"] == "genuine" and v["lab"] is True, v
    ran = bonafide("verify", "--json", "--offline", "--trust", lab().root, "--cert", lab().chain, file_of(text), status=0)
    assert ran.json()[0]["verdict"] == "genuine" and ran.json()[0]["lab"] is True, ran
    ran = bonafide("verify", "--json", "--offline", "--no-chain", "--cert", lab().chain, file_of(text), status=0)
    assert ran.json()[0]["verdict"] == "genuine" and ran.json()[0]["lab"] is True, ran


@test
def a_chain_of_another_root_is_broken():
    other = harness.Lab("Nobody")
    try:
        ran = bonafide("verify", "--json", "--offline", "--trust", other.root, "--certs", lab().certs,
                       file_of(invite([lab().identity()])), status=2)
        assert ran.json()[0]["identities"][0]["code"] == 437, ran
        # both roots: trusted again
        ran = bonafide("verify", "--json", "--offline", "--trust", other.root, "--trust", lab().root, "--certs", lab().certs,
                       file_of(invite([lab().identity()])), status=0)
    finally:
        other.close()


@test
def anchors_may_be_a_directory():
    anchors = lab().dir / "anchors"
    anchors.mkdir()
    (anchors / "root.pem").write_bytes(lab().root.read_bytes())
    ran = bonafide("verify", "--json", "--offline", "--trust", anchors, "--certs", lab().certs,
                   file_of(invite([lab().identity()])), status=0)
    assert ran.json()[0]["verdict"] == "genuine", ran


@test
def offline_means_offline():
    value = lab().identity(x5u="https://127.0.0.1/nothing.pem")
    v = verdict(invite([value]))
    assert v["verdict"] != "genuine" and v["identities"][0]["code"] == 436, v


class Repository:
    """A certificate repository over HTTP on loopback; what it does with each path is `paths`."""

    def __init__(self, paths):
        repository = self
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                repository.asked.append(self.path)
                answer = paths.get(self.path)
                if callable(answer):
                    answer(self)
                    return
                self.send_response(200 if answer else 404)
                self.send_header("Content-Length", str(len(answer or b"")))
                self.end_headers()
                self.wfile.write(answer or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def fetching(text, *args, status=None):
    ran = bonafide("verify", "--json", "--lab-urls", "--trust", lab().root, *args, file_of(text), status=status)
    (v,) = ran.json()
    return v


@test
def certificates_are_fetched_once_for_all_calls_of_a_run():
    with Repository({"/1234.pem": lab().chain.read_bytes()}) as repository:
        url = repository.url("/1234.pem")
        files = [file_of(invite([lab().identity(x5u=url, iat=NOW + n)], call_id=f"f{n}"), f"fetch{n}.sip") for n in range(3)]
        ran = bonafide("verify", "--json", "--lab-urls", "--trust", lab().root, *files, status=0)
        assert [v["verdict"] for v in ran.json()] == ["genuine"] * 3, ran
        assert repository.asked == ["/1234.pem"], repository.asked


@test
def a_certificate_that_is_not_to_be_had_is_436_within_the_budget():
    silent = threading.Event()
    paths = {"/silent.pem": lambda handler: silent.wait(60), "/text.pem": b"hello"}
    with Repository(paths) as repository:
        for path in ("/absent.pem", "/text.pem", "/silent.pem"):
            begin = time.monotonic()
            v = fetching(invite([lab().identity(x5u=repository.url(path))]), status=1)
            assert v["verdict"] == "unproven" and v["verstat"] == "No-TN-Validation", v
            assert v["identities"][0]["code"] == 436, v
            assert time.monotonic() - begin < 30, path
        silent.set()


@test
def a_chain_at_hand_is_asked_before_the_network():
    with Repository({}) as repository:
        url = repository.url("/1234.pem")
        path = lab().publish(url, lab().chain.read_bytes())
        v = fetching(invite([lab().identity(x5u=url)]), "--certs", lab().certs, status=0)
        path.unlink()
        assert v["verdict"] == "genuine" and repository.asked == [], repository.asked


@test
def without_lab_urls_loopback_is_never_asked():
    with Repository({"/1234.pem": lab().chain.read_bytes()}) as repository:
        text = invite([lab().identity(x5u=repository.url("/1234.pem"))])
        ran = bonafide("verify", "--json", "--trust", lab().root, file_of(text))
        assert ran.json()[0]["verdict"] != "genuine" and repository.asked == [], ran


@test
def least_attestation_b_takes_b():
    text = invite([lab().identity(attest="B")])
    assert verdict(text, status=1)["verdict"] == "unproven"
    v = verdict(text, "--least-attestation", "B", status=0)
    assert v["verdict"] == "genuine" and v["attest"] == "B" and v["lab"] is False, v


@test
def a_configuration_brings_its_trust_domains():
    config = lab().dir / "bonafide.yaml"
    config.write_text(f"trust:\n  domains:\n    - {{name: here, anchors: [\"{lab().root}\"]}}\n"
                      f"x5u: {{certs_dir: \"{lab().certs}\"}}\nleast_attestation: B\n")
    path = file_of(invite([lab().identity(attest="B")]))
    v = bonafide("verify", "--json", "--offline", "--config", config, path, status=0).json()[0]
    assert v["verdict"] == "genuine" and v["trust_domain"] == "here" and v["attest"] == "B", v
    v = bonafide("verify", "--json", "--offline", "--config", config, "--least-attestation", "A", path, status=1).json()[0]
    assert v["verdict"] == "unproven", v
    config.write_text("trust: {domain: []}\n")
    ran = bonafide("verify", "--json", "--config", config, path, status=64)
    assert "bonafide.yaml:1" in ran.err and ran.out == "", ran


# ---- words ----

@test
def one_call_is_told_in_full_and_several_in_a_line_each():
    good = file_of(invite([lab().identity()]), "good.sip")
    plain = file_of(invite(call_id="plain"), "plain.sip")
    ran = verify(good, status=0)
    assert "genuine" in ran.out and "signature" in ran.out and len(ran.out.splitlines()) > 5, ran
    ran = verify(good, plain, status=1)
    lines = ran.out.splitlines()
    assert len(lines) == 2 and "genuine" in lines[0] and "unproven" in lines[1], ran


@test
def every_request_of_a_file_is_judged():
    good, plain = invite([lab().identity()]).encode(), invite(call_id="plain").encode()
    shown = invite(call_id="shown").encode()
    held = good.replace(b"Content-Length: 0\r\n\r\n",
                        b"Content-Type: message/sip\r\nContent-Length: %d\r\n\r\n" % len(shown) + shown)
    assert held != good
    rows = (("one behind the other", good + plain, [0, 1]),
            ("the other first", plain + good, [1, 0]),
            ("blank lines between them", good + b"\r\n\r\n" + plain + b"\r\n", [0, 1]),
            ("bare LF", (good + plain + plain).replace(b"\r\n", b"\n"), [0, 1, 1]),
            ("the last empty line is missing", good[:-2] + plain, [0, 1]),
            ("no Content-Length", good.replace(b"Content-Length: 0\r\n", b"") + plain, [0, 1]),
            ("a request within a body is none", held + plain, [0, 1]),
            ("a body without a line end", held[:-4].replace(b": %d" % len(shown), b": %d" % (len(shown) - 4)) + plain, [0, 1]),
            ("one only", held, [0]))
    names = ["genuine", "unproven"]
    for what, text, want in rows:
        ran = verify("--json", file_of(text, "several.sip"), status=max(want))
        assert [v["verdict"] for v in ran.json()] == [names[n] for n in want], (what, ran)
    broken = file_of(good + plain.replace(b"CSeq: 1", b"CSeq: x") + b"SIP/2.0 200 OK\r\n\r\n", "several.sip")
    ran = verify("--json", broken, status=65)
    assert [v.get("verdict") for v in ran.json()] == ["genuine", None, None], ran
    lines = [good.count(b"\n") + 1, (good + plain).count(b"\n") + 1]
    assert [v["at"] for v in ran.json()[1:]] == lines, (lines, ran)
    assert f"several.sip:{lines[0]}: " in verify(broken, status=65).err
    assert len(verify(file_of(plain * 300, "several.sip"), status=1).out.splitlines()) == 300
    assert "64 KiB" in verify(file_of(good + plain + b"a" * 66000, "several.sip"), status=65).err


@test
def colour_only_on_a_terminal():
    path = file_of(invite([lab().identity()]))
    args = ("verify", "--offline", "--trust", lab().root, "--certs", lab().certs, path)
    assert "\033[" not in bonafide(*args).out
    assert "\033[" in harness.on_terminal(*args)
    assert "\033[" not in harness.on_terminal("verify", "--no-color", *args[1:])
    assert "\033[" not in harness.on_terminal(*args, env={"NO_COLOR": "1"})
    assert "\033[" not in harness.on_terminal(*args, env={"TERM": "dumb"})
    assert "\033[" not in harness.on_terminal("verify", "--json", *args[1:])


@test
def a_name_cannot_reach_the_terminal():
    ran = verify(file_of(invite([lab().identity()], name="\x1b[2J\x07evil")))
    assert "\x1b" not in ran.out and "\x07" not in ran.out, repr(ran.out)


@test
def help_begins_with_an_example():
    ran = bonafide("verify", "--help", status=0)
    assert ran.out.startswith("bonafide verify ") and "usage:" in ran.out, ran
    for option in ("--json", "--at", "--offline", "--trust", "--cert", "--certs", "--no-chain", "--least-attestation",
                   "--orig", "--dest", "--config"):
        assert f"  {option}" in ran.out, option


if __name__ == "__main__":
    try:
        harness.run_tests(harness.tests_of(sys.modules[__name__]))
    finally:
        if LAB:
            LAB.close()
        if REAL:
            shutil.rmtree(REAL.dir)
