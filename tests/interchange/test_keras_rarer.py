"""Keras's rarer forms: wrappers, cells, states, masks, frozen parts; the numbers are those of Keras 3.15.1."""

from __future__ import annotations

import json

import pytest
from test_keras import entering, functional, layer, new, operation

from cnncalc import CnncalcError, load, report

MAP, STEPS = (8, 9, 4), (12, 8)
SLICE = {"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}
DOTS = {"class_name": "__ellipsis__", "config": {}}


@pytest.fixture
def read(tmp_path):
    """The net of layers behind inputs of these shapes; what comes out is that of the last layer."""

    def made(layers, *shapes, outputs=None):
        names = [f"x{number}" for number, _ in enumerate(shapes)]
        inputs = [entering(name, shape) for name, shape in zip(names, shapes)]
        path = tmp_path / "net.json"
        path.write_text(json.dumps(functional([*inputs, *layers], names, outputs or ("y",))))
        return load(path)

    return made


def called(*names, **more):
    return {"args": [new(name) for name in names], "kwargs": more}


def totals(graph):
    found = report(graph).totals
    return found.params, found.trainable


def outputs(graph):
    return [(*shape[1:], shape[0]) for shape in (graph.nodes[end].shape for end in graph.outputs.values())]


SPECTRAL = [
    (layer("Conv2D", "c", filters=6, kernel_size=3), MAP, 222 + 6),
    (layer("Conv2DTranspose", "c", filters=4, kernel_size=3), MAP, 148 + 4),
    (layer("DepthwiseConv2D", "c", kernel_size=3), MAP, 40 + 1),
    (layer("Dense", "c", units=7), (8,), 63 + 7),
]


@pytest.mark.parametrize(("inner", "shape", "expected"), SPECTRAL, ids=[row[0]["class_name"] for row in SPECTRAL])
def test_a_spectral_norm_keeps_a_vector(read, inner, shape, expected):
    graph = read([layer("SpectralNormalization", "y", [called("x0")], layer=inner)], shape)
    last = expected - totals(graph)[1]
    assert totals(graph)[0] == expected
    assert last == {"Conv2D": 6, "Conv2DTranspose": 4, "DepthwiseConv2D": 1, "Dense": 7}[inner["class_name"]]


def test_cells_are_layers_one_after_the_other(read):
    cells = [{"class_name": "LSTMCell", "config": {"units": units}} for units in (5, 7)]
    both = {"class_name": "StackedRNNCells", "config": {"cells": cells}}
    graph = read([layer("RNN", "y", [called("x0")], cell=both, return_sequences=True)], STEPS)
    assert (totals(graph)[0], outputs(graph)) == (280 + 364, [(12, 7)])
    alone = read([layer("RNN", "y", [called("x0")], cell=cells[0])], STEPS)
    assert (totals(alone)[0], outputs(alone)) == (280, [(5,)])


def test_states_are_handed_on(read):
    first = layer("LSTM", "e", [called("x0")], units=5, return_state=True)
    begun = {"args": [new("x1")], "kwargs": {"initial_state": [new("e", 0, 1), new("e", 0, 2)]}}
    graph = read([first, layer("LSTM", "y", [begun], units=5, return_sequences=True)], STEPS, (9, 6))
    assert (totals(graph)[0], outputs(graph)) == (280 + 240, [(9, 5)])


def test_masks_are_no_keys(read):
    taken = called("x0", "x0", attention_mask=new("x1"))
    graph = read([layer("MultiHeadAttention", "y", [taken], num_heads=2, key_dim=4)], STEPS, (12, 12))
    assert (totals(graph)[0], outputs(graph)) == (288, [STEPS])


def test_frozen_layers_are_not_trained(read):
    frozen = layer("Conv2D", "c", [called("x0")], filters=6, kernel_size=3, trainable=False)
    graph = read([frozen, layer("Conv2D", "y", [called("c")], filters=2, kernel_size=1)], MAP)
    assert totals(graph) == (222 + 14, 14)


def test_dots_and_new_axes_in_a_key(read):
    key = [SLICE, None, DOTS, 2]
    graph = read([operation("GetItem", "y", [new("x0"), {"class_name": "__tuple__", "items": key}])], MAP)
    assert outputs(graph) == [(1, 8, 9)]


def test_an_operation_without_a_module_is_known(read):
    assert outputs(read([layer("Mean", "y", [called("x0")], axis=[1, 2])], MAP)) == [(4,)]


def test_what_would_count_otherwise_is_refused(read):
    config = {"filters": 6, "kernel_size": 3, "lora_rank": 2}
    with pytest.raises(CnncalcError, match="low rank"):
        read([layer("Conv2D", "y", [called("x0")], **config)], MAP)
