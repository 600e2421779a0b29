"""The notation of layers as regular expressions, for the JSON Schema: every kind by its names, with its tokens.

They are those of ECMA, so that editors take them. Where an expression or a `?` stands, anything may.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from cnncalc.layers import KINDS
from cnncalc.layers.dialects import DIALECTS
from cnncalc.notation.vocabulary import vocabulary

__all__ = ["FREE", "block_line", "kind_line", "names_of", "no_kind", "ranked", "value_line"]

FREE = r"\$|\?"
"""A line with an expression or an unknown in it."""
RANK = "(?:_?[123][dD])?"


@cache
def names_of(kind: str) -> tuple[str, ...]:
    """Every name of a kind as frameworks spell it, and the same in the usual ways to write capitals.

    More is read than is listed here: no schema can say "whatever the case".
    """
    own = [name for dialect in DIALECTS.values() for name, named in dialect.names.items() if named.kind == kind]
    names = (kind, *KINDS[kind].aliases, *own)
    camel = ("".join(part[:1].upper() + part[1:] for part in name.split("_")) for name in names)
    return tuple(dict.fromkeys((*names, *camel, *(name.lower() for name in names))))


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))})"


def ranked(kind: str) -> str:
    """A name of a kind, with its number of axes behind it or not, alone."""
    return f"^{_any(names_of(kind))}{RANK}$"


@cache
def _token(kind: str) -> str:
    """One of the words that may follow the name of a kind."""
    known = vocabulary(kind)
    forms = [rf"{_any((*known.names, *known.letters, 'in'))}=\S+"]
    if known.words:
        forms.append(_any(known.words))
    if known.letters:
        forms.append(rf"[{''.join(sorted(known.letters))}][-+.:0-9]\S*")
    forms += dict.fromkeys(field.type.bare for field in known.positional)
    return f"(?:{'|'.join(forms)})"


def value_line(kind: str) -> str:
    """What stands behind `conv:`: the words of a kind, in one line."""
    return rf"^\s*(?:{_token(kind)}(?:\s+{_token(kind)})*)?\s*$"


def kind_line() -> str:
    """A whole layer in one line."""
    lines = (rf"{_any(names_of(kind))}{RANK}(?:\s+{_token(kind)})*" for kind in KINDS)
    return rf"^\s*(?:{'|'.join(lines)})\s*$"


def no_kind() -> str:
    """A line that does not begin with a kind, and may be the use of a block."""
    names = {name for kind in KINDS for name in names_of(kind)}
    return rf"^(?!{_any(names)}{RANK}(?:\s|$))"


def block_line(names: Iterable[str]) -> str:
    """The use of one of these blocks."""
    return rf"^{_any(names)}(?:\s|$)"
