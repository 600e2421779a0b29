"""Where good guesses are wrong: torch measured, cnncalc beside it, and the page that tells it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from surprises import SURPRISES

import cnncalc
from benchmarks.surprises.__main__ import PARTS, TABLE
from cnncalc.analysis.costs import report
from cnncalc.tools.conventions import convention_named
from cnncalc.tools.conventions.counting import count

ROWS = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
PAGE = Path(__file__).parent.parent / "docs" / "surprises.md"


@pytest.mark.parametrize("one", [one for one in SURPRISES if not one.needs], ids=lambda one: one.subject)
def test_torch_and_cnncalc_agree_with_the_page(one):
    assert one.measured() == one.figure
    if one.ours is not None:
        assert one.ours() == one.figure


def test_the_page_tells_every_figure_and_release():
    page = "".join((PAGE.parent / name).read_text(encoding="utf-8") for name in ("surprises.md", "formats.md"))
    figures = [one.figure for one in SURPRISES] + [row["figure"] for row in ROWS]
    told = [f"{int(one):,}" if str(one).isdigit() else str(one).replace("-", "−") for one in figures]
    assert [one for one in told if one not in page] == []
    releases = [pin.partition("==")[2] for pins in PARTS.values() for pin in pins]
    assert [one for one in releases if one not in page] == []
    assert {row["part"] for row in ROWS} == set(PARTS) - {"torch"}


def counted(convention, shape, layer):
    """All that a tool counts of a net of one layer."""
    counting = count(cnncalc.chain(shape, layer), convention_named(convention))
    return sum(term.amount for one in counting.layers.values() for term in one.terms)


def stored(name, shape, *layers):
    """Bytes of the weights of a net in a format of single layers."""
    return report(cnncalc.chain(shape, list(layers), cnncalc.Options(types=(("*", name),)))).totals.weight_bytes


def state(numbers):
    return report(cnncalc.chain("1", f"linear {numbers} nobias"), optimizer="adam8bit").totals.optimizer_bytes


OURS = {
    "torchinfo: mult-adds of a convolution with weight normalisation":
        lambda: counted("torchinfo", "3x8x8", "conv 4 k3 weight"),
    "torchprofile: a transposed convolution 4 to 8 channels, stride 2, 4 groups, on 8×9":
        lambda: counted("torchprofile", "4x8x9", "deconv 8 k4 s2 p1 groups=4"),
    "onnx-tool: an element of a batch norm": lambda: counted("onnx-tool", "4x8x8", "batchnorm") // 256,
    "paddle.flops: a convolution 3×3, 3 to 4 channels on 8×8": lambda: counted("paddle", "3x8x8", "conv 4 k3"),
    "Keras: Dense 16 to 32 after quantize('float8')": lambda: stored("keras-float8", "16", "linear 32") // 4,
    "Keras: Dense 11 to 64 to 22 after quantize('float8')":
        lambda: stored("keras-float8", "11", "linear 64", "linear 22") // 4,
    "Keras: bytes of Dense 1,568 to 32 after quantize('int4'), its bias apart":
        lambda: stored("keras-int4", "1568", "linear 32") - 32 * 4,
    "OpenVINO: bytes of a saved convolution of 288 weights and 8 biases":
        lambda: stored("openvino-float16", "4x8x8", "conv 8 k3"),
    "bitsandbytes: bytes that Adam8bit keeps of 4,095 numbers": lambda: state(4_095),
    "bitsandbytes: bytes that Adam8bit keeps of 4,096 numbers": lambda: state(4_096),
}  # fmt: skip
"""What cnncalc says of what other tools count or keep: their own figure."""


@pytest.mark.parametrize("subject", OURS)
def test_cnncalc_says_what_the_tool_says(subject):
    (figure,) = [row["figure"] for row in ROWS if row["subject"] == subject and row["part"] != "paddle-numpy"]
    assert OURS[subject]() == int(figure)


def test_receptive_fields_beside_torchscan_s():
    layers = ("conv 8 k3", "maxpool k2", "conv 8 k3", "relu", "deconv 8 k4")
    fields = [row.receptive_field.size for row in cnncalc.chain("3x32x32", *layers).report().rows]
    assert f"| {', '.join(str(one[0]) for one in fields)}: each layer's own window" in PAGE.read_text(encoding="utf-8")


VIT = {"torch": 22_542_249_984, "deepspeed": 2 * 17_563_828_224}


@pytest.mark.parametrize("name", VIT)
def test_a_vit_as_counters_count_it(name):
    counting = count(cnncalc.load("vit_b_16"), convention_named(name))
    products = sum(term.amount for one in counting.layers.values() for term in one.terms if "multiply" in term.what)
    assert products == 35_127_656_448  # what it costs: both say so before they leave something out or add something
    hidden = sum(term.amount for one in counting.layers.values() for term in one.terms if term.bug)
    assert products + hidden == VIT[name]
    for figure in (22_542_249_984, 35_127_656_448, 33_697_001_472):
        assert f"{figure:,}" in PAGE.read_text(encoding="utf-8")


def test_every_finding_is_told():
    page = PAGE.read_text(encoding="utf-8")
    findings = sorted((PAGE.parent.parent / "findings").glob("*.sh"))
    assert len(findings) > 20
    for finding in findings:
        assert f"findings/{finding.name}" in page
        assert "EXPECTED=" in finding.read_text(encoding="utf-8")
