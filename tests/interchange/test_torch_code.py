"""Nets as PyTorch programs: they run, hold what `to_torch` holds, give what it gives, and read as they are to read."""

from __future__ import annotations

import ast
import cProfile
import re
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from command_line import runner
from networks import network

from cnncalc import Net, Options, chain, load, to_torch
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.graph.stored import stored_in
from cnncalc.interchange.torch_code.kinds.said import RULES
from cnncalc.interchange.torch_code.modules.parts import RESERVED
from cnncalc.interchange.torch_code.writer import written
from cnncalc.language import load_text
from cnncalc.layers import KINDS

torch = pytest.importorskip("torch")
programs = pytest.importorskip("programs")

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "exporting.md").read_text(encoding="utf-8")
SHOWN = {"resnet50": 80, "mobilenet_v2": 60, "unet": 70}
"""Nets whose programs stand in the docs, and the lines that they may have."""
HELD = (
    ("resnet18", "3x32x32"),
    ("googlenet", "3x96x96"),
    ("densenet100_12_cifar", None),
    ("efficientnet_b0", "3x32x32"),
    ("shufflenet_v2_x0_5", "3x32x32"),
    ("segnet", "3x32x32"),
    ("yolov8n", "3x64x64"),
    ("wavenet", None),
)


def text_of(graph):
    return str(written(graph, 1).content)


@pytest.mark.parametrize(("net", "shape"), HELD)
def test_a_program_gives_what_the_net_gives(net, shape):
    assert programs.differences(load(net, Options(input=shape, train=True)), batch=1) == []


@pytest.mark.parametrize(
    "net", ["convnext_tiny", "maxvit_t", "mvit_v1_b", "mvit_v2_s", "swin3d_t", "swin_t", "swin_v2_t", "vit_b_16"]
)
def test_a_program_holds_torchvisions_tensors(net):
    """Names and shapes, so that a checkpoint loads strictly; numbers that are no module's and whole ones too."""
    lines = (ROOT / "tests" / "data" / "torchvision" / f"{net}.txt").read_text(encoding="utf-8").splitlines()
    with torch.device("meta"):
        made = programs.main_class(programs.run(text_of(load(net, Options()))))()
    found = {f"{name} {'x'.join(map(str, shape))}" for name, shape in programs.learned(made).items()}
    assert found == set(lines)


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # whose copy we count
def test_random_nets_run_as_programs():
    held = 0
    for number in range(60):
        net = network(Random(f"programs/{number}"))
        try:
            graph = load_text(net.text, "random.yaml", Options(train=net.train))
            lines = programs.differences(graph, dtype=torch.float64)
        except CnncalcError:
            continue  # no net, or one that is refused by name
        held += 1
        assert lines == [], net.text
    assert held > 50


@pytest.mark.parametrize("rank", range(5))
def test_whole_channels_are_dropped_on_any_number_of_axes(rank):
    """Of a vector its features one by one; torch's Dropout3d would drop whole images where there are four axes."""
    shape = (64, *(2,) * rank)
    net = chain("x".join(map(str, shape)) if rank < 4 else "1024", [f"reshape {'x'.join(map(str, shape))}",
                "dropout 0.5 channels"], Options())  # fmt: skip
    made = programs.main_class(programs.run(text_of(net)))().train()
    for module in (made, to_torch(net).train()):
        out = module(torch.ones(2, *shape).reshape(2, *net.nodes[0].shape)).reshape(2, 64, -1)
        assert [len(channel.unique()) for image in out for channel in image] == [1] * 128
        assert {*out.flatten().tolist()} == {0.0, 2.0}


@pytest.mark.parametrize("layers", [["conv 4 k3", "batchnorm", "relu"], ["maxpool k3 s2 ceil", "conv 6 k2 same"]])
def test_a_program_reads_back_as_the_net(layers):
    assert programs.back(chain("3x12x12", layers, Options())) == []


@pytest.mark.parametrize("layer", ["attention 2 nobias names=qkv", "attention 2 names=qkv axis=last shared=1"])
def test_attention_whose_matrix_is_called_otherwise(layer):
    assert programs.differences(chain("8x8", [layer], Options())) == []


@pytest.mark.parametrize("pool", ["maxpool k2 s2 d2 same", "maxpool k1 s3 d3 same", "avgpool k3 s2 same"])
def test_pools_that_round_up_do_so_in_a_program_too(pool):
    assert programs.differences(chain("3x8", [f"{pool} ceil"], Options(dialect="onnx"))) == []


REPEATED = {
    "a chain": ("conv 4 k1, relu, {repeat: 6, layers: [conv 4 k3 p1, relu]}, conv 2 k1", 1),
    "blocks": ("conv 4 k1, {repeat: 4, layers: [{add: [[conv 4 k3 p1, relu, conv 4 k3 p1], []]}]}", 1),
    "what goes round is needed behind": (
        "conv 4 k1, {add: [[{repeat: 4, layers: [conv 4 k3 p1, batchnorm, relu]}, conv 4 k1], []]}", 1
    ),
    "what stands still": (
        "{conv: 3 k1, name: a}, {repeat: 4, layers: [conv 3 k3 p1, {add: , from: [previous, a]}]}", 1
    ),
    "two loops": (
        "{repeat: 5, layers: [conv 3 k3 p1, relu]}, maxpool k2, {repeat: 5, layers: [conv 3 k1, tanh]}", 2
    ),
    "a round that is taken elsewhere": (
        ("{repeat: 5, layers: [conv 3 k3 p1, relu]}, {conv: 3 k1, name: b}, {repeat: 5, layers: [conv 3 k3 p1, relu]}, "
        "{concat: , from: [previous, b, relu2]}"), 1
    ),
    "other numbers": ("conv 4 k1, conv 5 k1, conv 6 k1, conv 7 k1, conv 8 k1, conv 9 k1", 0),
    "names that do not count": (("{conv: 3 k1, name: a1}, {conv: 3 k1, name: a2}, {conv: 3 k1, name: a4}, "
                                "{conv: 3 k1, name: a5}, {conv: 3 k1, name: a07}"), 0),
}  # fmt: skip


@pytest.mark.parametrize(("layers", "loops"), REPEATED.values(), ids=REPEATED)
def test_a_repeat_is_a_loop(layers, loops):
    """Where it saves lines; names, shapes and numbers are those of the net."""
    graph = load_text(f"input: 3x8x8\nlayers: [{layers}]", "net.yaml", Options())
    assert text_of(graph).count("        for i in range(") == 2 * loops
    assert programs.differences(graph) == []


def test_groups_that_repeat_more_or_less_are_one_class():
    unit = "blocks: {unit: {with: {c: required, n: required}, layers: [{repeat: $n, layers: [conv $c k3 p1, relu]}]}}"
    graph = load_text(f"input: 3x8x8\n{unit}\nlayers: [{{unit: 3 5, name: a}}, conv 4 k1, {{unit: 4 9, name: b}}]",
                      "net.yaml", Options())  # fmt: skip
    assert text_of(graph).count("class Unit") == 1
    assert programs.differences(graph) == []


WRITTEN_OUT = (
    "input: 3x5x9x8\nlayers: [convlstm 4 k3 p1, relu, convlstm 6 k3 s2 p1 final]",
    "input: 3x5x12\nlayers: [convlstm 4 k5 p2 nobias, convlstm 2 k1]",
    "input: 3x4x9x9\nlayers: [convlstm 4 k3x5 p2x4 s2x1 d2]",
    "input: 3x9x8\nlayers: [{conv: 18 k3 p1, name: offsets}, {deform_conv: 8 k3 p1, from: [input, offsets]}]",
    (
        "input: 4x9x8\nlayers: [{conv: 36 k3 p1 s2, name: offsets}, {conv: 18 k3 p1 s2, from: input, name: mask}, "
        "{deform_conv: 8 k3 p1 s2 g2 nobias, from: [input, offsets, mask]}]"
    ),
    (
        "input: 4x12x11\nlayers: [{conv: 18 k3 d2 p1 s2x1, name: offsets}, "
        "{deform_conv: 8 k3 d2 p1 s2x1, from: [input, offsets]}]"
    ),
    "input: 6x20\nlayers: [gru 8 biases=1, lstm 5 biases=1 bidirectional layers=2, rnn 4 biases=1 final]",
    "input: 6x20\ndialect: keras\nlayers: [lstm 5, gru 4]",
    "input: 4x9x8\nlayers: [blur k4 p1, blur k3 s2 p1 reflect each, blur k4 up=2 p1, blur k4 up=2x1 p0:1]",
    "input: 4x9x8\nlayers: [blur k4 same, blur k3 s2 same circular]",
    "input: 2x4x4\nlayers: [{add: [[{instancenorm: , name: b}], [elu]]}, {crop: , from: [previous, b]}]",
    "input: 4x9\nlayers: [blur k3 p1:2, conv 3 k1, blur k4 up=3]",
    *(
        "input: 4x9x8\nlayers: [{tanh: , name: x}, global_avgpool flat, linear 4, "
        f"{{modulated_conv: {fields}, from: [x, previous]}}]"
        for fields in ("5 k3 p1", "3 k1 nodemodulate", "5 k3 up=2", "6 k3 up=2 weights nobias", "5 k3 s2 weights")
    ),
)


@pytest.mark.parametrize("text", WRITTEN_OUT)
def test_what_torch_has_no_module_for_is_written_out(text):
    assert programs.differences(load_text(text, "net.yaml", Options()), dtype=torch.float64) == []


TAKEN_IN_TURN = (
    "{linear: 4, from: right, name: a}, {linear: 5, from: left, name: b}, {concat: {from: [a, b]}}",
    "{subtract: , from: [right, left]}",
    "{name: g, from: right, layers: [linear 7, relu]}, {linear: 7, from: left}, {subtract: , from: [g, previous]}",
)


@pytest.mark.parametrize("layers", TAKEN_IN_TURN)
def test_inputs_are_those_that_are_declared_whichever_is_taken_first(layers):
    net = load_text(f"inputs: {{left: 7, right: 7}}\nlayers: [{layers}]", "net.yaml", Options())
    assert "def forward(self, left: Tensor, right: Tensor)" in text_of(net)
    assert programs.differences(net) == []


TOLD_APART = (
    "input: 4x10\nlayers: [{maxpool: k2 s2, name: a}, {maxunpool: k2 size=10, pool: a}, conv 2 k1]",
    "input: 2\nlayers: [parameter 2 alone nolearned, multiply 2, linear 3]",
    "input: 4\nlayers: [{parameter: 2 concat first nolearned, name: a.0}, {share: a.0}, linear 3]",
    "input: 4\nlayers: [{parameter: 3x2 nobatch, name: a}, distances 1 2, reshape 4, {add: {from: [previous, input]}}]",
)


@pytest.mark.parametrize("text", TOLD_APART)
def test_what_torch_tells_otherwise_reads_back(text):
    """Maps for signals, buffers that are each sample's, buffers that several layers take."""
    assert programs.back(load_text(text, "net.yaml", Options())) == []


def test_every_kind_has_a_rule():
    for kind in KINDS:
        assert RULES[kind]
    assert RULES.keys() == KINDS.keys()


def test_names_that_torch_has_are_known():
    from torch import nn

    own = {name for one in (nn.Module, nn.ModuleDict, nn.Sequential) for name in dir(one()) if name[0] != "_"}
    assert own - RESERVED == set()


@pytest.mark.parametrize("net", SHOWN)
def test_the_programs_of_the_docs(net):
    text = text_of(load(net, Options()))
    assert f"```python\n{text}```" in PAGE
    assert len(text.splitlines()) <= SHOWN[net]


@pytest.mark.skipif(shutil.which("ruff", path=str(Path(sys.executable).parent)) is None, reason="ruff is not there")
def test_programs_are_as_ruff_wants_them(tmp_path):
    for net, shape in HELD:
        (tmp_path / f"{net}.py").write_text(text_of(load(net, Options(input=shape, train=True))), encoding="utf-8")
    ruff = str(Path(sys.executable).parent / "ruff")
    for number, text in enumerate(WRITTEN_OUT):
        (tmp_path / f"{number}.py").write_text(text_of(load_text(text, "net.yaml", Options())), encoding="utf-8")
    rules = ["--extend-select", "I,UP,B,SIM"]
    for command in (["check", "--isolated", "--no-cache", *rules], ["format", "--isolated", "--no-cache", "--check"]):
        done = subprocess.run([ruff, *command, str(tmp_path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_nothing_of_torch_is_loaded():
    script = "import sys, cnncalc; cnncalc.load('resnet50').export(to='torch'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_one_class_stands_for_groups_that_leave_a_step_out():
    tree = ast.parse(text_of(load("resnet50", Options())))
    assert [one.name for one in tree.body if isinstance(one, ast.ClassDef)] == ["Bottleneck", "Layer", "ResNet50"]


def test_shared_layers_are_one_module():
    text = "input: 4x8x8\nlayers: [{conv: 4 k3 p1, name: a}, {share: a, name: b}, {share: a, trainable: false}]"
    graph = load_text(text, "net.yaml", Options())
    made = programs.main_class(programs.run(text_of(graph)))()
    assert made.a is made.b
    assert sum(one.numel() for one in made.parameters()) == 4 * 4 * 9 + 4


def test_a_layer_that_is_called_again_has_its_owners_name_alone():
    text = "input: 4x8x8\nlayers: [{name: g, layers: [{conv: 4 k3 p1, name: a}, relu, {share: a}]}, {share: g.a}]"
    graph = load_text(text, "net.yaml", Options())
    made = programs.main_class(programs.run(text_of(graph)))()
    assert [*made.state_dict()] == ["g.a.weight", "g.a.bias", "conv1.weight", "conv1.bias"]
    assert [*to_torch(graph).state_dict()] == [*made.state_dict()]
    assert programs.differences(graph) == []


def test_what_shares_no_parameters_follows_the_net_into_inference():
    text = "input: 8\nlayers: [{droppath: 0.9, name: a}, {share: a}, {dropout: 0.9, name: b}, {share: b}]"
    module = to_torch(load_text(text, "net.yaml", Options())).eval()
    x = torch.ones(5, 8)
    assert module(x).equal(x)


def test_what_is_frozen_is_said_of_the_largest_groups():
    graph = load("resnet18", Options(freeze=("layer1.*", "conv1")))
    assert re.findall(r"(\S+)\.requires_grad_\(False\)", text_of(graph)) == ["self.conv1", "self.layer1"]


def test_side_branches_run_in_training_alone():
    made = programs.main_class(programs.run(text_of(load("googlenet", Options(input="3x96x96", train=True)))))()
    x = torch.randn(2, 3, 96, 96)
    assert set(made(x)) == {"fc", "aux1.fc2", "aux2.fc2"}
    assert made.eval()(x).shape == (2, 1000)


HOSTILE = (
    'name: \'""" + print(1) + """\'\nsource: "\\\\N{BULLET} \\"\\"\\" \\\\"',
    "name: Tensor",
    "name: nn",
    "name: import",
    "name: 日本",
)


@pytest.mark.parametrize("head", HOSTILE)
def test_what_a_file_says_is_no_code(head, capsys):
    text = (
        f"{head}\ninput: 3x8x8\nlayers: [{{conv: 4 k1, name: in}}, {{conv: 4 k1, name: 3-x}}, {{relu: , name: train}}]"
    )
    graph = load_text(text, "net.yaml", Options())
    assert programs.differences(graph) == []
    assert capsys.readouterr().out == ""


def test_a_name_that_torch_has_is_changed_and_that_is_said(tmp_path):
    (tmp_path / "net.yaml").write_text("input: 3x8x8\nlayers: [{conv: 4 k1, name: type}]")
    done = runner().invoke(program, ["export", str(tmp_path / "net.yaml"), "-o", str(tmp_path / "net.py")])
    assert done.exit_code == 0
    assert "note: `type` is called `type_` in Python" in done.stderr
    assert "self.type_ = nn.Conv2d(3, 4, 1)" in (tmp_path / "net.py").read_text()


REFUSED = (
    (["-o", "there.py"], "`there.py` is there already"),
    (["-o", "net.xyz"], "the suffix of `net.xyz` does not say what to write"),
    (["--to", "pytorch"], "there is no form `pytorch`"),
    (["--to", "torch", "--input", "3xHxW"], "lengths are numbers here"),
    (["--to", "torch", "-o", "net.onnx"], "`net.onnx` is named as an ONNX model, and `--to torch` writes another form"),
    (["--to", "torch", "-o", "net.yml"], "`net.yml` is named as a net in YAML"),
    (["--to", "caffe", "-o", "net.py"], "`net.py` is named as what `--to torch` writes"),
    (["--to", "torch", "--opset", "20"], "torch has no `--opset`"),
)


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_refusals(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("there.py").write_text("kept")
    done = runner().invoke(program, ["export", "alexnet", *arguments])
    assert done.exit_code != 0
    assert message in done.stderr
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("there.py", "kept")]


def test_what_cannot_be_said_is_told_all_at_once():
    text = "input: 4x8\nlayers: [{opaque: 4x8}, {gru: 3 biases=1}, {opaque: 4x8, name: odd}]"
    with pytest.raises(CnncalcError) as caught:
        written(load_text(text, "net.yaml", Options()), 1)
    assert [one.message for one in caught.value.faults].count("PyTorch has no such `opaque`") == 2
    assert all(one.help for one in caught.value.faults)


def test_from_python(tmp_path):
    net = load("lenet5")
    path = tmp_path / "net.py"
    assert net.export(path).content == path.read_text() == net.export(to="torch").content
    with pytest.raises(CnncalcError, match="is there already"):
        net.export(path)
    assert net.export(path, force=True).notes == ()
    with pytest.raises(CnncalcError, match="cannot be written"):
        net.export(tmp_path / "nowhere" / "net.py")


def test_every_name_of_a_module_is_changed():
    made = (torch.nn.Module(), torch.nn.Sequential(), torch.nn.ModuleList(), torch.nn.ModuleDict())
    names = {name for module in made for name in (*dir(module), *vars(module)) if not name.startswith("__")}
    assert names - RESERVED == set()


@pytest.mark.parametrize("name", ["__init__", "__class__", "_modules", "_call_impl", "__own", "___", "__dict__"])
@pytest.mark.parametrize("group", [True, False])
def test_names_that_python_has_are_changed(name, group):
    item = f"{{name: {name}, layers: [conv 4 k1, relu]}}" if group else f"{{conv: 4 k1, name: {name}}}"
    graph = load_text(f"input: 3x8x8\nlayers: [{item}, {{conv: 5 k1, name: _conv}}]", "net.yaml", Options())
    assert programs.differences(graph) == []
    assert any(note.startswith(f"`{name}` is called") for note in written(graph, 1).notes)
    assert "self._conv = " in text_of(graph)


@pytest.mark.parametrize("border", ["p1 reflect", "p1:0 circular", "p2 replicate", "p1 weight", "p1 spectral"])
@pytest.mark.parametrize("kind", ["conv: 4 k3", "dwconv: k3"])
def test_borders_and_what_makes_the_weight_are_said(kind, border):
    assert programs.differences(load_text(f"input: 4x6x7\nlayers: [{{{kind} {border}}}]", "net.yaml", Options())) == []


@pytest.mark.parametrize("layers", ["[fractional_maxpool k2 size=4]", "[{fractional_maxpool: k2x3 size=3x4, name: a}]"])
def test_a_fractional_pool_is_said(layers):
    assert programs.differences(load_text(f"input: 4x8x9\nlayers: {layers}", "net.yaml", Options())) == []


def test_what_some_blocks_lack_takes_the_arguments_of_the_class():
    block = "add: [[conv $out k3 s$stride p1, conv $out k3 p1], [{conv: $out k1 s$stride, when: stride > 1}]]"
    text = (
        f"input: 16x8x8\nblocks: {{residual: {{with: {{out: required, stride: 1}}, layers: [{{{block}}}]}}}}\n"
        "layers: [residual 16, residual 32 stride=2, residual 64 stride=2, residual 64]"
    )
    made = text_of(load_text(text, "net.yaml", Options()))
    assert "nn.Conv2d(c_in, c_out, 1, stride)" in made
    assert "stride=2) if" not in made


def test_the_work_to_write_grows_as_the_net():
    def calls(layers: int) -> int:
        branches = ", ".join(f"conv {1 + n % 5} k1" for n in range(layers))
        graph = load_text(f"input: 8x8x8\nlayers: [{{concat: [{branches}]}}]", "net.yaml", Options())
        profile = cProfile.Profile()
        profile.runcall(written, graph, 1)
        return sum(one.callcount for one in profile.getstats())

    calls(10)  # what is done once
    assert calls(600) < 2.5 * calls(300)


VARIED = [
    ("resnet18", {"classes": 10}),
    ("vit_b_16", {"depth": 2, "classes": 7}),
    ("vit_b_16", {"width": 96, "depth": 1}),
    ("mobilenet_v2", {"classes": 5}),
    ("efficientnet_b0", {"classes": 3}),
    ("unet", {"classes": 4}),
]


@pytest.mark.parametrize(("net", "values"), VARIED, ids=str)
def test_variables_are_arguments(net, values):
    """The class for other values is the program of the net that `--set` makes of them."""
    made = programs.main_class(programs.run(text_of(load(net, Options()))))
    wanted = load(net, Options(variables={name: str(value) for name, value in values.items()}))
    with torch.device("meta"):
        found = programs.learned(made(**values))
    assert found == {one.name: one.shape for one in stored_in(wanted).values()}


def test_a_variable_of_which_more_than_numbers_follow_is_no_argument():
    graph = load_text(
        "variables: {n: 3, c: 8}\ninput: 3x8\nlayers: [conv $c k$n p1, {conv: 8 k1, when: n > 4}]", "n", Options()
    )
    assert "def __init__(self, c: int = 8):" in text_of(graph)
    again = load_text("variables: {c: 8, d: 8}\ninput: 3x8\nlayers: [conv $(c * d) k3 p1]", "n", Options())
    assert "def __init__(self) -> None:" not in text_of(again)  # 8 * c and 8 * d cannot both be told
    net = Net(input="3x8")
    net.add("conv 4 k3")
    assert "def __init__(self) -> None:" in text_of(net)


@pytest.mark.parametrize(
    "name",
    ["self", "nn", "torch", "Tensor", "F", "math", "__class__", "__size", "super", "int", "Net", "Stage", "stem"],
)
def test_variables_that_are_called_as_what_the_code_names(name):
    """An argument `nn` hid torch's own; it is a number where its name means something else in the class."""
    text = (
        f"variables: {{{name}: 4}}\ninput: 3x8x8\nlayers: [{{name: stem, layers: [conv ${name} k3, relu]}}, conv 5 k1]"
    )
    made = programs.main_class(programs.run(text_of(load_text(f"name: Net\n{text}", "net.yaml", Options()))))()
    assert sum(one.numel() for one in made.parameters()) == 3 * 4 * 9 + 4 + 4 * 5 + 5


def test_a_program_is_the_same_each_time():
    """The classes are in the order of the groups, whatever the addresses of objects are."""
    command = "from cnncalc import load; print(load('efficientnet_b0').export(to='torch').content)"
    texts = {subprocess.run([sys.executable, "-c", command], capture_output=True, check=True).stdout for _ in range(3)}
    assert len(texts) == 1
