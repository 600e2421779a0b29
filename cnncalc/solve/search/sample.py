"""A sample of the nets of a space: drawn by a seed, and then following the best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from cnncalc.solve.sweep.grid import Grid
from cnncalc.solve.sweep.points import Point

__all__ = ["Choice", "rounds"]

Choice = tuple[str, ...]


def rounds(grid: Grid, samples: int, seed: int, best: Callable[[], Sequence[Point]]) -> Iterator[list[Choice]]:
    """Choices of variables, each once, at most so many: half of them drawn evenly, then those next to the best so far.

    `best` is asked for once the choices before have been looked at. The same seed gives the same choices, wherever a
    run was interrupted. Where the neighbours of the best are few, more are drawn, so that there are few rounds.
    """
    random, seen = Random(seed), set[Choice]()  # noqa: S311 - no secret hangs on it
    places = {name: {text: place for place, text in enumerate(texts)} for name, texts in grid.variables.items()}
    samples = min(samples, grid.nets)
    yield _drawn(grid, random, seen, (samples + 1) // 2)
    while len(seen) < samples:
        some = []
        for point in best():
            for choice in _next_to(point.variables, grid, places):
                if choice not in seen and len(seen) < samples:
                    seen.add(choice)
                    some.append(choice)
        few = (samples + 9) // 10 - len(some)
        yield some + _drawn(grid, random, seen, max(min(samples - len(seen), few), 0))


def _drawn(grid: Grid, random: Random, seen: set[Choice], count: int) -> list[Choice]:
    """So many that were not seen, by chance."""
    some: list[Choice] = []
    while len(some) < count:
        choice = grid.choice(random.randrange(grid.nets))
        if choice not in seen:
            seen.add(choice)
            some.append(choice)
    return some


def _next_to(choice: Choice, grid: Grid, places: dict[str, dict[str, int]]) -> Iterator[Choice]:
    """Those that differ in one variable, by one step."""
    for at, (name, texts) in enumerate(grid.variables.items()):
        place = places[name][choice[at]]
        for other in (place - 1, place + 1):
            if 0 <= other < len(texts):
                yield (*choice[:at], texts[other], *choice[at + 1 :])
