"""Layers that are written on the command line, as the tree that a file would give."""

from __future__ import annotations

from collections.abc import Sequence as SequenceType

from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, Source, YamlNode, read
from cnncalc.limits import Limits

__all__ = ["tree"]

NAME = "command line"


def tree(input: str, layers: SequenceType[str], limits: Limits) -> Mapping:
    """The tree of `chain INPUT LAYER…`: each argument is a line of its own, so that an error can show it.

    An argument in brackets or braces is read as YAML: `{add: [[conv 64 k3 p1], []]}`.
    """
    lines = [" ".join(argument.split()) for argument in (input, *layers)]
    source = Source(NAME, "\n".join(lines))
    items = Sequence(source, 2, 1)
    for number, line in enumerate(lines[1:], start=2):
        items.items.append(_item(source, number, line, limits))
    root = Mapping(source, 1, 1)
    root.entries["input"] = _scalar(source, 1, "input"), _scalar(source, 1, lines[0])
    root.entries["layers"] = _scalar(source, 1, "layers"), items
    return root


def _item(source: Source, number: int, line: str, limits: Limits) -> YamlNode:
    if line.startswith(("{", "[")):
        return read("\n" * (number - 1) + line, NAME, limits)  # on the line that the errors of other layers count from
    return _scalar(source, number, line)


def _scalar(source: Source, number: int, text: str) -> Scalar:
    return Scalar(source, number, 1, text, True)
