"""Bounds of unknown widths drawn together by bisection, where the figures provably only grow with them.

That is so where every unknown is the number of filters or features of a layer, no expression or condition reads one,
and every layer is of a kind whose counts and output channels only grow with its input channels, which its other lengths
do not depend on. Then a sum is never less than with all other widths at their least, and never more than with all at
their largest: a width at which even that is beyond what is wanted is ruled out, with all that are further.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.graph.way_out import unread
from cnncalc.language.unknowns import UnknownFile
from cnncalc.language.yaml.reader import Mapping as MappingNode
from cnncalc.language.yaml.reader import Scalar, YamlNode
from cnncalc.language.yaml.reader import Sequence as ListNode
from cnncalc.layers import kind_named
from cnncalc.solve.figures import BUILT
from cnncalc.solve.files.judging import Bound, Judging
from cnncalc.solve.files.sums import plus

__all__ = ["WORTH_WHILE", "narrowed"]

WORTH_WHILE = 1_000
"""Fewer candidates are sooner built than narrowed down."""
WIDE = ("conv", "deconv", "linear")
"""The kinds whose first number is how many channels or features come out."""
GROWING = frozenset({
    "conv", "dwconv", "deconv", "linear", "batchnorm", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu",
    "mish", "sigmoid", "tanh", "hardswish", "hardsigmoid", "softplus", "dropout", "droppath", "identity", "maxpool",
    "avgpool", "adaptive_maxpool", "adaptive_avgpool", "global_maxpool", "global_avgpool", "flatten", "add", "multiply",
    "maximum", "concat", "pad", "upsample",
})  # fmt: skip
"""The kinds whose counts and output channels only grow with the input channels, and whose maps' lengths do not."""
ROUNDS = 8
SHARE = 2
"""What is built for it is at most this part of the bound `search`."""
NEAR = 5
"""As many values beyond the bounds are kept, so that what comes closest is among them."""


def narrowed(file: UnknownFile, judging: Judging) -> list[Sequence[int]] | None:
    """The values that each unknown can have at most, and a few beyond; None where nothing is known of them."""
    if any(one.texts for one in file.unknowns):  # expressions read variables
        return None
    if file.candidates() < WORTH_WHILE or file.everywhere or file.options.input or not _only_widths(file):
        return None
    values = [one if isinstance(one, range) else sorted(set(one)) for one in (each.values for each in file.unknowns)]
    if not all(values) or _built(file, [one[0] for one in values]) is None:
        return None
    low, high = [0] * len(values), [len(one) - 1 for one in values]
    known: dict[tuple[int, ...], list[int] | None] = {}
    built = [0]

    def figures(places: tuple[int, ...]) -> list[int] | None:
        if places not in known:
            graph = _built(file, [one[place] for one, place in zip(values, places)])
            built[0] += BUILT * (len(graph.nodes) if graph is not None else 1)
            known[places] = None if graph is None else _figures(graph, judging)
        return known[places]

    most = file.options.limits.search // SHARE
    for _ in range(ROUNDS):
        before = low[:], high[:]
        for number in range(len(values)):
            if built[0] > most:  # what is known by now holds
                break
            for bound in judging.bounds[judging.fixed :]:
                if bound.place < len(judging.figures):
                    _narrow(number, bound, low, high, figures)
        if before == (low, high):
            break
    return [one[max(first - NEAR, 0) : last + NEAR + 1] for one, first, last in zip(values, low, high)]


def _narrow(
    number: int, bound: Bound, low: list[int], high: list[int], figures: Callable[[tuple[int, ...]], list[int] | None]
) -> None:
    """Move the bounds of one unknown to where a figure is not beyond what is wanted; they never cross."""

    def beyond(others: list[int], place: int, limit: int) -> bool:
        found = figures((*others[:number], place, *others[number + 1 :]))
        if found is None:
            raise LookupError
        return found[bound.place] >= limit

    span = range(low[number], high[number] + 1)
    try:
        if bound.operator in ("<=", "<", "=="):
            limit = bound.value + (bound.operator != "<")
            high[number] = max(
                low[number], span.start - 1 + bisect_left(span, True, key=lambda place: beyond(low, place, limit))
            )
        if bound.operator in (">=", ">", "=="):
            limit = bound.value + (bound.operator == ">")
            span = range(low[number], high[number] + 1)
            low[number] = min(
                high[number], span.start + bisect_left(span, True, key=lambda place: beyond(high, place, limit))
            )
    except LookupError:
        return  # there is no such net, so that nothing is known


def _built(file: UnknownFile, values: Sequence[int]) -> Net | None:
    """The net with these values, where it is one whose sums only grow; else None."""
    try:
        builder = file.builder(dict(enumerate(values)))
        graph = unread(builder.build)
    except CnncalcError:
        return None
    if any(builder.blocks.known.values()):
        return None
    for _, node, layer in graph.layers():
        vector = all(len(shape) == 1 for shape in graph.input_shapes(node))
        if layer.kind not in GROWING or (layer.kind == "linear" and not vector):
            return None
    return graph


def _figures(graph: Net, judging: Judging) -> list[int]:
    counting, sums = judging.counting, judging.counting.nothing
    for node in graph.nodes:
        sums = plus(sums, counting.of(node, graph))
    return [counting.figure(name, sums) for name in judging.figures]


def _only_widths(file: UnknownFile) -> bool:
    """Whether all unknowns are widths, and nothing else is computed in the file."""
    seen: set[int] = set()
    for key in ("input", "inputs"):
        if key in file.document.keys and any("$" in text for _, text in _texts(file.document.keys[key][1], "", set())):
            return False
    texts = list(_texts(file.document.keys["layers"][1], "", seen)) if "layers" in file.document.keys else []
    if file.document.blocks or any(key in ("when", "trainable") for key, _ in texts):
        return False
    return all(_is_width(key, text) for key, text in texts if "$" in text)


def _is_width(key: str, text: str) -> bool:
    """Whether the only thing computed in a text is the first number of a layer that is `WIDE`."""
    found = re.fullmatch(r"\s*(?:(\w+)\s+)?\$\(unknown_\d+\)(?:\s[^$]*)?", text)
    kind = kind_named(found[1] or key) if found else None
    return kind is not None and kind[0].kind in WIDE


def _texts(node: YamlNode, key: str, seen: set[int]) -> Iterator[tuple[str, str]]:
    """Every text below a node, with the key that it stands under."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, Scalar):
        yield key, node.text
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _texts(item, "", seen)
    elif isinstance(node, MappingNode):
        for name, (_, value) in node.entries.items():
            yield name, ""
            yield from _texts(value, name, seen)
