"""The one error type: where it happened, which rule broke, the values received, and the way out.

Every fault that a user can cause ends up as a `Fault`; a `CnncalcError` carries all the faults of
one input at once. Nothing here knows YAML, rich or click. Whatever a message quotes is shown without a character that
could steer a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cnncalc.records import NamedTuple
from cnncalc.text import printable, printable_lines

__all__ = ["CnncalcError", "Fault", "Place", "near", "suggestion"]

# A very long line would bury the message that it illustrates.
LONGEST_SHOWN_LINE = 120
MOST_COMPARED = 1_000
"""A wrong word is held against so many known ones."""
MOST_USES = 3


class Place(NamedTuple):
    """A stretch of one line of a text: `line` and `column` count from 1, `width` is in characters."""

    file: str
    line: int
    column: int
    width: int = 1
    text: str = ""
    """The whole line, so that it can be shown."""
    made: bool = False
    """Whether the line is in the text that another tool's file became, and not in the file itself."""

    def moved(self, offset: int, width: int) -> Place:
        """The stretch of `width` characters that starts `offset` characters further on."""
        return self._replace(column=self.column + offset, width=max(width, 1))


class Fault(NamedTuple):
    """One broken rule."""

    message: str
    """The rule that was broken, in one line, with no full stop."""
    place: Place | None = None
    layer: str | None = None
    """The dotted name of the layer or group, where one is known."""
    values: str = ""
    """What was found, with its numbers; stands under the shown line."""
    help: str = ""
    """What to try."""
    used: tuple[Place, ...] = ()
    """Where the blocks that the place stands in are used, the innermost first."""
    origin: str = ""
    """The operator of another tool's file that the layer comes from, in words."""

    def __str__(self) -> str:
        lines = [f"error: {self.message}"]
        if self.place is None:
            if self.layer:
                lines.append(f"  in {self.layer}")
            lines.extend(f"  {line}" for line in self.values.splitlines())
        else:
            lines.extend(_shown(self.place, self.layer, self.values))
        for use in self.used[:MOST_USES]:
            text = use.text[use.column - 1 : use.column - 1 + min(use.width, 60)]
            lines.append(f"  = used by `{text}` at {_where(use)}")
        if self.origin:
            lines.append(f"  = in the file: {self.origin}")
        if self.help:
            lines.append(f"  = help: {self.help}")
        return "\n".join(map(printable, lines))

    def as_dict(self) -> dict[str, str | int | None]:
        """The JSON form (COMMANDS, "the contract for scripts"); `origin` is there where another tool's file has one."""
        message = f"{self.message}: {self.values}" if self.values else self.message
        return {
            "message": printable_lines(message),
            "file": printable(self.place.file) if self.place else None,
            "line": self.place.line if self.place else None,
            "column": self.place.column if self.place else None,
            "layer": self.layer,
            "help": printable(self.help) or None,
            **({"origin": printable(self.origin)} if self.origin else {}),
        }


def _where(place: Place) -> str:
    made = "the YAML made of " if place.made else ""
    return f"{made}{place.file}:{place.line}:{place.column}"


def _shown(place: Place, layer: str | None, values: str) -> list[str]:
    margin = " " * max(len(str(place.line)), 2)
    where = _where(place) + (f" · {layer}" if layer else "")
    lines = [f"{margin}┌ {where}"]
    text, start = _excerpt(place)
    if text:
        width = min(place.width, max(len(text) - start, 1))
        lines.append(f"{place.line:>{len(margin)}}│ {text}")
        lines.append(f"{margin}│ {' ' * start}{'^' * width} {values}".rstrip())
    elif values:
        lines.append(f"{margin}│ {values}")
    return lines


def _excerpt(place: Place) -> tuple[str, int]:
    """The line to show and where the marked stretch starts in it, cut where the line is very long."""
    text, start, first = place.text, place.column - 1, 0
    if len(text) > LONGEST_SHOWN_LINE:
        first = max(0, min(start - LONGEST_SHOWN_LINE // 3, len(text) - LONGEST_SHOWN_LINE))
        text = text[first : first + LONGEST_SHOWN_LINE]
    text = "".join(character if character.isprintable() else " " for character in text)
    return ("…" + text[1:] if first else text), start - first


class CnncalcError(Exception):
    """Bad input. `faults` holds every fault that was found, in the order of the text."""

    built = 0
    """The layers that stood when a net was found to be none: what it took to find out."""

    def __init__(self, faults: Fault | Sequence[Fault]) -> None:
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__(*self.faults)

    def with_way_out(self, otherwise: str, of_a_line: str = "") -> CnncalcError:
        """The same faults; those that say no way out have this one, or another where a line of a text is shown."""

        def helped(fault: Fault) -> Fault:
            shows_a_line = fault.place is not None and fault.place.text != ""
            return fault._replace(help=fault.help or (of_a_line if shows_a_line and of_a_line else otherwise))

        return CnncalcError([helped(fault) for fault in self.faults])

    def of_input(self, given: str, first: str = "") -> CnncalcError:
        """The same faults of another tool's file that is right with the input that it says: it is not to be changed.

        `first` is what the given input seems to be, where it seems to be something else.
        """
        way = f"the file is right with its own input, but not with `--input {given[:80]}`"
        help = f"{way}; {first}" if first else f"{way}: leave that out, or give another size"
        return CnncalcError([fault._replace(help=help) for fault in self.faults])

    def of_operators(self, origins: Mapping[str, str]) -> CnncalcError:
        """The same faults, with the operators of another tool's file that their layers come from."""
        known = [fault._replace(origin=origins.get(fault.layer or "", "")) for fault in self.faults]
        told = CnncalcError(known)
        told.built = self.built
        return told

    def __reduce__(self) -> tuple[type[CnncalcError], tuple[tuple[Fault, ...]]]:
        return CnncalcError, (self.faults,)  # so that it comes whole out of another process

    def __str__(self) -> str:
        """As Python prints it behind the name of the class, which says that it is an error."""
        return "\n".join(map(str, self.faults)).removeprefix("error: ")


def near(word: str, known: Iterable[str]) -> list[str]:
    """The known words most like `word`, best first, at most three."""
    from difflib import SequenceMatcher, get_close_matches  # only a mistake pays for the import

    words = list(known)
    if len(words) > MOST_COMPARED:  # of so many those that begin or end alike, and not all of them
        begins, ends = word[:2], word[-2:]
        words = [one for one in words if one.startswith(begins) or one.endswith(ends)][:MOST_COMPARED]
    by_lower = {candidate.lower(): candidate for candidate in words}
    wrong = word.lower()[:80]
    matches = get_close_matches(wrong, by_lower, n=3, cutoff=0.7)
    likeness = [SequenceMatcher(None, match, wrong).ratio() for match in matches]
    return [by_lower[match] for match, ratio in zip(matches, likeness) if ratio > likeness[0] - 0.1]


def suggestion(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A help text that offers the near words, or else `otherwise`."""
    matches = near(word, known)
    if not matches:
        return otherwise
    return "did you mean " + " or ".join(f"`{match}`" for match in matches) + "?"
