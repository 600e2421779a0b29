"""What names have in common: `conv2_block1` of `conv2_block1_1_conv` and `conv2_block1_out`, `2a` of `res2a_branch1`.

Where each kind of layer is counted over the whole net (`conv2d_7`, `batch_norm_9`), it is one number for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from cnncalc.interchange.structure.blocks.counting import COUNTED
from cnncalc.records import NamedTuple

__all__ = ["PLACE", "PREFIX", "Part", "Stems", "stems"]

PREFIX, PLACE = "prefix", "place"
"""The arguments for what names begin with, and for the number in them."""
_BETWEEN = "_-."
_PLACE = r"(?P<other>\$\((?!place\))[^)]*\))|\$\(place\)|[0-9]+(?:[a-z](?![a-z])|[_-](?=[0-9])|[0-9])*"
"""`2a`, `4b12`, `2_1`: the number of a part of a net, as names have it."""
_ALONE = r"(?<![^_.-])(?:0|[1-9][0-9]{0,8})(?![^_.-])"
_LAST = r"(?<![0-9])(?:0|[1-9][0-9]{0,8})\Z"
_INSIDE = r"(?<= \+ )(?:0|[1-9][0-9]{0,8})(?=\)\Z)"
"""The number of a name: one that stands alone, the last, or what a repeat counts from."""
MOST_COUNTED = 4
"""Kinds of layers that may be counted in one block, each by an argument."""


class Part(NamedTuple):
    """A name: text, or text around the value of a stem with something added; `stem` is its place, -1 for none."""

    head: str
    stem: int = -1
    more: int = 0
    tail: str = ""

    def with_argument(self, name: str, more: int = 0) -> str:
        """The name with an argument in it."""
        added = self.more + more
        value = f"{name}{f' + {added}' if added > 0 else f' - {-added}' if added else ''}"
        return f"{self.head}{value if self.inside else f'$({value})'}{self.tail}"

    def with_value(self, value: str) -> str:
        """The name with the stem's value in it."""
        return (
            f"{self.head}{int(value) + self.more if self.more else value}{self.tail}" if self.stem >= 0 else self.head
        )

    @property
    def inside(self) -> bool:
        """Whether the value stands in an expression."""
        return self.head.rfind("$(") > self.head.rfind(")")


class Stems(NamedTuple):
    """Names by what they have in common."""

    arguments: tuple[str, ...]
    values: tuple[str, ...]
    names: tuple[Part, ...]


def stems(names: Sequence[str]) -> Iterator[Stems]:
    """The ways to say names by what they have in common; where that is nothing, they are said as they are."""
    own = [name for name in names if name]
    found = False
    if prefix := _prefix(own):
        found = True
        parts = (Part("", 0, 0, name[len(prefix) :]) if name else Part("") for name in names)
        yield Stems((PREFIX,), (prefix,), tuple(parts))
    places = [_place(name) for name in own]
    first = places[0].group() if places and places[0] else ""
    if first and first != prefix and all(place and place.group() == first for place in places):
        found = True
        yield Stems((PLACE,), (first,), tuple(_around(name, _place(name), 0) for name in names))
    if (counted := _counted(names)) is not None:
        yield counted
    elif not found:
        yield Stems((), (), tuple(map(Part, names)))


def _prefix(names: Sequence[str]) -> str:
    """What all names begin with, up to where a word of theirs ends."""
    common = _common(names).partition(COUNTED)[0]
    while common and not all(name[len(common) :][:1] in (*_BETWEEN, "") for name in names):
        common = common[: max(common.rfind(sign) for sign in _BETWEEN)] if any(map(common.count, _BETWEEN)) else ""
    return common.rstrip(_BETWEEN)


def _common(names: Sequence[str]) -> str:
    """The letters that all names begin with."""
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names))
    return "".join(letters[0] for letters in same)


def _place(name: str) -> re.Match[str] | None:
    """The first number of a name."""
    return next((match for match in re.finditer(_PLACE, name) if not match["other"]), None)


def _around(name: str, match: re.Match[str] | None, stem: int, more: int = 0) -> Part:
    return Part(name) if match is None else Part(name[: match.start()], stem, more, name[match.end() :])


def _counted(names: Sequence[str]) -> Stems | None:
    """Names that end in numbers, a stem for each of the words that are counted; None where there are others."""
    arguments: dict[tuple[str, str], int] = {}
    called: list[str] = []
    values: list[int] = []
    parts: list[Part] = []
    for name in names:
        match = _number(name) if name else None
        if name and match is None:
            return None
        if match is None:
            parts.append(Part(""))
            continue
        number, around = int(match.group()), (name[: match.start()], name[match.end() :])
        if around not in arguments:
            arguments[around] = len(values)
            values.append(number)
            called.append(_argument(around[0], called))
        stem = arguments[around]
        parts.append(_around(name, match, stem, number - values[stem]))
    if not values or len(values) > MOST_COUNTED:
        return None
    return Stems(tuple(called), tuple(map(str, values)), tuple(parts))


def _number(name: str) -> re.Match[str] | None:
    if "$" in name:
        return re.search(_INSIDE, name) if name.count("$") == 1 and COUNTED in name else None
    alone = list(re.finditer(_ALONE, name))
    return alone[-1] if alone else re.search(_LAST, name)


def _argument(head: str, called: Sequence[str]) -> str:
    """A name for the number behind a word."""
    word = re.sub(r"[^0-9a-z]+", "_", head.partition("$")[0].lower()).strip("_0123456789")
    name = word if word.isidentifier() and word not in (PREFIX, PLACE, "i", "first", "last", "inputs") else "number"
    same = sum(1 for one in called if one.rstrip("0123456789") == name.rstrip("0123456789"))
    return f"{name}{same + 1}" if same else name
