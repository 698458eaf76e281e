# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share: the program, TAP, and a lab made with the openssl program.

The lab is a second opinion: keys, certificates and signatures are OpenSSL's own, none of our code takes part. Its
profile is that of standards.md EX-004. A test is a function whose name is a sentence; Skip says why one could not run.
"""
import base64
import hashlib
import json
import os
import pathlib
import pty
import shutil
import subprocess
import sys
import tempfile
import traceback

BUILD = pathlib.Path(os.environ.get("BF_BUILD", "build"))
SOURCE = pathlib.Path(os.environ.get("BF_SOURCE", "."))
PROGRAM = BUILD / "bonafide"
SHARED = pathlib.Path(os.environ.get("BF_SHARED", SOURCE / "../shared/data"))

# The clock of standards.md P: Fri, 25 Sep 2015 19:12:25 GMT.
NOW = 1443208345
CALLER, CALLED = "12155550121", "12155550131"
URL = "https://certs.lab.example/1234.pem"


class Skip(Exception):
    pass


def shared(name):
    path = SHARED / name
    if not path.exists():
        raise Skip("../shared is absent")
    return path


def run_tests(tests):
    """Runs functions named in `tests`; TAP on standard output; ends the process."""
    print(f"TAP version 13\n1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        try:
            test()
            print(f"ok {number} - {name}")
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}")
        except Exception:  # an assertion, or anything else that kept it from passing
            failed += 1
            print(f"not ok {number} - {name}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
        sys.stdout.flush()
    sys.exit(1 if failed else 0)


def tests_of(module):
    """All functions of a module whose name begins with a lower-case letter and that take no argument and say `@test`."""
    return [f for f in vars(module).values() if getattr(f, "is_test", False)]


def test(function):
    function.is_test = True
    return function


class Ran:
    def __init__(self, args, done):
        self.args, self.status = args, done.returncode
        self.out, self.err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def __str__(self):
        return f"{' '.join(map(str, self.args))}\nstatus {self.status}\n--- out\n{self.out}\n--- err\n{self.err}"

    def json(self):
        return [json.loads(line) for line in self.out.splitlines()]


def bonafide(*args, stdin=b"", env=None, status=None, timeout=60):
    """Runs the program; `status`: what its exit status must be."""
    if isinstance(stdin, str):
        stdin = stdin.encode()
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR",)} | (env or {})
    done = subprocess.run([str(PROGRAM), *map(str, args)], input=stdin, capture_output=True, env=environment,
                          timeout=timeout, check=False)
    ran = Ran(args, done)
    assert done.returncode >= 0, f"killed by a signal\n{ran}"
    if status is not None:
        assert ran.status == status, f"exit status {status} was expected\n{ran}"
    return ran


def on_terminal(*args, env=None, columns=200):
    """Runs the program with a terminal as its standard output; what it wrote there."""
    import fcntl
    import struct
    import termios
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"} | (env or {})
    process = subprocess.Popen([str(PROGRAM), *map(str, args)], stdin=subprocess.DEVNULL, stdout=follower,
                               stderr=subprocess.DEVNULL, env=environment)
    os.close(follower)
    out = b""
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        out += piece
    process.wait(60)
    os.close(leader)
    return out.decode("utf-8", "replace")


# ---- a lab, by the openssl program ----

def openssl(*args, stdin=None):
    done = subprocess.run(["openssl", *map(str, args)], input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, f"openssl {args}: {done.stderr.decode('utf-8', 'replace')}"
    return done.stdout


PROFILE = """
[root]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[int]
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always
certificatePolicies=2.16.840.1.114569.1.1.4
[ee]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always
certificatePolicies=2.16.840.1.114569.1.1.4
1.3.6.1.5.5.7.1.26=DER:30:08:A0:06:16:04:31:32:33:34
[req]
distinguished_name=dn
[dn]
"""


class Lab:
    """Root, intermediate and one carrier (SPC 1234), valid from 2015 to 2040; published key of PP-052 not needed."""

    def __init__(self, name="Lab"):
        if not shutil.which("openssl"):
            raise Skip("the openssl program is absent")
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="bonafide-test-"))
        self.profile = self.dir / "profile.cnf"
        self.profile.write_text(PROFILE)
        self.root = self.dir / "root.pem"
        self._certificate("root", f"/C=US/O={name}/CN=SHAKEN ROOT", None)
        self._certificate("int", f"/C=US/O={name}/CN=SHAKEN Lab CA", "root")
        self._certificate("ee", f"/C=US/O={name} Telco/CN=SHAKEN 1234", "int")
        self.key = self.dir / "ee.key"
        self.chain = self.dir / "chain.pem"
        self.chain.write_bytes((self.dir / "ee.pem").read_bytes() + (self.dir / "int.pem").read_bytes())
        self.certs = self.dir / "certs"
        self.certs.mkdir()
        self.publish(URL, self.chain.read_bytes())

    def _certificate(self, name, subject, issuer):
        key, request, out = (self.dir / f"{name}.{end}" for end in ("key", "csr", "pem"))
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        key.chmod(0o600)
        openssl("req", "-new", "-key", key, "-subj", subject, "-config", self.profile, "-out", request)
        # `openssl x509` of 3.0 knows only days from now; `openssl ca` knows dates
        state = self.dir / f"ca-{name}"
        state.mkdir()
        (state / "index").write_text("")
        (state / "serial").write_text(hashlib.sha256(f"{self.dir}{name}".encode()).hexdigest()[:16] + "\n")
        config = self.dir / f"ca-{name}.cnf"
        signer = issuer or name
        config.write_text(PROFILE + f"""
[ca]
default_ca=here
[here]
database={state}/index
serial={state}/serial
new_certs_dir={state}
default_md=sha256
policy=any
unique_subject=no
private_key={self.dir}/{signer}.key
certificate={self.dir}/{signer}.pem
[any]
countryName=optional
organizationName=optional
commonName=supplied
""")
        openssl("ca", "-batch", "-notext", "-config", config, "-extensions", name, "-in", request, "-out", out,
                "-startdate", "20150101000000Z", "-enddate", "20400101000000Z",
                *(() if issuer else ("-selfsign",)))

    def publish(self, url, pem):
        path = self.certs / (hashlib.sha256(url.encode()).hexdigest() + ".pem")
        path.write_bytes(pem)
        return path

    def close(self):
        shutil.rmtree(self.dir)

    def sign(self, data):
        """r then s, 64 bytes."""
        der = openssl("dgst", "-sha256", "-sign", self.key, stdin=data)
        return b"".join(der_integer(der, n).to_bytes(32, "big") for n in (0, 1))

    def identity(self, orig=CALLER, dest=CALLED, attest="A", iat=NOW, x5u=URL, header=None, claims=None, origid=None):
        head = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": x5u} if header is None else header
        body = {"attest": attest, "dest": {"tn": [dest]}, "iat": iat, "orig": {"tn": orig},
                "origid": origid or "123e4567-e89b-12d3-a456-426655440000"} if claims is None else claims
        signed = b".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (head, body))
        token = signed + b"." + base64url(self.sign(signed))
        return f'{token.decode()};info=<{x5u}>;alg=ES256;ppt="shaken"'


def der_integer(der, index):
    assert der[0] == 0x30
    at = 2
    for _ in range(index):
        at += 2 + der[at + 1]
    assert der[at] == 2
    return int.from_bytes(der[at + 2:at + 2 + der[at + 1]], "big")


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


DATE = "Fri, 25 Sep 2015 19:12:25 GMT"


def invite(identities=(), caller=CALLER, called=CALLED, call_id="ex1@192.0.2.10", date=DATE, name="Lab", extra=(),
           eol="\r\n", body=""):
    lines = [
        f"INVITE sip:+{called}@term.example;user=phone SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK" + call_id.replace("@", "-"),
        "Max-Forwards: 70",
        f'From: "{name}" <sip:+{caller}@orig.example;user=phone>;tag=a1',
        f"To: <sip:+{called}@term.example;user=phone>",
        f"P-Asserted-Identity: <sip:+{caller}@orig.example;user=phone>",
        f"Call-ID: {call_id}",
        "CSeq: 1 INVITE",
        *([f"Date: {date}"] if date else []),
        "Contact: <sip:192.0.2.10:5060>",
        *[f"Identity: {value}" for value in identities],
        *extra,
        f"Content-Length: {len(body)}",
    ]
    return eol.join(lines) + eol + eol + body.replace("\r\n", eol)
