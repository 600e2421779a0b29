"""One number of a layer left out: every value that gives the wanted output, the best first, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.answers.solutions import AxisAnswer, LayerAnswer
from cnncalc.arithmetic.windows.formulas import SAME, SAME_LOWER, Border, Rounding, Window
from cnncalc.layers.kinds.conv import axis_name
from cnncalc.notation.lines import write
from cnncalc.records import NamedTuple
from cnncalc.solve.layer.axis import MOST, Axis, Bounds, bounds_of, candidates
from cnncalc.solve.layer.describing import choice, given, preference
from cnncalc.solve.layer.failing import nearest, proof

__all__ = ["LayerProblem", "solve_layer"]


class LayerProblem(NamedTuple):
    """What is known, one value for all axes or one an axis; what is unknown has no values."""

    kind: str
    unknown: str
    output: tuple[int, ...]
    input: tuple[int, ...] = (1,)
    kernel: tuple[int, ...] = (1,)
    stride: tuple[int, ...] = ()
    """Empty: 1, or what the dialect gives a pool."""
    padding: tuple[tuple[int, int], ...] | str = ((0, 0),)
    dilation: tuple[int, ...] = (1,)
    output_padding: tuple[int, ...] = ()
    """Empty: none; where the padding is unknown, any."""
    rounding: str | None = None
    dialect: str = "torch"

    @property
    def rank(self) -> int:
        """How many axes there are."""
        several = (self.output, self.input, self.kernel, self.stride, self.dilation, self.output_padding)
        borders = 1 if isinstance(self.padding, str) else len(self.padding)
        return max(borders, *map(len, several))


def solve_layer(problem: LayerProblem, most: int = 1_000) -> LayerAnswer:
    """Every axis solved by itself, with at most `most` choices; axes that pose the same problem share an answer."""
    rank = problem.rank
    names: dict[tuple[Axis, int], list[str]] = {}
    for index, name in enumerate(axis_name(axis, rank) for axis in range(rank)):
        names.setdefault(_axis(problem, index), []).append(name)
    free = problem.kind == "deconv" and problem.unknown == "padding" and not problem.output_padding
    answers = {
        posed: _answer(posed[0], problem.unknown, posed[1], ", ".join(axes), most, any_output_padding=free)
        for posed, axes in names.items()
    }
    best = _joined([answers[_axis(problem, index)][1] for index in range(rank)])
    return LayerAnswer(
        problem.kind, problem.unknown, problem.dialect, best, tuple(answer for answer, _ in answers.values())
    )


def _axis(problem: LayerProblem, index: int) -> tuple[Axis, int]:
    """One axis of the problem and the output wanted on it."""

    def of(values: Sequence[int], default: int) -> int:
        return default if not values else values[0] if len(values) == 1 else values[index]

    border: Border = problem.padding if isinstance(problem.padding, str) else (0, 0)
    if not isinstance(problem.padding, str):
        border = problem.padding[0] if len(problem.padding) == 1 else problem.padding[index]
    stride = of(problem.stride, 0) or (None if problem.kind == "pool" else 1)
    axis = Axis(
        problem.kind, of(problem.input, 1), of(problem.kernel, 1), stride, border, of(problem.dilation, 1),
        of(problem.output_padding, 0), problem.rounding, problem.dialect,
    )  # fmt: skip
    return axis, of(problem.output, 1)


def _answer(
    axis: Axis, unknown: str, output: int, name: str, most: int, *, any_output_padding: bool
) -> tuple[AxisAnswer, Axis | None]:
    """The answer on one axis, and its best choice."""
    bounds = bounds_of(axis, unknown, output)
    found = list(candidates(axis, unknown, output, bounds, any_output_padding=any_output_padding))
    held = [one for one in found if one.broken() is None]
    held.sort(key=lambda one: preference(one, unknown))
    remarks = _remarks(axis, unknown, held, bounds)
    if unknown != "padding" and len(found) >= MOST:
        remarks = (*remarks, f"Only the {MOST:,} smallest are counted and listed.")
    answer = AxisAnswer(
        axis=name,
        given=given(axis, unknown, output),
        total=len(held),
        choices=tuple(choice(one, unknown) for one in held[:most]),
        bounds=f"{unknown.replace('-', ' ')} from {bounds.low:,} to {bounds.high:,} ({bounds.why})",
        complete=bounds.complete and len(found) < MOST,
        remarks=remarks,
    )
    if held:
        return answer, held[0]
    closest = nearest(axis, unknown, output, bounds)
    why = proof(axis, unknown, output, bounds, found)
    return answer._replace(proof=why, nearest=tuple(choice(one, unknown) for one in closest)), None


def _remarks(axis: Axis, unknown: str, held: Sequence[Axis], bounds: Bounds) -> tuple[str, ...]:
    """What holds for all choices together."""
    if not held:
        return ()
    window = axis.window()
    if unknown == "padding" and isinstance(window, Window) and window.rounding is Rounding.FLOOR:
        totals = sorted({one.total for one in held})
        span = f"every total from {totals[0]} to {totals[-1]}"
        if len(totals) < 3:
            span = f"a total of {' or '.join(map(str, totals))}"
        remarks = [f"Only the total of both sides matters for the size: {span} works."]
        if axis.kind == "pool" and any(one.border[0] != one.border[1] for one in held):
            remarks.append("A pad layer before a max pool must pad with −∞; zeros do where nothing is negative.")
        return tuple(remarks)
    if unknown == "kernel" and axis.border in (SAME, SAME_LOWER) and (axis.kind != "deconv" or axis.dialect == "keras"):
        gives = "input·stride" if axis.kind == "deconv" else "⌈input/stride⌉"
        return (f"With `{axis.border}` the output is {gives} whatever the kernel is.",)
    if unknown == "stride" and axis.kind != "deconv" and max(one.stride or 0 for one in held) == bounds.high:
        return ("Every larger stride gives the same single output.",)
    if unknown == "dilation" and axis.kernel == 1:
        return ("With kernel 1 the dilation changes nothing.",)
    return ()


def _joined(best: Sequence[Axis | None]) -> str:
    """The best choice on each axis as one layer; empty where an axis has none."""
    known = [one for one in best if one is not None]
    if len(known) < len(best):
        return ""
    layers = [one.layer() for one in known]
    first = layers[0]
    if all(layer == first for layer in layers):
        return _plain(write(first))
    fields = {}
    for field in first.fields:
        values = [getattr(layer, field) for layer in layers]
        several = len(set(values)) > 1 and all(value is None or isinstance(value, tuple) for value in values)
        # no output padding on one axis is one of 0 beside that of another
        fields[field] = sum((value or (0,) for value in values), ()) if several else values[0]
    return _plain(write(type(first)(**fields)))


def _plain(notation: str) -> str:
    """Without the number of filters, which the problem says nothing of."""
    return notation.replace("conv 1 ", "conv … ", 1)
