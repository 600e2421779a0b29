"""What Caffe's forks have of their own: DeepLab's holes, C3D's clips, FlowNet's maps, NVIDIA's norms, local filters."""

from __future__ import annotations

import pytest
from reading import caffe

from cnncalc.errors import CnncalcError


def on(shape: str, *layers: str) -> str:
    """Layers, each of which takes `x`, or the blob that it names; its first is `x`."""
    dims = " ".join(f"dim: {length}" for length in f"1x{shape}".split("x"))
    body = "".join(f'layer {{ name: "l{place}" {layer} }}\n' for place, layer in enumerate(layers))
    return f'input: "x" input_shape {{ {dims} }}\n{body}'


def one(kind: str, rest: str = "", bottom: str = "x", top: str = "y") -> str:
    bottoms = " ".join(f'bottom: "{blob}"' for blob in bottom.split())
    return f'type: "{kind}" {bottoms} top: "{top}" {rest}'


# The sizes are those of the forks' sources: deeplab-public's and C3D's base_conv_layer.cpp, flownet2's
# correlation_layer.cpp, caffe-segnet's upsample_layer.cpp, openpose's imresize_layer.cpp and nms_layer.cpp.
CLIP = "3x8x16x16"
LAYERS = [
    ("3x33x32", "Convolution", "convolution", "num_output: 4 kernel_size: 3 pad: 2 hole: 2", "4x33x32", 112),
    ("3x33x32", "Convolution", "convolution", "num_output: 4 kernel_size: 3 pad_h: 2 pad_w: 3 hole_h: 2 hole_w: 3",
     "4x33x32", 112),
    (CLIP, "Convolution3D", "convolution", "num_output: 4 kernel_size: 3 kernel_depth: 5 pad: 1 temporal_pad: 2",
     "4x8x16x16", 4 * 3 * 45 + 4),
    (CLIP, "NdConvolution", "convolution",
     "num_output: 4 kernel_shape { dim: 1 dim: 3 dim: 5 } pad_shape { dim: 0 dim: 1 dim: 2 }", "4x8x16x16", 184),
    (CLIP, "Pooling3D", "pooling", "kernel_size: 2 kernel_depth: 1 stride: 2 temporal_stride: 1", "3x8x8x8", 0),
    (CLIP, "Pooling3D", "pooling", "kernel_size: 3 kernel_depth: 2 stride: 2 temporal_stride: 2 pool: AVE",
     "3x4x8x8", 0),
    ("3x33x32", "Resample", "resample", "width: 64 height: 66 type: LINEAR", "3x66x64", 0),
    ("3x33x32", "Resample", "resample", "factor: 2 type: NEAREST", "3x66x64", 0),
    ("3x33x32", "ChannelNorm", "channel_norm", "", "1x33x32", 0),
    ("3x33x32", "Downsample", "downsample", "top_height: 9 top_width: 8", "3x9x8", 0),
    ("3x17x16", "Upsample", "upsample", "scale: 2 pad_out_h: true", "3x33x32", 0),
    ("3x17x16", "NNUpsample", "nn_upsample", "resize: 2", "3x34x32", 0),
    ("3x17x16", "ImResize", "imresize", "factor: 8", "3x136x128", 0),
    ("19x17x16", "Nms", "nms", "num_parts: 18 max_peaks: 127", "18x128x3", 0),
    ("3x17x16", "SpatialDropout", "dropout", "dropout_ratio: 0.1", "3x17x16", 0),
    ("3x17x16", "L2Normalize", "norm", "", "3x17x16", 0),
    ("3x17x16", "Scale", "scale", "axis: 0 num_axes: 0 bias_term: true", "3x17x16", 2),
    ("3x17x16", "Reduction", "reduction", "axis: 1 operation: MEAN", "1", 0),
    ("3x33x32", "Local", "local", "num_output: 4 kernel_size: 3", "4x31x30", (4 * 27 + 4) * 31 * 30),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "kind", "part", "settings", "output", "params"), LAYERS)
def test_layers_of_forks(shape, kind, part, settings, output, params):
    found = caffe(on(shape, one(kind, f"{part}_param {{ {settings} }}")))
    assert (list(found.outputs.values()), found.params) == ([output], params)


@pytest.mark.parametrize(
    ("kind", "settings", "output"),
    [
        ("Correlation", "pad: 20 kernel_size: 1 max_displacement: 20 stride_1: 1 stride_2: 2", "441x32x32"),
        ("Correlation", "pad: 3 kernel_size: 3 max_displacement: 2 stride_1: 2", "25x16x16"),
        ("Correlation1D", "pad: 40 kernel_size: 1 max_displacement: 40 single_direction: -1", "41x32x32"),
    ],
)
def test_every_pixel_of_a_map_by_those_around_it(kind, settings, output):
    layer = one(kind, f"correlation_param {{ {settings} }}", "x x")
    assert list(caffe(on("8x32x32", layer)).outputs.values()) == [output]


def test_a_warped_map_has_the_shape_of_the_first():
    conv = one("Convolution", "convolution_param { num_output: 2 kernel_size: 1 }", top="f")
    found = caffe(on("3x9x8", conv, one("FlowWarp", bottom="x f")))
    assert (list(found.outputs.values()), found.params) == (["3x9x8"], 8)


@pytest.mark.parametrize("own", ["scale_bias: true", "scale_filler { value: 1 } bias_filler { value: 0 }"])
def test_a_batch_norm_of_nvidia_s_learns_itself(own):
    """A `Scale` behind it is one more (batch_norm_layer.cpp of NVIDIA/caffe 0.15)."""
    norm = one("BatchNorm", f"batch_norm_param {{ {own} }}", top="b")
    assert (caffe(on("3x9x8", norm)).params, caffe(on("3x9x8", norm)).buffers) == (6, 7)
    assert caffe(on("3x9x8", norm, one("Scale", "scale_param { bias_term: true }", bottom="b"))).params == 12


def test_losses_of_forks_and_of_python_are_one_number():
    data = 'layer { name: "d" type: "Data" top: "image" top: "label" transform_param { crop_size: 9 } }\n'
    conv = one("Convolution", "convolution_param { num_output: 3 kernel_size: 1 }", bottom="image", top="c")
    python = "python_param { layer: 'Dice' } loss_weight: 1"
    for kind, rest in (("FocalLoss", ""), ("SmoothL1LossOHEM", ""), ("Python", python)):
        loss = one(kind, rest, "c label")
        found = caffe(data + f'layer {{ name: "c" {conv} }}\nlayer {{ name: "l" {loss} }}\n')
        assert (found.outputs, found.params) == ({"l": "scalar"}, 12)


def test_a_clip_has_frames():
    """C3D's data layer; five numbers where a net names its input itself."""
    clip = "image_data_param { new_length: 16 crop_size: 112 }"
    video = f'layers {{ name: "d" type: VIDEO_DATA top: "x" top: "label" {clip} }}\n'
    settings = "kernel_size: 2 kernel_depth: 1 stride: 2 temporal_stride: 1"
    pool = f'layers {{ name: "p" type: POOLING3D bottom: "x" top: "y" pooling_param {{ {settings} }} }}'
    named = 'input: "x" ' + " ".join(f"input_dim: {length}" for length in (1, 3, 16, 112, 112)) + "\n"
    assert [list(caffe(start + pool).outputs.values()) for start in (video, named)] == [["3x16x56x56"]] * 2


@pytest.mark.parametrize(
    ("kind", "part", "settings", "told"),
    [
        ("Correlation", "correlation", "kernel_size: 1 max_displacement: 20", "reaches over the whole map"),
        ("Correlation", "correlation", "kernel_size: 2", "an odd `kernel_size`"),
        ("Resample", "resample", "type: AREA", "this `Resample` is not read"),
        ("ImResize", "imresize", "factor: 1.5", "by a whole factor"),
        ("Convolution", "convolution", "num_output: 4 kernel_shape { dim: 3 }", "a `dim` for each of the 2 axes"),
        ("InnerDistance", "inner_distance", "num_output: 10", "1 layer of this Caffe net is not known"),
    ],
)
def test_what_of_them_is_wrong_is_told(kind, part, settings, told):
    with pytest.raises(CnncalcError) as raised:
        caffe(on("3x9x8", one(kind, f"{part}_param {{ {settings} }}", "x x")))
    assert told in str(raised.value)
