"""Keras's layers at every time step, tensors of many axes, scores, unused outputs, operations; by Keras 3.15."""

from __future__ import annotations

import json
import time

import pytest
from test_keras import entering, functional, layer, new, operation

from cnncalc import CnncalcError, load, report

SLICE = {"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}
MAP, FILM, VOLUMES = (12, 10, 6), (4, 12, 10, 3), (4, 6, 6, 6, 2)


@pytest.fixture
def read(tmp_path):
    """The net of layers behind inputs of these shapes."""

    def made(layers, *shapes, ends=(("y", 0, 0),)):
        names = [f"x{number}" for number, _ in enumerate(shapes)]
        inputs = [entering(name, shape) for name, shape in zip(names, shapes)]
        path, root = tmp_path / "net.json", functional([*inputs, *layers], names)
        root["config"]["output_layers"] = [list(end) for end in ends]
        path.write_text(json.dumps(root))
        return load(path)

    return made


def called(*names, **more):
    return {"args": [new(name) for name in names], "kwargs": more}


def params(graph):
    return report(graph).totals.params


def outputs(graph):
    return [(*shape[1:], shape[0]) for shape in (graph.nodes[end].shape for end in graph.outputs.values())]


LSTM, GRU = (layer(kind, kind.lower(), units=5, return_sequences=True, reset_after=True) for kind in ("LSTM", "GRU"))
ENCODER = {
    "class_name": "Sequential",
    "config": {
        "name": "inner",
        "layers": [
            entering("i", (12, 8)),
            layer("LSTM", "a", units=6, return_sequences=True),
            layer("LSTM", "b", units=4),
        ],
    },
}
STEPPED = [
    (LSTM, (3, 12, 8), 280, (3, 12, 5)),
    (layer("Bidirectional", "b", layer=GRU), (3, 12, 8), 450, (3, 12, 10)),
    (layer("RNN", "r", cell={"class_name": "LSTMCell", "config": {"units": 4}}), (3, 12, 8), 208, (3, 4)),
    (layer("ConvLSTM1D", "c", filters=4, kernel_size=3), FILM, 352, (4, 8, 4)),
    (ENCODER, (3, 12, 8), 536, (3, 4)),
    (layer("Conv3D", "c", filters=4, kernel_size=2, strides=2), VOLUMES, 68, (4, 3, 3, 3, 4)),
    (
        layer("TimeDistributed", "t", layer=layer("Conv2D", "c", filters=4, kernel_size=3)),
        VOLUMES,
        76,
        (4, 6, 4, 4, 4),
    ),
]


@pytest.mark.parametrize(("inner", "shape", "expected", "out"), STEPPED, ids=[row[0]["class_name"] for row in STEPPED])
def test_what_has_steps_of_its_own_runs_at_every_step(read, inner, shape, expected, out):
    graph = read([layer("TimeDistributed", "y", [called("x0")], layer=inner)], shape)
    assert (params(graph), outputs(graph)) == (expected, [out])


def test_each_step_costs_what_one_costs(read):
    alone = read([layer("LSTM", "y", [called("x0")], units=5)], (12, 8))
    graph = read([layer("TimeDistributed", "y", [called("x0")], layer=layer("LSTM", "i", units=5))], (3, 12, 8))
    assert report(graph).totals.macs == 3 * report(alone).totals.macs == 3 * 12 * 20 * (8 + 5)


def test_many_steps_are_told_in_time(read):
    inner, start = layer("LSTM", "i", units=2), time.perf_counter()
    for depth in range(4):
        with pytest.raises(CnncalcError, match="at most 64 steps"):
            read([layer("TimeDistributed", "y", [called("x0")], layer=inner)], (*[64] * depth, 65, 5, 8))
        inner = layer("TimeDistributed", "t", layer=inner)
    assert time.perf_counter() - start < 8


AXES = [
    (layer("BatchNormalization", "y", [called("x0")]), 8, VOLUMES),
    (layer("BatchNormalization", "y", [called("x0")], axis=1), 16, VOLUMES),
    (layer("Dense", "y", [called("x0")], units=7), 21, (4, 6, 6, 6, 7)),
    (layer("Flatten", "y", [called("x0")]), 0, (1728,)),
    (layer("Permute", "y", [called("x0")], dims=[2, 1, 3, 5, 4]), 0, (6, 4, 6, 2, 6)),
    (layer("ConvLSTM3D", "y", [called("x0")], filters=4, kernel_size=3, padding="same"), 2608, (6, 6, 6, 4)),
]


@pytest.mark.parametrize(("one", "expected", "out"), AXES, ids=[f"{row[0]['class_name']}-{row[1]}" for row in AXES])
def test_five_axes(read, one, expected, out):
    graph = read([one], VOLUMES)
    assert (params(graph), outputs(graph)) == (expected, [out])


@pytest.mark.parametrize(
    ("kind", "shape", "expected", "out"),
    [
        ("ConvLSTM1D", (4, 9, 3), 352, (4, 5, 4)),
        ("ConvLSTM2D", (3, 9, 8, 3), 1024, (3, 5, 4, 4)),
        ("ConvLSTM3D", (3, 7, 6, 5, 2), 2608, (3, 4, 3, 3, 4)),
    ],
)
def test_maps_that_recur_behind_an_odd_border(read, kind, shape, expected, out):
    """`same` with a stride of 2: where the length is even, one zero comes after the map, and none before."""
    own = {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "return_sequences": True}
    graph = read([layer(kind, "y", [called("x0")], **own)], shape)
    assert (params(graph), outputs(graph)) == (expected, [out])


def test_scores_of_attention_come_out(read):
    ends = [("y", 0, 0), ("y", 0, 1)]
    many = layer("MultiHeadAttention", "y", [called("x0", "x0")], num_heads=3, key_dim=4, use_bias=False)
    graph = read([many], (12, 8), ends=ends)
    assert (params(graph), outputs(graph)) == (384, [(12, 8), (3, 12, 12)])
    plain = layer("Attention", "y", [{"args": [[new("x0"), new("x1")]], "kwargs": {}}])
    assert outputs(read([plain], (12, 8), (7, 8), ends=ends)) == [(12, 8), (12, 7)]


def test_a_table_is_also_a_matrix(read):
    table = layer("ReversibleEmbedding", "e", [called("x0"), called("d", reverse=True)], input_dim=20, output_dim=6)
    dense = layer("Dense", "d", [called("e")], units=6)
    graph = read([table, dense], (10,), ends=[("e", 1, 0)])
    assert (params(graph), outputs(graph)) == (162, [(10, 20)])


def test_a_table_the_other_way_round_may_be_one_of_its_own(read):
    untied = {"input_dim": 20, "output_dim": 6, "tie_weights": False}
    table = layer("ReversibleEmbedding", "e", [called("x0"), called("d", reverse=True)], **untied)
    dense = layer("Dense", "d", [called("e")], units=6)
    graph = read([table, dense], (10,), ends=[("e", 1, 0)])
    assert (params(graph), outputs(graph)) == (2 * 120 + 42, [(10, 20)])


def within(*more, outputs):
    """A model of a convolution and a pool, which is called twice."""
    one = functional(
        [
            entering("i", MAP),
            layer("Conv2D", "c", [called("i")], filters=6, kernel_size=3, padding="same"),
            layer("MaxPooling2D", "p", [called("c")]),
            *more,
        ],
        ["i"],
        outputs,
    )
    return {**one, "name": "m", "inbound_nodes": [called("x0"), called("m")]}


def test_other_outputs_of_a_model_inside_are_left_out(read):
    graph = read([within(outputs=["c", "p"])], MAP, ends=[("m", 1, 1)])
    assert (params(graph), outputs(graph), len(graph.nodes)) == (330, [(6, 5, 6)], 3)


def test_what_leads_nowhere_and_has_parameters_stays(read):
    """Keras counts them: 6 x 2 + 2 of a convolution that nothing takes."""
    head = layer("Conv2D", "head", [called("c")], filters=2, kernel_size=1)
    graph = read([within(head, outputs=["c", "p", "head"])], MAP, ends=[("m", 1, 1)])
    assert (params(graph), outputs(graph)) == (330 + 14, [(6, 5, 6), (12, 10, 2)])


def held_operation(kind, *more, **config):
    return [operation(kind, "y", [new("x0"), *more], **config)]


OPERATIONS = [
    (held_operation("AveragePool", pool_size=2, strides=1, padding="same", data_format="channels_last"), MAP),
    (held_operation("MaxPool", pool_size=[2, 3], strides=None, data_format="channels_last"), (6, 3, 6)),
    ([operation("Hstack", "y", [[new("x0"), new("x0")]])], (24, 10, 6)),
    (held_operation("Quantile", 0.5, axis=1, keepdims=False), (10, 6)),
    (held_operation("Average", axis=1), (10, 6)),
    (held_operation("Unstack", axis=1), (10, 6)),
    (held_operation("CropImages", top_cropping=1, left_cropping=1, target_height=5, target_width=6), (5, 6, 6)),
    (held_operation("PadImages", top_padding=1, left_padding=1, target_height=20, target_width=16), (20, 16, 6)),
    (held_operation("ExtractPatches", size=[3, 3], strides=2, padding="same"), (6, 5, 54)),
    (held_operation("Moments", axes=[1, 2], keepdims=False), (6,)),
    ([operation("DotProductAttention", "y", [new("x0")] * 3)], MAP),
    (held_operation("LayerNorm", None, None, axis=-1), MAP),
    (held_operation("RMSNorm", axis=-1), MAP),
    (held_operation("Subtract", [[[1.0] * 6]]), MAP),
    (held_operation("Matmul", [[1.0] * 4] * 6), (12, 10, 4)),
    (held_operation("Logaddexp", new("x0")), MAP),
]


@pytest.mark.parametrize(("layers", "out"), OPERATIONS, ids=[row[0][0]["class_name"] for row in OPERATIONS])
def test_operations(read, layers, out):
    graph = read(layers, MAP)
    assert (report(graph).totals.trainable, outputs(graph)) == (0, [out])


BROKEN = [
    [operation("GetItem", "y", [new("x0"), {"class_name": "__tuple__", "items": [SLICE, {"config": 3}]}])],
    [operation("GetItem", "y", [new("x0"), {"class_name": "__tuple__", "items": [SLICE, {"config": {"stop": "a"}}]}])],
    held_operation("CropImages", top_cropping=20, target_height=5, target_width=6),
    held_operation("ExtractPatches", size=[30, 3], strides=2),
    held_operation("Subtract", [[]]),
    held_operation("Add", [[[1.0]], [[2.0]]]),
    held_operation("Matmul", [[]]),
    held_operation("Matmul", [0, [1.0]]),
    held_operation("Unstack", axis=9),
    held_operation("Average", axis=None),
    held_operation("LayerNorm", [1.0], None, axis=-1),
    [operation("DotProductAttention", "y", [new("x0")] * 2)],
    [layer("TimeDistributed", "y", [called("x0")], layer={"class_name": "LSTM", "config": {}})],
]


@pytest.mark.parametrize("layers", BROKEN, ids=[f"{at}-{row[0]['class_name']}" for at, row in enumerate(BROKEN)])
def test_what_cannot_be_is_told(read, layers):
    with pytest.raises(CnncalcError, match="y"):
        read(layers, MAP)
