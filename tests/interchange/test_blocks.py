"""Names without levels: what stands several times is written once, and every layer keeps the very name that it had."""

from __future__ import annotations

import re
import sys
from random import Random

import pytest
from structures import flat, said
from units import net_of_units

from cnncalc import Options, load, rewrite
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.opening import imported
from cnncalc.interchange.sketch import Asked
from cnncalc.interchange.structure import chained, structured
from cnncalc.interchange.structure.blocks.stems import stems
from cnncalc.interchange.structure.holding import unlike
from cnncalc.interchange.writers import writer_for
from cnncalc.language import load_text
from cnncalc.limits import Limits

# net -> the most lines of its text where its names have no levels, `layer1_0_conv1`
FLAT = {
    "resnet18": 60,
    "resnet50": 60,
    "resnet101": 60,
    "densenet121": 50,
    "mobilenet_v2": 70,
    "googlenet": 60,
    "inception_v3": 150,
    "efficientnet_b0": 110,
}


def underscored(graph):
    """The net with `_` between the levels of its names, as Keras has it."""
    sketch = flat(graph)
    sketch.operators = [one._replace(name=one.name.replace(".", "_")) for one in sketch.operators]
    return sketch


def counted(graph):
    """The net with layers that are called by their kind and count alone, as PaddlePaddle has it."""
    sketch = flat(graph)
    counts: dict[str, int] = {}
    for number, one in enumerate(sketch.operators):
        if one.layer is not None:
            counts[one.layer.kind] = counts.get(one.layer.kind, 40) + 1
            sketch.operators[number] = one._replace(name=f"{one.layer.kind}2d_{counts[one.layer.kind]}")
    return sketch


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("called", [underscored, counted])
def test_names_without_levels_are_kept_and_the_text_is_short(name, called):
    sketch = called(load(name, Options()))
    wanted = [one.name for one in sketch.operators]
    text, names, sketch = said(sketch)
    assert names == wanted
    assert unlike(text, names, sketch, Limits()) == ""
    assert text.count("\n") <= FLAT[name]


# net and form -> the most lines of the text of what we write of it
EXPORTED = {
    ("resnet50", "keras-json"): 70,
    ("densenet121", "keras-json"): 50,
    ("mobilenet_v2", "keras-json"): 70,
    ("googlenet", "keras-json"): 70,
    ("resnet50", "caffe"): 60,
    ("densenet121", "caffe"): 60,
    ("googlenet", "caffe"): 60,
    ("vgg16", "caffe"): 30,
    ("resnet50", "darknet"): 50,
    ("mobilenet_v2", "darknet"): 60,
}


@pytest.mark.parametrize(("name", "form"), EXPORTED)
def test_files_of_other_tools_are_short_too(name, form):
    content = writer_for(None, form).write(load(name, Options()), 1).content
    data = content if isinstance(content, bytes) else content.encode()
    made = imported(ForeignFile("net", None, Limits(), data), Asked())
    assert made is not None
    assert made.text.count("\n") <= EXPORTED[name, form]


@pytest.mark.parametrize("seed", range(80))
def test_a_random_net_of_units_is_the_same_when_it_is_read_back(seed):
    text, names, sketch = said(flat(load_text(net_of_units(Random(seed)), "net.yaml", Options())))
    assert unlike(text, names, sketch, Limits()) == ""  # 1,500 were tried, of which 893 have flat blocks


DEFAULTS = """\
input: 3x8x8
layers:
  - conv 4 k3 p1 nobias
  - batchnorm eps=0.001
  - relu inplace
  - conv 4 k3 p1 nobias
  - batchnorm eps=0.001
  - relu inplace
  - conv 4 k3 p1 nobias
  - batchnorm eps=0.001
  - relu inplace
  - conv 5 k3 p1 nobias
  - batchnorm eps=0.001
  - relu inplace
  - conv 5 k3 p1
  - batchnorm
  - relu
"""


def test_what_most_layers_of_a_kind_say_is_a_default():
    text, names, sketch = said(flat(load_text(DEFAULTS, "net.yaml", Options())))
    assert unlike(text, names, sketch, Limits()) == ""
    assert "defaults: {conv: {bias: false}, batchnorm: {eps: 0.001}, relu: {inplace: true}}\n" in text
    assert text.endswith("  - conv 5 k3 p1 bias\n  - batchnorm eps=1e-05\n  - relu noinplace\n")


def many(count: int) -> str:
    """A net in which much is a little alike."""
    draw = Random(1)
    words = ["relu", "silu", "conv 8 k1", "conv 16 k1", "batchnorm"]
    lines = (draw.choice([*words, f"{{conv: 8 k1, name: x{number}}}"]) for number in range(count))
    return "input: 8x4x4\nlayers:\n" + "".join(f"  - {line}\n" for line in lines)


def calls_of(sketch):
    """How many functions are called until the text of a sketch is there."""
    calls = 0

    def called(_frame, event, _argument):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(called)
    try:
        text, names = structured(sketch, "net")
    finally:
        sys.setprofile(None)
    assert unlike(text, names, sketch, Limits()) == ""
    return calls


def test_the_search_for_blocks_ends_soon():
    """Of twice as many layers it takes twice as long: without a bound it would go over all of them again and again."""
    few, twice = (calls_of(chained(flat(load_text(many(count), "net.yaml", Options())))) for count in (3_000, 6_000))
    assert twice < 2.5 * few


KERAS = """\
name: net
input: 8x16x16
layers:
  - {conv: 8 k3 p1, name: stem_conv}
%s
  - {global_avgpool: , name: avg_pool}
"""
UNIT = """\
  - name: %(at)s_add
    add:
      - - {conv: %(out)s k3 p1, name: %(at)s_1_conv}
        - {batchnorm: , name: %(at)s_1_bn}
        - {relu: , name: %(at)s_1_relu}
        - {conv: %(twice)s k1, name: %(at)s_2_conv}
      - []
  - {relu: , name: %(at)s_out}
"""


def net(*units):
    """A net of such units."""
    made = (UNIT % {"at": at, "out": out, "twice": 8} for at, out in units)
    return load_text(KERAS % "".join(made).rstrip(), "net.yaml", Options())


REPEATED = """\
name: net
source: net
input: 8x16x16
blocks:
  block:
    with: {prefix: required, out: required}
    naming: flat
    layers:
      - name: $(prefix)_add
        add:
          - - {conv: $out k3 p1, name: $(prefix)_1_conv}
            - {batchnorm: , name: $(prefix)_1_bn}
            - {relu: , name: $(prefix)_1_relu}
            - {conv: 8 k1, name: $(prefix)_2_conv}
          - []
      - {relu: , name: $(prefix)_out}
layers:
  - {conv: 8 k3 p1, name: stem_conv}
  - {block: conv2_block$(i + 1) 16, repeat: 3}
  - block conv2_block5 16
  - block conv3_block1 32
  - {global_avgpool: , name: avg_pool}
"""


def test_what_begins_alike_is_a_block_and_counts_up():
    units = (*((f"conv2_block{one}", 16) for one in (1, 2, 3, 5)), ("conv3_block1", 32))
    text, names, sketch = said(flat(net(*units)))
    assert text == REPEATED
    assert unlike(text, names, sketch, Limits()) == ""


CAFFE = """\
name: net
input: 8x16x16
layers:
  - {conv: 8 k3 p1, name: conv1}
%s
"""
BRANCH = """\
  - name: res%(at)s
    add:
      - - {conv: %(out)s k3 p1, name: res%(at)s_branch2a}
        - {batchnorm: , name: bn%(at)s_branch2a}
        - {conv: 8 k1, name: res%(at)s_branch2b}
      - []
  - {relu: , name: res%(at)s_relu}
"""


def test_a_number_in_the_midst_of_names_is_an_argument_too():
    units = [BRANCH % {"at": at, "out": out} for at, out in (("2a", 16), ("2b", 16), ("3a", 32), ("3b12", 32))]
    graph = load_text(CAFFE % "".join(units).rstrip(), "net.yaml", Options())
    text, names, sketch = said(flat(graph))
    assert unlike(text, names, sketch, Limits()) == ""
    assert "with: {place: required, out: required}\n    naming: flat\n" in text
    assert "name: bn$(place)_branch2a}" in text
    assert text.endswith("  - conv_conv 2a 16\n  - conv_conv 2b 16\n  - conv_conv 3a 32\n  - conv_conv 3b12 32\n")


def test_a_number_that_would_be_read_otherwise_is_quoted():
    units = [BRANCH % {"at": at, "out": out} for at, out in (("2_1", 16), ("2_8", 16), ("3_2", 32), ("4_2", 24))]
    graph = load_text(CAFFE % "".join(units).rstrip(), "net.yaml", Options())
    text, names, sketch = said(flat(graph))
    assert unlike(text, names, sketch, Limits()) == ""
    assert '  - {conv_conv: {place: "2_1", out: 16}}\n' in text


STEMS = [
    (["conv2_block1_1_conv", "", "conv2_block1_out"], {("prefix", "conv2_block1")}),
    (["conv_1", "conv_12"], {("prefix", "conv"), ("conv", "1")}),
    (["res2a_branch1", "bn2a_branch1"], {("place", "2a")}),
    (["stem", "stem_bn"], {("prefix", "stem")}),
    (["conv4_3", "relu4_3"], {("place", "4_3")}),
    (["conv2d_7", "batch_norm_9", "conv2d_8"], {("conv2d", "7"), ("batch_norm", "9")}),
    (["alpha", "beta"], set()),
    (["$(prefix)_1_conv", "$(prefix)_1_bn"], {("prefix", "$(prefix)_1")}),
    (["conv$(i + 2)_a"], set()),
    (["335", "335_relu", "338"], {("number", "335")}),
]


@pytest.mark.parametrize(("names", "wanted"), STEMS, ids=[" ".join(names) for names, _ in STEMS])
def test_what_names_have_in_common(names, wanted):
    ways = list(stems(names))
    found = {pair for way in ways for pair in zip(way.arguments, way.values)}
    assert wanted <= found
    for way in ways:  # told with its values, each name is itself again
        told = [part.with_value(way.values[part.stem] if part.stem >= 0 else "") for part in way.names]
        assert told == names


def test_the_merges_of_a_dense_block_stand_in_its_layers():
    graph = load_text(rewrite("densenet121", "fold-batchnorm").yaml, "densenet121", Options())
    text, names, sketch = said(flat(graph))
    assert unlike(text, names, sketch, Limits()) == ""
    assert len(re.findall(r"concat", text)) <= 2
