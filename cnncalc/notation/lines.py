"""The notation of a layer: `conv 64 k3 s2 nobias` to a layer and back.

A token is a word (`same`, `ceil`, `nobias`), a letter and a size (`k3`, `p2:1`), a bare number that fills the kind's
positional fields in order, or `field=value`. `in=512` asserts the channels (features) of the input and sets no field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias, cast

from cnncalc.layers import KINDS, FieldError, Layer
from cnncalc.layers.base import REQUIRED, Field
from cnncalc.layers.dialects import DIALECTS
from cnncalc.layers.registry import name_in, preset_name, preset_of
from cnncalc.notation.tokens import asserted, foreign, read_tokens
from cnncalc.notation.vocabulary import (
    Guess,
    TokenError,
    field_help,
    field_named,
    kind_of,
    kind_suggestion,
    vocabulary,
)
from cnncalc.records import NamedTuple

__all__ = ["Defaults", "Parsed", "TokenError", "make", "parse", "split_tokens", "write"]

_TOKEN = re.compile(r"\S+")
_LISTED = re.compile(r"(?:\[[^\[\]]*\]|(?<![^\s=])\([^()]*\)|\S)+")
"""A token that may hold a list, `[1, 0]` or `(1, 0)`, with its blanks."""
_TUPLE = re.compile(r"\A\(([^()]*)\)\Z")
_ENDING = re.compile(r"\s+|[()]")
"""Where a token may end."""


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
        if "[" in text or "(" in text:
            return tuple([(match.start(), _TUPLE.sub(r"[\1]", match.group())) for match in _LISTED.finditer(text)])
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
            read_tokens(error.guess.cls, tokens[1:], given, offsets)
            error.guess = Guess(error.guess.cls, given)
        error.rest = " ".join(token for _, token in tokens[1:])
        if error.unknown:
            error.help = kind_suggestion(name, rest=error.rest, dialect=dialect)
        raise
    errors = read_tokens(cls, tokens[1:], given, offsets)
    channels, rank = given.pop("in", None), cast("int | None", given.pop("rank", rank))
    if not errors:
        try:
            layer = _construct(cls, name, given, dialect, defaults)
            return Parsed(layer, rank, None if channels is None else int(str(channels)))
        except TokenError as error:
            error.offset, error.width = offsets.get(error.field, (tokens[0][0], len(text.rstrip())))
            errors.append(error)
    raise _together(errors, cls, given, offsets)


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


def _with_preset(name: str, given: dict[str, object]) -> dict[str, object]:
    """The fields that are given, and those that the kind's name sets: bounds unless told, others for good."""
    preset = preset_of(name)
    for field, value in preset.items():
        if field in given and not isinstance(value, float):
            raise TokenError(f"`{name[:60]}` sets `{field}` itself", field, "leave it out, or use another name")
    return {**preset, **given}


def _construct(cls: type[Layer], called: str, given: dict[str, object], dialect: str, defaults: Defaults) -> Layer:
    """The layer: fields that are given, then the file's defaults, then what its name means in the dialect."""
    values = {**_with_preset(called, given), "dialect": dialect}
    own = name_in(dialect, called) if called not in KINDS else None
    for name, value in (*dict(defaults).get(cls.kind, ()), *(own.fields.items() if own else ())):
        values.setdefault(name, value)
    valid_and_up = values.get("padding") == "valid" and values.get("rounding") == "ceil"
    if valid_and_up and (rules := DIALECTS.get(dialect)) and rules.pool_valid_rounds_down:
        rule = f"{rules.runs} takes no `valid` beside rounding up"
        raise TokenError(rule, "padding", "write `p0 ceil`, or `floor`")
    if own and own.last and values.get(own.last) in (-1, "-1"):
        values[own.last] = 0
    try:
        layer = cls(**values)
    except FieldError as fault:
        if fault.field in given:
            raise _of_field(cls, fault) from None
        raise TokenError(fault.rule, fault.field, field_help(cls, fault)) from None
    if called not in KINDS:
        layer.__dict__["called"] = called
    return layer


def _meant(cls: type[Layer], key: str, value: object) -> Mapping[str, object]:
    """What a key of the long form sets; raises `TokenError`."""
    if key == "in":
        return {"in": asserted(str(value), key)}
    declared = field_named(cls, key)
    return {declared.name: value} if declared else foreign(cls, key, value)


def make(name: str, values: Mapping[str, object], dialect: str = "torch", defaults: Defaults = ()) -> Parsed:
    """A layer from its long form, `conv: {out: 64, kernel: 7}`; raises `TokenError`, whose values name the field."""
    if not values:
        return parse(name, dialect, defaults)
    cls, rank = kind_of(name, 0, dialect)
    given: dict[str, object] = {}
    keys: dict[str, str] = {}
    errors: list[TokenError] = []
    for key, value in values.items():
        try:
            fields = _meant(cls, key, value)
        except TokenError as error:
            errors.append(error)
            continue
        twice = [field for field in fields if field in given]
        errors.extend(TokenError(f"`{field}` is given twice", key, "keep one of the two") for field in twice)
        given.update((field, content) for field, content in fields.items() if field not in twice)
        keys.update((field, key) for field in fields if field not in twice)
    channels, rank = cast("int | None", given.pop("in", None)), cast("int | None", given.pop("rank", rank))
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
def write(layer: Layer, said: tuple[tuple[str, str], ...] = (), defaults: tuple[tuple[str, Any], ...] = ()) -> str:
    """The shortest notation that reads back as `layer` in its dialect, in a file with these `defaults` for its kind.

    `said` are texts that stand in place of the values of fields, as `$out` does in a block.
    """
    texts, usual = dict(said), dict(defaults)
    fields = {name: declared for name, declared in layer.fields.items() if not declared.hidden}
    changed = {
        name: getattr(layer, name)
        for name in fields
        if name in texts
        or (default := usual.get(name, layer.default(name))) is REQUIRED
        or getattr(layer, name) != default
    }
    name = preset_name(layer)
    preset = layer.presets.get(name, {})
    changed = {field: value for field, value in changed.items() if field not in preset}
    parts = [name]
    places = vocabulary(layer.kind).positional
    positional = [declared for declared in places if declared.name in changed]
    in_order = [declared.name for declared in places][: len(positional)]
    for declared in positional:
        text = texts.get(declared.name) or declared.type.write(changed[declared.name])
        bare = declared.name in in_order and not declared.letter
        parts.append(text if bare else f"{declared.letter or declared.name + '='}{text}")
    rest = [name for name in changed if fields[name].position is None]
    rest.sort(key=lambda name: "kspdg".find(fields[name].letter) % 6 if fields[name].letter else 9)
    parts += [_token(fields[name], changed[name], texts.get(name, "")) for name in rest]
    return " ".join(parts)


def _token(declared: Field, value: Any, said: str = "") -> str:
    for word, meaning in declared.type.words(declared.name).items() if not said else ():
        if meaning == value and word != "valid":
            return word
    text = said or declared.type.write(value)
    return f"{declared.letter}{text}" if declared.letter else f"{declared.name}={text}"
