# SPDX-License-Identifier: Apache-2.0
"""A real Radicale on a free port of loopback, with one user; plain, or over TLS with a certificate made for it."""
import base64, http.client, importlib.util, ssl

from house import *


class Radicale:
    def __init__(self, place, tls=False, user="ada", password="lovelace"):
        if not shutil.which("radicale"):
            raise Skip("radicale is absent")
        os.makedirs(place, exist_ok=True)
        self.place, self.user, self.password, self.tls = place, user, password, tls
        self.port = free_port()
        self.ca = os.path.join(place, "cert.pem")
        with open(os.path.join(place, "users"), "w") as f:
            f.write(f"{user}:{password}\n")
        secure = ""
        if tls:
            if not shutil.which("openssl"):
                raise Skip("openssl is absent")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                            "-keyout", os.path.join(place, "key.pem"), "-out", self.ca], check=True, capture_output=True)
            secure = f"ssl = True\ncertificate = {self.ca}\nkey = {place}/key.pem\n"
        with open(os.path.join(place, "config"), "w") as f:
            f.write(f"[server]\nhosts = 127.0.0.1:{self.port}\n{secure}[auth]\ntype = htpasswd\nhtpasswd_filename = {place}/users\n"
                    f"htpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = {place}/collections\n[logging]\nlevel = warning\n")
        self.log = open(os.path.join(place, "log"), "ab")
        self.process = started(subprocess.Popen([shutil.which("radicale"), "--config", os.path.join(place, "config")],
                                                stdout=self.log, stderr=self.log,
                                                env={k: v for k, v in os.environ.items() if not k.startswith("PYENV")}))
        eventually(self.answers, "radicale answers")

    def answers(self):
        check(self.process.poll() is None, "radicale ended:", read(os.path.join(self.place, "log"))[-2000:])
        try:
            return self.ask("OPTIONS", "/")[0] == 200
        except OSError:
            return False

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def ask(self, method, path, body=None, kind="text/vcard; charset=utf-8"):
        context = ssl.create_default_context(cafile=self.ca) if self.tls else None
        c = (http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE, context=context) if self.tls
             else http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE))
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        try:
            c.request(method, path, body=body, headers={"Authorization": "Basic " + token, "Content-Type": kind})
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    def make_book(self, name):
        body = ('<?xml version="1.0"?><mkcol xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype>'
                '<collection/><c:addressbook/></resourcetype><displayname>Contacts</displayname></prop></set></mkcol>')
        equal(self.ask("MKCOL", f"/{self.user}/{name}/", body, "application/xml")[0], 201)

    def put(self, path, card):
        answer = self.ask("PUT", f"/{self.user}/{path}", card.replace("\n", "\r\n").encode())
        check(answer[0] in (201, 204), path, answer)

    def delete(self, path):
        equal(self.ask("DELETE", f"/{self.user}/{path}")[0], 200)

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        self.log.close()
