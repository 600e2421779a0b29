"""A graph as a layer of Paddle's stock classes, as `stock` is one of torch's; and what paddle.flops says of it."""

from __future__ import annotations

import contextlib
import io
import warnings
from functools import reduce
from importlib.metadata import version

import paddle
from paddle import nn

from benchmarks.conventions.stock_kinds import ADAPTIVE, NORMS, POOLS, alike, scalar
from cnncalc.layers.fields import spread


class Unwritten(Exception):
    """The layer has no counterpart in Paddle."""


def by_rank(name, rank, after=""):
    found = getattr(nn, f"{name}{rank}D{after}", None)
    if found is None:
        raise Unwritten(f"{name}{rank}D{after}")
    return found


def border(windows, x):
    pairs = [window.padding(n) for window, n in zip(windows, x[1:])]
    if all(before == after for before, after in pairs):
        return scalar(before for before, _ in pairs)
    return [side for pair in pairs for side in pair]


def sliding(layer, x, rank):
    windows = layer.windows(x)
    given = {"stride": scalar(w.stride for w in windows), "padding": border(windows, x)}
    return given, scalar(w.kernel for w in windows), scalar(w.dilation for w in windows)


def convolution(layer, x, rank):
    given, kernel, dilation = sliding(layer, x, rank)
    return by_rank("Conv", rank)(
        x[0],
        layer.filters(x),
        kernel,
        dilation=dilation,
        groups=layer.group_count(x),
        bias_attr=None if layer.bias else False,
        **given,
    )


def deconvolution(layer, x, rank):
    windows = layer.windows(x)
    return by_rank("Conv", rank, "Transpose")(
        x[0],
        layer.out,
        scalar(w.kernel for w in windows),
        stride=scalar(w.stride for w in windows),
        padding=scalar(w.border[0] for w in windows),
        output_padding=scalar(w.output_padding for w in windows),
        dilation=scalar(w.dilation for w in windows),
        groups=layer.groups,
        bias_attr=None if layer.bias else False,
    )


def norm(layer, x, rank):
    kind = layer.kind
    off = None if getattr(layer, "affine", True) else False
    if kind == "batchnorm":
        return by_rank("BatchNorm", max(rank, 1))(x[0], weight_attr=off, bias_attr=off)
    if kind == "instancenorm":
        return by_rank("InstanceNorm", rank)(x[0], weight_attr=off, bias_attr=off)
    if kind == "groupnorm":
        return nn.GroupNorm(layer.groups, x[0], weight_attr=off, bias_attr=off)
    if layer.over == "channels" and rank:
        raise Unwritten("layer norm over the channels of a map")
    return nn.LayerNorm(x if layer.over == "all" else x[-1:], weight_attr=off, bias_attr=off if layer.bias else False)


def layer_of(layer, shapes):
    """The stock layer; None for what people write as a function."""
    x, kind = shapes[0], layer.kind
    rank = len(x) - 1
    if kind in ("conv", "dwconv"):
        return convolution(layer, x, rank)
    if kind == "deconv":
        return deconvolution(layer, x, rank)
    if kind == "linear":
        return nn.Linear(layer.features(x), layer.out, bias_attr=None if layer.bias else False)
    if kind in POOLS:
        given, kernel, _ = sliding(layer, x, rank)
        if kind == "lppool":
            raise Unwritten("LPPool")
        return by_rank(POOLS[kind], rank)(kernel, ceil_mode=layer.rounding_rule().name != "FLOOR", **given)
    if kind in ADAPTIVE:
        size = 1 if kind.startswith("global") else scalar(spread(layer.output, rank))
        return by_rank(ADAPTIVE[kind], rank)(size)
    if kind in NORMS:
        return norm(layer, x, rank)
    if kind == "silu":
        return nn.Silu()
    if kind == "flatten":
        return nn.Flatten()
    if kind == "bilinear":
        return nn.Bilinear(x[0], shapes[1][0], layer.out)
    return alike(nn, layer, x)


MERGES = {"add": lambda a, b: a + b, "multiply": lambda a, b: a * b, "maximum": paddle.maximum}


def called(layer, shapes, tensors):
    x, kind = tensors[0], layer.kind
    if kind in MERGES:
        return reduce(MERGES[kind], tensors)
    if kind == "concat":
        return paddle.concat(tensors, layer.axis + 1)
    if kind == "permute":
        return paddle.transpose(x, [0, *(axis + 1 for axis in layer.order)])
    if kind == "slice":
        start, stop = layer.channels
        return x[:, start : x.shape[1] if stop == -1 else stop]
    if kind == "crop":
        for axis, (before, after) in enumerate(layer.borders(*shapes), 2):
            x = paddle.slice(x, [axis], [before], [x.shape[axis] - after])
        return x
    if kind == "droppath":
        return x
    if kind == "pad":
        return nn.functional.pad(x, [side for pair in reversed(list(layer.borders(shapes[0]))) for side in pair])
    if kind == "upsample":
        modes = {"linear": {1: "linear", 2: "bilinear", 3: "trilinear"}[len(shapes[0]) - 1]}
        size = list(layer.output_shape(*shapes)[1:])
        if len(size) == 1:
            raise Unwritten("interpolate on one axis")
        data = "NCDHW" if len(size) == 3 else "NCHW"
        return nn.functional.interpolate(x, size=size, mode=modes.get(layer.mode, layer.mode), data_format=data)
    raise Unwritten(kind)


class Stock(nn.Layer):
    """The net, its layers in execution order."""

    def __init__(self, graph):
        super().__init__()
        if len(graph.inputs) > 1:
            raise Unwritten("paddle.flops takes one input")
        self.graph = graph
        self.of = {}
        for index, node, layer in graph.layers():
            if node.share is not None:
                self.of[index] = self.of.get(node.share)
                continue
            made = layer_of(layer, graph.input_shapes(node))
            self.of[index] = None
            if made is not None:
                self.of[index] = self.add_sublayer(f"{layer.kind}_{index}", made)

    def forward(self, *inputs):
        tensors = dict(zip(self.graph.inputs.values(), inputs))
        for index, node, layer in self.graph.layers():
            taken = [tensors[one] for one in node.inputs]
            made = self.of[index]
            tensors[index] = called(layer, self.graph.input_shapes(node), taken) if made is None else made(*taken)
            if getattr(layer, "flat", False):
                tensors[index] = paddle.flatten(tensors[index], 1)
        return tensors[next(iter(self.graph.outputs.values()))]


def counted(model, shape):
    """What paddle.flops says of one image; the tool and its version; its unit."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        number = paddle.flops(model, list(shape))
    return int(number), f"paddlepaddle {version('paddlepaddle')}", "MACs"
