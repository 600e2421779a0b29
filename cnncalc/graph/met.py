"""A layer on input shapes, and what follows from these alone: asked of its class once, for all nets of a process."""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeAlias

from cnncalc.arithmetic.symbolic.bounds import IN_NUMBERS, NoClosedForm, also_forget
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach
from cnncalc.graph.rules import broken_requirement
from cnncalc.layers import Layer, Requirement, Saved, Shape
from cnncalc.layers.backward import Backward
from cnncalc.layers.base import count, is_bias
from cnncalc.records import NamedTuple

__all__ = ["MOST", "Costs", "Met", "costs", "forget", "met"]

Inferred: TypeAlias = "tuple[Shape | Requirement, list[Requirement]]"
"""An output's shape or the first rule that is broken, and the conditions on symbolic lengths."""
MOST = 20_000
"""So many are remembered, so that a long search does not fill the memory."""
WAYS = 16
"""In so many ways figures of a layer are remembered: of other batches and types, frozen, in another dialect."""


class Costs(NamedTuple):
    """What a layer costs for one sample, whoever owns its parameters."""

    weights: int
    biases: int
    buffers: int
    whole_numbers: int
    """Those of 8 bytes that torch keeps with the buffers."""
    macs: int
    operations: int


def costs(layer: Layer, shapes: tuple[Shape, ...]) -> Costs:
    """The costs of a layer on inputs of these shapes."""
    parameters = layer.weight_shapes(*shapes)
    biases = sum(product(shape) for name, shape in parameters.items() if is_bias(name))
    return Costs(
        count(parameters) - biases,
        biases,
        count(layer.buffer_shapes(*shapes)),
        layer.whole_numbers(*shapes),
        layer.macs(*shapes),
        layer.operations(*shapes),
    )


class Met(tuple[Layer, tuple[Shape, ...]]):  # noqa: SLOT001 - its dict holds the answers
    """A layer and the shapes of its inputs, with the answers of its class, each computed when it is first asked for.

    On symbolic lengths a rule may branch, and answers case by case: of those only `inferred` is asked here. It is one
    for all nets, and so is told from others as what it is, not by what it holds.
    """

    __hash__ = object.__hash__
    __eq__ = object.__eq__

    @cached_property
    def inferred(self) -> Inferred:
        """The output's shape, or the first rule that is broken."""
        layer, shapes = self
        conditions: list[Requirement] = []
        try:
            broken = broken_requirement(layer, shapes, conditions)
            return (layer.output_shape(*shapes) if broken is None else broken), conditions
        except NoClosedForm as problem:
            return Requirement(False, "this layer has no closed form", str(problem), IN_NUMBERS), conditions

    @cached_property
    def elements(self) -> int:
        """Numbers in its output."""
        shape, _ = self.inferred
        assert not isinstance(shape, Requirement)
        return product(shape)

    @cached_property
    def costs(self) -> Costs:
        """What it costs for one sample."""
        return costs(*self)

    @cached_property
    def read(self) -> tuple[int, ...]:
        """How many elements it reads of each of its inputs, for one sample, if it moves any."""
        layer, shapes = self
        return layer.read(*shapes)

    @cached_property
    def weighs(self) -> bool:
        """Whether it has parameters."""
        layer, shapes = self
        return bool(layer.weight_shapes(*shapes))

    @cached_property
    def part_along(self) -> int | None:
        """The axis of its input along which its output is a part of it; None where it is no part."""
        layer, shapes = self
        return layer.part_along(shapes[0])

    @cached_property
    def reaches(self) -> tuple[Reach | None, ...]:
        """Which input elements an output element sees, an axis each, channels first."""
        layer, shapes = self
        return layer.channel_reach(*shapes), *layer.reaches(*shapes)

    @cached_property
    def unmoved(self) -> bool:
        """Whether each output element sees just what the input element in its place sees."""
        layer, shapes = self
        stays = layer.taken_axes(*shapes) is layer.kept_axes(*shapes) is None and self.inferred[0] == shapes[0]
        return stays and bool(layer.seen_inputs) and all(one is IDENTITY for one in self.reaches)

    @cached_property
    def tensors(self) -> tuple[Shape, ...]:
        """The shapes of its learnable tensors."""
        layer, shapes = self
        return tuple(layer.weight_shapes(*shapes).values())

    @cached_property
    def _figures(self) -> dict[object, list[Any]]:
        return {}

    def figures(self, of: object, count: int) -> list[Any]:
        """So many figures, each None until who asks for it has filled it in; `of` is all else that they depend on."""
        found = self._figures.get(of)
        if found is None:
            if len(self._figures) >= WAYS:
                self._figures.clear()
            found = self._figures[of] = [None] * count
        return found

    @cached_property
    def _backward(self) -> dict[Backward, int]:
        return {}

    def backward_macs(self, backward: Backward) -> int:
        """Those of the pass backward, where these gradients are wanted."""
        found = self._backward.get(backward)
        if found is None:
            layer, shapes = self
            found = self._backward[backward] = layer.backward_macs(backward, *shapes)
        return found

    @cached_property
    def _saved(self) -> dict[Backward, list[Saved]]:
        return {}

    def saved(self, backward: Backward) -> list[Saved]:
        """What autograd keeps."""
        found = self._saved.get(backward)
        if found is None:
            layer, shapes = self
            found = self._saved[backward] = list(layer.saved(backward, *shapes))
        return found


_KNOWN: dict[tuple[Layer, tuple[Shape, ...]], Met] = {}


def met(layer: Layer, shapes: tuple[Shape, ...], output: Shape | None = None) -> Met:
    """The layer on these shapes, the same for all nets; its output's shape may be told, where no condition is on it."""
    key = layer, shapes
    known = _KNOWN.get(key)
    if known is None:
        if len(_KNOWN) >= MOST:
            _KNOWN.clear()
        known = _KNOWN[key] = Met(key)
        if output is not None:
            known.inferred = output, []
    return known


def forget() -> None:
    """Ask all classes anew: what a layer answers has changed, as in a test that plants a mistake in a rule."""
    _KNOWN.clear()


also_forget(forget)
