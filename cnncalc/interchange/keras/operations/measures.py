"""Operations that measure, compare or sort; of what no layer here does the shape is known."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.interchange.keras.call import Call, Rule
from cnncalc.interchange.keras.operations.laying_out import argument, without_channels

__all__ = ["MEASURES"]


def _reduced(call: Call, tensor: int, by: str, *, keep: bool) -> int:
    """Over the axes that the call names."""
    axes = call.axes(argument(call, 1, "axis"))
    if len(axes) == call.rank and not keep:
        raise call.fault("it keeps at least one axis beside the batch", help="set `keepdims`")
    made = call.put("reduce", tensor, suffix=by, by=by, axes=tuple(axes), keep=keep or None)
    return made if keep else without_channels(call, made, axes)


def _kept(call: Call) -> bool:
    return bool(argument(call, 2, "keepdims", default=False))


def variance(call: Call) -> int:
    """The mean square of what is left when the mean is taken away."""
    mean = _reduced(call, call.tensors[0], "mean", keep=True)
    left = call.put("subtract", call.tensors[0], mean, suffix="centred")
    return _reduced(call, call.put("function", left, suffix="squares", of="square"), "mean", keep=_kept(call))


def deviation(call: Call) -> int:
    """The root of the variance."""
    return call.put("function", variance(call), of="sqrt")


def norm(call: Call) -> int:
    """The root of a sum of squares, or a sum of magnitudes."""
    order = argument(call, 3, "ord")
    if order not in (None, 1, 2, "euclidean"):
        raise call.fault("its order is 1 or 2", f"it is {str(order)[:20]}")
    of = "abs" if order == 1 else "square"
    total = _reduced(call, call.put("function", suffix="each", of=of), "sum", keep=_kept(call))
    return total if order == 1 else call.put("function", total, of="sqrt")


def log_sum(call: Call) -> int:
    """The logarithm of a sum of exponentials."""
    total = _reduced(call, call.put("function", suffix="exponentials", of="exp"), "sum", keep=_kept(call))
    return call.put("function", total, of="log")


def shaped(of: str) -> Rule:
    """What no layer here does, with the shape of what it takes, broadcast where that is several."""

    def rule(call: Call) -> int:
        shapes = [call.work.shape_out(shape) for shape in call.x]
        rank = max(map(len, shapes))
        wide = [(*(1,) * (rank - len(shape)), *shape) for shape in shapes]
        return call.put("opaque", shape=call.work.shape_in(tuple(map(max, zip(*wide)))), of=of)

    return rule


def place(of: str) -> Rule:
    """The place of an extreme along an axis."""

    def rule(call: Call) -> int:
        axis = argument(call, 1, "axis")
        if type(axis) is not int or call.rank < 2:
            raise call.fault("it looks along one axis of several", f"its axis is {str(axis)[:20]}")
        shape = list(call.work.shape_out(call.x[0]))
        at = axis - 1 if axis > 0 else axis % len(shape)
        if not 0 <= at < len(shape):
            raise call.fault("an axis lies outside the tensor, or is the batch", f"its axis is {axis}")
        shape[at : at + 1] = [1] if _kept(call) else []
        return call.put("opaque", shape=call.work.shape_in(tuple(shape)), of=of)

    return rule


def left(of: str) -> Rule:
    """A measure along some axes, all but the batch unless told."""

    def rule(call: Call) -> int:
        axes = call.axes(argument(call, 1, "axis"))
        keep = bool(argument(call, 2, "keepdims", default=False))
        theirs = call.work.shape_out(tuple(0 if at in axes else n for at, n in enumerate(call.x[0])))
        shape = tuple(n or 1 for n in theirs) if keep else tuple(n for n in theirs if n) or (1,)
        return call.put("opaque", shape=call.work.shape_in(shape), of=of)

    return rule


def lengthened(of: str, place: int, name: str, length: Callable[[int, int], int]) -> Rule:
    """An axis of another length, which a number decides."""

    def rule(call: Call) -> int:
        number, axis = argument(call, place, name), argument(call, 2, "axis", default=-1)
        if type(number) is not int or not 0 < number <= 10**6:
            raise call.fault(f"`{name}` is a whole number", f"it is {str(number)[:40]}")
        at = call.axis(axis)
        made = length(call.x[0][at], number)
        if made < 1:
            raise call.fault("nothing is left of its axis", f"{number} of {call.x[0][at]}")
        return call.put("opaque", shape=tuple(made if one == at else n for one, n in enumerate(call.x[0])), of=of)

    return rule


def top(call: Call) -> list[int]:
    """The largest numbers of the last axis, and their places."""
    count, rank = argument(call, 1, "k"), call.rank
    last = call.axis(-1)
    if type(count) is not int or not 0 < count <= call.x[0][last]:
        raise call.fault("`k` is a number of places of the last axis", f"it is {str(count)[:20]} of {call.x[0][last]}")
    shape = tuple(count if at == last else call.x[0][at] for at in range(rank))
    names = ("values", "places")
    return [
        call.put("opaque", suffix=name, shape=shape, of="top_k") if at in call.wanted else call.tensors[0]
        for at, name in enumerate(names)
    ]


def one_hot(call: Call) -> int:
    """A row of classes for each number."""
    classes, axis = argument(call, 1, "num_classes"), argument(call, 2, "axis", default=-1)
    if type(classes) is not int or not 0 < classes <= 10**9 or axis != -1:
        raise call.fault(
            "it has a number of classes, along the last axis", f"{str(classes)[:20]} along {str(axis)[:20]}"
        )
    shape = (*call.work.shape_out(call.x[0]), classes)
    return call.put("opaque", shape=call.work.shape_in(shape), of="one_hot")


SHAPED = (
    "hypot", "nan_to_num", "tril", "triu", "cross", "erfinv", "logaddexp", "trunc",
    "flip", "cumsum", "cumprod", "sort", "argsort", "where", "greater", "greater_equal", "less", "less_equal", "equal",
    "not_equal", "logical_and", "logical_or", "logical_not", "isnan", "isinf", "isfinite", "mod", "floor_divide",
    "arctan2", "squared_difference", "zeros_like", "squareplus", "sparse_plus", "sparse_sigmoid", "sparsemax",
)  # fmt: skip
"""Operations without parameters whose output is as large as the largest that they take."""
MEASURES: dict[str, Rule] = {
    "var": variance,
    "std": deviation,
    "norm": norm,
    "logsumexp": log_sum,
    "argmax": place("argmax"),
    "argmin": place("argmin"),
    **{name: shaped(name) for name in SHAPED},
    **{name: left(name) for name in ("any", "all", "count_nonzero", "median", "prod", "quantile")},
    "repeat": lengthened("repeat", 1, "repeats", lambda n, times: n * times),
    "diff": lengthened("diff", 1, "n", lambda n, times: n - times),
    "top_k": top,
    "one_hot": one_hot,
}
"""By the operation's name in small letters."""
