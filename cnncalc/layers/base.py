"""What every layer kind is made of: `Layer` and its declared fields.

A kind is one class. It declares its fields and answers, for given input shapes: which requirements must hold, the
output shape, the shapes of its weights and buffers, its multiply–accumulates, its operations, and what backward keeps.
Counts follow from the shapes. A shape is (channels, *spatial), without the batch; a vector is (features,).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach
from cnncalc.errors import suggestion
from cnncalc.layers.backward import Backward, Saved, Shape
from cnncalc.layers.declared import REQUIRED, Field, OwnRules, Requirement, dataclass_transform, field, is_bias
from cnncalc.layers.dialects import DIALECTS
from cnncalc.layers.fields import Choice, FieldError

MANY = 1_000_000  # as many inputs as one likes

__all__ = ["MANY", "REQUIRED", "Elementwise", "Field", "Layer", "Requirement", "Shape", "count", "field", "is_bias",
           "resized", "show_shape", "sure"]  # fmt: skip


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Layer:
    """A layer of some kind with its fields set; immutable, compared by kind and fields."""

    kind: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    presets: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """Names that set fields beside naming the kind, with those fields."""
    fields: ClassVar[dict[str, Field]] = {}
    inputs: ClassVar[tuple[int, int]] = (1, 1)
    """The least and the most tensors that it takes."""
    looks_up: ClassVar[bool] = False
    """Whether it reads only rows of its weights, which are no more than its output."""
    weighted: ClassVar[bool] = False
    """True for the layers that people count as weighted: convolutions and linear layers, not normalisations."""
    seen_inputs: ClassVar[int] = MANY
    """Only so many of its inputs reach the output; of the others it takes the shape."""
    autocast: ClassVar[str] = "follow"
    """What torch.autocast makes of it on CUDA, by torch's lists (aten/src/ATen/autocast_mode.h) of what it consists of.

    `half`: inputs and weight are cast to the half type. `float32`: inputs are cast to that. Nothing is cast, and the
    output is as its widest input (`follow`), or float32 (`mixed`: some number in it is). `float32 within`: inputs are
    cast to that, and the output back to the type of the first.
    """
    complex: ClassVar[str] = ""
    """How torch trains it on complex numbers: not at all, on `numbers`, on their `parts`, or to give `real` ones."""
    passes_gradient: ClassVar[bool] = True
    """Whether a gradient flows back to its inputs."""
    unseen: ClassVar[str] = ""
    """In words why nobody knows what its output sees; empty for all but opaque layers."""
    beside: ClassVar[str] = ""
    """The key beside the kind that names its second input; for most that is `from`."""
    made_by: ClassVar[tuple[str, ...]] = ()
    """The kinds that its second input must come from, where not from any."""
    called_inputs: ClassVar[str] = "a, b"  # where a help names them
    stacks: ClassVar[str] = ""  # the field that says of how many layers one on another it consists, where it does
    needs: ClassVar[str] = "any"
    """What an input must be: `map` (channels and 1 to 3 spatial axes), `vector`, or `any`."""
    dialect: str = field(Choice(*DIALECTS), "whose rules apply", "torch", hidden=True)
    rules: ClassVar[OwnRules] = OwnRules()
    called: ClassVar[str] = ""
    """The name by which a file calls the kind, where not its own: no field, and nothing that is compared."""

    def __init__(self, **values: Any) -> None:
        given = self.__dict__
        spoken = DIALECTS.get(values.get("dialect", "torch"))
        if spoken is not None and self.kind in spoken.defaults:
            values = {**spoken.defaults[self.kind], **values}
        for name, declared in self.fields.items():
            if name in values:
                value = values.pop(name)
                given[name] = None if value is None and declared.default is None else declared.read(value)
            elif declared.default is REQUIRED:
                raise FieldError(f"`{self.kind}` needs `{name}`: {declared.doc}", self.usage(), name)
            else:
                given[name] = declared.default
        for name in values:
            raise FieldError(f"`{self.kind}` has no field `{name}`", suggestion(name, self.fields, self.usage()), name)
        given["_key"] = (self.kind, *given.values())
        given["_hash"] = hash(given["_key"])

    def __init_subclass__(cls) -> None:
        own: dict[str, Field] = {}
        for base in reversed(cls.__mro__[1:]):
            own.update(vars(base).get("fields", {}))
        for name, declared in (*vars(Layer).items(), *vars(cls).items()):
            if isinstance(declared, Field):
                declared.name = name
                own[name] = declared
        cls.fields = own

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("layers are immutable")

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Layer) and self.__dict__["_key"] == other.__dict__["_key"])

    def __hash__(self) -> int:
        known: int = self.__dict__["_hash"]
        return known

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.fields)
        return f"{type(self).__name__}({values})"

    def default(self, name: str) -> Any:
        """What a field is in the layer's dialect where it is not given; `REQUIRED` where it must be."""
        declared = self.fields[name]
        own = self.rules.defaults.get(self.kind, {})
        return declared.read(own[name]) if name in own else declared.default

    @classmethod
    def usage(cls) -> str:
        """One line that shows how the kind is written."""
        parts = [f"<{declared.name}>" for declared in cls.positional()] + [
            f"{declared.letter}<{declared.name}>"
            for declared in cls.fields.values()
            if declared.letter and declared.position is None and declared.default is REQUIRED
        ]
        return f"write `{' '.join([cls.kind, *parts])}`"

    @classmethod
    def positional(cls) -> list[Field]:
        """The fields that bare numbers fill, in order."""
        placed = (declared for declared in cls.fields.values() if declared.position is not None)
        return sorted(placed, key=lambda declared: declared.position or 0)

    # -- what a kind answers; `x` are the input shapes
    def slid_axes(self, x: Shape) -> int:
        """Along how many axes of its first input its windows slide: a field of one an axis has as many values."""
        return len(x) - 1

    def named_axes(self, x: Shape) -> int:
        """How many axes its first input has in the sense of a `2d` at the end of its name."""
        return self.slid_axes(x)

    def entering(self, *x: Shape) -> int:
        """The channels or features that come in: what `in=` asserts."""
        return x[0][0]

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        """The conditions on the inputs, each of which may rely on those before it; those that hold may be left out."""
        return iter(())

    def output_shape(self, *x: Shape) -> Shape:
        """The shape of the output; only asked where all requirements hold."""
        return x[0]

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        """What is sure of the output's shape where a field or the input is wrong, so that later layers can be checked.

        `given` are the fields, read or not; `x` is empty where nothing is known of the input. None: nothing is sure.
        """
        return x[0] if x and cls.output_shape is Layer.output_shape else None

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        """Learnable tensors by torch's names; which are biases `is_bias` says."""
        return {}

    def used_weight(self, *x: Shape) -> Shape:
        """The shape of the weight that it works with, which parametrisations may make of others."""
        return self.weight_shapes(*x)["weight"]

    def buffer_shapes(self, *x: Shape) -> dict[str, Shape]:
        """State that is kept but not learned."""
        return {}

    def whole_numbers(self, *x: Shape) -> int:
        """How many whole numbers of 8 bytes torch keeps with its buffers: counts of batches, places in a table."""
        return 0

    def stored(self, *x: Shape) -> dict[str, tuple[str, Shape]]:
        """What checkpoints of torch call each, behind the layer's name (empty: it is that one), and its shape there."""
        return {name: (name, one) for name, one in {**self.weight_shapes(*x), **self.buffer_shapes(*x)}.items()}

    def macs(self, *x: Shape) -> int:
        """Multiply–accumulates for one sample, without bias."""
        return 0

    def macs_once(self, *x: Shape) -> int:
        """Those of `macs` that torch does once for a whole batch, to make weights of weights."""
        return 0

    def last_macs(self, *x: Shape) -> int:
        """Those of `macs` behind the last tensor that it saves: torch stops there where it runs it again."""
        return self.macs(*x)

    def backward_macs(self, backward: Backward, *x: Shape) -> int:
        """Multiply–accumulates of the pass backward for one sample.

        The gradient of each factor of a product, of a weight that is trained or an input before which something is,
        is a product of as many as the product itself.
        """
        return self.macs(*x) * (backward.weights + any(backward.inputs))

    def backward_macs_once(self, backward: Backward, *x: Shape) -> int:
        """Those of `backward_macs` that torch does once for a whole batch."""
        return 0

    def operations(self, *x: Shape) -> int:
        """Every operation for one sample that is no multiply–accumulate; an elementary function counts one."""
        return 0

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """The tensors that torch's autograd keeps for backward, parameters and running statistics apart."""
        return iter(())

    def casting(self) -> str:
        """`autocast`, where a field decides."""
        return self.autocast

    def on_complex(self) -> str:
        """`complex`, where a field decides."""
        return self.complex

    def joins(self, x: Shape) -> int:
        """How many first axes torch joins with the batch, copying a part that has gaps there; +1: it lies whole."""
        return 0

    def keeps_weight(self, backward: Backward) -> bool:
        """Whether autograd keeps the weight; it is apart, unless torch.autocast has made a copy of it."""
        return backward.any

    def cast_weights(self, backward: Backward, *x: Shape) -> dict[str, int]:
        """The weights that torch.autocast casts and autograd keeps, each with its uses: copies if it is frozen."""
        return {"weight": 1} if self.keeps_weight(backward) and "weight" in self.weight_shapes(*x) else {}

    def part_along(self, x: Shape) -> int | None:
        """The axis along which its output is a part of its first input, and a view of that; None: it is no part."""
        return None

    def reuses_input(self, *, training: bool) -> bool:
        """Whether the output lies in the storage of the first input (a view, or an operation in place)."""
        return False

    def moves(self, *, training: bool) -> bool:
        """Whether it reads its inputs and writes its output; not where it is fused, or only says where elements lie.

        Fused is what works element by element on one input: it is done before the output of the layer before leaves the
        processor, or as the layer after it reads.
        """
        return not self.reuses_input(training=training)

    def read(self, *x: Shape) -> tuple[int, ...]:
        """How many elements of each input it reads for a sample, where it moves any."""
        return tuple(product(shape) for shape in x[: self.seen_inputs])

    def reaches(self, *x: Shape) -> tuple[Reach | None, ...]:
        """Which input pixels an output pixel sees at inference, one `Reach` a spatial axis; None where no rule says."""
        return (IDENTITY,) * (len(x[0]) - 1)

    def channel_reach(self, *x: Shape) -> Reach | None:
        """Which input channels an output channel sees; None where no one rule says it."""
        return IDENTITY

    def reaches_into(self, index: int, *x: Shape) -> tuple[Reach | None, ...] | None:
        """What an output sees of one input, channels first, where inputs are seen unlike; then `reaches` says no more.

        None, as for most: the elements of the inputs meet one to one.
        """
        return None

    def between(self, *x: Shape) -> Shape | None:
        """The shape that `reaches` speak of, where the output is that with axes joined; else None."""
        return None

    def kept_axes(self, *x: Shape) -> tuple[int | None, ...] | None:
        """The input's axis that each axis of the output is, None for a new one, where some come or go; else None."""
        return None

    def taken_axes(self, *x: Shape) -> tuple[int, ...] | None:
        """The order in which a layer that only lays elements out anew reads the input's axes; None for any other."""
        return None


class Elementwise(Layer):
    """A layer that does a fixed number of operations on every element and keeps the shape."""

    each: ClassVar[int] = 0
    """Operations an element."""
    keeps: ClassVar[str] = "input"
    """What backward needs: `input` or `output`."""

    def moves(self, *, training: bool) -> bool:
        return False

    def operations(self, *x: Shape) -> int:
        return self.each * product(x[0])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield Saved(self.keeps)


def sure(value: object) -> int:
    """A count as it was given, if it is one; else an open number."""
    return int(str(value)) if str(value).isdecimal() and len(str(value)) < 13 and int(str(value)) > 0 else OPEN


def resized(channels: int, *x: Shape) -> Shape | None:
    """A map of so many channels, as many axes as the input's, and open lengths; None for no map."""
    return (channels, *(OPEN,) * (len(x[0]) - 1)) if x and len(x[0]) > 1 else None


def show_shape(shape: Shape) -> str:
    """`512x7x7`; `scalar` for a number without an axis."""
    return "x".join(map(str, shape)) or "scalar"


def count(shapes: Mapping[str, Shape]) -> int:
    """The number of elements in all tensors."""
    return sum(product(shape) for shape in shapes.values())
