# SPDX-License-Identifier: Apache-2.0
"""
The pages of the desk in a real Chromium.  node and npm bring the driver; without them, without Chromium or without a
registry there is nothing to look with.  With a directory as argument, pictures of the pages are left there.
"""
import os, pathlib, shutil, subprocess, sys

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


def main():
    place = workshop()
    words = subprocess.run(["node", "--no-warnings", "words.mjs"], cwd=place, env=ENVIRONMENT)
    mock = subprocess.Popen(["node", "mock.mjs", "0"], cwd=place, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    try:
        port = int(mock.stdout.readline())
        pages = subprocess.run(["node", "pages.mjs", f"http://127.0.0.1:{port}/desk/", "ada", "a long enough password"] + sys.argv[1:2],
                               cwd=place, env=ENVIRONMENT)
    finally:
        mock.kill()
        mock.wait()
    sys.exit(words.returncode or pages.returncode)


main()
