"""A net as another tool counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from typing import Protocol

    class Tool(Protocol):
        """What is told of the convention that counted."""

        @property
        def name(self) -> str: ...

        @property
        def tool(self) -> str:
            """The tool and the version that the rules were measured with."""

        @property
        def unit(self) -> str: ...

        @property
        def leaves_out(self) -> str:
            """What it does not count, in words."""

        @property
        def one_image(self) -> bool:
            """Whether it counts one image whatever the batch."""


__all__ = ["Counted", "Counting", "Term"]


class Term(NamedTuple):
    """What a rule comes to for one layer."""

    what: str
    how: str
    amount: int
    bug: bool


class Counted(NamedTuple):
    """A layer as a convention counts it: its terms, or why there are none."""

    terms: tuple[Term, ...]
    unknown: str = ""

    @property
    def total(self) -> int:
        return sum(term.amount for term in self.terms)


class Counting(NamedTuple):
    """A whole net as a convention counts it."""

    convention: Tool
    layers: dict[str, Counted]
    """Every layer by name, in execution order."""

    @property
    def total(self) -> int:
        """The sum over the layers that can be counted."""
        return sum(one.total for one in self.layers.values())

    @property
    def unknown(self) -> dict[str, str]:
        """The layers that the convention cannot express, and why. Where there are some, the total is partial."""
        return {name: one.unknown for name, one in self.layers.items() if one.unknown}

    @property
    def bugs(self) -> dict[str, int]:
        """The tool's mistakes that play a part here, each with how many layers it meets."""
        found: dict[str, int] = {}
        for one in self.layers.values():
            for term in one.terms:
                if term.bug:
                    words = f"{term.what}: {term.how}"
                    found[words] = found.get(words, 0) + 1
        return found
