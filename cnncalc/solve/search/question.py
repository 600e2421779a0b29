"""What is asked of a space of nets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnncalc.claims.latency import LATENCY
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.language.options import Options
from cnncalc.records import NamedTuple
from cnncalc.solve.figures import FIGURES, Want, check_wants
from cnncalc.solve.sweep.grid import Grid

if TYPE_CHECKING:
    from cnncalc.answers.roofline import Device

__all__ = ["Objective", "Question", "asked_for"]


_NUMBERS = (*FIGURES, LATENCY)
"""What is no shape."""


class Objective(NamedTuple):
    """A figure that is to be small, or large."""

    figure: str
    largest: bool = False

    @property
    def sign(self) -> int:
        """What makes less of it better."""
        return -1 if self.largest else 1


class Question(NamedTuple):
    """A space, what is wanted in it, and what is best."""

    net: str
    options: Options
    dtype: str
    grid: Grid
    wants: tuple[Want, ...]
    objectives: tuple[Objective, ...]
    optimizer: str = "sgd"
    device: Device | None = None

    @property
    def figures(self) -> list[str]:
        """What each point is told with: the figures that are to be small or large, then those that are wanted."""
        return list(dict.fromkeys([*(one.figure for one in self.objectives), *(one.figure for one in self.numbers)]))

    @property
    def numbers(self) -> list[Want]:
        """The wants that are numbers."""
        return [want for want in self.wants if want.figure in _NUMBERS]

    @property
    def shapes(self) -> list[Want]:
        """The wants that are shapes, of the output or of layers."""
        return [want for want in self.wants if want.figure not in _NUMBERS]

    def at(self, lengths: Sequence[int]) -> Options:
        """The options for one size."""
        return self.options._replace(input=self.grid.size(lengths)) if self.grid.input else self.options


def asked_for(question: Question) -> None:
    """Raises `CnncalcError` where that cannot be asked: nothing to be best in, an unknown figure, one twice."""
    faults = []
    names = [one.figure for one in question.objectives]
    if not names:
        help = "say what is to be small or large: `--minimize macs`, `--maximize params`"
        faults.append(Fault("nothing is to be minimized or maximized", help=help))
    for name in dict.fromkeys(names):
        if name not in _NUMBERS:
            help = suggestion(name, _NUMBERS, f"there are {', '.join(_NUMBERS)}")
            faults.append(Fault(f"there is no figure `{name[:60]}` to minimize or maximize", help=help))
        if names.count(name) > 1:
            faults.append(Fault(f"`{name[:60]}` is given twice", help="minimize or maximize it, once"))
    if (LATENCY in question.figures) != (question.device is not None):
        message = "a device and its `latency` go together"
        help = "add `--minimize latency`" if question.device is not None else "add `--device a100`"
        faults.append(Fault(message, help=help))
    if faults:
        raise CnncalcError(faults)
    check_wants(question.wants)
