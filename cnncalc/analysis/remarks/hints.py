"""What a net's author may want to know: parameters that do nothing, pixels that no window sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cnncalc.analysis.receptive.alignment import Apart, branches, further, misaligned
from cnncalc.analysis.receptive.fields import Fields
from cnncalc.analysis.remarks.dropping import dropped_pixels
from cnncalc.answers.report import Hint
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Net, Node
from cnncalc.layers.kinds.conv import Convolution
from cnncalc.layers.kinds.linear import Linear
from cnncalc.layers.kinds.merge import Merge
from cnncalc.layers.kinds.norm import BatchNorm

if TYPE_CHECKING:
    from typing import Protocol

    class Seeing(Protocol):
        """Knows what tensors see, and finds it out when it is asked."""

        @property
        def fields(self) -> Mapping[str, Sequence[Fields]]:
            """What every tensor sees of each input of the net, by its name."""


__all__ = ["hints"]

LISTED = 3
"""More layers than these are only counted."""


def hints(graph: Net, followed: Seeing, batch: int = 1) -> tuple[Hint, ...]:
    """Every hint, those of one cause joined; what tensors see is asked for only where branches may not be aligned."""
    return (
        *(Hint(where, text) for where, text in graph.notices.items()),
        *_useless_biases(graph),
        *_one_number_norms(graph, batch),
        *_dropped(graph),
        *_misaligned(graph, followed),
        *_shared(graph),
        *_opaque(graph),
        *_left_alone(graph),
        *(Hint("import", text) for text in graph.noted),
    )


def _named(nodes: list[Node]) -> str:
    names = ", ".join(node.name for node in nodes[:LISTED])
    return names + (f" and {len(nodes) - LISTED} more" if len(nodes) > LISTED else "")


def _useless_biases(graph: Net) -> list[Hint]:
    """Batch norm subtracts the mean, and with it any constant that the layer before it adds."""
    takers = [0] * len(graph.nodes)
    for node in graph.nodes:
        for index in node.inputs:
            takers[index] += 1
    cancelled = {
        node.inputs[0]
        for _, node, layer in graph.layers()
        if isinstance(layer, BatchNorm) and takers[node.inputs[0]] == 1
    }
    needed = {node.share for index, node, _ in graph.layers() if node.share is not None and index not in cancelled}
    found: list[Node] = []
    spared = 0
    for index, node, layer in graph.layers():
        if index not in cancelled or index in needed or node.share is not None:
            continue  # parameters are of their owner: every use of them has to be followed by a norm
        if isinstance(layer, (Convolution, Linear)) and layer.bias:
            found.append(node)
            spared += layer.weight_shapes(*graph.input_shapes(node))["bias"][0]
    if not found:
        return []
    text = f"the batch norm that follows cancels its bias: `nobias` spares {spared:,} parameters and changes no output"
    return [Hint(_named(found), text)]


def _one_number_norms(graph: Net, batch: int) -> list[Hint]:
    """To train, a batch norm needs two numbers a channel, as in torch: one image behind a global pool has not."""
    if batch > 1:
        return []
    found = [
        node
        for _, node, layer in graph.layers()
        if isinstance(layer, BatchNorm) and product(graph.input_shapes(node)[0][1:]) == 1
    ]
    text = "it cannot train on a batch of one image: of one number a channel there is no variance"
    return [Hint(_named(found), text)] if found else []


def _opaque(graph: Net) -> list[Hint]:
    """Layers of which only the shape is known are in no total."""
    found = [node for _, node, layer in graph.layers() if layer.kind == "opaque"]
    text = "only the shape of its output is known: it is counted as nothing, in every total"
    return [Hint(_named(found), text)] if found else []


def _left_alone(graph: Net) -> list[Hint]:
    """Quantisers that take linear layers only, or large weights only, are easily thought to take all."""
    if not graph.plan.types:
        return []
    from cnncalc.analysis.formats import left_alone

    return [
        Hint(_named(nodes), f"{stored} leaves these weights as the net has them: `--dtype help` says what it takes")
        for stored, nodes in left_alone(graph).items()
    ]


def _dropped(graph: Net) -> list[Hint]:
    """A window that rounds down may leave pixels of the image itself, not only of a border, unseen."""
    nodes, numbers = dropped_pixels(graph)
    if not nodes:
        return []
    return [Hint(_named(nodes), f"the last pixels are seen by no window ({numbers}): rounding down drops them")]


def _misaligned(graph: Net, followed: Seeing) -> list[Hint]:
    """Merges whose branches look around different centres: an uneven border, an even kernel, a crop."""
    merges = [node for _, node, layer in graph.layers() if isinstance(layer, Merge)]
    if not merges:
        return []
    of_inputs = followed.fields
    found: dict[str, Node] = {}
    most = Apart(0, 1)
    for node in merges:
        for seen in of_inputs.values():
            apart = misaligned(branches(graph, node, seen))
            if apart is not None:
                found[node.name] = node
                most = further(most, apart)
    if not found:
        return []
    text = (
        "its branches are not aligned: the centres of their receptive fields lie "
        f"{'up to ' if len(found) > 1 else ''}{most.text()} of the input apart"
    )
    return [Hint(_named(list(found.values())), text)]


def _shared(graph: Net) -> list[Hint]:
    """Layers whose parameters are another's would otherwise seem to have none."""
    sharing = [node for _, node, _ in graph.layers() if node.share is not None and _has_weights(graph, node)]
    if not sharing:
        return []
    return [Hint(_named(sharing), "its parameters are those of an earlier layer, where they are counted")]


def _has_weights(graph: Net, node: Node) -> bool:
    layer, shapes = graph.signatures[node.signature]
    return bool(layer.weight_shapes(*shapes))
