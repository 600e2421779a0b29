"""What is asked of a net's input size, each part as an exact condition on its lengths, with where it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from cnncalc.analysis.symbolic.input_conditions import required
from cnncalc.arithmetic.symbolic.algebra import Size, symbolic
from cnncalc.arithmetic.symbolic.closed_text import bracketed
from cnncalc.arithmetic.symbolic.conditions import Condition, Relation
from cnncalc.arithmetic.windows.formulas import every, larger
from cnncalc.claims.quantities import parse_lengths
from cnncalc.claims.where import exact_condition
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net, Node
from cnncalc.layers import Layer, Shape, show_shape
from cnncalc.layers.kinds.conv import ForwardConvolution
from cnncalc.layers.kinds.resize import Pad
from cnncalc.layers.sliding import Pool
from cnncalc.records import NamedTuple
from cnncalc.text import plural

__all__ = ["OR_ELSE", "InputWants", "Part", "parts_of", "shape_text", "symbols_of"]

OR_ELSE = "or else "


class InputWants(NamedTuple):
    """What is asked of the input size besides that the net works."""

    output: str | None = None
    """`7x7`, or `layer4=7x7`."""
    same_weights: bool = False
    strict: bool = False
    where: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


class Part(NamedTuple):
    """One thing that is asked; `truth` is a flag where every length meets it, or none."""

    source: str
    truth: Any
    words: str = ""


def symbols_of(graph: Net) -> list[str]:
    """The symbols of the input's lengths, in order."""
    lengths: list[Any] = [n for index in graph.inputs.values() for n in graph.nodes[index].shape[1:]]
    return list(dict.fromkeys(str(length) for length in lengths if isinstance(length, Size)))


def shape_text(shape: Shape) -> str:
    """A shape in formulas.

    >>> shape_text((64, 56, 56))
    '64x56x56'
    """
    return "x".join(bracketed(str(length)) for length in shape)


def parts_of(graph: Net, declared: Net | None, wants: InputWants, index: int) -> Iterator[Part]:
    """Everything that is asked, each with where it comes from."""
    for name, requirement in required(graph):
        yield Part(name, requirement.holds, f"{OR_ELSE}{requirement.rule}")
    for symbol in symbols_of(graph):
        length = symbolic(symbol)
        if wants.low is not None:
            yield Part(f"--from {wants.low}", length >= wants.low)
        if wants.high is not None:
            yield Part(f"--to {wants.high}", length <= wants.high)
    if wants.output is not None:
        yield from _output_parts(graph.nodes[index], wants.output)
    if wants.same_weights:
        yield from _weight_parts(graph, declared)
    if wants.strict:
        yield from _strict_parts(graph)
    for text in wants.where:
        yield from _where_parts(graph, text)


def _output_parts(node: Node, wanted: str) -> Iterator[Part]:
    lengths = parse_lengths(wanted.rpartition("=")[2])
    if lengths is None:
        message = f"--output {wanted[:60]}: expected a size, of whole numbers from 1 on"
        raise CnncalcError(Fault(message, help="such as 7x7, or layer4=7x7"))
    shape = node.shape if len(lengths) == len(node.shape) else node.shape[1:]
    if len(lengths) != len(shape):
        message = f"--output {wanted[:60]}: {plural(len(lengths), 'length')}, where the map has {len(shape)}"
        all_alike = show_shape((lengths[0],) * len(shape))
        help = f"write its spatial lengths, as {all_alike}, or name another layer, as layer4=7x7"
        raise CnncalcError(Fault(message, values=f"{node.name} gives {shape_text(node.shape)}", help=help))
    for length, number in zip(shape, lengths):
        yield Part(f"--output {wanted}", length == number, f"{node.name} is {length}")


def _weight_parts(graph: Net, declared: Net | None) -> Iterator[Part]:
    """Every learnable tensor has the shape that it has at the declared input."""
    if declared is None:
        help = "give the file an `input:` that works"
        raise CnncalcError(Fault("--same-weights needs the size that the weights were made for", help=help))
    here, there = _weights(graph), _weights(declared)
    for layer in dict.fromkeys((*there, *here)):
        ours, theirs = here.get(layer, {}), there.get(layer, {})
        if {name: len(shape) for name, shape in ours.items()} != {name: len(shape) for name, shape in theirs.items()}:
            yield Part(layer, False, "it has the weights that it has at the declared size")
            continue
        for name, shape in theirs.items():
            same = every(*(length == number for length, number in zip(ours[name], shape)))
            if same is not True:
                yield Part(layer, same, f"its {name} stays {show_shape(shape)}")


def _weights(graph: Net) -> dict[str, dict[str, Shape]]:
    """The shapes of each layer's own weights: another input may leave out a layer, as by its `when`."""
    return {
        node.name: shapes
        for node in graph.nodes
        if node.layer is not None and node.share is None
        if (shapes := dict(node.layer.weight_shapes(*graph.input_shapes(node))))
    }


def _strict_parts(graph: Net) -> Iterator[Part]:
    """No window that rounds down leaves pixels of its map unseen at the far end; a border of zeros is no pixel."""
    seen: set[tuple[int, tuple[int, ...]]] = set()
    borders = _far_borders(graph)
    for _, node, layer in graph.layers():
        border = borders[node.inputs[0]]
        if (node.signature, border) in seen or not isinstance(layer, (ForwardConvolution, Pool)):
            continue
        seen.add((node.signature, border))
        shape = graph.input_shapes(node)[0]
        for window, n, zeros in zip(layer.windows(shape), shape[1:], border):
            if window.extent >= window.stride > 1:
                unseen = window.unseen(n) - larger(window.padding(n)[1], 0)
                yield Part(node.name, unseen <= zeros, "no pixel is dropped (--strict)")


def _far_borders(graph: Net) -> list[tuple[int, ...]]:
    """Of every tensor and spatial axis, so many elements at the far end come of a padding layer's zeros alone.

    As Keras writes a padding: a layer before the window, and perhaps others between that take each element by itself.
    """
    found: list[tuple[int, ...]] = []
    for node in graph.nodes:
        none = (0,) * (len(node.shape) - 1)
        if node.layer is None:
            found.append(none)
            continue
        layer, shapes = node.layer, graph.input_shapes(node)
        taken = [found[index] for index in node.inputs]
        if isinstance(layer, Pad):
            behind = tuple(m + after for m, (_, after) in zip(taken[0], layer.borders(shapes[0])))
            found.append(behind if layer.mode == "zeros" else none)
        elif type(layer).reaches is Layer.reaches and {*map(_lengths, shapes)} == {_lengths(node.shape)}:
            found.append(tuple(map(min, zip(*taken))))
        else:
            found.append(none)
    return found


def _lengths(shape: Shape) -> tuple[str, ...]:
    """A map's spatial lengths as formulas: alike only where they are the same."""
    return tuple(map(str, shape[1:]))


def _where_parts(graph: Net, text: str) -> Iterator[Part]:
    """A condition on the lengths, such as `H == W` or `H % 32 == 0`."""
    symbols = symbols_of(graph)
    if re.sub(r"\s", "", text) in ("H==W", "W==H") and "W" not in symbols:
        return
    value = _where_at(text, dict.fromkeys(symbols, 1))
    if not isinstance(value, bool):
        message = f"--where {text[:60]}: a condition is expected, and this is a number or a text"
        raise CnncalcError(Fault(message, help="compare it, as in 'H * W <= 65536'"))
    named = frozenset(_named(text, symbols))
    exact = exact_condition(text, symbols) if named else value
    if exact is not None:
        yield Part(f"--where {text}", exact)
        return

    from cnncalc.language.expressions import evaluated
    from cnncalc.language.expressions.values import spent

    value_at = evaluated(text)

    def holds(at: Mapping[str, int]) -> bool:
        return bool(_where_at(text, at, value_at))

    yield Part(f"--where {text}", Condition({}, [Relation(text, holds, named, worked=spent)]))


def _named(text: str, symbols: Iterable[str]) -> list[str]:
    """Those of the symbols that stand in the text."""
    return [symbol for symbol in symbols if re.search(rf"\b{symbol}\b", text)]


def _where_at(text: str, lengths: Mapping[str, int], value_at: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """What the text of a `--where` says at these lengths; `value_at` is it, read already.

    Raises `CnncalcError` where it says nothing there.
    """
    from cnncalc.language.expressions import ExpressionError, evaluate
    from cnncalc.language.expressions.values import begin_work

    begin_work()
    try:
        return value_at(dict(lengths)) if value_at is not None else evaluate(text, dict(lengths))
    except ExpressionError as error:
        sizes = ", ".join(f"{symbol} = {lengths[symbol]:,}" for symbol in _named(text, lengths))
        help = error.help_beside_options or f"the lengths are {', '.join(lengths)}, as in 'H >= 2 * W'"
        values = f"looked at where {sizes}" if sizes else ""
        raise CnncalcError(Fault(f"--where {text[:60]}: {error.message}", values=values, help=help)) from None
