"""Layers that trade channels for positions, or change the channels' order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import Window, exact_divide
from cnncalc.arithmetic.windows.reach import Reach, scaled, windowed
from cnncalc.layers.base import Layer, Requirement, Shape, field, resized
from cnncalc.layers.fields import Whole
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import axis_name, groups_divide

__all__ = ["ChannelShuffle", "PixelShuffle", "PixelUnshuffle", "SpaceToDepth"]


@layer("pixel_shuffle", aliases=("PixelShuffle", "depth_to_space", "DepthToSpace"))
class PixelShuffle(Layer):
    """Channels become positions (Shi et al. 2016): C·r^axes channels give C channels on a map r times larger."""

    needs: ClassVar[str] = "map"
    complex: ClassVar[str] = "numbers"
    factor: int = field(
        Whole(), "how many times larger the map gets", position=0, symbol="r", aliases=("upscale_factor",)
    )

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        channels, rank = x[0][0], len(x[0]) - 1
        yield Requirement(
            channels % self.factor**rank == 0,
            "a pixel shuffle needs channels divisible by the factor to the power of the axes",
            f"{self.factor}^{rank} = {self.factor**rank} does not divide the {channels} channels",
            f"give the convolution before it a multiple of {self.factor**rank} filters",
        )

    def channel_reach(self, *x: Shape) -> Reach | None:
        return None

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return (scaled(self.factor),) * (len(x[0]) - 1)

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return resized(OPEN, *x)

    def output_shape(self, *x: Shape) -> Shape:
        (shape,) = x
        return (exact_divide(shape[0], self.factor ** (len(shape) - 1)), *(n * self.factor for n in shape[1:]))


class PositionsToChannels(Layer):
    """Positions become channels: a map r times smaller with r^axes times the channels."""

    needs: ClassVar[str] = "map"
    complex: ClassVar[str] = "numbers"
    factor: int = field(
        Whole(),
        "how many times smaller the map gets",
        position=0,
        symbol="r",
        aliases=("downscale_factor", "block_size"),
    )

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        rank = len(x[0]) - 1
        for axis, n in enumerate(x[0][1:]):
            yield Requirement(
                n % self.factor == 0,
                f"`{self.kind}` needs sizes divisible by its factor",
                f"{self.factor} does not divide the {axis_name(axis, rank)} {n}",
                "pad or crop the map first",
            )

    def channel_reach(self, *x: Shape) -> Reach | None:
        return None

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        """Each output channel sees one pixel of its block; all channels together see the block."""
        return tuple(windowed(Window(self.factor, self.factor), n) for n in x[0][1:])

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return resized(OPEN, *x)

    def output_shape(self, *x: Shape) -> Shape:
        (shape,) = x
        return (shape[0] * self.factor ** (len(shape) - 1), *(exact_divide(n, self.factor) for n in shape[1:]))


@layer("pixel_unshuffle", aliases=("PixelUnshuffle",))
class PixelUnshuffle(PositionsToChannels):
    """The inverse of a pixel shuffle: the channels of one pixel's neighbours stand side by side."""


@layer("space_to_depth", aliases=("SpaceToDepth", "reorg", "focus"))
class SpaceToDepth(PositionsToChannels):
    """Positions become channels, neighbour by neighbour (Darknet's reorg, YOLOv5's focus)."""


@layer("channel_shuffle", aliases=("ChannelShuffle",))
class ChannelShuffle(Layer):
    """The channels of `groups` groups dealt out in turn (Zhang et al. 2018, ShuffleNet)."""

    complex: ClassVar[str] = "numbers"
    groups: int = field(Whole(), "groups of channels", position=0, letter="g", symbol="g")

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield groups_divide(self.groups, x[0][0])

    def channel_reach(self, *x: Shape) -> Reach | None:
        return None
