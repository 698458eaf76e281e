# SPDX-License-Identifier: Apache-2.0
"""Kamailio on both sides over TLS: it calls us with its certificate, and is the next hop that must prove its name."""
from certificates import *
from hop import *

CONFIG = """#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=2
tcp_children=2
enable_tls=yes
listen=udp:127.0.0.1:@FRONT@
listen=tls:127.0.0.1:@FRONT@
listen=tls:127.0.0.1:@BEHIND@
mpath="@MODULES@"
loadmodule "tls.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
modparam("tls", "config", "@TLS@")

request_route {
    if (method == "OPTIONS") { sl_send_reply("200", "OK"); exit; }
    if (method == "ACK") { t_check_trans(); exit; }
    if ($Rp == @BEHIND@) { $du = "sip:127.0.0.1:@PBX@"; } else { $du = "sip:127.0.0.1:@US@;transport=tls"; }
    if (!t_relay()) { sl_reply_error(); }
}
"""

TLS = """[server:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
private_key = {key}
certificate = {cert}
ca_list = {ca}

[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = {key}
certificate = {cert}
ca_list = {ca}
"""


def modules():
    found = [d for d in ("/usr/lib/x86_64-linux-gnu/kamailio/modules", "/usr/lib/aarch64-linux-gnu/kamailio/modules",
                         "/usr/lib/kamailio/modules") if os.path.exists(d + "/tls.so")]
    return found[0] if found and shutil.which("kamailio") else None


def main(place):
    if not modules():
        print("1..1\nok 1 - Kamailio over TLS # SKIP kamailio or kamailio-tls-modules is absent")
        return
    lab, certificates = Lab(place + "/lab"), Certificates(place + "/tls")
    theirs = certificates.make("theirs", "/CN=x", "URI:sip:kamailio.example,IP:127.0.0.1")
    anonymous = certificates.make("anonymous", "/CN=y", "DNS:nobody.example")
    ours = certificates.make("ours", "/CN=us", "IP:127.0.0.1")
    pbx, front, behind = Uas(), free_port(), free_port()
    passed = [f"P-Asserted-Identity: <sip:+{CALLER};verstat=TN-Validation-Passed@example.com;user=phone>", "P-Attestation-Indicator: A"]

    def serve(name, tls=(), hop=None):
        return Server(place + "/" + name, {"sip": {
            "mode": "proxy", "listen": ["udp:127.0.0.1:0", "tls:127.0.0.1:0"], "next_hop": hop or f"sip:127.0.0.1:{behind};transport=tls",
            "tls": dict(ours, ca=certificates.path("ca.pem"), client="required", client_ca=certificates.path("ca.pem"), **dict(tls)),
            "peers": [{"from": "127.0.0.0/8", "tls_name": "kamailio.example", "says": "believe"}]}}, lab=lab)

    def kamailio(name, show, server):
        where = os.path.join(place, name)
        os.makedirs(where)
        with open(where + "/tls.cfg", "w") as f:
            f.write(TLS.format(ca=certificates.path("ca.pem"), **show))
        text = CONFIG
        for word_, value in (("FRONT", front), ("BEHIND", behind), ("PBX", pbx.port), ("US", server.door("tls")[1]), ("MODULES", modules()),
                             ("TLS", where + "/tls.cfg")):
            text = text.replace(f"@{word_}@", str(value))
        with open(where + "/kamailio.cfg", "w") as f:
            f.write(text)
        with open(where + "/log", "wb") as log:
            process = started(subprocess.Popen(["kamailio", "-f", where + "/kamailio.cfg", "-DD", "-E", "-m", "64", "-M", "8", "-w", where,
                                                "-Y", where], stdout=log, stderr=log))
        phone = Udp(("127.0.0.1", front))

        def is_up():
            phone.send(request("OPTIONS", uri=f"sip:127.0.0.1:{front}"))
            try:
                return status(phone.receive(0.3))
            except OSError:
                return False
        try:
            eventually(is_up, "Kamailio answers")
        except AssertionError:
            check(False, read(where + "/log")[-600:].decode(errors="replace"))
        while not phone.silent(0.3):
            pass
        return process, phone

    def call(phone, **wishes):
        message = request(via=f"127.0.0.1:{phone.socket.getsockname()[1]}", **wishes)
        phone.send(message)
        heard = pbx.take("INVITE", header(message, "Call-ID"))
        pbx.answer(heard, 486)
        equal(status(phone.final()), 486)
        return heard

    def stop(process):
        process.terminate()
        process.wait(PATIENCE)

    def both_sides():
        """SIP-024 a signed call comes from Kamailio over TLS, is judged, and goes to Kamailio over TLS"""
        with serve("both") as server:
            process, phone = kamailio("k1", theirs, server)
            heard = call(phone, identity=lab.identity())
            equal(verdict(heard)["verdict"], "genuine")
            check([v.split(" ")[0] for v in headers(heard, "Via")][:3] == ["SIP/2.0/UDP", "SIP/2.0/TLS", "SIP/2.0/TLS"], headers(heard, "Via"))
            for _ in range(20):
                call(phone)
            equal(server.metrics()["tls_failed_total"], 0)
            stop(process)

    def believed():
        """RFC 5922 what Kamailio says is believed by the name in its certificate, and not without"""
        with serve("believed") as server:
            process, phone = kamailio("k2", theirs, server)
            equal(verdict(call(phone, extra=passed))["verdict"], "genuine")
            stop(process)
        other = Uas()
        with serve("stranger", hop=[f"sip:127.0.0.1:{behind};transport=tls", other.uri]) as server:
            process, phone = kamailio("k3", anonymous, server)
            message = request(via=f"127.0.0.1:{phone.socket.getsockname()[1]}", extra=passed)
            phone.send(message)
            heard = other.take("INVITE", header(message, "Call-ID"))  # the next hop's name is wrong, too
            equal(verdict(heard)["verdict"], "unproven")
            other.answer(heard, 486)
            equal(status(phone.final()), 486)
            stop(process)

    tap([both_sides, believed])
    lab.close()


with scratch() as place:
    main(place)
