"""Layers of Caffe that few nets have: cells, margins and centres of face recognition, fields of CRFs."""

from __future__ import annotations

from math import prod

from cnncalc.interchange.building import Build
from cnncalc.interchange.caffe.net import CaffeLayer

__all__ = ["centers", "lstm", "margin", "meanfield", "moved", "rnn", "shuffled_pixels"]


def _step(layer: CaffeLayer, build: Build) -> tuple[int, int]:
    """Units, and one step of a sequence: behind the streams, what comes in as a vector (recurrent_layer.cpp).

    Time is what Caffe has in its first axis, and one image here is one step of it. `cont`, the second bottom, says
    where sequences begin.
    """
    units = layer.part("recurrent_param").whole("num_output", 0)
    if units < 1 or len(build.x[0]) < 2 or build.x[0][0] != 1:
        shown = "x".join(map(str, build.x[0]))
        raise layer.fault(
            "a recurrent layer has `num_output`, and takes steps x streams x features, of one stream", f"{shown} a step"
        )
    if len(build.tensors) > 2:
        raise layer.fault("a recurrent layer is read without what is the same at every step")
    vector = build.tensors[0]
    if len(build.x[0]) > 2:
        vector = build.put("reshape", vector, suffix="_step", shape=(1, prod(build.x[0])))
    return units, vector


def lstm(layer: CaffeLayer, build: Build) -> list[int]:
    """One vector of biases for the four gates (lstm_layer.cpp)."""
    units, vector = _step(layer, build)
    return [build.put("lstm", vector, hidden=units, axis="last")]


def rnn(layer: CaffeLayer, build: Build) -> list[int]:
    """A cell with one vector of biases, and a layer that gives as many units behind it (rnn_layer.cpp)."""
    units, vector = _step(layer, build)
    state = build.put("rnn", vector, hidden=units, axis="last", biases=1)
    given = build.put("linear", state, suffix="_output", out=units, axis="last")
    return [build.put("tanh", given, suffix="_tanh")]


def margin(layer: CaffeLayer, build: Build) -> list[int]:
    """SphereFace's and L-Softmax's last layer: a matrix without biases, by angles; a second top is a factor."""
    part = layer.part("margin_inner_product_param", "largemargin_inner_product_param")
    out = part.whole("num_output", 0)
    if out < 1:
        raise layer.fault("`num_output` is at least 1")
    given = build.put("linear", build.tensors[0], out=out, bias=False)
    return [given, *(build.opaque((), given, suffix="_factor") for _ in layer.tops[1:])]


def centers(layer: CaffeLayer, build: Build) -> list[int]:
    """CenterLoss: a centre for each class, which is learned, and one number (center_loss_layer.cpp)."""
    classes = layer.part("center_loss_param").whole("num_output", 0)
    if classes < 1:
        raise layer.fault("`num_output` is at least 1")
    own = build.put("parameter", build.tensors[0], suffix="_centers", shape=(classes, prod(build.x[0])))
    return [build.opaque((), build.tensors[0], own)]


def meanfield(layer: CaffeLayer, build: Build) -> list[int]:
    """CRF-RNN's MultiStageMeanfield: scores, filtered by place and by colour, each mixed; what both give is mixed too.

    The three matrices are those of all iterations (multi_stage_meanfield.cpp); the filters are fixed.
    """
    turns = layer.part("multi_stage_meanfield_param").whole("num_iterations", 1)
    if not 1 <= turns <= 100 or len(build.tensors) != 3:
        raise layer.fault("a mean field takes scores, first ones and the image, from 1 to 100 times", f"{turns} times")
    scores, current, image = build.tensors
    mixers: list[int | None] = [None, None, None]

    def mixed(place: int, tensor: int, end: str) -> int:
        made = build.put("conv", tensor, suffix=end, out=build.x[0][0], kernel=(1, 1), bias=False, share=mixers[place])
        mixers[place] = made if mixers[place] is None else mixers[place]
        return made

    for turn in range(turns):
        end = f"_{turn}"
        shares = build.put("softmax", current, suffix=f"{end}_softmax")
        near = build.opaque(build.x[0], shares, suffix=f"{end}_near")
        alike = build.opaque(build.x[0], shares, image, suffix=f"{end}_alike")
        message = build.put("add", mixed(0, near, f"{end}_spatial"), mixed(1, alike, f"{end}_bilateral"),
                            suffix=f"{end}_message")  # fmt: skip
        pairwise = mixed(2, message, f"{end}_compatibility")
        current = build.put("subtract", scores, pairwise, suffix="" if turn == turns - 1 else f"{end}_scores")
    return [current]


def moved(layer: CaffeLayer, build: Build) -> list[int]:
    """The same numbers elsewhere (Flip, Reverse)."""
    return [build.opaque(build.x[0])]


def shuffled_pixels(layer: CaffeLayer, build: Build) -> list[int]:
    """PixelShuffle of super-resolution's forks."""
    return [build.put("pixel_shuffle", factor=layer.part("pixel_shuffle_param").whole("upscale_factor", 2))]
