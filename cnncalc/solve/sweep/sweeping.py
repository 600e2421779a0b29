"""A net over a grid of variables and input sizes, by one process or many."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from cnncalc.answers.figures import RECEPTIVE_FIELD
from cnncalc.claims.latency import LATENCY
from cnncalc.language import load
from cnncalc.language.digest import digest, raise_if_other
from cnncalc.language.documents.library import hold_standard_input, standard_input
from cnncalc.language.options import Options
from cnncalc.running.runner import HERE, Runner, in_order
from cnncalc.running.work import Work
from cnncalc.solve.sweep.evaluating import Apart, Asked, Evaluator
from cnncalc.solve.sweep.grid import Grid, Part, check
from cnncalc.solve.sweep.points import Points

if TYPE_CHECKING:
    from cnncalc.answers.roofline import Device

__all__ = ["each", "sweep"]


def sweep(
    net: str,
    options: Options,
    dtype: str,
    grid: Grid,
    figures: Sequence[str],
    *,
    optimizer: str = "sgd",
    device: Device | None = None,
    runner: Runner = HERE,
    done: Collection[Part] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[Part, Points]]:
    """Every part of the grid with its points, in order; parts in `done` are passed over.

    On a device `latency` is a figure. With that or the receptive field every size is a net of its own. Raises
    `CnncalcError` where there is nothing to sweep: no such figure, or a file that holds no net in any case.
    """
    check(grid, figures, optimizer, options.limits, device=device is not None)
    apart = Apart((), device) if {LATENCY, RECEPTIVE_FIELD}.intersection(figures) else None
    asked = Asked(net, options, dtype, grid, tuple(figures), optimizer, apart)
    works, found, left = bool(done), 0, grid.points - sum(grid.sizes_of(part) for part in done)
    for part, points in each(asked, (part for part in grid.parts() if part not in done), runner):
        found += len(points)
        if not works:
            works = any(point.figures for point in points)
            if found == left and not works:  # whatever the size, it cannot even be read
                chosen = dict(zip(grid.variables, next(grid.choices())))
                load(net, options._replace(variables={**options.variables, **chosen}))
        if progress is not None:
            progress(found, left)
        yield part, points


def each(asked: Asked, parts: Iterator[Part], runner: Runner) -> Iterator[tuple[Part, Points]]:
    """The points of every part, in order, by whoever does it."""
    if runner.alone:
        evaluator = Evaluator(asked)
        yield from ((part, evaluator.points(part)) for part in parts)
        return
    held = standard_input(asked.options.limits) if asked.net == "-" else b""
    given = asked, held, uuid4().hex, digest(asked.net, asked.options)
    work = Work(_prepare, given, _here, partial(_ended, asked.grid))
    batches, waiting = asked.grid.batches(parts, runner.alike), list[list[Part]]()

    def handed_out() -> Iterator[list[Part]]:
        for batch in batches:
            waiting.append(batch)
            yield batch

    for found in in_order(work, handed_out(), runner):
        yield from zip(waiting.pop(0), found)


_HERE: dict[str, Evaluator] = {}
"""What computes in this process, where it is one of several: of one sweep, by its mark."""


def _prepare(asked: Asked, held: bytes, mark: str, texts: str) -> None:
    """Raises CnncalcError where the net is another one here: workers read its files where they run."""
    if asked.net == "-":
        hold_standard_input(held)
    if mark not in _HERE:
        raise_if_other(asked.net, asked.options, texts)
        _HERE.clear()
        _HERE[mark] = Evaluator(asked)


def _here(parts: Sequence[Part]) -> list[Points]:
    (evaluator,) = _HERE.values()
    return [evaluator.points(part) for part in parts]


def _ended(grid: Grid, parts: Sequence[Part]) -> list[Points]:
    fault = "the process that computed this was ended twice: out of memory?"
    return [Points.faulty(part.choice, grid.axes(part), fault) for part in parts]
