"""Functions of elements, and normalisations of ATen."""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.rules.arithmetic import of_two
from cnncalc.interchange.torch_export.rules.norms_of_weights import standardised
from cnncalc.interchange.torch_export.values import Parameter, Refused, Tensor, Value

__all__ = ["ELEMENTWISE"]


def function(kind: str, **fields: Any) -> Any:
    """A function of each element; one whose name ends in `_` overwrites its input."""

    def rule(call: Call) -> Value:
        x = next(iter(call.arguments.values()))
        if isinstance(x, Parameter) and not x.name:
            return Parameter("", x.dims)
        inplace = True if call.word.endswith("_") and kind in INPLACE else None
        return call.put(kind, inplace=inplace, **fields)

    return rule


INPLACE = ("relu", "relu6", "leaky_relu", "elu", "selu", "silu", "mish", "hardswish", "hardsigmoid", "dropout")


def hardtanh(call: Call) -> Tensor:
    """Between two bounds; from 0 to 6 it is relu6."""
    low, high = call.get("min_val", call.get("min", -1.0)), call.get("max_val", call.get("max", 1.0))
    inplace = True if call.word.endswith("_") else None
    return (
        call.put("relu6", inplace=inplace)
        if (low, high) == (0, 6)
        else call.put("function", of="clip", low=low, high=high)
    )


def clamp(call: Call) -> Value:
    """Between two bounds, of which one may be missing; those that are tensors are taken one after the other."""
    low, high = call.get("min"), call.get("max")
    if not all(one is None or isinstance(one, (int, float)) for one in (low, high)):
        made: Value = call.x()
        for kind, bound in (("maximum", low), ("minimum", high)):
            made = made if bound is None else of_two(call, kind, made, bound)
        return made
    if (low, high) == (0, 6):
        return call.put("relu6")
    return call.put("function", of="clip", low=low, high=high)


def elu(call: Call) -> Tensor:
    """With its α; the factors by which some scale it are no fields of ours."""
    if (call.get("scale", 1), call.get("input_scale", 1)) != (1, 1):
        raise Refused("an elu that is scaled")
    return call.put("elu", alpha=float(call.get("alpha", 1)), inplace=True if call.word.endswith("_") else None)


def stretched(kind: str, by: str, **fields: Any) -> Any:
    """A function f of which torch takes f(βx) / β (`beta`), or αf(x / α) (`alpha`)."""

    def rule(call: Call) -> Tensor:
        factor, x = float(call.get(by, 1)), call.x()
        if factor == 1:
            return call.put(kind, **fields)
        before, after = ("multiply", "divide") if by == "beta" else ("divide", "multiply")
        scaled = call.layer(before, [x.number], f"{call.name()}_scaled", number=factor)
        made = call.layer(kind, [scaled], f"{call.name()}_of", **fields)
        return call.held(call.layer(after, [made], number=factor), call.dims, x.batch)

    return rule


def leaky(call: Call) -> Tensor:
    """With the slope for negative values."""
    return call.put(
        "leaky_relu", slope=call.get("negative_slope", 0.01), inplace=True if call.word.endswith("_") else None
    )


def randomised(call: Call) -> Tensor:
    """A leaky ReLU of random slopes, with their bounds."""
    return call.put("rrelu", lower=call.get("lower", 0.125), upper=call.get("upper", 1 / 3))


def gelu(call: Call) -> Tensor:
    """Exact, or by tanh."""
    return call.put("gelu", approximate="tanh" if call.get("approximate", "none") == "tanh" else None)


def glu(call: Call) -> Tensor:
    """One half times the sigmoid of the other."""
    return call.put("glu", axis=call.axis(call.get("dim", -1), call.x()) or None)


def prelu(call: Call) -> Value:
    """A slope for each channel, or one for all; slopes that the code computes are multiplied by what is below 0."""
    slopes = call.arguments.get("weight")
    if isinstance(slopes, Tensor):
        x = call.x()
        above = call.layer("function", [x.number], f"{call.name()}_above", of="clip", low=0.0)
        under = call.layer("function", [x.number], f"{call.name()}_under", of="clip", high=0.0)
        wide = (product(slopes.dims), *(1,) * (len(call.world.sketch.shape(x.number)) - 1))
        steep = call.layer("reshape", [slopes.number], f"{call.name()}_slopes", shape=wide)
        below = call.layer("multiply", [under, steep], f"{call.name()}_below")
        return call.held(call.layer("add", [above, below]), call.dims, x.batch)
    slopes = call.parameter("weight")
    if slopes is None:
        raise Refused("it has no slopes")
    per = "per_channel" if len(slopes.dims) and max(slopes.dims) > 1 else None
    return call.put("prelu", parameters=[slopes.name], slopes=per)


def softmax(kind: str) -> Any:
    """Along an axis."""

    def rule(call: Call) -> Tensor:
        x = call.x()
        return call.put(kind, axis=call.axis(call.get("dim", -1), x))

    return rule


def dropout(call: Call) -> Tensor:
    """Dropout, with its rate; of whole channels, and the alpha ones."""
    inplace, whole, alpha = call.word.endswith("_"), "feature" in call.word, "alpha" in call.word
    rate = float(call.get("p", 0.5))
    return call.put("dropout", rate=rate, inplace=inplace or None, channels=whole or None, alpha=alpha or None)


def batch_norm(call: Call) -> Value:
    """aten.batch_norm and the forms that it is decomposed to."""
    if (weight_of := standardised(call)) is not None:
        return weight_of
    weight, bias, mean = call.parameter("weight"), call.parameter("bias"), call.parameter("running_mean")
    names = [one.name if one is not None else "" for one in (weight, bias, mean, call.parameter("running_var"))]
    learned = weight is not None or bias is not None
    return call.put(
        "batchnorm",
        parameters=names,
        affine=None if learned else False,
        scale=False if weight is None and learned else None,
        bias=False if bias is None and learned else None,
        stats=None if mean is not None else False,
        eps=call.get("eps", 1e-5),
    )


def over_axes(call: Call) -> str | None:
    """What a norm is over: the last axis, or all but the batch; None as it usually is."""
    shape, ours = call.get("normalized_shape", []), call.world.sketch.shape(call.x().number)
    if tuple(shape) == ours[-1:]:
        return "last" if len(ours) > 1 else None
    if tuple(shape) == ours:
        return "all"
    raise Refused(f"it normalises over {str(shape)[:30]} of {len(ours)} axes")


def _joined(call: Call) -> Tensor | None:
    """The tensor with its last axes as one, where a norm is over several of them, but not over all; else None."""
    x, over = call.x(), tuple(call.get("normalized_shape", []))
    ours = call.world.sketch.shape(x.number)
    if len(over) < 2 or over == ours or over != ours[-len(over) :]:
        return None
    shape = (*ours[: -len(over)], product(over))
    call.arguments = {**call.arguments, "normalized_shape": [shape[-1]]}
    return Tensor(call.layer("reshape", [x.number], f"{call.name()}_joined", shape=shape), x.dims, x.batch)


def layer_norm(call: Call) -> Tensor:
    """Over the last axes, or over all but the batch."""
    weight, bias = call.parameter("weight"), call.parameter("bias")
    fields = {
        "affine": None if weight is not None else False,
        "bias": False if bias is None and weight is not None else None,
        "eps": call.get("eps"),
    }
    names = [one.name if one is not None else "" for one in (weight, bias)]
    x = _joined(call)
    if x is None:
        return call.put("layernorm", parameters=names, over=over_axes(call), **fields)
    made = call.layer("layernorm", [x.number], call.name(), names, over="last", **fields)
    shape = call.world.shape(x.dims, x.batch)
    return x._replace(number=call.layer("reshape", [made], f"{call.name()}_apart", shape=shape))


def rms_norm(call: Call) -> Tensor:
    """Over the last axis, or over all but the batch."""
    weight = call.parameter("weight")
    return call.put(
        "rmsnorm",
        parameters=[weight.name if weight else ""],
        over=over_axes(call),
        affine=None if weight else False,
        eps=call.get("eps"),
    )


def group_norm(call: Call) -> Tensor:
    """Over groups of channels."""
    weight, bias = call.parameter("weight"), call.parameter("bias")
    names = [one.name if one is not None else "" for one in (weight, bias)]
    groups = call.get("num_groups", call.get("group"))
    affine = None if weight is not None else False
    return call.put("groupnorm", parameters=names, groups=groups, affine=affine, eps=call.get("eps"))


def instance_norm(call: Call) -> Tensor:
    """Each channel of each sample."""
    weight, mean = call.parameter("weight"), call.parameter("running_mean")
    names = [one.name if one is not None else "" for one in (weight, call.parameter("bias"), mean)]
    affine, stats = weight is not None or None, mean is not None or None
    return call.put("instancenorm", parameters=names, affine=affine, stats=stats, eps=call.get("eps"))


_NAMED = {
    "relu": "relu",
    "selu": "selu",
    "silu": "silu",
    "mish": "mish",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "hardswish": "hardswish",
    "hardsigmoid": "hardsigmoid",
    "relu6": "relu6",
}
_FUNCTIONS = {
    **{name: name for name in ("acos", "asin", "atan", "acosh", "asinh", "atanh", "sinh", "cosh", "log10")},
    **{
        name: name
        for name in ("abs", "exp", "log", "sqrt", "rsqrt", "erf", "sin", "cos", "floor", "ceil", "round", "sign")
    },
    **{name: name for name in ("log2", "log1p", "expm1", "reciprocal", "softsign", "tan", "square")},
    "neg": "negate",
    "log_sigmoid": "log_sigmoid",
}
ELEMENTWISE: dict[str, Any] = {
    **{f"{name}{mark}": function(kind) for name, kind in _NAMED.items() for mark in ("", "_")},
    **{f"{name}{mark}": function("function", of=of) for name, of in _FUNCTIONS.items() for mark in ("", "_")},
    **{f"hardtanh{mark}": hardtanh for mark in ("", "_")},
    **{f"{name}{mark}": clamp for name in ("clamp", "clip", "clamp_min", "clamp_max") for mark in ("", "_")},
    **{f"leaky_relu{mark}": leaky for mark in ("", "_")},
    **{f"elu{mark}": elu for mark in ("", "_")},
    "softplus": stretched("softplus", "beta"),
    **{f"celu{mark}": stretched("function", "alpha", of="celu") for mark in ("", "_")},
    **{f"rrelu{mark}": randomised for mark in ("", "_")},
    "gelu": gelu,
    "glu": glu,
    "prelu": prelu,
    "_prelu_kernel": prelu,
    "softmax": softmax("softmax"),
    "_softmax": softmax("softmax"),
    "log_softmax": softmax("log_softmax"),
    "_log_softmax": softmax("log_softmax"),
    **dict.fromkeys(
        (
            "native_dropout",
            *(f"{of}dropout{end}" for of in ("", "feature_", "alpha_", "feature_alpha_") for end in ("", "_")),
        ),
        dropout,
    ),
    **dict.fromkeys(
        (
            "batch_norm",
            "native_batch_norm",
            "cudnn_batch_norm",
            "_native_batch_norm_legit",
            "_native_batch_norm_legit_functional",
            "_native_batch_norm_legit_no_training",
        ),
        batch_norm,
    ),
    "layer_norm": layer_norm,
    "native_layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "group_norm": group_norm,
    "native_group_norm": group_norm,
    "instance_norm": instance_norm,
}
"""By the operator's name in ATen."""
