"""Every message has a way out: every place in the code that makes one says it, or hands it to who does."""

from __future__ import annotations

import ast
import re

import pytest
from command_line import runner
from processes import ROOT

from cnncalc import CnncalcError, Net
from cnncalc.cli.main import cnncalc as program

HELP = {"Fault": 4, "Requirement": 3, "TokenError": 2, "ExpressionError": 3, "RefusalError": 1}
"""What becomes a message: the place of the way out among its arguments, which may be called `help` too."""
ADDED_LATER = ("cnncalc/interchange/",)
"""Where faults without a help of their own get one, with the name of the format: `CnncalcError.with_way_out`."""
FILES = {path: path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "cnncalc").rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for path, name in FILES.items()}


def called(node):
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def made(name):
    """Every call that makes one, its place in the code, and the way out that it is given."""
    for file, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) == name:
                given = [one.value for one in node.keywords if one.arg in ("help", None)]
                yield f"{file}:{node.lineno}", next(iter(node.args[HELP[name] : HELP[name] + 1] + given), None)


@pytest.mark.parametrize(("name", "least"), [(name, {"Fault": 400, "Requirement": 100}.get(name, 10)) for name in HELP])
def test_every_place_that_makes_a_message_says_a_way_out(name, least):
    found = list(made(name))
    assert len(found) > least
    without = [at for at, help in found if help is None or (isinstance(help, ast.Constant) and not help.value)]
    assert [at for at in without if name != "Fault" or not at.startswith(ADDED_LATER)] == []


def handlers():
    """Every place that catches a value that its field cannot take, by the name that it has there."""
    for file, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and "FieldError" in ast.unparse(node.type or ast.Tuple([])):
                yield file, node


def test_who_catches_a_field_error_adds_a_way_out():
    """One that has none of its own may be handed on as it is only to who adds one."""
    found = list(handlers())
    assert len(found) > 15
    for file, handler in found:
        for node in ast.walk(handler):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and called(node.exc) == "FieldError":
                break
        else:
            assert file.startswith(ADDED_LATER) or not bare(handler), f"{file}:{handler.lineno}"


def bare(handler):
    """Whether the help of what is caught is used without an `or`."""
    used = [node for node in ast.walk(handler) if is_help(node, handler.name)]
    spared = [one for node in ast.walk(handler) if isinstance(node, ast.BoolOp) for one in node.values[:-1]]
    return [node for node in used if node not in spared]


def is_help(node, name):
    return isinstance(node, ast.Attribute) and node.attr == "help" and getattr(node.value, "id", "") == name


def test_readers_and_writers_add_one():
    for file in ("opening.py", "writers.py"):
        text = (ROOT / "cnncalc" / "interchange" / file).read_text(encoding="utf-8")
        assert text.count(".with_way_out(") >= 1


SLIPS = [
    ("chain", "3xHx-1", "relu"),
    ("chain", "3x8x8", "conv 4 k3 in=-1"),
    ("chain", "3x8x8", "conv 4 k1x1x1x1"),
    ("chain", "3x8x8", "conv 4 k3 kernel_size=x"),
    ("chain", "3x8x8", "reshape -1x-1"),
    ("chain", "3x8x8", "pad 1:2:3"),
    ("chain", "3x8x8", "dropout 2"),
    ("chain", "3x8x8", "slice 1:2:3"),
    ("chain", "3x8x8", "relu extra=1"),
    ("chain", "3x8x8", "conv 4 k3 mode=nothing"),
    ("show", "lenet5", "--input", "1xHx-3"),
    ("show", "lenet5", "--set", "classes=sqrt(-1)"),
    ("show", "lenet5", "--set", "classes=1/0"),
    ("show", "lenet5", "--set", "classes=[1][7]"),
]


@pytest.mark.parametrize("words", SLIPS, ids=" ".join)
def test_what_is_told_has_a_way_out(words):
    done = runner().invoke(program, list(words))
    assert done.exit_code == 2
    assert 1 <= len(re.findall("^error: ", done.stderr, re.MULTILINE)) == done.stderr.count("  = help: ")


@pytest.mark.parametrize("layer", ["crop", "upsample"])
def test_maps_with_other_axes_are_told_what_to_do(layer):
    net = Net(input={"a": "3x8x8", "b": "3x8"})
    with pytest.raises(CnncalcError, match="need the same axes") as caught:
        net.add(layer, ["a", "b"])
    assert "`reshape` one of them, or write the" in caught.value.faults[0].help
