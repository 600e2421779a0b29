"""Every formula that an explanation prints, evaluated as it is written, gives the result that is printed with it.

In symbols, with numbers put in, and step by step; as plain text, as LaTeX and in JSON; over random networks of every
kind. The two evaluators and the meanings of the symbols know nothing of how formulas are made.
"""

from __future__ import annotations

import json
import re
from math import prod
from random import Random

import pytest
from drawn import explained
from formula_meanings import Meanings
from latex_value import value_of_latex
from networks import network
from notation_value import value_of

from cnncalc.analysis.costs import report
from cnncalc.arithmetic.traced.written import LatexWriter, Writer
from cnncalc.errors import CnncalcError
from cnncalc.explain.answer import explain
from cnncalc.explain.explanation import Told
from cnncalc.language import load
from cnncalc.language.building.builder import Builder
from cnncalc.language.documents.document import Document
from cnncalc.language.documents.library import Given
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options

SIZES = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2, "amp-bfloat16": 4, "amp-float16": 4}
"""Bytes of a parameter."""
NETS = 60
"""Random networks of each part."""
LIBRARY = ["resnet18", "unet", "mobilenet_v2", "googlenet", "alexnet_paper", "densenet121"]


def graph_of(text, *, train):
    options, faults = Options(train=train), Faults()
    return Builder(Document(Given.text(text, "random.yaml"), options, faults), options, faults).build()


def drawn(name):
    """A random graph, with batch and type; None where cnncalc refuses the net as a whole."""
    net = network(Random(name))
    try:
        return graph_of(net.text, train=net.train), net.batch, net.dtype
    except CnncalcError:
        return None


def held(formula, meanings):
    """Holds one formula of the JSON form to its value; returns how many texts were evaluated."""
    known = Meanings.__new__(Meanings)
    known.__dict__.update(meanings.__dict__)
    dict.update(known, meanings)
    known.update(meanings.received(formula["symbol"], formula["quantity"]))
    for where in formula["where"]:
        known[where["symbol"]] = value_of(where["steps"][-1])
        assert_equal(where["steps"], where["latex"], where["symbol"], known[where["symbol"]], known)
    assert_equal(formula["steps"], formula["latex"], formula["symbol"], formula["value"], known)
    return 2 * len(formula["steps"])


def assert_equal(steps, latex, symbol, value, known):
    for step in steps:
        assert value_of(step, known) == value, (symbol, step, value)
    head, *rest = latex.split(" = ")
    assert head.replace(r"\text", "").replace("{", "").replace("}", "") == symbol
    assert len(rest) == len(steps)
    for step in rest:
        assert value_of_latex(step, known) == value, (symbol, step, value)


def formulas_held(graph, batch, dtype):
    """Holds every formula of every layer and of the totals, as JSON has them; returns the texts evaluated."""
    size = SIZES[dtype]
    names = [node.name for _, node, _ in graph.layers()]
    explanation = explain(graph, names, batch, dtype)
    answer = json.loads(explained(explanation, form="json"))
    rows = {row.name: row for row in explanation.report.rows}
    nodes = {node.name: node for _, node, _ in graph.layers()}
    count = 0
    assert [part["name"] for part in answer["parts"]] == names
    for part in answer["parts"]:
        node, row = nodes[part["name"]], rows[part["name"]]
        meanings = Meanings(graph, node, rows, batch, size)
        if dtype.startswith("amp"):  # each tensor has a type of its own
            (memory,) = (formula for formula in part["formulas"] if formula["quantity"] == "output bytes")
            meanings["b"] = exactly(memory["value"], batch * prod(node.shape), (2, 4))
        counted = {"MACs": row.macs, "FLOPs": row.flops, "backward FLOPs": row.backward_flops}
        sizes = dict(zip(meanings.letters_out, node.shape))
        for formula in part["formulas"]:
            count += held(formula, meanings)
            expected = counted.get(formula["quantity"], sizes.get(formula["symbol"], formula["value"]))
            assert formula["value"] == expected, formula
            if formula["quantity"] == "output bytes":
                assert formula["value"] == batch * prod(node.shape) * meanings["b"]
                assert row.activation_bytes in (0, formula["value"])
    return count + totals_held(graph, batch, dtype)


def exactly(value, divisor, allowed):
    """How often it goes into it."""
    assert value % divisor == 0
    assert value // divisor in allowed
    return value // divisor


def totals_held(graph, batch, dtype):
    """The parts of each total add up to it, and the rule of the training bytes to them."""
    optimizer = ("sgd", "momentum", "adam")[len(graph.nodes) % 3]
    explanation = explain(graph, (), batch, dtype, optimizer=optimizer)
    answer = json.loads(explained(explanation, form="json"))
    summary, totals = answer["summary"], answer["totals"]
    for name, total in (("params", "params"), ("macs", "macs"), ("saved", "saved_bytes")):
        assert sum(summary[name]["kinds"].values()) == summary[name]["total"] == totals[total]
    if not dtype.startswith("amp"):
        assert sum(summary["activations"]["kinds"].values()) * SIZES[dtype] == totals["activation_bytes"]
    assert sum(tensor["value"] for tensor in summary["peak"]) == totals["peak_bytes"]
    training = summary["training"]
    assert sum(part["value"] for part in training["parts"]) == training["formula"]["value"] == totals["train_bytes"]
    known = {"params": totals["weights"] + totals["biases"], "trained": totals["trainable"], "b": SIZES[dtype]}
    known |= {"buffers": totals["buffer_bytes"], "state": totals["optimizer_bytes"], "kept": totals["saved_bytes"]}
    formula = training["formula"]
    assert_equal(formula["steps"], formula["latex"], "bytes", totals["train_bytes"], known)
    return 2 * len(formula["steps"])


def formulas_of_nets_held(part=0):
    """Holds every formula of one part's random networks; returns the texts evaluated."""
    nets = (drawn(f"explained/{part}/{index}") for index in range(NETS))
    return sum(formulas_held(*net) for net in nets if net)


@pytest.mark.parametrize("part", range(4))
def test_every_formula_of_random_networks(part):
    assert formulas_of_nets_held(part) > 4_000


# -- what is read on the page -------------------------------------------------------------------------------------


SUMS = re.compile(r"(?:[\d(⌊⌈][\d,.+−·/()⌊⌋⌈⌉²³ ]*(?<! ) = )+[\d,]*\d")
"""What is worked out inside a sentence."""


def read_back(text):
    """Evaluates every line of numbers in a plain text; returns how many."""
    count = 0
    for line in text.splitlines():
        body = re.sub(r"(?<=\d)   \([^()]*\)$", "", line)
        match = re.match(r"(?:  .*?\S  +|\s+with )(\S.* = .*)$", body) if line.startswith("  ") else None
        if match is None:
            for chain in SUMS.findall(line):
                values = [value_of(side) for side in chain.split(" = ")]
                assert len(set(values)) == 1, line
                count += len(values)
            continue
        steps = match[1].split(" = ")
        value = value_of(steps[-1])
        for step in steps:
            if not re.search("[A-Za-z]", re.sub("max|min|gcd", "", step)):
                assert value_of(step) == value, line
                count += 1
    return count


def latex_read_back(text):
    """Evaluates every formula of numbers in a Markdown page; returns how many."""
    count = 0
    for formula in re.findall(r"\$(.+?)\$", text):
        steps = formula.split(" = ")
        if len(steps) < 2:
            continue  # a symbol of the legend
        value = value_of_latex(steps[-1])
        for step in steps:
            if not re.search("[A-Za-z]", re.sub(r"\\[a-z]+", "", step.replace(r"\text", "x"))):
                assert value_of_latex(step) == value, formula
                count += 1
    return count


@pytest.mark.parametrize("name", LIBRARY)
def test_what_is_printed_of_the_library(name):
    graph = load(name, Options())
    walk = explain(graph)
    assert read_back(explained(walk)) > 50
    assert latex_read_back(explained(walk, form="markdown")) > 50
    told = [part.row.name for part in walk.parts if isinstance(part, Told)]
    whole = explain(graph, told[:40], batch=2)
    assert read_back(explained(whole)) > 100
    assert latex_read_back(explained(whole, form="markdown")) > 100
    assert {row.name for row in report(graph).rows} >= set(told)


# -- the check itself ---------------------------------------------------------------------------------------------


MISTAKES = {
    "a bracket less": (Writer, "bracketed", lambda self, text: text),
    "a LaTeX bracket less": (LatexWriter, "bracketed", lambda self, text: text),
    "a ceiling for a floor": (Writer, "rounded", lambda self, rounding, text: f"⌈{text}⌉"),
    "a LaTeX ceiling for a floor": (
        LatexWriter,
        "rounded",
        lambda self, rounding, text: rf"\left\lceil {text} \right\rceil",
    ),
    "a floor less": (Writer, "rounded", lambda self, rounding, text: f"({text})"),
    "a power less": (Writer, "superscript", lambda self, exponent: ""),
    "a LaTeX power less": (LatexWriter, "superscript", lambda self, exponent: ""),
    "plus for minus": (Writer, "minus", "+"),
    "a LaTeX divisor for its dividend": (
        LatexWriter,
        "over",
        lambda self, quotient: Writer.over(self, quotient)._replace(
            text=rf"\frac{{{self.write(quotient.divisor)}}}{{1}}"
        ),
    ),
    "digits cut": (Writer, "digits", lambda self, value: f"{value:,}"[:4]),
    "an unpaired delimiter": (LatexWriter, "bracketed", lambda self, text: rf"\left({text})"),
    "min for max": (Writer, "extreme", lambda self, which, left, right: f"min({left}, {right})"),
    "another name": (LatexWriter, "name", lambda self, symbol: "k"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found(mistake, monkeypatch):
    owner, name, wrong = MISTAKES[mistake]
    monkeypatch.setattr(owner, name, wrong)
    with pytest.raises((AssertionError, KeyError, IndexError, ValueError, ZeroDivisionError)):
        formulas_of_nets_held()
