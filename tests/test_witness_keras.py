"""`verify --with keras`: what Keras has of nets, and defaults of the dialect that are wrong, each found."""

from __future__ import annotations

from importlib.util import find_spec
from random import Random
from typing import Any

import pytest
import witnessed

from cnncalc.language import load, load_text
from cnncalc.language.options import Options
from cnncalc.layers import dialects
from cnncalc.layers.dialects.table import KERAS
from cnncalc.notation.lines import parse

# What Keras 3.15.1 (torch) gives, where no Keras is installed too: input, layer, output, parameters.
KEPT = (
    ("1x9", "dwconv 3 k1 s3 same d2", (3, 3), 6),
    ("4x4x8", "linear 2", (2, 4, 8), 10),
    ("6x5", "linear 2 axis=last", (2, 5), 14),
    ("4x8x8", "prelu", (4, 8, 8), 256),
    ("4x8x8", "prelu per_channel", (4, 8, 8), 4),
    ("4x6x5", "prelu shared_along=1", (4, 6, 5), 20),
    ("4x6x5", "PReLU shared_axes=1x3", (4, 6, 5), 5),
    ("4x6x5", "PReLU shared_axes=-1x-2", (4, 6, 5), 6),
    ("4x6x5", "PReLU shared_axes=1x2x3", (4, 6, 5), 1),
    ("4x3x6x5", "PReLU shared_axes=1x3", (4, 3, 6, 5), 24),
    ("3x5x5", "deconv 2 k2 s3", (2, 15, 15), 26),
    ("3x5x5", "deconv 2 k3 s2 same", (2, 10, 10), 56),
    ("3x5x5", "deconv 2 k3 s2 same output_padding=0", (2, 9, 9), 56),
    ("3x7x7", "maxpool k3 s2 same", (3, 4, 4), 0),
    ("6x5x5", "batchnorm", (6, 5, 5), 24),
    ("6x5x5", "instancenorm affine", (6, 5, 5), 12),
    ("8x100", "conv 16 k2 d8 causal", (16, 100), 272),
)
REFUSED = (
    ("3x7", "deconv 1 k2 s3 same d3"),
    ("3x7", "conv 1 k2 s3 d3"),
    ("4x6", "deconv 4 k4 s1 same output_padding=1"),
    ("4x8x8", "deconv 4 k2 g2"),
    ("2x6x6x5", "dwconv k3"),
)


def shape_of(text):
    return tuple(map(int, text.split("x")))


def net(shape, layer):
    return load_text(f"input: {shape}\ndialect: keras\nlayers: [{layer}]\n", "net", Options())


@pytest.mark.parametrize(("shape", "layer", "output", "parameters"), KEPT)
def test_what_keras_gave(shape, layer, output, parameters):
    node = net(shape, layer).nodes[-1]
    held = [*node.layer.weight_shapes(shape_of(shape)).values(), *node.layer.buffer_shapes(shape_of(shape)).values()]
    numbers = 0
    for one in held:
        size = 1
        for n in one:
            size *= n
        numbers += size
    assert (node.shape, numbers) == (output, parameters)


@pytest.fixture
def keras():
    """Keras, which the witness imports with a backend that is there."""
    if find_spec("keras") is None:
        pytest.skip("Keras is an extra: pip install 'cnncalc[keras]'")


def failed(graph):
    return witnessed.failed("keras", graph)


@pytest.mark.parametrize(("shape", "layer", "output", "parameters"), KEPT)
def test_the_kept_layers_are_keras_s(keras, shape, layer, output, parameters):
    assert failed(net(shape, layer)) == []


@pytest.mark.parametrize(("shape", "layer"), REFUSED)
def test_both_refuse(shape, layer):
    from cnncalc.graph import broken_requirement

    assert broken_requirement(parse(layer, "keras").layer, (shape_of(shape),)) is not None


@pytest.mark.parametrize(("shape", "layer"), REFUSED[:3])
def test_keras_says_so(keras, shape, layer):
    from cnncalc.witnesses.keras import lone

    assert isinstance(lone(parse(layer, "keras").layer, (shape_of(shape),)), str)


@pytest.mark.parametrize(
    ("shape", "layers"),
    [
        ("4x5x8", "dwconv k2 s3 same reflect"),  # a mirrored border without a pixel
        ("2x2x5", "conv 7 k1x1 same reflect"),
        ("4x5x5", "pad 0 reflect"),
        ("4x5", "{attention: 1 out=3, trainable: false}"),  # frozen as it is made
    ],
)
def test_what_random_nets_found(keras, shape, layers):
    assert failed(net(shape, layers)) == []


COMPOSED = (
    ("8x8x8", "attention 2 w4 shift=2 relative"),
    ("8x8x8", "attention 4 w4x2 shift=1x1 relative nobias"),
    ("8x8x8", "attention 2 w4 grid relative"),
    ("8x8x8", "attention 2 w4 shift=2 cosine continuous=16"),
    ("8x4x4x6", "attention 2 w2 shift=1 relative"),
    ("12x8", "attention 2 axis=last scaled=all nobias"),
    ("8x12", "attention 2 noproject"),
    ("8x6x6", "constant 4x6x6 concat"),
    ("8x6", "constant 8x6 multiply"),
)
"""Layers that Keras has not, put together of its own."""


@pytest.mark.parametrize(("shape", "layer"), COMPOSED)
def test_what_is_composed_has_the_same_numbers(keras, shape, layer):
    assert failed(load_text(f"input: {shape}\nlayers: [{layer}]\n", "net", Options())) == []


@pytest.mark.parametrize("name", ["lenet5", "squeezenet1_1", "m3", "fsrcnn", "dcgan_generator"])
def test_bundled_nets(keras, name):
    assert failed(load(name, Options())) == []


def short_run(nets=40):
    """How many random nets differ."""
    from networks import network

    from cnncalc.errors import CnncalcError

    differing = 0
    for index in range(nets):
        try:
            differing += bool(failed(load_text(network(Random(f"keras/{index}"), "keras").text, "net", Options())))
        except CnncalcError:
            continue  # Keras has not all of it
    return differing


def test_random_networks(keras):
    assert short_run() == 0


PLANTED: dict[str, dict[str, Any]] = {
    "PReLU has one slope": {"defaults": {**KERAS.defaults, "prelu": {"slopes": "shared"}}},
    "an unpadded transposed convolution is torch's": {"transposed_fills_stride": ""},
    "`same` of one is Paddle's": {"transposed_same": "paddle"},
    "a dense layer takes a vector as it is": {"linear_takes": "flattens"},
    "a pool's stride is 1": {"pool_stride_is_kernel": False},
    "merges are by the last axes": {"merges": "ranks alike"},
    "a stride goes with a dilation": {"one_of_stride_and_dilation": ()},
}
NETS = {
    "merges are by the last axes": ("4x4x8", "{multiply: [[], [global_avgpool flat]]}"),
    "PReLU has one slope": ("4x7x7", "PReLU"),
    "a stride goes with a dilation": ("3x9", "conv 2 k3 d2 s2"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(keras, fault, monkeypatch):
    from cnncalc.errors import CnncalcError

    monkeypatch.setitem(dialects.DIALECTS, "keras", KERAS._replace(**PLANTED[fault]))
    found = False
    for shape, layer, *_ in (*KEPT, ("3x9x9", "maxpool k2"), NETS.get(fault, KEPT[0])):
        text = layer if layer.startswith("{") else f"'{layer}'"
        try:
            found |= bool(failed(load_text(f"input: {shape}\ndialect: keras\nlayers: [{text}]\n", "net", Options())))
        except CnncalcError:  # refused by us, and Keras takes it
            found = True
    assert found
