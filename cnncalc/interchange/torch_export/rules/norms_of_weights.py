"""Weights that torch makes of others at each step: by their lengths, or by their largest singular value."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.values import Parameter, Refused, Value

__all__ = ["NORMS", "divided"]


def by_length(call: Call) -> Value:
    """_weight_norm: a direction times a length, for each output."""
    direction, length = call.parameter("v"), call.parameter("g")
    if direction is None or length is None or not (direction.name and length.name):
        raise Refused("its direction and its length are no parameters")
    return direction._replace(dims=call.dims, norm="weight", beside=(length.name,))


def product(call: Call) -> Value:
    """mv, dot and vdot: of a weight with the vectors that estimate its singular value; of two constants a constant."""
    one, other = (value for value in call.arguments.values() if isinstance(value, Parameter))
    if not (one.name or other.name):
        return Parameter("", call.dims)
    weight, vector = (one, other) if len(one.dims) > 1 or one.beside else (other, one)
    if vector.learned or not weight.learned:
        raise Refused("it is no product of a weight with the vectors of its spectral norm")
    return weight._replace(dims=call.dims, turned=(), beside=(*weight.beside, vector.name))


def divided(left: Parameter, right: Parameter) -> Parameter | None:
    """A weight divided by its singular value; None for any other two."""
    if right.beside and right.name == left.name:
        return left._replace(norm="spectral", beside=right.beside)
    return None


def standardised(call: Call) -> Parameter | None:
    """A weight whose filters are brought to one mean and variance by a batch norm; None where it is none.

    Qiao et al. 2019; Brock et al. 2021 learn a gain for each filter beside it, as a weight norm has a length.
    """
    value = next(iter(call.arguments.values()))
    if not isinstance(value, Parameter) or not (value.name and value.learned) or call.get("running_mean") is not None:
        return None
    gain = call.parameter("weight")
    if call.get("bias") is not None or value.dims[:1] != (1,):
        return None
    call.note(
        "a weight that is standardised at each step counts as "
        + ("it is" if gain is None else "one with a weight norm")
    )
    return value if gain is None else value._replace(norm="weight", beside=(gain.name,))


NORMS: dict[str, Any] = {"_weight_norm": by_length, "mv": product, "dot": product, "vdot": product}
"""By the operator's name in ATen."""
