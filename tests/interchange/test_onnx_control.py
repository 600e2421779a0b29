"""Nodes that hold graphs: branches, turns and steps, which are read where the file says how many there are."""

from __future__ import annotations

import pytest
from onnx_files import graph, model, net, node, tensor, whole
from reading import Read, read

from cnncalc.errors import CnncalcError

ONE, ADD = tensor("one", (), [1], 7), tensor("w", (8, 8))
YES = tensor("yes", (), [1], 7)


def onnx(data: bytes, **options) -> Read:
    return read(data, "net.onnx", **options)


def body(*nodes: bytes, outputs: str, inputs: str = "i c h", tensors=()) -> bytes:
    return graph(nodes, [(name, ()) for name in inputs.split()], [(name, ()) for name in outputs.split()], tensors)


def loop(count: int | None, inner: bytes, outputs: str = "y", carried: str = "x") -> tuple[bytes, list[bytes]]:
    held = [] if count is None else [tensor("n", (), [count], 7)]
    return node("Loop", f"{'-' if count is None else 'n'} - {carried}", outputs, body=inner), held


TURN = (node("MatMul", "h w", "p"), node("Identity", "c", "go"))


def test_a_loop_of_known_length_counts_its_weight_once_and_its_products_each_turn():
    made, held = loop(5, body(*TURN, outputs="go p"))
    found = onnx(net(made, tensors=[*held, ADD]))
    assert (list(found.outputs.values()), found.params, found.macs) == (["3x8x8"], 64, 5 * 3 * 8 * 8 * 8)


def test_what_the_turns_make_stands_behind_each_other():
    made, held = loop(4, body(*TURN, outputs="go p p"), outputs="last all")
    found = onnx(net(made, outputs=("last", "all"), tensors=[*held, ADD]))
    assert sorted(found.outputs.values()) == ["3x8x8", "4x3x8x8"]  # the batch, of one, is its second axis in the file


def test_a_loop_ends_where_its_condition_does():
    counted = (
        node("Add", "k one", "more"), node("Less", "more limit", "go"), node("MatMul", "h w", "p"),
    )  # fmt: skip
    inner = body(*counted, outputs="go more p", inputs="i c k h")
    held = [tensor("zero", (), [0], 7), tensor("limit", (), [3], 7), ONE, ADD]
    found = onnx(net(node("Loop", "- - zero x", "k y", body=inner), tensors=held))
    assert found.macs == 3 * 3 * 8 * 8 * 8


def test_a_loop_that_is_not_entered_gives_what_it_was_given():
    never = node("Loop", "- no x", "r", body=body(*TURN, outputs="go p"))
    found = onnx(net(never, node("Relu", "r", "y"), tensors=[tensor("no", (), [0], 7), ADD]))
    assert (found.layers, found.params) == (1, 0)


def test_a_list_that_the_turns_fill():
    # torch writes `tensor_split` so: each part is cut in a turn of its own, and put into a list
    cut = (
        node("Gather", "at i", "from"), node("Add", "i one", "j"), node("Gather", "at j", "to"),
        node("Slice", "x from to axis", "part"), node("SequenceInsert", "q part", "r"), node("Identity", "c", "go"),
    )  # fmt: skip
    filled = node("Loop", "n yes empty", "parts", body=body(*cut, outputs="go r", inputs="i c q"))
    held = [tensor("n", (), [2], 7), YES, tensor("one", (1,), [1], 7), whole("at", 0, 3, 8), whole("axis", 2)]
    taken = [node("SequenceAt", "parts one", "second"), node("MatMul", "second w", "y")]
    found = onnx(net(node("SequenceEmpty", "", "empty"), filled, *taken, tensors=[*held, ADD]))
    assert (list(found.outputs.values()), found.macs) == (["3x5x8"], 3 * 5 * 8 * 8)


def test_a_loop_without_an_end_is_told():
    made, held = loop(None, body(*TURN, outputs="go p"))
    with pytest.raises(CnncalcError, match=r"Loop \(more than 1,000 turns\)"):
        onnx(net(made, tensors=[*held, ADD]))


UNTIL = (node("MatMul", "h w", "p"), node("ReduceMax", "p", "m", keepdims=0), node("Less", "m c2", "go"))


def test_a_loop_that_the_input_ends_is_told_where_it_has_weights():
    made, held = loop(None, body(*UNTIL, outputs="go p", tensors=[tensor("c2", (), [0.5])]))
    data = model(graph([made], [("x", (1, 3, 8, 8))], [("y", (1, 3, 8, 8))], [*held, ADD]))
    with pytest.raises(CnncalcError, match="Loop"):
        onnx(data)


def test_a_loop_that_the_input_ends_is_a_shape_where_it_has_none():
    until = (node("Relu", "h", "p"), node("ReduceMax", "p", "m", keepdims=0), node("Less", "m c2", "go"))
    made, held = loop(None, body(*until, outputs="go p", tensors=[tensor("c2", (), [0.5])]))
    data = model(graph([made], [("x", (1, 3, 8, 8))], [("y", (1, 7, 7))], held))
    found = onnx(data)
    assert [layer.kind for _, _, layer in found.graph.layers()] == ["opaque"]
    assert list(found.outputs.values()) == ["7x7"]


def test_a_scan_goes_through_the_places_of_an_axis_from_a_state_that_the_file_holds():
    cell = (node("MatMul", "e w", "p"), node("Add", "h p", "s"))
    inner = body(*cell, outputs="s s", inputs="h e")
    held = [tensor("start", (1, 8), [0.0] * 8), ADD]
    made = node("Scan", "start x", "last y", body=inner, num_scan_inputs=1, scan_input_axes=(1,), scan_output_axes=(1,))
    found = onnx(net(made, x=(1, 6, 8), tensors=held))
    assert (list(found.outputs.values()), found.params, found.macs) == (["6x8"], 64 + 8, 6 * 64)


def test_both_branches_count_where_the_input_decides_and_they_make_one_shape():
    decide = [node("ReduceMax", "x", "m", keepdims=0), node("Less", "m half", "c")]
    then = graph([node("MatMul", "x v", "a")], outputs=[("a", ())], tensors=[tensor("v", (8, 8))])
    other = graph([node("MatMul", "x v", "a")], outputs=[("a", ())], tensors=[tensor("v", (8, 8))])
    made = [*decide, node("If", "c", "y", then_branch=then, else_branch=other)]
    found = onnx(net(*made, tensors=[tensor("half", (), [0.5])]))
    assert (list(found.outputs.values()), found.params) == (["3x8x8"], 128)  # two tensors called `v`
    unlike = graph([node("Concat", "x x", "a", axis=1)], outputs=[("a", ())])
    made[-1] = node("If", "c", "y", then_branch=then, else_branch=unlike)
    with pytest.raises(CnncalcError, match="its branches make different shapes"):
        onnx(net(*made, tensors=[tensor("half", (), [0.5])]))


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (node("Loop", "n - x", "y", body=body(outputs="go", inputs="i c")), "its body takes other tensors"),
        (node("Loop", "n - x", "y"), "there is no `body`"),
        (node("Scan", "x", "y", body=body(outputs="h", inputs="h"), num_scan_inputs=7), "its body takes other tensors"),
        (
            node("Scan", "x", "y", body=body(outputs="h", inputs="h"), num_scan_inputs=1, scan_input_axes=(1, 2)),
            "`scan_input_axes` has 2 numbers for 1 tensors",
        ),
        (node("If", "x", "y", then_branch=body(outputs="h")), "there is no `else_branch`"),
    ],
)
def test_a_body_that_does_not_fit_is_told(made, why):
    with pytest.raises(CnncalcError, match=why):
        onnx(net(made, tensors=[tensor("n", (), [2], 7)]))


def test_a_node_that_makes_nothing_and_a_product_of_one_are_no_crash():
    made, held = loop(2, body(*TURN, node("Add", "p p", ""), outputs="go p"))
    assert onnx(net(made, tensors=[*held, ADD])).params == 64
    with pytest.raises(CnncalcError, match="a product of one tensor"):
        onnx(net(node("MatMul", "x", "y")))


def test_places_that_are_turned_round_keep_their_shape():
    turned = [node("Slice", "x s e a t", "r"), node("ReverseSequence", "r l", "y", batch_axis=0, time_axis=1)]
    held = [whole("s", -1), whole("e", -(2**62)), whole("a", 2), whole("t", -1), whole("l", 3)]
    found = onnx(net(*turned, tensors=held))
    assert (list(found.outputs.values()), found.params) == (["3x8x8"], 0)


def test_an_input_may_be_called_as_in_the_file():
    data = model(graph([node("Relu", "in:0", "y")], [("in:0", (1, 3, "H", "W"))], [("y", ())]))
    assert list(onnx(data, input="in:0=3x5x6").outputs.values()) == ["3x5x6"]
