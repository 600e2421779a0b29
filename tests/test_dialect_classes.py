"""Every class of cases in which a dialect once differed from its framework: what comes out now, and how it was settled.

Keras 3.15.1, Paddle 3.3.1, onnxruntime 1.32.0, flax 0.12.8 and BVLC's Caffe gave the shapes and numbers; a text is a
rule by which what the framework takes or makes is refused here: it refuses too, or goes on where that would be a
disservice.
"""

from __future__ import annotations

import pytest

from cnncalc.errors import CnncalcError
from cnncalc.language import load_text
from cnncalc.language.options import Options
from cnncalc.layers.base import show_shape

GATE = "{multiply: [[], [global_avgpool flat]]}"
CLASSES = (
    ("keras", "4x6", "deconv 4 k4 s1 same output_padding=1", "output padding must be smaller than the stride"),
    ("keras", "3x7", "deconv 1 k2 s3 same d3", "keras takes no stride together with a dilation"),
    ("keras", "6x5", "linear 2 axis=last", ("2x5", 14)),
    ("keras", "4x4x8", "linear 2", ("2x4x8", 10)),
    ("keras", "1x9", "dwconv 3 k1 s3 same d2", ("3x3", 6)),
    ("keras", "4x8x8", "prelu", ("4x8x8", 256)),
    ("keras", "4x4x8", GATE, ("4x4x8", 0)),
    ("keras", "4x8x8", "deconv 4 k2 g2", "keras has no groups in a transposed convolution"),
    ("keras", "4x8x8", "GlobalAveragePooling2D", ("4", 0)),
    ("keras", "4x8x8", "ZeroPadding2D", ("4x10x10", 0)),
    ("keras", "4x8x8", "SeparableConv2D 8 k3", ("8x6x6", 4 * 9 + 4 * 8 + 8)),
    ("paddle", "2x10", "maxpool k1 p2", "a pool's padding may be at most less than the kernel"),  # NaN borders
    ("paddle", "3x2", "avgpool k4", "the kernel does not fit its input"),  # a pixel of what lies outside
    ("paddle", "3x1x8", "maxpool k4 valid ceil", "Paddle 3.3 takes no `valid` beside rounding up"),
    ("paddle", "2x3", "pixel_unshuffle 3", "Paddle 3.3 has `pixel_unshuffle` on 2 spatial axes only"),
    ("paddle", "4x8x8", "linear 2", "a linear layer takes a vector"),  # it acts on the last axis: axis=last says so
    ("paddle", "6x4", "upsample size=2", "Paddle 3.3 takes the nearest pixel of no map with 1 spatial axes"),
    ("paddle", "3x9", "deconv 1 k3 s3 same d2", ("1x27", 10)),
    ("paddle", "3x4", "deconv 2 k1 d2 output_padding=1", "output padding must be smaller than the stride"),
    ("paddle", "4x8", "maxpool k1 s3 same ceil", ("4x4", 0)),
    ("paddle", "8x8x8", GATE, "the inputs of `multiply` have different numbers of axes"),  # the batch meets a channel
    ("paddle", "8x1", "instancenorm affine", ("8x1", 16)),
    ("paddle", "4x8x8", "InstanceNorm2D", ("4x8x8", 8)),
    ("onnx", "3x9", "conv 4 k4 same d2", "onnxruntime 1.32 takes no dilation together with `same`"),
    ("onnx", "3x10x3", "lppool k4 s1 same", ("3x10x3", 0)),
    ("onnx", "2x2", "lrn 3", "onnxruntime 1.32 has `lrn` on 2 spatial axes only"),
    ("onnx", "2x2x2", "lrn 6", "onnxruntime 1.32 takes an odd number of neighbouring channels only"),
    ("onnx", "8x11x12", "maxpool k1 s3 same", "onnxruntime 1.32 fails where"),
    ("onnx", "6x9", "pixel_shuffle 3", "onnxruntime 1.32 has `pixel_shuffle` on 2 spatial axes only"),
    ("onnx-17", "8x9", "groupnorm 2", "onnxruntime 1.32 has no `groupnorm` here"),
    ("onnx-17", "4x7x7", "lppool k2 s2 ceil", "onnx-17 has no p-norm pool that rounds up"),
    ("onnx", "6x5x12", "maxpool k3 s1 same d2", ("6x3x10", 0)),
    ("onnx", "4x5", "deconv 3 k2 d3 output_padding=1", "output padding must be smaller than the stride"),
    ("onnx-18", "8x9", "groupnorm 1", ("8x9", 2)),
    ("onnx", "4x11x6", "maxpool k2 s3 p2 d2", "a pool's padding may be at most less than the kernel"),
    ("onnx", "4x15", "deconv 4 k4 s3 same_lower output_padding=2", ("4x45", 68)),
    ("onnx", "8x8x8", GATE, "the inputs of `multiply` have different numbers of axes"),
    ("onnx", "8x5x2", "maxpool k1 s1 same d3", ("8x5x2", 0)),
    ("onnx", "6x1", "instancenorm affine", ("6x1", 12)),
    ("onnx", "4x8x8", "avgpool k2 d2", ("4x6x6", 0)),
    ("onnx", "4x8x8", "upsample 1.5 cubic", ("4x12x12", 0)),
    ("onnx", "4x8x8", "InstanceNormalization", ("4x8x8", 8)),
    ("flax", "3x6x7", "deconv 4 k3 s2 p1", ("4x11x13", 112)),  # of the spread input
    ("flax", "3x6", "deconv 4 k3 d2 p2:4", ("4x8", 40)),
    ("flax", "2x5x6", "deconv 3 k2x3 s2 p1:0x2", ("3x9x13", 39)),
    ("flax", "3x6x7", "deconv 4 k3 p3", "flax 0.12 pads the spread input beyond the kernel's reach"),
    ("caffe", "3x5", "avgpool k3 s2", "Caffe 1.0 has `avgpool` on 2 spatial axes only"),
    ("caffe", "4x8x8", "lrn 4", "Caffe 1.0 takes an odd number of neighbouring channels only"),
    ("caffe", "8x5x7", "{maximum: [[], [global_avgpool]]}", "the inputs of `maximum`"),
    ("caffe", "8x5x7", "{multiply: [[], [global_avgpool]]}", ("8x5x7", 0)),  # Scale of two blobs, behind a Reshape
    ("caffe", "4x5x3", "spp 1", ("4x1x1", 0)),
    ("caffe", "3x3x14", "conv 4 k4 s2", "the kernel does not fit its input"),  # 1x6 by a division towards zero
    ("caffe", "4x8x8", "PReLU", ("4x8x8", 4)),
    ("caffe", "4x8x8", "BatchNorm", ("4x8x8", 9)),
)  # fmt: skip


@pytest.mark.parametrize(("dialect", "shape", "layer", "settled"), CLASSES)
def test_a_class_of_cases_is_settled(dialect, shape, layer, settled):
    text = f"input: {shape}\ndialect: {dialect}\nlayers:\n  - {layer}\n"
    if isinstance(settled, str):
        with pytest.raises(CnncalcError) as caught:
            load_text(text, "net", options=Options())
        assert caught.value.faults[0].message.startswith(settled)
        assert caught.value.faults[0].help
        return
    net = load_text(text, "net", options=Options())
    layers = [node.layer for node in net.nodes if node.layer is not None]
    shapes = [net.input_shapes(node) for node in net.nodes if node.layer is not None]
    held = [
        size
        for one, taken in zip(layers, shapes)
        for each in (one.weight_shapes(*taken), one.buffer_shapes(*taken))
        for size in each.values()
    ]
    numbers = 0
    for size in held:
        product = 1
        for n in size:
            product *= n
        numbers += product
    assert (show_shape(net.nodes[-1].shape), numbers) == settled
