"""Operations of ATen that make one number of all along some axes, or keep the largest."""

from __future__ import annotations

from math import isinf
from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.rules.arithmetic import of_two
from cnncalc.interchange.torch_export.values import Refused, Tensor, Value

__all__ = ["REDUCTIONS"]


def reduced(by: str) -> Any:
    """A sum, mean or largest over axes; a mean over all of a map is a global pool."""

    def rule(call: Call) -> Tensor:
        x, axes, keep = _over(call)
        rank = len(call.world.sketch.shape(x.number))
        if by == "mean" and x.batch == 0 and axes == tuple(range(1, rank)) and 1 < rank <= 4:
            return call.put("global_avgpool", flat=None if keep else True)
        return call.put("reduce", by=by, axes=axes, keep=True if keep or len(axes) == rank else None)

    return rule


def _over(call: Call) -> tuple[Tensor, tuple[int, ...], bool]:
    """What is reduced, along which axes of ours, and whether these are left."""
    x, given = call.x(), call.get("dim", None)
    listed = given if isinstance(given, list) else [given] if given is not None else list(range(len(x.dims)))
    axes = {call.axis(one, x) for one in listed if one % max(len(x.dims), 1) != x.batch or given is not None}
    if given is None and x.batch is not None and call.world.size > 1:
        raise Refused("it leaves one number for the whole batch")
    return x, tuple(sorted(axes)), bool(call.get("keepdim", False))


def spread(*gives: str) -> Any:
    """var and std, and both with their mean: the mean of the squares of what is apart from the mean."""

    def rule(call: Call) -> Value:
        x, axes, keep = _over(call)
        shape, name = call.world.sketch.shape(x.number), call.name()
        n = product(shape[axis] for axis in axes)
        less = int(call.get("correction", 1)) if call.get("unbiased", True) else 0
        if n <= less:
            raise Refused(f"it divides by {n - less}")
        mean = call.layer("reduce", [x.number], f"{name}_mean", by="mean", axes=axes, keep=True)
        apart = call.layer("subtract", [x.number, mean], f"{name}_apart")
        squares = call.layer("function", [apart], f"{name}_squares", of="square")
        made = call.layer("reduce", [squares], f"{name}_var", by="mean", axes=axes, keep=True)
        if less:
            made = call.layer("multiply", [made], f"{name}_unbiased", number=n / (n - less))
        if gives[0] == "std":
            made = call.layer("function", [made], name, of="sqrt")
        both = [made, mean][: len(gives)]
        found: list[Value] = []
        for number, dims in zip(both, call.outputs):
            if not keep and len(axes) < len(shape):
                left = tuple(length for axis, length in enumerate(shape) if axis not in axes)
                number = call.layer("reshape", [number], f"{name}_flat", shape=left)  # noqa: PLW2901 - the same number
            found.append(call.held(number, dims, call.world.batch_of(dims, x.batch)))
        return found

    return rule


def largest(by: str) -> Any:
    """max and min: along an axis, which also give the places; of all elements; or of two tensors."""

    def rule(call: Call) -> Value:
        if "other" in call.arguments:
            return of_two(call, f"{by}imum", call.arguments["self"], call.arguments["other"])
        return reduced(by)(call)

    return rule


def _negated(call: Call, x: Tensor) -> Tensor:
    return x._replace(number=call.layer("function", [x.number], f"{call.name()}_negated", of="negate"))


def argmax(call: Call) -> Tensor:
    """The place of the largest, or of the smallest."""
    x = call.x()
    if not isinstance(call.get("dim"), int):
        raise Refused("it leaves one number for the whole batch")
    keep = bool(call.get("keepdim", False)) or len(call.world.sketch.shape(x.number)) == 1
    taken = _negated(call, x) if call.word == "argmin" else x
    return call.put("argmax", taken, axes=(call.axis(call.get("dim"), x),), keep=keep or None)


def topk(call: Call) -> Tensor:
    """The k largest along an axis, or the k smallest."""
    x = call.x()
    fields = {"k": call.get("k"), "axis": call.axis(call.get("dim", -1), x) or None}
    if call.get("largest", True):
        return call.put("topk", **fields)
    return _negated(call, call.put("topk", _negated(call, x), **fields))


def norm(call: Call) -> Tensor:
    """linalg_vector_norm: the root of a sum of powers, or the largest or smallest absolute value."""
    order = call.get("ord", 2)
    order = float(str(order).replace("Infinity", "inf"))
    if order in (1, 2):
        return reduced(f"l{int(order)}")(call)  # type: ignore[no-any-return]  # a rule of the table, as any
    if order == 0:
        raise Refused("a norm of order 0")
    x, axes, keep = _over(call)
    rank = len(call.world.sketch.shape(x.number))
    number = call.layer("function", [x.number], f"{call.name()}_abs", of="abs")
    by = "sum" if not isinf(order) else "max" if order > 0 else "min"
    if by == "sum":
        number = call.layer("power", [number], f"{call.name()}_powers", number=order)
    made = call.layer("reduce", [number], f"{call.name()}_{by}", by=by, axes=axes, keep=keep or len(axes) == rank)
    if by == "sum":
        made = call.layer("power", [made], number=1 / order)
    return call.held(made, call.dims, call.world.batch_of(call.dims, x.batch))


def cosine(call: Call) -> Tensor:
    """cosine_similarity: a sum of products over both lengths, which are not below ε."""
    x, y = call.tensor(call.get("x1")), call.tensor(call.get("x2"))
    y, name = call.laid_as(y, x), call.name()
    axes = (call.axis(call.get("dim", 1), x),)
    if x.dims != y.dims or x.batch != y.batch or len(call.world.sketch.shape(x.number)) < 2:
        raise Refused("its tensors differ in shape, or are vectors")
    products = call.layer("multiply", [x.number, y.number], f"{name}_products")
    total = call.layer("reduce", [products], f"{name}_sum", by="sum", axes=axes)
    for at, one in enumerate((x, y)):
        length = call.layer("reduce", [one.number], f"{name}_length_{at}", by="l2", axes=axes)
        kept = call.layer("function", [length], f"{name}_least_{at}", of="clip", low=float(call.get("eps", 1e-8)))
        total = call.layer("divide", [total, kept], name if at else f"{name}_half")
    return call.held(total, call.dims, call.world.batch_of(call.dims, x.batch))


def distance(call: Call) -> Tensor:
    """pairwise_distance: the length of a difference, to each of whose numbers ε is added."""
    if call.get("p", 2) != 2:
        raise Refused(f"a distance of order {str(call.get('p'))[:20]}")
    with call.called("apart"):
        apart = _like_first(call, call.tensor(call.get("x1")), call.tensor(call.get("x2")))
    more = call.layer("add", [apart.number], f"{call.name()}_more", number=float(call.get("eps", 1e-6)))
    rank = len(call.world.sketch.shape(more))
    keep = call.get("keepdim", False) or rank == 1
    made = call.layer("reduce", [more], by="l2", axes=(rank - 1,), keep=keep or None)
    return call.held(made, call.dims, call.world.batch_of(call.dims, apart.batch))


def _like_first(call: Call, x: Tensor, y: Tensor) -> Tensor:
    y = call.laid_as(y, x)
    if x.dims != y.dims or x.batch != y.batch:
        raise Refused("its tensors differ in shape")
    return x._replace(number=call.layer("subtract", [x.number, y.number]))


REDUCTIONS: dict[str, Any] = {
    "mean": reduced("mean"),
    "sum": reduced("sum"),
    "amax": reduced("max"),
    "amin": reduced("min"),
    "logsumexp": reduced("logsumexp"),
    "var": spread("var"),
    "std": spread("std"),
    "var_mean": spread("var", "mean"),
    "std_mean": spread("std", "mean"),
    "cosine_similarity": cosine,
    "pairwise_distance": distance,
    "linalg_vector_norm": norm,
    "max": largest("max"),
    "min": largest("min"),
    "argmax": argmax,
    "argmin": argmax,
    "topk": topk,
}
"""By the operator's name in ATen."""
