"""What names have in common: `conv2_block1` of `conv2_block1_1_conv` and `conv2_block1_out`, `2a` of `res2a_branch1`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from os.path import commonprefix

from cnncalc.interchange.structure.counting import COUNTED

__all__ = ["PLACE", "PREFIX", "stems"]

PREFIX, PLACE = "prefix", "place"
"""The arguments for what names begin with, and for the number in them."""
_BETWEEN = "_-."
_PLACE = re.compile(r"\$\(place\)|[0-9]+(?:[a-z](?![a-z])|[_-](?=[0-9])|[0-9])*")
"""`2a`, `4b12`, `2_1`: the number of a part of a net, as names have it."""


def stems(names: Sequence[str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The ways to say names by what they have in common: an argument, its value, and each name by that argument.

    A layer without a name has none. Where the names have nothing in common they are said as they are.
    """
    own = [name for name in names if name]
    found = False
    if prefix := _prefix(own):
        found = True
        yield PREFIX, prefix, tuple(f"$(prefix){name[len(prefix) :]}" if name else "" for name in names)
    places = [_PLACE.search(name) for name in own]
    first = places[0].group() if places and places[0] else ""
    if first and all(place and place.group() == first for place in places) and first != prefix:
        found = True
        yield PLACE, first, tuple(_PLACE.sub("$(place)", name, count=1) for name in names)
    if not found:
        yield "", "", tuple(names)


def _prefix(names: Sequence[str]) -> str:
    """What all names begin with, up to where a word of theirs ends."""
    common = commonprefix(names).partition(COUNTED)[0]
    while common and not all(name[len(common) :][:1] in (*_BETWEEN, "") for name in names):
        common = common[: max(common.rfind(sign) for sign in _BETWEEN)] if any(map(common.count, _BETWEEN)) else ""
    return common.rstrip(_BETWEEN)
