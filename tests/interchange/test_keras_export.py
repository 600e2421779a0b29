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
    "alexnet", "cbam_resnet18", "convnext_v2_atto", "dcgan_generator", "densenet121", "edsr_baseline", "enet",
    "googlenet", "mobilenet_v2", "nasnet_mobile", "resnet18", "shufflenet_g2", "unet", "unet_3d", "vnet", "wavenet",
    "xception",
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


PROPORTIONAL = """
input: 3x32x32
blocks:
  unit:
    with: {out: required, padding: 1}
    layers: [conv $out k3 p$padding, relu, conv $(2 * out) k1, relu]
layers: [unit 64 padding=2, unit 96 padding=3, unit 128 padding=4]
"""


def test_features_are_no_multiple_of_a_border_that_they_are_in_proportion_to():
    program = written(load_text(PROPORTIONAL, "net", Options()), "keras")
    assert "def unit(x, padding, *, filters, name):" in program
    assert "layers.ZeroPadding2D(padding," in program
    assert "layers.Conv2D(filters, 3," in program and "layers.Conv2D(2 * filters, 1," in program


def layers(*notations, shape="3x9x9", dialect="torch"):
    """The layers of Keras by name: the class, and what is said of it."""
    graph = chain(shape, *notations, dialect=dialect)
    found = json.loads(written(graph))["config"]["layers"][1:]
    return {one["name"]: (one["class_name"], one["config"]) for one in found}


def test_names_that_keras_does_not_take_are_told_with_what_they_are():
    graph = load_text("input: 3x8x8\nlayers: [{conv: 4 k1, name: 卷积}, {conv: 4 k1, name: a-b}]", "net", Options())
    made = writer_for(None, "keras-json").write(graph, 1)
    assert [one["name"] for one in json.loads(made.content)["config"]["layers"]] == ["input", "layer", "a_b"]
    assert [note.partition(": ")[2] for note in made.notes] == ["`卷积` is `layer`, `a-b` is `a_b`"]


SEQUENCES = [
    ("6x5", "attention 2", ["MultiHeadAttention"]),
    ("5x6", "attention 3 axis=last nobias noproject_bias", ["Permute", "MultiHeadAttention", "Permute"]),
    ("4x3x5", "attention 2 key=5 value=4 out=8", ["MultiHeadAttention"]),
    ("6x5", "gru 4 layers=2", ["GRU", "GRU"]),
    ("6x5", "gru 4 bidirectional returns=final", ["Bidirectional"]),
    ("6x5", "lstm 4 biases=1", ["LSTM"]),
    ("6x5", "lstm 4", ["Pad", "LSTM"]),
    ("6x5", "rnn 4 layers=2 bidirectional", ["Pad", "Bidirectional", "Pad", "Bidirectional"]),
    ("1x4x4", "upsample size=6x5", ["Take", "Take"]),
    ("6x5", "constant 6x2 concat axis=1", ["Pad"]),
    ("6x5", "rnn 4 relu nobias", ["SimpleRNN"]),
    ("3x4x8x8", "convlstm 4 k3 same final", ["ConvLSTM2D"]),
    ("3x4x9", "convlstm 4 k3 s2 p1 nobias", ["ZeroPadding2D", "ConvLSTM1D"]),
    ("1x7", "embedding 9 4", ["Reshape", "Embedding"]),
    ("6x5", "parameter 6x2 concat axis=1 first", ["Flatten", "GetItem", "OnesLike", "Dense", "Reshape", "Concatenate"]),
    ("6x5", "positional", ["Flatten", "GetItem", "OnesLike", "Dense", "Reshape", "Add"]),
    ("6x5", "select 2 axis=1", ["GetItem", "Reshape"]),
    ("6x5", "rmsnorm", ["RMSNormalization"]),
]


@pytest.mark.parametrize(("shape", "notation", "kinds"), SEQUENCES, ids=str)
def test_what_sequences_are_made_of(shape, notation, kinds):
    """What is written is read back and held against the net by `write`; the classes are Keras's own."""
    assert [kind for kind, _ in layers(notation, shape=shape).values()] == kinds


@pytest.mark.parametrize(
    ("notation", "why"),
    [
        ("lstm 4 projection=2", "Keras's cells project no state"),
        ("rmsnorm noaffine", "with a learned scale"),
        ("positional sine", "no layer of fixed sines"),
    ],
)
def test_what_a_cell_or_an_attention_of_keras_has_not(notation, why):
    with pytest.raises(CnncalcError, match=why):
        layers(notation, shape="6x5")


@pytest.mark.parametrize(
    ("shape", "notation"),
    [
        ("8x8x8", "attention 2 w4 shift=2 relative"),
        ("8x8x8", "attention 2 w4x2 shift=0x1 cosine continuous=16"),
        ("8x8x8", "attention 2 w4 grid"),
        ("8x8x8", "attention 2 nobias"),
        ("8x4x6x4", "attention 2 w2x3x2 shift=1 relative"),
        ("12x8", "attention 2 axis=last scaled=all"),
        ("8x9", "attention 2 key=3 value=5 out=7 noproject_bias"),
        ("8x9", "attention 2 causal"),
        ("8x9", "attention 4 shared=2"),
        ("8x6", "constant 8x1 add"),
        ("8x6", "constant 8x1 concat axis=1"),
    ],
    ids=str,
)
def test_what_is_composed_reads_back_as_the_same_net(shape, notation):
    """`write` holds outputs, parameters and multiply–accumulates."""
    kinds = [kind for kind, _ in layers(notation, shape=shape).values()]
    assert "MultiHeadAttention" not in kinds
    assert kinds.count("Softmax") == notation.startswith("attention")


ODD = """
input: 3x8x8
layers:
  - {conv: 4 k1, name: class}
  - {conv: 4 k1, name: keras}
  - {conv: 4 k1, name: x}
  - {conv: 4 k1, name: a-b}
  - {conv: 4 k1, name: a_b}
  - {conv: 4 k1, name: 卷积}
  - {conv: 4 k1, name: 1st}
  - {conv: 4 k1, name: model}
  - {conv: 4 k1, name: number_one}
  - {parameter: 4x1x1 add, name: print}
"""


def test_names_that_collide_or_are_python_s_own_stay_apart():
    made = writer_for(None, "keras-json").write(load_text(ODD, "net", Options()), 1)
    names = [one["name"] for one in json.loads(made.content)["config"]["layers"]]
    assert len(names) == len(set(names))
    assert {"class", "keras", "x", "a_b", "a_b_2", "layer", "1st", "model"} <= set(names)
    assert "`a-b` is `a_b`" in " ".join(made.notes)
    tree = ast.parse(written(load_text(ODD, "net", Options()), "keras"))
    targets = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    assert targets.isdisjoint({"class", "keras", "layers", "ops", "print", "model"})


def test_the_program_of_odd_names_is_the_model_of_the_json():
    pytest.importorskip("keras")
    pytest.importorskip("numpy")
    from benchmarks.exports.nets import Case
    from benchmarks.exports.on_keras import program

    graph = load_text(ODD, "net", Options())
    assert program(Case("odd", graph, graph)) == []


@pytest.mark.parametrize("form", ["keras", "keras-json"])
def test_lengths_that_are_open_are_refused_with_the_way_out(form):
    with pytest.raises(CnncalcError, match="a model of Keras is written for an input in numbers") as caught:
        written(load("lenet5", Options(input="1xHxW", symbols=True)), form)
    assert "`--input 3x224x224`" in str(caught.value)


def test_a_layers_model_of_tensorflow_js_reads_back():
    graph = load("squeezenet1_1", Options())
    topology = {"keras_version": "3.0.0", "model_config": json.loads(written(graph))}
    back = read(json.dumps({"format": "layers-model", "modelTopology": topology, "weightsManifest": []}), "model.json")
    assert (back.params, back.macs) == (report(graph).totals.params, report(graph).totals.macs)


def test_keras_takes_the_json(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    graph = load("squeezenet1_1", Options())
    made = keras.models.model_from_json(written(graph))
    assert made.count_params() == report(graph).totals.params


def test_what_repeats_is_a_function_and_a_loop():
    program = written(load("resnet50", Options()), "keras")
    assert program.count("def bottleneck") == 2
    assert '    for i in range(1, 6):\n        x = bottleneck(x, 256, name=f"layer3_{i}")\n' in program
    assert "layers.Conv2D(4 * filters, 1," in program
    assert len(program.splitlines()) <= 90
    assert max(map(len, program.splitlines())) <= 88


@pytest.mark.parametrize(("dialect", "params", "made"), [("torch", 32, (5, 4)), ("keras", 24, (4, 7))])
def test_the_last_axis_is_that_of_the_dialect(tmp_path, dialect, params, made):
    (tmp_path / "net.yaml").write_text(f"{{input: 5x7, dialect: {dialect}, layers: [linear 4 axis=last]}}")
    net = load(str(tmp_path / "net.yaml"))
    net.export(str(tmp_path / "net.json"), to="keras-json")
    for one in (net, load(str(tmp_path / "net.json"))):
        found = one.report()
        assert (found.totals.params, list(found.outputs.values())) == (params, [(1, *made)])
