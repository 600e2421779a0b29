"""From a flat sketch to the text that a person would have written: groups, branches, repeats."""

from __future__ import annotations

from cnncalc.interchange.sketch import Sketch
from cnncalc.interchange.structure.blocks.spreading import Alike
from cnncalc.interchange.structure.blocks.units import in_units
from cnncalc.interchange.structure.branches import in_series
from cnncalc.interchange.structure.groups import Paths, in_groups, with_merges_inside, without_small_groups
from cnncalc.interchange.structure.items import Block, Group, Item, Leaf, Merge, steps_in
from cnncalc.interchange.structure.labels import Labels
from cnncalc.interchange.structure.repeats import repeated
from cnncalc.interchange.structure.text import Usual, block_lines, header, layer_lines, usual_fields
from cnncalc.interchange.structure.writing import beside, joined, name_parts, quoted
from cnncalc.layers.kinds.merge import Concat

__all__ = ["chained", "structured"]


def structured(sketch: Sketch, file: str, *, blocks: bool = True) -> tuple[str, list[str]]:
    """The text of a whole net, and the name that each operator has in it; `sketch` is one that is `chained`."""
    paths = joined([name_parts(operator.name) for operator in sketch.operators])
    owned = Paths([tuple(parts[:-1]) for parts in paths], [parts[-1] for parts in paths])
    grouped = without_small_groups(in_groups(in_series(sketch), owned), owned, sketch.operators)
    grouped = with_merges_inside(grouped, owned)
    _own_in_order(sketch, grouped)
    labels = Labels(sketch, owned.names, grouped)
    items = repeated(labels.items, labels)
    usual = usual_fields(labels)
    body = _body(*(in_units(items, Alike(labels)) if blocks else (items, [])), labels, usual)
    lines = [*header(labels, file, usual), *body, *beside(sketch), *_outputs(sketch, labels)]
    return "\n".join(lines) + "\n", [labels.full[index] for index in range(len(sketch.operators))]


def _body(items: tuple[Item, ...], blocks: list[Block], labels: Labels, usual: Usual) -> list[str]:
    """The lines of the blocks and of the layers."""
    return [*block_lines(blocks, labels, usual), "layers:", *layer_lines(items, labels, usual)]


def chained(sketch: Sketch) -> Sketch:
    """The sketch with each concat that begins like an earlier one taking that one's output, as in a dense net."""
    whole: dict[tuple[int, tuple[int, ...]], int] = {}
    sketch.outputs = sketch.ends()
    for number, operator in enumerate(sketch.operators):
        if not isinstance(operator.layer, Concat):
            continue
        axis, inputs = operator.layer.axis, operator.inputs
        whole.setdefault((axis, inputs), number)
        for length in range(len(inputs) - 1, 1, -1):
            begun = whole.get((axis, inputs[:length]))
            if begun is not None and begun != number:
                sketch.operators[number] = operator._replace(inputs=(begun, *inputs[length:]))
                break
    return sketch


def _own_in_order(sketch: Sketch, items: tuple[Item, ...]) -> None:
    """Let the first layer of the text have what several share: branches may stand in another order than in the file."""
    operators = sketch.operators
    if all(operator.share is None for operator in operators):
        return
    first: dict[int, int] = {}
    for step in (step for item in items for step in steps_in(item)):
        share = operators[step].share
        owner = first.setdefault(step if share is None else share, step)
        operators[step] = operators[step]._replace(share=None if owner == step else owner)


def _outputs(sketch: Sketch, labels: Labels) -> list[str]:
    """The outputs, unless there is one and it is what comes last."""
    item = labels.items[-1]
    while isinstance(item, Group):
        item = item.items[-1]
    ends = list(dict.fromkeys(sketch.ends()))
    if isinstance(item, (Leaf, Merge)) and ends == [item.step]:
        return []
    return [f"outputs: [{', '.join(quoted(labels.full[index]) for index in ends)}]"]
