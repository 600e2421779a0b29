"""Every kind of layer: a table of cases counted by hand, laws, names, and what is refused.

A count is written as the sum or product by which it was counted; the layer's own rule is not asked.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from kind_cases import KIND_CASES, KIND_NAMES, KIND_REFUSED

from cnncalc.analysis.costs import costs
from cnncalc.graph import broken_requirement
from cnncalc.layers import KINDS, Layer, kind_named
from cnncalc.layers.base import count, is_bias
from cnncalc.notation.lines import TokenError, parse

CASES = [
    # notation, input shapes, output shape, parameters, multiply–accumulates, other operations
    # -- convolutions: parameters are filters · (channels · kernel + 1); each weight is used once an output position;
    #    the other operations are the additions of the bias, one an output element
    ("conv 8 k3", ["3x6x6"], "8x4x4", 8 * (3 * 9 + 1), 8 * 27 * 16, 8 * 16),
    ("conv 8 k3 nobias", ["3x6x6"], "8x4x4", 8 * 27, 8 * 27 * 16, 0),
    ("conv 64 k7 s2 p3 nobias", ["3x224x224"], "64x112x112", 9408, 9408 * 12544, 0),
    ("conv 8 k1x7 p0x3", ["4x5x9"], "8x5x9", 8 * (4 * 7 + 1), 8 * 28 * 45, 8 * 45),
    ("conv 8 k3 g2 p1", ["4x5x5"], "8x5x5", 8 * (2 * 9 + 1), 8 * 18 * 25, 8 * 25),
    ("conv 8 k3 d2", ["4x7x7"], "8x3x3", 8 * (36 + 1), 8 * 36 * 9, 8 * 9),
    ("conv 8 k5 s2", ["2x11"], "8x4", 8 * (2 * 5 + 1), 8 * 10 * 4, 8 * 4),
    ("conv 2 k3", ["1x4x5x6"], "2x2x3x4", 2 * 28, 2 * 27 * 24, 2 * 24),
    ("conv 96 k11 s4 p2:1", ["3x224x224"], "96x55x55", 96 * 364, 96 * 363 * 3025, 96 * 3025),
    ("conv 8 k4 same", ["3x28x28"], "8x28x28", 8 * 49, 8 * 48 * 784, 8 * 784),
    ("dwconv k3 p1", ["6x5x5"], "6x5x5", 6 * 10, 6 * 9 * 25, 6 * 25),
    ("dwconv 2 k3 s2 p1 nobias", ["6x5x5"], "12x3x3", 12 * 9, 12 * 9 * 9, 0),
    # each weight of a transposed convolution is used once an input position
    ("deconv 4 k2 s2", ["8x5x5"], "4x10x10", 8 * 4 * 4 + 4, 128 * 25, 4 * 100),
    ("deconv 4 k3 s2 p1 output_padding=1", ["8x5x5"], "4x10x10", 8 * 4 * 9 + 4, 288 * 25, 400),
    ("deconv 4 k3 g2 nobias", ["8x5"], "4x7", 8 * 2 * 3, 48 * 5, 0),
    # -- linear: a matrix, and one addition an output for the bias
    ("linear 10", ["512"], "10", 5130, 5120, 10),
    ("linear 10 nobias", ["512"], "10", 5120, 5120, 0),
    ("linear 10 axis=last", ["4x6x8"], "4x6x10", 90, 80 * 24, 240),
    # one weight for each of the 3·5 products, which cost 15, and the bias
    ("bilinear 4", ["3", "5"], "4", 4 * 16, 4 * 15, 15 + 4),
    # -- pools: a window of n pixels costs n − 1 comparisons, or n − 1 additions and a division
    ("maxpool k2", ["4x6x6"], "4x3x3", 0, 0, 36 * 3),
    ("maxpool k3 s2 ceil", ["4x6x6"], "4x3x3", 0, 0, 36 * 8),
    ("maxpool k3 s1 p2 d2", ["4x6x6"], None, 0, 0, 0),  # padding over half the kernel: torch refuses
    ("maxpool k3 s1 p1 d2", ["4x6x6"], "4x4x4", 0, 0, 64 * 8),
    ("avgpool k2x3", ["4x6x6"], "4x3x2", 0, 0, 24 * 6),
    ("avgpool k3 s1 p1 nocount_include_pad", ["4x6"], "4x6", 0, 0, 24 * 3),
    ("lppool k2", ["4x6x6"], "4x3x3", 0, 0, 36 * 8),  # four powers, three additions and a root
    ("adaptive_maxpool 2", ["4x6x6"], "4x2x2", 0, 0, 16 * 8),  # four windows of 3x3
    ("adaptive_avgpool 2x3", ["4x5x6"], "4x2x3", 0, 0, 4 * 6 * 6),  # rows 0–2 and 2–4, columns in pairs: 3x2 each
    ("global_maxpool", ["4x6x6"], "4x1x1", 0, 0, 4 * 35),
    ("global_avgpool", ["4x6x6"], "4x1x1", 0, 0, 4 * 36),
    ("global_avgpool flat", ["4x2x3x4"], "4", 0, 0, 4 * 24),
    # 1 window of 16, 4 of 4 and 16 of 1 pixel for each of 2 channels
    ("spp", ["2x4x4"], "42", 0, 0, 2 * (15 + 4 * 3 + 0)),
    ("spp 1x2 mode=avg", ["2x4x4"], "10", 0, 0, 2 * (16 + 4 * 4)),
    # -- normalisations
    ("batchnorm", ["8x5x5"], "8x5x5", 16, 0, 2 * 200),
    ("batchnorm noaffine", ["8"], "8", 0, 0, 16),
    ("batchnorm noscale", ["8x5"], "8x5", 8, 0, 80),
    ("layernorm", ["8x5x5"], "8x5x5", 16, 0, 7 * 200),
    ("layernorm over=all nobias", ["2x3x4"], "2x3x4", 24, 0, 6 * 24),
    ("layernorm over=last noaffine", ["2x3x4"], "2x3x4", 0, 0, 5 * 24),
    ("groupnorm 4", ["8x5x5"], "8x5x5", 16, 0, 7 * 200),
    ("instancenorm", ["8x5x5"], "8x5x5", 0, 0, 5 * 200),
    ("instancenorm affine stats", ["8x5x5"], "8x5x5", 16, 0, 2 * 200),
    ("lrn 5", ["8x5x5"], "8x5x5", 0, 0, 9 * 200),  # a square, four additions, scale, offset, power, division
    ("crossmap_lrn 5", ["8x5x5"], "8x5x5", 0, 0, 7 * 200),
    ("grn", ["8x5x5"], "8x5x5", 16, 0, 6 * 200 + 3 * 8),
    ("layerscale", ["8x5x5"], "8x5x5", 8, 0, 200),
    # -- activations: a stated number of operations an element
    ("relu", ["8x5x5"], "8x5x5", 0, 0, 200),
    ("relu6 inplace", ["8x5x5"], "8x5x5", 0, 0, 2 * 200),
    ("leaky_relu 0.1", ["8x5x5"], "8x5x5", 0, 0, 2 * 200),
    ("rrelu", ["8x5x5"], "8x5x5", 0, 0, 2 * 200),
    ("prelu", ["8x5x5"], "8x5x5", 1, 0, 2 * 200),
    ("prelu per_channel", ["8x5x5"], "8x5x5", 8, 0, 2 * 200),
    ("prelu shared_along=1", ["8x4x5"], "8x4x5", 8 * 5, 0, 2 * 160),
    ("prelu shared_along=0x-1", ["8x4x5"], "8x4x5", 4, 0, 2 * 160),
    ("elu", ["8"], "8", 0, 0, 4 * 8),
    ("selu", ["8"], "8", 0, 0, 5 * 8),
    ("gelu tanh", ["8x5x5"], "8x5x5", 0, 0, 5 * 200),
    ("silu", ["8x5x5"], "8x5x5", 0, 0, 5 * 200),
    ("mish", ["8x5x5"], "8x5x5", 0, 0, 5 * 200),
    ("sigmoid", ["8x5x5"], "8x5x5", 0, 0, 4 * 200),
    ("tanh", ["8x5x5"], "8x5x5", 0, 0, 200),
    ("hardswish", ["8x5x5"], "8x5x5", 0, 0, 5 * 200),
    ("hardsigmoid", ["8x5x5"], "8x5x5", 0, 0, 4 * 200),
    ("softplus", ["8x5x5"], "8x5x5", 0, 0, 3 * 200),
    ("softmax", ["10"], "10", 0, 0, 9 + 10 + 10 + 9 + 10),
    ("softmax", ["10x2x3"], "10x2x3", 0, 0, 48 * 6),
    ("log_softmax", ["10"], "10", 0, 0, 9 + 10 + 10 + 9 + 1 + 10),  # a logarithm, and subtractions for the divisions
    ("maxout 4", ["8x5x5"], "2x5x5", 0, 0, 3 * 50),
    # -- merges: one operation an element for each tensor after the first
    ("add", ["8x5x5", "8x5x5", "8x5x5"], "8x5x5", 0, 0, 2 * 200),
    ("multiply", ["8x5x5", "8x1x1"], "8x5x5", 0, 0, 200),
    ("maximum", ["8", "8"], "8", 0, 0, 8),
    ("concat", ["8x5x5", "2x5x5", "1x5x5"], "11x5x5", 0, 0, 0),
    ("concat axis=1", ["8x5x5", "8x2x5"], "8x7x5", 0, 0, 0),
    ("concat axis=2", ["8x5x5", "8x5x1"], "8x5x6", 0, 0, 0),
    # -- what only moves elements
    ("dropout 0.3", ["8x5x5"], "8x5x5", 0, 0, 0),
    ("droppath 0.1", ["8x5x5"], "8x5x5", 0, 0, 0),
    ("identity", ["8x5x5"], "8x5x5", 0, 0, 0),
    ("flatten", ["8x5x5"], "200", 0, 0, 0),
    ("reshape 2x-1x5", ["8x5x5"], "2x20x5", 0, 0, 0),
    ("permute 1x2x0", ["8x5x6"], "5x6x8", 0, 0, 0),
    ("pad 1x0:2", ["8x5x5"], "8x7x7", 0, 0, 0),
    ("pad channels=1:3", ["8x5x5"], "12x5x5", 0, 0, 0),
    ("crop 1:0x2", ["8x5x5"], "8x4x1", 0, 0, 0),
    ("crop size=2", ["8x5x5"], "8x2x2", 0, 0, 0),
    ("crop", ["8x5x5", "3x4x2"], "8x4x2", 0, 0, 0),
    ("slice 2:5", ["8x5x5"], "3x5x5", 0, 0, 0),
    ("slice 6:", ["8x5x5"], "2x5x5", 0, 0, 0),
    ("upsample 2", ["8x5x5"], "8x10x10", 0, 0, 0),
    ("upsample size=7x8 mode=bilinear", ["8x5x5"], "8x7x8", 0, 0, 3 * 3 * 8 * 56),  # three interpolations of three
    ("upsample mode=linear", ["8x5", "3x9"], "8x9", 0, 0, 3 * 72),
    ("pixel_shuffle 2", ["8x5x5"], "2x10x10", 0, 0, 0),
    ("pixel_unshuffle 2", ["2x10x10"], "8x5x5", 0, 0, 0),
    ("space_to_depth 3", ["2x9"], "6x3", 0, 0, 0),
    ("channel_shuffle 4", ["8x5x5"], "8x5x5", 0, 0, 0),
    *KIND_CASES,
]  # fmt: skip


def shape(text):
    return tuple(map(int, text.split("x")))


def layer_of(text) -> Layer:
    return parse(text).layer


@pytest.mark.parametrize(
    ("text", "inputs", "output", "params", "macs", "others"), CASES, ids=[f"{c[0]} on {' '.join(c[1])}" for c in CASES]
)
def test_counted_by_hand(text, inputs, output, params, macs, others):
    layer, x = layer_of(text), tuple(map(shape, inputs))
    broken = broken_requirement(layer, x)
    assert (broken is None) == (output is not None), broken
    if broken is None:
        cost = costs(layer, x)
        assert layer.output_shape(*x) == shape(output)
        assert (cost.weights + cost.biases, cost.macs, cost.operations) == (params, macs, others)


def test_every_kind_has_a_case():
    assert {layer_of(case[0]).kind for case in CASES} == set(KINDS)


@pytest.mark.parametrize(
    ("text", "inputs", "buffers"),
    [
        ("batchnorm", ["8x5x5"], 16), ("batchnorm nostats", ["8x5x5"], 0), ("instancenorm stats", ["8x5x5"], 16),
        ("instancenorm", ["8x5x5"], 0), ("layernorm", ["8x5x5"], 0), ("conv 3 k3", ["8x5x5"], 0),
    ],
)  # fmt: skip
def test_buffers(text, inputs, buffers):
    assert costs(layer_of(text), tuple(map(shape, inputs))).buffers == buffers


# -- laws --

SHAPES = st.lists(st.integers(1, 12), min_size=2, max_size=4).map(tuple)
ANY_SHAPES = st.lists(st.integers(1, 12), min_size=1, max_size=4).map(tuple)
WINDOWS = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(1, 2))


@pytest.mark.parametrize("case", [case for case in CASES if case[2]], ids=lambda case: case[0])
def test_parameters_are_the_elements_of_the_weights(case):
    layer, x = layer_of(case[0]), tuple(map(shape, case[1]))
    weights = layer.weight_shapes(*x)
    cost = costs(layer, x)
    assert sum(math.prod(tensor) for tensor in weights.values()) == cost.weights + cost.biases == count(weights)
    assert cost.biases == sum(math.prod(tensor) for name, tensor in weights.items() if is_bias(name))


@given(st.lists(ANY_SHAPES, min_size=2, max_size=5), st.sampled_from(["add", "multiply", "maximum"]))
def test_elementwise_merges_want_equal_shapes_or_ones(shapes, kind):
    """As numpy broadcasts, except that the numbers of axes must agree."""
    layer = layer_of(kind)
    axes = {len(x) for x in shapes}
    agree = len(axes) == 1 and all(len(set(lengths) - {1}) <= 1 for lengths in zip(*shapes, strict=True))
    assert (broken_requirement(layer, tuple(shapes)) is None) == agree
    if agree:
        assert layer.output_shape(*shapes) == tuple(map(max, zip(*shapes, strict=True)))
        assert layer.output_shape(*reversed(shapes)) == layer.output_shape(*shapes)
        assert costs(layer, tuple(shapes)).operations == (len(shapes) - 1) * math.prod(layer.output_shape(*shapes))


@given(SHAPES, st.lists(st.integers(1, 9), min_size=2, max_size=5))
def test_concat_adds_channels_and_nothing_else(x, channels):
    layer = layer_of("concat")
    shapes = tuple((c, *x[1:]) for c in channels)
    assert broken_requirement(layer, shapes) is None
    assert layer.output_shape(*shapes) == (sum(channels), *x[1:])
    first = layer.output_shape(*shapes[:2])
    assert layer.output_shape(first, *shapes[2:]) == layer.output_shape(*shapes) if shapes[2:] else True
    other = (shapes[0], (channels[1], x[1] + 1, *x[2:]))
    assert broken_requirement(layer, other) is not None


@given(SHAPES, st.integers(1, 3), WINDOWS)
def test_a_depthwise_convolution_is_one_with_a_group_a_channel(x, multiplier, window):
    k, s, p, d = window
    depthwise = layer_of(f"dwconv {multiplier} k{k} s{s} p{p} d{d}")
    grouped = layer_of(f"conv {x[0] * multiplier} k{k} s{s} p{p} d{d} g{x[0]}")
    assume(broken_requirement(grouped, (x,)) is None)
    assert broken_requirement(depthwise, (x,)) is None
    assert depthwise.output_shape(x) == grouped.output_shape(x)
    assert depthwise.weight_shapes(x) == grouped.weight_shapes(x)
    assert costs(depthwise, (x,)) == costs(grouped, (x,))


@given(SHAPES, st.integers(1, 20), st.booleans())
def test_a_1x1_convolution_is_a_linear_layer_on_every_pixel(x, out, bias):
    word = "bias" if bias else "nobias"
    conv, linear = layer_of(f"conv {out} k1 {word}"), layer_of(f"linear {out} {word}")
    pixels = math.prod(x[1:])
    each, whole = costs(linear, (x[:1],)), costs(conv, (x,))
    assert (whole.weights, whole.biases) == (each.weights, each.biases)
    assert (whole.macs, whole.operations) == (pixels * each.macs, pixels * each.operations)


@given(SHAPES, st.integers(1, 20))
def test_a_convolution_as_large_as_the_map_is_a_linear_layer(x, out):
    conv, linear = layer_of(f"conv {out} k{'x'.join(map(str, x[1:]))}"), layer_of(f"linear {out}")
    flat = layer_of("flatten").output_shape(x)
    assert conv.output_shape(x) == (out, *(1,) * (len(x) - 1))
    assert costs(conv, (x,)) == costs(linear, (flat,))


@given(SHAPES, st.integers(1, 9), WINDOWS)
def test_a_transposed_convolution_gives_back_the_shape(x, out, window):
    k, s, p, d = window
    conv = layer_of(f"conv {out} k{k} s{s} p{p} d{d}")
    assume(broken_requirement(conv, (x,)) is None)
    made = conv.output_shape(x)
    lost = [(n + 2 * p - d * (k - 1) - 1) % s for n in x[1:]]  # what rounding down leaves over
    text = f"deconv {x[0]} k{k} s{s} p{p} d{d} output_padding={'x'.join(map(str, lost))}"
    back = layer_of(text)
    assert broken_requirement(back, (made,)) is None
    assert back.output_shape(made) == x
    assert costs(back, (made,)).macs == costs(conv, (x,)).macs


@given(SHAPES, st.integers(1, 3))
def test_shuffles_undo_each_other(x, factor):
    there, back = layer_of(f"pixel_shuffle {factor}"), layer_of(f"pixel_unshuffle {factor}")
    wide = (x[0] * factor ** (len(x) - 1), *x[1:])
    assert back.output_shape(there.output_shape(wide)) == wide


@given(SHAPES, st.data())
def test_padding_and_cropping_undo_each_other(x, data):
    borders = "x".join(f"{data.draw(st.integers(0, 3))}:{data.draw(st.integers(0, 3))}" for _ in x[1:])
    assert layer_of(f"crop {borders}").output_shape(layer_of(f"pad {borders}").output_shape(x)) == x


@given(ANY_SHAPES, st.data())
def test_a_permutation_moves_axes_and_a_reshape_keeps_elements(x, data):
    order = data.draw(st.permutations(range(len(x))))
    permuted = layer_of(f"permute {'x'.join(map(str, order))}").output_shape(x)
    assert permuted == tuple(x[axis] for axis in order)
    assert layer_of(f"reshape {x[0]}x-1").output_shape(x) == (x[0], math.prod(x[1:]))


def test_separable_and_stacked_convolutions_of_the_course():
    def weights(*texts, on):
        total = 0
        for text in texts:
            layer = layer_of(text)
            total, on = total + costs(layer, (on,)).weights, layer.output_shape(on)
        return total

    assert weights("conv 256 k3 p1 nobias", on=(3, 8, 8)) == 6912
    assert weights("dwconv k3 p1 nobias", "conv 256 k1 nobias", on=(3, 8, 8)) == 795
    assert weights("conv 64 k5 nobias", on=(512, 8, 8)) == 819_200
    assert weights("conv 24 k1 nobias", "conv 64 k5 nobias", on=(512, 8, 8)) == 50_688
    assert weights(*["conv 8 k3 nobias"] * 3, on=(8, 9, 9)) == 27 * 64
    assert weights("conv 8 k7 nobias", on=(8, 9, 9)) == 49 * 64


# -- names --

NAMES = {
    "conv": "Conv1d Conv2d Conv3d Conv2D conv_2d CONV convolution Conv",
    "dwconv": "DepthwiseConv2D depthwise_conv depthwise",
    "deconv": "ConvTranspose1d ConvTranspose2d Conv2DTranspose Conv3DTranspose Deconvolution upconv conv_transpose",
    "linear": "Linear Dense dense fc InnerProduct fully_connected Gemm",
    "bilinear": "Bilinear",
    "maxpool": "MaxPool2d MaxPooling2D max_pool max_pooling2d MaxPool",
    "avgpool": "AvgPool2d AveragePooling2D avg_pool AvgPool3D AveragePool",
    "lppool": "LPPool1d LPPool2d LpPool",
    "adaptive_maxpool": "AdaptiveMaxPool2d AdaptiveMaxPool3D",
    "adaptive_avgpool": "AdaptiveAvgPool1d AdaptiveAvgPool2D",
    "global_maxpool": "GlobalMaxPooling2D GlobalMaxPool2D GlobalMaxPool",
    "global_avgpool": "GlobalAveragePooling2D GlobalAveragePooling1D GlobalAveragePool gap",
    "spp": "SpatialPyramidPooling",
    "batchnorm": "BatchNorm1d BatchNorm2d BatchNorm3D BatchNormalization bn batch_norm SyncBatchNorm",
    "layernorm": "LayerNorm LayerNormalization ln layer_norm",
    "groupnorm": "GroupNorm GroupNormalization gn",
    "instancenorm": "InstanceNorm2d InstanceNorm3D InstanceNormalization",
    "lrn": "LRN LocalResponseNorm local_response_norm",
    "relu": "ReLU Relu", "relu6": "ReLU6", "leaky_relu": "LeakyReLU LeakyRelu lrelu", "prelu": "PReLU PRelu",
    "elu": "ELU Elu", "selu": "SELU Selu", "gelu": "GELU Gelu", "silu": "SiLU swish Swish", "mish": "Mish",
    "sigmoid": "Sigmoid logistic", "tanh": "Tanh TanH", "hardswish": "Hardswish HardSwish hard_swish hswish",
    "hardsigmoid": "Hardsigmoid HardSigmoid", "softplus": "Softplus", "softmax": "Softmax Softmax2d",
    "log_softmax": "LogSoftmax", "maxout": "Maxout", "dropout": "Dropout Dropout2d SpatialDropout2D AlphaDropout",
    "rrelu": "RReLU",
    "droppath": "DropPath StochasticDepth", "flatten": "Flatten", "reshape": "Reshape view Unflatten",
    "permute": "Permute Transpose", "pad": "ZeroPad2d ZeroPadding2D ReflectionPad2d ConstantPad3d Pad Pad2D",
    "crop": "Crop Cropping2D CenterCrop", "slice": "Slice",
    "upsample": "Upsample UpSampling2D UpsamplingNearest2d Resize",
    "pixel_shuffle": "PixelShuffle DepthToSpace", "pixel_unshuffle": "PixelUnshuffle",
    "channel_shuffle": "ChannelShuffle", "space_to_depth": "SpaceToDepth focus", "add": "Add sum",
    "multiply": "Multiply mul",
    "maximum": "Maximum Max", "concat": "Concat Concatenate cat concatenate", "identity": "Identity noop",
    **KIND_NAMES,
}  # fmt: skip


@pytest.mark.parametrize(("kind", "names"), NAMES.items())
def test_the_names_of_frameworks(kind, names):
    assert {name: kind_named(name)[0].kind for name in names.split()} == dict.fromkeys(names.split(), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_alias_resolves_whatever_its_case(kind):
    cls = KINDS[kind]
    for alias in (kind, *cls.aliases):
        for name in {alias, alias.lower(), alias.upper(), alias.replace("_", ""), alias.replace("_", "-")}:
            found = kind_named(name)
            assert found is not None, name
            assert found[0] is cls, name


def test_no_name_means_two_kinds():
    seen = {}
    for kind, cls in KINDS.items():
        for alias in {name.replace("_", "").lower() for name in (kind, *cls.aliases)}:
            assert seen.setdefault(alias, kind) == kind


def test_a_number_of_axes_in_a_name_is_asserted():
    assert kind_named("Conv2d")[1] == 2
    assert kind_named("conv") == (KINDS["conv"], None)
    assert kind_named("conv4d") is None
    assert kind_named("") is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_documented(kind):
    cls = KINDS[kind]
    assert cls.__doc__
    for field in cls.fields.values():
        assert field.doc
        assert field.hidden or field.type.expected


# -- what is refused --

REFUSED = [
    # notation, input shapes, the rule
    ("conv 8 k7", ["3x6x6"], "the kernel does not fit its input"),
    ("conv 8 k3 d3", ["3x6x6"], "the kernel does not fit its input"),
    ("conv 8 k3 g2", ["3x6x6"], "groups must divide the input channels"),
    ("conv 9 k3 g2", ["4x6x6"], "groups must divide the filters"),
    ("conv 8 k3x3", ["3x6"], "`kernel` has 2 numbers for 1 spatial axis"),
    ("conv 8 k3 s1x2x3", ["3x6x6"], "`stride` has 3 numbers for 2 spatial axes"),
    ("conv 8 k3", ["27"], "`conv` takes a map"),
    ("conv 8 k3", ["1x2x3x4x5"], "`conv` takes a map"),
    ("conv 8 k3", ["3x6x6", "3x6x6"], "`conv` takes 1 input, and it gets 2"),
    ("deconv 8 k3 s2 output_padding=2", ["3x6x6"], "output padding must be smaller than the stride"),
    ("deconv 8 k3 p9", ["3x6x6"], "the padding removes the whole output"),
    ("deconv 8 k3 same", ["3x6x6"], "torch has no `same` padding"),
    ("linear 8", ["3x6x6"], "a linear layer takes a vector"),
    ("bilinear 8", ["3x6x6", "4"], "`bilinear` takes a vector"),
    ("bilinear 8", ["3"], "`bilinear` takes 2 inputs, and it gets 1"),
    ("maxpool k7", ["3x6x6"], "the kernel does not fit its input"),
    ("maxpool k3 p2", ["3x6x6"], "a pool's padding may be at most half the kernel"),
    ("maxpool k2 p1 d2 ceil", ["3x1x1"], "a window of the pool would see padding alone"),
    ("lppool k3 p1", ["3x6x6"], "an lppool takes no padding"),
    ("lppool k3 same", ["3x6x6"], "an lppool takes no padding"),
    ("adaptive_avgpool 7x7", ["3x6"], "`output` has 2 numbers for 1 spatial axis"),
    ("global_avgpool", ["8"], "`global_avgpool` takes a map"),
    ("groupnorm 3", ["8x5x5"], "groups must divide the channels"),
    ("maxout 3", ["8"], "the pieces of a maxout must divide its channels"),
    ("add", ["8x5x5"], "`add` takes at least 2 inputs"),
    ("add", ["8x5x5", "4x5x5"], "the inputs of `add` do not match"),
    ("add", ["8x5x5", "8"], "the inputs of `add` have different numbers of axes"),
    ("concat", ["8x5x5", "8x5x4"], "the inputs of `concat` have different sizes"),
    ("concat", ["8x5x5", "8"], "the inputs of `concat` have different numbers of axes"),
    ("concat axis=2", ["8x5x5", "7x5x5"], "the inputs of `concat` have different channels"),
    ("concat axis=1", ["8x5x5", "8x5x4"], "the inputs of `concat` have different sizes"),
    ("concat axis=1", ["8", "8"], "there is no axis 1 to `concat` along"),
    ("reshape 3x3", ["8"], "a reshape keeps the number of elements"),
    ("reshape 3x-1", ["8"], "a reshape keeps the number of elements"),
    ("reshape -1x-1", ["8"], "a reshape needs whole lengths, with at most one -1"),
    ("reshape 0x8", ["8"], "a reshape needs whole lengths, with at most one -1"),
    ("permute 0x0x1", ["8x5x5"], "a permutation names every axis once"),
    ("permute 0x1", ["8x5x5"], "a permutation names every axis once"),
    ("crop 3", ["8x5x5"], "the crop removes everything"),
    ("crop", ["8x5x5", "8x6x5"], "a crop cannot make a map larger"),
    ("slice 2:9", ["8x5x5"], "a slice must lie inside the channels"),
    ("slice 8:", ["8x5x5"], "a slice must lie inside the channels"),
    ("upsample", ["8x5x5"], "an upsample needs one of scale, size, and a second input"),
    ("upsample 2", ["8x5x5", "8x6x6"], "an upsample needs one of scale, size, and a second input"),
    ("upsample 2 mode=bilinear", ["8x5"], "`bilinear` is for 2 spatial axes"),
    ("upsample", ["8x5", "8x5x5"], "an upsample and the map that it is brought to need the same axes"),
    ("pixel_shuffle 3", ["8x5x5"], "a pixel shuffle needs channels divisible"),
    ("pixel_unshuffle 2", ["8x5x5"], "`pixel_unshuffle` needs sizes divisible by its factor"),
    ("channel_shuffle 3", ["8x5x5"], "groups must divide the channels"),
    *KIND_REFUSED,
]  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "rule"), REFUSED, ids=[f"{c[0]} on {' '.join(c[1])}" for c in REFUSED])
def test_refused_inputs(text, inputs, rule):
    broken = broken_requirement(layer_of(text), tuple(map(shape, inputs)))
    assert broken is not None
    assert broken.rule.startswith(rule)
    help = broken.help if isinstance(broken.help, str) else broken.help()
    assert help or "same axes" in rule or "-1" in rule


def test_layers_are_immutable_and_compared_by_their_fields():
    conv = layer_of("conv 8 k3")
    assert conv == layer_of("Conv2d out=8 kernel=3 s1 p0")
    assert hash(conv) == hash(layer_of("conv 8 k3"))
    assert conv != layer_of("conv 8 k3 nobias")
    assert conv != layer_of("dwconv 8 k3")
    with pytest.raises(AttributeError, match="immutable"):
        conv.out = 9


@pytest.mark.parametrize("text", ["conv", "conv 8", "maxpool", "linear", "groupnorm", "permute", "pad s1", "lrn five"])
def test_incomplete_layers(text):
    with pytest.raises(TokenError):
        layer_of(text)
