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


def look(place, pictures=(), calls=None):
    """The pages over the mock, with invented calls or with real ones. Their TAP, and whether all is well."""
    environment = dict(ENVIRONMENT, **({"BF_CALLS": calls} if calls else {}))
    mock = subprocess.Popen(["node", "mock.mjs", "0"], cwd=place, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        port = int(mock.stdout.readline())
        done = subprocess.run(["node", "pages.mjs", f"http://127.0.0.1:{port}/desk/", "ada", "a long enough password", *pictures],
                              cwd=place, env=environment, stdout=subprocess.PIPE, text=True)
    finally:
        mock.kill()
        mock.wait()
    return done.stdout.splitlines(), done.returncode


def placed(place):
    """A server, calls of `bonafide call` to it, and what its record says of them."""
    sys.path.insert(0, str(SOURCE / "test" / "serve"))
    os.environ.setdefault("BF_BUILD", str(BUILD))
    import house
    with house.scratch() as scratch:
        lab = house.Lab(scratch + "/lab")
        with house.Server(scratch + "/server", lab=lab) as server:
            host, port = server.door("udp")
            kinds = ["signed", "unsigned", "spoofed", "tampered", "other", "stale", "gateway"]
            subprocess.run([house.PROGRAM, "call", "--lab", lab.place, "--name", "Ada Miller", f"sip:{host}:{port}", *kinds], check=True,
                           stdout=subprocess.DEVNULL)
            said = lambda: subprocess.run([house.PROGRAM, "calls", "--store", f"sqlite:{server.place}/records.db", "--json"],
                                          capture_output=True, text=True).stdout
            calls = house.eventually(lambda: said() if said().count("\n") == len(kinds) else None, "all calls are in the record")
        lab.close()
    lines = sorted(calls.splitlines(), key=lambda line: json.loads(line)["at"])
    path = place / "calls.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def main():
    place = workshop()
    words = subprocess.run(["node", "--no-warnings", "words.mjs"], cwd=place, env=ENVIRONMENT)
    n, failed = 0, words.returncode != 0
    for pictures, calls in ((sys.argv[1:2], None), ((), placed(place))):
        lines, status = look(place, pictures, calls)
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
