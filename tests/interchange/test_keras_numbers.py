"""What Keras gives for a net that was written for it, with torch's parameters: what torch gives."""

from __future__ import annotations

import pytest

from cnncalc import chain
from cnncalc.language import load_text
from cnncalc.language.options import Options

pytest.importorskip("numpy")
pytest.importorskip("torch")
pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # of Keras itself

CASES = [
    ("3x8x8", "conv 4 k3 s2 p1 | batchnorm | relu | maxpool k3 s2 p1 | flatten | linear 5"),
    ("4x9x9", "dwconv 2 k3 p1 | prelu | groupnorm 2 | deconv 3 k3 s2 p1 output_padding=1"),
    ("6x12", "attention 2"),
    ("8x6x6", "attention 2 w3 relative"),
    ("8x6x6", "attention 2 w3 shift=1 relative nobias"),
    ("8x6x9", "attention 4 w3 shift=1x2 continuous=16 cosine"),
    ("8x6x6", "attention 2 w3 grid key=3 value=5 out=7"),
    ("6x4x8", "attention 2 w2 shift=1 axis=last relative"),
    ("8x4x4x4", "attention 2 w2 shift=1 relative"),
    ("8x10", "attention 4 shared=2 causal scaled=all"),
    ("8x10", "attention 2 noproject"),
    ("6x7", "lstm 4 layers=2 bidirectional"),
    ("6x7", "rnn 4 relu returns=final"),
    ("6x7", "gru 3 axis=last"),
    ("6x7", "rmsnorm"),
    ("15x5", "distances 8 4 | reshape 4x-1"),
    ("2x4x5", "upsample size=7x9"),
    ("4x3x5", "linear 6 axis=last | gelu | layernorm last | permute 1x2x0 | softmax axis=-1 | reshape 6x-1"),
    ("4x6x5", "layernorm last | slice 1:3 axis=1 | reduce mean axes=1 | permute 1x0 | linear 3 axis=last"),
    ("5x6", "positional | parameter 5x1 concat axis=1 first | constant 5x1 concat axis=1 | layerscale"),
    ("6x4x4", "lrn 5 | grn | channel_shuffle 3 | pixel_unshuffle 2 | instancenorm affine"),
]


@pytest.mark.parametrize(("shape", "layers"), CASES, ids=[layers for _, layers in CASES])
def test_keras_gives_what_torch_gives(shape, layers):
    from benchmarks.exports.on_keras import numbers

    assert numbers(chain(shape, *layers.split(" | "))) == []


def test_an_equation_of_tensors_that_are_turned_and_that_are_not():
    from benchmarks.exports.on_keras import numbers

    text = """
input: 3x4x6
layers:
  - {conv: 5 k1, name: a}
  - {linear: 6 axis=last, name: b}
  - {einsum: "chw,cvw->chv", from: [a, b]}
  - {einsum: "chv,chw->cvw", from: [b, einsum1], name: c}
"""
    assert numbers(load_text(text, "net", Options())) == []
