"""The words of a command line, read without click where nothing is wrong with them.

Whatever is not plain is click's to read, and to explain: `--help`, a word that is no option, a value that is missing or
not as it should be. What is read here is what click would read: a law of `tests/test_command_words.py`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.cli.program.declared import Parameter

__all__ = ["read"]


class _NotPlain(Exception):
    """Something that click must read."""


def read(words: Sequence[str], takes: Sequence[Parameter]) -> dict[str, Any] | None:
    """What a command that `takes` these is called with; None where click must read the words."""
    given: set[str] = set()
    values = {one.key: _default(one) for one in takes if not one.is_argument}
    named = {name: (one, value) for one in takes if not one.is_argument for name, value in _names(one)}
    loose = []
    rest = iter(words)
    try:
        for word in rest:
            if not word.startswith("-") or word == "-":
                loose.append(word)
                continue
            name, equals, text = word.partition("=")
            one, value = named.get(name) or _not_plain()
            if value is None:
                if not equals:
                    text = next(rest, "-")
                    if text.startswith("-"):
                        _not_plain()
                value = _value(one, text)
                if one.said.get("multiple"):
                    value = (*values[one.key], value)
                elif one.key in given:
                    _not_plain()
                given.add(one.key)
            elif equals:
                _not_plain()
            values[one.key] = value
        return values | _arguments(loose, [one for one in takes if one.is_argument])
    except _NotPlain:
        return None


def _not_plain() -> Any:
    raise _NotPlain


def _names(option: Parameter) -> list[tuple[str, bool | None]]:
    """The words that mean the option, each with the value that it stands for, None where one follows."""
    names = [name for name in option.names if name.startswith("-")]
    if option.said.get("is_flag"):
        return [(name, True) for name in names]
    yes, either, no = names[0].partition("/")
    return [(yes, True), (no, False)] if either else [(name, None) for name in names]


def _default(option: Parameter) -> Any:
    """What an option is that is not given."""
    if option.said.get("multiple"):
        return ()
    return option.said.get("default", False if option.said.get("is_flag") else None)


def _value(option: Parameter, text: str) -> Any:
    said: Mapping[str, Any] = option.said
    if "choices" in said:
        text = said.get("aliases", {}).get(text, text)
        return text if text in said["choices"] else _not_plain()
    if "least" in said:
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
        return number if number >= said["least"] else _not_plain()
    if "type" in said or (text == "help" and "listing" in said):
        _not_plain()
    if said.get("file") and os.path.exists(text) and not (os.path.isfile(text) and os.access(text, os.R_OK)):  # noqa: PTH110, PTH113 - pathlib is slow to import
        _not_plain()
    return text


def _arguments(words: list[str], takes: Sequence[Parameter]) -> dict[str, Any]:
    """The words that are no options, shared out among the arguments."""
    values: dict[str, Any] = {}
    for one in takes:
        many = one.said.get("nargs") == -1
        needed = one.said.get("required", not many)
        if "" in words or "type" in one.said or (needed and not words):
            _not_plain()
        taken = len(words) if many else 1
        values[one.key] = tuple(words[:taken]) if many else words[0] if words else None
        del words[:taken]
    return values if not words else _not_plain()
