"""Convolutions and transposed convolutions."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.arithmetic.windows.formulas import CAUSAL, TransposedWindow, exact_divide, larger, product
from cnncalc.arithmetic.windows.reach import Reach, transposed
from cnncalc.layers.base import Requirement, Shape, field
from cnncalc.layers.convolving import Bordered, Convolution, ForwardConvolution, Grouped
from cnncalc.layers.fields import PerAxis, Whole, spread
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import axis_name, per_axis_requirements

__all__ = ["Conv", "Convolution", "Deconv", "DepthwiseConv", "ForwardConvolution", "axis_name", "per_axis_requirements"]


@layer("conv", aliases=("convolution", "convolutional", "cross_correlation"))
class Conv(Grouped, Bordered):
    """Cross-correlation with `out` filters, as torch.nn.Conv1d, Conv2d and Conv3d.

    Output length ⌊(n + p_before + p_after − k_eff)/s⌋ + 1 an axis; it always rounds down (Dumoulin & Visin 2016,
    relationship 6).
    """


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
class Deconv(Grouped):
    """Transposed convolution, as torch.nn.ConvTranspose2d (Dumoulin & Visin 2016, relationship 14).

    Output length (n − 1)·s − p_before − p_after + k_eff + output_padding an axis. Each weight is used once for each
    input position.
    """

    output_padding: tuple[int, ...] | None = field(
        PerAxis(0), "pixels added after the output; 0 unless the dialect says", None, symbol="op"
    )

    def windows(self, x: Shape) -> tuple[TransposedWindow, ...]:
        """One window an axis."""
        rank = len(x) - 1
        padded = not isinstance(self.padding, str) and any(map(any, self.padding))
        fills = {"": False, "each": self.rules.transposed_cuts or not padded, "whole": not padded}
        return tuple(
            self._window(k, s, p, d, op, fills[self.rules.transposed_fills_stride])
            for k, s, p, d, op in zip(
                spread(self.kernel, rank),
                spread(self.stride, rank),
                self.borders(rank) if self.rules.transposed_cuts or not padded else self._left(rank),
                spread(self.spacing(), rank),
                spread(self.output_padding or (None,), rank),
            )
        )

    def _left(self, rank: int) -> Iterator[tuple[int, int]]:
        """What is cut off each axis where the spread input is padded: what no pixel was laid for."""
        assert not isinstance(self.padding, str)
        each = zip(spread(self.padding, rank), spread(self.kernel, rank), spread(self.spacing(), rank))
        return (((k - 1) * d - before, (k - 1) * d - after) for (before, after), k, d in each)

    def _window(
        self, k: int, s: int, p: tuple[int, int] | str, d: int, op: int | None, fills: bool
    ) -> TransposedWindow:
        """The window of one axis. In Keras an output padding that is given, 0 too, replaces what it would choose."""
        same = self.rules.transposed_same
        if fills and (isinstance(p, str) or p == (0, 0)):
            if op is None:
                op = larger(s - (d * (k - 1) + 1), 0)
            elif isinstance(p, str):
                half = (d * (k - 1) + 1) // 2
                p = (half, half)
        return TransposedWindow(k, s, p, d, op or 0, same)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        (shape,) = x
        rank = len(shape) - 1
        yield from super().requirements(shape)
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
        yield Requirement(
            self.rules.output_padding_below != "never" or self.output_padding is None,
            f"{self.dialect} has no output padding",
            f"output_padding={self.output_padding}",
            "`pad` what comes out",
        )
        for axis, (window, n) in enumerate(zip(self.windows(shape), shape[1:])):
            name = axis_name(axis, rank)
            below = self.rules.output_padding_below
            limit = window.stride if below == "stride" else larger(window.stride, window.dilation)
            yield Requirement(
                not below or window.output_padding < limit or self.output_padding is None,
                f"output padding must be smaller than the {below.replace(' or ', ' or the ')}",
                f"{name} output_padding {window.output_padding}, stride {window.stride}, dilation {window.dilation}",
                f"use an output_padding from 0 to {limit - 1}",
            )
            cut = window.border if isinstance(window.border, tuple) else (0, 0)
            yield Requirement(
                min(cut) >= 0,
                f"{self.rules.runs} pads the spread input beyond the kernel's reach",
                f"{name} padding {window.extent - 1 - cut[0]}:{window.extent - 1 - cut[1]}, extent {window.extent}",
                f"use a padding of at most {window.extent - 1}, and `pad` what comes out",
            )
            yield Requirement(
                not self.rules.transposed_within or max(cut) < window.extent,
                f"{self.rules.runs} takes a padding beyond the kernel's reach off the input",
                f"{name} padding {cut[0]}:{cut[1]}, extent {window.extent}",
                f"use a padding of at most {window.extent - 1}, and `crop` what comes out",
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
