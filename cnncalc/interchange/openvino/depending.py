"""What depends on the inputs of a net, and what the file says of its shapes where these are given another size."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from cnncalc.interchange.openvino.xml import Ir, IrLayer

__all__ = ["following", "reopen"]

INPUTS = ("Parameter", "Input")


def following(net: Ir, order: list[IrLayer], folded: Sequence[str] = ()) -> set[str]:
    """The layers that depend on what the inputs hold; those of some types depend on their shapes alone."""
    found: set[str] = set()
    for layer in order:
        depends = layer.type not in folded and any(source in found for source, _ in net.sources(layer))
        if depends or layer.type in INPUTS:
            found.add(layer.id)
    return found


def reopen(net: Ir, order: list[IrLayer], moving: AbstractSet[str]) -> None:
    """Leave open what follows from the lengths of the inputs, which are others than those that the file says."""
    after = following(net, order)
    for layer in order:
        layer.reopened = layer.id in after and layer.type not in INPUTS
        if not layer.reopened or layer.id not in moving:
            continue
        layer.outputs = {port: [-1] * len(shape) for port, shape in layer.outputs.items()}
        for port, shape in layer.inputs.items():
            if net.edges.get((layer.id, port), ("", ""))[0] in moving:
                layer.inputs[port] = [-1] * len(shape)
