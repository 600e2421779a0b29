"""What is known of a framework: its defaults, its names, its rules."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from cnncalc.arithmetic.windows.formulas import Rounding
from cnncalc.records import NamedTuple

__all__ = ["Dialect", "Named"]

Fields: TypeAlias = "Mapping[str, object]"


class Named(NamedTuple):
    """What a framework's own class name stands for: a kind, and what its fields are where the file does not say."""

    kind: str
    fields: Fields = MappingProxyType({})
    rank: int | None = None
    """The number of spatial axes that it is for, where its name does not say it."""
    last: str = ""
    """The field whose −1 means the channels, which are the framework's last axis; empty for none."""
    way: str = ""
    """What does its job, where the framework calls something so that is no kind, and `kind` is empty."""


class Dialect(NamedTuple):
    """The habits of one framework."""

    name: str
    runs: str = ""
    """The framework as errors call it, with the version that was measured; empty for torch, whose rules are ours."""
    defaults: Mapping[str, Fields] = {}
    """By kind: the fields whose default is not the class's."""
    names: Mapping[str, Named] = {}
    """By class name, without `2D` and the like at its end."""
    ranks: Mapping[str, tuple[int, ...]] = {}
    """By kind: how many spatial axes it takes, where fewer than the kind itself."""
    missing: Mapping[str, str] = {}
    """By kind: why there is none."""
    pool_rounding: str = "floor"
    """How a pool rounds where the file does not say."""
    ceil: Rounding = Rounding.CEIL
    """What `ceil` means."""
    ceil_of: Mapping[str, Rounding] = {}
    """By kind: what `ceil` means for a pool where it is not that."""
    clip_needs_padding: bool = False
    """Caffe clips the last window of a ceil-mode pool only where the pool is padded."""
    pool_stride_is_kernel: bool = True
    """Where a pool's stride is not given it equals the kernel; else it is 1."""
    pool_padding_limit: str = "half"
    """The most padding a pool takes: `half` its kernel, less than its `kernel` or its `extent`, or `none` checked."""
    pool_same_pads_first: bool = False
    """`same` of a pool pads for a kernel without dilation; the length then follows from padding, dilation, rounding."""
    pool_same_needs_padding: tuple[str, ...] = ()
    """The pools whose `same`, without a dilation, fails where a stride larger than the kernel leaves pixels over."""
    pool_valid_rounds_down: bool = False
    """`valid` of a pool does not go with rounding up, though padding of 0 does."""
    pool_same_alone: bool = False
    """`same` of a max pool goes neither with rounding up nor with a dilation."""
    lp_pads: bool = False
    """A p-norm pool may be padded."""
    lp_rounds_up: bool = True
    """A p-norm pool may round up."""
    pools_ignore_dilation: bool = False
    """A pool's dilation is taken for 1."""
    transposed_same: str = ""
    """The rule of `same` for a transposed convolution; empty where there is none."""
    transposed_fills_stride: str = ""
    """A transposed convolution whose stride is larger than its kernel gives n·s on `each` axis without padding, or only
    where it has no padding at all (`whole`); empty where it does not."""
    transposed_groups: bool = True
    """Whether a transposed convolution has groups."""
    transposed_cuts: bool = True
    """Padding in numbers is taken off a transposed convolution's output; flax lays it around the spread input."""
    transposed_within: bool = False
    """A transposed convolution's padding is less than its kernel's extent."""
    volumes_in_groups: bool = True
    """Whether a convolution on three axes has groups."""
    output_padding_below: str = "stride or dilation"
    """What output padding must be less than: the larger of the two, or the `stride`; empty where that is not asked,
    `never` where there is none."""
    same_dilation: str = "kept"
    """What `same` makes of a convolution's dilation: `kept`, `ignored` (set to 1), or `refused`."""
    same_strides: bool = True
    """Whether `same` of a convolution goes with a stride; in the torch dialect it does, where torch's own does not."""
    one_of_stride_and_dilation: tuple[str, ...] = ()
    """The kinds of convolution that refuse a stride and a dilation above 1 together."""
    unsaid: Mapping[str, str] = {}
    """By feature of a layer (`habits.features`): why nothing is said of it, as where it was not measured."""
    truncates: str = ""
    """What a window that does not fit its input gives there, in words; empty where it is an error there too."""
    overpads: str = ""
    """What a pool with more padding than it may have gives there, in words; empty where it is an error there too."""
    buffers_are_parameters: bool = False
    """Batch norm's running statistics are counted among the parameters, as not trainable."""
    statistics_have_factor: bool = False
    """Caffe keeps batch norm's mean and variance as sums, with a third blob of one number by which both are divided."""
    instance_norms_keep: bool = False
    """An instance norm keeps running statistics beside, which it does not use unless told."""
    counts_batches: bool = False
    """Batch norm keeps how many batches it has seen, a whole number of 8 bytes."""
    linear_takes: str = "vectors"
    """What a linear layer makes of a map: refuses it (`vectors`), works on its `channels`, or `flattens` it."""
    one_pixel_norms: bool = False
    """An instance norm of one pixel is taken; torch refuses it, since nothing is left of the input."""
    group_pairs: bool = False
    """Group norm's scale and shift are one pair a group, not one a channel."""
    lrn_size_is_odd: bool = False
    """A local response norm takes an odd number of neighbours only."""
    logsumexp_axes: int = 16
    """How many axes, without the batch, a tensor may have whose exponentials are summed."""
    nearest_ranks: tuple[int, ...] = (1, 2, 3)
    """On how many spatial axes an upsample takes the nearest pixel."""
    scales_in_single: bool = False
    """An upsample multiplies lengths in single precision."""
    one_level_is_a_map: bool = False
    """A spatial pyramid of one level gives the pool's map, not a vector."""
    pyramid_pads: bool = False
    """A level of a spatial pyramid is a pool of windows that are all alike, padded by less than its kernel."""
    merges: str = "ranks alike"
    """What meets element by element: inputs of `ranks alike` (axes of length 1 spread), only `shapes alike`, or with
    axes put in behind the batch (`ranks filled`)."""
