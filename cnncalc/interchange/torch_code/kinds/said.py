"""What a layer is in PyTorch: the module that holds its parameters, or a function, and the registry of rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeVar

from cnncalc.interchange.torch_code.expressions import OWN, Argument, Call, Taken, Text, call
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Layer, Shape
from cnncalc.layers.reparametrised import Reparametrised
from cnncalc.records import NamedTuple

__all__ = [
    "ITSELF",
    "PARAMETRISATIONS",
    "RULES",
    "Said",
    "X",
    "learned",
    "own",
    "parametrised",
    "plain",
    "rank_of",
    "remembered",
    "said_of",
    "says",
    "sides",
]

PARAMETRISATIONS = "nn.utils.parametrizations."
X = Taken(0)
ITSELF = Text(OWN)
"""A layer's own tensor, which is no module."""


class Said(NamedTuple):
    """A layer. One with parameters has a `module`, one without has `function` or both, and then either may stand."""

    module: Any = None
    """What makes its module."""
    does: Any = None
    """What it does, its module being the function `OWN`."""
    function: Any = None
    """What it does without a module."""
    holds: bool = False
    """Whether the module has parameters or buffers."""
    bare: bool = False
    """Whether that is no module, but a tensor of the module around it."""
    tensors: int = 1
    """How many it gives: a pool that remembers places gives these too."""


Rule = Callable[[Any, "tuple[Shape, ...]", Shape], Said]
R = TypeVar("R", bound=Rule)
ROOMS = ("elements", "windows", "tensors", "sequences", "modulated")
"""The modules that register rules, those that most nets need first."""


class _Rules(dict[str, Rule]):
    """Rules by kind; a module of them is imported when a kind is asked for that none before it has."""

    def __missing__(self, kind: str) -> Rule:
        for room in ROOMS:
            import_module(f"cnncalc.interchange.torch_code.kinds.{room}")
            if kind in self:
                return self[kind]
        raise KeyError(kind)


RULES = _Rules()
"""The rule of each kind: of a layer, the shapes of its inputs and that of its output."""


def said_of(layer: Any, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A layer by its rule, with what makes its weight. Raises Unsaid."""
    return parametrised(RULES[layer.kind](layer, shapes, made), layer)


def says(*kinds: str) -> Callable[[R], R]:
    """Register a function as the rule of these kinds."""

    def register(rule: R) -> R:
        RULES.update(dict.fromkeys(kinds, rule))
        return rule

    return register


def own(*taken: Any) -> Call:
    """A call of the layer's own module."""
    return Call(OWN, tuple([Argument("", one) for one in taken or (X,)]))


def learned(initial: float | None, sizes: Sequence[int], *, kept: bool = False) -> Call:
    """A tensor of a module: one number everywhere, or small random ones; `kept` and not learned."""
    words = {f"channels{place or ''}": size for place, size in enumerate(sizes)}
    made = call("torch.randn" if initial is None else "torch.ones", words)
    if initial != 1:
        made = call("*", {"initial": 0.02 if initial is None else initial, "numbers": made})
    return call("nn.Buffer" if kept else "nn.Parameter", {"data": made})


def parametrised(said: Said, layer: Layer) -> Said:
    """What is said of a layer, with what makes its weight."""
    norm = layer.norm if isinstance(layer, Reparametrised) else None
    if norm is None:
        return said
    function = f"{PARAMETRISATIONS}{norm}_norm"
    return said._replace(module=Call(function, (Argument("", said.module),)))


def remembered(said: Said) -> Said:
    """A max pool that gives the places of its pixels too. Raises Unsaid for one that torch's own is not."""
    if said.module is None or "MaxPool" not in said.module.function:
        raise Unsaid("its pool is none of torch's own, which alone remembers places", "pad before the pool by a layer")
    places = Argument("return_indices", Text("True"), False)
    both = [one._replace(arguments=(*one.arguments, places)) for one in (said.module, said.function)]
    return Said(both[0], said.does, both[1], tensors=2)


def rank_of(shapes: Sequence[Shape]) -> int:
    """The number of spatial axes."""
    return len(shapes[0]) - 1


def plain(numbers: Sequence[Any]) -> Any:
    """One number where all are alike, as people write it; else a tuple."""
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)


def sides(borders: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """(before, after) of each axis as `torch.nn.functional.pad` takes them: the last axis first."""
    return tuple([side for border in reversed(borders) for side in border])
