"""One layer of a NeuralNetwork: its settings, its blobs, its weights, and the operators that it is told as."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.onnx.telling import Telling
from cnncalc.interchange.protobuf.fields import Fields

__all__ = ["LAYERS", "NetLayer"]

LAYERS = {
    100: "convolution", 120: "pooling", 130: "activation", 140: "innerProduct", 150: "embedding", 160: "batchnorm",
    165: "mvn", 170: "l2normalize", 175: "softmax", 180: "lrn", 190: "crop", 200: "padding", 210: "upsample",
    211: "resizeBilinear", 212: "cropResize", 220: "unary", 230: "add", 231: "multiply", 240: "average",
    245: "scale", 250: "bias", 260: "max", 261: "min", 270: "dot", 280: "reduce", 290: "loadConstant",
    300: "reshape", 301: "flatten", 310: "permute", 320: "concat", 330: "split", 340: "sequenceRepeat",
    345: "reorganizeData", 350: "slice", 400: "simpleRecurrent", 410: "gru", 420: "uniDirectionalLSTM",
    430: "biDirectionalLSTM", 500: "custom", 600: "copy", 605: "branch", 615: "loop", 660: "clip", 665: "ceil",
    670: "floor", 680: "sign", 685: "round", 710: "sin", 715: "cos", 720: "tan", 730: "asin", 735: "acos", 740: "atan",
    750: "sinh", 755: "cosh", 760: "tanh", 770: "asinh", 775: "acosh", 780: "atanh", 790: "erf", 795: "gelu",
    870: "minBroadcastable", 875: "maxBroadcastable", 880: "addBroadcastable", 885: "powBroadcastable",
    890: "divideBroadcastable", 900: "multiplyBroadcastable", 905: "subtractBroadcastable", 920: "tile", 925: "stack",
    930: "gather", 950: "softmaxND", 960: "reverse", 975: "splitND", 980: "concatND", 985: "transpose",
    995: "sliceStatic", 1000: "sliceDynamic", 1005: "slidingWindows", 1015: "topK", 1020: "argMin", 1025: "argMax",
    1040: "embeddingND", 1045: "batchedMatmul", 1065: "getShape", 1070: "loadConstantND", 1085: "fillStatic",
    1105: "broadcastToStatic", 1120: "squeeze", 1125: "expandDims", 1130: "flattenTo2D", 1135: "reshapeLike",
    1140: "reshapeStatic", 1145: "reshapeDynamic", 1150: "rankPreservingReshape", 1155: "constantPad",
    1250: "reduceL1", 1255: "reduceL2", 1260: "reduceMax", 1265: "reduceMin", 1270: "reduceSum", 1275: "reduceProd",
    1280: "reduceMean", 1290: "reduceSumSquare", 1350: "layerNormalization", 1400: "nonMaximumSuppression",
    1460: "clampedReLU", 1465: "pooling3d", 1466: "globalPooling3d", 1470: "sliceBySize", 1471: "convolution3d",
}  # fmt: skip
"""The field of a layer's settings, and what the layer is called."""
FULL, HALF, RAW, INTEGER, QUANTISED = 1, 2, 30, 31, 40


class NetLayer:
    """One layer; `settings` is the message of its kind."""

    __slots__ = ("exact", "inputs", "kind", "name", "outputs", "rank", "settings", "tell")

    def __init__(self, fields: Fields, number: int, tell: Telling, *, exact: bool) -> None:
        self.tell, self.exact = tell, exact
        self.kind = LAYERS.get(number, "layer of an unknown kind")
        self.name, self.inputs, self.outputs = fields.text(1), fields.texts(2), fields.texts(3)
        self.settings = fields.part(number)
        tell.foreign = f"{self.kind} {self.name}"
        self.rank = fields.part(4).whole(1, 0 if exact else 4)
        """The axes of its first input; 0 where the file does not say them."""

    def fault(self, message: str, values: str = "") -> CnncalcError:
        """What is wrong with it."""
        return CnncalcError(Fault(f"`{self.kind}`: {message}", None, self.name[:120], values))

    def x(self) -> str:
        """Its first input."""
        if not self.inputs:
            raise self.fault("it takes nothing")
        return self.inputs[0]

    def say(self, kind: str, *inputs: str, **said: Any) -> None:
        """The layer is this operator."""
        self.tell.put(kind, inputs, tuple(self.outputs), self.name, **said)

    def weight(self, what: str, *dims: int) -> str:
        """A learned tensor of the layer."""
        return self.tell.weight(f"{self.name}.{what}", dims)

    def optional(self, number: int, what: str, *dims: int) -> str:
        """A learned tensor of the layer where it has one in this field; else nothing."""
        return self.weight(what, *dims) if self.settings.part(number).all else ""

    def count(self, number: int) -> int:
        """How many numbers the weights in a field are."""
        weights = self.settings.part(number)
        bits = weights.part(QUANTISED).whole(1)
        if bits and RAW in weights:
            return 8 * weights.size(RAW) // bits
        return weights.size(FULL) // 4 or weights.size(HALF) // 2 or weights.size(RAW) or weights.size(INTEGER)
