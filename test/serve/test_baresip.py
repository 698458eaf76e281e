# SPDX-License-Identifier: Apache-2.0
"""baresip, a phone of somebody else's making, calls over TLS and goes where our 302 sends it."""
from certificates import *
from hop import *

SDP = (b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
       b"a=rtpmap:0 PCMU/8000\r\n")

CONFIG = """poll_method epoll
sip_listen 127.0.0.1:{port}
sip_cafile {ca}
sip_verify_server yes
audio_player aubridge,nil
audio_source aubridge,nil
audio_alert aubridge,nil
module_path {modules}
module g711.so
module aubridge.so
module_app account.so
module_app menu.so
"""


def modules():
    found = [d for d in ("/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules") if os.path.exists(d)]
    return found[0] if found and shutil.which("baresip") else None


def main(place):
    if not modules():
        print("1..1\nok 1 - baresip over TLS # SKIP baresip is absent")
        return
    lab, certificates = Lab(place + "/lab"), Certificates(place + "/tls")
    ours = certificates.make("ours", "/CN=us", "IP:127.0.0.1,DNS:127.0.0.1")
    pbx = Uas()

    def phone(name, account, do, port=0):
        where = os.path.join(place, name)
        os.makedirs(where)
        with open(where + "/config", "w") as f:
            f.write(CONFIG.format(port=port, ca=certificates.path("ca.pem"), modules=modules()))
        with open(where + "/accounts", "w") as f:
            f.write(account + ";regint=0\n")
        open(where + "/contacts", "w").close()
        with open(where + "/log", "wb") as log:
            return started(subprocess.Popen(["baresip", "-f", where, "-t", "20"] + do, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)), where + "/log"

    def redirected():
        """SIP-024 baresip calls over TLS, believes our certificate, and follows the 302 to the phone system"""
        with Server(place + "/s", {"sip": {"listen": ["tls:127.0.0.1:0"], "tls": ours, "next_hop": f"sip:127.0.0.1:{pbx.port};transport=udp"}},
                    lab=lab) as server:
            process, log = phone("caller", f"<sip:+{CALLER}@127.0.0.1;transport=tls>",
                                 ["-s", "-e", f"/dial sip:+{CALLED}@127.0.0.1:{server.door('tls')[1]};transport=tls"])
            try:
                heard = pbx.take("INVITE")
                check(f"+{CALLED}@" in heard.split(b" ")[1].decode(), heard)
                pbx.answer(heard, 486)
            except socket.timeout:
                check(False, read(log)[-3000:].decode(errors="replace"))
            finally:
                process.terminate()
                process.wait(PATIENCE)
            eventually(lambda: server.records("SELECT transport, verdict FROM records") == [("tls", "unproven")], "its record")

    def shown():
        """behind the proxy baresip shows what is proven beside the tick, and a claimed name as what it is"""
        port = free_port()
        process, log = phone("callee", f"<sip:+{CALLED}@127.0.0.1>;answermode=manual", [], port)
        wishes = {"sip": {"mode": "proxy", "next_hop": f"sip:127.0.0.1:{port}"},
                  "policy": dict.fromkeys(("genuine", "unproven", "broken"), "label")}
        with Server(place + "/proxy", wishes, lab=lab) as server:
            u = Udp(server.door("udp"))
            say = lambda: read(log).decode(errors="replace")
            eventually(lambda: "ready" in say().lower() or "baresip is ready" in say(), "baresip is ready: " + say()[-2000:])
            for identity, name, seen in ((lab.identity(), "Alice", f"\u2714 +{CALLER}"), (None, "President", "says: President"),
                                         (lab.identity(attest="C"), "\u2714 Bank", "says: Bank")):
                message = request(identity=identity, display=f'"{name}" ', body=SDP, extra=["Content-Type: application/sdp"],
                                  via=f"127.0.0.1:{u.socket.getsockname()[1]}")
                u.send(message)
                eventually(lambda: status(u.receive()) >= 180, "it rings")
                eventually(lambda: seen in say(), seen + " in " + say()[-2000:])
                u.send(follow("CANCEL", message))
                while header(answer := u.receive(), "CSeq").split()[1] != "INVITE" or status(answer) < 200:
                    pass
                u.send(follow("ACK", message, header(answer, "To")))
            check("\u2714 Bank" not in say() and "\u2714 President" not in say(), say()[-2000:])
        process.terminate()
        process.wait(PATIENCE)

    tap([redirected, shown])
    lab.close()


with scratch() as place:
    main(place)
