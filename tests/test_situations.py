"""Situations that people met with frameworks and counting tools: each as a chain, with the framework's own answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from command_line import runner

from cnncalc.cli.main import cnncalc as program

CASES = yaml.safe_load((Path(__file__).parent / "data" / "situations.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_what_comes_out_is_the_framework_s(case):
    done = runner().invoke(program, ["chain", *map(str, case["chain"]), *case.get("args", ()), "--format", "json"])
    if case["want"] == "refused":
        assert done.exit_code == 2
        assert json.loads(done.stdout)["error"]["help"]
        return
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    found = {
        **said["totals"],
        "shape": said["layers"][-1]["output_shape"][1:],
        "counted": said.get("convention", {}).get("total"),
    }
    assert {key: found[key] for key in case["want"]} == case["want"]


def test_no_situation_is_told_twice():
    names = [case["id"] for case in CASES]
    assert len(names) == len(set(names)) > 80
