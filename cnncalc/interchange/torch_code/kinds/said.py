"""What a layer is in PyTorch: the module that holds its parameters, or a function, and the registry of rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from cnncalc.interchange.torch_code.expressions import OWN, Argument, Call, Taken, Text, call
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
RULES: dict[str, Rule] = {}
"""The rule of each kind: of a layer, the shapes of its inputs and that of its output."""


def says(*kinds: type[Layer]) -> Callable[[R], R]:
    """Register a function as the rule of these kinds."""

    def register(rule: R) -> R:
        for kind in kinds:
            RULES[kind.kind] = rule
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


def rank_of(shapes: Sequence[Shape]) -> int:
    """The number of spatial axes."""
    return len(shapes[0]) - 1


def plain(numbers: Sequence[Any]) -> Any:
    """One number where all are alike, as people write it; else a tuple."""
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)


def sides(borders: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """(before, after) of each axis as `torch.nn.functional.pad` takes them: the last axis first."""
    return tuple([side for border in reversed(borders) for side in border])
