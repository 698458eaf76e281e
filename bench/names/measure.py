#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
How well names are told apart: builds the labelled set, asks bonafide and three other ways in one run, prints docs/names.md's
tables. Needs node and npm (names of the innocent come from a package, at run time) and bench/names/forms (ICU).

    measure.py --bonafide build/bonafide --forms build/bench/forms [--keep FOLDER] [--misses N]

Exit status 1: a goal of GOALS was missed.
"""
import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import Counter

import attacks

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = "@faker-js/faker@10.6.0"
SEED = 20261123
GOALS = {"recall": 0.98, "recall of every kind": 0.95, "false alarms": 1e-4}


def run(command, text, **more):
    done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", **more)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()[-2000:] or done.returncode}")
    return done.stdout


class World:
    """What attacks.py asks for: shapes, titles, and ICU's transforms, each line once."""

    def __init__(self, forms, people):
        self.forms, self.people, self.known = forms, people, {}
        self.shapes = attacks.Shapes(run([forms, "confusables"], "").split("\n"))
        self.titles = attacks.titles_read(os.path.join(HERE, "titles.txt"))

    def icu(self, transform, name):
        if transform not in self.known:
            all_names = sorted({b for p in self.people for b in p.book + p.spellings} | {name})
            self.known[transform] = dict(zip(all_names, self.lines(transform, all_names)))
        known = self.known[transform]
        if name not in known:
            known[name] = self.lines(transform, [name])[0]
        return known[name]

    def lines(self, transform, names):
        return run([self.forms, "transform", transform], "\n".join(names) + "\n").split("\n")


def plain(name):
    """Letters without case, accents and order: who is equal in this is no innocent."""
    k = attacks.bare(unicodedata.normalize("NFKC", name).casefold())
    return " ".join(sorted("".join(c if c.isalnum() else " " for c in k).split()))


def slips(a, b, most):
    """Slips of the finger between two names (optimal string alignment), or more than `most`."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before, row = None, list(range(len(b) + 1))
    for i, c in enumerate(a, 1):
        last, row = row, [i]
        for j, d in enumerate(b, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (c != d)))
            if before and i > 1 and j > 1 and c == b[j - 2] and a[i - 2] == d:
                row[-1] = min(row[-1], before[j - 2] + 1)
        before = last
    return row[-1]


def fetch_innocent(folder, people, seed):
    if not os.path.isdir(os.path.join(folder, "node_modules", "@faker-js")):
        run(["npm", "install", "--prefix", folder, "--no-save", "--no-package-lock", "--no-audit", "--no-fund", PACKAGE], "")
    words = [(which, word) for p in people if p.script not in attacks.FAMILY_FIRST for b in p.latin if len(b.split()) > 1
             for which, word in (("given", b.split()[0]), ("family", b.split()[-1])) if attacks.letters(word) > 3]
    module = os.path.join(folder, "node_modules", "@faker-js", "faker", "dist", "index.js")
    out = run(["node", os.path.join(HERE, "innocent.mjs"), str(seed), module], "\n".join("\t".join(w) for w in words))
    return [line.split("\t", 1) for line in out.split("\n") if line]


def innocent(rows, people, near):
    """Without those that are a protected name, or an attack on one by attacks.py's own rules."""
    ours = {p.id: [plain(x) for x in p.book + p.spellings + p.elsewhere] for p in people}
    equal = {x for forms in ours.values() for x in forms}
    short = {plain(x) for p in people for x in attacks.initials(p, random.Random(0), None)}
    kept, dropped = [], 0
    for (kind, name), (_, _, whose, score) in zip(rows, near):
        k = plain(name)
        close = float(score) >= 0.85 and any(
            slips(k, x, 2) <= (2 if len(x) > 12 else 1 if len(x) > 6 else 0) for x in ours.get(whose, ()))
        if k in equal or k in short or close:
            dropped += 1
        else:
            kept.append((kind, name))
    return kept, dropped


def one_line(name):
    return name.replace("\n", " ").replace("\r", " ")


def ask_bonafide(program, book, names):
    """{"match": …, "person": …} a name, in order; and microseconds a name, start of the program included."""
    since = time.monotonic()
    out = run([program, "people", "name", "--book", book, "--json"], "\n".join(names) + "\n")
    spent = time.monotonic() - since
    rows = [json.loads(line) for line in out.split("\n") if line]
    if len(rows) != len(names):
        sys.exit(f"bonafide answered {len(rows)} of {len(names)} names")
    return [(r["person"] if r["match"] else None, r) for r in rows], spent * 1e6 / len(names)


def best_threshold(hits, alarms, allowed=None):
    """
    hits: Jaro-Winkler of each attack, 0 where it names another person; alarms: of each innocent. The threshold of the best F1,
    or the lowest with at most `allowed` false alarms.
    """
    best = (-1.0, 1.0)
    hits, alarms = sorted(hits), sorted(alarms)
    from bisect import bisect_left
    for step in range(600, 1001):
        t = step / 1000
        right, wrong = len(hits) - bisect_left(hits, t), len(alarms) - bisect_left(alarms, t)
        if allowed is not None:
            if wrong <= allowed:
                return t
            continue
        f1 = 2 * right / (right + wrong + len(hits))
        best = max(best, (f1, t))
    return best[1]


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + "|".join("---" if i == 0 else "---:" for i in range(len(head))) + "|")
    for row in rows:
        print("| " + " | ".join(str(c) for c in row) + " |")
    print()


def share(n, of):
    return f"{100 * n / of:.1f} %" if of else "–"


def columns(labelled, guiltless, ours, others, harmless):
    """What each way says: name of the way, whether each attack is found, whether each innocent is accused."""
    jw = [float(o[3]) if o[2] == p.id else 0.0 for (p, _, _), o in zip(labelled, others)]
    alarm = [float(o[3]) for o in harmless]
    yield "bonafide", [o[0] == p.id for (p, _, _), o in zip(labelled, ours)], [o[0] is not None for o in ours[len(labelled):]]
    for i, way in enumerate(("plain comparison", "uspoof alone")):
        yield way, [o[i] == p.id for (p, _, _), o in zip(labelled, others)], [o[i] != "-" for o in harmless]
    for note, allowed in (("best F1", None), ("as few alarms as bonafide may", len(guiltless) // 10000)):
        t = best_threshold(jw, alarm, allowed)
        yield f"Jaro–Winkler ≥ {t:.3f} ({note})", [x >= t for x in jw], [x >= t for x in alarm]


def report(labelled, guiltless, ways):
    kinds = list(dict.fromkeys(k for _, k, _ in labelled))
    head = ["attack", "names"] + [w for w, _, _ in ways]
    rows = []
    for kind in kinds + [None]:
        at = [i for i, row in enumerate(labelled) if kind in (None, row[1])]
        rows.append([kind or "**all**", len(at)] + [share(sum(found[i] for i in at), len(at)) for _, found, _ in ways])
    table(head, rows)
    scripts, rows = list(dict.fromkeys(p.script for p, _, _ in labelled)), []
    for script in scripts:
        at = [i for i, row in enumerate(labelled) if row[0].script == script]
        rows.append([script, len(at)] + [share(sum(found[i] for i in at), len(at)) for _, found, _ in ways])
    table(["script of the person"] + head[1:], rows)
    rows = []
    for kind in list(dict.fromkeys(k for k, _ in guiltless)) + [None]:
        at = [i for i, row in enumerate(guiltless) if kind in (None, row[0])]
        rows.append([kind or "**all**", len(at)] + [str(sum(alarm[i] for i in at)) for _, _, alarm in ways])
    table(["innocent", "names"] + [f"{w}: false alarms" for w in head[2:]], rows)


def goals_missed(labelled, guiltless, found, alarms):
    per, right = Counter(k for _, k, _ in labelled), Counter(k for (_, k, _), f in zip(labelled, found) if f)
    if sum(right.values()) < GOALS["recall"] * len(labelled):
        yield "recall"
    yield from (f"recall of {k}" for k in per if right[k] < GOALS["recall of every kind"] * per[k])
    if sum(alarms) > GOALS["false alarms"] * len(guiltless):
        yield "false alarms"


def show_misses(labelled, guiltless, ours, most):
    wrong = [(k, p, x, o) for (p, k, x), o in zip(labelled, ours) if o[0] != p.id]
    for kind in dict.fromkeys(k for k, _, _, _ in wrong):
        rows = [row for row in wrong if row[0] == kind]
        for _, p, x, o in random.Random(1).sample(rows, min(most, len(rows))):
            print(f"missed\t{kind}\t{' | '.join(p.book)}\t{x}\t{x.encode('ascii', 'backslashreplace').decode()}\t{o[0] or '-'}")
    for (kind, x), o in zip(guiltless, ours[len(labelled):]):
        if o[0] is not None:
            print(f"false alarm\t{kind}\t{o[0]}\t{x}\t{o[1].get('rule')} {o[1].get('score')}")


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--bonafide", required=True)
    a.add_argument("--forms", required=True)
    a.add_argument("--keep")
    a.add_argument("--seed", type=int, default=SEED)
    a.add_argument("--misses", type=int, default=0)
    a = a.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = a.keep or temporary
        os.makedirs(folder, exist_ok=True)
        people = attacks.people_read(os.path.join(HERE, "people.txt"))
        labelled = [(p, k, one_line(x)) for p, k, x in attacks.attacks(people, World(a.forms, people), a.seed)]
        book, lines = os.path.join(folder, "book.csv"), os.path.join(folder, "book.tsv")
        with open(book, "w", encoding="utf-8", newline="") as f:
            csv.writer(f).writerows([("id", "name", "aliases")] + [(p.id, p.name, ";".join(p.aliases)) for p in people])
        with open(lines, "w", encoding="utf-8") as f:
            f.writelines(f"{p.id}\t{b}\n" for p in people for b in p.book)

        def compare(names):
            return [x.split("\t") for x in run([a.forms, "compare", lines], "\n".join(names) + "\n").split("\n") if x]

        rows = fetch_innocent(folder, people, a.seed)
        near = compare([x for _, x in rows])
        guiltless, dropped = innocent(rows, people, near)
        kept = set(map(tuple, guiltless))
        harmless = [o for row, o in zip(rows, near) if tuple(row) in kept]
        names = [x for _, _, x in labelled] + [x for _, x in guiltless]
        with open(os.path.join(folder, "set.tsv"), "w", encoding="utf-8") as f:
            f.writelines(f"{p.id}\t{k}\t{x}\n" for p, k, x in labelled)
            f.writelines(f"-\t{k}\t{x}\n" for k, x in guiltless)
        least = min(Counter(p.id for p, _, _ in labelled).values())
        print(f"{len(people)} people in {len({p.script for p in people})} scripts, {len(labelled)} attacks (at least {least} a "
              f"person), {len(guiltless)} innocent names ({dropped} more were left out: they are a protected name or one slip "
              "or initial from it).\n", flush=True)
        ours, each = ask_bonafide(a.bonafide, book, names)
        ways = list(columns(labelled, guiltless, ours, compare([x for _, _, x in labelled]), harmless))
        report(labelled, guiltless, ways)
        print(f"bonafide: {each:.1f} µs a name, reading, printing and start included.")
        show_misses(labelled, guiltless, ours, a.misses) if a.misses else None
        missed = list(goals_missed(labelled, guiltless, ways[0][1], ways[0][2]))
        print("missed: " + ", ".join(missed) if missed else "Every goal is met.")
        return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
