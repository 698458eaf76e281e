# SPDX-License-Identifier: Apache-2.0
"""
Walks through docs/*.md: blocks marked `sh run` are one script, in their order, in an empty directory, against the built
program; a block `text says` behind them names what the block before it must have written, a line each. Ports are
exchanged for free ones.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ["BF_BUILD"]).resolve()
SOURCE = pathlib.Path(os.environ["BF_SOURCE"]).resolve()
PORTS = ("5070", "5072", "5080", "8080", "8081")
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)


def blocks(page):
    """(line, info, text) of every fenced block."""
    text = page.read_text()
    return [(text.count("\n", 0, m.start()) + 1, m[1].split(), m[2]) for m in BLOCK.finditer(text)]


def may_capture():
    if not hasattr(socket, "AF_PACKET"):
        return False
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
        return True
    except PermissionError:
        return False


def free_ports():
    """Free over UDP and TCP, all at a time."""
    held, ports = [], []
    while len(ports) < len(PORTS):
        tcp, udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        held += [tcp, udp]
        tcp.bind(("127.0.0.1", 0))
        try:
            udp.bind(tcp.getsockname())
            ports.append(str(tcp.getsockname()[1]))
        except OSError:
            pass
    for s in held:
        s.close()
    return dict(zip(PORTS, ports))


def script_of(page):
    """The script, and what each of its blocks must say."""
    may = {"if-may-capture": may_capture(), "if-baresip": shutil.which("baresip") is not None}
    script, promises, skipped = ["set -eu"], [], False
    for line, info, text in blocks(page):
        if info[:2] == ["sh", "run"]:
            skipped = any(not may[word] for word in info[2:])
            if not skipped:
                promises.append((line, []))
                script += [f"echo; echo '@@{line}'", text]
        elif info == ["text", "says"] and not skipped:
            assert promises, f"{page.name}:{line}: nothing was run before"
            promises[-1][1].extend(text.splitlines())
    ports = free_ports()
    return re.sub(r"\b(?:" + "|".join(PORTS) + r")\b", lambda m: ports[m[0]], "\n".join(script)), promises


def walk(page):
    script, promises = script_of(page)
    assert promises, "there is nothing to run"
    for tool in ("curl", "jq"):
        if re.search(rf"\b{tool}\b", script) and not shutil.which(tool):
            return f"{tool} is absent"
    place = tempfile.mkdtemp(prefix="bonafide-docs-")
    environment = dict(os.environ, PATH=f"{BUILD}:{os.environ['PATH']}", NO_COLOR="1", HOME=place, LC_ALL="C.UTF-8",
                       XDG_STATE_HOME=place)
    process = subprocess.Popen(["bash", "-m", "-c", script], cwd=place, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        out, _ = process.communicate(timeout=240)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        end_session(process.pid)
    log = pathlib.Path(place, "serve.log")
    told = out + (f"\n--- serve.log\n{log.read_text()[-3000:]}" if log.exists() else "")
    shutil.rmtree(place)
    assert process.returncode == 0, f"status {process.returncode}\n{told}"
    for line, words in promises:
        said = re.search(rf"^@@{line}\n(.*?)(?=^@@|\Z)", out, re.M | re.S)[1]
        for word in words:
            assert word in said, f"{page.name}:{line} does not say '{word}' but\n{said}\n{told[-2000:]}"
    return None


def members(session):
    """Processes that the page left behind: those of the session that was made for it."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = pathlib.Path("/proc", entry, "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(stat[3]) == session and stat[0] != "Z":
            yield int(entry)


def end_session(session):
    """Each by its number: asked, and after a while made to."""
    for number, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 20)):
        left, end = list(members(session)), time.monotonic() + patience
        for pid in left:
            try:
                os.kill(pid, number)
            except OSError:
                pass
        while left and time.monotonic() < end:
            time.sleep(0.05)
            left = list(members(session))


def links(page):
    """Files that a page names are there."""
    for name in re.findall(r"`((?:docs|examples|src|test|scripts|man)/[\w./-]+)`", page.read_text()):
        assert (SOURCE / name.rstrip("/")).exists(), f"{page.name} names {name}, which is not there"


def main():
    pages = [SOURCE / "docs" / name for name in sys.argv[1:]]
    tests = [(f"every step of {p.name} can be gone", walk, p) for p in pages]
    tests += [(f"what {p.name} points to is there", links, p) for p in pages]
    print(f"TAP version 13\n1..{len(tests)}")
    failed = 0
    for number, (name, test, page) in enumerate(tests, 1):
        try:
            skip = test(page)
            print(f"ok {number} - {name}" + (f" # SKIP {skip}" if skip else ""))
        except Exception as e:
            failed += 1
            print(f"not ok {number} - {name}")
            print("\n".join("# " + line for line in str(e).splitlines()))
        sys.stdout.flush()
    sys.exit(1 if failed else 0)


main()
