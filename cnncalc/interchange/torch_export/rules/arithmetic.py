"""Arithmetic of ATen: of two tensors, of a tensor and a number, or of a tensor and a parameter."""

from __future__ import annotations

from math import log
from typing import Any

from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.rules.norms_of_weights import divided
from cnncalc.interchange.torch_export.values import Parameter, Refused, Tensor, Value
from cnncalc.layers import Shape

__all__ = ["ARITHMETIC", "of_two"]


def arithmetic(kind: str) -> Any:
    """Of two tensors, of a tensor and a number, or of a tensor and a parameter."""

    def rule(call: Call) -> Value:
        left, right = call.arguments.get("self"), call.arguments.get("other", call.arguments.get("exponent"))
        if not any(isinstance(one, Tensor) for one in (left, right)):
            return _of_parameters(call, left, right)
        right = _times(call, right)
        if kind == "power" and isinstance(left, (int, float)):
            if left <= 0:
                raise Refused("a power of a number that is not above 0")
            exponent = call.layer("multiply", [right.number], f"{call.name()}_exponent", number=log(left))
            return call.held(call.layer("function", [exponent], of="exp"), call.dims, right.batch)
        if isinstance(right, (int, float)) or isinstance(left, (int, float)):
            x, number = (left, right) if isinstance(left, Tensor) else (right, left)
            made = call.put(kind, call.tensor(x), number=float(number or 0))
        else:
            made = of_two(call, kind, left, right)
        return _rounded(call, made)

    return rule


def _times(call: Call, right: Value) -> Value:
    """The second of a sum or difference, times its `alpha`."""
    alpha = call.get("alpha", 1)
    if alpha == 1 or not isinstance(alpha, (int, float)):
        return right
    if isinstance(right, (int, float)):
        return right * alpha
    x = call.tensor(right)
    return x._replace(number=call.layer("multiply", [x.number], f"{call.name()}_times", number=float(alpha)))


def _rounded(call: Call, made: Tensor) -> Tensor:
    """A quotient that is rounded; towards zero there is no function of ours."""
    mode = call.get("rounding_mode")
    if mode is None:
        return made
    if mode != "floor":
        call.note("a quotient that is rounded towards zero counts as one that is rounded down")
    return made._replace(number=call.layer("function", [made.number], f"{call.name()}_rounded", of="floor"))


def subtracted(call: Call) -> Value:
    """aten.rsub: what it takes second less the first."""
    left, right = call.arguments.get("self"), call.get("other")
    if isinstance(right, Tensor):
        return of_two(call, "subtract", right, left)
    if not isinstance(left, Tensor):
        return _of_parameters(call, left, right)
    negated = call.layer("function", [left.number], f"{call.name()}_negated", of="negate")
    return call.held(call.layer("add", [negated], number=float(right or 0)), call.dims, left.batch)


def addcmul(call: Call) -> Value:
    """A product, perhaps times a number, and a third tensor added."""
    product = of_two(call, "multiply", call.get("tensor1"), call.get("tensor2"))
    if call.get("value", 1) != 1:
        product = product._replace(number=call.layer("multiply", [product.number], number=float(call.get("value"))))
    return of_two(call, "add", call.get("self"), product)


def addcdiv(call: Call) -> Value:
    """A quotient, perhaps times a number, and a third tensor added."""
    with call.called("quotient"):
        made = of_two(call, "divide", call.get("tensor1"), call.get("tensor2"))
    if call.get("value", 1) != 1:
        made = _by_number(call, made, "multiply", "times", float(call.get("value")))
    return of_two(call, "add", call.get("self"), made)


def between(call: Call) -> Value:
    """lerp: the one, and of what the other is apart from it so much."""
    start, weight = call.get("self"), call.get("weight")
    with call.called("apart"):
        made = of_two(call, "subtract", call.get("end"), start)
    if isinstance(weight, (int, float)):
        made = _by_number(call, made, "multiply", "taken", float(weight))
    else:
        with call.called("taken"):
            made = of_two(call, "multiply", made, weight)
    return of_two(call, "add", start, made)


def remaining(call: Call) -> Value:
    """remainder: what is left of a division by a number that was rounded down."""
    x, number = call.arguments.get("self"), call.get("other")
    if not isinstance(x, Tensor) or not isinstance(number, (int, float)):
        raise Refused("it divides by no number")
    down = _rounded_down(call, _by_number(call, x, "divide", "quotient", float(number)))
    return of_two(call, "subtract", x, _by_number(call, down, "multiply", "whole", float(number)))


def floored(call: Call) -> Value:
    """floor_divide: a quotient that is rounded down."""
    call.arguments["rounding_mode"] = "floor"
    return arithmetic("divide")(call)


def of_sum(inner: str, outer: str) -> Any:
    """hypot and logaddexp: a function of a sum of another one of both."""

    def rule(call: Call) -> Value:
        both = [call.tensor(call.get(name)) for name in ("self", "other")]
        made = [
            one._replace(number=call.layer("function", [one.number], f"{call.name()}_{inner}_{at}", of=inner))
            for at, one in enumerate(both)
        ]
        with call.called("sum"):
            total = of_two(call, "add", *made)
        return total._replace(number=call.layer("function", [total.number], of=outer))

    return rule


def _by_number(call: Call, x: Tensor, kind: str, word: str, number: float) -> Tensor:
    return x._replace(number=call.layer(kind, [x.number], f"{call.name()}_{word}", number=number))


def _rounded_down(call: Call, x: Tensor) -> Tensor:
    return x._replace(number=call.layer("function", [x.number], f"{call.name()}_down", of="floor"))


def _of_parameters(call: Call, left: Value, right: Value) -> Value:
    """What is made of constants is one; of a learned parameter it becomes a layer, or a weight that is normalised."""
    scaled = _scaled(call, left, right)
    if scaled is not None:
        return scaled
    if call.word == "div" and isinstance(left, Parameter) and isinstance(right, Parameter):
        normalised = divided(left, right)
        if normalised is not None:
            return normalised
    if any(isinstance(one, Parameter) and one.name for one in (left, right)):
        made = [call.tensor(one) for one in (left, right) if isinstance(one, Parameter)]
        number = next((float(one) for one in (left, right) if isinstance(one, (int, float))), None)
        kinds = {"sub": "subtract", "div": "divide", "mul": "multiply", "pow": "power"}
        kind = kinds.get(call.word.rstrip("_"), "add")
        return call.put(kind, *made, number=number) if len(made) == 1 else of_two(call, kind, *made)
    return Parameter("", call.dims)


def _scaled(call: Call, left: Value, right: Value) -> Parameter | None:
    """A learned parameter times a fixed number is that parameter; None where it is anything else."""
    value, number = (left, right) if isinstance(left, Parameter) else (right, left)
    if call.word not in ("mul", "div") or not isinstance(value, Parameter) or type(number) not in (int, float):
        return None
    if not (value.name and value.learned) or number == 0 or (call.word == "div" and value is right):
        return None
    return value._replace(factor=value.factor * (number if call.word == "mul" else 1 / number))


def of_two(call: Call, kind: str, left: Value, right: Value) -> Tensor:
    """Two tensors, one of which may be a parameter or a constant; axes of length 1 are put where torch puts them."""
    dims = call.dims
    x = left if isinstance(left, Tensor) else right
    batch = x.batch if x.dims == dims else call.world.batch_of(dims, x.batch)
    for one, other in ((left, right), (right, left)):
        joins = {"add": "add", "multiply": "multiply"}
        alone = isinstance(one, Parameter) and not one.turned and one.factor == 1
        if alone and kind in joins and isinstance(other, Tensor):
            shape = _broadcast(call, one.dims, dims, batch)
            entering = _aligned(call, other, dims, batch)
            named = "parameter" if one.name else "constant"
            fields = {"learned": False} if one.name and not one.learned else {}
            number = call.layer(named, [entering], "", [one.name], shape=shape, join=joins[kind], **fields)
            return call.held(number, dims, batch)
    numbers = [_aligned(call, call.tensor(one), dims, batch) for one in (left, right)]
    number = call.layer(kind, numbers)
    return call.held(number, dims, batch)


def _broadcast(call: Call, own: tuple[int, ...], dims: tuple[int, ...], batch: int | None) -> Shape:
    """Our shape of what meets a tensor of these dims: axes of length 1 before its own, the batch taken out."""
    wide = (*(1,) * (len(dims) - len(own)), *own)
    if len(wide) != len(dims) or (batch is not None and wide[batch] not in (1, dims[batch])):
        raise Refused("it acts along the batch")
    return call.world.shape(wide, batch)


def _aligned(call: Call, tensor: Tensor, dims: tuple[int, ...], batch: int | None) -> int:
    """A tensor with as many axes as what comes out."""
    shape = _broadcast(call, tensor.dims, dims, batch)
    if shape == call.world.sketch.shape(tensor.number):
        return tensor.number
    return call.layer("reshape", [tensor.number], f"{call.name()}_axes", shape=shape)


ARITHMETIC: dict[str, Any] = {
    **{
        f"{name}{mark}": arithmetic(kind)
        for name, kind in (
            ("add", "add"),
            ("sub", "subtract"),
            ("subtract", "subtract"),
            ("mul", "multiply"),
            ("multiply", "multiply"),
            ("div", "divide"),
            ("divide", "divide"),
            ("true_divide", "divide"),
            ("pow", "power"),
        )
        for mark in ("", "_")
    },
    "rsub": subtracted,
    **{f"addcmul{mark}": addcmul for mark in ("", "_")},
    **{f"addcdiv{mark}": addcdiv for mark in ("", "_")},
    **{f"lerp{mark}": between for mark in ("", "_")},
    **{f"remainder{mark}": remaining for mark in ("", "_")},
    **{f"floor_divide{mark}": floored for mark in ("", "_")},
    "logaddexp": of_sum("exp", "log"),
    "hypot": of_sum("square", "sqrt"),
    "maximum": arithmetic("maximum"),
    "minimum": arithmetic("minimum"),
    "fmax": arithmetic("maximum"),
    "fmin": arithmetic("minimum"),
}
"""By the operator's name in ATen."""
