"""Normalisations. Operations are those of inference, a stated number for each element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.arithmetic.windows.formulas import exact_divide, product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, everywhere
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, show_shape
from cnncalc.layers.fields import Choice, Flag, Real, Whole
from cnncalc.layers.kinds.normalising import normalising, scale_and_shift
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import groups_divide

__all__ = [
    "BatchNorm", "GlobalResponseNorm", "GroupNorm", "InstanceNorm", "LayerNorm", "LayerScale", "LocalResponseNorm",
]  # fmt: skip


@layer("batchnorm", aliases=("bn", "BatchNorm", "BatchNormalization", "batch_norm", "SyncBatchNorm"))
class BatchNorm(Layer):
    """Batch normalisation over each channel (Ioffe & Szegedy 2015), as torch.nn.BatchNorm2d.

    At inference its statistics are constants: one multiplication and one addition an element. Without statistics of its
    own (`nostats`) it takes those of the batch, and costs what an instance norm costs.
    """

    affine: bool = field(Flag(), "whether scale and shift are learned", True)
    scale: bool = field(Flag(), "whether the scale is learned with the shift; Keras's Inceptions do without it", True)
    bias: bool = field(Flag(), "whether the shift is learned with the scale", True, aliases=("center",))
    stats: bool = field(
        Flag(), "whether running mean and variance are kept (buffers)", True, aliases=("track_running_stats",)
    )
    eps: float = field(Real(), "added to the variance", 1e-5, aliases=("epsilon",))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        if len(x[0]) > 4:
            yield Requirement(
                False,
                "a batch norm takes a vector, or a map with 1 to 3 spatial axes",
                f"the input is {show_shape(x[0])}",
                "put it before the `reshape`",
            )

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        shapes = scale_and_shift(self.affine, x[0][:1])
        return {name: shape for name, shape in shapes.items() if (self.scale if name == "weight" else self.bias)}

    def buffer_shapes(self, *x: Shape) -> dict[str, Shape]:
        if not self.stats:
            return {}
        factor: dict[str, Shape] = {"factor": (1,)} if self.rules.statistics_have_factor else {}
        return {"running_mean": x[0][:1], "running_var": x[0][:1], **factor}

    def named_axes(self, x: Shape) -> int:
        """BatchNorm1d takes vectors, too."""
        return max(len(x) - 1, 1)

    def whole_numbers(self, *x: Shape) -> int:
        """`num_batches_tracked`."""
        return int(self.stats and self.rules.counts_batches)

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        """Without running statistics, those of the whole map."""
        return tuple(IDENTITY if self.stats else everywhere(n) for n in x[0][1:])

    def moves(self, *, training: bool) -> bool:
        return training or not self.stats

    def operations(self, *x: Shape) -> int:
        return 2 * product(x[0]) if self.stats else normalising(product(x[0]), self.affine)

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield Saved("input")
            if backward.training or not self.stats:
                yield Saved("mean and 1/σ", shape=(2, x[0][0]), batched=False, element="own")


@layer("layernorm", aliases=("ln", "LayerNorm", "LayerNormalization", "layer_norm"))
class LayerNorm(Layer):
    """Layer normalisation (Ba et al. 2016): over the channels at each position, over the last axis, or over all."""

    autocast: ClassVar[str] = "float32"
    over: str = field(Choice("channels", "all", "last"), "the axes that are normalised together", "channels")
    affine: bool = field(Flag(), "whether a scale is learned", True, aliases=("elementwise_affine",))
    bias: bool = field(Flag(), "whether a shift is learned with the scale", True)
    eps: float = field(Real(), "added to the variance", 1e-5, aliases=("epsilon",))

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        shape = {"channels": x[0][:1], "last": x[0][-1:], "all": x[0]}[self.over]
        shapes = scale_and_shift(self.affine, shape)
        if not self.bias:
            shapes.pop("bias", None)
        return shapes

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        last = len(x[0]) - 1
        seen = {"channels": (), "last": (last,), "all": tuple(range(last + 1))}[self.over]
        return tuple(everywhere(x[0][axis]) if axis in seen else IDENTITY for axis in range(1, last + 1))

    def channel_reach(self, *x: Shape) -> Reach | None:
        return IDENTITY if self.over == "last" and len(x[0]) > 1 else everywhere(x[0][0])

    def operations(self, *x: Shape) -> int:
        elements = product(x[0])
        without_shift = elements if self.affine and not self.bias else 0
        return normalising(elements, self.affine) - without_shift

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            rows = {"channels": product(x[0][1:]), "last": product(x[0][:-1]), "all": 1}[self.over]
            yield Saved("input")
            yield Saved("mean and 1/σ", shape=(2, rows))


@layer("groupnorm", aliases=("gn", "GroupNorm", "GroupNormalization", "group_norm"))
class GroupNorm(Layer):
    """Group normalisation (Wu & He 2018) over groups of channels and all positions, as torch.nn.GroupNorm."""

    autocast: ClassVar[str] = "float32"
    groups: int = field(
        Whole(below="`groups=$in_channels` is one group a channel"),
        "groups of channels",
        position=0,
        letter="g",
        symbol="g",
        aliases=("num_groups",),
    )
    affine: bool = field(Flag(), "whether scale and shift are learned", True)
    eps: float = field(Real(), "added to the variance", 1e-5, aliases=("epsilon",))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield groups_divide(self.groups, x[0][0])
        yield Requirement(
            self.rules.one_pixel_norms or exact_divide(product(x[0]), self.groups) > 1,
            "a group norm needs more than one number in a group, or nothing is left of its input",
            f"the input {show_shape(x[0])} has {self.groups} groups",
            "use fewer groups, or put it before the pool",
        )

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        return scale_and_shift(self.affine, (self.groups,) if self.rules.group_pairs else x[0][:1])

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        """Its statistics are those of the whole map."""
        return tuple(everywhere(n) for n in x[0][1:])

    def channel_reach(self, *x: Shape) -> Reach | None:
        return everywhere(x[0][0]) if self.groups == 1 else None

    def operations(self, *x: Shape) -> int:
        return normalising(product(x[0]), self.affine)

    def joins(self, x: Shape) -> int:
        return len(x) + 1

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield Saved("input")
            yield Saved("mean and 1/σ", shape=(2, self.groups))


@layer("instancenorm", aliases=("InstanceNorm", "InstanceNormalization", "instance_norm"))
class InstanceNorm(Layer):
    """Instance normalisation (Ulyanov et al. 2016): each channel of each image, as torch.nn.InstanceNorm2d."""

    needs: ClassVar[str] = "map"
    affine: bool = field(Flag(), "whether scale and shift are learned", False)
    stats: bool = field(
        Flag(), "whether running mean and variance are kept (buffers)", False, aliases=("track_running_stats",)
    )
    eps: float = field(Real(), "added to the variance", 1e-5, aliases=("epsilon",))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            self.stats or self.rules.one_pixel_norms or product(x[0][1:]) > 1,
            "an instance norm needs more than one pixel, or nothing is left of its input",
            f"the input is {show_shape(x[0])}",
            "leave it out, or put it before the pool",
        )

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        return scale_and_shift(self.affine, x[0][:1])

    def buffer_shapes(self, *x: Shape) -> dict[str, Shape]:
        if not self.stats and self.rules.instance_norms_keep:
            return {"moving_mean": x[0][:1], "moving_variance": x[0][:1]}
        return {"running_mean": x[0][:1], "running_var": x[0][:1]} if self.stats else {}

    def whole_numbers(self, *x: Shape) -> int:
        """`num_batches_tracked`."""
        return int(self.stats and self.rules.counts_batches)

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        """Its statistics are those of the whole map, unless running ones are kept."""
        return tuple(IDENTITY if self.stats else everywhere(n) for n in x[0][1:])

    def moves(self, *, training: bool) -> bool:
        """With running statistics, as a batch norm."""
        return training or not self.stats

    def operations(self, *x: Shape) -> int:
        """With running statistics those of a batch norm."""
        return 2 * product(x[0]) if self.stats else normalising(product(x[0]), self.affine)

    def joins(self, x: Shape) -> int:
        return len(x) + 1

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """torch runs a batch norm on N·C channels: statistics, and copies of scale and buffers, for each image.

        The copies of the buffers are of the scale's type, or of the input's where there is no scale.
        """
        if backward.any:
            statistics = 2 if backward.training or not self.stats else 0
            copies = statistics + (1 if self.affine else 0)
            yield Saved("input")
            yield Saved("statistics and scale of each image", shape=(copies, x[0][0]), element="own")
            if self.stats:
                element = "own" if self.affine else ""
                yield Saved("running statistics of each image", shape=(2, x[0][0]), element=element)


@layer("lrn", aliases=("LocalResponseNorm", "local_response_norm", "LocalResponseNormalization"))
class LocalResponseNorm(Layer):
    """Local response normalisation over `size` neighbouring channels (Krizhevsky et al. 2012).

    An element costs a square, size − 1 additions, a scale and an offset, a power, and a division.
    """

    needs: ClassVar[str] = "map"
    autocast: ClassVar[str] = "mixed"  # its power is taken in float32
    size: int = field(Whole(), "neighbouring channels", 5, position=0, symbol="n", aliases=("local_size",))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            not self.rules.lrn_size_is_odd or self.size % 2 == 1,
            f"{self.rules.runs} takes an odd number of neighbouring channels only",
            f"size={self.size}",
            f"use {self.size + 1}",
        )

    def channel_reach(self, *x: Shape) -> Reach | None:
        return None

    def operations(self, *x: Shape) -> int:
        return (self.size + 4) * product(x[0])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """torch composes it: the squares padded by size − 1 channels, the sums, and their powers."""
        if backward.any:
            yield Saved("input")
            yield Saved("padded squares", shape=(x[0][0] + self.size - 1, *x[0][1:]))
            yield Saved("sums and powers", shape=(2, *x[0]), element="own")


@layer("grn", aliases=("GlobalResponseNorm", "global_response_norm"))
class GlobalResponseNorm(Layer):
    """Global response normalisation (Woo et al. 2023, ConvNeXt V2), γ·x·N(‖x‖) + β + x.

    An element costs a square and an addition for the norm, two multiplications and two additions; a channel a root, an
    addition for the mean norm, and a division.
    """

    needs: ClassVar[str] = "map"
    autocast: ClassVar[str] = "mixed"  # its norms are in float32
    complex: ClassVar[str] = "numbers"

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        return scale_and_shift(True, x[0][:1])

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        """Its statistics are those of the whole map."""
        return tuple(everywhere(n) for n in x[0][1:])

    def channel_reach(self, *x: Shape) -> Reach | None:
        return everywhere(x[0][0])

    def operations(self, *x: Shape) -> int:
        return 6 * product(x[0]) + 3 * x[0][0]

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.weights:
            yield Saved("normalised input", shape=x[0], element="own")
        if backward.inputs[0]:
            yield Saved("input")
            yield Saved("norms", shape=(2 * x[0][0] + 1,), element="part")


@layer("layerscale", aliases=("LayerScale", "layer_scale"))
class LayerScale(Layer):
    """A learned factor for each channel (Touvron et al. 2021), and with `bias` a learned shift, as Caffe's Scale.

    One multiplication an element, and one addition with a shift.
    """

    autocast: ClassVar[str] = "mixed"  # its factors are in float32
    complex: ClassVar[str] = "numbers"
    initial: float = field(Real(), "the factors' first value", 1e-6, aliases=("init_values",))
    bias: bool = field(Flag(), "whether a shift is learned with the factor", False, aliases=("bias_term",))

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        return scale_and_shift(True, x[0][:1]) if self.bias else {"weight": x[0][:1]}

    def stored(self, *x: Shape) -> dict[str, tuple[str, Shape]]:
        return super().stored(*x) if self.bias else {"weight": ("", (x[0][0], *(1,) * (len(x[0]) - 1)))}

    def moves(self, *, training: bool) -> bool:
        return False

    def operations(self, *x: Shape) -> int:
        return (2 if self.bias else 1) * product(x[0])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.weights:
            yield Saved("input")
