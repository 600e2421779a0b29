"""`sweep`: every point of the grid holds the numbers that `show` prints for it."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from decimal import Context, Decimal, localcontext
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc.analysis.costs import report
from cnncalc.answers.figures import KEYS as FIGURES
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.running.journal import summed
from cnncalc.solve.fronts import front, unbeaten
from cnncalc.solve.sweep.grid import Grid
from cnncalc.solve.sweep.points import Point
from cnncalc.solve.sweep.ranges import steps
from cnncalc.solve.sweep.sweeping import sweep
from cnncalc.tools.devices import on_device


def run(*arguments):
    return CliRunner().invoke(program, ["sweep", *map(str, arguments)])


def rows(*arguments):
    return list(csv.DictReader(io.StringIO(run(*arguments, "--format", "csv").stdout)))


@pytest.mark.parametrize("net", ["mobilenet_v2", "alexnet", "densenet121"])
def test_every_point_is_what_a_report_says(net):
    grid = Grid({"classes": ("10", "1000")}, "3xHxW", {"H": (31, 64, 97), "W": (40, 224)})
    for point in (point for _, points in sweep(net, Options(), "float32", grid, FIGURES) for point in points):
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


# -- runs that stop, and go on --


SLOW = ("densenet121", "--set", "classes=1:40", "--input", "3x{64:128:32}")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}


def stopped(file, how, *more):
    """A sweep that is sent a signal once it has found some nets; its exit code and what it says."""
    command = [sys.executable, "-m", "cnncalc", "sweep", *SLOW, *more, "-o", str(file)]
    # a process that a script starts in the background inherits an ignored SIGINT
    heeding = {"start_new_session": True, "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, **heeding)
    part = Path(f"{file}.part")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (part.exists() and part.read_bytes().count(b"\n") > 4):
        time.sleep(0.01)
    os.kill(process.pid, how)
    _, told = process.communicate(timeout=60)
    return process.returncode, told


@pytest.mark.parametrize("name", ["sweep.csv", "sweep.jsonl", "sweep.json"])
def test_a_killed_sweep_goes_on_with_what_it_found(tmp_path, name):
    file, part = tmp_path / name, tmp_path / f"{name}.part"
    code, _ = stopped(file, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert not file.exists()
    refused = run(*SLOW, "-o", file)
    assert refused.exit_code == 2
    assert "holds an unfinished sweep" in refused.stderr and "--resume" in refused.stderr
    first, *lines = part.read_text().splitlines(keepends=True)
    mark = json.loads(lines[0])
    del mark["sum"]
    mark["figures"][0][0] = 12_345_678  # what is there is not computed again
    kept = f"{summed(mark, first.rstrip())}\n"
    part.write_text("".join([first, kept, *lines[1:-1], lines[-1][:20]]))  # and one line is cut off
    assert run(*SLOW, "-o", file, "--resume").exit_code == 0
    assert not part.exists()
    whole = run(*SLOW, "--format", name.partition(".")[2]).stdout
    assert file.read_text().replace("12345678", "6954881") == whole
    assert "12345678" in file.read_text()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_sweep_says_how_to_go_on(tmp_path, jobs):
    file = tmp_path / "sweep.csv"
    code, told = stopped(file, signal.SIGINT, "--jobs", jobs)
    assert code == 130
    assert told.strip() == f"Stopped. What was found is in `{file}.part`: --resume goes on from there."
    assert not file.exists()


def test_another_sweep_does_not_go_on_from_the_same_file(tmp_path):
    file = tmp_path / "sweep.csv"
    (tmp_path / "sweep.csv.part").write_text("{}\n")
    done = run("lenet5", "--set", "classes=1:3", "-o", file, "--resume")
    assert done.exit_code == 2
    assert "holds another sweep" in done.stderr


def test_what_no_sweep_began_is_not_gone_on_with(tmp_path):
    file = tmp_path / "notes.csv"
    file.write_text("mine\n")
    done = run("lenet5", "--set", "classes=1:3", "-o", file, "--resume")
    assert done.exit_code == 2
    assert "nothing that was to be written to it was interrupted" in done.stderr
    assert file.read_text() == "mine\n"
    assert [path.name for path in tmp_path.iterdir()] == ["notes.csv"]


def test_a_sweep_that_is_finished_leaves_only_its_file(tmp_path):
    arguments = ("lenet5", "--set", "classes=1:3", "-o", tmp_path / "sweep.csv")
    assert run(*arguments, "--resume").exit_code == 0
    assert run(*arguments).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.csv"]
    assert run("lenet5", "--figures", "nope", "-o", tmp_path / "other.csv").exit_code == 2
    assert run("lenet5", "--set", "nope=1:3", "-o", tmp_path / "third.csv").exit_code == 2
    assert not list(tmp_path.glob("*.part"))


# -- the Pareto front --


def test_the_front_holds_what_no_other_beats():
    points = [Point((str(n),), (), figures) for n, figures in enumerate([(1, 9), (2, 5), (3, 6), (4, 1), (2, 5)])]
    assert [point.figures for point in front(points, ["a", "b"], ["a", "b"])] == [(1, 9), (2, 5), (4, 1)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 6)] * 3), max_size=25))
def test_the_front_is_what_comparing_all_pairs_leaves(figures):
    points = [Point((str(n),), (), values) for n, values in enumerate(figures)]
    left = front(points, ["a", "b", "c"], ["a", "c"])

    def beats(one, other):
        return one[0] <= other[0] and one[2] <= other[2] and (one[0], one[2]) != (other[0], other[2])

    expected = {(one[0], one[2]) for one in figures if not any(beats(other, one) for other in figures)}
    assert sorted((point.figures[0], point.figures[2]) for point in left) == sorted(expected)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 5).flatmap(lambda width: st.lists(st.tuples(*[st.integers(0, 9)] * width), max_size=60)))
def test_what_is_unbeaten_is_what_comparing_all_pairs_leaves(found):
    def beats(one, other):
        return one != other and all(here <= there for here, there in zip(one, other))

    kept = unbeaten(found)
    assert [found[at] for at in kept] == sorted({one for one in found if not any(beats(two, one) for two in found)})
    assert all(found.index(found[at]) == at for at in kept)


@pytest.mark.parametrize("width", [3, 4])
def test_a_front_of_several_figures_is_not_held_pair_by_pair(width):
    """All of these are on it: 20,000 in a second or three, where two hundred million pairs would take minutes."""
    found = [(at, *[at * prime % 20_011 for prime in (7919, 104_729)[: width - 2]], -at) for at in range(20_000)]
    start = time.process_time()
    assert len(unbeaten(found)) == 20_000
    assert time.process_time() - start < 20


def test_the_front_of_a_net_leaves_out_sizes_that_do_not_work():
    lines = rows("unet", "--input", "1x{8:40}", "--pareto", "macs,peak_bytes")
    assert [line["H"] for line in lines] == ["16"]


# -- forms --


PARQUET = ("lenet5", "--set", "classes=1:3", "--input", "1x{10,28}x{12,30}", "--figures", "params,peak_bytes")


def test_parquet_needs_its_library(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = run(*PARQUET, "-o", tmp_path / "sweep.parquet")
    assert done.exit_code == 2
    assert "Parquet needs pyarrow, which is not installed" in done.stderr
    assert not list(tmp_path.iterdir())


def test_parquet_holds_whole_numbers(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "sweep.parquet"
    assert run(*PARQUET, "-o", file).exit_code == 0
    table = parquet.read_table(file)
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds == {"classes": "int64", "H": "int64", "W": "int64", "params": "int64", "peak_bytes": "int64",
                     "fault": "string"}  # fmt: skip
    for line, row in zip(rows(*PARQUET), table.to_pylist(), strict=True):
        assert {name: "" if value is None else str(value) for name, value in row.items()} == line


def test_numbers_that_no_int64_holds_are_exact_in_parquet(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "sweep.parquet"
    assert run("vgg16", "--batch", 10**9, "--input", "3x{224}", "--figures", "macs", "-o", file).exit_code == 0
    (row,) = parquet.read_table(file).to_pylist()
    assert row["macs"] == 15_470_264_320 * 10**9 > 2**63


def test_forms():
    arguments = ("lenet5", "--input", "1x{28:32:4}")
    assert [json.loads(line)["H"] for line in run(*arguments, "--format", "jsonl").stdout.splitlines()] == [28, 32]
    assert json.loads(run(*arguments, "--format", "json").stdout)["points"][0]["params"] == 61_706
    assert "| 28 | 61,706 |" in run(*arguments, "--format", "markdown").stdout


def test_ranges():
    assert steps("--set", "0.25:0.4:0.05") == ["0.25", "0.3", "0.35", "0.4"]
    assert steps("--set", "1:3") == ["1", "2", "3"]
    assert steps("--set", "a,b") == ["a", "b"]
    assert steps("--set", "-0.5:0.5:0.25") == ["-0.5", "-0.25", "0", "0.25", "0.5"]
    assert steps("--set", "-.2:-1e-1:5e-2") == ["-0.2", "-0.15", "-0.1"]
    assert steps("--set", "0:1e-10:5e-11") == ["0", "0.00000000005", "0.0000000001"]
    assert steps("--set", "0:1:1/4") == ["0", "0.25", "0.5", "0.75", "1"]


def test_values_of_a_list_are_the_numbers_that_a_file_would_have_there(tmp_path):
    net = tmp_path / "net.yaml"
    net.write_text("variables: {x: 1}\ninput: 3x8x8\nlayers: [conv $(ceil(x * 1000) + 9) k3]\n")
    values = "1e-3,+2e-3,.5,1_0,010,-1E-3,2,1.50"
    done = run(str(net), "--set", f"x={values}", "--figures", "params", "--format", "json")
    points = [(point["x"], point["params"] // 28) for point in json.loads(done.stdout)["points"]]
    assert points == [
        (0.001, 10), (0.002, 11), (0.5, 509), (10, 10_009), (10, 10_009), (-0.001, 8), (2, 2_009), (1.5, 1_509),
    ]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.decimals(-50, 50, places=4), st.integers(0, 12), st.integers(1, 2_000), st.integers(0, 14))
def test_a_range_is_what_adding_up_decimals_gives(low, count, step, places):
    """Python's own decimals are the witness: another type, that adds and prints by rules of its own."""
    with localcontext(Context(prec=60)):
        by = Decimal(step).scaleb(-places)
        values = [low + number * by for number in range(count + 1)]
        found = steps("--set", f"{low:f}:{values[-1]:f}:{by:f}")
        assert [Decimal(text) for text in found] == values
    assert all(re.fullmatch(r"-?(0|[1-9]\d*)(\.\d*[1-9])?", text) and text != "-0" for text in found)


WRONG = [
    (["vgg16", "--set", "classes=3:1"], "no range\n  the end is below the start\n"),
    (["vgg16", "--set", "classes=48:8:8"], "no range\n  the end is below the start\n"),
    (["vgg16", "--set", "classes=1:2:0"], "no range\n  the step is not above 0\n"),
    (["vgg16", "--set", "classes=1:1e999999999"], "no range"),
    (["vgg16", "--set", f"classes=1:{'9' * 5_000}"], "no range"),
    (["vgg16", "--set", "classes=0:1:1:1"], "no range"),
    (["vgg16", "--set", "classes=0:1:1/0"], "no range"),
    (["vgg16", "--set", "classes=0:1:1/3"], "1/3 is no decimal number"),
    (["vgg16", "--input", "3x{²}"], "lengths are whole numbers"),
    (["vgg16", "--input", f"3x{{{'9' * 5_000}}}"], "lengths are whole numbers"),
    (["vgg16", "--set", "classes=1:100001"], "more than 100,000 values"),
    (["vgg16", "--input", "3x{1:5:0.5}"], "lengths are whole numbers"),
    (["vgg16", "--input", "{1:5}xHxW"], "no shape"),
    (["vgg16", "--input", "3xHx{224}"], "no shape"),  # a letter that nothing varies: the figures were of no length
    (["vgg16", "--input", "3x{224}xW", "--device", "a100"], "no shape"),
    (["vgg16", "--input", "3x{224}x2H"], "no shape"),
    (["vgg16", "--input", "3x{224,225}W"], "no shape"),
    (["vgg16", "--input", "3x{224}}x224"], "no shape"),
    (["vgg16", "--input", "3x{{224}}"], "no shape"),
    (["vgg16", "--input", "3x{224}x0"], "no shape"),
    (["vgg16", "--input", "3x{224}x２２４"], "no shape"),
    (["vgg16", "--input", "image=3x{224}"], "no shape"),
    (["vgg16", "--input", "3x{1:2000}x{1:2000}"], "are more than 1,000,000"),
    (["vgg16", "--figures", "parms"], "there is no figure `parms` to sweep"),
    (["vgg16", "--resume"], "--resume goes with a file"),
    (["nope", "--input", "3x{3,4}"], "there is no file or bundled net `nope`"),
    (["vgg16", "--set", "nope=1:3"], "there is no variable `nope`"),
    (["vgg16", "--optimizer", "adm", "--figures", "train_bytes"], "there is no optimizer `adm`"),
    (["vgg16", "--format", "parquet"], "Parquet"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_usage_is_told(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_least_times_on_a_device():
    found = rows("lenet5", "--input", "1x{28:32:4}", "--set", "classes=10,100", "--device", "a100")
    assert list(found[0]) == ["classes", "H", "params", "macs", "least_picoseconds", "fault"]
    held = 0
    for row in found:
        if not row["fault"]:
            net = load("lenet5", Options(input=f"1x{row['H']}x{row['H']}", variables={"classes": row["classes"]}))
            bound = on_device(report(net), "a100", "float32").roofline
            assert int(row["least_picoseconds"]) == int(bound.total.seconds * 10**12)
            held += 1
    assert held == 4


def test_a_device_and_its_figure_go_together():
    assert "add `--device a100`" in run("lenet5", "--input", "1x{28:32:4}", "--figures", "latency").stderr
    assert "did you mean `jetson-nano`" in run("lenet5", "--input", "1x{28:32:4}", "--device", "jetsonnano").stderr
    best = rows("alexnet", "--input", "3x{128:256:32}", "--device", "t4", "--pareto", "latency,-activation_bytes")
    assert [int(row["H"]) for row in best] == [128, 160, 192, 224, 256]
    shown = run("alexnet", "--input", "3x{192:224:32}", "--device", "t4").stdout
    assert "least time" in shown and " µs" in shown
