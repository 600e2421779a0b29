"""ONNX: nets trained to be quantised, as Brevitas, QONNX and FINN write them.

Their nodes round, and change no shape: each net has the shapes, parameters and products of the same net without them,
which onnxruntime runs where it is installed (it knows none of these nodes).
"""

from __future__ import annotations

import pytest
from onnx_files import field, graph, model, node, tensor
from reading import read

from cnncalc.errors import CnncalcError

DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")
IMAGE = {"x": (1, 3, 8, 8)}
TENSORS = [
    tensor("w", (4, 3, 3, 3), bytes(4 * 108)), tensor("b", (4,), bytes(16)), tensor("scale", (), [0.1]),
    tensor("each", (4, 1, 1, 1), [0.5, 0.25, 0.5, 0.125]), tensor("zero", (), [0.0]), tensor("bits", (), [4.0]),
]  # fmt: skip
ROUNDED = {
    "Quant": "scale zero bits", "IntQuant": "scale zero bits", "BipolarQuant": "scale", "Trunc": "scale zero bits bits",
    "FloatQuant": "scale bits bits zero zero",
}  # fmt: skip


def written(nodes, domain):
    ends = field(12, field(1, "y"))
    return model(graph(nodes, IMAGE.items(), (), TENSORS) + ends, 17) + field(8, field(1, domain) + field(2, 1))


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("kind", ROUNDED)
def test_rounding_changes_no_figure(kind, domain):
    scales = ROUNDED[kind]
    nodes = [
        node(kind, f"x {scales}", "q", domain=domain),
        node(kind, f"w {scales.replace('scale', 'each')}", "v", domain=domain),
        node("Conv", "q v b", "c", kernel_shape=(3, 3)),
        node(kind, f"c {scales}", "y", domain=domain),
    ]
    found = read(written(nodes, domain), "net.onnx")
    assert (list(found.outputs.values()), found.params, found.macs) == (["4x6x6"], 108 + 4, 36 * 108)


def test_onnxruntime_makes_that_shape_without_them():
    runtime = pytest.importorskip("onnxruntime")
    numpy = pytest.importorskip("numpy")
    session = runtime.InferenceSession(written([node("Conv", "x w b", "y", kernel_shape=(3, 3))], ""))
    assert session.run(None, {"x": numpy.zeros(IMAGE["x"], numpy.float32)})[0].shape == (1, 4, 6, 6)


def test_other_nodes_of_these_domains_are_told():
    nodes = [node("Quant", "x scale zero bits", "q", domain=DOMAINS[0]), node("Relu", "q", "y", domain=DOMAINS[0])]
    with pytest.raises(CnncalcError, match=r"not known\n  qonnx\.custom_op\.general\.Relu 1×"):
        read(written(nodes, DOMAINS[0]), "net.onnx")


def test_onnx_itself_has_no_such_node():
    with pytest.raises(CnncalcError, match=r"not known\n  Quant 1×"):
        read(written([node("Quant", "x scale zero bits", "y")], DOMAINS[0]), "net.onnx")
