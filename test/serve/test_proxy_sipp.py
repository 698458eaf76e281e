# SPDX-License-Identifier: Apache-2.0
"""SIPp on both sides of a proxy, over UDP and TCP; and Kamailio in front of it, killed in the middle."""
from kamailio import *
from hop import dialog

SCENARIOS = os.path.join(SOURCE, "test", "serve", "sipp")


def main(place):
    if not shutil.which("sipp"):
        print("1..1\nok 1 - SIPp on both sides of a proxy # SKIP sipp is absent")
        return
    lab = Lab(place + "/lab")
    pbx_port = free_port()
    number = [0]

    def start(transport, **sip):
        number[0] += 1
        hop = f"sip:127.0.0.1:{pbx_port}" + (";transport=tcp" if transport == "tcp" else "")
        return Server(f"{place}/s{number[0]}", {"sip": dict({"mode": "proxy", "next_hop": hop, "record_route": True}, **sip)}, lab=lab)

    def sipp(scenario, calls, transport, *more):
        return started(subprocess.Popen(["sipp", "-sf", os.path.join(SCENARIOS, scenario), "-m", str(calls), "-r", "20", "-i", "127.0.0.1", "-t",
                                         "t1" if transport == "tcp" else "u1", "-nostdin", "-timeout", "40s", "-timeout_error", *more],
                                        cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))

    def both(name, transport, calls=10):
        """Caller and callee, each as its scenario says."""
        with start(transport) as server:
            callee = sipp(f"{name}_callee.xml", calls, transport, "-p", str(pbx_port))
            eventually(lambda: taken(transport), "the callee listens")
            caller = sipp(f"{name}_caller.xml", calls, transport, "%s:%d" % server.door(transport))
            for who, process in (("caller", caller), ("callee", callee)):
                said = process.communicate(timeout=60)[0]
                if process.returncode:
                    caller.kill(), callee.kill()
                equal(process.returncode, 0, f"{who}: {said[-3000:]}")
            eventually(lambda: len(server.records()) == calls, "a record a call")

    def taken(transport):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM) as s:
            try:
                s.bind(("127.0.0.1", pbx_port))
            except OSError:
                return True
            return False

    def test(name, transport, what):
        def run():
            both(name, transport)
        run.__doc__ = f"{what}, over {transport.upper()}"
        return run

    def kamailio_in_front():
        """examples/kamailio-proxy.cfg in front, a phone system behind; the proxy is killed in the middle: the dialog goes on, calls go
        on unjudged, and are judged again when it is back"""
        if not shutil.which("kamailio"):
            raise Skip("kamailio is absent")
        pbx = Pbx()
        server = start("udp", next_hop=f"sip:127.0.0.1:{pbx.port}", record_route=False).start()
        kamailio = Kamailio(place, "kamailio-proxy.cfg", BONAFIDE="sip:127.0.0.1:%d" % server.door("udp")[1], PBX=f"sip:127.0.0.1:{pbx.port}")
        _, arrived = kamailio.call(pbx, "genuine", identity=lab.identity())
        equal((verdict(arrived)["verdict"], len(headers(arrived, "Via"))), ("genuine", 3))
        check("TN-Validation-Passed" in header(arrived, "P-Asserted-Identity"), arrived)
        server.process.kill()
        server.process.wait()
        message = request(call_id="genuine", via=f"127.0.0.1:{kamailio.phone.socket.getsockname()[1]}")
        bye = dialog("BYE", message, "pbx", f"sip:pbx@127.0.0.1:{pbx.port}", routes=[f"<sip:127.0.0.1:{kamailio.port};lr>"])
        equal(status(kamailio.phone.ask(bye)), 200)
        liar = [f"P-Asserted-Identity: <sip:+{CALLER};verstat=TN-Validation-Passed@example.com>", "X-Bonafide: verdict=genuine"]
        _, arrived = kamailio.call(pbx, "alone", identity=lab.identity(), extra=liar)
        equal((header(arrived, "X-Bonafide"), header(arrived, "P-Asserted-Identity"), len(headers(arrived, "Via"))), (None, None, 2))
        server.log.close()
        server.config["sip"]["listen"][0] = "udp:127.0.0.1:%d" % server.door("udp")[1]
        server.write()
        server.start()
        _, arrived = kamailio.call(pbx, "after", identity=lab.identity())
        equal(verdict(arrived)["verdict"], "genuine")
        kamailio.stop()
        equal(server.stop(), 0)

    tests = [kamailio_in_front] + [test(name, transport, what) for transport in ("udp", "tcp") for name, what in (
        ("proxy", "PRACK, UPDATE, a re-INVITE, INFO and BYE reach the other side"),
        ("proxy_cancel", "a call that is cancelled while it rings"),
        ("proxy_fork", "two phones that take one call: both 200 pass"))]
    tap(tests)
    lab.close()


with scratch() as place:
    main(place)
