"""TensorFlow Lite: its operators' shapes and counts, quantised weights, what is not known, broken and hostile files.

Shapes and counts are those of TensorFlow 2.21's interpreter, which ran files of the same operators.
"""

from __future__ import annotations

import time
import tracemalloc

import pytest
from flat_tables import Byte
from lite_files import FLOAT, INT8, INT32, Lite, lite, window
from reading import mutated

from cnncalc.errors import CnncalcError


def small(stored=FLOAT):
    """A strided convolution with its ReLU6, a depthwise one, a pool, a matrix."""
    net = Lite(1, 33, 29, 3)
    bias = INT32 if stored == INT8 else FLOAT
    options = window(same=True, stride=(2, 2), first={3: Byte(3)})
    weights = [net.weight(8, 3, 3, 3, stored=stored), net.weight(8, stored=bias)]
    name = "net/stem/Relu6;net/stem/Conv2D"
    x = net.add("CONV_2D", [net.x, *weights], [(1, 17, 15, 8)], options, name=name)
    options = window(same=False, stride=(1, 1), first={3: 1, 5: 2, 6: 2})
    x = net.add("DEPTHWISE_CONV_2D", [x, net.weight(1, 3, 3, 8, stored=stored), -1], [(1, 13, 11, 8)], options)
    x = net.add("MEAN", [x, net.whole(1, 2)], [(1, 8)], {})
    x = net.add(
        "FULLY_CONNECTED",
        [x, net.weight(4, 8, stored=stored), net.weight(4, stored=bias)],
        [(1, 4)],
        {},
        name="net/fc/MatMul",
    )
    return net, net.add("SOFTMAX", [x], [(1, 4)], {})


@pytest.mark.parametrize("stored", [FLOAT, INT8])
def test_a_net_has_its_counts_whatever_its_weights_are_stored_in(stored):
    net, out = small(stored)
    found = lite(net.bytes(out))
    assert found.params == (216 + 8) + 72 + (32 + 4)
    assert found.macs == 17 * 15 * 216 + 13 * 11 * 72 + 32
    assert list(found.outputs.values()) == ["4"]
    assert {"net.stem", "net.fc"} <= {node.name for node in found.graph.nodes}


def test_quantised_weights_are_said_with_their_true_bytes(tmp_path):
    from command_line import runner

    from cnncalc.cli.main import cnncalc as program

    net, out = small(INT8)
    (tmp_path / "net.tflite").write_bytes(net.bytes(out))
    done = runner().invoke(program, ["import", str(tmp_path / "net.tflite"), "-o", str(tmp_path / "net.yaml")])
    assert done.exit_code == 0
    assert f"{216 + 72 + 32 + 4 * 12} bytes: 320 int8, 12 int32" in " ".join((done.stdout + done.stderr).split())


ONE = [
    # the operator, its input, other tensors, options, the output's shape there and here
    ("MAX_POOL_2D", (1, 7, 8, 4), [], window(same=True, stride=(2, 2), first={3: 3, 4: 3}), (1, 4, 4, 4), "4x4x4"),
    ("AVERAGE_POOL_2D", (1, 7, 8, 4), [], window(same=False, stride=(2, 3), first={3: 3, 4: 2}), (1, 3, 2, 4), "4x3x2"),
    ("PAD", (1, 5, 6, 4), [(0, 0, 1, 2, 0, 3, 0, 0)], {}, (1, 8, 9, 4), "4x8x9"),
    ("PAD", (1, 5, 6, 4), [(0, 0, 0, 0, 0, 0, 1, 3)], {}, (1, 5, 6, 8), "8x5x6"),
    ("RESHAPE", (1, 5, 6, 4), [(1, -1, 8)], {}, (1, 15, 8), "8x15"),
    ("TRANSPOSE", (1, 5, 6, 4), [(0, 3, 1, 2)], {}, (1, 4, 5, 6), "6x4x5"),
    ("TRANSPOSE", (1, 5, 6), [(1, 0, 2)], {}, (5, 1, 6), "6x5x1"),
    ("MEAN", (1, 5, 6, 4), [(2,)], {0: Byte(1)}, (1, 5, 1, 4), "4x5x1"),
    ("MEAN", (1, 5, 6, 4), [(-1,)], {}, (1, 5, 6), "6x5"),
    ("MEAN", (1, 8, 5, 5), [(0, 2, 3)], {0: Byte(1)}, (1, 8, 1, 1), "1x8x1"),  # as litert-torch has it, of one image
    ("SQUEEZE", (1, 1, 6, 4), [], {0: [1]}, (1, 6, 4), "4x6"),
    ("DEPTH_TO_SPACE", (1, 5, 6, 8), [], {0: 2}, (1, 10, 12, 2), "2x10x12"),
    ("SPACE_TO_DEPTH", (1, 8, 6, 4), [], {0: 2}, (1, 4, 3, 16), "16x4x3"),
    ("RESIZE_BILINEAR", (1, 5, 6, 4), [(11, 7)], {}, (1, 11, 7, 4), "4x11x7"),
    ("SLICE", (1, 5, 6, 4), [(0, 1, 0, 2), (1, 3, -1, 1)], {}, (1, 3, 6, 1), "1x3x6"),
    ("STRIDED_SLICE", (1, 8, 6, 4), [(0, 2, 0, 0), (0, 7, 0, 0), (1, 2, 1, 1)], {0: 13, 1: 13}, (1, 3, 6, 4), "4x3x6"),
    ("STRIDED_SLICE", (1, 8, 6, 4), [(0, 0, -1, 0), (0, 0, 0, 0), (1, 1, 1, 1)], {0: 11, 1: 11, 4: 4}, (1, 8, 4),
     "4x8"),
    ("GATHER", (1, 5, 6, 4), [(2,)], {0: 1}, (1, 1, 6, 4), "4x1x6"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "shape", "numbers", "options", "there", "here"), ONE)
def test_shapes_are_those_of_the_interpreter(kind, shape, numbers, options, there, here):
    net = Lite(*shape)
    others = [net.whole(*one, shape=(len(one) // 2, 2) if kind == "PAD" else None) for one in numbers]
    out = net.add(kind, [net.x, *others], [there], options)
    assert list(lite(net.bytes(out)).outputs.values()) == [here]


def test_a_map_that_is_dealt_out_over_the_batch_is_a_dilation():
    net = Lite(1, 30, 40, 8)
    x = net.add("SPACE_TO_BATCH_ND", [net.x, net.whole(5, 5), net.whole(5, 5, 5, 5, shape=(2, 2))], [None])
    x = net.add("CONV_2D", [x, net.weight(16, 3, 3, 8), net.weight(16)], [None], window(same=False, stride=(1, 1)))
    out = net.add("BATCH_TO_SPACE_ND", [x, net.whole(5, 5), net.whole(0, 0, 0, 0, shape=(2, 2))], [(1, 30, 40, 16)])
    found = lite(net.bytes(out))
    assert (found.params, found.macs) == (1152 + 16, 1152 * 30 * 40)
    assert found.layers == 1


def test_sizes_that_the_graph_computes_are_folded():
    net = Lite(1, 6, 5, 4, signature=(-1, 6, 5, 4))
    shape = net.add("SHAPE", [net.x], [(4,)])
    first = net.add("STRIDED_SLICE", [shape, net.whole(0), net.whole(1), net.whole(1)], [()], {4: 1})
    target = net.add("PACK", [first, net.whole(-1, shape=()), net.whole(2, shape=())], [(3,)], {0: 3, 1: 0})
    out = net.add("RESHAPE", [net.x, target], [None], {})
    assert list(lite(net.bytes(out)).outputs.values()) == ["2x60"]


def test_a_sequence_a_memory_and_a_product_of_tensors():
    net = Lite(1, 28, 12)
    gates = [net.weight(20, 12) for _ in range(4)] + [net.weight(20, 20) for _ in range(4)]
    biases = [net.weight(20) for _ in range(4)]
    states = [net.tensor((1, 20)), net.tensor((1, 20))]
    out = net.add(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", [net.x, *gates, -1, -1, -1, *biases, -1, -1, *states], [(1, 28, 20)], {}
    )
    found = lite(net.bytes(out))
    assert (found.params, list(found.outputs.values())) == (4 * 20 * (12 + 20 + 1), ["20x28"])

    net = Lite(1, 96)  # as the keyword models of TensorFlow Lite for microcontrollers have it
    out = net.add(
        "SVDF", [net.x, net.weight(64, 96), net.weight(64, 8), net.weight(64), net.tensor((1, 512))], [(1, 64)], {0: 1}
    )
    found = lite(net.bytes(out))
    assert (found.params, found.macs) == (64 * 96 + 64 * 8 + 64, 64 * 96 + 64 * 8)

    net = Lite(1, 2, 5, 6)
    other = net.add("LOGISTIC", [net.x], [(1, 2, 5, 6)])
    out = net.add("BATCH_MATMUL", [net.x, other], [(1, 2, 5, 5)], {1: Byte(1)})
    found = lite(net.bytes(out))
    assert (found.macs, list(found.outputs.values())) == (2 * 5 * 5 * 6, ["5x2x5"])


def test_heads_of_one_image_are_multiplied():
    """As litert-torch has attention: the batch of one is left out."""
    net = Lite(1, 4, 12, 8)
    heads = net.add("RESHAPE", [net.x, net.whole(4, 12, 8)], [(4, 12, 8)])
    out = net.add("BATCH_MATMUL", [heads, heads], [(4, 12, 12)], {1: Byte(1)})
    assert lite(net.bytes(out)).macs == 4 * 12 * 12 * 8


ONE_NUMBER = [
    # operators along an axis, of a tensor that has none: what their second place takes, and their options
    ("CONCATENATION", [], {}),
    ("SQUEEZE", [], {0: [0]}),
    ("UNPACK", [], {0: 1, 1: 0}),
    ("MEAN", [(0,)], {}),
]


@pytest.mark.parametrize(("kind", "numbers", "options"), ONE_NUMBER, ids=[row[0] for row in ONE_NUMBER])
def test_an_axis_that_is_not_there_is_told(kind, numbers, options):
    net = Lite(1, 1)
    x = net.add("RESHAPE", [net.x, net.whole(shape=(0,))], [()])
    out = net.add(kind, [x, *[net.whole(*one) for one in numbers]], [()], options)
    with pytest.raises(CnncalcError, match="there is no axis"):
        lite(net.bytes(out))


def test_transposed_convolutions_come_to_the_size_that_is_stated():
    for size, made in ((14, "5x14x14"), (13, "5x13x13"), (15, "5x15x15")):
        net = Lite(1, 7, 7, 3)
        shape = net.whole(1, size, size, 5)
        options = window(same=True, stride=(2, 2))
        out = net.add("TRANSPOSE_CONV", [shape, net.weight(5, 3, 3, 3), net.x], [(1, size, size, 5)], options)
        found = lite(net.bytes(out))
        assert (list(found.outputs.values()), found.params) == ([made], 135)


def test_shared_weights_count_once_and_constants_do_not():
    net = Lite(1, 8, 8, 4)
    weight, bias = net.weight(4, 3, 3, 4), net.weight(4)
    options = window(same=True, stride=(1, 1))
    a = net.add("CONV_2D", [net.x, weight, bias], [(1, 8, 8, 4)], options)
    b = net.add("CONV_2D", [a, weight, bias], [(1, 8, 8, 4)], options)
    c = net.add("MUL", [b, net.weight(4)], [(1, 8, 8, 4)], {})
    out = net.add("ADD", [c, a], [(1, 8, 8, 4)], {0: Byte(1)})
    assert lite(net.bytes(out)).params == 144 + 4


def test_what_is_not_known_is_named_all_at_once_or_opaque():
    net = Lite(1, 8, 8, 4)
    a = net.add("HASHTABLE_LOOKUP", [net.x], [(1, 10, 4)])
    b = net.add("CUSTOM", [a], [(1, 10, 4)], custom="TFLite_Detection_Ours")
    data = net.bytes(b)
    with pytest.raises(
        CnncalcError, match=r"(?s)2 layers of this TensorFlow Lite.*CUSTOM TFLite_Detection.*HASHTABLE_LOOKUP"
    ):
        lite(data)
    assert list(lite(data, opaque=True).outputs.values()) == ["4x10"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: data[:200], "TensorFlow Lite file: byte"),
        (lambda data: data[:8] + b"\xff" * (len(data) - 8), "offset leads out of the file"),
        (lambda data: b"\xff\xff\xff\x7f" + data[4:], "offset leads out of the file"),
    ],
    ids=["cut", "lies", "root"],
)
def test_broken_files_say_where(spoil, said):
    net, out = small()
    with pytest.raises(CnncalcError, match=said):
        lite(spoil(net.bytes(out)))


def test_a_shape_that_is_not_what_the_file_states_is_told():
    net = Lite(1, 7, 8, 4)
    out = net.add("MAX_POOL_2D", [net.x], [(1, 9, 9, 4)], window(same=True, stride=(2, 2), first={3: 3, 4: 3}))
    with pytest.raises(CnncalcError, match=r"the file says 1x9x9x4, and it comes to 1x4x4x4"):
        lite(net.bytes(out))


def test_an_open_input_asks_for_its_shape():
    net = Lite(1, 1, 1, 3, signature=(-1, -1, -1, 3))
    out = net.add("LOGISTIC", [net.x], [None])
    with pytest.raises(CnncalcError, match="leaves the shape of the input `image` open"):
        lite(net.bytes(out))
    assert list(lite(net.bytes(out), input="3x20x30").outputs.values()) == ["3x20x30"]


def test_mutated_files_give_a_net_or_an_error_within_bounds():
    net, out = small(INT8)
    whole = net.bytes(out)
    tracemalloc.start()
    for seed in range(300):
        data = mutated(whole, seed, least=8)
        start = time.process_time()
        said = 0
        try:
            said = lite(data).layers
        except CnncalcError as error:
            said = min(len(fault.message) for fault in error.faults)
        assert said > 0
        assert time.process_time() - start < 5
    assert tracemalloc.get_traced_memory()[1] < 200_000_000
    tracemalloc.stop()


def test_lists_that_lie_over_each_other_are_bounded():
    """Many operators with one long list of tensors."""
    net = Lite(1, 4)
    out = net.add("CONCATENATION", [net.x] * 60_000, [None], {})
    net.operators *= 40
    with pytest.raises(CnncalcError, match="take and make more than 500,000 tensors"):
        lite(net.bytes(out))
