"""How columns share the width of a terminal, and how words are cut to it. No colour, no rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.records import NamedTuple
from cnncalc.text import BETWEEN, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.answers.page import Column

__all__ = ["Fit", "bar", "cut", "fitted", "shortened"]

SHARE_WIDTH = len("100.0%")
NAME_EXTRA = 6

# (cells of a bar, whether the share is printed beside it, how narrow words may get): the first that fits is taken
_STEPS = ((8, True, 60), (8, False, 60), (5, False, 60), (5, False, 16), (3, False, 16), (0, False, 12), (0, False, 8))
_EIGHTHS = " ▏▎▍▌▋▊▉"


class Fit(NamedTuple):
    """What fits, left to right."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    bar: int
    """Cells of a bar; 0 for none."""
    share: bool
    """Whether a bar has its share in per cent beside it."""
    left_out: tuple[Column, ...]
    """What there is no room for."""

    def beside(self, column: Column) -> int:
        """The width of the bar, and of the share, right of a column."""
        if not column.colour:
            return 0
        return (1 + self.bar if self.bar else 0) + (1 + SHARE_WIDTH if self.share else 0)

    def total(self) -> int:
        gaps = len(BETWEEN) * (len(self.columns) - 1)
        return sum(self.widths) + gaps + sum(self.beside(column) for column in self.columns)


def fitted(columns: Sequence[Column], natural: Sequence[int], room: int) -> Fit:
    """The richest layout that is at most `room` wide, from the widths that the columns would like to have.

    Bars go first, then words are narrowed; numbers never are: columns that cannot stand beside them are left out.
    """
    for count in range(len(columns), 0, -1):
        shown, left_out = tuple(columns[:count]), tuple(columns[count:])
        for cells, share, least in _STEPS:
            wide = Fit(shown, tuple(natural[:count]), cells, share, left_out)
            widths = _narrowed(shown, wide.widths, wide.total() - room, least)
            if widths is not None:
                return wide._replace(widths=widths)
    return Fit(tuple(columns[:1]), (max(room, 1),), 0, False, tuple(columns[1:]))


def _narrowed(columns: Sequence[Column], widths: Sequence[int], excess: int, least: int) -> tuple[int, ...] | None:
    """The widths less the excess, taken from the widest columns of words, none below `least`; None where that fails.

    The names of layers keep more: they tell the rows apart.
    """
    narrowed = list(widths)
    spare = {
        index: narrowed[index] - least - (NAME_EXTRA if column.style == "name" else 0)
        for index, column in enumerate(columns)
        if column.cut
    }
    for _ in range(excess):
        widest = max(spare, key=spare.__getitem__, default=None)
        if widest is None or spare[widest] <= 0:
            return None
        spare[widest] -= 1
        narrowed[widest] -= 1
    return tuple(narrowed)


def bar(part: int, whole: int, cells: int) -> str:
    """`part` of `whole` as a bar of at most `cells`, in eighths, rounded up: what is not nothing can be seen."""
    eighths = -(-8 * cells * part // whole) if whole else 0
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def _start(text: Iterable[str], most: int) -> str:
    """As many of the first letters as fit."""
    taken: list[str] = []
    room = most
    for letter in text:
        room -= width(letter)
        if room < 0:
            break
        taken.append(letter)
    return "".join(taken)


def cut(text: str, most: int) -> str:
    """The text, its end left out where it is wider than `most`."""
    return text if _fits(text, most) else f"{_start(text, most - 1)}…"


def shortened(text: str, most: int) -> str:
    """The text, its middle left out where it is wider than `most`."""
    if _fits(text, most):
        return text
    tail = _start(reversed(text), (most - 1) // 2)[::-1]
    return f"{_start(text, most - 1 - width(tail))}…{tail}"


def _fits(text: str, most: int) -> bool:
    return len(text) <= 2 * most + 100 and width(text) <= most  # the length first: a text may be millions long
