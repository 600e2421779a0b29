"""Recurrent layers: LSTM, GRU and the plain one, by one table of what their cells consist of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.arithmetic.windows.reach import Reach, everywhere
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, show_shape
from cnncalc.layers.dialects import DIALECTS
from cnncalc.layers.fields import Choice, Flag, Whole
from cnncalc.layers.registry import layer
from cnncalc.records import NamedTuple

__all__ = ["CELLS", "GRU", "LSTM", "RNN", "Cell", "Recurrent"]


class Cell(NamedTuple):
    """What is to be known of a cell."""

    gates: int
    """Matrices for what comes in, and as many for the state."""
    each: int
    """Operations a unit and step beside products and biases; sigmoid 4, tanh 1."""
    kept: int
    """Numbers a unit and step that autograd keeps whatever is trained, the gates among them."""
    one_bias: tuple[str, ...]
    """Dialects whose cell has one vector of biases; in torch there are two."""


CELLS = {
    # three sigmoids, two tanh, the sums of both products for four gates, and c = f·c + i·g, h = o·tanh(c)
    "lstm": Cell(4, 12 + 2 + 4 + 3 + 1, 6, ("keras", "caffe")),
    # two sigmoids, a tanh, three sums, r·(…), and h = n + z·(h − n)
    "gru": Cell(3, 8 + 1 + 3 + 1 + 3, 6, ()),
    "rnn": Cell(1, 1 + 1, 1, ("keras",)),
}
"""What is kept was measured on torch 2.13 (CPU, without oneDNN), which composes each step of its operations."""


_FIRST = ("weight_ih_l0", "weight_ih_l0_reverse")
"""The weights that what comes in is multiplied by."""


class Recurrent(Layer):
    """A cell run along a sequence, features x length; with `axis=last` length x features.

    Each step multiplies what comes in and the last state by a matrix a gate. It is told to see all of the sequence; of
    one that runs forward a place sees those before it alone. Backward keeps what torch composes a step of; cuDNN and
    oneDNN keep a workspace of their own instead.
    """

    weighted: ClassVar[bool] = True
    autocast: ClassVar[str] = "half"
    complex: ClassVar[str] = "numbers"
    stacks: ClassVar[str] = "layers"
    hidden: int = field(Whole(), "units", position=0, symbol="H", aliases=("hidden_size", "units", "num_output"))
    layers: int = field(Whole(), "such layers on top of each other", 1, aliases=("num_layers",))
    bidirectional: bool = field(Flag(), "a second one runs backward, and both are joined", False)
    bias: bool = field(Flag(), "whether there are biases", True, aliases=("use_bias",))
    biases: int | None = field(Whole(), "vectors of biases: 2 as in torch, or 1; 2 unless the dialect says", None)
    returns: str = field(
        Choice("sequence", "final"), "the states of all steps, or the last one", "sequence", aliases=("return",)
    )
    axis: str = field(Choice("channels", "last"), "where the features stand", "channels")
    dialect: str = field(Choice(*DIALECTS), "whose rules apply", "torch", hidden=True)

    @property
    def cell(self) -> Cell:
        """What its cell consists of."""
        return CELLS[self.kind]

    @property
    def directions(self) -> int:
        """One, or two."""
        return 2 if self.bidirectional else 1

    @property
    def bias_vectors(self) -> int:
        """Vectors of biases a layer and direction."""
        usual = 1 if self.dialect in self.cell.one_bias else 2
        return 0 if not self.bias else usual if self.biases is None else self.biases

    @property
    def state(self) -> int:
        """Features of the state that a step gives to the next one."""
        return self.hidden

    def features(self, x: Shape) -> int:
        """Features of a place."""
        return x[0] if self.axis == "channels" else x[-1]

    def length(self, x: Shape) -> int:
        """Places."""
        return x[-1] if self.axis == "channels" else x[0]

    def entering(self, *x: Shape) -> int:
        return self.features(x[0])

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            len(x[0]) == 2,
            "a recurrent layer takes a sequence: features x length",
            f"the input is {show_shape(x[0])}",
            "`reshape` it to features x length first" + ("" if len(x[0]) < 2 else ", or use a convolution"),
        )
        yield Requirement(
            self.biases is None or self.biases <= 2,
            "a recurrent layer has one vector of biases or two",
            f"biases={self.biases}",
            "write `biases=1`, as in Keras, or `biases=2`, as in torch",
        )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return None if given.get("returns", "sequence") == "final" else (OPEN, OPEN)

    def output_shape(self, *x: Shape) -> Shape:
        out = self.directions * self.state
        if self.returns == "final":
            return (out,)
        return (out, x[0][1]) if self.axis == "channels" else (x[0][0], out)

    def kept_axes(self, *x: Shape) -> tuple[int | None, ...] | None:
        if self.returns == "sequence":
            return None
        return (0,) if self.axis == "channels" else (1,)

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        """By torch's names: `weight_ih_l0`, `bias_hh_l1_reverse`."""
        rows = self.cell.gates * self.hidden
        shapes: dict[str, Shape] = {}
        for number in range(self.layers):
            entering = self.features(x[0]) if number == 0 else self.directions * self.state
            for direction in range(self.directions):
                end = f"_l{number}{'_reverse' if direction else ''}"
                shapes[f"weight_ih{end}"], shapes[f"weight_hh{end}"] = (rows, entering), (rows, self.state)
                shapes.update({f"bias_{side}h{end}": (rows,) for side in "ih"[: self.bias_vectors]})
                shapes.update({f"{name}{end}": shape for name, shape in self.projecting().items()})
        return shapes

    def projecting(self) -> dict[str, Shape]:
        """The matrix that makes the state of the units, where there is one."""
        return {}

    def macs(self, *x: Shape) -> int:
        """Every weight is used once a step."""
        return self.length(x[0]) * sum(
            product(shape) for name, shape in self.weight_shapes(*x).items() if name.startswith("weight")
        )

    def last_macs(self, *x: Shape) -> int:
        """None: the last step saves what comes of its gates."""
        return 0

    def backward_macs(self, backward: Backward, *x: Shape) -> int:
        """Every weight once a step for its own gradient, and once for that of what it multiplies.

        That is not wanted of the state that is there before the first step, nor of an input before which nothing is
        trained.
        """
        if not backward.any:
            return 0
        length, passed = self.length(x[0]), 0
        for name, shape in self.weight_shapes(*x).items():
            if name.startswith("weight_hh"):
                passed += product(shape) * (length - 1)
            elif name.startswith("weight") and (any(backward.inputs) or name not in _FIRST):
                passed += product(shape) * length
        return passed + (self.macs(*x) if backward.weights else 0)

    def operations(self, *x: Shape) -> int:
        cell, runs = self.cell, self.layers * self.directions
        return (cell.each + cell.gates * self.bias_vectors) * self.hidden * runs * self.length(x[0])

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return (everywhere(x[0][1]),)

    def channel_reach(self, *x: Shape) -> Reach | None:
        return everywhere(x[0][0])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """What comes into each layer and the states of each direction, for the matrices; what the cells keep.

        Of several images each direction lays the net's tensor out anew, the steps first.
        """
        if not backward.any:
            return
        length = self.length(x[0])
        for number in range(self.layers):
            if backward.weights and number > 0:
                yield Saved("what comes in, step by step", shape=(length, self.directions * self.state))
            elif backward.weights and (backward.alone or length == 1):
                yield Saved("input")
            elif backward.weights:
                for _ in range(self.directions):
                    yield Saved("what comes in, step by step", shape=(length, self.features(x[0])))
            for _ in range(self.directions):
                yield from self.of_cells(backward, length)

    def of_cells(self, backward: Backward, length: int) -> Iterator[Saved]:
        """What the steps of one layer and direction keep."""
        if backward.weights:
            yield Saved("states", shape=(length, self.state))
        yield Saved("gates and what comes of them", shape=(length, self.cell.kept * self.hidden))


@layer("lstm", aliases=("LSTM", "CuDNNLSTM"))
class LSTM(Recurrent):
    """Long short-term memory (Hochreiter & Schmidhuber 1997), as torch.nn.LSTM: four gates.

    Features x length come in, and the states of all steps go out, or with `final` the last. A unit and step costs 22
    operations beside its products and biases. It is told to see all of the sequence.
    """

    projection: int | None = field(
        Whole(), "features that each state is projected to (Sak et al. 2014); none", None, aliases=("proj_size",)
    )

    @property
    def state(self) -> int:
        return self.hidden if self.projection is None else self.projection

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from super().requirements(*x)
        yield Requirement(
            self.projection is None or self.projection < self.hidden,
            "an lstm's projection is smaller than its hidden size",
            f"projection {self.projection}, hidden {self.hidden}",
            f"use a projection below {self.hidden}, or none",
        )

    def projecting(self) -> dict[str, Shape]:
        return {} if self.projection is None else {"weight_hr": (self.projection, self.hidden)}

    def of_cells(self, backward: Backward, length: int) -> Iterator[Saved]:
        yield from super().of_cells(backward, length)
        if self.projection is not None and backward.weights:
            yield Saved("states before the projection", shape=(length, self.hidden))


@layer("gru", aliases=("GRU", "CuDNNGRU"))
class GRU(Recurrent):
    """A gated recurrent unit (Cho et al. 2014), as torch.nn.GRU: three gates.

    A unit and step costs 16 operations beside its products and biases. It is told to see all of the sequence.
    """


@layer("rnn", aliases=("RNN", "SimpleRNN", "ElmanRNN"))
class RNN(Recurrent):
    """A plain recurrent layer (Elman 1990), as torch.nn.RNN: the tanh, or ReLU, of both products' sum.

    A unit and step costs two operations beside its products and biases. It is told to see all of the sequence.
    """

    nonlinearity: str = field(Choice("tanh", "relu"), "what makes the state", "tanh", aliases=("activation",))

    def on_complex(self) -> str:
        return "" if self.nonlinearity == "relu" else super().on_complex()

    def of_cells(self, backward: Backward, length: int) -> Iterator[Saved]:
        """Each state is the output of the nonlinearity; the first one is there for its matrix alone."""
        yield Saved("states", shape=((length + 1 if backward.weights else length), self.hidden))
