# SPDX-License-Identifier: Apache-2.0
"""Never genuine without its record: order of system calls, kill -9, a full disk, a restart."""
from house import *


def children(pid):
    return [int(p) for p in read(f"/proc/{pid}/task/{pid}/children").split()]


def whole_calls(trace):
    """Thread and system call, in the order in which they ended: those that were cut in two by others' are put together."""
    calls, begun = [], {}
    for thread, call in (line.split(None, 1) for line in read(trace).decode().splitlines()):
        if call.endswith(" <unfinished ...>"):
            begun[thread] = call.removesuffix(" <unfinished ...>")
        else:
            resumed = re.match(r"<\.\.\. \w+ resumed>", call)
            calls.append((thread, begun.pop(thread, "") + call[resumed.end():] if resumed else call))
    return calls


def main(place):
    rounds = int(os.environ.get("BF_KILLS", "5"))
    lab = Lab(place + "/lab")

    def strict():
        """with durability strict, fdatasync comes before the answer leaves"""
        if not shutil.which("strace"):
            raise Skip("strace is absent")
        trace = place + "/trace"
        if SANITIZED:
            raise Skip("a sanitizer cannot be traced")
        server = Server(place + "/strict", {"sip": {"workers": 1}, "store": {"durability": "strict"}}, lab=lab,
                        wrap=["strace", "-f", "-qq", "-s", "0", "-o", trace, "-e",
                              "trace=recvmmsg,sendmmsg,sendto,write,writev,pwrite64,pwritev,pwritev2,fdatasync,epoll_wait,futex"])
        try:
            server.start()
        except AssertionError:
            raise Skip("strace may not trace here")
        u = Udp(server.door("udp"))
        for i in range(5):
            equal(verdict(u.ask(request(identity=lab.identity())))["verdict"], "genuine")
        os.kill(children(server.pid)[0], signal.SIGTERM)
        server.wait()
        lines = whole_calls(trace)
        worker = next(thread for thread, call in lines if call.startswith("sendmmsg("))
        recorder = next(thread for thread, call in lines if call.startswith("pwritev"))
        check(worker != recorder, "the worker waits for the disk")
        # The first call waits for its certificate; its 100 is no answer.
        sent = [i for i, (thread, call) in enumerate(lines) if thread == worker and call.startswith("sendmmsg(")]
        answered, wrote, durable = 0, False, False
        for thread, call in lines[sent[1] + 1:]:
            if thread == recorder and call.startswith("pwritev"):
                wrote, durable = True, False
            elif thread == recorder and call.startswith("fdatasync("):
                durable = wrote
            elif thread == worker and call.startswith("recvmmsg(") and "EAGAIN" not in call:
                wrote = durable = False
            elif thread == worker and call.startswith("sendmmsg("):
                check(durable, "an answer left before its record was durable", "\n".join(map(" ".join, lines[-60:])))
                answered += 1
        check(answered >= 3, answered)

    def system_calls():
        """a full batch takes at most six system calls"""
        if not shutil.which("strace"):
            raise Skip("strace is absent")
        if SANITIZED:
            raise Skip("a sanitizer cannot be traced")
        trace = place + "/trace-batch"
        server = Server(place + "/batch", {"sip": {"workers": 1, "overload_ms": 10000}}, lab=lab,
                        wrap=["strace", "-f", "-qq", "-s", "0", "-o", trace])
        try:
            server.start()
        except AssertionError:
            raise Skip("strace may not trace here")
        u = Udp(server.door("udp"))
        equal(verdict(u.ask(request(identity=lab.identity())))["verdict"], "genuine")
        pid = children(server.pid)[0]
        messages = [request(identity=lab.identity()) for _ in range(192)]
        stand_still(pid, trace)
        for message in messages:
            u.send(message)
        os.kill(pid, signal.SIGCONT)
        equal({verdict(u.final())["verdict"] for _ in messages}, {"genuine"})
        os.kill(pid, signal.SIGTERM)
        server.wait()
        lines = whole_calls(trace)
        worker = next(thread for thread, call in lines if call.startswith("recvmmsg(") and call.endswith("= 64"))
        mine = [call for thread, call in lines if thread == worker and not call.startswith(("---", "+++"))]
        begins = [i for i, call in enumerate(mine) if call.startswith("recvmmsg(") and call.endswith("= 64")]
        ends = [i for i, call in enumerate(mine) if call.startswith("sendmmsg(") and call.endswith("= 64")]
        full = len(ends)
        check(full >= 2, "no full batch was seen", full)
        # A batch is received while the one before is on its way to the disk: all are counted at once. How often a worker is
        # woken meanwhile (epoll_wait, and read of its eventfd) is the disk's affair: a batch is given its one wait.
        made = mine[begins[0]:ends[-1] + 1]
        working = [call for call in made if not call.startswith(("epoll_wait(", "read("))]
        check(len(working) + full <= 6 * full, full, "\n".join(made))

    def allocations():
        """a warm batch of 64 allocates nothing of ours"""
        shim, counted = os.path.join(BUILD, "test", "serve", "count_alloc.so"), place + "/allocations"
        if SANITIZED:
            raise Skip("a sanitizer has the allocator")
        server = Server(place + "/alloc", {"sip": {"workers": 1, "overload_ms": 10000}}, lab=lab,
                        environment={"LD_PRELOAD": shim, "BF_ALLOC_FILE": counted}).start()
        u = Udp(server.door("udp"))
        u.ask(request(identity=lab.identity()))
        worker = next(int(t) for t in os.listdir(f"/proc/{server.pid}/task")
                      if read(f"/proc/{server.pid}/task/{t}/comm") == b"worker\n")
        count = lambda: int.from_bytes(read(counted)[8 * (worker % 32768):][:8], "little")
        made = []
        for _ in range(4):
            messages = [request(identity=lab.identity()) for _ in range(64)]
            stand_still(server.pid)
            for message in messages:
                u.send(message)
            before = count()
            os.kill(server.pid, signal.SIGCONT)
            equal({verdict(u.final())["verdict"] for _ in messages}, {"genuine"})
            made.append(count() - before)
        equal(made[1:], [0, 0, 0])
        equal(server.stop(), 0)

    def killed():
        """kill -9 under load: every answer that left has its record"""
        server = Server(place + "/kill", {"store": {"durability": "strict"}}, lab=lab)
        answered = {}
        for n in range(rounds):
            server.start()
            u = Udp(server.door("udp"))
            messages = [(f"kill{n}-{i}", request(identity=identity, call_id=f"kill{n}-{i}"))
                        for i, identity in enumerate(lab_identities(400))]
            before, killer = len(answered), threading.Timer(0.01 * (n % 7), server.process.kill)
            try:
                for _, message in messages:
                    u.send(message)
                while True:
                    take(u, answered, PATIENCE if len(answered) == before else 1)
                    if len(answered) > before and not killer.ident: # however slow the disk is today
                        killer.start()
            except (ConnectionRefusedError, socket.timeout):
                pass
            if not killer.ident:
                killer.start()
            killer.join()
            server.process.wait()
            server.log.close()
        server.start()
        check(len(answered) > rounds, "nothing was answered before the kill", len(answered))
        known = lambda: dict(server.records("SELECT call_id, count(*) FROM records GROUP BY call_id"))
        eventually(lambda: set(answered) <= set(known()), "every answer has its record")
        times = known()
        equal({times[call] for call in answered}, {1})
        equal(server.stop(), 0)

    def lab_identities(n):
        x5u = lab.x5u()
        return [f'{token};info=<{x5u}>;alg=ES256;ppt="shaken"' for token in lab.tokens(n)]

    def take(u, answered, patience):
        answer = u.receive(patience)
        if status(answer) >= 200:
            answered[header(answer, "Call-ID")] = verdict(answer)["verdict"]

    def restarted():
        """a token seen before a crash is known after it"""
        server = Server(place + "/restart", lab=lab).start()
        identity = lab.identity()
        equal(verdict(Udp(server.door("udp")).ask(request(identity=identity)))["verdict"], "genuine")
        server.process.kill()
        server.process.wait()
        server.log.close()
        server.start()
        answer = Udp(server.door("udp")).ask(request(identity=identity))
        check(verdict(answer)["verdict"] != "genuine", answer)
        equal(server.stop(), 0)

    def full(on_failure):
        """A file may not grow past 256 KiB: the journal cannot be written any more."""
        server = Server(place + "/full-" + on_failure, {"store": {"on_failure": on_failure, "url": "", "keep_messages": True},
                                                       "log": {"verdicts": False}}, lab=lab,
                        wrap=["prlimit", "--fsize=262144"])
        server.start()
        u = Udp(server.door("udp"))
        genuine = 0
        for _ in range(400):
            answer = u.ask(request(identity=lab.identity()))
            if status(answer) != 302 or verdict(answer)["verdict"] != "genuine":
                return server, u, answer, genuine
            genuine += 1
        check(False, "the disk never filled")

    def answering():
        """disk full, store.on_failure answer: calls go on, none is genuine nor Passed, /readyz says why"""
        server, u, answer, genuine = full("answer")
        check(genuine > 0)
        equal((status(answer), verdict(answer)["verdict"]), (302, "unproven"))
        check(b"verstat=No-TN-Validation" in answer and b"TN-Validation-Passed" not in answer, answer)
        # A smaller record may still find room.
        eventually(lambda: server.verdict(request(identity=lab.identity()), accept="text/plain") == (200, b"unproven\n"), "full for HTTP")
        code, _, body = server.get("/readyz")
        equal((code, body), (503, b"not ready: the record cannot be kept\n"))
        check(server.metrics()["record_failed_total"] >= 2)
        check(" alarm: the records of " in server.read_log())
        equal(server.stop(), 0)

    def burst_on_a_full_disk():
        """disk full while batches are on their way to it: every call is answered, none without its record is genuine or Passed"""
        server = Server(place + "/full-burst", {"store": {"url": "", "keep_messages": True, "durability": "strict"}}, lab=lab,
                        wrap=["prlimit", "--fsize=262144"])
        server.start()
        u = Udp(server.door("udp"))
        equal(verdict(u.ask(request(identity=lab.identity())))["verdict"], "genuine")
        messages = {f"burst{i}@test": request(identity=identity, call_id=f"burst{i}") for i, identity in enumerate(lab_identities(400))}
        for i, message in enumerate(messages.values()):
            u.send(message)
        answers = {}
        while len(answers) < len(messages):
            answer = u.final()
            answers[header(answer, "Call-ID")] = answer
        verdicts = {call: verdict(answer)["verdict"] for call, answer in answers.items()}
        equal(set(verdicts.values()), {"genuine", "unproven"})
        check(not any(b"TN-Validation-Passed" in answers[call] for call in answers if verdicts[call] != "genuine"))
        equal(server.metrics()["record_failed_total"], list(verdicts.values()).count("unproven"))
        equal(server.stop(), 0)
        kept = read(os.path.join(server.place, "journal", "0" * 20 + ".journal"))
        missing = [call for call, said in verdicts.items() if said == "genuine" and call.encode() not in kept]
        equal(missing, [])

    def refusing():
        """disk full, store.on_failure refuse: 503 with Retry-After, and the token is not used up; an emergency call passes"""
        server, u, answer, genuine = full("refuse")
        equal(status(answer), 503)
        check(header(answer, "Retry-After"), answer)
        identity = lab.identity()
        before = server.metrics()["replay_repeated_total"]
        for _ in range(2):
            equal(status(u.ask(request(identity=identity))), 503)
        equal(server.metrics()["replay_repeated_total"], before)
        eventually(lambda: server.verdict(request(identity=lab.identity()))[0] == 503, "full for HTTP")
        urgent = u.ask(request(uri="urn:service:sos", identity=lab.identity()))
        equal(status(urgent), 302)
        check(verdict(urgent)["verdict"] != "genuine")
        equal(server.stop(), 0)

    def masked():
        """a withheld caller is withheld in the log, and so is every header that names it"""
        server = Server(place + "/masked", {"sip": {"peers": [{"from": "127.0.0.0/8", "pai": True}]}}, lab=lab).start()
        u = Udp(server.door("udp"))
        message = request(identity=lab.identity(), call_id="masked",
                          extra=[f"P-Asserted-Identity: <sip:+{CALLER}@example.com>", "Privacy: id"])
        message = message.replace(f'"Lab" <sip:+{CALLER}@example.com;user=phone>'.encode(), b'"Anonymous" <sip:anonymous@anonymous.invalid>')
        equal(verdict(u.ask(message))["verdict"], "genuine")
        line = eventually(lambda: [l for l in server.verdict_lines() if "masked@test" in l], "a line")[0]
        check("caller=withheld" in line and CALLER not in line, line)
        equal(server.stop(), 0)

    def lines():
        """one line a verdict, plain or JSON, and nothing from outside starts one of its own"""
        for as_json in (False, True):
            server = Server(place + f"/lines{as_json}", {"log": {"format": "json" if as_json else "plain"}}, lab=lab).start()
            u = Udp(server.door("udp"))
            for i in range(70):
                u.send(request(identity=lab.identity(), call_id=f"line{i} "))
            for _ in range(70):
                u.final()
            u.ask(request(call_id='evil"verdict=genuine\\'))
            equal(server.stop(), 0)
            text = [l for l in open(server.log_path).read().splitlines() if '"verdict":' in l or " call: " in l]
            equal(len(text), 71)
            if as_json:
                equal({json.loads(l)["verdict"] for l in text}, {"genuine", "unproven"})
            else:
                equal({re.search(r" verdict=(\w+)", l)[1] for l in text}, {"genuine", "unproven"})

    only = sys.argv[1:]
    tests = [strict, system_calls, allocations, killed, restarted, answering, burst_on_a_full_disk, refusing, masked, lines]
    tap([t for t in tests if not only or t.__name__ in only])
    lab.close()


with scratch() as place:
    main(place)
