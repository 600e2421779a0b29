"""The JSON Schema of the language, generated from the kinds, so that editors complete and check as one types.

A schema cannot know a file's own blocks or evaluate its expressions. A file without `blocks` and `extends` has none:
its layers are kinds and the library's blocks, by their names. In others a word that is no kind may be a block.
"""

from __future__ import annotations

from typing import Any

from cnncalc.answers.figures import CLAIMED
from cnncalc.graph.formats import FORMATS, SPELLINGS
from cnncalc.language.building.blocks import BLOCK_KEYS, NAMINGS
from cnncalc.language.building.finish import CALLED
from cnncalc.language.building.items import BRANCH, COMMON, NET, OF_NETS
from cnncalc.language.documents.document import KEYS
from cnncalc.language.documents.library import library_blocks
from cnncalc.language.schema_lines import FREE, block_line, kind_line, names_of, no_kind, ranked, value_line
from cnncalc.layers import KINDS, Layer
from cnncalc.layers.dialects import DIALECTS
from cnncalc.layers.kinds.merge import Merge

__all__ = ["json_schema"]

Json = dict[str, Any]

EXPRESSION: Json = {"type": "string", "pattern": r"\$"}
NUMBER: Json = {"type": ["integer", "string"]}
LENGTH: Json = {"type": "integer", "minimum": 1}
SHAPE: Json = {
    "anyOf": [
        LENGTH,
        {"type": "string"},
        {"type": "array", "items": {"anyOf": [LENGTH, {"type": "string"}]}, "minItems": 1, "maxItems": 4},
    ]
}
NAMES: Json = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
FLAG: Json = {"type": ["boolean", "string"]}
DTYPE: Json = {"anyOf": [{"enum": list(FORMATS)}, {"enum": list(SPELLINGS)}, EXPRESSION]}

COMMON_SCHEMAS: dict[str, Json] = {
    "name": {"type": ["string", "integer"]},
    "from": NAMES,
    "repeat": NUMBER,
    "for": {"type": "object"},
    "when": FLAG,
    "trainable": FLAG,
    "dtype": DTYPE,
    "share": {"type": "string"},
    "naming": {"enum": ["index", "kind"]},
    "train_only": FLAG,
    "output": FLAG,
    "to": {"type": "string"},
    "set": {"type": ["object", "string"]},
}


def json_schema() -> Json:
    """The schema of a file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cnncalc architecture",
        "type": "object",
        "properties": {key: {**_top(key), "description": text} for key, text in KEYS.items()},
        "additionalProperties": False,
        "if": {"anyOf": [{"required": ["blocks"]}, {"required": ["extends"]}]},
        "else": {"properties": {"layers": _items(PLAIN)}},
        "$defs": {
            ANY: _item(ANY),
            PLAIN: _item(PLAIN),
            "line": {"anyOf": [{"pattern": FREE}, {"pattern": kind_line()}]},
            "expect": _expect(),
            "block": _block(),
            **{f"{kind}_fields": _fields(kind, cls, ANY) for kind, cls in KINDS.items()},
            **{f"{kind}{PLAIN}_fields": _fields(kind, cls, PLAIN) for kind, cls in KINDS.items() if _several(cls)},
            **{kind: _kind(kind, cls, ANY) for kind, cls in KINDS.items()},
            **{f"{kind}{PLAIN}": _kind(kind, cls, PLAIN) for kind, cls in KINDS.items() if _several(cls)},
        },
    }


ANY, PLAIN = "item", "_plain"
"""Items of a file with blocks of its own, and of one without."""


def _several(cls: type[Layer]) -> bool:
    """Whether a kind takes several tensors."""
    return cls.inputs[1] > 1


def _items(item: str) -> Json:
    return {"type": ["array", "null"], "items": {"$ref": f"#/$defs/{item}"}}


def _branches(item: str) -> Json:
    return {"type": "array", "items": {"anyOf": [{"$ref": f"#/$defs/{item}"}, _items(item)]}}


def _of(kind: str, item: str) -> str:
    """The name of a kind's schema for such items."""
    return f"{kind}{PLAIN}" if item == PLAIN and _several(KINDS[kind]) else kind


def _top(key: str) -> Json:
    forms: dict[str, Json] = {
        "input": SHAPE,
        "inputs": {"type": "object", "additionalProperties": SHAPE},
        "variables": {"type": ["object", "null"]},
        "blocks": {"type": ["object", "null"], "additionalProperties": {"$ref": "#/$defs/block"}},
        "layers": _items(ANY),
        "replace": {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{ANY}"}},
        "after": {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{ANY}"}},
        "without": NAMES,
        "dtypes": {"type": "object", "minProperties": 1, "additionalProperties": DTYPE},
        "functions": {"anyOf": [NAMES, {"type": "object", "additionalProperties": {"enum": list(CALLED)}}]},
        "naming": {"enum": ["index", "kind"]},
        "outputs": NAMES,
        "dialect": {"enum": list(DIALECTS)},
        "defaults": _defaults(),
        "expect": {"$ref": "#/$defs/expect"},
    }
    return forms.get(key, {"type": ["string", "number"]})


def _fields(kind: str, cls: type[Layer], item: str) -> Json:
    """The mapping of a kind's fields, by all their names."""
    properties: Json = {"in": NUMBER}
    for name, declared in cls.fields.items():
        properties[name] = {"anyOf": [declared.type.schema(), EXPRESSION], "description": declared.doc}
        same = {"$ref": f"#/$defs/{_of(kind, item)}_fields/properties/{name}"}
        properties.update({other: same for other in (declared.letter, *declared.aliases) if other})
    if _several(cls):
        properties["from"] = NAMES
    if issubclass(cls, Merge):
        properties["branches"] = _branches(item)
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _defaults() -> Json:
    kinds = {name: {"$ref": f"#/$defs/{kind}_fields"} for kind, cls in KINDS.items() for name in (kind, *cls.aliases)}
    return {"type": "object", "properties": kinds, "additionalProperties": False}


def _kind(kind: str, cls: type[Layer], item: str) -> Json:
    forms: list[Json] = [
        {"type": ["number", "null"]},
        {"type": "string", "anyOf": [{"pattern": FREE}, {"pattern": value_line(kind)}]},
        {"$ref": f"#/$defs/{_of(kind, item)}_fields"},
    ]
    if issubclass(cls, Merge):
        forms.append(_branches(item))
    return {"anyOf": forms, "description": " ".join((cls.__doc__ or "").split())}


def _item(item: str) -> Json:
    """One item of a list: a notation, a list, or a mapping with a kind, a block, a merge or a group."""
    common: Json = {key: {**COMMON_SCHEMAS[key], "description": text} for key, text in COMMON.items()}
    properties = {**common, "layers": {**_items(item), "description": "a group of layers"}}
    branch = "a branch in the list of a merge; with `repeat` or `for` one for each turn"
    properties[BRANCH] = {"anyOf": [_items(item), {"type": ["string", "object"]}], "description": branch}
    properties["aux"] = {**_items(item), "description": "a side branch with an output of its own"}
    properties[NET] = {"type": "string", "description": "another net, as a part of this one"}
    patterns = {}
    for kind, cls in KINDS.items():
        properties.update({name: {"$ref": f"#/$defs/{_of(kind, item)}"} for name in names_of(kind)})
        patterns[ranked(kind)] = {"$ref": f"#/$defs/{_of(kind, item)}"}
        if cls.beside:
            properties[cls.beside] = {"type": "string"}
    blocks = list(library_blocks())
    use: Json = {"type": ["string", "number", "null", "object", "array"], "description": "a block"}
    kinds = {
        "type": "object",
        "properties": {**properties, **dict.fromkeys(blocks, use)},
        "patternProperties": patterns,
        "additionalProperties": False,
    }
    # the first form is what editors offer to complete
    forms: list[Json] = [{"enum": list(KINDS)}, _line(item, blocks), kinds]
    if item == ANY:
        beside = [key for key in COMMON if key not in OF_NETS]
        own = {"not": {"enum": [key for key in properties if key not in OF_NETS]}}
        forms.append({
            "type": "object",
            "properties": {key: common[key] for key in beside},
            "propertyNames": {"anyOf": [{"enum": beside}, own]},
            "additionalProperties": use,
        })  # fmt: skip
    return {"anyOf": [*forms, {"type": "array", "items": {"$ref": f"#/$defs/{item}"}}]}


def _line(item: str, blocks: list[str]) -> Json:
    """A layer in one line; a word that is no kind is a block, of the file's own where it may have some."""
    other = no_kind() if item == ANY else block_line(blocks)
    return {"type": "string", "anyOf": [{"$ref": "#/$defs/line"}, {"pattern": other}]}


def _expect() -> Json:
    nested = {"$ref": "#/$defs/expect"}
    count = {"type": ["integer", "string"]}
    return {
        "type": "object",
        "properties": {
            "output": SHAPE,
            "outputs": {"type": "object", "additionalProperties": SHAPE},
            "shapes": {"type": "object", "additionalProperties": SHAPE},
            **{key: {**count, "description": help} for key, help in CLAIMED.items()},
            "max": {
                "type": "object",
                "propertyNames": {"enum": [*CLAIMED]},
                "additionalProperties": count,
            },
            **dict.fromkeys(("train", *DIALECTS), nested),
        },
        "additionalProperties": False,
    }


def _block() -> Json:
    properties: Json = dict(zip(BLOCK_KEYS, ({"type": ["object", "null"]}, _items(ANY), {"enum": list(NAMINGS)})))
    mapping = {"type": "object", "properties": properties, "required": ["layers"], "additionalProperties": False}
    return {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/item"}}, mapping]}
