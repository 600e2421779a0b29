"""Paddle's programs, as JSON and as ProgramDesc: the same nets in both, counts and shapes, broken and hostile files.

Shapes and counts are those of PaddlePaddle 3.3.1, which ran and saved the same layers.
"""

from __future__ import annotations

import time
from math import prod

import pytest
from paddle_files import Desc, Pir, paddle
from reading import mutated

from cnncalc import report
from cnncalc.errors import CnncalcError

WINDOW = {"strides": [2, 2], "paddings": [1, 1], "dilations": [1, 1], "groups": 1, "padding_algorithm": "EXPLICIT"}
POOL = {"strides": [3, 3], "paddings": [1, 1], "padding_algorithm": "EXPLICIT", "exclusive": True}


def small_pir():
    """A convolution with its bias, a batch norm, a pool that rounds up, a linear layer."""
    net = Pir(1, 3, 9, 9)
    w, b = net.weight("conv2d_0.w_0", 8, 3, 3, 3), net.weight("conv2d_0.b_0", 8)
    norm = [net.weight(f"bn_0.{name}", 8) for name in ("w_1", "w_2", "w_0", "b_0")]
    fc, fb = net.weight("linear_0.w_0", 72, 10), net.weight("linear_0.b_0", 10)
    x = net.add("conv2d", [net.x, w], [(1, 8, 5, 5)], **WINDOW)
    wide = net.add("reshape", [b, net.numbers(1, 8, 1, 1)], [(1, 8, 1, 1)])
    x = net.add("add", [x, wide], [(1, 8, 5, 5)])
    x = net.add("batch_norm_", [x, *norm], [(1, 8, 5, 5), (8,), (8,), (8,), (8,), ()], epsilon=1e-5)[0]
    x = net.add("pool2d", [x, net.numbers(3, 3)], [(1, 8, 3, 3)], pooling_type="max", ceil_mode=True, **POOL)
    x = net.add("flatten", [x], [(1, 72)], start_axis=1, stop_axis=3)
    x = net.add("matmul", [x, fc], [(1, 10)])
    return net, net.add("add", [x, fb], [(1, 10)])


def small_desc():
    """The same."""
    net = Desc(1, 3, 9, 9)
    w, b = net.weight("conv2d_0.w_0", 8, 3, 3, 3), net.weight("conv2d_0.b_0", 8)
    mean, variance, scale, shift = (net.weight(f"bn_0.{name}", 8) for name in ("w_1", "w_2", "w_0", "b_0"))
    fc, fb = net.weight("linear_0.w_0", 72, 10), net.weight("linear_0.b_0", 10)
    a = [net.value((1, 8, 5, 5)) for _ in range(3)]
    wide, p, f, m, o = (net.value(one) for one in ((1, 8, 1, 1), (1, 8, 3, 3), (1, 72), (1, 10), (1, 10)))
    net.operator("conv2d", {"Input": [net.x], "Filter": [w]}, {"Output": [a[0]]}, WINDOW)
    net.operator("reshape2", {"X": [b]}, {"Out": [wide]}, {"shape": [1, -1, 1, 1]})
    net.operator("elementwise_add", {"X": [a[0]], "Y": [wide]}, {"Out": [a[1]]}, {"axis": -1})
    taken = {"Bias": [shift], "Mean": [mean], "Scale": [scale], "Variance": [variance], "X": [a[1]]}
    net.operator("batch_norm", taken, {"MeanOut": [mean], "Y": [a[2]]}, {"epsilon": 1e-5, "data_layout": "NCHW"})
    pool = {**POOL, "ksize": [3, 3], "pooling_type": "max", "ceil_mode": True}
    net.operator("pool2d", {"X": [a[2]]}, {"Out": [p]}, pool)
    net.operator("flatten_contiguous_range", {"X": [p]}, {"Out": [f]}, {"start_axis": 1, "stop_axis": 3})
    net.operator("matmul_v2", {"X": [f], "Y": [fc]}, {"Out": [m]}, {"trans_x": False, "trans_y": False})
    net.operator("elementwise_add", {"X": [m], "Y": [fb]}, {"Out": [o]}, {})
    return net, o


@pytest.mark.parametrize("small", [small_pir, small_desc])
def test_a_net_has_its_counts_in_either_form(small):
    net, out = small()
    found = paddle(net.bytes(out), net.suffix)
    assert (found.params, found.buffers) == (216 + 8 + 16 + 720 + 10, 16)
    assert found.macs >= 25 * 216 + 720
    assert found.outputs == {"linear_0": "10"}
    assert {"conv2d_0", "bn_0"} <= {node.name for node in found.graph.nodes}


ONE = [
    # the operator, its input, numbers that it takes, settings, the output's shape
    ("transpose", (1, 6, 4, 5), [], {"perm": [0, 2, 1, 3]}, (1, 4, 6, 5)),
    ("reshape", (1, 6, 4, 5), [(0, -1, 10)], {}, (1, 12, 10)),
    ("squeeze", (1, 6, 1, 1), [(2, 3)], {}, (1, 6)),
    ("unsqueeze", (1, 6, 4), [(2,)], {}, (1, 6, 1, 4)),
    ("mean", (1, 6, 4, 5), [], {"axis": [2, 3], "keepdim": True}, (1, 6, 1, 1)),
    ("mean", (1, 6, 4, 5), [], {"axis": [1], "keepdim": False}, (1, 4, 5)),
    ("slice", (1, 6, 4, 5), [(1,), (9,)], {"axes": [2]}, (1, 6, 3, 5)),
    ("slice", (1, 6, 4, 5), [(1,), (2,)], {"axes": [2], "decrease_axis": [2]}, (1, 6, 5)),
    ("pool2d", (1, 6, 7, 5), [(1, 1)], {"adaptive": True, "pooling_type": "avg"}, (1, 6, 1, 1)),
    ("pool2d", (1, 6, 7, 5), [(3, 2)], {"adaptive": True, "pooling_type": "avg"}, (1, 6, 3, 2)),
    ("nearest_interp", (1, 6, 7, 5), [], {"out_h": -1, "out_w": -1, "scale": [2.0, 2.0]}, (1, 6, 14, 10)),
    ("softmax", (1, 6, 7), [], {"axis": -1}, (1, 6, 7)),
    (
        "pool3d",
        (1, 2, 8, 6, 4),
        [],
        {"kernel_size": [2, 2, 2], "strides": [2, 2, 2], "pooling_type": "max"},
        (1, 2, 4, 3, 2),
    ),
    ("max_pool2d_with_index", (1, 6, 7, 5), [], {"kernel_size": [1, 1], "adaptive": True}, (1, 6, 1, 1)),
    ("max_pool2d_with_index", (1, 6, 7, 5), [], {"kernel_size": [2, 2], "strides": [2, 2]}, (1, 6, 3, 2)),
    ("pad3d", (1, 3, 1, 8, 8), [(1, 2, 3, 1, 0, 0)], {"mode": "reflect"}, (1, 3, 1, 12, 11)),
    ("pad3d", (1, 3, 4, 8, 8), [(0, 0, 0, 0, 2, 1)], {"mode": "constant"}, (1, 3, 7, 8, 8)),
    ("pixel_shuffle", (1, 8, 6, 5), [], {"upscale_factor": 2}, (1, 2, 12, 10)),
    ("pixel_unshuffle", (1, 2, 6, 4), [], {"downscale_factor": 2}, (1, 8, 3, 2)),
    ("channel_shuffle", (1, 8, 6, 5), [], {"groups": 4}, (1, 8, 6, 5)),
    ("unfold", (1, 8, 6, 6), [], {"kernel_sizes": [3, 3], "paddings": [0, 0, 0, 0]}, (1, 72, 16)),
    ("maxout", (1, 8, 6, 6), [], {"groups": 2, "axis": 1}, (1, 4, 6, 6)),
    ("pow", (1, 8, 6, 6), [], {"y": 0.75}, (1, 8, 6, 6)),
    *[(kind, (1, 6, 7), [], {}, (1, 6, 7)) for kind in ("hardtanh", "softsign", "tanh_shrink", "logsigmoid")],
    ("swish", (1, 6, 7), [], {}, (1, 6, 7)),
    ("pad3d", (1, 3, 4, 8, 8), [(-1, -1, 1, 1, 0, 0)], {"mode": "constant"}, (1, 3, 4, 10, 6)),
    *[(kind, (1, 6, 4, 5), [(1,)], {"keepdim": False}, (1, 4, 5)) for kind in ("min", "amin", "amax", "prod")],
    ("logsumexp", (1, 6, 4, 5), [], {"axis": [1], "keepdim": True}, (1, 1, 4, 5)),
    ("p_norm", (1, 6, 4, 5), [], {"axis": 1, "porder": 2.0, "keepdim": True}, (1, 1, 4, 5)),
    ("p_norm", (1, 6, 4, 5), [], {"axis": 1, "porder": 3.0}, (1, 4, 5)),
    ("clip", (1, 6, 4, 5), [(0,), (6,)], {}, (1, 6, 4, 5)),
    ("clip", (1, 6, 4, 5), [], {"min": 0.5, "max": 3.4028234663852886e38}, (1, 6, 4, 5)),
    ("expand", (1, 6, 1, 1), [(1, 6, 4, 3)], {}, (1, 6, 4, 3)),
    ("expand_as", (1, 6, 1, 1), [], {"target_shape": [1, 6, 2, 2]}, (1, 6, 2, 2)),
    ("tile", (1, 6, 4, 5), [(1, 2, 1, 3)], {}, (1, 12, 4, 15)),
    (
        "strided_slice",
        (1, 6, 9, 9),
        [(2, 0, 1), (6, 2**31 - 1, 2**31 - 1), (1, 2, 3)],
        {"axes": [1, 2, 3]},
        (1, 4, 5, 3),
    ),
    ("strided_slice", (1, 6, 9, 9), [(8,), (0,), (-2,)], {"axes": [2]}, (1, 6, 4, 9)),
    ("topk", (1, 60), [(5,)], {"axis": -1}, (1, 5)),
    ("argmax", (1, 6, 4, 5), [(1,)], {"keepdims": False}, (1, 4, 5)),
    ("crop", (1, 6, 9, 9), [(1, 6, 5, -1), (0, 0, 2, 0)], {}, (1, 6, 5, 9)),
    ("fold", (1, 32, 25), [], {"output_sizes": [10, 10], "kernel_sizes": [2, 2], "strides": [2, 2]}, (1, 8, 10, 10)),
    ("lp_pool2d", (1, 6, 9, 9), [], {"kernel_size": [2, 2], "strides": [2, 2], "ceil_mode": True}, (1, 6, 5, 5)),
    ("rrelu", (1, 6, 4, 5), [], {"lower": 0.1, "upper": 0.3}, (1, 6, 4, 5)),
    ("swiglu", (1, 6, 8), [], {}, (1, 6, 4)),
    ("linear_interp", (1, 6, 7), [], {"scale": [2.0]}, (1, 6, 14)),
    ("trilinear_interp", (1, 2, 3, 4, 5), [], {"scale": [2.0, 2.0, 2.0]}, (1, 2, 6, 8, 10)),
    *[(kind, (1, 6, 4, 5), [], {}, (1, 6, 4, 5)) for kind in ("cumsum", "flip", "roll", "tril")],
]


WEIGHED = [
    # the operator, its input, its weights, settings, the output's shape
    ("group_norm", (1, 8, 4, 4), [(8,), (8,)], {"groups": 4, "epsilon": 1e-5}, (1, 8, 4, 4)),
    ("instance_norm", (1, 8, 4, 4), [(8,), (8,)], {"epsilon": 1e-5}, (1, 8, 4, 4)),
    ("batch_norm_", (1, 8, 4, 4), [(8,), (8,), (8,), (8,)], {}, (1, 8, 4, 4)),
    ("layer_norm", (1, 8, 4, 5), [(20,), (20,)], {"begin_norm_axis": 2}, (1, 8, 4, 5)),
    ("layer_norm", (1, 8, 4, 5), [(5,)], {"begin_norm_axis": 3}, (1, 8, 4, 5)),
    ("matmul", (1, 8, 4, 5), [(5,)], {}, (1, 8, 4)),
    ("matmul", (1, 8, 4, 5), [(8, 5, 3)], {}, (1, 8, 4, 3)),
    ("matmul", (1, 8, 4, 5), [(4, 3)], {"transpose_x": True}, (1, 8, 5, 3)),
    ("maximum", (1, 8, 4, 5), [(8, 1, 1)], {}, (1, 8, 4, 5)),
    ("divide", (1, 8, 4, 5), [(8, 1, 1)], {}, (1, 8, 4, 5)),
    ("multiply", (1, 8, 4, 5), [(8,)], {"axis": 1}, (1, 8, 4, 5)),
    ("conv3d_transpose", (1, 2, 4, 4, 4), [(2, 4, 2, 2, 2)], {"strides": [2, 2, 2]}, (1, 4, 8, 8, 8)),
    ("conv3d", (1, 2, 8, 8, 8), [(4, 2, 3, 3, 3)], {"strides": [1, 1, 1], "paddings": [1, 1, 1]}, (1, 4, 8, 8, 8)),
]


@pytest.mark.parametrize(("kind", "shape", "weights", "settings", "made"), WEIGHED)
def test_weights_of_rarer_layers_count(kind, shape, weights, settings, made):
    net = Pir(*shape)
    held = [net.weight(f"{kind}_0.w_{place}", *dims) for place, dims in enumerate(weights)]
    out = net.add(kind, [net.x, *held], [made], **settings)
    found = paddle(net.bytes(out), "json")
    assert found.params + found.buffers == sum(map(prod, weights))
    assert list(found.outputs.values()) == ["x".join(map(str, made[1:]))]


def recurrent(*biases, state=""):
    """An LSTM of two layers of 5 on 10 steps of 6 numbers, as Paddle saves it: states of zeros, the length first."""
    net = Pir(1, 10, 6)
    shapes = [(20, 6), (20, 5), (20, 5), (20, 5), *biases]
    held = [net.weight(f"lstm_0.w_{place}", *dims) for place, dims in enumerate(shapes)]
    size = net.add("slice", [net.add("shape64", [net.x], [(3,)]), net.numbers(0), net.numbers(1)], [()], axes=[0])
    ends = [net.add("full", [], [()], value=float(one)) for one in (2, 5)]
    full = net.add("stack", [net.add("combine", [ends[0], size, ends[1]], [()])], [(3,)], axis=0)
    zeros = net.add("full_with_tensor", [net.add("full", [], [(1,)], value=0.0), full], [(2, 1, 5)])
    turned = net.add("transpose", [net.x], [(10, 1, 6)], perm=[1, 0, 2])
    states, weights = net.add("combine", [zeros, zeros], [()]), net.add("combine", held, [()])
    settings = {"hidden_size": 5, "num_layers": 2, "is_bidirec": False, "mode": "LSTM"}
    made = net.add("rnn", [turned, states, weights], [(10, 1, 5), (), (), ()], **settings)
    out = net.add("transpose", [made[0]], [(1, 10, 5)], perm=[1, 0, 2])
    left = net.add("split", [made[2]], [(2, 1, 5), (2, 1, 5)])
    if not state:
        return net, out
    own = left["hc".index(state[0])]
    if state[1:] == "both":
        turned = net.add("transpose", [own], [(1, 2, 5)], perm=[1, 0, 2])
        return net, net.add("tanh", [turned], [(1, 2, 5)])
    if state[1:] == "out":
        return net, own
    gone = {} if state[1:] == "kept" else {"decrease_axis": [0]}
    last = net.add("slice", [own, net.numbers(-1), net.numbers(2)], [(1, 5)], axes=[0], **gone)
    return net, net.add("tanh", [last], [(1, 5)])


def test_recurrent_layers_have_their_weights_and_the_batch_first_again():
    net, out = recurrent(*[(20,)] * 4)
    found = paddle(net.bytes(out), "json")
    assert (found.params, list(found.outputs.values())) == (500, ["10x5"])


@pytest.mark.parametrize(("state", "shape"), [("h", "5"), ("c", "5"), ("hboth", "2x5"), ("hout", "2x5")])
def test_last_states_are_handed_on(state, shape):
    """Of the last layer its last step, of the first, and of the cells, opaque; parameters are those of the rnn."""
    net, out = recurrent(*[(20,)] * 4, state=state)
    found = paddle(net.bytes(out), "json")
    assert (found.params, list(found.outputs.values())) == (500, [shape])


def test_a_state_that_keeps_its_axis_before_the_batch_is_told():
    net, out = recurrent(*[(20,)] * 4, state="hkept")
    with pytest.raises(CnncalcError, match="does not have the batch first") as raised:
        paddle(net.bytes(out), "json")
    assert "h[-1]" in raised.value.faults[0].help


@pytest.mark.parametrize(
    ("kind", "notations"),
    [
        ("subtract", ["negate", "parameter 3x1x1 add", "negate", "add 2"]),
        ("multiply", ["parameter 3x1x1 multiply", "multiply 2"]),
        ("divide", ["parameter 3x1x1", "divide", "reciprocal", "multiply 2"]),
    ],
)
def test_what_stands_before_the_tensor_is_what_is_lessened(kind, notations):
    net = Pir(1, 3, 8, 8)
    first = net.add(kind, [net.weight("w_0", 1, 3, 1, 1), net.x], [(1, 3, 8, 8)])
    out = net.add(kind, [net.add("full", [], [(1,)], value=2.0), first], [(1, 3, 8, 8)])
    found = paddle(net.bytes(out), "json")
    assert [row.notation for row in report(found.graph).rows] == notations


def test_a_recurrent_layer_of_other_weights_is_refused():
    net, out = recurrent((20,))
    with pytest.raises(CnncalcError, match="two matrices, and two vectors"):
        paddle(net.bytes(out), "json")


@pytest.mark.parametrize(("kind", "shape", "numbers", "settings", "made"), ONE)
def test_shapes_are_those_of_paddle(kind, shape, numbers, settings, made):
    net = Pir(*shape)
    out = net.add(kind, [net.x, *(net.numbers(*one) for one in numbers)], [made], **settings)
    assert list(paddle(net.bytes(out), "json").outputs.values()) == ["x".join(map(str, made[1:]))]


def test_lists_of_tensors_are_joined_and_taken_apart():
    net = Pir(1, 6, 4, 4)
    axis = net.add("full", [], [(1,)], value=1.0)
    parts = net.add("split", [net.x, net.numbers(2, 4), axis], [()])
    a, b = net.add("split", [parts], [(1, 2, 4, 4), (1, 4, 4, 4)])
    both = net.add("combine", [b, a], [()])
    out = net.add("concat", [both, axis], [(1, 6, 4, 4)])
    found = paddle(net.bytes(out), "json")
    assert (found.layers, list(found.outputs.values())) == (3, ["6x4x4"])


def test_what_is_not_known_is_named_all_at_once_or_opaque():
    net = Pir(1, 6, 4, 4)
    a = net.add("multiclass_nms3", [net.x], [(1, 10, 6)])
    b = net.add("yolo_box", [net.x], [(1, 48, 4)])
    data = net.bytes(a, b)
    with pytest.raises(CnncalcError, match=r"(?s)2 layers of this Paddle net.*multiclass_nms3.*yolo_box"):
        paddle(data, "json")
    assert sorted(paddle(data, "json", opaque=True).outputs.values()) == ["10x6", "48x4"]


def test_a_shape_that_is_not_what_the_file_states_is_told():
    net = Pir(1, 6, 4, 5)
    out = net.add("transpose", [net.x], [(1, 6, 4, 5)], perm=[0, 2, 1, 3])
    with pytest.raises(CnncalcError, match="the file says 6x4x5, and it comes to 4x6x5"):
        paddle(net.bytes(out), "json")


def test_an_open_input_asks_for_its_shape():
    net = Pir(-1, 3, -1, -1)
    out = net.add("relu", [net.x], [(-1, 3, -1, -1)])
    with pytest.raises(CnncalcError, match="leaves the shape of the input `image` open"):
        paddle(net.bytes(out), "json")
    assert list(paddle(net.bytes(out), "json", input="3x20x30").outputs.values()) == ["3x20x30"]


@pytest.mark.parametrize("small", [small_pir, small_desc])
def test_mutated_files_give_a_net_or_an_error_within_bounds(small):
    net, out = small()
    whole = net.bytes(out)
    for seed in range(150):
        data = mutated(whole, seed, kept=16, least=40)
        start = time.process_time()
        said = 0
        try:
            said = paddle(data, net.suffix).layers
        except CnncalcError as error:
            said = min(len(fault.message) for fault in error.faults)
        assert said > 0
        assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "data",
    [
        b'{"base_code": {}, "program": ' + b"[" * 100_000,
        b'{"base_code": {}, "program": {"regions": [{"blocks": [{"ops": [1, 2]}]}]}}',
        b'{"base_code": {}, "program": {"regions": 7}}',
        b"\n\x80\x80\x80\x80\x7f\x08\x00\x10\x00",
    ],
    ids=["deep", "numbers", "no list", "long"],
)
def test_hostile_programs_are_told(data):
    with pytest.raises(CnncalcError):
        paddle(data, "json")


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_numbers_that_are_none_are_told(number):
    net = Pir(1, 6, 4, 5)
    out = net.add("reshape", [net.x, net.numbers(1, number)], [(1, 120)])
    with pytest.raises(CnncalcError, match="it states finite numbers"):
        paddle(net.bytes(out), "json")


@pytest.mark.parametrize(
    ("kind", "others", "said"),
    [
        ("matmul", [()], "its weight has no axes"),
        ("add", [], "no stated shape"),
        ("reshape", [[]], "the batch is not its first axis"),
    ],
)
def test_what_an_operator_lacks_is_told(kind, others, said):
    net = Pir(1, 6)
    more = [net.weight("w", *one) if isinstance(one, tuple) else net.numbers(*one) for one in others]
    with pytest.raises(CnncalcError, match=said):
        paddle(net.bytes(net.add(kind, [net.x, *more], [(1, 6)])), "json")
