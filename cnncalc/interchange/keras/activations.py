"""Activations: as layers, and as arguments of other layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.keras.call import Call, Rule

__all__ = ["ACTIVATIONS", "FUNCTIONS", "activate", "activated", "joined"]

FUNCTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "leaky_relu": ("leaky_relu", {"slope": 0.2}),
    "elu": ("elu", {}),
    "selu": ("selu", {}),
    "gelu": ("gelu", {}),
    "silu": ("silu", {}),
    "swish": ("silu", {}),
    "mish": ("mish", {}),
    "sigmoid": ("sigmoid", {}),
    "tanh": ("tanh", {}),
    "hard_sigmoid": ("hardsigmoid", {}),
    "hard_silu": ("hardswish", {}),
    "hard_swish": ("hardswish", {}),
    "softplus": ("softplus", {}),
    "softmax": ("softmax", {}),
    "log_softmax": ("log_softmax", {}),
    "softsign": ("function", {"of": "softsign"}),
    "exponential": ("function", {"of": "exp"}),
    "celu": ("function", {"of": "celu"}),
    "log_sigmoid": ("function", {"of": "log_sigmoid"}),
    "hard_tanh": ("function", {"of": "clip", "low": -1.0, "high": 1.0}),
    "tanh_shrink": ("function", {"of": "tanhshrink"}),
    "soft_shrink": ("function", {"of": "softshrink"}),
    "hard_shrink": ("function", {"of": "hardshrink"}),
    "glu": ("glu", {}),
    "threshold": ("function", {"of": "threshold"}),
    **{name: ("opaque", {"of": name}) for name in ("squareplus", "sparse_plus", "sparse_sigmoid", "sparsemax")},
}
"""Keras's functions by name; `linear` is none."""
NONE = ("linear", "none", "")


def _name(value: Any) -> str:
    """The name of an activation, which some versions put into a mapping."""
    while isinstance(value, dict):
        config = value.get("config")
        value = config if isinstance(config, str) else value.get("class_name")
    word = str(value or "linear").rpartition(">")[2]
    spaced = "".join(
        f"_{one.lower()}" if one.isupper() and at and not word[at - 1].isupper() else one.lower()
        for at, one in enumerate(word)
    )
    return {"re_lu": "relu", "leaky_re_lu": "leaky_relu", "hardswish": "hard_swish"}.get(spaced, spaced)


def activate(call: Call, name: str, tensor: int, *, suffix: str = "") -> int:
    """A function of a tensor by its name; `linear` adds nothing."""
    if name in NONE:
        return tensor
    if name not in FUNCTIONS:
        call.work.unknown.append((f"activation {name[:40]}", call.path))
        return tensor
    kind, fields = FUNCTIONS[name]
    if kind == "opaque":
        fields = {**fields, "shape": call.shape(tensor)}
    return call.put(kind, tensor, suffix=suffix, **fields)


def activated(call: Call, tensor: int, *, suffix: str = "") -> int:
    """The layer's own activation behind it."""
    return activate(call, _name(call.config.get("activation")), tensor, suffix=suffix)


def activation(call: Call) -> int:
    """Activation: a function by its name."""
    name = _name(call.config.get("activation"))
    return call.put("identity") if name in NONE else activate(call, name, call.tensors[0])


def relu(call: Call) -> int:
    """ReLU, perhaps with an upper bound, a slope, or a threshold."""
    most = call.number("max_value")
    slope = call.number("negative_slope", 0.0)
    if most == 6 and not slope:
        return call.put("relu6")
    if most is not None:
        return call.put("function", of="clip", low=0.0, high=most)
    return call.put("leaky_relu", slope=slope) if slope else call.put("relu")


def leaky(call: Call) -> int:
    """LeakyReLU; Keras 2 calls the slope alpha, and 0.3 unless told."""
    key = next((one for one in ("negative_slope", "alpha") if one in call.config), "")
    return call.put("leaky_relu", slope=call.number(key) if key else 0.3)


def prelu(call: Call) -> int:
    """PReLU: a slope for every element, except along the axes that share theirs."""
    shared = set(call.axes(call.config["shared_axes"])) if call.config.get("shared_axes") else set()
    if call.timed:
        shared.add(call.step_axis)  # every step has the same slopes
    axes = [axis for axis in range(call.rank) if axis not in shared and call.x[0][axis] > 1]
    if not axes:
        return call.put("prelu", slopes="shared")
    if axes == [0]:
        return call.put("prelu", slopes="per_channel")
    if not shared:
        return call.put("prelu", slopes="per_element")
    return call.put("prelu", shared_along=tuple(sorted(shared)))


def softmax(call: Call) -> int:
    """Softmax along an axis, the last unless told, or along several together."""
    axes = call.axes(call.config.get("axis", -1))
    if len(axes) == 1:
        return call.put("softmax", axis=axes[0] or None)
    row, undone = joined(call, axes)
    return undone(call.put("softmax", row))


def joined(call: Call, axes: Sequence[int], *, rest: bool = False) -> tuple[int, Callable[[int], int]]:
    """The tensor with several of our axes as one, the first, and what turns a tensor of that shape back.

    With `rest` all others are one, too.
    """
    shape = call.x[0]
    order = (*axes, *(axis for axis in range(call.rank) if axis not in axes))
    turned = tuple(shape[axis] for axis in order)
    moved = order != tuple(range(call.rank))
    first = call.put("permute", suffix="turned", order=order) if moved else call.tensors[0]
    others = (-1,) if rest else turned[len(axes) :]
    row = call.put("reshape", first, suffix="row", shape=(product(turned[: len(axes)]), *others))

    def undone(made: int) -> int:
        parted = call.put("reshape", made, suffix="parted", shape=turned)
        return (
            call.put("permute", parted, suffix="back", order=tuple(map(order.index, range(call.rank))))
            if moved
            else parted
        )

    return row, undone


def simple(kind: str, **fields: Any) -> Rule:
    """A layer of ours without choices."""
    return lambda call: call.put(kind, **fields)


ACTIVATIONS: dict[str, Rule] = {
    "Activation": activation,
    "ReLU": relu,
    "LeakyReLU": leaky,
    "PReLU": prelu,
    "ELU": simple("elu"),
    "ThresholdedReLU": simple("function", of="threshold"),
    "Softmax": softmax,
}
"""By Keras's class."""
