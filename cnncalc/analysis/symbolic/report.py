"""A net on symbolic lengths: every shape and cost as a closed form, and the lengths for which it works."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property, partial
from operator import add
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.counter import Counter
from cnncalc.analysis.dtypes import amp_of
from cnncalc.analysis.memory.gradients import gradients
from cnncalc.analysis.pruning import Zeros
from cnncalc.analysis.symbolic.closed import Closed, Closing
from cnncalc.analysis.symbolic.input_conditions import Reason, conditions, reasons
from cnncalc.analysis.symbolic.memory import closed_peak, saved_by_layer
from cnncalc.answers.figures import KEYS, OF_LAYERS
from cnncalc.answers.report import LAYER
from cnncalc.arithmetic.symbolic.algebra import NoClosedForm, symbolic
from cnncalc.arithmetic.symbolic.bounds import begin_work
from cnncalc.arithmetic.symbolic.cases import cases, indicator
from cnncalc.arithmetic.symbolic.conditions import Condition
from cnncalc.graph import Costs, Net, Node, costs
from cnncalc.layers import Layer, Shape
from cnncalc.layers.backward import Backward
from cnncalc.notation.lines import write
from cnncalc.records import NamedTuple, Record

__all__ = ["BATCH", "SymbolicReport", "SymbolicRow", "symbolic_report", "symbolic_totals"]

BATCH = "N"


class SymbolicRow(Record, fields=LAYER):
    """One layer, in execution order; every figure of `OF_LAYERS` is a field too."""

    __slots__ = ()
    name: str
    kind: str
    notation: str
    inputs: tuple[str, ...]
    input_shapes: tuple[tuple[Closed, ...], ...]
    output_shape: tuple[Closed, ...]
    line: int

    if TYPE_CHECKING:

        def __getattr__(self, figure: str) -> Closed: ...


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
    optimizer: str = "sgd"
    amp: str = ""


def symbolic_report(
    graph: Net, *, batch: int | None = 1, dtype: str = "float32", optimizer: str = "sgd"
) -> SymbolicReport:
    """Every layer's row and the totals; `batch` None is any number N of images. Raises `CnncalcError`."""
    counter = _Closing(graph, batch, dtype, optimizer)
    closing, images = Closing(counter.condition.sets), counter.images

    def shape(one: Shape) -> tuple[Closed, ...]:
        return closing.shape(one, images)

    figures = zip(*map(counter.each, OF_LAYERS))
    rows = [
        SymbolicRow(
            node.name,
            layer.kind,
            write(layer),
            tuple(graph.nodes[one].name for one in node.inputs),
            tuple(map(shape, graph.input_shapes(node))),
            shape(node.shape),
            *map(closing.closed, numbers),
            line=node.origin.line if node.origin else 0,
        )
        for (_, node, layer), numbers in zip(graph.layers(), figures)
    ]
    return SymbolicReport(
        graph.name,
        graph.source,
        graph.dialect,
        graph.file,
        {name: shape(graph.nodes[index].shape) for name, index in graph.inputs.items()},
        tuple(rows),
        {name: shape(graph.nodes[index].shape) for name, index in graph.outputs.items()},
        {key: closing.closed(counter[key]) for key in KEYS},
        counter.condition,
        reasons(graph),
        optimizer,
        amp_of(dtype),
    )


def symbolic_totals(
    graph: Net, figures: Collection[str], *, batch: int | None = 1, dtype: str = "float32", optimizer: str = "sgd"
) -> tuple[dict[str, Any], Condition]:
    """Some figures as numbers (`NoClosedForm` where there is none), and where the net works."""
    counter = _Closing(graph, batch, dtype, optimizer)
    return {key: counter[key] for key in figures}, counter.condition


def _attempt(compute: Callable[[], Any]) -> Any:
    """What it computes, or the reason why that has no closed form."""
    try:
        return compute()
    except NoClosedForm as problem:
        return problem


def _costs(layer: Layer, shapes: tuple[Shape, ...], condition: Condition) -> Costs:
    """The costs of a layer; where its rules branch on a length, sums over the cases."""
    first, *others = cases(lambda: costs(layer, shapes), condition)
    if not others:
        return first[1]
    places = range(len(Costs._fields))
    return Costs(*(sum(indicator(case) * cost[place] for case, cost in (first, *others)) for place in places))


class _Closing(Counter):
    """The figures of a net, each a closed form or the `NoClosedForm` that says why there is none."""

    @staticmethod
    def total(numbers: Iterable[Any]) -> Any:
        """Their sum, by halves: a sum of thousands of terms is not made anew for each that is added."""
        left = list(numbers)
        while len(left) > 1:
            left = [*map(add, left[::2], left[1::2]), *left[len(left) & ~1 :]]
        return left[0] if left else 0

    def __init__(self, graph: Net, batch: int | None, dtype: str, optimizer: str) -> None:
        begin_work()
        super().__init__(graph, symbolic(BATCH) if batch is None else batch, dtype, optimizer)
        self.condition = conditions(graph)

    @cached_property
    def costs(self) -> Sequence[Sequence[Any]]:
        """Costs by signature; where they have no closed form, the reason in place of each."""
        found = [_attempt(partial(_costs, *signature, self.condition)) for signature in self.graph.signatures]
        return [(cost,) * len(Costs._fields) if isinstance(cost, NoClosedForm) else cost for cost in found]

    @cached_property
    def saved(self) -> Mapping[int, Any]:
        """What backward keeps, case by case."""
        found = self._checkpoints or _attempt(
            lambda: saved_by_layer(self.graph, self.condition, self.images, *self.numbers)
        )
        return dict.fromkeys(range(len(self.graph.nodes)), found) if isinstance(found, NoClosedForm) else found

    @property
    def _checkpoints(self) -> NoClosedForm | None:
        """Why nothing is told of what is kept where groups run again."""
        return NoClosedForm("with --checkpoint it is told of sizes in numbers") if self.graph.plan.checkpoints else None

    @property
    def again(self) -> Mapping[int, Any]:
        """Nothing, or the reason why it is not told."""
        why = self._checkpoints
        return {} if why is None else dict.fromkeys(range(len(self.graph.nodes)), why)

    @property
    def most_kept(self) -> Any:
        """All that is kept: it is there when the pass backward begins."""
        return self["saved_bytes"]

    @property
    def rank_bytes(self) -> Any:
        """The rule on the shapes of tensors, where these do not depend on the case."""
        return _attempt(lambda: Counter.rank_bytes.fget(self))  # type: ignore[attr-defined]  # mypy knows no fget

    @cached_property
    def backward(self) -> Mapping[int, Any]:
        """Those of each layer, case by case."""
        return {index: self._backward(index, one) for index, one in gradients(self.graph).items()}

    def _backward(self, index: int, backward: Backward) -> Any:
        layer, shapes = self.graph.signatures[self.graph.nodes[index].signature]
        return self._summed(lambda: layer.backward_macs(backward, *shapes))

    def state(self, node: Node) -> Any:
        """The optimizer's rule on each tensor, case by case."""
        layer, shapes = self.graph.signatures[node.signature]
        rule, size = self.optimizer.state, self.element_bytes
        return self._summed(lambda: sum(rule(shape, size) for shape in layer.weight_shapes(*shapes).values()))

    def weight_bytes(self, node: Node, layer: Layer, stored: str) -> Any:
        """Case by case."""
        return self._summed(lambda: super(_Closing, self).weight_bytes(node, layer, stored))

    def zeros(self, node: Node, layer: Layer, share: str, stored: str | None) -> Zeros:
        """Where the number of weights is a symbol, the reason in place of each."""
        found = _attempt(lambda: super(_Closing, self).zeros(node, layer, share, stored))
        return Zeros(found, found, found) if isinstance(found, NoClosedForm) else found

    def _summed(self, rule: Callable[[], Any]) -> Any:
        """A number; where its rule branches on a length, the sum over the cases."""
        return _attempt(lambda: sum(indicator(case) * value for case, value in cases(rule, self.condition)))

    @cached_property
    def peak(self) -> Any:
        """The largest of the sums alive at each step."""
        return _attempt(lambda: closed_peak(self.graph, self.condition, self.images, *self.numbers))
