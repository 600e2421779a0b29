"""Arguments as frameworks' own layers take them: each is the line of our notation that it means."""

from __future__ import annotations

import pytest

from cnncalc.notation.lines import TokenError, make, parse

SAME = [
    ("keras", "LSTM 32 return_sequences=True", "lstm 32 sequence"),
    ("keras", "LSTM 32 return_sequences=False", "lstm 32 final"),
    ("keras", "LSTM 32", "lstm 32 final"),
    ("keras", "ConvLSTM2D 8 k3 return_sequences=True", "convlstm 8 k3 sequence"),
    ("keras", "ConvLSTM2D 8 k3", "convlstm 8 k3 final"),
    ("keras", "PReLU shared_axes=[1,2]", "prelu shared_along=1x2"),
    ("keras", "PReLU shared_axes=[2]", "prelu shared_along=2"),
    ("keras", "PReLU shared_axes=(1,-1)", "prelu shared_along=1x0"),
    ("keras", "PReLU shared_axes=(1, 2)", "prelu shared_along=1x2"),
    ("keras", "PReLU shared_axes=-2", "prelu shared_along=-1"),
    ("keras", "GRU 32 reset_after=False", "gru 32 final biases=1"),
    ("keras", "GlobalAveragePooling2D keepdims=True", "global_avgpool"),
    ("keras", "GlobalAveragePooling2D keepdims", "global_avgpool"),
    ("keras", "BatchNormalization scale=False center=True", "batchnorm noscale"),
    ("keras", "Dense 8 use_bias=False", "linear 8 nobias"),
    ("keras", "Softmax axis=-1", "softmax"),
    ("keras", "Concatenate axis=-1", "concat"),
    ("keras", "Conv2D 8 k3 SAME", "conv 8 k3 same"),
    ("torch", "MaxPool2d 3 s2 ceil_mode=True", "maxpool 3 s2 ceil"),
    ("torch", "MaxPool2d 3 s2 ceil_mode", "maxpool 3 s2 ceil"),
    ("torch", "MaxPool2d 3 s2 ceil_mode=False", "maxpool 3 s2 floor"),
    ("torch", "AvgPool2d 3 count_include_pad=0", "avgpool 3 nocount_include_pad"),
    ("torch", "PReLU 25", "prelu per_channel in=25"),
    ("torch", "PReLU num_parameters=1", "prelu"),
    ("torch", "GroupNorm 2 6", "groupnorm 2 in=6"),
    ("torch", "LayerNorm 768", "layernorm in=768"),
    ("torch", "Conv2d 8 k3 in_channels=3 bias=False", "conv 8 k3 in=3 nobias"),
    ("torch", "softmax dim=1", "softmax"),
    ("torch", "softmax dim=2", "softmax axis=1"),
    ("torch", "softmax dim=-1", "softmax axis=-1"),
    ("torch", "mean dim=2,3 keepdim=True", "mean 1x2 keep"),
    ("torch", "GLU", "glu axis=-1"),
    ("torch", "Hardtanh", "clip -1 1"),
    ("torch", "Hardtanh -2 2", "clip -2 2"),
    ("paddle", "LSTM 32 direction=bidirect", "lstm 32 bidirectional"),
    ("paddle", "Conv2D 8 k3 bias_attr=False", "conv 8 k3 nobias"),
    ("paddle", "AvgPool2D 3 exclusive=False", "avgpool 3 count_include_pad"),
    ("paddle", "Softmax", "softmax axis=-1"),
    ("onnx", "Conv 8 k3 auto_pad=SAME_UPPER", "conv 8 k3 same"),
    ("onnx", "Conv 8 k3 auto_pad=NOTSET", "conv 8 k3"),
    ("onnx", "Softmax", "softmax axis=-1"),
    ("onnx", "LayerNormalization", "layernorm last"),
    ("onnx", "DepthToSpace blocksize=2", "pixel_shuffle 2"),
    ("caffe", "PReLU channel_shared=true", "prelu shared"),
    ("caffe", "Pooling k3 s2 round_mode=floor", "maxpool k3 s2 floor"),
    ("caffe", "Eltwise", "add"),
]


@pytest.mark.parametrize(("dialect", "theirs", "ours"), SAME)
def test_an_argument_means_a_line_of_ours(dialect, theirs, ours):
    one, other = parse(theirs, dialect), parse(ours, dialect)
    assert one.layer == other.layer
    assert one.channels == other.channels


def test_several_lengths_are_the_whole_input():
    parsed = parse("LayerNorm 20x5x10")
    assert parsed.layer == parse("layernorm all").layer
    assert (parsed.channels, parsed.rank) == (20, 2)
    assert make("LayerNorm", {"normalized_shape": [20, 5, 10]}) == parsed


def test_the_long_form_takes_them_too():
    made = make("LSTM", {"units": 32, "return_sequences": True}, "keras")
    assert made.layer == parse("lstm 32 sequence", "keras").layer
    assert make("PReLU", {"num_parameters": 8}).channels == 8


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("LSTM 32 return_sequences=maybe", "`return_sequences` of `lstm`: expected true or false"),
        ("Conv 8 k3 auto_pad=FULL", "`auto_pad` of `conv`: expected one of same_upper"),
        ("maxpool 2 ceil_mode ceil", "`rounding` is given twice"),
        ("PReLU shared_axes=[0]", "slopes are not shared along the batch"),
        ("PReLU 0", "expected a whole number ≥ 1"),
    ],
)
def test_what_an_argument_cannot_be_is_an_error(layer, words):
    with pytest.raises(TokenError) as caught:
        parse(layer)
    assert words in caught.value.message


def test_a_long_form_has_each_field_once():
    with pytest.raises(TokenError, match="given twice"):
        make("maxpool", {"kernel": 2, "ceil_mode": True, "rounding": "ceil"})
