"""What is wrong with a layer where it is put: its inputs, what its notation asserts of them, and shared parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.arithmetic.symbolic.bounds import IN_NUMBERS, NoClosedForm
from cnncalc.arithmetic.windows.formulas import every
from cnncalc.errors import Fault
from cnncalc.graph.met import Met
from cnncalc.graph.nodes import Node
from cnncalc.graph.rules import undecided
from cnncalc.graph.signatures import Signatures
from cnncalc.layers import Layer, Requirement, Shape, show_shape
from cnncalc.notation.lines import Parsed

__all__ = ["broken", "made_otherwise", "not_as_asserted", "parameters_misfit"]


def broken(
    rule: Requirement, nodes: Sequence[Node], inputs: Sequence[int], layer: Layer, tensors: Sequence[int]
) -> Fault:
    """A rule that a layer's input tensors break; `inputs` are those of the net."""
    try:  # a help may go by the lengths, which symbols leave open
        help = rule.way_out()
        if rule.larger:
            from cnncalc.graph.way_out import channels_last, larger_input  # only a mistake pays for it

            help = channels_last([nodes[index].shape for index in inputs]) or (
                f"use {larger_input(nodes, inputs, layer, tensors)}{',' if ' or ' in help else ' or'} "
                f"{help.removeprefix('use ')}"
            )
    except NoClosedForm:
        help = f"{IN_NUMBERS}: then what would fit can be said"
    help = help or "change the layer, or what comes before it"
    values = rule.values
    if len(tensors) > 1 and values:
        values += f" (from {', '.join(nodes[tensor].name for tensor in tensors[:8])})"
    return Fault(rule.rule, values=values, help=help)


def made_otherwise(nodes: Sequence[Node], layer: Layer, tensors: Sequence[int]) -> Iterator[Fault]:
    """That a layer's second input is not of a layer of which it knows more than the tensor."""
    second = nodes[tensors[1]]
    if second.layer is not None and second.layer.kind not in layer.made_by:
        rule = f"the second input of `{layer.kind}` comes from {' or '.join(f'`{kind}`' for kind in layer.made_by)}"
        help = f"name such a layer: `{layer.beside}: NAME`"
        yield Fault(rule, values=f"`{second.name}` is a `{second.layer.kind}`", help=help)


def not_as_asserted(parsed: Parsed, shapes: Sequence[Shape], signed: Signatures, signature: int) -> Iterator[Fault]:
    """What is not as the notation asserts, by a `2d` in the kind's name or by `in=`."""
    layer, rank, channels = parsed
    axes = len(shapes[0]) - 1
    if rank is not None and rank != layer.named_axes(shapes[0]):
        message = f"this layer is for {rank} spatial {'axis' if rank == 1 else 'axes'}"
        help = f"write `{layer.kind}`, which fits any number of axes"
        yield Fault(message, values=f"the input {show_shape(shapes[0])} has {axes}", help=help)
    if channels is None:
        return
    entering, message = layer.entering(*shapes), "the input channels are not those asserted"
    same, help = entering == channels, "correct the assertion, or the layers before"
    if undecided(same):
        signed.require(signature, Requirement(same, message, f"in={channels}, {entering} come in", help))
    elif not same:
        found = f"`in={channels}` is asserted, but {entering} come in"
        if "over" in layer.fields and shapes[0][-1] == channels:
            help = f"write `{layer.kind} last` to normalise over the last axis, which is {channels} long"
        yield Fault(message, values=found, help=help)


def parameters_misfit(ours: Met, theirs: Met | None, owner: str, signed: Signatures, signature: int) -> Fault | None:
    """Why a layer cannot use the parameters of another, `owner`: all their tensors must have the same shapes.

    On symbolic lengths that is a condition, which is kept.
    """
    mine, other = _parameters(*ours), _parameters(*theirs) if theirs is not None else {}
    same = _agree(mine, other)
    rule = f"the parameters of `{owner}` do not fit"
    help = "layers that share parameters need the same channels and kernel"
    if undecided(same):
        signed.require(signature, Requirement(same, rule, f"{_listed(mine)} here, {_listed(other)} there", help))
        return None
    if same:
        return None
    return Fault(rule, values=f"{_listed(mine)} here; {_listed(other)} in `{owner}`", help=help)


def _parameters(layer: Layer, shapes: Sequence[Shape]) -> dict[str, Shape]:
    return {**layer.weight_shapes(*shapes), **layer.buffer_shapes(*shapes)}


def _agree(ours: dict[str, Shape], theirs: dict[str, Shape]) -> Any:
    """Whether all tensors have the same shapes; on symbolic lengths a condition."""
    if list(ours) != list(theirs) or any(len(ours[name]) != len(theirs[name]) for name in ours):
        return False
    return every(*(one == other for name in ours for one, other in zip(ours[name], theirs[name])))


def _listed(weights: dict[str, Shape]) -> str:
    return ", ".join(f"{name} {show_shape(shape)}" for name, shape in weights.items()) or "none"
