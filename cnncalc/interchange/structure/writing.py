"""A sketch as text of the language: an item a layer, `from:` where a layer does not take what stands above it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from cnncalc.interchange.sketch import Operator, Sketch
from cnncalc.layers import Layer, show_shape
from cnncalc.notation.lines import TokenError, parse, write
from cnncalc.text import Distinct

__all__ = ["beside", "head", "joined", "name_parts", "names_of", "notation", "quoted", "written"]

_SPECIAL = re.compile(r"[,\[\]{}#:]|^[-\s&*!|>'\"%@`?]|\s$|^$")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "~"))
_PART = re.compile(r"[^0-9A-Za-z_-]+")
LONGEST = 120


def quoted(text: str) -> str:
    """A text as a YAML value inside braces or brackets."""
    if _SPECIAL.search(text) or text.lower() in _WORDS or not text.isprintable():
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(letter if letter.isprintable() else " " for letter in escaped) + '"'
    return text


def name_parts(name: str) -> list[str]:
    """The levels of a name as the language may have them; the last one is empty for a layer without one of its own."""
    *groups, last = re.split(r"[./]+", name)
    own = "" if name[-1:] in (".", "/", "") else _part(last)
    around = map(_part, groups)
    return [*(part for part in around if part), own]


def joined(paths: list[list[str]]) -> list[list[str]]:
    """The names with no layer called as the group around one other: `x1` beside `x1/bn` leaves that as `x1_bn`.

    A group of several stays one, and of the two what comes later is numbered.
    """
    around = Counter(tuple(path[:depth]) for path in paths if path[-1] for depth in range(1, len(path)))
    taken = {tuple(path) for path in paths}
    alone = {name for name in taken if around[name] == 1}
    if not alone:
        return paths
    made: list[list[str]] = []
    for path in paths:
        depth = next((depth for depth in range(1, len(path)) if tuple(path[:depth]) in alone), 0)
        name = [*path[: depth - 1], "_".join(path[depth - 1 :])] if depth and path[-1] else path
        free = tuple(name) not in taken
        taken.add(tuple(name))
        made.append(name if free else path)
    return made


def _part(text: str) -> str:
    return _begun(_PART.sub("_", text[:LONGEST]).strip("_-"))


def names_of(operators: Iterable[Operator]) -> list[str]:
    """A name of the language for each operator, near its own: levels by dots, each one only once."""
    distinct = Distinct()
    names = []
    for operator in operators:
        parts = name_parts(operator.name)
        stem = ".".join([*parts[:-1], parts[-1] or operator_kind(operator)])[-LONGEST:].strip(".")
        names.append(distinct(stem))
    return names


def _begun(part: str) -> str:
    """A level of a name that starts as one may: all digits, or a letter behind any digits."""
    rest = part.lstrip("0123456789")
    return part if not rest or rest[0].isalpha() or rest[0] == "_" else part.replace("-", "_", 1)


def operator_kind(operator: Operator) -> str:
    """What a nameless operator is called."""
    return operator.layer.kind if operator.layer is not None else "input"


def notation(layer: Layer, dialect: str) -> tuple[str, str]:
    """A layer as its kind and what stands behind it: the short notation where that reads back, else every field."""
    kind, _, rest = write(layer).partition(" ")
    try:
        if parse(f"{kind} {rest}".strip(), dialect).layer == layer:
            return kind, quoted(rest) if rest else ""
    except TokenError:
        pass
    shown = {name: one for name, one in layer.fields.items() if not one.hidden and getattr(layer, name) is not None}
    fields = (f"{name}: {quoted(one.type.write(getattr(layer, name)))}" for name, one in shown.items())
    return kind, "{" + ", ".join(fields) + "}"


def head(layer: Layer, kind: str, rest: str, sources: list[str]) -> list[str]:
    """A layer with the names of what it takes, if not only what stands above it: a merge has them among its fields."""
    told = f"from: {sources[0] if len(sources) == 1 else '[' + ', '.join(sources) + ']'}"
    if not rest and len(sources) > 1 and layer.inputs[1] > 1:
        return [f"{kind}: {{{told}}}"]
    return [f"{kind}: {rest}", *([told] if sources else [])]


def beside(sketch: Sketch) -> list[str]:
    """The side branch of the numbers that no layer has."""
    if not sketch.beside:
        return []
    return [f"  - {{aux: [parameter {sketch.beside}], name: exporter_constants, output: false}}"]


def written(sketch: Sketch, file: str) -> tuple[str, list[str]]:
    """The text of a whole net, and the name that each operator has in it."""
    names = names_of(sketch.operators)
    lines = [f"name: {quoted(sketch.name or file.partition('.')[0] or file)}"]
    lines.append(f"source: {quoted(sketch.source or file)}")
    if sketch.dialect != "torch":
        lines.append(f"dialect: {sketch.dialect}")
    inputs = {names[tensor]: show_shape(sketch.shape(tensor)) for tensor in sketch.inputs.values()}
    if list(inputs) == ["input"]:
        lines.append(f"input: {inputs['input']}")
    else:
        lines.append("inputs: {" + ", ".join(f"{quoted(name)}: {shape}" for name, shape in inputs.items()) + "}")
    lines.append("layers:")
    previous = 0
    for number, operator in enumerate(sketch.operators):
        if operator.layer is None:
            continue
        lines.append("  - " + _item(operator, number, names, sketch.dialect, previous))
        previous = number
    lines += beside(sketch)
    ends = [names[tensor] for tensor in sketch.ends()]
    if ends != [names[previous]]:
        lines.append("outputs: [" + ", ".join(map(quoted, ends)) + "]")
    return "\n".join(lines) + "\n", names


def _item(operator: Operator, number: int, names: list[str], dialect: str, previous: int) -> str:
    assert operator.layer is not None
    kind, rest = notation(operator.layer, dialect)
    sources = [quoted(names[tensor]) for tensor in operator.inputs] if operator.inputs != (previous,) else []
    layer, *taken = head(operator.layer, kind, rest, sources)
    entries = [layer, f"name: {quoted(names[number])}", *taken]
    if operator.share is not None:
        entries.append(f"share: {quoted(names[operator.share])}")
    entries += operator.said()
    return "{" + ", ".join(entries) + "}"
