"""Nets as files of Caffe and Darknet: what is written reads back as the same net; what cannot be said is told."""

from __future__ import annotations

from random import Random

import pytest
from command_line import runner
from reading import read

from cnncalc import Options, chain, load, report
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.interchange.writers import writer_for
from cnncalc.language import load_text
from cnncalc.layers import show_shape

FILES = {"caffe": "net.prototxt", "darknet": "net.cfg"}
SAID = {
    "caffe": ("alexnet", "vgg11_bn", "googlenet", "resnet18", "mobilenet_v2", "densenet121", "squeezenet1_0",
              "shufflenet_v2_x0_5", "seresnet50", "unet", "lenet5"),
    "darknet": ("alexnet", "vgg11_bn", "resnet18", "mobilenet_v2", "squeezenet1_0", "seresnet50", "darknet53"),
}  # fmt: skip


def back(graph, form, batch=1):
    """The net, written and read again."""
    return read(writer_for(None, form).write(graph, batch).content, FILES[form])


@pytest.mark.parametrize(("form", "net"), [(form, net) for form, nets in SAID.items() for net in nets])
def test_a_bundled_net_comes_back(form, net):
    graph = load(net, Options())
    totals, found = report(graph).totals, back(graph, form)
    # Caffe's batch norm has one more buffer, the factor of its sums
    assert (found.params, found.macs) == (totals.params, totals.macs)
    wanted = [show_shape(graph.nodes[tensor].shape) for tensor in graph.outputs.values()]
    assert [shape.removesuffix("x1x1") for shape in found.outputs.values()] == wanted


def layers_of(random: Random) -> list[str]:
    """A random chain of layers that both formats have."""
    made = []
    for _ in range(random.randint(1, 6)):
        k, s, p = random.choice((1, 2, 3, 5)), random.choice((1, 1, 2)), random.choice((0, 0, 1))
        made.append(
            random.choice(
                (
                    f"conv {random.choice((2, 4, 6))} k{k} s{s} p{p}",
                    f"conv 4 k{k} p{p} nobias",
                    f"dwconv k{k} p{p}",
                    f"conv 4 k3 d2 p{2 * p}",
                    f"maxpool k{k} s{s}",
                    f"avgpool k{k} s{s}",
                    "relu",
                    "leaky_relu 0.1",
                    "dropout 0.3",
                    "identity",
                )
            )
        )
        if "nobias" in made[-1]:
            made.append("batchnorm")
    return made + random.choice(([], ["flatten", "linear 3"], ["global_avgpool", "flatten", "linear 3", "softmax"]))


@pytest.mark.parametrize("form", FILES)
def test_random_chains_come_back(form):
    said = 0
    for seed in range(120):
        try:
            graph = chain("4x17x20", layers_of(Random(seed)), Options())
        except CnncalcError:
            continue  # a kernel that does not fit
        try:
            found = back(graph, form)
        except CnncalcError as error:
            told = [fault.message for fault in error.faults]
        else:
            totals, told = report(graph).totals, []
            said += 1
            assert (found.params, found.macs) == (totals.params, totals.macs), seed
        assert all("has no such" in message or message == "the net has no layers" for message in told), told
    assert said > 40


def test_layers_share_their_parameters_in_caffe():
    text = "input: 4x8x8\nlayers: [{conv: 4 k3 p1, name: a}, relu, {conv: 4 k3 p1, share: a}]\n"
    assert back(read(text, "net.yaml").graph, "caffe").params == 4 * 4 * 9 + 4


@pytest.mark.parametrize(
    ("form", "layers", "output"),
    [
        ("caffe", ["conv 4 k3", "multiply 0.5", "add 3", "power 2", "abs", "clip 0 1", "relu6"], "4x6x6"),
        ("caffe", ["upsample 2"], "4x16x16"),
        ("caffe", ["upsample size=15x15 mode=bilinear align_corners"], "4x15x15"),
        ("caffe", ["channel_shuffle 2", "slice 1:3", "permute 1x2x0"], "8x8x2"),
        ("caffe", ["linear 5 axis=last", "reshape 8x20", "softmax axis=1"], "8x20"),
        ("darknet", ["local 3 k3", "relu", "upsample 2", "space_to_depth 2"], "12x6x6"),
        ("darknet", ["conv 4 k1", "slice 2:4", "maxpool k3 s2 ceil", "lrn"], "2x4x4"),
    ],
)
def test_layers_come_back_with_their_shapes(form, layers, output):
    assert list(back(chain("4x8x8", layers, Options()), form).outputs.values()) == [output]


def test_layers_of_one_line_that_a_form_has_not_are_one_fault(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 4x8x8\nlayers: [{repeat: 12, layers: [conv 4 k3 p1, gelu]}, gelu]\n")
    with pytest.raises(CnncalcError) as raised:
        back(load(str(file), Options()), "caffe")
    assert [(fault.layer, fault.values) for fault in raised.value.faults] == [
        ("gelu1", "Caffe has no error function (12 layers)"),
        ("gelu13", "Caffe has no error function"),
    ]


@pytest.mark.parametrize(
    ("form", "layers", "told"),
    [
        ("caffe", ["gelu"], "Caffe has no error function"),
        ("caffe", ["conv 4 k2 same"], "Caffe pads both sides of an axis alike"),
        ("caffe", ["maxpool k3 d2"], "has no dilation"),
        ("darknet", ["conv 4 k3 nobias"], "a section without a batch norm has a bias"),
        ("caffe", ["conv 4 k3 p1 circular"], "Caffe pads with zeros only"),
        ("darknet", ["conv 4 k3 p1 reflect", "batchnorm"], "Darknet pads with zeros only"),
        ("darknet", ["conv 4 k1x3"], "a kernel of Darknet is the same along both axes"),
        ("darknet", ["gelu"], "Darknet has no such activation"),
        ("darknet", ["elu 0.5"], "Darknet has no such activation"),
        ("darknet", ["layernorm", "gelu", "mean 1"], "the norms of Darknet are batch norms and LRN"),
    ],
)
def test_what_a_format_cannot_say_is_told(form, layers, told):
    with pytest.raises(CnncalcError) as raised:
        back(chain("4x8x8", layers, Options()), form)
    assert told in str(raised.value)


def run(*arguments):
    return runner().invoke(program, list(map(str, arguments)))


@pytest.mark.parametrize("name", ["net_keras.py", "net.json", "net.py"])
def test_no_program_is_written_over(tmp_path, name):
    file = tmp_path / name
    file.write_text("mine", encoding="utf-8")
    done = run("export", "lenet5", "-o", file)
    assert (done.exit_code, file.read_text(encoding="utf-8")) == (2, "mine")
    assert "is there already" in done.stderr
    assert run("export", "lenet5", "-o", file, "--force").exit_code == 0
    assert file.read_text(encoding="utf-8") != "mine"


def test_the_command_writes_once(tmp_path):
    file = tmp_path / "net.prototxt"
    assert run("export", "lenet5", "-o", file).exit_code == 0
    assert 'type: "Convolution"' in file.read_text(encoding="utf-8")
    again = run("export", "lenet5", "-o", file)
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    assert run("export", "vgg11", "-o", file, "--force").exit_code == 0
    assert "num_output: 512" in file.read_text(encoding="utf-8")
    assert run("export", "vgg11", "--to", "caffe", "-o", "/dev/null").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-o", "net.foo"], "does not say what to write"),
        ([], "nothing says what to write"),
        (["--to", "cafe"], "did you mean `caffe`?"),
    ],
)
def test_a_form_has_to_be_known(arguments, told):
    done = run("export", "lenet5", *arguments)
    assert done.exit_code == 2
    assert told in done.stderr


def test_the_batch_and_the_input_are_those_asked_for():
    done = run("export", "resnet18", "--to", "caffe", "--batch", "8", "--input", "3x256x256")
    assert "shape { dim: 8 dim: 3 dim: 256 dim: 256 }" in done.stdout


@pytest.mark.parametrize(
    ("layers", "others", "never"),
    [
        ("[conv 4 k3, batchnorm, local 4 k3]", ["torch", "darknet"], ["keras"]),
        ("[conv 4 k3, layernorm, gelu]", ["torch"], ["darknet"]),
        ("[conv 4 k3 p1 circular, gelu]", ["torch"], ["darknet", "keras", "keras-json"]),
        ("[{opaque: 4x9x9}]", [], ["torch", "darknet", "keras"]),  # ONNX where it is known only with its package
    ],
)
def test_only_forms_that_can_say_the_net_are_proposed(layers, others, never, tmp_path):
    (tmp_path / "net.yaml").write_text(f"input: 3x9x9\nlayers: {layers}\n")
    told = run("export", tmp_path / "net.yaml", "--to", "caffe").stderr
    for form in others:
        assert f"`--to {form}`" in told
    for form in never:
        assert f"`--to {form}`" not in told


def test_a_net_of_two_inputs_is_refused_by_darknet(tmp_path):
    (tmp_path / "net.yaml").write_text("inputs: {a: 3x9x9, b: 3x9x9}\nlayers: [{add: {from: [a, b]}}, relu]\n")
    done = run("export", tmp_path / "net.yaml", "--to", "darknet")
    assert done.exit_code == 2
    assert "a net of Darknet has one input" in done.stderr


def test_darknet_hands_an_input_on_that_several_take():
    graph = load_text("input: 4x9x9\nlayers: [{add: [[conv 4 k3 p1], []]}, slice 2:4]", "net", options=Options())
    made = str(writer_for(None, "darknet").write(graph, 1).content)
    assert [line for line in made.splitlines() if line.startswith("[")] == [
        "[net]", "[activation]", "[convolutional]", "[shortcut]", "[route]",
    ]  # fmt: skip
