"""What the tests of explanations share."""

from __future__ import annotations

from click.testing import CliRunner

from cnncalc.cli.main import cnncalc
from cnncalc.explain.answer import explain
from cnncalc.language import chain
from cnncalc.language.options import Options

QUESTION = ("3x200x200", "conv 16 k5 s2 p1", "maxpool k3 s1 ceil", "conv 16 k3 p1")
"""The exam question of the course."""


def chained(shape, *layers, **options):
    return chain(shape, layers, Options(**options))


def only(shape, *layers, **options):
    """The last of these layers, explained by name."""
    graph = chained(shape, *layers, **options)
    (told,) = explain(graph, [graph.nodes[-1].name]).parts
    return told


def said(told):
    return " ".join(remark.text for remark in told.remarks)


def run(*arguments):
    return CliRunner().invoke(cnncalc, arguments)
