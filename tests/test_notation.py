"""The notation of layers: read and written, against the long form, token by token, and its mistakes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc.language.yaml.reader import plain_value, read
from cnncalc.layers import KINDS
from cnncalc.layers.base import REQUIRED
from cnncalc.layers.fields import Border, Choice, Flag, PerAxis, Real, Span, Whole, Wholes, Word
from cnncalc.layers.kinds.algebra.contractions import Equation
from cnncalc.notation.lines import Parsed, TokenError, make, parse, split_tokens, write

COUNTS = st.integers(1, 10**6) | st.integers(1, 9)
PAIRS = st.tuples(st.integers(0, 9), st.integers(0, 9))


def per_axis(element):
    return st.lists(element, min_size=1, max_size=3)


def values_of(type_):
    """Values of a field as YAML would hold them, in every form."""
    if isinstance(type_, Whole):
        return st.integers(type_.minimum, 10**6)
    if isinstance(type_, PerAxis):
        one = st.integers(type_.minimum, 99)
        return one | per_axis(one) | per_axis(one).map(lambda numbers: "x".join(map(str, numbers)))
    if isinstance(type_, Border):
        sides = st.integers(0, 9) | PAIRS.map(list) | PAIRS.map(lambda pair: f"{pair[0]}:{pair[1]}")
        forms = st.integers(0, 9) | per_axis(sides)
        return forms | st.sampled_from(["same", "same_lower", "valid"]) if type_.automatic else forms
    if isinstance(type_, Flag):
        return st.booleans()
    if isinstance(type_, Choice):
        return st.sampled_from(type_.choices)
    if isinstance(type_, Word):
        return st.sampled_from(["Custom", "a.b:c", "é"])
    if isinstance(type_, Real):
        return st.floats(type_.low, min(type_.high, 1e6)) | st.sampled_from([type_.low, 0.5, 1.0, 0.1])
    if isinstance(type_, Wholes):
        one = st.integers(max(type_.minimum, 0), 99)
        return st.lists(one, min_size=1, max_size=5) | st.lists(one, min_size=2, max_size=4).map(
            lambda numbers: "x".join(map(str, numbers))
        )
    if isinstance(type_, Equation):
        return st.sampled_from(["ij,jk->ik", "c,chw->hw", "abc,cd->db"])
    assert isinstance(type_, Span)
    spans = st.tuples(st.integers(0, 50), st.integers(1, 50)).map(lambda pair: (pair[0], pair[0] + pair[1]))
    return spans.map(list) | spans.map("{0[0]}:{0[1]}".format) | st.integers(0, 9).map("{}:".format)


@st.composite
def long_forms(draw, kind):
    """The fields of a layer as a mapping: the required ones, and some of the others."""
    chosen = {}
    for name, field in KINDS[kind].fields.items():
        if not field.hidden and (field.default is REQUIRED or draw(st.booleans())):
            chosen[name] = draw(values_of(field.type))
    return chosen


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(st.data())
def test_written_and_read_back(kind, data):
    layer = make(kind, data.draw(long_forms(kind))).layer
    assert parse(write(layer)).layer == layer
    assert write(parse(write(layer)).layer) == write(layer)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(st.data())
def test_the_long_form_in_yaml_is_the_same_layer(kind, data):
    fields = data.draw(long_forms(kind))
    text = json.dumps({kind: fields}, ensure_ascii=False)
    value = plain_value(read(text.replace('"true"', "true"), "net.yaml"))
    layer = make(kind, value[kind] or {}).layer
    assert layer == parse(write(layer)).layer == make(kind, fields).layer


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10)
@given(st.data())
def test_tokens_may_stand_in_any_order(kind, data):
    """Words, letters and `field=value`; bare numbers fill what is left, in their order."""
    layer = make(kind, data.draw(long_forms(kind))).layer
    head, *tokens = write(layer).split(" ")
    named = [token for token in tokens if not token[0].isdigit() and token[0] not in "-.:"]
    bare = [token for token in tokens if token not in named]
    shuffled = data.draw(st.permutations(named))
    if len(bare) <= 1:
        assert parse(" ".join([head, *shuffled, *bare])).layer == layer


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("conv 64 k7 s2 p3 nobias", "conv 64 k7 s2 p3 nobias"),
        ("Conv2d 64 kernel_size=7 stride=2 padding=3 bias=false", "conv 64 k7 s2 p3 nobias"),
        ("conv nobias p3 s2 k7 64", "conv 64 k7 s2 p3 nobias"),
        ("conv out=64 k=7 bias", "conv 64 k7"),
        ("conv 64 k1x7 p0x3", "conv 64 k1x7 p0x3"),
        ("conv 64 k3x3x3", "conv 64 k3x3x3"),
        ("conv 96 k11 s4 p2:1", "conv 96 k11 s4 p2:1"),
        ("conv 96 k11 p2:1x0:0", "conv 96 k11 p2:1x0"),
        ("conv 8 k3 same d2 g4", "conv 8 k3 same d2 g4"),
        ("conv 8 k3 padding=same_lower", "conv 8 k3 same_lower"),
        ("conv 8 k3 valid", "conv 8 k3"),
        ("maxpool 3 s2 ceil", "maxpool k3 s2 ceil"),
        ("maxpool k3 s2 floor", "maxpool k3 s2 floor"),
        ("MaxPooling2D pool_size=2 strides=1", "maxpool k2 s1"),
        ("avgpool k2 nocount_include_pad", "avgpool k2 nocount_include_pad"),
        ("lppool k2 norm=1.5", "lppool k2 norm=1.5"),
        ("linear 4_096", "linear 4096"),
        ("dropout", "dropout"),
        ("dropout .5", "dropout"),
        ("dropout 0.25 inplace", "dropout 0.25 inplace"),
        ("dropout 1", "dropout 1"),
        ("relu noinplace", "relu"),
        ("leaky_relu slope=0.2", "leaky_relu 0.2"),
        ("prelu per_channel", "prelu per_channel"),
        ("layernorm over=all nobias", "layernorm all nobias"),
        ("batchnorm eps=1e-3", "batchnorm eps=0.001"),
        ("groupnorm g32", "groupnorm g32"),
        ("groupnorm 32", "groupnorm g32"),
        ("reshape 256x-1x6", "reshape 256x-1x6"),
        ("permute 1x2x0", "permute 1x2x0"),
        ("pad 1:2x0", "pad p1:2x0"),
        ("crop size=388", "crop size=388"),
        ("slice 16:64", "slice 16:64"),
        ("slice :8", "slice 0:8"),
        ("slice 8:", "slice 8:"),
        ("upsample 2 bilinear", "upsample 2 bilinear"),
        ("upsample size=28x14", "upsample size=28x14"),
        ("spp 1x2x3x6 avg", "spp 1x2x3x6 avg"),
        ("deconv 8 k2 s2 output_padding=1x0", "deconv 8 k2 s2 output_padding=1x0"),
        ("gap flat", "global_avgpool flat"),
        ("dwconv k3", "dwconv k3"),
        ("dwconv 2 k3", "dwconv 2 k3"),
        ("add", "add"),
    ],
)
def test_every_kind_of_token(text, written):
    assert write(parse(text).layer) == written


def test_what_a_line_asserts():
    assert parse("conv 8 k3 in=64").channels == 64
    assert parse("Conv2d 8 k3").rank == 2
    assert parse("conv 8 k3") == Parsed(parse("conv 8 k3").layer, None, None)
    assert make("linear", {"out": 10, "in": 512}).channels == 512


def test_defaults_give_way_to_what_is_written():
    defaults = (("conv", (("bias", False), ("stride", (2,)))), ("linear", (("bias", True),)))
    assert write(parse("conv 8 k3", defaults=defaults).layer) == "conv 8 k3 s2 nobias"
    assert write(parse("conv 8 k3 s1 bias", defaults=defaults).layer) == "conv 8 k3"
    assert write(make("conv", {"out": 8, "kernel": 3, "bias": True}, defaults=defaults).layer) == "conv 8 k3 s2"


def test_a_dialect_is_no_field():
    assert parse("maxpool k2", "caffe").layer != parse("maxpool k2").layer
    assert write(parse("maxpool k2", "caffe").layer) == "maxpool k2"
    with pytest.raises(TokenError, match="has no field `dialect`"):
        parse("conv 8 k3 dialect=keras")


MISTAKES = [
    # text, then for each mistake: the marked characters, the message, a part of the help
    ("cnov 8 k3", ("cnov", "there is no kind or block `cnov`", "`conv`")),
    ("", ("", "a layer is missing", "`conv 64 k3 p1`")),
    ("conv 8 k3 nobais", ("nobais", "`conv` does not know `nobais`", "`nobias`")),
    ("conv 8 k3 pading=1", ("pading", "`conv` has no field `pading`", "`padding`")),
    ("conv 8 k3 x1", ("x1", "`conv` does not know `x1`", "`conv` takes <out> k<kernel>")),
    ("conv 8 3", ("3", "`conv` takes no further bare number", "a kernel is written `k3`")),
    ("relu 6", ("6", "`relu` takes no bare number", "inplace")),
    ("conv 8 k3 k5", ("k5", "`kernel` is given twice", "keep one")),
    ("conv 8 k3 same p1", ("p1", "`padding` is given twice", "keep one")),
    ("conv 8", ("conv 8", "`conv` needs `kernel`: filter size, pixels", "write `conv <out> k<kernel>`")),
    ("conv 8 k0", ("k0", "`kernel` of `conv`: expected a whole number ≥ 1, got 0", "")),
    ("conv 8 k-3", ("k-3", "`kernel` of `conv`: expected a whole number ≥ 1, got -3", "")),
    ("conv 8.5 k3", ("8.5", "`out` of `conv`: expected a whole number ≥ 1, got `8.5`", "$(round(…))")),
    ("conv 8 k3x", ("k3x", "`kernel` of `conv`: expected a whole number ≥ 1, got nothing", "")),
    ("conv 8 k1x2x3x4", ("k1x2x3x4", "`kernel` of `conv`: expected 1 to 3 numbers, one an axis, got 4", "")),
    ("conv 8 k3 p1:2:3", ("p1:2:3", "`padding` of `conv`: expected one number or before:after, got `1:2:3`", "")),
    ("conv 8 k3 bias=yes", ("bias=yes", "`bias` of `conv`: expected true or false, got `yes`", "write true or false")),
    ("conv 8 k3 in=0", ("in=0", "`in`: expected a whole number ≥ 1, got 0", "as in `in=64`")),
    ("conv ? k3", ("?", "`out` of `conv`: `?` stands for an unknown", "solve")),
    ("conv 8 k?1..7", ("k?1..7", "`kernel` of `conv`: `?` stands for an unknown", "solve")),
    ("dropout 2", ("2", "`rate` of `dropout`: expected a number from 0 to 1, got `2`", "")),
    ("dropout nan", ("nan", "`dropout` does not know `nan`", "`dropout` takes <rate>")),
    ("dropout rate=nan", ("rate=nan", "`rate` of `dropout`: expected a number from 0 to 1, got `nan`", "")),
    ("slice 4:4", ("4:4", "`channels` of `slice`: the span 4:4 is empty", "larger")),
    ("upsample 2 mode=neerest", ("mode=neerest", "`mode` of `upsample`: expected one of nearest", "`nearest`")),
    ("conv ١ k3", ("١", "`conv` does not know `١`", "`conv` takes")),
    ("conv 0x10 k3", ("0x10", "`out` of `conv`: expected a whole number ≥ 1, got `0x10`", "")),
    ("conv 10000000000000 k3", ("10000000000000", "`out` of `conv`: expected at most 1,000,000,000,000", "")),
    (
        "nn.Conv2d(3, 8, 3)",
        ("nn.Conv2d(3,", "there is no kind or block `nn.Conv2d(3,`", "write `conv 8 k3`"),
    ),
    ("add 3 x", ("x", "`add` does not know `x`", "its branches are a list")),
    # several in one line are all reported
    (
        "conv 0 k3 nobais s0",
        ("0", "`out` of `conv`: expected a whole number ≥ 1, got 0", ""),
        ("nobais", "`conv` does not know `nobais`", "`nobias`"),
        ("s0", "`stride` of `conv`: expected a whole number ≥ 1, got 0", ""),
    ),
]


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case[0])
def test_mistakes_are_marked_and_explained(case):
    text, *mistakes = case
    with pytest.raises(TokenError) as caught:
        parse(text)
    errors = (caught.value, *caught.value.others)
    assert len(errors) == len(mistakes)
    for error, (marked, message, help) in zip(errors, mistakes, strict=True):
        assert text[error.offset : error.offset + error.width] == marked
        assert error.message.startswith(message)
        assert help in error.help
        assert help or not error.help or error.help.startswith("`cnncalc kinds ")


@pytest.mark.parametrize(
    ("kind", "fields", "faulty"),
    [
        ("conv", {"out": 8, "kernel": 3, "strid": 2}, ["strid"]),
        ("conv", {"out": 8, "kernel": 3, "k": 5}, ["k"]),
        ("conv", {"out": "eight", "kernel_size": [3, 0], "bias": None}, ["out", "kernel_size", "bias"]),
        ("conv", {"out": True, "kernel": {"a": 1}}, ["out", "kernel"]),
        ("conv", {"out": 1e400, "kernel": 3}, ["out"]),
        ("dropout", {"rate": True}, ["rate"]),
        ("slice", {"channels": [1, 2, 3]}, ["channels"]),
        ("linear", {"out": 8, "in": -1}, ["in"]),
        ("pad", {"border": [[1, 2, 3]]}, ["border"]),
        ("pad", {"border": "same"}, ["border"]),
    ],
)
def test_mistakes_in_the_long_form_name_their_keys(kind, fields, faulty):
    with pytest.raises(TokenError) as caught:
        make(kind, fields)
    assert {error.field for error in (caught.value, *caught.value.others)} == set(faulty)


@given(st.text(st.sampled_from("conv 0123456789kspdgx:=.-+?_~ $()é\tbias"), max_size=30), st.sampled_from([*KINDS]))
def test_no_text_breaks_the_notation(text, kind):
    for line in (text, f"{kind} {text}"):
        try:
            layer = parse(line).layer
        except TokenError as error:
            assert error.message and 0 <= error.offset <= len(line)  # noqa: PT017 - both ends are right
        else:
            assert parse(write(layer)).layer == layer


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([*KINDS]), st.data())
def test_no_value_breaks_the_long_form(kind, data):
    names = [name for name, field in KINDS[kind].fields.items() if not field.hidden]
    fields = data.draw(st.dictionaries(st.sampled_from([*names, "in", "x"]), VALUES))
    try:
        layer = make(kind, fields).layer
    except TokenError as error:
        assert error.message  # noqa: PT017 - both ends are right
    else:
        assert parse(write(layer)).layer == layer


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("conv  64 k3", [(0, "conv"), (6, "64"), (9, "k3")]),
        ("conv $(max(8, a b)) k3", [(0, "conv"), (5, "$(max(8, a b))"), (20, "k3")]),
        ("$kind 3", [(0, "$kind"), (6, "3")]),
        ("conv $(a", [(0, "conv"), (5, "$(a")]),
        ("a $(b) $(c)d", [(0, "a"), (2, "$(b)"), (7, "$(c)d")]),
        ("  ", []),
        ("f(x y)", [(0, "f(x"), (4, "y)")]),
    ],
)
def test_tokens(text, tokens):
    assert split_tokens(text) == tuple(tokens)
