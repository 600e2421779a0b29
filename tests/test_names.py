"""Every layer that torch.nn, keras.layers, Caffe and ONNX name is a kind here, or is answered with the way out."""

import inspect
from pathlib import Path

import pytest
import yaml

from cnncalc.layers import kind_named
from cnncalc.layers.registry import name_in
from cnncalc.notation.elsewhere import way_from
from cnncalc.notation.lines import TokenError, parse
from cnncalc.notation.vocabulary import SEVERAL

LISTS = yaml.safe_load((Path(__file__).parent / "data" / "layer_names.yaml").read_text(encoding="utf-8"))
NAMES = [(dialect, name) for dialect, names in LISTS.items() for name in names.split()]


@pytest.mark.parametrize("dialect", LISTS)
def test_every_layer_of_a_framework_is_a_kind_or_has_a_way_out(dialect):
    names = LISTS[dialect].split()
    assert len(names) == len(set(names)) > (50 if "_" not in dialect else 20)
    assert [name for name in names if not answered(name, dialect.partition("_")[0])] == []


def answered(name, dialect):
    """Whether it is a kind, or is told the way out."""
    own = name_in(dialect, name)
    return kind_named(name, dialect) or (own and own.way) or way_from(name) or name.lower() in SEVERAL


def test_the_kept_list_has_all_that_is_installed():
    nn = pytest.importorskip("torch.nn", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")
    installed = {
        name for name, one in vars(nn).items() if inspect.isclass(one) and issubclass(one, nn.Module) and name[0] != "_"
    }
    assert {name for name in installed if not (kind_named(name) or way_from(name))} == set()
    assert len(installed & set(LISTS["torch"].split())) > 150


@pytest.mark.parametrize("name", [name for _, name in NAMES if way_from(name)])
def test_a_way_out_is_for_what_is_no_kind(name):
    """A kind needs none, and the name of what is told is filled in."""
    assert kind_named(name) is None
    assert "{" not in way_from(name).replace("{name: stage, layers: [...]}", "").replace(
        "{divide: , from: [x, norm]}", ""
    )


WAYS = [
    ("CrossEntropyLoss", "a loss is no layer of the net"),
    ("NonZero", "not a layer of a fixed shape: how much comes out depends on the numbers; `opaque SHAPE of=NonZero`"),
    ("Loop", "not a layer of a fixed shape"),
    ("TransformerDecoderLayer", "attention 8"),
    ("TransformerEncoder", "`TransformerEncoderLayer HEADS hidden=2048`"),
    ("SeparableConv1D", "`SeparableConv2D OUT kernel=3`"),
    ("random_flip", "leave it out"),
    ("nn.Softmin", "`negate`, then `softmax`"),
]


@pytest.mark.parametrize(("text", "way"), WAYS)
def test_what_is_no_kind_is_answered(text, way):
    with pytest.raises(TokenError) as caught:
        parse(text)
    assert way in caught.value.help


OWN = [
    ("keras", "RNN 8", "write which cell it repeats"),
    ("keras", "Attention", "it projects nothing"),
    ("onnx", "Attention 4", "it projects nothing"),
    ("onnx", "Mean", "`add` them, then `multiply`"),
]


@pytest.mark.parametrize(("dialect", "text", "way"), OWN)
def test_what_is_a_kind_elsewhere_and_none_here(dialect, text, way):
    with pytest.raises(TokenError) as caught:
        parse(text, dialect)
    assert way in caught.value.help


@pytest.mark.parametrize(
    ("dialect", "text", "meant"),
    [
        ("caffe", "Split", "identity"),  # the blob for several that take it
        ("onnx", "Split 0:2", "slice :2"),
        ("torch", "SpatialDropout2D 0.5", "dropout 0.5 channels"),
        ("torch", "ReflectionPad2d 1", "pad 1 reflect"),
        ("keras", "Conv1DTranspose 4 k2", "deconv 4 k2"),
    ],
)
def test_a_name_means_what_its_framework_has(dialect, text, meant):
    assert parse(text, dialect).layer == parse(meant, dialect).layer


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_transposed_convolution_of_keras_is_for_the_axes_of_its_name(axes):
    assert parse(f"Conv{axes}DTranspose 4 k2", "keras").rank == axes
    assert kind_named(f"Convolution{axes}DTranspose", "keras")[1] == axes


CALLS = [
    ("Conv2d(3, 16, 3)", "conv 16 k3"),
    ("nn.Conv2d(3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3), bias=False)", "conv 64 k7 s2 p3 nobias"),
    ("nn.Conv2d(64, 64, (1, 7), padding='same')", "conv 64 k1x7 same"),
    ("Conv2D(32, (3, 3), activation='relu')", "conv 32 k3`, then `relu"),
    ("Dense(10)", "linear 10"),
    ("torch.nn.Linear(512, 10, False)", "linear 10 nobias"),
    ("nn.MaxPool2d(2, 2)", "maxpool k2 s2"),
    ("MaxPooling2D((2, 2))", "maxpool k2"),
    ("nn.BatchNorm2d(64)", "batchnorm"),
    ("nn.GroupNorm(32, 64)", "groupnorm g32"),
    ("nn.ReLU(inplace=True)", "relu inplace"),
    ("nn.LSTM(32, 64, 2, bidirectional=True)", "lstm 64 layers=2 bidirectional"),
    ("nn.MultiheadAttention(512, 8)", "attention 8"),
    ("nn.UpsamplingBilinear2d(scale_factor=2)", "upsample 2 linear align_corners"),
]


@pytest.mark.parametrize(("call", "line"), CALLS)
def test_a_call_is_answered_with_the_line_that_means_it(call, line):
    with pytest.raises(TokenError) as caught:
        parse(call)
    assert caught.value.help == f"write `{line}`"
    parse(line.partition("`")[0])


@pytest.mark.parametrize(
    "call", ["Conv2d(3, x)", "Conv2d(3, 16, 3, what=2)", "Conv2d((((", "Conv2d(3, 16, 3", "relu(2)"]
)
def test_a_call_that_is_not_understood_still_has_a_way_out(call):
    with pytest.raises(TokenError) as caught:
        parse(call)
    assert caught.value.help.startswith("write `") and "without brackets" in caught.value.help


def test_names_that_set_fields():
    assert parse("UpsamplingBilinear2d 2").layer == parse("upsample 2 linear align_corners").layer
    assert parse("FeatureAlphaDropout 0.2").layer == parse("dropout 0.2 channels alpha").layer
    assert parse("AlphaDropout 0.2").layer == parse("dropout 0.2 alpha").layer
    assert parse("CrossMapLRN2d 5").layer == parse("crossmap_lrn 5").layer
