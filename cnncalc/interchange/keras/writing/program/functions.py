"""What a model builds again and again: runs of calls that are the same but for values, and become functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnncalc.interchange.keras.writing.model import Call, Made, Model, Tensor
from cnncalc.interchange.keras.writing.program.calls import Named, Piece, Said, Value, said
from cnncalc.records import NamedTuple

__all__ = ["Argument", "Function", "Run", "Step", "functions", "steps_of"]

LEAST_CALLS = 3
"""In a function."""
MOST_ARGUMENTS = 8
"""Of a function, beside its tensors and its name; what differs in more is not one function to a reader."""

OF_WINDOW = (
    "cropping", "dilation_rate", "kernel_size", "output_padding", "pad_width", "padding", "pool_size", "size",
    "strides",
)  # fmt: skip
"""What Keras calls the lengths of windows, their steps and their borders."""

Place = tuple[str, int]


class Step(NamedTuple):
    """One call on its way into the program."""

    made: Made
    call: Call
    place: Place
    """The tensor that it makes."""
    group: str
    """The groups of the net that it stands in, with dots."""
    said: Said


class Run(NamedTuple):
    """Some steps in a row, `start` to `stop`, of one group: one use of a function."""

    start: int
    stop: int
    group: str
    prefix: str
    """What the names of its layers begin with."""
    inputs: tuple[Place, ...]
    output: Place
    values: tuple[Any, ...]


class Argument(NamedTuple):
    """One value that differs between the uses of a function."""

    name: str
    values: tuple[Any, ...]
    """In each use."""
    usual: Any = None
    """Most of them, where there is such a one."""
    of_window: bool = False
    """Whether it says how a window lies, and is no number of features or of elements."""


class Function(NamedTuple):
    """Runs that are the same: the steps of the first, and for each value in these what stands for it."""

    hint: str
    runs: tuple[Run, ...]
    arguments: tuple[Argument, ...]
    said: tuple[str, ...]
    """For each value of its steps, in order, what is written: itself, or by an argument."""


def steps_of(model: Model, calls: Sequence[tuple[Made, int, Call]]) -> list[Step]:
    """All calls as steps."""
    return [
        Step(made, call, (made.name, number), model.groups.get(made.name, ""), said(made, call))
        for made, number, call in calls
    ]


def functions(model: Model, steps: Sequence[Step], blocks: Mapping[str, str]) -> list[Function]:
    """The functions that save most lines first; no step is in two."""
    taken: set[int] = set()
    found = []
    for candidate in sorted(_candidates(model, steps, blocks), key=_saved, reverse=True):
        runs = tuple(run for run in candidate.runs if taken.isdisjoint(range(run.start, run.stop)))
        for function in _function(candidate.hint, runs) if len(runs) > 1 else ():
            found.append(function)
            taken.update(place for run in function.runs for place in range(run.start, run.stop))
    return found


def _saved(function: Function) -> int:
    run = function.runs[0]
    return (len(function.runs) - 1) * (run.stop - run.start) - len(function.runs)


def _candidates(model: Model, steps: Sequence[Step], blocks: Mapping[str, str]) -> Iterator[Function]:
    """Groups whose runs are alike."""
    alike: dict[tuple[Any, ...], list[Run]] = {}
    for start, stop, group in _groups(steps):
        run = _run(model, steps, start, stop, group)
        if run is not None:
            alike.setdefault(_outline(steps, run), []).append(run)
    for runs in alike.values():
        if len(runs) < 2:
            continue
        last = next((part for part in reversed(runs[0].group.split(".")) if not part.isdigit()), "block")
        yield from _function(blocks.get(runs[0].group) or last.rstrip("0123456789_") or "block", runs)


def _groups(steps: Sequence[Step]) -> Iterator[tuple[int, int, str]]:
    """Every group, where its steps stand in one row."""
    spans: dict[str, list[int]] = {}
    for at, step in enumerate(steps):
        parts = step.group.split(".") if step.group else []
        for depth in range(1, len(parts) + 1):
            span = spans.setdefault(".".join(parts[:depth]), [at, at, 0])
            span[1], span[2] = at + 1, span[2] + 1
    for group, (start, stop, count) in spans.items():
        if stop - start == count >= LEAST_CALLS:
            yield start, stop, group


def _run(model: Model, steps: Sequence[Step], start: int, stop: int, group: str) -> Run | None:
    """A group as one use of a function: its layers are called once, and one tensor leaves it."""
    inside = {steps[at].place for at in range(start, stop)}
    prefix = "".join(one if one.isascii() and one.isalnum() else "_" for one in group)
    inputs: dict[Place, None] = {}
    values: list[Any] = []
    for step in steps[start:stop]:
        if step.made.calls[1:]:
            return None
        for piece in step.said.pieces():
            if isinstance(piece, Tensor) and piece.place not in inside:
                inputs[piece.place] = None
            elif isinstance(piece, Value):
                values.append((piece.label, piece.value))
            elif isinstance(piece, Named) and not piece.name.startswith(prefix):
                return None
    outside = {one.place for at, step in enumerate(steps) if not start <= at < stop for one in step.call.tensors()}
    outside |= {one.place for one in model.outputs.values()}
    leaving = inside & outside
    if len(leaving) != 1 or not inputs:
        return None
    return Run(start, stop, group, prefix, tuple(inputs), leaving.pop(), tuple(values))


def _outline(steps: Sequence[Step], run: Run) -> tuple[Any, ...]:
    """What runs of one function have in common: all but values, and names but for their ends."""
    own = {steps[at].place: at - run.start for at in range(run.start, run.stop)}
    outside = {place: -1 - at for at, place in enumerate(run.inputs)}

    def common(piece: Piece) -> Any:
        if isinstance(piece, Tensor):
            return own.get(piece.place, outside.get(piece.place))
        if isinstance(piece, Named):
            return piece.name.removeprefix(run.prefix), "name"
        return (piece.label,) if isinstance(piece, Value) else piece

    pieces = (common(piece) for step in steps[run.start : run.stop] for piece in step.said.pieces())
    return (own[run.output], *pieces)


def _function(hint: str, runs: Sequence[Run]) -> Iterator[Function]:
    """Runs that are alike as one function; where more differs than a reader wants, those as one that are the same."""
    columns = [*zip(*(run.values for run in runs))]
    arguments: list[Argument] = []
    texts = [_text(column, arguments) for column in columns]
    if len(arguments) <= MOST_ARGUMENTS:
        yield Function(hint, tuple(runs), tuple(arguments), tuple(texts))
        return
    same: dict[tuple[Any, ...], list[Run]] = {}
    for run in runs:
        same.setdefault(run.values, []).append(run)
    for some in same.values():
        if len(some) > 1:
            yield from _function(hint, some)


def _text(column: Sequence[tuple[str, Any]], arguments: list[Argument]) -> str:
    """What stands for a value in all runs: itself, an argument, or a multiple of one."""
    from cnncalc.interchange.keras.writing.program.calls import literal

    label, values = column[0][0], tuple(value for _, value in column)
    if len({(type(one), one) for one in values}) == 1:
        return literal(values[0])
    whole = all(type(one) is int and one > 0 for one in values)
    of_window = label in OF_WINDOW
    for argument in arguments:
        if argument.of_window != of_window:
            continue  # numbers that happen to be in proportion
        if argument.values == values:
            return argument.name
        if not whole or not all(type(one) is int and one > 0 for one in argument.values):
            continue
        ratios = {(a % b == 0, a // b) for a, b in zip(values, argument.values)}
        if len(ratios) == 1 and (ratio := ratios.pop())[0]:
            return f"{ratio[1]} * {argument.name}"
        ratios = {(b % a == 0, b // a) for a, b in zip(values, argument.values)}
        if len(ratios) == 1 and (ratio := ratios.pop())[0]:
            return f"{argument.name} // {ratio[1]}"
    names = Counter(one.name.rstrip("0123456789_") for one in arguments)
    stem = {"target_shape": "length", "pad_width": "pad", "dims": "axis"}.get(label, label)
    name = stem if not names[stem] else f"{stem}_{names[stem] + 1}"
    usual, times = Counter(values).most_common(1)[0]
    arguments.append(Argument(name, values, usual if 2 * times > len(values) else None, of_window))
    return name
