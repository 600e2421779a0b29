"""What can be wanted of a net can be claimed and swept, too; and what an answer leaves aside, it says."""

from __future__ import annotations

import csv
import io
import json

import pytest
from command_line import runner

import cnncalc
from cnncalc.answers.figures import CLAIMED, KEYS
from cnncalc.cli.main import cnncalc as program

NET = """input: 3x32x32
variables: {k: 3}
layers: [conv 8 k$k, conv 8 k3]
expect: {receptive_field: 5, max: {receptive_field: 6}}
"""


def run(*arguments):
    return runner().invoke(program, list(map(str, arguments)))


@pytest.fixture
def net(tmp_path):
    (tmp_path / "net.yaml").write_text(NET)
    return tmp_path / "net.yaml"


def test_the_receptive_field_is_claimed_and_held_to_a_budget(net):
    assert run("check", net, "--require", "receptive_field=5").exit_code == 0
    done = run("check", net, "--max", "receptive_field=4")
    assert done.exit_code == 1
    assert "receptive_field: expected at most 4, found 5" in done.stdout
    assert not cnncalc.check(net, max={"receptive_field": 4}).passed
    net.write_text(NET.replace("receptive_field: 5", "receptive_field: 7"))
    assert "receptive_field: expected 7, found 5" in run("check", net).stdout


def test_the_receptive_field_is_swept(net):
    """Two convolutions of k and 3 see k + 2 pixels, at any size."""
    done = run(
        "sweep", net, "--set", "k=1:7:2", "--input", "3x{16,32}", "--figures", "receptive_field", "--format", "csv"
    )
    rows = [*csv.DictReader(io.StringIO(done.stdout))]
    assert len(rows) == 8
    assert all(int(row["receptive_field"]) == int(row["k"]) + 2 for row in rows)


def test_every_claimed_figure_is_listed_and_in_the_schema():
    listed = run("sweep", "vgg16", "--figures", "help").stdout
    expect = json.loads(run("schema").stdout)
    told = json.dumps(expect)
    assert [key for key in CLAIMED if f"\n{key} " not in f"\n{listed}" or f'"{key}"' not in told] == []
    assert {*CLAIMED} - {*KEYS} == {"receptive_field"}


def test_solve_file_says_that_it_does_not_hold_what_the_file_expects(tmp_path):
    text = "input: 3x32x32\nlayers: [conv ?4..8 k3]\n"
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text(text + "expect: {output: 8x30x30}\n")
    for name, said in (("a", False), ("b", True)):
        done = run("solve", "file", tmp_path / f"{name}.yaml", "--want", "params <= 900")
        assert ("`expect:` is not held" in done.stdout) is said
        assert "5 solutions" in done.stdout
        found = json.loads(
            run("solve", "file", tmp_path / f"{name}.yaml", "--want", "params <= 900", "--format", "json").stdout
        )
        assert found["not_held"] == (["expect"] if said else [])


def test_values_that_are_left_out_between_others_are_told(tmp_path):
    (tmp_path / "v.yaml").write_text("input: 3x32x32\nvariables: {c: 8}\nlayers: [conv $c k3]\n")
    done = run("solve", "variable", tmp_path / "v.yaml", "c", "--want", "params >= 200", "--want", "params <= 900")
    values = [line.replace("✓", "").split()[0] for line in done.stdout.splitlines()[5:14]]
    assert values == ["7", "8", "9", "10", "…", "31", "32", "33", "34"]
    done = run("solve", "variable", tmp_path / "v.yaml", "c", "--want", "params <= 900", "--from", "31", "--to", "34")
    assert "✓  31" in done.stdout
    assert "…" not in done.stdout
