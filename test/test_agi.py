#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/bonafide.agi in a conversation as Asterisk holds it; an HTTP server of ours stands in for bonafide."""
import http.server
import json
import subprocess
import sys
import threading


class Bonafide(http.server.BaseHTTPRequestHandler):
    answer, heard = "genuine\n", []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Bonafide.heard.append((json.loads(body), self.headers["Accept"], self.headers["Content-Type"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(Bonafide.answer.encode())

    def log_message(self, *_):
        pass


def converse(script, url, identities):
    """Plays Asterisk; returns what the script set BONAFIDE to."""
    agi = subprocess.Popen([script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"BONAFIDE_URL": url, "PATH": "/usr/bin:/bin"})
    agi.stdin.write("agi_request: bonafide.agi\nagi_callerid: 12155550121\nagi_extension: 12155550131\nagi_uniqueid: 1447.8\n\n")
    agi.stdin.flush()
    word = None
    for line in agi.stdout:
        if line.startswith('GET FULL VARIABLE "${PJSIP_HEADER(read,Identity,'):
            n = int(line.split(",")[2].split(")")[0])
            agi.stdin.write(f"200 result=1 ({identities[n - 1]})\n" if n <= len(identities) else "200 result=0\n")
        elif line.startswith("SET VARIABLE BONAFIDE "):
            word = line.split()[3]
            agi.stdin.write("200 result=1\n")
        else:
            agi.stdin.write("510 Invalid or unknown command\n")
        agi.stdin.flush()
    agi.stdin.close()
    agi.wait(10)
    return word


def main():
    script = sys.argv[1]
    server = http.server.HTTPServer(("127.0.0.1", 0), Bonafide)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1/verdict"
    value = 'a.b.c;info=<https://x.example/y>;alg=ES256;ppt="shaken"'
    results = []

    word = converse(script, url, [value, "d.e.f;ppt=div"])
    request, accept, kind = Bonafide.heard[-1]
    results.append(("the word reaches the channel", word == "genuine"))
    results.append(("every Identity header is asked about",
                    request["verificationRequest"].get("identityHeaders") == [value, "d.e.f;ppt=div"]))
    results.append(("caller and called number are asked about",
                    request["verificationRequest"]["from"]["tn"] == "12155550121"
                    and request["verificationRequest"]["to"]["tn"] == ["12155550131"]))
    results.append(("the call has a name of its own", request["verificationRequest"]["callId"] == "1447.8"))
    results.append(("one word is asked for", accept == "text/plain" and kind == "application/json"))
    converse(script, url, [])
    results.append(("an unsigned call has no Identity member", set(Bonafide.heard[-1][0]["verificationRequest"]) == {"from", "to", "callId"}))
    Bonafide.answer = "genuine?\n"
    results.append(("an answer that is no verdict is unknown", converse(script, url, []) == "unknown"))
    server.shutdown()
    server.server_close()
    results.append(("a dead bonafide is unknown, and the call goes on", converse(script, url, [value]) == "unknown"))

    print(f"TAP version 13\n1..{len(results)}")
    for n, (name, good) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {n} - {name}")
    return 0 if all(good for _, good in results) else 1


if __name__ == "__main__":
    sys.exit(main())
