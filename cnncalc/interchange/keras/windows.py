"""Convolutions, pools, borders and enlargements."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.keras.activations import activated
from cnncalc.interchange.keras.call import Call, Rule

__all__ = ["WINDOWS"]


def _timed(call: Call, lengths: tuple[int, ...], own: int = 1) -> tuple[int, ...]:
    """Lengths for all our axes: a layer at every time step has windows of one step."""
    return (own, *lengths) if call.timed else lengths


def _steps(call: Call) -> int:
    """How many steps a layer runs at, where it runs at every time step."""
    return call.x[0][1] if call.timed else 1


def _padding(call: Call, kernel: tuple[int, ...], dilation: tuple[int, ...]) -> Any:
    """`same`, `valid`, or for a causal convolution as many zeros before as its kernel reaches back."""
    padding = call.word("padding", "valid")
    if padding == "causal":
        return tuple((d * (k - 1), 0) for k, d in zip(kernel, dilation))
    if padding not in ("same", "valid"):
        raise call.fault("`padding` is valid, same or causal", f"it is `{padding[:20]}`")
    if call.timed and padding == "same":
        return "same"
    return padding


def _window(call: Call) -> dict[str, Any]:
    """What all convolutions have."""
    kernel = _timed(call, call.lengths("kernel_size", 1))
    dilation = _timed(call, call.lengths("dilation_rate", 1))
    return {
        "kernel": kernel,
        "stride": _timed(call, call.lengths("strides", 1)),
        "padding": _padding(call, kernel, dilation),
        "dilation": dilation,
    }


def conv(call: Call) -> int:
    """Conv1D to Conv3D."""
    made = call.put(
        "conv",
        out=call.whole("filters"),
        groups=call.whole("groups", 1),
        bias=call.flag("use_bias", True),
        **_window(call),
    )
    return activated(call, made)


def depthwise(call: Call) -> int:
    """DepthwiseConv1D and DepthwiseConv2D."""
    multiplier = call.whole("depth_multiplier", 1)
    return activated(call, _by_channel(call, "", multiplier, call.flag("use_bias", True), _window(call)))


def _by_channel(call: Call, suffix: str, multiplier: int, bias: bool, window: dict[str, Any]) -> int:
    """Filters of each channel alone; at every time step as many groups, as Keras has no such filters on three axes."""
    if not call.timed:
        return call.put("dwconv", suffix=suffix, multiplier=multiplier, bias=bias, **window)
    channels = call.x[0][0]
    return call.put("conv", suffix=suffix, out=channels * multiplier, groups=channels, bias=bias, **window)


def separable(call: Call) -> int:
    """SeparableConv1D and SeparableConv2D: space first, then channels; the bias comes last."""
    window = _window(call)
    depth = _by_channel(call, "depthwise", call.whole("depth_multiplier", 1), False, window)
    kernel = (1,) * len(window["kernel"])
    point = call.put(
        "conv", depth, suffix="pointwise", out=call.whole("filters"), kernel=kernel, bias=call.flag("use_bias", True)
    )
    return activated(call, point, suffix="activation")


def transposed(call: Call) -> int:
    """Conv1DTranspose to Conv3DTranspose; sizes as the keras dialect has them."""
    given = call.config.get("output_padding") is not None
    made = call.put(
        "deconv",
        out=call.whole("filters"),
        groups=call.whole("groups", 1),
        bias=call.flag("use_bias", True),
        output_padding=_timed(call, call.lengths("output_padding"), 0) if given else None,
        **_window(call),
    )
    return activated(call, made)


def pool(kind: str) -> Rule:
    """A pool; without strides they are its size."""

    def rule(call: Call) -> int:
        size = call.lengths("pool_size", call.config.get("pool_length", 2))
        key = "stride" if "stride" in call.config else "strides"
        stride = size if call.config.get(key) is None else call.lengths(key)
        padding = call.word("padding", call.word("border_mode", "valid"))
        return call.put(kind, kernel=_timed(call, size), stride=_timed(call, stride), padding=padding)

    return rule


def global_pool(kind: str) -> Rule:
    """A pool over all positions; a vector comes out unless `keepdims` is set."""

    def rule(call: Call) -> int:
        if call.timed:
            pooled = "maxpool" if kind == "global_maxpool" else "avgpool"
            channels, steps, *lengths = call.x[0]
            made = call.put(pooled, kernel=(1, *lengths), stride=(1, *lengths))
            return made if call.flag("keepdims") else call.put("reshape", made, shape=(channels, steps))
        return call.put(kind, flat=None if call.flag("keepdims") else True)

    return rule


def adaptive(kind: str) -> Rule:
    """An adaptive pool."""
    return lambda call: call.put(kind, output=_timed(call, call.lengths("output_size"), _steps(call)))


def _border(call: Call, key: str) -> tuple[tuple[int, int], ...]:
    """Pixels before and after on each axis: of a number, a number an axis, or a pair an axis."""
    value = call.config.get(key, 1)
    axes = call.spatial
    if axes == 1 and isinstance(value, list) and len(value) == 2 and all(type(one) is int for one in value):
        value = [value]
    listed = value if isinstance(value, list) else [value] * axes
    pairs = [one if isinstance(one, list) else [one, one] for one in listed]
    if len(pairs) != axes or not all(len(one) == 2 and all(type(n) is int and n >= 0 for n in one) for one in pairs):
        raise call.fault(f"`{key}` is a number, or a pair for each of {axes} axes", f"it is {str(value)[:60]}")
    border = tuple((one[0], one[1]) for one in pairs)
    return ((0, 0), *border) if call.timed else border


def pad(call: Call) -> int:
    """ZeroPadding1D to ZeroPadding3D."""
    return call.put("pad", border=_border(call, "padding"))


def crop(call: Call) -> int:
    """Cropping1D to Cropping3D."""
    return call.put("crop", border=_border(call, "cropping"))


MODES = {"nearest": None, "bilinear": "linear", "linear": "linear", "trilinear": "linear", "bicubic": "cubic"}
"""Interpolations; those by area are counted as linear."""


def mode_of(call: Call, key: str = "interpolation") -> str | None:
    """How pixels are made."""
    word = call.word(key, "nearest")
    if word not in MODES:
        call.work.sketch.notes.append(f"{call.path}: `{word[:20]}` interpolation is counted as linear")
    return MODES.get(word, "linear")


def upsample(call: Call) -> int:
    """UpSampling1D to UpSampling3D."""
    scale = call.lengths("size", call.config.get("length", 2))
    return call.put("upsample", scale=_timed(call, scale), mode=mode_of(call))


def resize(call: Call) -> int:
    """Resizing to a height and a width."""
    size = (call.whole("height"), call.whole("width"))
    return call.put("upsample", size=_timed(call, size, call.x[0][1]), mode=mode_of(call))


def center_crop(call: Call) -> int:
    """CenterCrop and RandomCrop: a map of the given size; a smaller one is enlarged, as far as it is cut first."""
    size = (call.whole("height"), call.whole("width"))
    if any(length < wanted for length, wanted in zip(call.x[0][-2:], size)):
        return call.put("upsample", size=_timed(call, size, _steps(call)), mode="linear")
    return call.put("crop", size=_timed(call, size, _steps(call)))


DIMENSIONS = ("1D", "2D", "3D")
_BY_AXES: dict[str, Rule] = {
    "Conv": conv,
    "Convolution": conv,
    "DepthwiseConv": depthwise,
    "SeparableConv": separable,
    "SeparableConvolution": separable,
    "MaxPooling": pool("maxpool"),
    "AveragePooling": pool("avgpool"),
    "GlobalAveragePooling": global_pool("global_avgpool"),
    "GlobalMaxPooling": global_pool("global_maxpool"),
    "AdaptiveAveragePooling": adaptive("adaptive_avgpool"),
    "AdaptiveMaxPooling": adaptive("adaptive_maxpool"),
    "ZeroPadding": pad,
    "Cropping": crop,
    "UpSampling": upsample,
}
WINDOWS: dict[str, Rule] = {
    **{f"{stem}{axes}": rule for stem, rule in _BY_AXES.items() for axes in DIMENSIONS},
    **{f"Conv{axes}Transpose": transposed for axes in DIMENSIONS},
    "Deconvolution2D": transposed,
    **{f"{way}{name}Pool": _BY_AXES[f"{way}{name}Pooling"] for way in ("", "Adaptive") for name in ("Average", "Max")},
    "Resizing": resize,
    "CenterCrop": center_crop,
    "RandomCrop": center_crop,
}
"""By Keras's class, and by that of an operation."""
