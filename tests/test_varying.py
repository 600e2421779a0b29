"""Nets built for many values of a variable are the nets that each value makes by itself."""

from __future__ import annotations

import pytest

from cnncalc.analysis.costs import report
from cnncalc.errors import CnncalcError
from cnncalc.graph import forget
from cnncalc.language import given_text, load, loader
from cnncalc.language.building.varying import Varying
from cnncalc.language.documents.document import Document
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.solve.figures import Measured

BUNDLED: dict[str, dict[str, tuple[str, ...]]] = {  # variable -> values of it; the first is taken twice
    "resnet18": {"classes": ("10", "1000", "7")},
    "googlenet": {"classes": ("10", "20")},
    "mobilenet_v2": {"width": ("0.5", "1.4", "0.75"), "classes": ("3", "4")},
    "densenet121": {"growth": ("8", "32"), "classes": ("5", "6")},
    "unet": {"classes": ("2", "5")},
    "vgg16": {"classes": ("9", "8"), "adaptive": ("false", "true")},
    "lenet5": {},
}
SHARING = """
input: 8x16x16
variables: {w: 4, twice: $(2 * w), flag: true, other: 3}
blocks:
  unit: {with: {c: required}, layers: [conv $c k3 p1, relu]}
  wide: [conv $twice k1]
layers:
  - {name: stem, layers: [conv 8 k3 p1, batchnorm]}
  - {relu: , name: gone, when: $(other > 5)}
  - unit 8
  - {share: stem, name: again}
  - add: [[unit 8], []]
  - wide
  - {relu: , when: $flag}
  - {conv: $w k3 p1, name: last}
  - {share: stem, from: again, name: third}
  - {concat: , from: [last, third]}
"""


def same(one, other):
    """Whether two nets are alike in everything that is told of them."""
    mine, theirs = report(one), report(other)
    return mine.rows == theirs.rows and mine.totals == theirs.totals and one.outputs == other.outputs


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("name", BUNDLED)
def test_every_value_makes_the_net_that_it_makes_by_itself(name, train):
    options = Options(train=train)
    build = loader(name, options)
    for variable, values in BUNDLED[name].items():
        for value in (*values, values[0]):
            assert same(build({variable: value}), load(name, options._replace(variables={variable: value})))


@pytest.mark.parametrize(("variable", "alike"), [("w", 5), ("twice", 5), ("flag", 6), ("other", 1)])
def test_what_nothing_reaches_is_built_once(variable, alike):
    source = given_text(SHARING, "net")
    document = Document(source, Options(), Faults())
    held = Varying(document, [variable])
    assert held.alike == alike
    stems = set()
    for value in ("false", "true", "false") if variable == "flag" else ("9", "2", "9"):
        options = Options(variables={variable: value})
        document.faults = Faults()
        assert same(held.build(options, document.faults), load(source, options))
        stems.add(id(held.stem))
        assert len(held.stem.net.nodes) < len(load(source, options).nodes)
    assert len(stems) == 1


def test_what_comes_before_may_be_wrong_itself():
    text = "input: 3x8x8\nvariables: {w: 4}\nlayers: [conv 4 k9, relu, conv $w k1, linear 3 k3]\n"
    build = loader(given_text(text, "net"), Options())
    for value in ("1", "2"):
        with pytest.raises(CnncalcError) as failure:
            build({"w": value})
        with pytest.raises(CnncalcError) as alone:
            load(given_text(text, "net"), Options(variables={"w": value}))
        assert str(failure.value) == str(alone.value)
        assert len(failure.value.faults) == 2


@pytest.mark.parametrize(
    "text",
    [
        "input: 3x$(w)x8\nvariables: {w: 4}\nlayers: [conv 4 k1, relu]\n",
        "input: 3x8x8\nvariables: {w: 4}\ndefaults: {conv: {kernel: $w}}\nlayers: [conv 4, relu]\n",
    ],
)
def test_what_reaches_all_leaves_nothing_alike(text):
    build = loader(given_text(text, "net"), Options())
    for value in ("3", "5"):
        assert same(build({"w": value}), load(given_text(text, "net"), Options(variables={"w": value})))
    assert Varying(Document(given_text(text, "net"), Options(), Faults()), ["w"]).alike == 0


ASKED = ("params", "macs", "train_bytes", "backward_flops", "recomputed_macs", "nonzeros", "receptive_field")


@pytest.mark.parametrize(
    ("name", "variable", "values", "options", "dtype"),
    [
        ("resnet18", "classes", ("5", "6", "1000"), Options(input="3x64x64", checkpoint=("layer1",)), "float32"),
        ("mobilenet_v2", "width", ("0.5", "1.4", "0.5"), Options(train=True, freeze=("features*",)), "amp-float16"),
        ("lenet5", "classes", ("3", "4"), Options(batch=4), "float16"),
    ],
)
def test_figures_of_nets_that_share_layers_are_those_of_each_alone(name, variable, values, options, dtype):
    build = loader(name, options)
    nets = [Measured(build({variable: value}), options.batch, dtype, "adam") for value in values]
    shared = [[held.figure(one) for one in ASKED] for held in nets]
    for value, found in zip(values, shared):
        forget()
        alone = load(name, options._replace(variables={variable: value}))
        other = report(alone, options.batch, dtype, "adam").totals
        assert found[:-1] == [getattr(other, one) for one in ASKED[:-1]]
        assert found[-1] == Measured(alone, options.batch, dtype).figure(ASKED[-1])
