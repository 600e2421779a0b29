"""The seam for foreign files: a toy format is read by every command that takes a net."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import runner

from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.interchange import formats
from cnncalc.interchange.formats import Format, matches
from cnncalc.interchange.sketch import Sketch
from cnncalc.language import load
from cnncalc.language.options import Options

TOY = "toy 1\nstem conv out=8 kernel=3\npool/1 maxpool kernel=2\nskip identity\nsum add 2 3\nfc linear out=10\n"


def read(file: Any, asked: Any) -> Any:
    """A line an operator: its name, our kind, its fields, and the tensors that it takes, else the one before."""
    sketch = Sketch(name="Toy", source="a test")
    last = sketch.input("input", asked.inputs.get("", (3, 8, 8)))
    for number, line in enumerate(file.text.splitlines()[1:], 2):
        name, kind, *rest = line.split()
        fields = dict(part.split("=") for part in rest if "=" in part)
        inputs = [int(part) for part in rest if part.isdecimal()] or [last]
        place = Place(file.name, number, 1, len(line), line)
        if kind == "linear":
            last = sketch.add(name + "_in", "flatten", {}, inputs, place=place, foreign="FC")
            inputs = [last]
        last = sketch.add(name, kind, fields, inputs, place=place, foreign=kind.upper())
    sketch.notes.append("nothing was folded")
    return sketch


@pytest.fixture
def toy(monkeypatch, tmp_path):
    monkeypatch.setattr(formats, "FORMATS", (Format("toy", matches(rb"\Atoy \d"), "toy:read"),))
    monkeypatch.setattr(Format, "read", lambda self, *arguments: read(*arguments))
    file = tmp_path / "net.toy"
    file.write_text(TOY)
    return file


def run(*arguments, stdin=None):
    return runner().invoke(program, list(map(str, arguments)), input=stdin)


def test_show_counts_a_foreign_file(toy):
    done = run("show", toy, "--format", "json")
    assert done.exit_code == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["totals"]["params"] == (27 * 8 + 8) + (8 * 3 * 3 * 10 + 10)
    assert [layer["name"] for layer in report["layers"]] == ["stem", "pool.1", "skip", "sum", "fc_in", "fc"]
    assert report["layers"][-1]["output_shape"] == [1, 10]


@pytest.mark.parametrize("command", ["show", "explain", "verify", "solve batch-size --memory 1GiB", "compare"])
def test_every_command_opens_it(toy, command):
    if command == "verify":
        pytest.importorskip("torch")
    first, *rest = command.split()
    assert run(first, *rest[:1], toy, *rest[1:]).exit_code == 0


def test_its_input_may_be_replaced_and_be_symbolic(toy):
    done = run("show", toy, "--input", "3x12x12", "--format", "json")
    assert json.loads(done.stdout)["totals"]["params"] == 224 + 8 * 25 * 10 + 10
    assert "no closed form" not in run("show", toy, "--input", "3xHx8").stdout


def test_import_writes_a_file_that_checks(toy, tmp_path):
    made = tmp_path / "net.yaml"
    done = run("import", toy, "-o", made)
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "note: nothing was folded" in done.stdout + done.stderr
    text = made.read_text()
    assert "name: Toy" in text
    assert "name: sum}" in text
    assert run("check", made).exit_code == 0
    ours, theirs = load(str(made), Options()), load(str(toy), Options())
    assert [(node.name, node.layer, node.shape) for node in ours.nodes] == [
        (node.name, node.layer, node.shape) for node in theirs.nodes
    ]


@pytest.mark.parametrize(("output", "words"), [("net.toy", "is YAML"), ("net.txt", "-o net.yaml")])
def test_import_refuses_outputs_that_are_no_yaml(toy, output, words):
    done = run("import", toy, "-o", toy.parent / output)
    assert done.exit_code == 2
    assert words in done.stderr.replace(str(toy.parent) + "/", "")
    assert toy.read_text() == TOY


def test_import_never_writes_over_what_it_reads(toy):
    foreign = toy.rename(toy.with_suffix(".yaml"))
    done = run("import", foreign, "-o", foreign, "--force")
    assert done.exit_code == 2
    assert "this file was read as a net" in done.stderr
    assert foreign.read_text() == TOY


def test_import_writes_over_a_file_only_with_force(toy, tmp_path):
    kept = tmp_path / "edited.yaml"
    kept.write_text("my work")
    done = run("import", toy, "-o", kept)
    assert done.exit_code == 2
    assert "is there already" in done.stderr
    assert "`--force`" in done.stderr
    assert kept.read_text() == "my work"
    assert run("import", toy, "-o", kept, "--force").exit_code == 0
    assert "name: Toy" in kept.read_text()


def test_what_is_taken_for_open_lengths_is_said_by_show_too(tmp_path):
    file = tmp_path / "open.prototxt"
    layers = (
        "name: 'x' type: 'Python' top: 'x'",
        """name: 'c' type: 'Convolution' bottom: 'x' top: 'c'
    convolution_param { num_output: 2 kernel_size: 3 pad: 1 }""",
        """name: 'g' type: 'Pooling' bottom: 'c' top: 'g'
    pooling_param { pool: AVE global_pooling: true }""",
    )
    file.write_text("".join(f"layer {{ {one} }}\n" for one in layers))
    told = "is counted with 224, `--input` says another"
    assert told in run("show", str(file)).stdout
    assert told not in run("show", str(file), "--input", "3x32x32").stdout


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("net.onnx", b"\xff\x00\x01", "the file is named as an ONNX model, and is cut off or not one"),
        ("net.ONNX", b"", "the file is named as an ONNX model, and is empty"),
        ("net.h5", b"\x00" * 9, "named as a Keras model"),
        ("net.keras", b"PK\x03\x04", "named as a Keras model"),
        ("net.pt2", b"\xff", "named as a program of torch.export"),
        ("net.tflite", b"\x1c\x00", "named as a TensorFlow Lite model"),
        ("net.cfg", b"hello", "named as a net of Darknet"),
        ("net.pb", b"\x0a\x00", "makes an ONNX model of it"),
        ("net.safetensors", b"\x08\x00", "weights alone do not say the net"),
    ],
)
def test_a_file_that_is_not_what_it_is_named_as_is_told_so(name, content, told, tmp_path):
    (tmp_path / name).write_bytes(content)
    done = run("show", tmp_path / name)
    assert done.exit_code == 2
    assert told in done.stderr
    assert "YAML file, such as" not in done.stderr


def test_yaml_in_braces_is_no_prototxt(tmp_path):
    (tmp_path / "net.yaml").write_text("input: 3x8x8\nlayers: {conv: 3 k3}\n")
    assert "`layers` is a list of layers" in run("show", tmp_path / "net.yaml").stderr


def test_our_own_files_are_not_imported():
    done = run("import", "vgg16")
    assert done.exit_code == 2
    assert "is a file of cnncalc's own language" in done.stdout + done.stderr


def test_a_layer_that_does_not_fit_has_its_place_in_the_foreign_file(toy):
    toy.write_text(TOY.replace("kernel=2", "kernel=20"))
    with pytest.raises(CnncalcError) as caught:
        load(str(toy), Options())
    (fault,) = caught.value.faults
    assert isinstance(fault, Fault)
    assert (fault.layer, fault.place and fault.place.line) == ("pool/1", 3)
    assert "MAXPOOL" in fault.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x80\x04\x95\x10\x00", "is a pickle, and loading one runs whatever it holds"),
        (b"\x80\x02}q\x00.", "is a pickle"),
        (b"import torch\nclass Net(torch.nn.Module): ...\n", "is a Python program, and is not run"),
        (b"# a net\nfrom torch import nn\n", "is a Python program"),
    ],
)
def test_what_would_have_to_be_run_is_told_as_what_it_is(tmp_path, content, words):
    file = tmp_path / "net.pt"
    file.write_bytes(content)
    done = run("show", file)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "cnncalc.from_torch(module, x)" in done.stderr


def test_json_says_of_which_operator_each_layer_was_made(toy):
    shown = json.loads(run("show", toy, "--format", "json").stdout)["layers"]
    assert [layer["origin"] for layer in shown][:2] == ["CONV stem, line 2", "MAXPOOL pool/1, line 3"]
    written = load(str(toy), Options())
    lines = run("import", toy).stdout.splitlines()
    assert all(f"{layer['kind']}" in lines[layer["line"] - 1] or layer["kind"] == "add" for layer in shown[:3])
    assert set(written.origins) == {layer["name"] for layer in shown}
    assert "origin" not in json.loads(run("show", "lenet5", "--format", "json").stdout)["layers"][0]
