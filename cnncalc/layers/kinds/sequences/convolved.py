"""A recurrence whose state is a map: the LSTM with convolutions in place of its matrices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import Window, product
from cnncalc.arithmetic.windows.reach import Reach, everywhere, windowed
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, show_shape
from cnncalc.layers.fields import Border, Choice, Flag, PerAxis, Whole, spread
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import fits, per_axis_requirements

__all__ = ["ConvLSTM"]


@layer("convlstm", aliases=("ConvLSTM", "conv_lstm", "ConvLSTMCell"))
class ConvLSTM(Layer):
    """A convolutional LSTM (Shi et al. 2015), as Keras's ConvLSTM2D: channels x steps x height x width, or x length.

    Each step convolves its map, and the state, which keeps its size, for four gates, with one vector of biases. A unit
    and step costs 22 operations beside products and biases, as an lstm's does. It is told to see all steps, and of each
    what the last one sees: the state's kernel widens the field at every step.
    """

    weighted: ClassVar[bool] = True
    autocast: ClassVar[str] = "half"
    complex: ClassVar[str] = "parts"
    out: int = field(Whole(), "channels of the state", position=0, symbol="F", aliases=("filters", "hidden"))
    kernel: tuple[int, ...] = field(
        PerAxis(),
        "size of the filters for the map and the state, odd",
        letter="k",
        symbol="k",
        aliases=("kernel_size",),
    )
    stride: tuple[int, ...] = field(
        PerAxis(), "step of the filters for the map, pixels", (1,), letter="s", symbol="s", aliases=("strides",)
    )
    padding: tuple[tuple[int, int], ...] | str = field(
        Border(), "zeros around the map, pixels, or same, valid", ((0, 0),), letter="p", symbol="p", aliases=("pad",)
    )
    dilation: tuple[int, ...] = field(
        PerAxis(),
        "step between the pixels of the map's filters",
        (1,),
        letter="d",
        symbol="d",
        aliases=("dilation_rate",),
    )
    bias: bool = field(Flag(), "whether there are biases", True, aliases=("use_bias",))
    returns: str = field(
        Choice("sequence", "final"), "the states of all steps, or the last one", "sequence", aliases=("return",)
    )

    def slid_axes(self, x: Shape) -> int:
        return len(x) - 2

    def windows(self, x: Shape) -> tuple[Window, ...]:
        """One window for each axis of a map."""
        rank = len(x) - 2
        borders = (self.padding,) if isinstance(self.padding, str) else self.padding
        fields = (
            spread(self.kernel, rank),
            spread(self.stride, rank),
            spread(borders, rank),
            spread(self.dilation, rank),
        )
        return tuple(map(Window, *fields))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        (shape,) = x
        yield Requirement(
            3 <= len(shape) <= 5,
            "a convlstm takes maps step by step: channels x steps x height x width, or x length, or a volume's three",
            f"the input is {show_shape(shape)}",
            "`reshape` it, the steps behind the channels",
        )
        yield from per_axis_requirements(self, len(shape) - 2)
        yield Requirement(
            all(size % 2 for size in self.kernel),
            "the kernel of a convlstm is odd, so that its state keeps its size",
            f"kernel {show_shape(self.kernel)}",
            f"use {show_shape(tuple(size // 2 * 2 + 1 for size in self.kernel))}",
        )
        windows = self.windows(shape)
        for window, n in zip(windows, shape[2:]):
            before, after = window.padding(n)
            yield Requirement(
                before == after,
                "a convlstm pads alike on both sides",
                f"{before} before and {after} after",
                "write the padding as a number, such as `p1`, or use a stride of 1",
            )
        yield from fits(windows, (shape[0], *shape[2:]))

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (OPEN,) * (len(x[0]) - (given.get("returns") == "final")) if x and len(x[0]) > 1 else None

    def state(self, x: Shape) -> Shape:
        """The state's shape."""
        return (self.out, *(window.length(n) for window, n in zip(self.windows(x), x[2:])))

    def output_shape(self, *x: Shape) -> Shape:
        out, *lengths = self.state(x[0])
        return (out, *lengths) if self.returns == "final" else (out, x[0][1], *lengths)

    def kept_axes(self, *x: Shape) -> tuple[int | None, ...] | None:
        return (0, *range(2, len(x[0]))) if self.returns == "final" else None

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        kernel = tuple(spread(self.kernel, len(x[0]) - 2))
        rows = 4 * self.out
        shapes: dict[str, Shape] = {"weight_ih": (rows, x[0][0], *kernel), "weight_hh": (rows, self.out, *kernel)}
        return {**shapes, "bias": (rows,)} if self.bias else shapes

    def macs(self, *x: Shape) -> int:
        """Every weight is used once for each step and pixel of the state."""
        return sum(self.products(*x)) * x[0][1]

    def products(self, *x: Shape) -> tuple[int, int]:
        """MACs a step, of the map and of the state."""
        shapes, pixels = self.weight_shapes(*x), product(self.state(x[0])[1:])
        return product(shapes["weight_ih"]) * pixels, product(shapes["weight_hh"]) * pixels

    def last_macs(self, *x: Shape) -> int:
        """None: the last step saves what comes of its gates."""
        return 0

    def backward_macs(self, backward: Backward, *x: Shape) -> int:
        """As a recurrent layer's: no gradient is wanted of the state that is there before the first step."""
        if not backward.any:
            return 0
        of_map, of_state = self.products(*x)
        passed = of_state * (x[0][1] - 1) + (of_map * x[0][1] if any(backward.inputs) else 0)
        return passed + (self.macs(*x) if backward.weights else 0)

    def operations(self, *x: Shape) -> int:
        return (22 + 4 * self.bias) * x[0][1] * product(self.state(x[0]))

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        """Of a map what the last step sees, of which each step before adds half a kernel of the state on both sides."""
        steps, found = x[0][1] - 1, [everywhere(x[0][1])]
        for window, n in zip(self.windows(x[0]), x[0][2:]):
            wider = steps * (window.kernel // 2) * window.stride
            own = windowed(window, n)
            found.append(
                own._replace(first=own.first - wider, last=own.last + wider, step=own.step if window.kernel == 1 else 1)
            )
        return tuple(found)

    def channel_reach(self, *x: Shape) -> Reach | None:
        return everywhere(x[0][0])

    def cast_weights(self, backward: Backward, *x: Shape) -> dict[str, int]:
        """Each step uses both; a frozen one keeps none for the first state, which wants no gradient."""
        return {"weight_ih": x[0][1], "weight_hh": x[0][1] - 1 if not backward.weights else 1} if backward.any else {}

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """The maps, and of each step the state that is convolved, four gates, the cell before, and the tanh behind it.

        The first state wants no gradient: it is kept for the weights alone.
        """
        if not backward.any:
            return
        steps, state = x[0][1], self.state(x[0])
        yield Saved("input")
        yield Saved("states", shape=(steps if backward.weights else steps - 1, *state))
        yield Saved("gates, cells and what comes of them", shape=(6 * steps, *state))
        if backward.parts > 1:
            yield from self.sums_of_parts(backward, x[0])

    def sums_of_parts(self, backward: Backward, x: Shape) -> Iterator[Saved]:
        """As of a convolution, of each step: of its map, of the state, both weights (the first state as above)."""
        steps, shapes = x[1], self.weight_shapes(x)
        states = steps if backward.weights else steps - 1
        yield Saved("sums of the parts of the maps", shape=x, element="part")
        yield Saved("sums of the parts of the states", shape=(states, *self.state(x)), element="part")
        for name, times in (("weight_ih", steps), ("weight_hh", states)):
            shape = (times, *shapes[name])
            yield Saved("sums of the parts of a weight", shape=shape, batched=False, element="part")
