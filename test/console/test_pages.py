# SPDX-License-Identifier: Apache-2.0
"""
The pages of the desk in a real Chromium.  node and npm bring the driver; without them, without Chromium or without a
registry there is nothing to look with.  With a directory as argument, pictures of the pages are left there.
"""
import json, os, pathlib, shutil, subprocess, sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("BF_BUILD", SOURCE / "build")).resolve()
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
ENVIRONMENT = dict(os.environ, BF_SOURCE=str(SOURCE), CHROMIUM=CHROMIUM)
# The driver wants this much; an older one of the system could not read it.
NODE = 20


def skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def workshop():
    """Driver and tests beside each other in the build directory: the source tree stays as it is."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            skip(f"{tool} is absent")
    if int(subprocess.run(["node", "-p", "process.versions.node.split('.')[0]"], capture_output=True, text=True).stdout or 0) < NODE:
        skip(f"node is older than {NODE}")
    if not CHROMIUM:
        skip("chromium is absent")
    place = BUILD / "test" / "console-pages"
    place.mkdir(parents=True, exist_ok=True)
    lock, known = HERE / "package-lock.json", place / "package-lock.json"
    have = known.exists() and known.read_bytes() == lock.read_bytes() and (place / "node_modules" / "axe-core" / "axe.min.js").exists()
    for name in ("package.json", "package-lock.json", "mock.mjs", "pages.mjs", "words.mjs"):
        shutil.copy(HERE / name, place / name)
    if not have:
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=place, capture_output=True, text=True)
        if done.returncode:
            known.unlink()
            skip("npm could not bring playwright-core: " + (done.stderr.strip().splitlines() or ["?"])[-1])
    return place


def seen(place, url, user, password, pictures=(), environment=None):
    """What Chromium says of the desk at this address: its TAP, and whether all is well."""
    done = subprocess.run(["node", "pages.mjs", url, user, password, *pictures], cwd=place, env=dict(ENVIRONMENT, **(environment or {})),
                          stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines(), done.returncode


def invented(place):
    """The pages over the mock: more calls than a test may place, and what a server says seldom."""
    mock = subprocess.Popen(["node", "mock.mjs", "0"], cwd=place, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    try:
        port = int(mock.stdout.readline())
        return seen(place, f"http://127.0.0.1:{port}/desk/", "ada", "a long enough password", sys.argv[1:2])
    finally:
        mock.kill()
        mock.wait()


def real(place):
    """The pages over a server that judges calls of `bonafide call`, with the page that is built in."""
    sys.path.insert(0, str(SOURCE / "test" / "serve"))
    os.environ.setdefault("BF_BUILD", str(BUILD))
    import desk, house
    with house.scratch() as scratch:
        lab = house.Lab(scratch + "/lab")
        server, port = desk.desk_server(scratch + "/server", {"store": {"keep_messages": True}}, lab)
        with server:
            browser = desk.Desk(port).first(server.read_log())
            ada = {"name": "Ada Miller", "numbers": ["+12155550199"], "protected": True}
            house.equal(browser.ask("POST", "api/people", ada)[0], 200)
            house.eventually(lambda: server.metrics()["people"] == 1, "the server knows her")
            kinds = ["signed", "unsigned", "spoofed", "tampered", "other", "stale"]
            desk.place_calls(server, lab, *kinds, name="Lab")
            house.eventually(lambda: len(browser.get("calls")["calls"]) == len(kinds), "all calls are listed")
            ring = [house.PROGRAM, "call", "--lab", lab.place, "--name", "Ada Miller", "sip:%s:%d" % server.door("udp"), "signed"]
            said = seen(place, f"http://127.0.0.1:{port}/desk/", "ada", desk.PASSWORD, environment={"BF_RING": json.dumps(ring)})
        lab.close()
    return said


def main():
    place = workshop()
    words = subprocess.run(["node", "--no-warnings", "words.mjs"], cwd=place, env=ENVIRONMENT)
    n, failed = 0, words.returncode != 0
    for look in (invented, real):
        lines, status = look(place)
        failed |= status != 0
        for line in lines:
            words_of = line.split(" - ", 1)
            if line.startswith(("ok ", "not ok ")):
                n += 1
                line = f"{words_of[0].rsplit(' ', 1)[0]} {n} - {words_of[1]}"
            if not line.startswith("1.."):
                print(line, flush=True)
    print(f"1..{n}")
    sys.exit(1 if failed else 0)


main()
