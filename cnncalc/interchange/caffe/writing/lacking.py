"""Why Caffe has none of some kinds, and what to write instead."""

from __future__ import annotations

__all__ = ["LACKED"]

_DEVIATION = "Caffe's MVN adds its epsilon to the deviation, not to the variance"
_NORM = "`batchnorm` is there; it is part of the layer before it at inference"
_PRODUCT = "a product of two tensors is none of Caffe's layers"
_STEPS = "Caffe's takes the steps before the batch, and a second input that says where a sequence begins"

LACKED = {
    "attention": (_PRODUCT, "a `linear` of fixed weights is there"),
    "bilinear": (_PRODUCT, "`concat` and `linear` join two vectors"),
    "blur": ("no layer of Caffe holds numbers that are not learned", "a `dwconv` learns them"),
    "constant": ("no layer of Caffe holds numbers that are not learned", "`parameter` learns them"),
    "convlstm": ("Caffe has no recurrence of maps", "`conv` of the steps as channels sees them all"),
    "crossmap_lrn": ("its sums keep the first channel, as torch's do", "`lrn` is the norm as papers have it"),
    "deform_conv": ("Caffe's convolutions have fixed places", "`conv` has them"),
    "distances": ("Caffe looks up no table at places of its own", "write `add` of a `parameter`"),
    "divide": ("Caffe's Eltwise is a sum, a product or a maximum", "`power -1` and `multiply` divide"),
    "einsum": (_PRODUCT, "a `linear` of fixed weights is there"),
    "fold": ("Caffe adds up no columns but in a convolution's gradient", "`deconv` does both in one"),
    "fractional_maxpool": ("its windows are drawn at random", "`adaptive_maxpool` has fixed ones"),
    "glu": ("a gate of a tensor's own half is none of Caffe's layers", "`slice`, `sigmoid` and `multiply` make one"),
    "grn": ("Caffe has no norm of a map's lengths", "`batchnorm` is there"),
    "groupnorm": (_DEVIATION, _NORM),
    "gru": ("Caffe has LSTM and RNN alone", "put it outside of the net"),
    "instancenorm": (_DEVIATION, _NORM),
    "layernorm": (_DEVIATION, _NORM),
    "local": ("a layer with filters of each place is of forks alone", "`conv` has the same for all places"),
    "lppool": ("Caffe's pools are of means and of largest pixels", "`power`, `avgpool` and `power` make one"),
    "lstm": (_STEPS, "put it outside of the net"),
    "matmul": (_PRODUCT, "a `linear` of fixed weights is there"),
    "maxout": ("Caffe's Eltwise takes whole tensors", "`slice` the pieces and take their `maximum`"),
    "maxunpool": ("Caffe's pools hand over no places", "`upsample` enlarges a map by itself"),
    "minimum": ("Caffe's Eltwise is a sum, a product or a maximum", "`multiply -1` before and behind a `maximum`"),
    "modulated_conv": ("Caffe's convolutions have the same filters for every image", "`conv` and `multiply`"),
    "opaque": ("only the shape of what it makes is known", "write what it does as layers, or leave it out"),
    "pad": ("no layer of Caffe adds pixels", "give the padding to the convolution or pool behind it"),
    "power": ("the exponent of Caffe's Power is a number", "`log`, `multiply` and `exp` raise to a tensor"),
    "rmsnorm": (_DEVIATION, _NORM),
    "rnn": (_STEPS, "put it outside of the net"),
    "rrelu": ("its slopes are drawn at random in training", "`leaky_relu` of their mean is what it does at inference"),
    "unfold": ("windows side by side are none of Caffe's layers here", "`conv` multiplies them too"),
}
"""The reason and the way out, by kind."""
