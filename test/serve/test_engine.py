# SPDX-License-Identifier: Apache-2.0
"""What checks signatures: lanes with tables of busy signers where the CPU has them, OpenSSL elsewhere; the same answers."""
from house import *

LANES = "avx512ifma" in read("/proc/cpuinfo").decode()


def main(place):
    lab = Lab(place + "/lab", carriers=2)

    def serve(name, engine, **wishes):
        return Server(f"{place}/{name}", {"es256": {"engine": engine, **wishes}}, lab=lab)

    def kinds():
        """Calls of every kind."""
        a, b, c = (lab.identity(attest=letter) for letter in "ABC")
        token, _, parameters = lab.identity().partition(";")
        swapped = token[:-40] + token[-30:-20] + token[-40:-30] + token[-20:]  # of the signature
        of = [dict(identity=a), dict(identity=b), dict(identity=c), dict(identity=lab.identity(carrier=1)), {},
              dict(identity=f"{swapped};{parameters}"), dict(identity=lab.identity(), caller="12155550199"),
              dict(identity=[lab.identity(), "x"])]
        return [request(call_id=f"kind{n}", **kind) for n, kind in enumerate(of)]

    def answers(server, calls):
        """What is said of each, but for what is made anew each time."""
        u, out = Udp(server.door("udp")), []
        for call in calls:
            answer = u.ask(call)
            said = {k: v for k, v in verdict(answer).items() if k != "id"}
            out.append((status(answer), said, header(answer, "Reason"), header(answer, "P-Asserted-Identity")))
        return out

    def same():
        """both engines give the same answers to calls of every kind"""
        calls = kinds()
        with serve("openssl", "openssl") as one:
            first = answers(one, calls)
            m = one.metrics()
            equal((m['es256_engine{engine="openssl"}'], m['es256_engine{engine="lanes"}']), (1, 0))
        equal([a[1]["verdict"] for a in first][:3], ["genuine", "unproven", "unproven"])
        equal(first[5][1], {"verdict": "broken", "attest": "none", "case": "E18"})
        if not LANES:
            raise Skip("this CPU has no AVX-512 IFMA")
        with serve("lanes", "lanes", audit="1/1") as other:
            equal(answers(other, calls), first)
            m = other.metrics()
            equal((m['es256_engine{engine="openssl"}'], m['es256_engine{engine="lanes"}']), (0, 1))
            eventually(lambda: other.metrics()["es256_audited_total"] >= 4, "an audit")
            equal(other.metrics()["es256_disagreements_total"], 0)

    def missing():
        """lanes on a CPU that has none are refused at the start, with what to write"""
        if LANES:
            raise Skip("this CPU has AVX-512 IFMA")
        server = serve("missing", "lanes")
        for more in ([], ["--check"]):
            out = subprocess.run([PROGRAM, "serve", *more, "--config", server.file], capture_output=True, text=True)
            check(out.returncode != 0 and "write auto or openssl" in out.stderr, out)

    def busy():
        """a signer that proves busy gets a table, its signatures are audited, and a reload can take the table away"""
        if not LANES:
            raise Skip("this CPU has no AVX-512 IFMA")
        with serve("busy", "auto", tables_mb=2, audit="1/1") as server:
            u = Udp(server.door("udp"))
            equal(server.metrics()["es256_tables"], 0)
            deadline, n = time.monotonic() + PATIENCE, 0
            while server.metrics()["es256_tables"] < 1:
                check(time.monotonic() < deadline, "no table was built after", n, "calls")
                for _ in range(16):
                    n += 1
                    equal(verdict(u.ask(request(identity=lab.identity(), call_id=f"busy{n}")))["verdict"], "genuine")
            for i in range(20):
                equal(verdict(u.ask(request(identity=lab.identity(), call_id=f"warm{i}")))["verdict"], "genuine")
            eventually(lambda: server.metrics()["es256_audited_total"] >= 20, "an audit")
            m = server.metrics()
            equal((m["es256_disagreements_total"], server.read_log().count("es256"), m['es256_engine{engine="lanes"}']), (0, 0, 1))
            check(m["es256_tables_bytes"] <= 6 << 20, m["es256_tables_bytes"])
            server.write(merged(server.config, {"es256": {"tables_mb": 0}}))
            server.signal(signal.SIGHUP)
            eventually(lambda: server.metrics()["es256_tables"] == 0, "the table is given back")
            equal(verdict(u.ask(request(identity=lab.identity(), call_id="cold")))["verdict"], "genuine")

    tap([same, missing, busy])
    lab.close()


with scratch() as place:
    main(place)
