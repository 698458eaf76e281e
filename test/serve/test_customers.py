# SPDX-License-Identifier: Apache-2.0
"""Whose calls are signed: customers, their inventory, letters of authority, certificates that end; all of it reloaded under load."""
import datetime
from house import *


class Papers:
    """A CA of openssl, whose certificates end when told to, and are revoked."""

    def __init__(self, place):
        self.place = place
        os.makedirs(place)
        for name, text in (("index.txt", ""), ("serial", "1000\n"), ("crlnumber", "01\n")):
            with open(f"{place}/{name}", "w") as f:
                f.write(text)
        with open(f"{place}/ca.cnf", "w") as f:
            f.write(f"""[ca]
default_ca = d
[d]
database = {place}/index.txt
serial = {place}/serial
crlnumber = {place}/crlnumber
new_certs_dir = {place}
certificate = {place}/ca.pem
private_key = {place}/ca.key
default_md = sha256
default_crl_days = 10
policy = p
crl_extensions = crl
[p]
commonName = supplied
countryName = optional
[crl]
authorityKeyIdentifier = keyid
[req]
distinguished_name = dn
[dn]
[v3]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
""")
        self.run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ca.key")
        self.run("req", "-x509", "-new", "-key", "ca.key", "-subj", "/C=US/CN=Papers", "-days", "400", "-config", "ca.cnf",
                 "-extensions", "v3", "-out", "ca.pem")

    def run(self, *words):
        subprocess.run(["openssl", *words], cwd=self.place, check=True, capture_output=True)

    def certificate(self, name, days):
        """Paths of a key and a chain that ends in so many days."""
        at = lambda days: (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")
        self.run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
        self.run("req", "-new", "-key", f"{name}.key", "-subj", f"/C=US/CN={name}", "-config", "ca.cnf", "-out", f"{name}.csr")
        self.run("ca", "-batch", "-config", "ca.cnf", "-in", f"{name}.csr", "-out", f"{name}.pem", "-notext", "-startdate",
                 at(-400), "-enddate", at(days))
        os.chmod(f"{self.place}/{name}.key", 0o600)
        return {"key": f"{self.place}/{name}.key", "x5u": f"https://certs.example.net/{name}.pem",
                "chain": f"{self.place}/{name}.pem"}

    def revoke(self, name):
        self.run("ca", "-batch", "-config", "ca.cnf", "-revoke", f"{name}.pem")

    def crl(self):
        self.run("ca", "-gencrl", "-config", "ca.cnf", "-out", "crl.pem")
        return f"{self.place}/crl.pem"


def put(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def main(place):
    lab = Lab(place + "/lab", carriers=2)
    paper = lambda carrier: {"key": lab.key(carrier), "x5u": lab.x5u(carrier)}
    stock, ported, base = place + "/numbers.csv", place + "/ported.csv", place + "/numbers.db"
    good = "number,count,customer,status\n+12155550100,100,acme,active\n+12155550150,1,acme,ported-out\n+12155550300,10,beta,\n"
    put(stock, good)
    put(ported, "number\n+12155550160\n")
    day = lambda days: (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y-%m-%d")
    customers = [
        {"name": "acme", "attest": "A", "other_numbers": "B", "from": ["127.0.0.1"],
         "letter_of_authority": [{"numbers": ["+12155550400/10"], "until": day(1), "reference": "LOA-1"},
                                 {"numbers": ["+12155550500/10"], "until": day(-2), "reference": "LOA-2"}]},
        {"name": "beta", "attest": "A", "trunk_groups": ["tg7@beta.example"], "header": {"name": "X-Customer", "value": "beta"},
         "via": ["127.0.0.2"], "certificate": paper(1)},
        {"name": "transit", "attest": "C", "other_numbers": "C", "from": ["127.0.0.9"]}]
    wishes = {"sip": {"clients": ["127.0.0.0/8"], "overload_ms": 10000}, "customers": customers,
              "signing": {"inventory": [stock], "ported_out": [ported], "certificate": paper(0)}}
    listen = ["udp:127.0.0.1:0", {"on": "udp:127.0.0.1:0", "role": "sign"}]
    server = Server(place + "/s", wishes, lab=lab, listen=listen).start()
    door = lambda: server.door("udp", sign=True)
    udp = lambda source="127.0.0.1": Udp(door(), source=(source, 0))

    def signed(caller, source="127.0.0.1", **more):
        """Who signed and as what, or None."""
        answer = udp(source).ask(request(caller=caller, **more))
        equal(status(answer), 302)
        said = verdict(answer)
        check((header(answer, "Identity") is not None) == (said["signed"] == "yes"), answer)
        return (said["by"], said["attest"]) if said["signed"] == "yes" else None

    def reload(count=lambda m: m["reloads_total"] + m["reload_failures_total"]):
        before = count(server.metrics())
        server.signal(signal.SIGHUP)
        eventually(lambda: count(server.metrics()) > before, "a reload")

    def attests():
        """id_102 its own number A, another's B where that is allowed, a gateway C, everybody else nothing"""
        equal(signed("12155550121"), ("acme", "A"))
        equal(signed("33123456789"), ("acme", "B"))
        equal(signed("12155550121", "127.0.0.9"), ("transit", "C"))
        equal(signed("12155550121", "127.0.0.5"), None)
        eventually(lambda: server.metrics()["sign_inventory_numbers"] == 110, "the inventory in force")

    def trunks_and_headers():
        """a trunk group and a header count from the peer that is named for it, and from nobody else"""
        contact = lambda m: m.replace(b"<sip:test@127.0.0.1:5099>", b"<sip:+12155550300;tgrp=tg7;trunk-context=beta.example@127.0.0.1>")
        for source, by in (("127.0.0.2", "beta"), ("127.0.0.5", None)):
            answer = udp(source).ask(contact(request(caller="12155550300")))
            equal(verdict(answer).get("by"), by)
        says = {"caller": "12155550301", "extra": ["X-Customer: beta"]}
        equal(signed(source="127.0.0.2", **says), ("beta", "A"))
        equal(signed(source="127.0.0.5", **says), None)
        equal(signed("12155550121", "127.0.0.2", extra=["X-Customer: beta"]), None)

    def letters():
        """a letter of authority makes another's number as good as its own, until it ends"""
        equal(signed("12155550405"), ("acme", "A"))
        equal(signed("12155550505"), ("acme", "B"))

    def ported_out():
        """a number that was ported out is not its own any more, whichever file says so"""
        equal(signed("12155550150"), ("acme", "B"))
        equal(signed("12155550160"), ("acme", "B"))

    def told():
        """who signed stands in the log and in the record"""
        equal(signed("12155550122", call_id="told"), ("acme", "A"))
        eventually(lambda: server.records("SELECT why FROM records WHERE call_id='told@test'") == [("signed by acme",)], "a record")
        check(any("told@test" in line and "signed by acme" in line for line in server.verdict_lines()), server.read_log()[-500:])

    def bad_rows():
        """a bad row is refused with file, line and column, and what was in force stays in force"""
        for text, says in (("+12155550100,100,acme,active\n+1215555010x,1,acme,\n", 'numbers.csv:3:12: "+1215555010x": this is not a'),
                           ("+12155550100,100,acme,\n+12155550110,1,beta,\n", "+12155550110 stands in"),
                           ("+12155550100,1,nobody,\n", 'numbers.csv:2: customer "nobody" does not stand under customers')):
            put(stock, "number,count,customer,status\n" + text)
            reload()
            equal(server.metrics()["reload_failed"], 1)
            check(says in server.read_log(), says, server.read_log()[-600:])
            equal(signed("12155550121"), ("acme", "A"))
        put(stock, good)
        reload()
        equal(server.metrics()["reload_failed"], 0)

    def under_load():
        """while 200,000 numbers are read again and again, every call is answered and signed"""
        rows = "".join(f"+1202{i:07}7,1,{'acme' if i % 2 else 'beta'},\n" for i in range(200000))
        stop, counts, faults = threading.Event(), [0, 0], []

        def caller(n):
            u = udp()
            while not stop.is_set():
                try:
                    said = verdict(u.ask(request(caller=f"121555501{n:02}")))
                    if (said["signed"], said["by"], said["attest"]) != ("yes", "acme", "A"):
                        faults.append(said)
                    counts[n] += 1
                except BaseException as e:
                    faults.append(e)
                    return

        threads = [threading.Thread(target=caller, args=(n,)) for n in range(2)]
        for t in threads:
            t.start()
        for i in range(4):
            put(stock, good + (rows if i % 2 == 0 else ""))
            before = list(counts)
            reload()
            numbers = 200110 if i % 2 == 0 else 110
            eventually(lambda: server.metrics()["sign_inventory_numbers"] == numbers, "the inventory in force")
            eventually(lambda: counts[0] > before[0] and counts[1] > before[1], "calls go on")
        stop.set()
        for t in threads:
            t.join()
        equal(faults, [])
        print(f"# {sum(counts)} calls")

    def database():
        """an SQLite database is an inventory too"""
        with contextlib.closing(sqlite3.connect(base)) as db:
            db.execute("CREATE TABLE numbers (number TEXT, count INTEGER, customer TEXT)")
            db.execute("INSERT INTO numbers VALUES ('+12155550700', 10, 'acme')")
            db.commit()
        server.write(merged(server.config, {"signing": {"inventory": [stock, "sqlite:" + base]}}))
        reload()
        equal(signed("12155550709"), ("acme", "A"))
        equal(signed("12155550710"), ("acme", "B"))
        server.write()
        reload()

    def dates():
        """dt_001 dt_003 a Date that is wrong is not signed; iat is the Date"""
        form = lambda off: (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=off)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        equal(signed("12155550121", extra=["Date: " + form(0)]), ("acme", "A"))
        equal(signed("12155550121", extra=["Date: " + form(-90)]), None)
        equal(signed("12155550121", extra=["Date: yesterday"]), None)

    def help_and_signed():
        """id_105 calls for help pass untouched, and a call that carries shaken is not signed again, whoever calls"""
        for wishes in ({"called": "911"}, {"uri": "urn:service:sos"}, {"identity": lab.identity()}):
            answer = udp().ask(request(**wishes))
            equal((status(answer), verdict(answer)["signed"], header(answer, "Identity")), (302, "no", None), wishes)

    def explained():
        """what --explain says is what the server does"""
        explain = lambda source, caller, *more: subprocess.run(
            [PROGRAM, "sign", "--explain", "--config", server.file, "--from", source, "--orig", "+" + caller, "--dest", "+" + CALLED,
             "--json", *more], capture_output=True, text=True)
        for source, caller in (("127.0.0.1", "12155550121"), ("127.0.0.1", "33123456789"), ("127.0.0.5", "12155550121"),
                               ("127.0.0.9", "12155550301"), ("127.0.0.1", "12155550405"), ("127.0.0.1", "12155550160")):
            ran = explain(source, caller)
            said = json.loads(ran.stdout)
            done = signed(caller, source)
            equal((said["by"], said["attest"]) if said["signed"] else None, done)
            equal(ran.returncode, 0 if done else 1)
            equal([c["name"] for c in said["considered"]], ["acme", "beta", "transit"])
            equal([c["name"] for c in said["considered"] if c["decided"]], [done[0]] if done else [])
        ran = explain("127.0.0.2", "12155550301", "--header", "X-Customer: beta")
        equal(json.loads(ran.stdout)["by"], "beta")
        equal(explain("nowhere", "12155550121").returncode, 64)

    def certificates():
        """sec_066 alarms 30, 7 and 1 days before a certificate ends, once; an ended or revoked one signs nothing"""
        if not shutil.which("openssl"):
            raise Skip("openssl is absent")
        papers = Papers(place + "/papers")
        ends = {"far": 200, "month": 20, "week": 5, "day": 0.5, "ended": -1, "revoked": 200}
        rows = [{"name": name, "attest": "A", "from": ["127.0.0.1"], "numbers": [f"+121555560{i:02}"],
                 "certificate": papers.certificate(name, days)} for i, (name, days) in enumerate(ends.items())]
        papers.revoke("revoked")
        config = {"sip": {"clients": ["127.0.0.0/8"]}, "customers": rows,
                  "trust": {"domains": [{"name": "papers", "anchors": [papers.place + "/ca.pem"], "crl": [papers.crl()], "lab": True}]}}
        with Server(place + "/p", config, listen=listen) as s:
            eventually(lambda: s.metrics()["sign_certificates_unusable"] == 2, "they are looked after")
            first = s.metrics()["sign_certificate_expiry_seconds"]
            for i, name in enumerate(ends):
                said = verdict(Udp(s.door("udp", sign=True)).ask(request(caller=f"121555560{i:02}")))
                equal((name, said["signed"]), (name, "no" if name in ("ended", "revoked") else "yes"))
            equal(s.metrics()["sign_failed_total"], 2)
            s.signal(signal.SIGHUP)
            eventually(lambda: s.metrics()["reloads_total"] == 1, "a reload")
            time.sleep(1.2)  # the next look, which must find nothing new
            for name, says in (("month", "in 20 days"), ("week", "in 5 days"), ("day", "in 1 days"), ("ended", "go out unsigned"),
                               ("revoked", "is revoked")):
                lines = [line for line in s.read_log().splitlines() if f"the certificate of {name} " in line]
                equal(len(lines), 1, name)
                check(says in lines[0], lines)
            check("certificate of far " not in s.read_log())
            check(first < time.time(), first)

    def watched():
        """systemd hears that the server lives while a large inventory is read"""
        path, large = place + "/notify", place + "/large.csv"
        put(large, "number,customer\n" + "".join(f"+1303{i:07}7,acme\n" for i in range(0, 4000000, 2)))
        ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ears.bind(path)
        ears.settimeout(60)
        with Server(place + "/w", wishes, lab=lab, listen=listen, environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"}) as s:
            s.write(merged(s.config, {"signing": {"inventory": [stock, large]}}))
            s.signal(signal.SIGHUP)
            while b"RELOADING=1" not in ears.recv(4096):
                pass
            heard = []
            while not any(b"READY=1" in h for h in heard):
                heard.append(ears.recv(4096))
            equal(s.metrics()["reloads_total"], 1)
            check(sum(b"WATCHDOG=1" in h for h in heard) >= 1, heard)
        ears.close()

    def ends():
        """SIGTERM ends it with status 0"""
        equal(server.stop(), 0)
        lab.close()

    tap([attests, trunks_and_headers, letters, ported_out, told, bad_rows, under_load, database, dates, help_and_signed, explained, certificates,
         watched, ends])


with scratch() as place:
    main(place)
