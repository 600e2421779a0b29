"""Layers that change how long an axis is, and compute little or nothing: borders, slices and enlargements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import ceil_divide, every, product, scaled_in_single, scaled_length
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, resampled, shifted
from cnncalc.layers.axes import axes_exist
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, resized, show_shape
from cnncalc.layers.fields import Border, Choice, Flag, PerAxis, Scales, Span, Whole, spread
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import BORDERS, axis_name, border_requirements, per_axis_requirements

__all__ = ["Crop", "Pad", "Slice", "Upsample"]


def crop_less(n: int) -> str:
    """The way out of a crop that leaves nothing of `n` pixels."""
    return f"crop at most {n - 1} in all" if n > 1 else "leave it out"


def same_axes(what: str, otherwise: str, *x: Shape) -> Requirement:
    """That a layer's second input, where it has one, has as many axes as the first."""
    found, help = ", ".join(map(show_shape, x)), f"`reshape` one of them, or write {otherwise}"
    return Requirement(len({*map(len, x)}) == 1, f"{what} need the same axes", f"they are {found}", help)


class BorderLayer(Layer):
    """A layer that adds or removes a border."""

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return resized(x[0][0], *x) if x else None

    def borders(self, x: Shape) -> Iterator[tuple[int, int]]:
        """(before, after) of each axis."""
        raise NotImplementedError


@layer(
    "pad",
    aliases=("ZeroPad", "zero_padding", "ZeroPadding", "ConstantPad"),
    presets={
        "ReflectionPad": {"mode": "reflect"},
        "ReplicationPad": {"mode": "replicate"},
        "CircularPad": {"mode": "circular"},
    },
)
class Pad(BorderLayer):
    """A border around the map; or channels of zeros beside its own, a shortcut without parameters (He et al. 2016).

    The border is of zeros, or of the map's own pixels: mirrored at its edge (`reflect`), the edge's (`replicate`), or
    those of the other side (`circular`). Backward of the first two keeps the input, as torch does.
    """

    needs: ClassVar[str] = "map"
    complex: ClassVar[str] = "numbers"
    border: tuple[tuple[int, int], ...] = field(
        Border(automatic=False),
        "pixels on each side, before:after",
        ((0, 0),),
        letter="p",
        position=0,
        symbol="p",
        aliases=("padding",),
    )
    channels: tuple[tuple[int, int], ...] = field(Border(automatic=False), "channels of zeros, before:after", ((0, 0),))
    mode: str = field(Choice(*BORDERS), "what the border is made of", "zeros")

    def borders(self, x: Shape) -> Iterator[tuple[int, int]]:
        return spread(self.border, len(x) - 1)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from per_axis_requirements(self, len(x[0]) - 1)
        yield Requirement(
            len(self.channels) == 1,
            "channels are one axis",
            f"channels={Border().write(self.channels)}",
            "write before:after, such as `channels=0:16`",
        )
        yield Requirement(
            self.mode == "zeros" or self.channels == ((0, 0),),
            "channels are added as zeros",
            f"mode={self.mode}",
            "make two layers of it",
        )
        yield from border_requirements(self.mode, x[0], self.borders(x[0]))

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any and self.mode in ("reflect", "replicate"):
            yield Saved("input")

    def channel_reach(self, *x: Shape) -> Reach | None:
        return shifted(self.channels[0][0])

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return tuple(shifted(before) for before, _ in self.borders(x[0]))

    def output_shape(self, *x: Shape) -> Shape:
        (shape,) = x
        ((first, last),) = self.channels
        channels = shape[0] + first + last if first or last else shape[0]
        return (channels, *(n + before + after for n, (before, after) in zip(shape[1:], self.borders(shape))))


@layer("crop", aliases=("Crop", "Cropping", "CenterCrop"))
class Crop(BorderLayer):
    """A border removed: so many pixels a side, or centred to `size`, or with a second input, to that one's size.

    An odd remainder is cut after. (U-Net crops its skip connections to the decoder's size.)
    """

    inputs: ClassVar[tuple[int, int]] = (1, 2)
    seen_inputs: ClassVar[int] = 1
    needs: ClassVar[str] = "map"
    complex: ClassVar[str] = "numbers"
    border: tuple[tuple[int, int], ...] = field(
        Border(automatic=False),
        "pixels cut on each side, before:after",
        ((0, 0),),
        letter="p",
        position=0,
        symbol="p",
        aliases=("cropping",),
    )
    size: tuple[int, ...] | None = field(PerAxis(), "size that is left, centred", None, symbol="out")

    def borders(self, x: Shape, *like: Shape) -> Iterator[tuple[int, int]]:
        rank = len(x) - 1
        if like or self.size:
            target = like[0][1:] if like else tuple(spread(self.size or (), rank))
            for n, left in zip(x[1:], target):
                yield (n - left) // 2, n - left - (n - left) // 2
        else:
            yield from spread(self.border, rank)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        shape, *like = x
        rank = len(shape) - 1
        yield from per_axis_requirements(self, rank)
        yield same_axes("a crop and the map that it is cropped to", "the border, such as `crop 2`", *x)
        for axis, (n, (before, after)) in enumerate(zip(shape[1:], self.borders(shape, *like))):
            name = axis_name(axis, rank)
            yield Requirement(
                every(before >= 0, after >= 0),
                "a crop cannot make a map larger",
                f"{name} {n} is smaller than the {n - before - after} to be left",
                "swap the two inputs, or use `pad`",
            )
            yield Requirement(
                n - before - after >= 1,
                "the crop removes everything",
                f"{name} {n} − {before} − {after} leaves {n - before - after}",
                partial(crop_less, n),
            )

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return tuple(shifted(-before) for before, _ in self.borders(*x))

    def output_shape(self, *x: Shape) -> Shape:
        shape, *like = x
        borders = self.borders(shape, *like)
        return (shape[0], *(n - before - after for n, (before, after) in zip(shape[1:], borders)))


@layer("slice", aliases=("Slice", "narrow", "split"))
class Slice(Layer):
    """The channels from `start` up to, but without, `stop`; or the places of another axis, or every `step`-th."""

    complex: ClassVar[str] = "numbers"
    channels: tuple[int, int] = field(Span(), "start:stop", position=0)
    axis: int = field(Whole(-8), "the axis that is cut, 0 = channels, -1 = the last", 0)
    step: int = field(Whole(), "the distance from one to the next", 1)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from axes_exist(self.kind, (self.axis,), x[0])
        start, stop = self.channels
        place = self.axis % len(x[0])
        length, name = x[0][place], "channels" if place == 0 else f"places along axis {place}"
        yield Requirement(
            every(start < length, stop <= length),
            "a slice must lie inside the channels" if place == 0 else "a slice must lie inside its axis",
            f"{self.fields['channels'].type.write(self.channels)} of {length} {name}",
            f"use numbers from 0 to {length}",
        )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return ((OPEN, *x[0][1:]) if "axis" not in given else (OPEN,) * len(x[0])) if x else None

    def part_along(self, x: Shape) -> int | None:
        """Every `step`-th place is copied."""
        return self.axis % len(x) if self.step == 1 else None

    def reuses_input(self, *, training: bool) -> bool:
        return self.step == 1

    def moves(self, *, training: bool) -> bool:
        return False

    def along(self, x: Shape) -> Reach:
        """What an output sees along the axis."""
        return Reach(self.step, self.channels[0], self.channels[0]) if self.step > 1 else shifted(-self.channels[0])

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        place = self.axis % len(x[0])
        return tuple(self.along(x[0]) if axis == place else IDENTITY for axis in range(1, len(x[0])))

    def channel_reach(self, *x: Shape) -> Reach | None:
        return self.along(x[0]) if self.axis % len(x[0]) == 0 else IDENTITY

    def output_shape(self, *x: Shape) -> Shape:
        start, stop = self.channels
        place = self.axis % len(x[0])
        kept = ceil_divide((x[0][place] if stop == -1 else stop) - start, self.step)
        return tuple(kept if axis == place else n for axis, n in enumerate(x[0]))


@layer(
    "upsample",
    aliases=("Upsample", "UpSampling", "UpsamplingNearest", "Interp", "interpolate", "resize"),
    presets={"UpsamplingBilinear2d": {"mode": "linear", "align_corners": True}},
)
class Upsample(Layer):
    """A map made larger: `scale` times, to `size`, or with a second input, to that one's size.

    `nearest` costs nothing; `linear` (bilinear in 2-D, trilinear in 3-D) costs 2^axes − 1 interpolations of three
    operations an output element; `cubic`, on two axes, five of seven: four products, three sums.
    """

    inputs: ClassVar[tuple[int, int]] = (1, 2)
    seen_inputs: ClassVar[int] = 1
    autocast: ClassVar[str] = "float32"
    needs: ClassVar[str] = "map"
    scale: tuple[int | float, ...] | None = field(
        Scales(), "how many times larger, rounded down", None, position=0, symbol="r", aliases=("scale_factor",)
    )
    size: tuple[int, ...] | None = field(PerAxis(), "output size, pixels", None, symbol="out")
    mode: str = field(
        Choice("nearest", "linear", "bilinear", "trilinear", "cubic", "bicubic"),
        "how pixels are made",
        "nearest",
        aliases=("interpolation",),
    )
    align_corners: bool = field(Flag(), "whether the corner pixels of input and output coincide", False)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        rank = len(x[0]) - 1
        yield from per_axis_requirements(self, rank)
        given = (self.scale is not None) + (self.size is not None) + (len(x) == 2)
        yield Requirement(
            given == 1,
            "an upsample needs one of scale, size, and a second input",
            f"it has {given} of them",
            "write `upsample 2`, `upsample size=56x56`, or `from: [small, large]`",
        )
        yield same_axes("an upsample and the map that it is brought to", "the size: `upsample size=56x56`", *x)
        yield Requirement(
            self.mode != "nearest" or rank in self.rules.nearest_ranks,
            f"{self.rules.runs} takes the nearest pixel of no map with {rank} spatial axes",
            f"the input is {show_shape(x[0])}",
            "write `linear`, or use another dialect",
        )
        if self.scale is not None and given == 1:
            for axis, (n, r) in enumerate(zip(x[0][1:], spread(self.scale, rank))):
                yield Requirement(
                    self.scaled(n, r) >= 1,
                    "an upsample leaves no pixel",
                    f"{axis_name(axis, rank)} {n} times {r}",
                    "use a larger scale, or a larger input",
                )
        axes = {"bilinear": 2, "trilinear": 3, "cubic": 2, "bicubic": 2}.get(self.mode, rank)
        yield Requirement(
            axes == rank,
            f"`{self.mode}` is for {axes} spatial axes",
            f"the input is {show_shape(x[0])}",
            "write `linear`, which fits any number of axes",
        )

    @property
    def cubic(self) -> bool:
        """Whether four pixels of each axis make one."""
        return self.mode in ("cubic", "bicubic")

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        lengths = zip(x[0][1:], self.output_shape(*x)[1:])
        sees = partial(resampled, between=self.mode != "nearest", corners=self.align_corners, beyond=int(self.cubic))
        return tuple(sees(n, out) for n, out in lengths)

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return resized(x[0][0], *x) if x else None

    def output_shape(self, *x: Shape) -> Shape:
        shape = x[0]
        rank = len(shape) - 1
        if len(x) == 2:
            return (shape[0], *x[1][1:])
        if self.size is not None:
            return (shape[0], *spread(self.size, rank))
        return (shape[0], *map(self.scaled, shape[1:], spread(self.scale or (1,), rank)))

    def scaled(self, n: int, factor: int | float) -> int:
        """A length times a factor, as the dialect multiplies."""
        return (scaled_in_single if self.rules.scales_in_single else scaled_length)(n, factor)

    def operations(self, *x: Shape) -> int:
        if self.mode == "nearest":
            return 0
        if self.cubic:
            return 5 * 7 * product(self.output_shape(*x))
        pixels = 1 << (len(x[0]) - 1)
        return 3 * (pixels - 1) * product(self.output_shape(*x))
