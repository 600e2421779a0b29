"""What kinds do with many maps of one sample, which torch takes for a batch."""

from __future__ import annotations

from typing import Any

__all__ = ["CHANNELLED", "OF_ALL_AXES", "OF_ONE_CHANNEL", "OF_STACKS"]

_WINDOW = {"kernel": 1, "stride": 1, "dilation": 1, "padding": (0, 0), "output_padding": 0}
OF_ALL_AXES = ("pad", "crop")
"""Kinds that are told of each axis what they do there."""
CHANNELLED = ("batchnorm", "prelu")
"""Kinds that take anything, for which torch's second axis is that of the channels."""
OF_STACKS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("conv", "deconv"), _WINDOW),
    **{kind: {} for kind in CHANNELLED},
}
"""What stands first in each field of a layer on a stack of maps, along that stack."""
OF_ONE_CHANNEL = ("maxpool", "avgpool", "lppool", "adaptive_avgpool", "adaptive_maxpool", "upsample")
"""Kinds in which channels do not meet."""
