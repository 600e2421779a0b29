"""The net of one assignment, and its figures."""

from __future__ import annotations

from cnncalc.layers import show_shape
from cnncalc.solve.figures import FIGURES, Measured
from cnncalc.solve.file.stages import Stages, State
from cnncalc.solve.file.sums import Counting

__all__ = ["Candidate"]


class Candidate:
    """A whole net; each figure is computed when it is asked for."""

    def __init__(self, counting: Counting, dtype: str, stages: Stages, state: State) -> None:
        self.counting, self.dtype, self.stages, self.state = counting, dtype, stages, state
        self._measured: Measured | None = None

    def figure(self, name: str) -> int | str:
        """A figure of the net; raises `CnncalcError` where it has no such figure, or is no net."""
        ends = self.stages.ends(self.state)
        if name in self.counting.names:
            return self.counting.figure(name, self.state.sums)
        if name == "output" or (name not in FIGURES and name in ends.places):
            place = next(iter(ends.outputs.values())) if name == "output" else ends.places[name]
            return show_shape(self.state.nodes[place].shape)
        if self._measured is None:
            self._measured = Measured(self.stages.whole(self.state), self.counting.batch, self.dtype)
        return self._measured.figure(name)
