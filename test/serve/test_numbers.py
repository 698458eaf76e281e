# SPDX-License-Identifier: Apache-2.0
"""Numbers as trunks write them and next hops want them; callers whose numbers cannot exist, never call, or come from abroad."""
from house import *

FRENCH, PARIS = "33123456789", "33198765432"


def main(place):
    lab = Lab(place + "/lab")
    lists = place + "/never.csv"
    write_list = lambda text: open(lists, "w").write(text)
    write_list("number,whose\n+1 800 555 0199,a bank\n+18005550300/100,its neighbours\n")
    listen = ["udp:127.0.0.1:0", {"on": "udp:127.0.0.1:0", "role": "sign"}]
    wishes = {
        "sip": {"clients": ["127.0.0.0/8"], "next_hop": [{"uri": "sip:127.0.0.1:5080", "format": "national:FR"}],
                "next_hop_probe_s": 0,
                "peers": [{"from": "127.0.0.2", "country": "FR"}, {"from": "127.0.0.3", "international": True},
                          {"from": "127.0.0.4", "gateway": True}, {"from": "127.0.0.5", "format": "e164"}, "127.0.0.1"]},
        "numbers": {"country": "US"},
        "policy": {"do_not_originate": lists, "roaming": ["+1917*"]},
        "checks": {"number-possible": "enforce", "do-not-originate": "enforce", "from-abroad": "enforce"},
        "sign": [{"numbers": ["+"], "attest": "A", "for": ["127.0.0.0/8"], "key": lab.key(), "x5u": lab.x5u()}],
    }
    server = Server(place + "/s", wishes, lab=lab, listen=listen).start()

    def at(n, sign=False):
        return Udp(server.door("udp", sign=sign), source=(f"127.0.0.{n}", 0))

    def national(caller, called, identity=None, **more):
        """A request whose numbers have no plus."""
        return request(caller=caller, called=called, identity=identity, **more).replace(b"sip:+", b"sip:")

    def verdict_of(n, message):
        answer = at(n).ask(message)
        equal(status(answer), 302)
        return verdict(answer)["verdict"]

    def a_national_trunk():
        """tn_004 a trunk in France writes 0123456789 where the token says 33123456789, and the next hop gets it so"""
        answer = at(2).ask(national("0123456789", "0198765432", lab.identity(orig=FRENCH, dest=PARIS)))
        equal(verdict(answer)["verdict"], "genuine")
        check("<sip:0198765432@127.0.0.1:5080" in header(answer, "Contact"), answer)
        check("<sip:0123456789;" in header(answer, "P-Asserted-Identity"), answer)

    def our_own_plan():
        """tn_004 a trunk that says nothing writes as our country does; over HTTP it is read the same"""
        identity = lab.identity(orig="12155550121", dest="12155550131")
        answer = at(1).ask(national("2155550121", "2155550131", identity))
        equal(verdict(answer)["verdict"], "genuine")
        check("<sip:0012155550121;" in header(answer, "P-Asserted-Identity"), answer)
        for orig, dest in (("2155550121", "2155550131"), ("12155550121", "+12155550131")):
            tokens = lab.identity(orig="12155550121", dest="12155550131")
            body = json.dumps({"verificationRequest": {"from": {"tn": orig}, "to": {"tn": [dest]}, "identity": tokens}})
            code, said = server.verdict(body, "application/json")
            equal((code, json.loads(said)["verdict"]), (200, "genuine"))

    def an_e164_trunk():
        """tn_004 a trunk of format e164 leaves the plus out and means the same"""
        equal(verdict_of(5, national(FRENCH, PARIS, lab.identity(orig=FRENCH, dest=PARIS))), "genuine")
        equal(verdict_of(5, national("2105550121", PARIS)), "impostor")  # +210 is no country; in ours it would be an area

    def impossible():
        """tn_008 a number that cannot exist is an impostor's"""
        equal(verdict_of(1, request(caller="11555501210")), "impostor")
        equal(verdict_of(1, request(caller="11555501210", called="911", uri="sip:911@127.0.0.1")), "unproven")

    def abroad():
        """a number of ours on a trunk from abroad is an impostor's, unless it roams or is proven"""
        equal(verdict_of(3, request(caller="12155550121")), "impostor")
        equal(verdict_of(1, request(caller="12155550121")), "unproven")
        equal(verdict_of(3, request(caller="19175550121")), "unproven")
        equal(verdict_of(3, request(caller="14165550121")), "unproven")
        equal(verdict_of(3, request(caller="12155550121", called="12155550131",
                                    identity=lab.identity(orig="12155550121", dest="12155550131"))), "genuine")

    def never():
        """a number that never calls is an impostor's; the list changes with a reload, and a bad one changes nothing"""
        equal([verdict_of(1, request(caller=c)) for c in ("18005550199", "18005550345", "18005550200")],
              ["impostor", "impostor", "unproven"])
        write_list("number\n+18005550200\n")
        done = server.metrics()["reloads_total"]
        server.signal(signal.SIGHUP)
        eventually(lambda: server.metrics()["reloads_total"] == done + 1, "a reload")
        equal([verdict_of(1, request(caller=c)) for c in ("18005550199", "18005550200")], ["unproven", "impostor"])
        write_list("number\n+18005550300\nnobody\n")
        failures = server.metrics()["reload_failures_total"]
        server.signal(signal.SIGHUP)
        eventually(lambda: server.metrics()["reload_failures_total"] == failures + 1, "a refusal")
        check(lists + ":3:1: " in server.read_log(), server.read_log())
        equal([verdict_of(1, request(caller=c)) for c in ("18005550200", "18005550300")], ["impostor", "unproven"])

    def a_gateway():
        """shk_021 what comes from a gateway is signed with C at most"""
        attest = lambda n: verdict(at(n, sign=True).ask(request(caller="12155550121")))["attest"]
        equal((attest(1), attest(4)), ("A", "C"))

    def a_fax():
        """a fax does not wait for a certificate, a voice does"""
        sdp = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=image 5004 udptl t38\r\n"
        repository = Repository({"sp.pem": b""})
        repository.moods["sp.pem"] = "silent"
        with Server(place + "/fax", {"x5u": {"lab": True, "certs_dir": ""}}, lab=lab) as other:
            def first_answer(body):
                u = Udp(other.door("udp"))
                u.send(request(identity=lab.identity(x5u=repository.url("sp.pem")), body=body,
                               extra=["Content-Type: application/sdp"]))
                return status(u.receive())
            equal(first_answer(sdp), 302)
            equal(first_answer(sdp.replace(b"m=image 5004 udptl t38", b"m=audio 4000 RTP/AVP 0")), 100)
        repository.close()

    def through_a_proxy():
        """a proxy writes numbers as the next hop wants them, and of a fax not a byte is touched"""
        sdp = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=image 5004 udptl t38\r\na=T38FaxVersion:0\r\n"
        phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(PATIENCE)
        hop = [{"uri": f"sip:127.0.0.1:{phone.getsockname()[1]}", "format": "national:FR"}]
        with Server(place + "/proxy", {"sip": {"mode": "proxy", "next_hop": hop, "next_hop_probe_s": 0},
                                       "policy": {"unproven": "label", "genuine": "label"}}, lab=lab) as other:
            # a fax waits for no certificate: an ordinary call brings it
            Udp(other.door("udp")).send(request(caller=FRENCH, called=PARIS, identity=lab.identity(orig=FRENCH, dest=PARIS)))
            equal(verdict(phone.recv(65536))["verdict"], "genuine")
            for caller, called, wanted in ((FRENCH, PARIS, ("0123456789", "0198765432")),
                                           ("12155550121", "3310200198765432", ("0012155550121", "010200198765432"))):
                identity = lab.identity(orig=caller, dest=PARIS)
                u = Udp(other.door("udp"))
                u.send(request(caller=caller, called=called, identity=identity, body=sdp,
                               extra=["Content-Type: application/sdp", f"P-Asserted-Identity: <sip:+{caller}@example.com>"]))
                went = phone.recv(65536)
                while header(went, "Identity") != identity:  # the first call is sent again while nobody answers
                    went = phone.recv(65536)
                check(went.startswith(f"INVITE sip:{wanted[1]}@".encode()), went)
                check(f"<sip:{wanted[0]};verstat=TN-Validation-Passed@" in header(went, "P-Asserted-Identity"), went)
                equal((header(went, "Identity"), went.split(b"\r\n\r\n", 1)[1]), (identity, sdp))
                check("\u2714".encode() not in went, "a fax has no label", went)
        phone.close()

    def refusals():
        """a configuration that cannot be is refused where it stands"""
        for wrong, place_and_words in (
                ({"numbers": {"country": "XX"}}, ["numbers.country", "a country like FR"]),
                ({"sip": {"peers": [{"from": "10.0.0.1", "format": "national"}]}}, ["sip.peers", "national:FR"]),
                ({"sip": {"peers": [{"from": "10.0.0.1", "country": "Fr"}]}}, ["sip.peers", "two capital letters"]),
                ({"sip": {"next_hop": [{"format": "e164"}]}}, ["sip.next_hop", "lacks \"uri\""]),
                ({"checks": {"number-possible": "yes"}}, ["checks.number-possible", "observe, enforce or off"])):
            path = place + "/wrong.yaml"
            open(path, "w").write(yaml(wrong))
            done = subprocess.run([PROGRAM, "serve", "--check", "--config", path], capture_output=True, text=True)
            check(done.returncode != 0 and re.search(r"wrong\.yaml:1:\d+: ", done.stderr), done.stderr)
            for word in place_and_words:
                check(word in done.stderr, word, done.stderr)

    try:
        tap([a_national_trunk, our_own_plan, an_e164_trunk, impossible, abroad, never, a_gateway, a_fax, through_a_proxy, refusals])
    finally:
        server.stop()
        lab.close()


with scratch() as place:
    main(place)
