"""In what cnncalc and onnxruntime may differ, layer by layer, with the reasons."""

from __future__ import annotations

from benchmarks.witnessed_table import Settled
from cnncalc.graph import Net
from cnncalc.interchange.onnx.writing.model import empty
from cnncalc.layers import Layer, Shape
from cnncalc.witnesses.onnxruntime import alone, lone

__all__ = ["KINDS", "SETTLED", "lone", "settled_refusal"]

KINDS = (
    "conv", "dwconv", "deconv", "maxpool", "avgpool", "lppool", "batchnorm", "instancenorm", "groupnorm", "layernorm",
    "lrn", "prelu", "pad", "softmax", "add", "multiply", "maximum", "concat", "slice", "reduce", "topk", "expand",
    "matmul", "global_avgpool", "global_maxpool", "permute",
)  # fmt: skip
"""The kinds that are one node there, so that what is refused is refused by the runtime."""


SLID = ("maxpool", "avgpool", "lppool", "deconv", "upsample")


def inferred(layer: Layer, shapes: tuple[Shape, ...]) -> Shape | None:
    """The shape that onnx's shape inference gives of a layer; None where it is none of those that may differ."""
    import onnx

    if layer.kind not in SLID:
        return None
    made = onnx.shape_inference.infer_shapes(onnx.load_from_string(empty(*alone(layer, shapes))))
    return tuple(one.dim_value for one in made.graph.output[0].type.tensor_type.shape.dim[1:]) or None


def settled_refusal(graph: Net, refusal: str) -> str:
    """Why a whole net that we take is refused, where that is known."""
    if ("ShapeInferenceError" in refusal or "OutputMLValue" in refusal) and any(
        inferred(layer, graph.input_shapes(node)) not in (None, node.shape) for _, node, layer in graph.layers()
    ):
        return "its shape inference says another size than it runs, and the net is refused where the two meet"
    return ""


SETTLED = (
    Settled(
        "a circular border wider than the map goes round again there; torch refuses it, and so do we",
        lambda layer, shapes, said, theirs: getattr(layer, "mode", "") == "circular" and "there are too few" in said,
    ),
    Settled(
        "a window does not fit: the error says that onnxruntime pools what is left",
        lambda layer, shapes, said, theirs: "the kernel does not fit" in said and "pools what is left" in said,
    ),
    Settled(
        "a slice reaches out of its axis, and is cut, if need be to a tensor without elements",
        lambda layer, shapes, said, theirs: layer.kind == "slice" and "must lie inside" in said,
    ),
    Settled(
        "one number a sample: we have no shape for samples without an axis",
        lambda layer, shapes, said, theirs: "leaves no tensor" in said and theirs == (),
    ),
    Settled(
        "stacks of matrices are spread there, and a vector meets the batch: the error says `expand`",
        lambda layer, shapes, said, theirs: layer.kind == "matmul" and bool(said),
    ),
    Settled(
        "Expand leaves an axis where 1 is said, and puts axes in front; here −1 leaves one, and none comes",
        lambda layer, shapes, said, theirs: layer.kind == "expand" and bool(said),
    ),
    Settled(
        "tensors of different ranks meet with the batch among the channels: the error says so",
        lambda layer, shapes, said, theirs: "different numbers of axes" in said and len(set(map(len, shapes))) > 1,
    ),
    Settled(
        "a batch norm has 1 to 3 spatial axes, as torch's",
        lambda layer, shapes, said, theirs: layer.kind == "batchnorm" and len(shapes[0]) > 4,
    ),
    Settled(
        "up to opset 18 an average that rounds up and counts its border is run otherwise, and takes `same` everywhere",
        lambda layer, shapes, said, theirs: (
            "leaves pixels over" in said
            and (layer.kind, getattr(layer, "rounding", ""), getattr(layer, "count_include_pad", False))
            == ("avgpool", "ceil", True)
        ),
    ),
    Settled(
        "a window sees padding alone: −∞ comes out",
        lambda layer, shapes, said, theirs: "padding alone" in said,
    ),
)
