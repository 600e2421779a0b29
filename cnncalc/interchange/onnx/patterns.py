"""What exporters write for one operator when they take it apart, put together again: one table.

A pattern is an operator with its inputs: a word stands for any tensor (the same word for the same tensor), `?word` for
one that the file holds, `=3` for that number. Sums and products match in either order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from cnncalc.interchange.onnx.parts import Attribute, Node, Tensor
from cnncalc.records import NamedTuple

__all__ = ["ENDS", "PATTERNS", "together", "told"]

Term: TypeAlias = "str | tuple[object, ...]"
EITHER_WAY = ("Add", "Mul", "Max", "Min")


class Pattern(NamedTuple):
    """What is found, and the operator that it is: its kind, its inputs by the words of the pattern, its attributes."""

    term: Term
    kind: str
    inputs: tuple[str, ...]
    attributes: tuple[tuple[str, object], ...] = ()


_CENTRED = ("Sub", "x", ("ReduceMean", "x"))
_SPREAD = ("Sqrt", ("Add", ("ReduceMean", ("Pow", _CENTRED, "=2")), "?eps"))
_SQUARED = ("Sqrt", ("Add", ("ReduceMean", ("Mul", _CENTRED, _CENTRED)), "?eps"))
_ERF = ("Add", ("Erf", ("Div", "x", "=1.41421356")), "=1")
_ERF_TIMES = ("Add", ("Erf", ("Mul", "x", "=0.70710678")), "=1")
_CLIPPED = ("Clip", ("Add", "x", "=3"))
_OF_GROUPS = ("InstanceNormalization", ("Reshape", "x", "?to"), "?one", "?zero")
_GROUPS = (("Reshape", _OF_GROUPS, "?back"), ("Reshape", _OF_GROUPS, ("Shape", "x")))

PATTERNS: tuple[Pattern, ...] = (
    # torch's exporters, tf2onnx, Paddle: x·σ(x)
    Pattern(("Mul", "x", ("Sigmoid", "x")), "Swish", ("x",)),
    # torch below opset 14, Paddle: x·relu6(x + 3)/6, the division before or behind the product
    Pattern(("Mul", "x", ("HardSigmoid", "x")), "HardSwish", ("x",)),
    Pattern(("Mul", "x", ("Div", _CLIPPED, "=6")), "HardSwish", ("x",)),
    Pattern(("Div", ("Mul", "x", _CLIPPED), "=6"), "HardSwish", ("x",)),
    # torch below opset 18: x·tanh(ln(1 + exp(x)))
    Pattern(("Mul", "x", ("Tanh", ("Softplus", "x"))), "Mish", ("x",)),
    # torch below opset 20, Keras, Paddle: x·(1 + erf(x/√2))/2 in the orders in which it is written
    *(
        Pattern(term, "Gelu", ("x",))
        for erf in (_ERF, _ERF_TIMES)
        for term in (
            ("Mul", ("Mul", "x", erf), "=0.5"), ("Mul", ("Mul", "x", "=0.5"), erf), ("Mul", "x", ("Mul", erf, "=0.5")),
        )
    ),
    # torch below opset 17, Paddle: mean, variance, scale and shift on their own
    *(
        Pattern(
            ("Add", ("Mul", ("Div", _CENTRED, spread), "?gamma"), "?beta"),
            "LayerNormalization",
            ("x", "?gamma", "?beta"),
        )
        for spread in (_SPREAD, _SQUARED)
    ),
    # torch below opset 21: a group norm is an instance norm of groups, without its own scale
    *(
        Pattern(("Add", ("Mul", groups, "?gamma"), "?beta"), "GroupNormalization", ("x", "?gamma", "?beta", "?one"))
        for groups in _GROUPS
    ),
    # Keras and Paddle: a dense layer's bias on its own
    Pattern(("Add", ("MatMul", "x", "?weight"), "?bias"), "MatMul", ("x", "?weight", "?bias")),
)  # fmt: skip


TOLD = {
    "Swish": "silu", "HardSwish": "hardswish", "Mish": "mish", "Gelu": "gelu", "LayerNormalization": "layer norm",
    "GroupNormalization": "group norm", "MatMul": "linear layer with its bias",
}  # fmt: skip
ENDS = frozenset(str(pattern.term[0]) for pattern in PATTERNS)
"""The operators that stand last in the patterns, by which exporters call what they took apart."""


class _Match:
    """The words that stand for tensors, and the nodes that were matched."""

    def __init__(self, makers: Mapping[str, Node], fixed: Mapping[str, Tensor]) -> None:
        self.makers, self.fixed = makers, fixed
        self.words: dict[str, str] = {}
        self.nodes: dict[int, Node] = {}

    def of(self, term: object, name: str) -> bool:
        """Whether the tensor `name` is what a term says."""
        if isinstance(term, str):
            return self.word(term, name)
        node = self.makers.get(name)
        assert isinstance(term, tuple)
        if node is None or node.kind != term[0] or node.domain or len(node.inputs) < len(term) - 1:
            return False
        orders = [node.inputs] if term[0] not in EITHER_WAY else [node.inputs, node.inputs[::-1]]
        for order in orders:
            words, nodes = dict(self.words), dict(self.nodes)
            if all(self.of(one, given) for one, given in zip(term[1:], order)):
                self.nodes[node.number] = node
                return True
            self.words, self.nodes = words, nodes
        return False

    def word(self, word: str, name: str) -> bool:
        """Whether a tensor can be what a word stands for."""
        if word.startswith("="):
            value = self.fixed.get(name)
            if value is None or value.numbers is None or len(value.numbers) != 1:
                return False
            return math.isclose(value.numbers[0], float(word[1:]), rel_tol=1e-3)
        if word.startswith("?") and name not in self.fixed:
            return False
        if not word.startswith("?") and name in self.fixed:
            return False
        return self.words.setdefault(word, name) == name


def together(
    nodes: Sequence[Node], fixed: Mapping[str, Tensor], outputs: Sequence[str]
) -> tuple[list[Node], Counter[str]]:
    """The nodes with each pattern as the one node that it is, and how often each kind was found."""
    makers = {output: node for node in nodes for output in node.outputs}
    uses = Counter(name for node in nodes for name in node.inputs)
    uses.update(outputs)
    made: list[Node] = []
    gone: set[int] = set()
    found: Counter[str] = Counter()
    for node in reversed(nodes):
        if node.number in gone:
            continue
        whole = _whole(node, makers, fixed, uses) if node.kind in ENDS and not node.domain else None
        if whole is not None:
            new, inside = whole
            gone |= inside
            found[new.kind] += 1
            made.append(new)
        else:
            made.append(node)
    return made[::-1], found


def _whole(
    node: Node, makers: Mapping[str, Node], fixed: Mapping[str, Tensor], uses: Counter[str]
) -> tuple[Node, set[int]] | None:
    """The node that a pattern ending here is, and the nodes inside it; None where none matches."""
    for pattern in PATTERNS:
        match = _Match(makers, fixed)
        if not match.of(pattern.term, node.outputs[0]):
            continue
        inner = Counter(name for one in match.nodes.values() for name in one.inputs)
        inside = {number for number in match.nodes if number != node.number}
        if any(uses[output] != inner[output] for number in inside for output in match.nodes[number].outputs):
            continue
        attributes = _attributes(pattern, match)
        if attributes is None:
            continue
        inputs = tuple(match.words[word] for word in pattern.inputs)
        return node._replace(kind=pattern.kind, inputs=inputs, attributes=attributes), inside
    return None


def _attributes(pattern: Pattern, match: _Match) -> dict[str, Attribute] | None:
    """What the new node says of itself; None where the pattern means something else after all."""
    if pattern.kind == "LayerNormalization":
        axes = {_axes(node, match.fixed) for node in match.nodes.values() if node.kind == "ReduceMean"}
        eps = match.fixed[match.words["?eps"]].numbers
        return {"axis": -1, "epsilon": eps[0] if eps else 1e-5} if axes in ({(-1,)}, {(2,)}) else None
    if pattern.kind == "GroupNormalization":
        return {"num_groups": match.fixed[match.words["?one"]].size}
    if pattern.kind == "MatMul":
        weight, bias = (match.fixed[match.words[word]] for word in ("?weight", "?bias"))
        return {} if len(weight.dims) == 2 and bias.size == weight.dims[1] == bias.dims[-1] else None
    return {}


def _axes(node: Node, fixed: Mapping[str, Tensor]) -> tuple[int, ...]:
    given = node.attributes.get("axes")
    if isinstance(given, tuple):
        return tuple(int(axis) for axis in given if isinstance(axis, int))
    value = fixed.get(node.inputs[1]) if len(node.inputs) > 1 else None
    return tuple(int(number) for number in value.numbers or ()) if value is not None else ()


def told(found: Counter[str]) -> list[str]:
    """Which operators were put together again, in words."""
    return [
        f"{count} × {TOLD.get(kind, kind)}, which the exporter had taken apart" for kind, count in sorted(found.items())
    ]
