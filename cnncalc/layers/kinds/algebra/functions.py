"""Functions of one element, all by one table: what each costs and what backward keeps of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import exact_divide, product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach
from cnncalc.layers.axes import axes_exist
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, show_shape
from cnncalc.layers.fields import LARGEST, Choice, Real, Whole
from cnncalc.layers.registry import layer
from cnncalc.records import NamedTuple

__all__ = ["FUNCTIONS", "Function", "Glu", "OneFunction"]


class OneFunction(NamedTuple):
    """What is to be known of a function."""

    each: int
    """Operations an element; an elementary function, a comparison and a rounding count one each."""
    keeps: tuple[str, ...] = ("input",)
    """What autograd keeps: `input`, `output`, or in words a tensor of the input's shape."""
    casting: str = "follow"
    """What torch.autocast makes of it, as `Layer.autocast`."""


_OUTPUT, _NOTHING = ("output",), ()

FUNCTIONS: dict[str, OneFunction] = {
    "abs": OneFunction(1),
    "acos": OneFunction(1, casting="float32"),
    "acosh": OneFunction(1),
    "asin": OneFunction(1, casting="float32"),
    "asinh": OneFunction(1),
    "atan": OneFunction(1),
    "atanh": OneFunction(1),
    "ceil": OneFunction(1, _NOTHING),
    "celu": OneFunction(5),  # an ELU whose argument is divided
    "clip": OneFunction(2),
    "cos": OneFunction(1),
    "cosh": OneFunction(1, casting="float32"),
    "erf": OneFunction(1),
    "exp": OneFunction(1, _OUTPUT, "float32"),
    "expm1": OneFunction(1, _OUTPUT, "float32"),
    "floor": OneFunction(1, _NOTHING),
    "hardshrink": OneFunction(2),
    "log": OneFunction(1, casting="float32"),
    "log10": OneFunction(1, casting="float32"),
    "log1p": OneFunction(1, casting="float32"),
    "log2": OneFunction(1, casting="float32"),
    "log_sigmoid": OneFunction(4, ("input", "exp of it")),
    "negate": OneFunction(1, _NOTHING),
    "reciprocal": OneFunction(1, _OUTPUT, "float32"),
    "round": OneFunction(1, _NOTHING),
    "rsqrt": OneFunction(2, _OUTPUT, "float32"),
    "sign": OneFunction(1, _NOTHING),
    "sin": OneFunction(1),
    "sinh": OneFunction(1, casting="float32"),
    "softshrink": OneFunction(3),
    "softsign": OneFunction(3, ("input", "1 + |x|")),
    "sqrt": OneFunction(1, _OUTPUT),
    "square": OneFunction(1, casting="float32"),
    "tan": OneFunction(1, _OUTPUT, "float32"),
    "tanhshrink": OneFunction(2, ("tanh of it",)),
    "threshold": OneFunction(1),
}
"""By torch's rules of their derivatives (tools/autograd/derivatives.yaml) and its lists for autocast."""
BOUNDED = ("clip",)
OF_COMPLEX = (
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp", "expm1", "log", "log10", "log1p", "log2",
    "negate", "reciprocal", "rsqrt", "sin", "sinh", "softsign", "sqrt", "square", "tan", "tanhshrink",
)  # fmt: skip
"""Those that torch has of complex numbers, with derivatives, and whose values are complex."""
ANY = Real(-LARGEST, LARGEST)


@layer(
    "function",
    presets={
        **{name: {"of": name} for name in FUNCTIONS},
        "Clamp": {"of": "clip"},
        "Hardtanh": {"of": "clip", "low": -1.0, "high": 1.0},
        "Neg": {"of": "negate"},
        "LogSigmoid": {"of": "log_sigmoid"},
        "AbsVal": {"of": "abs"},
        "ThresholdedReLU": {"of": "threshold"},
    },
)
class Function(Layer):
    """One function of each element, by its name: `function exp`, or `exp` alone; `clip 0 6` has bounds.

    One operation an element, but rsqrt, tanhshrink and hardshrink 2, softsign and softshrink 3, log_sigmoid 4 and
    celu 5; a clip is a comparison a bound. Rounding and sign let no gradient through, and the layers before them still
    take part in backward, as in torch.
    """

    of: str = field(Choice(*FUNCTIONS), "which function")
    low: float | None = field(ANY, "least value, of a clip", None, position=0, aliases=("min", "min_val"))
    high: float | None = field(ANY, "largest value, of a clip", None, position=1, aliases=("max", "max_val"))

    @property
    def rule(self) -> OneFunction:
        """What is known of the function."""
        return FUNCTIONS[self.of]

    def casting(self) -> str:
        return self.rule.casting

    def on_complex(self) -> str:
        return "real" if self.of == "abs" else "numbers" if self.of in OF_COMPLEX else ""

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        bounds = [bound for bound in (self.low, self.high) if bound is not None]
        yield Requirement(
            bool(bounds) == (self.of in BOUNDED),
            "a clip has a least or a largest value" if self.of in BOUNDED else f"`{self.of}` has no bounds",
            f"it has {len(bounds)}",
            "write `clip 0 6`, or `clip high=6`" if self.of in BOUNDED else f"write `{self.of}` alone",
        )

    def moves(self, *, training: bool) -> bool:
        return False

    def operations(self, *x: Shape) -> int:
        bounds = (self.low is not None) + (self.high is not None)
        return (bounds if self.of in BOUNDED else self.rule.each) * product(x[0])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            for what in self.rule.keeps:
                element = "cpu" if self.of == "log_sigmoid" else ""  # CUDA's kernel computes it anew
                if self.of == "softsign" and backward.parts > 1:
                    element = "part"
                yield Saved(what) if what in ("input", "output") else Saved(what, shape=x[0], element=element)


@layer("glu", aliases=("GLU", "gated_linear_unit"))
class Glu(Layer):
    """The first half of the channels times the sigmoid of the second (Dauphin et al. 2017), as torch.nn.GLU.

    A sigmoid and a multiplication an output: five operations.
    """

    needs: ClassVar[str] = "any"
    axis: int = field(Whole(-8), "the axis that is halved, 0 = channels, -1 = the last", 0)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from axes_exist(self.kind, (self.axis,), x[0])
        length = x[0][self.axis]
        yield Requirement(
            length % 2 == 0,
            "a glu halves an even number of channels",
            f"axis {self.axis} of {show_shape(x[0])} is {length} long",
            "give it an even number of them",
        )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (OPEN,) * len(x[0]) if x else None

    def output_shape(self, *x: Shape) -> Shape:
        return tuple(exact_divide(n, 2) if axis == self.place(x[0]) else n for axis, n in enumerate(x[0]))

    def place(self, x: Shape) -> int:
        """The axis counted from the first one."""
        return self.axis % len(x)

    def reaches(self, *x: Shape) -> tuple[Reach | None, ...]:
        """Pixel by pixel; of an axis that is halved each half meets the other."""
        return tuple(None if axis == self.place(x[0]) else IDENTITY for axis in range(1, len(x[0])))

    def channel_reach(self, *x: Shape) -> Reach | None:
        return None if self.place(x[0]) == 0 else IDENTITY

    def operations(self, *x: Shape) -> int:
        return 5 * product(self.output_shape(*x))

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield Saved("input")
