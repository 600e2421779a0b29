"""Our kinds as sections of Darknet: what each says of itself. The one table of the writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from cnncalc.interchange.written import Unsaid, of_zeros
from cnncalc.layers import Layer, Shape
from cnncalc.layers.convolving import Bordered
from cnncalc.layers.kinds import linear, local, norm, pool, resize, shuffle
from cnncalc.layers.kinds.merge import Concat

__all__ = ["ACTIVATIONS", "SECTIONS", "Lines", "activation_of", "check_norm"]

Lines: TypeAlias = "list[str]"
Said: TypeAlias = "tuple[str, Lines, int | str]"
"""The section, its lines, and which input is the one above it; `layers` where it takes all by number."""
Rule: TypeAlias = Callable[[Any, tuple[Shape, ...], Shape], Said]


NAMES = {
    "elu": "elu", "gelu": "gelu", "mish": "mish", "relu": "relu", "relu6": "relu6", "selu": "selu",
    "sigmoid": "logistic", "silu": "swish", "tanh": "tanh",
}  # fmt: skip
ACTIVATIONS = (*NAMES, "leaky_relu")


def activation_of(layer: Layer | None) -> str | None:
    """Darknet's name of an activation; None where it has none."""
    if layer is None:
        return None
    if layer.kind == "leaky_relu":
        return {0.1: "leaky", 0.01: "relie"}.get(getattr(layer, "slope", 0.0))
    if getattr(layer, "approximate", "tanh") != "tanh" or getattr(layer, "alpha", 1.0) != 1:
        return None  # Darknet's gelu is the one by tanh, its elu ends at −1
    return NAMES.get(layer.kind)


def square(values: list[int], what: str) -> int:
    """A size that is the same along both axes."""
    if len(set(values)) != 1:
        raise Unsaid(f"{what} of Darknet is the same along both axes", "use a square one")
    return values[0]


def strides(values: list[int]) -> Lines:
    """The step, one for both axes or one each."""
    if len(set(values)) == 1:
        return [f"stride={values[0]}"]
    return [f"stride_x={values[1]}", f"stride_y={values[0]}"]


def padding_of(paddings: list[tuple[int, int]], dilation: int, kernel: int) -> Lines:
    """`pad=1` is half the kernel; a dilated kernel is padded by as much more as it is wider."""
    if any(before != after for before, after in paddings):
        raise Unsaid("Darknet pads both sides of an axis alike", "use a symmetric padding")
    padding = square([before for before, _ in paddings], "a padding")
    if padding % dilation:
        raise Unsaid("Darknet pads a dilated kernel by a multiple of its dilation", "write `p` as such a multiple")
    padding //= dilation
    if padding == 0:
        return []
    return ["pad=1"] if padding == kernel // 2 else [f"padding={padding}"]


def convolution(layer: Bordered, x: tuple[Shape, ...], y: Shape) -> Said:
    """[convolutional]"""
    if len(x[0]) != 3:
        raise Unsaid("a convolution of Darknet has two spatial axes", "`reshape` outside of the net")
    slid = layer.windows(x[0])
    kernel = square([window.kernel for window in slid], "a kernel")
    dilation = square([window.dilation for window in slid], "a dilation")
    paddings = [window.padding(n) for window, n in zip(slid, x[0][1:])]
    of_zeros(layer.mode, paddings, "Darknet")
    groups = layer.group_count(x[0])
    lines = [f"filters={layer.filters(x[0])}", f"size={kernel}", *strides([window.stride for window in slid])]
    lines += padding_of(paddings, dilation if kernel > 1 else 1, kernel)
    lines += [f"dilation={dilation}"] * (dilation > 1 and kernel > 1) + [f"groups={groups}"] * (groups > 1)
    return "convolutional", lines, 0


def own_filters(layer: local.LocallyConnected, x: tuple[Shape, ...], y: Shape) -> Said:
    """[local]"""
    slid = layer.windows(x[0])
    kernel = square([window.kernel for window in slid], "a kernel")
    stride = square([window.stride for window in slid], "a stride")
    paddings = {window.padding(n) for window, n in zip(slid, x[0][1:])}
    if paddings not in ({(0, 0)}, {(kernel // 2, kernel - 1 - kernel // 2)}) or max(layer.dilation) > 1:
        raise Unsaid("a [local] of Darknet is padded by half its kernel, or not at all", "write `p` so")
    return (
        "local",
        [f"filters={layer.out}", f"size={kernel}", f"stride={stride}", f"pad={int(paddings != {(0, 0)})}"],
        0,
    )


def connected(layer: linear.Linear, x: tuple[Shape, ...], y: Shape) -> Said:
    """[connected]"""
    if layer.axis == "last" and len(x[0]) > 1:
        raise Unsaid("a [connected] of Darknet takes its input as one vector", "`conv k1` is a `linear` of channels")
    return "connected", [f"output={layer.out}"], 0


def slid_pool(layer: pool.MaxPool | pool.AvgPool, x: tuple[Shape, ...], y: Shape) -> Said:
    """[maxpool] or [local_avgpool]: its padding in all, of which the smaller half is before."""
    slid = layer.windows(x[0])
    if any(window.dilation > 1 for window in slid):
        raise Unsaid("a pool of Darknet has no dilation", "leave it out, or use a larger kernel")
    kernel = square([window.kernel for window in slid], "a kernel")
    steps = [window.stride for window in slid]
    before = square([window.padding(n)[0] for window, n in zip(slid, x[0][1:])], "a padding")
    fits = [
        total
        for total in (2 * before, 2 * before + 1)
        if [(n + total - kernel) // step + 1 for n, step in zip(x[0][1:], steps)] == list(y[1:])
    ]
    if not fits:
        raise Unsaid(
            f"no padding of a pool of Darknet makes {y[1]}x{y[2]} of {x[0][1]}x{x[0][2]} here",
            "write another padding or rounding",
        )
    section = "local_avgpool" if isinstance(layer, pool.AvgPool) else "maxpool"
    lines = [f"size={kernel}", *strides(steps)]
    return section, lines + [f"padding={fits[0]}"] * (fits[0] != kernel - 1), 0


def mean(layer: pool.GlobalAvgPool, x: tuple[Shape, ...], y: Shape) -> Said:
    """[avgpool]"""
    return "avgpool", [], 0


def largest(layer: pool.GlobalMaxPool, x: tuple[Shape, ...], y: Shape) -> Said:
    """[maxpool] as large as the map."""
    if len(set(x[0][1:])) != 1:
        raise Unsaid("a [maxpool] has square windows", "`adaptive_avgpool 1` takes any map")
    return "maxpool", [f"size={x[0][1]}", f"stride={x[0][1]}", "padding=0"], 0


def adaptive(layer: pool.AdaptivePool, x: tuple[Shape, ...], y: Shape) -> Said:
    """[avgpool] where one pixel is left, else even windows."""
    if isinstance(layer, pool.AdaptiveAvgPool) and set(y[1:]) == {1}:
        return "avgpool", [], 0
    kernels = {n // m for n, m in zip(x[0][1:], y[1:])}
    if any(n % m for n, m in zip(x[0][1:], y[1:])) or len(kernels) != 1:
        why = "an adaptive pool is one of Darknet only where its windows are square and all alike"
        raise Unsaid(why, "let its size divide the map's")
    kernel = kernels.pop()
    section = "local_avgpool" if isinstance(layer, pool.AdaptiveAvgPool) else "maxpool"
    return section, [f"size={kernel}", f"stride={kernel}", "padding=0"], 0


def check_norm(layer: Layer | None) -> None:
    """Raises Unsaid for a batch norm that Darknet has not."""
    assert isinstance(layer, norm.BatchNorm)
    if not (layer.affine and layer.scale and layer.stats):
        raise Unsaid("a batch norm of Darknet has scale, shift and statistics", "leave them as usual")


def batch_norm(layer: norm.BatchNorm, x: tuple[Shape, ...], y: Shape) -> Said:
    """[batchnorm]"""
    check_norm(layer)
    return "batchnorm", [], 0


def added(layer: Layer, x: tuple[Shape, ...], y: Shape) -> Said:
    """[shortcut]"""
    if len(x) < 2 or len(set(x)) > 1:
        raise Unsaid("a [shortcut] adds maps of one shape", "a `conv k1` before it makes them so")
    return "shortcut", [], 0


def product(layer: Layer, x: tuple[Shape, ...], y: Shape) -> Said:
    """[scale_channels] of a map and a number for each channel, [sam] of two maps."""
    if len(x) == 2 and x[0] == x[1]:
        return "sam", [], 1
    factor = next((place for place, shape in enumerate(x) if shape == (y[0], 1, 1)), None)
    if len(x) != 2 or factor is None or x[1 - factor] != y:
        why = "a product of Darknet is one of two maps, or of a map and a number for each channel"
        raise Unsaid(why, "a `conv k1` makes a map of that shape")
    return "scale_channels", [], factor


def joined(layer: Concat, x: tuple[Shape, ...], y: Shape) -> Said:
    """[route]"""
    if layer.axis:
        raise Unsaid("a [route] joins channels", "`concat` along the channels")
    return "route", [], "layers"


def part(layer: resize.Slice, x: tuple[Shape, ...], y: Shape) -> Said:
    """[route] with groups, of which one is taken."""
    channels, start = x[0][0], layer.channels[0]
    if layer.axis % len(x[0]) or layer.step != 1 or channels % y[0] or start % y[0]:
        raise Unsaid("a [route] takes one of several equal parts of the channels", "slice a half or a quarter")
    return "route", [f"groups={channels // y[0]}", f"group_id={start // y[0]}"], "layers"


def enlarged(layer: resize.Upsample, x: tuple[Shape, ...], y: Shape) -> Said:
    """[upsample]"""
    factors = {m // n for n, m in zip(x[0][1:], y[1:])}
    if layer.mode != "nearest" or len(factors) != 1 or any(m % n for n, m in zip(x[0][1:], y[1:])):
        raise Unsaid("an [upsample] repeats pixels, as often along both axes", "`upsample 2 nearest`")
    return "upsample", [f"stride={factors.pop()}"], 0


def reorganised(layer: shuffle.SpaceToDepth, x: tuple[Shape, ...], y: Shape) -> Said:
    """[reorg]"""
    return "reorg3d", [f"stride={layer.factor}"], 0


def cropped(layer: resize.Crop, x: tuple[Shape, ...], y: Shape) -> Said:
    """[crop], which is in the middle at inference."""
    if len(x) != 1 or any((n - m) % 2 for n, m in zip(x[0][1:], y[1:])) or not layer.size:
        raise Unsaid("a [crop] of Darknet takes the middle", "`crop size=HxW` of a map that is even by as much")
    return "crop", [f"crop_height={y[1]}", f"crop_width={y[2]}"], 0


def alone(layer: Layer, x: tuple[Shape, ...], y: Shape) -> Said:
    """[activation]"""
    name = activation_of(layer)
    if name is None:
        raise Unsaid("Darknet has no such activation", "`leaky_relu 0.1`, `gelu tanh` and `elu 1` are there")
    return "activation", [f"activation={name}"], 0


def softmax(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """[softmax]"""
    if layer.axis:
        raise Unsaid("a [softmax] goes over all numbers, or over the channels", "`softmax axis=0`")
    return "softmax", ["spatial=1"] if len(x[0]) > 1 else [], 0


SECTIONS: dict[str, Rule] = {
    **dict.fromkeys(ACTIVATIONS, alone),
    "adaptive_avgpool": adaptive,
    "adaptive_maxpool": adaptive,
    "add": added,
    "avgpool": slid_pool,
    "batchnorm": batch_norm,
    "concat": joined,
    "conv": convolution,
    "crop": cropped,
    "dropout": lambda layer, x, y: ("dropout", [f"probability={layer.rate:g}"], 0),
    "dwconv": convolution,
    "global_avgpool": mean,
    "global_maxpool": largest,
    "linear": connected,
    "local": own_filters,
    "lrn": lambda layer, x, y: ("normalization", [f"size={layer.size}"], 0),
    "maxpool": slid_pool,
    "multiply": product,
    "slice": part,
    "softmax": softmax,
    "space_to_depth": reorganised,
    "upsample": enlarged,
}
