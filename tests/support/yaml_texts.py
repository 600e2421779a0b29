"""Nested lists and mappings as YAML text, in flow and block style by turns, as people mix them."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

__all__ = ["written"]

_PLAIN = re.compile(r"[A-Za-z0-9_$(][\w $().:*/+=<>-]*\Z")
_WORDS = {"true", "false", "null", "~", ""}


def scalar(value: object) -> str:
    """One value; text in quotes where YAML would read it as something else."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and (not _PLAIN.match(value) or ": " in value or value.endswith((":", " "))):
        return json.dumps(value)
    return str(value)


def flow(value: Any) -> str:
    """On one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def block(value: Any, indent: int, random: Random) -> str:
    """A value after `key:` or `-`, on the same line or on lines of its own."""
    if not isinstance(value, (dict, list)) or not value or random.random() < 0.5:
        return f" {flow(value)}".rstrip() + "\n"
    return "\n" + lines(value, indent + 2, random)


def lines(value: Any, indent: int, random: Random) -> str:
    """In block style."""
    margin = " " * indent
    if isinstance(value, dict):
        return "".join(f"{margin}{key}:{block(one, indent, random)}" for key, one in value.items())
    return "".join(f"{margin}-{item(one, indent, random)}" for one in value)


def item(value: Any, indent: int, random: Random) -> str:
    """What follows the `-` of an item."""
    if isinstance(value, dict) and value and random.random() < 0.5:
        return " " + lines(value, indent + 2, random)[indent + 2 :]
    return f" {flow(value)}".rstrip() + "\n"


def written(document: dict[str, Any], random: Random) -> str:
    """The text of a file."""
    return lines(document, 0, random)
