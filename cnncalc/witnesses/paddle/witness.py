"""Builds a net in Paddle and runs it on zeros, layer by layer."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from math import prod
from typing import Any, TypeAlias

from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.graph.nodes import Node
from cnncalc.interchange.written import Unsaid, Unsayable
from cnncalc.layers import Layer, Shape
from cnncalc.layers.reparametrised import Reparametrised
from cnncalc.witnesses.paddle import elements, tensors, windows
from cnncalc.witnesses.seen import Seen, SeenRow

__all__ = ["lone", "seen"]

RULES = {**windows.RULES, **elements.RULES, **tensors.RULES}
REFUSED = (
    ValueError,
    TypeError,
    RuntimeError,
    NotImplementedError,
    ZeroDivisionError,
    IndexError,
    AssertionError,
    OSError,
)
"""What Paddle raises of a layer that it does not take."""
MOST_MACS = 5_000_000
"""The multiply–accumulates up to which a net is run."""


def _paddle() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import paddle
    return paddle


UNSAFE = ("avgpool", "conv", "dwconv", "maxpool")
"""Kinds whose windows, where they do not fit, end the process when they are run."""
Numbers: TypeAlias = "dict[int, tuple[int, int, int]]"
"""By a layer's index: all that it keeps, what is trained, and what is not."""


class _Refused(Exception):
    """What Paddle says against a layer."""


def seen(graph: Net, batch: int) -> Seen:
    """What Paddle has of a net. Raises CnncalcError that names every layer which it has not."""
    paddle = _paddle()
    framework = f"Paddle {paddle.__version__}"
    _hold_kinds(graph)
    run = sum(layer.macs(*graph.input_shapes(node)) for _, node, layer in graph.layers()) <= MOST_MACS
    try:
        shapes, numbers = _run(paddle, graph, batch) if run else _asked(paddle, graph, batch)
    except _Refused as error:
        return Seen(framework, {}, {}, refusal=str(error))
    notes = () if run else ("shapes are those that Paddle's static graph infers; a net of more work is not run",)
    rows = {node.name: SeenRow(shapes[index], *numbers.get(index, ())) for index, node, _ in graph.layers()}
    owned = [row for row in rows.values() if row.parameters is not None]
    total = SeenRow(
        None,
        sum(row.parameters or 0 for row in owned),
        sum(row.trainable or 0 for row in owned),
        sum(row.non_trainable or 0 for row in owned),
    )
    return Seen(framework, rows, {name: shapes[at] for name, at in graph.outputs.items()}, total, notes=notes)


def _hold_kinds(graph: Net) -> None:
    """Raises CnncalcError with every layer of a kind that Paddle has not."""
    unsayable = Unsayable("Paddle")
    for _, node, layer in graph.layers():
        if isinstance(layer, Reparametrised) and layer.norm is not None:
            unsayable.add(node, f"a {layer.norm} norm is put around a layer of Paddle, and not held here")
        elif layer.kind not in RULES:
            unsayable.add(node, f"there is no layer of Paddle here for `{layer.kind}`")
    unsayable.raise_any()


def _asked(paddle: Any, graph: Net, batch: int) -> tuple[dict[int, Shape], Numbers]:
    """As `_run`, in a static graph, which infers shapes and computes nothing."""
    paddle.enable_static()
    try:
        with paddle.static.program_guard(paddle.static.Program(), paddle.static.Program()):
            return _run(paddle, graph, batch, static=True)
    finally:
        paddle.disable_static()


def _run(paddle: Any, graph: Net, batch: int, *, static: bool = False) -> tuple[dict[int, Shape], Numbers]:
    """The shapes of all tensors, and the numbers of the layers that have their own.

    Raises CnncalcError, and _Refused with Paddle's words.
    """
    last = {tensor: index for index, node in enumerate(graph.nodes) for tensor in node.inputs}
    tensors: dict[int, Any] = {}
    shapes: dict[int, Shape] = {}
    modules: dict[int, Any] = {}
    numbers: Numbers = {}
    with paddle.no_grad():
        for index, node in enumerate(graph.nodes):
            if node.layer is None:
                given = [batch, *node.shape]
                tensors[index] = paddle.static.data(f"x{index}", given) if static else paddle.zeros(given)
            else:
                tensors[index] = _layer(paddle, graph, index, node, [tensors[one] for one in node.inputs], modules)
                if node.share is None:
                    numbers[index] = _numbers(modules[index])
            shapes[index] = tuple(tensors[index].shape[1:])
            for tensor in {*node.inputs, index}:
                if last.get(tensor, index) == index:
                    del tensors[tensor]
    return shapes, numbers


def _layer(paddle: Any, graph: Net, index: int, node: Node, taken: list[Any], modules: dict[int, Any]) -> Any:
    """Runs a layer; one that shares parameters runs as its owner's."""
    assert node.layer is not None
    try:
        module: Any = _shared(graph, node, modules) or RULES[node.layer.kind](
            paddle, node.layer, graph.input_shapes(node)
        )
        modules[index] = module
        if hasattr(module, "eval"):
            module.eval()
            if not node.trainable and node.share is None:
                for one in module.parameters():
                    one.stop_gradient = True
        return module(*taken)
    except Unsaid as error:
        raise _unsaid(node, error) from None
    except REFUSED as error:
        raise _Refused(f"{node.name}: {_line(error)}") from None


def _shared(graph: Net, node: Node, modules: dict[int, Any]) -> Any:
    """The layer of Paddle whose parameters this one uses, if it uses another's."""
    owner: Any = None if node.share is None else modules.get(node.share)
    if owner is None or not hasattr(owner, "parameters") or not owner.parameters():
        return None
    if node.share is not None and graph.nodes[node.share].layer != node.layer:
        raise Unsaid("layers that share parameters are one layer in Paddle, with the same fields")
    if node.share is not None:
        theirs, ours = graph.input_shapes(graph.nodes[node.share])[0], graph.input_shapes(node)[0]
        if len(theirs) != len(ours):
            raise Unsaid("a layer of Paddle takes as many axes as it was made for")
        if theirs != ours and node.layer is not None and node.layer.kind == "attention":
            raise Unsaid("an attention that is put together of operations takes the shape that it was made for")
    return owner


def _unsaid(node: Node, error: Unsaid) -> CnncalcError:
    """Why Paddle has not a layer."""
    unsayable = Unsayable("Paddle")
    unsayable.add(node, error.why, error.help)
    return CnncalcError(unsayable.faults)


def _numbers(module: Any) -> tuple[int, int, int]:
    """All that it keeps, what is trained, and what is not."""
    if not hasattr(module, "parameters"):
        return 0, 0, 0
    trained = [prod(one.shape) for one in module.parameters() if not one.stop_gradient]
    other = [prod(one.shape) for one in module.parameters() if one.stop_gradient]
    return sum(trained) + sum(other), sum(trained), sum(other)


def lone(layer: Layer, shapes: Sequence[Shape], batch: int = 2) -> Shape | str:
    """The shape that one layer gives, also where we refuse it; or what Paddle says against it.

    Windows are not run, but inferred: a kernel that does not fit writes outside its memory there (3.3.1). Raises
    CnncalcError where Paddle cannot say it.
    """
    net = Net("lone", dialect=layer.dialect)
    inputs = [net.add_input(f"x{place}", shape) for place, shape in enumerate(shapes)]
    net.nodes.append(Node("lone", layer, tuple(one.index for one in inputs), (), len(inputs)))
    _hold_kinds(net)
    try:
        found, _ = _asked(_paddle(), net, batch)
        if layer.kind not in UNSAFE and min(found[len(inputs)], default=1) > 0:
            found, _ = _run(_paddle(), net, batch)
    except _Refused as error:
        return str(error)
    return found[len(inputs)]


def _line(error: Exception) -> str:
    """The part that says what is wrong: of Paddle's long messages that behind `InvalidArgumentError`."""
    said = " ".join(str(error).split())
    place = said.rfind("Error: ")
    return said[place + 7 if place >= 0 else 0 :][:300] or type(error).__name__
