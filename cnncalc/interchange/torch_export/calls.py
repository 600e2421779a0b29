"""One operation of a program with its arguments in scope, and the layers of ours that it puts on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.torch_export.program import Name, Operation
from cnncalc.interchange.torch_export.stacks import CHANNELLED, OF_ALL_AXES, OF_ONE_CHANNEL, OF_STACKS
from cnncalc.interchange.torch_export.values import LIKE, TAKEN, Parameter, Refused, Tensor, Value, World, word_of
from cnncalc.layers import KINDS, Layer, show_shape

__all__ = ["Call"]

MOST_PARTS = 64
"""Of one sample, each of which goes through a layer of its own: windows, heads, rows."""


class Call:
    """One operation. `put` adds a layer of ours and gives its tensor."""

    def __init__(self, world: World, operation: Operation) -> None:
        self.world, self.operation = world, operation
        self.word = word_of(operation)
        self.suffix = ""
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
            made = self.world.made.get(value) or self._made(value)
            if value.name:
                self.world.made[value] = made
            return made
        if value is None:  # what `.item()` gives is no tensor of the program
            taken = "it takes a number that the code computes of a tensor, as by `.item()`"
            raise Refused(f"{taken}: what stays a tensor is read")
        raise Refused(f"a tensor is needed, not {str(value)[:40]}")

    def _made(self, value: Parameter) -> Tensor:
        """A parameter, or a constant, on its own."""
        shape = tuple(value.dims[value.turned.index(axis)] for axis in range(len(value.turned))) or value.dims or (1,)
        entering = next(iter(self.world.sketch.inputs.values())) if value.source is None else value.source
        batch = 0 if value.expanded and len(shape) > 1 else None
        shape = shape if batch is None else shape[1:]
        held = value.name in self.world.counted and not self.world.stands_alone(value)
        if held:
            self.note(f"`{value.name}`, which a layer has, is taken as a tensor too: it is a constant there")
        kind = "parameter" if value.name and not held else "constant"
        fields = {"learned": value.learned} if kind == "parameter" else {}
        owner = self.world.owners.get(("parameter", value.name))
        own: Any = shape if owner is None else self.world.sketch.operators[owner].layer
        own = shape if owner is None or product(own.shape) != product(shape) else own.shape
        called = value.name or f"{self.word}_constant"
        number = self.layer(kind, [entering], called, [value.name], shape=own, **fields)
        if own != shape:
            number = self.layer("reshape", [number], f"{self.name()}_wide", shape=shape)
        if value.turned:
            number = self.layer("permute", [number], f"{self.name()}_turned", order=value.turned)
        if value.factor != 1:
            number = self.layer("multiply", [number], f"{self.name()}_scaled", number=value.factor)
        return Tensor(number, value.dims, batch)

    def parameter(self, name: str) -> Parameter | None:
        """A parameter that it takes; None where there is none. What is computed is none."""
        value = self.arguments.get(name)
        if isinstance(value, Parameter) and value.factor != 1:
            self.note(f"its `{name}`, which the code scales by {value.factor:g}, counts as it is")
        if value is None or isinstance(value, Parameter):
            return value
        raise Refused(f"its `{name}` is computed, and no parameter of the module")

    def taken(self) -> list[Value]:
        """All tensors and parameters among its arguments, those in lists too, and what stands for some."""
        found: list[Value] = []
        waiting = list(self.arguments.values())[::-1]
        while waiting:
            one = waiting.pop()
            if isinstance(one, list):
                waiting += one[::-1]
            elif isinstance(one, TAKEN):
                found.append(one)
        return found

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

    @contextmanager
    def called(self, word: str) -> Iterator[None]:
        """Give what is put on meanwhile a name of its own, beside that of the operation."""
        before, self.suffix = self.suffix, f"_{word}"
        try:
            yield
        finally:
            self.suffix = before

    def name(self) -> str:
        """A name: the module's own where it holds no others, else that with the operator's."""
        return self._own() + self.suffix

    def _own(self) -> str:
        module = self.operation.module
        if module and module not in self.world.inner:
            return module
        return f"{module}.{self.word}" if module else self.word

    def layer(
        self, kind: str, inputs: list[int], name: str = "", parameters: list[str] | None = None, **fields: Any
    ) -> int:
        """A layer of ours; those that use the same parameters share them."""
        names = tuple(one for one in parameters or [] if one and kind != "constant")
        weighted = bool(names) and KINDS[kind].weight_shapes is not Layer.weight_shapes
        own = names[0] if kind == "parameter" and len(names) == 1 else self.name()
        made = self.world.sketch.add(
            name or own,
            kind,
            {key: one for key, one in fields.items() if one is not None},
            inputs,
            place=None,
            foreign=self.operation.target,
        )
        if not name and not weighted and self.name() != self.operation.module:  # a function, which has no name in torch
            operator = self.world.sketch.operators[made]
            self.world.sketch.operators[made] = operator._replace(name=f"{self.operation.module}.")
        if weighted:
            self._hold(made, names)
            self.world.take(kind, names, made)
        return made

    def _hold(self, number: int, names: tuple[str, ...]) -> None:
        """Hold what a layer learns against the parameters that it takes, where these are whole ones of the module."""
        sizes = self.world.sizes
        operator = self.world.sketch.operators[number]
        if operator.layer is None or any(name not in sizes for name in names):
            return
        own = self.world.sketch.learned(number)
        given = sum(sizes[name] for name in names)
        if own != given:
            raise Refused(f"its parameters are {given:,} numbers, and a `{operator.layer.kind}` there has {own:,}")

    def put(
        self, kind: str, *inputs: Tensor, like: Tensor | None = None, parameters: list[str] | None = None, **fields: Any
    ) -> Tensor:
        """The layer that makes the operation's output, whose shape is held against the one that the program states."""
        taken = list(inputs) or [self.x()]
        if len(taken[0].dims) > (1 if kind in CHANNELLED else 2 if KINDS[kind].needs == "map" else 9):
            taken[0] = self.on_maps(taken[0])
            if taken[0].batch != 0 and kind not in OF_ALL_AXES:
                return self.of_stack(kind, taken[0], parameters, fields)
        taken = [self.laid_as(one, taken[0]) for one in taken]
        number = self.layer(kind, [one.number for one in taken], "", parameters, **fields)
        first = like or taken[0]
        batch = first.batch if first.dims == self.dims else self.world.batch_of(self.dims, first.batch)
        return self.held(number, self.dims, batch)

    def on_maps(self, x: Tensor) -> Tensor:
        """A tensor of one sample with its batch first, where it could be: torch's windows slide behind the batch."""
        return self.laid_as(x, x._replace(batch=0)) if x.dims[0] == 1 else x

    def of_stack(self, kind: str, x: Tensor, parameters: list[str] | None, fields: dict[str, Any]) -> Tensor:
        """A layer on many maps of one sample, which torch takes for a batch.

        They are channels of one map where channels do not meet. Else they lie behind one another on an axis more, along
        which the layer's windows are one long.
        """
        n, axes = x.dims[0], len(x.dims) - 2
        if kind in OF_ONE_CHANNEL:
            shape = (n * x.dims[1], *x.dims[2:])
            joined = self.layer("reshape", [x.number], f"{self.name()}_stack", shape=shape)
            made = self.layer(kind, [joined], "", parameters, **fields)
            if self.world.sketch.shape(made)[1:] != self.dims[2:]:
                raise Refused(f"it makes maps of {show_shape(self.world.sketch.shape(made)[1:])}")
            batch = self.world.batch_of(self.dims, None)
            shape = self.world.shape(self.dims, batch)
            return Tensor(self.layer("reshape", [made], f"{self.name()}_maps", shape=shape), self.dims, batch)
        if kind not in OF_STACKS:
            raise Refused(f"{n} maps of one sample, for which it is no layer of ours")
        if axes > 2:
            made = self.of_each(x, lambda taken, name: self.layer(kind, [taken], name, parameters, **fields))
            return self.held(made, self.dims, self.world.batch_of(self.dims, None))
        order = (1, 0, *range(2, axes + 2))
        whole = self.whole(x, "stack")
        turned = self.layer("permute", [whole.number], f"{self.name()}_stack", order=order)
        more = {key: (OF_STACKS[kind][key], *one) if isinstance(one, tuple) else one for key, one in fields.items()}
        made = self.layer(kind, [turned], "", parameters, **more)
        number = self.layer("permute", [made], f"{self.name()}_maps", order=order)
        return self.held(number, self.dims, self.world.batch_of(self.dims, None))

    def of_each(self, x: Tensor, layer: Callable[[int, str], int]) -> int:
        """One layer on each part of a tensor's first axis, which share its parameters, and what comes out joined again.

        `layer` puts it on a tensor, under a name of its own.
        """
        n, whole, name = x.dims[0], self.whole(x, "stack"), self.name()
        if n > MOST_PARTS:
            raise Refused(f"{n} parts of one sample, more than {MOST_PARTS}")
        made = []
        for at in range(n):
            part = self.layer("select", [whole.number], f"{name}_{at}_of", at=at)
            own = layer(part, f"{name}_{at}" if at else name)
            wide = (1, *self.world.sketch.shape(own))
            made.append(self.layer("reshape", [own], f"{name}_{at}_wide", shape=wide))
        return self.layer("concat", made, f"{name}_joined")

    def whole(self, tensor: Tensor, word: str) -> Tensor:
        """A tensor with the axis of its one sample among its own."""
        if tensor.batch is None:
            return tensor
        if self.world.size != 1:
            raise Refused("it acts along the batch")
        number = self.layer("reshape", [tensor.number], f"{self.name()}_{word}", shape=tensor.dims)
        return Tensor(number, tensor.dims, None)

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
