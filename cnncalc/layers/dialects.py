"""What frameworks differ in: the one table of their defaults, their names and their rules.

Every layer carries the name of its dialect, so that its class can look up here what the framework does. `defaults` are
what a field is where the file does not say; `names` are a framework's own class names, spelled as there, where they
mean more than the kind that we call so. The rules, with the versions they were measured on, stand in docs/dialects.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from cnncalc.arithmetic.windows.formulas import Rounding
from cnncalc.records import NamedTuple

__all__ = ["DIALECTS", "OPSETS", "Dialect", "Named"]

Fields: TypeAlias = "Mapping[str, object]"


class Named(NamedTuple):
    """What a framework's own class name stands for: a kind, and what its fields are where the file does not say."""

    kind: str
    fields: Fields = MappingProxyType({})
    rank: int | None = None
    """The number of spatial axes that it is for, where its name does not say it."""


class Dialect(NamedTuple):
    """The habits of one framework."""

    name: str
    runs: str = ""
    """The framework as errors call it, with the version that was measured; empty for torch, whose rules are ours."""
    defaults: Mapping[str, Fields] = {}
    """By kind: the fields whose default is not the class's."""
    names: Mapping[str, Named] = {}
    """By class name, without `2D` and the like at its end."""
    ranks: Mapping[str, tuple[int, ...]] = {}
    """By kind: how many spatial axes it takes, where fewer than the kind itself."""
    missing: Mapping[str, str] = {}
    """By kind: why there is none."""
    pool_rounding: str = "floor"
    """How a pool rounds where the file does not say."""
    ceil: Rounding = Rounding.CEIL
    """What `ceil` means."""
    ceil_of: Mapping[str, Rounding] = {}
    """By kind: what `ceil` means for a pool where it is not that."""
    clip_needs_padding: bool = False
    """Caffe clips the last window of a ceil-mode pool only where the pool is padded."""
    pool_stride_is_kernel: bool = True
    """Where a pool's stride is not given it equals the kernel; else it is 1."""
    pool_padding_limit: str = "half"
    """The most padding a pool takes: `half` its kernel, less than its `kernel` or its `extent`, or `none` checked."""
    pool_same_pads_first: bool = False
    """`same` of a pool pads for a kernel without dilation; the length then follows from padding, dilation, rounding."""
    pool_same_needs_padding: tuple[str, ...] = ()
    """The pools whose `same`, without a dilation, fails where a stride larger than the kernel leaves pixels over."""
    pool_same_alone: bool = False
    """`same` of a max pool goes neither with rounding up nor with a dilation."""
    lp_pads: bool = False
    """A p-norm pool may be padded."""
    lp_rounds_up: bool = True
    """A p-norm pool may round up."""
    pools_ignore_dilation: bool = False
    """A pool's dilation is taken for 1."""
    transposed_same: str = ""
    """The rule of `same` for a transposed convolution; empty where there is none."""
    transposed_fills_stride: bool = False
    """Keras: an unpadded transposed convolution whose stride is larger than its kernel gives n·s."""
    transposed_groups: bool = True
    """Whether a transposed convolution has groups."""
    transposed_cuts: bool = True
    """Padding in numbers is taken off a transposed convolution's output; flax pads its spread input by it."""
    transposed_within: bool = False
    """A transposed convolution's padding is less than its kernel's extent."""
    volumes_in_groups: bool = True
    """Whether a convolution on three axes has groups."""
    output_padding_below: str = "stride or dilation"
    """What output padding must be less than: the larger of the two, or the `stride`; empty where that is not asked,
    `never` where there is none."""
    same_dilation: str = "kept"
    """What `same` makes of a convolution's dilation: `kept`, `ignored` (set to 1), or `refused`."""
    same_strides: bool = True
    """Whether `same` of a convolution goes with a stride; in the torch dialect it does, where torch's own does not."""
    one_of_stride_and_dilation: tuple[str, ...] = ()
    """The kinds of convolution that refuse a stride and a dilation above 1 together."""
    unsaid: Mapping[str, str] = {}
    """By feature of a layer (`habits.features`): why nothing is said of it, as where it was not measured."""
    truncates: str = ""
    """What a window that does not fit its input gives there, in words; empty where it is an error there too."""
    overpads: str = ""
    """What a pool with more padding than it may have gives there, in words; empty where it is an error there too."""
    buffers_are_parameters: bool = False
    """Batch norm's running statistics are counted among the parameters, as not trainable."""
    statistics_have_factor: bool = False
    """Caffe keeps batch norm's mean and variance as sums, with a third blob of one number by which both are divided."""
    counts_batches: bool = False
    """Batch norm keeps how many batches it has seen, a whole number of 8 bytes."""
    linear_takes: str = "vectors"
    """What a linear layer makes of a map: refuses it (`vectors`), works on its `channels`, or `flattens` it."""
    one_pixel_norms: bool = False
    """An instance norm of one pixel is taken; torch refuses it, since nothing is left of the input."""
    group_pairs: bool = False
    """Group norm's scale and shift are one pair a group, not one a channel."""
    lrn_size_is_odd: bool = False
    """A local response norm takes an odd number of neighbours only."""
    nearest_ranks: tuple[int, ...] = (1, 2, 3)
    """On how many spatial axes an upsample takes the nearest pixel."""
    scales_in_single: bool = False
    """An upsample multiplies lengths in single precision."""
    one_level_is_a_map: bool = False
    """A spatial pyramid of one level gives the pool's map, not a vector."""
    pyramid_pads: bool = False
    """A level of a spatial pyramid is a pool of windows that are all alike, padded by less than its kernel."""
    merges: str = "ranks alike"
    """What meets element by element: inputs of `ranks alike` (axes of length 1 spread), only `shapes alike`, or with
    axes put in behind the batch (`ranks filled`)."""


OPSETS = tuple(range(17, 25))
"""The ONNX opsets that were measured; `onnx` itself is the newest."""

_VECTOR = {"flat": True}
_SHUFFLES = {"PixelShuffle": "pixel_shuffle", "PixelUnshuffle": "pixel_unshuffle"}
_MAPS_OF_FOUR = dict.fromkeys(("maxpool", "avgpool", "lppool", "global_maxpool", "global_avgpool", "lrn", "spp"), (2,))

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
    },
    ranks={"dwconv": (1, 2)},
    pool_padding_limit="none",
    transposed_same="keras",
    transposed_fills_stride=True,
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
    ranks=dict.fromkeys(("pixel_shuffle", "pixel_unshuffle", "maxout", "channel_shuffle"), (2,)),
    ceil=Rounding.CEIL_UNCLIPPED,
    pool_padding_limit="kernel",
    pool_same_pads_first=True,
    transposed_same="paddle",
    output_padding_below="stride",
    same_dilation="ignored",
    truncates="Paddle divides towards zero there, and fills windows that lie outside with what is no number",
    overpads="Paddle goes on, and fills windows of padding alone with what is no number",
    buffers_are_parameters=True,
    one_pixel_norms=True,
    nearest_ranks=(2, 3),
)
TORCH = Dialect("torch", counts_batches=True, names={name: Named(kind, rank=2) for name, kind in _SHUFFLES.items()})
ONNX = Dialect(
    "onnx",
    "onnxruntime 1.32",
    defaults={"instancenorm": {"affine": True}, "avgpool": {"count_include_pad": False}},
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
    pool_rounding="ceil",
    ceil=Rounding.CEIL_UNCLIPPED,
    pool_stride_is_kernel=False,
    pool_padding_limit="none",
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
    transposed_fills_stride=True,
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
    transposed_fills_stride=True,
    pool_same_alone=True,
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
