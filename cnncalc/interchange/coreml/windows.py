"""The operations of an ML Program that slide windows over maps, and those that change how large maps are."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.interchange.coreml.operation import Operation, Rule, Value

__all__ = ["convolution", "deconvolution", "pad", "pool", "resized"]

AUTO = {"same": "SAME_UPPER", "same_lower": "SAME_LOWER", "valid": "VALID"}


def borders(op: Operation, rank: int) -> dict[str, Any]:
    """`pad_type` and `pad`, which has the begin and the end of each axis in turn."""
    word = op.word("pad_type", "valid")
    if word in AUTO:
        return {"auto_pad": AUTO[word]}
    pad = op.wholes("pad") or (0,) * 2 * rank
    return {"pads": (*pad[::2], *pad[1::2])}


def convolution(op: Operation) -> None:
    """conv."""
    _convolved(op, "Conv")


def deconvolution(op: Operation) -> None:
    """conv_transpose, whose output's shape is stated."""
    _convolved(op, "ConvTranspose", "output_shape")


def windows_alone(op: Operation, weight: Value) -> bool:
    """Whether a convolution is torch's unfold: a filter for each number of a window, which the converter made up.

    What it makes up is called as the operation; what a net learned is called as in the net, or `const_7`.
    """
    made_up = weight.name == f"{op.name}_weight_0" and "bias" not in op.inputs and op.whole("groups", 1) == 1
    return made_up and len(weight.dims) == 4 and weight.dims[0] == prod(weight.dims[1:])


def _convolved(op: Operation, kind: str, stated: str = "") -> None:
    """ONNX's operator of that kind; `stated` is the input that has the shape of its output."""
    weight = op.held("weight")
    if weight is None:
        raise op.fault("its weight is made by the net")
    rank = len(weight.dims) - 2
    said = borders(op, rank)
    if kind == "Conv" and windows_alone(op, weight):
        more = {key: op.wholes(key) or (1,) * rank for key in ("strides", "dilations")}
        op.say("Im2Col", op.x(), kernel_shape=weight.dims[2:], **more, **said)
        return
    if stated in op.inputs:
        said["output_shape"] = op.wholes(stated)[-rank:]
    op.say(
        kind,
        op.x(),
        op.learned(weight, "weight"),
        op.learned(op.held("bias"), "bias"),
        strides=op.wholes("strides") or (1,) * rank,
        dilations=op.wholes("dilations") or (1,) * rank,
        group=op.whole("groups", 1),
        **said,
    )


def pool(kind: str) -> Rule:
    """A pool. One that rounds up leaves no window out where it has no border: one that sees nothing counts, too."""

    def rule(op: Operation) -> None:
        kernel = op.wholes("kernel_sizes")
        strides = op.wholes("strides") or (1,) * len(kernel)
        said = borders(op, len(kernel))
        if op.whole("ceil_mode", 0):
            said = {"pads": said.get("pads", (0,) * 2 * len(kernel)), "rounds_up": 1}
        if kind == "AveragePool":
            said["count_include_pad"] = int(not op.whole("exclude_padding_from_average", 0))
        op.say(kind, op.x(), kernel_shape=kernel, strides=strides, **said)

    return rule


def pad(op: Operation) -> None:
    """pad: the begin and the end of the last axes in turn."""
    given = op.wholes("pad")
    source = op.x()
    dims = op.tell.declared.get(source) or op.tell.inputs.get(source) or ()
    missing = 2 * len(dims) - len(given)
    whole = (*(0,) * max(missing, 0), *given)
    mode = {"reflect": "reflect", "replicate": "edge"}.get(op.word("mode", "constant"), "constant")
    op.say("Pad", source, op.tell.numbers(*whole[::2], *whole[1::2]), mode=mode)


def resized(mode: str, *, target: bool) -> Rule:
    """upsample_… by factors, resize_… to a size."""

    def rule(op: Operation) -> None:
        named = [f"target_size_{side}" if target else f"scale_factor_{side}" for side in ("height", "width")]
        numbers = [op.real(key, 1.0) for key in named]
        corners = op.whole("align_corners", 0) or op.word("sampling_mode", "") == "STRICT_ALIGN_CORNERS"
        said = {"mode": mode, "coordinate_transformation_mode": "align_corners" if corners else "half_pixel"}
        if target:
            after = next(iter(op.outputs.values())) or ()
            if len(after) < 3 or not isinstance(after[1], int) or not isinstance(after[0], int):
                raise op.fault("the shape of its output is not stated")
            sizes = op.tell.numbers(after[0], after[1], *(int(n) for n in numbers))
            op.say("Resize", op.x(), "", "", sizes, **said)
            return
        op.say("Resize", op.x(), "", op.tell.reals(1.0, 1.0, *numbers), **said)

    return rule
