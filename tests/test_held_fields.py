"""Receptive fields against torch: by light sent through nets, and by gradients. The whole library is a benchmark."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from held import channels_blurred, graph_of

from cnncalc import CnncalcError, Options, chain, load
from cnncalc.analysis.receptive.fields import fields
from cnncalc.analysis.receptive.sight import Sight
from cnncalc.arithmetic.windows.reach import Reach
from cnncalc.graph import forget
from cnncalc.layers.kinds.conv import ForwardConvolution
from cnncalc.layers.kinds.resize import Crop, Upsample
from cnncalc.torch_backend.fields.gradients import gradient_fields
from cnncalc.torch_backend.fields.receptive import held_fields


def wrong(found):
    return [(name, figure) for name, figures in found.items() for figure in figures if not figure.passed]


# every kind of trouble: permutations, slices of concats, odd sizes brought up, decoders, bins that differ, 1-D
NETS = (
    "alexnet", "cbam_resnet18", "convnext_v2_atto", "dcgan_generator", "deeplabv3_mobilenet_v3_large", "fsrcnn",
    "lenet5", "lenet5_original", "m3", "mobilenet_v3_small", "r3d_18", "resnet18", "shufflenet_g1", "squeezenet1_0",
)  # fmt: skip


@pytest.mark.parametrize("net", NETS)
def test_every_layer_of_a_bundled_net(net):
    found = held_fields(load(net, Options(train=True)))
    assert len(found) > 4
    assert wrong(found) == []


@pytest.mark.parametrize("net", ["lenet5", "resnet18", "mobilenet_v2", "resnet20_cifar", "m3"])
def test_gradients_of_the_last_maps(net):
    found = gradient_fields(load(net, Options()))
    assert found
    assert wrong(found) == []


STEPS = (
    "conv 6 k3 p1", "conv 4 k2 s2", "conv 6 k3 p2 dilation=2", "dwconv k3 s2 p1", "conv 6 k1x3", "maxpool k3 s2 ceil",
    "avgpool k2 s1 p1", "upsample 2", "upsample 2 mode=linear", "upsample size=7x9", "upsample size=11x5 mode=linear",
    "upsample size=9x9 mode=linear align_corners=true", "deconv 4 k3 s2 p1", "deconv 4 k2 s3", "adaptive_avgpool 5x3",
    "adaptive_maxpool 4x1", "pad 1:0x2:1", "crop p1:0x0:1", "permute 1x2x0", "permute 2x0x1", "permute 0x2x1",
    "permute 1x0x2", "linear 6 axis=last", "layernorm", "layernorm last", "layernorm all", "softmax",
    "channel_shuffle 2", "slice 0:2", "pixel_shuffle 2", "space_to_depth 2", "reshape 4x-1x8", "reshape 2x2x-1",
    "reshape 8x-1", "flatten", "instancenorm", "{concat: [conv 2 k3 p1, conv 2 k1]}", "{add: [global_avgpool, []]}",
    "{multiply: [[crop size=1x1], []]}", "{add: [[maxpool k2, upsample 2], []]}", "conv 4 k3 s2 same",
    "constant 3 concat", "parameter 2 concat first", "constant 4x1x8 concat axis=1", "parameter 4x8x2 concat axis=2",
)  # fmt: skip


@st.composite
def written(draw):
    """The input and the layers of a chain in which each layer takes what comes."""
    shape = draw(st.sampled_from(["4x8x8", "6x12x9", "2x16x10", "1x7x13"]))
    layers = []
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=8)):
        try:
            graph = chain(shape, [*layers, step], Options())
        except CnncalcError:
            continue
        if max(graph.nodes[-1].shape) < 300 and not channels_blurred(graph):
            layers.append(step)
    return shape, layers


@settings(max_examples=60, deadline=None)
@given(written())
def test_chains_of_all_that_moves_elements(net):
    shape, layers = net
    assert not layers or wrong(held_fields(chain(shape, layers, Options()))) == []


def test_what_an_upsample_makes_differ_is_told_pixel_by_pixel():
    net = "{input: 1x16, layers: [conv 1 k3 p1, upsample 2, {conv: 1 k2, name: last}]}"
    assert [figure.measured for figure in held_fields(graph_of(net))["last"]] == ["length 15 sees from 6, 15 sees to 9"]


def test_a_slice_of_a_concat_is_held_to_its_own_channels():
    layers = ["{concat: [conv 2 k3 p1, conv 3 k7 p3]}", "relu", "slice 0:2", "maxpool k2", "conv 4 k1"]
    found = held_fields(chain("2x16x16", layers, Options()))
    assert found["slice1"][0].measured == "height 8 sees from 7, 8 sees to 9"
    assert wrong(found) == []


@pytest.mark.parametrize("join", ["add", "multiply"])
def test_a_pixel_that_a_learned_tensor_spreads_is_seen_by_all(join):
    found = held_fields(chain("2x9x9", ["conv 2 k3", "maxpool k7", f"parameter 1x3x1 {join}"], Options()))
    assert found["parameter1"][0].measured == "height together sees from 0, together sees to 8"
    assert wrong(found) == []


def test_every_input_is_held():
    net = "{inputs: {a: 1x9x9, b: 1x9x9}, layers: [{from: a, name: c, conv: 1 k3 p1}, {add: , from: [c, b], name: d}]}"
    found = held_fields(graph_of(net))
    assert len(found["d"]) == 4
    assert found["c"][-1].measured == "width: nothing: this input does not reach it"
    assert wrong(found) == []


def shifted_by_one(reaches):
    def off(self, *x):
        return tuple(Reach(one.a, one.first, one.last + 1, one.c, one.step) for one in reaches(self, *x))

    return off


@pytest.mark.parametrize("kind", [ForwardConvolution, Crop, Upsample])
def test_a_planted_fault_is_found(monkeypatch, kind):
    layers = ["conv 2 k3 p1", "upsample 2", "crop 1", "conv 2 k3 s2"]
    assert wrong(held_fields(chain("2x16x16", layers, Options()))) == []
    monkeypatch.setattr(kind, "reaches", shifted_by_one(kind.reaches))
    forget()
    assert wrong(held_fields(chain("2x16x16", layers, Options())))
    assert wrong(gradient_fields(chain("2x16x16", layers, Options())))


def test_a_layer_said_to_see_the_whole_input_is_lit_by_its_first_and_its_last_row():
    graph = load("mobilenet_v3_small", Options())
    found = held_fields(graph)
    whole = [node.name for node, one in zip(graph.nodes, fields(graph)) if isinstance(one, Sight) and one.whole]
    held = [figure.measured for name in whole for figure in found.get(name, ())]
    assert len(held) > 50
    assert all(text.endswith("sees to 223") and "sees from 0" in text for text in held)
