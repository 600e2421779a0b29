"""The table of torchsummary 1.5.1: a row for each call of a module, sequences and the net itself apart.

MB are 2^20 bytes, every number takes 4 of them; the rows' outputs count twice, for their gradients. Several inputs are
multiplied together in place of added, and a module that is called again counts its parameters again: its mistakes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.records import NamedTuple
from cnncalc.text import printable
from cnncalc.tools.styles.classes import camel, is_function, torch_class, unknown_lines

if TYPE_CHECKING:
    from cnncalc.tools.modules import Call, Modules

__all__ = ["draw"]

MEBI = 1024**2


class Row(NamedTuple):
    label: str
    shape: tuple[int, ...]
    params: int
    trainable: bool


def rows_of(net: Modules) -> tuple[list[Row], list[Call]]:
    """The rows in the order in which modules are done, and the layers that torch has no class for."""
    rows: list[Row] = []
    unknown = []
    ending: dict[int, list[str]] = {}
    for group in reversed(net.groups):
        if group.block:
            ending.setdefault(group.last, []).append(camel(group.block))
    for index, call in enumerate(net.calls):
        if not is_function(call, net):
            name = torch_class(call)
            if not name:
                unknown.append(call)
            rows.append(Row(name or call.layer.kind, call.output_shape, call.parameters, call.trainable))
        rows += [Row(block, call.output_shape, 0, True) for block in ending.get(index, ())]
    return rows, unknown


def draw(net: Modules) -> str:
    """The table and the totals below it."""
    rows, unknown = rows_of(net)
    batch = next(iter(net.inputs.values()))[0]
    shown = -1 if batch == 1 else batch
    rule = "-" * 64
    lines = [rule, f"{'Layer (type)':>20}  {'Output Shape':>25} {'Param #':>15}", "=" * 64]
    for place, row in enumerate(rows, 1):
        shape = str([shown, *row.shape[1:]])
        lines.append(f"{printable(row.label)}-{place}".rjust(20) + f"  {shape:>25} {row.params:>15,}")
    total = sum(row.params for row in rows)
    trained = sum(row.params for row in rows if row.trainable)
    inputs = product(product(shape[1:]) for shape in net.inputs.values()) * batch
    outputs = sum(product(row.shape) for row in rows)
    sizes = [4 * number / MEBI for number in (inputs, 2 * outputs, total)]
    lines += [
        "=" * 64,
        f"Total params: {total:,}",
        f"Trainable params: {trained:,}",
        f"Non-trainable params: {total - trained:,}",
        rule,
        f"Input size (MB): {sizes[0]:0.2f}",
        f"Forward/backward pass size (MB): {sizes[1]:0.2f}",
        f"Params size (MB): {sizes[2]:0.2f}",
        f"Estimated Total Size (MB): {sum(sizes):0.2f}",
        rule,
        *unknown_lines("torch", unknown),
    ]
    return "\n".join(lines) + "\n"
