"""The JSON Schema of the language, generated from the kinds, so that editors complete and check as one types.

A schema cannot know a file's own blocks or evaluate its expressions: it checks keys, fields and forms, and the builder
the rest.
"""

from __future__ import annotations

from typing import Any

from cnncalc.answers.figures import FIGURES
from cnncalc.language.building.blocks import BLOCK_KEYS
from cnncalc.language.building.items import BRANCH, COMMON
from cnncalc.language.documents.document import KEYS
from cnncalc.layers import KINDS, Layer
from cnncalc.layers.dialects import DIALECTS
from cnncalc.layers.kinds.merge import Merge

__all__ = ["json_schema"]

Json = dict[str, Any]

EXPRESSION: Json = {"type": "string", "pattern": r"\$"}
NUMBER: Json = {"type": ["integer", "string"]}
SHAPE: Json = {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "array", "items": NUMBER}]}
NAMES: Json = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
ITEMS: Json = {"type": ["array", "null"], "items": {"$ref": "#/$defs/item"}}
BRANCHES: Json = {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/item"}, ITEMS]}}
FLAG: Json = {"type": ["boolean", "string"]}

COMMON_SCHEMAS: dict[str, Json] = {
    "name": {"type": ["string", "integer"]},
    "from": NAMES,
    "repeat": NUMBER,
    "for": {"type": "object"},
    "when": FLAG,
    "trainable": FLAG,
    "share": {"type": "string"},
    "naming": {"enum": ["index", "kind"]},
    "train_only": FLAG,
    "output": FLAG,
}


def json_schema() -> Json:
    """The schema of a file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cnncalc architecture",
        "type": "object",
        "properties": {key: {**_top(key), "description": text} for key, text in KEYS.items()},
        "additionalProperties": False,
        "$defs": {
            "item": _item(),
            "expect": _expect(),
            "block": _block(),
            **{f"{kind}_fields": _fields(kind, cls) for kind, cls in KINDS.items()},
            **{kind: _kind(kind, cls) for kind, cls in KINDS.items()},
        },
    }


def _top(key: str) -> Json:
    forms: dict[str, Json] = {
        "input": SHAPE,
        "inputs": {"type": "object", "additionalProperties": SHAPE},
        "variables": {"type": ["object", "null"]},
        "blocks": {"type": ["object", "null"], "additionalProperties": {"$ref": "#/$defs/block"}},
        "layers": ITEMS,
        "naming": {"enum": ["index", "kind"]},
        "outputs": NAMES,
        "dialect": {"enum": list(DIALECTS)},
        "defaults": _defaults(),
        "expect": {"$ref": "#/$defs/expect"},
    }
    return forms.get(key, {"type": ["string", "number"]})


def _fields(kind: str, cls: type[Layer]) -> Json:
    """The mapping of a kind's fields, by all their names."""
    properties: Json = {"in": NUMBER}
    for name, declared in cls.fields.items():
        properties[name] = {"anyOf": [declared.type.schema(), EXPRESSION], "description": declared.doc}
        same = {"$ref": f"#/$defs/{kind}_fields/properties/{name}"}
        properties.update({other: same for other in (declared.letter, *declared.aliases) if other})
    if issubclass(cls, Merge):
        properties.update({"from": NAMES, "branches": BRANCHES})
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _defaults() -> Json:
    kinds = {name: {"$ref": f"#/$defs/{kind}_fields"} for kind, cls in KINDS.items() for name in (kind, *cls.aliases)}
    return {"type": "object", "properties": kinds, "additionalProperties": False}


def _kind(kind: str, cls: type[Layer]) -> Json:
    forms: list[Json] = [{"type": ["string", "number", "null"]}, {"$ref": f"#/$defs/{kind}_fields"}]
    if issubclass(cls, Merge):
        forms.append(BRANCHES)
    return {"anyOf": forms, "description": " ".join((cls.__doc__ or "").split())}


def _item() -> Json:
    """One item of a list: a notation, a list, or a mapping with a kind, a block, a merge or a group."""
    properties: Json = {key: {**COMMON_SCHEMAS[key], "description": text} for key, text in COMMON.items()}
    properties["layers"] = {**ITEMS, "description": "a group of layers"}
    branch = "a branch in the list of a merge; with `repeat` or `for` one for each turn"
    properties[BRANCH] = {"anyOf": [ITEMS, {"type": ["string", "object"]}], "description": branch}
    properties["aux"] = {**ITEMS, "description": "a side branch with an output of its own"}
    for kind, cls in KINDS.items():
        properties.update({name: {"$ref": f"#/$defs/{kind}"} for name in (kind, *cls.aliases)})
    mapping = {
        "type": "object",
        "properties": properties,
        "additionalProperties": {"type": ["string", "number", "null", "object", "array"], "description": "a block"},
    }
    # the first form is what editors offer to complete
    return {
        "anyOf": [
            {"enum": list(KINDS)},
            {"type": "string"},
            mapping,
            {"type": "array", "items": {"$ref": "#/$defs/item"}},
        ]
    }


def _expect() -> Json:
    nested = {"$ref": "#/$defs/expect"}
    return {
        "type": "object",
        "properties": {
            "output": SHAPE,
            "outputs": {"type": "object", "additionalProperties": SHAPE},
            "shapes": {"type": "object", "additionalProperties": SHAPE},
            **{figure.key: {"type": "integer", "description": figure.help} for figure in FIGURES},
            **dict.fromkeys(("train", *DIALECTS), nested),
        },
        "additionalProperties": False,
    }


def _block() -> Json:
    properties: Json = dict(zip(BLOCK_KEYS, ({"type": ["object", "null"]}, ITEMS, {"enum": ["index", "kind"]})))
    mapping = {"type": "object", "properties": properties, "required": ["layers"], "additionalProperties": False}
    return {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/item"}}, mapping]}
