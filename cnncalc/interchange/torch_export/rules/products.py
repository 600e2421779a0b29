"""Products of ATen: with matrices of the module's, of two tensors, and attention; and tables that are looked up."""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.rules.arithmetic import of_two
from cnncalc.interchange.torch_export.rules.fixed import fixed_linear, is_fixed, plus
from cnncalc.interchange.torch_export.rules.repeating import along
from cnncalc.interchange.torch_export.values import Parameter, Refused, Tensor, Value

__all__ = ["PRODUCTS"]


def linear(call: Call) -> Tensor:
    """aten.linear: on the last axis, at every position of the others."""
    weight, bias = call.parameter("weight"), call.arguments.get("bias")
    alone = weight is not None and (is_fixed(weight) or call.world.stands_alone(weight))
    if weight is not None and alone and len(weight.dims) == 2:
        return plus(call, fixed_linear(call, call.x(), weight), bias)
    if isinstance(bias, Tensor) or (bias is not None and is_fixed(bias)):
        return plus(call, _linear(call, call.x(), weight, None, turned=False), bias)
    return _linear(call, call.x(), weight, call.parameter("bias"), turned=False)


def _linear(call: Call, x: Tensor, weight: Parameter | None, bias: Parameter | None, *, turned: bool) -> Tensor:
    if weight is None or len(weight.dims) != 2:
        raise Refused("it has no matrix among the module's parameters")
    if bias is not None and call.world.takes_apart(weight, bias):
        return plus(call, _linear(call, x, weight, None, turned=turned), bias)
    names = [*weight.names, bias.name if bias is not None else ""]
    axis = "last" if len(call.world.sketch.shape(x.number)) > 1 else None
    out = weight.dims[1 if turned else 0]
    return call.put("linear", x, parameters=names, out=out, bias=bias is not None, axis=axis, norm=weight.norm)


def addmm(call: Call) -> Value:
    """bias + x · Wᵀ, where the matrix is a parameter that was turned; of other tensors a product and a sum."""
    weight, bias = call.arguments.get("mat2"), call.arguments.get("self")
    usual = (call.get("beta", 1), call.get("alpha", 1)) == (1, 1)
    learned = isinstance(weight, Parameter) and bool(weight.name) and not call.world.stands_alone(weight)
    if usual and learned and isinstance(bias, Parameter) and len(bias.dims) == 1:
        return _linear(call, call.tensor(call.arguments.get("mat1")), weight, bias, turned=True)
    return _plus_product(call, "mat1", "mat2")


def baddbmm(call: Call) -> Value:
    """A product of each matrix with another, and a third tensor added."""
    return _plus_product(call, "batch1", "batch2")


def _plus_product(call: Call, left: str, right: str) -> Value:
    """β times a tensor, and α times a product of two others."""
    added, factors = call.arguments["self"], (call.get("beta", 1), call.get("alpha", 1))
    call.arguments["self"], call.arguments["other"] = call.arguments[left], call.arguments[right]
    with call.called("product"):
        made = matmul(call)
    terms = [
        one if factor == 1 else _times(call, call.tensor(one), float(factor), word)
        for one, factor, word in zip((added, made), factors, ("added", "taken"))
        if factor != 0
    ]
    return of_two(call, "add", *terms) if len(terms) > 1 else terms[0]


def _times(call: Call, x: Tensor, number: float, word: str) -> Tensor:
    return x._replace(number=call.layer("multiply", [x.number], f"{call.name()}_{word}", number=number))


def matmul(call: Call) -> Value:
    """Of two tensors, or of a tensor and a matrix of the module's."""
    left = call.arguments.get("self")
    right = call.arguments.get("other", call.arguments.get("mat2"))
    matrix = isinstance(right, Parameter) and bool(right.name) and len(right.dims) == 2
    if matrix and isinstance(left, Tensor) and not call.world.stands_alone(right):
        return _linear(call, left, right, None, turned=True)
    if isinstance(left, Parameter) and isinstance(right, Parameter) and not (left.name or right.name):
        return Parameter("", call.dims)
    if isinstance(right, Parameter) and isinstance(left, Tensor) and left.batch == 0 and right.dims[:1] == (1,):
        right = right._replace(expanded=len(right.dims) == len(left.dims))
    x, y = call.tensor(left), call.tensor(right)
    x, y = apart(call, (x, "left"), (y, "right"))
    x, y = (_as_matrix(call, one, word) for one, word in ((x, "left"), (y, "right")))
    x, y = (longer(call, one, other, word) for one, other, word in ((x, y, "left"), (y, x, "right")))
    if len(x.dims) != len(y.dims) or x.batch != y.batch:
        raise Refused("its tensors have different numbers of axes")
    ours = call.world.sketch.shape(x.number)
    if len(ours) < 2:
        raise Refused("it multiplies along the batch")
    return call.put("matmul", x, y)


def _as_matrix(call: Call, x: Tensor, word: str) -> Tensor:
    """A vector that is multiplied as one row, or as one column: with an axis more."""
    if len(x.dims) != 1 or x.batch is not None:
        return x
    dims = (1, *x.dims) if word == "left" else (*x.dims, 1)
    return Tensor(call.layer("reshape", [x.number], f"{call.name()}_{word}_wide", shape=dims), dims, None)


def longer(call: Call, one: Tensor, other: Tensor, word: str) -> Tensor:
    """A stack of matrices that has fewer axes than another, or is one for all of it, as often as that one wants it."""
    more, name = len(other.dims) - len(one.dims), f"{call.name()}_{word}"
    if more > 0 and len(one.dims) > 1 and one.batch is None and other.batch is None:
        dims = (*(1,) * more, *one.dims)
        one = Tensor(call.layer("reshape", [one.number], f"{name}_axes", shape=dims), dims, None)
    if len(one.dims) != len(other.dims):
        return one
    for axis, (n, m) in enumerate(zip(one.dims[:-2], other.dims)):
        one = along(call, one, axis, m, f"{name}_{axis}", inside=True) if n == 1 and axis != one.batch else one
    return one


def apart(call: Call, *named: tuple[Tensor, str]) -> list[Tensor]:
    """Tensors of which matrices are multiplied, whole where the one sample is a row or a column, or was merged."""
    tensors = [one for one, _ in named]
    within = any(one.batch is not None and one.batch >= len(one.dims) - 2 for one in tensors)
    if call.world.size == 1 and (within or len({one.batch for one in tensors}) > 1):
        return [call.whole(one, word) for one, word in named]
    return tensors


def einsum(call: Call) -> Tensor:
    """aten.einsum: of one tensor its axes turned and summed, of two a product, of more one product after the other."""
    tensors = [call.tensor(one) for one in call.get("tensors", [])]
    *sides, out = _letters(str(call.get("equation", "")), tensors)
    if len(tensors) == 1:
        return _turned(call, tensors[0], sides[0], out)
    lengths = {letter: n for side, one in zip(sides, tensors) for letter, n in zip(side, one.dims)}
    while len(tensors) > 2:
        rest = out + "".join(sides[2:])
        left = "".join(letter for letter in dict.fromkeys(sides[0] + sides[1]) if letter in rest)
        name = f"{call.name()}_{len(tensors)}"
        made = contracted(call, tensors[:2], (sides[0], sides[1], left), name, tuple(lengths[one] for one in left))
        tensors, sides = [made, *tensors[2:]], [left, *sides[2:]]
    left, right = sides
    rows, inner, columns = left[-2:-1], left[-1:], out[-1:]
    fits = left[:-2] == right[:-2] == out[:-2] and out[-2:-1] == rows and inner != columns
    if not fits or right[-2:] not in (columns + inner, inner + columns) or tensors[0].batch != tensors[1].batch:
        return contracted(call, tensors, (left, right, out), call.name(), call.dims)
    return call.put("matmul", *tensors, transposed=True if right[-2:] == columns + inner else None)


def _letters(equation: str, tensors: list[Tensor]) -> list[str]:
    """The letters of each tensor and of what comes out, those of `...` in capitals from the last backward."""
    operands, arrow, out = equation.replace(" ", "").partition("->")
    sides, more = operands.split(","), 0
    for at, (side, one) in enumerate(zip(sides, tensors)):
        if "..." in side:
            count = len(one.dims) - len(side) + 3
            sides[at], more = side.replace("...", "IJKLMNOP"[:count][::-1]), max(more, count)
    out = out.replace("...", "IJKLMNOP"[:more][::-1])
    fit = len(sides) == len(tensors) and all(len(one.dims) == len(side) for one, side in zip(tensors, sides))
    if not arrow or not fit or any(len(set(side)) < len(side) for side in (*sides, out)):
        raise Refused(f"an equation of this form is not known: {equation[:40]}")
    return [*sides, out]


def _turned(call: Call, x: Tensor, letters: str, out: str) -> Tensor:
    """Axes of one tensor summed where they do not come out, and the others turned."""
    if x.batch is None or letters[x.batch] not in out:
        x = call.whole(x, "whole")
    own = letters[x.batch] if x.batch is not None else ""
    ours, wanted = letters.replace(own, "") if own else letters, out.replace(own, "") if own else out
    number, gone = x.number, tuple(axis for axis, letter in enumerate(ours) if letter not in wanted)
    if gone:
        number = call.layer("reduce", [number], f"{call.name()}_sum", by="sum", axes=gone, keep=not wanted or None)
        ours = "".join(letter for letter in ours if letter in wanted)
    if ours != wanted:
        number = call.layer("permute", [number], order=tuple(ours.index(letter) for letter in wanted))
    return call.held(number, call.dims, out.index(own) if own else call.world.batch_of(call.dims, None))


def contracted(
    call: Call, tensors: list[Tensor], letters: tuple[str, str, str], name: str, dims: tuple[int, ...]
) -> Tensor:
    """Any einsum of two tensors, in whose equation of ours the batch has no letter, unless it was merged."""
    batch = {side[one.batch] for one, side in zip(tensors, letters) if one.batch is not None}
    own = batch.pop() if len(batch) == 1 else ""
    beside = any(one.batch is None and own in side for one, side in zip(tensors, letters))
    if not own or own not in letters[2] or beside:
        tensors, own = [call.whole(one, f"whole_{at}") for at, one in enumerate(tensors)], ""
    left, right, out = (side.replace(own, "") if own else side for side in letters)
    made = call.layer("einsum", [one.number for one in tensors], name, equation=f"{left},{right}->{out}")
    return call.held(made, dims, letters[2].index(own) if own else call.world.batch_of(dims, None))


def attention(call: Call) -> Tensor:
    """aten.scaled_dot_product_attention: two products and a softmax between them."""
    named = ((call.tensor(call.arguments.get(name)), name) for name in ("query", "key", "value"))
    query, key, value = apart(call, *named)
    name, add = call.name(), call.layer
    key, value = (shared(call, one, query.dims, f"{name}_{word}") for one, word in ((key, "keys"), (value, "values")))
    scores = add("matmul", [query.number, key.number], f"{name}_scores", transposed=True)
    scaled = add("multiply", [scores], f"{name}_scaled", number=float(call.get("scale", query.dims[-1] ** -0.5)))
    mask, wide = call.arguments.get("attn_mask"), call.world.sketch.shape(scaled)
    if call.get("is_causal", False):
        mask = Parameter("", query.dims[-2:-1] + key.dims[-2:-1])
    if isinstance(mask, Tensor):
        own = call.world.sketch.shape(mask.number)
        shape = (*(1,) * (len(wide) - len(own)), *own)
        aligned = mask.number if shape == own else add("reshape", [mask.number], f"{name}_mask", shape=shape)
        scaled = add("add", [scaled, aligned], f"{name}_masked")
    elif isinstance(mask, Parameter):
        own = mask.dims[-len(wide) :]
        kind = "parameter" if mask.name else "constant"
        shape = (*(1,) * (len(wide) - len(own)), *own)
        learned = {"learned": False} if mask.name and not mask.learned else {}
        scaled = add(kind, [scaled], f"{name}_masked", [mask.name], shape=shape, join="add", **learned)
    weights = add("softmax", [scaled], f"{name}_weights", axis=-1)
    made = add("matmul", [weights, value.number], name)
    return call.held(made, call.dims, query.batch)


def shared(call: Call, x: Tensor, like: tuple[int, ...], name: str) -> Tensor:
    """Keys or values of which several heads share one, so often as there are heads that do."""
    if len(x.dims) != len(like) or any(n == 0 or m % n for n, m in zip(x.dims[:-2], like)):
        raise Refused("its heads share keys in no equal parts")
    for axis, (n, m) in enumerate(zip(x.dims[:-2], like)):
        x = along(call, x, axis, m // n, f"{name}_{axis}", inside=True)
    return x


def embedded(call: Call) -> Tensor:
    """embedding: a vector for each number."""
    table, indices = call.parameter("weight"), call.tensor(call.arguments.get("indices"))
    if table is None:
        raise Refused("it has no table")
    shape = call.world.sketch.shape(indices.number)
    if len(shape) > 1 and shape[0] != 1:  # of a map of numbers we want one channel
        wide = call.layer("reshape", [indices.number], f"{call.name()}_numbers", shape=(1, *shape))
        indices = indices._replace(number=wide)
    return call.put(
        "embedding", indices, parameters=[table.name], vocabulary=table.dims[0], features=table.dims[1], axis="last"
    )


def bagged(call: Call) -> Value:
    """embedding_bag: the vectors of as many numbers as a sample has, of which one is made: a sum, mean or maximum."""
    table, indices = call.parameter("weight"), call.tensor(call.arguments.get("indices"))
    if table is None or call.get("per_sample_weights") is not None or call.get("mode", 0) not in (0, 1, 2):
        raise Refused("it has no table, or weighs its vectors")
    samples, features = call.dims
    if samples != call.world.size:
        raise Refused("its bags are no samples")
    each = product(indices.dims) // samples
    numbers = call.layer("reshape", [indices.number], f"{call.name()}_numbers", shape=(each,))
    fields = {"vocabulary": table.dims[0], "features": features, "axis": "last"}
    vectors = call.layer("embedding", [numbers], call.name(), [table.name], **fields)
    by = ("sum", "mean", "max")[call.get("mode", 0)]
    number = call.layer("reduce", [vectors], f"{call.name()}_{by}", by=by, axes=(0,))
    return [Tensor(number, call.dims, 0), *[None] * (len(call.operation.outputs) - 1)]


def bilinear(call: Call) -> Tensor:
    """aten.bilinear: of two vectors."""
    weight, bias = call.parameter("weight"), call.parameter("bias")
    if weight is None or len(weight.dims) != 3:
        raise Refused("it has no weight among the module's parameters")
    both = (call.tensor(call.arguments.get("input1")), call.tensor(call.arguments.get("input2")))
    names = [weight.name, bias.name if bias is not None else ""]
    return call.put("bilinear", *both, parameters=names, out=weight.dims[0], bias=bias is not None)


PRODUCTS: dict[str, Any] = {
    "linear": linear,
    "bilinear": bilinear,
    "baddbmm": baddbmm,
    "addmm": addmm,
    "matmul": matmul,
    "mm": matmul,
    "bmm": matmul,
    "einsum": einsum,
    "scaled_dot_product_attention": attention,
    "_scaled_dot_product_flash_attention": lambda call: [attention(call), *[None] * (len(call.operation.outputs) - 1)],
    "_scaled_dot_product_flash_attention_for_cpu": lambda call: [attention(call), None],
    "embedding": embedded,
    "embedding_bag": bagged,
}
"""By the operator's name in ATen."""
