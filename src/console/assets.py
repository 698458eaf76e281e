#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""assets.py DIRECTORY OUT.c: the files of the page as tables of C, with their types and entity tags."""
import hashlib, pathlib, sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml", ".json": "application/json"}


def main():
    root, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    files = sorted(p for p in root.rglob("*") if p.is_file() and p.suffix in TYPES) if root.is_dir() else []
    text = ['/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by assets.py. */\n#include "console/inside.h"\n']
    rows = []
    for n, path in enumerate(files):
        data = path.read_bytes()
        text.append(f"static const unsigned char file_{n}[] = {{{','.join(map(str, data)) or 0}}};\n")
        rows.append(f'    {{ "{path.relative_to(root).as_posix()}", "{TYPES[path.suffix]}", '
                    f'"\\"{hashlib.sha256(data).hexdigest()[:16]}\\"", file_{n}, {len(data)} }},\n')
    rows = rows or ['    { "index.html", "text/html; charset=utf-8", "\\"0\\"", (const unsigned char *)"", 0 },\n']
    text.append("const struct asset assets[] = {\n" + "".join(rows) + "};\n")
    text.append("const size_t n_assets = sizeof assets / sizeof assets[0];\n")
    out.write_text("".join(text))


main()
