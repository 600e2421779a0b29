"""The table of figures: one entry in it is all that a new figure needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnncalc.analysis.costs import report
from cnncalc.answers.figures import FIGURES, KEYS
from cnncalc.answers.report import Row, Totals
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.language.schema import json_schema

ROOT = Path(__file__).resolve().parent.parent
PLANTED = """    Figure(
        "operations", "Operations", "", "All that is no MAC.", lambda one: one.images * one.operations,
        heading="Operations", share="Operations %",
    ),
"""
ASKED = """
import contextlib, io, json, sys
from cnncalc.cli.main import cnncalc
found = {}
for line in json.load(sys.stdin):
    written = io.StringIO()
    with contextlib.redirect_stdout(written), contextlib.redirect_stderr(written), contextlib.suppress(SystemExit):
        cnncalc.main(line, prog_name="cnncalc")
    found[" ".join(line)] = written.getvalue()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """What a cnncalc with one more entry in its table answers to a command line."""
    home = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "cnncalc", home / "cnncalc", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "architectures", home / "architectures")
    table = home / "cnncalc" / "answers" / "figures.py"
    before, line, after = table.read_text(encoding="utf-8").partition(")  # fmt: skip\n\nBY_KEY")
    table.write_text(before + PLANTED + line + after, encoding="utf-8")
    (home / "net.yaml").write_text(
        "input: 3x8x8\nlayers: [conv 4 k3, relu]\nexpect: {operations: 288}\n", encoding="utf-8"
    )
    (home / "unknown.yaml").write_text("input: 3x8x8\nlayers: [conv ?2|4 k3, relu]\n", encoding="utf-8")
    lines = [
        ["show", "net.yaml"],
        ["show", "net.yaml", "--columns", "name,operations,operations_share", "--sort", "operations"],
        ["show", "net.yaml", "--format", "json"],
        ["show", "net.yaml", "--format", "csv"],
        ["show", "net.yaml", "--format", "markdown"],
        ["show", "net.yaml", "--input", "3xHxW"],
        ["show", "net.yaml", "--input", "3xHxW", "--format", "json"],
        ["show", "net.yaml", "--input", "3xHxW", "--columns", "name,operations"],
        ["schema"],
        ["check", "net.yaml"],
        ["check", "net.yaml", "--max", "operations=287"],
        ["check", "net.yaml", "--require", "operations=288"],
        ["sweep", "net.yaml", "--input", "3x{8:9}", "--figures", "operations", "--format", "json"],
        ["compare", "net.yaml", "lenet5"],
        ["compare", "net.yaml", "--format", "csv"],
        ["list", "--where", "operations < 1_000_000", "--format", "json"],
        ["solve", "file", "unknown.yaml", "--want", "operations == 288", "--format", "json"],
    ]
    environment = {**os.environ, "PYTHONPATH": str(home), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", ASKED], input=json.dumps(lines), capture_output=True, encoding="utf-8", cwd=home,
        env=environment, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# A convolution adds 4 biases at each of 6x6 pixels, and relu is one operation for each of 4x6x6 numbers.
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("show net.yaml", "\nOperations          288"),
        ("show net.yaml --columns name,operations,operations_share --sort operations", "Operations  Operations %"),
        ("show net.yaml --format csv", ",operations,"),
        ("show net.yaml --format markdown", "| Operations | 288 |"),
        ("show net.yaml --input 3xHxW", "\nOperations            8·H·W − 16·H − 16·W + 32\n"),
        ("show net.yaml --input 3xHxW --columns name,operations", "relu1  4·H·W − 8·H − 8·W + 16"),
        (
            "schema",
            '"operations": {\n          "type": [\n            "integer",\n            "string"\n',
        ),
        ("check net.yaml", "1 figure: all hold"),
        ("check net.yaml --max operations=287", "operations: expected at most 287, found 288"),
        ("check net.yaml --require operations=288", "2 figures: all hold"),
        ("compare net.yaml lenet5", "\nOperations"),
        ("compare net.yaml --format csv", ",operations,"),
    ],
)
def test_a_planted_figure_is_in_every_text(planted, asked, words):
    assert words in planted[asked]


def test_a_planted_figure_is_in_every_json(planted):
    shown = json.loads(planted["show net.yaml --format json"])
    assert [layer["operations"] for layer in shown["layers"]] == [144, 144]
    assert shown["totals"]["operations"] == 288
    closed = json.loads(planted["show net.yaml --input 3xHxW --format json"])
    assert closed["totals"]["operations"]["text"] == "8·H·W − 16·H − 16·W + 32"
    assert closed["layers"][0]["operations"]["text"] == "4·H·W − 8·H − 8·W + 16"
    swept = json.loads(planted["sweep net.yaml --input 3x{8:9} --figures operations --format json"])
    assert [point["operations"] for point in swept["points"]] == [288, 392]
    small = json.loads(planted["list --where operations < 1_000_000 --format json"])["nets"]
    assert 0 < len(small) < 20
    solved = json.loads(planted["solve file unknown.yaml --want operations == 288 --format json"])
    assert [one["values"] for one in solved["solutions"]] == [{"2:conv": 4}]


def test_every_figure_can_be_expected_in_an_editor_too():
    known = json_schema()["$defs"]["expect"]["properties"]
    assert set(KEYS) <= set(known)
    assert all(known[figure.key]["description"] == figure.help for figure in FIGURES)


def test_records_have_the_figures_as_fields_and_work_as_tuples_do():
    counted = report(load("lenet5", Options()))
    row = counted.rows[0]
    assert row._replace(params=3).params == 3
    assert row._asdict()["macs"] == row.macs == row[Row._fields.index("macs")]
    assert Totals._fields == KEYS
    assert repr(counted.totals).startswith("Totals(layers=12, weighted_layers=5, params=61706,")
    with pytest.raises(TypeError, match="missing"):
        Totals(1)
