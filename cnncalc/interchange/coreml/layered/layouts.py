"""The layers of a NeuralNetwork that lay elements out anew, join tensors or take parts of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from cnncalc.interchange.coreml.layered.layer import NetLayer

__all__ = [
    "concat", "concat_nd", "constant_pad", "crop", "expand", "flatten", "pad", "permute", "places", "reduce",
    "reduce_nd", "reorganize", "reshape", "reshape_static", "resize", "slice_", "slice_static", "split", "split_nd",
    "squeeze", "stack", "tile", "topk", "transpose", "upsample",
]  # fmt: skip

Rule: TypeAlias = Callable[[NetLayer], None]
LAST = 2**31 - 1
"""An end that is the axis's own."""


def flatten(layer: NetLayer) -> None:
    """flatten and flattenTo2D."""
    layer.say("Flatten", layer.x(), axis=layer.settings.whole(1, 1) if layer.kind == "flattenTo2D" else 1)


def reshape(layer: NetLayer) -> None:
    """reshape to channels, height and width."""
    target = layer.settings.wholes(1)
    if len(target) not in (3, 4) or layer.settings.whole(2):
        raise layer.fault("its target has three lengths, channels first")
    layer.say("Reshape", layer.x(), layer.tell.numbers(1, *target[-3:]))


def reshape_static(layer: NetLayer) -> None:
    """reshapeStatic and rankPreservingReshape."""
    layer.say("Reshape", layer.x(), layer.tell.numbers(*layer.settings.wholes(1)))


def permute(layer: NetLayer) -> None:
    """permute, of sequence, channels, height and width."""
    layer.say("Transpose", layer.x(), perm=tuple(layer.settings.wholes(1)))


def transpose(layer: NetLayer) -> None:
    """transpose."""
    layer.say("Transpose", layer.x(), perm=tuple(layer.settings.wholes(1)))


def concat(layer: NetLayer) -> None:
    """concat, of channels."""
    if layer.settings.whole(100):
        raise layer.fault("one along the sequence is not read")
    layer.say("Concat", *layer.inputs, axis=1)


def concat_nd(layer: NetLayer) -> None:
    """concatND."""
    if layer.settings.whole(2):
        raise layer.fault("its interleaved form is not read")
    layer.say("Concat", *layer.inputs, axis=layer.settings.whole(1))


def stack(layer: NetLayer) -> None:
    """stack: tensors side by side along an axis of their own."""
    axis = layer.settings.whole(1)
    wide = [layer.tell.put("Unsqueeze", [one, layer.tell.numbers(axis)]) for one in layer.inputs]
    layer.say("Concat", *wide, axis=axis)


def split(layer: NetLayer) -> None:
    """split of the channels into equal parts."""
    layer.say("Split", layer.x(), axis=1, num_outputs=len(layer.outputs))


def split_nd(layer: NetLayer) -> None:
    """splitND."""
    sizes = layer.settings.wholes(3)
    more: dict[str, Any] = {} if sizes else {"num_outputs": len(layer.outputs)}
    parts = [layer.tell.numbers(*sizes)] if sizes else []
    layer.say("Split", layer.x(), *parts, axis=layer.settings.whole(1), **more)


def cut(layer: NetLayer, starts: list[int], ends: list[int], axes: list[int], steps: list[int]) -> list[str]:
    """What a Slice takes."""
    return [layer.x(), *(layer.tell.numbers(*some) for some in (starts, ends, axes, steps))]


def slice_(layer: NetLayer) -> None:
    """slice along channels, height or width; a negative end counts from the last, which it takes."""
    settings = layer.settings
    end = settings.whole(2)
    step = settings.whole(3, 1) or 1
    ends = [LAST if end in (-1, 0) else end + 1 if end < 0 else end]
    layer.say("Slice", *cut(layer, [settings.whole(1)], ends, [settings.whole(4) - 3], [step]))


def slice_static(layer: NetLayer) -> None:
    """sliceStatic: masks say which ends are open and which axes go."""
    settings = layer.settings
    begin, ends = settings.wholes(1), settings.wholes(3)
    rank = len(begin)
    masks = [settings.wholes(number) or [0] * rank for number in (2, 4, 6)]
    starts = [0 if mask else n for n, mask in zip(begin, masks[0])]
    stops = [
        (n + 1 or LAST) if gone else LAST if mask else m for n, m, mask, gone in zip(starts, ends, masks[1], masks[2])
    ]
    inputs = cut(layer, starts, stops, list(range(rank)), settings.wholes(5) or [1] * rank)
    if not any(masks[2]):
        layer.say("Slice", *inputs)
        return
    made = layer.tell.put("Slice", inputs, name=layer.name)
    layer.say("Squeeze", made, layer.tell.numbers(*(axis for axis, gone in enumerate(masks[2]) if gone)))


def crop(layer: NetLayer) -> None:
    """crop by the amounts at each border, or to the size of a second tensor."""
    edges = [(edge.whole(1), edge.whole(2)) for edge in layer.settings.part(1).each(10)]
    if len(layer.inputs) != 1 or len(edges) != 2:
        layer.say("crop", *layer.inputs)
        return
    ends = [-end if end else LAST for _, end in edges]
    layer.say("Slice", *cut(layer, [begin for begin, _ in edges], ends, [-2, -1], [1, 1]))


def pad(layer: NetLayer) -> None:
    """padding of height and width."""
    settings = layer.settings
    edges = [(edge.whole(1), edge.whole(2)) for edge in settings.part(10).each(10)] or [(0, 0), (0, 0)]
    mode = "reflect" if 2 in settings else "edge" if 3 in settings else "constant"
    amounts = (0, 0, *(begin for begin, _ in edges), 0, 0, *(end for _, end in edges))
    layer.say("Pad", layer.x(), layer.tell.numbers(*amounts), mode=mode)


def constant_pad(layer: NetLayer) -> None:
    """constantPad: the begin and the end of each axis in turn."""
    amounts = layer.settings.wholes(2)
    layer.say("Pad", layer.x(), layer.tell.numbers(*amounts[::2], *amounts[1::2]))


def upsample(layer: NetLayer) -> None:
    """upsample by factors."""
    settings = layer.settings
    factors = settings.reals(7) or [float(n) for n in settings.wholes(1)] or [1.0, 1.0]
    said = {"mode": "linear" if settings.whole(5) else "nearest"}
    said["coordinate_transformation_mode"] = "align_corners" if settings.whole(6) == 1 else "half_pixel"
    layer.say("Resize", layer.x(), "", layer.tell.reals(1.0, 1.0, *factors), **said)


def resize(layer: NetLayer) -> None:
    """resizeBilinear to a size."""
    size = layer.settings.wholes(1)
    shape = layer.tell.put("Shape", [layer.x()], end=2)
    sizes = layer.tell.put("Concat", [shape, layer.tell.numbers(*size)], axis=0)
    layer.say("Resize", layer.x(), "", "", sizes, mode="linear")


REDUCTIONS = ("ReduceSum", "ReduceMean", "ReduceProd", "", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceMax",
              "ReduceMin", "ArgMax")  # fmt: skip
AXES = ((-3, -2, -1), (-2, -1), (-3,), (-2,), (-1,))


def reduce(layer: NetLayer) -> None:
    """reduce over channels, height, width, or several of them, which stay with length 1."""
    mode, axes = layer.settings.whole(1), AXES[min(layer.settings.whole(3), len(AXES) - 1)]
    kind = REDUCTIONS[min(mode, len(REDUCTIONS) - 1)]
    if not kind or (kind == "ArgMax" and len(axes) > 1):
        raise layer.fault("a reduction of this mode is not read")
    if kind == "ArgMax":
        layer.say(kind, layer.x(), axis=axes[0])
        return
    layer.say(kind, layer.x(), layer.tell.numbers(*axes), keepdims=1)


def reduce_nd(kind: str) -> Rule:
    """reduce… over axes."""

    def rule(layer: NetLayer) -> None:
        axes = [] if layer.settings.whole(3) else [layer.tell.numbers(*layer.settings.wholes(1))]
        layer.say(kind, layer.x(), *axes, keepdims=layer.settings.whole(2))

    return rule


def places(kind: str) -> Rule:
    """argMax and argMin."""
    return lambda layer: layer.say(
        kind, layer.x(), axis=layer.settings.whole(1), keepdims=int(not layer.settings.whole(2))
    )


def topk(layer: NetLayer) -> None:
    """topK."""
    layer.say("TopK", layer.x(), layer.tell.numbers(layer.settings.whole(2)), axis=layer.settings.whole(1))


def squeeze(layer: NetLayer) -> None:
    """squeeze."""
    axes = [] if layer.settings.whole(2) else [layer.tell.numbers(*layer.settings.wholes(1))]
    layer.say("Squeeze", layer.x(), *axes)


def expand(layer: NetLayer) -> None:
    """expandDims."""
    layer.say("Unsqueeze", layer.x(), layer.tell.numbers(*layer.settings.wholes(1)))


def tile(layer: NetLayer) -> None:
    """tile."""
    layer.say("Tile", layer.x(), layer.tell.numbers(*layer.settings.wholes(1)))


def reorganize(layer: NetLayer) -> None:
    """reorganizeData: blocks of the map to channels, or channels to blocks, in either order."""
    mode, size = layer.settings.whole(1), layer.settings.whole(2)
    if mode == 0:
        layer.say("SpaceToDepth", layer.x(), blocksize=size)
    else:
        layer.say("DepthToSpace", layer.x(), blocksize=size, mode="CRD" if mode == 2 else "DCR")
