"""Which rows of formulas are shown: groups folded into one row each, and rows sorted by their numbers at one size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.analysis.symbolic.closed import Closing
from cnncalc.answers.figures import OF_LAYERS
from cnncalc.arithmetic.symbolic.algebra import value_at
from cnncalc.errors import CnncalcError, Fault
from cnncalc.pages.show.folding import GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.analysis.symbolic.closed import Allowed, Closed
    from cnncalc.analysis.symbolic.report import SymbolicRow

__all__ = ["folded", "ordered"]


def folded(rows: Sequence[SymbolicRow], depth: int, allowed: Allowed) -> list[SymbolicRow]:
    """The rows with what lies deeper than `depth` levels of names in its group: sums, and the last output."""
    groups: dict[str, list[SymbolicRow]] = {}
    for row in rows:
        groups.setdefault(".".join(row.name.split(".", depth)[:depth]), []).append(row)
    closing = Closing(allowed)
    return [those[0] if len(those) == 1 else _joined(name, those, closing) for name, those in groups.items()]


def _joined(name: str, rows: Sequence[SymbolicRow], closing: Closing) -> SymbolicRow:
    sums: dict[str, Any] = {key: _sum([getattr(row, key) for row in rows], closing) for key in OF_LAYERS}
    last = rows[-1]
    return rows[0]._replace(
        name=name,
        kind=GROUP,
        notation=f"{len(rows)} layers",
        output_shape=last.output_shape,
        **sums,
    )


def _sum(numbers: Sequence[Closed], closing: Closing) -> Closed:
    total: Any = 0
    for number in numbers:
        if number.value is None:
            return number
        total = total + number.value
    return closing.closed(total)


def ordered(rows: Sequence[SymbolicRow], key: str, lengths: Mapping[str, int]) -> list[SymbolicRow]:
    """Largest first at these lengths, or from a to z. Raises `CnncalcError` where a number has no closed form."""
    if key not in OF_LAYERS:
        return sorted(rows, key=lambda row: getattr(row, key))
    if any(getattr(row, key).value is None for row in rows):
        raise CnncalcError(
            Fault(f"--sort {key}: not every layer has a closed form for it", help="sort by another column")
        )
    return sorted(rows, key=lambda row: -value_at(getattr(row, key).value, lengths))
