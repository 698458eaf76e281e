# SPDX-License-Identifier: Apache-2.0
"""`bonafide call` over TLS, to a phone that is Python's TLS: whom it believes, what it shows, what it says when it does not."""
import socket
import ssl
import threading

from harness import *

PLACE = tempfile.TemporaryDirectory()


def path(name):
    return os.path.join(PLACE.name, name)


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


def make_ca(name):
    openssl("req", "-x509", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path(name + ".key"),
            "-subj", "/CN=" + name, "-out", path(name + ".pem"), "-addext", "basicConstraints=critical,CA:TRUE")


def make(name, san, ca="ca"):
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path(name + ".key"),
            "-subj", "/CN=x", "-out", path(name + ".csr"))
    with open(path(name + ".ext"), "w") as f:
        f.write(f"basicConstraints=critical,CA:FALSE\nsubjectAltName={san}\n")
    openssl("x509", "-req", "-in", path(name + ".csr"), "-CA", path(ca + ".pem"), "-CAkey", path(ca + ".key"), "-CAcreateserial",
            "-days", "2", "-out", path(name + ".pem"), "-extfile", path(name + ".ext"))
    os.chmod(path(name + ".key"), 0o600)


class Phone:
    """Answers one call with 486 a few bytes at a time, and remembers the request, the SNI and the caller's certificate."""

    def __init__(self, certificate="phone", ask=False, version=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(path(certificate + ".pem"), path(certificate + ".key"))
        if ask:
            self.context.load_verify_locations(path("ca.pem"))
            self.context.verify_mode = ssl.CERT_REQUIRED
        if version:
            self.context.minimum_version = self.context.maximum_version = version
        self.context.sni_callback = lambda s, name, context: setattr(self, "sni", name)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        self.request = b""
        self.sni = self.shown = None
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            with self.door, self.context.wrap_socket(self.door.accept()[0], server_side=True) as s:
                self.shown = s.getpeercert() if self.context.verify_mode else None
                while b"\r\n\r\n" not in self.request:
                    self.request += s.recv(7)
                keep = [line for line in self.request.decode().split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
                answer = ("SIP/2.0 486 Busy Here\r\n" + "\r\n".join(keep) + "\r\nContent-Length: 0\r\n\r\n").replace("\r\nCall-ID", ";tag=t\r\nCall-ID", 1)
                for at in range(0, len(answer), 50):
                    s.sendall(answer[at:at + 50].encode())
                s.recv(1000)
        except (OSError, ssl.SSLError):
            pass


def call(phone, *args, scheme="sips:"):
    done = subprocess.run([PROGRAM, "call", "--json", "--timeout", "20000", *args, f"{scheme}127.0.0.1:{phone.port}", "unsigned"],
                          capture_output=True, text=True, timeout=60)
    phone.thread.join(10)
    return done, json.loads(done.stdout) if done.stdout else None


def sip_024_a_call_over_tls_is_answered():
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        phone = Phone(version=version)
        done, said = call(phone, "--ca", path("ca.pem"))
        assert (done.returncode, said["status"]) == (0, 486), done
        assert b"\r\nVia: SIP/2.0/TLS " in phone.request, phone.request


def the_name_is_that_of_the_address_or_the_one_asked_for():
    phone = Phone()
    said = call(phone, "--ca", path("ca.pem"), "--server-name", "phone.example", "--tls", scheme="sip:")[1]
    assert (said["status"], phone.sni) == (486, "phone.example"), said


def rfc_5922_another_name_is_refused_before_anything_is_said():
    phone = Phone()
    done, said = call(phone, "--ca", path("ca.pem"), "--server-name", "bank.example")
    assert (done.returncode, said["status"], phone.request) == (1, None, b""), done
    assert "bank.example" in said["error"], said


def a_certificate_of_another_ca_is_refused_but_for_a_laboratory():
    phone = Phone("stranger")
    done, said = call(phone, "--ca", path("ca.pem"))
    assert (said["status"], phone.request) == (None, b"") and "certificate" in said["error"], said
    phone = Phone("stranger")
    assert call(phone, "--insecure")[1]["status"] == 486


def our_own_certificate_is_shown_where_it_is_asked_for():
    phone = Phone(ask=True)
    assert call(phone, "--ca", path("ca.pem"))[1]["status"] is None
    phone = Phone(ask=True)
    said = call(phone, "--ca", path("ca.pem"), "--tls-cert", path("us.pem"), "--tls-key", path("us.key"))[1]
    assert said["status"] == 486 and ("DNS", "us.example") in phone.shown["subjectAltName"], (said, phone.shown)


def files_that_are_none_are_named():
    for args, words in ((["--ca", "/nowhere.pem"], "/nowhere.pem"),
                        (["--ca", path("ca.pem"), "--tls-cert", path("us.key"), "--tls-key", path("us.key")], "us.key")):
        done = subprocess.run([PROGRAM, "call", "--tls", *args, "127.0.0.1:9", "unsigned"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 65 and words in done.stderr, done


make_ca("ca")
make_ca("other")
make("phone", "IP:127.0.0.1,DNS:phone.example")
make("stranger", "IP:127.0.0.1", "other")
make("us", "DNS:us.example")
run_tests([sip_024_a_call_over_tls_is_answered, the_name_is_that_of_the_address_or_the_one_asked_for,
           rfc_5922_another_name_is_refused_before_anything_is_said, a_certificate_of_another_ca_is_refused_but_for_a_laboratory,
           our_own_certificate_is_shown_where_it_is_asked_for, files_that_are_none_are_named])
