"""Ordinary slips that once gave a wrong answer, lost a file, or passed in silence."""

from __future__ import annotations

import json
import shlex

import pytest
from command_line import runner

import cnncalc
from cnncalc.cli import kept_totals
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.language import load_text
from cnncalc.language.options import Options

NET = "input: 3x8x8\nlayers: [conv 4 k3]\n"


def run(*arguments):
    return runner().invoke(program, [*map(str, arguments)])


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(NET)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words", "way_out"),
    [
        ("show resnet50 --input 1x3x224x224", "is not like the net's own input", "--input 3x224x224 --batch 1"),
        ("show resnet50 --input 224x224x3", "is not like the net's own input", "--input 3x224x224"),
        ("show alexnet --input 224x224", "is not like the net's own input", "--input 3x224x224"),
        ("show alexnet --input 3x224x224 --input 3x64x64", "--input is given 2 times", "keep one"),
        (
            "show alexnet --input a=3x224x224 --input b=3x64x64",
            "--input is given 2 times",
            "`--input a=3x224x224,b=3x64x64`",
        ),
        ("show alexnet --input 3x224x224,3x64x64", "`input` is given twice", "cnncalc sweep"),
        ("solve batch-size lenet5 --memory 24.5", "--memory 24.5: bytes, or what?", "24.5GiB"),
        ("chain 3x8x8 'conv 8 (3, 3)'", "`conv` takes no further bare number", "`k3x3`"),
        ("solve batch-size lenet5 --memory 24", "--memory 24: bytes, or what?", "24GiB"),
        ("show own.yaml -o net.bmp", "nothing is written as `.bmp`", ".csv"),
        ("show own.yaml -o net.onnx", "nothing is written as `.onnx`", "--format table"),
        ("check own.yaml", "nothing was held", "--allow-empty"),
        ("check empty", "nothing was held", "--max params=5M"),
        ("sweep own.yaml --input 3x{1,2}", "the net works at no point of this grid", ""),
        ("chain 3x8x8 'conv 8, k3'", "a comma does not belong here", "divided by blanks"),
        ("chain 3x8x8 'conv 8，k3'", "a comma does not belong here", "divided by blanks"),
        ("chain 3x8x8 'conv 8 kernel'", "`conv` does not know `kernel`", "`k3` or `kernel=3`"),
        ("chain 3x227x227 conv 96 k11 s4 relu maxpool k3", "one argument", "'conv 96 k11 s4' relu 'maxpool k3'"),
        (
            "chain 64x8x8 '{multiply: [[global_avgpool, conv 16 k1, relu, conv $in_channels k1], []]}'",
            "channels 16, 64 differ",
            "inside a branch `$in_channels` is what enters that layer",
        ),
        ("check nofile.yaml", "no file or bundled net `nofile.yaml`", "`cnncalc list` shows the bundled nets"),
        ("check own.yaml --max latency=5ms", "a budget of time and a device go together", "--device a100"),
        ("sweep own.yaml --figures parms", "there is no figure `parms`", "`params`"),
        ("show own.yaml --set help=", "there is no variable `help`", ""),
        ("chain 3x8x8 'pool 2'", "no kind or block `pool`", "`maxpool 2`, `avgpool 2`"),
        ("chain 3x8x8 'pool k3 s2'", "no kind or block `pool`", "`maxpool k3 s2`, `avgpool k3 s2`"),
        ("chain 3x8x8 'conv 8 kernel 3'", "`kernel 3` is one token", "write `k3`"),
        ("chain 3x8x8 'conv 8 K3'", "`conv` does not know `K3`", "did you mean `k3`?"),
        ("show resnet18 --input 3x224", "is not like the net's own input", "`--input 3x224x224`"),
        ("show resnet18 --set classes=", "it is empty", "--set NAME=VALUE"),
        ("list --where 'params <'", "the expression ends after `<`", "params < 5M"),
        ("solve file asked.yaml --want 'output == 5'", "a shape has 3 lengths", "output == 4x5x5"),
        ("chain 3x8x8 '{conv: 8 k3, strid: 2}'", "`strid`", "did you mean `stride`"),
    ],
)
def test_a_slip_is_told_with_a_way_out(here, arguments, words, way_out):
    (here / "empty").mkdir()
    (here / "asked.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k?]\n")
    before = sorted(here.iterdir())
    done = run(*shlex.split(arguments))
    assert done.exit_code in (1, 2)
    assert words in done.stderr
    assert way_out in done.stderr
    assert sorted(here.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("show alexnet --input 224", "is not like the net's own input"),
        ("show vgg16 --input 224x224", "is not like the net's own input"),
        ("show mobilenet_v2 --set width=abc", "--set width=abc: the net computes with `width`, which is a number"),
        ("show vgg16 --dtype fp17", "did you mean `float16`?"),
        ("show vgg16 --dtype halff", "did you mean `float16`"),
    ],
)
def test_one_mistake_is_one_error(here, arguments, words):
    told = run(*shlex.split(arguments)).stderr
    assert words in told
    assert told.count("error: ") == 1


def test_a_text_where_a_number_is_may_be_meant(here):
    """`same` in place of a padding is no mistake, nor a text that nothing is computed with."""
    (here / "worded.yaml").write_text("input: 3x8x8\nvariables: {pad: 1}\nlayers: [conv 4 k3 p$pad]\n")
    done = run("show", "worded.yaml", "--set", "pad=x")
    assert "the net computes with" not in done.stderr


def test_an_answer_is_of_the_dialect_that_was_asked():
    asked = "solve conv-padding --input 10 --output 5 --kernel 3 --stride 2"
    assert "PyTorch" in run(*asked.split()).stdout
    assert "PyTorch" not in run(*asked.split(), "--dialect", "keras").stdout


def test_an_error_says_once_that_it_is_one():
    with pytest.raises(CnncalcError) as error:
        cnncalc.load("no_such_net")
    assert str(error.value).startswith("there is no file or bundled net `no_such_net`")


@pytest.mark.parametrize("output", ["own.yaml", "child.yaml", "link.yaml"])
def test_what_was_read_as_a_net_is_never_written_over(here, output):
    (here / "child.yaml").write_text("extends: own.yaml\n")
    (here / "link.yaml").symlink_to("own.yaml")
    done = run("show", "child.yaml", "--format", "csv", "-o", output)
    assert done.exit_code == 2
    assert "was read as a net, and would be lost" in done.stderr
    assert (here / "own.yaml").read_text() == NET
    assert run("show", "child.yaml", "--format", "csv", "-o", "table.yaml").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        "sweep own.yaml --set width=8,16",
        "search own.yaml --over width=8,16 --minimize macs",
        "verify own.yaml own.yaml",
    ],
)
def test_what_cannot_be_written_is_not_begun(here, arguments):
    net = "input: 3x8x8\nvariables: {width: 4}\nlayers: [conv $width k3]\n"
    (here / "own.yaml").write_text(net)
    (here / "notes.csv").write_text("a,b\n1,2\n")
    lost = run(*shlex.split(arguments), "--format", "csv", "-o", "own.yaml")
    other = run(*shlex.split(arguments), "-o", "notes.csv", "--resume")
    assert (lost.exit_code, other.exit_code) == (2, 2)
    assert "was read as a net, and would be lost" in lost.stderr
    assert "nothing that was to be written to it was interrupted" in other.stderr
    assert (here / "own.yaml").read_text() == net
    assert (here / "notes.csv").read_text() == "a,b\n1,2\n"
    assert not list(here.glob("*.part"))


HINTS = {
    "show lenet5 --input 1x36x36": ("linear1: it takes 784 numbers on this input and 400 on the file's own",),
    "show unet": ("unet: this is the bundled net; for the file of that name here write `./unet.yaml`",),
    "show child.yaml": ("layers: it writes all layers of `own` anew; `replace:`",),
    "show batch.yaml": ("input 1x3x32x32:", "if the 1 is a batch, write `input: 3x32x32`"),
    "show last.yaml": ("input 32x32x3:", "channels come first: `input: 3x32x32`"),
    "chain 3x8x8 '{add: [[conv 8 k1]]}'": ("line 2: `add` has one branch", "a branch `[]`"),
    "chain 200x200 'conv 16 k5 s2 p1'": ("input 200x200: 200 channels of lines of 200", "`input: 1x200x200`"),
    "chain 8x8x8 global_avgpool batchnorm": ("batchnorm1: it cannot train on a batch of one image",),
}


@pytest.mark.parametrize("arguments", HINTS)
def test_what_may_not_be_meant_is_hinted_at(here, arguments):
    (here / "unet.yaml").write_text(NET)
    (here / "child.yaml").write_text("extends: own\nlayers: [conv 3 k1]\n")
    (here / "batch.yaml").write_text(NET.replace("3x8x8", "1x3x32x32"))
    (here / "last.yaml").write_text(NET.replace("3x8x8", "32x32x3"))
    done = run(*shlex.split(arguments))
    assert done.exit_code == 0
    hints = done.stdout.partition("hint: ")[2]
    assert all(words in hints for words in HINTS[arguments])


@pytest.mark.parametrize(
    "arguments",
    ["show lenet5", "show vgg16 --input 3x256x256", "show ./unet.yaml", "show c3d",
     "chain 8x8x8 global_avgpool batchnorm --batch 2", "chain 3x8x8 '{add: [[conv 3 k1], []]}'",
     "chain 16x16 'conv 16 k5'", "chain 64x128 'conv 16 k5'"],
)  # fmt: skip
def test_what_is_as_it_should_be_has_no_hint(here, arguments):
    (here / "unet.yaml").write_text(NET)
    assert "hint" not in run(*shlex.split(arguments)).stdout


@pytest.mark.parametrize(
    "layer",
    ["permute 1,0", "permute 1x0", "permute [1,0]", "permute [1, 0]", "permute (1,0)", "permute order=(1, 0)",
     "{permute: [1, 0]}", "{permute: 1x0}"],
)  # fmt: skip
def test_an_order_is_understood_in_each_spelling(layer):
    told = json.loads(run("chain", "3x8", layer, "--format", "json").stdout)
    assert told["layers"][-1]["output_shape"] == [1, 8, 3]


def test_help_lists_what_there_is(here):
    assert "layers      200,000" in run("show", "own.yaml", "--limit", "help").stdout
    assert "peak_bytes" in run("sweep", "own.yaml", "--figures", "help").stdout
    assert "width: 1.0" in run("show", "mobilenet_v2", "--set", "help").stdout


def test_a_list_is_one_value_of_a_sweep(here):
    one = run("sweep", "resnet", "--set", "block=basic", "--set", "depths=[2,2,2,2]", "--format", "json")
    assert [row["params"] for row in json.loads(one.stdout)["points"]] == [11_689_512]  # torchvision's resnet18
    two = run("sweep", "resnet", "--set", "block=basic", "--set", "depths=[2,2,2,2],[3,4,6,3]", "--format", "json")
    assert [row["params"] for row in json.loads(two.stdout)["points"]] == [11_689_512, 21_797_672]  # and resnet34


def test_a_sweep_that_goes_on_says_what_was_kept(here, monkeypatch):
    asked = ["sweep", "own.yaml", "--set", "a=1,2,3", "-o", "s.csv"]
    (here / "own.yaml").write_text("variables: {a: 1}\ninput: 3x8x8\nlayers: [conv $a k3]\n")
    from cnncalc.solve.sweep import journal

    kept: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(journal.Journal, "end", lambda self: kept.append(self.path.read_text()))
        assert run(*asked).exit_code == 0
    (here / "s.csv.part").write_text("".join(kept[0].splitlines(keepends=True)[:2]))
    done = run(*asked, "--resume")
    assert done.exit_code == 0
    assert "1 rows kept, 2 to compute" in done.stderr
    assert len((here / "s.csv").read_text().splitlines()) == 4


def test_more_may_be_better():
    grid = ["sweep", "lenet5", "--input", "1x{28:36:4}", "--figures", "params,macs", "--format", "json"]
    points = json.loads(run(*grid, "--pareto", "params,-macs").stdout)["points"]
    assert len(points) == 3  # each size has more of both
    assert len(json.loads(run(*grid, "--pareto", "params,macs").stdout)["points"]) == 1


def test_several_tensors_may_be_named_among_the_fields(here):
    text = "input: 3x8x8\nlayers:\n- {conv: 4 k3, name: a}\n- {conv: 4 k3, name: b}\n- {crop: {from: [a, b]}}\n"
    (here / "crop.yaml").write_text(text)
    found = json.loads(run("show", "crop.yaml", "--format", "json").stdout)
    assert found["layers"][-1]["output_shape"] == [1, 4, 4, 4]


def test_the_usual_columns_and_more():
    head = run("chain", "3x8x8", "conv 4 k3", "--columns", "usual,weights").stdout.splitlines()[2]
    assert head.split() == ["Layer", "Operation", "Output", "Params", "MACs", "Weights"]


def test_a_variable_is_looked_for_with_the_memory_of_an_optimizer(here):
    (here / "own.yaml").write_text("variables: {a: 1}\ninput: 3x8x8\nlayers: [conv $a k3]\n")
    asked = ["solve", "variable", "own.yaml", "a", "--want", "train_bytes <= 4000", "--format", "json"]
    plain, adam = (run(*asked, *more).stdout for more in ((), ("--optimizer", "adam")))
    assert plain != adam


def test_what_fails_is_annotated_for_github(here):
    (here / "own.yaml").write_text(NET + "expect: {params: 5, macs: 3888}\n")
    (here / "bad.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k9]\n")
    done = run("check", "own.yaml", "bad.yaml", "--format", "github")
    assert done.exit_code == 2
    lines = done.stdout.splitlines()
    assert lines[0] == "::error file=own.yaml,line=3,col=18,title=cnncalc::params: expected 5, found 112"
    assert lines[1].startswith("::error file=bad.yaml,line=2,col=10,title=cnncalc::the kernel does not fit its input")
    assert len(lines) == 2
    assert not done.stderr


def test_nothing_to_hold_may_be_meant(here):
    assert run("check", "own.yaml", "--allow-empty").exit_code == 0
    assert run("check", "own.yaml", "--max", "params=1M").exit_code == 0


def test_a_bundled_net_is_not_hidden_by_a_file_beside(here):
    (here / "unet.yaml").write_text(NET)
    (here / "lenet5").write_text("what: ever")
    assert (
        json.loads(run("show", "unet", "--format", "json").stdout)["totals"]["params"] == 31_030_658
    )  # Ronneberger et al., by Caffe
    assert json.loads(run("show", "lenet5", "--format", "json").stdout)["totals"]["params"] == 61_706
    for path in ("unet.yaml", "./unet.yaml"):
        assert json.loads(run("show", path, "--format", "json").stdout)["totals"]["params"] == 112
    assert run("list").exit_code == 0


def test_several_numbers_may_be_divided_by_commas():
    done = run("chain", "3x8x6", "permute 0,2,1", "--format", "json")
    assert json.loads(done.stdout)["layers"][0]["output_shape"] == [1, 3, 6, 8]


def test_a_shared_bias_is_useless_only_where_every_use_has_a_norm_behind_it():
    from cnncalc.analysis.costs import report

    both = """\
inputs: {a: 4x8x8, b: 4x8x8}
layers:
  - {name: x, from: a, layers: [{conv: 8 k3 p1, name: c}, batchnorm]}
  - {name: y, from: b, layers: [{share: x.c}, %s]}
  - {add: , from: [x, y]}
"""
    once = report(load_text(both % "relu", "net", Options())).hints
    assert not any("cancels its bias" in hint.text for hint in once)
    (hint,) = [one for one in report(load_text(both % "batchnorm", "net", Options())).hints if "bias" in one.text]
    assert "spares 8 parameters" in hint.text


@pytest.mark.parametrize(
    ("layer", "saved"),
    [
        # torch 2.13's autograd: the pad's input and the padded map, or the map alone
        ("ReflectionPad2d 1", 3_072 + 6_272 + 8_192),
        ("ReplicationPad2d 1", 3_072 + 6_272 + 8_192),
        ("CircularPad2d 1", 3_072 + 8_192),
        ("ZeroPad2d 1", 3_072 + 8_192),
    ],
)
def test_a_name_of_a_module_keeps_what_is_its_own(layer, saved):
    done = run("chain", "3x16x16", "conv 8 k3", layer, "conv 4 k3", "--format", "json")
    assert json.loads(done.stdout)["totals"]["saved_bytes"] == saved


def test_whole_channels_are_dropped_by_a_number_each():
    done = run("chain", "3x16x16", "conv 8 k3", "Dropout2d 0.5", "--train", "--format", "json")
    assert json.loads(done.stdout)["totals"]["saved_bytes"] == 3_072 + 8 * 4  # torch 2.13's autograd


@pytest.mark.parametrize(("border", "taken"), [("ReflectionPad2d 7", True), ("ReflectionPad2d 8", False),
                                               ("CircularPad2d 8", True), ("CircularPad2d 9", False),
                                               ("ReplicationPad2d 20", True)])  # fmt: skip
def test_a_border_of_own_pixels_needs_as_many(border, taken):
    """As torch refuses them."""
    done = run("chain", "4x8x12", border)
    assert (done.exit_code == 0) == taken
    assert taken or "there are too few" in done.stderr


def test_the_kept_totals_are_those_that_are_computed(monkeypatch):
    again = "`python -m cnncalc.cli.kept_totals` writes them anew"
    with monkeypatch.context() as patched:
        patched.setattr(kept_totals, "computed", lambda: pytest.fail(f"they are of other files: {again}"))
        kept = kept_totals.every_net()
    assert kept == list(kept_totals.computed()), again


def test_the_totals_are_computed_where_the_files_are_others(monkeypatch):
    monkeypatch.setattr(kept_totals, "_digest", lambda: "another")
    monkeypatch.setattr(kept_totals, "computed", lambda: iter(["computed"]))
    assert kept_totals.every_net() == ["computed"]


def test_a_condition_that_is_none_is_told_before_any_net_is_counted(monkeypatch):
    monkeypatch.setattr(kept_totals, "every_net", lambda: pytest.fail("the nets were counted"))
    assert "the expression ends" in run("list", "--where", "params <").stderr


def test_what_is_expected_may_have_a_unit(here):
    (here / "own.yaml").write_text(NET + "expect: {params: 0.112k, macs: 3_888}\n")
    assert run("check", "own.yaml").exit_code == 0
    (here / "own.yaml").write_text(NET + "expect: {params: 0.1125k}\n")
    assert "`params` is a whole number: `0.1125k` is not a whole number" in run("check", "own.yaml").stderr


def test_a_kernel_larger_than_the_padded_input_is_not_among_the_bounds():
    done = run("solve", "pool-kernel", "--input", 7, "--output", 1, "--stride", 1)
    assert "kernel from 1 to 7 (a larger kernel does not fit the padded input)" in done.stdout


@pytest.mark.parametrize("arguments", ["compare lenet5 alexnet", "compare --diff lenet5 alexnet", "check own.yaml"])
def test_every_html_page_has_a_heading(here, arguments):
    run(*arguments.split(), "-o", "page.html")
    assert (here / "page.html").read_text().count("<h1>") == 1


def test_an_input_that_is_called_input_says_so_once(here):
    run("draw", "own.yaml", "-o", "own.dot")
    assert '"input\\n3×8×8"' in (here / "own.dot").read_text()


def test_a_file_that_goes_while_its_folder_is_checked_is_passed_over(here, monkeypatch):
    from cnncalc.cli.commands import check

    gone = str(here / "gone.yaml")
    monkeypatch.setattr(check, "files_in", lambda path: [(gone, True), (str(here / "own.yaml"), True)])
    done = run("check", ".", "--max", "params=1M")
    assert done.exit_code == 0
    assert "gone since the folder was listed" in done.stdout


@pytest.mark.parametrize(
    ("layer", "way"),
    [
        ("conv 8 k3 input_dim=3", "it is never written: what comes in says it"),
        ("lstm 10 20", "write `lstm 20`: the features that come in are never written"),
        ("AdaptiveAvgPool2d Nonex7", "`adaptive_avgpool $(height)x7`"),
        ("ZeroPad2d -1", "`crop` takes a border off"),
        ("groupnorm -1", "`groups=$in_channels` is one group a channel"),
        ("Flatten start_dim=2", "`reshape $(channels)x-1` leaves the channels"),
        ("relu negative_slope=0.1", "`leaky_relu SLOPE` has one"),
        ("softmax dim=0", "1 is the channels: `axis=0` here"),
        ("conv 8 k3 activation=relu", "write it as a layer behind this one"),
        ("relu max_value=6", "`relu6`, or `clip 0 MAX`"),
        ("add operation=MAX", "write which: `add`, `multiply`, `maximum`"),
        ("maxpool k3 pool=AVE", "write which: `maxpool` or `avgpool`"),
        ("power 2 shift=1", "`add NUMBER`"),
        ("crop offset=2", "`crop 2:1`"),
        ("PReLU shared_axes=[3]", "0 = channels, 1 = the first spatial axis"),
        ("conv 8 k3 kernel_initializer=he", "changes no count: leave it out"),
        ("conv 3 8 3", "torch's `Conv2d 3 64 7` is `conv 64 k7`"),
    ],
)
def test_arguments_of_other_frameworks_are_said_as_they_are_here(layer, way):
    done = run("chain", "3x8x8", layer)
    assert done.exit_code == 2
    assert way in done.stderr


@pytest.mark.parametrize(
    ("layer", "shape", "params"),
    # Keras 3.15.1: Sequential([Input((10, 8)), LSTM(16)]).output_shape and .count_params(), and so on
    [("LSTM 16", "16", "1,600"), ("GRU 16", "16", "1,248"), ("SimpleRNN 16", "16", "400"),
     ("LSTM 16 bidirectional", "32", "3,200"), ("LSTM 16 sequence", "16x10", "1,600"), ("lstm 16", "16x10", "1,600")],
)  # fmt: skip
def test_a_recurrent_layer_of_keras_gives_its_last_state(layer, shape, params):
    row = run("chain", "8x10", layer, "--dialect", "keras").stdout.split("\n")[3]
    assert row.split()[-3:-1] == [shape, params]


def test_a_file_that_is_not_there_is_no_bundled_net_to_check(here):
    done = run("check", "resnet18.yaml", "--max", "params=20M")
    assert (done.exit_code, "there is no file `resnet18.yaml` here" in done.stderr) == (2, True)
    assert "`cnncalc check resnet18` is for the bundled net" in done.stderr
    (here / "resnet18.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k1]\n")
    assert run("check", "resnet18.yaml", "--max", "params=16").exit_code == 0
    assert run("check", "resnet18", "--max", "params=20M").exit_code == 0
