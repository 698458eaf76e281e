#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`bonafide config`: what is in force, the sample, and faults with their place."""
import json
import os
import pathlib
import re
import sys
import tempfile

import harness
from harness import SOURCE, bonafide, test

STATE = {"STATE_DIRECTORY": "/state"}
os.environ.pop("BONAFIDE_ENGINE", None)  # these are about the defaults


def options():
    return json.loads(bonafide("config", "--json", status=0, env=STATE).out)


@test
def without_a_file_every_option_has_its_default():
    found = options()
    assert len(found) > 60
    assert {row["from"] for row in found.values()} == {"default"}
    assert found["sip.listen"]["value"] == ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"]
    assert found["least_attestation"]["value"] == "A"
    assert found["store.url"]["value"] == "sqlite:/state/bonafide.db"
    assert {row["value"] for name, row in found.items() if re.fullmatch("policy.(genuine|unproven|broken|impostor)", name)} == {"pass"}


@test
def the_environment_may_name_the_engine_and_is_named_for_it():
    found = json.loads(bonafide("config", "--json", status=0, env={"BONAFIDE_ENGINE": "openssl"}).out)
    assert found["es256.engine"] == {"value": "openssl", "from": "environment:BONAFIDE_ENGINE", "restart": True}
    ran = bonafide("config", status=65, env={"BONAFIDE_ENGINE": "lane"})
    assert "es256.engine must be auto, openssl or lanes" in ran.err and 'did you mean "lanes"?' in ran.err, ran
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "b.yaml"
        path.write_text("es256: {engine: auto, audit: 1/64}\n")
        found = json.loads(bonafide("config", "--config", path, "--json", status=0, env={"BONAFIDE_ENGINE": "openssl"}).out)
        assert found["es256.engine"]["value"] == "auto", found
        assert found["es256.audit"] == {"value": "1/64", "from": f"{path}:1", "restart": False}


@test
def the_plain_form_says_the_same_a_line_an_option():
    lines = bonafide("config", status=0, env=STATE).out.splitlines()
    assert [line.split()[0] for line in lines] == list(options())
    assert all(line.endswith("# default") for line in lines)


@test
def a_line_of_the_file_is_named_where_it_counts():
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "b.yaml"
        path.write_text("# a comment\nsip:\n  workers: 3\n  peers: [{from: 10.0.0.0/8, pai: false}]\nnode: edge\n")
        found = json.loads(bonafide("config", "--config", path, "--json", status=0).out)
        assert found["sip.workers"] == {"value": 3, "from": f"{path}:3", "restart": True}
        assert found["sip.peers"]["value"] == [{"from": "10.0.0.0/8", "pai": False}]
        assert found["node"]["from"] == f"{path}:5"
        assert sum(row["from"] != "default" for row in found.values()) == 3


@test
def the_sample_is_a_good_file_and_names_every_option():
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "sample.yaml"
        path.write_text(bonafide("config", "--sample", status=0).out)
        found = json.loads(bonafide("config", "--config", path, "--json", status=0, env=STATE).out)
        assert {n: row["value"] for n, row in found.items()} == {n: row["value"] for n, row in options().items()}
        written = sum(row["from"] != "default" for row in found.values())
        assert written == len(found) - 3, written  # what lies in the state directory is shown as a comment


@test
def the_manual_has_every_option():
    page = (SOURCE / "man/bonafide.conf.5").read_text()
    assert bonafide("config", "--manual", status=0).out in page
    assert all(f".It Ic {name}\n" in page for name in options())


@test
def faults_come_with_file_line_and_column_all_at_once():
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "b.yaml"
        path.write_text("nod: a\nsip:\n  mode: tunnel\n  workers: -1\n")
        ran = bonafide("config", "--config", path, status=65)
        assert ran.out == ""
        assert [re.match(r"(.*?):(\d+):(\d+): \S", line).groups() for line in ran.err.splitlines()] == [
            (str(path), "1", "1"), (str(path), "3", "9"), (str(path), "4", "12")], ran
        ran = bonafide("config", "--config", pathlib.Path(name) / "none.yaml", status=65)
        assert "No such file" in ran.err, ran


@test
def every_example_of_a_server_checks():
    for path in sorted((SOURCE / "examples").glob("good.*.yaml")):
        bonafide("config", "--config", path, status=0)
    for path in sorted((SOURCE / "examples").glob("bad.*.yaml")):
        place = re.match(r"# refused at (\d+:\d+): ", path.read_text())[1]
        ran = bonafide("config", "--config", path, status=65)
        assert f"{path}:{place}: " in ran.err, ran


@test
def operands_are_wrong_usage():
    ran = bonafide("config", "b.yaml", status=64)
    assert "--config b.yaml" in ran.err, ran


if __name__ == "__main__":
    harness.run_tests(harness.tests_of(sys.modules[__name__]))
