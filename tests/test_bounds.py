"""What asks for too much ends soon and in little memory: it is answered, or refused by a bound that it names."""

from __future__ import annotations

import json
import os
from collections import Counter
from itertools import product

import pytest
from explained import only, said
from processes import cnncalc

WIDE = "[conv ?1..100 k1]"
FILES = {
    "concat.yaml": f"input: 3x8x8\nlayers: [{{concat: [{', '.join([WIDE] * 10)}]}}, conv 4 k1]\n",
    "repeat.yaml": "input: 3x8x8\nlayers: [{repeat: '?1..200000', layers: [relu]}]\n",
    "filters.yaml": "input: 3x8x8\nlayers: [{repeat: '?1..200000', layers: [conv 4 k3 p1]}]\n",
    "numbers.yaml": "input: 3x8x8\nlayers: [conv ?1..1000000 k1]\n",
    "vast.yaml": "input: 3x8x8\nlayers:\n" + "  - conv ?1..999999999999 k1\n" * 400,
    "branches.yaml": f"input: 3x8x8\nlayers: [{{add: [{', '.join(['[conv ?1..999999999999 k1, relu]'] * 100)}]}}]\n",
    "variable.yaml": "input: 3x8x8\nvariables: {w: '?1..200000'}\nlayers: [conv $w k1, relu, conv 4 k3]\n",
    "related.yaml": "input: 3x6x5x5\nlayers: [conv 7 k5 p0:1, {upsample: , from: [previous, input]}, "
    "linear 5 axis=last, topk 4 axis=3, conv 5 k3x2x3 p1 d2x3x1, instancenorm noaffine]\n",
    "odd.yaml": "input: 3x8x8\nvariables: {w: 4}\nlayers:\n" + "  - conv $w k3 p1\n" * 300 + "  - conv 2 k99\n",
    "measured.yaml": "input: 2x?8..9x9\nlayers: [conv 4 k?"
    + ", conv ?8|16 k3 s? p1" * 3 + "]\n",
    "square.yaml": "input: 2x4x4x4\nlayers: [{matmul: , from: [input, previous]}]\n",
    "volume.yaml": "input: 3x5x4x4\nlayers: [topk 1 axis=3, instancenorm nostats]\n",
    "rounded.yaml": "input: 6x2x2\nlayers: [maxpool 1x3 s1x1 p1 ceil]\ndialect: keras\n",
    "family.yaml": "input: 3x8x8\nvariables: {w: 4}\nlayers:\n" + "  - conv $w k3 p1\n  - relu\n" * 100,
    "inputs.yaml": "inputs: {" + ", ".join(f"i{n}: 3x8x8" for n in range(1_000)) + "}\nlayers:\n  - {add: , from: ["
    + ", ".join(f"i{n}" for n in range(1_000)) + "]}\n" + "".join(f"  - conv {n % 7 + 1} k3 p1\n" for n in range(700)),
    "slices.yaml": "input: 64x16x16\nlayers:\n"
    + "  - concat: [[slice 0:48], [slice 16:64], [slice 0:7]]\n  - slice 3:67\n" * 2_000,
    "ladder.yaml": "input: 3x64x64\nlayers:\n"
    + "  - deconv 4 k4 s3 p1\n  - conv 4 k3 s2 p1\n  - deconv 4 k5 s7\n" * 60,
    **{
        f"ladder{place}.yaml": "input: 4x64x64\nlayers:\n" + "".join(f"  - {layer}\n" for layer in layers) * times
        for place, (times, *layers) in enumerate([
            (60, "conv 4 k3 s2 p1"), (200, "upsample 3", "maxpool 2"), (500, "crop 1"), (15, "crop 1", "avgpool 2"),
            (7, "avgpool 3", "space_to_depth 2", "conv 4 k1", "deconv 4 k7 s4 p0", "pad 1:0"),
            (125, "add: [[maxpool k3 s2 p1, upsample 2], []]", "conv 16 k1", "pixel_shuffle 4", "conv 4 k1"),
            (100, "deconv 4 k6 s5", "upsample 1.5", "add: [[maxpool k3 s2 p1, upsample 2], []]"),
            (100, "maxpool k7 s4 p2 ceil", "add: [[maxpool k3 s2 p1, upsample 2], []]"),
        ])
    },
    "deep.yaml": "input: 4x64x64\nlayers:\n  - concat: {axis: 1, branches: [[maxpool 2], [maxpool 3]]}\n"
    + "  - pad 1\n" * 1_500,
    "stated.yaml": "input: 3x8x8\nlayers: [{repeat: 20000, layers: [relu]}]\nexpect: {shapes: {"
    + ", ".join(f"relou{n}: [1]" for n in range(1_000)) + "}, keras: {shapes: {relu1: [1], relu2: [1]}}}\n",
    "kept.yaml": "input: 3x8x8\nlayers: [{repeat: 5000, layers: [relu]}]\nexpect: {shapes: {"
    + ", ".join(f"relu{n}: 3x8x8" for n in range(1, 5_001)) + "}}\n",
    "unknown.yaml": "input: 3x8x8\nlayers: [relu]\nexpect: {" + ", ".join(f"sum{n}: 3" for n in range(20_000)) + "}\n",
    "names.yaml": "input: 3x8x8\nvariables:\n" + "".join(f"  {'a' * 300}{n}: 1\n" for n in range(999)) + "layers:\n"
    + "".join(f"  - conv ${'a' * 290}b{n} k1\n" for n in range(100)),
    "equal_names.param": "7767517\n30001 30001\nInput in 0 1 b0 0=8 1=8 2=3\n"
    + "".join(f"ReLU same 1 1 b{n} b{n + 1}\n" for n in range(30_000)),
    "padded.yaml": "input: 3x8x8\nlayers: [conv 4 k1 p1000000000]\n",
    "pad.yaml": "input: 3x8x8\nlayers: [pad 1000000000]\n",
    "stride.yaml": "input: 3x8x8\nlayers: [deconv 2 k1000000000 s1000000000, relu]\n",
    "sums.yaml": "input: 3x8x8\nlayers: [{repeat: 20000, layers: [{relu: , when: 'sum([1]*10000) < 0'}]}, relu]\n",
    "stacked.yaml": "input: 4x8\nlayers: [gru 3 layers=1000000000]\n",
    "stacks.yaml": "input: 4x8\nlayers: [{repeat: 20000, layers: [lstm 3 layers=900]}]\n",
    "arguments.yaml": "input: 3x8x8\nblocks: {b: {with: {"
    + ", ".join(f"a{n}: {n}" for n in range(1_000)) + "}, layers: [relu]}}\nlayers: [{repeat: 20000, layers: [b]}]\n",
    "blank.yaml": "\r\n" * 60_000,
    "versions.yaml": "version 1.0;\n" * 5_000,
    "map.yaml": "input: 3x32x32\nvariables: {w: 4}\nlayers: [conv $w k3 p1, relu, conv 8 k3 s2 p1, maxpool 2]\n",
}  # fmt: skip
TWELVE = " * ".join(f"(H + {n} * W + {n})" for n in range(12)) + " == 5"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("bounds")
    for name, text in FILES.items():
        (place / name).write_text(text)
    return place


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("solve file concat.yaml --want params<=5000", 0, "there may be more"),
        ("solve file repeat.yaml --want macs==0", 0, "--limit search=600000"),
        ("solve file numbers.yaml --want macs>=5", 0, "the bound `search`, 300,000, was reached"),
        ("solve file numbers.yaml --want receptive_field==7", 1, "the bound `search`"),
        ("solve file measured.yaml --want rank_bytes==64 --accumulate 2", 1, "the bound `search`"),
        ("solve variable mobilenet_v2 classes --want recomputed_macs==1G --input 3x25x14", 1, "the bound `search`"),
        ("solve file vast.yaml --want params==100000", 2, "narrow the bounds"),
        ("solve file branches.yaml --want params==100000", 2, "narrow the bounds"),
        ("solve file variable.yaml --want params==100001", 1, "the bound `search`"),
        ("solve variable family.yaml w --to 20000 --want params==1 --limit search=20000", 1, "the bound `search`"),
        ("solve variable yolov8n width --to 64 --want params<=64", 1, "the bound `search`"),
        ("solve variable odd.yaml w --to 20000 --want params==1", 2, "no value of `w` that was tried makes a net"),
        ("solve variable efficientnet_v2_l width --to 64 --want biases<=9 --checkpoint conv1", 2, "matches no group"),
        ("solve input-size volume.yaml", 0, "2 ≤ D"),
        ("solve input-size square.yaml", 0, "1 ≤ D ≤ 1,024, H = 4, W = 4"),
        ("solve input-size related.yaml", 0, "D ≥ 4, H ≥ 4, W ≥ 4\n"),
        ("solve input-size lenet5 --where 7//(W+H)==H", 1, "lenet5"),
        ("solve input-size lenet5 --where 7%(W*H)==H", 1, "lenet5"),
        ("explain rounded.yaml", 0, "maxpool"),
        ("show inputs.yaml", 0, "Layers"),
        ("show slices.yaml --format csv", 0, "slice"),
        ("show ladder.yaml --input 3xHxW", 2, "4,000,000 cases together"),
        ("show ladder0.yaml --input 4xHxW", 2, "200,000 cases"),
        ("show ladder1.yaml --input 4xHxW", 2, "200,000 cases"),
        ("show ladder2.yaml --input 4xHxW", 0, "H ≥ 1,001"),
        ("show ladder3.yaml --input 4xHxH --format json", 0, '"layers"'),
        ("show ladder4.yaml --input 4xHxW", 0, "no closed form"),
        ("show ladder5.yaml --input 4xHxW --format json", 0, '"layers"'),
        ("show ladder6.yaml --input 4xHxW", 2, "4,000,000 cases together"),
        ("solve input-size ladder7.yaml", 2, "4,000,000 cases together"),
        ("check stated.yaml", 2, "100 errors"),
        ("check kept.yaml", 0, "5,000 figures"),
        ("check unknown.yaml", 2, "100 errors"),
        ("solve input-size deep.yaml", 0, "W = 1 or W = 3"),
        ("show deep.yaml --input 4xHxW --depth 1", 0, "a formula in H of 6 cases"),
        ("show equal_names.param --depth 1", 0, "30,000"),
        ("show names.yaml", 2, "the names here are"),
        ("show padded.yaml", 0, "MACs"),
        ("show pad.yaml", 0, "Layers"),
        ("explain stride.yaml", 0, "deconv"),
        (f"solve input-size lenet5 --where max({'H,' * 400}W)==3", 1, "No size"),
        (f"solve input-size lenet5 --where min({','.join(f'H+{n}' for n in range(50))},W)==3", 1, "No size"),
        (f"solve input-size lenet5 --where {'*'.join(f'max(H,{n})' for n in range(9))}==W", 1, "No size"),
        ("show sums.yaml", 2, "the bound `work`"),
        ("show stacked.yaml", 2, "1,000,000,000 are inside of this one, and 4,000 may be in all"),
        ("explain stacks.yaml", 2, "the bound `layers`"),
        ("show arguments.yaml", 2, "the bound `built`"),
        ("show blank.yaml", 2, "the file is empty"),
        ("show versions.yaml", 2, "= help:"),
        ("solve input-size lenet5 --where H==sum([1]*10000)", 1, "No size"),
        ("solve input-size lenet5 --where len([[1]*90]*90)+H==W", 1, "No size"),
        ("solve input-size lenet5 --where sum([1]*H)==W", 0, "H = 28, W = 28"),
        ("solve input-size lenet5 --to 100000 --where H*W==65536", 0, "256"),
    ],
)  # fmt: skip
def test_what_asks_for_too_much_ends(folder, arguments, code, told):
    done = cnncalc(*arguments.split(" "), cwd=folder, seconds=20)
    assert done.returncode == code, done.stderr[-500:]
    assert told in done.stdout + done.stderr


def test_a_product_of_twelve_sums_has_an_end(folder):
    done = cnncalc("solve", "input-size", "lenet5", "--where", TWELVE, cwd=folder, seconds=20)
    assert done.returncode in (1, 2)


@pytest.mark.parametrize("form", ["csv", "plain"])
def test_a_million_points_are_written_in_little_memory(folder, form):
    done = cnncalc("sweep", "map.yaml", "--input", "3x{1:1000}x{1:1000}", "--format", form, cwd=folder, seconds=40)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) in (1_000_001, 1_000_004)
    assert "408" in lines[-3]  # the parameters, at the last sizes


def test_the_best_of_a_million_points(folder):
    done = cnncalc(
        "sweep", "map.yaml", "--input", "3x{1:1000}x{1:1000}", "--pareto", "params,macs", "-o", "best.csv", cwd=folder,
        seconds=40,
    )  # fmt: skip
    assert done.returncode == 0
    assert (folder / "best.csv").read_text().splitlines() == ["H,W,params,macs,fault", "3,3,408,2124,"]
    assert not (folder / "best.csv.part").exists()


# -- files that are none --


@pytest.fixture
def fifo(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    return tmp_path


@pytest.mark.parametrize(
    "arguments", ["show pipe.yaml", "check pipe.yaml", "sweep pipe.yaml --set w=1,2", "import pipe.yaml",
                  "show child.yaml", "explain pipe.yaml", "export pipe.yaml --to caffe"],
)  # fmt: skip
def test_a_pipe_is_no_file(fifo, arguments):
    (fifo / "child.yaml").write_text("extends: pipe.yaml\n")
    done = cnncalc(*arguments.split(), cwd=fifo)
    assert done.returncode == 2
    assert "regular file" in done.stderr


@pytest.mark.parametrize(
    "arguments", ["show lenet5", "export lenet5 --to caffe", "sweep lenet5 --set classes=1,2", "list --family vgg"]
)
def test_nothing_waits_for_somebody_to_read_a_pipe(fifo, arguments):
    os.mkfifo(fifo / "out")
    done = cnncalc(*arguments.split(" "), "-o", "out", cwd=fifo, seconds=20)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("name", ["w", "w.safetensors", "w.npz"])
def test_a_pipe_holds_no_weights(fifo, name):
    (fifo / "net.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k1]\n")
    os.mkfifo(fifo / name)
    done = cnncalc("check", "net.yaml", "--weights", name, cwd=fifo)
    assert done.returncode == 2
    assert "regular file" in done.stderr
    assert "= help:" in done.stderr


def test_a_device_may_be_written_to(fifo):
    piped = cnncalc("show", "lenet5", "-o", "/dev/stdout", "--format", "plain", cwd=fifo)
    assert (piped.returncode, piped.stdout) == (0, cnncalc("show", "lenet5", "--format", "plain", cwd=fifo).stdout)


@pytest.mark.parametrize("name", ["/proc/kmsg", "/proc/self/environ", "/proc/self/maps"])
@pytest.mark.parametrize("arguments", ["show {}", "check {}", "import {}", "check net.yaml --weights {}", "show link"])
def test_what_the_system_makes_as_it_is_read_is_no_file(fifo, name, arguments):
    (fifo / "net.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k1]\n")
    (fifo / "link").symlink_to(name)
    done = cnncalc(*arguments.format(name).split(), cwd=fifo)
    assert done.returncode == 2
    assert "= help:" in done.stderr
    assert "PATH=" not in done.stdout + done.stderr


def test_a_pipe_as_a_journal(fifo):
    os.mkfifo(fifo / "out.csv.part")
    done = cnncalc("sweep", "lenet5", "--set", "classes=1,2", "-o", "out.csv", "--resume", cwd=fifo)
    assert done.returncode == 2
    assert "is not a regular file" in done.stderr


def test_a_pipe_in_a_checked_folder_and_beside_a_completion(fifo):
    (fifo / "net.yaml").write_text("input: 3x8x8\nlayers: [relu]\nexpect: {params: 0}\n")
    assert cnncalc("check", ".", cwd=fifo).returncode in (0, 2)
    assert "net.yaml" in cnncalc(cwd=fifo, _complete="cnncalc show ").stdout


# -- whom a file may name --


@pytest.mark.parametrize("parent", ["../parent.yaml", "{folder}/parent.yaml", "link.yaml"])
def test_what_lies_elsewhere_is_extended_by_those_who_trust_the_file(tmp_path, parent):
    (tmp_path / "parent.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k3]\n")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "link.yaml").symlink_to(tmp_path / "parent.yaml")
    (tmp_path / "inner" / "net.yaml").write_text(f"extends: {parent.format(folder=tmp_path)}\n")
    done = cnncalc("show", "inner/net.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "`extends` leads outside the file's folder" in done.stderr
    assert "--trust" in done.stderr
    assert cnncalc("show", "inner/net.yaml", "--trust", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    "name", ["../secre", "{folder}/secre.yaml", "link/secre", "..", "../pipe", "/dev/zero", "gone"]
)
@pytest.mark.parametrize("text", ["extends: {}", "input: 3x8x8\nlayers: [{{net: '{}'}}]"], ids=["extends", "net"])
def test_nobody_learns_what_else_lies_elsewhere(tmp_path, name, text):
    """Whether a file is there, what it is, and which have a name like it."""
    (tmp_path / "secret.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k3]\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "link").symlink_to(tmp_path)
    (tmp_path / "inner" / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "inner" / "net.yaml").write_text(text.format(name.format(folder=tmp_path)) + "\n")
    done = cnncalc("show", "inner/net.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert f"`{text[:7] if text[0] == 'e' else 'net'}` leads outside the file's folder" in done.stderr
    assert "secret" not in done.stderr


def test_nobody_extends_standard_input(tmp_path):
    (tmp_path / "net.yaml").write_text("extends: '-'\n")
    for more in ([], ["--trust"]):
        done = cnncalc("show", "net.yaml", *more, cwd=tmp_path)
        assert done.returncode == 2
        assert "cannot take standard input" in done.stderr


def test_what_is_no_net_is_not_quoted(tmp_path):
    (tmp_path / "secret").write_text("root:x:0:0:the password\n")
    for text in ("extends: ./secret\n", "input: 3x8x8\nlayers: [{net: ./secret}]\n", "extends: ./between\n"):
        (tmp_path / "net.yaml").write_text(text)
        (tmp_path / "between.yaml").write_text("input: 3x8x8\nlayers: [{net: ./secret}]\n")
        done = cnncalc("show", "net.yaml", "--trust", cwd=tmp_path)
        assert done.returncode == 2
        assert "a net is a mapping of keys" in done.stderr
        assert "password" not in done.stdout + done.stderr


def test_no_limit_goes_past_what_the_program_bears(tmp_path):
    (tmp_path / "net.yaml").write_text("input: 3x8x8\nblocks: {b: [relu, b]}\nlayers: [b]\n")
    for depth in (64, 128, 256):
        assert cnncalc("show", "net.yaml", "--limit", f"depth={depth}", cwd=tmp_path).returncode == 2
    done = cnncalc("show", "net.yaml", "--limit", "depth=257", cwd=tmp_path)
    assert "more than the program bears" in done.stderr


@pytest.mark.parametrize("name", ["training", "forward"])
def test_layers_may_be_called_as_what_a_module_has(tmp_path, name):
    pytest.importorskip("torch")
    (tmp_path / "net.yaml").write_text(f"input: 3x8x8\nlayers: [{{conv: 4 k3, name: {name}}}, relu]\n")
    done = cnncalc("verify", "net.yaml", "--format", "json", cwd=tmp_path, seconds=60, megabytes=64_000)
    assert done.returncode == 0, done.stderr[-500:]
    assert json.loads(done.stdout)


@pytest.mark.parametrize("arguments", ["show lenet5", "chain 3x8x8 relu", "draw lenet5", "show lenet5 --input 1xHxW"])
def test_a_vast_depth_folds_nothing(folder, arguments):
    plain, vast = (cnncalc(*arguments.split(" "), "--depth", depth, cwd=folder) for depth in ("99", "9" * 30))
    assert (plain.returncode, vast.returncode) == (0, 0)
    assert plain.stdout == vast.stdout


def test_how_many_input_pixels_a_transposed_convolution_hands_on():
    """Counted one by one; the closed form bears a stride of 10⁹."""
    for kernel, stride, dilation in product(range(1, 7), range(1, 6), range(1, 4)):
        middle = range(40 * stride, 41 * stride)
        found = Counter(i * stride + t * dilation for i in range(80) for t in range(kernel))
        counts = {found[o] for o in middle}
        told = said(only("1x80", f"deconv 1 k{kernel} s{stride} d{dilation}"))
        if len(counts) == 1:
            assert "Along an axis" not in told
        elif 0 in counts:
            assert f"some output pixels get no input pixel, only the bias, and others {max(counts)}." in told
        else:
            assert f"output pixels get {min(counts)} or {max(counts)} input pixels in turn" in told
