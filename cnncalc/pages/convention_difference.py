"""Why two tools differ: both totals, the terms between them, and what they add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.page import Column, Heading, Items, Page, Table, Text
from cnncalc.pages.show.summary import names_text
from cnncalc.text import printable, signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cnncalc.answers.counting import Counting
    from cnncalc.answers.page import Block, Layout
    from cnncalc.tools.conventions.difference import Difference, Side, TermDifference

__all__ = ["page"]


def _head(counting: Counting) -> str:
    return f"{counting.convention.name} ({counting.convention.unit})"


def _table(found: Difference) -> Table:
    """Term, left, right, difference; the totals last."""
    rows = [(term.what, term.left.amount, term.right.amount, term.amount) for term in found.terms]
    if found.agreed:
        same = [sum(getattr(term, side).amount for term in found.agreed) for side in ("left", "right")]
        rows.append((_agreed_words(found.agreed), same[0], same[1], 0))
    rows.append(("total", found.left.total, found.right.total, found.amount))
    columns = (
        Column("", "term"),
        Column(_head(found.left), found.left.convention.name, right=True),
        Column(_head(found.right), found.right.convention.name, right=True),
        Column("difference", "difference", right=True, text=signed),
    )
    return Table(columns, rows, total=True)


def _agreed_words(terms: Iterable[TermDifference]) -> str:
    names = [term.what for term in terms]
    return f"counted alike: {names_text(names, 2)}"


def _reasons(found: Difference) -> list[str]:
    """A sentence for each term: how the one counts it, and how the other."""
    lines = []
    for term in found.terms:
        sides = "; ".join(
            f"{counting.convention.name} counts {_how(side)}"
            for counting, side in ((found.left, term.left), (found.right, term.right))
        )
        lines.append(f"{term.what}{' (a mistake)' if term.bug else ''}: {sides}.")
    for name, reason in found.not_counted.items():
        lines.append(f"left out on both sides: {printable(name)}: {reason}.")
    return lines


def _how(side: Side) -> str:
    if not side.layers:
        return "none"
    return f"{side.how} ({side.layers:,} layer{'' if side.layers == 1 else 's'})"


def page(found: Difference) -> Page:
    """The table, and the reasons below it."""

    def body(_: Layout) -> Iterator[Block]:
        yield Heading(printable(found.net), (found.left.convention.tool, f"and {found.right.convention.tool}"))
        yield _table(found)
        if found.not_counted:
            yield Text("PARTIAL: some layers cannot be counted, and are left out on both sides.")
        alike = [] if found.terms else ["The two count this net alike."]
        yield Items([*_reasons(found), *alike], indent=False)

    return Page("a difference", body, lambda: _object(found), lambda: _table(found), "terms")


def _object(found: Difference) -> dict[str, object]:
    """`amount` is what the right one counts more."""
    from cnncalc.pages.show.objects import counting_object

    def side(one: Side) -> dict[str, object]:
        return {"count": one.amount, "layers": one.layers, "how": one.how}

    def term(one: TermDifference) -> dict[str, object]:
        return {
            "what": one.what,
            "left": side(one.left),
            "right": side(one.right),
            "difference": one.amount,
            "mistake": one.bug,
        }

    return {
        "name": found.net,
        "left": counting_object(found.left),
        "right": counting_object(found.right),
        "difference": found.amount,
        "terms": [term(one) for one in found.terms],
        "alike": [term(one) for one in found.agreed],
        "partial": bool(found.not_counted),
        "not_counted": found.not_counted,
    }
