# SPDX-License-Identifier: Apache-2.0
"""Kamailio with one of our examples, and a phone system behind it."""
from house import *


class Pbx:
    """A phone system that takes every call and remembers what it was told."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.calls = {}
        self.thread = threading.Thread(target=self.answer, daemon=True)
        self.thread.start()

    def answer(self):
        while True:
            try:
                message, peer = self.socket.recvfrom(65535)
            except OSError:
                return
            if message.startswith((b"ACK", b"SIP/2.0")):
                continue
            if message.startswith(b"INVITE"):
                self.calls.setdefault(header(message, "Call-ID"), (time.monotonic(), message))
            lines = []
            for line in message.decode().split("\r\n\r\n")[0].split("\r\n")[1:]:
                name = line.split(":")[0]
                if name in ("Via", "From", "Call-ID", "CSeq", "Record-Route"):
                    lines.append(line)
                elif name == "To":
                    lines.append(line if ";tag=" in line else line + ";tag=pbx")
            lines += [f"Contact: <sip:pbx@127.0.0.1:{self.port}>", "Content-Length: 0"]
            self.socket.sendto(("SIP/2.0 200 OK\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode(), peer)

    def got(self, call_id):
        return eventually(lambda: self.calls.get(call_id + "@test"), f"the call {call_id} at the phone system")


class Kamailio:
    """Started with an example, its addresses changed as its first lines ask for, until it answers."""

    def __init__(self, place, example, **addresses):
        self.port = free_port()
        text = read(os.path.join(SOURCE, "examples", example)).decode()
        for name, value in dict(addresses, LISTEN=f"udp:127.0.0.1:{self.port}").items():
            text, n = re.subn(rf'(#!substdef "!{name}!)[^!]*!', rf"\g<1>{value}!", text)
            equal(n, 1, name)
        path = f"{place}/{os.path.basename(example)}"
        with open(path, "w") as f:
            f.write(text)
        with open(path + ".log", "wb") as log:
            self.process = started(subprocess.Popen(["kamailio", "-f", path, "-DD", "-E", "-m", "64", "-M", "8", "-w", place,
                                                     "-Y", place], stdout=log, stderr=log))
        self.phone = Udp(("127.0.0.1", self.port))
        try:
            eventually(self.is_up, "Kamailio answers")
        except AssertionError:
            check(False, read(path + ".log")[-500:].decode(errors="replace"))
        while not self.phone.silent(0.1):
            pass

    def is_up(self):
        self.phone.send(request("OPTIONS", uri=f"sip:127.0.0.1:{self.port}"))
        try:
            return status(self.phone.receive(0.2))
        except OSError:
            return False

    def call(self, pbx, name, **wishes):
        """Places a call, acknowledges it; the time it took to the phone system and what arrived there."""
        message = request(call_id=name, via=f"127.0.0.1:{self.phone.socket.getsockname()[1]}", **wishes)
        begun = time.monotonic()
        answer = self.phone.ask(message)
        if status(answer) != 200:
            self.phone.send(follow("ACK", message, header(answer, "To")))
            return None, answer
        at, arrived = pbx.got(name)
        return at - begun, arrived

    def stop(self):
        self.process.terminate()
        equal(self.process.wait(PATIENCE), 0)
