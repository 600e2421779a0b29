"""`verify --with opencv`: shapes that OpenCV's dnn has of nets, and what it does not read."""

from __future__ import annotations

import pytest

from cnncalc.errors import CnncalcError
from cnncalc.language import load, load_text
from cnncalc.language.options import Options
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


def test_what_it_does_not_read_is_no_difference():
    with pytest.raises(CnncalcError, match="does not read the net"):
        held(load_text("input: 4x9\nlayers: [{parameter: 4x1 concat axis=1}]\n", "net", Options()))
