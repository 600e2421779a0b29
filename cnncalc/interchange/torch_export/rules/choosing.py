"""Comparisons of ATen, choices between tensors, masks, and what is known by the shape that it makes alone.

A comparison is 1 where it holds and 0 elsewhere, so that a choice is a sum of products. Which places a fixed mask takes
is not in what is read: it is a `constant` that is added or multiplied.
"""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.rules.arithmetic import of_two
from cnncalc.interchange.torch_export.values import Parameter, Refused, Tensor, Value

__all__ = ["CHOOSING", "shape_alone"]

FAR = 1e4
"""From here on a number that a mask puts in is added, so that nothing of the others is lost beside it."""
FARTHEST = 1e9
"""Stands for all that lie beyond: an infinite number times 0 is none."""


def shape_alone(call: Call) -> Value:
    """Layers of which only the shape is known, for each tensor that it makes and something takes."""
    taken = [one for one in call.taken() if isinstance(one, Tensor)]
    learned = [call.tensor(one) for one in call.taken() if isinstance(one, Parameter) and one.learned and one.name]
    entering = [one.number for one in (*taken, *learned)] or [next(iter(call.world.sketch.inputs.values()))]
    made: list[Value] = []
    for at, (name, dims) in enumerate(zip(call.operation.outputs, call.outputs)):
        if at and name not in call.world.used:
            made.append(None)
            continue
        alone = 0 if call.world.size == 1 else None
        batch = call.world.batch_of(dims, taken[0].batch if taken else alone)
        called = f"{call.name()}_{at}" if at else call.name()
        shape = call.world.shape(dims, batch)
        made.append(Tensor(call.layer("opaque", entering, called, shape=shape, of=call.word), dims, batch))
    if not made:
        raise Refused("the file does not state the shape that it makes")
    return made


def compared(of: str) -> Any:
    """gt, lt, ge, le, eq and ne, of two tensors or of a tensor and a number."""

    def rule(call: Call) -> Value:
        left, right = call.arguments.get("self"), call.arguments.get("other")
        above, below = (right, left) if of in ("lt", "ge") else (left, right)
        sign = _function(call, _less(call, above, below), "sign", "sign")
        if of in ("eq", "ne"):
            holds = _function(call, sign, "abs", "apart")
        else:
            holds = _put(call, sign, "function", "beyond", of="clip", low=0.0)
        return holds if of in ("gt", "lt", "ne") else negation(call, holds)

    return rule


def _put(call: Call, x: Tensor, kind: str, word: str, **fields: Any) -> Tensor:
    return x._replace(number=call.layer(kind, [x.number], f"{call.name()}_{word}", **fields))


def _function(call: Call, x: Tensor, of: str, word: str) -> Tensor:
    return _put(call, x, "function", word, of=of)


def _less(call: Call, left: Value, right: Value) -> Tensor:
    """One less another, of which one may be a number."""
    if isinstance(right, (bool, int, float)):
        return _put(call, call.tensor(left), "add", "less", number=-float(right)) if right else call.tensor(left)
    if isinstance(left, (bool, int, float)):
        negated = _function(call, call.tensor(right), "negate", "negated")
        return _put(call, negated, "add", "less", number=float(left)) if left else negated
    return _of_two(call, "subtract", left, right, "less")


def _of_two(call: Call, kind: str, left: Value, right: Value, word: str) -> Tensor:
    with call.called(word):
        return of_two(call, kind, left, right)


def negation(call: Call, x: Tensor) -> Tensor:
    """1 less what is 0 or 1."""
    return _put(call, _function(call, x, "negate", "turned"), "add", "not", number=1.0)


def inverted(call: Call) -> Value:
    """logical_not and bitwise_not."""
    return negation(call, call.x())


def both(kind: str) -> Any:
    """Two conditions: their product, or the larger of them."""

    def rule(call: Call) -> Value:
        left, right = call.arguments.get("self"), call.arguments.get("other")
        if not isinstance(left, (Tensor, Parameter)) or not isinstance(right, (Tensor, Parameter)):
            raise Refused("it is of a condition and a number")
        return of_two(call, kind, left, right)

    return rule


def where(call: Call) -> Value:
    """The one where a condition holds, the other elsewhere."""
    return _chosen(call, call.arguments.get("condition"), call.arguments.get("self"), call.arguments.get("other"))


def masked(call: Call) -> Value:
    """masked_fill: a number, or a tensor of one, where a mask holds."""
    return _chosen(call, call.arguments.get("mask"), call.arguments.get("value"), call.arguments.get("self"))


def threshold(call: Call) -> Value:
    """A number in place of all that are not above a threshold; zero up to 1 is a function of ours."""
    bound, number = float(call.get("threshold")), float(call.get("value"))
    if (bound, number) == (1, 0):
        return call.put("function", of="threshold")
    x = call.x()
    return _chosen(call, _above(call, x, bound), x, number)


def shrunk(of: str) -> Any:
    """hardshrink and softshrink: zero near 0; by torch's own λ a function of ours."""

    def rule(call: Call) -> Value:
        near = float(call.get("lambd", 0.5))
        if near == 0.5:
            return call.put("function", of=of)
        x = call.x()
        if of == "softshrink":
            clipped = _put(call, x, "function", "near", of="clip", low=-near, high=near)
            return _of_two(call, "subtract", x, clipped, "far")
        return of_two(call, "multiply", x, _above(call, _function(call, x, "abs", "apart"), near))

    return rule


def _above(call: Call, x: Tensor, bound: float) -> Tensor:
    sign = _function(call, _less(call, x, bound), "sign", "sign")
    return _put(call, sign, "function", "beyond", of="clip", low=0.0)


def _number(value: Value) -> float | None:
    """A number as JSON of torch has it, brought near; None for a tensor."""
    if isinstance(value, str) and value in ("Infinity", "-Infinity", "inf", "-inf"):
        value = float(value.replace("Infinity", "inf"))
    if isinstance(value, (bool, int, float)):
        return max(min(float(value), FARTHEST), -FARTHEST)
    return None


def _chosen(call: Call, condition: Value, one: Value, other: Value) -> Value:
    """A choice as a sum: of a product and the rest, or of a number that lies far away."""
    numbers = _number(one), _number(other)
    fixed = isinstance(condition, Parameter)
    if fixed and None in numbers and any(number is not None for number in numbers):
        return _covered(call, one if numbers[0] is None else other, numbers[1] if numbers[0] is None else numbers[0])
    holds = call.tensor(condition)
    if None not in numbers:
        first, second = (float(number or 0) for number in numbers)
        scaled = _put(call, holds, "multiply", "apart", number=first - second)
        return _put(call, scaled, "add", "put", number=second)
    if _is_far(numbers[0]) or _is_far(numbers[1]):
        first = _is_far(numbers[0])
        return _far_away(call, holds if first else negation(call, holds), numbers[not first], other if first else one)
    if 0 in numbers:
        kept, rest = (negation(call, holds), other) if numbers[0] == 0 else (holds, one)
        number = _number(rest)
        return (
            of_two(call, "multiply", rest, kept)
            if number is None
            else _put(call, kept, "multiply", "put", number=number)
        )
    apart = _less(call, one if numbers[0] is None else numbers[0], other if numbers[1] is None else numbers[1])
    chosen = _of_two(call, "multiply", holds, apart, "chosen")
    if numbers[1] is not None:
        return _put(call, chosen, "add", "put", number=numbers[1])
    return of_two(call, "add", chosen, other)


def _is_far(number: float | None) -> bool:
    return number is not None and abs(number) >= FAR


def _far_away(call: Call, holds: Tensor, far: float | None, rest: Value) -> Value:
    """A number that lies far away where a condition holds, as a mask before a softmax; it is added to the rest."""
    number, added = _number(rest), _put(call, holds, "multiply", "far", number=far)
    return of_two(call, "add", rest, added) if number is None else _put(call, added, "add", "put", number=number)


def _covered(call: Call, x: Value, number: float | None) -> Value:
    """What a fixed mask covers: something that lies far is added, anything else is multiplied."""
    if isinstance(x, Parameter) and not x.name:
        return Parameter("", call.dims)
    tensor = call.tensor(x)
    mask = Parameter("", tuple(call.dims))
    return of_two(call, "add" if abs(number or 0) >= FAR else "multiply", tensor, _for_each(tensor, mask))


def _for_each(x: Tensor, mask: Parameter) -> Parameter:
    """A mask that is the same for every sample."""
    return mask._replace(dims=tuple(1 if axis == x.batch else n for axis, n in enumerate(mask.dims)))


def triangle(call: Call) -> Value:
    """tril and triu: zeros above, or below, a diagonal."""
    x = call.x()
    return of_two(call, "multiply", x, _for_each(x, Parameter("", call.dims)))


BY_SHAPE = (
    "_cdist_forward affine_grid_generator all angle any argsort atan2 bernoulli cdist complex cummax cummin cumprod"
    " cumsum cumsum_ diagonal erfinv fft_fft fft_fft2 fft_fftn fft_fftshift fft_ifft fft_ifft2 fft_ifftn fft_ifftshift"
    " fft_irfft fft_irfft2 fft_irfftn fft_rfft fft_rfft2 fft_rfftn flip fliplr flipud gather grid_sampler"
    " grid_sampler_2d grid_sampler_3d imag index_add index_add_ index_copy index_fill index_put index_put_"
    " index_select isfinite isinf isnan istft kthvalue logcumsumexp median mode multinomial one_hot polar prod real"
    " rot90 scatter scatter_ scatter_add scatter_add_ scatter_reduce sort stft take take_along_dim view_as_complex"
    " view_as_real"
)
"""Functions without weights, and without products that torch's counter counts: what they cost is not said."""
CHOOSING: dict[str, Any] = {
    **{f"{of}": compared(of) for of in ("gt", "lt", "ge", "le", "eq", "ne")},
    **dict.fromkeys(("logical_not", "bitwise_not"), inverted),
    **dict.fromkeys(("logical_and", "bitwise_and", "__and__"), both("multiply")),
    **dict.fromkeys(("logical_or", "bitwise_or", "__or__"), both("maximum")),
    "where": where,
    "masked_fill": masked,
    "masked_fill_": masked,
    **{f"threshold{mark}": threshold for mark in ("", "_")},
    "hardshrink": shrunk("hardshrink"),
    "softshrink": shrunk("softshrink"),
    "tril": triangle,
    "triu": triangle,
    **dict.fromkeys(BY_SHAPE.split(), shape_alone),
}
"""By the operator's name in ATen."""
