# SPDX-License-Identifier: Apache-2.0
"""Kamailio in front, acting on our 302 with examples/kamailio.cfg; bonafide is killed in the middle, and calls go on."""
from kamailio import *


def main(place):
    if not shutil.which("kamailio"):
        print("1..1\nok 1 - Kamailio in front # SKIP kamailio is absent")
        return
    lab = Lab(place + "/lab")
    pbx = Pbx()
    server = Server(place + "/s", {"policy": {"broken": "reject"}, "redress": "https://example.com/help",
                                   "sip": {"next_hop": f"sip:127.0.0.1:{pbx.port}"}}, lab=lab).start()
    kamailio = Kamailio(place, "kamailio.cfg", BONAFIDE=f"sip:127.0.0.1:{server.door('udp')[1]}", PBX=f"sip:127.0.0.1:{pbx.port}")
    call = lambda name, **wishes: kamailio.call(pbx, name, **wishes)

    def genuine():
        """a genuine call arrives with its verdict, its verstat and its attestation"""
        _, arrived = call("genuine", identity=lab.identity())
        equal(verdict(arrived)["verdict"], "genuine")
        check(f"+{CALLER};verstat=TN-Validation-Passed@" in header(arrived, "P-Asserted-Identity"), arrived)
        equal(header(arrived, "P-Attestation-Indicator"), "A")
        check(arrived.startswith(f"INVITE sip:+{CALLED}@".encode()), arrived)

    def stripped():
        """what the caller wrote under our names is taken out"""
        _, arrived = call("liar", extra=["X-Bonafide: verdict=genuine;attest=A;case=none;id=x", "P-Attestation-Indicator: A",
                                         f"P-Asserted-Identity: <sip:+{CALLER};verstat=TN-Validation-Passed@example.com>"])
        equal([h.split(";")[0] for h in headers(arrived, "X-Bonafide")], ["verdict=unproven"])
        equal(headers(arrived, "P-Attestation-Indicator"), [])
        equal(["Passed" in h for h in headers(arrived, "P-Asserted-Identity")], [False])

    def refused():
        """a call that the policy refuses ends with the STIR code"""
        _, answer = call("refused", identity=lab.identity(), caller="12155550199")
        equal(status(answer), 438)
        check("refused@test" not in pbx.calls)

    def emergency():
        """an emergency call does not even ask"""
        _, arrived = call("emergency", uri="urn:service:sos")
        check(header(arrived, "X-Bonafide") is None)

    def killed():
        """bonafide is killed in the middle: calls go on within 500 ms, unjudged"""
        _, arrived = call("before", identity=lab.identity())
        equal(verdict(arrived)["verdict"], "genuine")
        server.process.kill()
        server.process.wait()
        took = []
        for i in range(7):
            seconds, arrived = call(f"after{i}", identity=lab.identity())
            check(header(arrived, "X-Bonafide") is None, arrived)
            took.append(seconds)
        print(f"# to the phone system without bonafide: {min(took) * 1000:.0f} to {max(took) * 1000:.0f} ms")
        check(sorted(took)[3] < 0.5, took)

    def back():
        """when it is back, calls are judged again"""
        server.log.close()
        server.config["sip"]["listen"][0] = f"udp:127.0.0.1:{server.door('udp')[1]}"
        server.write()
        server.start()
        eventually(lambda: verdict(call(word(), identity=lab.identity())[1]).get("verdict") == "genuine", "a verdict")
        equal(server.stop(), 0)

    def ends():
        """Kamailio ends"""
        kamailio.stop()
        lab.close()

    tap([genuine, stripped, refused, emergency, killed, back, ends])


with scratch() as place:
    main(place)
