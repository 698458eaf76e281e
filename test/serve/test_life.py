# SPDX-License-Identifier: Apache-2.0
"""A server's life: check, start, systemd, reload, drain, overload, next hops, signing."""
from house import *


def main(place):
    lab = Lab(place + "/lab", carriers=2)

    def run(*arguments, **k):
        return subprocess.run([PROGRAM, "serve", *arguments], capture_output=True, text=True, timeout=PATIENCE, **k)

    def checking():
        """--check says whether a configuration is good, and opens nothing"""
        server = Server(place + "/check", lab=lab)
        out = run("--check", "--config", server.file)
        equal((out.returncode, "is good" in out.stdout), (0, True), out.stderr)
        check(not os.path.exists(server.place + "/journal"))
        server.write(merged(server.config, {"sip": {"workers": -1}}))
        out = run("--check", "--config", server.file)
        equal(out.returncode, 65)
        check(re.search(r"bonafide\.yaml:1:\d+: ", out.stderr), out.stderr)
        server.write(merged(server.config, {"trust": {"domains": [{"name": "x", "anchors": [place + "/nothing.pem"]}]}}))
        out = run("--check", "--config", server.file)
        equal(out.returncode, 65)
        check("nothing.pem" in out.stderr, out.stderr)

    def taken():
        """a port that is taken is said, with its name"""
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        server = Server(place + "/taken", listen=[f"udp:127.0.0.1:{port}"])
        out = run("--config", server.file)
        equal(out.returncode, 70)
        check(f"udp:127.0.0.1:{port} cannot be opened" in out.stderr, out.stderr)

    def two_servers():
        """a second server on the same port is refused, not given half of the calls"""
        with Server(place + "/first", lab=lab) as first:
            port = first.door("udp")[1]
            second = Server(place + "/second", listen=[f"udp:127.0.0.1:{port}"])
            out = run("--config", second.file)
            equal(out.returncode, 70)

    def introduction():
        """it says at start what it trusts, and a lab loudly"""
        with Server(place + "/intro", {"x5u": {"lab": True}}, lab=lab) as server:
            log = server.read_log()
            check("trust domain lab is a LABORATORY's" in log, log)
            check("x5u.lab is ON" in log, log)
        with Server(place + "/bare") as server:
            check("no trust anchors are configured" in server.read_log())

    def systemd():
        """systemd is told READY, RELOADING, STOPPING and WATCHDOG"""
        path = place + "/notify"
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(path)
        s.settimeout(PATIENCE)
        said = []

        def hear(what):
            while not any(what in line for line in said):
                said.append(s.recv(4096).decode())

        with Server(place + "/systemd", lab=lab, environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"}) as server:
            hear("READY=1")
            hear("WATCHDOG=1")
            said.clear()
            server.signal(signal.SIGHUP)
            hear("RELOADING=1\nMONOTONIC_USEC=")
            hear("READY=1")
            server.signal(signal.SIGTERM)
            hear("STOPPING=1")
            equal(server.wait(), 0)

    def reload():
        """SIGHUP swaps the configuration; an invalid one changes nothing, raises a metric and an alarm; restart is named"""
        with Server(place + "/reload", {"sip": {"next_hop": "sip:192.0.2.1"}}, lab=lab) as server:
            u = Udp(server.door("udp"))
            hop = lambda: header(u.ask(request()), "Contact")
            check("@192.0.2.1" in hop())
            server.write(merged(server.config, {"sip": {"next_hop": "sip:192.0.2.2", "answers_mb": 33}}))
            server.signal(signal.SIGHUP)
            eventually(lambda: server.metrics()["reloads_total"] == 1, "a reload")
            check("@192.0.2.2" in hop())
            eventually(lambda: "keep their value until the next start: sip.answers_mb" in server.read_log(), "its name")
            for bad in ({"sip": {"next_hop": "nonsense"}}, {"nonsense": {}},
                        {"sip": {"next_hop": "sip:192.0.2.3"}, "trust": {"domains": [{"name": "x", "anchors": ["/nothing"]}]}},
                        {"sip": {"next_hop": "sip:192.0.2.3"},
                         "sign": [{"numbers": ["+1"], "attest": "A", "for": ["127.0.0.1"], "key": "/nothing", "x5u": lab.x5u()}]}):
                failures = server.metrics()["reload_failures_total"]
                server.write(merged(server.config, bad))
                server.signal(signal.SIGHUP)
                eventually(lambda: server.metrics()["reload_failures_total"] == failures + 1, "a refusal")
                equal(server.metrics()["reload_failed"], 1)
                check("@192.0.2.2" in hop())
            check("alarm: the new configuration is refused" in server.read_log())
            server.write()
            server.signal(signal.SIGHUP)
            eventually(lambda: server.metrics()["reloads_total"] == 2, "a reload")
            equal(server.metrics()["reload_failed"], 0)
            check("@192.0.2.1" in hop())

    def reload_trust():
        """a reload with other anchors changes whom we trust, in both directions"""
        other = Lab(place + "/other")
        with Server(place + "/retrust", lab=lab) as server:
            u = Udp(server.door("udp"))
            call = lambda: verdict(u.ask(request(identity=lab.identity())))["verdict"]
            equal(call(), "genuine")
            server.write(merged(server.config, {"trust": {"domains": [{"name": "lab", "anchors": [other.root], "lab": True}]}}))
            server.signal(signal.SIGHUP)
            eventually(lambda: server.metrics()["reloads_total"] == 1, "a reload")
            eventually(lambda: call() == "broken", "nobody vouches for it")
            server.write()
            server.signal(signal.SIGHUP)
            eventually(lambda: server.metrics()["reloads_total"] == 2, "a reload")
            eventually(lambda: call() == "genuine", "it is trusted again")
        other.close()

    def reload_under_load():
        """calls are answered while the configuration is swapped"""
        with Server(place + "/swap", lab=lab) as server:
            u = Udp(server.door("udp"))
            for n in range(200):
                if n % 10 == 0:
                    server.signal(signal.SIGHUP)
                equal(verdict(u.ask(request(identity=lab.identity())))["verdict"], "genuine")
            eventually(lambda: server.metrics()["reloads_total"] > 1, "reloads")

    def draining():
        """while it drains, OPTIONS is 503 and calls are still answered"""
        repository = Repository({})
        repository.moods["x.pem"] = "silent"
        server = Server(place + "/drain", {"x5u": {"lab": True, "certs_dir": "", "budget_ms": 3000}}, lab=lab).start()
        u, v = Udp(server.door("udp")), Udp(server.door("udp"))
        u.send(request(identity=lab.identity(x5u=repository.url("x.pem"))))
        equal(status(u.receive()), 100)
        server.signal(signal.SIGTERM)
        eventually(lambda: status(v.ask(request("OPTIONS"))) == 503, "it drains")
        answer = v.ask(request("OPTIONS"))
        check(header(answer, "Retry-After"), answer)
        equal(status(v.ask(request())), 302)
        equal(status(u.final()), 302)
        equal(server.wait(), 0)

    def stopped_for(server, u, messages):
        """Datagrams grow old in the queue of a server that stands still."""
        stand_still(server.pid)
        for message in messages:
            u.send(message)
        time.sleep(0.6)  # the age itself
        server.signal(signal.SIGCONT)
        return [u.final() for _ in messages]

    def overload_pass():
        """when datagrams are too old, calls pass unjudged: 302, No-TN-Validation, case=shed, with a record"""
        with Server(place + "/pass", {"sip": {"overload_ms": 300}}, lab=lab) as server:
            u = Udp(server.door("udp"))
            equal(verdict(u.ask(request(identity=lab.identity())))["verdict"], "genuine")
            messages = [request(identity=lab.identity(), call_id=f"old{i}") for i in range(100)]
            for answer in stopped_for(server, u, messages):
                equal((status(answer), verdict(answer)["case"], verdict(answer)["verdict"]), (302, "shed", "unproven"))
                check("No-TN-Validation" in header(answer, "P-Asserted-Identity"), answer)
            equal(verdict(u.ask(request(identity=lab.identity())))["verdict"], "genuine")
            equal(server.metrics()['calls_total{verdict="shed",code="302"}'], 100)
            eventually(lambda: len(server.records("SELECT 1 FROM records WHERE kind='shed'")) == 100, "their records")

    def overload_503():
        """sip.overload 503: 503 with Retry-After; an emergency call is judged and passes"""
        with Server(place + "/503", {"sip": {"overload": "503", "overload_ms": 300}}, lab=lab) as server:
            u = Udp(server.door("udp"))
            equal(verdict(u.ask(request(identity=lab.identity())))["verdict"], "genuine")
            urgent = request(uri="urn:service:sos", call_id="urgent")
            known = request(identity=lab.identity(), call_id="priority", uri="sip:911@example.com")
            answers = {header(a, "Call-ID"): a for a in
                       stopped_for(server, u, [request(identity=lab.identity()) for _ in range(50)] + [urgent, known])}
            equal(status(answers.pop("urgent@test")), 302)
            equal(status(answers.pop("priority@test")), 302)
            equal({status(a) for a in answers.values()}, {503})
            check(all(header(a, "Retry-After") for a in answers.values()))
            identity = lab.identity()
            message = request(identity=identity)
            equal({status(a) for a in stopped_for(server, u, [message])}, {503})
            equal(verdict(u.ask(message))["verdict"], "genuine", "what was refused is not used up")

    def hops():
        """the first next hop that answers OPTIONS is used; when none does, the first"""
        first, second = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for s in (first, second):
            s.bind(("127.0.0.1", 0))
        ports = [s.getsockname()[1] for s in (first, second)]
        alive = {first: True, second: True}

        def answer(s):
            while True:
                try:
                    message, peer = s.recvfrom(65535)
                except OSError:
                    return
                if alive[s]:
                    lines = [l for l in message.decode().split("\r\n") if l.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
                    s.sendto("\r\n".join(["SIP/2.0 200 OK"] + lines + ["Content-Length: 0", "", ""]).encode(), peer)

        for s in (first, second):
            threading.Thread(target=answer, args=(s,), daemon=True).start()
        wishes = {"sip": {"next_hop": [f"sip:127.0.0.1:{p}" for p in ports], "next_hop_probe_s": 1}}
        with Server(place + "/hops", wishes, lab=lab) as server:
            u = Udp(server.door("udp"))
            used = lambda: int(re.search(r"@127\.0\.0\.1:(\d+)", header(u.ask(request()), "Contact"))[1])
            equal(used(), ports[0])
            alive[first] = False
            eventually(lambda: used() == ports[1], "the second is used")
            equal(server.metrics()['hop_up{hop="0"}'], 0)
            alive[second] = False
            eventually(lambda: server.metrics()['hop_up{hop="1"}'] == 0, "the second is down")
            equal(used(), ports[0])
            alive[second] = True
            eventually(lambda: used() == ports[1], "the second is used again")
            alive[first] = True
            eventually(lambda: used() == ports[0], "the first is used again")
        for s in (first, second):
            s.close()

    def signing():
        """a listener that signs signs for whom it may, and the identical answer is given to a retransmission"""
        sign = [{"numbers": ["+1215555012*"], "attest": "A", "for": ["127.0.0.1/32"], "key": lab.key(), "x5u": lab.x5u()}]
        listen = ["udp:127.0.0.1:0", {"on": "udp:127.0.0.1:0", "role": "sign"}, {"on": "tcp:127.0.0.1:0", "role": "sign"}]
        with Server(place + "/sign", {"sign": sign, "sip": {"clients": ["127.0.0.0/8"]}}, lab=lab, listen=listen) as server:
            u = Udp(server.door("udp", sign=True))
            message = request()
            answer = u.ask(message)
            equal(status(answer), 302)
            identity = header(answer, "Identity")
            check(identity and identity.endswith(f';info=<{lab.x5u()}>;alg=ES256;ppt="shaken"'), answer)
            equal(u.ask(message), answer)
            equal(verdict(Udp(server.door("udp")).ask(request(identity=identity)))["verdict"], "genuine", "our own token")
            t = Tcp(server.door("tcp", sign=True))
            check(header(t.ask(request(transport="TCP")), "Identity"))
            check(header(u.ask(request(caller="12155559999")), "Identity") is None, "no row holds the number")
            stranger = Udp(server.door("udp", sign=True), source=("127.0.0.9", 0))
            check(header(stranger.ask(request(via="127.0.0.9:5099")), "Identity") is None, "the row is not for this customer")
            check(header(Udp(server.door("udp")).ask(request()), "Identity") is None, "a verifying listener never signs")
            server.signal(signal.SIGHUP)
            eventually(lambda: server.metrics()["reloads_total"] == 1, "a reload")
            again = u.ask(message)
            check(header(again, "Identity"), "a retransmission after a reload is signed again")
            m = server.metrics()
            check(m['calls_total{verdict="signed",code="302"}'] >= 2 and m['calls_total{verdict="unsigned",code="302"}'] == 2, m)

    def policies():
        """policy: reject answers the STIR code, and asks for redress at the start"""
        wishes = {"policy": {"broken": "reject", "unproven": "to:sip:desk@192.0.2.9"}, "redress": "https://example.com/help"}
        with Server(place + "/policy", wishes, lab=lab) as server:
            u = Udp(server.door("udp"))
            equal(status(u.ask(request(identity=lab.identity(), caller="12155550199"))), 438)
            check("192.0.2.9" in header(u.ask(request()), "Contact"))
            equal(server.metrics()['calls_total{verdict="broken",code="438"}'], 1)

    def clocks():
        """callers that all sign 40 s off our clock raise an alarm"""
        with Server(place + "/clock", lab=lab) as server:
            u = Udp(server.door("udp"))
            for _ in range(40):
                u.ask(request(identity=lab.identity(iat=int(time.time()) - 40)))
            eventually(lambda: server.metrics()["clock_alarms_total"] == 1, "an alarm")
            check(-41 <= server.metrics()["iat_offset_seconds"] <= -39)
            check("callers sign -4" in server.read_log() or "callers sign -39" in server.read_log())

    only = sys.argv[1:]
    tests = [checking, taken, two_servers, introduction, systemd, reload, reload_trust, reload_under_load, draining,
             overload_pass, overload_503, hops, signing, policies, clocks]
    tap([t for t in tests if not only or t.__name__ in only])
    lab.close()


with scratch() as place:
    main(place)
