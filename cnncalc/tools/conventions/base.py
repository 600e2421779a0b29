"""What a counting convention is made of: cases (a layer at work), rules (one line of arithmetic each), and terms.

A convention counts what its tool counts for the net as people write it for that tool: each layer is the framework's
own module of that kind, merges and reshapes are functions, and a layer that shares another's parameters is that one's
module, called again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeAlias

from cnncalc.answers.counting import Counted, Term
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.layers.base import Layer, Shape, count
from cnncalc.layers.kinds.conv import Convolution, Deconv
from cnncalc.layers.kinds.pool import Pool
from cnncalc.layers.reparametrised import Reparametrised
from cnncalc.records import NamedTuple

__all__ = [
    "ACTIVATIONS",
    "AVERAGES",
    "FREE",
    "MACS",
    "MAXIMA",
    "NORMS",
    "QUIET",
    "SECOND",
    "WINDOWED",
    "Case",
    "Convention",
    "Rule",
    "counted",
]


class Case:
    """One call of a layer: what rules may use. Shapes here have the batch first; numbers are for the whole batch."""

    def __init__(
        self,
        layer: Layer,
        shapes: tuple[Shape, ...],
        output: Shape,
        batch: int,
        *,
        called: str = "module",
        contiguous: bool = True,
    ) -> None:
        self.layer, self.kind, self.batch = layer, layer.kind, batch
        self.shapes = shapes
        self.x, self.y = (batch, *shapes[0]), (batch, *output)
        self.called = called
        """What the net's code calls: a `module`; a `function`, which a tool that watches modules does not see; or a
        tensor's `mean`, which no tool takes for a pool."""
        self.contiguous = contiguous
        """Whether the elements of its input lie in memory in the order of their axes; after a permute they do not."""
        self.rank = len(shapes[0]) - 1

    @cached_property
    def macs(self) -> int:
        """Multiply–accumulates as they are."""
        return self.batch * self.layer.macs(*self.shapes)

    @cached_property
    def tensors(self) -> Mapping[str, Shape]:
        """The learnable tensors."""
        return self.layer.weight_shapes(*self.shapes)

    @cached_property
    def parameters(self) -> int:
        """Learnable numbers."""
        return count(self.tensors)

    @cached_property
    def weight(self) -> int:
        """Numbers of the weight alone."""
        return product(self.layer.used_weight(*self.shapes))

    @cached_property
    def size(self) -> int:
        """Elements of the input."""
        return product(self.x)

    @cached_property
    def out(self) -> int:
        """Elements of the output."""
        return product(self.y)

    @property
    def positions(self) -> int:
        """Output positions of all images."""
        return self.batch * product(self.y[2:])

    @cached_property
    def pooled(self) -> int:
        """Elements that a pool takes: its input, with the border that the framework's pool cannot add by itself."""
        layer = self.layer
        border = layer.explicit_padding(self.shapes[0]) if isinstance(layer, Pool) else None
        if border is None:
            return self.size
        return self.batch * self.x[1] * product(n + before + after for n, (before, after) in zip(self.x[2:], border))

    @cached_property
    def bias(self) -> int:
        """Additions of a bias."""
        return self.out if "bias" in self.tensors else 0

    @property
    def affine(self) -> bool:
        """Whether a normalisation has a learned scale."""
        return "weight" in self.tensors

    @property
    def stats(self) -> bool:
        """Whether it normalises by running statistics."""
        return bool(getattr(self.layer, "stats", False))

    @property
    def parametrised(self) -> bool:
        """Whether its weight is made of others, as by torch.nn.utils.parametrizations."""
        return bool(getattr(self.layer, "norm", None)) and isinstance(self.layer, Reparametrised)

    @property
    def named_same(self) -> bool:
        """Whether torch is told `padding="same"`; it takes that for stride 1, else the border is a layer before."""
        layer = self.layer
        return isinstance(layer, Convolution) and layer.padding == "same" and max(layer.stride) == 1

    @property
    def uneven(self) -> bool:
        """A transposed convolution whose border differs between the sides, which torch's module has not."""
        layer = self.layer
        return isinstance(layer, Deconv) and any(
            isinstance(window.border, str) or window.border[0] != window.border[1]
            for window in layer.windows(self.shapes[0])
        )


Arithmetic: TypeAlias = "Callable[[Case], int]"


class Rule(NamedTuple):
    """One thing that a tool counts of a kind."""

    what: str
    """What is counted; the same words in two conventions are the same thing."""
    how: str
    """How this one counts it."""
    arithmetic: Arithmetic
    bug: bool = False
    """Whether it is a mistake of the tool's."""


Rules: TypeAlias = "Mapping[str, tuple[Rule, ...]]"


def nothing_refused(case: Case) -> str:
    """Every layer is within the tool's reach."""
    return ""


class Convention(NamedTuple):
    """One tool's way to count."""

    name: str
    tool: str
    """The tool and the version that the rules were measured with."""
    unit: str
    rules: Rules
    unknown: Mapping[str, str]
    """Kinds whose count depends on how people write them, and why."""
    leaves_out: str
    """What it does not count, in words."""
    nothing: frozenset[str]
    """Kinds that it counts as nothing, `FREE` ones apart; a kind that stands nowhere was not measured."""
    refuses: Callable[[Case], str] = nothing_refused
    """Why a single layer cannot be counted; empty where it can."""
    modules_only: bool = False
    """Whether it watches modules, and so does not see a layer that is called as a function."""
    own_nets: bool = False
    """Whether it counts nets of a framework of its own: what a file says of torchvision's code is not said of these."""
    one_image: bool = False
    """Whether it counts one image whatever the batch."""
    by_class: bool = False
    """Whether it knows a module by its very class, which a parametrised weight changes."""
    means: tuple[Rule, ...] = ()
    """What it counts for a tensor's mean that stands in a pool's place."""


FREE = frozenset(
    (
        "dropout", "droppath", "flatten", "reshape", "permute", "pad", "crop", "slice", "pixel_shuffle",
        "pixel_unshuffle", "channel_shuffle", "space_to_depth", "add", "multiply", "maximum", "minimum", "subtract",
        "divide", "power", "concat", "identity", "maxout", "layerscale", "argmax", "topk", "select", "expand",
        "function", "reduce", "parameter", "constant", "positional", "distances",
    )
)  # fmt: skip
"""Kinds that a tool counts only if it has a rule for them: what moves elements, arithmetic by `+`, `*` and functions,
and what is idle at inference.

A layer scale is a parameter of the block that multiplies by it, as torchvision has it, and no layer at all.
"""
WINDOWED = frozenset(("fold", "fractional_maxpool", "glu", "unfold"))
"""Modules of torch for which no tool measured has a rule."""

# Kinds that stand together in what a tool counts as nothing.
QUIET = frozenset(("hardsigmoid", "hardswish", "log_softmax", "mish", "rrelu", "selu", "sigmoid", "softplus", "tanh"))
ACTIVATIONS = QUIET | frozenset(("elu", "gelu", "leaky_relu", "prelu", "relu", "relu6", "silu", "softmax"))
MAXIMA = frozenset(("adaptive_maxpool", "global_maxpool", "lppool", "maxpool"))
AVERAGES = frozenset(("adaptive_avgpool", "avgpool", "global_avgpool", "spp", "upsample"))
NORMS = frozenset(("batchnorm", "grn", "groupnorm", "instancenorm", "layernorm", "lrn", "rmsnorm"))

MACS = Rule("multiply–accumulates", "one each", lambda c: c.macs)
SECOND = Rule("multiply–accumulates as two operations", "a multiplication and an addition", lambda c: c.macs)


def counted(convention: Convention, case: Case) -> Counted:
    """What the convention makes of a layer; one of a kind without a rule is not counted, and that is said."""
    if case.called == "mean":
        return Counted(_terms(convention.means, case))
    if convention.modules_only and case.called == "function":
        return Counted(())
    if case.kind in convention.unknown:
        return Counted((), convention.unknown[case.kind])
    reason = convention.refuses(case)
    if reason:
        return Counted((), reason)
    if case.kind not in convention.rules:
        known = case.kind in FREE or case.kind in convention.nothing
        return Counted((), "" if known else f"what {convention.tool} counts for `{case.kind}` was not measured")
    terms = _terms(convention.rules[case.kind], case)
    if convention.by_class and case.parametrised:
        whole = sum(term.amount for term in terms)
        how = "their class is no longer one that the tool knows"
        terms = (*terms, Term("layers with parametrised weights taken for nothing", how, -whole, bug=True))
    return Counted(terms)


def _terms(rules: tuple[Rule, ...], case: Case) -> tuple[Term, ...]:
    terms = (Term(rule.what, rule.how, rule.arithmetic(case), rule.bug) for rule in rules)
    return tuple(term for term in terms if term.amount)
