# SPDX-License-Identifier: Apache-2.0
"""What the tests of the desk share: a browser that keeps a cookie and a token, its stream of events, and a server to look at."""
import http.client, json, re, ssl, subprocess
from house import PROGRAM, Server, check, equal, eventually, free_port

PASSWORD = "correct horse battery"


class Desk:
    """A browser: a cookie, a token."""

    def __init__(self, port, tls=None):
        self.port, self.cookie, self.csrf, self.tls = port, None, "", tls

    def link(self):
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def fields_with(self, fields):
        fields = {"Content-Type": "application/json", "X-CSRF": self.csrf, **fields}
        return {**fields, "Cookie": self.cookie} if self.cookie else fields

    def ask(self, method, path, body=None, kind="application/json", **fields):
        """status, and what it said; a body that is no bytes goes as JSON"""
        link = self.link()
        body = body if body is None or isinstance(body, bytes) else json.dumps(body)
        link.request(method, "/desk/" + path, body, self.fields_with({"Content-Type": kind, **fields}))
        answer = link.getresponse()
        text = answer.read()
        self.fields = dict(answer.getheaders())
        if answer.getheader("Set-Cookie"):
            self.cookie = answer.getheader("Set-Cookie").split(";")[0]
        link.close()
        return answer.status, json.loads(text) if self.fields.get("Content-Type") == "application/json" else text

    def get(self, path):
        status, said = self.ask("GET", "api/" + path)
        equal(status, 200, path)
        return said

    def enter(self, user, password=PASSWORD):
        status, me = self.ask("POST", "api/login", {"user": user, "password": password})
        equal(status, 200)
        self.csrf = me["csrf"]
        return me

    def first(self, log):
        """the first log-in, with the link that the server printed last"""
        token = re.findall(r"#first=([0-9a-f]{64})", log)[-1]
        status, me = self.ask("POST", "api/login/first", {"token": token, "user": "ada", "password": PASSWORD})
        equal(status, 200)
        self.csrf = me["csrf"]
        return self

    def user(self, name, role):
        """another browser, of a new user"""
        equal(self.ask("POST", "api/users", {"user": name, "role": role, "password": PASSWORD})[0], 200)
        other = Desk(self.port, self.tls)
        other.enter(name)
        return other


class Stream:
    """The events of a desk, one after the other."""

    def __init__(self, desk, last=None):
        self.link = desk.link()
        self.link.request("GET", "/desk/api/events", headers=desk.fields_with({"Last-Event-ID": last} if last else {}))
        self.answer = self.link.getresponse()
        equal((self.answer.status, self.answer.getheader("Content-Type")), (200, "text/event-stream"))
        self.event({"retry"})  # it listens from here on

    def event(self, wanted={"event"}):
        """the next one that is more than a comment: its fields"""
        said = {}
        while True:
            line = self.answer.readline().decode()
            check(line, "the stream ended")
            line = line.rstrip("\n")
            if line:
                name, _, value = line.partition(":")
                said[name] = value.strip()
            elif wanted & set(said):
                return said
            else:
                said = {}

    def next(self, kind):
        """what the next event of this kind brings"""
        while True:
            said = self.event()
            if said["event"] == kind:
                return {**json.loads(said["data"]), "": said.get("id")}

    def ends(self):
        """the server has nothing more to say to it"""
        while self.answer.readline():
            pass

    def close(self):
        self.answer.close()
        self.link.close()


def desk_server(place, wishes=None, lab=None):
    """a server with a desk, not started yet, and its port"""
    port = free_port()
    return Server(place, {"desk": {"listen": f"127.0.0.1:{port}"}, **(wishes or {})}, lab=lab), port


def place_calls(server, lab, *kinds, **options):
    """`bonafide call` against the server; returns how many"""
    host, port = server.door("udp")
    wishes = [part for name, value in options.items() for part in (f"--{name}", value)]
    subprocess.run([PROGRAM, "call", "--lab", lab.place, *wishes, f"sip:{host}:{port}", *kinds], check=True, stdout=subprocess.DEVNULL)
    return len(kinds)
