"""Choosing a net: what its page tells, and the words that lead from one command to the next."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import cnncalc
from cnncalc.answers.roofline import duration_text
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError


def run(*arguments: str):
    return CliRunner().invoke(program, arguments)


def test_operations_of_whole_numbers_are_no_flops():
    assert "20.48 TOPS, 68.00 GB/s" in run("show", "lenet5", "--device", "jetson-orin-nano", "--dtype", "int8").output
    assert "1.280 TFLOPS, 68.00 GB/s" in run("show", "lenet5", "--device", "jetson-orin-nano").output


def test_layers_are_sorted_by_latency_too():
    """The figure of budgets and searches is a column by that name."""
    first, second = (
        run("show", "vgg16", "--device", "t4", "--sort", name, "--columns", f"name,{name}").output
        for name in ("latency", "least_time")
    )
    assert first == second and "classifier.0" in first.splitlines()[3]


def test_the_memory_of_a_device_from_python():
    by_name = cnncalc.solve.batch_size("resnet18", device="t4", optimizer="adam")
    assert by_name.batch == cnncalc.solve.batch_size("resnet18", memory="16GiB", optimizer="adam").batch > 1
    for wrong, told in (
        ({}, "how much memory is there"),
        ({"device": "t4", "memory": "1GiB"}, "the memory is given twice"),
        ({"device": "edge-tpu"}, "the memory of Google Coral Edge TPU is not known"),
        ({"memory": "1GiB", "amp": "float16"}, "the memory of inference is not known"),
    ):
        with pytest.raises(CnncalcError, match=told):
            cnncalc.solve.batch_size("resnet18", **wrong)


def test_the_page_of_choosing_tells_no_old_number():
    """Its sessions are run with those of all pages; these are what stands between them."""
    page = (Path(__file__).parents[1] / "docs" / "choosing.md").read_text(encoding="utf-8")
    for dtype, text in (
        ("float32", "7.026 ms in float32"),
        ("float16", "2.132 ms in float16"),
        ("int8", "1.066 ms in"),
    ):
        found = cnncalc.load("yolo11n").report(dtype=dtype, device="jetson-orin-nano").roofline.total.seconds
        assert text in page and text.startswith(duration_text(found))
    for more in ({"input": "3x320x320"}, {"set": {"width": 0.125}}):
        found = cnncalc.load("yolo11n", **more).report(dtype="int8", device="jetson-orin-nano").roofline.total.seconds
        assert duration_text(found) in page
    for row, checkpoint, amp in (
        ("| float32 |", (), None),
        ("| `--amp bfloat16` |", (), "bfloat16"),
        ("| `--checkpoint 'layer*.*'` |", "layer*.*", None),
        ("| both |", "layer*.*", "bfloat16"),
    ):
        net = cnncalc.load("resnet50", checkpoint=checkpoint)
        found = cnncalc.solve.batch_size(net, memory="24GiB", optimizer="adam", amp=amp).batch
        assert f"{row} {found:,} |" in page
    yolo = cnncalc.load("yolo11n")
    before, after = yolo.report(), yolo.rewrite("fold-batchnorm").net.report()
    assert f"{len(before.rows) - len(after.rows)} layers and {before.totals.params - after.totals.params:,} " in page
