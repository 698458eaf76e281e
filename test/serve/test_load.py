# SPDX-License-Identifier: Apache-2.0
"""SIPp sends signed calls with distinct tokens, a thousand a second: each is answered with the right verdict, each is in the
record once; also while certificate servers of other signers misbehave.  BF_LOAD=soak: 100,000 over UDP, 10,000 over TCP."""
from house import *

SOAK = os.environ.get("BF_LOAD") == "soak"
RATE = 1000
COUNT = {"UDP": 100000, "TCP": 10000} if SOAK else {"UDP": 3000, "TCP": 1000}

GENUINE = 'calls_total{verdict="genuine",code="302"}'

SCENARIO = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="signed calls">
  <send retrans="500"><![CDATA[
INVITE sip:+%(called)s@example.com;user=phone SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
Max-Forwards: 70
From: "Load" <sip:+%(caller)s@example.com;user=phone>;tag=[call_number]
To: <sip:+%(called)s@example.com;user=phone>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:load@[local_ip]:[local_port]>
Identity: [field0];info=<%(x5u)s>;alg=ES256;ppt="shaken"
Content-Length: 0

]]></send>
  <recv response="100" optional="true"/>
  <recv response="302" rtd="true">
    <action>
      <ereg regexp="verdict=genuine;attest=A;case=none" search_in="hdr" header="X-Bonafide:" check_it="true" assign_to="found"/>
    </action>
  </recv>
  <Reference variables="found"/>
  <send><![CDATA[
ACK sip:+%(called)s@example.com;user=phone SIP/2.0
[last_Via:]
Max-Forwards: 70
[last_From:]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Content-Length: 0

]]></send>
</scenario>
"""


def main(place):
    lab = Lab(place + "/lab", carriers=8)
    repository = Repository({})
    # The good signer's chain lies in the directory; the others are asked for over HTTP.
    server = Server(place + "/s", {"x5u": {"lab": True}, "sip": {"clients": ["127.0.0.0/8"], "overload_ms": 5000}, "log": {"verdicts": False}}, lab=lab).start()

    def settled():
        """A call is counted once its answer is out: the numbers when they stand still."""
        while True:
            one = server.metrics()
            time.sleep(0.1)
            two = server.metrics()
            if one[GENUINE] == two[GENUINE]:
                return two

    def csv(name, n):
        """Tokens whose iat is the second they are planned for."""
        path = f"{place}/{name}.csv"
        start = int(time.time()) + (2 + n // 12000 if SOAK else 0)
        with open(path, "w") as f:
            f.write("SEQUENTIAL\n")
            for at in range(0, n, RATE):
                f.write("\n".join(lab.tokens(min(RATE, n - at), iat=start + at // RATE)) + "\n")
        time.sleep(max(0, start - time.time()))
        return path

    def sipp(name, transport, n):
        if not shutil.which("sipp"):
            raise Skip("sipp is absent")
        before = settled()
        scenario = f"{place}/{name}.xml"
        with open(scenario, "w") as f:
            f.write(SCENARIO % {"caller": CALLER, "called": CALLED, "x5u": lab.x5u()})
        host, port = server.door(transport.lower())
        tokens = csv(name, n)
        command = ["sipp", f"{host}:{port}", "-sf", scenario, "-inf", tokens, "-r", str(RATE), "-m", str(n), "-l", "20000",
                   "-i", "127.0.0.1", "-t", "u1" if transport == "UDP" else "t1", "-nostdin", "-cid_str", f"{name}-%u-%p@%s",
                   "-timeout", str(n // RATE + 120), "-timeout_error", "-trace_err", "-error_file", f"{place}/{name}.err",
                   "-buff_size", str(8 << 20)]
        out = subprocess.run(command, capture_output=True, text=True, cwd=place, env=dict(os.environ, TERM="xterm"),
                             timeout=n // RATE + 180)
        errors = read(f"{place}/{name}.err")[-1500:].decode(errors="replace") if os.path.exists(f"{place}/{name}.err") else ""
        equal(out.returncode, 0, out.stderr[-500:] + errors)
        after = settled()
        equal(after[GENUINE] - before[GENUINE], n, "genuine calls")
        sql = f"SELECT count(*), count(DISTINCT call_id) FROM records WHERE call_id LIKE '{name}-%'"
        eventually(lambda: server.records(sql) == [(n, n)], f"{n} records, each once", 120)
        for what in ("send_failed_total", "replay_evicted_total", "records_failed_total", "answers_evicted_total"):
            equal(after[what], 0, what)
        print(f"# {name}: {n} calls, retransmissions {after['retransmissions_total'] - before['retransmissions_total']:.0f}, "
              f"shed {after['calls_total{verdict=' + chr(34) + 'shed' + chr(34) + ',code=' + chr(34) + '302' + chr(34) + '}']:.0f}, "
              f"99 % within {quantile(before, after, 0.99)} s")

    def quantile(before, after, q):
        rows = [(float(re.search(r'le="([^"]+)"', name)[1].replace("+Inf", "inf")), after[name] - before[name])
                for name in after if name.startswith("answer_seconds_bucket")]
        return next(le for le, n in rows if n >= q * rows[-1][1])

    def warm():
        """the first call is genuine"""
        equal(verdict(Udp(server.door("udp")).ask(request(identity=lab.identity())))["verdict"], "genuine")

    def udp():
        sipp("udp", "UDP", COUNT["UDP"])
    udp.__doc__ = f"{COUNT['UDP']} signed calls over UDP, {RATE} a second: all genuine, each in the record once"

    def tcp():
        sipp("tcp", "TCP", COUNT["TCP"])
    tcp.__doc__ = f"{COUNT['TCP']} signed calls over TCP: all genuine, each in the record once"

    def beside():
        """the same while other signers' certificate servers are silent, slow, gone, endless, redirecting, unknown to DNS"""
        moods = ["silent", "slow", "gone", "endless", "redirect", "refused"]
        ending, answered, urgent = threading.Event(), [], []

        def disturb():
            u = Udp(server.door("udp"), source=("127.0.0.8", 0))
            n = 0
            while not ending.is_set():
                mood = moods[n % len(moods)]
                name = f"{mood}{n % 60}.pem"
                repository.moods[name] = mood
                x5u = repository.url(name) if n % 7 else f"https://no-such-name{n % 60}.invalid/x.pem"
                answer = u.ask(request(identity=lab.identity(carrier=1 + n % 6, x5u=x5u), via="127.0.0.8:5099"))
                answered.append((verdict(answer)["verdict"], "cause=436" in (header(answer, "Reason") or "")))
                urgent.append(status(u.ask(request(uri="urn:service:sos.fire", via="127.0.0.8:5099"))))
                n += 1

        threads = [threading.Thread(target=disturb) for _ in range(4)]
        for t in threads:
            t.start()
        try:
            sipp("beside", "UDP", COUNT["UDP"])
        finally:
            ending.set()
            for t in threads:
                t.join()
        equal(set(answered), {("unproven", True)})
        equal(set(urgent), {302})

    def flat():
        """memory does not grow with the calls"""
        rss = int(re.search(r"VmRSS:\s+(\d+)", read(f"/proc/{server.pid}/status").decode())[1])
        print(f"# VmRSS {rss} KiB after {server.metrics()['messages_total']:.0f} messages")
        check(rss < 300 * 1024, rss)

    def ends():
        """SIGTERM ends it with status 0"""
        equal(server.stop(), 0)
        lab.close()

    tap([warm, udp, tcp, beside, flat, ends])


with scratch() as place:
    main(place)
