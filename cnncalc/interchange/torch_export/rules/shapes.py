"""Operations of ATen that lay elements out anew, join, part or sum them."""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.rules.choosing import shape_alone
from cnncalc.interchange.torch_export.values import Parameter, Places, Refused, States, Tensor, Value
from cnncalc.interchange.torch_export.views import joined

__all__ = ["SHAPES"]

MOST_PARTS = 1_000
SPLIT = {"hsplit": 1, "vsplit": 0, "dsplit": 2}
"""The axis that is split, where that is in the name; a vector is split along its own."""


def same(call: Call) -> Value:
    """What changes neither elements nor shape."""
    value = next(iter(call.arguments.values()))
    if call.word == "clone" and isinstance(value, Tensor):
        call.world.copied.add(value.number)
    return value


def reshaped(call: Call) -> Value:
    """view, reshape, flatten, squeeze and their like: the shape that the program states."""
    value = next(iter(call.arguments.values()))
    dims = call.dims
    if isinstance(value, Places):
        return value
    if isinstance(value, Parameter) and not value.turned:
        each = value.expanded and call.world.size > 1 and dims[:1] == value.dims[:1]
        return value._replace(dims=dims, expanded=each)
    x = call.tensor(value)
    if product(dims) != product(x.dims):
        raise Refused("it changes the number of elements")
    ours = call.world.sketch.shape(x.number)
    batch = call.world.batch_of(dims, x.batch)
    if len(call.world.shape(dims, batch)) == 1 and len(ours) > 1 and x.batch == batch:
        return Tensor(call.layer("flatten", [x.number]), dims, batch)
    return call.reshaped(x, dims)


def permuted(call: Call) -> Value:
    """permute, transpose and t."""
    value = next(iter(call.arguments.values()))
    rank = len(value.dims) if isinstance(value, (Parameter, Tensor)) else 0
    order = call.get("dims")
    if call.word in ("movedim", "moveaxis"):
        order = _moved(rank, call.get("source"), call.get("destination"))
    elif call.word == "t":
        order = [1, 0][:rank]
    elif order is None:
        order = list(range(rank))
        one, other = (call.get(name, call.get(name.replace("dim", "axis"), 0)) for name in ("dim0", "dim1"))
        if not all(type(axis) is int and -rank <= axis < rank for axis in (one, other)):
            raise Refused("its axes lie outside the tensor")
        order[one], order[other] = order[other], order[one]
    if sorted(one % rank for one in order) != list(range(rank)):
        raise Refused("it does not name every axis once")
    order = [one % rank for one in order]
    dims = tuple(value.dims[one] for one in order)
    if isinstance(value, Parameter):
        own = value.turned or tuple(range(rank))
        turned = tuple(own[one] for one in order) if value.name and not value.norm else ()
        return value._replace(dims=dims, expanded=False, turned=() if turned == tuple(range(rank)) else turned)
    batch = order.index(value.batch) if value.batch is not None else None
    ours = [axis - (value.batch is not None and axis > value.batch) for axis in order if axis != value.batch]
    if ours == sorted(ours):
        return Tensor(value.number, dims, batch)
    return Tensor(call.layer("permute", [value.number], order=tuple(ours)), dims, batch)


def _moved(rank: int, source: Any, destination: Any) -> list[int]:
    """The order of axes in which some have moved, and the others stay in turn."""
    sources, places = (one if isinstance(one, list) else [one] for one in (source, destination))
    to = {place % rank: one % rank for one, place in zip(sources, places)}
    others = iter([axis for axis in range(rank) if axis not in to.values()])
    return [to[place] if place in to else next(others) for place in range(rank)]


def concatenated(call: Call) -> Value:
    """cat: tensors one after another, a parameter among them as a layer of its own; those without elements are none."""
    values = [one for one in call.get("tensors", []) if 0 not in getattr(one, "dims", ())]
    if not any(isinstance(one, Tensor) or (isinstance(one, Parameter) and one.name) for one in values):
        return Parameter("", call.dims)
    if not any(isinstance(one, Tensor) for one in values):
        values = [call.tensor(one) for one in values]
    tensors = [one for one in values if isinstance(one, Tensor)]
    first = tensors[0]
    axis = call.axis(call.get("dim", 0), first)
    if len(values) == 1:
        return first
    if len(values) == 2 and len(tensors) == 1:
        one = next(one for one in values if isinstance(one, Parameter))
        dims = tuple(n for place, n in enumerate(one.dims) if place != first.batch)
        fields: dict[str, Any] = {} if not one.name else {"learned": one.learned}
        return call.put(
            "parameter" if one.name else "constant",
            first,
            parameters=[one.name],
            shape=dims,
            join="concat",
            axis=axis or None,
            first=True if one is values[0] else None,
            **fields,
        )
    joined = [call.laid_as(call.tensor(one), first) for one in values]
    return call.put("concat", *joined, like=first, axis=axis or None)


def parted(call: Call) -> Value:
    """chunk, split and unbind: a slice for each part; of a parameter parts of it."""
    value = next(iter(call.arguments.values()))
    if isinstance(value, Parameter):
        shapes = call.world.program.shapes
        parts = [(f"{value.name}[{at}]", shapes.get(one, ())) for at, one in enumerate(call.operation.outputs)]
        return [value._replace(name=name if value.name else "", dims=dims) for name, dims in parts]
    x = call.x()
    dim = call.get("dim", SPLIT.get(call.word, 0))
    axis, place = call.axis(dim, x), dim % len(x.dims)
    names, start = call.operation.outputs, 0
    made: list[Tensor | None] = []
    if len(names) > MOST_PARTS:
        raise Refused(f"it makes more than {MOST_PARTS:,} parts")
    for number, name in enumerate(names):
        dims = call.world.program.shapes[name]
        stop = start + dims[place] if call.word != "unbind" else 0
        if name not in call.world.used:
            made.append(None)  # it stays out: a tensor that nothing takes is a slip in our language
            start = stop
            continue
        if call.word == "unbind":
            made.append(_selected(call, x, place, number, dims, f"{call.name()}_{number}"))
            continue
        piece = call.layer("slice", [x.number], f"{call.name()}_{number}", channels=(start, stop), axis=axis or None)
        made.append(Tensor(piece, dims, x.batch))
        start = stop
    return made


def _selected(call: Call, x: Tensor, place: int, at: int, dims: tuple[int, ...], name: str = "") -> Tensor:
    batch = x.batch if x.batch is None or x.batch < place else x.batch - 1
    ours = call.world.sketch.shape(x.number)
    if len(ours) == 1:
        number = call.layer("slice", [x.number], name, channels=(at % ours[0], at % ours[0] + 1))
        return Tensor(number, dims, batch)
    number = call.layer("select", [x.number], name, at=at, axis=call.axis(place, x) or None)
    return Tensor(number, dims, batch)


def selected(call: Call) -> Value:
    """select: one place of an axis."""
    value = next(iter(call.arguments.values()))
    if isinstance(value, Parameter) and (not value.name or product(value.dims) == product(call.dims)):
        return value._replace(dims=call.dims, expanded=False, turned=())
    dim, index = call.get("dim", 0), call.get("index", 0)
    if isinstance(value, States):
        index = index % (value.lower + value.final.dims[0]) - value.lower
        value = value.final
    x = call.tensor(value)
    call.axis(dim, x)
    return _selected(call, x, dim % len(x.dims), index, call.dims)


def sliced(call: Call) -> Value:
    """slice and narrow: places of an axis."""
    value = next(iter(call.arguments.values()))
    if isinstance(value, States):
        lower, rows = value.lower, value.lower + value.final.dims[0]
        start = call.get("start", 0) % rows - lower
        value = value.final
        call.arguments = {**call.arguments, "self": value, "start": start}
    if 0 in call.dims or (isinstance(value, Parameter) and not value.name):
        return Parameter("", call.dims)
    x = call.tensor(value)
    if call.dims == x.dims:
        return x
    dim = call.get("dim", 0)
    axis, length = call.axis(dim, x), x.dims[dim % len(x.dims)]
    start = call.get("start", 0)
    start = max(start + length, 0) if start < 0 else start
    step = call.get("step", 1)
    kept = call.dims[dim % len(x.dims)]
    stop = min(start + kept * step, length)
    return call.put("slice", x, channels=(start, stop), axis=axis or None, step=step if step > 1 else None)


def stacked(call: Call) -> Tensor:
    """stack: tensors along a new axis."""
    values = [call.tensor(one) for one in call.get("tensors", [])]
    dims = call.dims
    place = call.get("dim", 0) % len(dims)
    first = values[0]
    batch = first.batch if first.batch is None or first.batch < place else first.batch + 1
    if place == batch:
        raise Refused("it acts along the batch")
    shape = call.world.shape((*dims[:place], 1, *dims[place + 1 :]), batch)
    wide = [call.layer("reshape", [one.number], f"{call.name()}_{at}", shape=shape) for at, one in enumerate(values)]
    if len(wide) == 1:
        return call.held(wide[0], dims, batch)
    axis = place - (batch is not None and place > batch)
    return call.held(call.layer("concat", wide, axis=axis or None), dims, batch)


def expanded(call: Call) -> Value:
    """expand: axes of length 1 repeated."""
    value = next(iter(call.arguments.values()))
    if isinstance(value, Parameter):
        own, wide = value.dims, call.dims
        added = own if len(own) < len(wide) else own[1:] if own[:1] == (1,) else None
        whole = added is not None and len(wide) > 1 and wide == (call.world.size, *added)
        if own == wide or whole or not value.name:
            return value._replace(
                dims=wide, expanded=whole or value.expanded, turned=value.turned if own == wide else ()
            )
        value = call.tensor(value)
    x = call.tensor(value)
    if x.dims == call.dims:
        return x
    if len(x.dims) != len(call.dims):
        raise Refused("it adds axes")
    if x.batch is not None and x.dims[x.batch] != call.dims[x.batch]:
        x = call.on_maps(x) if call.dims[0] == 1 else call.whole(x, "whole")
    return call.put("expand", x, shape=tuple(n for axis, n in enumerate(call.dims) if axis != x.batch))


def gathered(call: Call) -> Value:
    """index: places by numbers, as a table of relative positions is read: only the shape is known."""
    value = next(iter(call.arguments.values()))
    if isinstance(value, Parameter) and not value.name:
        return Parameter("", call.dims)
    return shape_alone(call)


def copied(call: Call) -> Value:
    """copy: what is written over the first, which may be longer."""
    value = call.arguments.get("src")
    if getattr(value, "dims", None) == call.dims:
        return value
    call.arguments = {"self": value}
    return expanded(call)


def scattered(call: Call) -> Value:
    """slice_scatter and select_scatter: a tensor with a part replaced, in programs that overwrite nothing."""
    whole, part = call.arguments.get("self"), call.arguments.get("src")
    if all(isinstance(one, Parameter) and not one.name for one in (whole, part)):
        return Parameter("", call.dims)
    if isinstance(whole, Parameter) and not whole.name:
        whole = whole._replace(expanded=whole.dims[:1] == (call.world.size,))
    return joined(call, call.tensor(whole), call.operation, call.tensor(part))


def turned(call: Call) -> Value:
    """mT, mH, T, H: the last two axes change places."""
    value = next(iter(call.arguments.values()))
    rank = len(value.dims)
    if rank < 2:
        raise Refused("it turns no matrix")
    call.arguments = {"self": value, "dims": [*range(rank - 2), rank - 1, rank - 2]}
    return permuted(call)


SAME = (
    "contiguous clone alias detach detach_ to _to_copy lift_fresh_copy lift_fresh type_as _assert_tensor_metadata"
    " requires_grad_ float half bfloat16 double int long bool identity nan_to_num"
)
SHAPES: dict[str, Any] = {
    **dict.fromkeys(SAME.split(), same),
    **dict.fromkeys(
        (
            "view",
            "reshape",
            "_unsafe_view",
            "flatten",
            "unflatten",
            "squeeze",
            "squeeze_",
            "unsqueeze",
            "unsqueeze_",
            "reshape_as",
            "view_as",
        ),
        reshaped,
    ),
    **dict.fromkeys(
        ("permute", "transpose", "t", "transpose_", "swapaxes", "swapdims", "movedim", "moveaxis"), permuted
    ),
    **dict.fromkeys(("mT", "mH", "numpy_T", "matrix_H"), turned),
    "cat": concatenated,
    "concat": concatenated,
    **dict.fromkeys(("chunk", "split", "split_with_sizes", "unbind", "tensor_split", *SPLIT), parted),
    "select": selected,
    "slice": sliced,
    "narrow": sliced,
    "stack": stacked,
    "expand": expanded,
    "expand_as": expanded,
    "index": gathered,
    "copy": copied,
    "slice_scatter": scattered,
    "select_scatter": scattered,
}
"""By the operator's name in ATen."""
