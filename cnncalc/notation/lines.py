"""The notation of a layer: `conv 64 k3 s2 nobias` to a layer and back.

A token is a word (`same`, `ceil`, `nobias`), a letter and a size (`k3`, `p2:1`), a bare number that fills the kind's
positional fields in order, or `field=value`. `in=512` asserts the channels (features) of the input and sets no field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from cnncalc.layers import KINDS, FieldError, Layer
from cnncalc.layers.base import REQUIRED, Field
from cnncalc.layers.fields import PerAxis, Wholes, whole
from cnncalc.layers.registry import name_in, preset_name, preset_of
from cnncalc.notation.vocabulary import (
    Guess,
    TokenError,
    field_help,
    field_named,
    field_suggestion,
    kind_of,
    kind_suggestion,
    usage,
    vocabulary,
)
from cnncalc.records import NamedTuple

__all__ = ["Defaults", "Parsed", "TokenError", "make", "parse", "split_tokens", "write"]

_TOKEN = re.compile(r"\S+")
_ENDING = re.compile(r"\s+|[()]")
"""Where a token may end."""
_COMMA = re.compile(r"[,，、]")
_LETTER = re.compile(r"([a-z])([-+.:?0-9].*)\Z")


Defaults: TypeAlias = "tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]"
"""For each kind of `defaults:` its (field, value) pairs, for the fields that a layer does not give."""


class Parsed(NamedTuple):
    """A layer as it was written: `rank` is what a `2d` in its name asserts, `channels` what `in=` does."""

    layer: Layer
    rank: int | None = None
    channels: int | None = None


@lru_cache(maxsize=4_096)
def split_tokens(text: str) -> tuple[tuple[int, str], ...]:
    """The tokens of a notation with their offsets; `$( … )` is one token, blanks inside it or not."""
    if "$(" not in text:
        return tuple([(match.start(), match.group()) for match in _TOKEN.finditer(text)])
    tokens: list[tuple[int, str]] = []
    start, depth = 0, 0
    for match in _ENDING.finditer(text):
        offset, sign = match.start(), match.group()
        if sign == "(":
            depth += depth > 0 or text[offset - 1 : offset] == "$"
        elif sign == ")":
            depth -= depth > 0
        elif depth == 0:
            if offset > start:
                tokens.append((start, text[start:offset]))
            start = match.end()
    if start < len(text):
        tokens.append((start, text[start:]))
    return tuple(tokens)


@lru_cache(maxsize=65_536)
def parse(text: str, dialect: str = "torch", defaults: Defaults = ()) -> Parsed:
    """Read the notation of one layer; raises `TokenError`."""
    tokens = split_tokens(text)
    if not tokens:
        raise TokenError("a layer is missing", help="write a kind and its numbers, such as `conv 64 k3 p1`")
    offset, name = tokens[0]
    given: dict[str, object] = {}
    offsets: dict[str, tuple[int, int]] = {}
    try:
        cls, rank = kind_of(name, offset, dialect)
    except TokenError as error:
        if "(" in name:
            from cnncalc.notation.calls import way_out_of  # only a mistake pays for it

            way_out_of(error, text, lambda cls, called, own: write(_construct(cls, called, own, dialect, ())))
        if error.guess is not None:
            _read_tokens(error.guess.cls, tokens[1:], given, offsets)
            error.guess = Guess(error.guess.cls, given)
        error.rest = " ".join(token for _, token in tokens[1:])
        if error.unknown:
            error.help = kind_suggestion(name, rest=error.rest)
        raise
    errors = _read_tokens(cls, tokens[1:], given, offsets)
    channels = given.pop("in", None)
    if not errors:
        try:
            layer = _construct(cls, name, given, dialect, defaults)
            return Parsed(layer, rank, None if channels is None else int(str(channels)))
        except TokenError as error:
            error.offset, error.width = offsets.get(error.field, (tokens[0][0], len(text.rstrip())))
            errors.append(error)
    raise _together(errors, cls, given, offsets)


def _read_tokens(
    cls: type[Layer],
    tokens: Iterable[tuple[int, str]],
    given: dict[str, object],
    offsets: dict[str, tuple[int, int]],
) -> list[TokenError]:
    """Set fields in `given` from all tokens; what cannot be read is returned."""
    errors = []
    waiting = list(tokens)[::-1]
    while waiting:
        offset, token = waiting.pop()
        if waiting and (joined := _joined(cls, token, waiting[-1][1])):
            end, value = waiting.pop()
            message = f"`{token} {value}` is one token, without the blank"
            errors.append(TokenError(message, help=f"write `{joined}`", offset=offset, width=end + len(value) - offset))
            continue
        try:
            _read_token(cls, token, offset, given, offsets)
        except TokenError as error:
            errors.append(error)
            if not vocabulary(cls.kind).names:
                break  # the kind takes nothing: one error says it
    return errors


def _joined(cls: type[Layer], name: str, value: str) -> str:
    """`stride 4` as it is written, `s4`; empty where the first is no field's name or the second no number."""
    known = vocabulary(cls.kind)
    declared = known.names.get(name) or known.letters.get(name)
    if declared is None or name in known.words or value[0] not in "0123456789":
        return ""
    return f"{declared.letter or declared.name + '='}{value}"


def _together(
    errors: list[TokenError], cls: type[Layer], given: Mapping[str, object], offsets: Mapping[str, tuple[int, int]]
) -> TokenError:
    """All the mistakes of a layer as one error: those found, and the values that their fields do not take."""
    known = {error.field for error in errors}
    for name, value in given.items():
        try:
            if name in cls.fields and name not in known and name in offsets:
                cls.fields[name].read(value)
        except FieldError as fault:
            errors.append(_of_field(cls, fault, *offsets[name]))
    first, *others = sorted(errors, key=lambda error: error.offset)
    first.others, first.guess = tuple(others), Guess(cls, given)
    return first


def _of_field(cls: type[Layer], fault: FieldError, offset: int = 0, width: int = 0) -> TokenError:
    message = f"`{fault.field}` of `{cls.kind}`: {fault.rule}"
    return TokenError(message, fault.field, field_help(cls, fault), offset, width, in_value=True)


def _read_token(
    cls: type[Layer], token: str, offset: int, given: dict[str, object], offsets: dict[str, tuple[int, int]]
) -> None:
    """Set one field in `given` from a token; raises `TokenError`."""
    known = vocabulary(cls.kind)
    name, equals, value = token.partition("=")
    letter = _LETTER.match(token)
    if token in known.words:
        field, content = known.words[token]
    elif equals:
        if name == "in":
            field, content = "in", _asserted(value, "in", offset, len(token))
        elif name in known.names or name in known.letters:
            field, content = (known.names.get(name) or known.letters[name]).name, value
        else:
            help = field_suggestion(cls, name)
            raise TokenError(f"`{cls.kind}` has no field `{name[:60]}`", help=help, offset=offset, width=len(name))
    elif letter and letter.group(1) in known.letters:
        field, content = known.letters[letter.group(1)].name, letter.group(2)
    elif token[0] in "0123456789+-.?:" or "->" in token:
        free = [declared for declared in known.positional if declared.name not in given]
        if not free:
            message = f"`{cls.kind}` takes no {'further ' if known.positional else ''}bare number"
            kernel = "k" in known.letters and known.letters["k"].name not in given
            help = f"a kernel is written `k{token}`" if kernel else usage(cls)
            if kernel and "out" in given and token.isdecimal():
                help += "; torch's `Conv2d 3 64 7` is `conv 64 k7`: the channels that come in are never written"
            raise TokenError(message, help=help, offset=offset, width=len(token))
        field, content = free[0].name, token
    else:
        help = field_suggestion(cls, token)
        raise TokenError(f"`{cls.kind}` does not know `{token[:60]}`", help=help, offset=offset, width=len(token))
    if (
        isinstance(content, str)
        and _COMMA.search(content)
        and not (field in cls.fields and cls.fields[field].type.commas)
    ):
        content = _without_commas(cls, field, content, offset, len(token))
    if field in given:
        message = f"`{field}` is given twice"
        raise TokenError(message, help="keep one of the two", offset=offset, width=len(token))
    given[field] = content
    offsets[field] = (offset, len(token))


def _without_commas(cls: type[Layer], field: str, content: str, offset: int, width: int) -> str:
    """`1,0` as `1x0` where the field takes several numbers; raises `TokenError`, since a comma divides nothing else."""
    if field in cls.fields and isinstance(cls.fields[field].type, (PerAxis, Wholes)):
        joined = _COMMA.sub("x", content)
        try:
            cls.fields[field].read(joined)
        except FieldError:
            pass
        else:
            return joined
    help = "a layer's parts are divided by blanks alone, as in `conv 64 k3 s2`"
    raise TokenError(f"`{content[:40]}`: a comma does not belong here", field, help, offset, width)


def _asserted(value: str, field: str = "", offset: int = 0, width: int = 0) -> int:
    try:
        return whole(value, 1)
    except FieldError as error:
        raise TokenError(f"`in`: {error.rule}", field, error.help, offset, width, in_value=True) from None


def _with_preset(name: str, given: dict[str, object]) -> dict[str, object]:
    """The fields that are given, and those that the kind's name sets, which nobody can give otherwise."""
    preset = preset_of(name)
    for field in preset:
        if field in given:
            raise TokenError(f"`{name[:60]}` sets `{field}` itself", field, "leave it out, or use another name")
    return {**preset, **given}


def _construct(cls: type[Layer], called: str, given: dict[str, object], dialect: str, defaults: Defaults) -> Layer:
    """The layer: fields that are given, then the file's defaults, then what its name means in the dialect."""
    values = {**_with_preset(called, given), "dialect": dialect}
    own = name_in(dialect, called) if called not in KINDS else None
    for name, value in (*dict(defaults).get(cls.kind, ()), *(own.fields.items() if own else ())):
        values.setdefault(name, value)
    try:
        layer = cls(**values)
    except FieldError as fault:
        if fault.field in given:
            raise _of_field(cls, fault) from None
        raise TokenError(fault.rule, fault.field, fault.help) from None
    if called not in KINDS:
        layer.__dict__["called"] = called
    return layer


def make(name: str, values: Mapping[str, object], dialect: str = "torch", defaults: Defaults = ()) -> Parsed:
    """A layer from its long form, `conv: {out: 64, kernel: 7}`; raises `TokenError`, whose values name the field."""
    if not values:
        return parse(name, dialect, defaults)
    cls, rank = kind_of(name, 0, dialect)
    given: dict[str, object] = {}
    keys: dict[str, str] = {}
    errors: list[TokenError] = []
    channels: int | None = None
    for key, value in values.items():
        declared = field_named(cls, key)
        if key == "in":
            channels = _asserted(str(value), key)
        elif declared is None:
            message = f"`{cls.kind}` has no field `{key[:60]}`"
            errors.append(TokenError(message, key, field_suggestion(cls, key)))
        elif declared.name in given:
            errors.append(TokenError(f"`{declared.name}` is given twice", key, "keep one of the two"))
        else:
            given[declared.name], keys[declared.name] = value, key
    if not errors:
        try:
            return Parsed(_construct(cls, name, given, dialect, defaults), rank, channels)
        except TokenError as error:
            errors.append(error)
    first = _together(errors, cls, given, dict.fromkeys(given, (0, 0)))
    for one in (first, *first.others):
        if one.in_value:
            one.field = keys.get(one.field, one.field)
    raise first


@lru_cache(maxsize=4_096)
def write(layer: Layer) -> str:
    """The shortest notation that reads back as `layer` in its dialect."""
    fields = {name: declared for name, declared in layer.fields.items() if not declared.hidden}
    changed = {
        name: getattr(layer, name)
        for name in fields
        if (default := layer.default(name)) is REQUIRED or getattr(layer, name) != default
    }
    name = preset_name(layer)
    preset = layer.presets.get(name, {})
    changed = {field: value for field, value in changed.items() if field not in preset}
    parts = [name]
    places = vocabulary(layer.kind).positional
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
