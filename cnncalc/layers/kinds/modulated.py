"""What style-based generators are made of: convolutions that a second input scales, and blurs that nothing learns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from cnncalc.arithmetic.windows.formulas import TransposedWindow, Window, product
from cnncalc.arithmetic.windows.reach import Reach, everywhere
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, resized, show_shape, sure
from cnncalc.layers.convolving import ForwardConvolution
from cnncalc.layers.fields import Border, Choice, Flag, PerAxis, Whole
from cnncalc.layers.kinds.conv import Conv, Deconv, DepthwiseConv
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import BORDERS, per_axis_requirements

__all__ = ["Blur", "ModulatedConv"]


class Resampling(Layer):
    """A layer that slides as a convolution of torch does, or with `up` as a transposed one: that is what it asks."""

    kernel: tuple[int, ...] = field(
        PerAxis(), "filter size, pixels", letter="k", symbol="k", aliases=("kernel_size", "filter_size")
    )
    stride: tuple[int, ...] = field(PerAxis(), "step of the window, pixels", (1,), letter="s", symbol="s")
    up: tuple[int, ...] | None = field(
        PerAxis(), "the step of a transposed convolution, which it is then; its padding is cut off", None, symbol="up"
    )

    @property
    def slid(self) -> ForwardConvolution | Deconv:
        """The convolution that slides so; of its channels nothing is asked."""
        raise NotImplementedError

    def windows(self, x: Shape) -> tuple[Window, ...] | tuple[TransposedWindow, ...]:
        """Those of the convolution, on a map."""
        return self.slid.windows(x)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from per_axis_requirements(self, len(x[0]) - 1)
        yield Requirement(
            self.up is None or max(self.stride) == 1,
            f"`{self.kind}` makes a map larger or smaller, not both at once",
            f"up {show_shape(self.up or ())}, stride {show_shape(self.stride)}",
            "write two layers, the one with `up` first",
        )
        yield from self.slid.requirements(x[0])

    def reaches(self, *x: Shape) -> tuple[Reach | None, ...]:
        return self.slid.reaches(x[0])

    def lengths(self, x: Shape) -> Shape:
        """Those of the output."""
        return self.slid.output_shape(x)[1:]


@layer("blur", aliases=("BlurPool", "Blur", "LowPass", "upfirdn", "FIR"))
class Blur(Resampling):
    """Each channel behind one fixed filter, so that what is resampled does not alias; a buffer, and nothing learned.

    `blur k3 s2 p1 reflect` behind `maxpool k2 s1` is an antialiased pool (Zhang 2019); `blur k4 up=2 p1` makes a map
    twice as large (Karras et al. 2020, StyleGAN2). The filter is binomial, as 1 3 3 1. Lengths and multiply–accumulates
    are those of a depthwise convolution, with `up` of a transposed one.
    """

    needs: ClassVar[str] = "map"
    autocast: ClassVar[str] = "half"
    complex: ClassVar[str] = "parts"
    padding: tuple[tuple[int, int], ...] | str = field(
        Border(), "border around the input, pixels, or same, same_lower, valid", ((0, 0),), letter="p", symbol="p"
    )
    mode: str = field(Choice(*BORDERS), "what the padding is made of, as in `pad`", "zeros", aliases=("padding_mode",))
    each: bool = field(Flag(), "whether the buffer holds the filter once for each channel, as a BlurPool's", False)

    @property
    def slid(self) -> ForwardConvolution | Deconv:
        window: dict[str, Any] = {"kernel": self.kernel, "padding": self.padding, "bias": False}
        if self.up is not None:
            return Deconv(out=1, stride=self.up, **window)
        return DepthwiseConv(stride=self.stride, mode=self.mode, **window)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            self.up is None or self.mode == "zeros",
            "where a blur makes a map larger nothing but zeros is around it",
            f"up {show_shape(self.up or ())}, mode {self.mode}",
            f"`pad` the map before, {self.mode}",
        )
        yield Requirement(
            self.up is None or not isinstance(self.padding, str),
            "a blur that makes a map larger says in numbers what is cut off",
            f"padding {self.padding}",
            "write `p1` for a filter of four and `up=2`: the map is then twice as large",
        )
        yield from super().requirements(*x)

    def output_shape(self, *x: Shape) -> Shape:
        return (x[0][0], *self.lengths(x[0]))

    def taps(self, x: Shape) -> Shape:
        """The filter's lengths."""
        return tuple(window.kernel for window in self.windows(x))

    def buffer_shapes(self, *x: Shape) -> dict[str, Shape]:
        return {"filter": (x[0][0] if self.each else 1, 1, *self.taps(x[0]))}

    def macs(self, *x: Shape) -> int:
        places = x[0][1:] if self.up is not None else self.lengths(x[0])
        return x[0][0] * product(self.taps(x[0])) * product(places)

    def read(self, *x: Shape) -> tuple[int, ...]:
        return self.slid.read(*x)

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """What a frozen convolution keeps; a filter that is cast is a copy, once a channel."""
        if backward.any:
            yield from self.slid.saved(backward, *x)
            if backward.autocast:
                yield Saved("filter", shape=(x[0][0], 1, *self.taps(x[0])), batched=False)


@layer("modulated_conv", aliases=("ModulatedConv", "StyledConv", "StyleConv"))
class ModulatedConv(Resampling):
    """A convolution whose input channels are scaled by a vector of styles (Karras et al. 2020, StyleGAN2).

    `{modulated_conv: 512 k3 p1, from: [map, styles]}`: one style for each channel that comes in, of a `linear`. With
    `demodulate` each filter is divided by its length, √(Σ(s·w)² + ε), for each image anew. By `maps` these factors
    scale what comes in and what comes out, as NVIDIA's PyTorch code trains; by `weights` each image has filters of
    its own, in one convolution in groups. Multiply–accumulates are those of the convolution, either way; with `up` of
    a transposed one. Weights that are scaled, squared, summed and divided are operations of each image.
    """

    inputs: ClassVar[tuple[int, int]] = (2, 2)
    called_inputs: ClassVar[str] = "map, styles"
    weighted: ClassVar[bool] = True
    autocast: ClassVar[str] = "float32 within"
    out: int = field(
        Whole(), "number of filters", position=0, symbol="C_out", aliases=("out_channels", "filters", "num_output")
    )
    padding: tuple[int, ...] = field(
        PerAxis(0), "zeros around the input, pixels", (0,), letter="p", symbol="p", aliases=("pad",)
    )
    bias: bool = field(Flag(), "whether a bias is added to each filter's output", True, aliases=("use_bias",))
    demodulate: bool = field(Flag(), "whether each filter is divided by its length", True)
    by: str = field(Choice("maps", "weights"), "what is scaled: maps around the convolution, or its weights", "maps")

    @property
    def slid(self) -> ForwardConvolution | Deconv:
        padding = tuple((p, p) for p in self.padding)
        fields: dict[str, Any] = {"out": self.out, "kernel": self.kernel, "padding": padding, "bias": self.bias}
        return Conv(stride=self.stride, **fields) if self.up is None else Deconv(stride=self.up, **fields)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            2 <= len(x[0]) <= 4,
            "a modulated convolution takes a map (channels and 1 to 3 spatial axes), and a vector of styles",
            f"the first is {show_shape(x[0])}, the second {show_shape(x[1])}",
            "name the map first: `from: [map, styles]`",
        )
        yield from super().requirements(*x)
        yield Requirement(
            len(x[1]) == 1 and x[1][0] == x[0][0],
            "styles are a vector of one number for each channel that comes in",
            f"the map is {show_shape(x[0])}, the styles are {show_shape(x[1])}",
            f"make them by `linear {x[0][0]}`",
        )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return resized(sure(given.get("out")), *x)

    def output_shape(self, *x: Shape) -> Shape:
        return self.slid.output_shape(x[0])

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        """A filter first, as a convolution has it, with `up` too."""
        kernel = tuple(window.kernel for window in self.windows(x[0]))
        weight: dict[str, Shape] = {"weight": (self.out, x[0][0], *kernel)}
        return {**weight, "bias": (self.out,)} if self.bias else weight

    def reaches(self, *x: Shape) -> tuple[Reach | None, ...]:
        return Layer.reaches(self, *x)

    def reaches_into(self, index: int, *x: Shape) -> tuple[Reach | None, ...] | None:
        """The windows on the map, and all styles, which reach every pixel."""
        return (everywhere(x[index][0]), *(self.slid.reaches(x[0]) if index == 0 else ()))

    def joins(self, x: Shape) -> int:
        """By weights all images' channels are one image's."""
        return 1 if self.by == "weights" and len(x) > 1 else 0

    def macs(self, *x: Shape) -> int:
        return self.slid.macs(x[0])

    def last_macs(self, *x: Shape) -> int:
        """By maps what comes out of the convolution is kept, if it is demodulated."""
        return 0 if self.by == "maps" and self.demodulate else self.macs(*x)

    def backward_macs(self, backward: Backward, *x: Shape) -> int:
        """The gradients of both factors of the convolution, each of which styles are part of or not."""
        maps, styles = backward.inputs
        scaled = (maps or styles) + backward.weights if self.by == "maps" else maps + (backward.weights or styles)
        return self.macs(*x) * scaled

    def operations(self, *x: Shape) -> int:
        """For each image; a sum of n numbers counts n."""
        weight, made = product(self.weight_shapes(*x)["weight"]), product(self.output_shape(*x))
        lengths = 2 * weight + 2 * self.out if self.demodulate else 0
        if self.by == "weights":
            scaled = weight + (weight if self.demodulate else 0)
        else:
            scaled = product(x[0]) + (weight + made if self.demodulate else 0)
        return lengths + scaled + self.slid.bias_operations(x[0])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """Both factors of each product, weights before they are squared, and 1/length of each filter."""
        if not backward.any:
            return
        weight, own = self.weight_shapes(*x)["weight"], backward.weights or backward.inputs[1]
        by_maps = self.by == "maps"
        if own and self.demodulate:
            yield Saved("scaled weights", shape=weight)
        if self.demodulate and (by_maps or own):
            yield Saved("1/length of each filter", shape=(self.out,))
        if (by_maps and backward.inputs[0]) or (backward.weights and (self.demodulate or not by_maps)):
            yield Saved("input", 1)
        if not by_maps:
            yield Saved("input")
            yield Saved("weights of each image", shape=weight)
            return
        if backward.inputs[1]:
            yield Saved("input")
        yield Saved("scaled input", shape=x[0])
        if self.demodulate and own:
            yield Saved("what is demodulated", shape=self.output_shape(*x))
