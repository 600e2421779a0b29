"""Merges, what moves elements, functions, reductions, and tensors that are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.interchange.torch_code.expressions import Call, Listed, Taken, call, method
from cnncalc.interchange.torch_code.kinds.said import ITSELF, Said, X, learned, own, plain, rank_of, says, sides
from cnncalc.interchange.written import Unsaid
from cnncalc.layers.fields import spread

if TYPE_CHECKING:
    from cnncalc.layers import Shape
    from cnncalc.layers.kinds import merge, reshape, resize, shuffle, tensors
    from cnncalc.layers.kinds.algebra import distances, functions, products, reductions

__all__: list[str] = []

ROOM = {
    "negate": "torch.neg",
    "celu": "F.celu",
    "hardshrink": "F.hardshrink",
    "log_sigmoid": "F.logsigmoid",
    "softshrink": "F.softshrink",
    "softsign": "F.softsign",
    "tanhshrink": "F.tanhshrink",
}
"""The functions that torch calls otherwise, or keeps elsewhere."""
PAIRS: dict[str, str] = {
    "add": "+",
    "multiply": "*",
    "maximum": "torch.maximum",
    "minimum": "torch.minimum",
    "subtract": "-",
    "divide": "/",
    "power": "**",
}


def filled(place: int, shape: Shape, rank: int) -> Any:
    """A tensor with axes of length 1 put in behind the channels until it has so many."""
    if len(shape) == rank:
        return Taken(place)
    return method(Taken(place), "reshape", -1, shape[0], *(1,) * (rank - len(shape)), *shape[1:])


@says(*PAIRS)
def pair(layer: merge.ElementwiseMerge, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """An operator or function of two tensors, of many from left to right, or of a tensor and a number."""
    word, by = PAIRS[layer.kind], layer.number
    if len(shapes) == 1:
        if layer.kind in ("maximum", "minimum"):
            low, high = (None, by) if layer.kind == "minimum" else (by, None)
            return Said(function=method(X, "clamp", min=(low, None), max=(high, None)))
        return Said(function=call(word, {"left": X, "right": by}))
    rank = max(map(len, shapes))
    lifts = layer.rules.merges == "ranks filled"
    taken = [filled(place, shape, rank) if lifts else Taken(place) for place, shape in enumerate(shapes)]
    if word in ("+", "*"):
        return Said(function=call(word, {f"input{place}": one for place, one in enumerate(taken)}))
    found = taken[0]
    for one in taken[1:]:
        found = call(word, {"left": found, "right": one})
    return Said(function=found)


@says("concat")
def concat(layer: merge.Concat, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """torch.cat along the axis."""
    taken = Listed(tuple([Taken(place) for place in range(len(shapes))]))
    return Said(function=call("torch.cat", {"tensors": taken}, dim=(layer.axis + 1, 0)))


@says("flatten")
def flatten(layer: reshape.Flatten, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Flatten."""
    return Said(call("nn.Flatten"), own(), method(X, "flatten", 1))


@says("reshape")
def reshaped(layer: reshape.Reshape, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """reshape, to numbers or to the shape of another tensor."""
    if len(shapes) == 2:
        return Said(function=method(X, "reshape", call("@shape", {"": Taken(1)})))
    if layer.shape is not None and -1 in layer.shape:
        return Said(function=method(X, "reshape", call("len", {"x": X}), *layer.shape))
    return Said(function=method(X, "reshape", -1, *made))


@says("permute")
def permute(layer: reshape.Permute, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """permute."""
    return Said(function=method(X, "permute", 0, *(axis + 1 for axis in layer.order)))


@says("pad")
def pad(layer: resize.Pad, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """ZeroPad1d to ZeroPad3d or its sister of another mode; pad, of channels too."""
    borders = sides(list(layer.borders(shapes[0])))
    if layer.channels != ((0, 0),):
        return Said(function=call("F.pad", {"input": X, "sides": (*borders, *layer.channels[0])}))
    if not any(borders):
        return Said(call("nn.Identity"), own(), X)
    names = {"zeros": "ZeroPad", "reflect": "ReflectionPad", "replicate": "ReplicationPad", "circular": "CircularPad"}
    mode = (layer.mode if layer.mode != "zeros" else "constant", "constant")
    return Said(
        call(f"nn.{names[layer.mode]}{rank_of(shapes)}d", {"padding": borders}),
        own(),
        call("F.pad", {"input": X, "sides": borders}, mode=mode),
    )


@says("crop")
def crop(layer: resize.Crop, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A border that is less than nothing; to another tensor's size it is that of the sizes at hand."""
    borders = [(-before, -after) for before, after in layer.borders(*shapes)]
    return Said(function=call("F.pad", {"input": X, "sides": sides(borders)}))


@says("slice")
def sliced(layer: resize.Slice, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A part of an axis."""
    axis, (start, stop) = 1 + layer.axis % len(shapes[0]), layer.channels
    end = None if stop in (-1, shapes[0][axis - 1]) else stop
    return Said(function=call(f"[{axis}]", {"": X, "start": start, "stop": end, "step": layer.step}))


@says("upsample")
def upsample(layer: resize.Upsample, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Upsample; where a second input says the size, interpolate."""
    rank = rank_of(shapes)
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[rank]
    mode = ("bicubic" if layer.cubic else linear if layer.mode == "linear" else layer.mode, "nearest")
    align = (layer.align_corners if mode[0] != "nearest" else None, None if mode[0] == "nearest" else False)
    if len(shapes) == 2:
        like = (call("@shape[2:]", {"": Taken(1)}), None)
        return Said(function=call("F.interpolate", {"input": X}, size=like, mode=mode, align_corners=align))
    size = None if layer.size is None else tuple(spread(layer.size, rank))
    scales = [] if layer.scale is None else [float(one) for one in spread(layer.scale, rank)]
    whole = all(map(float.is_integer, scales))
    factors = [int(one) if one.is_integer() else one for one in scales]
    options: dict[str, Any] = {
        "size": (size, None),
        "scale_factor": (plain(factors) if factors else None, None),
        "mode": mode,
        "align_corners": align,
        "recompute_scale_factor": (None if whole else True, None),
    }
    return Said(call("nn.Upsample", **options), own(), call("F.interpolate", {"input": X}, **options))


@says("pixel_shuffle", "pixel_unshuffle")
def pixel_shuffle(layer: Any, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """PixelShuffle and its inverse on two axes; on one and three a function in the file itself."""
    name, word = ("PixelShuffle", "pixel_shuffle") if layer.kind == "pixel_shuffle" else ("PixelUnshuffle", "")
    word = word or "pixel_unshuffle"
    if rank_of(shapes) == 2:
        return Said(call(f"nn.{name}", {"factor": layer.factor}), own(), call(f"F.{word}", {"x": X, "f": layer.factor}))
    return Said(function=call(f"{word}_nd", {"x": X, "factor": layer.factor}))


@says("space_to_depth")
def space_to_depth(layer: shuffle.SpaceToDepth, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A function in the file itself."""
    return Said(function=call("space_to_depth", {"x": X, "factor": layer.factor}))


@says("channel_shuffle")
def channel_shuffle(layer: shuffle.ChannelShuffle, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """The channels as groups x each, turned."""
    groups = method(X, "unflatten", 1, (layer.groups, -1))
    return Said(function=method(method(groups, "transpose", 1, 2), "flatten", 1, 2))


@says("function")
def function(layer: functions.Function, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """torch's function of that name."""
    if layer.of == "clip":
        return Said(function=method(X, "clamp", min=(layer.low, None), max=(layer.high, None)))
    if layer.of == "threshold":
        return Said(function=call("F.threshold", {"input": X, "threshold": 1.0, "value": 0.0}))
    return Said(function=call(ROOM.get(layer.of, f"torch.{layer.of}"), {"input": X}))


@says("glu")
def glu(layer: functions.Glu, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """GLU."""
    axis = 1 + layer.place(shapes[0])
    return Said(call("nn.GLU", {"dim": axis}), own(), call("F.glu", {"input": X, "dim": axis}))


@says("reduce")
def reduce(layer: reductions.Reduce, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """torch's reduction of that name."""
    axes = tuple([1 + axis % len(shapes[0]) for axis in layer.axes])
    keep = (layer.keep, False)
    if layer.by in ("l1", "l2"):
        order = {"x": X, "ord": int(layer.by[1]), "dim": axes}
        return Said(function=call("torch.linalg.vector_norm", order, keepdim=keep))
    name = {"max": "amax", "min": "amin"}.get(layer.by, layer.by)
    return Said(function=method(X, name, axes, keepdim=keep))


@says("argmax")
def argmax(layer: reductions.ArgMax, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """argmax, as numbers of the input's type."""
    axes = [1 + axis % len(shapes[0]) for axis in layer.axes]
    found = method(X, "argmax", *axes, keepdim=(layer.keep, False))
    return Said(function=method(found, "to", call("@dtype", {"": X})))


@says("topk")
def top_k(layer: reductions.TopK, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """topk; its values."""
    return Said(function=call("@values", {"": method(X, "topk", layer.k, 1 + layer.axis % len(shapes[0]))}))


@says("select")
def select(layer: reductions.Select, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """select."""
    return Said(function=method(X, "select", 1 + layer.axis % len(shapes[0]), layer.at))


@says("expand")
def expand(layer: reductions.Expand, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """expand."""
    return Said(function=method(X, "expand", -1, *made))


@says("matmul")
def matmul(layer: products.MatMul, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """The product of matrices."""
    right: Any = method(Taken(1), "transpose", -2, -1) if layer.transposed else Taken(1)
    return Said(function=call("@", {"left": X, "right": right}))


def joined(layer: tensors.Given, given: Call | Any, rank: int) -> Call:
    """A tensor joined with what comes in."""
    if layer.join == "concat":
        return call("torch.cat", {"tensors": Listed((given, X) if layer.first else (X, given))},
                    dim=(1 + layer.axis % rank, 0))  # fmt: skip
    return call("+" if layer.join == "add" else "*", {"left": X, "right": given})


@says("parameter")
def parameter(layer: tensors.Parameter, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A tensor of the module around it, expanded for each sample where nothing else does that."""
    tensor = learned(None, (1, *layer.shape) if layer.batch else layer.shape, kept=not layer.learned)
    given: Any = ITSELF
    if layer.join in ("alone", "concat"):
        given = method(ITSELF, "expand", call("len", {"x": X}), *(-1,) * len(layer.shape))
    does = given if layer.join == "alone" else joined(layer, given, len(shapes[0]))
    return Said(tensor, does, holds=True, bare=True)


@says("constant")
def constant(layer: tensors.Constant, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Ones: what the tensor holds is not known."""
    batched: Call = method(X, "new_ones", call("len", {"x": X}), *layer.shape)
    return Said(function=batched if layer.join == "alone" else joined(layer, batched, len(shapes[0])))


@says("distances")
def by_distance(layer: distances.Distances, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """The rows of a table, by a function of the file's."""
    return Said(function=call("rows_by_distance", {"table": X, "places": layer.places, "asked": layer.asked}))


@says("positional")
def positional(layer: tensors.Positional, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A learned tensor that is added, or waves."""
    if layer.by == "learned":
        tensor = learned(None, (1, *shapes[0]))
        return Said(tensor, call("+", {"left": X, "right": ITSELF}), holds=True, bare=True)
    return Said(function=call("+", {"left": X, "right": call("waves", {"x": X})}))


@says("embedding")
def embedding(layer: tensors.Embedding, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Embedding; numbers are made whole and brought into its vocabulary."""
    sizes = {"num_embeddings": layer.vocabulary, "embedding_dim": layer.features}
    name = "BiasedEmbedding" if layer.bias else "nn.Embedding"
    module = call(name, sizes, padding_idx=(layer.padding, None))
    numbers = X if len(shapes[0]) == 1 else method(X, "squeeze", 1)
    found = own(method(method(numbers, "long"), "clamp", 0, layer.vocabulary - 1))
    return Said(module, found if layer.axis == "last" else method(found, "movedim", -1, 1), holds=True)


@says("opaque")
def opaque(layer: tensors.Opaque, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """What it computes is not known."""
    raise Unsaid("nobody knows what it computes", "write what it does as layers, or leave it out")
