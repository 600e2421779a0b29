"""Why Keras has none of some kinds, and what to write instead."""

from __future__ import annotations

__all__ = ["LACKED"]

LACKED = {
    "argmax": (
        "its places would be whole numbers in Keras, which layers behind it do not take",
        "`reduce max` is there",
    ),
    "blur": ("Keras's convolutions learn their filters", "a `dwconv`, frozen, has one"),
    "crossmap_lrn": ("its sums keep the first channel, as torch's do", "`lrn` is the norm as papers have it"),
    "deform_conv": ("Keras's convolutions have fixed places", "`conv` has them"),
    "fold": ("Keras adds up no columns", "`deconv` multiplies and adds them up"),
    "fractional_maxpool": ("its windows are drawn at random", "`adaptive_maxpool` has fixed ones"),
    "local": ("Keras 3 has no locally connected layer", "`conv` has the same filters for all places"),
    "maxunpool": ("Keras's pools hand over no places", "`upsample` enlarges a map by itself"),
    "modulated_conv": ("Keras's convolutions have the same filters for every image", "`conv` and `multiply`"),
    "opaque": ("only the shape of what it makes is known", "write what it does as layers, or leave it out"),
    "rrelu": ("its slopes are drawn at random in training", "`leaky_relu` of their mean is what it does at inference"),
    "topk": ("Keras's top_k gives numbers and places, and layers behind it take one tensor", "`reduce max` is there"),
    "unfold": ("windows side by side are in another order in Keras", "`conv` multiplies them too"),
}
"""The reason and the way out, by kind."""
