"""Linear layers, normalisations, activations, merges and what moves elements, in torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from cnncalc.layers import Layer, Shape
from cnncalc.layers.fields import spread
from cnncalc.layers.kinds import activation, crossmap, linear, merge, norm, regularize, reshape, resize, shuffle
from cnncalc.torch_backend.building import dialects, modules, windows
from cnncalc.torch_backend.building.kinds.registry import axis_of, builds, of_rank, rank_of

__all__: list[str] = []


@builds(linear.Linear)
def linear_layer(layer: linear.Linear, shapes: tuple[Shape, ...]) -> nn.Module:
    """Linear; Caffe's takes maps, and Keras's the channels of every pixel."""
    on = layer.acts_on(shapes[0])
    flattens = layer.rules.linear_takes == "flattens" and len(shapes[0]) > 1 and on == "features"
    make = dialects.FlatLinear if flattens else dialects.ChannelLinear if on == "channels" else nn.Linear
    return make(layer.features(shapes[0]), layer.out, bias=layer.bias)


@builds(linear.Bilinear)
def bilinear(layer: linear.Bilinear, shapes: tuple[Shape, ...]) -> nn.Module:
    """Bilinear."""
    return nn.Bilinear(shapes[0][-1], shapes[1][-1], layer.out, bias=layer.bias)


@builds(norm.BatchNorm)
def batch_norm(layer: norm.BatchNorm, shapes: tuple[Shape, ...]) -> nn.Module:
    """BatchNorm1d (vectors too) to BatchNorm3d."""
    make = of_rank("BatchNorm", max(rank_of(shapes), 1))
    module: nn.Module = make(shapes[0][0], eps=layer.eps, affine=layer.affine, track_running_stats=layer.stats)
    for name, learned in (("weight", layer.scale), ("bias", layer.bias)):
        if not learned:
            module.register_parameter(name, None)
    for name in layer.buffer_shapes(*shapes).keys() - {"running_mean", "running_var"}:
        module.register_buffer(name, torch.ones(1))  # Caffe's third blob; torch keeps mean and variance themselves
    return module


@builds(norm.InstanceNorm)
def instance_norm(layer: norm.InstanceNorm, shapes: tuple[Shape, ...]) -> nn.Module:
    """InstanceNorm1d to InstanceNorm3d."""
    make = of_rank("InstanceNorm", rank_of(shapes))
    module: nn.Module = make(shapes[0][0], eps=layer.eps, affine=layer.affine, track_running_stats=layer.stats)
    for name, shape in layer.buffer_shapes(*shapes).items():
        if not layer.stats:
            module.register_buffer(name, torch.zeros(shape))  # MindSpore's, which it keeps beside
    return module


@builds(norm.LayerNorm)
def layer_norm(layer: norm.LayerNorm, shapes: tuple[Shape, ...]) -> nn.Module:
    """LayerNorm over the last axis, all axes, or the channels of a map."""
    (shape,) = shapes
    over = {"channels": shape[:1], "last": shape[-1:], "all": shape}[layer.over]
    make = modules.ChannelNorm if layer.over == "channels" and len(shape) > 1 else nn.LayerNorm
    return make(list(over), eps=layer.eps, elementwise_affine=layer.affine, bias=layer.bias)


@builds(norm.GroupNorm)
def group_norm(layer: norm.GroupNorm, shapes: tuple[Shape, ...]) -> nn.Module:
    """GroupNorm."""
    make = dialects.PairedGroupNorm if layer.rules.group_pairs else nn.GroupNorm
    return make(layer.groups, shapes[0][0], eps=layer.eps, affine=layer.affine)


@builds(norm.LocalResponseNorm)
def local_response_norm(layer: norm.LocalResponseNorm, shapes: tuple[Shape, ...]) -> nn.Module:
    """LocalResponseNorm."""
    return nn.LocalResponseNorm(layer.size)


@builds(crossmap.CrossMapNorm)
def cross_map_norm(layer: crossmap.CrossMapNorm, shapes: tuple[Shape, ...]) -> nn.Module:
    """CrossMapLRN2d."""
    return nn.CrossMapLRN2d(layer.size)


@builds(norm.GlobalResponseNorm)
def global_response_norm(layer: norm.GlobalResponseNorm, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return modules.GlobalResponseNorm(shapes[0][0])


@builds(norm.LayerScale)
def layer_scale(layer: norm.LayerScale, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return modules.LayerScale(shapes[0][0], layer.initial, bias=layer.bias)


IN_PLACE: dict[type[Layer], Any] = {
    activation.ReLU: nn.ReLU,
    activation.ReLU6: nn.ReLU6,
    activation.SELU: nn.SELU,
    activation.SiLU: nn.SiLU,
    activation.Mish: nn.Mish,
    activation.HardSwish: nn.Hardswish,
    activation.HardSigmoid: nn.Hardsigmoid,
}
PLAIN: dict[type[Layer], Any] = {
    activation.Sigmoid: nn.Sigmoid,
    activation.Tanh: nn.Tanh,
    activation.Softplus: nn.Softplus,
    regularize.Identity: nn.Identity,
    reshape.Flatten: nn.Flatten,
}


@builds(*IN_PLACE)
def in_place(layer: activation.InPlace, shapes: tuple[Shape, ...]) -> nn.Module:
    """An activation without numbers that may overwrite its input."""
    module: nn.Module = IN_PLACE[type(layer)](inplace=layer.inplace)
    return module


@builds(*PLAIN)
def without_fields(layer: Layer, shapes: tuple[Shape, ...]) -> nn.Module:
    """A layer with nothing to set."""
    module: nn.Module = PLAIN[type(layer)]()
    return module


@builds(merge.Concat)
def concat(layer: merge.Concat, shapes: tuple[Shape, ...]) -> nn.Module:
    """torch.cat along the axis."""
    return modules.Concat(layer.axis)


@builds(activation.LeakyReLU)
def leaky_relu(layer: activation.LeakyReLU, shapes: tuple[Shape, ...]) -> nn.Module:
    """LeakyReLU."""
    return nn.LeakyReLU(layer.slope, inplace=layer.inplace)


@builds(activation.RReLU)
def rrelu(layer: activation.RReLU, shapes: tuple[Shape, ...]) -> nn.Module:
    """RReLU."""
    return nn.RReLU(layer.lower, layer.upper, inplace=layer.inplace)


@builds(activation.ELU)
def elu(layer: activation.ELU, shapes: tuple[Shape, ...]) -> nn.Module:
    """ELU."""
    return nn.ELU(layer.alpha, inplace=layer.inplace)


@builds(activation.PReLU)
def prelu(layer: activation.PReLU, shapes: tuple[Shape, ...]) -> nn.Module:
    """PReLU; with more slopes than one a channel a module of our own."""
    axes = len(shapes[0])
    if any(not -axes <= one < axes + (layer.dialect == "keras") for one in layer.shared_along or ()):
        raise ValueError(f"{layer.shared_along} of {axes} axes")  # the words are ours: torch has none that would refuse
    slopes = layer.weight_shapes(*shapes)["weight"]
    return nn.PReLU(*slopes) if layer.own(shapes[0]) in ("shared", "per_channel") else dialects.ElementPReLU(slopes)


@builds(activation.GELU)
def gelu(layer: activation.GELU, shapes: tuple[Shape, ...]) -> nn.Module:
    """GELU."""
    return nn.GELU(layer.approximate)


@builds(activation.Softmax)
def softmax(layer: activation.Softmax, shapes: tuple[Shape, ...]) -> nn.Module:
    """Softmax along an axis."""
    return nn.Softmax(axis_of(layer.axis, shapes[0]))


@builds(activation.LogSoftmax)
def log_softmax(layer: activation.LogSoftmax, shapes: tuple[Shape, ...]) -> nn.Module:
    """LogSoftmax along an axis."""
    return nn.LogSoftmax(axis_of(layer.axis, shapes[0]))


@builds(activation.Maxout)
def maxout(layer: activation.Maxout, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return modules.Maxout(layer.pieces)


@builds(regularize.Dropout)
def dropout(layer: regularize.Dropout, shapes: tuple[Shape, ...]) -> nn.Module:
    """Dropout; of whole channels Dropout1d to Dropout3d, of a vector's features as of elements; and the alpha ones.

    On four spatial axes torch's Dropout3d would drop whole images.
    """
    if layer.alpha:
        return (nn.FeatureAlphaDropout if layer.channels else nn.AlphaDropout)(layer.rate, inplace=layer.inplace)
    if layer.channels and rank_of(shapes) > 3:
        return modules.ChannelDropout(layer.rate, inplace=layer.inplace)
    if layer.channels and rank_of(shapes):
        whole: nn.Module = of_rank("Dropout", rank_of(shapes))(layer.rate, inplace=layer.inplace)
        return whole
    return nn.Dropout(layer.rate, inplace=layer.inplace)


@builds(regularize.DropPath)
def drop_path(layer: regularize.DropPath, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return modules.DropPath(layer.rate)


@builds(reshape.Reshape)
def reshaped(layer: reshape.Reshape, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return modules.Reshape(layer.shape)


@builds(reshape.Permute)
def permute(layer: reshape.Permute, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return modules.Permute(layer.order)


@builds(resize.Pad)
def pad(layer: resize.Pad, shapes: tuple[Shape, ...]) -> nn.Module:
    """ZeroPad1d to ZeroPad3d, or its sister of another mode; with channels a ConstantPad, which passes all sides on."""
    sides = windows.sides(list(layer.borders(shapes[0])))
    if layer.mode != "zeros":
        name = {"reflect": "ReflectionPad", "replicate": "ReplicationPad", "circular": "CircularPad"}[layer.mode]
        mirrored: nn.Module = of_rank(name, rank_of(shapes))(tuple(sides))
        return mirrored
    if layer.channels == ((0, 0),):
        plain: nn.Module = of_rank("ZeroPad", rank_of(shapes))(tuple(sides))
        return plain
    module: nn.Module = of_rank("ConstantPad", rank_of(shapes))((*sides, *layer.channels[0]), 0.0)
    return module


@builds(resize.Crop)
def crop(layer: resize.Crop, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return modules.Crop(layer)


@builds(resize.Slice)
def slice_of_channels(layer: resize.Slice, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return modules.Slice(*layer.channels, layer.axis, layer.step)


@builds(resize.Upsample)
def upsample(layer: resize.Upsample, shapes: tuple[Shape, ...]) -> nn.Module:
    """Upsample, or where a second input says the size, a module of our own."""
    rank = rank_of(shapes)
    linear_mode = {1: "linear", 2: "bilinear", 3: "trilinear"}[rank]
    mode = "bicubic" if layer.cubic else linear_mode if layer.mode == "linear" else layer.mode
    align_corners = None if mode == "nearest" else layer.align_corners
    if len(shapes) == 2:
        return modules.Resize(mode, align_corners)
    size = None if layer.size is None else tuple(spread(layer.size, rank))
    scale = None if layer.scale is None else tuple(float(factor) for factor in spread(layer.scale, rank))
    if scale is not None and layer.rules.scales_in_single:
        size, scale = layer.output_shape(*shapes)[1:], None
    again = None if scale is None or all(map(float.is_integer, scale)) else True
    return nn.Upsample(size, scale, mode, align_corners, recompute_scale_factor=again)


@builds(shuffle.PixelShuffle)
def pixel_shuffle(layer: shuffle.PixelShuffle, shapes: tuple[Shape, ...]) -> nn.Module:
    """PixelShuffle on two axes, a module of our own on one and three."""
    return nn.PixelShuffle(layer.factor) if rank_of(shapes) == 2 else modules.PixelShuffle(layer.factor)


@builds(shuffle.PixelUnshuffle)
def pixel_unshuffle(layer: shuffle.PixelUnshuffle, shapes: tuple[Shape, ...]) -> nn.Module:
    """PixelUnshuffle on two axes, a module of our own on one and three."""
    return nn.PixelUnshuffle(layer.factor) if rank_of(shapes) == 2 else modules.PixelUnshuffle(layer.factor)


@builds(shuffle.SpaceToDepth)
def space_to_depth(layer: shuffle.SpaceToDepth, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return modules.SpaceToDepth(layer.factor)


@builds(shuffle.ChannelShuffle)
def channel_shuffle(layer: shuffle.ChannelShuffle, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return modules.ChannelShuffle(layer.groups)
