"""Random nets with unknowns, and what building every candidate of them says: the witness of the search."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

from hypothesis import strategies as st

from cnncalc.errors import CnncalcError
from cnncalc.language.building.builder import Builder
from cnncalc.language.documents.document import Document
from cnncalc.language.documents.library import Given
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.solve.figures import FIGURES, Measured
from cnncalc.solve.files.answer import solve_file

UNKNOWN = re.compile(r"\"?\?(\d+)\.\.(\d+)\"?")


def nets(text):
    """Every assignment of a text, its numbers written in, with the net that it makes, or None."""
    ranges = [range(int(low), int(high) + 1) for low, high in UNKNOWN.findall(text)]
    for values in product(*ranges):
        written = text
        for value in values:
            written = UNKNOWN.sub(str(value), written, count=1)
        faults = Faults()
        try:
            document = Document(Given.text(written, "net"), Options(), faults)
            yield values, Builder(document, Options(), faults).build()
        except CnncalcError:
            yield values, None


def figure(measured, name):
    """A figure of a net; `none` for a layer that it does not have."""
    try:
        return measured.figure(name)
    except CnncalcError:
        if name in FIGURES:
            raise
        return "none"


def meets(found: Any, want: Any) -> bool:
    """Whether a figure is as wanted, said once more."""
    value = str(want.value) if isinstance(found, str) else want.value
    holds = {"==": found == value, "!=": found != value}
    if isinstance(found, int):
        holds |= {"<=": found <= value, ">=": found >= value, "<": found < value, ">": found > value}
    return holds[want.operator]


def witnessed(text, wants):
    """The assignments that are as wanted, each with the figures that are asked for."""
    found = {}
    for values, graph in nets(text):
        if graph is not None:
            measured = Measured(graph, 1, "float32")
            figures = {want.figure: figure(measured, want.figure) for want in wants}
            if all(meets(figures[want.figure], want) for want in wants):
                found[values] = figures
    return found


def answer_of(text, wants, folder, goal=None, **options):
    """What the search says."""
    file = folder / "net.yaml"
    file.write_text(text)
    return solve_file(str(file), Options(**options), "float32", wants, goal)


UNKNOWNS = st.sampled_from(["?1..2", "?2..4", "?1..3", "2", "3"])
LAYERS = [
    "conv {0} k{1} p1",
    "conv 4 k{0} s{1}",
    "conv 4 k3 p{0}",
    "conv {0} k3 s2 p{1}",
    "relu",
    "batchnorm",
    "maxpool {0} s{1}",
    "unit",
    "wide {0}",
    "conv $(in_channels * 2) k1",
    '{{conv: {{out: "{0}", kernel: "{1}"}}, name: a}}',
    "{{concat: , from: [a, previous]}}",
    "{{conv: 4 k{0} p1, from: a}}",
    "{{conv: 4 k{0} p1, name: conv2}}",
    "{{conv: 4 k1, from: conv2}}",
    "{{add: [[conv 4 k3 p1], [conv {0} k1]]}}",
    "{{add: [[conv 4 k{0}, conv 4 k{1} p1], [conv 4 k1, maxpool {0} s1]]}}",
    "{{concat: [[conv 4 k{0} p1, conv 4 k{1} p1], conv {0} k3 p1], name: cat}}",
    "{{concat: [[], [conv 4 k3 p{0}, {{add: [[conv {1} k1], [conv {0} k1]]}}]]}}",
    "{{layers: [relu, conv {0} k{1}]}}",
    "{{layers: [conv {0} k1, relu], name: head}}",
    "{{layers: [conv {0} k1, conv 4 k{1}, {{conv: 4 k{0}, name: b}}], name: deep}}",
    "{{layers: [conv {0} k1, conv 4 k{1}], name: numbered, naming: index}}",
    "{{conv: 4 k1, from: deep}}",
    "{{conv: 4 k1, from: deep.b}}",
    "{{share: head}}",
    '{{conv: 3 k{0}, repeat: "{1}"}}',
    '{{conv: 4 k3 p1, repeat: "{0}", name: again}}',
    '{{conv: 4 k1, when: "{0} == 2", name: maybe}}',
    "{{aux: [conv 4 k{0}]}}",
    "[relu, conv {0} k1]",
    "{{conv: 4 k{0}, when: in_channels > 2}}",
    "conv 4 k3 p1 g{0}",
    "{{conv: 4 k1, share: a}}",
    "conv $v k1",
]
BLOCKS = "blocks:\n  unit: [conv 4 k?1..2, relu]\n  wide: {with: {w: 1}, layers: [conv $w k?1..2 p1]}\n"
PLAIN = "input: 2x9x9\nlayers:\n  - conv ?1..3 k?1..3 p1\n  - unit\n" + BLOCKS


@st.composite
def texts(draw, most=40, layers=6):
    """A file, and with luck a net, of at most so many candidates and layers."""
    items = [draw(st.sampled_from(LAYERS)) for _ in range(draw(st.integers(1, layers)))]
    lines = "".join(f"  - {item.format(draw(UNKNOWNS), draw(UNKNOWNS))}\n" for item in items)
    blocks = BLOCKS if {"unit", "wide {0}"} & set(items) else ""
    above = draw(st.sampled_from(["input: 2x9x9", "input: 2x9x9", "input: 2x?8..9x9", "input: 2x9x9\nnaming: index"]))
    below = draw(st.sampled_from(["", "", "", "defaults: {conv: {bias: false, padding: '?0..1'}}\n", "outputs: [a]\n"]))
    variables = draw(st.sampled_from(["variables: {v: 3}\n", "variables: {v: '?2..3'}\n"])) if "$v" in lines else ""
    text = f"{above}\nlayers:\n{lines}{blocks}{below}{variables}"
    size = 1
    for low, high in UNKNOWN.findall(text):
        size *= int(high) - int(low) + 1
    return text if 1 < size <= most else PLAIN
