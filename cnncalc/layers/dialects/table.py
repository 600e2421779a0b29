"""What frameworks differ in: the one table of their defaults, their names and their rules.

Every layer carries the name of its dialect, so that its class can look up here what the framework does. `defaults` are
what a field is where the file does not say; `names` are a framework's own class names, spelled as there, where they
mean more than the kind that we call so. The rules, with the versions they were measured on, stand in docs/dialects.md.
"""

from __future__ import annotations

from cnncalc.arithmetic.windows.formulas import Rounding
from cnncalc.errors import suggestion
from cnncalc.layers.dialects.record import Dialect, Named

__all__ = ["DIALECTS", "OPSETS", "like_dialect"]

OPSETS = tuple(range(17, 25))
"""The ONNX opsets that were measured; `onnx` itself is the newest."""

_VECTOR = {"flat": True}
_LAST_AXIS = {"axis": -1}
_SOFTMAXES = {"Softmax": Named("softmax", _LAST_AXIS), "LogSoftmax": Named("log_softmax", _LAST_AXIS)}
_SHUFFLES = {"PixelShuffle": "pixel_shuffle", "PixelUnshuffle": "pixel_unshuffle"}
_MAPS_OF_FOUR = dict.fromkeys(("maxpool", "avgpool", "lppool", "global_maxpool", "global_avgpool", "lrn", "spp"), (2,))

_UNPROJECTED = Named("", way="it projects nothing: `matmul transposed`, `softmax axis=-1`, `matmul`; `attention` does")
_KERAS_RECURRENT = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}

KERAS = Dialect(
    "keras",
    "Keras 3.15",
    defaults={
        "prelu": {"slopes": "per_element"},
        "leaky_relu": {"slope": 0.3},
        "avgpool": {"count_include_pad": False},
        **{key: {"eps": 0.001} for key in ("batchnorm", "layernorm", "groupnorm")},
    },
    names={
        **dict.fromkeys(("GlobalAveragePooling", "GlobalAvgPool"), Named("global_avgpool", _VECTOR)),
        **dict.fromkeys(("GlobalMaxPooling", "GlobalMaxPool"), Named("global_maxpool", _VECTOR)),
        "ZeroPadding": Named("pad", {"border": ((1, 1),)}),
        **dict.fromkeys(("Cropping1D", "Cropping3D"), Named("crop", {"border": ((1, 1),)})),
        "GroupNormalization": Named("groupnorm", {"groups": 32}),
        "UpSampling": Named("upsample", {"scale": (2,)}),
        "MaxPooling": Named("maxpool", {"kernel": (2,)}),
        "AveragePooling": Named("avgpool", {"kernel": (2,)}),
        **{name: Named(kind, {"returns": "final"}) for name, kind in _KERAS_RECURRENT.items()},
        "ConvLSTM": Named("convlstm", {"returns": "final"}),
        "Concatenate": Named("concat", last="axis"),
        "Softmax": Named("softmax", last="axis"),
        "Attention": _UNPROJECTED,
        "RNN": Named("", way="write which cell it repeats: `lstm HIDDEN`, `gru HIDDEN` or `rnn HIDDEN`"),
    },
    ranks={"dwconv": (1, 2)},
    pool_padding_limit="none",
    transposed_same="keras",
    transposed_fills_stride="each",
    transposed_groups=False,
    output_padding_below="stride",
    one_of_stride_and_dilation=("conv", "deconv"),
    buffers_are_parameters=True,
    linear_takes="channels",
    one_pixel_norms=True,
    merges="ranks filled",
)
CAFFE = Dialect(
    "caffe",
    "Caffe 1.0",
    defaults={"prelu": {"slopes": "per_channel"}},
    names={
        "BatchNorm": Named("batchnorm", {"affine": False}),
        "Scale": Named("layerscale", {"initial": 1.0, "bias": True}),
        "Pooling": Named("maxpool"),
        "Eltwise": Named("add"),
        "Split": Named("identity"),
    },
    ranks={**_MAPS_OF_FOUR, "prelu": (0, 1, 2)},
    pool_rounding="ceil",
    clip_needs_padding=True,
    pool_stride_is_kernel=False,
    pool_padding_limit="kernel",
    truncates="Caffe divides towards zero there, and goes on with a map of windows that lie partly outside",
    statistics_have_factor=True,
    linear_takes="flattens",
    one_pixel_norms=True,
    lrn_size_is_odd=True,
    one_level_is_a_map=True,
    pyramid_pads=True,
    merges="shapes alike",
)
PADDLE = Dialect(
    "paddle",
    "Paddle 3.3",
    defaults={"instancenorm": {"affine": True}, "avgpool": {"count_include_pad": False}},
    names={**_SOFTMAXES, "GLU": Named("glu", _LAST_AXIS)},
    ranks=dict.fromkeys(("pixel_shuffle", "pixel_unshuffle", "maxout", "channel_shuffle"), (2,)),
    ceil=Rounding.CEIL_UNCLIPPED,
    pool_padding_limit="kernel",
    pool_same_pads_first=True,
    pool_valid_rounds_down=True,
    transposed_same="paddle",
    output_padding_below="stride",
    same_dilation="ignored",
    truncates="Paddle divides towards zero there, and fills windows that lie outside with what is no number",
    overpads="Paddle goes on, and fills windows of padding alone with what is no number",
    buffers_are_parameters=True,
    one_pixel_norms=True,
    logsumexp_axes=3,
    nearest_ranks=(2, 3),
)
TORCH = Dialect(
    "torch",
    counts_batches=True,
    names={**{name: Named(kind, rank=2) for name, kind in _SHUFFLES.items()}, "GLU": Named("glu", _LAST_AXIS)},
)
ONNX = Dialect(
    "onnx",
    "onnxruntime 1.32",
    defaults={"instancenorm": {"affine": True}, "avgpool": {"count_include_pad": False}},
    names={
        **_SOFTMAXES,
        "TopK": Named("topk", _LAST_AXIS),
        "LayerNormalization": Named("layernorm", {"over": "last"}),
        "RMSNormalization": Named("rmsnorm", {"over": "last"}),
        "Attention": _UNPROJECTED,
        "Mean": Named("", way="`add` them, then `multiply` by one divided by how many they are; of axes `reduce mean`"),
    },
    ranks=dict.fromkeys(("lrn", "pixel_shuffle", "space_to_depth"), (2,)),
    pool_stride_is_kernel=False,
    pool_padding_limit="kernel",
    pool_same_pads_first=True,
    pool_same_needs_padding=("maxpool",),
    lp_pads=True,
    transposed_same="onnx",
    output_padding_below="stride",
    same_dilation="refused",
    scales_in_single=True,
    truncates="shape inference divides towards zero there; onnxruntime refuses a convolution, and pools what is left",
    one_pixel_norms=True,
    lrn_size_is_odd=True,
)


def _of_opset(opset: int) -> Dialect:
    """ONNX as of an older opset.

    Group norms came with 18, with a pair for each group of channels until 21, and p-norm pools that round up; averages
    were run by a kernel that takes no negative padding until 19.
    """
    missing = {} if opset >= 18 else {"groupnorm": "GroupNormalization came with opset 18"}
    pools = ("maxpool", "avgpool") if opset < 19 else ONNX.pool_same_needs_padding
    return ONNX._replace(
        name=f"onnx-{opset}",
        missing=missing,
        group_pairs=opset < 21,
        pool_same_needs_padding=pools,
        lp_rounds_up=opset >= 18,
    )


NCNN = Dialect(
    "ncnn",
    "ncnn 1.0",
    pool_rounding="ceil",
    ceil=Rounding.CEIL_UNCLIPPED,
    pool_stride_is_kernel=False,
    pool_padding_limit="none",
    output_padding_below="",
    truncates="ncnn divides towards zero there, or ends the process",
    buffers_are_parameters=True,
    linear_takes="flattens",
)
_SAME = {"padding": "same"}
FLAX = Dialect(
    "flax",
    "flax 0.12",
    defaults={
        **dict.fromkeys(("conv", "dwconv", "deconv"), _SAME),
        "instancenorm": {"affine": True, "eps": 1e-6},
        "layernorm": {"eps": 1e-6},
        "groupnorm": {"eps": 1e-6},
    },
    names={"GroupNorm": Named("groupnorm", {"groups": 32})},
    pool_stride_is_kernel=False,
    pool_padding_limit="none",
    transposed_same="keras",
    transposed_fills_stride="each",
    transposed_groups=False,
    transposed_cuts=False,
    output_padding_below="never",
    truncates="flax makes a map without a pixel there",
    linear_takes="channels",
    one_pixel_norms=True,
)
MLX = Dialect(
    "mlx",
    "mlx 0.32",
    ranks={"dwconv": (1, 2), "batchnorm": (0, 1, 2)},
    pool_padding_limit="none",
    transposed_groups=False,
    transposed_within=True,
    volumes_in_groups=False,
    output_padding_below="",
    truncates="mlx divides towards zero there, or makes a map without a pixel",
    buffers_are_parameters=True,
    linear_takes="channels",
    one_pixel_norms=True,
)
TINYGRAD = Dialect(
    "tinygrad",
    "tinygrad 0.14",
    defaults={"instancenorm": {"affine": True}},
    pool_padding_limit="none",
    output_padding_below="",
    same_strides=False,
    one_pixel_norms=True,
)
_UNBIASED = {**_SAME, "bias": False}
_ONE = {"kernel": (1,)}
MINDSPORE = Dialect(
    "mindspore",
    "MindSpore 2.10",
    defaults={
        **dict.fromkeys(("conv", "dwconv", "deconv"), _UNBIASED),
        "instancenorm": {"affine": True},
        "layernorm": {"eps": 1e-7},
        "leaky_relu": {"slope": 0.2},
    },
    names={"MaxPool": Named("maxpool", _ONE), "AvgPool": Named("avgpool", _ONE)},
    pool_stride_is_kernel=False,
    transposed_same="keras",
    transposed_fills_stride="whole",
    pool_same_alone=True,
    instance_norms_keep=True,
    truncates="MindSpore divides towards zero there, or makes a map without a pixel",
    buffers_are_parameters=True,
    one_pixel_norms=True,
)
DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        TORCH, KERAS, CAFFE, PADDLE, NCNN, FLAX, MLX, TINYGRAD, MINDSPORE, ONNX, *map(_of_opset, OPSETS)
    )
}  # fmt: skip
_RELATED = {
    "tensorflow": "keras",
    "tf": "keras",
    "tflite": "keras",
    "pytorch": "torch",
    "paddlepaddle": "paddle",
    "jax": "flax",
}
"""Frameworks whose layers are those of a dialect, or its longer name."""


def like_dialect(name: str) -> str:
    """The help for a dialect that there is not."""
    known = f"the dialects are {', '.join(DIALECTS)}"
    related = _RELATED.get(name.lower(), "")
    return f"did you mean `{related}`?" if related else suggestion(name, DIALECTS, known)
