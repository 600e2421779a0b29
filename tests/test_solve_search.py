"""`solve variable`, `solve batch-size`, `solve file`: what is found is as wanted, and nothing is left out."""

from __future__ import annotations

import csv
import io
import json
from itertools import product

import pytest
from click.testing import CliRunner

from cnncalc.analysis.costs import report
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.solve.figures import Want
from cnncalc.solve.files import growing
from cnncalc.solve.files.answer import Goal, solve_file
from cnncalc.solve.inputs.batches import solve_batch

NET = """\
input: 3x32x32
layers:
  - conv ?8|16|24 k?1..6 s2 p?
  - relu
  - {conv: {out: 32, kernel: "?1..4", stride: 2}, name: last}
  - flatten
  - linear 10
"""


def run(*arguments):
    return CliRunner().invoke(program, ["solve", *map(str, arguments)])


def answered(*arguments):
    return json.loads(run(*arguments, "--format", "json").stdout)


@pytest.fixture
def net(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(NET)
    return str(file)


# -- variables --


def test_a_variable_is_as_large_as_the_want_allows():
    answer = answered("variable", "mobilenet_v2", "width", "--want", "params <= 3M", "--from", "0.75", "--to", "1")
    assert (answer["smallest"], answer["largest"], answer["complete"]) == ("0.75", "0.85", True)
    for value, met in (("0.85", True), ("0.9", False)):
        params = report(load("mobilenet_v2", Options(variables={"width": value}))).totals.params
        assert (params <= 3_000_000) == met


def test_a_setting_of_no_variable_is_told_before_anything_is_tried(monkeypatch):
    monkeypatch.setattr("cnncalc.solve.inputs.variables.loader", lambda net, options: pytest.fail("a net was built"))
    words = ["solve", "variable", "resnet18", "classes", "--want", "params <= 12M", "--set", "clases=1"]
    done = CliRunner().invoke(program, words)
    assert done.exit_code == 2
    assert "there is no variable `clases` to set" in done.output


def test_a_whole_variable_is_tried_one_by_one():
    answer = answered("variable", "lenet5", "classes", "--want", "params == 61_706", "--to", 20)
    assert [trial["value"] for trial in answer["trials"] if trial["met"]] == ["10"]
    assert len(answer["trials"]) == 20


def test_a_grid_that_ends_where_the_wants_are_met_says_so():
    told = "it ends where they are met, and `--to` tries larger ones"
    ends = [
        told in run("variable", "lenet5", "classes", "--want", f"params < {n}", "--to", 4).stdout
        for n in ("1M", "61_100")
    ]
    assert ends == [True, False]


def test_where_no_value_does_the_nearest_are_told():
    done = run("variable", "vgg16", "classes", "--want", "params <= 1M", "--to", 4)
    assert done.exit_code == 1
    assert (
        "No value of classes does: 4 values from 1 to 4 were tried, in steps of 1: the answer is exact on this grid."
        in done.stdout
    )
    assert "134,264,641" in done.stdout


@pytest.mark.parametrize(
    ("want", "told"),
    [
        ("params <= 5k", "width = 4 to 36 in steps of 4\n"),
        ("params <= 250", "width = 4\n"),
        ("params == 11722", "width = 64\n"),
        ("params == 5M", "The nearest is the largest that makes a net: `--to` tries larger ones."),
    ],
)
def test_values_that_make_no_net_are_told_once_and_break_no_run(want, told, tmp_path):
    file = tmp_path / "grouped.yaml"
    layers = "[conv $width k3 p1, conv $width k3 g4, relu, global_avgpool, flatten, linear 10]"
    file.write_text(f"variables: {{width: 16}}\ninput: 3x32x32\nlayers: {layers}\n")
    answer = run("variable", file, "width", "--want", want).stdout
    assert told in answer
    assert "48 of the values do not make a net; 1: groups must divide the input channels." in answer
    met = [
        int(trial["value"]) for trial in answered("variable", file, "width", "--want", want)["trials"] if trial["met"]
    ]
    start, _, end = told.partition("\n")[0].removeprefix("width = ").partition(" in steps")[0].partition(" to ")
    assert met == ([*range(int(start), int(end or start) + 1, 4)] if start.isdigit() else [])


def test_csv_holds_every_value():
    text = run("variable", "lenet5", "classes", "--want", "params > 61k", "--to", 12, "--format", "csv").stdout
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["classes"] for line in lines] == [str(n) for n in range(1, 13)]
    assert lines[9]["params"] == "61706"


# -- batches --


@pytest.mark.parametrize("optimizer", [None, "sgd", "momentum", "adam"])
@pytest.mark.parametrize(("name", "memory"), [("resnet50", 24 * 2**30), ("vgg16", 3 * 10**9), ("lenet5", 10**7)])
def test_the_batch_is_the_largest_that_fits(name, memory, optimizer):
    graph = load(name, Options())
    answer = solve_batch(graph, memory, "float32", optimizer)

    def needed(batch):
        totals = report(graph, batch, "float32", optimizer or "sgd").totals
        forward = totals.peak_bytes + totals.weight_bytes + totals.buffer_bytes
        return max(forward, totals.train_bytes) if optimizer else forward

    assert answer.batch >= 1
    assert needed(answer.batch) == answer.used <= memory < needed(answer.batch + 1) == answer.next
    assert sum(value for _, value in answer.parts) == answer.fixed


def test_where_not_even_one_fits():
    done = run("batch-size", "vgg16", "--memory", "100MB", "--optimizer", "adam")
    assert done.exit_code == 1
    assert "Not even one image fits" in done.stdout


@pytest.mark.parametrize(
    ("net", "freeze"), [("resnet18", "*"), ("mobilenet_v2", "*"), ("unet", "*"), ("resnet18", "!fc")]
)
def test_no_training_batch_is_larger_than_inference_allows(net, freeze):
    """Of frozen layers nothing is kept for a backward pass, but the net is run forward all the same."""
    memory = ("--memory", "1GiB", "--freeze", freeze)
    inference = answered("batch-size", net, *memory)
    answer = answered("batch-size", net, "--optimizer", "adam", *memory)
    assert (answer["batch"], answer["forward"]) == (inference["batch"], True)
    assert answer["fixed"] + answer["batch"] * answer["each"] == answer["used"] <= 2**30 < answer["next"]
    assert "The pass forward bounds it" in run("batch-size", net, "--optimizer", "adam", *memory).stdout


def test_a_net_with_frozen_layers_says_where_the_pass_forward_takes_more():
    done = CliRunner().invoke(program, ["show", "resnet50", "--freeze", "!fc", "--optimizer", "adam", "--batch", "32"])
    assert "the pass forward takes more, 391.5 MiB" in done.stdout  # 294 MiB at the peak, 97.5 MiB of parameters
    assert "the pass forward" not in CliRunner().invoke(program, ["show", "resnet50"]).stdout


def test_what_training_holds_must_fit_even_where_no_image_adds_to_it():
    """The state of an optimizer is there before the first image."""
    arguments = ("batch-size", "lenet5", "--optimizer", "adam", "--freeze", "!linear1")
    graph = load("lenet5", Options(freeze=("!linear1",)))
    held = report(graph, 1, "float32", "adam").totals.train_bytes
    answer = answered(*arguments, "--memory", f"{held - 1}B")
    assert (answer["solved"], answer["batch"]) == (False, 0)
    assert run(*arguments, "--memory", f"{held - 1}B").exit_code == 1
    assert answered(*arguments, "--memory", f"{held}B")["batch"] >= 1


def test_batch_size_in_json():
    answer = answered("batch-size", "resnet50", "--memory", "24GiB", "--optimizer", "adam")
    assert answer["solved"] and answer["fixed"] + answer["batch"] * answer["each"] == answer["used"]


# -- files --


def brute(wants):
    """Every assignment, tried with the numbers written into the file."""
    found = set()
    for out, kernel, padding, last in product((8, 16, 24), range(1, 7), range(6), range(1, 5)):
        first, second = f"conv {out} k{kernel} s2 p{padding}", f"{{conv: 32 k{last} s2, name: last}}"
        layers = [first, "relu", second, "flatten", "linear 10"]
        from cnncalc.language.building.builder import Builder
        from cnncalc.language.documents.document import Document
        from cnncalc.language.documents.library import Given
        from cnncalc.language.faults import Faults

        text = "input: 3x32x32\nlayers:\n" + "".join(f"  - {layer}\n" for layer in layers)
        faults = Faults()
        document = Document(Given.text(text, "net"), Options(), faults)
        try:
            graph = Builder(document, Options(), faults).build()
        except CnncalcError:
            continue
        totals = report(graph).totals
        if wants(graph, totals):
            found.add((out, kernel, padding, last))
    return found


def test_every_assignment_is_found(net):
    wants = [Want("last", "==", "32x8x8"), Want("params", "<=", 30_000)]
    answer = solve_file(net, Options(), "float32", wants)

    def wanted(graph, totals):
        shape = next(node.shape for node in graph.nodes if node.name == "last")
        return shape == (32, 8, 8) and totals.params <= 30_000

    assert {one.values for one in answer.found} == brute(wanted)
    assert answer.complete and answer.tried == 3 * 6 * 6 * 4
    assert answer.unknowns == ("3:conv", "3:k", "3:p", "5:kernel")


def test_the_goal_orders(net):
    wants = [Want("output", "==", "10")]
    answer = solve_file(net, Options(), "float32", wants, Goal("macs", largest=False))
    macs = [dict(one.figures)["macs"] for one in answer.found]
    assert macs == sorted(macs)
    answer = solve_file(net, Options(), "float32", wants, Goal("macs", largest=True))
    assert dict(answer.found[0].figures)["macs"] == max(macs)


def test_none_is_said(net):
    done = run("file", net, "--want", "last == 32x9x8")
    assert done.exit_code == 1
    assert (
        "None is as wanted: all 432 candidates were tried or ruled out; no candidate has last == 32x9x8." in done.stdout
    )
    rows = done.stdout.partition("Nearest:\n")[2].splitlines()
    assert len(rows) == 6
    assert "32x8x8" in rows[1]


def test_an_interruption_keeps_what_was_found(net, monkeypatch):
    def stop(what, done, total):
        if what == "built" and done >= 20:
            raise KeyboardInterrupt

    monkeypatch.setattr(growing, "AT_A_TIME", 1)
    answer = solve_file(net, Options(), "float32", [Want("output", "==", "10")], progress=stop)
    assert 0 < answer.tried < 432
    assert 0 < answer.total <= answer.tried
    assert answer.left == ("interrupted",)
    assert not answer.complete


def test_blocks_and_lists_may_hold_unknowns(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 3x8x8\nblocks: {unit: [conv 4 k?1|3|5 p1, relu]}\nlayers: [unit, unit]\n")
    answer = solve_file(str(file), Options(), "float32", [Want("output", "==", "4x8x8")])
    assert [one.values for one in answer.found] == [(3,)]


WRONG = [
    (["file", "vgg16", "--want", "params < 1"], "the file has no `?`"),
    (["file", "vgg16"], "nothing is wanted"),
    (["variable", "vgg16", "depth", "--want", "params < 1"], "no variable `depth`"),
    (["variable", "vgg16", "classes", "--want", "params"], "a figure, a comparison and a value are expected"),
    (["variable", "vgg16", "classes", "--want", "parms < 3", "--to", "2"], "there is no figure or layer `parms`"),
    (["variable", "vgg16", "classes", "--want", "output < 3x3", "--to", "2"], "a shape is neither more nor less"),
    (["variable", "vgg16", "classes", "--want", "params < 3", "--to", "99999"], "are more than 20,000"),
    (["variable", "vgg16", "classes", "--want", "params < 3", "--from", "x"], "`x` is no number"),
    (["variable", "vgg16", "classes", "--want", "params < 3", "--to", "1e999999999"], "is no number"),
    (
        ["variable", "vgg16", "classes", "--want", "params < 9", "--want", "params > 9"],
        "params < 9 and params > 9 contradict each other",
    ),
    (["batch-size", "vgg16", "--memory", "24XB"], "is no count"),
    (["batch-size", "vgg16", "--memory", "24GB", "--batch", "4"], "--batch is what is looked for"),
    (["batch-size", "vgg16", "--memory", "24GB", "--optimizer", "adan"], "there is no optimizer `adan`"),
    (["batch-size", "vgg16"], "how much memory is there"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_usage_is_told(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("want", "message"),
    [
        ("output < 3x3x3", "a shape is neither more nor less"),
        ("last < 7", "a shape is neither more nor less"),
        ("lats < 7", "there is no figure or layer `lats`"),
        ("lats == 7x7x7", "there is no figure or layer `lats`"),
    ],
)
def test_what_cannot_be_wanted_of_a_file_is_told(net, want, message):
    done = run("file", net, "--want", want)
    assert done.exit_code == 2
    assert message in done.stderr


def test_an_unbounded_unknown_is_told(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 3x8x8\nlayers: [conv ? k3]\n")
    done = run("file", file, "--want", "params < 100")
    assert done.exit_code == 2
    assert "this `?` is unbounded" in done.stderr and "?16..64" in done.stderr


def test_too_many_candidates_are_told(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 3x8x8\nlayers: [conv ?1..2000 k?1..1000]\n")
    done = run("file", file, "--want", "params < 100")
    assert done.exit_code == 2
    assert "2,000,000 candidates for one layer" in done.stderr


@pytest.mark.parametrize("key", ["dtype", "*k "])
def test_a_type_counts_however_its_key_is_spelled(tmp_path, key):
    """An alias is a key as any: the bytes were those of a net without types."""
    net = f"note: &k dtype\ninput: 3x8x8\nlayers: [{{conv: 4 k1, {key}: int8}}, conv ?2|3 k1]\n"
    (tmp_path / "net.yaml").write_text(net)
    done = run("file", tmp_path / "net.yaml", "--want", "weight_bytes <= 1000", "--format", "csv")
    assert done.stdout.splitlines()[1:] == ["2,120", "3,140"]
