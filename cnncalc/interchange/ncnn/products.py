"""ncnn's products of matrices, of which either may be the weights' (matmul.cpp, gemm.cpp and sdpa.cpp of src/layer)."""

from __future__ import annotations

from math import prod

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.ncnn.params import Operator
from cnncalc.layers.base import Shape

__all__ = ["attention", "gemm", "product"]

NO_ADDEND, ONE, COLUMN, COLUMN_TOO, WHOLE, ROW = -1, 0, 1, 2, 3, 4
"""Gemm's setting 10: how the matrix that is added is laid out."""


def product(operator: Operator, build: Build) -> list[int]:
    """As NumPy multiplies: a vector is a row before and a column behind, and stacks are repeated where one has one."""
    build.takes(2)
    (first, second), (one, other) = build.tensors, build.x
    turned = bool(operator.whole(0, 0))
    row, column = len(one) == 1, len(other) == 1
    if row:
        first = build.put("reshape", first, suffix="_row", shape=(1, *one))
    if column:  # a row where it is taken transposed
        second = build.put("reshape", second, suffix="_column", shape=(1, *other) if turned else (*other, 1))
    left, right = build.shape(first), build.shape(second)
    if len(right) == 2 < len(left):  # all rows of the stack, one below the other
        first, end = build.put("reshape", first, suffix="_rows", shape=(prod(left[:-1]), left[-1])), left[:-1]
    else:
        first, second = _stacks(build, first, second)
        end = build.shape(first)[:-1]
    fields: Fields = {"transposed": True} if turned else {}
    made = build.put("matmul", first, second, **fields)
    shape = (*(end[:-1] if row else end), *(() if column else build.shape(made)[-1:])) or (1,)
    return [made if build.shape(made) == shape else build.put("reshape", made, suffix="_axes", shape=shape)]


def _stacks(build: Build, first: int, second: int) -> tuple[int, int]:
    """Two stacks of matrices with as many axes as the longer, and as many matrices."""
    left, right = build.shape(first), build.shape(second)
    rank = max(len(left), len(right))
    left, right = ((*(1,) * (rank - len(shape)), *shape) for shape in (left, right))
    stack = tuple(max(pair) for pair in zip(left[:-2], right[:-2]))
    found: list[int] = []
    for given, shape, suffix in ((first, left, "_first"), (second, right, "_second")):
        tensor = given
        if build.shape(tensor) != shape:
            tensor = build.put("reshape", tensor, suffix=f"{suffix}_axes", shape=shape)
        if shape[:-2] != stack and all(n in (1, wanted) for n, wanted in zip(shape, stack)):
            tensor = build.put("expand", tensor, suffix=suffix, shape=(*stack, *shape[-2:]))
        found.append(tensor)
    return found[0], found[1]


def gemm(operator: Operator, build: Build) -> list[int]:
    """A linear layer where one matrix is a constant, else a product of two matrices; a third is added."""
    constant = [bool(operator.whole(number, 0)) for number in (4, 5)]
    live = [_matrix(build, place) for place in range(min(2 - sum(constant), len(build.tensors)))]
    if len(live) != 2 - sum(constant) or not live:
        raise operator.fault("a product takes one matrix or two", f"it gets {len(build.tensors)}")
    added = build.tensors[len(live)] if len(build.tensors) > len(live) else None
    layout = operator.whole(10, ONE) if operator.whole(6, 0) else NO_ADDEND
    rows_first = not constant[0]
    if operator.whole(3 if constant[0] else 2, 0):
        live[0] = build.put("permute", live[0], suffix="_turned", order=(1, 0))
    if len(live) == 2:
        fields: Fields = {"transposed": True} if operator.whole(3, 0) else {}
        made = build.put("matmul", *live, **fields)
    else:
        along = ROW if rows_first else COLUMN
        bias = layout == along or (not rows_first and layout == COLUMN_TOO)
        out = operator.whole(8 if rows_first else 7, 0)
        made = build.put("linear", live[0], out=out, bias=bias, axis="last" if rows_first else "channels")
        inner = operator.whole(9, 0)
        if inner:
            build.sketch.holds(made, inner * out)
        layout = NO_ADDEND if bias else layout
    return [_laid_out(operator, build, _added(operator, build, made, added, layout))]


def _matrix(build: Build, place: int) -> int:
    """One of the tensors as a matrix: of three axes the middle one is 1, a vector is one row."""
    shape, tensor = build.x[place], build.tensors[place]
    if len(shape) == 2:
        return tensor
    return build.put("reshape", tensor, suffix=f"_matrix{place}", shape=(prod(shape[:-1]), shape[-1]))


def _added(operator: Operator, build: Build, made: int, added: int | None, layout: int) -> int:
    """The product and what is added to it: a constant of the file, or another tensor."""
    rows, columns = build.shape(made)
    if layout != NO_ADDEND:
        shapes: dict[int, Shape] = {ONE: (1, 1), COLUMN: (rows, 1), COLUMN_TOO: (rows, 1), WHOLE: (rows, columns)}
        shape = shapes.get(layout, (1, columns))
        return build.put("parameter", made, suffix="_bias", shape=shape, join="add")
    if added is None:
        return made
    shape = build.shape(added)
    if len(shape) == 1:  # a row where it is as long as one (gemm.cpp)
        wanted = (1, shape[0]) if shape[0] in (1, columns) else (shape[0], 1)
        added = build.put("reshape", added, suffix="_addend", shape=wanted)
    return build.put("add", made, added, suffix="_sum")


def _laid_out(operator: Operator, build: Build, made: int) -> int:
    """Transposed where setting 14 says so, and with an axis between where setting 11 does."""
    if operator.whole(14, 0):
        made = build.put("permute", made, suffix="_transposed", order=(1, 0))
    if operator.whole(11, 0):
        rows, columns = build.shape(made)
        made = build.put("reshape", made, suffix="_axes", shape=(rows, 1, columns))
    return made


def attention(operator: Operator, build: Build) -> list[int]:
    """SDPA: queries times keys, a softmax, times values; heads are the first axis. What was seen before comes first."""
    keeps, masked = bool(operator.whole(7, 0)), bool(operator.whole(5, 0))
    wanted = 3 + masked + 2 * keeps
    if len(build.tensors) < wanted or any(len(shape) != 3 for shape in build.x[:3]):
        raise operator.fault("an attention takes queries, keys and values of heads x length x features")
    query, *others = build.tensors[:3]
    if keeps:
        past = build.tensors[3 + masked : 5 + masked]
        joined = zip(past, others, ("_keys", "_values"))
        others = [build.put("concat", before, now, suffix=suffix, axis=1) for before, now, suffix in joined]
    kept, heads = list(others), build.x[0][0]
    for place, shape in enumerate(build.x[1:3]):
        if shape[0] != heads and shape[0] and heads % shape[0] == 0:  # several heads share keys and values
            shared = [others[place]] * (heads // shape[0])
            others[place] = build.put("concat", *shared, suffix=f"_shared{place}")
    scores = build.put("matmul", query, others[0], suffix="_scores", transposed=True)
    weights = build.put("softmax", scores, suffix="_softmax", axis=2)
    return [build.put("matmul", weights, others[1]), *(kept if keeps else ())]
