"""Operations of ATen that make one number of all along some axes, or keep the largest."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.values import Refused, Tensor, Value

__all__ = ["REDUCTIONS"]


def reduced(by: str) -> Any:
    """A sum, mean or largest over axes; a mean over all of a map is a global pool."""

    def rule(call: Call) -> Tensor:
        x = call.x()
        given = call.get("dim", None)
        listed = given if isinstance(given, list) else [given] if given is not None else list(range(len(x.dims)))
        axes = sorted(
            {call.axis(one, x) for one in listed if one % max(len(x.dims), 1) != x.batch or given is not None}
        )
        keep = bool(call.get("keepdim", False))
        rank = len(call.world.sketch.shape(x.number))
        if by == "mean" and x.batch == 0 and axes == list(range(1, rank)) and 1 < rank <= 4:
            return call.put("global_avgpool", flat=None if keep else True)
        if given is None and x.batch is not None and call.world.size > 1:
            raise Refused("it leaves one number for the whole batch")
        return call.put("reduce", by=by, axes=tuple(axes), keep=True if keep or len(axes) == rank else None)

    return rule


def largest(by: str) -> Any:
    """max and min along an axis, which also give the places."""

    def rule(call: Call) -> Value:
        if not isinstance(call.get("dim"), int):
            raise Refused("of two tensors it is `maximum`, and of all elements one number")
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
    """linalg_vector_norm: the root of a sum of squares, or a sum of absolute values."""
    order = call.get("ord", 2)
    if order not in (1, 2):
        raise Refused(f"a norm of order {str(order)[:20]}")
    return reduced(f"l{int(order)}")(call)  # type: ignore[no-any-return]  # a rule of the table, as any


REDUCTIONS: dict[str, Any] = {
    "mean": reduced("mean"),
    "sum": reduced("sum"),
    "amax": reduced("max"),
    "amin": reduced("min"),
    "logsumexp": reduced("logsumexp"),
    "linalg_vector_norm": norm,
    "max": largest("max"),
    "min": largest("min"),
    "argmax": argmax,
    "argmin": argmax,
    "topk": topk,
}
"""By the operator's name in ATen."""
