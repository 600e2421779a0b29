"""What a new user meets first: names that stay the file's, and ways out that fit what was asked."""

from __future__ import annotations

import json

import pytest
from command_line import runner

from cnncalc.cli.main import cnncalc as program

DENSE = """
input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }
layer { name: "c1/bn" type: "BatchNorm" bottom: "data" top: "a" }
layer { name: "c1" type: "Convolution" bottom: "a" top: "b" convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "c2" type: "Convolution" bottom: "b" top: "c" convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "c2/a" type: "ReLU" bottom: "c" top: "d" }
layer { name: "c2/b" type: "Sigmoid" bottom: "d" top: "e" }
"""
DARKNET = "[net]\nheight=8\nwidth=8\nchannels=3\n[convolutional]\nfilters=-64\nsize=3\nstride=1\npad=1\n"
CAFFE = """input: "d" input_shape { dim: 1 dim: 3 dim: 9 dim: 9 }
layer { name: "p" type: "Pooling" bottom: "d" top: "p" pooling_param { kernel_size: 5 } }
"""


def run(*arguments, stdin=None):
    return runner().invoke(program, list(map(str, arguments)), input=stdin)


def test_a_layer_keeps_its_name_beside_one_that_is_called_as_in_it(tmp_path):
    """`c1/bn` alone would make `c1` a group; the two in `c2` stay one group."""
    (tmp_path / "dense.prototxt").write_text(DENSE)
    done = run("show", tmp_path / "dense.prototxt", "--format", "json")
    assert [one["name"] for one in json.loads(done.stdout)["layers"]] == ["c1_bn", "c1", "c2", "c2_2.a", "c2_2.b"]


@pytest.mark.parametrize(
    ("file", "text", "options", "said", "unsaid"),
    [
        ("a.cfg", DARKNET, [], "help: mend that line, or", "anew"),
        ("a.prototxt", CAFFE, ["--input", "3x3x3"], "with its own input, but not with `--input 3x3x3`", "padding (`"),
        ("a.pt2", "PK\x03\x04 weights_config.json", [], "named as a program of torch.export, and is cut off", "Keras"),
        ("a.pt2", "PK\x03\x04 data/models/model.json", [], "it is cut off, or was changed on its way", "as torch"),
        ("a.yaml", "input: 3x8x8\nblocks: {a: [relu, a]}\nlayers: [a]\n", [], "a `when` that ends it", "--limit"),
        ("a.yaml", "input: 3x8x8\nlayers: [conv 8.5 k3]\n", [], "write 8 or 9; in an expression", "help: round"),
        ("a.json", json.dumps({f"key {i}": i for i in range(9)}), [], "`key 0`, `key 1`, `key 2` and 6 more", "there"),
        ("a.json", '{"model_type": "vit", "layers_of": 3}', [], "settings of a Hugging Face model", "there is no"),
    ],
)  # fmt: skip
def test_the_way_out_is_of_what_is_wrong(tmp_path, file, text, options, said, unsaid):
    (tmp_path / file).write_bytes(text.encode("latin-1"))
    done = run("show", tmp_path / file, *options)
    assert done.exit_code == 2
    assert said in done.stderr
    assert unsaid not in done.stderr
    assert done.stderr.count("error:") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["chain", "FILE", "relu"],
            "`cnncalc show FILE` shows it, and `cnncalc explain FILE` says why; `cnncalc import",
        ),
        (["chain", "3x8x8", "FILE"], "FILE` names a net"),
        (["chain", "vgg16", "relu"], "`vgg16` names a net"),
        (["chain", "gone.onnx", "relu"], "`gone.onnx` names a net"),
        (["solve", "file", "FILE", "--want", "params < 9"], "there, put `?` in place of a number"),
        (["solve", "variable", "FILE", "a", "--want", "params < 9"], "there, declare it under `variables:`"),
        (["search", "FILE", "--maximize", "params"], "there, `?16..64` in place of a number"),
        (["show", "FILE", "--set", "a=1"], "`cnncalc import FILE -o net.yaml` writes it"),
    ],
)
def test_what_a_file_of_another_tool_has_no_lines_for_begins_with_import(tmp_path, arguments, said):
    path = tmp_path / "dense.prototxt"
    path.write_text(DENSE)
    done = run(*[str(path) if one == "FILE" else one for one in arguments])
    assert (done.exit_code, done.stderr.count("error:")) == (2, 1)
    assert said.replace("FILE", str(path)) in done.stderr


def test_a_layer_that_is_misspelt_is_no_net():
    assert "did you mean `relu`?" in run("chain", "3x8x8", "rleu").stderr


def test_with_its_own_input_the_same_file_is_right(tmp_path):
    (tmp_path / "a.prototxt").write_text(CAFFE)
    assert run("show", tmp_path / "a.prototxt").exit_code == 0


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("10", "1 length, where the map has 2\n"),
        ("10", "as 10x10, or name"),
        ("-3", "expected a size, of whole numbers from 1 on"),
    ],
)
def test_an_output_that_is_no_size_of_the_map_is_told(wanted, said):
    assert said in run("solve", "input-size", "resnet18", "--output", wanted).stderr
