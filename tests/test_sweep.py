"""`sweep`: every point of the grid holds the numbers that `show` prints for it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

from cnncalc.analysis.costs import report
from cnncalc.cli.main import cnncalc as program
from cnncalc.cli.sweep import steps
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.solve.sweeps import FIGURES, Grid, Point, front, sweep


def run(*arguments):
    return CliRunner().invoke(program, ["sweep", *map(str, arguments)])


def rows(*arguments):
    return list(csv.DictReader(io.StringIO(run(*arguments, "--format", "csv").stdout)))


@pytest.mark.parametrize("net", ["mobilenet_v2", "alexnet", "densenet121"])
def test_every_point_is_what_a_report_says(net):
    grid = Grid({"classes": ("10", "1000")}, "3xHxW", {"H": (31, 64, 97), "W": (40, 224)})
    for point in sweep(net, Options(), "float32", grid, FIGURES):
        (classes,), (height, width) = point.variables, point.lengths
        options = Options(input=f"3x{height}x{width}", variables={"classes": classes})
        if point.fault:
            with pytest.raises(CnncalcError):
                load(net, options)
            continue
        totals = report(load(net, options)).totals
        assert point.figures == tuple(getattr(totals, name) for name in FIGURES)


def test_a_grid_of_variables_and_sizes():
    lines = rows("mobilenet_v2", "--set", "width=0.5:1:0.25", "--input", "3x{96:160:32}")
    assert [(line["width"], line["H"]) for line in lines] == [
        (width, size) for width in ("0.5", "0.75", "1") for size in ("96", "128", "160")
    ]


def test_sizes_that_do_not_work_say_why():
    lines = rows("unet", "--input", "1x{15:17}")
    assert [bool(line["fault"]) for line in lines] == [True, False, True]
    assert lines[0]["fault"] == "it works where H divisible by 16"


def test_variables_alone():
    lines = rows("lenet5", "--set", "classes=10,20")
    assert [line["params"] for line in lines] == ["61706", "62556"]


def test_several_processes_find_the_same():
    arguments = ("lenet5", "--set", "classes=1:4", "--input", "1x{28:40:4}")
    assert rows(*arguments, "--jobs", 2) == rows(*arguments)


def test_a_sweep_goes_on_where_it_stopped(tmp_path):
    file = tmp_path / "sweep.csv"
    assert run("lenet5", "--set", "classes=1:3", "-o", file).exit_code == 0
    half = "".join(file.read_text().splitlines(keepends=True)[:3])
    whole = file.read_text()
    file.write_text(half)
    assert run("lenet5", "--set", "classes=1:3", "-o", file, "--resume").exit_code == 0
    assert file.read_text() == whole


def test_the_front_holds_what_no_other_beats():
    points = [Point((str(n),), (), figures) for n, figures in enumerate([(1, 9), (2, 5), (3, 6), (4, 1), (2, 5)])]
    assert [point.figures for point in front(points, ["a", "b"], ["a", "b"])] == [(1, 9), (2, 5), (4, 1)]


def test_forms():
    arguments = ("lenet5", "--input", "1x{28:32:4}")
    assert [json.loads(line)["H"] for line in run(*arguments, "--format", "jsonl").stdout.splitlines()] == [28, 32]
    assert json.loads(run(*arguments, "--format", "json").stdout)["points"][0]["params"] == 61_706
    assert "| 28 | 61,706 |" in run(*arguments, "--format", "markdown").stdout


def test_ranges():
    assert steps("--set", "0.25:0.4:0.05") == ["0.25", "0.3", "0.35", "0.4"]
    assert steps("--set", "1:3") == ["1", "2", "3"]
    assert steps("--set", "a,b") == ["a", "b"]


WRONG = [
    (["vgg16", "--set", "classes=3:1"], "no range"),
    (["vgg16", "--set", "classes=1:2:0"], "no range"),
    (["vgg16", "--input", "3x{1:5:0.5}"], "lengths are whole numbers"),
    (["vgg16", "--input", "{1:5}xHxW"], "no shape"),
    (["vgg16", "--input", "3x{1:2000}x{1:2000}"], "are more than 1,000,000"),
    (["vgg16", "--figures", "parms"], "there is no figure `parms` to sweep"),
    (["vgg16", "--resume"], "--resume goes with a CSV file"),
    (["vgg16", "--format", "parquet"], "Parquet"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_usage_is_told(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
