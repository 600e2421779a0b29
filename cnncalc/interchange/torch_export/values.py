"""What a rule works with: one operation, its tensors, and layers of ours to put on them.

Our tensors have no batch. A tensor of torch has it as its first axis, or as another one of length 1; where a batch of
one sample is merged with something else (windows of an image, heads of an attention), all axes are the sample's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.sketch import Sketch
from cnncalc.interchange.torch_export.program import Name, Operation, Program
from cnncalc.layers import KINDS, Layer, Shape, show_shape
from cnncalc.records import NamedTuple

__all__ = [
    "LIKE",
    "Call",
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
    source: int | None = None
    """The tensor that it takes its type from, where it is a constant."""

    @property
    def names(self) -> tuple[str, ...]:
        """Those of all parameters that it is made of."""
        return (self.name, *self.beside)


class States(NamedTuple):
    """The last states of all layers of a recurrence, of which only those of its last layer are known: `final`."""

    final: Tensor


class Places(NamedTuple):
    """The places at which a pool found its pixels; `pool` is its tensor."""

    pool: int


LIKE = ("zeros_like", "ones_like", "full_like")
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

    def __init__(self, program: Program, sketch: Sketch) -> None:
        self.program, self.sketch = program, sketch
        self.values: dict[str, Value] = {}
        self.size = 0
        """The batch of the program."""
        self.owners: dict[tuple[str, ...], int] = {}
        """The layer of ours that holds parameters of these names."""
        self.counted: set[str] = set()
        self.unknown: list[tuple[str, str]] = []
        self.bordered: dict[int, tuple[Tensor, tuple[tuple[int, int], ...]]] = {}
        """What stands before a border of −∞, and that border, by the border's number."""
        self.used = set(program.outputs)
        """The tensors that something takes."""
        modules = {one.module for one in program.operations if one.module}
        self.inner = {name[:at] for name in modules for at, letter in enumerate(name) if letter == "."}

    def batch_of(self, dims: tuple[int, ...], like: int | None = 0) -> int | None:
        """Which axis of a tensor is the batch: where it is one sample, any axis of length 1 will do."""
        if dims and dims[0] == self.size and (self.size > 1 or like in (0, None)):
            return 0
        if self.size == 1:
            if like is not None and like < len(dims) and dims[like] == 1:
                return like
            return next((axis for axis, length in enumerate(dims[:2]) if length == 1), None)
        raise Refused(f"it acts along the batch: a tensor of {show_shape(dims)} for a batch of {self.size}")

    def shape(self, dims: tuple[int, ...], batch: int | None) -> Shape:
        """Our shape of a tensor; one number is a vector of one."""
        kept = tuple(n for axis, n in enumerate(dims) if axis != batch)
        return kept or (1,)


class Call:
    """One operation. `put` adds a layer of ours and gives its tensor."""

    def __init__(self, world: World, operation: Operation) -> None:
        self.world, self.operation = world, operation
        self.word = word_of(operation)
        self.made: dict[Parameter, Tensor] = {}
        """The layers of parameters that it takes as tensors."""
        self.arguments = {key: self._resolved(one) for key, one in operation.arguments.items()}

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, Name):
            if self.word in LIKE:
                return None
            if value.name not in self.world.values:
                raise Refused("it takes a tensor that no operation makes")
            return self.world.values[value.name]
        return [self._resolved(one) for one in value] if isinstance(value, list) else value

    # -- arguments --

    def get(self, name: str, default: Any = None) -> Any:
        """An argument; those that are as usual are not in the file."""
        value = self.arguments.get(name, default)
        return default if value is None else value

    def lengths(self, name: str, axes: int, default: Any = 1) -> tuple[int, ...]:
        """A length for each axis."""
        value = self.get(name, default)
        listed = value if isinstance(value, (list, tuple)) else [value]
        if len(listed) == 1:
            listed = list(listed) * axes
        if len(listed) != axes or not all(type(one) is int and one >= 0 for one in listed):
            raise Refused(f"`{name}` is a length for each of {axes} axes, not {str(value)[:40]}")
        return tuple(listed)

    def x(self, name: str = "") -> Tensor:
        """The tensor that it takes, its first unless named; a parameter that is used as one becomes a layer."""
        names = [name] if name else ["self", "input", "query", "tensors"]
        value = next((self.arguments[one] for one in names if one in self.arguments), None)
        if value is None and not name and self.arguments:
            value = next(iter(self.arguments.values()))
        return self.tensor(value)

    def tensor(self, value: Any) -> Tensor:
        """A value as a tensor of the sketch."""
        if isinstance(value, Tensor):
            return value
        if isinstance(value, Parameter):
            if value not in self.made:
                self.made[value] = self._made(value)
            return self.made[value]
        raise Refused(f"a tensor is needed, not {str(value)[:40]}")

    def _made(self, value: Parameter) -> Tensor:
        """A parameter, or a constant, on its own."""
        shape = value.dims or (1,)
        entering = next(iter(self.world.sketch.inputs.values())) if value.source is None else value.source
        batch = 0 if value.expanded and len(shape) > 1 else None
        shape = shape if batch is None else shape[1:]
        kind = "parameter" if value.name else "constant"
        fields = {"learned": value.learned} if value.name else {}
        number = self.layer(
            kind, [entering], value.name or f"{self.word}_constant", [value.name], shape=shape, **fields
        )
        return Tensor(number, value.dims, batch)

    def parameter(self, name: str) -> Parameter | None:
        """A parameter that it takes; None where there is none. What is computed is none."""
        value = self.arguments.get(name)
        if value is None or isinstance(value, Parameter):
            return value
        raise Refused(f"its `{name}` is computed, and no parameter of the module")

    def used_beside_the_first(self) -> bool:
        """Whether something takes more of what it makes than the first tensor."""
        return not self.world.used.isdisjoint(self.operation.outputs[1:])

    @property
    def outputs(self) -> list[tuple[int, ...]]:
        """The shapes that the program states for what it makes."""
        return [self.world.program.shapes[name] for name in self.operation.outputs if name in self.world.program.shapes]

    @property
    def dims(self) -> tuple[int, ...]:
        """The shape that the program states for the first."""
        if not self.outputs:
            raise Refused("the file does not state the shape that it makes")
        return self.outputs[0]

    def axis(self, value: Any, tensor: Tensor) -> int:
        """Our number of an axis."""
        rank = len(tensor.dims)
        if type(value) is not int or not -rank <= value < max(rank, 1):
            raise Refused(f"axis {str(value)[:20]} of {rank} axes")
        place = value % rank
        if place == tensor.batch:
            raise Refused("it acts along the batch")
        return place - (tensor.batch is not None and place > tensor.batch)

    # -- layers --

    def note(self, said: str) -> None:
        """Say what is read otherwise than it is."""
        self.world.sketch.notes.append(f"`{self.name()}`: {said}")

    def name(self) -> str:
        """A name: the module's own where it holds no others, else that with the operator's."""
        module = self.operation.module
        if module and module not in self.world.inner:
            return module
        return f"{module}.{self.word}" if module else self.word

    def layer(
        self, kind: str, inputs: list[int], name: str = "", parameters: list[str] | None = None, **fields: Any
    ) -> int:
        """A layer of ours; those that use the same parameters share them."""
        names = tuple(one for one in parameters or [] if one)
        weighted = bool(names) and KINDS[kind].weight_shapes is not Layer.weight_shapes
        holder = ("table" if kind in ("embedding", "linear") and len(names) == 1 else kind, *names)
        made = self.world.sketch.add(
            name or self.name(),
            kind,
            {key: one for key, one in fields.items() if one is not None},
            inputs,
            place=None,
            foreign=self.operation.target,
            share=self.world.owners.get(holder) if weighted else None,
        )
        if weighted:
            self.world.owners.setdefault(holder, made)
            self.world.counted.update(names)
        return made

    def put(
        self, kind: str, *inputs: Tensor, like: Tensor | None = None, parameters: list[str] | None = None, **fields: Any
    ) -> Tensor:
        """The layer that makes the operation's output, whose shape is held against the one that the program states."""
        taken = list(inputs) or [self.x()]
        if KINDS[kind].needs == "map" and len(taken[0].dims) > 2 and taken[0].dims[0] == 1:
            taken[0] = self.laid_as(taken[0], taken[0]._replace(batch=0))  # torch's windows slide behind the batch
        taken = [self.laid_as(one, taken[0]) for one in taken]
        number = self.layer(kind, [one.number for one in taken], "", parameters, **fields)
        first = like or taken[0]
        batch = first.batch if first.dims == self.dims else self.world.batch_of(self.dims, first.batch)
        return self.held(number, self.dims, batch)

    def laid_as(self, tensor: Tensor, first: Tensor) -> Tensor:
        """A tensor of one sample with its batch on the axis that it has in another, where it could be either."""
        batch = first.batch
        if tensor.batch == batch or batch is None or len(tensor.dims) != len(first.dims):
            return tensor
        if self.world.size != 1 or tensor.dims[batch] != 1:
            return tensor
        shape = self.world.shape(tensor.dims, batch)
        number = self.layer("reshape", [tensor.number], f"{self.name()}_map", shape=shape)
        return Tensor(number, tensor.dims, batch)

    def held(self, number: int, dims: tuple[int, ...], batch: int | None) -> Tensor:
        """A tensor whose shape is as the program states; one that differs by axes of length 1 is reshaped."""
        stated, made = self.world.shape(dims, batch), self.world.sketch.shape(number)
        if stated != made:
            if product(stated) != product(made) or [n for n in stated if n > 1] != [n for n in made if n > 1]:
                values = f"the file says {show_shape(stated)}, and it comes to {show_shape(made)}"
                fault = Fault(
                    f"the shape of this `{self.operation.target}` is not what it makes",
                    layer=self.name(),
                    values=values,
                )
                raise CnncalcError(fault)
            number = self.layer("reshape", [number], f"{self.name()}_shape", shape=stated)
        return Tensor(number, dims, batch)

    def reshaped(self, tensor: Tensor, dims: tuple[int, ...]) -> Tensor:
        """The same elements in another shape of torch's."""
        batch = self.world.batch_of(dims, tensor.batch if tensor.batch != 0 else 0)
        shape = self.world.shape(dims, batch)
        if shape == self.world.sketch.shape(tensor.number):
            return Tensor(tensor.number, dims, batch)
        return Tensor(self.layer("reshape", [tensor.number], shape=shape), dims, batch)
