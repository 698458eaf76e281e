# SPDX-License-Identifier: Apache-2.0
"""Certificates of a test's own, and a client that speaks SIP over TLS."""
import ssl

from house import *


class Certificates:
    """A CA of the test's own, made by OpenSSL's command."""

    def __init__(self, place):
        self.place = place
        os.makedirs(place)
        self.make("ca", "/CN=Test CA", ca=True)
        self.make("other", "/CN=Another CA", ca=True)

    def path(self, name):
        return os.path.join(self.place, name)

    def make(self, name, subject, san=None, issuer="ca", ca=False, days=2):
        new = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.path(name + ".key"),
               "-subj", subject]
        if ca:
            new += ["-x509", "-days", "2", "-out", self.path(name + ".pem"), "-addext", "basicConstraints=critical,CA:TRUE"]
            subprocess.run(new, check=True, capture_output=True)
        else:
            subprocess.run(new + ["-out", self.path(name + ".csr")], check=True, capture_output=True)
            with open(self.path(name + ".ext"), "w") as f:
                f.write("basicConstraints=critical,CA:FALSE\n" + (f"subjectAltName={san}\n" if san else ""))
            subprocess.run(["openssl", "x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.path(issuer + ".pem"), "-CAkey",
                            self.path(issuer + ".key"), "-CAcreateserial", "-days", str(days), "-out", self.path(name + ".pem"),
                            "-extfile", self.path(name + ".ext")], check=True, capture_output=True)
        os.chmod(self.path(name + ".key"), 0o600)
        return {"cert": self.path(name + ".pem"), "key": self.path(name + ".key")}


class Tls(Tcp):
    def __init__(self, to, certificates, name="sip.example", show=None, version=None):
        context = ssl.create_default_context(cafile=certificates.path("ca.pem"))
        if show:
            context.load_cert_chain(show["cert"], show["key"])
        if version:
            context.minimum_version = context.maximum_version = version
        self.socket = context.wrap_socket(socket.create_connection(to, timeout=PATIENCE), server_hostname=name)
        self.held = b""
