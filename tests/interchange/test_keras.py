"""Keras models of every form: each layer's shape and parameters as Keras makes them, and files that are broken."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import random
import sys
import time
import zipfile
from pathlib import Path

import pytest
from keras_cases import CASES

from cnncalc import report
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.options import Options


def old(name, node=0, tensor=0):
    """A tensor as Keras 2 names it."""
    return [name, node, tensor, {}]


def new(name, node=0, tensor=0, shape=()):
    """A tensor as Keras 3 names it."""
    config = {"shape": [None, *shape] if shape else None, "dtype": "float32", "keras_history": [name, node, tensor]}
    return {"class_name": "__keras_tensor__", "config": config}


def layer(kind, name, nodes=(), **config):
    return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": list(nodes)}


def entering(name, shape, key="batch_shape"):
    return layer("InputLayer", name, **{key: [None, *shape]})


def functional(layers, inputs=("x",), outputs=("y",), kind="Functional"):
    ends = {"input_layers": [[name, 0, 0] for name in inputs], "output_layers": [[name, 0, 0] for name in outputs]}
    return {"class_name": kind, "config": {"name": "net", "layers": layers, **ends}}


@pytest.fixture
def graph_of(tmp_path):
    """The net of a configuration."""

    def made(root, name="model.json", **options):
        file = tmp_path / name
        file.write_text(json.dumps(root), encoding="utf-8")
        return load(str(file), Options(**options))

    return made


def params(graph):
    return report(graph).totals.params


def shapes(graph):
    """The outputs as Keras writes them."""
    return [(*shape[1:], shape[0]) for shape in (graph.nodes[end].shape for end in graph.outputs.values())]


def known(shape):
    return tuple(one for one in shape if one is not None)


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)])
def test_a_layer_is_what_keras_makes_of_it(graph_of, case):
    kind, config, shape, output, expected = case
    graph = graph_of(functional([entering("x", shape), layer(kind, "y", [[old("x")]], **config)]))
    assert params(graph) == expected
    assert [one[-len(known(output)) :] for one in shapes(graph)] == [known(output)]


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)])
def test_the_cases_are_those_of_keras(case, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    kind, config, shape, output, expected = case
    x = keras.Input(shape)
    y = getattr(keras.layers, kind)(**config)(x)
    assert keras.Model(x, y).count_params() == expected
    assert list(y.shape[1:]) == output


# -- forms --

CNN = [
    layer("Conv2D", "conv", filters=4, kernel_size=[3, 3], padding="same", activation="relu"),
    layer("BatchNormalization", "bn"),
    layer("Flatten", "flat"),
    layer("Dense", "fc", units=10, activation="softmax"),
]
CNN_PARAMS = (27 * 4 + 4) + 4 * 4 + (8 * 8 * 4 * 10 + 10)


def chained(node):
    """The layers of `CNN`, each taking the one before."""
    names = ["x", *(one["name"] for one in CNN)]
    return [{**one, "inbound_nodes": [node(before)]} for before, one in zip(names, CNN)]


FIRST = {**CNN[0], "config": {**CNN[0]["config"], "batch_input_shape": [None, 8, 8, 3]}}
SEQUENTIAL = {"class_name": "Sequential", "config": {"name": "net", "layers": [entering("x", (8, 8, 3)), *CNN]}}
OLD = [entering("x", (8, 8, 3), "batch_input_shape"), *chained(lambda one: [old(one)])]
NEW = [entering("x", (8, 8, 3)), *chained(lambda one: {"args": [new(one)], "kwargs": {}})]
FORMS = {
    "Keras 2": functional(OLD, outputs=["fc"]),
    "Model of Keras 2": functional(OLD, outputs=["fc"], kind="Model"),
    "Keras 3": functional(NEW, outputs=["fc"]),
    "sequence": SEQUENTIAL,
    "list of Keras 1": {"class_name": "Sequential", "config": [FIRST, *CNN[1:]]},
    "sequence that was built": {
        "class_name": "Sequential",
        "config": {"name": "net", "layers": CNN, "build_input_shape": [None, 8, 8, 3]},
    },
}


@pytest.mark.parametrize("root", FORMS.values(), ids=FORMS)
def test_every_form_is_the_same_net(graph_of, root):
    graph = graph_of(root)
    assert params(graph) == CNN_PARAMS
    assert shapes(graph) == [(10,)]
    assert report(graph).totals.buffers == 8
    assert graph.dialect == "keras"


def wrapped(root):
    return {"modelTopology": {"keras_version": "2.1", "model_config": root}, "weightsManifest": []}


def test_layers_models_of_tfjs(graph_of):
    assert params(graph_of({"format": "layers-model", **wrapped(SEQUENTIAL)})) == CNN_PARAMS
    assert params(graph_of(wrapped(SEQUENTIAL))) == CNN_PARAMS


def test_archives(tmp_path):
    file = tmp_path / "model.keras"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("config.json", json.dumps(SEQUENTIAL))
        archive.writestr("model.weights.h5", b"never read")
    assert params(load(str(file), Options())) == CNN_PARAMS


def test_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py")
    file = tmp_path / "model.h5"
    with h5py.File(file, "w") as opened:
        opened.attrs["model_config"] = json.dumps(SEQUENTIAL)
    assert params(load(str(file), Options())) == CNN_PARAMS
    with h5py.File(file, "w") as opened:
        opened.attrs["layer_names"] = ["conv"]
    with pytest.raises(CnncalcError, match="holds no model, only data"):
        load(str(file), Options())


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the library's process is bounded on Linux")
@pytest.mark.parametrize(
    "does", ["while True: pass", "import os; os.abort()", "print('{')", "raise OSError('no tree')"]
)
def test_what_a_broken_file_does_to_the_hdf5_library_is_told(tmp_path, monkeypatch, does):
    (tmp_path / "h5py.py").write_text(f"def File(*_):\n    {does}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "h5py", raising=False)
    file = tmp_path / "model.h5"
    file.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(CnncalcError, match=r"is a broken HDF5 file\n  (no tree|the HDF5 library took too long)"):
        load(str(file), Options())


def test_hdf5_without_h5py(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    file = tmp_path / "model.h5"
    file.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(CnncalcError, match=r"pip install 'cnncalc\[keras\]'"):
        load(str(file), Options())


# -- graphs --


def test_a_layer_that_is_called_twice_counts_once(graph_of):
    dense = layer("Dense", "fc", [[old("a")], [old("b")]], units=5)
    total = layer("Add", "y", [[old("fc"), old("fc", 1)]])
    graph = graph_of(functional([entering("a", (4,)), entering("b", (4,)), dense, total], ["a", "b"]))
    assert params(graph) == 4 * 5 + 5
    assert [node.name for node in graph.nodes][:4] == ["a", "b", "fc", "fc_2"]


def test_a_model_that_is_called_twice_counts_once(graph_of):
    inner = {**SEQUENTIAL, "name": "inner", "inbound_nodes": [[old("a")], [old("b")]]}
    merged = layer("Concatenate", "y", [[old("inner"), old("inner", 1)]])
    graph = graph_of(functional([entering("a", (8, 8, 3)), entering("b", (8, 8, 3)), inner, merged], ["a", "b"]))
    assert params(graph) == CNN_PARAMS
    assert shapes(graph) == [(20,)]
    assert "inner.conv" in {node.name for node in graph.nodes}


def test_layers_stand_in_any_order(graph_of):
    root = functional([entering("x", (8, 8, 3)), *chained(lambda one: [old(one)])[::-1]], outputs=["fc"])
    assert params(graph_of(root)) == CNN_PARAMS


def test_a_layer_at_every_time_step(graph_of):
    conv = layer("Conv2D", "conv", filters=4, kernel_size=[3, 3], strides=[2, 2])
    pool = layer("GlobalAveragePooling2D", "pool")
    timed = [
        layer("TimeDistributed", "a", [[old("x")]], layer=conv),
        layer("TimeDistributed", "y", [[old("a")]], layer=pool),
    ]
    graph = graph_of(functional([entering("x", (5, 9, 9, 3)), *timed]))
    assert params(graph) == 27 * 4 + 4
    assert shapes(graph) == [(5, 4)]


# What Keras 3.15.1 counts of these on 16 x 4: `Model.count_params()` and the output.
LSTM = {"class_name": "LSTM", "config": {"units": 7}}
GRU = {"class_name": "GRU", "config": {"units": 7, "return_sequences": True, "reset_after": True}}


@pytest.mark.parametrize(
    ("config", "output", "expected"),
    [
        ({"layer": LSTM, "merge_mode": "concat"}, (14,), 672),
        ({"layer": GRU, "merge_mode": "sum"}, (16, 7), 546),
        ({"layer": GRU, "merge_mode": "ave"}, (16, 7), 546),
    ],
)
def test_both_directions(graph_of, config, output, expected):
    graph = graph_of(functional([entering("x", (16, 4)), layer("Bidirectional", "y", [[old("x")]], **config)]))
    assert params(graph) == expected
    assert shapes(graph) == [output]


@pytest.mark.parametrize(
    ("config", "output", "expected"),
    [
        ({"num_heads": 2, "key_dim": 6}, (12, 8), 428),
        ({"num_heads": 2, "key_dim": 6, "value_dim": 5, "output_shape": [9], "use_bias": False}, (12, 9), 362),
    ],
)
def test_attention(graph_of, config, output, expected):
    """On 12 x 8, as Keras 3.15.1 counts; the query is the value."""
    node = [old("x"), ["x", 0, 0, {}]]
    graph = graph_of(functional([entering("x", (12, 8)), layer("MultiHeadAttention", "y", [node], **config)]))
    assert params(graph) == expected
    assert shapes(graph) == [output]


def test_places_and_parts(graph_of):
    def cut(start, stop, step=None):
        return {"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}}

    parts = [
        operation("GetItem", "a", [new("x"), [cut(None, None), cut(1, None, 2), 0, cut(None, -1)]]),
        operation("Stack", "b", [[new("a"), new("a")]], axis=1),
        operation("Split", "y", [new("b")], indices_or_sections=3, axis=-1),
    ]
    root = functional([entering("x", (8, 8, 4)), *parts])
    root["config"]["output_layers"] = [["y", 0, number] for number in range(3)]
    assert shapes(graph_of(root)) == [(2, 4, 1)] * 3


def operation(kind, name, args, **config):
    node = {"args": args, "kwargs": {}}
    return {**layer(kind, name, [node], **config), "module": "keras.src.ops.numpy"}


def test_operations_are_layers(graph_of):
    parts = [
        operation("Mean", "m", [new("x")], axis=[1, 2], keepdims=True),
        operation("Multiply", "s", [new("x"), new("m")]),
        operation("Add", "p", [new("s"), 1.0]),
        operation("Reshape", "y", [new("p")], newshape=[-1, 256]),
    ]
    graph = graph_of(functional([entering("x", (8, 8, 4)), *parts]))
    assert shapes(graph) == [(256,)]
    assert params(graph) == 0


def test_operations_of_keras_2(graph_of):
    node = [["x", 0, 0, {"y": 2.0}]]
    parts = [layer("TFOpLambda", "y", [node], function="math.multiply")]
    assert shapes(graph_of(functional([entering("x", (8, 8, 4)), *parts]))) == [(8, 8, 4)]


def test_channels_first(graph_of):
    conv = layer("Conv2D", "c", [[old("x")]], filters=5, kernel_size=3, data_format="channels_first")
    bn = layer("BatchNormalization", "y", [[old("c")]], axis=1)
    graph = graph_of(functional([entering("x", (3, 8, 8)), conv, bn]))
    assert params(graph) == (27 * 5 + 5) + 20
    assert graph.nodes[-1].shape == (5, 6, 6)


def test_open_sizes_have_a_stand_in(graph_of):
    conv = layer("Conv2D", "y", [[old("x")]], filters=5, kernel_size=3, padding="same")
    root = functional([entering("x", (None, None, 3)), conv])
    assert shapes(graph_of(root)) == [(224, 224, 5)]
    assert shapes(graph_of(root, input="3x32x48")) == [(32, 48, 5)]


def test_shapes_that_the_file_states_are_held_against_ours(graph_of):
    conv = layer("Conv2D", "c", [{"args": [new("x", shape=(8, 8, 3))]}], filters=4, kernel_size=3)
    right = functional([entering("x", (8, 8, 3)), conv, layer("ReLU", "y", [{"args": [new("c", shape=(6, 6, 4))]}])])
    assert shapes(graph_of(right)) == [(6, 6, 4)]
    wrong = functional([entering("x", (8, 8, 3)), conv, layer("ReLU", "y", [{"args": [new("c", shape=(8, 8, 4))]}])])
    with pytest.raises(CnncalcError, match="the file says 8x8x4, and it comes to 6x6x4"):
        graph_of(wrong)


# -- errors --


def test_unknown_layers_are_listed_together(graph_of):
    parts = [layer("Foo", "a", [[old("x")]]), layer("Bar", "b", [[old("a")]]), layer("Foo", "y", [[old("b")]])]
    with pytest.raises(CnncalcError) as caught:
        graph_of(functional([entering("x", (8, 8, 4)), *parts]))
    (fault,) = caught.value.faults
    assert "Foo" in fault.values
    assert "Bar" in fault.values


FAULTS = [
    (layer("Conv2D", "y", [[old("x")]], filters=0, kernel_size=3), "`filters` is a whole number from 1"),
    (
        layer("Conv2D", "y", [[old("x")]], filters=4, kernel_size=[3, 3, 3]),
        "`kernel_size` is a length for each of 2 axes",
    ),
    (layer("Conv2D", "y", [[old("x")]], filters=4, kernel_size=30), "does not fit its input"),
    (layer("Conv2D", "y", [[old("q")]], filters=4, kernel_size=3), "a layer takes what no layer makes"),
    (layer("Conv2D", "y", [[old("y")]], filters=4, kernel_size=3), "take each other in a circle"),
    (layer("Reshape", "y", [[old("x")]], target_shape=[7, 7]), "a reshape keeps the number of elements"),
    (layer("Permute", "y", [[old("x")]], dims=[1, 1, 2]), "`dims` names every axis once"),
    (layer("Concatenate", "y", [[old("x"), old("x")]], axis=9), "an axis lies outside the tensor"),
    (layer("Lambda", "y", [[old("x"), old("x")]]), "what a Lambda does cannot be read"),
    (layer("Activation", "y", [[old("x")]], activation="wavy"), "not known"),
    ({"class_name": "Conv2D", "config": 3, "name": "y", "inbound_nodes": []}, "has no configuration"),
]


@pytest.mark.parametrize(("wrong", "message"), FAULTS, ids=[message for _, message in FAULTS])
def test_what_is_wrong_is_said(graph_of, wrong, message):
    with pytest.raises(CnncalcError) as caught:
        graph_of(functional([entering("x", (8, 8, 4)), wrong]))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"class_name": "MyModel", "config": {}}', "no Keras model of layers"),
        (b'{"class_name": "Functional", "config": ', "broken JSON"),
        (b'{"class_name": ' + b"[" * 100_000, "nested too deep"),
        (b'{"class_name": "Sequential", "config": {"layers": []}}', "the model has no layers"),
        (b'{"class_name": "Functional", "config": "\xff"}', "no text in UTF-8"),
        (b"PK\x03\x04 config.json", "broken zip archive"),
    ],
)
def test_files_that_are_none(tmp_path, content, message):
    file = tmp_path / "model.json"
    file.write_bytes(content)
    with pytest.raises(CnncalcError, match=message):
        load(str(file), Options())


def layer_of(kind, **config):
    return {"class_name": kind, "config": {"name": kind.lower(), **config}}


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ([layer_of("Foo"), layer_of("Conv2D", filters="x"), layer_of("Bar")], ["`Foo` 1 ×, `Bar` 1 ×"]),
        ([layer_of("Conv2D", filters="x"), layer_of("Bar")], ["it is x", "`Bar` 1 ×"]),
        ([layer_of("Foo"), layer_of("TimeDistributed", layer=layer_of("Bar"))], ["`Foo` 1 ×, `Bar` 1 ×"]),
        (
            [layer_of("Conv2D"), layer_of("Pipeline", layers=[layer_of("Foo"), layer_of("Bar")])],
            ["it is", "`Foo` 1 ×, `Bar` 1 ×"],
        ),
        ([layer_of("Conv2D"), layer_of("Pipeline", layers=5)], ["it is"]),
        ([layer_of("Conv2D"), layer_of("Sequential", layers=[layer_of("Foo")])], ["it is", "`Foo` 1 ×"]),
    ],
)
def test_all_layers_that_are_not_known_are_told_whatever_else_is_wrong(layers, told, tmp_path):
    file = tmp_path / "model.json"
    entering = layer_of("InputLayer", batch_input_shape=[None, 4, 8, 8, 3])
    file.write_text(json.dumps(layer_of("Sequential", layers=[entering, *layers])))
    with pytest.raises(CnncalcError) as raised:
        load(str(file), Options())
    assert len(raised.value.faults) == len(told)
    assert all(values in str(fault.values) for values, fault in zip(told, raised.value.faults))


def test_an_archive_that_swells_is_refused(tmp_path):
    file = tmp_path / "model.keras"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 300_000_000)
    with pytest.raises(CnncalcError, match="no text of a net packs so far"):
        load(str(file), Options())


def test_how_far_a_bound_is_to_be_raised_is_said_where_it_is_known(tmp_path):
    file = tmp_path / "model.keras"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", b" " * 30_000_000)
    with pytest.raises(CnncalcError, match="--limit text=30000000"):
        load(str(file), Options())


def bundle():
    """A `.keras` file's bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(SEQUENTIAL))
    return content.getvalue()


def any_value(chance):
    return chance.choice([None, -1, 0, 10**18, 1e308, "x", [], {}, [[[]]], [1, 2, 3, 4, 5], True, "same", ["x", 0, 0]])


def spoiled(value, chance):
    """A JSON document with one value in it replaced, left out or doubled."""
    root = copy.deepcopy(value)
    places = []
    waiting = [root]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one))
        places += [(one, key) for key in keys]
        waiting += [one[key] for key in keys if isinstance(one[key], (dict, list))]
    holder, key = chance.choice(places)
    if chance.random() < 0.3 and isinstance(holder, dict):
        del holder[key]
    elif chance.random() < 0.2 and isinstance(holder, list):
        holder *= 2
    else:
        holder[key] = any_value(chance)
    return root


@pytest.mark.parametrize("seed", range(150))
def test_any_broken_file_ends_in_an_answer_or_an_error(tmp_path, seed):
    chance = random.Random(seed)
    file = tmp_path / "model.json"
    if seed % 3:
        root = FORMS["Keras 3"]
        for _ in range(chance.randint(1, 3)):
            root = spoiled(root, chance)
        file.write_text(json.dumps(root), encoding="utf-8")
    else:
        data = bytearray(bundle())
        for _ in range(chance.randint(1, 5)):
            data[chance.randrange(4, len(data))] = chance.randrange(256)
        file.write_bytes(data[: chance.randrange(4, len(data) + 1)] if chance.random() < 0.5 else data)
    begun = time.monotonic()
    with contextlib.suppress(CnncalcError):
        assert load(str(file), Options()).outputs
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("kind", ["BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization"])
def test_what_norms_add_to_the_variance_is_the_files(graph_of, kind):
    own = {"groups": 2} if kind == "GroupNormalization" else {}
    graph = graph_of(functional([entering("x", [8, 9, 4]), layer(kind, "y", [[old("x")]], epsilon=2e-5, **own)]))
    assert graph.nodes[-1].layer.eps == 2e-5


def test_masks_are_no_layers(graph_of):
    """As Keras 3 writes a table whose rows of zeros are left out, and a cell that minds them."""
    ops = {"module": "keras.src.ops.numpy", "registered_name": "NotEqual"}
    compared = {**layer("NotEqual", "not_equal", [{"args": [new("x", shape=(12,)), 0], "kwargs": {}}]), **ops}
    table = layer(
        "Embedding", "table", [{"args": [new("x")], "kwargs": {}}], input_dim=50, output_dim=8, mask_zero=True
    )
    called = {"args": [new("table")], "kwargs": {"mask": new("not_equal")}}
    cell = layer("LSTM", "y", [called], units=4)
    graph = graph_of(functional([entering("x", (12,)), compared, table, cell]))
    assert (params(graph), list(graph.outputs)) == (400 + 208, ["y"])


DOTS = [
    # both shapes, axes; the output as Keras 3.15.1 has it, channels last
    ((12, 8), (12, 8), 2, (12, 12)),
    ((12, 8), (12, 5), 1, (8, 5)),
    ((12, 8), (8,), [2, 1], (12,)),
    ((4, 5, 6), (7, 6), [3, 2], (4, 5, 7)),
    ((8,), (8,), 1, (1,)),
]


@pytest.mark.parametrize(("first", "second", "axes", "made"), DOTS)
def test_dot_sums_up_an_axis_of_each(graph_of, first, second, axes, made):
    called = {"args": [[new("a"), new("b")]], "kwargs": {}}
    root = functional([entering("a", first), entering("b", second), layer("Dot", "y", [called], axes=axes)], ("a", "b"))
    graph = graph_of(root)
    (shape,) = [graph.nodes[one].shape for one in graph.outputs.values()]
    assert tuple(shape) == (*made[-1:], *made[:-1])


@pytest.mark.parametrize("more", [{"axes": 0}, {"axes": 5}, {"axes": None}])
def test_other_dots_are_told(graph_of, more):
    called = {"args": [[new("a"), new("b")]], "kwargs": {}}
    root = functional([entering("a", (4, 3)), entering("b", (4, 3)), layer("Dot", "y", [called], **more)], ("a", "b"))
    with pytest.raises(CnncalcError, match="`Dot`"):
        graph_of(root)
