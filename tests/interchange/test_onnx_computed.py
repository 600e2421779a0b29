"""ONNX: matrices that the file computes of few numbers, as those of a Fourier transform, which no net learned.

Shapes are those of onnxruntime, which runs the same bytes where it is installed; products are counted one by one.
"""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
from onnx_files import FLOAT, INT64, graph, model, node, tensor
from reading import read


def zeros(name, *dims):
    """Weights written out, so that a runtime can run them."""
    return tensor(name, dims, bytes(4 * prod(dims)))


def angles(rows, columns):
    """Nodes that make a matrix `w` of cosines of two ranges, and the numbers that they need."""
    nodes = [
        node("Range", "zero rows one", "r"), node("Range", "zero columns one", "c"),
        node("Reshape", "r standing", "rs"), node("Mul", "rs c", "turns"), node("Cast", "turns", "angles", to=FLOAT),
        node("Mul", "angles step", "scaled"), node("Cos", "scaled", "w"),
    ]  # fmt: skip
    numbers = {"zero": 0, "one": 1, "rows": rows, "columns": columns}
    held = [tensor(name, (), [n], INT64) for name, n in numbers.items()]
    return nodes, [*held, tensor("standing", (2,), [-1, 1], INT64), tensor("step", (), [0.1])]


COSINES, NUMBERS = angles(8, 5)
FILTERS, OF_FILTERS = angles(6, 12)


def shaped(name, of, *dims):
    """A Reshape of `of` to `dims`, and its target."""
    return node("Reshape", f"{of} {name}_dims", name), tensor(f"{name}_dims", (len(dims),), dims, INT64)


LINE, OF_LINE = shaped("f", "w", 6, 3, 4)
MAP, OF_MAP = shaped("f", "w", 6, 3, 2, 2)
GROUPS, OF_GROUPS = shaped("f", "w", 6, 2, 6)

# nodes, initialisers, the input's shape -> the output's, parameters, multiply–accumulates
CASES: dict[str, tuple[Any, ...]] = {
    "a product": ([*COSINES, node("MatMul", "x w", "y")], NUMBERS, (1, 7, 8), (7, 5), 0, 7 * 5 * 8),
    "a product of a vector": ([*COSINES, node("MatMul", "x w", "y")], NUMBERS, (1, 8), (5,), 0, 5 * 8),
    "of several maps": ([*COSINES, node("MatMul", "x w", "y")], NUMBERS, (1, 2, 7, 8), (2, 7, 5), 0, 2 * 7 * 5 * 8),
    "on the left": ([*COSINES, node("MatMul", "w x", "y")], NUMBERS, (1, 5, 7), (8, 7), 0, 8 * 7 * 5),
    "with a bias": (
        [*COSINES, node("MatMul", "x w", "p"), node("Add", "p b", "y")], [*NUMBERS, zeros("b", 5)], (1, 7, 8), (7, 5),
        5, 7 * 5 * 8,
    ),
    "Gemm": (
        [*COSINES, node("Gemm", "x w b", "y")], [*NUMBERS, zeros("b", 5)], (1, 8), (5,), 5, 5 * 8,
    ),
    "Einsum": ([*COSINES, node("Einsum", "x w", "y", equation="bij,jk->bik")], NUMBERS, (1, 7, 8), (7, 5), 0, 280),
    "a convolution of a signal": (
        [*FILTERS, LINE, node("Conv", "x f", "y", strides=(2,), pads=(1, 2))], [*OF_FILTERS, OF_LINE], (1, 3, 20),
        (6, 10), 0, 6 * 10 * 3 * 4,
    ),
    "with holes, and a bias": (
        [*FILTERS, LINE, node("Conv", "x f b", "y", dilations=(3,))], [*OF_FILTERS, OF_LINE, zeros("b", 6)], (1, 3, 20),
        (6, 11), 6, 6 * 11 * 3 * 4,
    ),
    "in groups": (
        [*FILTERS, GROUPS, node("Conv", "x f", "y", group=3, auto_pad="SAME_UPPER")], [*OF_FILTERS, OF_GROUPS],
        (1, 6, 20), (6, 20), 0, 6 * 20 * 2 * 6,
    ),
    "a convolution of a map": (
        [*FILTERS, MAP, node("Conv", "x f", "y", strides=(1, 2))], [*OF_FILTERS, OF_MAP], (1, 3, 9, 8),
        (6, 8, 4), 0, 6 * 8 * 4 * 3 * 4,
    ),
    "a constant that is repeated": (
        [node("Expand", "one to", "w"), node("MatMul", "x w", "y")],
        [zeros("one", 1, 5), tensor("to", (2,), [8, 5], INT64)], (1, 7, 8), (7, 5), 5, 280,
    ),
    "places that are set in zeros": (
        [node("ConstantOfShape", "dims", "z"), node("ScatterElements", "z at of", "l"), *shaped("w", "l", 8, 5)[:1],
         node("MatMul", "x w", "y")],
        [tensor("dims", (1,), [40], INT64), tensor("at", (3,), [1, 7, 30], INT64), zeros("of", 3),
         shaped("w", "l", 8, 5)[1]], (1, 7, 8), (7, 5), 0, 280,
    ),
    "a weight that is turned and scaled": (
        [node("Transpose", "v", "t", perm=(1, 0)), node("Mul", "t half", "w"), node("MatMul", "x w", "y")],
        [zeros("v", 5, 8), tensor("half", (), [0.5])], (1, 7, 8), (7, 5), 40, 280,
    ),
    "a scaled weight on the left": (
        [node("Mul", "v half", "w"), node("MatMul", "w x", "y")],
        [zeros("v", 8, 5), tensor("half", (), [0.5])], (1, 5, 7), (8, 7), 40, 280,
    ),
    "filters that are scaled one by one": (
        [node("Mul", "v s", "w"), node("Conv", "x w", "y")], [zeros("v", 4, 3, 2), zeros("s", 4, 1, 1)], (1, 3, 9),
        (4, 8), 24, 4 * 8 * 3 * 2,
    ),
    "two halves of a weight": (
        [node("Concat", "u v", "w", axis=0), node("MatMul", "x w", "y")], [zeros("u", 3, 5), zeros("v", 5, 5)],
        (1, 7, 8), (7, 5), 40, 280,
    ),
    "a scaled factor of a norm": (
        [node("Mul", "g half", "s"), node("LayerNormalization", "x s b", "y")],
        [zeros("g", 8), zeros("b", 8), tensor("half", (), [0.5])], (1, 7, 8), (7, 8), 16, 0,
    ),
}  # fmt: skip


def written(nodes, held, shape):
    return model(graph(nodes, [("x", shape)], [("y", ())], held), 18)


@pytest.mark.parametrize("name", CASES)
def test_what_is_computed_of_fewer_numbers_counts_as_nothing(name):
    nodes, held, shape, made, params, macs = CASES[name]
    found = read(written(nodes, held, shape), "net.onnx")
    assert list(found.outputs.values()) == ["x".join(map(str, made))]
    assert (found.params, found.macs) == (params, macs)


@pytest.mark.parametrize("name", CASES)
def test_onnxruntime_makes_these_shapes(name):
    runtime = pytest.importorskip("onnxruntime")
    numpy = pytest.importorskip("numpy")
    nodes, held, shape, made, *_ = CASES[name]
    session = runtime.InferenceSession(written(nodes, held, shape))
    (out,) = session.run(None, {"x": numpy.zeros(shape, numpy.float32)})
    assert out.shape == (1, *made)


def test_filters_of_a_volume_that_are_computed_multiply_what_stands_in_their_windows():
    volume, of_volume = shaped("f", "w", 1, 3, 2, 3, 4)
    nodes = [*FILTERS, volume, node("Conv", "x f", "y")]
    found = read(written(nodes, [*OF_FILTERS, of_volume], (1, 3, 9, 9, 9)), "net.onnx")
    places = 8 * 7 * 6
    assert (list(found.outputs.values()), found.params, found.macs) == (["1x8x7x6"], 0, 72 * places)
