"""Darknet's activations (get_activation and activations.h) as ours."""

from __future__ import annotations

from cnncalc.interchange.building import Build, Fields

__all__ = ["activated"]

KINDS: dict[str, tuple[str, Fields]] = {
    "elu": ("elu", {}),
    "gelu": ("gelu", {"approximate": "tanh"}),
    "hardtan": ("function", {"of": "clip", "low": -1.0, "high": 1.0}),
    "leaky": ("leaky_relu", {"slope": 0.1}),
    "logistic": ("sigmoid", {}),
    "mish": ("mish", {}),
    "normalize_channels_softmax": ("softmax", {}),
    "normalize_channels_softmax_maxval": ("softmax", {}),
    "relie": ("leaky_relu", {"slope": 0.01}),
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "selu": ("selu", {}),
    "silu": ("silu", {}),
    "swish": ("silu", {}),
    "tanh": ("tanh", {}),
}
RARE = {"hard_mish", "lhtan", "loggy", "normalize_channels", "plse", "ramp", "revleaky", "stair"}
"""Functions of one element, or over the channels, that no kind here is: only their shape is known."""


def activated(build: Build, tensor: int, name: str, stem: str = "") -> int:
    """The tensor through an activation; `linear` is none. A name that Darknet does not know is a ReLU there too."""
    if name == "linear":
        return tensor
    if name in RARE:
        return build.opaque(build.shape(tensor), tensor, suffix=f"{stem}_{name}")
    kind, fields = KINDS.get(name, ("relu", {}))
    return build.put(kind, tensor, suffix=f"{stem}_{name if name in KINDS else 'relu'}", **fields)
