"""What is told of a net that another tool wrote: what its reader noted, and where in the file a fault is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import runner

from cnncalc import CnncalcError, load
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import Fault, Place
from cnncalc.forms.github import draw
from cnncalc.pages.checks import FileResult, page

DARKNET = (
    "[net]\nheight=9\nwidth=9\nchannels=3\n\n[convolutional]\nfilters=4\nsize=3\nstride=1\npad=1\nactivation=leaky\n\n"
    "[maxpool]\nsize=2\nstride=2\n"
)
MODEL = {
    "class_name": "Sequential",
    "config": {
        "name": "s",
        "layers": [
            {"class_name": "InputLayer", "config": {"name": "i", "batch_input_shape": [None, 8, 8, 3]}},
            {"class_name": "Rescaling", "config": {"name": "scaled", "scale": 0.1, "offset": 0}},
            {"class_name": "Conv2D", "config": {"name": "c", "filters": 4, "kernel_size": [3, 3], "use_bias": True}},
        ],
    },
}


def run(*arguments):
    return runner().invoke(program, list(map(str, arguments)))


@pytest.fixture
def darknet(tmp_path):
    (tmp_path / "a.cfg").write_text(DARKNET)
    return tmp_path / "a.cfg"


@pytest.fixture
def keras(tmp_path):
    (tmp_path / "m.json").write_text(json.dumps(MODEL))
    return tmp_path / "m.json"


def test_what_a_reader_noted_is_among_the_hints(keras):
    noted = load(keras).report().hints
    assert [one.layer for one in noted] == ["import"]
    assert "(scaled)" in noted[0].text
    assert load(keras, freeze="c").report().hints == noted  # a net built anew under other options
    assert f"hint: import: {noted[0].text}" in run("show", keras).stdout
    assert f"note: {noted[0].text}" in run("import", keras).stderr


def test_lengths_that_are_assumed_are_told_once(tmp_path):
    model = json.loads(json.dumps(MODEL))
    model["config"]["layers"][0]["config"]["batch_input_shape"] = [None, None, None, 3]
    (tmp_path / "open.json").write_text(json.dumps(model))
    hints = load(tmp_path / "open.json").report().hints
    assert [one.layer for one in hints] == ["input", "import"]
    assert len({one.text for one in hints}) == 2


def test_a_torch_module_tells_what_was_noted():
    torch = pytest.importorskip("torch")
    from cnncalc import from_torch

    nn: Any = torch.nn

    class Unused(nn.Module):
        def __init__(self):
            super().__init__()
            self.taken, self.left = nn.Conv2d(3, 8, 3), nn.Conv2d(3, 8, 3)

        def forward(self, x):
            return self.taken(x)

    net = from_torch(Unused(), torch.zeros(1, 3, 9, 9))
    (hint,) = net.report(batch=2).hints
    assert hint.layer == "import"
    assert hint.text.startswith("224 parameters are in the file and in no layer: left.weight")


def test_a_fault_in_the_text_that_was_made_is_told_as_one_with_its_operator(darknet, tmp_path):
    done = run("export", darknet, "-o", tmp_path / "a.prototxt")
    assert done.exit_code == 2
    assert f"the YAML made of {darknet}:" in done.stderr
    assert "  = in the file: 1 maxpool, line 13\n" in done.stderr
    with pytest.raises(CnncalcError) as error:
        load(darknet).export(to="caffe")
    assert error.value.faults[0].as_dict()["origin"] == "1 maxpool, line 13"


def test_a_fault_in_a_file_of_ours_has_no_operator(tmp_path):
    (tmp_path / "a.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k9]\n")
    done = run("show", tmp_path / "a.yaml", "--format", "json")
    (fault,) = [json.loads(done.stdout)["error"]]
    assert "origin" not in fault
    assert "made of" not in run("show", tmp_path / "a.yaml").stderr


def test_an_annotation_names_no_line_that_the_file_has_not():
    place = Place("a.cfg", 7, 3, made=True)
    faults = Fault("this", place), Fault("that", place._replace(made=False))
    told = draw(page([FileResult("a.cfg", (), "", faults)]), None)
    assert told == "::error file=a.cfg,title=cnncalc::this\n::error file=a.cfg,line=7,col=3,title=cnncalc::that\n"
