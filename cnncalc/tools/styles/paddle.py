"""The table of paddle.summary, Paddle 3.3: a row for each layer object, sequences and the net itself apart.

MB are 2^20 bytes, every number takes 4 of them; the rows' outputs count twice, for their gradients. Batch norm's
running mean and variance are parameters that are not trained. A layer that is called again has one row, with its last
shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.records import NamedTuple
from cnncalc.text import printable
from cnncalc.tools.styles.classes import camel, is_function, paddle_class, unknown_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.tools.modules import Call, Modules

__all__ = ["draw"]

MEBI = 1024**2
WIDTHS = (15, 20, 20, 15)
NARROWEST = 75


class Row(NamedTuple):
    label: str
    inputs: tuple[tuple[int, ...], ...]
    shape: tuple[int, ...]
    params: int
    trainable: int


def rows_of(net: Modules) -> tuple[list[Row], list[Call]]:
    """The rows in the order in which layers are done, and the layers that Paddle has no class for."""
    rows: dict[str, Row] = {}
    unknown = []
    counts: dict[str, int] = {}

    def numbered(name: str) -> str:
        counts[name] = counts.get(name, 0) + 1
        return f"{name}-{counts[name]}"

    labels: dict[str, str] = {}
    ending: dict[int, list[tuple[str, int]]] = {}
    for group in reversed(net.groups):
        if group.block:
            ending.setdefault(group.last, []).append((camel(group.block), group.first))
    for index, call in enumerate(net.calls):
        if not is_function(call, net):
            name = paddle_class(call)
            if not name:
                unknown.append(call)
            label = labels.get(call.owner) or numbered(name or call.layer.kind)
            labels[call.name] = label
            trained = call.parameters if call.trainable else 0
            rows[label] = Row(label, call.input_shapes, call.output_shape, call.parameters + call.buffers, trained)
        for block, first in ending.get(index, ()):
            label = numbered(block)
            rows[label] = Row(label, net.calls[first].input_shapes, call.output_shape, 0, 0)
    return list(rows.values()), unknown


def draw(net: Modules) -> str:
    """The table and the totals below it."""
    rows, unknown = rows_of(net)
    cells = [
        (printable(row.label), str([list(one) for one in row.inputs]), str(list(row.shape)), f"{row.params:,}")
        for row in rows
    ]
    widths = [max([least, *(len(cell[i]) for cell in cells)]) for i, least in enumerate(WIDTHS)]
    wide = max(NARROWEST, sum(widths) + 5)
    total = sum(row.params for row in rows)
    trained = sum(row.trainable for row in rows)
    inputs = sum(product(shape) for shape in net.inputs.values())
    outputs = sum(product(row.shape) for row in rows)
    sizes = [4 * number / MEBI for number in (inputs, 2 * outputs, total)]
    lines = [
        "-" * wide,
        _centred(("Layer (type)", "Input Shape", "Output Shape", "Param #"), widths),
        "=" * wide,
        *(_centred(cell, widths) for cell in cells),
        "=" * wide,
        f"Total params: {total:,}",
        f"Trainable params: {trained:,}",
        f"Non-trainable params: {total - trained:,}",
        "-" * wide,
        f"Input size (MB): {sizes[0]:0.2f}",
        f"Forward/backward pass size (MB): {sizes[1]:0.2f}",
        f"Params size (MB): {sizes[2]:0.2f}",
        f"Estimated Total Size (MB): {sum(sizes):0.2f}",
        "-" * wide,
        *unknown_lines("Paddle", unknown),
    ]
    return "\n".join(lines) + "\n"


def _centred(cells: Sequence[str], widths: Sequence[int]) -> str:
    return " ".join(f"{cell:^{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()
