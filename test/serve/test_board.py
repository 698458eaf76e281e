# SPDX-License-Identifier: Apache-2.0
"""Alert rules and the board ask for metrics that there are, with labels that they have."""
import pathlib

from house import *

EXAMPLES = pathlib.Path(SOURCE) / "examples"
RULES, TRIALS = EXAMPLES / "prometheus/bonafide.rules.yml", EXAMPLES / "prometheus/bonafide.test.yml"
BOARD = EXAMPLES / "grafana/bonafide.json"
METRIC = re.compile(r"\bbonafide_\w+(?:\{[^}]*\})?")


def asked(text):
    """Name and labels of every metric in an expression, those of the scrape left out."""
    for found in METRIC.findall(text):
        name, _, labels = found.partition("{")
        pairs = re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', labels)
        yield name, {key: (how, value) for key, how, value in pairs if key not in ("instance", "job")}


def promtool(*args):
    if not shutil.which("promtool"):
        raise Skip("promtool is absent")
    ran = subprocess.run(["promtool", *map(str, args)], capture_output=True, text=True, timeout=120, check=False)
    equal(ran.returncode, 0, ran.stdout + ran.stderr)


def expressions_of_board():
    for panel in json.loads(BOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def main(place):
    lab = Lab(place + "/lab")
    there = {}
    with Server(place + "/server", {"sip": {"mode": "redirect"}}, lab=lab) as server:
        u = Udp(server.door("udp"))
        u.send(request(identity=lab.identity()))
        u.receive()
        text = server.get("/metrics")[2].decode()
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, labels = line.rsplit(" ", 1)[0].partition("{")
            there.setdefault(name, []).append(dict(re.findall(r'(\w+)="([^"]*)"', labels)))

    def exists(where, text):
        n = 0
        for name, labels in asked(text):
            n += 1
            check(name in there, where, "asks for", name, "which there is not")
            for key, (how, value) in labels.items():
                check(any(key in series for series in there[name]), where, name, "has no label", key)
                for one in value.split("|") if how in ("=", "=~") and "$" not in value else []:
                    check(any(series.get(key) == one for series in there[name]), where, name, "has no", key, one)
        return n

    def rules():
        """every metric and label of the alert rules is one of the server's"""
        found = sum(exists(f"line {n}", line) for n, line in enumerate(RULES.read_text().splitlines(), 1)
                    if not re.match(r"\s*(#|summary|description)", line))
        check(found > 30, found)

    def promises():
        """what an alarm tells people to look at exists as well"""
        words = "\n".join(line for line in RULES.read_text().splitlines() if re.match(r"\s*(summary|description)", line))
        exists("a description", words)
        for option in re.findall(r"\b(?:sip|x5u|store|hep|replay|trust)\.[a-z_]+\b", words):
            shown = subprocess.run([PROGRAM, "config", "--sample"], capture_output=True, text=True, check=True).stdout
            check(re.search(rf"^\s*#?\s*{option.split('.')[1]}:", shown, re.M), "there is no option", option)

    def board():
        """every metric and label of the board is one of the server's, and its panels do not overlap"""
        taken = {}
        for title, expr in expressions_of_board():
            check(exists(title, expr), title, "shows nothing")
        panels = json.loads(BOARD.read_text())["panels"]
        equal(len({p["id"] for p in panels}), len(panels), "ids differ")
        for p in panels:
            at = p["gridPos"]
            for x in range(at["x"], at["x"] + at["w"]):
                for y in range(at["y"], at["y"] + at["h"]):
                    check(x < 24 and (x, y) not in taken, p["title"], "lies on", taken.get((x, y)))
                    taken[x, y] = p["title"]

    def read():
        """promtool takes the rules, and what the board asks"""
        promtool("check", "rules", RULES)
        file = place + "/board.yml"
        with open(file, "w") as f:
            json.dump({"groups": [{"name": "board", "rules": [
                {"record": f"board:{n}", "expr": expr.replace("$__rate_interval", "5m").replace("$instance", ".*")}
                for n, (_, expr) in enumerate(expressions_of_board())]}]}, f)
        promtool("check", "rules", file)

    def fire():
        """alarms come when they should and not when they should not, as promtool plays it"""
        promtool("test", "rules", TRIALS)

    tap([rules, promises, board, read, fire])
    lab.close()


with scratch() as place:
    main(place)
