#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What all subcommands share: help, wrong usage, completion, and a manual that says as much as --help does."""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile

import harness
from harness import SOURCE, Skip, bonafide, test

MANUAL = SOURCE / "man/bonafide.1"


def subcommands():
    lines = bonafide("--help", status=0).out.splitlines()
    return [m[1] for m in map(re.compile(r"  (\w+) +\S").match, lines) if m and m[1] != "bonafide"]


def options_of(subcommand):
    out = bonafide(subcommand, "--help", status=0).out
    return set(re.findall(r"^ +--([a-z0-9-]+)", out, re.M))


def manual_sections():
    """The text under each .Ss of SUBCOMMANDS."""
    text = MANUAL.read_text().split(".Sh SUBCOMMANDS\n", 1)[1].split("\n.Sh ", 1)[0]
    parts = re.split(r"^\.Ss (\w+)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


@test
def help_lists_the_subcommands_and_begins_with_an_example():
    out = bonafide("--help", status=0).out
    assert out.startswith("bonafide demo\n"), out
    assert {"demo", "serve", "verify", "call", "lab", "config", "doctor", "bench", "completion"} <= set(subcommands()), out
    assert bonafide("-h", status=0).out == out


@test
def version_is_one_line():
    assert re.fullmatch(r"bonafide \d+\.\d+\.\d+\n", bonafide("--version", status=0).out)


@test
def nothing_at_all_is_wrong_usage():
    ran = bonafide(status=64)
    assert ran.out == "" and "usage:" in ran.err, ran


@test
def an_unknown_subcommand_is_told_the_nearest():
    for typed, meant in (("verfy", "verify"), ("Verify", "verify"), ("srve", "serve"), ("benhc", "bench"), ("doctro", "doctor")):
        ran = bonafide(typed, status=64)
        assert f"'{meant}'" in ran.err and ran.out == "", ran
    for typed in ("xyzzy", "", "x" * 500, "\x1b[31m"):
        ran = bonafide(typed, status=64)
        assert "mean" not in ran.err, ran
        assert "\x1b" not in ran.err, repr(ran.err)


@test
def every_subcommand_has_help_that_begins_with_an_example():
    for name in subcommands():
        out = bonafide(name, "--help", status=0).out
        assert f"bonafide {name} " in out.split("\n\n")[0].replace("\n", " ") + " ", (name, out[:200])
        assert f"usage: bonafide {name}" in out and "  --help " in out, name
        assert bonafide(name, "-h", status=0).out == out, name


@test
def eighty_columns_are_enough():
    for args in ((), *((name,) for name in subcommands())):
        for out in (bonafide(*args, "--help", status=0).out, harness.on_terminal(*args, "--help", columns=120)):
            assert not [line for line in out.splitlines() if len(line) > 80], (args, out)
            assert not re.search(r"[^\n ] $", out, re.M), (args, out)
    assert [line for line in bonafide("sign", "--help").out.splitlines() if len(line) > 72]  # filled, not just short
    out = harness.on_terminal("doctor", "--offline", "--no-color", columns=80)
    assert "anchors" in out and not [line for line in out.splitlines() if len(line) > 80], out


@test
def an_unknown_option_is_wrong_usage_everywhere():
    for name in subcommands():
        for option in ("--no-such-option", "-q"):
            ran = bonafide(name, option, status=64)
            assert ran.out == "" and ran.err.startswith(f"bonafide {name}: ") and option in ran.err, ran


@test
def every_option_stands_in_the_manual_and_the_manual_invents_none():
    sections = manual_sections()
    for name in subcommands():
        assert name in sections, f"the manual has no section on {name}"
        told = set(re.findall(r"\bFl -([a-z0-9-]+)", sections[name]))
        offered = options_of(name) - {"help"}
        assert offered <= told, f"{name}: the manual lacks {offered - told}"
        assert told <= offered, f"{name}: the manual invents {told - offered}"


@test
def every_function_stands_in_the_manual_of_the_library():
    text = (SOURCE / "man/bf_verify.3").read_text()
    for header in (SOURCE / "include/bonafide").glob("*.h"):
        for name in re.findall(r"^BF_API [^;(]*?\*?\b(bf_\w+)\(", header.read_text(), re.M):
            assert f".Fn {name} " in text and f".Nm {name}" in text, name


@test
def the_unit_is_one_that_systemd_takes():
    unit = harness.BUILD / "packaging/bonafide.service"
    if not shutil.which("systemd-analyze") or not unit.exists():
        raise Skip("systemd-analyze is absent")
    with tempfile.TemporaryDirectory(prefix="bonafide-unit-") as place:
        text = re.sub(r"=\S+/bin/bonafide ", f"={harness.PROGRAM.resolve()} ", unit.read_text())
        assert str(harness.PROGRAM.resolve()) in text
        path = pathlib.Path(place, "bonafide.service")
        path.write_text(text)
        ran = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=one", str(path)],
                             capture_output=True, text=True, check=False)
        if "Failed to" in ran.stderr and "manager" in ran.stderr:
            raise Skip("systemd-analyze cannot work here")
        assert ran.returncode == 0 and "bonafide.service:" not in ran.stderr, ran.stderr
        path.write_text(text.replace("Type=notify", "Type=notfy").replace("ProtectClock", "ProtectClok"))
        ran = subprocess.run(["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, check=False)
        assert "notfy" in ran.stderr and "ProtectClok" in ran.stderr, "it looks"


@test
def the_manuals_are_sound_mdoc():
    if not shutil.which("mandoc"):
        raise Skip("mandoc is absent")
    for page in ("bonafide.1", "bonafide-diary.1", "bonafide-people.1", "bf_verify.3"):
        out = subprocess.run(["mandoc", "-T", "lint", "-W", "error", str(SOURCE / "man" / page)], capture_output=True, text=True,
                             check=False).stdout
        assert out == "", out


# ---- completion ----

@test
def completion_in_bash():
    if not shutil.which("bash"):
        raise Skip("bash is absent")
    script = bonafide("completion", "bash", status=0).out

    def completes(*words):
        line = " ".join(f"'{w}'" for w in words)
        out = subprocess.run(["bash", "-c", f'{script}\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _bonafide; '
                              'printf "%s\\n" "${COMPREPLY[@]}"'], capture_output=True, text=True, check=True).stdout
        return out.split()
    assert set(completes("bonafide", "")) == set(subcommands()) | {"--help", "--version"}
    assert completes("bonafide", "ver") == ["verify"]
    for name in subcommands():
        assert set(completes("bonafide", name, "--")) == {"--" + o for o in options_of(name)}, name


class Zsh:
    """A shell with a keyboard: types a line, with TAB where one completes, and says what the command then was given."""

    def __init__(self, place, script):
        (place / "_bonafide").write_text(script)
        (place / ".zshrc").write_text(f"fpath=({place} $fpath)\nautoload -Uz compinit && compinit -u -d {place}/dump\n"
                                      "zstyle ':completion:*' menu no\nunsetopt beep automenu autolist\nPS1='ready> '\n"
                                      "bonafide() { print -r -- \"<${(j:|:)@}>\" }\n")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(place)
            os.execvpe("zsh", ["zsh", "-i"], {"ZDOTDIR": str(place), "TERM": "dumb", "PATH": os.environ["PATH"],
                                              "HOME": str(place), "LC_ALL": "C"})
        self.read_until("ready> ")

    def read_until(self, text):
        seen = ""
        while text not in seen:
            assert select.select([self.fd], [], [], 60)[0], f"zsh said only {seen!r}"
            seen += os.read(self.fd, 4096).decode(errors="replace")
        return seen

    def given(self, line):
        os.write(self.fd, line.encode() + b"\n")
        said = self.read_until(">\r\n")
        self.read_until("ready> ") if "ready> " not in said.split(">\r\n", 1)[1] else None
        return re.search(r"<([^<>]*)>\r\n", said)[1].split("|")

    def close(self):
        os.write(self.fd, b"\x15exit\n")
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@test
def completion_by_a_zsh_that_is_typed_into():
    if not shutil.which("zsh"):
        raise Skip("zsh is absent")
    place = pathlib.Path(tempfile.mkdtemp(prefix="bonafide-zsh-"))
    zsh = Zsh(place, bonafide("completion", "zsh", status=0).out)
    try:
        (place / "invite.sip").write_text("")
        names = subcommands()
        for name in names:
            prefix = next(name[:n] for n in range(1, len(name) + 1) if sum(o.startswith(name[:n]) for o in names) == 1
                          or n == len(name))
            assert zsh.given(f"bonafide {prefix}\t") == [name], name
        for name, typed, full in (("verify", "--least", "--least-attestation"), ("calls", "--trace", "--traceback"),
                                  ("serve", "--che", "--check"), ("sign", "--origi", "--origid"),
                                  ("config", "--sam", "--sample"), ("demo", "--on", "--once")):
            assert full[2:] in options_of(name)
            assert zsh.given(f"bonafide {name} {typed}\t") == [name, full], (name, typed)
        assert zsh.given("bonafide verify --offline inv\t") == ["verify", "--offline", "invite.sip"]
        assert zsh.given("bonafide verify --no-such\t") == ["verify", "--no-such"]
    finally:
        zsh.close()
        shutil.rmtree(place)


@test
def completion_in_zsh():
    script = bonafide("completion", "zsh", status=0).out
    assert script.startswith("#compdef bonafide\n")
    for name in subcommands():
        assert re.search(rf"^ +'{name}:", script, re.M) and re.search(rf"^ +{name}\) options=", script, re.M), name
    if not shutil.which("zsh"):
        raise Skip("zsh is absent: its syntax is not tried")
    subprocess.run(["zsh", "-n"], input=script, text=True, check=True)


@test
def completion_of_another_shell_is_wrong_usage():
    for args in ((), ("fish",), ("bash", "zsh")):
        assert "bash or zsh" in bonafide("completion", *args, status=64).err


if __name__ == "__main__":
    harness.run_tests(harness.tests_of(sys.modules[__name__]))
