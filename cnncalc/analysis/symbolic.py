"""A net on symbolic lengths: every shape and cost as a closed form, and the lengths for which it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from cnncalc.analysis.costs import Costs, costs
from cnncalc.analysis.dtypes import element_bytes
from cnncalc.analysis.memory import kept_for_backward
from cnncalc.arithmetic.closed_text import form_of, polynomial_text, size_text, written_terms
from cnncalc.arithmetic.conditions import Condition
from cnncalc.arithmetic.formulas import every, product
from cnncalc.arithmetic.sizes import NoClosedForm, Polynomial, Size, symbolic
from cnncalc.arithmetic.tables import Table
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Graph
from cnncalc.language.notation import write
from cnncalc.layers import Layer, Shape
from cnncalc.layers.dialects import DIALECTS

__all__ = ["BATCH", "Closed", "Reason", "SymbolicReport", "SymbolicRow", "conditions", "required", "symbolic_report"]

BATCH = "N"
Allowed = Mapping[str, Table]


class Closed(NamedTuple):
    """A number as text, exact for all allowed lengths, and what it is made of; no value where it has no closed form."""

    text: str
    value: Any

    def as_object(self, allowed: Allowed) -> object:
        """The JSON form: a plain number, or text with coefficients."""
        if isinstance(self.value, Size):
            return {"text": self.text, **coefficients(self.value, allowed)}
        if isinstance(self.value, Polynomial):
            terms = written_terms(self.value, allowed)
            return {"text": self.text, "terms": [{"coefficient": _whole(c), "factors": list(f)} for f, c in terms]}
        return self.value if isinstance(self.value, int) else {"text": self.text}


class Reason(NamedTuple):
    """A condition that no other condition implies, and the layer that it comes from."""

    layer: str
    rule: str
    values: str
    text: str
    """The lengths that it allows."""


class SymbolicRow(NamedTuple):
    """One layer, in execution order."""

    name: str
    kind: str
    notation: str
    inputs: tuple[str, ...]
    input_shapes: tuple[tuple[Closed, ...], ...]
    output_shape: tuple[Closed, ...]
    params: Closed
    weights: Closed
    biases: Closed
    buffers: Closed
    macs: Closed
    flops: Closed
    activation_bytes: Closed
    line: int


class SymbolicReport(NamedTuple):
    """The whole net; shapes with the batch."""

    name: str
    source: str
    dialect: str
    file: str
    inputs: dict[str, tuple[Closed, ...]]
    rows: tuple[SymbolicRow, ...]
    outputs: dict[str, tuple[Closed, ...]]
    totals: dict[str, Closed]
    condition: Condition
    reasons: tuple[Reason, ...]


def _whole(number: Any) -> object:
    return int(number) if number.denominator == 1 else str(number)


def coefficients(size: Size, allowed: Allowed) -> dict[str, object]:
    """times·⌊(a·n + b)/c⌋ + plus, where a size has that form, else its whole table."""
    form = form_of(size.table, allowed.get(size.symbol))
    if form is not None:
        return {"symbol": form.symbol, "a": form.a, "b": form.b, "c": form.c, "times": form.times, "plus": form.plus}
    table = size.table
    return {"symbol": table.symbol, "first": table.prefix, "advance": table.advance, "values": table.values}


def conditions(graph: Graph) -> Condition:
    """The lengths for which every layer works; raises `CnncalcError` where there are none."""
    joined = every(*(requirement.holds for met in graph.conditions.values() for requirement in met))
    if joined is False:
        message = "no input of this form works: the layers contradict one another"
        raise CnncalcError(
            Fault(message, values=_contradiction(graph), help="give the lengths names of their own, 3xHxW")
        )
    return joined if isinstance(joined, Condition) else Condition({})


def _contradiction(graph: Graph) -> str:
    lines = [f"{name}: {requirement.holds}" for name, requirement in required(graph)]
    return "\n".join(dict.fromkeys(lines[-6:]))


def required(graph: Graph) -> Iterator[tuple[str, Any]]:
    """Every condition, with the first layer that makes it."""
    seen: set[int] = set()
    for _, node, _ in graph.layers():
        if node.signature in seen:
            continue
        seen.add(node.signature)
        for requirement in graph.conditions.get(node.signature, ()):
            yield node.name, requirement


def reasons(graph: Graph) -> tuple[Reason, ...]:
    """The conditions that together say all, each with the first layer that makes it; what others imply is left out."""
    kept: dict[str, tuple[Reason, Condition]] = {}
    for name, requirement in required(graph):
        text = str(requirement.holds)
        kept.setdefault(text, (Reason(name, requirement.rule, requirement.values, text), requirement.holds))
    left = list(kept.values())
    for one in list(kept.values()):
        others: list[Any] = [condition for reason, condition in left if reason is not one[0]]
        if _implied(one[1], every(*others)):
            left = [other for other in left if other[0] is not one[0]]
    joined: dict[tuple[str, str, str], list[str]] = {}
    for reason, _ in left:  # the axes of one layer together
        joined.setdefault(reason[:3], []).append(reason.text)
    return tuple(Reason(*said, ", ".join(texts)) for said, texts in joined.items())


def _implied(condition: Condition, others: Any) -> bool:
    """Whether the other conditions say as much."""
    if not isinstance(others, Condition):
        return False
    both = others & condition
    return both.sets == others.sets and len(both.relations) == len(others.relations)


def symbolic_report(graph: Graph, *, batch: int | None = 1, dtype: str = "float32") -> SymbolicReport:
    """Every layer's row and the totals; `batch` None is any number N of images. Raises `CnncalcError`."""
    condition = conditions(graph)
    images = symbolic(BATCH) if batch is None else batch
    maker = _Maker(condition.sets, images, element_bytes(dtype))
    each = [_attempt(lambda one=one: costs(*one)) for one in graph.signatures]  # type: ignore[misc]
    rows = tuple(maker.row(graph, index, each[node.signature]) for index, node, _ in graph.layers())
    return SymbolicReport(
        graph.name,
        graph.source,
        graph.dialect,
        graph.file,
        {name: maker.shape(graph.nodes[index].shape) for name, index in graph.inputs.items()},
        rows,
        {name: maker.shape(graph.nodes[index].shape) for name, index in graph.outputs.items()},
        maker.totals(graph, rows),
        condition,
        reasons(graph),
    )


def _attempt(compute: Callable[[], Any]) -> Any:
    """What it computes, or the reason why that has no closed form."""
    try:
        return compute()
    except NoClosedForm as problem:
        return problem


class _Maker:
    """Turns numbers into closed forms under the conditions."""

    def __init__(self, allowed: Allowed, images: Any, size: int) -> None:
        self.allowed, self.images, self.size = allowed, images, size
        self.texts: dict[Any, str] = {}

    def closed(self, value: Any) -> Closed:
        if isinstance(value, NoClosedForm) or value is None:
            return Closed("no closed form", None)
        if isinstance(value, Size):
            if value not in self.texts:
                self.texts[value] = size_text(value, self.allowed.get(value.symbol))
            return Closed(self.texts[value], value)
        if isinstance(value, Polynomial):
            return Closed(polynomial_text(value, self.allowed), value)
        return Closed(f"{value:,}", value)

    def shape(self, shape: Shape) -> tuple[Closed, ...]:
        return tuple(
            Closed(str(length), length) if isinstance(length, int) else self.closed(length)
            for length in (self.images, *shape)
        )

    def row(self, graph: Graph, index: int, cost: Costs | NoClosedForm) -> SymbolicRow:
        node = graph.nodes[index]
        layer = node.layer
        assert isinstance(layer, Layer)
        owned = node.share is None
        stored = not layer.reuses_input(training=graph.train)
        known = None if isinstance(cost, NoClosedForm) else cost
        counted = DIALECTS[graph.dialect].buffers_are_parameters
        weights: Any
        weights, biases, buffers = (None, 0, None) if known is None else known[:3] if owned else (0, 0, 0)
        return SymbolicRow(
            node.name,
            layer.kind,
            write(layer),
            tuple(graph.nodes[one].name for one in node.inputs),
            tuple(self.shape(shape) for shape in graph.input_shapes(node)),
            self.shape(node.shape),
            self.closed(None if weights is None else weights + biases + (buffers if counted else 0)),
            self.closed(weights),
            self.closed(None if known is None else biases),
            self.closed(buffers),
            self.closed(known and self.images * known.macs),
            self.closed(known and self.images * (2 * known.macs + known.operations)),
            self.closed(self.images * product(node.shape) * self.size if stored else 0),
            node.origin.line if node.origin else 0,
        )

    def totals(self, graph: Graph, rows: tuple[SymbolicRow, ...]) -> dict[str, Closed]:
        """The sums over all layers; the peak is a maximum and has no closed form."""
        sums: dict[str, Any] = {}
        for name in ("params", "weights", "biases", "buffers", "macs", "flops", "activation_bytes"):
            values = [getattr(row, name).value for row in rows]
            sums[name] = None if None in map(_marked, values) else _added(values)
        inputs = _added([product(graph.nodes[index].shape) for index in graph.inputs.values()])
        known = sums["weights"] is not None and sums["biases"] is not None
        sums["weight_bytes"] = (sums["weights"] + sums["biases"]) * self.size if known else None
        sums["activation_bytes"] += self.images * inputs * self.size
        kept = _attempt(lambda: _added([one.size for one in kept_for_backward(graph, self.images, self.size)]))
        sums["saved_bytes"] = kept
        return {name: self.closed(value) for name, value in sums.items()}


def _marked(value: Any) -> object:
    """None for no closed form; comparing a size would make a condition."""
    return None if value is None else 1


def _added(values: list[Any]) -> Any:
    total: Any = 0
    for value in values:
        total = total + value
    return total
