"""What a reader would ask where branches meet: what is repeated, who sees how much, whether the centres agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.analysis.receptive import Fields
from cnncalc.analysis.window_remarks import Remark, together
from cnncalc.arithmetic.reach import Field
from cnncalc.graph import Graph
from cnncalc.layers import show_shape
from cnncalc.layers.merge import Concat, Merge

__all__ = ["merge_remarks"]


def merge_remarks(graph: Graph, fields: Sequence[Fields], index: int) -> Iterator[Remark]:
    """The sentences about a merge; `fields` are the receptive fields of all nodes."""
    node = graph.nodes[index]
    if not isinstance(node.layer, Merge):
        return
    if not isinstance(node.layer, Concat):
        for shape in dict.fromkeys(graph.input_shapes(node)):
            if shape != node.shape:
                text = f"Its {show_shape(shape)} input is repeated to {show_shape(node.shape)}."
                yield Remark(text, "repeated")
    branches = [fields[one] for one in node.inputs]
    known = [one for one in branches if not isinstance(one, str)]
    if len(known) == len(branches) and known[0]:
        yield from _sizes(known, fields[index])
        yield from _centres(known)


def _sizes(branches: Sequence[tuple[Field, ...]], merged: Fields) -> Iterator[Remark]:
    sizes = {max(axis.size for axis in axes) for axes in branches}
    if len(sizes) == 1:
        return
    text = f"Its branches see {together(f'{size:,}' for size in sorted(sizes, reverse=True))} pixels of the input"
    if not isinstance(merged, str):
        size = max(axis.size for axis in merged)
        text += "; the largest counts" if size == max(sizes) else f"; together they see {size:,}"
    yield Remark(f"{text}.", "branches")


def _centres(branches: Sequence[tuple[Field, ...]]) -> Iterator[Remark]:
    """Of fields in which all pixels see alike, how far the centres lie apart, on the first axis where they do."""
    for axes in zip(*branches):
        if any(axis.period > 1 for axis in axes) or len({axis.stride for axis in axes}) > 1:
            return
        doubled = [first + last for first, last in filter(None, (axis.phases[0] for axis in axes))]
        apart = max(doubled, default=0) - min(doubled, default=0)
        if apart:
            half = f"{apart // 2:,}{'½' if apart % 2 else ''}" if apart > 1 else "½"
            pixels = "pixel" if apart <= 2 else "pixels"
            text = f"Its branches are not aligned: their centres lie up to {half} {pixels} of the input apart."
            yield Remark(text, "misaligned")
            return
