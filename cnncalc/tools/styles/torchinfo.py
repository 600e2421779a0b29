"""The table of torchinfo 1.8.0: the tree of modules, each call a row, numbered within its depth.

MB are 10^6 bytes of the numbers' real size. Only outputs of layers with parameters count, twice, for their gradients.
The mult-adds are its own (`--convention torchinfo`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.records import NamedTuple
from cnncalc.text import printable
from cnncalc.tools.styles.classes import camel, is_function, torch_class, unknown_lines

if TYPE_CHECKING:
    from cnncalc.answers.counting import Counting
    from cnncalc.tools.modules import Call, Modules

__all__ = ["draw"]

USUAL_DEPTH = 3
COLUMN = 25
NAME_WIDTH = 40
INDENT = 5


class Row(NamedTuple):
    label: str
    depth: int
    shape: tuple[int, ...]
    params: str


class Tree:
    """The rows in the order in which modules are entered."""

    def __init__(self, net: Modules, deepest: int) -> None:
        self.net, self.deepest = net, deepest
        self.rows: list[Row] = [Row(net.name, 0, net.calls[-1].output_shape if net.calls else (), "--")]
        self.counts: dict[int, int] = {}
        self.unknown: list[Call] = []
        self._fill()

    def _fill(self) -> None:
        groups = list(self.net.groups)
        for index, call in enumerate(self.net.calls):
            while groups and groups[0].first == index:
                group = groups.pop(0)
                within = self.net.calls[group.first : group.last + 1]
                inside = [one for one in within if one.name.startswith(group.name + ".")]
                shape = self.net.calls[group.last].output_shape
                self._add(camel(group.block) or "Sequential", group.name, shape, self._inside(inside, group.name))
            if is_function(call, self.net):
                continue
            name = torch_class(call)
            if not name:
                self.unknown.append(call)
            self._add(name or call.layer.kind, call.name, call.output_shape, _params(call))

    def _inside(self, calls: list[Call], name: str) -> str:
        """A group shows its parameters where its own rows are not shown, and those that no row of it holds."""
        if name.count(".") + 1 < self.deepest:
            calls = [call for call in calls if is_function(call, self.net)]
        total = sum(call.parameters for call in calls if not call.owner)
        return f"{total:,}" if total else "--"

    def _add(self, label: str, name: str, shape: tuple[int, ...], params: str) -> None:
        depth = name.count(".") + 1
        self.counts[depth] = self.counts.get(depth, 0) + 1
        self.rows.append(Row(f"{printable(label)}: {depth}-{self.counts[depth]}", depth, shape, params))


def _params(call: Call) -> str:
    if not call.parameters:
        return "--"
    if call.owner:
        return "(recursive)"
    return f"{call.parameters:,}" if call.trainable else f"({call.parameters:,})"


def start(depth: int) -> str:
    """The branch that leads to a row."""
    return "" if depth == 0 else "├─" if depth == 1 else "│    " * (depth - 1) + "└─"


def readable(number: int) -> str:
    """` (G): 15.48`, as it prints mult-adds."""
    for power, letter in ((12, "T"), (9, "G"), (6, "M")):
        if number >= 10**power or power == 6:
            value = number / 10**power
            return f" ({letter}): {int(value):,}" if value.is_integer() else f" ({letter}): {value:,.2f}"
    raise AssertionError("the last power takes all")


def draw(net: Modules, counting: Counting, size: int, depth: int | None) -> str:
    """The table and the totals below it; `size` is the bytes of a number."""
    deepest = depth or USUAL_DEPTH
    tree = Tree(net, deepest)
    longest = max(len(row.label) + INDENT * row.depth + 1 for row in tree.rows)
    name = NAME_WIDTH if longest < NAME_WIDTH else -(-longest // INDENT) * INDENT
    rule = "=" * (name + 2 * COLUMN)
    lines = [rule, _line("Layer (type:depth-idx)", "Output Shape", "Param #", name), rule]
    lines += [
        _line(start(row.depth) + row.label, str(list(row.shape)), row.params, name)
        for row in tree.rows
        if row.depth <= deepest
    ]
    modules = [call for call in net.calls if not is_function(call, net)]
    owned = [call for call in net.calls if not call.owner]
    total = sum(call.parameters for call in owned)
    trained = sum(call.parameters for call in owned if call.trainable)
    sizes = [
        size * sum(product(shape) for shape in net.inputs.values()) / 1e6,
        2 * size * sum(call.elements for call in modules if call.parameters) / 1e6,
        size * sum(call.parameters for call in modules if not call.owner) / 1e6,
    ]
    partial = ", PARTIAL" if counting.unknown else ""
    lines += [
        rule,
        f"Total params: {total:,}",
        f"Trainable params: {trained:,}",
        f"Non-trainable params: {total - trained:,}",
        f"Total mult-adds{readable(counting.total)}{partial}",
        rule,
        f"Input size (MB): {sizes[0]:0.2f}",
        f"Forward/backward pass size (MB): {sizes[1]:0.2f}",
        f"Params size (MB): {sizes[2]:0.2f}",
        f"Estimated Total Size (MB): {sum(sizes):0.2f}",
        rule,
        *unknown_lines("torch", tree.unknown),
    ]
    return "\n".join(lines) + "\n"


def _line(label: str, shape: str, params: str, name: int) -> str:
    return f"{label:<{name}} {shape:<{COLUMN}} {params:<{COLUMN}}".rstrip()
