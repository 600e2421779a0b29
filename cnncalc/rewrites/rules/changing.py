"""Layers as others of their kind, or as another kind."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import lcm

from cnncalc.errors import CnncalcError, Fault
from cnncalc.layers import FieldError, Layer
from cnncalc.layers.base import REQUIRED
from cnncalc.layers.convolving import Filtered
from cnncalc.layers.kinds.conv import Conv
from cnncalc.layers.kinds.linear import Linear
from cnncalc.notation.lines import TokenError, parse, write
from cnncalc.notation.vocabulary import READ_ON, field_named, kind_of
from cnncalc.rewrites.editing import Edits, View, changed

__all__ = ["grouped", "replace", "width"]

EIGHT = 8
"""Widths that are multiples of it stay such, as MobileNet's rule has it."""


def grouped(view: View, groups: int) -> Edits:
    """Channels in groups that do not meet (Krizhevsky et al. 2012; Xie et al. 2017), of kernels wider than a pixel."""
    edits = Edits()
    for index, layer in view.layers_of(Conv):
        channels = view.entering(index)[0]
        if max(layer.kernel) == 1:
            continue
        if layer.groups > 1:
            view.leave("it is grouped already", index)
        elif channels % groups or layer.out % groups:
            view.leave(f"{groups} does not divide its channels", index)
        elif view.own(index):
            edits.replace(index, changed(layer, groups=groups))
    return edits


def replace(view: View, old: str, new: str) -> Edits:
    """Layers of one kind as another; fields of the same name are kept where the new notation says nothing of them."""
    dialect = view.graph.dialect
    cls, given = _asked(old, dialect)
    edits = Edits()
    for index, layer in view.layers_of(cls):
        if type(layer) is not cls or any(getattr(layer, name) != value for name, value in given.items()):
            continue
        made = _other(layer, new, dialect)
        if made == layer:
            view.leave("it is so already", index)
        elif view.own(index):
            edits.replace(index, made)
    return edits


def _asked(text: str, dialect: str) -> tuple[type[Layer], dict[str, object]]:
    """The kind of a notation, and the fields that it gives; a kind alone may lack those that it needs."""
    word = text.partition(" ")[0]
    try:
        cls, _ = kind_of(word, 0, dialect)
        if word == text:
            return cls, {}
        layer = parse(text, dialect).layer
    except TokenError as error:
        raise _fault(text, error) from None
    return cls, dict(_said(layer))


def _said(layer: Layer) -> Iterator[tuple[str, object]]:
    """The fields that are not as they are when nobody says anything."""
    for name, declared in layer.fields.items():
        value = getattr(layer, name)
        if not declared.hidden and (layer.default(name) is REQUIRED or value != layer.default(name)):
            yield name, value


def _other(layer: Layer, text: str, dialect: str) -> Layer:
    """The layer of a notation, with the fields of another one that it has by the same names and does not give."""
    word, _, rest = text.partition(" ")
    try:
        cls, _ = kind_of(word, 0, dialect)
        kept = {name: getattr(layer, name) for name in cls.fields if name in layer.fields and name != "dialect"}
        if not rest:
            try:
                return cls(**kept, dialect=dialect)
            except FieldError:
                return parse(text, dialect).layer
        missing = " ".join(
            f"{name}={cls.fields[name].type.write(value)}"
            for name, value in kept.items()
            if value is not None and not _gives(cls, rest, name)
        )
        return parse(f"{text} {missing}".strip(), dialect).layer
    except TokenError as error:
        raise _fault(text, error) from None


def _gives(cls: type[Layer], rest: str, name: str) -> bool:
    """Whether a notation says something of a field."""
    declared = cls.fields[name]
    words = declared.type.words(name)
    for place, token in enumerate(rest.split()):
        key, equals, _ = token.partition("=")
        if equals and (found := field_named(cls, key)) is not None and found.name == name:
            return True
        if token in words or (declared.letter and token[0] == declared.letter and token[1:2].isdigit()):
            return True
        if declared.position is not None and token[0].isdigit() and declared.position == place:
            return True
    return False


def _fault(text: str, error: TokenError) -> CnncalcError:
    return CnncalcError(Fault(f"`replace`: `{text[:60]}`: {error.message}", help=error.help or READ_ON))


def width(view: View, factor: Fraction) -> Edits:
    """Every layer's filters times a factor (Howard et al. 2017, 3.3), those apart that make what comes out.

    Multiples of 8 stay such, groups are divided evenly, and a filter for each channel stays one for each.
    """
    edits = Edits()
    heads = _heads(view)
    widths: dict[int, int] = {}
    for index, _, layer in view.graph.layers():
        if index in heads or index not in view.chosen or not isinstance(layer, (Filtered, Linear)):
            continue
        groups = layer.group_count(view.entering(index)) if isinstance(layer, Filtered) else 1
        alone = groups > 1 and groups == view.entering(index)[0]
        unit = lcm(EIGHT if layer.out % EIGHT == 0 else 1, 1 if alone else groups)
        out = max(unit, int(layer.out * factor / unit + Fraction(1, 2)) * unit)
        widths[index] = out
        fields = {"out": out} | ({"groups": _entering(view, index, widths)} if alone else {})
        made = changed(layer, **fields)
        if write(made) != write(layer):
            edits.replace(index, made)
    return edits


def _entering(view: View, index: int, widths: dict[int, int]) -> int:
    """How many channels come in once the layers before are as wide as they will be; they keep them on the way."""
    channels = view.entering(index)[0]
    at = view.node(index).inputs[0]
    while at not in widths and view.node(at).inputs and view.shape(at)[0] == channels:
        at = view.node(at).inputs[0]
    return widths.get(at, channels)


def _heads(view: View) -> set[int]:
    """The layers of filters that no other stands behind on some way to an output."""
    found: set[int] = set()
    waiting, seen = list(view.ends), set(view.ends)
    while waiting:
        at = waiting.pop()
        if isinstance(view.layer(at), (Filtered, Linear)):
            found.add(at)
            continue
        new = [one for one in view.node(at).inputs if one not in seen]
        seen.update(new)
        waiting += new
    return found
