"""Any value for any keyword of Python: an answer, or faults that each have a way out, and never another exception."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import cnncalc
from cnncalc import CnncalcError, solve


class Speechless:
    """Says nothing of itself."""

    def __repr__(self):
        raise RuntimeError


def nested(value, depth):
    """A value in lists, or in mappings, so many deep."""
    for _ in range(depth):
        value = {"x": value} if isinstance(value, dict) else [value]
    return value


ITSELF: dict[str, Any] = {}
ITSELF["x"] = ITSELF
VALUES: tuple[Any, ...] = (
    None, 5, -1, 0, 2.5, float("nan"), "", "x", "a=b", b"x", True, [], ["x"], [None], (1, 2), {}, {"x": 1}, {"x": None},
    {1: 2}, object(), 10**30, 10**31, -(10**5000), [10**5000], nested([], 5_000), nested({}, 700), ITSELF, range(10**9),
    cnncalc.Options(), "\0", "\ud800", "3xHxW", Speechless(),
)  # fmt: skip
FILE = "input: 1x8x8\nvariables: {w: 4}\nlayers: [conv $w k3, relu]\n"
HOLE = "input: 1x8x8\nlayers: [conv ? k3, relu]\n"
LENET = cnncalc.load("lenet5")
BUILT = cnncalc.Net(input="1x8x8")
LAYER = {"input": 7, "output": 7, "kernel": 3}
BUSY = {"jobs": (5, 10**30)}
"""What is right, and would start processes."""

ASKED: dict[str, tuple[Any, dict[str, Any]]] = {
    "load": (cnncalc.load, {"net": "lenet5"}),
    "Net": (cnncalc.Net, {}),
    "add": (lambda **given: BUILT.fork().add(**given), {"layer": "relu"}),
    "output": (lambda **given: BUILT.fork().output(**given), {"tensor": 0}),
    "freeze": (lambda **given: BUILT.fork().freeze(**given), {"pattern": "*"}),
    "report": (LENET.report, {}),
    "closed": (LENET.closed, {}),
    "draw": (LENET.draw, {}),
    "export": (LENET.export, {"to": "torch"}),
    "text": (LENET.report().text, {}),
    "total": (LENET.report().total, {"group": "fc"}),
    "row": (LENET.report().__getitem__, {"layer": 0}),
    "save": (LENET.draw().save, {"file": "net.svg"}),
    "check": (cnncalc.check, {"net": "net.yaml"}),
    "search": (cnncalc.search, {"net": "net.yaml", "over": {"w": [1, 2]}, "minimize": "macs"}),
    "sweep": (cnncalc.sweep, {"net": "net.yaml", "set": {"w": [1, 2]}}),
    "conv": (solve.conv, LAYER),
    "pool": (solve.pool, LAYER),
    "deconv": (solve.deconv, LAYER),
    "input_size": (solve.input_size, {"net": "net.yaml"}),
    "batch_size": (solve.batch_size, {"net": "net.yaml", "memory": "1GiB"}),
    "variable": (solve.variable, {"net": "net.yaml", "name": "w", "want": "params <= 100"}),
    "file": (solve.file, {"net": "hole.yaml", "want": "params <= 100"}),
}
KEYWORDS = {"add": ("layer", "inputs", "name", "level", "share", "trainable", "train_only", "origin"),
            "output": ("tensor", "name"), "freeze": ("pattern",)}  # fmt: skip


def keywords_of(name):
    """Every keyword of a function."""
    return KEYWORDS.get(name) or tuple(inspect.signature(ASKED[name][0]).parameters)


def faults_of(ask, *values, **named):
    """The faults of a call; none where it is answered."""
    try:
        ask(*values, **named)
    except CnncalcError as error:
        return error.faults
    return ()


def with_no_way_out(faults):
    """Those that leave a reader of Python alone."""
    return [fault for fault in faults if not fault.help or "--" in str(fault)]


@pytest.mark.parametrize(("name", "keyword"), [(name, keyword) for name in ASKED for keyword in keywords_of(name)])
def test_any_value_is_answered_or_told_the_way_out(name, keyword, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(FILE)
    (tmp_path / "hole.yaml").write_text(HOLE)
    ask, right = ASKED[name]
    values = [value for value in VALUES if value not in BUSY.get(keyword, ())]
    faults = [fault for value in values for fault in faults_of(ask, **{**right, keyword: value})]
    assert with_no_way_out(faults) == []
    assert faults_of(ask, **{**right, keyword: object()})


@pytest.mark.parametrize("ask", [LENET.explain, cnncalc.compare, lambda one: cnncalc.chain("3x8x8", one)])
def test_any_value_among_many_is_answered_or_told_the_way_out(ask):
    assert with_no_way_out([fault for value in VALUES for fault in faults_of(ask, value)]) == []
    assert faults_of(ask, object())


def test_every_question_is_asked_here():
    assert {*solve.QUESTIONS, "check", "load", "sweep"} <= set(ASKED)
