"""Convolutions whose windows bend: each pixel of a kernel is looked up where another tensor says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Requirement, Shape, show_shape
from cnncalc.layers.convolving import ForwardConvolution, Grouped
from cnncalc.layers.fields import spread
from cnncalc.layers.registry import layer

__all__ = ["DeformableConv"]


@layer(
    "deform_conv",
    aliases=("DeformConv", "DeformableConv", "deformable_conv", "dcn", "DCNv2", "ModulatedDeformConv"),
)
class DeformableConv(Grouped, ForwardConvolution):
    """A deformable convolution (Dai et al. 2017; Zhu et al. 2019 with a mask), as torchvision.ops.deform_conv2d.

    `{deform_conv: 64 k3 p1, from: [map, offsets]}`, or with a mask as the third: the offsets are a map of 2·k·k
    channels that another convolution makes, two for each pixel of the kernel, the mask one of k·k; more of them are
    offset groups, each for a share of the channels. MACs are those of a convolution. Each number that is looked up
    costs a bilinear interpolation of nine operations, and one more where it is masked; each offset an addition.
    """

    inputs: ClassVar[tuple[int, int]] = (2, 3)
    called_inputs: ClassVar[str] = "map, offsets"
    autocast: ClassVar[str] = "float32 within"
    unseen: ClassVar[str] = "undefined: where a deformable convolution looks is learned"
    complex: ClassVar[str] = ""  # torchvision has no kernel

    def taps(self, x: Shape) -> int:
        """The pixels of a kernel."""
        return product(spread(self.kernel, len(x) - 1))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        shape = x[0]
        yield Requirement(
            all(len(one) == 3 for one in x),
            "a deformable convolution takes maps with height and width",
            f"its inputs are {', '.join(map(show_shape, x))}",
            "`reshape` them to channels x height x width",
        )
        yield Requirement(
            not isinstance(self.padding, str) and all(before == after for before, after in self.padding),
            "a deformable convolution pads alike on both sides",
            "its padding is uneven, or depends on the input",
            "write the padding as a number, such as `p1`",
        )
        yield from super().requirements(shape)
        taps, offsets = self.taps(shape), x[1][0]
        yield Requirement(
            offsets % (2 * taps) == 0 and (shape[0] * 2 * taps) % offsets == 0,
            "the offsets are two channels for each pixel of the kernel, times groups that divide the input's channels",
            f"{offsets} channels of offsets, 2·{taps} a group, {shape[0]} channels",
            f"make them by `conv {2 * taps} …` with this kernel, stride and padding",
        )
        sizes = self.output_shape(*x)[1:]
        for one, each, what in zip(x[1:], (2 * taps, taps), ("offsets", "mask")):
            yield Requirement(
                one[1:] == sizes and one[0] * 2 * taps == offsets * each,
                f"the {what} must be as large as the output, with channels for each pixel of the kernel",
                f"{what} {show_shape(one)}, the output is {show_shape(sizes)}",
                f"make them by `conv {offsets * each // (2 * taps)} …` with this kernel, stride and padding",
            )

    def looked_up(self, *x: Shape) -> int:
        """How many numbers are interpolated."""
        return x[0][0] * self.taps(x[0]) * product(self.output_shape(*x)[1:])

    def output_shape(self, *x: Shape) -> Shape:
        return super().output_shape(x[0])

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        return super().weight_shapes(x[0])

    def last_macs(self, *x: Shape) -> int:
        """None: it saves what it takes when it is done."""
        return 0

    def operations(self, *x: Shape) -> int:
        return self.bias_operations(*x) + (7 + len(x)) * self.looked_up(*x) + product(x[1])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """All that it takes; torchvision makes zeros for a mask or a bias that is not there, and keeps them."""
        if not backward.any:
            return
        for index in range(len(x)):
            yield Saved("input", index)
        if len(x) == 2:
            yield Saved("no mask", shape=(1,))
        if not self.bias:
            yield Saved("no bias", shape=(self.out,), batched=False)
