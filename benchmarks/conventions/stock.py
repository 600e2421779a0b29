"""A graph as a module of torch's stock classes, so that tools which look at classes or calls see what people write.

Every layer is the `torch.nn` module of its kind, called once for each use; merges and reshapes are plain functions.
It is written apart from `cnncalc.torch_backend`, whose classes are its own: the tools would not know them.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations
from torchvision.models.convnext import LayerNorm2d

from benchmarks.conventions import stock_sequences
from benchmarks.conventions.stock_kinds import ADAPTIVE, NORMS, POOLS, alike, scalar
from cnncalc.layers.fields import spread


def by_rank(name, rank):
    return getattr(nn, f"{name}{rank}d")


def windowed(layer, x, rank):
    """Kernel, stride, padding and dilation as torch takes them, and the padding that needs a layer of its own."""
    windows = layer.windows(x)
    borders = [window.padding(n) for window, n in zip(windows, x[1:])]
    given = {
        "kernel_size": scalar(window.kernel for window in windows),
        "stride": scalar(window.stride for window in windows),
        "dilation": scalar(window.dilation for window in windows),
    }
    return given, borders


def pad_module(borders, rank):
    flat = [side for border in reversed(borders) for side in border]
    return by_rank("ConstantPad", rank)(flat, 0.0)


def convolution(layer, x, rank):
    given, borders = windowed(layer, x, rank)
    given |= {"groups": layer.group_count(x), "bias": layer.bias}
    make = partial(by_rank("Conv", rank), x[0], layer.filters(x))
    if layer.padding == "same" and max(window.stride for window in layer.windows(x)) == 1:
        return make(padding="same", **given)
    if all(before == after for before, after in borders):
        return make(padding=scalar(before for before, _ in borders), **given)
    return nn.Sequential(pad_module(borders, rank), make(padding=0, **given))


def deconvolution(layer, x, rank):
    windows = layer.windows(x)
    assert all(window.border[0] == window.border[1] for window in windows)
    return by_rank("ConvTranspose", rank)(
        x[0],
        layer.out,
        kernel_size=scalar(w.kernel for w in windows),
        stride=scalar(w.stride for w in windows),
        padding=scalar(w.border[0] for w in windows),
        dilation=scalar(w.dilation for w in windows),
        output_padding=scalar(w.output_padding for w in windows),
        groups=layer.groups,
        bias=layer.bias,
    )


def pool(name, layer, x, rank):
    given, borders = windowed(layer, x, rank)
    if name != "MaxPool":
        del given["dilation"]
    ceil = layer.rounding_rule().name != "FLOOR"
    if name == "LPPool":
        return by_rank(name, rank)(layer.norm, **given, ceil_mode=ceil)
    assert all(before == after for before, after in borders)
    if name == "AvgPool":
        given["count_include_pad"] = layer.count_include_pad
    return by_rank(name, rank)(padding=scalar(before for before, _ in borders), ceil_mode=ceil, **given)


def upsample(layer, x, rank):
    names = {"linear": {1: "linear", 2: "bilinear", 3: "trilinear"}[rank], "cubic": "bicubic"}
    mode = names.get(layer.mode, layer.mode)
    if layer.size is not None:
        return nn.Upsample(size=tuple(spread(layer.size, rank)), mode=mode)
    return nn.Upsample(scale_factor=scalar(spread(layer.scale, rank)), mode=mode)


def norm(layer, x, rank):
    kind = layer.kind
    if kind == "batchnorm":
        return by_rank("BatchNorm", max(rank, 1))(x[0], affine=layer.affine, track_running_stats=layer.stats)
    if kind == "instancenorm":
        return by_rank("InstanceNorm", rank)(x[0], affine=layer.affine, track_running_stats=layer.stats)
    if kind == "groupnorm":
        return nn.GroupNorm(layer.groups, x[0], affine=layer.affine)
    if layer.over == "channels" and rank:
        return LayerNorm2d(x[0], elementwise_affine=layer.affine, bias=layer.bias)
    shape = x if layer.over == "all" else x[-1:]
    return nn.LayerNorm(shape, elementwise_affine=layer.affine, bias=layer.bias)


class Flat(nn.Module):
    """A global pool that gives a vector: the pool, then a reshape."""

    def __init__(self, pool):
        super().__init__()
        self.pool = pool

    def forward(self, x):
        return torch.flatten(self.pool(x), 1)


REPARAMETRISED = {"weight": parametrizations.weight_norm, "spectral": parametrizations.spectral_norm}


def module_of(layer, shapes):
    """The stock module of a layer; None for what people write as a function."""
    made = plain_module_of(layer, shapes)
    norm = getattr(layer, "norm", "") if layer.kind in ("conv", "dwconv", "linear") else ""
    return REPARAMETRISED[norm](made) if norm else made


def plain_module_of(layer, shapes):
    """The same, whatever makes its weight."""
    x, kind = shapes[0], layer.kind
    rank = len(x) - 1
    if kind in ("conv", "dwconv"):
        return convolution(layer, x, rank)
    if kind == "deconv":
        return deconvolution(layer, x, rank)
    if kind == "linear":
        return nn.Linear(layer.features(x), layer.out, bias=layer.bias)
    if kind == "bilinear":
        return nn.Bilinear(x[0], shapes[1][0], layer.out, bias=layer.bias)
    if kind in POOLS:
        return pool(POOLS[kind], layer, x, rank)
    if kind in ADAPTIVE:
        size = 1 if kind.startswith("global") else scalar(spread(layer.output, rank))
        made = by_rank(ADAPTIVE[kind], rank)(size)
        return Flat(made) if getattr(layer, "flat", False) else made
    if kind in NORMS:
        return norm(layer, x, rank)
    if kind == "silu":
        return nn.SiLU()
    if kind == "upsample" and len(shapes) == 1:
        return upsample(layer, x, rank)
    if kind == "pad":
        return pad_module(list(layer.borders(x)), rank)
    if kind in stock_sequences.MADE:
        return stock_sequences.made_of(layer, shapes)
    return alike(nn, layer, x)


def merged(layer, tensors):
    kind = layer.kind
    if kind == "concat":
        return torch.cat(tensors, layer.axis + 1)
    total = tensors[0]
    for one in [*tensors[1:], *([] if layer.number is None else [torch.as_tensor(layer.number)])]:
        total = {"add": total.__add__, "multiply": total.__mul__, "maximum": partial(torch.maximum, total)}[kind](one)
    return total


def called(layer, shapes, tensors):
    """What a layer without a module does."""
    x, kind = tensors[0], layer.kind
    if kind in ("add", "multiply", "maximum", "concat"):
        return merged(layer, tensors)
    if kind == "flatten":
        return torch.flatten(x, 1)
    if kind == "reshape":
        return x.reshape(x.shape[0], *layer.output_shape(*shapes))
    if kind == "permute":
        return x.permute(0, *(axis + 1 for axis in layer.order))
    if kind == "slice":
        start, stop = layer.channels
        return x[:, start : None if stop == -1 else stop]
    if kind == "crop":
        for axis, (before, after) in enumerate(layer.borders(*shapes), 2):
            x = x.narrow(axis, before, x.shape[axis] - before - after)
        return x
    if kind == "upsample":
        mode = {"linear": {1: "linear", 2: "bilinear", 3: "trilinear"}[len(shapes[0]) - 1]}.get(layer.mode, layer.mode)
        return functional.interpolate(x, size=tensors[1].shape[2:], mode=mode)
    if kind == "droppath":
        return x
    raise NotImplementedError(f"`{kind}` has no module of torch's own here, so that no tool can be asked about it")


OWN = ("parameter", "constant", "positional")


def own_shape(layer, graph, node):
    """The shape of the tensor that a layer brings itself."""
    return getattr(layer, "shape", graph.input_shapes(node)[0])


class Stock(nn.Module):
    """The net. The module of a layer that shares another's parameters is that one's, called again."""

    def __init__(self, graph):
        super().__init__()
        self.graph = graph
        self.of = {}
        for index, node, layer in graph.layers():
            if node.share is not None:
                self.of[index] = self.of.get(node.share)
                continue
            if layer.kind == "layerscale":  # a parameter of the block that uses it
                name = f"scale_{index}"
                self.register_parameter(name, nn.Parameter(torch.ones(graph.input_shapes(node)[0][0])))
                self.of[index] = name
                continue
            if layer.kind in OWN:
                self.register_parameter(f"own_{index}", nn.Parameter(torch.ones(1, *own_shape(layer, graph, node))))
            made = module_of(layer, graph.input_shapes(node))
            self.of[index] = None
            if made is not None:
                self.of[index] = name = f"{layer.kind}_{index}"
                self.add_module(name, made)

    def forward(self, *inputs):
        tensors = dict(zip(self.graph.inputs.values(), inputs))
        for index, node, layer in self.graph.layers():
            taken = [tensors[one] for one in node.inputs]
            name = self.of[index]
            if layer.kind == "layerscale":
                tensors[index] = getattr(self, name).view(-1, *(1,) * (taken[0].dim() - 2)) * taken[0]
            elif layer.kind in stock_sequences.CALLED:
                tensors[index] = stock_sequences.called_of(layer, taken, getattr(self, f"own_{index}", None))
            elif name is None:
                tensors[index] = called(layer, self.graph.input_shapes(node), taken)
            else:
                tensors[index] = getattr(self, name)(*taken)
        return tuple(tensors[index] for index in self.graph.outputs.values())
