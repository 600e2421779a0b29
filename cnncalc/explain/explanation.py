"""The records of an explanation: layers told, repeats told once, what is left out, and what dominates."""

from __future__ import annotations

from typing import TypeAlias

from cnncalc.analysis.remarks.windows import Remark
from cnncalc.answers.report import ReceptiveField, Report, Row
from cnncalc.answers.report import Shape as BatchShape
from cnncalc.explain.derive import Derivation
from cnncalc.explain.totals import Breakdown, Totals
from cnncalc.records import NamedTuple

__all__ = ["Explanation", "Group", "Part", "Region", "Repeat", "Rest", "Told"]


class Told(NamedTuple):
    """One layer, explained."""

    row: Row
    derivation: Derivation
    remarks: tuple[Remark, ...]
    saved: tuple[tuple[str, int], ...]
    """What autograd keeps for backward and meets here first: the tensor, or what it is, and its bytes."""
    keeps: bool
    """Whether backward needs anything of this layer at all."""
    sees_more: bool
    """Whether its receptive field is that of none of its inputs."""
    owner: str = ""
    """The layer whose parameters it uses and where they are counted, if they are not its own."""
    gradients: str = ""
    """Which gradients of its products are computed in the pass backward, and why no others."""
    smallest: tuple[int, ...] = ()
    """The least that one of its pixels sees, an axis, where not all see as much."""
    regions: tuple[Region, ...] = ()
    whole: bool = False
    """Whether it was asked for by name: all is told of it, not only what a walk has not said yet."""


class Region(NamedTuple):
    """The pixels of an input that an output pixel sees along one axis, from `first` to `last`, counted from 0.

    They may lie outside the `length` pixels that there are: that is padding. `input` is the input's name.
    """

    pixel: int
    first: int
    last: int
    length: int
    input: str


class Repeat(NamedTuple):
    """Layers that repeat others told before."""

    names: str
    of: str
    """What they repeat."""
    times: int
    """How often they stand there."""
    layers: int
    """Layers in each."""
    exact: bool
    """False: built alike, on other shapes."""
    params: tuple[int, int]
    """Parameters of the first and of the last of them."""
    macs: tuple[int, int]
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    """What goes into the first and into the last of them."""
    receptive_field: tuple[int, int] | None
    """Before them and behind the last, the larger axis; None where it is no number."""
    remarks: tuple[Remark, ...]
    """What can be said of the last of them that could not be said of the first."""


class Rest(NamedTuple):
    """What a walk leaves out."""

    layers: int
    first: str
    params: int
    macs: int


class Group(NamedTuple):
    """A named group of layers as a whole; shapes have the batch as their first axis."""

    name: str
    block: str
    """The block that it is a use of, if it is one."""
    layers: int
    weighted: int
    """Convolutions and linear layers among them, with parameters of their own."""
    inputs: tuple[str, ...]
    """The layers outside whose tensors it takes."""
    input_shapes: tuple[BatchShape, ...]
    output_shape: BatchShape
    params: Breakdown
    macs: Breakdown
    activations: int
    """Bytes of its layers' outputs."""
    saved: int
    """Bytes that autograd keeps for backward and meets in it first."""
    before: ReceptiveField
    """Of what comes in, the largest."""
    after: ReceptiveField


Part: TypeAlias = "Told | Repeat | Rest | Group"


class Explanation(NamedTuple):
    """A net, or some of its layers, explained."""

    report: Report
    parts: tuple[Part, ...]
    totals: Totals | None
    """What dominates; None where layers were asked for by name."""
