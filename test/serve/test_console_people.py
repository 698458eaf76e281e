# SPDX-License-Identifier: Apache-2.0
"""The desk and people: photos, files, merging, habits, expected calls, names, who may what, and forgetting somebody."""
import sqlite3
from desk import *
from house import *

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082")
CARD = b"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:5\r\nFN:Grace Hopper\r\nTEL;VALUE=uri:tel:+12155550160\r\nEND:VCARD\r\n"


def main(place):
    lab = Lab(place + "/lab")
    port = free_port()
    row = {"key": lab.key(), "x5u": lab.x5u(), "chain": lab.chain(), "numbers": ["+1215555*"], "attest": "A"}
    server = Server(place + "/server", {"desk": {"listen": f"127.0.0.1:{port}"}, "sign": [row], "store": {"keep_messages": True}},
                    lab=lab).start()
    desk = Desk(port).first(server.read_log())
    store = f"{server.place}/records.db"

    def rows(n=None, query=""):
        if n is not None:
            eventually(lambda: len(desk.get("calls?limit=1000")["calls"]) == n, f"{n} calls are listed")
        return desk.get("calls?limit=1000&" + query)["calls"]

    def add(name, *numbers, **more):
        status, said = desk.ask("POST", "api/people", {"name": name, "numbers": list(numbers), "protected": True, **more})
        equal(status, 200)
        return said["id"]

    def taken_up(n):
        eventually(lambda: server.metrics()["people"] == n, "the server knows them")

    def photo():
        """a photo is put, shown and removed; who sees no numbers sees no faces"""
        ada = add("Ada Lovelace", "+" + CALLER, aliases=["Countess Lovelace"])
        equal(desk.ask("PUT", f"api/people/{ada}/photo", b"<svg/>", "image/svg+xml")[0], 415)
        equal(desk.ask("PUT", f"api/people/{ada}/photo", PNG, "image/png")[0], 200)
        equal(desk.get(f"people/{ada}")["photo"], f"people/{ada}/photo")
        equal(desk.ask("GET", f"api/people/{ada}/photo"), (200, PNG))
        equal((desk.fields["Content-Type"], desk.fields["X-Content-Type-Options"]), ("image/png", "nosniff"))
        reader = desk.user("rita", "read")
        equal(reader.ask("GET", f"api/people/{ada}/photo")[0], 403)
        equal((reader.get(f"people/{ada}")["photo"], reader.get("people")["people"][0]["photo"]), (None, None))
        equal(desk.ask("DELETE", f"api/people/{ada}/photo")[0], 200)
        equal(desk.ask("GET", f"api/people/{ada}/photo")[0], 404)

    def files():
        """a vCard and a CSV come in and go out; what cannot be read is refused"""
        status, said = desk.ask("POST", "api/people/import", CARD, "text/vcard")
        equal((status, said["added"]), (200, 1))
        equal(desk.ask("POST", "api/people/import", CARD, "text/vcard")[1]["same"], 1)
        status, said = desk.ask("POST", "api/people/import", b"name,numbers\nAlan Turing,+12155550161\n", "text/csv")
        equal((status, said["added"]), (200, 1))
        equal(desk.ask("POST", "api/people/import", b"colour\nred\n", "text/csv")[0], 400)
        card = desk.ask("GET", "api/people.vcf")[1].decode()
        check("FN:Grace Hopper" in card and "FN:Alan Turing" in card, card)
        check(desk.fields["Content-Disposition"].endswith('"people.vcf"'))
        check("Grace Hopper" in desk.ask("GET", "api/people.csv")[1].decode())
        equal([p["name"] for p in desk.get("people?q=hopper")["people"]], ["Grace Hopper"])

    def changes():
        """a person is changed, merged with another, and removed"""
        ids = {p["name"]: p["id"] for p in desk.get("people")["people"]}
        status, said = desk.ask("PUT", f"api/people/{ids['Alan Turing']}", {"name": "Alan M. Turing", "tags": ["guests"]})
        equal((status, said["name"], said["tags"], said["numbers"]), (200, "Alan M. Turing", ["guests"], ["+12155550161"]))
        equal(desk.ask("PUT", f"api/people/{ids['Alan Turing']}", {"name": ""})[0], 400)
        equal(desk.ask("POST", f"api/people/{ids['Grace Hopper']}/merge", {"from": ids["Alan Turing"]})[0], 200)
        equal(sorted(desk.get(f"people/{ids['Grace Hopper']}")["numbers"]), ["+12155550160", "+12155550161"])
        equal(desk.ask("GET", f"api/people/{ids['Alan Turing']}")[0], 404)
        equal(desk.ask("DELETE", f"api/people/{ids['Grace Hopper']}")[0], 200)
        equal([p["name"] for p in desk.get("people")["people"]], ["Ada Lovelace"])

    def names():
        """a name is tried as calls try it"""
        said = desk.get("names?name=Ada%20L0velace")
        equal((said["match"], said["person"]["name"]), (True, "Ada Lovelace"))
        check(said["score"] > 0.5 and said["rule"], said)
        equal(desk.get("names?name=Grace%20Hopper")["match"], False)
        other = add("Grace Hopper", "+12155550160")
        equal(desk.get("names?name=Grace%20Hopper")["person"], {"id": other, "name": "Grace Hopper"})
        equal(desk.ask("DELETE", f"api/people/{other}")[0], 200)
        equal(desk.ask("GET", "api/names")[0], 400)

    def exceptions():
        """who may say whose name is written down, and taken back"""
        equal(desk.ask("POST", "api/exceptions", {"number": "+12155550170", "name": "Ada"})[0], 200)
        equal(desk.ask("POST", "api/exceptions", {"number": "Ada", "name": "Ada"})[0], 400)
        [found] = desk.get("exceptions")["exceptions"]
        equal((found["number"], found["name"], found["by"]), ("12155550170", "Ada", "ada"))
        equal(desk.ask("DELETE", f"api/exceptions/{found['id']}")[0], 200)
        equal(desk.get("exceptions"), {"exceptions": []})

    def expected():
        """an expected call is told when it is agreed, met and cancelled; the call says which it was"""
        [ada] = desk.get("people")["people"]
        taken_up(1)
        stream = Stream(desk)
        now = time.time()
        at = lambda s: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + s))
        wish = {"person": ada["id"], "from": at(-60), "until": at(600), "zone": "UTC", "word": "butterfly"}
        status, said = desk.ask("POST", "api/expected", wish)
        equal(status, 201)
        told = stream.next("expected")
        equal((told["id"], told["state"], told["person"]["name"], told["word"]), (said["id"], "open", "Ada Lovelace", "butterfly"))
        eventually(lambda: "generation" in server.read_log(), "it is taken up")
        eventually(lambda: (place_calls(server, lab, "signed", name="Ada Lovelace"), desk.get("expected")["expected"][0]["state"])[1] == "met",
                   "it is met")
        told = stream.next("expected")
        equal((told["id"], told["state"]), (said["id"], "met"))
        equal(desk.get("calls/" + told["call"])["expected"]["id"], said["id"])
        status, said = desk.ask("POST", "api/expected", {**wish, "from": at(3600), "until": at(7200)})
        equal(stream.next("expected")["id"], said["id"])
        equal(desk.ask("DELETE", f"api/expected/{said['id']}")[0], 200)
        equal(stream.next("expected")["state"], "cancelled")
        equal(desk.ask("POST", "api/expected", {**wish, "until": at(-3600)})[0], 400)
        stream.close()

    def seen():
        """how often a person's calls were proven stands with the person"""
        [ada] = desk.get("people")["people"]
        calls = [r for r in rows() if r["person"]]
        eventually(lambda: desk.get(f"people/{ada['id']}")["seen"]["calls"] == len(calls), "all are counted")
        found = desk.get(f"people/{ada['id']}")["seen"]
        equal((found["since"][:19], found["last"][:19]), (calls[-1]["at"][:19], calls[0]["at"][:19]))

    def habits():
        """a habit waits until it is proposed, and is confirmed or refused; the call shows it"""
        [ada] = desk.get("people")["people"]
        [habit] = eventually(lambda: desk.get(f"people/{ada['id']}")["habits"], "something is learned")
        equal((habit["number"], habit["state"]), (CALLER, "learning"))
        equal(desk.ask("POST", f"api/habits/{habit['id']}", {"confirm": True})[0], 409)
        with contextlib.closing(sqlite3.connect(store, timeout=10)) as db:
            db.execute("UPDATE habits SET state = 1")
            db.commit()
        equal(desk.ask("POST", f"api/habits/{habit['id']}", {"confirm": True})[0], 200)
        equal(desk.get(f"people/{ada['id']}")["habits"][0]["state"], "confirmed")
        equal(desk.get("calls/" + rows()[0]["id"])["habit"]["state"], "confirmed")
        equal(desk.ask("POST", f"api/habits/{habit['id']}", {"confirm": False})[0], 200)
        equal(desk.ask("POST", "api/habits/77", {"confirm": True})[0], 404)

    def certificates():
        """our own certificates say how many days they have left"""
        [own] = eventually(lambda: desk.get("certificates")["own"], "the server has told them")
        equal((own["x5u"], own["state"]), (lab.x5u(), "good" if own["days_left"] > 30 else own["state"]))
        check(own["days_left"] > 0 and own["not_after"] > "2026", own)

    def users():
        """a role is changed, a password too: other sessions end; who logs out is out"""
        dora = desk.user("dora", "desk")
        equal(dora.ask("GET", "api/audit")[0], 403)
        equal(desk.ask("PUT", "api/users/dora", {"role": "admin"})[0], 200)
        equal(dora.ask("GET", "api/me")[0], 401)
        equal(dora.enter("dora")["role"], "admin")
        equal(desk.ask("PUT", "api/users/nobody", {"role": "read"})[0], 409)
        other = Desk(port)
        other.enter("dora")
        equal(dora.ask("POST", "api/me/password", {"old": "wrong", "new": "another fine password"})[0], 403)
        equal(dora.ask("POST", "api/me/password", {"old": PASSWORD, "new": "another fine password"})[0], 200)
        equal((dora.ask("GET", "api/me")[0], other.ask("GET", "api/me")[0]), (200, 401))
        other.enter("dora", "another fine password")
        kept, stream = other.cookie, Stream(other)
        equal(other.ask("POST", "api/logout")[0], 200)
        stream.ends()
        other.cookie = kept
        equal(other.ask("GET", "api/me")[0], 401)
        equal(desk.ask("DELETE", "api/users/dora")[0], 200)
        equal(dora.ask("GET", "api/me")[0], 401)

    def door():
        """who is not logged in may not send much"""
        big = json.dumps({"user": "ada", "password": "x" * 70000}).encode()
        equal(Desk(port).ask("POST", "api/login", big)[0], 413)
        link = Desk(port).link()  # and without saying so beforehand
        link.request("POST", "/desk/api/login", (big[i:i + 4096] for i in range(0, len(big), 4096)), {"Content-Type": "application/json"},
                     encode_chunked=True)
        equal(link.getresponse().status, 413)
        link.close()

    def files_with(text):
        """which files below the server's directory hold it; its log is the log"""
        found = []
        for directory, _, names_ in os.walk(server.place):
            for name in names_:
                path = os.path.join(directory, name)
                if name != "log" and text.encode() in read(path):
                    found.append(path)
        return found

    def erase():
        """who is erased is in no file any more, and every verdict stands as it was"""
        [ada] = desk.get("people")["people"]
        place_calls(server, lab, "unsigned", name="Ada Lovelace", caller="+12155550188")
        place_calls(server, lab, "unsigned", name="Someone Else", caller="+12155550189")
        before = eventually(lambda: [r for r in rows() if r["claimed_name"] == "Someone Else"] and rows(), "the calls are kept")
        equal(desk.user("dan", "desk").ask("POST", f"api/people/{ada['id']}/erase")[0], 403)
        check(files_with("Ada Lovelace"))
        status, said = desk.ask("POST", f"api/people/{ada['id']}/erase")
        equal((status, said["ok"]), (200, True))
        check(said["records"] > 0, said)
        after = rows()
        equal([(r["id"], r["verdict"], r["attest"], r["at"]) for r in after], [(r["id"], r["verdict"], r["attest"], r["at"]) for r in before])
        check("Lovelace" not in json.dumps(after) and CALLER not in json.dumps(after), after)
        check([r for r in after if r["claimed_name"] == "Someone Else" and r["caller"] == "12155550189"], after)
        equal((desk.get("people"), desk.get("expected")), ({"people": []}, {"expected": []}))
        [entry] = [e for e in desk.get("audit")["entries"] if e["what"] == "person erased"]
        equal((entry["user"], entry["object"]), ("ada", str(ada["id"])))
        equal(desk.ask("POST", f"api/people/{ada['id']}/erase")[0], 404)
        equal(server.stop(), 0)
        equal((files_with("Lovelace"), files_with("butterfly")), ([], []))
        server.start()
        equal([r["id"] for r in rows()], [r["id"] for r in before])

    def over_tls():
        """over TLS the cookie is for TLS alone"""
        equal(server.stop(), 0)
        cert, key = place + "/desk.pem", place + "/desk.key"
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                               "/CN=localhost", "-days", "2", "-keyout", key, "-out", cert], capture_output=True)
        equal(made.returncode, 0, made.stderr)
        server.write(merged(server.config, {"desk": {"tls": {"cert": cert, "key": key}}}))
        server.start()
        context = ssl.create_default_context(cafile=cert)
        context.check_hostname = False
        browser = Desk(port, context)
        browser.enter("ada")
        check("Secure" in browser.fields["Set-Cookie"] and "HttpOnly" in browser.fields["Set-Cookie"], browser.fields)
        equal(browser.get("me")["user"], "ada")

    try:
        return tap([photo, files, changes, names, exceptions, expected, seen, habits, certificates, users, door, erase, over_tls])
    finally:
        equal(server.stop(), 0)
        lab.close()


if __name__ == "__main__":
    with scratch() as place:
        sys.exit(main(place))
