"""What a reader would ask where branches meet: what is repeated, who sees how much, whether the centres agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.analysis.receptive.alignment import branches, misaligned
from cnncalc.analysis.receptive.fields import Fields
from cnncalc.analysis.receptive.sight import Sight
from cnncalc.analysis.remarks.windows import Remark, together
from cnncalc.graph import Net
from cnncalc.layers import show_shape
from cnncalc.layers.kinds.merge import Concat, Merge

__all__ = ["merge_remarks"]


def merge_remarks(graph: Net, of_inputs: Sequence[Sequence[Fields]], index: int) -> Iterator[Remark]:
    """The sentences about a merge; `of_inputs` are the receptive fields of all nodes on each input of the net."""
    node = graph.nodes[index]
    if not isinstance(node.layer, Merge):
        return
    if not isinstance(node.layer, Concat):
        for shape in dict.fromkeys(graph.input_shapes(node)):
            if shape != node.shape:
                text = f"Its {show_shape(shape)} input is repeated to {show_shape(node.shape)}."
                yield Remark(text, "repeated")
    for fields in of_inputs:
        known = branches(graph, node, fields)
        yield from _sizes(known, fields[index])
        apart = misaligned(known)
        if apart is not None:
            text = f"Its branches are not aligned: their centres lie up to {apart.text()} of the input apart."
            yield Remark(text, "misaligned")


def _sizes(branches: Sequence[Sight], merged: Fields) -> Iterator[Remark]:
    sizes = {max(axis.size for axis in one.fields) for one in branches if one.fields}
    if len(sizes) < 2:
        return
    text = f"Its branches see {together(f'{size:,}' for size in sorted(sizes, reverse=True))} pixels of the input"
    if isinstance(merged, Sight):
        size = max(axis.size for axis in merged.fields)
        text += "; the largest counts" if size == max(sizes) else f"; together they see {size:,}"
    yield Remark(f"{text}.", "branches")
