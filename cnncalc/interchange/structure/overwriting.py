"""Layers that overwrite what they take, where something else takes that too and the order decides what it gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.interchange.sketch import Operator
from cnncalc.interchange.written import SAME_MEMORY

__all__ = ["overwritten", "with_own_output"]


def overwritten(operators: Sequence[Operator], layers: Sequence[int]) -> Iterator[tuple[int, set[int], set[int]]]:
    """Each of some layers that overwrite: the tensors that lie where what it takes lies, and what else takes these.

    Where nothing else takes them, there is nothing to tell.
    """
    consumers: list[list[int]] = [[] for _ in operators]
    for index, one in enumerate(operators):
        for source in one.inputs:
            consumers[source].append(index)

    def same(index: int) -> bool:
        layer = operators[index].layer
        return layer is not None and layer.kind in SAME_MEMORY and not getattr(layer, "inplace", False)

    for layer in layers:
        root = operators[layer].inputs[0]
        while same(root):
            root = operators[root].inputs[0]
        tensors, takers, waiting = {root}, set[int](), [root]
        while waiting:
            for index in consumers[waiting.pop()]:
                if same(index) and index not in tensors:
                    tensors.add(index)
                    waiting.append(index)
                elif not same(index):
                    takers.add(index)
        yield layer, tensors, takers - {layer}


def with_own_output(operator: Operator) -> Operator:
    """The layer with an output of its own."""
    layer = operator.layer
    assert layer is not None
    fields = {name: getattr(layer, name) for name in layer.fields}
    return operator._replace(layer=type(layer)(**{**fields, "inplace": False}))
