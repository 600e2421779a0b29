"""Convolutions and transposed convolutions."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.arithmetic.windows.formulas import CAUSAL, TransposedWindow, exact_divide, larger, product
from cnncalc.arithmetic.windows.reach import Reach, transposed
from cnncalc.layers.base import Requirement, Shape, field
from cnncalc.layers.convolving import Bordered, Convolution, ForwardConvolution
from cnncalc.layers.fields import PerAxis, Whole, spread
from cnncalc.layers.registry import layer
<<<<<<< HEAD
from cnncalc.layers.windows import axis_name, divisors_help, fits, per_axis_requirements, read_by_windows, saved_input

__all__ = ["Conv", "Deconv", "DepthwiseConv", "axis_name", "per_axis_requirements"]


class Convolution(Layer):
    """What the convolutions share: a filter bank with kernel, stride, padding, dilation, groups and bias."""

    needs: ClassVar[str] = "map"
    weighted: ClassVar[bool] = True
    autocast: ClassVar[str] = "half"
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
        forward = self.kind != "deconv" and isinstance(self.padding, str) and max(self.dilation) > 1
        refused = forward and rules.same_dilation == "refused"
        yield Requirement(
            not refused,
            f"{rules.runs} takes no dilation together with `{self.padding}`",
            f"padding {self.padding} and dilation {show_shape(self.dilation)}; shape inference goes on",
            "write the padding in numbers",
        )

    def channel_requirements(self, x: Shape) -> Iterator[Requirement]:
        """Groups must divide both channel counts."""
        groups = self.group_count(x)
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

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """The input, or its padded copy: one formula of torch's serves both gradients."""
        if backward.any:
            yield from saved_input(x[0], self.explicit_padding(x[0]))


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

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        (shape,) = x
        rank = len(shape) - 1
        yield from per_axis_requirements(self, rank)
        yield from self.channel_requirements(shape)
        yield from self.dilation_requirements()
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
        weight = (out, exact_divide(shape[0], self.group_count(shape)), *spread(self.kernel, len(shape) - 1))
        return {"weight": weight, "bias": (out,)} if self.bias else {"weight": weight}

    def macs(self, *x: Shape) -> int:
        """Every weight is used once for each output position."""
        return product(self.weight_shapes(*x)["weight"]) * product(self.output_shape(*x)[1:])
=======
from cnncalc.layers.windows import axis_name, per_axis_requirements

__all__ = ["Conv", "Convolution", "Deconv", "DepthwiseConv", "ForwardConvolution", "axis_name", "per_axis_requirements"]
>>>>>>> main


@layer("conv", aliases=("convolution", "convolutional", "cross_correlation"))
class Conv(Bordered):
    """Cross-correlation with `out` filters, as torch.nn.Conv1d, Conv2d and Conv3d.

    Output length ⌊(n + p_before + p_after − k_eff)/s⌋ + 1 an axis; it always rounds down (Dumoulin & Visin 2016,
    relationship 6).
    """

    out: int = field(
        Whole(), "number of filters", position=0, symbol="C_out", aliases=("out_channels", "filters", "num_output")
    )
    groups: int = field(Whole(), "independent groups of channels", 1, letter="g", symbol="g", aliases=("group",))

    def filters(self, x: Shape) -> int:
        return self.out

    def group_count(self, x: Shape) -> int:
        return self.groups


@layer("dwconv", aliases=("depthwise_conv", "depthwise", "DepthwiseConv", "depthwise_convolution"))
class DepthwiseConv(Bordered):
    """A convolution with one group a channel: each input channel has `multiplier` filters of its own."""

    multiplier: int = field(
        Whole(), "filters for each input channel", 1, position=0, symbol="m", aliases=("depth_multiplier",)
    )

    def filters(self, x: Shape) -> int:
        return x[0] * self.multiplier

    def group_count(self, x: Shape) -> int:
        return x[0]


@layer(
    "deconv",
    aliases=(
        "transposed_conv",
        "conv_transpose",
        "ConvTranspose",
        "Deconvolution",
        "upconv",
        *(f"Conv{word}{rank}DTranspose" for word in ("", "olution") for rank in (1, 2, 3)),
    ),
)
class Deconv(Convolution):
    """Transposed convolution, as torch.nn.ConvTranspose2d (Dumoulin & Visin 2016, relationship 14).

    Output length (n − 1)·s − p_before − p_after + k_eff + output_padding an axis. Each weight is used once for each
    input position.
    """

    out: int = field(
        Whole(), "number of filters", position=0, symbol="C_out", aliases=("out_channels", "filters", "num_output")
    )
    groups: int = field(Whole(), "independent groups of channels", 1, letter="g", symbol="g", aliases=("group",))
    output_padding: tuple[int, ...] | None = field(
        PerAxis(0), "pixels added after the output; 0 unless the dialect says", None, symbol="op"
    )

    def filters(self, x: Shape) -> int:
        return self.out

    def group_count(self, x: Shape) -> int:
        return self.groups

    def windows(self, x: Shape) -> tuple[TransposedWindow, ...]:
        """One window an axis."""
        rank = len(x) - 1
        return tuple(
            self._window(k, s, p, d, op)
            for k, s, p, d, op in zip(
                spread(self.kernel, rank),
                spread(self.stride, rank),
                self.borders(rank),
                spread(self.spacing(), rank),
                spread(self.output_padding or (None,), rank),
            )
        )

    def _window(self, k: int, s: int, p: tuple[int, int] | str, d: int, op: int | None) -> TransposedWindow:
        """The window of one axis. In Keras an output padding that is given, 0 too, replaces what it would choose."""
        same = self.rules.transposed_same
        if self.rules.transposed_fills_stride:
            if op is None:
                op = larger(s - (d * (k - 1) + 1), 0)
            elif isinstance(p, str):
                half = (d * (k - 1) + 1) // 2
                p = (half, half)
        return TransposedWindow(k, s, p, d, op or 0, same)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        (shape,) = x
        rank = len(shape) - 1
        yield from per_axis_requirements(self, rank)
        yield from self.channel_requirements(shape)
        yield from self.dilation_requirements()
        yield Requirement(
            not isinstance(self.padding, str) or (bool(self.rules.transposed_same) and self.padding != CAUSAL),
            f"{self.dialect} has no `{self.padding}` padding for a transposed convolution",
            f"padding is `{self.padding}`",
            "write padding and output_padding, or `dialect: keras`",
        )
        yield Requirement(
            self.rules.transposed_groups or self.groups == 1,
            f"{self.dialect} has no groups in a transposed convolution",
            f"groups={self.groups}",
            "leave them out, or use another dialect",
        )
        for axis, (window, n) in enumerate(zip(self.windows(shape), shape[1:])):
            name = axis_name(axis, rank)
            below = self.rules.output_padding_below
            limit = window.stride if below == "stride" else larger(window.stride, window.dilation)
            yield Requirement(
                window.output_padding < limit or self.output_padding is None,
                f"output padding must be smaller than the {below.replace(' or ', ' or the ')}",
                f"{name} output_padding {window.output_padding}, stride {window.stride}, dilation {window.dilation}",
                f"use an output_padding from 0 to {limit - 1}",
            )
            yield Requirement(
                window.length(n) >= 1,
                "the padding removes the whole output",
                f"{name} ({n} − 1)·{window.stride} + {window.extent} + {window.output_padding}"
                f" − {sum(window.padding(n))} padding gives {window.length(n)}",
                "use less padding, a larger kernel or a larger input",
            )

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return tuple(transposed(window, n) for window, n in zip(self.windows(x[0]), x[0][1:]))

    def output_shape(self, *x: Shape) -> Shape:
        (shape,) = x
        return (self.out, *(window.length(n) for window, n in zip(self.windows(shape), shape[1:])))

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        (shape,) = x
        shapes: dict[str, Shape] = {
            "weight": (shape[0], exact_divide(self.out, self.groups), *spread(self.kernel, len(shape) - 1))
        }
        if self.bias:
            shapes["bias"] = (self.out,)
        return shapes

    def macs(self, *x: Shape) -> int:
        """Every weight is used once for each input position."""
        return product(self.weight_shapes(*x)["weight"]) * product(x[0][1:])
