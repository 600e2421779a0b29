"""What faults say of the command line's options, in Python's words: `--force` is `force=True` here."""

from __future__ import annotations

import re

from cnncalc.errors import CnncalcError, Fault

__all__ = ["in_python"]

CALLED = {"from": "low", "to": "high", "limit": "limits"}
"""Options whose keyword has another name."""
FLAGS = ("force", "opaque", "receptive-field", "same-weights", "strict", "train", "trust")
"""Options without a value."""
MAPPINGS = ("limit", "max", "require", "set")
"""Options that are given as name=value, and here as mappings."""
_QUOTED = re.compile(r"`--([a-z][a-z-]*)(?:[ =]([^`]*))?`")
_BARE = re.compile(r"(?<![\w`-])--([a-z][a-z-]*)")
_COMMAND = re.compile(r"(`cnncalc [^`]*`)")


def in_python(error: CnncalcError) -> CnncalcError:
    """The same faults, whose ways out are keywords."""
    return CnncalcError([_said(fault) for fault in error.faults])


def _said(fault: Fault) -> Fault:
    return fault._replace(message=_words(fault.message), values=_words(fault.values), help=_words(fault.help))


def _words(text: str) -> str:
    """A text without options; a whole command of the command line stays one."""
    if "-" not in text:
        return text
    parts = _COMMAND.split(text.removeprefix("-o "))
    return "".join(part if part.startswith("`cnncalc ") else _keywords(part) for part in parts)


def _keywords(text: str) -> str:
    return _BARE.sub(lambda option: f"`{_keyword(option[1])}`", _QUOTED.sub(_assigned, text))


def _keyword(option: str) -> str:
    return CALLED.get(option, option.replace("-", "_"))


def _assigned(option: re.Match[str]) -> str:
    name, value = option[1], option[2]
    if name in FLAGS:
        return f"`{_keyword(name)}=True`"
    if value is None:
        return f"`{_keyword(name)}`"
    key, equals, one = value.partition("=")
    if name in MAPPINGS and equals:
        shown = one if one.isdecimal() else f'"{one}"'
        return f'`{_keyword(name)}={{"{key}": {shown}}}`'
    return f"`{_keyword(name)}={value if value.isdecimal() else _text(value)}`"


def _text(value: str) -> str:
    return f'"{value.strip(chr(39))}"'
