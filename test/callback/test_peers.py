# SPDX-License-Identifier: Apache-2.0
"""Calling back with what others have made: SIPp and baresip are the phones, Kamailio is the next hop that asks who calls."""
from caller import *

HERE = os.path.dirname(os.path.abspath(__file__))
PERSON_NUMBER = "+" + CALLED

PHONE = """poll_method epoll
sip_listen 127.0.0.1:{port}
audio_player aubridge,nil
audio_source aubridge,nil
audio_alert aubridge,nil
module_path {modules}
module g711.so
module aubridge.so
module_app account.so
module_app menu.so
"""


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(program + " is absent")


def is_taken(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def next_hop(place, desk, person, algorithm="MD5"):
    """Kamailio with next_hop.cfg, until it answers."""
    port = free_port()
    text = read(os.path.join(HERE, "next_hop.cfg")).decode()
    for name, value in {"LISTEN": f"udp:127.0.0.1:{port}", "STREAM": f"tcp:127.0.0.1:{port}", "DESK": f"127.0.0.1:{desk}",
                        "PERSON": f"127.0.0.1:{person}", "ALGORITHM": algorithm}.items():
        text, n = re.subn(rf'(#!substdef "!{name}!)[^!]*!', rf"\g<1>{value}!", text)
        equal(n, 1, name)
    path = f"{place}/kamailio-{port}.cfg"
    with open(path, "w") as f:
        f.write(text)
    with open(path + ".log", "wb") as log:
        process = started(subprocess.Popen(["kamailio", "-f", path, "-DD", "-E", "-m", "32", "-M", "8", "-w", place, "-Y", place],
                                           stdout=log, stderr=log))
    phone = Udp(("127.0.0.1", port))

    def is_up():
        check(process.poll() is None, read(path + ".log")[-1500:].decode(errors="replace"))
        phone.send(request("OPTIONS", uri=f"sip:127.0.0.1:{port}"))
        try:
            return status(phone.receive(0.2))
        except OSError:
            return False
    eventually(is_up, "Kamailio answers")
    return process, port


def end(process):
    process.terminate()
    process.wait(PATIENCE)


def sipp(place, scenario, port):
    process = started(subprocess.Popen(["sipp", "-sf", f"{HERE}/sipp/{scenario}.xml", "-m", "1", "-i", "127.0.0.1", "-p", str(port),
                                        "-t", "u1", "-nostdin", "-timeout", "30s", "-timeout_error"], cwd=place,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    eventually(lambda: is_taken(port), "SIPp listens")
    return process


def both_phones_are_sipp(transport, algorithm):
    def run():
        needs("sipp", "kamailio")
        with scratch() as place:
            ports = free_port(), free_port()
            phones = [sipp(place, name, port) for name, port in zip(("desk", "person"), ports)]
            kamailio, hop = next_hop(place, *ports, algorithm)
            try:
                with Callback(hop=f"127.0.0.1:{hop}", transport=transport, user="office", password="secret",
                              **{"from": "sip:office@127.0.0.1"}) as c:
                    c.until("calling-person")
                    c.until("talking")
                    equal(c.until("ended")[4], "The person has hung up.")
                    for phone in phones:
                        said = phone.communicate(timeout=40)[0]
                        equal(phone.returncode, 0, said[-3000:])
            finally:
                end(kamailio)
    run.__doc__ = f"""SIPp at the desk and at the person's, Kamailio between, over {transport.upper()}: each asks who calls (407 with
        {algorithm} of Kamailio, 401 of the desk), the two are connected, and BYE of one ends the other"""
    return run


def not_known():
    """Kamailio does not know this password: that is what the desk is told"""
    needs("kamailio")
    with scratch() as place:
        kamailio, hop = next_hop(place, free_port(), free_port())
        try:
            with Callback(hop=f"127.0.0.1:{hop}", user="office", password="guessed", **{"from": "sip:office@127.0.0.1"}) as c:
                check("another user and password" in c.until("ended")[4], c.seen)
        finally:
            end(kamailio)


def modules():
    found = [d for d in ("/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules") if os.path.exists(d)]
    return found[0] if found and shutil.which("baresip") else None


def baresip(place, name, user, port, mode="auto"):
    where = os.path.join(place, name)
    os.makedirs(where)
    with open(where + "/config", "w") as f:
        f.write(PHONE.format(port=port, modules=modules()))
    with open(where + "/accounts", "w") as f:
        f.write(f"<sip:{user}@127.0.0.1>;regint=0;answermode={mode}\n")
    open(where + "/contacts", "w").close()
    with open(where + "/log", "wb") as log:
        process = started(subprocess.Popen(["baresip", "-f", where, "-t", "40"], stdin=subprocess.DEVNULL, stdout=log, stderr=log))
    say = lambda: read(where + "/log").decode(errors="replace")
    eventually(lambda: "baresip is ready" in say() and is_taken(port), "baresip is ready")
    return process, say


def both_phones_are_baresip():
    """baresip takes the held call at the desk and the person's, sends its voice when it is asked again, and is hung up"""
    if not modules():
        raise Skip("baresip is absent")
    needs("kamailio")
    with scratch() as place:
        ports = free_port(), free_port()
        desk, desk_says = baresip(place, "desk", "201", ports[0])
        person, person_says = baresip(place, "person", PERSON_NUMBER, ports[1])
        kamailio, hop = next_hop(place, *ports, "SHA-256")
        try:
            with Callback(hop=f"127.0.0.1:{hop}", user="office", password="secret", number=PERSON_NUMBER,
                          **{"from": "sip:office@127.0.0.1"}) as c:
                c.until("talking")
                for say in (desk_says, person_says):
                    eventually(lambda: "established" in say().lower(), "the call stands: " + say()[-2000:])
                c.cancel()
                c.until("ended")
                for say in (desk_says, person_says):
                    eventually(lambda: "terminated" in say().lower() or "closed" in say().lower(), "it is over: " + say()[-2000:])
        except AssertionError as e:
            raise AssertionError(f"{e}\n{c.seen}\ndesk: {desk_says()[-2500:]}\nperson: {person_says()[-2500:]}") from None
        finally:
            for process in (kamailio, desk, person):
                end(process)


def server():
    """the server keeps a password to itself: it does not start with one that others may read, and starts with one that they may not"""
    with scratch() as place:
        secret = place + "/secret"
        with open(secret, "w") as f:
            f.write("secret\n")
        for mode, right in ((0o644, False), (0o600, True)):
            os.chmod(secret, mode)
            s = Server(f"{place}/{mode:o}", {"callback": {"mode": "3pcc", "from": "sip:office@127.0.0.1", "user": "office",
                                                          "password_file": secret}})
            if right:
                with s:
                    pass
                continue
            done = subprocess.run([PROGRAM, "serve", "--config", s.file], capture_output=True, text=True, timeout=PATIENCE)
            check(done.returncode != 0 and "others may read this password" in done.stderr, done)


tap([both_phones_are_sipp("udp", "MD5"), both_phones_are_sipp("tcp", "SHA-256"), not_known, both_phones_are_baresip, server])
