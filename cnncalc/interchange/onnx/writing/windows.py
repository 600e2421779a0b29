"""Layers that slide windows, and those that change how large a map is, as nodes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from cnncalc.arithmetic.windows.formulas import SAME, SAME_LOWER, Rounding, Window
from cnncalc.interchange.onnx.writing.scribe import Held, Step
from cnncalc.interchange.written import Unsaid

__all__ = [
    "adaptive", "average_pool", "bordered", "convolution", "deconvolution", "deformable", "max_pool", "norm_pool",
    "padding", "pads", "pyramid", "slides", "whole_pool",
]  # fmt: skip

WORDS = {SAME: "SAME_UPPER", SAME_LOWER: "SAME_LOWER"}
Borders = Sequence[tuple[Any, Any]]


def pads(borders: Borders) -> list[Any]:
    """All that is added before, then all that is added behind."""
    return [before for before, _ in borders] + [after for _, after in borders]


def padding(step: Step, slid: Sequence[Any]) -> dict[str, Any]:
    """`pads`, or `auto_pad`: in the `onnx` dialect as the file says it, elsewhere where the sizes are symbols."""
    word = WORDS.get(step.layer.padding) if isinstance(step.layer.padding, str) else None  # type: ignore[attr-defined]  # windows have it
    symbols = any(not isinstance(n, int) for n in step.x[0][1:])
    if word and (step.layer.dialect.startswith("onnx") or (symbols and max(one.dilation for one in slid) == 1)):
        return {"auto_pad": word}
    borders = [window.padding(n) for window, n in zip(slid, step.x[0][1:])]
    return {"pads": [step.fixed(side) for side in pads(borders)]}


def slides(slid: Sequence[Any]) -> dict[str, Any]:
    """Kernel, strides and dilations."""
    return {
        "kernel_shape": [window.kernel for window in slid],
        "strides": [window.stride for window in slid],
        "dilations": [window.dilation for window in slid],
    }


def convolution(step: Step) -> str:
    """Conv; a border in numbers, `causal` too."""
    layer: Any = step.layer
    slid = layer.windows(step.x[0])
    weights = [step.learned("weight"), *([step.learned("bias")] if layer.bias else [])]
    x, around = step.taken[0], {}
    if layer.mode == "zeros":
        around = padding(step, slid)
    else:
        borders = [(0, 0), (0, 0), *(window.padding(n) for window, n in zip(slid, step.x[0][1:]))]
        x = step.bordered_by(layer.mode, pads(borders))
    return step.put(
        "Conv",
        x,
        *weights,
        **slides(slid),
        group=layer.group_count(step.x[0]),
        **around,
    )


def deformable(step: Step) -> str:
    """DeformConv, with a border in numbers."""
    layer: Any = step.layer
    bias = step.learned("bias") if layer.bias else ""
    mask = step.taken[2:]
    x, offsets = step.taken[:2]
    return step.put(
        "DeformConv",
        *(x, step.learned("weight"), offsets, *((bias, *mask) if mask or bias else ())),
        **slides(layer.windows(step.x[0])),
        group=layer.groups,
        offset_group=step.fixed(step.x[1][0]) // (2 * layer.taps(step.x[0])),
        **padding(step, layer.windows(step.x[0])),
    )


def deconvolution(step: Step) -> str:
    """ConvTranspose. What it cannot add behind the last pixel no window reaches: zeros, and the bias."""
    layer: Any = step.layer
    slid = layer.windows(step.x[0])
    said: dict[str, Any] = {**slides(slid), "group": layer.groups}
    weights = [step.learned("weight"), *([step.learned("bias")] if layer.bias else [])]
    if layer.dialect.startswith("onnx"):
        more = [window.output_padding for window in slid]
        return step.put(
            "ConvTranspose",
            step.taken[0],
            *weights,
            **said,
            **padding(step, slid),
            output_padding=more if any(more) else None,
        )
    borders = [window.padding(n) for window, n in zip(slid, step.x[0][1:])]
    wanted = [window.output_padding for window in slid]
    added = [0 if op == 0 else max(op - step.fixed(after), 0) for op, (_, after) in zip(wanted, borders)]
    if all(op < window.stride for op, window in zip(wanted, slid)) and min(map(step.fixed, pads(borders))) >= 0:
        added, cut = [0] * len(slid), borders
    else:
        added = [max(op - step.fixed(after), 0) for op, (_, after) in zip(wanted, borders)]
        cut = [(before, max(step.fixed(after) - op, 0)) for op, (before, after) in zip(wanted, borders)]
        wanted = [0] * len(slid)
    taken = weights if not any(added) else weights[:1]
    made = step.put(
        "ConvTranspose", step.taken[0], *taken, **said, pads=pads(cut), output_padding=wanted if any(wanted) else None
    )
    if any(added):
        made = step.put("Pad", made, step.wholes((0,) * (step.rank + 4) + tuple(added)))
        if layer.bias:
            made = step.put("Add", made, step.by_channel("bias"))
    return made


def bordered(step: Step, borders: Borders, value: float) -> str:
    """A border of one number around the map; a negative one crops."""
    before, after = ([0, 0, *(step.fixed(one[side]) for one in borders)] for side in (0, 1))
    if not any(before) and not any(after):
        return step.taken[0]
    filling = [step.number(value)] if value else []
    return step.put("Pad", step.taken[0], step.wholes((*before, *after)), *filling)


CLIPPED = 22
"""The opset since which a window that only covers the border behind the map is none."""


def hanging(window: Window, n: Any) -> bool:
    """Whether a pool that rounds up leaves out such a window."""
    if window.rounding is not Rounding.CEIL or not isinstance(n, int):
        return False
    return window.length(n) < -(-(n + sum(window.padding(n)) - window.extent) // window.stride) + 1


def native(step: Step, slid: Sequence[Window]) -> dict[str, Any] | None:
    """Padding and rounding as ONNX's own pool has them; None where a border has to be laid first."""
    layer: Any = step.layer
    rounding = slid[0].rounding
    if rounding is Rounding.CEIL_UNCLIPPED:
        return None
    if not layer.dialect.startswith("onnx"):
        if step.opset < CLIPPED and any(map(hanging, slid, step.x[0][1:])):
            return None
        borders = [window.padding(n) for window, n in zip(slid, step.x[0][1:])]
        if any(step.fixed(side) >= window.kernel for window, border in zip(slid, borders) for side in border):
            return None
    return {**padding(step, slid), "ceil_mode": 1 if rounding is Rounding.CEIL else None}


def laid(layer: Any, x: Any) -> Borders:
    """The border with which a pool that rounds down gives every window."""
    explicit = layer.explicit_padding(x)
    if explicit is not None:
        return [*explicit]
    slid = layer.windows(x)
    return [(window.padding(n)[0], max(window.padding(n)[1] - window.unseen(n), 0)) for window, n in zip(slid, x[1:])]


def frame(layer: Any, slid: Sequence[Window]) -> dict[str, Any]:
    """Kernel, strides, and dilations where there are any. In ONNX's dialect a stride that is not said is left to it."""
    dilated = any(window.dilation > 1 for window in slid)
    silent = layer.stride is None and layer.dialect.startswith("onnx")
    return {
        "kernel_shape": [window.kernel for window in slid],
        "strides": None if silent else [window.stride for window in slid],
        "dilations": [window.dilation for window in slid] if dilated else None,
    }


def max_pool(step: Step) -> str:
    """MaxPool; behind a border of −∞ where its own cannot be as wide, or rounds otherwise."""
    slid = step.layer.windows(step.x[0])  # type: ignore[attr-defined]  # a pool has windows
    said = native(step, slid)
    if said is not None:
        step.scribe.pooled[step.node.name] = step.x[0]
        return step.put("MaxPool", step.taken[0], **frame(step.layer, slid), **said)
    return step.put("MaxPool", bordered(step, laid(step.layer, step.x[0]), float("-inf")), **frame(step.layer, slid))


def average_pool(step: Step) -> str:
    """AveragePool; where windows hang over or a border is laid before, times the pixels counted by those meant."""
    layer: Any = step.layer
    slid = layer.windows(step.x[0])
    if max(layer.dilation) > 1 and step.opset < 19:
        raise Unsaid("AveragePool has dilations since opset 19", "write a later one: `--opset 19`")
    said = native(step, slid)
    inside = layer.count_include_pad
    if said is not None and (said["ceil_mode"] is None or layer.dialect.startswith("onnx")):
        return step.put("AveragePool", step.taken[0], **frame(step.layer, slid), **said, count_include_pad=int(inside))
    borders = laid(layer, step.x[0])
    mean = step.put("AveragePool", bordered(step, borders, 0.0), **frame(step.layer, slid))
    full = inside and layer.explicit_padding(step.x[0]) is not None
    factors = None if full else shares(step, slid, borders, inside=inside)
    return mean if factors is None else step.put("Mul", mean, factors)


def shares(step: Step, slid: Sequence[Window], borders: Borders, *, inside: bool) -> str | None:
    """A window's pixels by those of them that count, for each window; None where all count."""
    counted = [counts(window, n, border, inside=inside) for window, n, border in zip(slid, step.x[0][1:], borders)]
    size = prod(window.kernel for window in slid)
    numbers = [1]
    for each in counted:
        numbers = [a * b for a in numbers for b in each]
    if all(number == size for number in numbers):
        return None
    table = step.scribe.keep(Held((1, 1, *map(len, counted)), tuple(max(number, 1) for number in numbers), "int64"))
    return step.put("Div", step.number(size), step.put("Cast", table, to=1))


def counts(window: Window, n: int, border: tuple[int, int], *, inside: bool) -> list[int]:
    """How many pixels of each window count: those of the map, or with its declared border too."""
    before, after = window.padding(n)
    low, high = (0, before + n + after) if inside else (before, before + n)
    made = []
    for start in range(0, n + sum(border) - window.extent + 1, window.stride):
        places = range(start, start + window.extent, window.dilation)
        made.append(sum(low <= place < high for place in places))
    return made


def norm_pool(step: Step) -> str:
    """LpPool; of odd powers and fractions by its formula, since torch takes no absolute values."""
    layer: Any = step.layer
    slid = layer.windows(step.x[0])
    said = native(step, slid)
    exact = layer.dialect.startswith("onnx")
    if exact and layer.norm != int(layer.norm):
        raise Unsaid("LpPool takes a whole number for its power", "round the norm")
    even = layer.norm % 2 == 0
    if exact or (even and said is not None and said["ceil_mode"] is None):
        if said is None:
            raise Unsaid("LpPool neither pads nor rounds so", "write the padding in numbers")
        return step.put("LpPool", step.taken[0], **frame(step.layer, slid), **said, p=int(layer.norm))
    borders = laid(layer, step.x[0])
    framed = bordered(step, borders, 0.0)
    if even:
        made = step.put("LpPool", framed, **frame(step.layer, slid), p=int(layer.norm))
    else:
        powers = step.put("Pow", framed, step.number(layer.norm))
        sums = step.put("AveragePool", powers, **frame(step.layer, slid))
        size = step.number(prod(window.kernel for window in slid))
        made = step.put("Pow", step.put("Mul", sums, size), step.number(1 / layer.norm))
    factors = shares(step, slid, borders, inside=True) if layer.explicit_padding(step.x[0]) is None else None
    if factors is None:
        return made  # torch takes the mean of the powers, times all pixels of a window
    return step.put("Mul", made, step.put("Pow", factors, step.number(1 / layer.norm)))


def whole_pool(step: Step) -> str:
    """GlobalAveragePool or GlobalMaxPool, flattened where the layer is."""
    layer: Any = step.layer
    made = step.put("GlobalMaxPool" if "max" in layer.kind else "GlobalAveragePool", step.taken[0])
    return step.put("Flatten", made, axis=1) if layer.flat else made


def binned(step: Step, x: str, lengths: Sequence[int], outs: Sequence[int], *, largest: bool) -> str:
    """An adaptive pool: of one pixel, as a pool where the output divides the input, else bin by bin along each axis."""
    if all(out == 1 for out in outs):
        return step.put("GlobalMaxPool" if largest else "GlobalAveragePool", x)
    fixed = [step.fixed(n) for n in lengths]
    if all(n % out == 0 for n, out in zip(fixed, outs)):
        each = [n // out for n, out in zip(fixed, outs)]
        return step.put("MaxPool" if largest else "AveragePool", x, kernel_shape=each, strides=each)
    kind = "ReduceMax" if largest else "ReduceMean"
    for axis, (n, out) in enumerate(zip(fixed, outs), 2):
        if n != out:
            bins = [step.sliced(x, axis, i * n // out, -(-(i + 1) * n // out)) for i in range(out)]
            x = step.put("Concat", *(step.reduced(kind, one, [axis]) for one in bins), axis=axis)
    return x


def adaptive(step: Step) -> str:
    """An adaptive pool."""
    return binned(step, step.taken[0], step.x[0][1:], step.y[1:], largest="max" in step.layer.kind)


def pyramid(step: Step) -> str:
    """Adaptive pools of several sizes, flattened and joined."""
    layer: Any = step.layer
    largest, lengths = layer.mode == "max", step.x[0][1:]
    pooled = [binned(step, step.taken[0], lengths, [level] * len(lengths), largest=largest) for level in layer.levels]
    if len(step.y) > 1:
        return pooled[0]
    flat = [step.put("Flatten", one, axis=1) for one in pooled]
    return flat[0] if len(flat) == 1 else step.put("Concat", *flat, axis=1)
