"""One layer of a NeuralNetwork: its settings, its blobs, its weights, and the operators that it is told as."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.coreml.layered.stored import FULL, HALF, INTEGER, QUANTISED, RAW, Copies, even
from cnncalc.interchange.coreml.unlearned import NO_BIAS
from cnncalc.interchange.onnx.telling import Telling
from cnncalc.interchange.protobuf.fields import Fields

__all__ = ["LAYERS", "NetLayer"]

LAYERS = {
    100: "convolution", 120: "pooling", 130: "activation", 140: "innerProduct", 150: "embedding", 160: "batchnorm",
    165: "mvn", 170: "l2normalize", 175: "softmax", 180: "lrn", 190: "crop", 200: "padding", 210: "upsample",
    211: "resizeBilinear", 212: "cropResize", 220: "unary", 230: "add", 231: "multiply", 240: "average", 245: "scale",
    250: "bias", 260: "max", 261: "min", 270: "dot", 280: "reduce", 290: "loadConstant", 300: "reshape", 301: "flatten",
    310: "permute", 320: "concat", 330: "split", 340: "sequenceRepeat", 345: "reorganizeData", 350: "slice",
    400: "simpleRecurrent", 410: "gru", 420: "uniDirectionalLSTM", 430: "biDirectionalLSTM", 500: "custom", 600: "copy",
    605: "branch", 615: "loop", 620: "loopBreak", 625: "loopContinue", 635: "rangeStatic", 640: "rangeDynamic",
    660: "clip", 665: "ceil", 670: "floor", 680: "sign", 685: "round", 700: "exp2", 710: "sin", 715: "cos", 720: "tan",
    730: "asin", 735: "acos", 740: "atan", 750: "sinh", 755: "cosh", 760: "tanh", 770: "asinh", 775: "acosh",
    780: "atanh", 790: "erf", 795: "gelu", 815: "equal", 820: "notEqual", 825: "lessThan", 827: "lessEqual",
    830: "greaterThan", 832: "greaterEqual", 840: "logicalOr", 845: "logicalXor", 850: "logicalNot", 855: "logicalAnd",
    865: "modBroadcastable", 870: "minBroadcastable", 875: "maxBroadcastable", 880: "addBroadcastable",
    885: "powBroadcastable", 890: "divideBroadcastable", 895: "floorDivBroadcastable", 900: "multiplyBroadcastable",
    905: "subtractBroadcastable", 920: "tile", 925: "stack", 930: "gather", 935: "scatter", 940: "gatherND",
    945: "scatterND", 950: "softmaxND", 952: "gatherAlongAxis", 954: "scatterAlongAxis", 960: "reverse",
    965: "reverseSeq", 975: "splitND", 980: "concatND", 985: "transpose", 995: "sliceStatic", 1000: "sliceDynamic",
    1005: "slidingWindows", 1015: "topK", 1020: "argMin", 1025: "argMax", 1040: "embeddingND", 1045: "batchedMatmul",
    1065: "getShape", 1070: "loadConstantND", 1080: "fillLike", 1085: "fillStatic", 1090: "fillDynamic",
    1100: "broadcastToLike", 1105: "broadcastToStatic", 1110: "broadcastToDynamic", 1120: "squeeze", 1125: "expandDims",
    1130: "flattenTo2D", 1135: "reshapeLike", 1140: "reshapeStatic", 1145: "reshapeDynamic",
    1150: "rankPreservingReshape", 1155: "constantPad", 1250: "reduceL1", 1255: "reduceL2", 1260: "reduceMax",
    1265: "reduceMin", 1270: "reduceSum", 1275: "reduceProd", 1280: "reduceMean", 1285: "reduceLogSum",
    1290: "reduceSumSquare", 1295: "reduceLogSumExp", 1313: "whereNonZero", 1315: "matrixBandPart",
    1320: "lowerTriangular", 1325: "upperTriangular", 1330: "whereBroadcastable", 1350: "layerNormalization",
    1400: "nonMaximumSuppression", 1450: "oneHot", 1455: "cumSum", 1460: "clampedReLU", 1461: "argSort",
    1465: "pooling3d", 1466: "globalPooling3d", 1470: "sliceBySize", 1471: "convolution3d",
}  # fmt: skip
"""The field of a layer's settings, and what the layer is called."""


class NetLayer:
    """One layer; `settings` is the message of its kind."""

    __slots__ = ("copies", "exact", "inputs", "kind", "name", "outputs", "owner", "rank", "settings", "tell")

    def __init__(self, fields: Fields, number: int, tell: Telling, copies: Copies, *, exact: bool) -> None:
        self.tell, self.exact, self.copies = tell, exact, copies
        self.kind = LAYERS.get(number, "layer of an unknown kind")
        self.name, self.inputs, self.outputs = fields.text(1), fields.texts(2), fields.texts(3)
        self.settings = fields.part(number)
        self.owner = copies.owner(self.name, number, self.settings)
        """The layer whose weights it has: itself, or the one that it is a copy of."""
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
        return self.tell.weight(f"{self.owner}.{what}", dims)

    def matrix(self, number: int, *dims: int) -> str:
        """The learned matrix in a field; one that is a table of the net, too, has the table's name."""
        table = self.copies.tensor(self.settings.part(number))
        return self.tell.weight(table, dims) if table in self.tell.tensors else self.weight("weight", *dims)

    def optional(self, number: int, what: str, *dims: int) -> str:
        """A learned tensor of the layer where it has one in this field; else nothing."""
        return self.weight(what, *dims) if self.settings.part(number).all else ""

    def shift(self, has: int, number: int, factors: int, *dims: int) -> list[str]:
        """The bias of a matrix, where the layer has one; zeros under weights that were learned are none."""
        if not self.settings.whole(has):
            return []
        if self.even(number) == 0 and self.even(factors) is None:
            self.tell.left[NO_BIAS] += self.count(number)
            return []
        return [self.weight("bias", *dims)]

    def even(self, number: int) -> float | None:
        """The number that all weights in a field are; None where they differ."""
        return even(self.settings.part(number))

    def count(self, number: int) -> int:
        """How many numbers the weights in a field are."""
        weights = self.settings.part(number)
        bits = weights.part(QUANTISED).whole(1)
        if bits and RAW in weights:
            return 8 * weights.size(RAW) // bits
        return weights.size(FULL) // 4 or weights.size(HALF) // 2 or weights.size(RAW) or weights.size(INTEGER)
