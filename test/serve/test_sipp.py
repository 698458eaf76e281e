# SPDX-License-Identifier: Apache-2.0
"""SIPp with the scenarios of examples/sipp, as their first lines say."""
from house import *


def main(place):
    if not shutil.which("sipp"):
        print("1..1\nok 1 - SIPp # SKIP sipp is absent")
        return
    lab = Lab(place + "/lab")
    server = Server(place + "/s", lab=lab).start()

    def sipp(name, rows, *more, door="udp"):
        """Exit status (0: every call as expected) and what it said."""
        path = f"{place}/{name}.csv"
        with open(path, "w") as f:
            f.write("SEQUENTIAL\n" + "".join(";".join(row) + "\n" for row in rows))
        host, port = server.door(door)
        done = subprocess.run(["sipp", "-sf", os.path.join(SOURCE, "examples", "sipp", "ask.xml"), "-inf", path, "-m", str(len(rows)), "-r", "20",
                               "-i", "127.0.0.1", "-nostdin", "-timeout", "30s", "-timeout_error", *more, f"{host}:{port}"],
                              cwd=place, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout[-2000:] + done.stderr

    def rows():
        return [(CALLER, CALLED, "genuine", "Identity: " + lab.identity()), (CALLER, CALLED, "unproven", "Subject: not signed;;;"),
                (CALLER, "12155550132", "broken", "Identity: " + lab.identity()),
                (CALLER, CALLED, "unproven", "Identity: " + lab.identity(attest="C"))]

    def udp():
        """examples/sipp/ask.xml: calls of three verdicts over UDP are what their lines expect"""
        code, said = sipp("udp", rows())
        equal(code, 0, said)

    def tcp():
        """and over TCP"""
        code, said = sipp("tcp", rows(), "-t", "t1", door="tcp")
        equal(code, 0, said)

    def wrong():
        """a line that expects another verdict fails"""
        code, said = sipp("wrong", [(CALLER, CALLED, "genuine", "Subject: not signed;;;")])
        check(code != 0, said)
        check("the verdict is unproven, not genuine" in said, said)

    def ends():
        """the server ends"""
        equal(server.stop(), 0)
        lab.close()

    tap([udp, tcp, wrong, ends])


with scratch() as place:
    main(place)
