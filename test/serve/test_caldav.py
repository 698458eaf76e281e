# SPDX-License-Identifier: Apache-2.0
"""Diaries from CalDAV servers: a real Radicale, a real Xandikos, and one that misbehaves to order."""
import http.server

from radicale import *

RACE = os.path.join(BUILD, "test", "serve", "race_slot")
ROUNDS = 1000 if os.environ.get("BF_LOAD") == "soak" else 40 if SANITIZED else 200
OK, EIO, EFORM, ELIMIT, ENOENT, EAGAIN, EUNSUP, EDENIED, ETIME = 0, -2, -3, -4, -5, -6, -7, -8, -9


def event(n, summary="Meeting", more=""):
    return ("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\nBEGIN:VEVENT\n"
            f"UID:event-{n}@example.org\nDTSTAMP:20261101T000000Z\nDTSTART:202612{1 + n % 28:02d}T100000Z\n"
            f"DTEND:202612{1 + n % 28:02d}T110000Z\nSUMMARY:{summary}\n{more}END:VEVENT\nEND:VCALENDAR\n").replace("\n", "\r\n")


class Xandikos:
    """No passwords: it trusts who reaches it."""

    def __init__(self, place):
        if not shutil.which("xandikos"):
            raise Skip("xandikos is absent")
        os.makedirs(place)
        self.port, self.user, self.password = free_port(), "user", ""
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = open(os.path.join(place, "log"), "ab")
        self.process = started(subprocess.Popen([shutil.which("xandikos"), "-d", place + "/dav", "--defaults", "-l", "127.0.0.1",
                                                 "-p", str(self.port)], stdout=self.log, stderr=self.log,
                                                env={k: v for k, v in os.environ.items() if not k.startswith("PYENV")}))
        eventually(self.answers, "xandikos answers")
        self.calendar = self.url + "/user/calendars/calendar/"

    def answers(self):
        check(self.process.poll() is None, "xandikos ended:", read(self.log.name)[-2000:])
        try:
            return self.ask("OPTIONS", "/")[0] < 500
        except OSError:
            return False

    def ask(self, method, path, body=None, kind="text/calendar; charset=utf-8"):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            c.request(method, path, body=body, headers={"Content-Type": kind})
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()


class Hostile(http.server.ThreadingHTTPServer):
    """answers: a function of (method, path, headers, body) -> (status, headers, body), or None: nothing is answered."""
    daemon_threads = True

    def __init__(self, answers):
        self.answers, self.asked, self.ended = answers, [], threading.Event()
        super().__init__(("127.0.0.1", 0), Hostile.Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.server.asked.append((self.command, self.path, self.headers.get("Authorization")))
            answer = self.server.answers(self.command, self.path, self.headers, body)
            if answer is None:
                self.server.ended.wait(PATIENCE)
                return
            status, headers, text = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            try:
                self.wfile.write(text)
            except OSError:
                pass

        do_PROPFIND = do_REPORT = do_GET = do_PUT = do_DELETE = any

        def log_message(self, *args):
            pass

    def close(self):
        self.ended.set()
        self.shutdown()
        self.server_close()


def multistatus(*responses, token=""):
    return 207, {"Content-Type": "application/xml"}, (
        '<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">' + "".join(responses)
        + (f"<sync-token>{token}</sync-token>" if token else "") + "</multistatus>").encode()


def response(href, prop):
    return f"<response><href>{href}</href><propstat><prop>{prop}</prop><status>HTTP/1.1 200 OK</status></propstat></response>"


CALENDAR = response("/cal/", "<resourcetype><collection/><C:calendar/></resourcetype>")


def main(place):
    password = place + "/password"
    with open(os.open(password, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        f.write("lovelace\n")

    def diary(verb, where, *more, status=0, secret=password):
        ran = subprocess.run([PROGRAM, "diary", verb, where, "--user", "ada", "--password-file", secret, *more], capture_output=True,
                             text=True, timeout=120)
        equal(ran.returncode, status, ran.stdout[:2000] + ran.stderr)
        check("lovelace" not in ran.stdout + ran.stderr, "the password is shown")
        return ran.stdout if status == 0 else ran.stderr

    def uids(text):
        return sorted(line[4:] for line in text.splitlines() if line.startswith("UID:"))

    class Sync:
        def __init__(self, url, user="ada", secret="lovelace"):
            self.p = started(subprocess.Popen([RACE, "sync", url, user, secret], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

        def __call__(self):
            self.p.stdin.write("\n")
            self.p.stdin.flush()
            said = self.p.stdout.readline().strip()
            return said if said.startswith("error") else tuple(int(x) for x in said.split())

        def close(self):
            self.p.stdin.close()
            equal(self.p.wait(PATIENCE), 0)
            self.p.stdout.close()

    def hostile(answers):
        return contextlib.closing(Hostile(answers))

    # ---- of every server: `server` has ask, url, user, password; `calendar` is a path ----

    def rounds(server, calendar, user, secret):
        url = server.url + calendar
        put = lambda n, text: check(server.ask("PUT", f"{calendar}{n}.ics", text.encode(), "text/calendar; charset=utf-8")[0] in (201, 204), n)
        for n in range(1, 121):
            put(n, event(n, "Größe & <Maß> 王" if n == 3 else "Meeting"))
        sync = Sync(url, user, secret)
        equal(sync(), (120, 0, 1, 120), "all of it")
        equal(sync()[:2] + sync()[3:], (0, 0, 120), "nothing has changed")
        put(7, event(7, "Moved"))
        put(500, event(500))
        check(server.ask("DELETE", f"{calendar}9.ics")[0] in (200, 204), "deleted")
        equal(sync(), (2, 1, 0, 120), "what has changed, alone")
        check(server.ask("DELETE", f"{calendar}10.ics")[0] in (200, 204), "deleted")
        equal(sync(), (0, 1, 0, 119), "a deletion")
        sync.close()

    def slot(server, calendar, user, secret):
        """what is known of a slot after each step"""
        ran = subprocess.run([RACE, "slot", server.url + calendar, user, secret], capture_output=True, text=True, timeout=60)
        equal(ran.returncode, 0, ran.stderr)
        said = dict(line.rsplit(" ", 1) if not line.startswith(("between", "busy")) else line.split(" ", 1)
                    for line in ran.stdout.splitlines())
        equal({k: v for k, v in said.items() if k != "busy"},
              {"new": "0", "again": str(EAGAIN), "between": "0 1 0 0", "change": "0", "stale": str(EAGAIN), "etags": "1",
               "delete stale": str(EAGAIN), "delete": "0", "gone": str(ENOENT)})
        return said["busy"]

    def race(server, calendar, user, secret, rounds=ROUNDS):
        ran = subprocess.run([RACE, "race", server.url + calendar, user, secret, str(rounds)], capture_output=True, text=True, timeout=900)
        equal(ran.returncode, 0, ran.stderr[:2000])
        won = [tuple(map(int, line.split())) for line in ran.stdout.splitlines()]
        equal(len(won), rounds)
        equal([n for n, _ in won], [1] * rounds, "one wins each")
        for i in range(0, rounds, 10):
            status, text = server.ask("GET", f"{calendar}slot-{i}.ics")
            check(status == 200 and f"SUMMARY:client {won[i][1]}".encode() in text, i, "stands there, and is not the winner's", text)
        return [who for _, who in won]

    def make_calendar(server, path, components):
        body = ('<?xml version="1.0"?><C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop><displayname>'
                f'{path.split("/")[-2]}</displayname><C:supported-calendar-component-set><C:comp name="{components}"/>'
                '</C:supported-calendar-component-set></prop></set></C:mkcalendar>')
        equal(server.ask("MKCALENDAR", path, body, "application/xml")[0], 201)

    # ---- Radicale ----

    radicale = xandikos = None
    try:
        radicale = Radicale(place + "/radicale")
        for name, components in (("office", "VEVENT"), ("race", "VEVENT"), ("slot", "VEVENT"), ("tasks", "VTODO")):
            make_calendar(radicale, f"/ada/{name}/", components)
        radicale.make_book("contacts")
    except Skip as reason:
        absent = str(reason)

    def with_radicale():
        if not radicale:
            raise Skip(absent)
        return radicale

    def radicale_changes():
        """Radicale: a sync takes what has changed, and nothing else"""
        rounds(with_radicale(), "/ada/office/", "ada", "lovelace")

    def radicale_calendars():
        """Radicale: from the root of a server to its calendars of events; tasks and address books are none"""
        server = with_radicale()
        for url in (server.url, server.url + "/", server.url + "/ada/"):
            listed = [json.loads(line) for line in diary("calendars", url, "--json").splitlines()]
            equal(sorted((c["name"], c["url"]) for c in listed),
                  [(n, f"{server.url}/ada/{n}/") for n in ("office", "race", "slot")])
        equal(json.loads(diary("calendars", server.url + "/ada/office/", "--json"))["name"], "office")

    def radicale_fetch():
        """Radicale: a calendar, and all of a server, come as ICS; an ICS URL of it says the same"""
        server = with_radicale()
        text = diary("fetch", server.url + "/ada/office/")
        equal(len(uids(text)), 119)
        check("Größe & <Maß> 王" in text, "letters are as they were")
        check(set(uids(text)) <= set(uids(diary("fetch", server.url + "/"))), "the calendar is among all")
        equal(uids(diary("fetch", server.url + "/ada/office/3.ics")), ["event-3@example.org"])

    def radicale_slot():
        """Radicale: a slot is put once, changed and deleted by its ETag alone; free-busy it does not speak"""
        equal(slot(with_radicale(), "/ada/slot/", "ada", "lovelace"), f"{EUNSUP} 0")

    def radicale_race():
        """Radicale: of two clients that put for one slot, exactly one wins, each time"""
        race(with_radicale(), "/ada/race/", "ada", "lovelace")

    def radicale_password():
        """a wrong password is said to be wrong, and never shown"""
        server = with_radicale()
        wrong = place + "/wrong"
        with open(os.open(wrong, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write("babbage\n")
        for verb in ("calendars", "fetch"):
            said = diary(verb, server.url + "/ada/office/", secret=wrong, status=3)
            check("password" in said and "babbage" not in said, said)

    # ---- Xandikos ----

    def with_xandikos():
        nonlocal xandikos
        if not xandikos:
            xandikos = Xandikos(place + "/xandikos")
        return xandikos

    def xandikos_calendars():
        """Xandikos: from the root of a server to its calendar"""
        server = with_xandikos()
        equal([json.loads(line)["url"] for line in diary("calendars", server.url + "/", "--json").splitlines()], [server.calendar])

    def xandikos_changes():
        """Xandikos: a sync takes what has changed, and nothing else"""
        rounds(with_xandikos(), "/user/calendars/calendar/", "user", "x")
        equal(len(uids(diary("fetch", with_xandikos().calendar))), 119)

    def xandikos_slot():
        """Xandikos: a slot is put once, changed and deleted by its ETag alone"""
        server = with_xandikos()
        make_calendar(server, "/user/calendars/slot/", "VEVENT")
        slot(server, "/user/calendars/slot/", "user", "x")

    def xandikos_race():
        """Xandikos: of two clients that put for one slot, exactly one wins, each time"""
        race(with_xandikos(), "/user/calendars/calendar/", "user", "x", ROUNDS // 4)  # a commit of git each

    # ---- one that misbehaves ----

    def only(*answers):
        """PROPFIND of the calendar as it should be; then these, by method."""
        table = dict(answers)
        return lambda method, path, headers, body: (
            multistatus(CALENDAR) if method == "PROPFIND" and headers["Depth"] == "0"
            else table.get(method + " " + path, table.get(method, (404, {}, b""))))

    LISTED = multistatus(CALENDAR, response("/cal/a%20b.ics", '<getetag>"1"</getetag>'), response("/cal/2.ics", '<getetag>"2"</getetag>'))

    def neither_sync_nor_multiget():
        """a server that knows neither sync nor multiget is asked for ETags, and for each"""
        with hostile(only(("REPORT", (501, {}, b"")), ("PROPFIND", LISTED), ("GET /cal/a%20b.ics", (200, {}, event(1).encode())),
                          ("GET /cal/2.ics", (200, {}, event(2).encode())))) as server:
            equal(uids(diary("fetch", server.url + "/cal/")), ["event-1@example.org", "event-2@example.org"])

    def not_all_of_it():
        """what is listed and cannot be read makes the diary unusable, and nothing is printed"""
        for second in ((500, {}, b""), (200, {}, b"<html>"), (403, {}, b"")):
            with hostile(only(("REPORT", (501, {}, b"")), ("PROPFIND", LISTED), ("GET /cal/a%20b.ics", (200, {}, event(1).encode())),
                              ("GET /cal/2.ics", second))) as server:
                ran = subprocess.run([PROGRAM, "diary", "fetch", server.url + "/cal/"], capture_output=True, text=True, timeout=60)
                equal((ran.returncode, ran.stdout), (3, ""), ran.stderr)
                check("2.ics" in ran.stderr, ran.stderr)

    def deleted_meanwhile():
        """what was deleted since it was listed is not missed"""
        with hostile(only(("REPORT", (501, {}, b"")), ("PROPFIND", LISTED), ("GET /cal/a%20b.ics", (200, {}, event(1).encode())))) as server:
            equal(uids(diary("fetch", server.url + "/cal/")), ["event-1@example.org"])

    def cut_short():
        """a list that the server cut short is no list"""
        cut = multistatus(response("/cal/1.ics", '<getetag>"1"</getetag>'),
                          "<response><href>/cal/</href><status>HTTP/1.1 507 Insufficient Storage</status></response>")
        with hostile(only(("REPORT", (501, {}, b"")), ("PROPFIND", cut), ("GET", (200, {}, event(1).encode())))) as server:
            check("does not list all" in diary("fetch", server.url + "/cal/", status=4), "said")

    def broken_xml():
        """XML that breaks off, that names a document type, or that nests without end, is an error with its place"""
        for text in (b"<multistatus xmlns='DAV:'><response><href>/cal/1", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"<a>" * 10000, b"", b"\0\xff"):
            with hostile(lambda *_: (207, {}, text)) as server:
                check("byte" in diary("calendars", server.url + "/cal/", status=4 if text[:3] == b"<a>" else 3), text[:40])

    def huge_answer():
        """an answer without end is given up at its limit"""
        text = b"<multistatus xmlns='DAV:'>" + b" " * (65 << 20)
        with hostile(lambda *_: (207, {}, text)) as server:
            check("larger" in diary("calendars", server.url + "/cal/", status=4), "said")

    def slow_server():
        """a server that does not answer is given up when its time is over"""
        with hostile(lambda *_: None) as server:
            check("in time" in diary("fetch", server.url + "/cal/", "--timeout", "1", status=3), "said")

    def elsewhere():
        """a redirect within the host is followed; to another it is not, and no password goes there"""
        with hostile(lambda *_: multistatus(CALENDAR)) as other:
            for to in (other.url + "/cal/", "//127.0.0.1:1/cal/", "cal", "file:///etc/passwd"):
                with hostile(lambda *_: (302, {"Location": to}, b"")) as server:
                    check("another host" in diary("calendars", server.url + "/cal/", status=3), to)
                with hostile(lambda *_: (302, {"Location": to}, b"")) as server:
                    check("leads elsewhere" in diary("fetch", server.url + "/ada.ics", status=3), to)
            equal(other.asked, [])
            with hostile(lambda m, path, *_: multistatus(CALENDAR) if path == "/cal/" else (301, {"Location": "/cal/"}, b"")) as server:
                equal(json.loads(diary("calendars", server.url + "/dav", "--json"))["url"], server.url + "/cal/")
            with hostile(lambda *_: (301, {"Location": "/round/"}, b"")) as server:
                check("redirect" in diary("calendars", server.url + "/", status=3), "it goes round")

    def hrefs_elsewhere():
        """an href to another host is not followed"""
        with hostile(lambda *_: multistatus(CALENDAR)) as other:
            prop = f"<current-user-principal><href>{other.url}/me/</href></current-user-principal>"
            with hostile(lambda *_: multistatus(response("/", prop))) as server:
                check("another host" in diary("calendars", server.url + "/", status=3), "said")
            with hostile(only(("REPORT", (501, {}, b"")), ("PROPFIND", multistatus(response(other.url + "/cal/1.ics", '<getetag>"1"</getetag>'))))) as server:
                check("another host" in diary("fetch", server.url + "/cal/", status=3), "said")
            equal(other.asked, [])

    # ---- places without a server ----

    def files_and_folders():
        """a file, standard input and a folder of them; one that cannot be read makes the folder unusable"""
        folder = place + "/folder"
        os.makedirs(folder)
        for n in (1, 2):
            with open(f"{folder}/{n}.ics", "w", newline="") as f:
                f.write(event(n))
        with open(folder + "/notes.txt", "w") as f:
            f.write("no calendar")
        fetch = lambda *args, **more: subprocess.run([PROGRAM, "diary", "fetch", *args], capture_output=True, text=True, timeout=60, **more)
        equal(uids(fetch(folder + "/1.ics").stdout), ["event-1@example.org"])
        equal(uids(fetch(folder).stdout), ["event-1@example.org", "event-2@example.org"])
        equal(uids(fetch("-", input=event(3)).stdout), ["event-3@example.org"])
        os.symlink("/nowhere/at/all", folder + "/3.ics")
        ran = fetch(folder)
        equal((ran.returncode, ran.stdout), (3, ""))
        os.makedirs(place + "/empty")
        for where in (place + "/empty", place + "/not-there.ics", "ftp://127.0.0.1/x.ics", "caldav+ftp://127.0.0.1/", "http://192.0.2.7:1/ada/"):
            ran = fetch(where)
            equal((ran.returncode, ran.stdout), (3, ""), where + ran.stderr)

    def secrets_of_urls():
        """what stands behind the ? of a URL, or before its @, is not shown"""
        with hostile(lambda *_: (404, {}, b"")) as server:
            said = diary("fetch", server.url + "/ada.ics?key=geheim", status=3)
            check("geheim" not in said and "ada.ics" in said, said)
            said = diary("fetch", server.url.replace("//", "//ada:geheim@") + "/ada.ics", status=3)
            check("geheim" not in said, said)

    def passwords_of_everybody():
        """a password file that others may read is refused, and so is none"""
        open_one = place + "/open"
        with open(open_one, "w") as f:
            f.write("lovelace\n")
        os.chmod(open_one, 0o644)
        check("chmod 600" in diary("calendars", "http://127.0.0.1:1/", secret=open_one, status=65), "said")
        diary("calendars", "http://127.0.0.1:1/", secret=place + "/no-such-file", status=65)
        diary("calendars", "http://127.0.0.1:1/", secret=place, status=65)

    try:
        tap([radicale_calendars, radicale_changes, radicale_fetch, radicale_slot, radicale_race, radicale_password, xandikos_calendars,
             xandikos_changes, xandikos_slot, xandikos_race, neither_sync_nor_multiget, not_all_of_it, deleted_meanwhile, cut_short,
             broken_xml, huge_answer, slow_server, elsewhere, hrefs_elsewhere, files_and_folders, secrets_of_urls, passwords_of_everybody])
    finally:
        for server in (radicale, xandikos):
            if server:
                server.close()


with scratch() as place:
    main(place)
