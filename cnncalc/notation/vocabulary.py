"""What the words of a layer mean: kinds, fields, letters, and what to say where a word means nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from cnncalc.errors import near
from cnncalc.layers import KINDS, FieldError, Layer, kind_named
from cnncalc.layers.base import MANY, Field
from cnncalc.layers.registry import ALIASES, name_in
from cnncalc.records import NamedTuple

__all__ = [
    "READ_ON",
    "Guess",
    "TokenError",
    "default_pairs",
    "field_help",
    "field_named",
    "field_suggestion",
    "kind_names",
    "kind_of",
    "kind_suggestion",
    "usage",
    "vocabulary",
]


class Guess(NamedTuple):
    """The kind that was surely meant, and the fields that could be made out, where a layer cannot be read."""

    cls: type[Layer]
    given: Mapping[str, object]


class TokenError(Exception):
    """A token or field that cannot be read: what is wrong, and where.

    In a notation `offset` and `width` are its characters; in the long form `field` is the key at fault, and `in_value`
    says that not the key but its value is.
    """

    def __init__(
        self, message: str, field: str = "", help: str = "", offset: int = 0, width: int = 0, in_value: bool = False
    ) -> None:
        super().__init__(message)
        self.message, self.field, self.help = message, field, help
        self.offset, self.width, self.in_value = offset, width, in_value
        self.others: tuple[TokenError, ...] = ()
        """Further mistakes in the same layer."""
        self.guess: Guess | None = None
        self.unknown = ""
        """The word that is no kind; a block may be meant, which only the net knows."""
        self.rest = ""
        """What follows that word."""


class Vocabulary(NamedTuple):
    """What the tokens of one kind mean."""

    words: dict[str, tuple[str, object]]
    letters: dict[str, Field]
    names: dict[str, Field]
    positional: list[Field]


@cache
def vocabulary(kind: str) -> Vocabulary:
    """The vocabulary of a kind."""
    cls = KINDS[kind]
    words: dict[str, tuple[str, object]] = {}
    letters: dict[str, Field] = {}
    names: dict[str, Field] = {}
    for name, declared in cls.fields.items():
        if declared.hidden:
            continue
        names.update(dict.fromkeys((*declared.aliases, name), declared))
        words.update({word: (name, value) for word, value in declared.type.words(name).items()})
        if declared.letter:
            letters[declared.letter] = declared
    return Vocabulary(words, letters, names, cls.positional())


def field_named(cls: type[Layer], name: str) -> Field | None:
    """The field that a name, an alias or a letter means."""
    words = vocabulary(cls.kind)
    return words.names.get(name) or words.letters.get(name)


def _kinds_by_name() -> dict[str, str]:
    return {**ALIASES, **{kind: kind for kind in KINDS}}


@lru_cache(maxsize=256)
def _near_kinds(name: str, others: tuple[str, ...] = ()) -> list[str]:
    known = {**_kinds_by_name(), **{word: word for word in others}}
    return list(dict.fromkeys(known[match] for match in near(name, known)))


READ_ON = "`cnncalc kinds` lists the kinds, and `cnncalc kinds KIND` what each field takes"
"""The way out of a mistake that has none of its own."""

_POOLS = "write which: `maxpool {0}`, `avgpool {0}`, `global_avgpool` or `adaptive_avgpool 7`"
SEVERAL = {
    "pool": _POOLS,
    "pooling": _POOLS,
    "norm": "write which: `batchnorm`, `layernorm`, `groupnorm 32` or `instancenorm`",
    "normalization": "write which: `batchnorm`, `layernorm`, `groupnorm 32` or `instancenorm`",
    "activation": "write which: `relu`, `silu`, `gelu`, …; `cnncalc kinds` lists them all",
}
"""Words that mean several kinds, each with the way out; {0} is what followed the word."""
LONGEST_REPEATED = 40
"""Longer tokens are not repeated."""


def unslashed(text: str) -> str:
    """Kernel, stride and padding as papers write them, `5/2/1`, as they are written here: `k5 s2 p1`; else empty."""
    numbers = text.split("/")
    if not 1 < len(numbers) < 4 or not all(number.isascii() and number.isdigit() for number in numbers):
        return ""
    return " ".join(f"{letter}{number[:9]}" for letter, number in zip("ksp", numbers))


def kind_suggestion(
    name: str,
    others: tuple[str, ...] = (),
    otherwise: str = "`cnncalc kinds` lists them all",
    rest: str = "",
    dialect: str = "torch",
) -> str:
    """The help for a word that is no kind: the kinds like it, each by its own name, and what else it may be."""
    from cnncalc.notation.elsewhere import way_from  # only a mistake pays for it

    called = name.partition("(")[0].rpartition(".")[2]
    if "(" in name and (found := kind_named(called)):
        return f"{found[0].usage()}, without brackets and commas"
    if name.endswith(":"):
        return f"a mapping goes in braces: `{{{name} {rest if 0 < len(rest) <= LONGEST_REPEATED else '…'}}}`"
    if called != name and kind_named(called):
        return f"write `{called}`, without `{name.removesuffix(called)}`"
    if called.lower() in SEVERAL:
        written = unslashed(rest) or (rest if 0 < len(rest) <= LONGEST_REPEATED else "2")
        return SEVERAL[called.lower()].replace("{0}", written)
    own = name_in(dialect, called)
    if way := own.way if own else way_from(called):
        return way
    matches = _near_kinds(name, others)
    return f"did you mean {' or '.join(f'`{match}`' for match in matches)}?" if matches else otherwise


def field_suggestion(cls: type[Layer], name: str) -> str:
    """The help for a word that is no field or word of a kind: those like it, or what the kind takes."""
    return _field_suggestion(cls.kind, name)


@lru_cache(maxsize=256)
def _field_suggestion(kind: str, name: str) -> str:
    words = vocabulary(kind)
    if name in words.names:
        declared = words.names[name]
        short = f"`{declared.letter}3` or " if declared.letter else ""
        return f"a field takes a value: {short}`{name}=3`"
    from cnncalc.notation.elsewhere import field_way_from  # only a mistake pays for it

    if way := field_way_from(name):
        return way
    if kind_named(name) and KINDS[kind].inputs[1] < MANY:
        return f"`{name}` is a layer of its own: write it behind this one"
    small = name.lower()
    if small != name and (small in words.words or small in words.names or small[0] in words.letters):
        return f"did you mean `{small}`?"
    known = {alias: declared.name for alias, declared in words.names.items()}
    known.update((word, word) for word in words.words)
    matches = list(dict.fromkeys(known[match] for match in near(name, known)))
    return f"did you mean {' or '.join(f'`{match}`' for match in matches)}?" if matches else usage(KINDS[kind])


def kind_names() -> Iterator[str]:
    """Every name by which a kind may be called, for suggestions."""
    yield from KINDS
    yield from ALIASES


def kind_of(name: str, offset: int = 0, dialect: str = "torch") -> tuple[type[Layer], int | None]:
    """The kind that a name means, and the rank that it asserts; raises `TokenError`."""
    found = kind_named(name, dialect)
    if found is None:
        help = kind_suggestion(name, dialect=dialect)
        error = TokenError(f"there is no kind or block `{name[:60]}`", help=help, offset=offset, width=len(name))
        matches = _near_kinds(name)
        error.unknown = name
        error.guess = Guess(KINDS[matches[0]], {}) if matches else None
        raise error
    return found


def usage(cls: type[Layer]) -> str:
    """What may follow the kind's name, in one line."""
    words = vocabulary(cls.kind)
    parts = [f"<{declared.name}>" for declared in words.positional]
    parts += [f"{letter}<{declared.name}>" for letter, declared in words.letters.items() if declared.position is None]
    parts += list(words.words)
    plain = [name for name, declared in cls.fields.items() if not declared.hidden and not declared.letter]
    parts += [
        f"{name}=…" for name in plain if cls.fields[name].position is None and not cls.fields[name].type.words(name)
    ]
    takes = f"`{cls.kind}` takes {' '.join(parts) or 'no fields'}"
    if cls.inputs[1] < MANY:
        return takes
    how = f"its branches are a list, `{cls.kind}: [[conv 64 k3 p1], []]`, or named, `{{{cls.kind}: , from: [a, b]}}`"
    return f"{takes}; {how}" if parts else how


def field_help(cls: type[Layer], error: FieldError) -> str:
    """The way out of a value that a field does not take."""
    return error.help or f"`cnncalc kinds {cls.kind}` says what its fields take"


def default_pairs(kind: str, values: Mapping[str, object]) -> tuple[str, tuple[tuple[str, Any], ...]]:
    """A kind's `defaults:` checked, as (kind, (field, value) pairs); raises `TokenError`."""
    cls, _ = kind_of(kind)
    pairs: list[tuple[str, Any]] = []
    for key, value in values.items():
        declared = field_named(cls, key)
        if declared is None:
            raise TokenError(f"`{cls.kind}` has no field `{key[:60]}`", key, field_suggestion(cls, key))
        try:
            pairs.append((declared.name, declared.read(value)))
        except FieldError as error:
            message = f"`{error.field}` of `{cls.kind}`: {error.rule}"
            raise TokenError(message, key, field_help(cls, error), in_value=True) from None
    return cls.kind, tuple(pairs)
