"""What OpenCV is given to read."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.records import NamedTuple

__all__ = ["Read"]


class Read(NamedTuple):
    """A file of a net, and what its layers are called there."""

    content: bytes
    weights: bytes
    """What Caffe keeps in a file beside; of others nothing."""
    layers: Mapping[str, tuple[str, int]]
    """Of ours by name: the layer there that makes its tensor, and which of its outputs that is."""
    outputs: Mapping[str, str]
    """Of ours by name: the layer or tensor there that a run asks for; of several outputs that which `layers` names."""
    note: str
