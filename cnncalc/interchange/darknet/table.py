"""Darknet's sections and what each is here. The one table of this format.

Read in AlexeyAB/darknet (59596d7) and pjreddie/darknet (f6afaab): `parser.c` and the `make_…_layer` of each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from cnncalc.interchange.building import Build, unit_length
from cnncalc.interchange.darknet import joining, recurrent, windows
from cnncalc.interchange.darknet.activations import activated
from cnncalc.interchange.darknet.config import Section

__all__ = ["ALIASES", "DETECTORS", "LOSSES", "RULES"]

Rule: TypeAlias = Callable[[Section, Build], int]
"""From a section to our layers; the tensor that the section makes."""

ALIASES = {
    "avg": "avgpool",
    "conn": "connected",
    "conv": "convolutional",
    "deconv": "deconvolutional",
    "empty": "silence",
    "local_avg": "local_avgpool",
    "lrn": "normalization",
    "max": "maxpool",
    "network": "net",
    "reorg3d": "reorg",
    "soft": "softmax",
}


def activation(section: Section, build: Build) -> int:
    """An activation alone."""
    tensor = activated(build, build.tensors[0], section.text("activation", "linear"))
    return tensor if tensor != build.tensors[0] else build.put("identity")


def detector(section: Section, build: Build) -> int:
    """Boxes and classes as the net gives them: the same numbers, some of them through a sigmoid or a softmax."""
    return build.opaque(build.x[0])


def contrastive(section: Section, build: Build) -> int:
    """A loss on embeddings, in training; what the detector that it belongs to gives is unchanged."""
    return build.opaque(build.x[1])


def normalization(section: Section, build: Build) -> int:
    """Local response normalisation across channels."""
    return build.put("lrn", size=section.whole("size", 5, 1))


def unchanged(section: Section, build: Build) -> int:
    """Nothing: the input goes on."""
    return build.put("identity")


DETECTORS = ("detection", "Gaussian_yolo", "iseg", "region", "yolo")
"""The layers that give a detector's output; a net that has one gives nothing else."""
LOSSES = ("cost",)
"""Layers that only training uses; what enters them goes on."""

RULES: dict[str, Rule] = {
    **dict.fromkeys(DETECTORS, detector),
    "activation": activation,
    "avgpool": windows.mean,
    "batchnorm": windows.batch_norm,
    "contrastive": contrastive,
    "connected": windows.connected,
    "convolutional": windows.convolutional,
    "conv_lstm": recurrent.conv_lstm,
    "crnn": recurrent.crnn,
    "crop": joining.crop,
    "deconvolutional": windows.deconvolutional,
    "dropout": joining.dropout,
    "gru": recurrent.gru,
    "history": joining.history,
    **dict.fromkeys(("implicit", "implicit_add", "implicit_mul"), joining.implicit),
    "l2norm": lambda section, build: unit_length(build),
    "local": windows.local,
    "local_avgpool": windows.average,
    "logistic": lambda section, build: build.put("sigmoid"),
    "lstm": recurrent.lstm,
    "maxpool": windows.maximum,
    "normalization": normalization,
    "reorg": joining.reorg,
    "rnn": recurrent.rnn,
    **dict.fromkeys(("route", "route_lhalf"), joining.route),
    **dict.fromkeys(("control_channels", "sam", "scale_channels"), joining.scaled),
    "shift_channels": joining.shifted,
    "shortcut": joining.shortcut,
    "silence": unchanged,
    "softmax": joining.softmax,
    "upsample": joining.upsample,
}
