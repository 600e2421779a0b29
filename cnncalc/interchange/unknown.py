"""The operators of a file that no table knows, told in one error."""

from __future__ import annotations

from cnncalc.errors import Fault, Place

__all__ = ["Unknown"]

MOST_NAMED = 3


class Unknown:
    """What was met in a net of a tool and is not known: each operator with the places of its uses."""

    __slots__ = ("tool", "uses")

    def __init__(self, tool: str) -> None:
        self.tool = tool
        self.uses: dict[str, list[tuple[str, Place | None]]] = {}

    def add(self, operator: str, name: str, place: Place | None) -> None:
        """One more use; files that are no text have no places."""
        self.uses.setdefault(operator, []).append((name, place))

    def faults(self) -> list[Fault]:
        """One for all of them, the most frequent first; nothing where there are none."""
        if not self.uses:
            return []
        ordered = sorted(self.uses.items(), key=lambda use: (-len(use[1]), use[0]))
        told = "; ".join(f"{operator} {len(uses)}× ({_named(uses)})" for operator, uses in ordered[:30])
        rest = f"; and {len(ordered) - 30} operators more" if len(ordered) > 30 else ""
        count = sum(len(uses) for uses in self.uses.values())
        layers, are = ("layers", "are") if count > 1 else ("layer", "is")
        message = f"{count} {layers} of this {self.tool} net {are} not known"
        places = [place for uses in self.uses.values() for _, place in uses[:1] if place is not None]
        first = min(places, key=lambda place: (place.line, place.column), default=None)
        help = "`--opaque` reads them as layers of which only the shape is known: they count as nothing"
        return [Fault(message, first, values=told + rest, help=help)]


def _named(uses: list[tuple[str, Place | None]]) -> str:
    """The first uses by name and line."""
    named = ", ".join(name[:80] + (f" on line {place.line}" if place else "") for name, place in uses[:MOST_NAMED])
    return named + (", …" if len(uses) > MOST_NAMED else "")
