#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libbonafide from outside: what is to be seen of it, and examples/embed.c against either form of it."""
import re
import subprocess
import sys
import time

import harness
from harness import BUILD, SOURCE, Skip, invite, test

SHARED_OBJECT = BUILD / "src/front/libbonafide.so"
ARCHIVE = BUILD / "src/front/libbonafide.a"
EXAMPLES = {"shared object": BUILD / "test/cli/embed_so", "archive": BUILD / "test/cli/embed_a"}


def names(*args):
    out = subprocess.run(["nm", "--defined-only", *map(str, args)], capture_output=True, check=True, text=True).stdout
    return {line.split()[-1] for line in out.splitlines() if len(line.split()) == 3}


def promised():
    """The functions that the headers declare."""
    text = "".join(header.read_text() for header in (SOURCE / "include/bonafide").glob("*.h"))
    return set(re.findall(r"^BF_API [^;(]*?\*?\b(bf_\w+)\(", text, re.M))


@test
def the_shared_object_shows_what_the_headers_promise_and_nothing_else():
    seen = {name for name in names("-D", SHARED_OBJECT) if not name.startswith(("__asan", "__odr_asan", "__ubsan", "__tsan", "__gcov", "mangle_path"))}
    assert seen == promised(), seen ^ promised()


@test
def the_archive_shows_what_the_headers_promise_and_nothing_else():
    seen = {name for name in names("-g", ARCHIVE) if not name.startswith(("__asan", "__odr_asan", "__ubsan", "__tsan", "__gcov", "mangle_path"))}
    assert seen == promised(), seen ^ promised()


@test
def the_headers_stand_alone_in_c_and_c_plus_plus():
    for header in (SOURCE / "include/bonafide").glob("*.h"):
        for compiler, language in (("cc", "c"), ("c++", "c++")):
            try:
                done = subprocess.run([compiler, "-x", language, "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only",
                                       "-I", str(SOURCE / "include"), "-"],
                                      input=f'#include "bonafide/{header.name}"\n', text=True, capture_output=True, check=False)
            except FileNotFoundError:
                raise Skip(f"{compiler} is absent") from None
            assert done.returncode == 0, done.stderr


def embed(path, *args):
    done = subprocess.run([str(path), *map(str, args)], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


@test
def the_example_tells_genuine_from_broken_in_either_form():
    lab = harness.Lab()
    try:
        now = int(time.time())
        for number, (form, path) in enumerate(EXAMPLES.items()):
            value = lab.identity(iat=now, origid=f"00000000-0000-4000-8000-00000000000{number}")
            call = lab.dir / "call.sip"
            call.write_text(invite([value], date=None))
            status, out, err = embed(path, lab.root, call, lab.certs)
            assert status == 0 and out.startswith("genuine: ") and "(TN-Validation-Passed)" in out and not err, (form, out, err)
            call.write_text(invite([value], date=None, called="12155550199"))
            status, out, err = embed(path, lab.root, call, lab.certs)
            assert status == 2 and out.startswith("broken: "), (form, out, err)
            call.write_text("hello")
            assert embed(path, lab.root, call, lab.certs)[0] == 64, form
            assert embed(path, call, call, lab.certs)[0] == 64, form
            assert embed(path)[0] == 64, form
    finally:
        lab.close()


@test
def pkg_config_names_the_library():
    files = list(BUILD.glob("meson-private/bonafide.pc"))
    assert files, "there is no bonafide.pc"
    text = files[0].read_text()
    assert "-lbonafide" in text and "libcrypto" in text and "libcurl" in text, text


if __name__ == "__main__":
    harness.run_tests(harness.tests_of(sys.modules[__name__]))
