"""The recipes of docs/architecture.md: a toy of each thing that can be added, added as it says there."""

from __future__ import annotations

import json

import pytest
from command_line import runner

from cnncalc.cli.main import cnncalc as program
from cnncalc.language import load, load_text
from cnncalc.language.options import Options
from cnncalc.layers import dialects
from cnncalc.layers.base import Layer, field
from cnncalc.layers.fields import Whole
from cnncalc.layers.registry import ALIASES, KINDS, layer
from cnncalc.notation import lines, vocabulary
from cnncalc.tools import conventions
from cnncalc.tools.conventions.base import Convention, Rule
from cnncalc.tools.conventions.counting import count


def forget_words():
    """Drop what was remembered of kinds and notations."""
    for remembered in (lines.parse, lines.write, vocabulary.vocabulary):
        remembered.cache_clear()


@pytest.fixture
def toy_kind():
    """A kind that squares its input: a class, and nothing else."""

    @layer("toysquare", aliases=("ToySquare",))
    class ToySquare(Layer):
        """The square of every element, so many times."""

        times: int = field(Whole(1), "how many times", 1, position=0)

        def operations(self, *x):
            return self.times * x[0][0] * x[0][1] * x[0][2]

    forget_words()
    yield ToySquare
    for names in (KINDS, ALIASES):
        for name in [name for name in names if "toysquare" in name.lower()]:
            del names[name]
    forget_words()


@pytest.mark.usefixtures("toy_kind")
def test_a_kind_is_one_class():
    net = "input: 3x4x4\nlayers: [toysquare 2, {ToySquare: , name: again}]\n"
    done = runner().invoke(program, ["show", "-", "--format", "json"], input=net)
    rows = json.loads(done.stdout)["layers"]
    assert [(row["name"], row["flops"], row["output_shape"]) for row in rows] == [
        ("toysquare1", 96, [1, 3, 4, 4]),
        ("again", 48, [1, 3, 4, 4]),
    ]
    assert "how many times" in runner().invoke(program, ["kinds", "toysquare"]).stdout
    wrong = runner().invoke(program, ["chain", "3x4x4", "toysquar 2"])
    assert "did you mean `toysquare`" in wrong.stderr


@pytest.mark.usefixtures("toy_kind")
def test_a_kind_that_no_convention_knows_is_not_counted_and_never_nothing():
    graph = load_text("input: 3x4x4\nlayers: [toysquare 2, conv 4 k3]\n", "net", Options())
    for name in conventions.NAMES:
        counted = count(graph, conventions.convention_named(name))
        assert "toysquare1" in counted.unknown


def test_a_convention_is_one_record():
    thrice = Convention(
        name="thrice",
        tool="a toy",
        unit="MACs",
        rules={"conv": (Rule("multiply–accumulates", "three each", lambda case: 3 * case.macs),)},
        unknown={},
        leaves_out="It leaves out everything else.",
        nothing=frozenset(KINDS) - {"conv"},
    )
    graph = load("alexnet", Options())
    paper = sum(layer.macs(*graph.input_shapes(node)) for _, node, layer in graph.layers() if layer.kind == "conv")
    assert count(graph, thrice).total == 3 * paper


def test_a_dialect_is_one_entry(monkeypatch):
    toy = dialects.DIALECTS["torch"]._replace(buffers_are_parameters=True)
    monkeypatch.setitem(dialects.DIALECTS, "toy", toy)
    for choice in {cls.fields["dialect"].type for cls in KINDS.values() if "dialect" in cls.fields}:
        monkeypatch.setattr(choice, "choices", tuple(dialects.DIALECTS))  # read from the table when the kinds are made
    done = runner().invoke(
        program, ["chain", "3x4x4", "batchnorm", "conv 2 k1", "--dialect", "toy", "--format", "json"]
    )
    assert json.loads(done.stdout)["layers"][0]["params"] == 12
