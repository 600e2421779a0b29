"""What a block is called: by the word that its groups or the stems of its names have in common, or by its layers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cnncalc.interchange.structure.blocks.spreading import Alike
from cnncalc.interchange.structure.items import Item, Leaf, steps_in
from cnncalc.language.building.items import COMMON, GROUP_KEYS
from cnncalc.layers import kind_named

__all__ = ["block_name"]

SHORT = 3
"""Layers of a block that is called by them, and letters of the shortest word."""
OTHERWISE = "unit"
WITH_PRODUCTS = ("attention", "conv", "deconv", "deform_conv", "dwconv", "gru", "linear", "local", "lstm", "rnn")
"""Kinds of layers by which a block is known."""
SAID = {"batchnorm": "bn"}
"""What kinds are called within a name."""


def block_name(names: Iterable[str], items: Sequence[Item], alike: Alike, taken: Iterable[str]) -> str:
    """A name for a block whose uses have these names; one that no block has, no kind and no key."""
    layers = [alike.labels.sketch.operators[item.step].layer for item in items if isinstance(item, Leaf)]
    kinds = [SAID.get(layer.kind, layer.kind) for layer in layers if layer is not None]
    by_kinds = "_".join(kinds) if 1 < len(kinds) == len(items) <= SHORT else ""
    word = by_kinds or _common_word(list(names)) or _by_products(items, alike) or OTHERWISE
    known = set(taken)
    number = 1
    while (name := word if number == 1 and word != OTHERWISE else f"{word}{number}") in known:
        number += 1
    return name


def _by_products(items: Sequence[Item], alike: Alike) -> str:
    """The few layers with products on the way through a block and its branches, as `conv_dwconv_conv`; or nothing."""
    operators = alike.labels.sketch.operators
    layers = [operators[step].layer for item in items for step in steps_in(item)]
    kinds = [layer.kind for layer in layers if layer is not None and layer.kind in WITH_PRODUCTS]
    return "_".join(kinds) if 1 < len(kinds) <= SHORT else ""


def _common_word(names: Sequence[str]) -> str:
    """The last word that stands in all of several names."""
    words = [re.findall(r"[a-z]+", name.lower()) for name in names]
    common = [word for word in words[0] if all(word in one for one in words)] if words else []
    return next((word for word in reversed(common) if len(word) >= SHORT and not _means_something(word)), "")


def _means_something(word: str) -> bool:
    """Whether a word is a kind's name or a key."""
    return kind_named(word) is not None or word in COMMON or word in GROUP_KEYS
