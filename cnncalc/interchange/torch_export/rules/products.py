"""Products of ATen: with matrices of the module's, of two tensors, and attention; and tables that are looked up."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.rules.fixed import fixed_linear, is_fixed, plus
from cnncalc.interchange.torch_export.rules.repeating import along
from cnncalc.interchange.torch_export.values import Parameter, Refused, States, Tensor, Value

__all__ = ["PRODUCTS"]


def linear(call: Call) -> Tensor:
    """aten.linear: on the last axis, at every position of the others."""
    weight, bias = call.parameter("weight"), call.arguments.get("bias")
    if weight is not None and is_fixed(weight) and len(weight.dims) == 2:
        return plus(call, fixed_linear(call, call.x(), weight), bias)
    if isinstance(bias, Tensor) or (bias is not None and is_fixed(bias)):
        return plus(call, _linear(call, call.x(), weight, None, turned=False), bias)
    return _linear(call, call.x(), weight, call.parameter("bias"), turned=False)


def _linear(call: Call, x: Tensor, weight: Parameter | None, bias: Parameter | None, *, turned: bool) -> Tensor:
    if weight is None or len(weight.dims) != 2:
        raise Refused("it has no matrix among the module's parameters")
    names = [*weight.names, bias.name if bias is not None else ""]
    axis = "last" if len(call.world.sketch.shape(x.number)) > 1 else None
    out = weight.dims[1 if turned else 0]
    return call.put("linear", x, parameters=names, out=out, bias=bias is not None, axis=axis, norm=weight.norm)


def addmm(call: Call) -> Tensor:
    """bias + x · Wᵀ, where the matrix is a parameter that was turned."""
    weight, bias = call.arguments.get("mat2"), call.arguments.get("self")
    if not isinstance(weight, Parameter) or not isinstance(bias, Parameter):
        raise Refused("its matrix and its bias are no parameters")
    return _linear(call, call.tensor(call.arguments.get("mat1")), weight, bias, turned=True)


def matmul(call: Call) -> Value:
    """Of two tensors, or of a tensor and a matrix of the module's."""
    left = call.arguments.get("self")
    right = call.arguments.get("other", call.arguments.get("mat2"))
    if isinstance(right, Parameter) and right.name and len(right.dims) == 2 and isinstance(left, Tensor):
        return _linear(call, left, right, None, turned=True)
    if isinstance(left, Parameter) and isinstance(right, Parameter) and not (left.name or right.name):
        return Parameter("", call.dims)
    if isinstance(right, Parameter) and isinstance(left, Tensor) and left.batch == 0 and right.dims[:1] == (1,):
        right = right._replace(expanded=len(right.dims) == len(left.dims))
    x, y = call.tensor(left), call.tensor(right)
    x, y = apart(call, (x, "left"), (y, "right"))
    x, y = (longer(call, one, other, word) for one, other, word in ((x, y, "left"), (y, x, "right")))
    if len(x.dims) != len(y.dims) or x.batch != y.batch:
        raise Refused("its tensors have different numbers of axes")
    ours = call.world.sketch.shape(x.number)
    if len(ours) < 2:
        raise Refused("it multiplies along the batch")
    return call.put("matmul", x, y)


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
    """aten.einsum of two tensors where it is a product of matrices, `bhid,bhjd->bhij` or `bhij,bhjd->bhid`."""
    operands, _, result = str(call.get("equation", "")).replace(" ", "").partition("->")
    tensors = [call.tensor(one) for one in call.get("tensors", [])]
    left, _, right = operands.partition(",")
    front = left[:-2]
    rows, inner, columns = left[-2:-1], left[-1:], result[-1:]
    fits = len(tensors) == 2 and front == right[:-2] == result[:-2] and result[-2:-1] == rows and inner != columns
    if not fits or right[-2:] not in (columns + inner, inner + columns) or tensors[0].batch != tensors[1].batch:
        return contracted(call, tensors, (left, right, result))
    return call.put("matmul", *tensors, transposed=True if right[-2:] == columns + inner else None)


def contracted(call: Call, tensors: list[Tensor], letters: tuple[str, str, str]) -> Tensor:
    """Any other einsum of two tensors, in whose equation of ours the batch has no letter, unless it was merged."""
    if len(tensors) != 2 or any(len(one.dims) != len(side) for one, side in zip(tensors, letters)):
        raise Refused(f"an equation of this form is not known: {str(call.get('equation'))[:40]}")
    batch = {side[one.batch] for one, side in zip(tensors, letters) if one.batch is not None}
    own = batch.pop() if len(batch) == 1 else ""
    beside = any(one.batch is None and own in side for one, side in zip(tensors, letters))
    if not own or own not in letters[2] or beside:
        tensors, own = [call.whole(one, f"whole_{at}") for at, one in enumerate(tensors)], ""
    left, right, out = (side.replace(own, "") if own else side for side in letters)
    made = call.layer("einsum", [one.number for one in tensors], call.name(), equation=f"{left},{right}->{out}")
    return call.held(made, call.dims, letters[2].index(own) if own else call.world.batch_of(call.dims, None))


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


def recurrent(kind: str, **more: Any) -> Any:
    """aten.lstm, gru and rnn: the states of all steps; what they end in is not handed on."""

    def rule(call: Call) -> Value:
        x, parameters = call.x(), call.get("params", [])
        runs = call.get("num_layers", 1) * (2 if call.get("bidirectional", False) else 1)
        named = [one for one in parameters if not (isinstance(one, Parameter) and not one.name)]
        single = len(parameters) - len(named) == runs and call.get("has_biases", True)
        parameters = named if single else parameters  # the second vectors of biases are zeros, which nobody learns
        if not parameters or not all(isinstance(one, Parameter) and one.name for one in parameters):
            raise Refused("its matrices are no parameters of the module")
        if len(x.dims) != 3:
            raise Refused("it takes no batch of sequences")
        batch = 0 if call.get("batch_first", False) else 1
        x = call.laid_as(x, x._replace(batch=batch))
        state, others = call.operation.outputs[1:2], {call.operation.outputs[0], *call.operation.outputs[2:]}
        ends = not call.world.used.isdisjoint(state)
        if ends and not call.world.used.isdisjoint(others):
            raise Refused("its last states are handed on beside all others, which a layer of ours does not have")
        rows = {"lstm": 4, "gru": 3, "rnn": 1}[kind]
        units, biased = parameters[0].dims[0] // rows, bool(call.get("has_biases", True))
        projected = parameters[1].dims[1]
        fields = {
            "parameters": [one.name for one in parameters],
            "hidden": units,
            "layers": call.get("num_layers", 1),
            "bidirectional": True if call.get("bidirectional", False) else None,
            "bias": None if biased else False,
            "biases": 1 if single else None,
            "projection": projected if projected != units else None,
            "axis": "last",
            **more,
        }
        rest: list[Value] = [None] * (len(call.operation.outputs) - 1)
        if x.batch != batch:  # many sequences of one sample
            if ends or batch != 0:
                raise Refused("many sequences of one sample, in an order or with last states that are not known")
            names = fields.pop("parameters")
            made = call.of_each(x, lambda taken, name: call.layer(kind, [taken], name, names, **fields))
            return [call.held(made, call.dims, call.world.batch_of(call.dims, None)), *rest]
        if not ends:
            return [call.put(kind, x, **fields), *rest]
        directions = 2 if fields["bidirectional"] else 1
        final = call.layer(kind, [x.number], call.name(), fields.pop("parameters"), returns="final", **fields)
        if directions > 1:
            final = call.layer("reshape", [final], f"{call.name()}_ends", shape=(directions, projected))
        return [None, States(Tensor(final, (directions, call.world.size, projected), 1)), *rest[1:]]

    return rule


def bilinear(call: Call) -> Tensor:
    """aten.bilinear: of two vectors."""
    weight, bias = call.parameter("weight"), call.parameter("bias")
    if weight is None or len(weight.dims) != 3:
        raise Refused("it has no weight among the module's parameters")
    both = (call.tensor(call.arguments.get("input1")), call.tensor(call.arguments.get("input2")))
    names = [weight.name, bias.name if bias is not None else ""]
    return call.put("bilinear", *both, parameters=names, out=weight.dims[0], bias=bias is not None)


def baddbmm(call: Call) -> Tensor:
    """A product of each matrix with another, and a third tensor added."""
    call.arguments["other"], bias = call.arguments["batch2"], call.arguments["self"]
    call.arguments["self"] = call.arguments["batch1"]
    made = matmul(call)
    if not isinstance(bias, Parameter):
        raise Refused("what it adds is no parameter of the module")
    shape = call.world.shape((*(1,) * (len(made.dims) - len(bias.dims)), *bias.dims), made.batch)
    number = call.layer("parameter", [made.number], f"{call.name()}_added", [bias.name], shape=shape, join="add")
    return call.held(number, made.dims, made.batch)


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
    "lstm": recurrent("lstm"),
    "gru": recurrent("gru"),
    "rnn_tanh": recurrent("rnn"),
    "rnn_relu": recurrent("rnn", nonlinearity="relu"),
}
"""By the operator's name in ATen."""
