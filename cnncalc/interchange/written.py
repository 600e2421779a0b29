"""What a writer of a format gives: the content of a file, or why a net cannot be said in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net, Node
from cnncalc.graph.nodes import place_of
from cnncalc.layers import Layer
from cnncalc.layers.base import count
from cnncalc.layers.reparametrised import Reparametrised
from cnncalc.records import NamedTuple
from cnncalc.text import printable

__all__ = [
    "SAME_MEMORY",
    "Unsaid",
    "Unsayable",
    "Written",
    "heading",
    "of_zeros",
    "quotable",
    "without_normalised_weights",
]

SAME_MEMORY = ("crop", "dropout", "droppath", "flatten", "identity", "pad", "permute", "reshape", "select", "slice")
"""The kinds that may give the very numbers that they take, or a part of them, in torch."""


class Written(NamedTuple):
    """A net as a file of another tool."""

    content: str | bytes
    notes: tuple[str, ...] = ()
    """What the reader of the file should know."""
    twin: str = ""
    """The same net as data, which is read back where the content is a program."""
    macs: int = 0
    """Multiply–accumulates beside the net's, of what is composed in another way."""
    unseen: int = 0
    """Numbers that the net learns or keeps and that are no layer's own when the file is read back."""
    ends: tuple[int, ...] = ()
    """Tensors of the net that are outputs there too: the ends of side branches."""


class Unsaid(Exception):
    """A layer that a format has not, and why."""

    def __init__(self, why: str, help: str = "") -> None:
        super().__init__(why)
        self.why, self.help = why, help


def of_zeros(mode: str, paddings: Iterable[tuple[int, int]], tool: str) -> None:
    """Raises Unsaid for a convolution whose border is not of zeros, in a tool that has no other."""
    if mode != "zeros" and any(map(any, paddings)):
        raise Unsaid(f"{tool} pads with zeros only", f"leave `{mode}` out")


def without_normalised_weights(layer: Layer, form: str) -> None:
    """Raises `Unsaid` for a weight that is normalised in each call."""
    if isinstance(layer, Reparametrised) and layer.norm is not None:
        raise Unsaid(
            f"{form} has no {layer.norm} norm in its layers",
            "leave it out: at inference the weight that comes of it is a plain one",
        )


class Unsayable:
    """The layers that a format cannot say, told in one error; those of one line and for one reason by the first."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.met: dict[tuple[object, ...], list[Fault]] = {}

    def add(self, node: Node, why: str, help: str = "") -> None:
        """One more layer."""
        kind = node.layer.kind if node.layer is not None else "input"
        fault = Fault(f"{self.form} has no such `{kind}`", place_of(node.origin), node.name, why, help)
        place = fault.place or node.name
        self.met.setdefault((fault.message, place, why, help), []).append(fault)

    @property
    def faults(self) -> list[Fault]:
        """One for each line and reason."""
        return [_and_others(alike) for alike in self.met.values()]

    def raise_any(self) -> None:
        """Raises CnncalcError with all of them, if there are any."""
        if self.met:
            raise CnncalcError(self.faults)


def _and_others(alike: Sequence[Fault]) -> Fault:
    """The first of faults that are alike, with how many layers have it."""
    first = alike[0]
    return first._replace(values=f"{first.values} ({len(alike):,} layers)") if len(alike) > 1 else first


def heading(graph: Net, form: str, width: int) -> list[str]:
    """The docstring of a program: what the net is, of which form, its counts, and where it is from."""
    parameters = macs = 0
    for _, node, layer in graph.layers():
        shapes = graph.input_shapes(node)
        macs += layer.macs(*shapes)
        if node.share is None:
            parameters += count(layer.weight_shapes(*shapes))
    counts = f"{parameters:,} parameters, {macs:,} multiply-adds."
    lines = wrap(f'"""{quotable(graph.name)}{form}: {counts}', width)
    if graph.source:
        lines += ["", *wrap(quotable(graph.source), width - 4, break_long_words=False, break_on_hyphens=False)]
    return [*lines[:-1], lines[-1] + '"""']


def quotable(text: str) -> str:
    """A text that can stand in a docstring."""
    return printable(" ".join(text.split())).replace("\\", "/").replace('"', "'")
