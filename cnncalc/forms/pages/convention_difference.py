"""Why two tools differ, as text or JSON: both totals, the terms between them, and what they add up to."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from cnncalc.forms.plain import GAP, aligned
from cnncalc.forms.summary import names_text
from cnncalc.text import number, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnncalc.answers.counting import Counting
    from cnncalc.tools.conventions.difference import Difference, Side, TermDifference

__all__ = ["as_json", "as_markdown", "as_text"]

NARROWEST = 40


def signed(value: int) -> str:
    """`+1,234`, `−1,234` or `0`."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{abs(value):,}"


def _head(counting: Counting) -> str:
    return f"{counting.convention.name} ({counting.convention.unit})"


def _table(found: Difference) -> list[tuple[str, str, str, str]]:
    """Term, left, right, difference; the totals last."""
    rows = [("", _head(found.left), _head(found.right), "difference")]
    rows += [
        (term.what, number(term.left.amount), number(term.right.amount), signed(term.amount)) for term in found.terms
    ]
    same_left, same_right = (sum(getattr(term, side).amount for term in found.agreed) for side in ("left", "right"))
    if found.agreed:
        rows.append((_agreed_words(found.agreed), number(same_left), number(same_right), "0"))
    rows.append(("total", number(found.left.total), number(found.right.total), signed(found.amount)))
    return rows


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


def as_text(found: Difference, room: int | None = None) -> str:
    """The table, the reasons below it; sentences are wrapped to `room` columns where it is given."""
    title = f"{printable(found.net)}: {found.left.convention.tool}, and {found.right.convention.tool}"
    table = aligned(list(zip(*_table(found), strict=True)), [False, True, True, True])
    rule = "─" * max(map(len, table))
    lines = [*_wrapped(title, room), "", *table[:-1], rule, table[-1], ""]
    if found.not_counted:
        lines += ["PARTIAL: some layers cannot be counted, and are left out on both sides.", ""]
    for reason in _reasons(found):
        lines += _wrapped(reason, room)
    if not found.terms:
        lines.append("The two count this net alike.")
    return "\n".join(lines).rstrip() + "\n"


def _wrapped(text: str, room: int | None) -> list[str]:
    return [text] if room is None else wrap(text, max(room, NARROWEST), subsequent_indent=GAP)


def as_markdown(found: Difference) -> str:
    """The same as Markdown."""
    from cnncalc.forms.markdown import escaped, table

    heading, *rows = _table(found)
    lines = [f"### {escaped(printable(found.net))}", "", *table(heading, [False, True, True, True], rows), ""]
    lines += [f"- {escaped(reason)}" for reason in _reasons(found)]
    return "\n".join(lines) + "\n"


def as_json(found: Difference) -> str:
    """The same as one object; `amount` is what the right one counts more."""
    from cnncalc.forms.json_form import counting_object, dumps

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

    return dumps(
        {
            "name": found.net,
            "left": counting_object(found.left),
            "right": counting_object(found.right),
            "difference": found.amount,
            "terms": [term(one) for one in found.terms],
            "alike": [term(one) for one in found.agreed],
            "partial": bool(found.not_counted),
            "not_counted": found.not_counted,
        }
    )
