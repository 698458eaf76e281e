# SPDX-License-Identifier: Apache-2.0
"""Calling back, message by message: both phones are this test's, and so is the next hop between."""
from caller import *


def connect(c, phone, desk_sdp=None, person_sdp=None):
    """Both pick up; the two INVITEs."""
    desk = phone.take("INVITE")
    phone.reply(desk, 180)
    phone.reply(desk, 200, desk_sdp or sdp("held", 40000))
    phone.take("ACK")
    person = phone.take("INVITE")
    phone.reply(person, 180, tag="person")
    phone.reply(person, 200, person_sdp or sdp("person", 40002), tag="person")
    again = phone.take("INVITE")
    equal(header(again, "Call-ID"), header(desk, "Call-ID"), "the desk is asked again")
    check(b"s=person" in body(again) and b"m=audio 40002" in body(again), again)
    phone.reply(again, 200, sdp("desk", 40004, 2))
    acks = {header(m, "Call-ID"): m for m in (phone.take("ACK"), phone.take("ACK"))}
    check(b"m=audio 40004" in body(acks[header(person, "Call-ID")]), "the person has the desk's answer")
    equal(body(acks[header(desk, "Call-ID")]), b"", "the desk's ACK")
    c.until("talking")
    return desk, person, again


def end_both(phone, code=200):
    """BYE to both, in any order."""
    ids = set()
    for _ in range(2):
        bye = phone.take("BYE")
        phone.reply(bye, code)
        ids.add(header(bye, "Call-ID"))
    equal(len(ids), 2, "both are told")


def origin(message):
    return re.search(rb"o=bonafide (\d+) (\d+) IN", body(message)).groups()


def flow():
    """the desk is called with a held offer, the person without one, and each gets the other's description"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}") as c:
        desk, person, again = connect(c, phone)
        check(b"sip:201@127.0.0.1 " in desk and b"Call back: Alice" in desk, desk)
        check(b"m=audio 9" in body(desk) and b"a=inactive" in body(desk) and b"c=IN IP4 0.0.0.0" in body(desk), desk)
        check(person.startswith(b"INVITE sip:+12155550131@127.0.0.1;user=phone ") and body(person) == b"", person)
        check(b"Alice" not in person, "the person's phone is not told whom the desk takes her for")
        first, second = origin(desk), origin(again)
        equal(first[0], second[0], "one session")
        check(int(second[1]) == int(first[1]) + 1, "its version grows", first, second)
        phone.ask(person, "BYE", 1, tag="person")
        answers = [phone.take(200, "BYE"), phone.take(200, "BYE")]
        phone.reply(next(m for m in answers if m.startswith(b"BYE")), 200)
        fields = c.until("ended")
        equal(fields[1:4], ["1", "0", "unknown"])
        equal(fields[4], "The person has hung up.")


def desk_hangs_up():
    """BYE from the desk ends the person's call, too"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}") as c:
        desk, person, _ = connect(c, phone)
        phone.ask(desk, "BYE", 1)
        answers = [phone.take(200, "BYE"), phone.take(200, "BYE")]
        bye = next(m for m in answers if m.startswith(b"BYE"))
        equal(header(bye, "Call-ID"), header(person, "Call-ID"))
        phone.reply(bye, 200)
        equal(c.until("ended")[4], "The desk has hung up.")


def refused():
    """what the person's phone answers is said in a sentence, and the desk is let go"""
    for code, words in ((486, "is busy"), (600, "is busy"), (404, "is not known"), (603, "does not take the call"), (503, "503 ")):
        phone = Phone()
        with Callback(hop=f"127.0.0.1:{phone.port}") as c:
            desk = phone.take("INVITE")
            phone.reply(desk, 200, sdp("held", 40000))
            phone.take("ACK")
            person = phone.take("INVITE")
            phone.reply(person, code)
            for _ in range(2):
                message = phone.take("ACK", "BYE")
                if message.startswith(b"BYE"):
                    equal(header(message, "Call-ID"), header(desk, "Call-ID"))
                    phone.reply(message, 200)
            fields = c.until("ended")
            equal(fields[1:3], ["0", str(code)])
            check(words in fields[4] and "person" in fields[4], fields)


def desk_busy():
    """a busy desk: the person is never called"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}") as c:
        phone.reply(phone.take("INVITE"), 486)
        phone.take("ACK")
        equal(c.until("ended")[4], "The desk's phone is busy.")


def no_answer():
    """a person who does not answer within ring_s is given up with CANCEL, and the desk with BYE"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}", ring=1) as c:
        desk = phone.take("INVITE")
        phone.reply(desk, 200, sdp("held", 40000))
        phone.take("ACK")
        person = phone.take("INVITE")
        phone.reply(person, 180)
        for _ in range(2):
            message = phone.take("CANCEL", "BYE")
            phone.reply(message, 200)
            if message.startswith(b"CANCEL"):
                equal(header(message, "Via"), header(person, "Via"), "the branch of a CANCEL")
                phone.reply(person, 487)
        phone.take("ACK")
        equal(c.until("ended")[4], "The person's phone does not answer.")


def cancel_waits():
    """a CANCEL waits for the first provisional answer, and a 200 that was faster is acknowledged and ended"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}") as c:
        desk = phone.take("INVITE")
        c.cancel()
        equal(c.until("ended")[4], "The desk has ended the callback.")
        phone.reply(desk, 100)
        phone.reply(phone.take("CANCEL"), 481)
        phone.reply(desk, 200, sdp("held", 40000))
        phone.take("ACK")
        phone.reply(phone.take("BYE"), 200)


def cancelled_while_talking():
    """ending it at the page sends BYE to both"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}") as c:
        connect(c, phone)
        c.cancel()
        end_both(phone)
        equal(c.until("ended")[4], "The desk has ended the callback.")


def limit():
    """the time limit ends the talk"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}", limit=1) as c:
        connect(c, phone)
        end_both(phone)
        equal(c.until("ended")[4], "The time limit for callbacks has come.")


def wishes():
    """a re-INVITE of one is put to the other, and its answer comes back; so is one without an offer, and one that is refused"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}") as c:
        desk, person, _ = connect(c, phone)
        phone.ask(person, "INVITE", 5, sdp("hold", 40006, 3), tag="person")
        phone.take(100)
        asked = phone.take("INVITE")
        equal(header(asked, "Call-ID"), header(desk, "Call-ID"))
        check(b"s=hold" in body(asked) and b"40006" in body(asked), asked)
        phone.reply(asked, 200, sdp("held too", 40008, 3))
        got = {m.split(b" ")[0] if m.startswith(b"ACK") else b"200": m for m in (phone.take("ACK", 200), phone.take("ACK", 200))}
        check(b"s=held too" in body(got[b"200"]), got)
        phone.ask(person, "ACK", 5, tag="person")

        phone.ask(desk, "INVITE", 7)
        phone.take(100)
        asked = phone.take("INVITE")
        equal((header(asked, "Call-ID"), body(asked)), (header(person, "Call-ID"), b""))
        phone.reply(asked, 200, sdp("fresh", 40010, 4), tag="person")
        answer = phone.take(200)
        check(b"s=fresh" in body(answer), answer)
        phone.ask(desk, "ACK", 7, sdp("taken", 40012, 4))
        ack = phone.take("ACK")
        check(header(ack, "Call-ID") == header(person, "Call-ID") and b"s=taken" in body(ack), ack)

        phone.ask(desk, "INVITE", 8, sdp("video", 40014, 5))
        phone.take(100)
        phone.reply(phone.take("INVITE"), 488)
        for _ in range(2):
            phone.take("ACK", 488)
        phone.ask(desk, "ACK", 8)
        phone.ask(desk, "INFO", 9)
        phone.take(405)
        phone.ask(desk, "OPTIONS", 10)
        phone.take(200)
        c.cancel()
        end_both(phone)
        c.until("ended")


def no_description():
    """a person's phone without a description, or with one that is none, is let go, and so is the desk"""
    for content in (b"", b"v=0\r\nhello\r\n", b"o=- 1 1 IN IP4 1.2.3.4\r\nm=audio 1 RTP/AVP 0\r\n"):
        phone = Phone()
        with Callback(hop=f"127.0.0.1:{phone.port}") as c:
            phone.reply(phone.take("INVITE"), 200, sdp("held", 40000))
            phone.take("ACK")
            phone.reply(phone.take("INVITE"), 200, content)
            seen = []
            for _ in range(3):
                message = phone.take("ACK", "BYE")
                seen.append(method(message))
                if message.startswith(b"BYE"):
                    phone.reply(message, 200)
            equal(sorted(seen), ["ACK", "BYE", "BYE"])
            check("does not say where its voice" in c.until("ended")[4], c.seen)


def desk_refuses_the_offer():
    """when the desk does not take the person's offer, the person's 200 is acknowledged with nothing taken, and both are let go"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}") as c:
        phone.reply(phone.take("INVITE"), 200, sdp("held", 40000))
        phone.take("ACK")
        person = phone.take("INVITE")
        phone.reply(person, 200, sdp("person", 40002))
        phone.reply(phone.take("INVITE"), 488)
        byes = 0
        for _ in range(4):
            message = phone.take("ACK", "BYE")
            if message.startswith(b"BYE"):
                byes += 1
                phone.reply(message, 200)
            elif header(message, "Call-ID") == header(person, "Call-ID"):
                check(b"m=audio 0 RTP/AVP 0" in body(message), message)
        equal(byes, 2)
        equal(c.until("ended")[4], "The desk's phone cannot agree on how to talk.")


def lost_ack():
    """a 200 that comes again is acknowledged again"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}") as c:
        desk = phone.take("INVITE")
        phone.reply(desk, 200, sdp("held", 40000))
        first = phone.take("ACK")
        person = phone.take("INVITE")
        phone.reply(desk, 200, sdp("held", 40000))
        equal(phone.take("ACK"), first)
        phone.reply(person, 486)
        for _ in range(2):
            message = phone.take("ACK", "BYE")
            if message.startswith(b"BYE"):
                phone.reply(message, 200)
        c.until("ended")


def forked():
    """a second phone that picks up in the same moment is thanked and let go"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}") as c:
        desk = phone.take("INVITE")
        phone.reply(desk, 200, sdp("held", 40000), tag="one")
        phone.take("ACK")
        person = phone.take("INVITE")
        phone.reply(desk, 200, sdp("held", 40002), tag="two")
        for wanted in ("ACK", "BYE"):
            check(b";tag=two" in phone.take(wanted), wanted)
        phone.reply(person, 486)
        for _ in range(2):
            message = phone.take("ACK", "BYE")
            if message.startswith(b"BYE"):
                check(b";tag=one" in message, message)
                phone.reply(message, 200)
        c.until("ended")


def digest():
    """401 and 407 are answered with MD5 and SHA-256; a nonce is counted, and used again; a stale one is replaced"""
    for code, name in ((401, "Authorization"), (407, "Proxy-Authorization")):
        for scheme, hash_ in (("MD5", hashlib.md5), ("SHA-256", hashlib.sha256)):
            phone = Phone()
            with Callback(hop=f"127.0.0.1:{phone.port}", user="desk", password="secret") as c:
                challenge(phone, phone.take("INVITE"), code, scheme)
                phone.take("ACK")
                desk = phone.take("INVITE")
                equal(credentials(desk, name, hash_), 1)
                challenge(phone, desk, code, scheme, nonce="n2", more=", stale=true")
                phone.take("ACK")
                desk = phone.take("INVITE")
                equal(credentials(desk, name, hash_), 1)
                equal(header(desk, "CSeq"), "3 INVITE")
                phone.reply(desk, 200, sdp("held", 40000))
                phone.take("ACK")
                phone.reply(phone.take("INVITE"), 486)
                for _ in range(2):
                    message = phone.take("ACK", "BYE")
                    if message.startswith(b"BYE"):
                        check(credentials(message, name, hash_) == 3, "the nonce is counted: INVITE, ACK, BYE", message)
                        phone.reply(message, 200)
                c.until("ended")


def wrong_password():
    """a password that is refused is not tried for ever"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}", user="desk", password="wrong") as c:
        for nonce in ("n1", "n2"):
            challenge(phone, phone.take("INVITE"), 401, "SHA-256", nonce=nonce)
            phone.take("ACK")
        check("user and a password" in c.until("ended")[4], c.seen)


def basic():
    """Basic is never answered, nor an algorithm that nobody knows"""
    for value in ('Basic realm="office"', 'Digest realm="office", nonce="n", algorithm=ROT13', 'Digest realm="office", nonce="n", qop="auth-int"'):
        phone = Phone()
        with Callback(hop=f"127.0.0.1:{phone.port}", user="desk", password="secret") as c:
            phone.reply(phone.take("INVITE"), 401, extra=["WWW-Authenticate: " + value])
            phone.take("ACK")
            equal(c.until("ended")[2], "401")


def dialled():
    """the number is dialled as the next hop wants it"""
    phone = Phone()
    with Callback(hop=f"127.0.0.1:{phone.port}", dial="00") as c:
        phone.reply(phone.take("INVITE"), 200, sdp("held", 40000))
        phone.take("ACK")
        person = phone.take("INVITE")
        check(person.startswith(b"INVITE sip:0012155550131@127.0.0.1;user=phone "), person)
        phone.reply(person, 404)
        for _ in range(2):
            message = phone.take("ACK", "BYE")
            if message.startswith(b"BYE"):
                phone.reply(message, 200)
        c.until("ended")


def over_tcp():
    """over TCP all goes down one connection, and a connection that ends is said"""
    phone = Phone(stream=True)
    with Callback(hop=f"127.0.0.1:{phone.port}", transport="tcp") as c:
        desk, _, _ = connect(c, phone)
        check(b"Via: SIP/2.0/TCP" in desk and b";transport=tcp>" in desk, desk)
        phone.connection.close()
        check("connection to the next hop is gone" in c.until("ended")[4], c.seen)


def nobody():
    """a next hop that refuses the connection, and addresses that are none"""
    closed = free_port()
    with Callback(hop=f"127.0.0.1:{closed}", transport="tcp") as c:
        check("next hop" in c.until("ended")[4], c.seen)
    for wish in ({"desk": "+390612345678"}, {"desk": "sip:x@elsewhere.example"}, {"desk": "sip:201@127.0.0.1?Subject=x"},
                 {"desk": "201>\r\nX: y"}, {"number": "alice"}, {"number": "+39;x=y"}, {"from": "tel:+39"},
                 {"mode": "url", "url": "ftp://x/"}, {"mode": "url", "url": "http://x/{password}"}):
        done = subprocess.run([DRIVE] + [f"{k}={v}" for k, v in wish.items()], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=PATIENCE)
        check(done.returncode == 1 and done.stdout.startswith("refused|"), wish, done)


def refer():
    """mode refer: the desk's phone is asked to call, and what it reports is said"""
    for end, words, connected in ((b"SIP/2.0 200 OK\r\n", "reached the person", "1"), (b"SIP/2.0 486 Busy Here\r\n", "is busy", "0")):
        phone = Phone()
        with Callback(hop=f"127.0.0.1:{phone.port}", mode="refer", user="desk", password="secret") as c:
            challenge(phone, phone.take("REFER"), 401, "SHA-256")
            asked = phone.take("REFER")
            credentials(asked, "Authorization", hashlib.sha256)
            check(b"Refer-To: <sip:+12155550131@127.0.0.1;user=phone>" in asked, asked)
            phone.reply(asked, 202)
            for n, frag in enumerate((b"SIP/2.0 100 Trying\r\n", b"SIP/2.0 180 Ringing\r\n", end)):
                phone.ask(asked, "NOTIFY", n + 1, frag)
                phone.take(200)
            fields = c.until("ended", words)
            equal(fields[1], connected)


def url():
    """mode url: the phone system's page is fetched with desk and number in it"""
    for code, connected, words in ((202, "1", "has taken it up"), (403, "0", "did not take it up")):
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(PATIENCE)
        with Callback(mode="url", url=f"http://127.0.0.1:{listener.getsockname()[1]}/call?from={{desk}}&to={{number}}&who={{name}}",
                      name="Al & ice") as c:
            connection, _ = listener.accept()
            asked = connection.recv(65535)
            check(asked.startswith(b"GET /call?from=201&to=%2B12155550131&who=Al%20%26%20ice HTTP/1.1\r\n"), asked)
            connection.sendall(b"HTTP/1.1 %d Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % code)
            connection.close()
            fields = c.until("ended", words)
            equal(fields[1:3], [connected, str(code)])
        listener.close()


tap([flow, desk_hangs_up, refused, desk_busy, no_answer, cancel_waits, cancelled_while_talking, limit, wishes, no_description,
     desk_refuses_the_offer, lost_ack, forked, digest, wrong_password, basic, dialled, over_tcp, nobody, refer, url])
