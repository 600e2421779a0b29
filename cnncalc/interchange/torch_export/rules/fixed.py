"""Convolutions and products whose weights nobody learns: they are no layers of ours, and the sums that they are.

So are biases that are computed, or are numbers of which only some are learned.
"""

from __future__ import annotations

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.values import Parameter, Refused, Tensor, Value

__all__ = ["fixed_conv", "fixed_linear", "is_fixed", "plus"]


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


def fixed_conv(call: Call, weight: Parameter | Tensor) -> Tensor:
    """A convolution of maps, as blurs and wavelets are, or by weights that the code computes.

    The windows are columns, and there is a product for each group.
    """
    x, axes, groups = call.x(), len(weight.dims) - 2, call.get("groups", 1)
    if axes != 2 or len(x.dims) != 4 or isinstance(call.get("padding", 0), str):
        raise Refused("its weights are none that are learned, and it is no convolution of a map")
    x, name = call.on_maps(x), call.name()
    filters, columns = weight.dims[0] // groups, product(weight.dims[1:])
    number = call.layer(
        "unfold",
        [x.number],
        f"{name}_windows",
        kernel=weight.dims[2:],
        stride=call.lengths("stride", axes),
        padding=call.lengths("padding", axes, 0),
        dilation=call.lengths("dilation", axes),
    )
    places = call.world.sketch.shape(number)[1]
    number = call.layer("reshape", [number], f"{name}_groups", shape=(groups, columns, places))
    table = call.tensor(weight)
    fixed = call.layer("reshape", [table.number], f"{name}_filters", shape=(groups, filters, columns))
    made = call.layer("einsum", [fixed, number], equation="gfc,gcp->gfp")
    shape = (groups * filters, *call.dims[2:])
    return call.held(call.layer("reshape", [made], f"{name}_map", shape=shape), call.dims, x.batch)
