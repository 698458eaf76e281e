# SPDX-License-Identifier: Apache-2.0
"""A callback that is driven, and phones that do what a test tells them."""
import hashlib, os, queue, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "serve"))
from house import *

DRIVE = os.path.join(BUILD, "test", "callback", "drive_callback")
SDP = ("v=0\r\no=- {id} {version} IN IP4 127.0.0.1\r\ns={name}\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
       "a=rtpmap:0 PCMU/8000\r\n")


def sdp(name, port, version=1):
    return SDP.format(id=port, version=version, name=name, port=port).encode()


class Callback:
    """`with Callback(hop=…) as c`: its states come line by line."""

    def __init__(self, **wishes):
        self.process = started(subprocess.Popen([DRIVE] + [f"{k}={v}" for k, v in wishes.items()], stdin=subprocess.PIPE,
                                                stdout=subprocess.PIPE, text=True))
        self.lines, self.seen = queue.Queue(), []
        threading.Thread(target=lambda: [self.lines.put(line.rstrip("\n")) for line in self.process.stdout], daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        equal(self.process.wait(PATIENCE), 0, "drive_callback ends")

    def until(self, step, why=None):
        """Waits for a state; its fields."""
        while True:
            try:
                line = self.lines.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"{step} never came; what came: {self.seen}") from None
            self.seen.append(line)
            fields = line.split("|")
            if fields[0] == step and (why is None or why in line):
                return fields
            check(fields[0] != "ended", "ended before", step, line)

    def cancel(self):
        self.process.stdin.write("cancel\n")
        self.process.stdin.flush()


def method(message):
    return message.split(b" ")[0].decode()


def body(message):
    return message.split(b"\r\n\r\n", 1)[1]


class Phone:
    """Takes what comes, one request at a time; retransmissions are left out. Over UDP, or the connections of a listener."""

    def __init__(self, secure=None, stream=False):
        self.stream = stream or secure
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM if self.stream else socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.secure, self.connection, self.held, self.seen = secure, None, b"", set()
        if self.stream:
            self.socket.listen()
        self.socket.settimeout(PATIENCE)

    def receive(self):
        if not self.stream:
            return self.socket.recvfrom(65535)
        if not self.connection:
            self.connection, _ = self.socket.accept()
            self.connection.settimeout(PATIENCE)
            if self.secure:
                self.connection = self.secure.wrap_socket(self.connection, server_side=True)
        while True:
            head, end, rest = self.held.partition(b"\r\n\r\n")
            if end:
                n = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])
                if len(rest) >= n:
                    self.held = rest[n:]
                    return head + end + rest[:n], None
            got = self.connection.recv(65535)
            check(got, "the connection ended")
            self.held += got

    def take(self, *wanted):
        """The next message: of a request its method, of an answer its status, is one that is wanted."""
        while True:
            message, self.peer = self.receive()
            if message.startswith(b"SIP/2.0"):
                key, what = None, int(message.split(b" ")[1])
            else:
                key, what = (method(message), header(message, "Via"), header(message, "CSeq")), method(message)
            if key and key in self.seen and what != "ACK":
                continue
            self.seen.add(key)
            check(what in wanted, "wanted", wanted, "got", message)
            return message

    def send(self, message):
        if self.stream:
            self.connection.sendall(message)
        else:
            self.socket.sendto(message, self.peer)

    def reply(self, request, code, content=b"", extra=(), tag="phone"):
        lines = [line for line in request.decode(errors="replace").split("\r\n\r\n")[0].split("\r\n")
                 if line.split(":")[0] in ("Via", "From", "Call-ID", "CSeq", "Record-Route")]
        to = header(request, "To")
        lines += ["To: " + to + ("" if ";tag=" in to or code == 100 else ";tag=" + tag), *extra]
        if 100 < code < 300:
            lines.append(f"Contact: <sip:phone@127.0.0.1:{self.port}>")
        if content:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(content)}")
        self.send((f"SIP/2.0 {code} Whatever\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode() + content)

    def ask(self, invite, name, cseq, content=b"", tag="phone"):
        """A request of ours inside the dialog that `invite` set up."""
        target = re.search(rb"Contact: <([^>]+)>", invite)[1].decode()
        lines = [f"{name} {target} SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{random.getrandbits(48):x};rport",
                 "Max-Forwards: 70", f"From: {header(invite, 'To')};tag={tag}", f"To: {header(invite, 'From')}",
                 f"Call-ID: {header(invite, 'Call-ID')}", f"CSeq: {cseq} {name}",
                 f"Contact: <sip:phone@127.0.0.1:{self.port}>"]
        if content:
            lines.append("Content-Type: " + ("message/sipfrag" if name == "NOTIFY" else "application/sdp"))
        if name == "NOTIFY":
            lines += ["Event: refer", "Subscription-State: active"]
        lines.append(f"Content-Length: {len(content)}")
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode() + content)


def challenge(phone, invite, code, scheme, realm="office", nonce="n1", more=""):
    name = "Proxy-Authenticate" if code == 407 else "WWW-Authenticate"
    phone.reply(invite, code, extra=[f'{name}: Digest realm="{realm}", nonce="{nonce}", algorithm={scheme}, qop="auth"{more}'])


def credentials(request, name, hash_, user="desk", password="secret"):
    """Are the credentials right? Computed anew."""
    value = header(request, name)
    field = lambda key: (re.search(rf'[ ,]{key}="?([^",]*)', value) or [None, ""])[1]
    h = lambda text: hash_(text.encode()).hexdigest()
    wanted = h(":".join([h(f"{user}:{field('realm')}:{password}"), field("nonce"), field("nc"), field("cnonce"), "auth",
                         h(f"{method(request)}:{field('uri')}")]))
    equal(field("response"), wanted, value)
    equal(field("uri"), request.split(b" ")[1].decode(), "the URI of the credentials")
    return int(field("nc"), 16)
