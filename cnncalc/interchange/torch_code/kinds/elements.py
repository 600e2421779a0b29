"""Linear layers, normalisations, activations, regularisation: modules of torch, or its functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.interchange.torch_code.expressions import Call, Taken, Text, call, method
from cnncalc.interchange.torch_code.kinds.said import ITSELF, Said, X, learned, own, rank_of, says

if TYPE_CHECKING:
    from cnncalc.layers import Layer, Shape
    from cnncalc.layers.kinds import activation, crossmap, linear, norm, regularize
    from cnncalc.layers.kinds.algebra import products

__all__: list[str] = []


def on_last(does: Call) -> Call:
    """What is done on the channels of every pixel: they are moved to the end, and back."""
    return method(does, "movedim", -1, 1)


LAST = method(X, "movedim", 1, -1)


@says("linear")
def linear_layer(layer: linear.Linear, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Linear; of Caffe's maps, flattened, and of Keras's on the channels of every pixel."""
    (shape,) = shapes
    on = layer.acts_on(shape)
    flattens = layer.rules.linear_takes == "flattens" and len(shape) > 1 and on == "features"
    module = call(
        "nn.Linear", {"in_features": layer.features(shape), "out_features": layer.out}, bias=(layer.bias, True)
    )
    if flattens:
        return Said(module, own(method(X, "flatten", 1)), holds=True)
    return Said(module, on_last(own(LAST)) if on == "channels" else own(), holds=True)


@says("bilinear")
def bilinear(layer: linear.Bilinear, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Bilinear."""
    sizes = {"in1_features": shapes[0][-1], "in2_features": shapes[1][-1], "out_features": layer.out}
    return Said(call("nn.Bilinear", sizes, bias=(layer.bias, True)), own(X, Taken(1)), holds=True)


@says("batchnorm")
def batch_norm(layer: norm.BatchNorm, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """BatchNorm1d (vectors too) to BatchNorm3d; of other tools' one parameter is missing, or a buffer more."""
    module = call(
        f"nn.BatchNorm{max(rank_of(shapes), 1)}d",
        {"num_features": shapes[0][0]},
        eps=(layer.eps, 1e-5),
        affine=(layer.affine, True),
        track_running_stats=(layer.stats, True),
    )
    for name, there in (("weight", layer.scale), ("bias", layer.bias)):
        if layer.affine and not there:
            module = call("without", {"module": module, "name": name})
    for name in sorted(layer.buffer_shapes(*shapes).keys() - {"running_mean", "running_var"}):
        module = call("with_buffer", {"module": module, "name": name})
    holds = bool(layer.weight_shapes(*shapes) or layer.buffer_shapes(*shapes))
    return Said(module, own(), holds=holds)


@says("instancenorm")
def instance_norm(layer: norm.InstanceNorm, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """InstanceNorm1d to InstanceNorm3d."""
    module = call(
        f"nn.InstanceNorm{rank_of(shapes)}d",
        {"num_features": shapes[0][0]},
        eps=(layer.eps, 1e-5),
        affine=(layer.affine, False),
        track_running_stats=(layer.stats, False),
    )
    return Said(module, own(), holds=layer.affine or layer.stats)


@says("layernorm")
def layer_norm(layer: norm.LayerNorm, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """LayerNorm over the last axis, all axes, or the channels of a map."""
    (shape,) = shapes
    over = {"channels": shape[:1], "last": shape[-1:], "all": shape}[layer.over]
    module = call(
        "nn.LayerNorm",
        {"normalized_shape": over[0] if len(over) == 1 else tuple(over)},
        eps=(layer.eps, 1e-5),
        elementwise_affine=(layer.affine, True),
        bias=(layer.bias if layer.affine else True, True),
    )
    moved = layer.over == "channels" and len(shape) > 1
    return Said(module, on_last(own(LAST)) if moved else own(), holds=layer.affine)


@says("rmsnorm")
def rms_norm(layer: products.RMSNorm, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """RMSNorm over the last axis, all axes, or the channels of a map."""
    over = tuple(layer.normalised(shapes[0]))
    module = call(
        "nn.RMSNorm",
        {"normalized_shape": over[0] if len(over) == 1 else over},
        eps=(layer.eps, None),
        elementwise_affine=(layer.affine, True),
    )
    moved = layer.over == "channels" and len(shapes[0]) > 1
    return Said(module, on_last(own(LAST)) if moved else own(), holds=layer.affine)


@says("groupnorm")
def group_norm(layer: norm.GroupNorm, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """GroupNorm; with a scale a group, as ONNX had it, a module in the file itself."""
    paired = layer.rules.group_pairs and layer.affine
    module = call(
        "PairedGroupNorm" if paired else "nn.GroupNorm",
        {"num_groups": layer.groups, "num_channels": shapes[0][0]},
        eps=(layer.eps, 1e-5),
        affine=(True if paired else layer.affine, True),
    )
    return Said(module, own(), holds=layer.affine)


@says("lrn")
def local_response_norm(layer: norm.LocalResponseNorm, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """LocalResponseNorm, with torch's own numbers."""
    size = {"size": layer.size}
    return Said(call("nn.LocalResponseNorm", size), own(), call("F.local_response_norm", {"input": X, **size}))


@says("crossmap_lrn")
def cross_map_norm(layer: crossmap.CrossMapNorm, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """CrossMapLRN2d, with torch's own numbers."""
    return Said(call("nn.CrossMapLRN2d", {"size": layer.size}), own())


@says("grn")
def global_response_norm(layer: norm.GlobalResponseNorm, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A module in the file itself."""
    return Said(call("GlobalResponseNorm", {"channels": shapes[0][0]}), own(), holds=True)


@says("layerscale")
def layer_scale(layer: norm.LayerScale, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A learned tensor; with a shift a module in the file itself."""
    if layer.bias:
        return Said(call("ScaleAndShift", {"channels": shapes[0][0], "initial": layer.initial}), own(), holds=True)
    factors = learned(layer.initial, (shapes[0][0], *(1,) * rank_of(shapes)))
    return Said(factors, call("*", {"left": X, "right": ITSELF}), holds=True, bare=True)


IN_PLACE: dict[str, tuple[str, str]] = {
    "relu": ("ReLU", "relu"),
    "relu6": ("ReLU6", "relu6"),
    "selu": ("SELU", "selu"),
    "silu": ("SiLU", "silu"),
    "mish": ("Mish", "mish"),
    "hardswish": ("Hardswish", "hardswish"),
    "hardsigmoid": ("Hardsigmoid", "hardsigmoid"),
}
PLAIN: dict[str, tuple[str, str]] = {
    "sigmoid": ("Sigmoid", "torch.sigmoid"),
    "tanh": ("Tanh", "torch.tanh"),
    "softplus": ("Softplus", "F.softplus"),
}


@says(*IN_PLACE)
def in_place(layer: activation.InPlace, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """An activation without numbers that may overwrite its input."""
    name, word = IN_PLACE[layer.kind]
    inplace = (layer.inplace, False)
    return Said(call(f"nn.{name}", inplace=inplace), own(), call(f"F.{word}", {"input": X}, inplace=inplace))


@says(*PLAIN)
def without_fields(layer: Layer, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """An activation with nothing to set."""
    name, function = PLAIN[layer.kind]
    return Said(call(f"nn.{name}"), own(), call(function, {"input": X}))


@says("leaky_relu")
def leaky_relu(layer: activation.LeakyReLU, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """LeakyReLU."""
    slope, inplace = {"negative_slope": layer.slope}, (layer.inplace, False)
    return Said(
        call("nn.LeakyReLU", slope, inplace=inplace), own(), call("F.leaky_relu", {"x": X, **slope}, inplace=inplace)
    )


@says("rrelu")
def rrelu(layer: activation.RReLU, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """RReLU, as a module: as a function it would have to be told whether the net trains."""
    lower, upper = (layer.lower, 1 / 8), (layer.upper, 1 / 3)
    return Said(call("nn.RReLU", lower=lower, upper=upper, inplace=(layer.inplace, False)), own())


@says("elu")
def elu(layer: activation.ELU, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """ELU."""
    alpha, inplace = (layer.alpha, 1.0), (layer.inplace, False)
    function = call("F.elu", {"input": X}, alpha=alpha, inplace=inplace)
    return Said(call("nn.ELU", alpha=alpha, inplace=inplace), own(), function)


@says("prelu")
def prelu(layer: activation.PReLU, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """PReLU; with more slopes than one a channel a module in the file itself."""
    slopes = layer.weight_shapes(*shapes)["weight"]
    if layer.own(shapes[0]) not in ("shared", "per_channel"):
        return Said(call("ElementPReLU", {"shape": slopes}), own(), holds=True)
    return Said(call("nn.PReLU", {} if slopes[0] == 1 else {"num_parameters": slopes[0]}), own(), holds=True)


@says("gelu")
def gelu(layer: activation.GELU, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """GELU."""
    how = (layer.approximate, "none")
    return Said(call("nn.GELU", approximate=how), own(), call("F.gelu", {"input": X}, approximate=how))


@says("softmax", "log_softmax")
def softmax(layer: activation.Softmax, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Softmax along an axis, or its logarithm."""
    name, word = ("LogSoftmax", "log_softmax") if layer.kind == "log_softmax" else ("Softmax", "softmax")
    axis = (1 + layer.axis % len(shapes[0]), None)
    return Said(call(f"nn.{name}", dim=axis), own(), call(f"F.{word}", {"input": X}, dim=axis))


@says("maxout")
def maxout(layer: activation.Maxout, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """The largest of neighbouring channels, by an axis for them."""
    return Said(function=method(method(X, "unflatten", 1, (-1, layer.pieces)), "amax", 2))


@says("dropout")
def dropout(layer: regularize.Dropout, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Dropout; of whole channels Dropout1d to Dropout3d, or on more axes what these are made of; and the alpha ones."""
    if layer.channels and not layer.alpha and rank_of(shapes) > 3:
        how = "torch.feature_dropout_" if layer.inplace else "torch.feature_dropout"
        return Said(function=call(how, {"input": X, "p": layer.rate, "train": Text("self.training")}))
    which = str(rank_of(shapes)) + "d" if layer.channels and rank_of(shapes) else ""
    inplace = (layer.inplace, False)
    name, word = f"Dropout{which}", f"dropout{which}"
    if layer.alpha:
        name, word = ("FeatureAlpha", "feature_alpha_") if layer.channels else ("Alpha", "alpha_")
        name, word = name + "Dropout", word + "dropout"
    given = {"x": X, "p": layer.rate, "training": Text("self.training")}
    return Said(
        call(f"nn.{name}", {"p": layer.rate}, inplace=inplace), own(), call(f"F.{word}", given, inplace=inplace)
    )


@says("droppath")
def drop_path(layer: regularize.DropPath, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A module in the file itself."""
    return Said(call("DropPath", {"rate": layer.rate}), own())


@says("identity")
def identity(layer: regularize.Identity, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Nothing."""
    return Said(call("nn.Identity"), own(), X)
