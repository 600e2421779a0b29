"""The shapes of a net's inputs: what the file says, and what `--input` puts in its place."""

from __future__ import annotations

from collections.abc import Mapping as MappingType

from cnncalc.errors import suggestion
from cnncalc.language.documents.document import Document
from cnncalc.language.expressions import Value
from cnncalc.language.values import ValueFault, value_of
from cnncalc.language.yaml.reader import Mapping, YamlNode
from cnncalc.layers import FieldError, Shape, show_shape
from cnncalc.notation.shapes import CHANNELS_FIRST, meant_shape, misshapen, odd_input, read_shape, way_to_like

__all__ = ["input_shapes"]


def input_shapes(document: Document, chosen: str | None, scope: MappingType[str, Value]) -> dict[str, Shape]:
    """Every input's shape by name; `chosen` is what `--input` says."""
    declared: dict[str, YamlNode] = {}
    key = "inputs" if "inputs" in document.keys else "input"
    given = document.keys[key][1] if key in document.keys else None
    if isinstance(given, Mapping):
        declared = {name: node for name, (_, node) in given.entries.items()}
    elif "inputs" in document.keys:
        help = "such as `inputs: {left: 3x64x64, right: 3x64x64}`; one input is `input: 3x64x64`"
        document.faults.add("`inputs` is a mapping of names to shapes", document.keys["inputs"][1], help=help)
    elif "input" in document.keys:
        declared = {"input": document.keys["input"][1]}
    shapes = {name: shape for name, node in declared.items() if (shape := _shape(document, node, scope))}
    if chosen is not None:
        for name, shape in _chosen(document, chosen, list(declared)).items():
            if (own := shapes.get(name)) and (help := way_to_like(shape, own)):
                message = f"`--input {show_shape(shape)}` is not like the net's own input"
                document.faults.add(message, None, values=f"that is {show_shape(own)}", help=help)
                continue  # what follows from it is no second fault
            shapes[name] = shape
    elif not declared and "inputs" not in document.keys:
        document.faults.add(
            "the net has no input", document.start(), help="write `input: 3x224x224`, or give `--input 3x224x224`"
        )
    for shape in shapes.values():
        if odd := odd_input(shape):
            document.notices[f"input {show_shape(shape)}"] = odd
    return shapes


def _shape(document: Document, node: YamlNode, scope: MappingType[str, Value]) -> Shape | None:
    try:
        return read_shape(value_of(node, scope, document.limits))
    except ValueFault as fault:
        document.faults.value(fault)
    except FieldError as error:
        document.faults.note(misshapen(error, node.place()))
    return None


def _chosen(document: Document, chosen: str, names: list[str]) -> dict[str, Shape]:
    """`--input 3x64x64` or `--input left=3x64x64,right=3x32x32`."""
    shapes: dict[str, Shape] = {}
    if "{" in chosen and "}" in chosen:
        help = f"several sizes are for `cnncalc sweep … --input '{chosen[:60]}'`"
        document.faults.add(f"`--input {chosen[:60]}`: a shape is wanted, not several", None, help=help)
        return shapes
    if "," in chosen and len(names) < 2 and (meant := meant_shape(chosen)):
        document.faults.add(f"`--input {chosen}`: expected one shape", None, help=f"write `--input {meant}`")
        return shapes
    for part in chosen.split(","):
        name, equals, text = part.rpartition("=")
        if not equals and len(names) > 1:
            help = f"write `--input {','.join(f'{one}={text}' for one in names)}`"
            document.faults.add(f"`--input`: the net has {len(names)} inputs, {', '.join(names)}", None, help=help)
            break
        if not equals:
            name = names[0] if names else "input"
        elif document.foreign is not None:
            name = document.foreign.inputs.get(name, name)
            if name in document.foreign.idle:
                continue
        if name in shapes:
            help = "write one shape; several sizes are for `cnncalc sweep --input '3x{64,96}'`"
            document.faults.add(f"`--input`: `{name[:60]}` is given twice", None, values=chosen[:80], help=help)
            break
        if names and name not in names:
            help = suggestion(name, names, f"write `--input {names[0]}=3x224x224`; its inputs are {', '.join(names)}")
            document.faults.add(f"`--input`: the net has no input `{name[:60]}`", None, help=help)
            continue
        try:
            shapes[name] = read_shape(text.strip(), symbols=document.symbols)
        except FieldError as error:
            help = error.help or CHANNELS_FIRST
            document.faults.add(f"`--input {part[:60]}`: {error.rule}", None, help=help)
    return shapes
