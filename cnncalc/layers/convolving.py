"""What the convolutions share, and those of them that slide over their input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import ClassVar

from cnncalc.arithmetic.windows.formulas import CAUSAL, SAME, Window, exact_divide, product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, everywhere, windowed
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, resized, show_shape, sure
from cnncalc.layers.fields import Border, Choice, Flag, PerAxis, Whole, spread
from cnncalc.layers.habits import not_fitting
from cnncalc.layers.reparametrised import Reparametrised
from cnncalc.layers.windows import (
    BORDERS,
    border_requirements,
    divisors_help,
    fits,
    per_axis_requirements,
    read_by_windows,
    saved_input,
)

__all__ = ["Bordered", "Convolution", "Filtered", "ForwardConvolution", "Grouped"]


class Convolution(Layer):
    """What the convolutions share: a filter bank with kernel, stride, padding, dilation, groups and bias."""

    needs: ClassVar[str] = "map"
    weighted: ClassVar[bool] = True
    autocast: ClassVar[str] = "half"
    complex: ClassVar[str] = "parts"
    kernel: tuple[int, ...] = field(
        PerAxis(), "filter size, pixels", letter="k", symbol="k", aliases=("kernel_size", "filter_size")
    )
    stride: tuple[int, ...] = field(
        PerAxis(), "step of the window, pixels", (1,), letter="s", symbol="s", aliases=("strides",)
    )
    padding: tuple[tuple[int, int], ...] | str = field(
        Border(causal=True),
        "zeros around the input, pixels, or same, same_lower, valid, causal",
        ((0, 0),),
        letter="p",
        symbol="p",
        aliases=("pad",),
    )
    dilation: tuple[int, ...] = field(
        PerAxis(), "step between the kernel's own pixels", (1,), letter="d", symbol="d", aliases=("dilation_rate",)
    )
    bias: bool = field(
        Flag(), "whether a bias is added to each filter's output", True, aliases=("use_bias", "bias_term")
    )

    def filters(self, x: Shape) -> int:
        """The number of output channels."""
        raise NotImplementedError

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return resized(sure(given.get("out")), *x)

    def group_count(self, x: Shape) -> int:
        """The number of groups that the channels fall into."""
        raise NotImplementedError

    def borders(self, rank: int) -> Iterator[tuple[int, int] | str]:
        """The padding of each axis; `causal` is the kernel's reach before the pixel, so that none sees what follows."""
        if self.padding == CAUSAL:
            each = zip(spread(self.dilation, rank), spread(self.kernel, rank))
            return iter([(d * (k - 1), 0) for d, k in each])
        return spread((self.padding,) if isinstance(self.padding, str) else self.padding, rank)

    def spacing(self) -> tuple[int, ...]:
        """The dilation in force: in some dialects `same` sets it to 1."""
        automatic = isinstance(self.padding, str) and self.padding != CAUSAL
        return (1,) if automatic and self.rules.same_dilation == "ignored" else self.dilation

    def dilation_requirements(self) -> Iterator[Requirement]:
        """What a dialect has against a dilation beside a stride or beside `same`."""
        rules = self.rules
        yield Requirement(
            self.kind not in rules.one_of_stride_and_dilation or max(self.stride) == 1 or max(self.dilation) == 1,
            f"{self.dialect} takes no stride together with a dilation",
            f"stride {show_shape(self.stride)} and dilation {show_shape(self.dilation)}",
            "set one of them to 1, or use another dialect",
        )
        worded = self.kind != "deconv" and isinstance(self.padding, str) and getattr(self, "mode", "zeros") == "zeros"
        yield Requirement(
            rules.same_strides or not worded or max(self.stride) == 1,
            f"{rules.runs} takes no stride together with `{self.padding}`",
            f"stride {show_shape(self.stride)}",
            "write the padding in numbers",
        )
        refused = worded and max(self.dilation) > 1 and rules.same_dilation == "refused"
        yield Requirement(
            not refused,
            f"{rules.runs} takes no dilation together with `{self.padding}`",
            f"padding {self.padding} and dilation {show_shape(self.dilation)}; shape inference goes on",
            "write the padding in numbers",
        )

    def channel_requirements(self, x: Shape) -> Iterator[Requirement]:
        """Groups must divide both channel counts."""
        groups = self.group_count(x)
        if len(x) > 3 and not self.rules.volumes_in_groups:
            yield Requirement(
                groups == 1,
                f"{self.rules.runs} has no groups on three axes",
                f"groups={groups}",
                "leave them out, or use another dialect",
            )
        for name, channels in (("input channels", x[0]), ("filters", self.filters(x))):
            divided = channels % groups == 0
            if divided is True:
                continue  # a message takes longer than the test
            yield Requirement(
                divided,
                f"groups must divide the {name}",
                f"groups={groups} does not divide the {channels} {name}",
                partial(divisors_help, channels, groups),
            )

    def channel_reach(self, *x: Shape) -> Reach | None:
        groups = self.group_count(x[0])
        if groups == 1:
            return everywhere(x[0][0])
        return IDENTITY if groups == x[0][0] == self.filters(x[0]) else None

    def bias_operations(self, *x: Shape) -> int:
        """One addition an output element."""
        return product(self.output_shape(*x)) if self.bias else 0

    operations = bias_operations

    def explicit_padding(self, x: Shape) -> tuple[tuple[int, int], ...] | None:
        """(before, after) of each axis where they differ, so that torch needs a padding layer before; else None."""
        return None

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from per_axis_requirements(self, len(x[0]) - 1)
        yield from self.channel_requirements(x[0])
        yield from self.dilation_requirements()

    def laid_before(self, x: Shape) -> tuple[tuple[int, int], ...] | None:
        """(before, after) of what torch pads by a copy of the input, axis by axis; None where it makes none."""
        return self.explicit_padding(x)

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """The input, or its padded copy: one formula of torch's serves both gradients."""
        if backward.any:
            yield from saved_input(x[0], self.laid_before(x[0]))
            if backward.parts > 1 and self.on_complex() == "parts":
                yield from self.sums_of_parts(x[0])

    def sums_of_parts(self, x: Shape) -> Iterator[Saved]:
        """Of complex numbers torch makes three real products (Gauss): a third factor is real plus imaginary part."""
        borders = self.laid_before(x) or ((0, 0),) * (len(x) - 1)
        laid = (x[0], *(before + n + after for n, (before, after) in zip(x[1:], borders)))
        yield Saved("sum of the parts of what comes in", shape=laid, element="part")
        yield Saved("sum of the parts of the weight", shape=self.used_weight(x), batched=False, element="part")


class Filtered(Convolution):
    """A convolution whose filters are counted by its field `out`."""

    out: int = field(
        Whole(), "number of filters", position=0, symbol="C_out", aliases=("out_channels", "filters", "num_output")
    )

    def filters(self, x: Shape) -> int:
        return self.out


class Grouped(Filtered):
    """One whose channels may fall into groups that do not meet."""

    groups: int = field(Whole(), "independent groups of channels", 1, letter="g", symbol="g", aliases=("group",))

    def group_count(self, x: Shape) -> int:
        return self.groups


class ForwardConvolution(Convolution):
    """A convolution that slides its windows over the input; output length as `Window.length`, rounded down."""

    def windows(self, x: Shape) -> tuple[Window, ...]:
        """One window an axis; shape and receptive field both come from it."""
        rank = len(x) - 1
        each = spread(self.kernel, rank), spread(self.stride, rank), self.borders(rank), spread(self.spacing(), rank)
        return tuple(map(Window, *each))

    def explicit_padding(self, x: Shape) -> tuple[tuple[int, int], ...] | None:
        padding = tuple(window.padding(n) for window, n in zip(self.windows(x), x[1:]))
        return None if all(before == after for before, after in padding) else padding

    def laid_before(self, x: Shape) -> tuple[tuple[int, int], ...] | None:
        """Of its own `same` torch pads the pixel alone that one side has more; the kernel pads the rest."""
        borders = self.explicit_padding(x)
        if borders is None or not self.native_same():
            return borders
        return tuple((0, after - before) for before, after in borders)

    def native_same(self) -> bool:
        """Whether torch's own `padding="same"` is what is meant: it has none for a stride."""
        return self.padding == SAME and set(self.stride) == {1}

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        (shape,) = x
        rank = len(shape) - 1
        yield from super().requirements(shape)
        yield Requirement(
            self.padding != CAUSAL or rank == 1,
            "`causal` is for one axis, that of time",
            f"the input is {show_shape(shape)}",
            "write the padding in numbers, before:after",
        )
        yield from fits(self.windows(shape), shape, beside=not_fitting(self))

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return tuple(windowed(window, n) for window, n in zip(self.windows(x[0]), x[0][1:]))

    read = read_by_windows

    def output_shape(self, *x: Shape) -> Shape:
        (shape,) = x
        lengths = (window.length(n) for window, n in zip(self.windows(shape), shape[1:]))
        return (self.filters(shape), *lengths)

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        (shape,) = x
        out = self.filters(shape)
        kernel = tuple(spread(self.kernel, len(shape) - 1))
        weight = (out, exact_divide(shape[0], self.group_count(shape)), *kernel)
        return {"weight": weight, "bias": (out,)} if self.bias else {"weight": weight}

    def macs(self, *x: Shape) -> int:
        """Every weight is used once for each output position."""
        return product(self.used_weight(*x)) * product(self.output_shape(*x)[1:])


class Bordered(Reparametrised, ForwardConvolution):
    """A convolution whose border may be of the map's own pixels, as torch's `padding_mode` has it.

    torch pads first then: a copy, of which the convolution knows nothing.
    """

    mode: str = field(Choice(*BORDERS), "what the padding is made of, as in `pad`", "zeros", aliases=("padding_mode",))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from super().requirements(*x)
        borders = (window.padding(n) for window, n in zip(self.windows(x[0]), x[0][1:]))
        yield from border_requirements(self.mode, x[0], borders)

    def explicit_padding(self, x: Shape) -> tuple[tuple[int, int], ...] | None:
        if self.mode == "zeros":
            return super().explicit_padding(x)
        return tuple(window.padding(n) for window, n in zip(self.windows(x), x[1:]))

    def native_same(self) -> bool:
        return self.mode == "zeros" and super().native_same()

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """Beside its padded copy what `pad` of that mode keeps."""
        if backward.inputs[0] and self.mode in ("reflect", "replicate"):
            yield Saved("input", element="taken")
        yield from super().saved(backward, *x)
        yield from self.saved_weight(backward, *x)

    def used_shapes(self, *x: Shape) -> dict[str, Shape]:
        return ForwardConvolution.weight_shapes(self, *x)
