"""The nets that are held: bundled ones, with side branches for training and at a small size, or random ones."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from random import Random
from typing import NamedTuple

from networks import network

from cnncalc import Options, bundled, load
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.language import load_text
from cnncalc.layers.base import count

__all__ = ["NOT_HELD", "SETTLED", "Case", "drawn", "large", "loaded", "smaller"]


NOT_HELD = "refused: "
"""What a line begins with that tells why a net is not held."""
SETTLED = "settled: "
"""What a line begins with that tells a difference whose reason lies in the other tool, and was held."""


class Case(NamedTuple):
    """A net to be held: its name, the net, and the same at a small size."""

    name: str
    whole: Net
    small: Net


LARGE = 1_000
"""Numbers of an input from which on a net runs on one sample, in 32 bits."""
LENGTHS = (96, 128, 160, 192, 224, 256, 320)
"""Of a square map, the smallest first."""


def large(graph: Net) -> bool:
    """Whether a net is none of the small ones, whose norms may blow up what is lost in rounding."""
    return sum(prod(graph.nodes[index].shape) for index in graph.inputs.values()) > LARGE


def smaller(name: str, graph: Net, options: Options) -> Net:
    """A net at the smallest square input that leaves its layers and parameters as they are, or as it is."""
    shapes = [graph.nodes[index].shape for index in graph.inputs.values()]
    if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][1] <= LENGTHS[0]:
        return graph
    for length in LENGTHS:
        if length >= shapes[0][1]:
            break
        try:
            found = load(name, options._replace(input=f"{shapes[0][0]}x{length}x{length}"))
        except CnncalcError:
            continue
        if _learned(found) == _learned(graph):
            return found
    return graph


def _learned(graph: Net) -> list[tuple[str, int]]:
    """The layers, and how many numbers each has."""
    return [(node.name, count(layer.weight_shapes(*graph.input_shapes(node)))) for _, node, layer in graph.layers()]


def loaded(names: list[str], *, sides: bool) -> Iterator[tuple[str, str, Options]]:
    """Bundled nets, or those that are named, smallest first; those with side branches for training with these too."""
    found = []
    for name in names or bundled():
        try:
            graph = load(name, Options())
        except CnncalcError:
            if names:
                raise
            continue  # a family
        macs = sum(layer.macs(*graph.input_shapes(node)) for _, node, layer in graph.layers())
        found.append((macs, name, name, Options()))
        if sides and len(load(name, Options(train=True)).nodes) > len(graph.nodes):
            found.append((macs, f"{name} with side branches", name, Options(train=True)))
    yield from ((called, name, options) for _, called, name, options in sorted(found, key=lambda one: one[:2]))


def drawn(seed: int, number: int, *, dialects: tuple[str, ...] = ()) -> Net | None:
    """A random net, or None where what was drawn is none."""
    random = Random(f"{seed}/{number}")
    made = network(random, random.choice(dialects)) if dialects else network(random)
    try:
        return load_text(made.text, "random.yaml", Options(train=made.train))
    except CnncalcError:
        return None  # what is no net is told by other tests
