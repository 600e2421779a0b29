"""Every layer of a NeuralNetwork that is read, by the field of its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log
from typing import TypeAlias

from cnncalc.interchange.coreml.layered import layers, layouts, places, sequences
from cnncalc.interchange.coreml.layered.layer import NetLayer

__all__ = ["RULES"]

Rule: TypeAlias = Callable[[NetLayer], None]


def as_it_is(kind: str) -> Rule:
    """An operator with one input and nothing to say."""
    return lambda layer: layer.say(kind, layer.x())


RULES: Mapping[int, Rule] = {
    **{
        number: as_it_is(kind)
        for number, kind in {
            600: "Identity", 665: "Ceil", 670: "Floor", 680: "Sign", 685: "Round", 710: "Sin", 715: "Cos", 720: "Tan",
            730: "Asin", 735: "Acos", 740: "Atan", 750: "Sinh", 755: "Cosh", 760: "Tanh", 770: "Asinh", 775: "Acosh",
            780: "Atanh", 790: "Erf", 850: "Not", 960: "ReverseSequence", 965: "ReverseSequence", 1065: "Shape",
            1315: "Trilu", 1320: "Trilu", 1325: "Trilu", 1455: "CumSum",
        }.items()
    },
    **{
        number: layers.joined(kind)
        for number, kind in {
            230: "Add", 231: "Mul", 260: "Max", 261: "Min", 870: "Min", 875: "Max", 880: "Add", 885: "Pow", 890: "Div",
            840: "Or", 845: "Xor", 855: "And", 865: "Mod", 900: "Mul", 905: "Sub",
        }.items()
    },
    **{
        number: layouts.reduce_nd(kind)
        for number, kind in {
            1250: "ReduceL1", 1255: "ReduceL2", 1260: "ReduceMax", 1265: "ReduceMin", 1270: "ReduceSum",
            1275: "ReduceProd", 1280: "ReduceMean", 1285: "ReduceLogSum", 1290: "ReduceSumSquare",
            1295: "ReduceLogSumExp",
        }.items()
    },
    **{
        number: places.compared(kind)
        for number, kind in {
            815: "Equal", 825: "Less", 827: "LessOrEqual", 830: "Greater", 832: "GreaterOrEqual",
        }.items()
    },
    100: layers.convolution, 120: layers.pooling, 130: layers.activation, 140: layers.inner_product,
    160: layers.batchnorm, 165: layers.centred, 170: layers.length_norm,
    175: lambda layer: layer.say("Softmax", layer.x(), axis=1),
    180: lambda layer: layer.say("LRN", layer.x(), size=layer.settings.whole(3, 1)), 190: layouts.crop,
    200: layouts.pad, 210: layouts.upsample, 211: layouts.resize, 220: layers.unary,
    245: layers.learned("Mul", 1, 2, "weight"), 250: layers.learned("Add", 1, 2, "bias"), 280: layouts.reduce,
    290: layers.constant(1, 2), 300: layouts.reshape, 301: layouts.flatten, 310: layouts.permute, 320: layouts.concat,
    330: layouts.split, 345: layouts.reorganize, 350: layouts.slice_,
    400: sequences.one_way("RNN"), 410: sequences.one_way("GRU"), 420: sequences.one_way("LSTM"),
    430: sequences.both_ways, 605: places.refused, 615: places.refused,
    660: lambda layer: layers.clipped(layer, layer.settings.real(1), layer.settings.real(2)),
    700: lambda layer: layer.say("Exp", layer.tell.put("Mul", [layer.x(), layer.tell.number(log(2))])),
    795: lambda layer: layer.say("Gelu", layer.x(), approximate="tanh" if layer.settings.whole(1) else "none"),
    820: places.compared("Equal", turned=True),
    895: lambda layer: layer.say("Floor", layer.tell.put("Div", layer.inputs[:2], name=layer.name)),
    920: layouts.tile, 925: layouts.stack,
    930: lambda layer: layer.say("Gather", *layer.inputs, axis=layer.settings.whole(1)),
    950: lambda layer: layer.say("Softmax", layer.x(), axis=layer.settings.whole(1)),
    952: lambda layer: layer.say("GatherElements", *layer.inputs, axis=layer.settings.whole(1)), 975: layouts.split_nd,
    980: layouts.concat_nd, 985: layouts.transpose, 995: layouts.slice_static, 1015: layouts.topk,
    1020: layouts.places("ArgMin"), 1025: layouts.places("ArgMax"), 1040: places.table, 1045: layers.batched_product,
    1070: layers.constant(1, 2),
    1105: lambda layer: layer.say("Expand", layer.x(), layer.tell.numbers(*layer.settings.wholes(1))),
    1120: layouts.squeeze, 1125: layouts.expand, 1130: layouts.flatten,
    1140: layouts.reshape_static, 1145: lambda layer: layer.say("Reshape", *layer.inputs),
    1150: layouts.reshape_static, 1155: layouts.constant_pad,
    1330: lambda layer: layer.say("Where", *layer.inputs), 1350: layers.layer_norm,
    1460: lambda layer: layers.clipped(layer, 0.0, layer.settings.real(2)), 1465: layers.pooling_3d,
    1466: lambda layer: layer.say("GlobalAveragePool" if layer.settings.whole(1) else "GlobalMaxPool", layer.x()),
    1471: layers.volume,
}  # fmt: skip
"""A function of a layer, which tells it."""
