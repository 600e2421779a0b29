"""A net that is built layer by layer in Python: what a file gives, the same faults, and forks by themselves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.analysis.costs import report
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.language import chain, load
from cnncalc.language.options import Options


def told(net):
    """All that a report is made of."""
    return (
        [(one.name, one.layer, one.inputs, one.shape, one.share, one.trainable) for one in net.nodes],
        net.inputs,
        net.outputs,
    )


def test_layers_take_the_last_tensor_or_those_that_are_named():
    net = cnncalc.Net(input="3x32x32")
    stem = net.add("conv 16 k3 p1", name="stem")
    one = net.add("relu")
    assert net.add("add", [stem, one]).shape == (16, 32, 32)
    both = net.add("concat", ["stem", one.index, "add1"])
    assert (both.shape, both.inputs, both.name) == ((48, 32, 32), (1, 2, 3), "concat1")
    assert net.outputs == {"concat1": 4}
    assert repr(net) == "<Net 'net': 4 layers>"
    assert report(net).totals.params == 3 * 16 * 9 + 16


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "densenet121", "unet", "mobilenet_v2", "inception_v3"])
def test_a_bundled_net_can_be_built_by_hand(name):
    whole = load(name, Options())
    net = Net(input={one: whole.nodes[index].shape for one, index in whole.inputs.items()})
    for _, node, layer in whole.layers():
        net.add(layer, [whole.nodes[one] for one in node.inputs], name=node.name, share=node.share)
    for one, index in whole.outputs.items():
        net.output(index, one)
    assert told(net) == told(whole)
    assert net.signatures == whole.signatures
    assert report(net).totals == report(whole).totals


def test_a_group_has_names_of_its_own_and_can_be_used_once_more():
    net = Net(input="3x8x8")
    net.add("conv 4 k3 p1", level=(head := net.group("head")))
    net.close(head, net.add("batchnorm", level=head).index)
    net.add("conv 3 k1")
    again = net.group("again", like="head")
    net.close(again, net.add("conv 4 k3 p1", level=again).index)
    assert [one.name for one in net.nodes] == ["input", "head.conv1", "head.batchnorm1", "conv1", "again.conv1"]
    assert net.groups == {"head": 2, "again": 4}
    assert [one.share for one in net.nodes] == [None, None, None, None, 1]
    assert report(net).totals.params == (3 * 4 * 9 + 4) + 2 * 4 + (4 * 3 + 3)


def test_a_group_has_a_name_that_is_free():
    net = Net(input="3x8x8")
    net.close(net.group("head"), 0)
    for name, message in (
        ("head", "the name `head` is taken"),
        ("input", "the name `input` is taken"),
        ("", "is no name"),
    ):
        with pytest.raises(CnncalcError, match=message):
            net.group(name)


WRONG = [
    ("3x8x8", ["conv 4 k9"]),
    ("3x8x8", ["conv 4 k3", "conv1d 4 k3"]),
    ("3x8x8", ["conv 4 k3 in=4"]),
    ("3x8x8", ["conv 4 k3 in=4 g=2"]),
    ("3x8x8", ["flatten", "maxpool 2"]),
    ("3x8x8", ["add"]),
    ("224x224x3", ["conv 4 k7", "conv 4 k7"]),
    ("3x8x8", ["conv 4 kk", "relu"]),
    ("3x8x8", ["conv 4 k3 stride=0 q3"]),
    ("3x8x8", ["cnov 4 k3"]),
    ("3x8x8", ["upsample 9999999999", "upsample 9999"]),
]


@pytest.mark.parametrize(("shape", "layers"), WRONG)
def test_faults_are_told_in_the_words_of_the_command_line(shape, layers):
    with pytest.raises(CnncalcError) as theirs:
        chain(shape, layers, Options())
    net = Net(input=shape)
    with pytest.raises(CnncalcError) as ours:
        list(map(net.add, layers))
    said = [(one.message, one.values, one.help) for one in ours.value.faults]
    assert said == [(one.message, one.values, one.help) for one in theirs.value.faults][: len(said)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"inputs": "stme"}, "there is no layer `stme` before this one"),
        ({"inputs": [7]}, "there is no layer `7` before this one"),
        ({"inputs": -1}, "there is no layer `-1` before this one"),
        ({"inputs": [0, 1]}, "`conv` takes 1 input, and it gets 2"),
        ({"inputs": []}, "`conv` takes 1 input, and it gets 0"),
        ({"name": "stem"}, "the name `stem` is taken"),
        ({"name": "a b"}, "`a b` is no name"),
        ({"name": ""}, "`` is no name"),
        ({"name": "a" * 1_500}, "a name of 1,500 characters is too long"),
        ({"share": "nothing"}, "there is no layer `nothing` before this one"),
        ({"share": "stem"}, "the parameters of `stem` do not fit"),
        ({"share": "input"}, "the parameters of `input` do not fit"),
        ({"inputs": Net(input="3x4x4").add("relu")}, "there is no layer `relu1` before this one"),
    ],
)
def test_what_cannot_be_added_changes_nothing(wrong, message):
    net = Net(input="3x8x8")
    net.add("conv 8 k3", name="stem")
    before, names = told(net), net.names.state()
    with pytest.raises(CnncalcError) as error:
        net.add("conv 8 k3", **wrong)
    assert error.value.faults[0].message == message
    assert (told(net), net.names.state()) == (before, names)
    assert net.add("conv 8 k3").name == "conv1"


@pytest.mark.parametrize("shape", ["3x0x8", "axb", "1x2x3x4x5", "", [3, 8.5], "3,8,8", {"left": "3x8"}, {"a": None}])
def test_inputs_are_shapes(shape):
    if shape == {"left": "3x8"}:
        assert Net(input=shape).inputs == {"left": 0}
    else:
        with pytest.raises(CnncalcError, match="an input's shape"):
            Net(input=shape)


def test_the_bound_on_layers_holds():
    net = Net(input="3x8x8", limits=Options().limits._replace(layers=2))
    net.add("relu")
    net.add("relu")
    with pytest.raises(CnncalcError, match="the net has more than 2 layers"):
        net.add("relu")
    assert len(net.nodes) == 3


def test_a_tensor_of_another_fork_is_none_of_this_one():
    net = Net(input="3x8x8")
    stem = net.add("conv 8 k3", name="stem")
    other = net.fork()
    theirs = other.add("conv 4 k1")
    net.add("conv 6 k1")
    with pytest.raises(CnncalcError, match="there is no layer `conv1` before this one"):
        net.add("relu", theirs)
    other.freeze("stem")
    assert other.add("relu", stem).inputs == (1,)


def test_what_is_frozen_in_a_fork_is_trained_in_the_other():
    net = Net(input="3x8x8")
    net.add("conv 8 k3", name="a.one")
    other = net.fork()
    other.freeze("a")
    assert [net.nodes[1].trainable, other.nodes[1].trainable] == [True, False]
    with pytest.raises(CnncalcError, match="matches no layer"):
        net.freeze("b")


def test_a_net_of_a_file_can_be_gone_on_with():
    net = cnncalc.load("lenet5")
    other = net.fork()
    net.add("softmax", name="probabilities")
    assert list(net.outputs) == ["probabilities"]
    for told in (net.report(), net.report(train=True), net.closed(input="1x28x28"), net.fork().report()):
        assert "probabilities" in str(told)
    assert list(other.outputs) == ["linear3"]
    assert str(other.report()) == str(cnncalc.load("lenet5").report())
    two = cnncalc.load("googlenet", train=True)
    assert [len(one.outputs) for one in (two, two.fork())] == [3, 3]


def test_a_symbolic_input_gives_closed_forms():
    net = Net(input="3xHxW")
    assert str(net.add("conv 8 k3 s2 p1").shape) == "(8, ⌈H/2⌉, ⌈W/2⌉)"


def test_what_fits_at_no_size_is_no_matter_of_a_larger_input():
    net = Net(input="3xHxW")
    net.add("adaptive_avgpool 2")
    with pytest.raises(CnncalcError, match="the kernel does not fit its input") as error:
        net.add("conv 4 k3")
    assert "larger" not in str(error.value)
    net = Net(input="3xHxW")
    thin = net.add("maxpool 3")
    with pytest.raises(CnncalcError, match="the inputs of `add` do not match") as error:
        net.add("add", ["input", net.add("conv 4 k1", thin)])
    assert error.value.faults[0].help == "change the layer, or what comes before it"


def test_another_size_is_another_net():
    net = Net(input="3x9x9")
    net.add("conv 4 k3")
    net.add("maxpool 2")
    net.output("maxpool1", "end")
    assert net.resized({0: (3, 17, 11)}).nodes[2].shape == (4, 7, 4)
    assert net.resized({0: (3, 3, 11)}) is None
    assert (net.nodes[2].shape, net.resized({0: (3, 9, 9)}).outputs) == ((4, 3, 3), {"end": 2})


LAYERS = ["conv 4 k3 p1", "conv 4 k1", "relu", "conv 4 k99", "batchnorm", "maxpool 2 s1", "add", "conv 4 q"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([*LAYERS, "fork"])), max_size=30))
def test_forks_keep_to_themselves(steps):
    nets, texts = [Net(input="4x12x12")], [[]]
    for number, text in steps:
        which = number % len(nets)
        if text == "fork":
            nets.append(nets[which].fork())
            texts.append([*texts[which]])
            continue
        inputs = nets[which].nodes[-2:] if text == "add" else None
        try:
            nets[which].add(text, inputs)
        except CnncalcError:
            continue
        texts[which].append(text)
    for net, layers in zip(nets, texts):
        alone = Net(input="4x12x12")
        for text in layers:
            alone.add(text, alone.nodes[-2:] if text == "add" else None)
        assert told(net) == told(alone)
        assert net.names.state() == alone.names.state()
        assert [net.signatures[node.signature] for _, node, _ in net.layers()] == [
            (layer, net.input_shapes(node)) for _, node, layer in net.layers()
        ]
