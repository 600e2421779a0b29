"""Wrong input, and the exact text of what is said about it.

Each case is `errors/NAME.yaml`, shown by `cnncalc show`, or `errors/NAME.args`, a command line run in that folder; the
text beside it, `errors/NAME.txt`, is golden. `WRITE_ERRORS=1 pytest tests/test_errors.py` writes the texts anew: read
every change before it is committed.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from command_line import runner

from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import LONGEST_SHOWN_LINE, CnncalcError, Fault, Place, near
from cnncalc.language import load
from cnncalc.language.options import Options

FOLDER = Path(__file__).parent / "errors"
CASES = sorted(path for path in FOLDER.iterdir() if path.suffix in {".yaml", ".args"})
PARTS = {"extends_circle_back", "expect_wrong", "expect_number", "expect_layer", "family", "net"}
"""Files that others use; what is said of them stands in the texts of those."""
WHERE = re.compile(r"┌ (?P<file>[^:]+):(?P<line>\d+):(?P<column>\d+)")


def is_case(path):
    return path.suffix == ".args" or (path.stem not in PARTS and not path.with_suffix(".args").exists())


FILES = [path for path in CASES if path.suffix == ".yaml" and is_case(path)]


def told(path, monkeypatch, *more):
    """What the command says: its exit code, and its output of both kinds."""
    monkeypatch.chdir(FOLDER)
    arguments = shlex.split(path.read_text(encoding="utf-8")) if path.suffix == ".args" else ["show", path.name]
    result = runner().invoke(program, [*arguments, *more])
    assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout + result.stderr


@pytest.mark.parametrize("path", list(filter(is_case, CASES)), ids=lambda path: path.stem)
def test_the_exact_text(path, monkeypatch):
    code, text = told(path, monkeypatch)
    golden = path.with_suffix(".txt")
    if os.environ.get("WRITE_ERRORS"):
        golden.write_text(text, encoding="utf-8")
    assert code == 2
    assert text == golden.read_text(encoding="utf-8")


def test_there_are_enough_of_them():
    assert sum(map(is_case, CASES)) >= 75
    assert {path.stem for path in FOLDER.glob("*.txt")} == {path.stem for path in CASES if is_case(path)}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_fault_has_a_place_and_the_caret_stands_under_it(path, monkeypatch):
    """The line that is shown is that of the file, and the carets stand inside it."""
    _, text = told(path, monkeypatch)
    for block in re.split(r"^error: ", text, flags=re.MULTILINE)[1:]:
        where = WHERE.search(block)
        assert where, block
        if not (FOLDER / where["file"]).exists():  # a bundled file
            continue
        line = (FOLDER / where["file"]).read_text(encoding="utf-8").splitlines()[int(where["line"]) - 1]
        shown, carets = block.splitlines()[2:4]
        assert shown.partition("│ ")[2] == line.replace("\t", " ")
        start = carets.partition("│ ")[2].index("^")
        assert start == int(where["column"]) - 1
        width = len(re.search(r"\^+", carets)[0])
        assert start + width <= max(len(line), start + 1)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_json_form_says_the_same(path, monkeypatch):
    _, text = told(path, monkeypatch)
    code, answer = told(path, monkeypatch, "--format", "json")
    error = json.loads(answer)
    faults = error.get("errors", [error["error"]])
    assert code == 2
    assert error["error"] == faults[0]
    assert [list(fault) for fault in faults] == [["message", "file", "line", "column", "layer", "help"]] * len(faults)
    messages = re.findall(r"^error: (.*)$", text, re.MULTILINE)
    assert len(messages) == len(faults)
    assert all(fault["message"].startswith(message) for fault, message in zip(faults, messages, strict=True))
    places = [(m["file"], int(m["line"]), int(m["column"])) for m in WHERE.finditer(text)]
    assert places == [(fault["file"], fault["line"], fault["column"]) for fault in faults]


# -- the ways out that messages name: they work --

FITS = [
    ("3x32x32", ["conv 16 k5 s2", "conv 16 k5 s2"], "conv 16 k7"),
    ("3x32x32", [], "conv 16 k3 d20"),
    ("1x64x4", [], "conv 8 k3x7 p1x0"),
    ("1x4x64", [], "conv 8 k9x3 p2:1x1"),
    ("3x6x6", [], "maxpool k8"),
    ("3x4x4", [], "maxpool k9 s1"),
    ("3x1x1", [], "maxpool k5 s2 p1 d2"),
    ("3x5x5x5", [], "maxpool k6x7x3"),
    ("3x8", ["maxpool k2", "maxpool k2", "maxpool k2"], "conv 8 k4"),
    ("3x30x40", [{"concat": [["conv 4 k3 s2 p1"], ["maxpool k2 ceil"]]}, "conv 4 k5 s3"], "conv 4 k6"),
    ("3x4x4", [], "lppool k6"),
]


def one_fault(net):
    with pytest.raises(CnncalcError) as caught:
        load(str(net), Options())
    (fault,) = caught.value.faults
    return fault


@pytest.mark.parametrize(("shape", "before", "layer"), FITS)
def test_the_inputs_and_paddings_that_are_said_to_fit_do(shape, before, layer, tmp_path):
    def written(shape, layer):
        net = tmp_path / "net.yaml"
        net.write_text(f"input: {shape}\nlayers: {json.dumps([*before, layer])}\n")
        return net

    fault = one_fault(written(shape, layer))
    assert fault.message == "the kernel does not fit its input"
    larger = re.search(r"a larger input \((\S+) gets past this layer\)", fault.help)[1]
    load(str(written(larger, layer)), Options())
    given, sizes = ([int(n) for n in text.split("x")] for text in (shape, larger))
    less = [max(n, size - 1) for n, size in zip(given[1:], sizes[1:], strict=True)]
    assert one_fault(written("x".join(map(str, [given[0], *less])), layer))  # one pixel less does not fit
    padding = re.search(r"`(p\S+)` fits", fault.help)
    assert bool(padding) == ("lppool" not in layer and "d2" not in layer.split()[-1:])
    if padding:
        kept = [token for token in layer.split() if not token.startswith("p")]
        load(str(written(shape, " ".join([*kept, padding[1]]))), Options())


@pytest.mark.parametrize(("name", "value"), [("depth", 200), ("number", 10**31), ("items", 20_000)])
def test_a_bound_can_be_raised_as_the_message_says(name, value, tmp_path):
    bodies = {
        "depth": "layers: " + "[" * 70 + "relu" + "]" * 70,
        "number": f"variables: {{n: {10**30}}}\nlayers: [relu]",
        "items": 'variables: {many: "$([1] * 20000)"}\nlayers: [relu]',
    }
    net = tmp_path / "net.yaml"
    net.write_text(f"input: 3x8x8\n{bodies[name]}\n")
    fault = one_fault(net)
    assert f"the bound `{name}`" in fault.message + fault.values + fault.help
    assert f"--limit {name}=" in fault.help
    limits = Options().limits._replace(**{name: value})
    assert load(str(net), Options(limits=limits)).nodes


# -- the form of a fault --


def test_a_fault_without_a_place():
    assert str(Fault("it broke", layer="conv1", values="1 and 2", help="mend it")) == (
        "error: it broke\n  in conv1\n  1 and 2\n  = help: mend it"
    )


def test_a_long_line_is_cut_around_its_fault():
    place = Place("a.yaml", 7, 501, 4, "x" * 500 + "conv" + "y" * 500)
    shown = str(Fault("it broke", place)).splitlines()
    text, carets = shown[2].partition("│ ")[2], shown[3].partition("│ ")[2]
    assert len(text) == LONGEST_SHOWN_LINE
    assert text[carets.index("^") :].startswith("conv")
    assert carets.count("^") == 4


def test_what_could_steer_a_terminal_is_not_shown():
    assert "\x1b" not in str(Fault("it broke", Place("a.yaml", 1, 1, 1, "\x1b[31mred")))


def test_uses_of_blocks_are_named_innermost_first():
    uses = tuple(Place("a.yaml", line, 3, 4, "  unit 64") for line in (5, 9, 12, 20))
    text = str(Fault("it broke", Place("b.yaml", 1, 1, 4, "conv 3"), used=uses))
    assert re.findall(r"used by `unit` at a.yaml:(\d+):3", text) == ["5", "9", "12"]


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("maxpol", ["maxpool", "maxout", "add"], ["maxpool"]),
        ("CONV", ["conv", "deconv"], ["conv"]),
        ("frobnicate", ["concat"], []),
        ("", ["conv"], []),
        ("a" * 10_000, ["conv"], []),
    ],
)
def test_near_words(word, known, meant):
    assert near(word, known) == meant
