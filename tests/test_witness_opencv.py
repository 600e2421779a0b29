"""`verify --with opencv`: what OpenCV's dnn has of nets, and what it does not read; Caffe's dialect by prototxt."""

from __future__ import annotations

import pytest

from cnncalc.errors import CnncalcError
from cnncalc.language import load, load_text
from cnncalc.language.options import Options
from cnncalc.layers import dialects
from cnncalc.layers.dialects.table import CAFFE
from cnncalc.witnesses.table import WITNESSES


@pytest.fixture(autouse=True)
def opencv():
    """OpenCV and the onnx package, both extras."""
    pytest.importorskip("onnx")
    pytest.importorskip("cv2")


def held(graph):
    return WITNESSES["opencv"].verify(graph, net="", batch=1, options={})


@pytest.mark.parametrize("name", ["lenet5", "squeezenet1_1", "m3", "fsrcnn"])
def test_bundled_nets(name):
    found = held(load(name, Options()))
    assert found.failed == 0
    assert found.held > 5


def test_a_wrong_shape_is_found(monkeypatch):
    graph = load_text("input: 3x8x8\nlayers: [conv 4 k3, relu]\n", "net", Options())
    assert held(graph).failed == 0
    monkeypatch.setattr(graph.nodes[1], "shape", (4, 6, 7))
    assert held(graph).failed > 0


@pytest.mark.parametrize(("shape", "layer"), [("3x8x8", "lppool k2"), ("4x4x4x4", "deconv 3 k2"), ("6x11", "lstm 5")])
def test_what_it_does_not_read_is_no_difference(shape, layer):
    with pytest.raises(CnncalcError, match="does not read the net"):
        held(load_text(f"input: {shape}\nlayers: [{layer}]\n", "net", Options()))


CAFFE_LAYERS = (
    "maxpool k3", "maxpool k3 s2", "maxpool k3 s2 p1", "avgpool k3 s2 p1", "maxpool k2 s3 p1", "conv 4 k3 p1 s2 d2",
    "dwconv k3", "deconv 4 k3 s2 p1", "deconv 6 k2 s2 g2", "batchnorm", "batchnorm affine=false", "prelu", "layerscale",
    "global_avgpool", "linear 5", "lrn", "slice 1:3", "leaky_relu 0.2", "softmax", "flatten",
)  # fmt: skip


def of_caffe(layers):
    return load_text(f"input: 6x13x12\ndialect: caffe\nlayers: [{layers}]\n", "net", Options())


@pytest.mark.parametrize("layer", CAFFE_LAYERS)
def test_layers_of_caffe(layer):
    found = held(of_caffe(layer))
    assert found.failed == 0
    assert found.held == 2  # the layer's shape, and what comes out


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "googlenet"])
def test_bundled_nets_as_prototxt(name):
    found = held(load(name, Options(dialect="caffe")))
    assert found.failed == 0
    assert found.held == len(found.rows) + 1


@pytest.mark.parametrize(
    ("fault", "layer"),
    [
        ({"pool_rounding": "floor"}, "maxpool k3 s2"),
        ({"clip_needs_padding": False}, "maxpool k1 s3"),
        ({"pool_stride_is_kernel": True}, "maxpool k3"),
    ],
)
def test_a_planted_fault_of_caffe_is_found(monkeypatch, fault, layer):
    monkeypatch.setitem(dialects.DIALECTS, "caffe", CAFFE._replace(**fault))
    assert held(of_caffe(layer)).failed > 0


def test_a_layer_that_only_others_have_is_no_difference():
    with pytest.raises(CnncalcError, match="does not read the net"):
        held(of_caffe("relu6"))


def test_a_file_that_no_reader_takes_is_not_made():
    with pytest.raises(CnncalcError, match="2 GiB"):
        held(load_text("input: 30000\ndialect: caffe\nlayers: [linear 30000]\n", "net", Options()))
