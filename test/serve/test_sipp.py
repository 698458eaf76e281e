# SPDX-License-Identifier: Apache-2.0
"""SIPp with the scenarios of examples/sipp, as their first lines say."""
from hop import dialog
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

    def phone():
        """examples/sipp/phone.xml takes a call behind a proxy, and ends with it"""
        port = free_port()
        taking = started(subprocess.Popen(["sipp", "-sf", os.path.join(SOURCE, "examples", "sipp", "phone.xml"), "-p", str(port), "-i", "127.0.0.1",
                                           "-m", "1", "-nostdin", "-timeout", "30s", "-timeout_error", "-trace_msg", "-message_file", place + "/phone.log"],
                                         cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        eventually(lambda: is_bound(port), "SIPp takes its port")
        with Server(place + "/proxy", {"sip": {"mode": "proxy", "next_hop": f"sip:127.0.0.1:{port}", "record_route": True}}, lab=lab) as proxy:
            u = Udp(proxy.door("udp"))
            message = request(identity=lab.identity(), via=f"127.0.0.1:{u.socket.getsockname()[1]}")
            answer = u.ask(message)
            equal(status(answer), 200)
            tag = re.search("tag=([^;]+)", header(answer, "To"))[1]
            inside = lambda method, cseq: dialog(method, message, tag, f"sip:phone@127.0.0.1:{port}", headers(answer, "Record-Route"), cseq)
            u.send(inside("ACK", 1))
            equal(status(u.ask(inside("BYE", 2))), 200)
        said = taking.communicate(timeout=60)[0]
        equal(taking.returncode, 0, said[-2000:] + open(place + "/phone.log").read())

    def ends():
        """the server ends"""
        equal(server.stop(), 0)
        lab.close()

    tap([udp, tcp, wrong, phone, ends])


with scratch() as place:
    main(place)
