"""What is kept of layers and of nets for a process: figures are as if worked out anew, whatever was asked before."""

from __future__ import annotations

import pytest

from cnncalc import Options
from cnncalc.analysis.costs import report
from cnncalc.errors import CnncalcError
from cnncalc.graph import forget
from cnncalc.graph.met import WAYS
from cnncalc.language import load
from cnncalc.language.building import templates

PLAIN = Options()
ASKED = [
    (PLAIN, 1, "float32", "sgd"),
    (PLAIN, 3, "float32", "sgd"),
    (PLAIN, 1, "float16", "sgd"),
    (PLAIN, 1, "complex64", "sgd"),
    (PLAIN, 1, "amp-bfloat16", "sgd"),
    (PLAIN, 1, "float32", "adam"),
    (PLAIN, 2, "float32", "adafactor"),
    (Options(train=True), 1, "float32", "adam"),
    (Options(freeze=("!*fc*",)), 1, "float32", "adam"),
    (Options(types=(("*", "int8"),)), 1, "float32", "sgd"),
    (Options(types=(("*1*", "int4"), ("*2*", "float16"))), 1, "float32", "sgd"),
    (Options(sparsity=(("*", "0.5"),)), 1, "float32", "sgd"),
    (Options(sparsity=(("*2*", "2:4"),)), 1, "float32", "sgd"),
    (Options(checkpoint=("*",)), 1, "float32", "sgd"),
    (Options(shard="zero2:8", accumulate=4), 1, "float32", "adam"),
    (Options(input="3x64x96"), 1, "float32", "sgd"),
    (Options(dialect="keras"), 1, "float32", "sgd"),
]


def answers(net, asked):
    """Totals and rows of a net, asked in this order; a refusal is told by its faults."""
    for options, batch, dtype, optimizer in asked:
        try:
            found = report(load(net, options), batch, dtype, optimizer)
            yield tuple(found.totals), [tuple(row) for row in found.rows]
        except CnncalcError as error:
            yield type(error), str(error)


def anew(net, asked):
    """The same, each with nothing kept from before."""
    for one in asked:
        forget()
        templates.forget()
        yield from answers(net, [one])


@pytest.mark.parametrize("net", ["resnet18", "googlenet", "shufflenet_v2_x0_5"])
def test_figures_are_the_same_whatever_was_asked_before(net):
    assert len(ASKED) > WAYS
    expected = [*anew(net, ASKED)]
    assert len({repr(one) for one in expected}) > len(ASKED) - 4
    forget()
    templates.forget()
    assert [*answers(net, ASKED)] == expected
    assert [*answers(net, ASKED[::-1])] == expected[::-1]
    assert [*answers(net, ASKED)] == expected


def test_one_callers_changes_are_not_anothers():
    alone = next(anew("resnet18", ASKED[:1]))
    load("resnet18", PLAIN), load("resnet18", PLAIN)
    changed = load("resnet18", PLAIN)
    end = changed.add("linear 10", name="more")
    changed.output(end)
    changed.freeze("layer1")
    changed.notices["fc"] = changed.blocks["layer1"] = "changed"
    other = load("resnet18", PLAIN)
    assert "more" not in other.names.tensors
    assert "fc" not in other.notices
    assert other.blocks.get("layer1") != "changed"
    assert next(answers("resnet18", ASKED[:1])) == alone
    assert tuple(report(changed).totals) != alone[0]
