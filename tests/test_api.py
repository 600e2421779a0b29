"""Cnncalc from Python: what the command line answers, as objects."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import runner

import cnncalc
from cnncalc import CnncalcError, Options
from cnncalc.cli.main import cnncalc as program
from cnncalc.limits import Limits

TEXT = "input: 3x8x8\nvariables: {width: 4}\nlayers:\n  - {name: stem, layers: [conv $width k3, relu]}\n  - conv 2 k1\n"


def layers_of(net):
    """The names of its layers."""
    return [node.name for _, node, _ in net.layers()]


def printed(*arguments):
    """What the command line prints."""
    done = runner().invoke(program, [*map(str, arguments)])
    return done.stdout


def test_the_readme_line_is_typed_and_right(tmp_path):
    script = tmp_path / "line.py"
    script.write_text("import cnncalc\nprint(cnncalc.load('vgg16').report().totals.params)\n")
    root = str(Path(cnncalc.__file__).parent.parent)
    installed = "site-packages" in root  # mypy finds it there by itself, and wants no path to it
    environment = {"PATH": ""} if installed else {"PYTHONPATH": root, "MYPYPATH": root, "PATH": ""}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout == "138357544\n"
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", "--follow-imports", "silent"]
    typed = subprocess.run([*mypy, script], capture_output=True, text=True, env=environment, check=False)
    assert typed.returncode == 0, typed.stdout


@pytest.mark.parametrize(
    "net",
    [
        TEXT,
        {"input": "3x8x8", "layers": [{"name": "stem", "layers": ["conv 4 k3", "relu"]}, "conv 2 k1"]},
        io.StringIO(TEXT),
        io.BytesIO(TEXT.encode()),
    ],
    ids=["text", "mapping", "open text", "open bytes"],
)
def test_a_net_may_come_in_any_way(net):
    loaded = cnncalc.load(net)
    assert layers_of(loaded) == ["stem.conv1", "stem.relu1", "conv1"]
    assert loaded.report().totals.params == 3 * 9 * 4 + 4 + 4 * 2 + 2
    assert "2x(H − 2)x(W − 2)" in str(loaded.closed())  # it can be built again, with symbols


def test_a_net_can_be_built_and_asked():
    net = cnncalc.Net(input="3x32x32")
    stem = net.add("conv 16 k3 p1", name="stem")
    made = net.add("relu")
    net.add("add", [stem, made])
    assert net.report().totals.params == 448
    assert net.report(batch=2).outputs == {"add1": (2, 16, 32, 32)}
    assert net.report(batch=2).totals.macs == 2 * 27 * 16 * 32 * 32
    assert "16xHxW" in str(net.closed())
    assert "C_out·C_in·k²" in str(net.explain("stem"))
    with pytest.raises(CnncalcError, match="the kernel does not fit its input"):
        net.add("conv 8 k99")
    grown = cnncalc.load("lenet5")
    grown.add("linear 3")
    assert grown.report().totals.params == 61_706 + 33


def test_a_path_is_a_net_too(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(TEXT)
    assert layers_of(cnncalc.load(file)) == layers_of(cnncalc.load(str(file)))


def test_keywords_are_the_options_of_the_command_line():
    net = cnncalc.load("resnet50", input="3x320x320", freeze="layer1.*")
    totals = net.report(batch=8, dtype="float16", optimizer="adam").totals
    shown = json.loads(
        printed("show", "resnet50", "--input", "3x320x320", "--freeze", "layer1.*", "--batch", 8, "--dtype", "float16",
                "--optimizer", "adam", "--format", "json")
    )["totals"]  # fmt: skip
    assert {key: getattr(totals, key) for key in shown} == shown
    wide = cnncalc.load("mobilenet_v2", set={"width": 0.5})
    assert wide.report().totals.params == 1_968_680  # torchvision's at 0.5
    assert cnncalc.load("resnet50", Options(batch=8)).report().inputs == {"input": (8, 3, 224, 224)}


def test_training_alone_is_counted_where_it_is_asked_for():
    net = cnncalc.load("inception_v3")
    assert net.report().totals.params == 23_834_568
    assert net.report(train=True).totals.params == 27_161_264  # torchvision.csv


def test_a_report_is_read_by_names():
    report = cnncalc.load("resnet18").report()
    assert report["layer1.0.conv1"].params == 64 * 64 * 9
    assert report.total("layer1")["params"] == sum(row.params for row in report if row.name.startswith("layer1."))
    assert report.total("fc")["params"] == 513_000
    assert len(report) == len(report.rows)
    with pytest.raises(CnncalcError, match=r"no layer or group `layer9`(.|\n)*did you mean `layer4`"):
        report.total("layer9")
    with pytest.raises(CnncalcError, match="there is no layer or group `conv`"):
        report["conv"]
    with pytest.raises(CnncalcError, match=r"`layer1` is a group(.|\n)*report.total\(\"layer1\"\)"):
        report["layer1"]


@pytest.mark.parametrize("make", ["report", "explain", "closed"])
def test_an_answer_prints_as_the_command_does(make):
    command = {
        "report": ["show", "lenet5"],
        "explain": ["explain", "lenet5"],
        "closed": ["show", "lenet5", "--input", "1xHxW"],
    }
    answer = getattr(cnncalc.load("lenet5"), make)()
    assert str(answer) == printed(*command[make])
    assert answer.to_dict() == json.loads(printed(*command[make], "--format", "json"))
    assert len(repr(answer)) < 120
    bundle = answer._repr_mimebundle_()
    assert bundle["text/plain"] == str(answer)
    assert bundle["text/html"].startswith("<div") and "<script" not in bundle["text/html"]


def test_what_a_net_is_called_is_escaped_in_notebooks():
    made = cnncalc.load({"name": "<script>", "input": "3x8x8", "layers": ["relu"]}).report()
    assert "<script>" not in made._repr_html_()


def test_rows_are_tables_to_others():
    rows = cnncalc.load("lenet5").report().rows
    assert rows[0]._asdict()["params"] == 156  # pandas.DataFrame reads the fields of named tuples


def test_conventions_count_as_other_tools():
    report = cnncalc.load("resnet50").report(convention="fvcore")
    assert sum(row.counted or 0 for row in report) == 4_111_512_576  # fvcore's own


def test_chains_and_grids_and_budgets():
    made = cnncalc.chain("3x32x32", "conv 16 k3", "relu").report()
    assert made.outputs == {"relu1": (1, 16, 30, 30)}
    swept = cnncalc.sweep("mobilenet_v2", set={"width": [0.5, 1]}, input="3x{96:128:32}", figures=["params"])
    assert [(row["width"], row["H"], row["params"]) for row in swept.rows] == [
        ("0.5", 96, 1_968_680), ("0.5", 128, 1_968_680), ("1", 96, 3_504_872), ("1", 128, 3_504_872),
    ]  # fmt: skip
    assert "1,968,680" in str(swept)
    assert cnncalc.check("vgg16").passed
    held = cnncalc.check("vgg16", max={"params": "5M"})
    assert not held.passed
    assert [one.what for one in held.checks if not one.passed] == ["params"]


def test_inverse_problems_are_solved():
    found = cnncalc.solve.conv(input=224, output=112, kernel=7, stride=2)
    assert str(found) == printed(
        "solve", "conv-padding", "--input", 224, "--output", 112, "--kernel", 7, "--stride", 2, "--all"
    )
    assert found.solved
    assert not cnncalc.solve.pool(input=8, output=8, stride=2, padding=0, unknown="kernel").solved
    taken = cnncalc.solve.deconv(input=7, output=14, kernel=4, padding=1, unknown="stride")
    assert "s2" in str(taken)
    assert str(cnncalc.solve.input_size("unet")) == printed("solve", "input-size", "unet")
    assert str(cnncalc.solve.batch_size("lenet5", memory="1GiB")) == printed(
        "solve", "batch-size", "lenet5", "--memory", "1GiB"
    )
    assert "width" in str(cnncalc.solve.variable("mobilenet_v2", "width", want="params <= 3.5M"))


def wrongly(ask: Any, *arguments: Any, **named: Any) -> Any:
    """A call that a type checker would have refused."""
    return ask(*arguments, **named)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: wrongly(cnncalc.load, "vgg16", inptu="3x9x9"), "did you mean `input`"),
        (lambda: cnncalc.load("vgg17"), "did you mean"),
        (lambda: cnncalc.load("input: 3x8x8\nlayers: [lineer 3]\n"), "did you mean `linear`"),
        (lambda: cnncalc.load({"input": "3x8x8", "layers": [object()]}), "the mapping is no net"),
        (lambda: wrongly(cnncalc.load, 7), "a net cannot be of the type `int`"),
        (lambda: cnncalc.load("vgg16", limits={"layer": 3}), "did you mean `layers`"),
        (lambda: cnncalc.load("vgg16").report(batch=0), "give a whole number from 1 on"),
        (lambda: wrongly(cnncalc.load("vgg16").report, batch=2.0), "give a whole number from 1 on"),
        (lambda: cnncalc.load("vgg16").report(dtype="float17"), "float16"),
        (lambda: cnncalc.load("vgg16").report(optimizer="adamm"), "adam"),
        (lambda: cnncalc.load("vgg16").report(convention="fvcorr"), "fvcore"),
        (lambda: wrongly(cnncalc.load("vgg16").report, bacth=2), "did you mean `batch`"),
        (lambda: cnncalc.solve.conv(input=224, output=112), "`kernel` is missing"),
        (lambda: cnncalc.solve.conv(input=224, output=112, kernel="7x", stride=2), "`kernel`"),
        (lambda: cnncalc.solve.conv(inptu=3), "did you mean `input`"),
        (lambda: cnncalc.solve.conv(input=224, output=112, kernel=7, dialect="kears"), "did you mean `keras`"),
        (lambda: cnncalc.solve.conv(input=(224, 3), output=(1, 2, 3), kernel=7), "the numbers of axes differ"),
        (lambda: cnncalc.solve.conv(input=224, output=112, kernel=7, unknown="steps"), "no `steps` to look for"),
        (lambda: cnncalc.load("vgg16", limits={"depth": 10**6}), "at most 256"),
        (lambda: cnncalc.solve.input_size("vgg17"), "did you mean"),
        (lambda: cnncalc.solve.batch_size("vgg16", memory="lots"), "lots"),
        (lambda: cnncalc.sweep("vgg16", figures=["parms"]), "params"),
        (lambda: cnncalc.check("vgg16", max={"params": "many"}), "many"),
    ],
)
def test_mistakes_are_the_faults_of_the_command_line(ask, words):
    with pytest.raises(CnncalcError) as caught:
        ask()
    assert caught.value.faults
    assert words in str(caught.value)


def test_star_import_needs_no_torch():
    code = (
        "import sys; sys.modules['torch'] = None\nfrom cnncalc import *\nprint(callable(to_torch), load('lenet5').name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path(cnncalc.__file__).parents[1]
    )
    assert done.stdout == "True LeNet-5\n", done.stderr


def test_to_torch_and_verify_are_methods():
    torch = pytest.importorskip("torch")
    net = cnncalc.load("lenet5")
    assert sum(one.numel() for one in net.to_torch().parameters()) == 61_706
    assert isinstance(cnncalc.to_torch("lenet5"), torch.nn.Module)
    assert not net.verify().failed


@pytest.mark.parametrize(
    ("named", "words"),
    [({"seed": -1}, "from 0 on"), ({"seed": 10**30}, "from 0 to"), ({"device": "cdua"}, "such as `cpu`"),
     ({"device": ""}, "such as `cpu`"), ({"dtype": "float16"}, "a type of torch"), ({"dtype": 3}, "a type of torch")],
)  # fmt: skip
def test_what_torch_does_not_take_is_a_fault(named, words):
    pytest.importorskip("torch")
    with pytest.raises(CnncalcError) as caught:
        wrongly(cnncalc.load("lenet5").to_torch, **named)
    assert words in str(caught.value)


def test_whole_numbers_are_no_type_of_weights():
    torch = pytest.importorskip("torch")
    with pytest.raises(CnncalcError, match="take one with fractions"):
        cnncalc.load("lenet5").to_torch(dtype=torch.int8)


def test_a_report_is_read_by_places():
    report = cnncalc.load("lenet5").report()
    assert report[0] is report.rows[0]
    assert report[-1] is report.rows[-1]
    assert report[1:3] == report.rows[1:3]
    with pytest.raises(CnncalcError, match="there are 12 rows"):
        report[12]
    with pytest.raises(CnncalcError, match="`layer` cannot be None"):
        wrongly(report.__getitem__, None)


@pytest.mark.parametrize("shape", [(3, 64, 64), [3, 64, 64], {"input": (3, 64, 64)}, {"input": "3x64x64"}])
def test_shapes_are_lengths_too(shape):
    assert cnncalc.load("resnet18", input=shape).report().inputs == {"input": (1, 3, 64, 64)}


@pytest.mark.parametrize(
    ("values", "widths"),
    [("0.5,1", ["0.5", "1"]), ("0.5:1:0.25", ["0.5", "0.75", "1"]), (0.5, ["0.5"]), ((0.5, 1), ["0.5", "1"])],
)
def test_a_variable_is_swept_as_the_command_line_does(values, widths):
    swept = cnncalc.sweep("mobilenet_v2", set={"width": values}, figures="params", pareto="-params")
    assert {row["width"] for row in swept.rows} <= set(widths)
    assert [row["params"] for row in swept.rows] == [
        {"0.5": 1_968_680, "1": 3_504_872}[widths[-1]]  # torchvision's at 0.5 and 1: more is better
    ]
    every = cnncalc.sweep("mobilenet_v2", set={"width": values}, figures="params")
    assert [row["width"] for row in every.rows] == widths


def test_nets_are_compared():
    assert str(cnncalc.compare("lenet5", "alexnet")) == printed("compare", "lenet5", "alexnet")
    loaded = cnncalc.compare(cnncalc.load("resnet18"), "resnet34", diff=True)
    assert str(loaded) == printed("compare", "--diff", "resnet18", "resnet34")
    assert cnncalc.compare("lenet5", batch=2).data[0].report.totals.macs == 2 * 416_520


def test_questions_that_read_again_take_what_was_loaded(tmp_path):
    assert str(cnncalc.solve.input_size(cnncalc.load("unet"))) == printed("solve", "input-size", "unet")
    half = cnncalc.load("mobilenet_v2", set={"width": 0.5})
    assert cnncalc.check(half, max={"params": 1_968_680}).passed
    assert not cnncalc.check(half, max={"params": 1_968_680}, set={"width": 1}).passed
    assert cnncalc.sweep(half, input="3x{96:128:32}", figures="params").rows[0]["params"] == 1_968_680
    half.add("relu")
    with pytest.raises(CnncalcError, match="the path of its file"):
        cnncalc.check(half)
    assert cnncalc.check(cnncalc.load(TEXT), require={"params": 112 + 10}).passed


def test_questions_run_backwards_take_the_options_of_the_command_line():
    options = {"input": "3x96x96", "freeze": "!classifier*", "amp": "bfloat16"}
    said = [part for name, value in options.items() for part in (f"--{name}", value)]
    memory = {"memory": "8GiB", "optimizer": "adam"}
    found = cnncalc.solve.batch_size("mobilenet_v2", **memory, **options, set={"width": 0.5})
    assert str(found) == printed(
        "solve", "batch-size", "mobilenet_v2", "--memory", "8GiB", "--optimizer", "adam", *said, "--set", "width=0.5"
    )
    loaded = cnncalc.load("mobilenet_v2", set={"width": 0.5})
    assert str(cnncalc.solve.batch_size(loaded, **memory, **options)) == str(found)
    least = cnncalc.solve.variable("mobilenet_v2", "width", want="params <= 2M", low=0.25, high="1", step=0.25)
    assert str(least) == printed(
        *("solve", "variable", "mobilenet_v2", "width", "--want", "params <= 2M"),
        *("--from", 0.25, "--to", 1, "--step", 0.25),
    )
    width = cnncalc.solve.variable("mobilenet_v2", "width", want="macs <= 100M", input=(3, 96, 96))
    assert str(width) == printed(
        "solve", "variable", "mobilenet_v2", "width", "--want", "macs <= 100M", "--input", "3x96x96"
    )


def built():
    return cnncalc.Net(input="3x8x8")


NOTHING: Any = None
"""What type checkers would refuse in most places."""


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: wrongly(built().add, None), 'such as "conv 64 k3 s2"'),
        (lambda: wrongly(built().add, 5), "`layer` cannot be 5"),
        (lambda: wrongly(built().add, {"conv": 3}), "give a layer or a text"),
        (lambda: wrongly(built().add, "relu", name=5), "`name` cannot be 5"),
        (lambda: wrongly(built().add, "relu", 2.5), "a tensor's name or its node"),
        (lambda: wrongly(built().add_input, 5, "3x8x8"), "`name` cannot be 5"),
        (lambda: built().add_input("other", "x"), "channels first"),
        (lambda: wrongly(built().group, 5), "`name` cannot be 5"),
        (lambda: cnncalc.Net(dialect="kears"), "did you mean `keras`"),
        (lambda: cnncalc.Net().report(), "the net is empty"),
        (lambda: cnncalc.Net(input="3x8x8", limits=NOTHING), "give limits"),
        (lambda: wrongly(cnncalc.from_torch, 5), "of the type `int` is no torch module"),
        (lambda: cnncalc.load("lenet5", Options(batch=NOTHING)), "from 1 on"),
        (lambda: cnncalc.load("lenet5", wrongly(Options, freeze="conv1")), "give a list of texts"),
        (lambda: cnncalc.load("lenet5", wrongly(Options, limits={"layers": 3})), "`limits` cannot be"),
        (lambda: wrongly(built().freeze, 5), "`pattern` cannot be 5"),
        (lambda: wrongly(cnncalc.Net, 5), "`name` cannot be 5"),
        (lambda: wrongly(cnncalc.load("lenet5").report, dtype=3), 'such as "float16"'),
        (lambda: wrongly(cnncalc.load("lenet5").report, convention=5), 'such as "fvcore"'),
        (lambda: wrongly(cnncalc.load("lenet5").report, 8), "give the others by name: batch"),
        (lambda: wrongly(cnncalc.load("lenet5").report, batch=True), "from 1 on"),
        (lambda: wrongly(cnncalc.load, "lenet5", freeze=5), "give a text or a list of texts"),
        (lambda: wrongly(cnncalc.load, "lenet5", set=["a"]), 'such as {"width": 0.5}'),
        (lambda: wrongly(cnncalc.load, "lenet5", dialect=3), 'such as "keras"'),
        (lambda: wrongly(cnncalc.load, "lenet5", input=5), "(3, 224, 224)"),
        (lambda: cnncalc.load("lenet5", input=()), "`input` is empty"),
        (lambda: cnncalc.load("lenet5", limits={"layers": 0}), "the smallest is 1"),
        (lambda: cnncalc.load("lenet5", limits={"layers": 2}), 'raise it with `limits={"layers": 4}`'),
        (lambda: cnncalc.check(NOTHING), "give a name, a path"),
        (lambda: cnncalc.check("lenet5", max={"params": NOTHING}), 'such as {"params": "5M"}'),
        (lambda: cnncalc.check("lenet5", max={"params": -1}), "a whole number from 0 on"),
        (lambda: cnncalc.sweep("mobilenet_v2", set={"width": []}), "`set` has no value for `width`"),
        (cnncalc.compare, "not 0"),
        (lambda: cnncalc.load("lenet5").draw(depth=0), "from 1 on"),
        (lambda: wrongly(cnncalc.load("lenet5").draw, depth="x"), "from 1 on"),
        (lambda: cnncalc.load("lenet5").draw().save("/nonexistent/x.svg"), "write elsewhere"),
        (lambda: wrongly(cnncalc.load("lenet5").explain, 3), "`layers` cannot be 3"),
        (lambda: wrongly(cnncalc.load("lenet5").report().text, 3), 'such as "markdown"'),
        (lambda: cnncalc.solve.batch_size("lenet5", memory=NOTHING), 'write `memory="24GiB"`'),
        (lambda: cnncalc.solve.batch_size("lenet5", memory="24"), 'as "24GiB"'),
        (lambda: cnncalc.solve.batch_size("lenet5", memory=-1), "from 1 on"),
        (lambda: wrongly(cnncalc.solve.batch_size, "lenet5"), "how much memory is there?"),
        (lambda: cnncalc.solve.input_size("unet", low=9, high=3), "swap the two"),
        (lambda: cnncalc.solve.input_size("unet", low=0), "the smallest is 1"),
        (lambda: cnncalc.solve.pool(input=7, output=7, kernel=3, rounding="x"), "floor or ceil"),
        (lambda: cnncalc.solve.variable("mobilenet_v2", "width", want="params <= 1M", low="x"), "such as 8 or 0.25"),
        (lambda: cnncalc.load("lenet5", freeze=""), '`freeze=""` matches no layer'),
        (lambda: cnncalc.solve.input_size("unet", high=10**9), "`high`: 1,000,000,000 is too large"),
        (lambda: cnncalc.solve.conv(input="x", output=3, kernel=3), "`input`: `x` lacks a number"),
        (lambda: cnncalc.load("lenet5", input="1xHxW").report(), "`net.closed()`"),
    ],
)
def test_wrong_types_and_values_are_faults_with_a_way_out(ask, words):
    with pytest.raises(CnncalcError) as caught:
        ask()
    assert all(fault.help and "--" not in fault.help for fault in caught.value.faults)
    assert words in str(caught.value)


def test_a_way_out_is_in_words_of_python(tmp_path):
    file = tmp_path / "net.py"
    net = cnncalc.load("lenet5")
    net.export(file)
    with pytest.raises(CnncalcError, match="over it with `force=True`"):
        net.export(file)
    with pytest.raises(CnncalcError, match='leave `view="volumes"` out'):
        net.draw(view="volumes", heat="macs")


HELD = """\
input: 3x16x16
variables: {w: 4}
layers: [conv $w k3 p1, relu, maxpool 2, flatten, linear 10]
expect: {output: 10}
"""


def test_a_text_is_asked_like_a_file(tmp_path):
    """Every question that reads its net again and again gives the same of a text, of a mapping and of the file."""
    file = tmp_path / "net.yaml"
    file.write_text(HELD)
    mapping = yaml.safe_load(HELD)
    asked = [
        lambda net: cnncalc.check(net, max={"params": "1k"}).checks[1:],
        lambda net: cnncalc.sweep(net, set={"w": [2, 4]}, input="3x{16,32}").rows,
        lambda net: cnncalc.sweep(net, set={"w": [2, 4]}, jobs=2).rows,
        lambda net: cnncalc.solve.input_size(net, output="8x8").to_dict(),
        lambda net: cnncalc.solve.variable(net, "w", want="params <= 5k").to_dict(),
    ]
    for ask in asked:
        told = [
            str(ask(net)).replace(str(file), "<text>").replace("<mapping>", "<text>") for net in (file, HELD, mapping)
        ]
        assert told[0] == told[1] == told[2]
        assert len(told[0]) > 20
    unknown = cnncalc.solve.file(HELD.replace("$w", "?2|4|8"), want="params <= 5k")
    assert cnncalc.solve.file(HELD.replace("$w", "?2|4|8"), want="params <= 5k").total == unknown.total  # once more
    assert len(unknown.to_dict()["solutions"]) == 2


def test_a_chain_is_asked_like_a_text():
    chained = cnncalc.chain("3x16x16", "conv 4 k3 s2", "flatten", "linear 10")
    assert [row["params"] for row in cnncalc.sweep(chained, input="3x{16,32}").rows] == [2_082, 9_122]
    assert cnncalc.check(chained, require={"params": 2_082}).passed
    assert pickle.loads(pickle.dumps(chained.path)).tree(Limits()).entries.keys() == {"input", "layers"}
    chained.add("relu")
    with pytest.raises(CnncalcError, match="built layer by layer"):
        cnncalc.check(chained)
