"""Convolutions and products whose weights nobody learns: they are no layers of ours, and the sums that they are.

So are biases that are computed, or are numbers of which only some are learned.
"""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.values import Parameter, Refused, Tensor, Value

__all__ = ["fixed_conv", "fixed_deconv", "fixed_linear", "is_fixed", "plus"]


def is_fixed(value: Value) -> bool:
    """Whether a weight is a buffer of the module, or a constant."""
    return isinstance(value, Parameter) and not (value.name and value.learned)


def plus(call: Call, made: Tensor, bias: Value, axis: int = -1) -> Tensor:
    """What was made with a bias along an axis of torch's."""
    if bias is None:
        return made
    added, name = call.tensor(bias), f"{call.name()}_biased"
    rank = len(call.world.sketch.shape(made.number))
    at = rank - 1 if axis == -1 else 0
    shape = tuple(added.dims[0] if place == at else 1 for place in range(rank))
    number = added.number
    if call.world.sketch.shape(number) != shape:
        number = call.layer("reshape", [number], f"{name}_axes", shape=shape)
    return made._replace(number=call.layer("add", [made.number, number], name))


def fixed_linear(call: Call, x: Tensor, weight: Parameter) -> Tensor:
    """A product with a matrix, on the last axis."""
    fixed = call.tensor(weight)
    letters = "abcdefgh"[: len(call.world.sketch.shape(x.number))]
    equation = f"{letters},z{letters[-1]}->{letters[:-1]}z"
    return call.held(call.layer("einsum", [x.number, fixed.number], equation=equation), call.dims, x.batch)


class Slid:
    """A convolution of sequences or maps whose weights are a tensor: sequences are maps that are one high."""

    def __init__(self, call: Call, weight: Parameter | Tensor) -> None:
        self.call, self.axes, self.groups = call, len(weight.dims) - 2, call.get("groups", 1)
        if self.axes not in (1, 2) or isinstance(call.get("padding", 0), str):
            raise Refused("its weights are none that are learned, and it is no convolution of a sequence or a map")
        x = call.x()
        if len(x.dims) != self.axes + 2:
            raise Refused("its weights are none that are learned, and it takes no batch")
        self.x, self.dims = call.on_maps(x), weight.dims
        shape = call.world.sketch.shape(self.x.number)
        if len(shape) != self.axes + 1:
            raise Refused("its weights are none that are learned, and it takes many maps of one sample")
        self.kernel = self.wide(weight.dims[2:], 1)
        self.taps = product(self.kernel)
        table = call.tensor(weight)
        self.table, self.channels = table.number, shape[0]

    def wide(self, lengths: tuple[int, ...], one: int) -> tuple[int, ...]:
        """Lengths along both axes of a map."""
        return (one, *lengths) if self.axes == 1 else lengths

    def lengths(self, name: str, usual: int = 1) -> tuple[int, ...]:
        """An argument, along both axes of a map."""
        return self.wide(self.call.lengths(name, self.axes, usual), usual)

    def put(self, kind: str, *taken: int, word: str, **fields: Any) -> int:
        """A layer of it."""
        return self.call.layer(kind, list(taken), f"{self.call.name()}_{word}", **fields)

    def windows(self) -> dict[str, Any]:
        """The fields of what cuts windows out, or adds them up."""
        slid = {"stride": self.lengths("stride"), "padding": self.lengths("padding", 0)}
        return {"kernel": self.kernel, "dilation": self.lengths("dilation"), **slid}

    def map(self) -> int:
        """What comes in, as a map."""
        if self.axes == 2:
            return self.x.number
        shape = self.call.world.sketch.shape(self.x.number)
        return self.put("reshape", self.x.number, word="map_of", shape=(shape[0], 1, *shape[1:]))

    def made(self, number: int, channels: int) -> Tensor:
        """What comes out."""
        shape = (channels, *self.call.dims[2:])
        return self.call.held(self.put("reshape", number, word="map", shape=shape), self.call.dims, self.x.batch)


def fixed_conv(call: Call, weight: Parameter | Tensor) -> Tensor:
    """A convolution as blurs and wavelets are, or by weights that the code computes.

    The windows are columns, and there is a product for each group.
    """
    slid = Slid(call, weight)
    groups, columns = slid.groups, product(weight.dims[1:])
    number = slid.put("unfold", slid.map(), word="windows", **slid.windows())
    places = call.world.sketch.shape(number)[1]
    number = slid.put("reshape", number, word="groups", shape=(groups, columns, places))
    filters = weight.dims[0] // groups
    fixed = slid.put("reshape", slid.table, word="filters", shape=(groups, filters, columns))
    return slid.made(call.layer("einsum", [fixed, number], equation="gfc,gcp->gfp"), groups * filters)


def fixed_deconv(call: Call, weight: Parameter | Tensor) -> Tensor:
    """A transposed convolution by such weights: a product for each group makes columns, which are added up to a map."""
    slid = Slid(call, weight)
    groups, own, filters = slid.groups, slid.channels // slid.groups, weight.dims[1]
    places = product(call.world.sketch.shape(slid.x.number)[1:])
    number = slid.put("reshape", slid.x.number, word="groups", shape=(groups, own, places))
    fixed = slid.put("reshape", slid.table, word="filters", shape=(groups, own, filters * slid.taps))
    made = call.layer("einsum", [fixed, number], equation="gcf,gcp->gfp")
    made = slid.put("reshape", made, word="columns", shape=(groups * filters * slid.taps, places))
    size = slid.wide(call.dims[2:], 1)
    return slid.made(slid.put("fold", made, word="added", size=size, **slid.windows()), groups * filters)
