# SPDX-License-Identifier: Apache-2.0
"""`bonafide lab`: what it makes holds for the openssl program too, and what it says to try next works as it stands there."""
import json
import pathlib
import shlex
import stat
import subprocess
import tempfile

from harness import PROGRAM, bonafide, run_tests, test, tests_of

WORK = pathlib.Path(tempfile.mkdtemp(prefix="bonafide-lab-"))


def openssl_verifies(lab, chain):
    done = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", lab / "root.pem", "-untrusted",
                           lab / "intermediate.pem", chain], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


@test
def what_it_says_to_try_next_works_word_for_word():
    lab = WORK / "first"
    out = bonafide("lab", lab).out
    sign, verify = [line.strip() for line in out.replace("\\\n", " ").splitlines()
                    if line.strip().startswith(("bonafide sign", "bonafide verify"))]
    sign, _, file = sign.partition(" > ")
    with open(WORK / file.strip(), "wb") as token:
        subprocess.run([PROGRAM, *shlex.split(sign)[1:]], stdout=token, check=True, cwd=WORK)
    done = subprocess.run([PROGRAM, *shlex.split(verify)[1:]], capture_output=True, text=True, check=False, cwd=WORK)
    assert done.returncode == 0, done
    assert "genuine" in done.stdout, done.stdout


@test
def every_kind_of_ca_key_passes_openssl_s_strict_judgement():
    for kind in ("p256", "p384", "p521", "rsa2048"):
        lab = WORK / kind
        bonafide("lab", "--ca-key", kind, "--carriers", 2, "--days", 1, lab)
        for chain in sorted(lab.glob("carriers/*/chain.pem")):
            assert openssl_verifies(lab, chain)[0], openssl_verifies(lab, chain)


@test
def the_index_names_every_file_and_keys_are_for_their_owner_only():
    lab = WORK / "many"
    bonafide("lab", "--carriers", 40, "--url-prefix", "http://127.0.0.1:8081/", lab)
    index = json.loads((lab / "lab.json").read_text())
    assert [c["spc"] for c in index["carriers"]][:11] == ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008",
                                                          "0009", "000A", "000B"]
    assert len(index["carriers"]) == len(list((lab / "certs").iterdir())) == 40
    for carrier in index["carriers"]:
        assert stat.S_IMODE((lab / carrier["key"]).stat().st_mode) == 0o600
        assert (lab / carrier["chain"]).exists()
        assert carrier["x5u"] == f"http://127.0.0.1:8081/{carrier['spc']}.pem"
    assert stat.S_IMODE(lab.stat().st_mode) == 0o700


@test
def a_directory_with_something_in_it_is_left_alone():
    lab = WORK / "mine"
    lab.mkdir()
    (lab / "precious").write_text("mine")
    ran = bonafide("lab", lab, status=65)
    assert "not empty" in ran.err and "Name a directory" in ran.err, ran
    assert [p.name for p in lab.iterdir()] == ["precious"]


@test
def wrong_usage_is_said_and_nothing_is_made():
    for args, part in ((["--carriers", "0"], "--carriers"), (["--days", "0"], "--days"), (["--ca-key", "dsa"], "rsa4096"),
                       (["--name", ""], "--name"), (["--url-prefix", 'a"b'], "--url-prefix"), ([WORK / "second"], "one directory")):
        ran = bonafide("lab", *args, WORK / "never", status=64)
        assert part in ran.err, ran
    assert "one directory" in bonafide("lab", status=64).err
    assert not (WORK / "never").exists()


if __name__ == "__main__":
    try:
        run_tests(tests_of(__import__("__main__")))
    finally:
        subprocess.run(["rm", "-rf", WORK], check=False)
