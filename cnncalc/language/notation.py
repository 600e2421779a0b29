"""The notation of a layer: `conv 64 k3 s2 nobias` to a layer and back.

A token is a word (`same`, `ceil`, `nobias`), a letter and a size (`k3`, `p2:1`), a bare number that fills the kind's
positional fields in order, or `field=value`. `in=512` asserts the channels (features) of the input and sets no field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from cnncalc.errors import near
from cnncalc.layers import KINDS, FieldError, Layer, kind_named
from cnncalc.layers.base import REQUIRED, Field
from cnncalc.layers.fields import whole
from cnncalc.layers.registry import ALIASES

__all__ = [
    "Parsed",
    "TokenError",
    "field_named",
    "field_suggestion",
    "kind_names",
    "kind_of",
    "kind_suggestion",
    "make",
    "parse",
    "split_tokens",
    "usage",
    "write",
]

_TOKEN = re.compile(r"\S+")
_LETTER = re.compile(r"([a-z])([-+.:?0-9].*)\Z")


class Parsed(NamedTuple):
    """A layer as it was written: `rank` is what a `2d` in its name asserts, `channels` what `in=` does."""

    layer: Layer
    rank: int | None = None
    channels: int | None = None


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


class _Vocabulary(NamedTuple):
    """What the tokens of one kind mean."""

    words: dict[str, tuple[str, object]]
    letters: dict[str, Field]
    names: dict[str, Field]
    positional: list[Field]


@cache
def _vocabulary(kind: str) -> _Vocabulary:
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
    return _Vocabulary(words, letters, names, cls.positional())


def field_named(cls: type[Layer], name: str) -> Field | None:
    """The field that a name, an alias or a letter means."""
    vocabulary = _vocabulary(cls.kind)
    return vocabulary.names.get(name) or vocabulary.letters.get(name)


def kind_suggestion(name: str, others: Iterable[str] = (), otherwise: str = "`cnncalc kinds` lists them all") -> str:
    """The help for a word that is no kind: the kinds like it, each by its own name, and what else it may be."""
    called = name.partition("(")[0].rpartition(".")[2]
    if "(" in name and (found := kind_named(called)):
        return f"{found[0].usage()}, without brackets and commas"
    known = {**{alias: ALIASES[alias] for alias in ALIASES}, **{word: word for word in (*KINDS, *others)}}
    matches = list(dict.fromkeys(known[match] for match in near(name, known)))
    return f"did you mean {' or '.join(f'`{match}`' for match in matches)}?" if matches else otherwise


def field_suggestion(cls: type[Layer], name: str, others: Iterable[str] = ()) -> str:
    """The help for a word that is no field: the fields like it, each by its own name, or what the kind takes."""
    known = {alias: declared.name for alias, declared in _vocabulary(cls.kind).names.items()}
    known.update((word, word) for word in others)
    matches = list(dict.fromkeys(known[match] for match in near(name, known)))
    return f"did you mean {' or '.join(f'`{match}`' for match in matches)}?" if matches else usage(cls)


def kind_names() -> Iterator[str]:
    """Every name by which a kind may be called, for suggestions."""
    yield from KINDS
    yield from ALIASES


def split_tokens(text: str) -> list[tuple[int, str]]:
    """The tokens of a notation with their offsets; `$( … )` is one token, blanks inside it or not."""
    if "$(" not in text:
        return [(match.start(), match.group()) for match in _TOKEN.finditer(text)]
    tokens: list[tuple[int, str]] = []
    start, depth = -1, 0
    for offset, character in enumerate(text):
        if character.isspace() and depth == 0:
            if start >= 0:
                tokens.append((start, text[start:offset]))
            start = -1
            continue
        if start < 0:
            start = offset
        if character == "(" and (depth or text[offset - 1 : offset] == "$"):
            depth += 1
        elif character == ")" and depth:
            depth -= 1
    if start >= 0:
        tokens.append((start, text[start:]))
    return tokens


@lru_cache(maxsize=65_536)
def parse(text: str, dialect: str = "torch", defaults: tuple[tuple[str, Any], ...] = ()) -> Parsed:
    """Read the notation of one layer; raises `TokenError`.

    `defaults` are (field, value) pairs of the kind for fields that the text does not give.
    """
    tokens = split_tokens(text)
    if not tokens:
        raise TokenError("a layer is missing", help="write a kind and its numbers, such as `conv 64 k3 p1`")
    offset, name = tokens[0]
    cls, rank = kind_of(name, offset)
    given: dict[str, object] = {}
    offsets: dict[str, tuple[int, int]] = {}
    for offset, token in tokens[1:]:
        _read_token(cls, token, offset, given, offsets)
    channels = given.pop("in", None)
    layer = _construct(cls, given, dialect, defaults, offsets, (tokens[0][0], len(text.rstrip())))
    return Parsed(layer, rank, None if channels is None else int(str(channels)))


def kind_of(name: str, offset: int = 0) -> tuple[type[Layer], int | None]:
    """The kind that a name means, and the rank that it asserts; raises `TokenError`."""
    found = kind_named(name)
    if found is None:
        help = kind_suggestion(name)
        raise TokenError(f"there is no kind or block `{name[:60]}`", help=help, offset=offset, width=len(name))
    return found


def _read_token(
    cls: type[Layer], token: str, offset: int, given: dict[str, object], offsets: dict[str, tuple[int, int]]
) -> None:
    """Set one field in `given` from a token; raises `TokenError`."""
    vocabulary = _vocabulary(cls.kind)
    name, equals, value = token.partition("=")
    letter = _LETTER.match(token)
    if token in vocabulary.words:
        field, content = vocabulary.words[token]
    elif equals:
        if name == "in":
            field, content = "in", _asserted(value, offset, len(token))
        elif name in vocabulary.names or name in vocabulary.letters:
            field, content = (vocabulary.names.get(name) or vocabulary.letters[name]).name, value
        else:
            help = field_suggestion(cls, name)
            raise TokenError(f"`{cls.kind}` has no field `{name[:60]}`", help=help, offset=offset, width=len(name))
    elif letter and letter.group(1) in vocabulary.letters:
        field, content = vocabulary.letters[letter.group(1)].name, letter.group(2)
    elif token[0] in "0123456789+-.?:":
        free = [declared for declared in vocabulary.positional if declared.name not in given]
        if not free:
            message = f"`{cls.kind}` takes no {'further ' if vocabulary.positional else ''}bare number"
            raise TokenError(message, help=usage(cls), offset=offset, width=len(token))
        field, content = free[0].name, token
    else:
        help = field_suggestion(cls, token, vocabulary.words)
        raise TokenError(f"`{cls.kind}` does not know `{token[:60]}`", help=help, offset=offset, width=len(token))
    if field in given:
        message = f"`{field}` is given twice"
        raise TokenError(message, help="keep one of the two", offset=offset, width=len(token))
    given[field] = content
    offsets[field] = (offset, len(token))


def _asserted(value: str, offset: int = 0, width: int = 0) -> int:
    try:
        return whole(value, 1)
    except FieldError as error:
        raise TokenError(f"`in`: {error.rule}", help=error.help, offset=offset, width=width) from None


def usage(cls: type[Layer]) -> str:
    """What may follow the kind's name, in one line."""
    vocabulary = _vocabulary(cls.kind)
    parts = [f"<{declared.name}>" for declared in vocabulary.positional]
    parts += [
        f"{letter}<{declared.name}>" for letter, declared in vocabulary.letters.items() if declared.position is None
    ]
    parts += list(vocabulary.words)
    plain = [name for name, declared in cls.fields.items() if not declared.hidden and not declared.letter]
    parts += [
        f"{name}=…" for name in plain if cls.fields[name].position is None and not cls.fields[name].type.words(name)
    ]
    return f"`{cls.kind}` takes {' '.join(parts)}" if parts else f"`{cls.kind}` takes nothing"


def _construct(
    cls: type[Layer],
    given: dict[str, object],
    dialect: str,
    defaults: Iterable[tuple[str, Any]],
    offsets: Mapping[str, tuple[int, int]],
    everything: tuple[int, int],
) -> Layer:
    if "dialect" in cls.fields and "dialect" not in given:
        given["dialect"] = dialect
    for name, value in defaults:
        given.setdefault(name, value)
    try:
        return cls(**given)
    except FieldError as error:
        missing = error.field in cls.fields and error.field not in given
        message = (
            error.rule if missing or error.field not in cls.fields else f"`{error.field}` of `{cls.kind}`: {error.rule}"
        )
        offset, width = offsets.get(error.field, everything)
        raise TokenError(message, error.field, error.help, offset, width) from None


def make(
    name: str, values: Mapping[str, object], dialect: str = "torch", defaults: tuple[tuple[str, Any], ...] = ()
) -> Parsed:
    """A layer from its long form, `conv: {out: 64, kernel: 7}`; raises `TokenError`, whose values name the field."""
    cls, rank = kind_of(name, 0)
    given: dict[str, object] = {}
    channels: int | None = None
    for key, value in values.items():
        if key == "in":
            channels = _asserted(str(value))
            continue
        declared = field_named(cls, key)
        if declared is None:
            help = field_suggestion(cls, key)
            raise TokenError(f"`{cls.kind}` has no field `{key[:60]}`", field=key, help=help)
        if declared.name in given:
            raise TokenError(f"`{declared.name}` is given twice", field=key, help="keep one of the two")
        given[declared.name] = value
    try:
        return Parsed(_construct(cls, given, dialect, defaults, {}, (0, 0)), rank, channels)
    except TokenError as error:
        error.field = next((key for key in values if (one := field_named(cls, key)) and one.name == error.field), "")
        error.in_value = bool(error.field)
        raise


@lru_cache(maxsize=4_096)
def write(layer: Layer) -> str:
    """The shortest notation that reads back as `layer` (its dialect apart)."""
    fields = {name: declared for name, declared in layer.fields.items() if not declared.hidden}
    changed = {
        name: getattr(layer, name)
        for name, declared in fields.items()
        if declared.default is REQUIRED or getattr(layer, name) != declared.default
    }
    parts = [layer.kind]
    places = _vocabulary(layer.kind).positional
    positional = [declared for declared in places if declared.name in changed]
    in_order = [declared.name for declared in places][: len(positional)]
    for declared in positional:
        text = declared.type.write(changed[declared.name])
        bare = declared.name in in_order and not declared.letter
        parts.append(text if bare else f"{declared.letter or declared.name + '='}{text}")
    rest = [name for name in changed if fields[name].position is None]
    rest.sort(key=lambda name: "kspdg".find(fields[name].letter) % 6 if fields[name].letter else 9)
    parts += [_token(fields[name], changed[name]) for name in rest]
    return " ".join(parts)


def _token(declared: Field, value: Any) -> str:
    for word, meaning in declared.type.words(declared.name).items():
        if meaning == value and word != "valid":
            return word
    text = declared.type.write(value)
    return f"{declared.letter}{text}" if declared.letter else f"{declared.name}={text}"
