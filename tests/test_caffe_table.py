"""What a real Caffe (BVLC 9b891540, by benchmarks/caffe) makes of 1,500 layers of its dialect, kept as a table."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cnncalc.graph import broken_requirement
from cnncalc.layers import dialects
from cnncalc.layers.base import count, show_shape
from cnncalc.layers.dialects import CAFFE, Named
from cnncalc.notation.lines import parse

TABLE = Path(__file__).parent / "data" / "caffe.tsv"
SETTLED = ("the kernel does not fit its input", "a batch norm takes a vector, or a map with 1 to 3 spatial axes")
"""Where Caffe goes on and we do not: the first error says what it does there, the second is torch's bound on axes."""


@cache
def rows():
    """Input shapes, the layer, what comes out and how many numbers it has."""
    lines = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]
    return [(tuple(tuple(map(int, x.split("x"))) for x in inputs.split()), *rest) for inputs, *rest in lines]


def ours(text, shapes):
    """What we say in a row's words, and which rule is broken."""
    layer = parse(text, "caffe").layer
    broken = broken_requirement(layer, shapes)
    if broken is not None:
        return ("refused", "0"), broken.rule
    numbers = count(layer.weight_shapes(*shapes)) + count(layer.buffer_shapes(*shapes))
    return (show_shape(layer.output_shape(*shapes)), str(numbers)), ""


def differing():
    """The first row that differs, and how many are settled."""
    settled = 0
    for shapes, text, output, numbers in rows():
        found, rule = ours(text, shapes)
        if found != (output, numbers):
            if rule not in SETTLED:
                return (shapes, text, found, (output, numbers)), settled
            settled += 1
    return None, settled


def test_the_dialect_is_caffe():
    assert len(rows()) == 1_500
    wrong, settled = differing()
    assert wrong is None
    assert settled < 15


PLANTED: dict[str, dict[str, Any]] = {
    "PReLU has one slope": {"defaults": {}},
    "BatchNorm learns": {"names": {"Scale": CAFFE.names["Scale"]}},
    "Scale has no shift": {"names": {**CAFFE.names, "Scale": Named("layerscale", {})}},
    "pools have any number of axes": {"ranks": {}},
    "pools round down": {"pool_rounding": "floor"},
    "the last window is always clipped": {"clip_needs_padding": False},
    "ceil never clips": {"ceil": dialects.Rounding.CEIL_UNCLIPPED},
    "pools step by their kernel": {"pool_stride_is_kernel": True},
    "pools are padded by half their kernel": {"pool_padding_limit": "half"},
    "pools are padded as one likes": {"pool_padding_limit": "none"},
    "batch norm keeps two blobs": {"statistics_have_factor": False},
    "a linear layer takes vectors": {"linear_takes": "vectors"},
    "an instance norm takes no pixel alone": {"one_pixel_norms": False},
    "norms of an even size": {"lrn_size_is_odd": False},
    "a pyramid of one level is a vector": {"one_level_is_a_map": False},
    "a pyramid takes any map": {"pyramid_pads": False},
    "merges spread axes": {"merges": "ranks alike"},
}
BY_NAME = (("3x4x4", "BatchNorm", "3x4x4", "7"), ("3x4x4", "Scale", "3x4x4", "6"), ("3x4x4", "PReLU", "3x4x4", "3"))
"""Rows by Caffe's own class names."""
OTHERWISE = {"an instance norm takes no pixel alone"}
"""What Caffe has no layer of; its MVN is none."""


def by_name():
    return [text for x, text, *said in BY_NAME if ours(text, (tuple(map(int, x.split("x"))),))[0] != tuple(said)]


def test_caffe_s_own_names():
    assert by_name() == []


@pytest.mark.parametrize("fault", PLANTED.keys() - OTHERWISE)
def test_a_wrong_default_is_found(fault, monkeypatch):
    parse.cache_clear()
    monkeypatch.setitem(dialects.DIALECTS, "caffe", CAFFE._replace(**PLANTED[fault]))
    wrong, settled = differing()
    assert wrong is not None or settled > 15 or by_name()
    parse.cache_clear()
