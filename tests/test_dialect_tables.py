"""What frameworks make of single layers, kept as tables; each holds the dialect of its name.

A real Caffe (BVLC 9b891540, by benchmarks/caffe), flax 0.12.8, mlx 0.32.4, tinygrad 0.14.0, MindSpore 2.10.0 (by
benchmarks/dialects).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cnncalc.arithmetic.windows.formulas import Rounding
from cnncalc.graph import broken_requirement
from cnncalc.layers import dialects
from cnncalc.layers.base import count, show_shape
from cnncalc.layers.dialects import DIALECTS, Named
from cnncalc.notation.lines import TokenError, parse

TABLES = Path(__file__).parent / "data" / "dialects"
ROWS = {"caffe": 1_500, "flax": 200, "mlx": 400, "tinygrad": 400, "mindspore": 400}
SETTLED = (
    "the kernel does not fit its input",  # the error says what the framework makes of it
    "the padding removes the whole output",  # a map without a pixel there
    "a batch norm takes a vector, or a map with 1 to 3 spatial axes",
    "flax pads the spread input of a transposed convolution by numbers, and cuts nothing off",
    "mlx 0.32 takes a padding beyond the kernel's reach off the input",
)
"""Where a framework goes on and we do not, for reasons that the errors give, or torch's bound on axes."""
GROUPS = {("tinygrad", "groups must divide the channels")}
"""tinygrad divides all numbers of a sample, so that a channel may lie in two groups."""


@cache
def rows(dialect):
    """The inputs, the layer, what comes out and how many numbers it has."""
    lines = [line.split("\t") for line in (TABLES / f"{dialect}.tsv").read_text(encoding="utf-8").splitlines()]
    return [(tuple(tuple(map(int, x.split("x"))) for x in inputs.split()), *rest) for inputs, *rest in lines]


def ours(dialect, text, shapes):
    """What we say in a row's words, and which rule is broken."""
    try:
        layer = parse(text, dialect).layer
    except TokenError:
        return ("not read", "0"), ""
    broken = broken_requirement(layer, shapes)
    if broken is not None:
        return ("refused", "0"), broken.rule
    numbers = count(layer.weight_shapes(*shapes)) + count(layer.buffer_shapes(*shapes))
    return (show_shape(layer.output_shape(*shapes)), str(numbers)), ""


def differing(dialect):
    """The rows that differ, and how many are settled."""
    settled, wrong = 0, []
    for shapes, text, output, numbers in (*rows(dialect), *BY_NAME.get(dialect, ())):
        found, rule = ours(dialect, text, shapes)
        if found != (output, numbers):
            known = rule in SETTLED or (dialect, rule) in GROUPS
            settled += known
            wrong += [] if known else [(shapes, text, found, (output, numbers))]
    return wrong, settled


BY_NAME = {
    "caffe": (
        (((3, 4, 4),), "BatchNorm", "3x4x4", "7"), (((3, 4, 4),), "Scale", "3x4x4", "6"),
        (((3, 4, 4),), "PReLU", "3x4x4", "3"),
    ),
    "flax": ((((64, 4, 4),), "GroupNorm", "64x4x4", "128"), (((64, 4, 4),), "max_pool 2", "64x3x3", "0")),
    "mindspore": ((((3, 4, 4),), "MaxPool2d", "3x4x4", "0"), (((3, 4, 4),), "Conv2d 5 k3", "5x4x4", "135")),
}  # fmt: skip
"""Rows by a framework's own names, which say less than a kind does."""


@pytest.mark.parametrize("dialect", ROWS)
def test_the_dialect_is_the_framework_s(dialect):
    assert len(rows(dialect)) == ROWS[dialect]
    wrong, settled = differing(dialect)
    assert wrong == []
    assert settled < 20


CAFFE, FLAX, MLX, TINYGRAD, MINDSPORE = (DIALECTS[name] for name in ROWS)
PLANTED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("caffe", {"defaults": {}}), ("caffe", {"names": {"Scale": CAFFE.names["Scale"]}}),
    ("caffe", {"names": {**CAFFE.names, "Scale": Named("layerscale", {})}}), ("caffe", {"ranks": {}}),
    ("caffe", {"pool_rounding": "floor"}), ("caffe", {"clip_needs_padding": False}),
    ("caffe", {"ceil": Rounding.CEIL_UNCLIPPED}), ("caffe", {"pool_stride_is_kernel": True}),
    ("caffe", {"pool_padding_limit": "half"}), ("caffe", {"pool_padding_limit": "none"}),
    ("caffe", {"statistics_have_factor": False}), ("caffe", {"linear_takes": "vectors"}),
    ("caffe", {"lrn_size_is_odd": False}), ("caffe", {"one_level_is_a_map": False}),
    ("caffe", {"pyramid_pads": False}), ("caffe", {"merges": "ranks alike"}),
    *(("flax", {"defaults": {kind: one for kind, one in FLAX.defaults.items() if kind != without}})
      for without in ("conv", "dwconv", "deconv", "instancenorm")),
    ("flax", {"names": {}}), ("flax", {"pool_stride_is_kernel": True}), ("flax", {"pool_padding_limit": "half"}),
    ("flax", {"transposed_fills_stride": False}),
    ("flax", {"linear_takes": "vectors"}), ("flax", {"one_pixel_norms": False}),
    ("mlx", {"ranks": {}}), ("mlx", {"pool_padding_limit": "kernel"}), ("mlx", {"volumes_in_groups": True}),
    ("mlx", {"output_padding_below": "stride"}), ("mlx", {"transposed_within": False}),
    ("mlx", {"linear_takes": "flattens"}), ("mlx", {"pool_stride_is_kernel": False}),
    ("tinygrad", {"defaults": {}}), ("tinygrad", {"pool_padding_limit": "half"}),
    ("tinygrad", {"output_padding_below": "stride or dilation"}), ("tinygrad", {"same_strides": True}),
    *(("mindspore", {"defaults": {kind: one for kind, one in MINDSPORE.defaults.items() if kind != without}})
      for without in ("conv", "dwconv", "deconv")),
    ("mindspore", {"names": {}}), ("mindspore", {"pool_stride_is_kernel": True}),
    ("mindspore", {"pool_padding_limit": "none"}), ("mindspore", {"transposed_same": "paddle"}),
    ("mindspore", {"transposed_fills_stride": False}), ("mindspore", {"pool_same_alone": False}),
)  # fmt: skip


@pytest.mark.parametrize(("dialect", "fault"), PLANTED)
def test_a_wrong_default_is_found(dialect, fault, monkeypatch):
    parse.cache_clear()
    monkeypatch.setitem(dialects.DIALECTS, dialect, DIALECTS[dialect]._replace(**fault))
    wrong, settled = differing(dialect)
    parse.cache_clear()
    assert wrong or settled >= 20
