"""The notation of a layer with other values of some fields, written into what a person wrote of it."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.interchange.structure.writing import notation
from cnncalc.layers import Layer
from cnncalc.layers.base import REQUIRED, Field
from cnncalc.notation.lines import split_tokens
from cnncalc.notation.vocabulary import vocabulary

__all__ = ["Defaults", "retold", "told"]

Defaults = Mapping[str, Mapping[str, object]]
"""The fields that a file sets for whole kinds: what a layer of these does not say is not what the kind says."""


def told(layer: Layer, dialect: str, defaults: Defaults) -> tuple[str, str]:
    """A layer as its kind and what stands behind it, in a file with such defaults."""
    kind, rest = notation(layer, dialect)
    silent = [
        name
        for name, value in defaults.get(layer.kind, {}).items()
        if getattr(layer, name) == layer.default(name) != value
    ]
    if rest[:1] in ("{", '"'):
        return kind, rest
    usual = {_token(layer.fields[name], value) for name, value in defaults.get(layer.kind, {}).items()}
    said = [token for token in rest.split() if token not in usual]
    return kind, " ".join([*said, *(_token(layer.fields[name], getattr(layer, name)) for name in silent)])


def retold(text: str, before: Layer, after: Layer, defaults: Defaults) -> str | None:
    """What a person wrote of a layer, with the fields that have changed; None where that cannot be told.

    `text` is the fields alone, without the kind. Expressions of other fields stay as they are.
    """
    if before.kind != after.kind:
        return None
    differing = {name for name in after.fields if getattr(before, name) != getattr(after, name)}
    kept: list[str] = []
    placed = [declared.name for declared in vocabulary(after.kind).positional]
    said: set[str] = set()
    for _, token in split_tokens(text):
        name = _field_of(token, after, placed, said)
        if name is None:
            return None
        said.add(name)
        if name not in differing:
            kept.append(token)
        elif token[0].isdigit() or token[0] == "$":
            kept.append(after.fields[name].type.write(getattr(after, name)))
        elif not _silent(after, name, defaults):
            kept.append(_token(after.fields[name], getattr(after, name)))
    new = [name for name in after.fields if name in differing - said and not _silent(after, name, defaults)]
    return " ".join([*kept, *(_token(after.fields[name], getattr(after, name)) for name in new)])


def _silent(layer: Layer, name: str, defaults: Defaults) -> bool:
    """Whether a field is as it is where nothing is said of it."""
    usual = defaults.get(layer.kind, {}).get(name, layer.default(name))
    return usual is not REQUIRED and bool(getattr(layer, name) == usual)


def _field_of(token: str, layer: Layer, placed: list[str], said: set[str]) -> str | None:
    """The field that a token says something of."""
    words = vocabulary(layer.kind)
    if token in words.words:
        return words.words[token][0]
    key, equals, _ = token.partition("=")
    if equals and "$" not in key:
        found = words.names.get(key) or words.letters.get(key)
        return None if found is None else found.name
    if token[0] in words.letters and token[1:2] in "0123456789$?" and len(token) > 1:
        return words.letters[token[0]].name
    return next((name for name in placed if name not in said), None) if token[0] in "0123456789$" else None


def _token(declared: Field, value: object) -> str:
    """A field's value as a token."""
    for word, meaning in declared.type.words(declared.name).items():
        if meaning == value:
            return word
    text = declared.type.write(value)
    return f"{declared.letter}{text}" if declared.letter else f"{declared.name}={text}"
