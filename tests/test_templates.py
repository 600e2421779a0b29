"""Blocks that are built once and put in many times: the net is as if each had been built."""

from __future__ import annotations

import pytest

from cnncalc import Options
from cnncalc.errors import CnncalcError
from cnncalc.graph import forget
from cnncalc.language import bundled, given_text, load, load_text, loader
from cnncalc.language.building import templates
from cnncalc.limits import Limits

BLOCKS = """
input: 8x16x16
variables: {width: 8}
blocks:
  unit: {with: {out: 8, kernel: 3}, layers: ["conv $out k$kernel same", {batchnorm: , name: norm}, relu]}
  outside: [{add: [[conv 8 k1], {identity: , from: stem}]}]
  taking: {with: {what: required}, layers: [{add: [[conv 8 k1], {identity: , from: $what}]}]}
  inside: [{add: [[conv 8 k1], {identity: , from: inputs.1}]}]
  two: [inside, relu, inside, inside]
  pair: [{name: inner, layers: [unit, {unit: , name: second}]}, {share: inner}]
  ending: [conv 8 k1, {aux: [global_avgpool], name: side}]
  wide: ["conv $width k3 same", {when: width > 8, layers: [relu]}]
  numbered: {naming: index, layers: [unit, unit kernel=1, {unit: , repeat: 2}]}
layers:
"""
CASES = {
    "the same on other shapes": "[unit, unit, unit 16, unit 8, maxpool k2, unit, unit]",
    "what is taken from outside": "[{conv: 8 k1, name: stem}, outside, relu, outside, outside]",
    "what is taken from outside by a name that is given": "[{conv: 8 k1, name: one}, {conv: 8 k1, name: two}, relu, "
    "taking one, taking two, taking one, {layers: [relu, taking one, taking two], name: one_more}, taking one]",
    "what is taken from outside on other shapes": "[{conv: 8 k1, name: stem}, relu, outside, outside, outside, "
    "{layers: [{conv: 8 k1, name: stem}, relu, outside, outside], name: inner}, outside]",
    "what is the same from outside and from before": "[{conv: 8 k1, name: stem}, outside, outside, outside]",
    "inputs of a block around": "[{conv: 8 k1, name: stem}, relu, {two: , from: [stem, relu1], name: a}, "
    "{two: , from: [a, stem], name: b}, {two: , from: [b, a], name: c}, {two: , from: [c, c]}]",
    "what is taken by name": "[{unit: , name: a}, {unit: , name: b}, {unit: , name: c}, "
    "{add: , from: [a.norm, b.norm, c.relu1]}]",
    "a group that is repeated with its parameters": "[pair, pair, {pair: , name: last}, {share: last}, {share: pair1}]",
    "frozen and not": "[unit, {unit: , trainable: false}, {unit: , trainable: false}, unit]",
    "side branches": "[ending, ending, ending]",
    "positions": "[numbered, numbered, {repeat: 3, layers: [numbered]}]",
    "dotted names": "[{unit: , name: a.b}, {unit: , name: a.c}, unit, {conv: 8 k1, name: unit2.conv1}, unit, unit]",
    "numbers that are equal and written otherwise": "[unit 8 1, unit 8 kernel=1, {unit: {out: 8.0}}, {unit: {out: 8}}]",
    "variables": "[wide, wide, wide]",
}


def described(net):
    """All that a net holds, as text."""
    nodes = [
        (one.name, repr(one.layer), one.inputs, one.shape, one.index, repr(net.signatures[one.signature:][:1]),
         one.trainable, one.share, one.train_only, one.origin and (one.origin.line, one.origin.column))
        for one in net.nodes
    ]  # fmt: skip
    given = [(name, origin.line, origin.column) for name, origin in net.names.given.items()]
    tables = net.names.state(), sorted(net.names.own), given, net.blocks, net.chosen, sorted(net.idle), net.outputs
    return repr((nodes, tables))


def built(load):
    """What is built without anything kept, and then three times more."""
    forget()
    templates.forget()
    return [described(load()) for _ in range(4)]


@pytest.mark.parametrize("name", CASES)
def test_blocks_are_as_built(name):
    first, *others = built(lambda: load_text(BLOCKS + "  " + CASES[name], "net.yaml", Options()))
    assert others == [first] * 3


@pytest.mark.parametrize(
    "name", ["resnet50", "densenet121", "nasnet_mobile", "yolov8n", "efficientnet_b0", "inception_v3"]
)
def test_bundled_nets_are_as_built(name):
    assert name in bundled()
    first, *others = built(lambda: load(name, Options()))
    assert others == [first] * 3


LIBRARY = "input: 16x16x16\nlayers: [inverted_residual 16, inverted_residual 16, inverted_residual 16, conv 8 k1]\n"
OWN = "an own block that those of the library use"
FILES = {
    "plain": LIBRARY,
    "variables": LIBRARY + "variables: {expand: 2, out: 3, width: 9, stride: 2}\n",
    "others": LIBRARY + "variables: {expand: 3, out: 5, width: 7, stride: 1}\n",
    OWN: LIBRARY + "variables: {width: 1}\nblocks: {conv_bn_relu6: {with: {out: 1, kernel: 3, stride: 1, groups: 1}, "
    "layers: [conv $out k$kernel s$stride g$groups d$width same, silu]}}\n",
    "defaults": LIBRARY + "defaults: {conv: {bias: false}, batchnorm: {affine: false}}\n",
    "dialect": LIBRARY + "dialect: keras\n",
    "frozen": LIBRARY.replace("inverted_residual 16", "{inverted_residual: 16, trainable: false}"),
}


def test_blocks_of_the_library_are_as_built_whatever_file_used_them_before():
    first = {name: built(lambda text=text: load_text(text, "net.yaml", Options()))[0] for name, text in FILES.items()}
    assert len(set(first.values())) >= len(FILES) - 2  # variables mean nothing there
    forget()
    templates.forget()
    for _ in range(3):
        for name in [*FILES, *reversed(FILES)]:
            assert described(load_text(FILES[name], "net.yaml", Options())) == first[name], name


@pytest.mark.parametrize("name", [OWN, "others"])
def test_blocks_of_the_library_are_as_built_whatever_variables_the_file_had_before(name):
    net = given_text(FILES[name], "net.yaml")
    first = {width: built(lambda width=width: loader(net, Options())({"width": width}))[0] for width in "12"}
    assert (first["1"] == first["2"]) == (name != OWN)
    build = loader(net, Options())
    for width in "121212":
        assert described(build({"width": width})) == first[width]


def test_other_variables_options_and_sizes_are_others():
    text = BLOCKS + "  [wide, wide, wide]"
    for options in (Options(), Options(variables={"width": "16"}), Options(input="8x9x9"), Options(dialect="keras")):
        kept = [described(load_text(text, "net.yaml", options)) for _ in range(3)]
        assert kept == built(lambda options=options: load_text(text, "net.yaml", options))[:3]


@pytest.mark.parametrize(
    "limits", [Limits(layers=20), Limits(built=60), Limits(depth=3)], ids=["layers", "built", "depth"]
)
def test_bounds_are_met_as_before(limits):
    text = BLOCKS + "  [unit, unit, unit, unit, numbered, numbered, numbered, {layers: [{layers: [numbered, unit]}]}]"

    def answer():
        with pytest.raises(CnncalcError) as error:
            load_text(text, "net.yaml", Options(limits=limits))
        return [(fault.message, fault.place) for fault in error.value.faults]

    forget()
    templates.forget()
    first = answer()
    assert [answer() for _ in range(3)] == [first] * 3


def test_templates_are_used_and_bounded(monkeypatch):
    monkeypatch.setattr(templates, "MOST", 40)
    placed = []
    plain = templates.Template.place
    monkeypatch.setattr(templates.Template, "place", lambda *given: placed.append(plain(*given)) or placed[-1])
    text = BLOCKS + "  [{repeat: 30, layers: [unit]}]"
    net = load_text(text, "net.yaml", Options())
    assert len([one for one in placed if one is not None]) == 28
    for width in range(1, 30):
        load_text(BLOCKS + f"  [{{repeat: 3, layers: [unit {width}]}}]", "net.yaml", Options())
    assert templates._STORE.layers <= 40
    assert described(load_text(text, "net.yaml", Options())) == described(net)
