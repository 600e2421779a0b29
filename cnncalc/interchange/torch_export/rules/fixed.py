"""Convolutions and products whose weights nobody learns: they are no layers of ours, and the sums that they are.

So are biases that are computed, or are numbers of which only some are learned.
"""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import SAME, Window, product
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
    """A convolution whose weights are a tensor, by windows of maps.

    Sequences are maps that are one high. Of a volume the windows are those of its depth, and in each slice of these
    those of a map.
    """

    def __init__(self, call: Call, weight: Parameter | Tensor) -> None:
        self.call, self.axes, self.groups = call, len(weight.dims) - 2, call.get("groups", 1)
        x = call.x()
        if len(x.dims) != self.axes + 2:
            raise Refused("its weights are none that are learned, and it takes no batch")
        self.x, self.dims = call.on_maps(x), weight.dims
        shape = call.world.sketch.shape(self.x.number)
        if len(shape) != self.axes + 1:
            raise Refused("its weights are none that are learned, and it takes many maps of one sample")
        self.kernel = weight.dims[2:]
        self.taps = product(self.kernel)
        self.stride, self.dilation = call.lengths("stride", self.axes), call.lengths("dilation", self.axes)
        self.padding, odd = self._borders(shape[1:])
        if any(map(any, odd)):
            number = call.layer("pad", [self.x.number], f"{call.name()}_border", border=odd)
            self.x, shape = self.x._replace(number=number), call.world.sketch.shape(number)
        table = call.tensor(weight)
        self.table, self.channels, self.lengths = table.number, shape[0], shape[1:]

    def _borders(self, lengths: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
        """The padding that is the same on both sides, and what `same` pads behind that."""
        padding, none = self.call.get("padding", 0), ((0, 0),) * self.axes
        if not isinstance(padding, str):
            return self.call.lengths("padding", self.axes, 0), none
        windows = [
            Window(k, border=SAME, dilation=d) for k, d in zip(self.kernel, self.dilation)
        ]  # of stride 1 in torch
        sides = [one.padding(n) for one, n in zip(windows, lengths)] if padding == "same" else none
        return tuple(before for before, _ in sides), tuple((0, after - before) for before, after in sides)

    def put(self, kind: str, *taken: int, word: str, **fields: Any) -> int:
        """A layer of it."""
        return self.call.layer(kind, list(taken), f"{self.call.name()}_{word}", **fields)

    def slid(self, axes: slice, *, before: bool) -> dict[str, Any]:
        """The fields of what cuts windows out along some axes, or adds them up; one long where a map has an axis more.

        That axis stands before them, or behind.
        """

        def wide(lengths: tuple[int, ...], one: int) -> tuple[int, ...]:
            own = lengths[axes]
            return own if len(own) == 2 else (one, *own) if before else (*own, one)

        return {
            "kernel": wide(self.kernel, 1),
            "dilation": wide(self.dilation, 1),
            "stride": wide(self.stride, 1),
            "padding": wide(self.padding, 0),
        }

    def windows(self) -> int:
        """What comes in as columns, a row for each channel and tap."""
        number, channels = self.x.number, self.channels
        if self.axes == 1:
            number = self.put("reshape", number, word="map_of", shape=(channels, 1, *self.lengths))
        if self.axes < 3:
            return self.put("unfold", number, word="windows", **self.slid(slice(None), before=True))
        deep, *lengths = self.lengths
        taps, inner = self.kernel[0], product(self.kernel[1:])
        number = self.put("reshape", number, word="depth", shape=(channels, deep, product(lengths)))
        number = self.put("unfold", number, word="deep_windows", **self.slid(slice(1), before=False))
        made = product(self.call.world.sketch.shape(number)) // (channels * taps * product(lengths))
        number = self.put("reshape", number, word="slices", shape=(channels * taps * made, *lengths))
        number = self.put("unfold", number, word="windows", **self.slid(slice(1, None), before=False))
        places = self.call.world.sketch.shape(number)[1]
        number = self.put("reshape", number, word="taps", shape=(channels * taps, made, inner, places))
        number = self.put("permute", number, word="columns", order=(0, 2, 1, 3))
        return self.put("reshape", number, word="rows", shape=(channels * self.taps, made * places))

    def added(self, number: int, channels: int) -> int:
        """Columns, a row for each channel and tap, added up to what comes out."""
        size = self.call.dims[2:]
        if self.axes < 3:
            wide = (1, *size)[-2:]
            return self.put("fold", number, word="added", size=wide, **self.slid(slice(None), before=True))
        taps, inner, (deep, *lengths) = self.kernel[0], product(self.kernel[1:]), self.lengths
        places = product(lengths)
        number = self.put("reshape", number, word="taps", shape=(channels * taps, inner, deep, places))
        number = self.put("permute", number, word="turned", order=(0, 2, 1, 3))
        number = self.put("reshape", number, word="rows", shape=(channels * taps * deep * inner, places))
        number = self.put("fold", number, word="added", size=size[1:], **self.slid(slice(1, None), before=False))
        number = self.put("reshape", number, word="slices", shape=(channels * taps, deep * product(size[1:])))
        wide = (size[0], product(size[1:]))
        return self.put("fold", number, word="deep_added", size=wide, **self.slid(slice(1), before=False))

    def made(self, number: int, channels: int) -> Tensor:
        """What comes out."""
        shape = (channels, *self.call.dims[2:])
        if self.call.world.sketch.shape(number) != shape:
            number = self.put("reshape", number, word="map", shape=shape)
        return self.call.held(number, self.call.dims, self.x.batch)


def fixed_conv(call: Call, weight: Parameter | Tensor) -> Tensor:
    """A convolution as blurs and wavelets are, or by weights that the code computes.

    The windows are columns, and there is a product for each group.
    """
    slid = Slid(call, weight)
    groups, columns = slid.groups, product(weight.dims[1:])
    number = slid.windows()
    places = call.world.sketch.shape(number)[1]
    number = slid.put("reshape", number, word="groups", shape=(groups, columns, places))
    filters = weight.dims[0] // groups
    fixed = slid.put("reshape", slid.table, word="filters", shape=(groups, filters, columns))
    return slid.made(call.layer("einsum", [fixed, number], equation="gfc,gcp->gfp"), groups * filters)


def fixed_deconv(call: Call, weight: Parameter | Tensor) -> Tensor:
    """A transposed convolution by such weights: a product for each group makes columns, which are added up to a map."""
    slid = Slid(call, weight)
    groups, own, filters = slid.groups, slid.channels // slid.groups, weight.dims[1]
    places = product(slid.lengths)
    number = slid.put("reshape", slid.x.number, word="groups", shape=(groups, own, places))
    fixed = slid.put("reshape", slid.table, word="filters", shape=(groups, own, filters * slid.taps))
    made = call.layer("einsum", [fixed, number], equation="gcf,gcp->gfp")
    made = slid.put("reshape", made, word="columns", shape=(groups * filters * slid.taps, places))
    return slid.made(slid.added(made, groups * filters), groups * filters)
