# SPDX-License-Identifier: Apache-2.0
"""While DNS is silent, or a name flips to a private address.  The server runs with a resolv.conf of its own (a mount namespace),
which names a resolver of ours; that needs port 53 of a loopback address, so it is skipped without the right to it."""
from house import *

RESOLVER = "127.0.0.77"
FETCH = 4    # seconds after which a fetch is given up; the budget of a call is less than a quarter of it
SILENT = 8   # names that are asked for in vain: fewer than a source may have under way


class Dns:
    """Answers A questions for any name with `address()`; None: says nothing."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((RESOLVER, 53))
        self.address, self.asked = lambda name: None, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            at, labels = 12, []
            while question[at]:
                labels.append(question[at + 1:at + 1 + question[at]].decode())
                at += 1 + question[at]
            name, kind = ".".join(labels), int.from_bytes(question[at + 1:at + 3], "big")
            self.asked.append(name)
            address = self.address(name)
            if address is None:
                continue
            body = question[12:at + 5]
            found = kind == 1
            answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04" + socket.inet_aton(address) if found else b""
            self.socket.sendto(question[:2] + b"\x81\x80\x00\x01\x00" + bytes([found]) + b"\x00\x00\x00\x00" + body + answer, peer)


def main(place):
    try:
        dns = Dns()
        private = socket.create_server(("127.0.0.1", 443))
    except OSError as e:
        print(f"1..1\nok 1 - while DNS misbehaves # SKIP {e}")
        return
    with open(place + "/resolv.conf", "w") as f:
        f.write(f"nameserver {RESOLVER}\noptions timeout:5 attempts:1\n")
    wrap = ["unshare", "--mount", "sh", "-c", f'mount --bind {place}/resolv.conf /etc/resolv.conf && exec "$@"', "sh"]
    if subprocess.run(wrap + ["true"], capture_output=True).returncode:
        print("1..1\nok 1 - while DNS misbehaves # SKIP no mount namespace")
        return
    lab = Lab(place + "/lab", carriers=2)
    server = Server(place + "/s", {"sip": {"clients": ["127.0.0.0/8"]}}, lab=lab, wrap=wrap).start()
    udp = lambda: Udp(server.door("udp"))
    away = lambda name: request(identity=lab.identity(carrier=1, x5u=f"https://{name}/x.pem"))

    def silent():
        """while DNS is silent: good calls of other signers are answered, the others say 436 within the budget, an emergency passes"""
        u, good, urgent = udp(), udp(), udp()
        equal(verdict(good.ask(request(identity=lab.identity())))["verdict"], "genuine")
        begun = time.monotonic()
        for i in range(SILENT):
            u.send(away(f"silent{i}.example.com"))
        for _ in range(20):
            equal(verdict(good.ask(request(identity=lab.identity())))["verdict"], "genuine")
        urgent.send(request(uri="urn:service:sos", identity=lab.identity(carrier=1, x5u="https://silent.example.com/x.pem")))
        equal(status(urgent.receive()), 302)
        for _ in range(SILENT):
            answer = u.final()
            equal(verdict(answer)["verdict"], "unproven")
            check("STIR;cause=436" in header(answer, "Reason"), answer)
        check(time.monotonic() - begun < FETCH, "nobody waited for the resolver")
        check(any(name.startswith("silent") for name in dns.asked), "the resolver of ours was asked")

    def private_address():
        """sec_032 a name that leads to a private address, at once or after a flip, is never connected to"""
        flips = {}

        def flip(name):
            flips[name] = flips.get(name, 0) + 1
            return "127.0.0.1" if name.startswith("private") or flips[name] > 2 else "192.0.2.1"

        dns.address = flip
        u = Udp(server.door("udp"), source=("127.0.0.9", 0))  # of the first source, resolvers still linger
        for name in ("private.example.com", "flip.example.com", "flip.example.com", "flip.example.com"):
            answer = u.ask(away(name).replace(b"127.0.0.1:5099", b"127.0.0.9:5099"))
            check("STIR;cause=436" in header(answer, "Reason"), answer)
        private.settimeout(0.3)
        try:
            private.accept()
            check(False, "a private address was connected to")
        except socket.timeout:
            pass
        check("private.example.com" in dns.asked)

    def ends():
        """SIGTERM ends it while names are still being asked for"""
        dns.address = lambda name: None
        u = udp()
        u.send(away("late.example.com"))
        equal(status(u.receive()), 100)
        equal(server.stop(), 0)
        equal(status(u.final()), 302)
        lab.close()

    tap([silent, private_address, ends])


with scratch() as place:
    main(place)
