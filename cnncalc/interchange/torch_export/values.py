"""What rules work with: tensors, parameters, and what all operations of a program share.

Our tensors have no batch. A tensor of torch has it as its first axis, or as another one of length 1; where a batch of
one sample is merged with something else (windows of an image, heads of an attention), all axes are the sample's.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.sketch import Sketch
from cnncalc.interchange.torch_export.program import Name, Operation, Program
from cnncalc.layers import Shape, show_shape
from cnncalc.records import NamedTuple

__all__ = [
    "LIKE",
    "TAKEN",
    "Parameter",
    "Places",
    "Refused",
    "States",
    "Tensor",
    "Value",
    "World",
    "names_in",
    "word_of",
]


class Tensor(NamedTuple):
    """A tensor of the sketch; `dims` count the batch, which is axis `batch`, or is merged with another (None)."""

    number: int
    dims: tuple[int, ...]
    batch: int | None


class Parameter(NamedTuple):
    """A parameter or buffer of the module, or a constant (`name` is empty), perhaps with its axes turned."""

    name: str
    dims: tuple[int, ...]
    learned: bool = True
    norm: str | None = None
    """How it is made of the parameter of that name and of those `beside`, at each step."""
    beside: tuple[str, ...] = ()
    expanded: bool = False
    """Whether its first axis is the batch, for each sample of which it is the same."""
    turned: tuple[int, ...] = ()
    """Which of its own axes each one is, where they were turned; what was reshaped since is not known."""
    source: int | None = None
    """The tensor that it takes its type from, where it is a constant."""
    factor: float = 1.0
    """The fixed number by which it is multiplied."""

    @property
    def names(self) -> tuple[str, ...]:
        """Those of all parameters that it is made of."""
        return (self.name, *self.beside)


class States(NamedTuple):
    """The last states of all layers of a recurrence, of which only those of its last layer are known: `final`."""

    final: Tensor
    lower: int
    """How many stand before these."""


class Places(NamedTuple):
    """The places at which a pool found its pixels; `pool` is its tensor."""

    pool: int


TAKEN = (Tensor, Parameter, Places, States)
"""What an argument that is no plain value may be."""
PARAMETRISED = ".parametrizations."
"""What torch puts between a module and those that make its weight: its layer is called as the module."""
SHARING = {"embedding": "table", "linear": "table", "conv": "filters", "deconv": "filters"}
"""Kinds of layers that may have one tensor of the module as their only parameter, by what that is to them."""
LIKE = ("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "randint_like")
"""What takes the shape of a tensor alone."""
Value = Any
"""A tensor, a parameter, or a list of them."""


class Refused(Exception):
    """Why an operation cannot be read."""


def names_in(value: Any) -> Iterator[str]:
    """The tensors among arguments."""
    if isinstance(value, Name):
        yield value.name
    elif isinstance(value, list):
        for one in value:
            yield from names_in(one)


def word_of(operation: Operation) -> str:
    """The name of its operator: `conv2d` of `aten.conv2d.default`."""
    return operation.target.split(".")[1] if "." in operation.target else operation.target


class World:
    """What all operations of a program share."""

    def __init__(
        self,
        program: Program,
        sketch: Sketch,
        common: AbstractSet[str] = frozenset(),
        alone: AbstractSet[str] = frozenset(),
    ) -> None:
        self.program, self.sketch = program, sketch
        self.common = common
        """Parameters that layers take with different others, as a matrix of two layers with a bias each."""
        self.alone = alone
        """Parameters that layers take in different shapes, so that they are layers themselves."""
        self.with_others: dict[str, set[tuple[str, ...]]] = {}
        """What parameters are taken together with by layers that may have a bias, by their names."""
        self.otherwise: set[str] = set()
        """Parameters that a layer takes in another shape than the first one does."""
        self.values: dict[str, Value] = {}
        self.sizes = {
            called: product(program.shapes.get(one, ())) if one in program.parameters else 0
            for one, called in (*program.buffers.items(), *program.parameters.items())
        }
        """How many numbers are learned of each parameter and buffer, by its name in the module."""
        self.size = 0
        """The batch of the program."""
        self.owners: dict[tuple[str, ...], int] = {}
        """The layer of ours that holds parameters of these names."""
        self.made: dict[Parameter, Tensor] = {}
        """The layers of parameters that are taken as tensors."""
        self.counted: set[str] = set()
        self.unknown: list[tuple[str, str]] = []
        self.bordered: dict[int, tuple[Tensor, tuple[tuple[int, int], ...]]] = {}
        """What stands before a border of −∞, and that border, by the border's number."""
        self.copied: set[int] = set()
        """The tensors of which the program makes a copy, which is left out."""
        self.used = set(program.outputs)
        """The tensors that something takes."""
        modules = {one.module for one in program.operations if one.module and PARAMETRISED not in one.module}
        self.inner = {name[:at] for name in modules for at, letter in enumerate(name) if letter == "."}

    def stands_alone(self, value: Value) -> bool:
        """Whether a parameter is a layer of ours, and no other layer's own."""
        return isinstance(value, Parameter) and (value.name in self.alone or ("parameter", value.name) in self.owners)

    def takes_apart(self, *taken: Parameter | None) -> bool:
        """Whether a layer must not have its bias itself, since it shares the rest, or the bias, with another one."""
        return any(one is not None and one.name in self.common for one in taken)

    def take(self, kind: str, names: tuple[str, ...], made: int) -> None:
        """Say that a layer takes parameters: those of the first one that does, where they have these shapes there."""
        owner = self.owners.setdefault((SHARING.get(kind, kind) if len(names) == 1 else kind, *names), made)
        self.counted.update(names)
        if kind in SHARING:
            for name in names:
                self.with_others.setdefault(name, set()).add(names)
        if owner != made and self.sketch.can_share(owner, made):
            self.sketch.operators[made] = self.sketch.operators[made]._replace(share=owner)
        elif owner != made:
            self.otherwise.update(names[:1])

    def batch_of(self, dims: tuple[int, ...], like: int | None = 0) -> int | None:
        """Which axis of a tensor is the batch: where it is one sample, any axis of length 1 will do."""
        if dims and dims[0] == self.size and (self.size > 1 or like in (0, None)):
            return 0
        if self.size == 1:
            if like is not None and like < len(dims) and dims[like] == 1:
                return like
            return next((axis for axis, length in enumerate(dims[:2]) if length == 1), None)
        if like is None:
            return None  # made of parameters alone, it is the same for all samples
        raise Refused(f"it acts along the batch: a tensor of {show_shape(dims)} for a batch of {self.size}")

    def shape(self, dims: tuple[int, ...], batch: int | None) -> Shape:
        """Our shape of a tensor; one number is a vector of one."""
        kept = tuple(n for axis, n in enumerate(dims) if axis != batch)
        return kept or (1,)
