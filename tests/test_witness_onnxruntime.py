"""onnxruntime as a witness: bundled nets, random nets of the dialect, planted faults. What it says is kept as data."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from layer_texts import wild_text

from cnncalc.arithmetic.windows.formulas import Rounding
from cnncalc.graph import broken_requirement
from cnncalc.layers import dialects
from cnncalc.notation.lines import parse

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SAID = (
    # the layer, its input, and what onnxruntime 1.32.0 gives; None: refused
    ("onnx", "conv 4 k4 same d2", (3, 9), None), ("onnx", "deconv 4 k3 s2 same d2", (5, 3), (4, 6)),
    ("onnx", "lppool k4 s1 same", (3, 10, 3), (3, 10, 3)), ("onnx", "lrn 6", (2, 2, 2), None),
    ("onnx", "maxpool k1 s3 same", (8, 11, 12), None), ("onnx", "avgpool k1 s3 same", (8, 11, 12), (8, 4, 4)),
    ("onnx-18", "avgpool k1 s3 same", (8, 11, 12), None), ("onnx", "maxpool k1 s3 same d2", (8, 11, 12), (8, 4, 4)),
    ("onnx", "maxpool k2", (8, 9), (8, 8)),
    ("onnx", "upsample 1.3636363636363635", (2, 11), (2, 15)),
    ("onnx", "lppool k1 s3 same", (8, 11), (8, 4)),
    ("onnx", "maxpool k3 s1 same d2", (6, 5, 12), (6, 3, 10)),
    ("onnx", "deconv 3 k2 d3 output_padding=1", (4, 5), None), ("onnx", "maxpool k2 s3 p2 d2", (4, 11, 6), None),
    ("onnx", "deconv 4 k4 s3 same_lower output_padding=2", (4, 15), (4, 45)), ("onnx", "upsample 1.4", (1, 5), (1, 7)),
    ("onnx", "maxpool k2 s3 ceil", (1, 6), (1, 2)), ("onnx-17", "maxpool k2 s3 ceil", (1, 6), (1, 2)),
    ("onnx-17", "groupnorm 1", (8, 9), None), ("onnx-17", "lppool k2 ceil", (8, 9), None),
    ("onnx-18", "lppool k2 ceil", (8, 9), (8, 8)), ("onnx", "instancenorm affine", (6, 1), (6, 1)),
)  # fmt: skip


@pytest.mark.parametrize(("dialect", "text", "shape", "wanted"), SAID)
def test_the_dialect_follows_what_runs(dialect, text, shape, wanted):
    layer = parse(text, dialect).layer
    broken = broken_requirement(layer, (shape,))
    assert (None if broken else layer.output_shape(shape)) == wanted


@pytest.fixture
def lone():
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from cnncalc.witnesses.onnxruntime import lone

    return lone


@pytest.mark.parametrize(("dialect", "text", "shape", "wanted"), SAID)
def test_that_is_what_runs(lone, dialect, text, shape, wanted):
    found = lone(parse(text, dialect).layer, (shape,))
    assert (None if isinstance(found, str) else found) == wanted


@pytest.mark.parametrize("dialect", ["torch", "onnx", "onnx-17"])
def test_a_bundled_net_is_held(lone, dialect):
    from cnncalc import Options, load
    from cnncalc.witnesses.table import WITNESSES

    graph = load("squeezenet1_1", Options(dialect=dialect))
    found = WITNESSES["onnxruntime"].verify(graph, net="", batch=2, options={})
    assert found.failed == 0
    assert found.held > 60


def short_run(nets, seed=0):
    """Nets and single layers: the first that differ and are not settled; empty where none do."""
    from benchmarks import onnx_settled
    from benchmarks.witnessed import drawn, found_in, unsettled
    from benchmarks.witnessed_table import FRAMEWORKS

    for index in range(nets):
        net = drawn(seed, index, FRAMEWORKS["onnxruntime"].dialects)
        lines = found_in("onnxruntime", onnx_settled, net)[1]
        wild = wild_text(Random(f"{seed}/wild/{index}"))
        dialect = FRAMEWORKS["onnxruntime"].dialects[index % 10]
        for text, shapes in (wild, *((one, (shape,)) for one, shape in net.refused[:6])):
            line, reason = unsettled(onnx_settled, dialect, text, shapes)
            lines += [line] if line and not reason else []
        if lines:
            return lines
    return []


def test_random_nets_are_held(lone):
    assert short_run(150) == []


FAULTS: dict[str, dict[str, Any]] = {
    "instance norms learn nothing": {"defaults": {}},
    "pools step by their kernel": {"pool_stride_is_kernel": True},
    "ceil never clips": {"ceil": Rounding.CEIL_UNCLIPPED},
    "same of a pool knows the dilation": {"pool_same_pads_first": False},
    "same of a transposed convolution is Keras's": {"transposed_same": "keras"},
    "same with a dilation is taken": {"same_dilation": "kept"},
    "pools may be padded as wide as one likes": {"pool_padding_limit": "none"},
    "norms of an even size": {"lrn_size_is_odd": False},
    "output padding up to the dilation": {"output_padding_below": "stride or dilation"},
    "max pools take same wherever": {"pool_same_needs_padding": ()},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_of_the_dialect_is_found(lone, monkeypatch, fault):
    planted = {
        name: one._replace(**FAULTS[fault]) if name.startswith("onnx") else one
        for name, one in dialects.DIALECTS.items()
    }
    for name, one in planted.items():
        monkeypatch.setitem(dialects.DIALECTS, name, one)
    assert short_run(1_500)


def test_what_torch_alone_has_is_refused(lone):
    from command_line import runner

    from cnncalc.cli.main import cnncalc as program

    done = runner().invoke(program, ["verify", "lenet5", "--with", "onnxruntime", "--device", "cpu"])
    assert done.exit_code == 2 and "--with torch" in done.stderr
