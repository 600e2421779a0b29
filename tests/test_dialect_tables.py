"""What frameworks make of single layers, kept as tables; each holds the dialect of its name.

A real Caffe (BVLC 9b891540, by benchmarks/caffe), flax 0.12.8, mlx 0.32.4, tinygrad 0.14.0, MindSpore 2.10.0, ncnn
1.0.20261020, Keras 3.15.1, Paddle 3.3.1, onnxruntime 1.32.0 (by benchmarks/dialects). What of a dialect is not as in
torch is taken away, one thing at a time, and its table tells.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cnncalc.analysis.costs import report
from cnncalc.arithmetic.windows.formulas import Rounding
from cnncalc.errors import CnncalcError
from cnncalc.graph import broken_requirement
from cnncalc.language import load_text
from cnncalc.language.options import Options
from cnncalc.layers import dialects, registry
from cnncalc.layers.base import count, show_shape
from cnncalc.layers.dialects import DIALECTS, Dialect, Named
from cnncalc.notation.lines import TokenError, parse

TABLES = Path(__file__).parent / "data" / "dialects"
ROWS = {
    "caffe": 1_500, "flax": 200, "mlx": 400, "tinygrad": 400, "mindspore": 400, "ncnn": 200, "keras": 221,
    "paddle": 215, "onnx": 209, "onnx-17": 45, "onnx-20": 43,
}  # fmt: skip
SETTLED = (
    "the kernel does not fit its input",  # the error says what the framework makes of it
    "the padding removes the whole output",  # a map without a pixel there
    "a batch norm takes a vector, or a map with 1 to 3 spatial axes",
    "flax 0.12 pads the spread input beyond the kernel's reach",
    "mlx 0.32 takes a padding beyond the kernel's reach off the input",
)
"""Where a framework goes on and we do not, for reasons that the errors give, or torch's bound on axes."""
APART = {
    ("tinygrad", "groups must divide the channels"),  # it divides all numbers of a sample: a channel may lie in two
    ("paddle", "a pool's padding may be at most less than the kernel"),  # windows of what is no number
    ("onnx", "the inputs of `multiply` have different numbers of axes"),  # the batch would meet a channel
    ("ncnn", "ncnn has no `same` padding for a transposed convolution"),  # nothing is cut off there
    ("ncnn", "ncnn has no `same_lower` padding for a transposed convolution"),
}
"""By dialect: rules by which we refuse what goes on there."""
KNOWN = {
    ("ncnn", "avgpool k3 s3 ceil"): "a kernel wider than the map gives two windows there",
    ("ncnn", "prelu shared"): "a tensor has four axes at most there",
}
"""Rows that the framework says otherwise."""


@cache
def rows(dialect):
    """The inputs, the layer, what comes out and how many numbers it has."""
    lines = [line.split("\t") for line in (TABLES / f"{dialect}.tsv").read_text(encoding="utf-8").splitlines()]
    return [(tuple(tuple(map(int, x.split("x"))) for x in inputs.split()), *rest) for inputs, *rest in lines]


def ours(dialect, text, shapes):
    """What we say in a row's words, and which rule is broken."""
    try:
        layer = parse(text, dialect).layer
    except TokenError as error:
        return ("refused", "0"), str(error)
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
        if found != (output, found[1] if numbers == "?" else numbers):
            known = rule in SETTLED or (dialect, rule) in APART or (dialect, text) in KNOWN
            settled += known
            wrong += [] if known else [(shapes, text, found, (output, numbers))]
    return wrong, settled


BY_NAME = {
    "caffe": (
        (((3, 4, 4),), "BatchNorm", "3x4x4", "7"), (((3, 4, 4),), "Scale", "3x4x4", "6"),
        (((3, 4, 4),), "PReLU", "3x4x4", "3"), (((3, 8, 8),), "Pooling k3", "3x6x6", "0"),
        (((3, 4, 4), (3, 4, 4)), "Eltwise", "3x4x4", "0"), (((3, 4, 4),), "Split", "3x4x4", "0"),
    ),
    "keras": ((((4, 6),), "Attention 2", "refused", "0"), (((4, 6),), "RNN 8", "refused", "0")),
    "onnx": ((((4, 6),), "Attention 2", "refused", "0"), (((4, 6),), "Mean 1", "refused", "0")),
    "flax": ((((64, 4, 4),), "GroupNorm", "64x4x4", "128"), (((64, 4, 4),), "max_pool 2", "64x3x3", "0")),
    "mindspore": (
        (((3, 4, 4),), "MaxPool2d", "3x4x4", "0"), (((3, 4, 4),), "AvgPool2d", "3x4x4", "0"),
        (((3, 4, 4),), "Conv2d 5 k3", "5x4x4", "135"),
    ),
}  # fmt: skip
"""Rows by a framework's own names, which say less than a kind does."""


@pytest.mark.parametrize("dialect", ROWS)
def test_the_dialect_is_the_framework_s(dialect):
    assert len(rows(dialect)) == ROWS[dialect]
    wrong, settled = differing(dialect)
    assert wrong == []
    assert settled < 20


def departures(dialect):
    """Each thing in which a dialect is not as unless told, and the dialect without it; of an opset by the newest."""
    own = DIALECTS[dialect]
    usual = DIALECTS["onnx"] if dialect.startswith("onnx-") else Dialect("")
    for name in Dialect._fields[1:]:
        value, plain = getattr(own, name), getattr(usual, name)
        if value == plain or name in WORDS:
            continue
        if not isinstance(value, dict):
            yield name, own._replace(**{name: plain})
            continue
        for key, one in value.items():
            rest: dict[str, Any] = {name: {other: said for other, said in value.items() if other != key}}
            yield f"{name} {key}", own._replace(**rest)
            for field in one if name == "defaults" and len(one) > 1 else ():
                less = {**value, key: {other: said for other, said in one.items() if other != field}}
                yield f"{name} {key} {field}", own._replace(defaults=less)


WORDS = ("runs", "truncates", "overpads", "unsaid")
"""What errors say."""
UNSHOWN = {"eps": 0, "slope": 0, "count_include_pad": 0, "initial": 0}
"""Fields that no shape and no count shows: `test_numbers_that_no_shape_shows`."""
UNSEEN = {
    ("caffe", "ranks global_avgpool"), ("caffe", "ranks global_maxpool"), ("caffe", "ranks spp"),  # Pooling
    ("caffe", "one_pixel_norms"), ("caffe", "ranks lppool"),  # it has neither
    ("flax", "transposed_groups"), ("flax", "output_padding_below"), ("mlx", "transposed_groups"),  # no such word
    ("keras", "names AveragePooling"),  # Keras 2 had a size of 2, Keras 3 asks for one
    ("keras", "ranks dwconv"), ("keras", "transposed_groups"),  # our writer says so itself
    ("keras", "names Softmax"), ("paddle", "names Softmax"), ("paddle", "names LogSoftmax"),  # an axis
    ("onnx", "names Softmax"), ("onnx", "names LogSoftmax"),
    ("onnx-17", "group_pairs"),  # it has no group norm at all
}  # fmt: skip
"""What no row of the framework can show, for these reasons."""


def told(dialect, name):
    """Whether a table can show it; what counts as a parameter stands in a table of its own."""
    what, *words = name.split()
    given = DIALECTS[dialect].defaults.get(words[0], {}) if what == "defaults" else {}
    shown = {*(words[1:] or given)} - {*UNSHOWN} if given else {name}
    return bool(shown) and what != "buffers_are_parameters" and (dialect, name) not in UNSEEN


PLANTED = [(dialect, name) for dialect in ROWS for name, _ in departures(dialect) if told(dialect, name)]
MORE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("caffe", {"names": {**DIALECTS["caffe"].names, "Scale": Named("layerscale", {})}}),
    ("caffe", {"ceil": Rounding.CEIL_UNCLIPPED}), ("caffe", {"pool_padding_limit": "none"}),
    ("mlx", {"pool_padding_limit": "kernel"}), ("mlx", {"output_padding_below": "stride"}),
    ("mlx", {"linear_takes": "flattens"}), ("mindspore", {"pool_padding_limit": "none"}),
    ("mindspore", {"transposed_same": "paddle"}), ("keras", {"transposed_same": "paddle"}),
    ("paddle", {"transposed_same": "keras"}), ("onnx", {"transposed_same": "keras"}),
    ("onnx", {"same_dilation": "ignored"}), ("ncnn", {"linear_takes": "channels"}),
)  # fmt: skip
"""Wrong values that are not torch's either."""


def forget():
    """What was read by other rules."""
    parse.cache_clear()
    registry._known.cache_clear()


@cache
def as_it_is(dialect):
    """The rows that differ with nothing planted."""
    forget()
    return differing(dialect)


def found_by_its_table(dialect, changed, monkeypatch):
    """Whether the rows tell that something is wrong."""
    before = as_it_is(dialect)
    monkeypatch.setitem(dialects.DIALECTS, dialect, changed)
    forget()
    after = differing(dialect)
    forget()
    return after != before


@pytest.mark.parametrize(("dialect", "name"), PLANTED, ids=lambda one: one.replace(" ", "_"))
def test_what_is_taken_away_is_found(dialect, name, monkeypatch):
    changed = dict(departures(dialect))[name]
    assert found_by_its_table(dialect, changed, monkeypatch)


@pytest.mark.parametrize(("dialect", "fault"), MORE)
def test_a_wrong_value_is_found(dialect, fault, monkeypatch):
    assert found_by_its_table(dialect, DIALECTS[dialect]._replace(**fault), monkeypatch)


PARAMETERS = {
    "torch": 12, "keras": 24, "caffe": 12, "paddle": 24, "ncnn": 24, "flax": 12, "mlx": 24, "tinygrad": 12,
    "mindspore": 24, "onnx": 12,
}  # fmt: skip
"""Of a batch norm of 6 channels, what each framework counts as parameters: with the running statistics or without."""


@pytest.mark.parametrize("dialect", PARAMETERS)
def test_what_counts_as_a_parameter(dialect):
    net = load_text(f"input: 6x5x5\ndialect: {dialect}\nlayers: [batchnorm]\n", "net", Options())
    assert report(net).totals.params == PARAMETERS[dialect]


NUMBERS = (
    ("keras", "batchnorm", "eps", 0.001), ("keras", "layernorm", "eps", 0.001), ("keras", "groupnorm 2", "eps", 0.001),
    ("keras", "leaky_relu", "slope", 0.3), ("keras", "avgpool 2", "count_include_pad", False),
    ("paddle", "avgpool 2", "count_include_pad", False), ("onnx", "avgpool 2", "count_include_pad", False),
    ("flax", "layernorm", "eps", 1e-6), ("flax", "groupnorm 2", "eps", 1e-6), ("flax", "instancenorm", "eps", 1e-6),
    ("mindspore", "layernorm", "eps", 1e-7), ("mindspore", "leaky_relu", "slope", 0.2),
    ("caffe", "Scale", "initial", 1.0),
)  # fmt: skip
"""By the signatures of Keras 3.15.1, Paddle 3.3.1, flax 0.12.8 and MindSpore 2.10.0, ONNX's text and caffe.proto."""


@pytest.mark.parametrize(("dialect", "text", "field", "value"), NUMBERS)
def test_numbers_that_no_shape_shows(dialect, text, field, value):
    assert getattr(parse(text, dialect).layer, field) == value


def test_every_such_number_stands_there():
    known = {(dialect, text.split()[0], field) for dialect, text, field, _ in NUMBERS}
    given = {
        (dialect, kind, field)
        for dialect in PARAMETERS
        for kind, fields in DIALECTS[dialect].defaults.items()
        for field in fields
        if field in UNSHOWN
    }
    assert given <= known


TORCH = (
    (((4, 8, 6),), "GLU", "4x8x3"), (((8, 4, 4),), "PixelShuffle 2", "2x8x8"),
    (((8, 4, 4),), "PixelUnshuffle 2", "32x2x2"),
)  # fmt: skip


@pytest.mark.parametrize("name", [None, *DIALECTS["torch"].names])
def test_torch_s_own_names(name, monkeypatch):
    """torch gives these, and without one of the names a row differs."""
    if name is not None:
        names = {other: one for other, one in DIALECTS["torch"].names.items() if other != name}
        monkeypatch.setitem(dialects.DIALECTS, "torch", DIALECTS["torch"]._replace(names=names))
    forget()
    given = [made_by_torch(text, shapes[0]) for shapes, text, _ in TORCH]
    assert given == [output for *_, output in TORCH]
    found = [ours("torch", text, shapes)[0][0] for shapes, text, _ in TORCH]
    volumes = [taken(f"input: 8x4x4x4\nlayers: [{text}]\n") for _, text, _ in TORCH[1:]]
    forget()
    assert ((found, volumes) == (given, [False, False])) == (name is None)


def taken(text):
    """Whether a net is one; torch's PixelShuffle acts on two axes alone."""
    try:
        load_text(text, "net", Options())
    except CnncalcError:
        return False
    return True


def made_by_torch(text, shape):
    """What a class of torch.nn makes of a sample."""
    torch = pytest.importorskip("torch")
    name, *words = text.split()
    return show_shape(tuple(getattr(torch.nn, name)(*map(int, words))(torch.zeros(2, *shape)).shape[1:]))
