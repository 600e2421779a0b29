"""Layers of Keras in another layout than their model, in directions that differ, along several axes, of features.

The numbers are those of Keras 3.15.1 on torch 2.13.0: the shapes that come out, `count_params()`, and what is trained.
"""

from __future__ import annotations

import json

import pytest
from test_keras import entering, functional, layer, new, operation

from cnncalc import load, report

MAP, STEPS, FILM = (8, 9, 4), (12, 8), (5, 4, 10, 11)
FIRST = {"data_format": "channels_first"}
CONV = {"filters": 6, "kernel_size": 3}


def called(*names, **more):
    return {"args": [new(name) for name in names], "kwargs": more}


def listed(*names):
    return {"args": [[new(name) for name in names]], "kwargs": {}}


@pytest.fixture
def read(tmp_path):
    """What comes out of layers behind inputs of these shapes, of the last layer, and what counts and is trained."""

    def made(layers, shapes, ends=("y",), *, first=False):
        names = [f"x{number}" for number, _ in enumerate(shapes)]
        inputs = [entering(name, shape) for name, shape in zip(names, shapes)]
        model = functional([*inputs, *layers], names, ("y",))
        model["config"]["output_layers"] = [[end, 0, 0] if isinstance(end, str) else list(end) for end in ends]
        path = tmp_path / "net.json"
        path.write_text(json.dumps(model))
        graph = load(path)
        found = [graph.nodes[end].shape for end in graph.outputs.values()]
        totals = report(graph).totals
        return [tuple(one) if first else (*one[1:], one[0]) for one in found], totals.params, totals.trainable

    return made


def within(kind, inner, **config):
    return layer(kind, "y", [called("x0")], layer=inner, **config)


def cell(kind, units):
    return {"class_name": f"{kind}Cell", "config": {"units": units, "reset_after": True}}


def stacked(*cells, **config):
    held = {"class_name": "StackedRNNCells", "config": {"cells": list(cells)}}
    return layer("RNN", "r", cell=held, **config)


LAST = {"data_format": "channels_last"}
LAID_OUT = {
    "another layout than its model": (
        [
            layer("Conv2D", "c", [called("x0")], filters=4, kernel_size=3, padding="same", **LAST),
            layer("Conv2D", "y", [called("c")], **CONV, **FIRST),
        ],
        [MAP],
        [(6, 7, 2)],
        586,
        False,
    ),
    "a global pool alone": (
        [layer("GlobalAveragePooling2D", "y", [called("x0")], **FIRST)],
        [(4, 10, 11)],
        [(4,)],
        0,
        True,
    ),
    "at every step": (
        [within("TimeDistributed", layer("Conv2D", "i", **CONV, **FIRST))],
        [FILM],
        [(5, 6, 8, 9)],
        222,
        True,
    ),
    "flat at every step": (
        [
            layer("TimeDistributed", "c", [called("x0")], layer=layer("Conv2D", "i", **CONV, **FIRST)),
            layer("TimeDistributed", "y", [called("c")], layer=layer("Flatten", "f", **FIRST)),
        ],
        [FILM],
        [(5, 432)],
        222,
        True,
    ),
    "a sequence behind": (
        [
            layer("Conv1D", "c", [called("x0")], **CONV, **FIRST),
            layer("LSTM", "y", [called("c")], units=5, return_sequences=True),
        ],
        [(8, 12)],
        [(6, 5)],
        470,
        True,
    ),
    "features of a map": (
        [layer("Conv1D", "c", [called("x0")], **CONV, **FIRST), layer("Dense", "y", [called("c")], units=5)],
        [(8, 12)],
        [(6, 5)],
        150 + 55,
        True,
    ),
    "a cell on maps": (
        [layer("ConvLSTM2D", "y", [called("x0")], filters=3, kernel_size=3, return_sequences=True, **FIRST)],
        [FILM],
        [(5, 3, 8, 9)],
        768,
        True,
    ),
}


@pytest.mark.parametrize(("layers", "shapes", "ends", "params", "first"), LAID_OUT.values(), ids=LAID_OUT)
def test_a_layer_may_have_a_layout_of_its_own(read, layers, shapes, ends, params, first):
    found, counted, _ = read(layers, shapes, first=first)
    assert (found, counted) == (ends, params)


LSTM4 = layer("LSTM", "l", units=4)
RUNS = {
    "several cells both ways": (
        within("Bidirectional", stacked(cell("LSTM", 5), cell("GRU", 6), return_sequences=True)),
        STEPS,
        [(12, 12)],
        1028,
    ),
    "another layer back": (
        within("Bidirectional", LSTM4, backward_layer=layer("LSTM", "b", units=7, go_backwards=True)),
        STEPS,
        [(11,)],
        656,  # Keras declares 8, twice those of the way there; 11 come out
    ),
    "maps both ways": (
        within("Bidirectional", layer("ConvLSTM2D", "l", filters=3, kernel_size=3)),
        (5, *MAP),
        [(6, 7, 6)],
        1536,
    ),
}


@pytest.mark.parametrize(("run", "shape", "ends", "params"), RUNS.values(), ids=RUNS)
def test_directions_may_differ(read, run, shape, ends, params):
    assert read([run], [shape])[:2] == (ends, params)


def test_both_directions_hand_on_their_states(read):
    run = within("Bidirectional", layer("LSTM", "l", units=4, return_state=True))
    found, params, _ = read([run], [STEPS], [("y", 0, place) for place in range(5)])
    assert (found, params) == ([(8,), (4,), (4,), (4,), (4,)], 416)


def test_cells_on_maps_hand_on_their_states(read):
    run = layer("ConvLSTM2D", "y", [called("x0")], filters=3, kernel_size=3, return_state=True, **LAST)
    found, params, _ = read([run], [(5, 10, 11, 4)], [("y", 0, place) for place in range(3)])
    assert (found, params) == ([(8, 9, 3)] * 3, 768)


def test_a_cell_hands_on_its_state_alone(read):
    run = layer("RNN", "y", [called("x0")], cell=cell("GRU", 5), return_state=True)
    assert read([run], [STEPS], [("y", 0, 1)])[:2] == ([(5,)], 225)


def alone(kind, shape, end, params, **config):
    return layer(kind, "y", [called("x0")], **config), shape, end, params


SIGNAL = (1600, 2)
ALONE = {
    "softmax over a map": alone("Softmax", MAP, MAP, 0, axis=[1, 2]),
    "layer norm over a map": alone("LayerNormalization", MAP, MAP, 144, axis=[1, 2]),
    "rms norm over rows": alone("RMSNormalization", MAP, MAP, 36, axis=[-2, -1]),
    "a spectrum": alone("STFTSpectrogram", SIGNAL, (11, 258), 66048, mode="log", **LAST),
    "sines and cosines": alone("STFTSpectrogram", SIGNAL, (11, 516), 66048, mode="stft", **LAST),
    "cosines": alone("STFTSpectrogram", SIGNAL, (11, 129, 2), 33024, mode="real", expand_dims=True, **LAST),
    "angles": alone("STFTSpectrogram", SIGNAL, (13, 258), 66048, mode="angle", padding="same", **LAST),
    "mels": alone("MelSpectrogram", (16000,), (40, 32), 0, num_mel_bins=40),
    "classes": alone("CategoryEncoding", (7,), (9,), 0, num_tokens=9),
    "bins": alone("Discretization", (7,), (7, 4), 0, bin_boundaries=[0.0, 1.0, 2.0], output_mode="one_hot"),
    "a larger crop": alone("CenterCrop", MAP, (15, 17, 4), 0, height=15, width=17),
    "any equation": alone("EinsumDense", STEPS, (5, 8), 65, equation="abc,bd->adc", output_shape=[5, 8], bias_axes="d"),
    "a table": alone("ReversibleEmbedding", (7,), (7, 6), 120, input_dim=20, output_dim=6),
}


@pytest.mark.parametrize(("one", "shape", "end", "params"), ALONE.values(), ids=ALONE)
def test_alone(read, one, shape, end, params):
    assert read([one], [shape]) == ([end], params, params)


GROUPED = {"num_query_heads": 4, "num_key_value_heads": 2, "head_dim": 8}
ATTENTION = {
    "grouped": (layer("GroupQueryAttention", "y", [called("x0", "x1")], **GROUPED), 840),
    "grouped, with a gate": (layer("GroupQueryAttention", "y", [called("x0", "x1")], use_gate=True, **GROUPED), 1128),
    "scores of sums": (layer("Attention", "y", [listed("x0", "x1")], score_mode="concat", use_scale=True), 2),
}


@pytest.mark.parametrize(("one", "params"), ATTENTION.values(), ids=ATTENTION)
def test_attention(read, one, params):
    assert read([one], [STEPS, (9, 8)])[:2] == ([STEPS], params)


def test_a_gate_of_heads(read):
    heads = {"num_heads": 2, "key_dim": 4, "value_dim": 5, "use_gate": True}
    assert read([layer("MultiHeadAttention", "y", [called("x0", "x0")], **heads)], [STEPS])[:2] == ([STEPS], 412)


def test_attention_along_one_axis_asks_those_of_its_row(tmp_path, read):
    heads = {"num_heads": 2, "key_dim": 4, "attention_axes": [2]}
    one = layer("MultiHeadAttention", "y", [called("x0", "x0")], **heads)
    assert read([one], [(3, 12, 8)])[:2] == ([(3, 12, 8)], 288)
    row = report(load(tmp_path / "net.json"))["y"]
    assert row.macs == 36 * 8 * 8 * 4 + 2 * 3 * 12 * 12 * 8  # four projections, scores and sums in each of three rows


FILM_OF_MAPS = (5, 10, 11, 4)
TIMED = {
    "depthwise": (layer("DepthwiseConv2D", "i", kernel_size=3, depth_multiplier=2), FILM_OF_MAPS, (5, 8, 9, 8), 80),
    "separable": (layer("SeparableConv2D", "i", filters=6, kernel_size=3), FILM_OF_MAPS, (5, 8, 9, 6), 66),
    "a crop": (layer("CenterCrop", "i", height=5, width=6), FILM_OF_MAPS, (5, 5, 6, 4), 0),
    "an adaptive pool": (layer("AdaptiveAveragePooling2D", "i", output_size=[3, 3]), FILM_OF_MAPS, (5, 3, 3, 4), 0),
    "a repeat": (layer("RepeatVector", "i", n=4), (5, 8), (5, 4, 8), 0),
}


@pytest.mark.parametrize(("inner", "shape", "end", "params"), TIMED.values(), ids=TIMED)
def test_at_every_time_step(read, inner, shape, end, params):
    assert read([within("TimeDistributed", inner)], [shape])[:2] == ([end], params)


OPERATIONS: dict[str, tuple[dict[str, object], tuple[int, ...]]] = {
    "any": ({"axis": [1]}, (8,)),
    "prod": ({"axis": -1, "keepdims": True}, (12, 1)),
    "repeat": ({"repeats": 2, "axis": 1}, (24, 8)),
    "diff": ({"n": 1, "axis": 1}, (11, 8)),
    "tile": ({"repeats": [1, 2, 1]}, (24, 8)),
    "one_hot": ({"num_classes": 5, "axis": -1}, (12, 8, 5)),
    "top_k": ({"k": 3}, (12, 3)),
    "split": ({"indices_or_sections": 2, "axis": -1}, (12, 4)),
    "cast": ({"dtype": "float16"}, STEPS),
}


@pytest.mark.parametrize(("name", "shape"), [(name, shape) for name, (_, shape) in OPERATIONS.items()])
def test_operations(read, name, shape):
    kind = "".join(part.capitalize() for part in name.split("_"))
    one = operation(kind, "y", [new("x0")], **OPERATIONS[name][0])
    assert read([one], [STEPS]) == ([shape], 0, 0)


def test_a_pipeline_is_its_layers(read):
    layers = [layer("Rescaling", "r", scale=0.1), layer("CenterCrop", "c", height=4, width=4)]
    assert read([layer("Pipeline", "y", [called("x0")], layers=layers)], [MAP]) == ([(4, 4, 4)], 0, 0)


def test_a_flattening_says_nothing_of_a_sequence(read):
    dense = within("TimeDistributed", layer("Dense", "i", units=5)) | {"name": "d"}
    layers = [dense, layer("GroupQueryAttention", "a", [called("d", "d")], **GROUPED)]
    layers.append(layer("Flatten", "y", [called("a")], **FIRST))
    found, params, _ = read(layers, [(9, 6)])
    assert (found, params) == ([(45,)], 35 + 32 * 5 * 2 + 2 * (16 * 5) + 32 + 2 * 16 + 5)


def test_a_model_inside_may_be_an_output(tmp_path):
    inner = functional([entering("i", MAP), layer("Conv2D", "c", [called("i")], **CONV)], ["i"], ("c",))
    inner |= {"name": "inner", "inbound_nodes": [called("x0")]}
    model = functional([entering("x0", MAP), inner], ["x0"], ("inner",))
    model["config"]["output_layers"] = [["inner", 1, 0]]  # as Keras 3.15.1 writes it
    path = tmp_path / "net.json"
    path.write_text(json.dumps(model))
    assert report(load(path)).totals.params == 222
