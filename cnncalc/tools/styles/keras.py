"""The table of Keras 3's `summary()`: channels last, `None` for the batch, layers in the order of `model.layers`.

A layer has the name that its file gives it, or Keras's own (`conv2d`, `conv2d_1`). An activation without a name of its
own right after a convolution or dense layer is that layer's `activation=`, and has no row. Batch norm's moving mean and
variance are parameters that are not trained.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.layers.base import Elementwise
from cnncalc.records import NamedTuple
from cnncalc.text import printable
from cnncalc.tools.styles.classes import unknown_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.tools.modules import Call, Modules

__all__ = ["Nested", "Table", "draw"]

CLASSES = {
    "conv": "Conv{}",
    "dwconv": "DepthwiseConv{}",
    "deconv": "Conv{}Transpose",
    "linear": "Dense",
    "maxpool": "MaxPooling{}",
    "avgpool": "AveragePooling{}",
    "global_maxpool": "GlobalMaxPooling{}",
    "global_avgpool": "GlobalAveragePooling{}",
    "adaptive_maxpool": "AdaptiveMaxPooling{}",
    "adaptive_avgpool": "AdaptiveAveragePooling{}",
    "batchnorm": "BatchNormalization",
    "layernorm": "LayerNormalization",
    "groupnorm": "GroupNormalization",
    "relu": "Activation",
    "relu6": "ReLU",
    "leaky_relu": "LeakyReLU",
    "prelu": "PReLU",
    "elu": "ELU",
    "selu": "Activation",
    "gelu": "Activation",
    "silu": "Activation",
    "mish": "Activation",
    "sigmoid": "Activation",
    "tanh": "Activation",
    "hardswish": "Activation",
    "hardsigmoid": "Activation",
    "softplus": "Activation",
    "softmax": "Activation",
    "log_softmax": "Activation",
    "dropout": "Dropout",
    "flatten": "Flatten",
    "reshape": "Reshape",
    "permute": "Permute",
    "pad": "ZeroPadding{}",
    "crop": "Cropping{}",
    "upsample": "UpSampling{}",
    "add": "Add",
    "multiply": "Multiply",
    "maximum": "Maximum",
    "concat": "Concatenate",
    "identity": "Identity",
}
UNITS = ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB"))
FOLLOWED = ("conv", "dwconv", "deconv", "linear")


class Nested(NamedTuple):
    """What a row says of a model inside a model."""

    label: str
    trained: int
    again: int = 0
    """Those of its numbers that stand in another row, too."""


class Row(NamedTuple):
    name: str
    label: str
    shape: str
    params: int
    trainable: int
    buffers: int
    sources: tuple[str, ...]
    again: int = 0
    """Those of its numbers that stand in another row, too, and in the totals once."""


def class_of(call: Call) -> str:
    """Keras's class for a layer; empty where it has none."""
    return CLASSES.get(call.layer.kind, "").format(f"{max(call.rank, 1)}D")


def snake(label: str) -> str:
    """Keras's own name of a layer of a class: `Conv2D` is `conv2d`, `MaxPooling2D` is `max_pooling2d`."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", label)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def last(shape: Sequence[int]) -> str:
    """`(None, 224, 224, 64)`: channels last."""
    if len(shape) < 3:
        return f"(None, {shape[1]})" if len(shape) == 2 else "(None,)"
    return f"(None, {', '.join(map(str, shape[2:]))}, {shape[1]})"


def is_argument(call: Call, calls: dict[str, Call]) -> bool:
    """Whether an activation is an argument of the layer before it."""
    before = calls.get(call.inputs[0])
    activation = isinstance(call.layer, Elementwise) or call.layer.kind in ("softmax", "log_softmax")
    if call.own_name or before is None or not activation or call.parameters or is_shared(before, calls):
        return False
    return before.layer.kind in FOLLOWED and len(before.consumers) == 1


def is_shared(call: Call, calls: dict[str, Call]) -> bool:
    """Whether a layer is called more than once: an activation of its own would be one of all its calls."""
    return bool(call.owner) or any(one.owner == call.name for one in calls.values())


class Table:
    """Names, rows and their order."""

    def __init__(self, net: Modules, models: Mapping[str, Nested] | None = None) -> None:
        self.models = models or {}
        self.calls = {call.name: call for call in net.calls}
        self.arguments = {
            call.name: call.inputs[0]
            for call in net.calls
            if call.name not in self.models and is_argument(call, self.calls) and call.inputs[0] not in self.models
        }
        self.counts: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.ends: dict[str, str] = {}
        """The tensor that each call makes, `conv2d[0][0]`: of which call of which layer."""
        self.called: dict[str, int] = {}
        self.homes: dict[str, str] = {}
        """The call with the row of a layer that stands in a model, and is called outside as well."""
        self.unknown: list[Call] = []
        self.rows: dict[str, Row] = {}
        for name, shape in net.inputs.items():
            self.names[name] = "input_layer" if len(net.inputs) == 1 and name == "input" else printable(name)
            self.ends[name] = f"{self.names[name]}[0][0]"
            self.rows[name] = Row(self.names[name], "InputLayer", last(shape), 0, 0, 0, ())
        for call in net.calls:
            if call.name in self.arguments:
                self.names[call.name] = self.names[self.arguments[call.name]]
                self.ends[call.name] = self.ends[self.arguments[call.name]]
            elif self.owner(call) in self.rows:
                self._call_again(call)
            else:
                self._add(call)
                if call.owner:
                    self.homes[call.owner] = call.name
        self.order = self._ordered(net)
        self.linear = all(len(row.sources) < 2 for row in self.rows.values()) and not self._branches(net)
        self.linear &= not self.called

    def owner(self, call: Call) -> str:
        """The call in whose row it stands that a layer is called again; empty of a first call."""
        return self.homes.get(call.owner, call.owner)

    def _add(self, call: Call) -> None:
        model = self.models.get(call.name)
        label = class_of(call) if model is None else model.label
        if not label:
            self.unknown.append(call)
            label = call.layer.kind
        own = call.owner.rpartition(".")[2] if call.owner else call.name.replace(".", "_")
        name = printable(own) if call.own_name or call.owner else self._numbered(snake(label))
        self.names[call.name] = name
        trained = (call.parameters if call.trainable else 0) if model is None else model.trained
        self.ends[call.name] = f"{name}[0][0]"
        sources = tuple(dict.fromkeys(self.ends[one] for one in call.inputs))
        params = call.parameters + call.buffers
        again = (params if call.owner else 0) if model is None else model.again
        trained = 0 if call.owner else trained
        shape = last(call.output_shape)
        self.rows[call.name] = Row(name, label, shape, params, trained, call.buffers, sources, again)

    def _call_again(self, call: Call) -> None:
        """One more call of a layer, whose row names what every call takes."""
        owner = self.owner(call)
        name = self.names[call.name] = self.names[owner]
        self.called[name] = self.called.get(name, 0) + 1
        self.ends[call.name] = f"{name}[{self.called[name]}][0]"
        row = self.rows[owner]
        self.rows[owner] = row._replace(sources=(*row.sources, *(self.ends[one] for one in call.inputs)))

    def _numbered(self, stem: str) -> str:
        place = self.counts.get(stem, 0)
        self.counts[stem] = place + 1
        return f"{stem}_{place}" if place else stem

    def _branches(self, net: Modules) -> bool:
        return any(len(call.consumers) > 1 for call in net.calls) or len(net.inputs) > 1

    def _ordered(self, net: Modules) -> list[str]:
        """Those furthest from the output first; of one distance, those that lead to an earlier input of a merge."""
        inputs: dict[str, tuple[str, ...]] = dict.fromkeys(net.inputs, ())
        inputs |= {call.name: call.inputs for call in net.calls}
        depths = dict.fromkeys(inputs, 0)
        for name in reversed(list(inputs)):
            for one in inputs[name]:
                depths[one] = max(depths[one], depths[name] + (name not in self.arguments))
        visited: dict[str, int] = {}
        waiting = list(reversed(net.outputs))
        while waiting:
            name = waiting.pop()
            if name not in visited:
                visited[name] = len(visited)
                waiting += reversed(inputs[name])
        for call in net.calls:
            owner = self.owner(call)
            if owner in self.rows and call.name in visited:
                depths[owner] = max(depths[owner], depths[call.name])
                visited[owner] = min(visited.get(owner, len(inputs)), visited[call.name])
        shown = [name for name in inputs if name in self.rows and name in visited]
        return sorted(shown, key=lambda name: (-depths[name], visited[name]))


def draw(net: Modules, element: int = 4, table: Table | None = None) -> str:
    """The table, with `Connected to` where the net is no plain sequence, and the totals below it.

    `element` is how many bytes a number takes; `table` is another than that of a functional model.
    """
    table = table or Table(net)
    rows = [table.rows[name] for name in table.order]
    heading = ["Layer (type)", "Output Shape", "Param #"]
    cells = [[f"{row.name} ({row.label})", row.shape, f"{row.params:,}"] for row in rows]
    if not table.linear:
        heading.append("Connected to")
        for line, row in zip(cells, rows, strict=True):
            line.append(", ".join(row.sources) or "-")
    lines = [f'Model: "{printable(net.name)}"', *_boxed(heading, cells)]
    total = sum(row.params - row.again for row in rows)
    trained = sum(row.trainable for row in rows)
    for words, number in (("Total", total), ("Trainable", trained), ("Non-trainable", total - trained)):
        lines.append(f" {words} params: {number:,} ({size_text(element * number)})")
    lines += unknown_lines("Keras", table.unknown)
    return "\n".join(lines) + "\n"


def size_text(count: int) -> str:
    """`527.79 MB`: 2^20 bytes."""
    for unit, name in UNITS:
        if count >= unit:
            return f"{count / unit:.2f} {name}"
    return f"{count:.2f} B"


def _boxed(heading: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    """The box that Keras draws; numbers are on the right."""
    widths = [max(len(line[i]) for line in [heading, *cells]) for i in range(len(heading))]
    bars = ["─" * (width + 2) for width in widths]
    heavy = ["━" * (width + 2) for width in widths]

    def line(edge: str, texts: Sequence[str]) -> str:
        padded = [
            f"{text:>{width}}" if i == 2 else f"{text:<{width}}"
            for i, (text, width) in enumerate(zip(texts, widths, strict=True))
        ]
        return f"{edge} " + f" {edge} ".join(padded) + f" {edge}"

    body: list[str] = []
    for texts in cells:
        body += [line("│", texts), f"├{'┼'.join(bars)}┤"]
    return [
        f"┏{'┳'.join(heavy)}┓",
        line("┃", heading),
        f"┡{'╇'.join(heavy)}┩",
        *body[:-1],
        f"└{'┴'.join(bars)}┘",
    ]
