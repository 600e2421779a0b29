"""Every kind by its names: its own, and those that frameworks and papers give it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import lru_cache
from importlib import import_module
from typing import TypeVar

from cnncalc.layers.base import Layer
from cnncalc.layers.dialects import DIALECTS, Named
from cnncalc.layers.names import FAMILIES

__all__ = ["ALIASES", "KINDS", "kind_named", "layer", "name_in", "preset_name", "preset_of"]

T = TypeVar("T", bound="type[Layer]")


class _Kinds(MutableMapping[str, type[Layer]]):
    """Kinds by name, each imported when it is asked for."""

    def __init__(self) -> None:
        self.imported: dict[str, type[Layer]] = {}
        self.places: dict[str, str | None] = {kind: module for module in FAMILIES for kind in FAMILIES[module]}

    def __getitem__(self, kind: str) -> type[Layer]:
        if kind not in self.imported:
            import_module(f"cnncalc.layers.kinds.{self.places[kind]}")
        return self.imported[kind]

    def __setitem__(self, kind: str, cls: type[Layer]) -> None:
        self.imported[kind] = cls
        self.places.setdefault(kind, None)

    def __delitem__(self, kind: str) -> None:
        del self.imported[kind], self.places[kind]

    def __contains__(self, kind: object) -> bool:
        return kind in self.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def _normalised(name: str) -> str:
    """Whatever its case and underscores; torch's lazy layers, which learn their inputs' channels, are as the others."""
    return name.replace("_", "").replace("-", "").lower().removeprefix("lazy")


KINDS = _Kinds()
"""Every kind by its own name, in the order of `FAMILIES`."""
ALIASES: dict[str, str] = {
    name: kind
    for kinds in FAMILIES.values()
    for kind, others in kinds.items()
    for name in (_normalised(kind), *others.split())
}
"""Every name, normalised, of a kind."""
PRESETS: dict[str, Mapping[str, object]] = {}
"""The fields that a name, normalised, sets beside naming a kind: `exp` is the kind `function` of exp."""


def layer(
    kind: str, *, aliases: tuple[str, ...] = (), presets: Mapping[str, Mapping[str, object]] | None = None
) -> Callable[[T], T]:
    """Register a class as the kind of this name and these other names; `presets` are names that set fields as well."""
    setting = presets or {}

    def register(cls: T) -> T:
        cls.kind, cls.aliases = kind, (*aliases, *setting)
        KINDS[kind] = cls
        for alias in (kind, *cls.aliases):
            ALIASES[_normalised(alias)] = kind
        PRESETS.update({_normalised(name): fields for name, fields in setting.items()})
        cls.presets = setting
        _known.cache_clear()
        return cls

    return register


LONGEST = 60
"""Longer names are not remembered: they could take more memory than their file."""
_DIMENSION = re.compile(r"([123])[dD]\Z")
_WITHIN = re.compile(r"([123])[dD](?=Transpose\Z)")
"""Where Keras counts the axes of a transposed convolution: the name as a whole is an alias."""


def name_in(dialect: str, name: str) -> Named | None:
    """What a framework's own class name, spelled as there, means beyond a kind's name; None for most."""
    names = DIALECTS[dialect].names
    return names.get(name) or names.get(_DIMENSION.sub("", name))


def kind_named(name: str, dialect: str = "torch") -> tuple[type[Layer], int | None] | None:
    """The kind that `name` or one of its aliases names, and the spatial rank that a `2d` at its end asserts.

    `Conv2d`, `conv_2d` and `CONV2D` are the same name; `conv` asserts no rank. None where no kind is called so.
    """
    if name in KINDS:
        return KINDS[name], None
    return _known(name, dialect) if len(name) <= LONGEST else _looked_up(name, dialect)


def _looked_up(name: str, dialect: str) -> tuple[type[Layer], int | None] | None:
    """What is called by a name that is no kind's own."""
    match = _DIMENSION.search(name)
    counted = match or _WITHIN.search(name)
    rank = int(counted.group(1)) if counted else None
    own = name_in(dialect, name)
    if own is not None:
        return (KINDS[own.kind], own.rank if rank is None else rank) if own.kind else None
    stem = name[: match.start()] if match else name
    kind = ALIASES.get(_normalised(stem)) or ALIASES.get(_normalised(name))
    if kind is None:
        return None
    return KINDS[kind], rank


_known = lru_cache(maxsize=4_096)(_looked_up)


def preset_of(name: str) -> Mapping[str, object]:
    """The fields that a name of a kind sets; none for most."""
    if name in KINDS:
        return {}
    if kind_named(name) is None:  # its class, which knows what the name sets, is imported now
        return {}
    match = _DIMENSION.search(name)
    stem, whole = _normalised(name[: match.start()] if match else name), _normalised(name)
    return PRESETS.get(whole) or PRESETS.get(stem if stem in ALIASES else whole, {})


def preset_name(layer: Layer) -> str:
    """The name that says the most of a layer: that of its kind, or one that sets fields to what the layer has.

    One that ends in a number of axes, as `2d`, is for these alone, and a layer fits others too.
    """
    for name, fields in layer.presets.items():
        if name[-2:] not in ("1d", "2d", "3d") and all(
            getattr(layer, field) == value for field, value in fields.items()
        ):
            return name
    return layer.kind
