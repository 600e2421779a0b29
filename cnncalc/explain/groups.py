"""What a named group of layers, or a use of a block, comes to as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnncalc.answers.report import ReceptiveField, Row
from cnncalc.explain.explanation import Group
from cnncalc.explain.naming import Choice
from cnncalc.explain.totals import breakdown
from cnncalc.graph import Net

__all__ = ["group_of"]


def group_of(graph: Net, rows: Mapping[int, Row], seen: Sequence[ReceptiveField], choice: Choice) -> Group:
    """The summary of the group that was named; `rows` are the rows of the report, `seen` the fields, both by node."""
    inside = set(choice.layers)
    taken = {one: None for index in choice.layers for one in graph.nodes[index].inputs if one not in inside}
    given = graph.groups.get(choice.name, choice.layers[-1])
    mine = [rows[index] for index in choice.layers]
    batch = mine[0].output_shape[0]
    return Group(
        name=choice.name,
        block=graph.blocks.get(choice.name, ""),
        layers=len(mine),
        weighted=sum(1 for index in choice.layers if _is_weighted(graph, index)),
        inputs=tuple(graph.nodes[one].name for one in taken),
        input_shapes=tuple((batch, *graph.nodes[one].shape) for one in taken),
        output_shape=(batch, *graph.nodes[given].shape),
        params=breakdown((row.kind, row.name, row.params) for row in mine),
        macs=breakdown((row.kind, row.name, row.macs) for row in mine),
        activations=sum(row.activation_bytes for row in mine),
        saved=sum(row.saved_bytes for row in mine),
        before=max((seen[one] for one in taken), key=lambda field: max(field.size, default=0)),
        after=seen[given],
    )


def _is_weighted(graph: Net, index: int) -> bool:
    node = graph.nodes[index]
    return node.layer is not None and node.layer.weighted and node.share is None
