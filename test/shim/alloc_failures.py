#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every unit test program again and again, each time with another allocation of ours failing.

alloc_failures.py SHIM BUILD [--seconds S] [--first N] [--jobs J] [--only NAME] [--gdb N]

A test may fail then, and says so; what must not happen: a signal, memory given back twice, a program that does
not end. Speaks TAP, a point a program. The time is shared out: where --seconds do not reach for all of the first N
allocations, they are spread evenly over them, and the point says how many of how many were tried. --gdb shows where the program of
--only stands when it ends after its N-th allocation failed.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

LIBS = "jansson,yaml"
# These read their rows with jansson and nothing else does: what fails in there is neither ours nor a result of ours.
OWN_JANSSON = {"es256/test_material"}
# Without memory epoch_retire waits for the readers, and in this test they are the thread that calls it.
MAY_WAIT = {"base/test_epoch"}


def nm(path, *options):
    out = subprocess.run(["nm", *options, path], capture_output=True, text=True, check=True).stdout
    return [line.split() for line in out.splitlines()]


class Program:
    def __init__(self, row, shim):
        self.path = pathlib.Path(row["cmd"][0])
        self.args = row["cmd"]
        self.name = f"{self.path.parent.name}/{self.path.name}"
        self.env = {**os.environ, **row["env"], "LD_PRELOAD": shim, "BF_TAP_FIRST": "1",
                    "BF_ALLOC_LIBS": "yaml" if self.name in OWN_JANSSON else LIBS,
                    "MALLOC_PERTURB_": "85", "BF_ALLOC_SKIP": self.test_code()}
        self.limit, self.total, self.tried, self.faults, self.spent, self.busy = 60.0, 0, 0, [], 0.0, False

    def test_code(self):
        """Where the functions of the test's own files, and of what tests share, stand: what they allocate is theirs."""
        objects = [obj for place in (f"{self.path.name}.p", "../*/*_for_tests.a.p", "../../test/**/*.a.p")
                   for obj in self.path.parent.glob(f"{place}/*.o")]
        names = {row[-1] for obj in objects for row in nm(obj, "--defined-only") if row[-2] in "tTwW"}
        ranges = []
        for row in nm(self.path, "--defined-only", "-S"):
            if len(row) == 4 and row[2] in "tTwW" and row[3] in names:
                start = int(row[0], 16)
                ranges.append(f"{start:x}-{start + int(row[1], 16):x}")
        return ",".join(ranges)

    def run(self, n):
        """Runs with the n-th failing; returns the number of allocations made. What went wrong is kept in faults."""
        with tempfile.TemporaryDirectory(prefix="bonafide-alloc-") as place: # a test that ends early leaves its own behind
            count = pathlib.Path(place, "count")
            start = time.monotonic()
            try:
                done = subprocess.run(self.args, capture_output=True, timeout=self.limit, cwd=self.path.parent,
                                      env={**self.env, "BF_ALLOC_FAIL": str(n), "BF_ALLOC_COUNT": count,
                                           "TMPDIR": place})
            except subprocess.TimeoutExpired:
                if self.name not in MAY_WAIT:
                    self.faults.append(f"allocation {n}: did not end within {self.limit:.0f} s")
                return 0
            if n == 0:
                self.limit = 5.0 if self.name in MAY_WAIT else max(20.0, 10 * (time.monotonic() - start))
            text = (done.stdout + done.stderr).decode(errors="replace")
            if done.returncode < 0 or "with exception" in text:
                last = [line for line in text.splitlines() if "RUN" in line or "exception" in line][-2:]
                self.faults.append(f"allocation {n}: signal {-done.returncode} {' | '.join(last)}")
            return int(count.read_text(encoding="ascii") or 0) if count.exists() else 0

    def show(self, n):
        ours = [f"{name}={self.env[name]}" for name in self.env if name.startswith(("BF_", "LD_PRELOAD"))]
        with tempfile.TemporaryDirectory(prefix="bonafide-alloc-") as place:
            subprocess.run(["gdb", "-q", "-batch", "-ex", "handle SIGPIPE nostop pass",
                            "-ex", f"set exec-wrapper env {' '.join(ours)} BF_ALLOC_FAIL={n} TMPDIR={place}",
                            "-ex", "run", "-ex", "bt", self.path], cwd=self.path.parent, check=False)


def spread(n):
    """1..n in an order that covers the whole evenly at every moment."""
    step = next(s for s in range(int(n * 0.618) + 1, n + 2) if all(n % p or s % p for p in range(2, min(n, s) + 1)))
    return [1 + i * step % n for i in range(n)]


def programs_of(build, shim, only):
    with open(pathlib.Path(build) / "meson-info" / "intro-tests.json", encoding="utf-8") as info:
        rows = json.load(info)
    ours = [row for row in rows if pathlib.Path(row["cmd"][0]).name.startswith("test_")
            and len(row["cmd"]) == 1 and "soak" not in row["suite"]]
    found = [Program(row, shim) for row in ours if pathlib.Path(row["cmd"][0]).exists()]
    return [program for program in found if not only or only in program.name]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shim")
    parser.add_argument("build")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--first", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only")
    parser.add_argument("--gdb", type=int)
    options = parser.parse_args()
    programs = programs_of(options.build, options.shim, options.only)
    if options.gdb:
        for program in programs:
            program.show(options.gdb)
        return 0
    until = time.monotonic() + options.seconds

    def measure(program):
        program.total = min(program.run(0), options.first)
        program.order = spread(program.total) if program.total else []

    lock = threading.Lock()

    def next_program():
        """Of those that wait, the one that had the least time so far."""
        with lock:
            waiting = [program for program in programs if program.order and not program.busy]
            program = min(waiting, key=lambda p: p.spent, default=None)
            if program:
                program.busy = True
            return program

    def work(_):
        while time.monotonic() < until and (program := next_program()):
            start = time.monotonic()
            program.run(program.order.pop(0))
            program.tried += 1
            program.spent += time.monotonic() - start
            program.busy = False

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(measure, programs))
        list(pool.map(work, range(options.jobs)))

    print(f"TAP version 13\n1..{len(programs)}")
    for n, program in enumerate(programs, 1):
        for fault in program.faults[:20]:
            print(f"# {program.name}: {fault}")
        verdict = "not ok" if program.faults else "ok"
        print(f"{verdict} {n} - {program.name} ends in order when an allocation fails "
              f"({program.tried} of {program.total} tried)")
    return 1 if any(program.faults for program in programs) else 0


if __name__ == "__main__":
    sys.exit(main())
