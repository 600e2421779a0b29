"""Our convolutions, pools and borders as Keras's layers."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from cnncalc.arithmetic.windows.formulas import Rounding, Window
from cnncalc.interchange.keras.writing.model import Scribe, Tensor
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Shape
from cnncalc.layers.kinds import conv, pool, resize

__all__ = [
    "adaptive", "axes_of", "convolution", "cropped", "cropping", "depthwise", "padded", "pooled", "stepped",
    "transposed", "whole_pool", "zeros",
]  # fmt: skip

Pairs = Sequence[tuple[int, int]]
Taken = Sequence[Tensor]
Shapes = tuple[Shape, ...]


def axes_of(x: Shape) -> str:
    """`1D` to `3D`; raises Unsaid for others."""
    if not 2 <= len(x) <= 4:
        raise Unsaid("Keras has such layers for 1 to 3 spatial axes", "`reshape` the input")
    return f"{len(x) - 1}D"


def each(values: Sequence[int]) -> Any:
    """One number for all axes, or one an axis."""
    return values[0] if len(set(values)) == 1 else list(values)


def _window(windows: Sequence[Window], padding: str, kernel: str) -> dict[str, Any]:
    """What a window has in Keras, without what is so unless told."""
    said: dict[str, Any] = {kernel: each([one.kernel for one in windows])}
    if any(one.stride > 1 for one in windows):
        said["strides"] = each([one.stride for one in windows])
    if padding != "valid":
        said["padding"] = padding
    if any(one.dilation > 1 for one in windows):
        said["dilation_rate"] = each([one.dilation for one in windows])
    return said


def _words(windows: Sequence[Window], x: Shape, padding: Any, *, pads_first: bool = False) -> str:
    """`valid`, `same` or `causal` where Keras's word is exactly the padding; else nothing."""
    if padding in ("same", "valid", "causal") and not pads_first:
        return str(padding)
    pairs = [window.padding(n) for window, n in zip(windows, x[1:])]
    if not any(map(any, pairs)):
        return "valid"
    centred = [
        one.stride == 1 and 2 * before == 2 * after == one.extent - 1 for one, (before, after) in zip(windows, pairs)
    ]
    return "same" if all(centred) else ""


def stepped(windows: Sequence[Window], x: Shape, padding: Any) -> tuple[dict[str, Any], Pairs]:
    """What the windows of a recurrence have in Keras, and the zeros before it where no word says its padding."""
    word = _words(windows, x, padding)
    pairs = [] if word else [window.padding(n) for window, n in zip(windows, x[1:])]
    return _window(windows, word or "valid", "kernel_size"), pairs or [(0, 0)] * len(windows)


def zeros(scribe: Scribe, tensor: Tensor, pairs: Pairs, suffix: str = "_pad") -> Tensor:
    """ZeroPadding1D to ZeroPadding3D; nothing where there is nothing to pad."""
    if not any(map(any, pairs)):
        return tensor
    shape = (*(n + sum(pair) for n, pair in zip(tensor.shape, pairs)), tensor.shape[-1])
    said: Any = [list(pair) for pair in pairs]
    if all(before == after for before, after in pairs):
        said = each([before for before, _ in pairs])
    elif len(pairs) == 1:
        said = said[0]
    return scribe.layer(f"ZeroPadding{len(pairs)}D", tensor, suffix=suffix, shape=shape, padding=said)


def cropping(scribe: Scribe, tensor: Tensor, pairs: Pairs, suffix: str = "_crop") -> Tensor:
    """Cropping1D to Cropping3D; nothing where there is nothing to crop."""
    if not any(map(any, pairs)):
        return tensor
    shape = (*(n - sum(pair) for n, pair in zip(tensor.shape, pairs)), tensor.shape[-1])
    said: Any = [list(pair) for pair in pairs]
    return scribe.layer(
        f"Cropping{len(pairs)}D", tensor, suffix=suffix, shape=shape, cropping=said if len(pairs) > 1 else said[0]
    )


def _one_of_two(windows: Sequence[Any], layer: conv.Convolution) -> None:
    """Keras refuses a stride and a dilation together; in its own dialect so do we, and it is asked all the same."""
    both = any(one.stride > 1 for one in windows) and any(one.dilation > 1 for one in windows)
    if both and layer.dialect != "keras":
        raise Unsaid("Keras takes no stride together with a dilation", "set one of them to 1")


def _sliding(
    scribe: Scribe, kind: str, layer: conv.ForwardConvolution, x: Shape, tensor: Tensor, said: dict[str, Any]
) -> Tensor:
    """A convolution, behind a layer of zeros where no word of Keras's says its padding."""
    windows = layer.windows(x)
    _one_of_two(windows, layer)
    mode = getattr(layer, "mode", "zeros")
    if mode not in ("zeros", "reflect"):
        raise Unsaid(f"Keras's backends have no `{mode}` border in common", "`reflect` and zeros are there")
    word = _words(windows, x, layer.padding)
    if mode == "reflect" and word != "valid":
        word = ""
        pairs = [window.padding(n) for window, n in zip(windows, x[1:])]
        tensor = _border(scribe, tensor, pairs, {}, mode=mode) if any(map(any, pairs)) else tensor
    elif not word:
        tensor = zeros(scribe, tensor, [window.padding(n) for window, n in zip(windows, x[1:])])
    said |= _window(windows, word or "valid", "kernel_size")
    if layer.dialect == "keras" and max(layer.dilation) > 1:
        said["dilation_rate"] = each(layer.dilation)
    said |= {} if layer.bias else {"use_bias": False}
    return scribe.layer(kind, tensor, **said)


def convolution(scribe: Scribe, layer: conv.Conv, x: Shapes, taken: Taken) -> Tensor:
    """Conv1D to Conv3D."""
    said = {"filters": layer.out, **({"groups": layer.groups} if layer.groups > 1 else {})}
    return _sliding(scribe, f"Conv{axes_of(x[0])}", layer, x[0], taken[0], said)


def depthwise(scribe: Scribe, layer: conv.DepthwiseConv, x: Shapes, taken: Taken) -> Tensor:
    """DepthwiseConv1D and 2D; on three axes, or with strides that differ, a Conv with a group a channel."""
    axes = axes_of(x[0])
    windows = layer.windows(x[0])
    if layer.dialect == "keras" and axes == "3D":
        raise Unsaid("Keras has no DepthwiseConv3D", "`conv` with as many groups as channels is one")
    if axes == "3D" or (layer.dialect != "keras" and len({one.stride for one in windows}) > 1):
        said = {"filters": layer.filters(x[0]), **({"groups": x[0][0]} if x[0][0] > 1 else {})}
        return _sliding(scribe, f"Conv{axes}", layer, x[0], taken[0], said)
    said = {"depth_multiplier": layer.multiplier} if layer.multiplier > 1 else {}
    return _sliding(scribe, f"DepthwiseConv{axes}", layer, x[0], taken[0], said)


def transposed(scribe: Scribe, layer: conv.Deconv, x: Shapes, taken: Taken) -> Tensor:
    """Conv1DTranspose to Conv3DTranspose; what is padded is cropped from its output."""
    axes = axes_of(x[0])
    if layer.groups > 1:
        raise Unsaid("Keras's transposed convolutions have no groups", "leave them out")
    windows = layer.windows(x[0])
    _one_of_two(windows, layer)
    keras = layer.dialect == "keras"
    word = layer.padding if keras and isinstance(layer.padding, str) else "valid"
    if word not in ("same", "valid"):
        raise Unsaid(f"Keras has no `{word}` padding", "write the padding in numbers")
    said: dict[str, Any] = {"filters": layer.out, "kernel_size": each([one.kernel for one in windows])}
    if any(one.stride > 1 for one in windows):
        said["strides"] = each([one.stride for one in windows])
    if word != "valid":
        said["padding"] = word
    if keras and layer.output_padding is not None:
        said["output_padding"] = each(layer.output_padding)
    if any(one.dilation > 1 for one in windows):
        said["dilation_rate"] = each([one.dilation for one in windows])
    if not layer.bias:
        said["use_bias"] = False
    axis = list(zip(windows, x[0][1:]))
    borders = [one.padding(n) for one, n in axis]
    if keras and (isinstance(layer.padding, str) or not any(map(any, borders))):
        return scribe.layer(f"Conv{axes}Transpose", taken[0], **said)
    full = [(n - 1) * one.stride + max(one.extent, one.stride) for one, n in axis]
    if keras and layer.output_padding is not None:
        full = [one.length(n) + sum(border) for (one, n), border in zip(axis, borders)]
    pairs = [(first, whole - first - one.length(n)) for (one, n), (first, _), whole in zip(axis, borders, full)]
    if any(after < 0 for _, after in pairs):
        raise Unsaid("Keras adds no output padding behind what its kernel reaches", "use less output padding")
    made = scribe.layer(f"Conv{axes}Transpose", taken[0], shape=(*full, layer.out), **said)
    return cropping(scribe, made, pairs)


def pooled(scribe: Scribe, layer: pool.Pool, x: Shapes, taken: Taken) -> Tensor:
    """MaxPooling and AveragePooling; a border of a largest pixel is of zeros or of −∞, of a mean of zeros."""
    axes = axes_of(x[0])
    windows = layer.windows(x[0])
    if any(one.dilation > 1 for one in windows):
        raise Unsaid("Keras's pools have no dilation", "leave it out, or use a larger kernel")
    mean = isinstance(layer, pool.AvgPool)
    kind = f"{'Average' if mean else 'Max'}Pooling{axes}"
    whole = windows[0].rounding is Rounding.FLOOR
    pairs, over = [], False
    for window, n in zip(windows, x[0][1:]):
        before, after = window.padding(n)
        if not whole:  # as many pixels behind as the last window wants
            wanted = (window.length(n) - 1) * window.stride + window.extent - n - before
            over |= wanted > after
            after = max(wanted, 0)
        pairs.append((before, after))
    word = _words(windows, x[0], layer.padding) if whole else "" if any(map(any, pairs)) else "valid"
    counts = isinstance(layer, pool.AvgPool) and layer.count_include_pad
    if word == "same" and mean and counts:
        word = ""
    said = _window(windows, word or "valid", "pool_size")
    if layer.dialect == "keras" and layer.stride is None:
        said.pop("strides", None)
    elif "strides" not in said and any(one.kernel > 1 for one in windows):
        said["strides"] = 1
    elif said.get("strides") == said["pool_size"]:
        del said["strides"]
    if not word and mean and (over or not counts):
        raise Unsaid("the mean leaves the border out, and Keras's leaves out that of `same` alone", "use `same`")
    tensor = taken[0]
    if not word:
        tensor = (
            zeros(scribe, tensor, pairs)
            if mean or scribe.nonnegative
            else _border(scribe, tensor, pairs, {"constant_values": float("-inf")})
        )
    return scribe.layer(kind, tensor, **said)


def _border(scribe: Scribe, tensor: Tensor, pairs: Pairs, kwargs: dict[str, Any], mode: str | None = None) -> Tensor:
    """A border of one number, or of the map's own pixels."""
    shape = (*(n + sum(pair) for n, pair in zip(tensor.shape, pairs)), tensor.shape[-1])
    width = [[0, 0], *map(list, pairs), [0, 0]]
    return scribe.op("numpy.Pad", tensor, suffix="_pad", shape=shape, kwargs=kwargs, pad_width=width, mode=mode)


def norm_pooled(scribe: Scribe, layer: pool.LPPool, x: Shapes, taken: Taken) -> Tensor:
    """A mean of powers, times the pixels of a window, and the root of that, as torch computes it."""
    windows = layer.windows(x[0])
    borders = [window.padding(n) for window, n in zip(windows, x[0][1:])]
    if windows[0].rounding is not Rounding.FLOOR or any(map(any, borders)):
        raise Unsaid("a window that hangs over the border has less pixels", "leave the padding and the `ceil` out")
    powers = scribe.op("numpy.Power", taken[0], layer.norm, suffix="_powers")
    said = _window(windows, "valid", "pool_size")
    said.setdefault("strides", 1)
    mean = scribe.layer(f"AveragePooling{axes_of(x[0])}", powers, suffix="_mean", shape=scribe.own, **said)
    sums = scribe.op("numpy.Multiply", mean, float(prod(one.kernel for one in windows)), suffix="_sums")
    return scribe.op("numpy.Power", sums, 1 / layer.norm)


def whole_pool(scribe: Scribe, layer: pool.GlobalPool, x: Shapes, taken: Taken) -> Tensor:
    """GlobalAveragePooling and GlobalMaxPooling."""
    way = "Average" if isinstance(layer, pool.GlobalAvgPool) else "Max"
    return scribe.layer(f"Global{way}Pooling{axes_of(x[0])}", taken[0], keepdims=None if layer.flat else True)


def adaptive(scribe: Scribe, layer: pool.AdaptivePool, x: Shapes, taken: Taken) -> Tensor:
    """A plain pool where the windows are alike, else AdaptiveAveragePooling and AdaptiveMaxPooling."""
    axes = axes_of(x[0])
    way = "Average" if isinstance(layer, pool.AdaptiveAvgPool) else "Max"
    target = layer.output_shape(*x)[1:]
    if all(m == 1 for m in target):
        return scribe.layer(f"Global{way}Pooling{axes}", taken[0], keepdims=True)
    if all(n % m == 0 for n, m in zip(x[0][1:], target)):
        kernel = [n // m for n, m in zip(x[0][1:], target)]
        return scribe.layer(f"{way}Pooling{axes}", taken[0], pool_size=each(kernel))
    return scribe.layer(f"Adaptive{way}Pooling{axes}", taken[0], output_size=each(target))


def padded(scribe: Scribe, layer: resize.Pad, x: Shapes, taken: Taken) -> Tensor:
    """ZeroPadding; mirrored borders, and channels of zeros, by an operation."""
    axes_of(x[0])
    pairs = list(layer.borders(x[0]))
    around = any(map(any, pairs))
    if layer.channels == ((0, 0),) and (layer.mode == "zeros" or not around):
        if around:
            return zeros(scribe, taken[0], pairs, "")
        return scribe.layer(f"ZeroPadding{axes_of(x[0])}", taken[0], padding=0)
    if layer.mode not in ("zeros", "reflect"):
        raise Unsaid(f"Keras's backends have no `{layer.mode}` border in common", "`reflect` and zeros are there")
    width = [[0, 0], *map(list, pairs), list(layer.channels[0])]
    mode = None if layer.mode == "zeros" else layer.mode
    shape = (*(n + sum(pair) for n, pair in zip(taken[0].shape, width[1:])),)
    return scribe.op("numpy.Pad", taken[0], shape=shape, pad_width=width, mode=mode)


def cropped(scribe: Scribe, layer: resize.Crop, x: Shapes, taken: Taken) -> Tensor:
    """Cropping, also to the size of another map."""
    pairs = list(layer.borders(*x))
    if any(min(pair) < 0 for pair in pairs):
        raise Unsaid("a crop makes nothing larger", "`pad` does")
    if not any(map(any, pairs)):
        return scribe.layer(f"Cropping{axes_of(x[0])}", taken[0], cropping=0)
    return cropping(scribe, taken[0], pairs, "")
