"""Devices and the least time on them, against numbers worked out by hand."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import pytest
from click.testing import CliRunner

import cnncalc
from cnncalc.analysis.costs import report
from cnncalc.analysis.roofline import bounded, peak_type
from cnncalc.answers.roofline import NOTHING, Bound, Device, duration_text
from cnncalc.claims.quantities import parse_duration
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.graph.formats import DTYPES
from cnncalc.language import chain, load
from cnncalc.language.options import Options
from cnncalc.tools.devices import device_named, devices

SLOW = Device("slow", "Slow", "by hand", {"float32": 1_000}, 100)


def run(*arguments: str):
    return CliRunner().invoke(program, arguments)


def moved(shape: str, *layers: str, batch: int = 1, dtype: str = "float32") -> list[int]:
    graph = chain(shape, layers, Options(batch=batch))
    return [row.moved_bytes for row in report(graph, batch, dtype).rows]


@pytest.mark.parametrize(
    ("shape", "layers", "by_hand"),
    [
        # 3·8·8 in, 4·6·6 out, 4·3·3·3 + 4 parameters, four bytes each; norm and activation are fused into it
        ("3x8x8", ["conv 4 k3", "bn", "relu"], [4 * (192 + 144 + 112), 0, 0]),
        # every other pixel of each axis: 4·4 of 8·8
        ("3x8x8", ["conv 4 k1 s2"], [4 * (3 * 16 + 4 * 16 + 16)]),
        ("3x8x8", ["maxpool k1 s2"], [4 * (3 * 16 + 3 * 16)]),
        # views and what only picks say where elements lie
        ("4x6x6", ["slice 0:2", "flatten", "dropout 0.5", "linear 10"], [0, 0, 0, 4 * (72 + 10 + 730)]),
        ("4x6x6", ["permute 1x2x0", "softmax"], [0, 4 * (144 + 144)]),
        # a table that is looked up: 5 numbers in, 5 vectors out
        ("5", ["embedding 1000 16"], [4 * (5 + 80)]),
        # statistics of the batch itself are no constants, and cannot be fused
        ("4x6x6", ["bn nostats"], [4 * (144 + 144 + 8)]),
    ],
)
def test_what_layers_move(shape, layers, by_hand):
    assert moved(shape, *layers) == by_hand


def test_parameters_move_once_a_batch_and_elements_at_their_type():
    assert moved("3x8x8", "conv 4 k3", batch=5) == [4 * (5 * (192 + 144) + 112)]
    assert moved("3x8x8", "conv 4 k3", dtype="int8") == [192 + 144 + 112]
    # autocast: the input and the parameters are stored in float32, the convolution's output in half precision
    assert moved("3x8x8", "conv 4 k3", "conv 2 k1", dtype="amp-float16") == [
        4 * (192 + 112) + 2 * 144,
        2 * 144 + 4 * 10 + 2 * 72,
    ]


def test_shared_weights_are_read_by_each_layer(tmp_path):
    text = "input: 4x6x6\nlayers: [{conv: 4 k1, name: a}, {share: a, name: b}]\n"
    file = tmp_path / "net.yaml"
    file.write_text(text)
    rows = report(load(str(file), Options())).rows
    assert [row.params for row in rows] == [20, 0]
    assert [row.moved_bytes for row in rows] == [4 * (144 + 144 + 20)] * 2


def test_the_least_time_by_hand():
    """A linear layer 10 -> 5: 50 MACs, so 100 operations; 4·(10 + 5 + 55) = 280 bytes."""
    held = bounded(report(chain("10", ["linear 5", "relu"], Options())), SLOW, "float32")
    linear, relu = (row.bound for row in held.rows)
    assert (linear.flops, linear.moved, linear.seconds, linear.by) == (100, 280, Fraction(280, 100), "memory")
    assert (relu.flops, relu.moved, relu.seconds, relu.by) == (0, 0, 0, "")
    assert held.roofline.total.seconds == Fraction(14, 5)
    quick = SLOW._replace(bandwidth=10_000)
    by_computing = bounded(report(chain("10", ["linear 5"], Options())), quick, "float32").roofline.total
    assert (by_computing.seconds, by_computing.moving, by_computing.by) == (Fraction(1, 10), 0, "compute")
    unknown = SLOW._replace(bandwidth=None)
    assert bounded(report(chain("10", ["linear 5"], Options())), unknown, "float32").roofline.total.by == "compute"


def test_a_sum_is_of_layers_one_after_the_other():
    one, other = Bound(1, 2, Fraction(3), Fraction(3)), Bound(10, 20, Fraction(4), 0)
    both = NOTHING + one + other
    assert (both.flops, both.moved, both.seconds, both.moving, both.by) == (11, 22, 7, 3, "compute")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (Fraction(0), "0 s"),
        (Fraction(199_999, 100_000), "1.999 s"),  # cut off: what is printed is a bound too
        (Fraction(1, 3), "333.3 ms"),
        (Fraction(12_345_678, 10**9), "12.34 ms"),
        (Fraction(5, 10**15), "0.005 ps"),
        (Fraction(123_456), "123,456 s"),
    ],
)
def test_durations_are_cut_off(seconds, text):
    assert duration_text(seconds) == text


def test_durations_as_people_write_them():
    assert parse_duration("5ms") == Fraction(1, 200)
    assert parse_duration("1.5s") == Fraction(3, 2)
    assert parse_duration("200us") == parse_duration("200 µs") == parse_duration("200000ns")
    for text in ("5", "ms", "-5ms", "0s", "1e999s", "5 min", ""):
        with pytest.raises(CnncalcError, match="is no time"):
            parse_duration(text)


def test_zeros_that_may_be_skipped_bound_nothing():
    """10 -> 8: of the ten weights of an output four of the first eight are left, and the last two; two images."""
    graph = chain("10", ["linear 8 nobias"], Options(batch=2, sparsity=(("*", "2:4"),)))
    held = bounded(report(graph, 2), Device("fast", "Fast", "by hand", {"float32": 1_000}, None), "float32")
    (row,) = held.rows
    assert row.bound is not None and held.roofline is not None
    assert (row.macs, row.bound.flops, held.roofline.total.seconds) == (160, 2 * 2 * 48, Fraction(192, 1_000))


def test_every_bundled_device_has_a_source_and_plausible_numbers():
    known = devices()
    assert len(known) >= 20
    for device in known.values():
        assert device.source
        assert set(device.peak) <= set(DTYPES)
        # a wider type is never the faster one, and no machine does more than 1,200 operations on a byte it moves
        for one, other in permutations(device.peak, 2):
            assert DTYPES[one] <= DTYPES[other] or device.peak[one] <= device.peak[other], device.name
        assert device.bandwidth is None or 1 < max(device.peak.values()) / device.bandwidth < 1_200


def test_published_numbers():
    """H100 SXM: 989.4 TFLOPS and 3.35 TB/s; a roofline's ridge at 295 operations a byte, as papers have it."""
    h100 = device_named("H100")
    assert h100.peak["bfloat16"] // h100.bandwidth == 295
    # 40 cores · 2 units · 16 lanes · 2 operations · 3.4 GHz
    assert device_named("xeon_8380").peak["float32"] == 40 * 2 * 16 * 2 * 3_400_000_000
    assert peak_type(h100, "amp-bfloat16") == "bfloat16"


def test_show_on_a_device():
    done = run("show", "vgg16", "--device", "a100")
    assert done.exit_code == 0
    assert "in float32: at least 1.831 ms" in done.stdout
    assert "It is a lower bound" in done.stdout
    folded = run("show", "vgg16", "--device", "a100", "--depth", "1", "--sort", "least_time")
    assert [line.split()[0] for line in folded.stdout.splitlines()[3:7]] == [
        "features", "classifier", "avgpool", "flatten1",
    ]  # fmt: skip
    assert run("chain", "3x8x8", "conv 4 k3", "--device", "t4", "--dtype", "int8").exit_code == 0


def test_json_has_whole_numbers():
    answer = json.loads(run("show", "lenet5", "--device", "t4", "--format", "json").stdout)
    total = answer["device"]["bound"]
    assert total["flops"] == 2 * answer["totals"]["macs"]
    assert (
        total["moved_bytes"] == answer["totals"]["moved_bytes"] == sum(one["moved_bytes"] for one in answer["layers"])
    )
    first = answer["layers"][0]
    seconds = max(Fraction(2 * first["macs"], 8_100_000_000_000), Fraction(first["moved_bytes"], 320_000_000_000))
    assert first["bound"]["picoseconds"] == int(seconds * 10**12)
    assert "device" not in json.loads(run("show", "lenet5", "--format", "json").stdout)


def test_nets_beside_one_another_on_a_device():
    nets = json.loads(run("compare", "vgg16", "lenet5", "--device", "a100", "--format", "json").stdout)["nets"]
    alone = [json.loads(run("show", one["net"], "--device", "a100", "--format", "json").stdout) for one in nets]
    assert [one["least_picoseconds"] for one in nets] == [one["device"]["bound"]["picoseconds"] for one in alone]
    assert "1.831 ms" in run("compare", "vgg16", "--device", "a100").stdout
    assert "Least time" not in run("compare", "vgg16").stdout


def test_explain_tells_both_times():
    """AlexNet's widest layer: 9,216 x 4,096 products; those weights, biases and features, 4 bytes each."""
    done = run("explain", "alexnet", "classifier.1", "--device", "a100")
    assert (
        "75,497,472 FLOPs ÷ 19.50 TFLOPS = 3.871 µs and 151,064,576 bytes moved ÷ 2.039 TB/s = 74.08 µs" in done.stdout
    )
    assert "bound by memory" in done.stdout
    answer = json.loads(run("explain", "alexnet", "classifier.1", "--device", "a100", "--format", "json").stdout)
    assert answer["parts"][0]["bound"]["picoseconds"] == 151_064_576 * 10**12 // 2_039_000_000_000
    assert "at least" in run("chain", "1x8x8", "conv 2 k3", "--explain", "--device", "t4").stdout
    assert "least time" not in run("explain", "alexnet", "classifier.1").stdout


def test_python_asks_by_device():
    net = cnncalc.load("alexnet")
    told = net.report(device="a100")
    assert told["classifier.1"].bound.by == "memory"
    assert net.report().roofline is None
    assert "74.08 µs" in str(net.explain("classifier.1", device="a100"))
    assert "74.0 µs" in net.draw(heat="latency", device="a100").svg
    assert "Least time" in str(cnncalc.compare("alexnet", device="a100"))
    assert not cnncalc.check("alexnet", max={"latency": "1us"}, device="a100").passed
    with pytest.raises(CnncalcError, match="there is no device `a101`"):
        net.report(device="a101")


def test_a_budget_of_time():
    kept = run("check", "vgg16", "--device", "a100", "--max", "latency=1.9ms,params=139M")
    assert kept.exit_code == 0
    assert "latency: at least 1.831 ms on NVIDIA A100 SXM4 80 GB, of 1.900 ms at most" in kept.stdout
    failed = run("check", "vgg16", "--device", "a100", "--max", "latency=1.8ms")
    assert failed.exit_code == 1
    assert "latency: expected at most 1.800 ms, found at least 1.831 ms on NVIDIA A100 SXM4 80 GB" in failed.stdout


def test_the_memory_of_a_device_is_that_of_a_batch():
    by_device = run("solve", "batch-size", "resnet50", "--device", "t4", "--format", "json")
    assert by_device.exit_code == 0
    assert by_device.stdout == run("solve", "batch-size", "resnet50", "--memory", "16GiB", "--format", "json").stdout


def test_a_device_of_a_file(tmp_path: Path):
    file = tmp_path / "board.yaml"
    file.write_text("title: Board\npeak: {float32: 1G}\nbandwidth: 100MB\nmemory: 1GiB\n")
    assert device_named(str(file)) == Device("board", "Board", "", {"float32": 10**9}, 10**8, 2**30)
    assert "Board in float32" in run("show", "lenet5", "--device", str(file)).stdout


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("- 1\n", ["a device is a mapping"]),
        ("title: x\n", ["a device needs its `peak`"]),
        ("peak: 5\n", ["`peak` is operations a second by type"]),
        (
            "title: [a]\npeak: {float32: fast, flaot16: 1T}\nbandwith: 1GB\nbandwidth: 0\nmemory: 1e99\n",
            ["`title` is a text", "`peak float32`: `fast` is no count", "there is no type `flaot16`",
             "a device has no `bandwith`", "`bandwidth` is a number from 1", "`memory` is a number from 1"],
        ),
    ],
)  # fmt: skip
def test_all_faults_of_a_device_file_at_once(tmp_path, text, messages):
    file = tmp_path / "board.yaml"
    file.write_text(text)
    with pytest.raises(CnncalcError) as caught:
        device_named(str(file))
    assert len(caught.value.faults) == len(messages)
    for message in messages:
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "lenet5", "--device", "jetson-nona"], "did you mean `jetson-nano`"),
        (["show", "lenet5", "--device", "none.yaml"], "there is no file"),
        (["show", "lenet5", "--device", "t4", "--dtype", "float64"], "NVIDIA T4 has no peak for float64"),
        (["show", "lenet5", "--columns", "least_time"], "needs a device"),
        (["show", "lenet5", "--sort", "bound_by"], "needs a device"),
        (["show", "lenet5", "--device", "t4", "--style", "keras"], "does not go with --style"),
        (["show", "lenet5", "--device", "t4", "--input", "1xHxW"], "does not go with symbols"),
        (["explain", "lenet5", "--device", "v101"], "did you mean `v100`"),
        (["draw", "lenet5", "--heat", "latency", "--device", "edge-tpu"], "has no peak for float32"),
        (["compare", "lenet5", "vgg16", "--diff", "--device", "t4"], "does not go with --diff"),
        (["check", "lenet5", "--max", "latency=5ms"], "a budget of time and a device go together"),
        (["check", "lenet5", "--device", "t4"], "a budget of time and a device go together"),
        (["check", "lenet5", "--device", "t4", "--max", "latency=5"], "is no time"),
        (["solve", "batch-size", "lenet5"], "how much memory is there?"),
        (["solve", "batch-size", "lenet5", "--memory", "1GiB", "--device", "t4"], "the memory is given twice"),
        (["solve", "batch-size", "lenet5", "--device", "xeon-8380"], "is not known"),
    ],
)
def test_bad_input(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_vast_file_is_not_read(tmp_path):
    file = tmp_path / "vast.yaml"
    with file.open("wb") as written:
        written.truncate(10**10)  # a hole: no disk is filled
    with pytest.raises(CnncalcError, match="10,000,000,000 bytes"):
        device_named(str(file))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "alexnet", "--device", "a100"), "a mask of dropout takes one byte a number"),
        (("show", "alexnet", "--device", "a100", "--amp", "float16"), ""),  # counted as on CUDA
        (("show", "alexnet", "--device", "raspberry-pi-5"), ""),
        (("chain", "4x8", "conv 4 k1", "rmsnorm", "--device", "t4"), "an RMS norm keeps its input"),
        (("show", "resnet18", "--device", "a100"), ""),
    ],
)
def test_what_cuda_keeps_less_of_is_told(arguments, told):
    printed = run(*arguments).stdout
    assert ("Saved bytes are torch's on a CPU" in printed) == bool(told)
    assert told in printed


def test_devices_are_listed():
    done = run("show", "lenet5", "--device", "help")
    assert done.exit_code == 0
    assert "jetson-nano" in done.stdout
