"""A choice in words: its notation, what people call it, what PyTorch needs for it, and its working."""

from __future__ import annotations

from typing import Any

from cnncalc.answers.solutions import Choice
from cnncalc.arithmetic.traced.numbers import Traced
from cnncalc.arithmetic.traced.written import steps
from cnncalc.arithmetic.windows.formulas import SAME, SAME_LOWER, TransposedWindow, Window
from cnncalc.layers.fields import Border as BorderField
from cnncalc.notation.lines import write
from cnncalc.solve.layer.axis import FIELD, Axis

__all__ = ["choice", "given", "preference"]

WRITTEN = BorderField()


def preference(axis: Axis, unknown: str) -> tuple[int, ...]:
    """Smaller is what people would rather choose: symmetric, no dropped pixel, no gaps, the usual, small."""
    dropped = axis.dropped()
    if unknown == "padding":
        before, after = axis.border if not isinstance(axis.border, str) else (0, 0)
        uneven = abs(before - after)
        return (int(uneven > 0), dropped, axis.output_padding, uneven, before + after, int(before > after))
    window = axis.window()
    if unknown == "kernel":
        usual = window.kernel == window.stride if axis.kind == "pool" else window.kernel % 2 == 1
        return (dropped, int(window.extent < window.stride), int(not usual), window.kernel)
    if unknown == "stride":
        return (dropped, int(window.extent < window.stride), window.stride)
    if unknown == "input":
        return (int(dropped > 0), int(axis.input != axis.length() * window.stride), axis.input)
    return (dropped, axis.dilation, axis.output_padding)


def given(axis: Axis, unknown: str, output: int) -> tuple[tuple[str, str], ...]:
    """What is known of an axis, in words, what is usual left out."""
    border = axis.border if isinstance(axis.border, str) else WRITTEN.write((axis.border,))
    values: dict[str, tuple[object, object]] = {
        "input": (axis.input, None),
        "output": (output, None),
        "kernel": (axis.kernel, None),
        "stride": (axis.window().stride, 1),
        "padding": (border, "0"),
        "dilation": (axis.dilation, 1),
        "output-padding": (axis.output_padding, 0),
        "rounding": (axis.rounding, None),
        "dialect": (axis.dialect, "torch"),
    }
    shown = {name: value for name, (value, usual) in values.items() if name != unknown and value != usual}
    return tuple((name, str(value)) for name, value in shown.items() if value is not None)


def choice(axis: Axis, unknown: str) -> Choice:
    """One choice, described."""
    if unknown == "padding":
        assert not isinstance(axis.border, str)
        text = WRITTEN.write((axis.border,))
        fields: tuple[tuple[str, int], ...] = (("before", axis.border[0]), ("after", axis.border[1]))
        if axis.kind == "deconv":
            fields += (("output_padding", axis.output_padding),)
            text += f" output_padding={axis.output_padding}" if axis.output_padding else ""
    else:
        name = FIELD.get(unknown, unknown)
        fields = ((name, getattr(axis, name)),)
        text = str(fields[0][1])
    return Choice(
        text, fields, write(axis.layer()).replace("conv 1 ", "conv … ", 1), axis.length(), axis.dropped(),
        tuple(_names(axis, unknown)), in_torch(axis), working(axis),
    )  # fmt: skip


def _names(axis: Axis, unknown: str) -> list[str]:
    """`symmetric`, `same`, `valid`; pixels that are dropped, or skipped between the windows."""
    if unknown != "padding" or isinstance(axis.border, str):
        lost = [f"drops {axis.dropped()}"] if axis.dropped() else []
        gaps = isinstance(axis.window(), Window) and axis.window().extent < axis.window().stride
        return [*lost, "gaps"] if gaps and unknown in ("kernel", "stride") else lost
    names = []
    before, after = axis.border
    if axis.kind == "deconv":
        names += [SAME] if _is_word(axis, SAME) else []
    else:
        if axis.border == (0, 0):
            names.append("valid")
        names += [word for word in (SAME, SAME_LOWER) if _is_word(axis, word)]
        if SAME in names and SAME_LOWER in names:
            names.remove(SAME_LOWER)
    if before == after and before:
        names.append("symmetric")
    if axis.dropped():
        names.append(f"drops {axis.dropped()}")
    return names


def _is_word(axis: Axis, word: str) -> bool:
    """Whether the padding is what TensorFlow's `same` comes to on this input."""
    window = axis.window()
    if isinstance(window, TransposedWindow):  # the border that TensorFlow crops, where no output padding is given
        automatic: Window | TransposedWindow = window._replace(border=word, same="keras", output_padding=0)
        if window.output_padding:
            return False
    else:
        automatic = window._replace(border=word)
    return automatic.length(axis.input) == axis.length() and automatic.padding(axis.input) == axis.border


def in_torch(axis: Axis) -> str:
    """How PyTorch is told: by the layer's own padding, or with a pad or crop layer beside it."""
    window = axis.window()
    before, after = window.padding(axis.input)
    if axis.kind == "conv" and window.stride == 1 and before + after and _is_word(axis, SAME):
        return "padding='same'"
    if isinstance(window, TransposedWindow):
        extra = f", output_padding={window.output_padding}" if window.output_padding else ""
        if before == after and window.output_padding < max(window.stride, window.dilation):
            return f"padding={before}{extra}"
        cut = min(before, after)
        return f"padding={cut}{extra}, then crop {before - cut}:{after - cut}" if after >= 0 else "no such layer"
    layer: Any = axis.layer()
    explicit = layer.explicit_padding(axis.shape)
    return f"padding={before}" if explicit is None else f"pad {WRITTEN.write(explicit)} first"


def working(axis: Axis) -> str:
    """`⌊(n + 2·p − k)/s⌋ + 1` with the numbers put in, step by step."""
    window = axis.window()
    symbols: dict[str, Any] = {"kernel": Traced.symbol("k", window.kernel, declared=True)}
    if window.stride != 1:
        symbols["stride"] = Traced.symbol("s", window.stride, declared=True)
    if window.dilation != 1:
        symbols["dilation"] = Traced.symbol("d", window.dilation, declared=True)
    if not isinstance(window.border, str) and any(window.border):
        before, after = window.border
        names = ("p", "p") if before == after else ("p_before", "p_after")
        traced = [Traced.symbol(name, side, declared=True) for name, side in zip(names, window.border)]
        symbols["border"] = tuple(one or 0 for one in traced)
    if isinstance(window, TransposedWindow) and window.output_padding:
        symbols["output_padding"] = Traced.symbol("op", window.output_padding, declared=True)
    return " = ".join(steps(window._replace(**symbols).length(Traced.symbol("n", axis.input))))
