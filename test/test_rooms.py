#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A room includes only rooms above it, in the order of src/meson.build. Reads the #include lines; speaks TAP."""
import pathlib
import re
import sys

HARNESS = pathlib.Path(__file__).resolve().parent  # what tests share: tap.h, calls/stage.h, ...
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def rooms_of(source):
    text = (source / "meson.build").read_text()
    return re.findall(r"'([a-z0-9]+)'", re.search(r"rooms = \[(.*?)\]", text, re.S)[1])


def faults_of(source, room, above):
    """Lines of the room's files that look at a room which is not above it, or that name a file without its room."""
    shared = {path.name for path in (source.parent / "test").glob("*.h")}  # tap.h and the like
    for path in sorted((source / room).rglob("*.[ch]")):
        for name in INCLUDE.findall(path.read_text()):
            first = name.split("/")[0]
            if "/" not in name and name not in shared:
                yield f"{path.name} includes \"{name}\" without naming its room"
            elif "/" in name and first != "bonafide" and first != room and first not in above:
                yield f"{path.name} includes \"{name}\", and {room} stands above {first}"


def main():
    source = pathlib.Path(sys.argv[1])
    rooms = rooms_of(source)
    strangers = sorted({path.parent.name for path in source.glob("*/*.c")} - set(rooms))
    print(f"TAP version 13\n1..{len(rooms) + 1}")
    failed = bool(strangers)
    print(f"{'not ok' if strangers else 'ok'} 1 - every room stands in src/meson.build {' '.join(strangers)}")
    for n, room in enumerate(rooms):
        faults = list(faults_of(source, room, rooms[:n]))
        for fault in faults:
            print(f"# {fault}")
        failed = failed or bool(faults)
        print(f"{'not ok' if faults else 'ok'} {n + 2} - {room} includes only rooms above it")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
