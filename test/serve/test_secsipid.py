# SPDX-License-Identifier: Apache-2.0
"""secsipid, in Kamailio and as a library: it believes what bonafide signs, and bonafide what it signs; neither what was changed."""
from kamailio import *

LIBRARY = os.path.join(BUILD, "test", "serve", "secsipid")


def main(place):
    lab = Lab(place + "/lab")
    cache = place + "/cache"
    os.mkdir(cache)
    shutil.copy(lab.chain(), os.path.join(cache, "https_" + lab.x5u().removeprefix("https://").replace("/", "_")))
    public = place + "/public.pem"
    subprocess.run(["openssl", "ec", "-in", lab.key(), "-pubout", "-out", public], check=True, capture_output=True)
    listen = ["udp:127.0.0.1:0", {"on": "udp:127.0.0.1:0", "role": "sign"}]
    customer = {"name": "acme", "attest": "A", "other_numbers": "B", "from": ["127.0.0.1"], "numbers": ["+12155550100/100"],
                "certificate": {"key": lab.key(), "x5u": lab.x5u(), "chain": lab.chain()}}
    server = Server(place + "/s", {"customers": [customer]}, lab=lab, listen=listen).start()

    def signed(**wishes):
        """A request that bonafide has signed."""
        message = request(**wishes)
        identity = header(Udp(server.door("udp", sign=True)).ask(message), "Identity")
        check(identity, "nothing was signed")
        return identity, message.replace(b"Content-Length", b"Identity: " + identity.encode() + b"\r\nContent-Length")

    def library(*words):
        if not os.path.exists(LIBRARY):
            raise Skip("libsecsipid-dev is absent")
        return subprocess.run([LIBRARY, *words], capture_output=True, text=True, check=True).stdout.strip()

    def changed(identity):
        """The same with another payload."""
        head, payload, rest = identity.split(".", 2)
        return ".".join((head, payload[:40] + ("A" if payload[40] != "A" else "B") + payload[41:], rest))

    def library_believes():
        """libsecsipid believes what bonafide signs, by the certificate and by the key"""
        for caller in (CALLER, "33123456789"):
            identity, _ = signed(caller=caller)
            equal(library("check", cache, lab.root, identity), "0")
            equal(library("check-key", public, identity), "0")
            check(int(library("check-key", public, changed(identity))) < 0)

    def library_signs():
        """what libsecsipid signs is genuine to bonafide, and broken once it is changed or for another call"""
        identity = library("sign", CALLER, CALLED, "A", lab.x5u(), lab.key())
        ask = lambda **wishes: verdict(Udp(server.door("udp")).ask(request(**wishes)))
        found = ask(identity=identity)
        equal((found["verdict"], found["attest"]), ("genuine", "A"))
        equal(ask(identity=changed(identity))["verdict"], "broken")
        equal(ask(identity=library("sign", CALLER, CALLED, "A", lab.x5u(), lab.key()), caller="12155550199")["verdict"], "broken")
        equal(ask(identity=library("sign", CALLER, CALLED, "B", lab.x5u(), lab.key()))["verdict"], "unproven")

    kamailio = None

    def start():
        nonlocal kamailio
        if not shutil.which("kamailio"):
            raise Skip("kamailio is absent")
        if kamailio is None:
            kamailio = Kamailio(place, "../test/serve/secsipid.cfg", BONAFIDE=f"sip:127.0.0.1:{server.door('udp')[1]}", CACHE=cache,
                                ROOT=lab.root, X5U=lab.x5u(), KEY=lab.key())
        return kamailio

    def kamailio_believes():
        """Kamailio believes what bonafide signs, and not what was changed on the way"""
        phone = start().phone
        for caller, attest in ((CALLER, "A"), ("33123456789", "B")):
            identity, message = signed(caller=caller)
            answer = phone.ask(message)
            equal((status(answer), header(answer, "X-Attest")), (302, attest))
            answer = phone.ask(message.replace(identity.encode(), changed(identity).encode()).replace(b"z9hG4bK", b"z9hG4bKx"))
            equal(status(answer), 438)

    def kamailio_signs():
        """what Kamailio signs is genuine to bonafide, with the attestation it wrote"""
        phone = start().phone
        for attest, wanted in (("A", "genuine"), ("B", "unproven"), ("C", "unproven")):
            found = verdict(phone.ask(request(extra=["X-Sign: " + attest], via=f"127.0.0.1:{phone.socket.getsockname()[1]}")))
            equal((found["verdict"], found["attest"]), (wanted, attest))

    def ends():
        """all of them end"""
        if kamailio:
            kamailio.stop()
        equal(server.stop(), 0)
        lab.close()

    tap([library_believes, library_signs, kamailio_believes, kamailio_signs, ends])


with scratch() as place:
    main(place)
