# SPDX-License-Identifier: Apache-2.0
"""baresip, a phone of somebody else's making, calls over TLS and goes where our 302 sends it."""
from certificates import *
from hop import *

CONFIG = """poll_method epoll
sip_listen 127.0.0.1:0
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

    def phone(name, to):
        where = os.path.join(place, name)
        os.makedirs(where)
        with open(where + "/config", "w") as f:
            f.write(CONFIG.format(ca=certificates.path("ca.pem"), modules=modules()))
        with open(where + "/accounts", "w") as f:
            f.write(f"<sip:+{CALLER}@127.0.0.1;transport=tls>;regint=0\n")
        open(where + "/contacts", "w").close()
        with open(where + "/log", "wb") as log:
            return started(subprocess.Popen(["baresip", "-f", where, "-s", "-e", f"/dial {to}", "-t", "20"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)), where + "/log"

    def redirected():
        """SIP-024 baresip calls over TLS, believes our certificate, and follows the 302 to the phone system"""
        with Server(place + "/s", {"sip": {"listen": ["tls:127.0.0.1:0"], "tls": ours, "next_hop": f"sip:127.0.0.1:{pbx.port};transport=udp"}},
                    lab=lab) as server:
            process, log = phone("baresip", f"sip:+{CALLED}@127.0.0.1:{server.door('tls')[1]};transport=tls")
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

    tap([redirected])
    lab.close()


with scratch() as place:
    main(place)
