# SPDX-License-Identifier: Apache-2.0
"""What the tests of the server share: a lab, a server on free ports of loopback, a client, a certificate repository that
misbehaves to order, and TAP.  Standard library only.  Everything that is started is ended by its own process id."""
import atexit, contextlib, http.client, json, os, random, re, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, threading, time, traceback

SOURCE = os.environ.get("BF_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.environ.get("BF_BUILD", os.path.join(SOURCE, "build"))
PROGRAM = os.path.join(BUILD, "bonafide")
SANITIZED = os.environ.get("BF_SANITIZE", "none") != "none"
SIGNER = os.path.join(BUILD, "test", "serve", "sign_tokens")
CALLER, CALLED = "12155550121", "12155550131"
PATIENCE = 20  # seconds: nothing here takes that long; a machine that is busy may


_started = []


def started(process):
    """It is ended with this program, whatever happens."""
    _started.append(process)
    return process


@atexit.register
def _end_all():
    """What a failed test has left running."""
    for process in _started:
        if process.poll() is None:
            process.kill()
            process.wait()


# ---- TAP ----

class Skip(Exception):
    pass


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in what))


def equal(got, wanted, what=""):
    check(got == wanted, what, "got", repr(got), "wanted", repr(wanted))


def tap(tests):
    """Runs the functions in order; their docstrings are the names."""
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        name = " ".join((test.__doc__ or test.__name__).split())
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except BaseException:
            failed += 1
            print("\n".join("# " + line for line in traceback.format_exc().splitlines()))
            print(f"not ok {number} - {name}", flush=True)
    sys.exit(1 if failed else 0)


def free_port():
    """For a program that cannot be asked which it got: free for UDP and TCP, and none that the kernel gives to anybody meanwhile."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            try:
                udp.bind(("127.0.0.1", port))
                tcp.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def eventually(question, what, patience=PATIENCE):
    """Waits for an event that nobody announces."""
    end = time.monotonic() + patience
    while True:
        answer = question()
        if answer:
            return answer
        check(time.monotonic() < end, "never happened:", what)
        time.sleep(0.02)


def is_bound(port):
    """Somebody on this machine has this UDP port."""
    return any(int(line.split()[1].split(":")[1], 16) == port for line in open("/proc/net/udp").readlines()[1:])


# ---- a lab ----

class Lab:
    """A CA and carriers, made at run time; signs tokens."""

    def __init__(self, place, carriers=1, prefix="https://lab.example/"):
        self.place, self.prefix = place, prefix
        subprocess.run([PROGRAM, "lab", "--carriers", str(carriers), "--url-prefix", prefix, place], check=True,
                       stdout=subprocess.DEVNULL)
        self.names = sorted(os.listdir(os.path.join(place, "carriers")))
        self.lock = threading.Lock()
        self.signer = subprocess.Popen([SIGNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        _started.append(self.signer)

    @property
    def root(self):
        return os.path.join(self.place, "root.pem")

    @property
    def certs(self):
        return os.path.join(self.place, "certs")

    def key(self, carrier=0):
        return os.path.join(self.place, "carriers", self.names[carrier], "key.pem")

    def chain(self, carrier=0):
        return os.path.join(self.place, "carriers", self.names[carrier], "chain.pem")

    def x5u(self, carrier=0):
        return self.prefix + self.names[carrier] + ".pem"

    def tokens(self, n, orig=CALLER, dest=CALLED, iat=None, attest="A", carrier=0, x5u=None):
        iat = int(time.time()) if iat is None else iat
        with self.lock:
            self.signer.stdin.write(f"{self.key(carrier)} {x5u or self.x5u(carrier)} {orig} {dest} {iat} {attest} {n}\n")
            self.signer.stdin.flush()
            return [self.signer.stdout.readline().strip() for _ in range(n)]

    def identity(self, **wishes):
        x5u = wishes.get("x5u") or self.x5u(wishes.get("carrier", 0))
        return f'{self.tokens(1, **wishes)[0]};info=<{x5u}>;alg=ES256;ppt="shaken"'

    def close(self):
        self.signer.stdin.close()
        self.signer.wait(PATIENCE)
        self.signer.stdout.close()


def stand_still(pid, trace=None):
    """
    Stops a process; returns when all its threads have stopped. Under strace a thread looks stopped at every system call,
    and goes on: there the trace itself says who stands.
    """
    os.kill(pid, signal.SIGSTOP)
    threads = lambda: os.listdir(f"/proc/{pid}/task")
    states = lambda: {read(f"/proc/{pid}/task/{t}/stat").rsplit(b")", 1)[1].split()[0] for t in threads()}
    last = lambda: dict(line.split(None, 1) for line in read(trace).decode().splitlines())
    if trace:
        eventually(lambda: all("--- stopped by SIGSTOP ---" in said.get(t, "") for said in [last()] for t in threads()),
                   "all threads stand still")
    else:
        eventually(lambda: states() <= {b"T", b"t"}, "all threads stand still")


# ---- a server ----

def yaml(value, indent=0):
    """JSON is YAML; sections are written out so that faults name a line."""
    return "".join(f"{key}: {json.dumps(part)}\n" for key, part in value.items())


def merged(base, more):
    out = dict(base)
    for key, part in more.items():
        out[key] = merged(out[key], part) if isinstance(part, dict) and isinstance(out.get(key), dict) else part
    return out


class Server:
    """`bonafide serve` on free ports; `with Server(...) as s`."""

    def __init__(self, place, wishes=None, lab=None, wrap=(), environment=None, listen=None):
        self.place = place
        os.makedirs(place, exist_ok=True)
        base = {
            "sip": {"listen": listen or ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"], "clients": ["127.0.0.1/32"], "workers": 2},
            "http": {"listen": "127.0.0.1:0"},
            "x5u": {"cache_dir": os.path.join(place, "certificates")},
            "store": {"url": "sqlite:" + os.path.join(place, "records.db"), "journal": os.path.join(place, "journal")},
        }
        if lab:
            base["trust"] = {"domains": [{"name": "lab", "anchors": [lab.root], "lab": True}]}
            base["x5u"]["certs_dir"] = lab.certs
        self.config = merged(base, wishes or {})
        self.file = os.path.join(place, "bonafide.yaml")
        self.write()
        self.wrap, self.environment = list(wrap), environment
        self.process = None
        self.doors = []
        self.headers, self.tls = {}, None  # what every request over HTTP brings; an ssl.SSLContext

    def write(self, config=None):
        with open(self.file, "w") as f:
            f.write(yaml(config or self.config))

    def start(self):
        self.log_path = os.path.join(self.place, "log")
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(self.wrap + [PROGRAM, "serve", "--config", self.file], stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, env=dict(os.environ, **(self.environment or {})))
        _started.append(self.process)
        wanted = len(self.config["sip"]["listen"]) + 1 + (1 if self.config.get("public", {}).get("listen") else 0)
        self.doors = []
        for line in self.process.stdout:
            m = re.match(r"listening on (udp|tcp|tls|https?):(?://)?(\[?[0-9a-fA-F.:]+\]?):(\d+)( to sign)?( \(public\))?", line)
            if m:
                self.doors.append((m[1].replace("https", "http"), m[2].strip("[]"), int(m[3]), bool(m[4]), bool(m[5])))
            if len(self.doors) == wanted:
                break
        check(len(self.doors) == wanted, "the server did not start:", self.read_log())
        self.reader = threading.Thread(target=self.process.stdout.read, daemon=True)
        self.reader.start()
        eventually(lambda: self.get("/readyz")[0] == 200, "it is ready")
        return self

    def door(self, kind, sign=False, public=False, host=None):
        return next((d[1], d[2]) for d in self.doors
                    if d[0] == kind and d[3] == sign and d[4] == public and host in (None, d[1]))

    @property
    def pid(self):
        return self.process.pid

    def read_log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def verdict_lines(self):
        return [line for line in self.read_log().splitlines() if " call: " in line]

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, patience=PATIENCE):
        status = self.process.wait(patience)
        self.process.stdout.close() if not self.reader.is_alive() else None
        self.log.close()
        if status not in (0, -signal.SIGKILL):
            print("\n".join("# " + line for line in self.read_log()[-4000:].splitlines()))
        return status

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                return self.wait()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode if self.process else None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *rest):
        status = self.stop()
        if kind is None:
            check(status in (0, -signal.SIGKILL), "the server ended with", status, self.read_log()[-2000:])

    # HTTP

    def get(self, path, method="GET", body=None, headers=None, public=False):
        at = self.door("http", public=public)
        c = (http.client.HTTPSConnection(*at, timeout=PATIENCE, context=self.tls) if self.tls and not public
             else http.client.HTTPConnection(*at, timeout=PATIENCE))
        try:
            c.request(method, path, body=body, headers=dict(self.headers, **(headers or {})))
            r = c.getresponse()
            return r.status, dict(r.getheaders()), r.read()
        except ConnectionError as e:
            return 0, {}, str(e).encode()
        finally:
            c.close()

    def metrics(self):
        out = {}
        for line in self.get("/metrics")[2].decode().splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                out[name.removeprefix("bonafide_")] = float(value)
        return out

    def verdict(self, message, kind="message/sip", accept=None):
        headers = {"Content-Type": kind}
        if accept:
            headers["Accept"] = accept
        status, _, body = self.get("/v1/verdict", "POST", message, headers)
        return status, body

    # records

    def records(self, sql="SELECT call_id, verdict, status FROM records"):
        """What `bonafide calls --json` says, as a table that can be asked."""
        said = subprocess.run([PROGRAM, "calls", "--store", f"sqlite:{self.place}/records.db", "--json", "--limit", "1000000"],
                              capture_output=True, text=True).stdout.splitlines()
        calls = [json.loads(line) for line in said]
        if not calls:
            return []
        names = [name for name in calls[0] if name != "ballots"]
        with contextlib.closing(sqlite3.connect(":memory:")) as db:
            db.execute(f"CREATE TABLE records ({', '.join(f'{chr(34)}{name}{chr(34)}' for name in names)})")
            db.executemany(f"INSERT INTO records VALUES ({', '.join('?' for _ in names)})",
                           ([call[name] for name in names] for call in calls))
            return db.execute(sql).fetchall()


@contextlib.contextmanager
def scratch():
    place = tempfile.mkdtemp(prefix="bf-serve-", dir=os.environ.get("TMPDIR"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


# ---- a client ----

_number = 0


def word():
    global _number
    _number += 1
    return f"{os.getpid():x}{_number:x}{time.monotonic_ns() & 0xffffff:x}"


def request(method="INVITE", identity=None, caller=CALLER, called=CALLED, uri=None, call_id=None, branch=None, to=None,
            cseq=1, tag=None, transport="UDP", via=None, extra=(), max_forwards="70", body=b"", display='"Lab" '):
    """A request as bytes. Same arguments but for what is random."""
    lines = [f"{method} {uri or f'sip:+{called}@example.com;user=phone'} SIP/2.0",
             f"Via: SIP/2.0/{transport} {via or '127.0.0.1:5099'};branch={branch or 'z9hG4bK' + word()};rport"]
    if max_forwards is not None:
        lines.append(f"Max-Forwards: {max_forwards}")
    lines += [f"From: {display}<sip:+{caller}@example.com;user=phone>;tag={tag or word()}",
              f"To: {to or f'<sip:+{called}@example.com;user=phone>'}", f"Call-ID: {call_id or word()}@test",
              f"CSeq: {cseq} {method}", "Contact: <sip:test@127.0.0.1:5099>"]
    lines += [f"Identity: {i}" for i in ([identity] if isinstance(identity, str) else identity or [])]
    lines += list(extra)
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def header(message, name):
    for line in message.decode(errors="replace").split("\r\n\r\n")[0].split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.strip().lower() == name.lower():
            return value.strip()
    return None


def headers(message, name):
    return [line.partition(":")[2].strip() for line in message.decode(errors="replace").split("\r\n\r\n")[0].split("\r\n")[1:]
            if line.partition(":")[0].strip().lower() == name.lower()]


def status(message):
    check(message.startswith(b"SIP/2.0 "), "no answer:", message[:80])
    return int(message[8:11])


def verdict(message):
    """`verdict=genuine;attest=A;case=none;id=…` as a dictionary."""
    return dict(part.split("=", 1) for part in (header(message, "X-Bonafide") or "").split(";") if "=" in part)


def follow(method, invite, to=None):
    """ACK or CANCEL for an INVITE: same Via, Call-ID, From, CSeq number."""
    text = invite.split(b"\r\n\r\n")[0].decode()
    keep = [line for line in text.split("\r\n")[1:] if line.split(":")[0] in ("Via", "From", "Call-ID", "Max-Forwards")]
    keep.append(f"To: {to or header(invite, 'To')}")
    keep.append(f"CSeq: {header(invite, 'CSeq').split()[0]} {method}")
    uri = text.split(" ")[1]
    return "\r\n".join([f"{method} {uri} SIP/2.0"] + keep + ["Content-Length: 0"]).encode() + b"\r\n\r\n"


class Udp:
    def __init__(self, to, source=None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in to[0] else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if source:
            self.socket.bind(source)
        self.socket.connect(to)
        self.socket.settimeout(PATIENCE)

    def send(self, message):
        self.socket.send(message)

    def receive(self, patience=PATIENCE):
        self.socket.settimeout(patience)
        return self.socket.recv(65535)

    def ask(self, message):
        """The final answer; 100 is passed over, and then the answer acknowledged, or it would come again."""
        self.send(message)
        self.waited = False
        answer = self.final()
        if self.waited:
            self.send(follow("ACK", message, header(answer, "To")))
        return answer

    def final(self):
        while True:
            answer = self.receive()
            if status(answer) >= 200:
                return answer
            self.waited = True

    def silent(self, seconds=0.3):
        """Nothing comes: a fence, for nothing can be awaited."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(65535) and False
        except (socket.timeout, ConnectionRefusedError):
            return True

    def close(self):
        self.socket.close()


class Tcp:
    def __init__(self, to, source=None):
        self.socket = socket.create_connection(to, timeout=PATIENCE, source_address=source)
        self.held = b""

    def send(self, message):
        self.socket.sendall(message)

    def receive(self):
        """One message, or b"" when the other side has closed."""
        while True:
            end = self.held.find(b"\r\n\r\n")
            if end > 0:
                length = int(header(self.held[:end + 4], "Content-Length") or 0)
                if len(self.held) >= end + 4 + length:
                    out, self.held = self.held[:end + 4 + length], self.held[end + 4 + length:]
                    return out
            part = self.socket.recv(65536)
            if not part:
                return b""
            self.held += part

    def ask(self, message):
        self.send(message)
        while True:
            answer = self.receive()
            if not answer or status(answer) >= 200:
                return answer

    def closed(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()


# ---- a certificate repository ----

class Repository:
    """http on loopback. `moods[path]` says how it behaves: good, silent, slow, gone, endless, redirect, refused, broken."""

    def __init__(self, chains):
        self.chains, self.moods, self.asked = chains, {}, {}
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.held, self.ending = [], False
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"

    def accept(self):
        while not self.ending:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        try:
            c.settimeout(PATIENCE)
            data = b""
            while b"\r\n\r\n" not in data:
                part = c.recv(4096)
                if not part:
                    return
                data += part
            path = data.split(b" ")[1].decode().lstrip("/")
            self.asked[path] = self.asked.get(path, 0) + 1
            getattr(self, "be_" + self.moods.get(path, "good"))(c, path)
        except OSError:
            pass
        finally:
            c.close()

    def be_good(self, c, path):
        body = self.chains.get(path)
        if body is None:
            c.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/pem-certificate-chain\r\nCache-Control: max-age=86400\r\n"
                  b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def wait_for_end(self, c):
        try:
            c.recv(1)  # until the other side gives up
        except OSError:
            pass

    def be_silent(self, c, path):
        self.wait_for_end(c)

    def be_slow(self, c, path):
        body = self.chains.get(path, b"x" * 1000)
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for byte in body:
            if self.ending:
                return
            c.sendall(bytes([byte]))
            time.sleep(1)

    def be_gone(self, c, path):
        c.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    def be_endless(self, c, path):
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/pem-certificate-chain\r\n\r\n")
        while not self.ending:
            c.sendall(b"-----BEGIN CERTIFICATE-----\n" * 1000)

    def be_redirect(self, c, path):
        c.sendall(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere-%s\r\nContent-Length: 0\r\n\r\n" % path.encode())

    def be_refused(self, c, path):
        pass

    def close(self):
        self.ending = True
        self.listener.close()


def read(path):
    with open(path, "rb") as f:
        return f.read()
