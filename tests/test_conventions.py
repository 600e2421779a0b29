"""Conventions: every number of the table that the tools themselves made; what cannot be counted."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from cnncalc import CnncalcError, Options, load
from cnncalc.analysis.conventions import NAMES, convention_named
from cnncalc.analysis.conventions.base import FREE
from cnncalc.analysis.conventions.counting import count
from cnncalc.layers import KINDS

DATA = Path(__file__).parent / "data"
TABLE = list(csv.DictReader((DATA / "conventions.csv").read_text(encoding="utf-8").splitlines()))
NUMBERS = [row for row in TABLE if row["count"].isdigit()]


@cache
def graph_of(net):
    own = DATA / "conventions" / f"{net}.yaml"
    return load(str(own) if own.exists() else net, Options())


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: "-".join((row["net"], row["witness"], row["convention"])))
def test_the_tool_itself_gives_this_number(row):
    counted = count(graph_of(row["net"]), convention_named(row["convention"]), functions=row["functions"].split())
    assert not counted.unknown
    assert counted.total == int(row["count"])
    assert counted.convention.unit == row["unit"]
    version = row["tool"].split()[1]
    assert version in counted.convention.tool


@pytest.mark.parametrize("row", [row for row in TABLE if row["witness"] == "published"], ids=lambda row: row["net"])
def test_the_model_card_gives_the_papers_number_rounded(row):
    counted = count(graph_of(row["net"]), convention_named("paper"))
    assert round(counted.total / 10**9, 3) == float(row["count"])


def test_twelve_nets_and_more_are_held_in_every_convention():
    for name in NAMES:
        assert len({row["net"] for row in TABLE if row["convention"] == name and "Error" not in row["count"]}) >= 12


@pytest.mark.parametrize("row", [row for row in TABLE if "Error" in row["count"]], ids=lambda row: row["net"])
def test_where_the_tool_fails_the_layer_is_named_and_the_rest_counted(row):
    counted = count(graph_of(row["net"]), convention_named(row["convention"]))
    assert list(counted.unknown) == ["upsample1"]
    assert counted.total > 0


FIGURES = {"torch": 8178368512, "fvcore": 4111512576, "thop": 4133742592, "ptflops": 4132436968,
           "ptflops-aten": 4089185256, "torchinfo": 4089238376, "paper": 4089184256}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_resnet50_as_others_count_it(name):
    assert count(graph_of("resnet50"), convention_named(name)).total == FIGURES[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_convention_says_what_it_does_with_every_kind(name):
    convention = convention_named(name)
    assert convention.name == name
    assert not set(convention.rules) & set(convention.unknown)
    assert set(convention.rules) | set(convention.unknown) <= set(KINDS)
    assert not set(convention.rules) & FREE
    assert convention.leaves_out.startswith("It leaves out ")


@pytest.mark.parametrize(("name", "words"), [("thop", "transposed convolutions over their output"),
                                             ("torchinfo", "transposed convolutions over their output"),
                                             ("calflops", "divided by their groups twice"),
                                             ("ptflops", "modules counted again as functions")])  # fmt: skip
def test_known_mistakes_are_named(name, words):
    bugs = count(graph_of("transposed"), convention_named(name)).bugs
    assert any(words in bug for bug in bugs)


def test_same_padding_taken_for_nothing_is_named():
    assert any("same" in bug for bug in count(graph_of("same"), convention_named("fvcore")).bugs)


def test_a_mistake_that_plays_no_part_is_not_named():
    assert count(graph_of("resnet50"), convention_named("thop")).bugs == {}


def test_the_batch_multiplies_but_where_the_tool_takes_one_image():
    net = graph_of("resnet18")
    for name in NAMES:
        one, three = (count(net, convention_named(name), batch).total for batch in (1, 3))
        assert three == (one if name.startswith("ptflops") else 3 * one)


def test_an_unknown_convention_is_a_fault_with_the_nearest():
    with pytest.raises(CnncalcError, match="did you mean `ptflops`"):
        convention_named("ptflop")
