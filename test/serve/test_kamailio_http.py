# SPDX-License-Identifier: Apache-2.0
"""Kamailio that asks bonafide over HTTP, with examples/kamailio-http.cfg."""
from kamailio import *


def main(place):
    if not shutil.which("kamailio"):
        print("1..1\nok 1 - Kamailio beside bonafide # SKIP kamailio is absent")
        return
    lab, pbx = Lab(place + "/lab"), Pbx()
    server = Server(place + "/s", lab=lab).start()
    kamailio = Kamailio(place, "kamailio-http.cfg", BONAFIDE=f"http://127.0.0.1:{server.door('http')[1]}", PBX=f"sip:127.0.0.1:{pbx.port}")
    call = lambda name, **wishes: kamailio.call(pbx, name, **wishes)[1]

    def genuine():
        """a genuine call arrives with its verdict and its verstat"""
        arrived = call("genuine", identity=lab.identity())
        equal(verdict(arrived)["verdict"], "genuine")
        check(f"+{CALLER};verstat=TN-Validation-Passed@" in header(arrived, "P-Asserted-Identity"), arrived)
        check(arrived.startswith(f"INVITE sip:+{CALLED}@".encode()), arrived)

    def broken():
        """a token of another call is broken, and goes on: nothing is refused here"""
        arrived = call("broken", identity=lab.identity(), caller="12155550199")
        equal(verdict(arrived)["verdict"], "broken")
        check("verstat=TN-Validation-Failed@" in header(arrived, "P-Asserted-Identity"), arrived)

    def stripped():
        """what the caller wrote under our names is taken out"""
        arrived = call("liar", extra=["X-Bonafide: verdict=genuine;attest=A;case=none;id=x", "P-Attestation-Indicator: A",
                                      f"P-Asserted-Identity: <sip:+{CALLER};verstat=TN-Validation-Passed@example.com>"])
        equal(headers(arrived, "X-Bonafide"), ["verdict=unproven"])
        equal(headers(arrived, "P-Attestation-Indicator"), [])
        equal(["Passed" in h for h in headers(arrived, "P-Asserted-Identity")], [False])

    def emergency():
        """an emergency call does not even ask"""
        check(header(call("emergency", uri="urn:service:sos"), "X-Bonafide") is None)

    def gone():
        """bonafide is killed: calls go on, unjudged, and nobody's ticks with them"""
        server.process.kill()
        server.process.wait()
        arrived = call("after", identity=lab.identity(), extra=["X-Bonafide: verdict=genuine"])
        equal((header(arrived, "X-Bonafide"), header(arrived, "P-Asserted-Identity")), (None, None))

    def ends():
        """Kamailio ends"""
        kamailio.stop()
        lab.close()

    tap([genuine, broken, stripped, emergency, gone, ends])


with scratch() as place:
    main(place)
