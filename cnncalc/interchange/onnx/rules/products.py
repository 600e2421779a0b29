"""Products with weights, and products of two tensors."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Value
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.onnx.rules.elements import arithmetic
from cnncalc.interchange.onnx.rules.fixed import held, stack
from cnncalc.interchange.onnx.rules.picking import reduce
from cnncalc.interchange.onnx.rules.shapes import squeeze

__all__ = ["einsum", "gemm", "matmul", "quantised_matmul"]


def gemm(call: Call) -> list[Value]:
    """Gemm: of a vector an image with a weight that the file holds, or of any two matrices."""
    first, weight = (*call.values, None, None)[:2]
    if call.whole("transA", 0) or not isinstance(first, Live) or not isinstance(weight, Tensor) or weight.computed_anew:
        return [of_matrices(call)]
    live = call.batched(call.live(0), 0)
    if live.axis > 0 or len(call.full(live)) != 2 or len(weight.dims) != 2:
        raise NotKnown("no product of a vector with a weight")
    out = weight.dims[0 if call.whole("transB", 0) else 1]
    if call.taken_otherwise(weight, weight.dims if call.whole("transB", 0) else weight.dims[::-1]):
        return [of_matrices(call)]
    axis = "features" if len(call.shape(live)) == 1 else "last"
    if (
        call.given(2)
        and isinstance(added := call.values[2], (Live, Tensor))
        and not (isinstance(added, Tensor) and added.size == out)
    ):  # a number for all, one for each row, or what the net computes
        made = call.put("linear", live, weights=[weight], out=out, axis=axis, bias=False)
        return arithmetic(call.like([made, added], f"{call.name}_sum", "Add"))
    return [call.biased(2, -1, "linear", live, [weight], out=out, axis=axis)]


def of_matrices(call: Call) -> Live:
    """A product of two matrices of one image, either of them turned, and what is added to it."""
    sides: list[Live] = []
    for place, name in ((0, "transA"), (1, "transB")):
        value = call.values[place] if call.given(place) else None
        live = call.freed(value) if isinstance(value, Live) else brought(call, call.fixed(place))
        if len(call.shape(live)) != 2:
            raise NotKnown("no product of matrices")
        turned = call.whole(name, 0)
        sides.append(call.put("permute", live, suffix=f"_turned_{place}", order=(1, 0)) if turned else live)
    made = call.put("matmul", *sides)
    if (alpha := call.real("alpha", 1.0)) != 1:
        made = call.put("multiply", made, suffix="_scaled", number=alpha)
    if not call.given(2):
        return made
    (total,) = arithmetic(call.like([made, call.values[2]], f"{call.name}_sum", "Add"))
    assert isinstance(total, Live)
    return total


def brought(call: Call, weight: Tensor) -> Live:
    """A tensor of the file as a layer that brings it."""
    live = next((value for value in call.values if isinstance(value, Live)), None)
    if live is None:
        raise NotKnown("of fixed tensors")
    return held(call, weight, live, weight.dims, WITHIN, "_own")


def quantised_matmul(call: Call) -> list[Value]:
    """QLinearMatMul and MatMulInteger: the product that they are, of numbers that stand for real ones."""
    real = [one._replace(type=1) if isinstance(one, Tensor) else one for one in call.values]
    return product(call.like(real, call.name), 0, 3 if call.node.kind == "QLinearMatMul" else 1, None)


def matmul(call: Call) -> list[Value]:
    """MatMul; a third value is a bias that an Add brought."""
    return product(call, 0, 1, call.fixed(2) if call.given(2) else None)


def product(call: Call, left: int, right: int, bias: Tensor | None) -> list[Value]:
    """A product of tensors, or of a tensor and a weight, which is a linear layer on the last axis."""
    if not call.given(left) or not call.given(right):
        raise NotKnown("a product of one tensor")
    first, second = call.values[left], call.values[right]
    if isinstance(first, Live) and isinstance(second, Tensor):
        if not second.computed_anew and not call.taken_otherwise(second, second.dims[::-1]):
            return [times_weight(call, first, second, bias)]
        first = call.freed(first) if len(call.shape(first)) < 2 else first
        second = stack(call, second, first, "_right")
    if isinstance(first, Tensor) and isinstance(second, Live):
        first = stack(call, first, second, "_left")
    if not isinstance(first, Live) or not isinstance(second, Live):
        raise NotKnown("its inputs are not known")
    if first.axis != second.axis:
        first, second = call.freed(first), call.freed(second)
    if (
        first.axis != second.axis
        or first.axis > 0
        or len(call.shape(first)) != len(call.shape(second))
        or len(call.shape(first)) < 2
    ):
        raise NotKnown("a product along the batch, or of tensors with different axes")
    made = call.put("matmul", first, second)
    if bias is None:
        return [made]
    return arithmetic(call.like([made, bias], f"{call.name}_sum", "Add"))


def einsum(call: Call) -> list[Value]:
    """Einsum of two tensors that is a product of matrices, which other axes go along with."""
    equation = call.word("equation", "").replace(" ", "")
    if "->" not in equation:  # what stands once is left, in the order of the alphabet
        once = sorted(one for one in {*equation} if one.isalpha() and equation.count(one) == 1)
        equation += "->" + "..." * ("..." in equation) + "".join(once)
    if "..." in equation:
        equation = spelled(call, equation)
    sides, arrow, made = equation.partition("->")
    letters = sides.split(",")
    if arrow and len(letters) == len(call.values) > 2:
        return [of_several(call, letters, made)]
    if arrow and len(letters) == len(call.values) == 1 and isinstance(call.values[0], Live):
        return [of_one(call, call.live(), sides, made)]
    if not arrow or len(letters) != 2 or len(call.values) != 2 or not "".join([*letters, made]).isalpha():
        raise NotKnown(f"`{equation[:60]}`")
    a, b = letters
    first, second = call.present()
    if isinstance(first, Live) and isinstance(second, Tensor):
        if not second.computed_anew and (linear := by_weight(call, a, b, made)) is not None:
            return [linear]
        first = call.freed(first) if call.batch != 1 else first
        second = held(call, second, first, second.dims, WITHIN)
    along = [one for one in made if one in a and one in b]
    summed = [one for one in a if one in b and one not in made]
    rows, columns = ([one for one in side if one in made and one not in other] for side, other in ((a, b), (b, a)))
    if len({*a}) != len(a) or len({*b}) != len(b):
        raise NotKnown(f"`{equation[:60]}`")
    if not isinstance(first, Live) or not isinstance(second, Live):
        raise NotKnown("its first input does not depend on the net's input")
    if not len(summed) == len(rows) == len(columns) == 1:
        return [contracted(call, first, second, (a, b, made))]
    wanted = ("".join([*along, *rows, *summed]), "".join([*along, *summed, *columns]))
    sides_of = [ordered(call, live, had, like) for live, had, like in zip((first, second), (a, b), wanted)]
    if sides_of[0].axis != sides_of[1].axis:
        sides_of = [call.freed(live) for live in sides_of]
    product_of = call.put("matmul", *sides_of)
    return [ordered(call, product_of, "".join([*along, *rows, *columns]), made)]


def of_several(call: Call, letters: Sequence[str], made: str) -> Live:
    """Einsum of three tensors and more, one after the other: what no later one and no output has is added up."""
    first = next((at for at, one in enumerate(call.values) if isinstance(one, Live)), 0)
    order = sorted(range(len(letters)), key=lambda at: at != first)
    live, had = call.live(order[0]), letters[order[0]]
    for step, at in enumerate(order[1:], start=1):
        later = made + "".join(letters[one] for one in order[step + 1 :])
        last = step == len(order) - 1
        kept = made if last else "".join(one for one in dict.fromkeys(had + letters[at]) if one in later)
        inner = call.like([live, call.values[at]], call.name if last else f"{call.name}_{step}")
        inner.node = inner.node._replace(attributes={"equation": f"{had},{letters[at]}->{kept}"})
        (product_of,) = einsum(inner)
        assert isinstance(product_of, Live)
        live, had = product_of, kept
    return live


def spelled(call: Call, equation: str) -> str:
    """An equation with letters in place of the axes that `...` stands for, the last ones first."""
    sides, _, made = equation.partition("->")
    ranks = [len(call.full(one) if isinstance(one, Live) else one.dims) for one in call.present()]
    free = [one for one in "zyxwvutsrqponmlkjihgfedcba" if one not in equation]
    terms, most = sides.split(","), 0
    for place, (term, rank) in enumerate(zip(terms, ranks)):
        count = rank - len(term.replace("...", "")) if "..." in term else 0
        if not 0 <= count <= len(free) or len(terms) != len(ranks):
            raise NotKnown(f"`{equation[:60]}`")
        terms[place], most = term.replace("...", "".join(free[:count][::-1])), max(most, count)
    return ",".join(terms) + "->" + made.replace("...", "".join(free[:most][::-1]))


def of_one(call: Call, live: Live, had: str, made: str) -> Live:
    """Einsum of one tensor: axes that are added up, and the others in another order."""
    if not {*made} <= {*had} or len({*had}) != len(had) or len(had) != len(call.full(live)):
        raise NotKnown(f"`{had[:30]}->{made[:30]}`")
    gone = tuple(place for place, letter in enumerate(had) if letter not in made)
    if gone:
        inner = call.like([live], call.name + "_sum", "ReduceSum")
        inner.node = inner.node._replace(attributes={"axes": gone, "keepdims": 0})
        (summed,) = reduce(inner)
        assert isinstance(summed, Live)
        live, had = summed, "".join(letter for letter in had if letter in made)
    return ordered(call, live, had, made)


def by_weight(call: Call, a: str, b: str, made: str) -> Live | None:
    """Einsum of a tensor and a weight that is a linear layer, whose features stand in several axes, as Keras has it.

    None for one that is no linear layer.
    """
    live, weight = call.live(0), call.fixed(1)
    summed = "".join(one for one in a if one in b and one not in made)
    kept, first = a.removesuffix(summed), b.startswith(summed)
    out = b.removeprefix(summed) if first else b.removesuffix(summed)
    weighed = summed + out if first else out + summed
    fits = summed and (kept + summed, weighed, kept + out) == (a, b, made) and len({*a, *b}) == len(kept + b)
    full = call.full(live)
    if not fits or len(full) != len(a) or len(weight.dims) != len(b) or live.axis >= len(kept):
        return None
    around, features = full[: len(kept)], weight.dims[len(summed) :] if first else weight.dims[: len(out)]
    rows = call.own(live, (*around, prod(full[len(kept) :])))
    if len(summed) > 1:
        live = call.put("reshape", live, suffix="_rows", shape=rows)
    axis = "features" if len(rows) == 1 else "last"
    product_of = call.put("linear", live, weights=[weight], out=prod(features), bias=False, axis=axis)
    if len(features) == 1:
        return product_of
    return call.put("reshape", product_of, suffix="_apart", shape=call.own(product_of, (*around, *features)))


def contracted(call: Call, first: Live, second: Live, letters: tuple[str, str, str]) -> Live:
    """Any other Einsum of two tensors, in whose equation of ours the batch has no letter."""
    a, b, made = letters
    sides = [(live, side) for live, side in zip((first, second), (a, b)) if live.axis != WITHIN]
    batch = {side[live.axis : live.axis + 1] for live, side in sides}
    letter = batch.pop() if len(batch) == 1 else ""
    meets = [live for live, side in zip((first, second), (a, b)) if live.axis == WITHIN and letter in side]
    if not letter or letter not in made or meets:
        raise NotKnown(f"`{a[:20]},{b[:20]}->{made[:20]}`, by which a batch meets something else")
    left, right, out = (side.replace(letter, "") for side in letters)
    return call.put("einsum", first, second, batch=made.index(letter), equation=f"{left},{right}->{out}")


def ordered(call: Call, live: Live, had: str, wanted: str) -> Live:
    """A tensor whose axes are called by letters, in another order of these."""
    if len(had) != len(call.full(live)) or sorted(had) != sorted(wanted):
        raise NotKnown("its letters are not the axes of its inputs")
    order = tuple(had.index(one) for one in wanted)
    if order == tuple(range(len(order))):
        return live
    if live.axis == WITHIN:
        return call.put("permute", live, suffix="_turned", order=order)
    ours = tuple(axis - (axis > live.axis) for axis in order if axis != live.axis)
    batch = order.index(live.axis)
    return (
        Live(live.tensor, batch)
        if ours == tuple(sorted(ours))
        else call.put("permute", live, suffix="_turned", batch=batch, order=ours)
    )


def times_weight(call: Call, live: Live, weight: Tensor, bias: Tensor | None) -> Live:
    """A linear layer; weights that are a stack of matrices are a tensor of their own."""
    rank = len(call.full(live))
    if live.axis == rank - 1:
        raise NotKnown("a product along the batch")
    if len(weight.dims) == 2:
        axis = "features" if len(call.shape(live)) == 1 else "last"
        at = 2 if bias is not None else len(call.values)
        return call.biased(at, -1, "linear", live, [weight], out=weight.dims[1], axis=axis)
    if len(weight.dims) == 1 and bias is None:
        return times_vector(call, live, weight)
    if not 2 < len(weight.dims) <= rank or bias is not None:
        raise NotKnown("a product with a stack of weights")
    if len(weight.dims) < rank:
        return call.put("matmul", live, stack(call, weight, live, "_weight"))
    if live.axis or weight.dims[0] != 1:
        live = call.freed(live)
        return call.put("matmul", live, held(call, weight, live, weight.dims, WITHIN))
    own = call.put("parameter", live, suffix="_weight", weights=[weight], shape=weight.dims[1:], join="alone")
    return call.put("matmul", live, own)


def times_vector(call: Call, live: Live, weight: Tensor) -> Live:
    """A product with a vector: a linear layer of one output, whose axis goes."""
    axis = "features" if len(call.shape(live)) == 1 else "last"
    made = call.put("linear", live, weights=[weight], out=1, axis=axis, bias=False)
    inner = call.like([made], f"{call.name}_alone")
    inner.node = inner.node._replace(attributes={"axes": (-1,)})
    (alone,) = squeeze(inner)
    assert isinstance(alone, Live)
    return alone
