"""Nets as models of Keras: what is written reads back as the same net, and what Keras has not is told."""

from __future__ import annotations

import ast
import json
from random import Random

import pytest
from networks import network
from reading import read

from cnncalc import Options, chain, load, report
from cnncalc.errors import CnncalcError
from cnncalc.interchange.writers import writer_for
from cnncalc.language import load_text

NETS = (
    "alexnet", "cbam_resnet18", "convnext_v2_atto", "dcgan_generator", "densenet121", "edsr_baseline", "enet", "googlenet",
    "mobilenet_v2", "nasnet_mobile", "resnet18", "shufflenet_g2", "unet", "unet_3d", "vnet", "wavenet", "xception",
)  # fmt: skip


def written(graph, form="keras-json"):
    return writer_for(None, form).write(graph, 1).content


@pytest.mark.parametrize("net", NETS)
def test_a_bundled_net_comes_back(net):
    graph = load(net, Options())
    back = read(written(graph), "net.json")
    totals = report(graph).totals
    statistics = totals.buffers if graph.dialect != "keras" else 0
    assert back.params == totals.params + statistics


def test_random_networks_come_back():
    """`write` holds the outputs, the parameters and the multiply–accumulates of what it reads back."""
    said = 0
    for index in range(140):
        random = Random(f"keras writer/{index}")
        text = network(random, random.choice(("keras", "torch"))).text
        graph = load_text(text, "net", Options())
        try:
            program = written(graph, "keras")
        except CnncalcError as error:
            assert "cannot be said" not in str(error), text  # noqa: PT017  (refused by name, never for what it became)
            continue
        ast.parse(program)
        said += 1
    assert said > 40


def layers(*notations, shape="3x9x9", dialect="torch"):
    """The layers of Keras, by name: the class and what is said of it."""
    graph = chain(shape, *notations, dialect=dialect)
    found = json.loads(written(graph))["config"]["layers"][1:]
    return {one["name"]: (one["class_name"], {k: v for k, v in one["config"].items() if k != "name"}) for one in found}


@pytest.mark.parametrize(
    ("notation", "dialect", "classes"),
    [
        ("conv 4 k3 p1", "torch", ["Conv2D same"]),
        ("conv 4 k3 s2 p1", "torch", ["ZeroPadding2D", "Conv2D"]),
        ("conv 4 k3 s2 same", "keras", ["Conv2D same"]),
        ("maxpool k3 s2 p1", "torch", ["Pad", "MaxPooling2D"]),
        ("maxpool k2 s2 ceil", "torch", ["Pad", "MaxPooling2D"]),
        ("deconv 4 k4 s2 p1", "torch", ["Conv2DTranspose", "Cropping2D"]),
        ("deconv 4 k4 s2 same", "keras", ["Conv2DTranspose same"]),
        ("flatten", "torch", ["Permute", "Flatten"]),
        ("flatten", "keras", ["Flatten"]),
        ("maxout 3", "torch", ["Reshape", "Max"]),
    ],
)
def test_what_a_layer_becomes(notation, dialect, classes):
    found = [
        f"{kind} {said.get('padding', '')}".removesuffix(" ")
        for kind, said in layers(notation, dialect=dialect).values()
    ]
    assert [one if isinstance(one, str) and "[" not in one else one.split()[0] for one in found] == [
        one if "Zero" not in one else f"{one} 1" for one in classes
    ]


def test_zeros_border_a_pool_where_nothing_is_below_zero():
    assert [kind for kind, _ in layers("relu", "maxpool k3 s2 p1").values()] == [
        "ReLU",
        "ZeroPadding2D",
        "MaxPooling2D",
    ]


@pytest.mark.parametrize(
    ("notation", "why"),
    [
        ("conv 4 k3 s2 d2", "no stride together with a dilation"),
        ("deconv 6 k2 g3", "no groups"),
        ("maxpool k2 d2", "no dilation"),
        ("lrn 5", "no layer of Keras for `lrn`"),
        ("batchnorm nostats", "keeps running statistics"),
    ],
)
def test_what_keras_has_not_is_told(notation, why):
    with pytest.raises(CnncalcError) as error:
        written(chain("3x9x9", notation))
    assert why in str(error.value)


def test_shared_and_frozen_layers():
    text = "input: 4x9x9\nlayers:\n- {conv: 4 k3 p1, name: a}\n- relu\n- {conv: 4 k3 p1, share: a}\n- {linear: 2 axis=last, trainable: false}\n"
    graph = load_text(text, "net", Options())
    made = {one["name"]: one for one in json.loads(written(graph))["config"]["layers"]}
    assert len(made["a"]["inbound_nodes"]) == 2
    assert made["linear1_dense"]["config"]["trainable"] is False
    program = written(graph, "keras")
    assert program.count("layers.Conv2D") == 1
    assert program.count("= a(") == 2


def test_a_program_names_builtins_and_keywords_otherwise():
    text = "input: 4x9x9\nlayers:\n- {conv: 4 k1, name: class}\n- relu\n- {add: {from: [class, relu1]}, name: 1st}\n- {add: {from: [class, 1st]}}\n"
    program = written(load_text(text, "net", Options()), "keras")
    assert "class_ = layers.Conv2D" in program
    assert "_1st = layers" in program or 'x = layers.Add(name="1st")' in program
    ast.parse(program)
