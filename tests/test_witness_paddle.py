"""`verify --with paddle`: what Paddle has of nets, and defaults of the dialect that are wrong, each found."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
import witnessed

from cnncalc.arithmetic.windows.formulas import Rounding
from cnncalc.errors import CnncalcError
from cnncalc.language import load, load_text
from cnncalc.language.options import Options
from cnncalc.layers import dialects
from cnncalc.layers.dialects.table import PADDLE

# What Paddle 3.3.1 gives, where no Paddle is installed too: input, layer, output, parameters.
KEPT = (
    ("4x8", "maxpool k1 s3 same ceil", (4, 4), 0),
    ("2x11x11", "maxpool k2 s4 same ceil", (2, 4, 4), 0),
    ("3x32x32", "maxpool k1 s2 ceil", (3, 17, 17), 0),
    ("3x9", "deconv 1 k3 s3 same d2", (1, 27), 10),
    ("2x13x13", "deconv 2 k3 d2 same", (2, 13, 13), 38),
    ("3x8x8", "conv 2 k3 d2 same", (2, 8, 8), 56),
    ("6x8x8", "instancenorm", (6, 8, 8), 12),
    ("8x1", "instancenorm", (8, 1), 16),
    ("6x5x5", "batchnorm", (6, 5, 5), 24),
    ("6x5x5", "prelu", (6, 5, 5), 1),
    ("3x9x9", "avgpool k2", (3, 4, 4), 0),
)


def net(shape, layer):
    return load_text(f"input: {shape}\ndialect: paddle\nlayers: ['{layer}']\n", "net", Options())


@pytest.mark.parametrize(("shape", "layer", "output", "parameters"), KEPT)
def test_what_paddle_gave(shape, layer, output, parameters):
    node = net(shape, layer).nodes[-1]
    x = tuple(map(int, shape.split("x")))
    held = [*node.layer.weight_shapes(x).values(), *node.layer.buffer_shapes(x).values()]
    assert (node.shape, sum(map(prod, held))) == (output, parameters)


def test_errors_say_what_paddle_does():
    for shape, layer in (("2x10", "maxpool k1 p2"), ("3x2", "avgpool k4")):
        with pytest.raises(CnncalcError) as error:
            net(shape, layer)
        assert "Paddle" in str(error.value)


@pytest.fixture
def paddle():
    """Paddle, which warns of much when it is imported."""
    pytest.importorskip("paddle", reason="Paddle is an extra: pip install 'cnncalc[paddle]'")


def failed(graph):
    return witnessed.failed("paddle", graph)


@pytest.mark.parametrize(("shape", "layer", "output", "parameters"), KEPT)
def test_the_kept_layers_are_paddle_s(paddle, shape, layer, output, parameters):
    assert failed(net(shape, layer)) == []


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "resnet18"])
def test_bundled_nets(paddle, name):
    assert failed(load(name, Options())) == []


def test_shared_and_frozen_layers(paddle):
    items = ["{conv: 4 k3 p1, name: a}", "{crop: size=4x4, name: c}", "pad 2", "{share: c}"]
    items += ["{conv: 4 k3 p1, share: a}", "{linear: 2 axis=last, trainable: false}"]
    text = "input: 4x8x8\ndialect: paddle\nlayers:\n" + "".join(f"- {one}\n" for one in items)
    assert failed(load_text(text, "net", Options())) == []


SEQUENCES = (
    ("12x20", "attention 4"),
    ("8x6", "attention 2 axis=last nobias project_bias=false"),
    ("8x5x7", "attention 2 key=3 value=5 out=9 shared=1"),
    ("8x8x8", "attention 2 w4 shift=2 relative"),
    ("8x8x8", "attention 2 w4 grid cosine continuous=16"),
    ("8x12", "attention 2 causal noproject"),
    ("6x11", "lstm 5 layers=2 bidirectional"),
    ("6x11", "lstm 5 projection=3"),
    ("6x11", "gru 5 return=final bidirectional"),
    ("11x6", "rnn 5 nonlinearity=relu axis=last"),
    ("6x5x7", "layernorm"),
    ("6x5x7", "rmsnorm"),
    ("6x5", "rmsnorm over=last"),
    ("6x5x7", "layerscale bias"),
    ("6x5x7", "grn"),
    ("6x5", "parameter 6x1 concat axis=1 first"),
    ("6x5", "parameter 6x1 multiply learned=false"),
    ("6x5", "constant 6x5 add"),
    ("6x5", "positional"),
    ("9", "embedding 50 6"),
    ("1x4x3", "embedding 50 6 axis=last"),
    ("6x5x7", "softmax axis=-1"),
    ("6x5x7", "reduce mean 1x2"),
    ("6x5x7", "reduce l2 0 keep"),
    ("6x5x7", "select -1 axis=1"),
    ("6x1x7", "expand 6x4x-1"),
    ("6x5x7", "argmax 0"),
    ("15x6", "distances 8 4"),
    ("6x5x7", "topk 2 axis=-1"),
)


@pytest.mark.parametrize(("shape", "layer"), SEQUENCES)
def test_sequences_and_learned_tensors(paddle, shape, layer):
    assert failed(net(shape, layer)) == []


@pytest.mark.parametrize(
    ("shape", "layer"), [("4x9", "conv 3 k3 p2:0"), ("4x9", "conv 3 k3 d4 causal"), ("4x5x6", "pad 0 channels=0:3")]
)
def test_borders_that_a_layer_of_paddle_has_not(paddle, shape, layer):
    """They are laid before."""
    assert failed(load_text(f"input: {shape}\nlayers: ['{layer}']\n", "net", Options())) == []


@pytest.mark.parametrize("layer", ["{matmul: transposed, from: [a, b]}", "{einsum: 'ab,cb->ac', from: [a, b]}"])
def test_products(paddle, layer):
    text = f"inputs: {{a: 6x5, b: 7x5}}\ndialect: paddle\nlayers: [{layer}]\n"
    assert failed(load_text(text, "net", Options())) == []


@pytest.mark.parametrize(
    ("shape", "layer", "why"),
    [
        ("6x11", "lstm 5 biases=1", "two vectors of biases"),
        ("6x11", "gru 5 nobias", "without biases end"),
        ("6x5", "positional sine", "fixed sines"),
        ("9", "embedding 50 6 bias", "no bias"),
        ("6x5", "opaque 4", "no layer of Paddle"),
    ],
)
def test_what_paddle_has_not_is_named(paddle, shape, layer, why):
    with pytest.raises(CnncalcError, match=why):
        failed(net(shape, layer))


PLANTED: dict[str, Any] = {
    "an instance norm learns nothing": ({"defaults": {}}, "6x9x9", "instancenorm eps=0.0001"),
    "ceil is torch's": ({"ceil": Rounding.CEIL}, "3x34x34", "maxpool k1 s4 p0 ceil"),
    "`same` keeps the dilation": ({"same_dilation": "kept"}, "3x10", "deconv 1 k3 s3 same d2"),
    "`same` of a transposed convolution is Keras's": ({"transposed_same": "keras"}, "3x10", "deconv 1 k4 s3 same"),
    "a pool's stride is 1": ({"pool_stride_is_kernel": False}, "3x10x10", "avgpool k2"),
    "`same` of a pool is TensorFlow's": ({"pool_same_pads_first": False}, "4x9", "maxpool k1 s5 same ceil"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(paddle, fault, monkeypatch):
    changes, shape, layer = PLANTED[fault]
    monkeypatch.setitem(dialects.DIALECTS, "paddle", PADDLE._replace(**changes))
    assert failed(net(shape, layer))
