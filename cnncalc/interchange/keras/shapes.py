"""Layers that lay elements out anew, join tensors, and connect every feature with every other."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.keras.activations import activated
from cnncalc.interchange.keras.call import Call, Rule
from cnncalc.interchange.keras.config import Node

__all__ = ["SHAPES", "of_length_one", "permuted", "reshaped"]


def flatten(call: Call) -> int:
    """Flatten: a vector; at every time step a sequence of vectors."""
    if call.timed:
        steps = call.x[0][call.step_axis]
        return call.put("reshape", shape=call.work.shape_in((steps, -1)))
    return call.put("identity") if call.rank == 1 else call.put("flatten")


def reshaped(call: Call, target: Any, tensor: int | None = None) -> int:
    """A reshape to a shape of Keras's, without the batch."""
    lengths = list(target) if isinstance(target, (list, tuple)) else [target]
    if not 1 <= len(lengths) <= 8 or not all(type(one) is int and -1 <= one <= 10**12 and one for one in lengths):
        raise call.fault("its target is a list of lengths", f"it is {str(target)[:60]}")
    shape = call.work.shape_in(tuple(lengths))
    chosen = call.tensors[0] if tensor is None else tensor
    return call.put("reshape", chosen, shape=shape)


def reshape(call: Call) -> int:
    """Reshape."""
    target = call.config.get("target_shape", call.config.get("dims"))
    if call.timed and isinstance(target, list):
        target = [call.x[0][call.step_axis], *target]
    return reshaped(call, target)


def permute(call: Call) -> int:
    """Permute: axes from 1, the batch being 0."""
    dims = call.config.get("dims")
    rank = call.rank
    if call.timed and isinstance(dims, list) and all(type(one) is int for one in dims):
        dims = [1, *(one + 1 for one in dims)]
    if not isinstance(dims, list) or sorted(map(str, dims)) != sorted(map(str, range(1, rank + 1))):
        raise call.fault("`dims` names every axis once, from 1", f"it is {str(dims)[:40]} of {rank} axes")
    return permuted(call, [one - 1 for one in dims])


def permuted(call: Call, order: list[int]) -> int:
    """A permutation of Keras's axes without the batch, as one of ours."""
    rank = call.rank
    places = list(range(rank)) if call.work.channels_first else [*range(1, rank), 0]
    theirs = [places[one] for one in order]
    turned = theirs if call.work.channels_first else [theirs[-1], *theirs[:-1]]
    return call.put("identity") if turned == list(range(rank)) else call.put("permute", order=tuple(turned))


def repeat_vector(call: Call) -> int:
    """RepeatVector: the vector at n time steps."""
    features = call.x[0][0]
    column = call.put("reshape", suffix="column", shape=(features, *call.x[0][1:], 1))
    return call.put("expand", column, suffix="repeated", shape=(*(-1 for _ in call.x[0]), call.whole("n")))


def dense(call: Call) -> int:
    """Dense: on a vector, or on the last axis, our channels, at every position: a convolution of one pixel."""
    units, bias = call.whole("units", call.config.get("output_dim")), call.flag("use_bias", True)
    if call.rank == 1:
        return activated(call, call.put("linear", out=units, bias=bias))
    if call.rank <= 4:
        return activated(call, call.put("conv", out=units, kernel=(1,) * (call.rank - 1), bias=bias))
    row = call.put("reshape", suffix="row", shape=(call.x[0][0], -1))
    made = call.put("conv", row, out=units, kernel=(1,), bias=bias)
    return activated(call, call.put("reshape", made, suffix="axes", shape=(units, *call.x[0][1:])))


def embedding(call: Call) -> int:
    """Embedding: a vector for each number, also of a map of numbers, which has no channels."""
    numbers = call.tensors[0]
    classes = call.whole("input_dim")
    if call.entry.kind == "ReversibleEmbedding":
        tied, calls = call.flag("tie_weights", True), [reversed_in(node) for node in call.entry.nodes]
        if not tied and len(set(calls)) < 2:
            raise call.fault("only one of its two tables is used, and both count", help="use an Embedding or a Dense")
        if call.kwargs.get("reverse") or True in call.args:
            owner = TABLE if tied else "reversed"
            made = call.put("linear", out=classes, bias=False, axis="channels" if call.rank > 1 else None, owner=owner)
            return made if call.config.get("logit_soft_cap") is None else _capped(call, made)
    if call.rank > 1:
        numbers = call.put("reshape", suffix="numbers", shape=(1, *call.work.shape_out(call.x[0])))
    return call.put("embedding", numbers, vocabulary=classes, features=call.whole("output_dim"), owner=TABLE)


def reversed_in(node: Node) -> bool:
    """Whether a call of a ReversibleEmbedding takes vectors, and gives scores of the numbers."""
    return bool(node.kwargs.get("reverse")) or True in node.args


TABLE = "table"
"""Owns what an embedding and the matrix that it is the other way round have in common."""


def _capped(call: Call, made: int) -> int:
    """Scores within a bound: by its size, to the hyperbolic tangent, and back."""
    cap = call.number("logit_soft_cap") or 1.0
    small = call.put("multiply", made, suffix="small", number=1 / cap)
    return call.put("multiply", call.put("tanh", small, suffix="tanh"), suffix="capped", number=cap)


def merge(kind: str) -> Rule:
    """A layer that takes several tensors, element by element; vectors meet maps as Keras broadcasts."""

    def rule(call: Call) -> int:
        if len(call.tensors) == 1:
            return call.put("identity")
        ranks = {len(shape) for shape in call.x}
        if len(ranks) == 1:
            return call.put(kind)
        return call.put(kind, *_broadcast(call, max(ranks)))

    return rule


def _broadcast(call: Call, rank: int) -> list[int]:
    """All tensors with as many axes: Keras puts axes of length 1 before a smaller one's, so that channels meet."""
    made = []
    for number, tensor in enumerate(call.tensors):
        shape = call.shape(tensor)
        if len(shape) == rank:
            made.append(tensor)
            continue
        wider = call.work.shape_in((*(1,) * (rank - len(shape)), *call.work.shape_out(shape)))
        made.append(call.put("reshape", tensor, suffix=f"axes{number}", shape=wider))
    return made


def average(call: Call) -> int:
    """Average: a sum, divided by the number of tensors."""
    if len(call.tensors) == 1:
        return call.put("identity")
    total = call.put("add", suffix="sum")
    return call.put("multiply", total, suffix="mean", number=1 / len(call.tensors))


def concatenate(call: Call) -> int:
    """Concatenate, along the last axis unless told."""
    if len(call.tensors) == 1:
        return call.put("identity")
    axis = call.config.get("axis", call.config.get("concat_axis", -1))
    return call.put("concat", axis=call.axis(axis) or None)


def old_merge(call: Call) -> int | list[int]:
    """Merge of Keras 1, with a mode."""
    mode = call.word("mode", "sum")
    rules: dict[str, Rule] = {
        "sum": merge("add"),
        "mul": merge("multiply"),
        "max": merge("maximum"),
        "concat": concatenate,
    }
    if mode not in rules:
        raise call.fault("its mode is not known", f"it is `{mode[:40]}`", f"known are {', '.join(rules)}")
    return rules[mode](call)


def dot(call: Call) -> int:
    """Dot of two tensors: one number of two vectors, else what is left of both when an axis of each is summed up."""
    if len(call.tensors) != 2:
        raise call.fault("it takes two tensors")
    if call.rank == 1 and len(call.x[1]) == 1:
        vectors = call.tensors
        if call.flag("normalize"):
            vectors = [of_length_one(call, one, -1, f"unit{at}") for at, one in enumerate(vectors)]
        product = call.put("multiply", *vectors, suffix="product")
        return call.put("reduce", product, suffix="sum", by="sum", axes=(0,), keep=True)
    named, ranks = call.config.get("axes"), [len(shape) for shape in call.x]
    axes: list[Any] = list(named) if isinstance(named, (list, tuple)) else [named, named]
    if len(axes) != 2 or not all(type(axis) is int and -rank <= axis <= rank for axis, rank in zip(axes, ranks)):
        raise call.fault("it sums up an axis of each", str(named)[:40])
    if max(ranks) > 13:
        raise call.fault("its tensors have at most 13 axes", str(ranks))
    sides = [list("abcdefghijklm"[: ranks[0]]), list("nopqrstuvwxyz"[: ranks[1]])]
    places = [(axis - 1 if axis > 0 else axis) % rank for axis, rank in zip(axes, ranks)]
    if 0 in axes or len(places) != 2:
        raise call.fault("it works along the batch", str(named)[:40])
    taken = call.tensors
    if call.flag("normalize"):
        taken = [of_length_one(call, one, axis, f"unit{at}") for at, (one, axis) in enumerate(zip(taken, axes))]
    left, right = ([*side[:at], *side[at + 1 :]] for side, at in zip(sides, places))
    sides[1][places[1]] = sides[0][places[0]]
    own = [side if call.work.channels_first else [*side[-1:], *side[:-1]] for side in (*sides, [*left, *right])]
    first, second, made = ("".join(side) for side in own)
    return call.put("einsum", *taken, equation=f"{first},{second}->{made}")


def of_length_one(call: Call, tensor: int, axis: int, name: str) -> int:
    """A tensor divided by the root of the sum of its squares along one of Keras's axes."""
    squares = call.put("function", tensor, suffix=f"{name}_squares", of="square")
    along = (call.axis(axis, tensor),)
    total = call.put("reduce", squares, suffix=f"{name}_sum", by="sum", axes=along, keep=True)
    length = call.put("function", total, suffix=f"{name}_length", of="sqrt")
    return call.put("divide", tensor, length, suffix=name)


SHAPES: dict[str, Rule] = {
    "Flatten": flatten,
    "Reshape": reshape,
    "Permute": permute,
    "RepeatVector": repeat_vector,
    "Dense": dense,
    **dict.fromkeys(("Embedding", "ReversibleEmbedding"), embedding),
    "Add": merge("add"),
    "Subtract": merge("subtract"),
    "Multiply": merge("multiply"),
    "Maximum": merge("maximum"),
    "Minimum": merge("minimum"),
    "Average": average,
    "Concatenate": concatenate,
    "Merge": old_merge,
    "Dot": dot,
}
"""By Keras's class."""
