# SPDX-License-Identifier: Apache-2.0
"""`bonafide sign` and `bonafide inspect`: what is signed is held by OpenSSL and by `verify`; what is shown is what is there."""
import base64
import json
import re
import subprocess
import time

from harness import (CALLED, CALLER, DATE, NOW, URL, Lab, bonafide, invite, openssl, run_tests, shared, test, tests_of)

LAB = None


def lab():
    global LAB
    LAB = LAB or Lab()
    return LAB


def sign(*args, status=0, stdin=b"", **kwargs):
    return bonafide("sign", "--key", lab().key, "--x5u", URL, *args, status=status, stdin=stdin, **kwargs)


def decode(segment):
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def file(name, text):
    path = lab().dir / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def der_of(signature):
    def integer(part):
        body = part.lstrip(b"\0") or b"\0"
        body = (b"\0" if body[0] & 0x80 else b"") + body
        return b"\2" + bytes([len(body)]) + body
    both = integer(signature[:32]) + integer(signature[32:])
    return b"\x30" + bytes([len(both)]) + both


def openssl_holds(token):
    signed, _, signature = token.rpartition(".")
    public = file("public.pem", openssl("pkey", "-in", lab().key, "-pubout"))
    sig = file("signature.der", der_of(decode(signature)))
    message = file("message", signed)
    done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", public, "-signature", sig, message],
                          capture_output=True, check=False)
    return done.returncode == 0


@test
def what_is_signed_says_what_was_asked_and_openssl_holds_it():
    out = sign("--orig", CALLER, "--dest", CALLED, "--attest", "B", "--iat", NOW, "--origid",
               "123E4567-E89B-12D3-A456-426655440000").out
    match = re.fullmatch(r'([\w-]+)\.([\w-]+)\.([\w-]{86});info=<(.*)>;alg=ES256;ppt="shaken"\n', out)
    assert match, out
    assert match[4] == URL
    assert decode(match[1]) == (b'{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"%s"}' % URL.encode())
    assert decode(match[2]) == (b'{"attest":"B","dest":{"tn":["%s"]},"iat":%d,"orig":{"tn":"%s"},'
                                b'"origid":"123e4567-e89b-12d3-a456-426655440000"}'
                                % (CALLED.encode(), NOW, CALLER.encode()))
    assert openssl_holds(out.split(";")[0])


@test
def pp_055_the_signing_input_of_the_published_vector_is_byte_exact():
    out = bonafide("sign", "--key", lab().key, "--x5u", "https://cert.example.org/passport.cer", "--orig",
                   "+1 215-555-0121", "--dest", "12155550131", "--attest", "A", "--iat", "2015-09-25T19:12:25Z",
                   "--origid", "123e4567-e89b-12d3-a456-426655440000", status=0).out
    assert out.rpartition(".")[0].startswith(
        "eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3Bhc3Nw"
        "b3J0LmNlciJ9.eyJhdHRlc3QiOiJBIiwiZGVzdCI6eyJ0biI6WyIxMjE1NTU1MDEzMSJdfSwiaWF0IjoxNDQzMjA4MzQ1LCJvcmlnIjp7InRuIjoi"
        "MTIxNTU1NTAxMjEifSwib3JpZ2lkIjoiMTIzZTQ1NjctZTg5Yi0xMmQzLWE0NTYtNDI2NjU1NDQwMDAwIn0."), out


@test
def without_an_attestation_nothing_is_signed():
    ran = sign("--orig", CALLER, "--dest", CALLED, status=64)
    assert ran.out == "" and "--attest" in ran.err and ran.err.startswith("bonafide sign: ")


@test
def wrong_usage_is_told_in_a_sentence_and_signs_nothing():
    for args, word in ((["--orig", CALLER, "--dest", CALLED, "--attest", "D"], "A, B or C"),
                       (["--orig", CALLER, "--attest", "A"], "--dest"),
                       (["--dest", CALLED, "--attest", "A"], "--orig"),
                       (["--attest", "A"], "--sip"),
                       (["--orig", CALLER, "--dest", CALLED, "--attest", "A", "--iat", "yesterday"], "yesterday"),
                       (["--orig", CALLER, "--dest", CALLED, "--attest", "A", "--origid", "ref"], "UUID"),
                       (["--orig", CALLER, "--dest", CALLED, "--attest", "A", "--origid", "x" * 36], "UUID"),
                       (["--orig", "Bob", "--dest", CALLED, "--attest", "A"], ""),
                       (["--orig", "sip:bob@b.example", "--dest", CALLED, "--attest", "A"], "number"),
                       (["--orig", CALLER, "--dest", CALLED, "--attest", "A", "extra"], "extra"),
                       (["--sip", "x", "--orig", CALLER, "--attest", "A"], "--orig")):
        ran = sign(*args, status=64)
        assert ran.out == "" and word in ran.err and ran.err.count("\n") == 1, ran
    for args, word in ((["--x5u", URL], "--key"), (["--key", "k"], "--x5u"),
                       (["--key", lab().key, "--x5u", "ftp://x/y"], "x5u")):
        ran = bonafide("sign", "--orig", CALLER, "--dest", CALLED, "--attest", "A", *args, status=64)
        assert ran.out == "" and word in ran.err, ran


@test
def sec_056_a_key_that_others_can_read_is_refused():
    key = file("open.key", lab().key.read_bytes())
    key.chmod(0o644)
    ran = bonafide("sign", "--orig", CALLER, "--dest", CALLED, "--attest", "A", "--key", key, "--x5u", URL, status=65)
    assert "chmod 600" in ran.err and ran.out == ""


@test
def a_key_comes_on_standard_input_too():
    out = bonafide("sign", "--orig", CALLER, "--dest", CALLED, "--attest", "A", "--key", "-", "--x5u", URL, status=0,
                   stdin=lab().key.read_bytes()).out
    assert openssl_holds(out.split(";")[0])


@test
def iat_is_now_and_origid_new_unless_they_are_given():
    seen = set()
    for _ in range(5):
        before = int(time.time())
        claims = json.loads(sign("--orig", CALLER, "--dest", CALLED, "--attest", "A", "--json").out)
        assert before <= claims["iat"] <= int(time.time())
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", claims["origid"])
        seen.add(claims["origid"])
    assert len(seen) == 5


@test
def json_says_the_same_as_the_token():
    answer = json.loads(sign("--orig", "+1 (215) 555-0121", "--dest", CALLED, "--dest", "12025550100", "--dest",
                             "urn:service:sos", "--attest", "C", "--iat", NOW, "--json").out)
    claims = json.loads(decode(answer["identity"].split(".")[1]))
    assert claims["dest"] == {"tn": ["12025550100", CALLED], "uri": ["urn:service:sos"]}
    assert sorted(answer["dest"]["tn"]) == sorted(claims["dest"]["tn"]) and answer["dest"]["uri"] == claims["dest"]["uri"]
    for name in ("attest", "iat", "orig", "origid"):
        assert answer[name] == claims[name], name
    assert answer["x5u"] == URL and answer["ppt"] == "shaken"


@test
def a_signed_request_is_genuine_to_verify():
    for eol in ("\r\n", "\n"):
        request = file("invite.sip", invite(eol=eol))
        signed = sign("--sip", request, "--attest", "A", "--iat", NOW).out
        assert signed.replace("\r\n", "\n").count("\nIdentity: ") == 1
        path = lab().dir / "signed.sip"
        path.write_bytes(signed.encode())
        verdict = bonafide("verify", "--json", "--trust", lab().root, "--certs", lab().certs, "--at", NOW, "--offline",
                           path, status=0).json()[0]
        assert verdict["verdict"] == "genuine" and verdict["attest"] == "A", verdict


@test
def id_105_all_else_of_the_request_stays_as_it_is():
    for eol in ("\r\n", "\n"):
        text = invite(eol=eol, body="v=0\r\no=- 0 0 IN IP4 192.0.2.10\r\n",
                      extra=["Identity: eyJhbGciOiJub25lIn0.e30.AA;info=<https://other.example/x>;ppt=div"])
        done = subprocess.run([str(bonafide.__globals__["PROGRAM"]), "sign", "--key", lab().key, "--x5u", URL, "--attest",
                               "A", "--iat", str(NOW), "--sip", "-"], input=text.encode(), capture_output=True, check=True)
        signed = done.stdout.decode()
        added = re.search(r"Identity: [^\r\n]*;ppt=\"shaken\"" + eol, signed)
        line = added[0]
        assert signed.replace(eol + line, eol, 1) == text or signed.replace(line, "", 1) == text, signed


@test
def dt_001_a_date_is_added_where_there_is_none_and_says_iat():
    request = file("nodate.sip", invite(date=None))
    signed = sign("--sip", request, "--attest", "A", "--iat", NOW).out
    assert f"Date: {DATE}\n" in signed.replace("\r\n", "\n")
    assert json.loads(decode(signed.split("\nIdentity: ")[1].split(".")[1]))["iat"] == NOW


@test
def dt_001_dt_003_a_stale_date_is_not_signed_unless_a_time_is_given():
    request = file("stale.sip", invite())
    ran = sign("--sip", request, "--attest", "A", status=65)
    assert ran.out == "" and "stale" in ran.err
    ran = sign("--sip", file("bad.sip", invite(date="Fri, 25 Sep 2015 19:12:25 CET")), "--attest", "A", status=65)
    assert ran.out == "" and "Date" in ran.err
    fresh = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - 20))
    signed = sign("--sip", file("fresh.sip", invite(date=fresh)), "--attest", "A", "--json").json()[0]
    assert abs(signed["iat"] - (time.time() - 20)) < 5
    assert "message" in signed and signed["identity"] in signed["message"]


@test
def shk_020_shk_021_the_asserted_number_is_signed_and_the_called_one_is_the_request_uri():
    text = invite(caller="12025550199").replace("P-Asserted-Identity: <sip:+12025550199", f"P-Asserted-Identity: <sip:+{CALLER}")
    text = text.replace(f"To: <sip:+{CALLED}", "To: <sip:+12025550177")
    signed = sign("--sip", file("pai.sip", text), "--attest", "A", "--iat", NOW, "--json").json()[0]
    assert signed["orig"] == {"tn": CALLER} and signed["dest"] == {"tn": [CALLED]}


@test
def shk_024_two_assertions_must_name_one_number():
    both = [f"P-Asserted-Identity: <tel:+{CALLER}>"]
    signed = sign("--sip", file("two.sip", invite(extra=both)), "--attest", "A", "--iat", NOW, "--json").json()[0]
    assert signed["orig"] == {"tn": CALLER}
    differ = invite(caller="12025550111", extra=["P-Asserted-Identity: <tel:+12025550199>"])
    ran = sign("--sip", file("differ.sip", differ), "--attest", "A", "--iat", NOW, "--json", status=None)
    assert ran.status == 65 or ran.json()[0]["orig"] == {"tn": "12025550111"}, ran  # From's, never the second one


@test
def shk_025_an_anonymous_caller_is_signed_by_the_asserted_number():
    text = invite(extra=["Privacy: id"]).replace(f"<sip:+{CALLER}@orig.example;user=phone>;tag",
                                                "<sip:anonymous@anonymous.invalid>;tag")
    signed = sign("--sip", file("anonymous.sip", text), "--attest", "A", "--iat", NOW, "--json").json()[0]
    assert signed["orig"] == {"tn": CALLER} and "anonymous.invalid" in signed["message"]


@test
def shk_026_no_number_no_signature():
    text = re.sub(r"P-Asserted-Identity: [^\r\n]*\r\n", "", invite()).replace(f"sip:+{CALLER}@orig.example;user=phone",
                                                                              "sip:anonymous@anonymous.invalid")
    ran = sign("--sip", file("nobody.sip", text), "--attest", "A", "--iat", NOW, status=65)
    assert ran.out == ""


@test
def requests_that_cannot_be_signed_are_told_why():
    held = lab().identity()
    for text, word in ((invite([held]), "already"),
                       (invite().replace("INVITE", "MESSAGE"), "INVITE"),
                       ("hello", "SIP"),
                       (invite().replace(f"sip:+{CALLER}@orig.example;user=phone", "sip:alice@orig.example"), "number")):
        ran = sign("--sip", file("bad.sip", text), "--attest", "A", "--iat", NOW, status=65)
        assert ran.out == "" and word in ran.err, ran
    ran = sign("--sip", lab().dir / "absent.sip", "--attest", "A", status=65)
    assert "No such file" in ran.err


# ---- inspect ----

def inspect(*args, stdin=b"", status=0):
    return bonafide("inspect", "--json", *args, stdin=stdin, status=status).json()


def rows(page, section):
    return {row["name"]: row["value"] for row in page["rows"] if row["section"] == section}


@test
def a_token_is_explained_and_its_signature_checked_apart():
    value = lab().identity()
    page = inspect(value, "--cert", lab().chain)[0]
    assert (page["kind"], page["sound"], page["signature"]) == ("identity", True, "holds"), page
    assert rows(page, "Payload")["attest"] == "A" and rows(page, "Header")["x5u"] == URL
    page = inspect(value.split(";")[0], "--key", file("public.pem", openssl("pkey", "-in", lab().key, "-pubout")))[0]
    assert (page["kind"], page["signature"]) == ("token", "holds")
    assert inspect(value, "--certs", lab().certs)[0]["signature"] == "holds"
    assert inspect(value)[0]["signature"] == "unchecked"
    assert inspect(value, "--cert", lab().root)[0]["signature"] == "unchecked"  # no key that may sign calls
    forged = lab().identity(attest="C").split(";")[0].rpartition(".")[0] + "." + value.split(";")[0].rpartition(".")[2]
    page = inspect(forged, "--cert", lab().chain)[0]
    assert (page["sound"], page["signature"]) == (True, "fails")


@test
def a_refused_token_is_explained_with_the_byte_and_the_reason():
    claims = {"dest": {"tn": [CALLED]}, "iat": str(NOW), "orig": {"tn": CALLER}}
    value = lab().identity(header={"alg": "ES256", "typ": "passport", "x5u": URL}, claims=claims)
    page = inspect(value.split(";")[0], "--cert", lab().chain)[0]
    text = json.dumps(claims, separators=(",", ":"))
    assert page["signature"] == "holds" and page["sound"] is False
    assert page["fault"]["in"] == "payload" and page["fault"]["at"] == text.index('"%d"' % NOW), page
    ran = bonafide("inspect", value.split(";")[0], status=0)
    assert "Refused: iat" in ran.out and "^" in ran.out
    for thing, where, at in ((value.replace(";info", ",info"), "value", value.index(";info")),
                             ("eyJhbGci+.e30.AA", "token", 8),
                             ("https://u@a.example/x", "URL", None)):
        page = inspect(thing)[0]
        assert page["sound"] is False and page["fault"]["in"] == where, page
        assert at is None or page["fault"]["at"] == at, page


@test
def parameters_that_contradict_the_token_are_told():
    value = lab().identity().replace(f"<{URL}>", "<https://other.example/x>").replace('"shaken"', "div")
    meanings = {row["name"]: row.get("meaning", "") for row in inspect(value)[0]["rows"]
                if row["section"] == "Parameters of the header"}
    assert "differs" in meanings["info"] and "differs" in meanings["ppt"]


@test
def things_are_known_by_what_they_hold():
    header = "Identity: " + lab().identity()
    request = invite([lab().identity(), lab().identity(attest="C")])
    der = openssl("x509", "-in", lab().chain, "-outform", "DER")
    for name, data, kinds in (("header", header, ["identity"]), ("y", "y: " + lab().identity(), ["identity"]),
                              ("invite", request, ["identity", "identity"]), ("chain", lab().chain.read_bytes(), ["certificate"] * 2),
                              ("der", der, ["certificate"]), ("key", lab().key.read_bytes(), ["key"])):
        assert [page["kind"] for page in inspect(file(name, data))] == kinds, name
        assert [page["kind"] for page in inspect("-", stdin=data.encode() if isinstance(data, str) else data)] == kinds, name
    assert inspect(URL)[0]["kind"] == "url" and inspect("tel:+12155550121")[0]["kind"] == "uri"
    for thing in ("hello", str(file("empty", "")), str(file("noise", bytes(range(256))))):
        assert bonafide("inspect", thing, status=65).out == ""
    assert bonafide("inspect", status=64).out == ""


@test
def a_certificate_says_what_it_speaks_for_and_who_signed_it():
    leaf, issuer = inspect(lab().chain)
    assert rows(leaf, "Speaks for") == {"SPC": "1234"} and leaf["sound"] and leaf["signature"] == "holds"
    assert issuer["signature"] == "unchecked"
    assert inspect(lab().chain, "--cert", lab().root)[1]["signature"] == "holds"
    openssl_print = openssl("x509", "-in", lab().chain, "-noout", "-fingerprint", "-sha256").decode()
    assert rows(leaf, "Certificate")["SHA-256"] == openssl_print.split("=")[1].strip().replace(":", "").lower()


@test
def sec_056_a_private_key_is_never_shown():
    ran = bonafide("inspect", lab().key, status=0)
    secret = "".join(lab().key.read_text().splitlines()[1:-1])
    assert secret[40:60] not in ran.out and "private key" in ran.out


@test
def sec_048_control_bytes_of_a_token_reach_no_terminal():
    claims = {"attest": "A", "dest": {"tn": [CALLED]}, "iat": NOW, "orig": {"tn": CALLER}, "origid": "x\r\n\x1b[31mIdentity: y",
              "a\x1bb": "\x07"}
    ran = bonafide("inspect", lab().identity(claims=claims), status=0)
    assert "\x1b" not in ran.out and "\x07" not in ran.out and "\r" not in ran.out and "\nIdentity: y" not in ran.out


@test
def every_token_of_the_material_is_explained():
    for path in sorted(shared("tokens").glob("*.json")):
        material = json.loads(path.read_text())
        key = material.get("key_or_cert_file")
        args = []
        if key:
            args = ["--key" if key.endswith(("public.pem", "private.pem")) else "--cert", shared("tokens") / key]
        page = inspect(material["token"], *args)[0]
        expected = material["expected"]
        if expected.startswith("VALID"):
            assert page["signature"] == "holds", (path, page)
        if expected.startswith("INVALID"):
            assert page["signature"] in ("fails", "unchecked"), (path, page)


@test
def real_certificates_and_weird_ones_are_explained():
    for path in sorted(shared("certs/weird").glob("*.der"))[:60]:
        ran = bonafide("inspect", "--json", path)
        assert ran.status in (0, 65), ran
        assert all(page["kind"] == "certificate" for page in ran.json())
    assert len(inspect(shared("certs/roots.pem"))) >= 18
    assert inspect(shared("certs/stipa-crl-signer.pem"))[0]["kind"] == "certificate"


@test
def a_revocation_list_is_explained_and_its_signature_checked_with_its_issuer():
    revoked = openssl("x509", "-in", lab().chain, "-noout", "-serial").decode().split("=")[1].strip()
    (lab().dir / "ca-crl-number").write_text("1f\n")
    config = file("crl.cnf", (lab().dir / "ca-ee.cnf").read_text().replace(
        "[here]", f"[here]\ncrlnumber={lab().dir}/ca-crl-number\ndefault_crl_days=30"))
    openssl("ca", "-config", config, "-revoke", lab().dir / "ee.pem")
    pem = file("list.pem", openssl("ca", "-config", config, "-gencrl"))
    der = file("list.der", openssl("crl", "-in", pem, "-outform", "DER"))
    for path in (pem, der):
        page = inspect(path, "--cert", lab().chain)[0]
        assert page["kind"] == "crl" and page["signature"] == "holds", page
        assert rows(page, "Revoked")["serial"].upper() == revoked and rows(page, "Revoked")["entries"] == "1"
        assert rows(page, "List")["number"] == "1f"
    assert inspect(pem)[0]["signature"] == "unchecked"
    far = inspect(pem, "--at", "2100-01-01T00:00:00Z")[0]
    assert any("overdue" in row.get("meaning", "") for row in far["rows"])
    forged = bytearray(der.read_bytes())
    forged[-1] ^= 1
    assert inspect(file("forged.der", bytes(forged)), "--cert", lab().chain)[0]["signature"] == "fails"


@test
def numbers_and_ranges_of_a_certificate_are_explained():
    profile = file("tn.cnf", "[req]\ndistinguished_name=dn\n[dn]\n[x]\nkeyUsage=critical,digitalSignature\n"
                             "basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:sip.example\n"
                             # one +12155550121, and ten from 12155550130 on
                             "1.3.6.1.5.5.7.1.26=DER:30:23:A2:0D:16:0B:31:32:31:35:35:35:35:30:31:32:31:"
                             "A1:12:30:10:16:0B:31:32:31:35:35:35:35:30:31:33:30:02:01:0A\n")
    cert = file("tn.pem", openssl("req", "-x509", "-new", "-key", lab().key, "-subj", "/CN=SHAKEN", "-config", profile,
                                  "-extensions", "x", "-days", "30"))
    page = inspect(cert)[0]
    assert rows(page, "Speaks for") == {"number": "12155550121", "range": "12155550130"}, page
    assert any("10 numbers" in row.get("meaning", "") for row in page["rows"])
    assert page["signature"] == "holds" and "itself" in page["signature_why"]
    assert "sip.example" in rows(page, "Extensions")["other names"]
    broken = file("broken.cnf", profile.read_text().replace("DER:30:23", "DER:30:22"))
    cert = file("broken.pem", openssl("req", "-x509", "-new", "-key", lab().key, "-subj", "/CN=SHAKEN", "-config", broken,
                                      "-extensions", "x", "-days", "30"))
    assert rows(inspect(cert)[0], "Speaks for") == {"TNAuthList": "malformed"}


@test
def certificates_that_cannot_sign_calls_say_why():
    for options, kind in ((("-newkey", "rsa:2048"), "RSA"), (("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"), "ECDSA")):
        cert = file("other.pem", openssl("req", "-x509", "-nodes", *options, "-keyout", lab().dir / "other.key", "-subj", "/CN=x",
                                         "-addext", "basicConstraints=critical,CA:FALSE", "-days", "30"))
        page = inspect(cert)[0]
        assert page["sound"] is False and "P-256" in page["fault"]["what"], page
        assert rows(page, "Certificate")["key"].startswith(kind)
        assert bonafide("inspect", cert, status=0).out.count("Refused: ") == 1
        ran = bonafide("inspect", lab().identity(), "--key", lab().dir / "other.key", status=65)
        assert "P-256" in ran.err and ran.out == ""


@test
def the_chain_is_fetched_only_when_asked():
    import http.server
    import threading

    class Repository(http.server.SimpleHTTPRequestHandler):
        asked = []

        def do_GET(self):
            Repository.asked.append(self.path)
            body = lab().chain.read_bytes() if self.path == "/1234.pem" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/pem-certificate-chain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Repository)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/1234.pem"
    try:
        value = lab().identity(x5u=url)
        assert inspect(value)[0]["signature"] == "unchecked" and Repository.asked == []
        ran = bonafide("inspect", "--json", value, "--fetch", status=0)  # not an address that may be asked
        assert ran.json()[0]["signature"] == "unchecked" and ran.err and Repository.asked == []
        assert inspect(value, "--fetch", "--lab-urls")[0]["signature"] == "holds" and Repository.asked == ["/1234.pem"]
        assert inspect("-", "--fetch", "--lab-urls", stdin=value.split(";")[0].encode())[0]["signature"] == "holds"
        missing = bonafide("inspect", "--json", lab().identity(x5u=url + "x"), "--fetch", "--lab-urls", status=0)
        assert missing.json()[0]["signature"] == "unchecked" and missing.err
    finally:
        server.shutdown()
        server.server_close()


@test
def urls_and_uris_are_explained():
    for url, use in ((URL, "allowed"), ("http://127.0.0.1:8081/x.pem", "lab"), ("ftp://a.example/x", "refused"),
                     ("https://a.example/x?y", "refused")):
        assert rows(inspect(url)[0], "URL")["use"] == use, url
    for uri, name, value in (("tel:+1-215-555-0121", "number", "+12155550121"),
                             ("sip:+1(215)5550121@a.example;user=phone", "number", "+12155550121"),
                             ("sip:Alice:secret@EXAMPLE.com:5060;transport=tcp?X=y", "canonical", "sip:alice@example.com"),
                             ("urn:service:sos", "canonical", "urn:service:sos")):
        assert rows(inspect(uri)[0], "URI")[name] == value, uri
    assert inspect("sip:")[0]["sound"] is False


@test
def tn_004_numbers_are_explained():
    for number, wanted in (("+33123456789", {"number": "+33123456789", "tn": "33123456789", "country": "FR", "possible": "yes"}),
                           ("+1 115 555 0121", {"country": "US", "possible": "no"}), ("+2101234567", {"country": "none", "possible": "no"}),
                           ("2155550121", {"country": "not known"}), ("+3310200123456789", {"tn": "33123456789", "ported": "10200"})):
        found = rows(inspect(number)[0], "Number")
        assert {name: found.get(name) for name in wanted} == wanted, (number, found)
    found = rows(inspect("0123456789", "--country", "FR")[0], "Number")
    assert (found["tn"], found["country"]) == ("33123456789", "FR"), found
    assert inspect("+0123456789")[0]["sound"] is False
    assert bonafide("inspect", "112", "--country", "France", status=64).out == ""


@test
def what_cannot_be_read_is_told_by_its_name():
    value = lab().identity()
    for args in (["--cert", lab().dir / "absent"], ["--key", lab().dir / "absent"], ["--cert", file("none.pem", "hello")],
                 ["--key", file("none.key", "hello")]):
        ran = bonafide("inspect", value, *args, status=65)
        assert str(args[1]) in ran.err and ran.out == "", ran
    assert bonafide("inspect", value, "--at", "noon", status=64).out == ""
    assert bonafide("inspect", lab().dir, status=65).out == ""
    assert "Identity" in bonafide("inspect", file("plain.sip", invite()), status=65).err
    big = file("big.pem", b"x" * 70000 + b"\n" + lab().chain.read_bytes())  # grows while it is read
    assert len(inspect(big)) == 2
    assert bonafide("inspect", file("huge", b"x" * (17 << 20)), status=65).out == ""
    assert "too large" in sign("--sip", file("huge.sip", b"x" * 70000), "--attest", "A", status=65).err


@test
def compact_and_keyless_tokens_say_why_they_are_not_checked():
    signature = lab().identity().split(";")[0].rpartition(".")[2]
    page = inspect(f"..{signature};info=<{URL}>;ppt=shaken", "--cert", lab().chain)[0]
    assert page["signature"] == "unchecked" and page["sound"] is False
    page = inspect(lab().identity().split(";")[0].rpartition(".")[0] + ".", "--cert", lab().chain)[0]
    assert page["signature"] == "unchecked"
    page = inspect(lab().identity().split(";")[0] + ";alg=ES384", "--cert", lab().chain)[0]
    parameters = {row["name"]: row for row in page["rows"] if row["section"] == "Parameters of the header"}
    assert parameters["info"]["value"] == "missing" and parameters["ppt"]["value"] == "missing"
    assert "not ES256" in parameters["alg"]["meaning"]


if __name__ == "__main__":
    try:
        run_tests(tests_of(__import__("__main__")))
    finally:
        if LAB:
            LAB.close()
