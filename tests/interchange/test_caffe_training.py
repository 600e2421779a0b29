"""Caffe's nets as they are trained: labels, targets and regions beside data, losses with several tops, frames.

Shapes and blobs are those of the layers' sources: py-R-FCN's and py-faster-rcnn's Python layers, caffe-face's
center_loss_layer.cpp, BVLC's lstm_layer.cpp and rnn_layer.cpp, NVIDIA's clustering.py, crfasrnn's
multi_stage_meanfield.cpp. Parameters are counted by hand.
"""

from __future__ import annotations

import pytest
from reading import caffe

from cnncalc.errors import CnncalcError

DATA = 'layer { name: "d" type: "Python" %s python_param { module: "m" layer: "DataLayer" } }\n'
FC = 'layer { name: "fc" type: "InnerProduct" bottom: "%s" top: "fc" inner_product_param { num_output: 5 } }\n'
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "%s" top: "loss" }\n'


def layer(kind: str, bottoms: str, tops: str, rest: str = "") -> str:
    taken = " ".join(f'bottom: "{blob}"' for blob in bottoms.split())
    made = " ".join(f'top: "{blob}"' for blob in tops.split())
    return f'layer {{ name: "{tops.split(maxsplit=1)[0]}" type: "{kind}" {taken} {made} {rest} }}\n'


CONV = layer("Convolution", "data", "conv", "convolution_param { num_output: 4 kernel_size: 3 pad: 1 }")
SMALL = CONV.replace("kernel_size: 3 pad: 1", "kernel_size: 1")


def data(*tops: str) -> str:
    return DATA % " ".join(f'top: "{top}"' for top in tops)


POOLED = layer("ROIPooling", "conv rois", "pool", "roi_pooling_param { pooled_w: 2 pooled_h: 3 }")


def test_regions_beside_images_are_data_and_what_follows_them_counts():
    """Fast R-CNN's training: convolution 4·27 + 4, matrix 5·(4·3·2) + 5; the regions have five numbers."""
    found = caffe(data("data", "rois", "labels") + CONV + POOLED + FC % "pool" + LOSS % "labels", input="data=3x16x16")
    assert (found.params, found.outputs) == (112 + 125, {"loss": "scalar"})
    assert found.graph.nodes[found.graph.inputs["rois"]].shape == (5,)


def test_what_anchors_and_regions_are_to_become_are_labels():
    """Faster R-CNN's and R-FCN's training from end to end, regions that are hard among them."""
    text = data("data", "im_info", "gt_boxes") + CONV
    text += layer("Convolution", "conv", "score", "convolution_param { num_output: 2 kernel_size: 1 }")
    python = 'python_param { module: "rpn.%s" layer: "%s" }'
    text += layer("Python", "score gt_boxes im_info data", "targets weights", python % ("a", "AnchorTargetLayer"))
    text += layer("SoftmaxWithLoss", "score targets", "rpn_loss")
    text += layer("Python", "score conv im_info", "rpn_rois", python % ("p", "ProposalLayer"))
    text += layer("Python", "rpn_rois gt_boxes", "rois labels", python % ("t", "ProposalTargetLayer"))
    text += POOLED + FC % "pool" + layer("SoftmaxWithLossOHEM", "fc labels", "roi_loss each")
    text += layer("SmoothL1LossOHEM", "fc labels", "box_loss box_each")
    text += layer("Eltwise", "each box_each", "sum")
    text += layer("BoxAnnotatorOHEM", "rois sum labels", "hard weight")
    found = caffe(text + layer("SoftmaxWithLoss", "fc hard", "loss"), input="data=3x16x16")
    assert found.params == 112 + 2 * 4 + 2 + 125
    assert set(found.outputs) == {"rpn_loss", "roi_loss", "box_loss", "loss"}
    assert set(found.outputs.values()) == {"scalar"}


def test_what_is_joined_with_data_is_data():
    """FCN's nets of colour and depth: 4·(3 + 1) + 4."""
    text = data("color", "depth", "label") + layer("Concat", "color depth", "data") + SMALL
    text += layer("SoftmaxWithLoss", "conv label", "loss")
    found = caffe(text, input="color=3x8x8,depth=1x8x8")
    assert (found.params, list(found.outputs)) == (20, ["loss"])


def test_regions_of_several_levels_are_regions():
    text = 'input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n' + CONV
    for level in "ab":
        text += layer("Python", "conv data", f"rois_{level}", 'python_param { module: "p" layer: "ProposalLayer" }')
    text += layer("Concat", "rois_a rois_b", "rois", "concat_param { axis: 0 }") + POOLED
    assert caffe(text).outputs == {"pool": "4x3x2"}


@pytest.mark.parametrize(
    ("last", "params", "outputs"),
    [
        # a centre of 48 numbers for each of 7 classes
        (layer("CenterLoss", "data label", "t", "center_loss_param { num_output: 7 }"), 336, ["scalar"]),
        # a matrix without biases, and the factor
        (layer("MarginInnerProduct", "data label", "t lambda", "margin_inner_product_param { num_output: 6 }"), 288,
         ["6", "scalar"]),
        # unknown, but a loss by its weight; a loss beside its probabilities; how right each class was
        (layer("Yolov3", "data label", "t", "loss_weight: 1"), 0, ["scalar"]),
        (layer("SoftmaxWithLoss", "data label", "t prob"), 0, ["3x4x4", "scalar"]),
        (layer("Accuracy", "data label", "t each"), 0, ["3", "scalar"]),
        (layer("EvalDetection", "data label", "t"), 0, ["scalar"]),
    ],
)  # fmt: skip
def test_layers_that_compare_with_labels(last, params, outputs):
    found = caffe(layer("Data", "", "data label") + last, input="data=3x4x4")
    assert (found.params, sorted(found.outputs.values())) == (params, outputs)


FRAMES = 'input: "data" input: "cont"' + "".join(f" input_dim: {length}" for length in (6, 3, 2, 2, 6, 1, 1, 1)) + "\n"
CUT = layer("Reshape", "data", "x", "reshape_param { shape { dim: 3 dim: 2 dim: 12 } }")
CUT += layer("Reshape", "cont", "c", "reshape_param { shape { dim: 3 dim: 2 } }")


@pytest.mark.parametrize(
    ("kind", "params"), [("LSTM", 4 * 5 * (12 + 5) + 4 * 5), ("RNN", 5 * (12 + 5) + 5 + 5 * 5 + 5)]
)
def test_cells_run_along_the_frames_of_a_batch(kind, params):
    """W_xc with one vector of biases and W_hc; an RNN has W_ho with biases as well."""
    text = FRAMES + CUT + layer(kind, "x c", "h", "recurrent_param { num_output: 5 }")
    text += layer("InnerProduct", "h", "t", "inner_product_param { num_output: 7 axis: 2 }")
    found = caffe(text)
    assert (found.params, found.outputs) == (params + 42, {"t": "1x7"})


def test_a_batch_in_numbers_stays_a_batch():
    """DCGAN's generator."""
    text = 'input: "data" input_dim: 64 input_dim: 100\n'
    text += layer("Reshape", "data", "x", "reshape_param { shape { dim: 64 dim: 100 dim: 1 dim: 1 } }")
    text += layer("Deconvolution", "x", "t", "convolution_param { num_output: 2 kernel_size: 4 }")
    assert caffe(text).outputs == {"t": "2x4x4"}


def one(shape: str, text: str):
    dims = " ".join(f"input_dim: {length}" for length in ("1", *shape.split("x")))
    return caffe(f'input: "data" {dims}\n{text}')


def test_one_border_alone_leaves_the_other_without():
    found = one(
        "3x8x8", layer("Convolution", "data", "t", "convolution_param { num_output: 2 kernel_size: 3 pad_h: 1 }")
    )
    assert found.outputs == {"t": "2x8x6"}
    with pytest.raises(CnncalcError, match="`kernel_h` and `kernel_w` come together"):
        one("3x8x8", layer("Convolution", "data", "t", "convolution_param { num_output: 2 kernel_h: 3 }"))


@pytest.mark.parametrize(
    ("text", "params", "outputs"),
    [
        (layer("PReLU", "data", "t"), 3, ["3x4x8x8"]),  # VNet's: a slope a channel of a volume
        (layer("Flip", "data", "t"), 0, ["3x4x8x8"]),
        (layer("Transpose", "data", "t", "transpose_param { dim: 0 dim: 2 dim: 1 dim: 3 dim: 4 }"), 0, ["4x3x8x8"]),
    ],
)
def test_layers_on_volumes(text, params, outputs):
    dims = " ".join(f"dim: {length}" for length in (1, 3, 4, 8, 8))
    found = caffe(f'input: "data" input_shape {{ {dims} }}\n{text}')
    assert (found.params, list(found.outputs.values())) == (params, outputs)


def test_detectnet_puts_boxes_together():
    python = 'python_param { module: "caffe.layers.detectnet.clustering" layer: "ClusterDetections" }'
    assert one("3x8x8", CONV + layer("Python", "conv data", "t", python)).outputs == {"t": "50x5"}


def test_a_field_has_three_matrices_whatever_its_turns():
    """Two turns: 3 matrices of 4·4 numbers, and their six products on 8x8 pixels."""
    text = CONV + layer("Split", "conv", "q scores")
    text += layer("MultiStageMeanfield", "scores q data", "t", "multi_stage_meanfield_param { num_iterations: 2 }")
    found = one("3x8x8", text)
    assert (found.params, found.outputs) == (112 + 48, {"t": "4x8x8"})
    assert found.macs == 4 * 27 * 64 + 6 * 16 * 64


def test_regions_of_ms_cnn_are_moved_and_scored():
    """box_output_layer.cpp: five numbers a region, and with a score six; decode_bbox_layer.cpp gives what it takes."""
    text = CONV + layer("BoxOutput", "conv", "rois score")
    text += POOLED + FC % "pool" + layer("DecodeBBox", "fc rois", "moved")
    assert one("3x16x16", text).outputs == {"rois_1": "6x1x1", "moved": "5x1x1"}
