# SPDX-License-Identifier: Apache-2.0
"""bonafide people carddav against a real Radicale."""
from radicale import *


def card(n, name=None, more=""):
    return (f"BEGIN:VCARD\nVERSION:4.0\nUID:urn:uuid:00000000-0000-4000-8000-{n:012d}\nFN:{name or f'Person {n}'}\n"
            f"TEL;VALUE=uri:tel:+1202555{n:04d}\n{more}END:VCARD\n")


def main(place):
    try:
        radicale = Radicale(place + "/radicale")
        secure = Radicale(place + "/secure", tls=True)
    except Skip as reason:
        print(f"1..0 # SKIP {reason}")
        return
    store = f"sqlite:{place}/book.db"
    with open(place + "/password", "w") as f:
        f.write("lovelace\n")
    environment = dict(os.environ, XDG_STATE_HOME=place + "/state", HOME=place)

    def bonafide(*args, status=0):
        ran = subprocess.run([PROGRAM, "people", *args], capture_output=True, text=True, timeout=120, env=environment)
        equal(ran.returncode, status, ran.stdout + ran.stderr)
        return ran.stdout if status == 0 else ran.stderr

    def take(url, *more, status=0, to=store):
        said = bonafide("carddav", url, "--user", "ada", "--password-file", place + "/password", "--store", to, "--json", *more,
                        status=status)
        return json.loads(said) if status == 0 else said

    def found(**wanted):
        return lambda report: {key: report[key] for key in wanted} == wanted

    def people(to=store):
        return sorted(line for line in bonafide("export", "--format", "csv", "--store", to).splitlines()[1:] if line)

    book = radicale.url + "/ada/contacts/"

    def nobody():
        """an address book that is not there is an error with a sentence"""
        check("404" in take(book, status=65), "404")

    def everybody():
        """all of an address book, with names in any script and more than one batch"""
        radicale.make_book("contacts")
        names = {1: "Ada Miller", 2: "Владимир Петров", 3: "Zoë & <Co>", 4: "王小明"}
        for n in range(1, 131):
            radicale.put(f"contacts/{n}.vcf", card(n, names.get(n), "NOTE:" + "long " * 40 + "\n" if n == 5 else ""))
        report = take(book)
        equal((report["added"], report["changed"], report["refused"], report["whole"]), (130, 0, 0, True))
        all_of_them = "\n".join(people())
        equal(len(people()), 130)
        for name in names.values():
            check(name in all_of_them, name, "is not there")
        check("+12025550007" in all_of_them, "the number of the seventh")

    def nothing():
        """a second run takes nothing where nothing changed"""
        report = take(book)
        equal((report["added"], report["changed"], report["same"], report["gone"], report["whole"]), (0, 0, 0, 0, False))

    def changes():
        """a later run takes what has changed, and nothing else"""
        radicale.put("contacts/7.vcf", card(7, "Ada Lovelace"))
        radicale.put("contacts/new.vcf", card(500, "Somebody New"))
        radicale.delete("contacts/9.vcf")
        report = take(book)
        equal((report["added"], report["changed"], report["same"], report["gone"], report["removed"]), (1, 1, 0, 1, 0))
        all_of_them = "\n".join(people())
        check("Ada Lovelace" in all_of_them and "Person 7," not in all_of_them, all_of_them[:500])
        check("Person 9," in all_of_them, "who is gone there stays")

    def removed():
        """with --remove, who is gone there goes here"""
        radicale.delete("contacts/10.vcf")
        report = take(book, "--remove")
        equal((report["gone"], report["removed"]), (1, 1))
        check("Person 10," not in "\n".join(people()), "still there")

    def forgotten():
        """a server that forgot where we were is asked for everything, and what did not change is not taken again"""
        with contextlib.closing(sqlite3.connect(place + "/book.db")) as db:
            db.execute("UPDATE carddav_books SET token = 'http://radicale.org/ns/sync/' || hex(zeroblob(32))")
            db.commit()
        report = take(book)
        equal((report["added"], report["changed"], report["same"], report["gone"], report["whole"]), (0, 0, 0, 0, True))

    def from_the_root():
        """the one address book of a server is found from its root"""
        report = take(radicale.url + "/", to=f"sqlite:{place}/other.db")
        equal((report["book"], report["added"]), (book, 129))
        radicale.make_book("second")
        check("2 address books" in take(radicale.url + "/", status=65), "which one?")

    def password():
        """a wrong password is said to be wrong"""
        with open(place + "/wrong", "w") as f:
            f.write("babbage\n")
        said = bonafide("carddav", book, "--user", "ada", "--password-file", place + "/wrong", "--store", store, status=65)
        check("password" in said and "babbage" not in said, said)

    def over_tls():
        """over TLS, whose certificate must be one that counts"""
        secure.make_book("contacts")
        secure.put("contacts/1.vcf", card(1))
        other = f"sqlite:{place}/tls.db"
        check("certificate" in take(secure.url + "/ada/contacts/", status=65, to=other), "nobody vouches for it")
        equal(take(secure.url + "/ada/contacts/", "--ca", secure.ca, to=other)["added"], 1)

    def no_password_in_the_clear():
        """http is for this machine alone"""
        check("https" in take("http://192.0.2.7:1/ada/", status=65), "it tried")
        check("https" in take("ftp://127.0.0.1/ada/", status=65), "it tried")

    try:
        tap([nobody, everybody, nothing, changes, removed, forgotten, from_the_root, password, over_tls, no_password_in_the_clear])
    finally:
        radicale.close()
        secure.close()


with scratch() as place:
    main(place)
