"""What a model file of Ultralytics says, as Python values; the nodes stay at hand for errors."""

from __future__ import annotations

from typing import Any

from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, YamlNode, scalar_value

__all__ = ["is_model_file", "value_of"]

WORDS = {"None": None, "True": True, "False": False, "true": True, "false": False, "TRUE": True, "FALSE": False}
"""The words that both PyYAML, which Ultralytics reads files with, and its own parser of arguments understand."""
ROW = 4
"""`[from, repeats, module, args]`."""


def value_of(node: YamlNode) -> Any:
    """Numbers, flags, texts, lists and mappings; `None` and `True` as Python writes them."""
    if isinstance(node, Sequence):
        return [value_of(item) for item in node.items]
    if isinstance(node, Mapping):
        return {key: value_of(value) for key, (_, value) in node.entries.items()}
    assert isinstance(node, Scalar)
    if node.text in WORDS:
        return WORDS[node.text]
    return scalar_value(node.text, node.plain)


def is_model_file(root: YamlNode) -> bool:
    """Whether a YAML file is one of theirs: `backbone` and `head` are lists whose rows are lists of four."""
    if not isinstance(root, Mapping):
        return False
    rows: list[YamlNode] = []
    for key in ("backbone", "head"):
        part = root.entries[key][1] if key in root.entries else None
        if not isinstance(part, Sequence):
            return False
        rows += part.items
    return bool(rows) and all(isinstance(row, Sequence) and len(row.items) == ROW for row in rows[:1])
