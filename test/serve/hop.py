# SPDX-License-Identifier: Apache-2.0
"""A next hop that a test plays, and requests inside a dialog."""
import queue

from house import *


class Uas:
    """A next hop: takes requests, answers them as it is told."""

    def __init__(self, host="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.port = self.socket.getsockname()[1]
        self.uri = f"sip:{host}:{self.port}"
        self.held = []

    def take(self, method=None, call_id=None, patience=PATIENCE):
        """The next request; of that method, or of that call, where it is said: others are held."""
        fits = lambda m: (method is None or m.startswith(method.encode() + b" ")) and \
            (call_id is None or header(m, "Call-ID") == call_id)
        for i, (m, _) in enumerate(self.held):
            if fits(m):
                m, self.peer = self.held.pop(i)
                return m
        end = time.monotonic() + patience
        while True:
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            m, peer = self.socket.recvfrom(65535)
            if fits(m):
                self.peer = peer
                return m
            self.held.append((m, peer))

    def answer(self, request, code, phrase="Whatever", tag="uas", extra=(), body=b""):
        lines = [f"SIP/2.0 {code} {phrase}"]
        for name in ("Via", "Record-Route"):
            lines += [f"{name}: {v}" for v in headers(request, name)]
        to = header(request, "To")
        lines += [f"From: {header(request, 'From')}", f"To: {to}" + (f";tag={tag}" if code > 100 and ";tag=" not in to else ""),
                  f"Call-ID: {header(request, 'Call-ID')}", f"CSeq: {header(request, 'CSeq')}"]
        lines += list(extra) + [f"Content-Length: {len(body)}"]
        self.say("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def say(self, message):
        self.socket.sendto(message, self.peer)

    def silent(self, seconds=0.3):
        self.socket.settimeout(seconds)
        try:
            m, _ = self.socket.recvfrom(65535)
            print("#", m[:200])
            return False
        except socket.timeout:
            return not self.held

    def drain(self):
        self.held = []
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recvfrom(65535)
        except BlockingIOError:
            pass


def dialog(method, invite, to_tag, uri, routes=(), cseq=2, branch=None, extra=(), number=None):
    """A request inside the dialog that an INVITE set up, from the caller."""
    lines = [f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:5099;branch={branch or 'z9hG4bK' + word()};rport",
             "Max-Forwards: 70"]
    lines += [f"Route: {r}" for r in routes]
    lines += [f"From: {header(invite, 'From')}", f"To: {header(invite, 'To')};tag={to_tag}", f"Call-ID: {header(invite, 'Call-ID')}",
              f"CSeq: {cseq} {method}"] + list(extra) + ["Content-Length: 0"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def top(message):
    return headers(message, "Via")[0]


def branch_of(message):
    return re.search(r"branch=([^;,\s]+)", top(message))[1]


class TcpUas(Uas):
    """The same over TCP: takes connections, and speaks on the one that the last request came by."""

    def __init__(self, host="127.0.0.1"):
        self.listener = socket.create_server((host, 0))
        self.port = self.listener.getsockname()[1]
        self.uri = f"sip:{host}:{self.port};transport=tcp"
        self.requests, self.held = queue.Queue(), []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection):
        tcp = Tcp.__new__(Tcp)
        tcp.socket, tcp.held = connection, b""
        try:
            while message := tcp.receive():
                self.requests.put((message, connection))
        except OSError:
            pass

    def take(self, method=None, call_id=None, patience=PATIENCE):
        fits = lambda m: (method is None or m.startswith(method.encode() + b" ")) and \
            (call_id is None or header(m, "Call-ID") == call_id)
        while True:
            m, self.peer = self.requests.get(timeout=patience)
            if fits(m):
                return m

    def say(self, message):
        self.peer.sendall(message)

    def silent(self, seconds=0.3):
        try:
            print("#", self.requests.get(timeout=seconds)[0][:200])
            return False
        except queue.Empty:
            return True

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
