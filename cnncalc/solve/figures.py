"""What can be wanted of a net: `params <= 3_500_000`, `output == 512x7x7`, and what a net has of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cached_property

from cnncalc.analysis.costs import Counts
from cnncalc.answers.figures import BY_KEY, KEYS, RECEPTIVE_FIELD
from cnncalc.answers.figures import CLAIMED as FIGURES
from cnncalc.answers.roofline import duration_text
from cnncalc.claims.figures import longest_field
from cnncalc.claims.latency import LATENCY, PICOSECONDS
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph import Net
from cnncalc.layers import show_shape
from cnncalc.records import NamedTuple

__all__ = [
    "BUILT", "FIGURES", "OPERATORS", "Measured", "Want",
    "check_lengths", "check_wants", "known_figures", "lacking", "meets", "miss", "missed_by",
    "off", "taken",
]  # fmt: skip

OPENED, FOLLOWED, BUILT = 50, 2, 15
"""What it takes, in layers that are measured: to begin a net; for each layer a figure that is followed through the net,
as memory is; and to build a layer. A plain sum beside another takes half a layer."""
OWN = {"saved_bytes": 1, "backward_flops": 1, "recomputed_macs": 1, "step_flops": 4}
"""Figures that are sums over the layers, of what has to be followed to each of them, and what that takes."""
OPERATORS = ("<=", ">=", "==", "!=", "<", ">")


class Want(NamedTuple):
    """One figure of the net held against a value: a whole number, or a shape as text."""

    figure: str
    operator: str
    value: int | str

    @property
    def text(self) -> str:
        """As it was written, numbers in full."""
        value = f"{self.value:,}" if isinstance(self.value, int) else self.value
        if self.figure == LATENCY and isinstance(self.value, int):
            value = duration_text(Fraction(self.value, PICOSECONDS))
        return f"{self.figure} {self.operator} {value}"


class Measured:
    """A net's figures, each computed when it is first asked for."""

    def __init__(self, graph: Net, batch: int, dtype: str, optimizer: str = "sgd") -> None:
        self.graph, self.totals = graph, Counts(graph, batch, dtype, optimizer)

    @cached_property
    def receptive_field(self) -> int:
        """The longest side of that of the last map that has one."""
        return longest_field(self.graph)

    def figure(self, name: str) -> int | str:
        """A total, the receptive field, or the shape of the output or of a named layer; raises `CnncalcError`."""
        if name == "output":
            return show_shape(self.graph.nodes[next(iter(self.graph.outputs.values()))].shape)
        if name == RECEPTIVE_FIELD:
            return self.receptive_field
        if name in KEYS:
            return int(self.totals[name])
        if name == LATENCY:
            help = "`cnncalc search NET --device a100 --want 'latency <= 5ms'` looks for it"
            raise CnncalcError(Fault("--want: `latency` is the least time on a device", help=help))
        known = known_figures(self.graph)
        if name not in known:
            help = suggestion(name, known, f"there are {', '.join(('output', *FIGURES))}, and every layer's name")
            raise CnncalcError(Fault(f"--want: there is no figure or layer `{name[:60]}`", help=help))
        index = self.graph.groups.get(name)
        if index is None:
            index = next(place for place, node in enumerate(self.graph.nodes) if node.name == name)
        return show_shape(self.graph.nodes[index].shape)

    def meets_all(self, wants: Sequence[Want]) -> bool:
        """Whether all wants are met; shapes, which cost least, are looked at first."""
        return all(
            meets(self.figure(want.figure), want) for want in sorted(wants, key=lambda one: one.figure in FIGURES)
        )


def taken(layers: int, figures: Iterable[str]) -> int:
    """What a net of so many layers takes of which these are asked, in layers that are measured."""
    followed = [*map(_followed, figures)]
    plain = max(followed.count(0), 1)
    return OPENED + layers * (1 + plain + 2 * FOLLOWED * sum(followed)) // 2


def _followed(figure: str) -> int:
    """How many figures it takes that are no plain sums over the layers, and no shapes."""
    if figure not in FIGURES:
        return 0
    return OWN.get(figure, int(figure not in BY_KEY or BY_KEY[figure].layer is None))


def meets(found: int | str, want: Want) -> bool:
    """Whether a figure is as wanted; raises `CnncalcError` where that cannot be compared."""
    value = want.value
    if isinstance(found, str) or isinstance(value, str):
        if want.operator not in ("==", "!="):
            help = "write `==` and a shape, as output == 512x7x7"
            raise CnncalcError(Fault(f"--want {want.text}: a shape is neither more nor less", help=help))
        return (str(found) == str(value)) == (want.operator == "==")
    return {
        "<=": found <= value,
        ">=": found >= value,
        "==": found == value,
        "!=": found != value,
        "<": found < value,
        ">": found > value,
    }[want.operator]


def check_lengths(found: int | str, want: Want) -> None:
    """Raises `CnncalcError` where one number is wanted of a shape that has several lengths."""
    if isinstance(found, str) and isinstance(want.value, int) and "x" in found:
        lengths = found.split("x")
        whole = "x".join([lengths[0], *[str(want.value)] * (len(lengths) - 1)])
        help = f"write all of it, as {want.figure} {want.operator} {whole}"
        raise CnncalcError(
            Fault(f"--want {want.text}: a shape has {len(lengths)} lengths", values=f"such as {found}", help=help)
        )


def check_wants(wants: Sequence[Want]) -> None:
    """Raises `CnncalcError` where two wants of one figure contradict each other, so that no net could meet both."""
    for number, one in enumerate(wants):
        for other in wants[:number]:
            if one.figure == other.figure and not _agree(one, other):
                help = "take one of the two back"
                raise CnncalcError(Fault(f"--want {other.text} and {one.text} contradict each other", help=help))


def _agree(one: Want, other: Want) -> bool:
    """Whether any value meets both: one of those next to the two that are named does, if any."""
    if isinstance(one.value, int) and isinstance(other.value, int):
        near = [value + step for value in (one.value, other.value) for step in (-1, 0, 1) if value + step >= 0]
        return any(meets(value, one) and meets(value, other) for value in near)
    if "==" not in (one.operator, other.operator) or not isinstance(one.value, type(other.value)):
        return True
    first, second = (one, other) if one.operator == "==" else (other, one)
    return meets(first.value, second)


def miss(found: Sequence[int | str], wants: Sequence[Want]) -> tuple[int, Fraction]:
    """How far figures are from what is wanted: how many wants are missed, and by what share of them in all."""
    missed = [off(one, want) for one, want in zip(found, wants) if not meets(one, want)]
    return len(missed), Fraction(sum(missed))


def off(found: int | str, want: Want) -> int | Fraction:
    """How far a figure is from what is wanted, as a share of it; 0 only where it is. Raises `CnncalcError`."""
    if meets(found, want):
        return 0
    if isinstance(found, int) and isinstance(want.value, int):
        return Fraction(lacking(found, want.operator, want.value), max(want.value, 1))
    if want.operator == "!=":
        return 1
    one, other = (str(shape).split("x") for shape in (found, want.value))
    if len(one) != len(other) or not all(part.isdecimal() for part in (*one, *other)):
        return 10**9
    return sum((Fraction(abs(int(a) - int(b)), max(int(b), 1)) for a, b in zip(one, other)), Fraction(0)) or 1


def lacking(found: int, operator: str, value: int) -> int:
    """By how much a figure would have to change, where it is not as wanted."""
    return {"<": found - value + 1, ">": value - found + 1, "!=": 1}.get(operator, abs(found - value))


def missed_by(found: int | str, want: Want) -> str:
    """By how much a figure is not as wanted, in words; empty where it is."""
    if meets(found, want):
        return ""
    if isinstance(found, int) and isinstance(want.value, int):
        if want.operator == "!=":
            return f"{want.figure} is {found:,}"
        too = "over" if found > want.value or want.operator == "<" else "under"
        return f"{want.figure} {lacking(found, want.operator, want.value):,} {too}"
    one, other = (str(shape).split("x") for shape in (found, want.value))
    if want.operator == "!=" or len(one) != len(other) or not all(part.isdecimal() for part in (*one, *other)):
        return f"{want.figure} is {found}"
    steps = [int(a) - int(b) for a, b in zip(one, other)]
    return f"{want.figure} {'x'.join(f'{step:+,}' if step else '0' for step in steps)}"


def known_figures(graph: Net) -> list[str]:
    """Everything that a want can name."""
    return ["output", *FIGURES, *(node.name for node in graph.nodes), *graph.groups]
