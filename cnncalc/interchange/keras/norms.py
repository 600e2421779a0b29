"""Normalisations, learned and not, and layers that only training or other tools know."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.keras.activations import joined
from cnncalc.interchange.keras.call import Call, Rule

__all__ = ["NORMS", "NOTHING", "nothing", "spectral"]


def batchnorm(call: Call) -> int:
    """BatchNormalization: a scale and a shift, each of which may be missing; three vectors more with `renorm`."""
    scale, center = call.flag("scale", True), call.flag("center", True)
    axis = call.axis(call.config.get("axis", -1))
    learned = {**_epsilon(call), "affine": scale or center, "scale": scale or not center, "bias": center or not scale}
    made = _along(call, axis, "batchnorm", **learned)
    for name in ("moving_stddev", "renorm_mean", "renorm_stddev") if call.flag("renorm") else ():
        made = _vector(call, made, name, (axis,), "multiply", learned=False)
    return made


def _epsilon(call: Call, usual: float = 1e-3) -> dict[str, float]:
    """What is added to the variance; `usual` is Keras's own default of the layer."""
    number = call.number("epsilon", usual)
    return {"eps": usual if number is None else number}


def _along(call: Call, axis: int, kind: str, **fields: Any) -> int:
    """A norm whose channels lie along one of our axes: the axis comes first for it, and goes back."""
    if axis == 0 and call.rank <= 4:
        return call.put(kind, **fields)
    if call.rank > 4:
        row, undone = joined(call, (axis,), rest=True)
        return undone(call.put(kind, row, **fields))
    order = (axis, *(one for one in range(call.rank) if one != axis))
    made = call.put(kind, call.put("permute", suffix="turned", order=order), **fields)
    return call.put("permute", made, suffix="back", order=tuple(map(order.index, range(call.rank))))


def _vector(call: Call, made: int, name: str, axes: tuple[int, ...], join: str, *, learned: bool = True) -> int:
    """Numbers of the norm along these axes of ours."""
    shape = tuple(length if place in axes else 1 for place, length in enumerate(call.shape(made)))
    return call.put("parameter", made, suffix=name, shape=shape, join=join, learned=None if learned else False)


def layernorm(call: Call) -> int:
    """LayerNormalization over one axis or several."""
    return _over(call, "rmsnorm" if call.flag("rms_scaling") else "layernorm")


def rmsnorm(call: Call) -> int:
    """RMSNormalization over one axis or several."""
    return _over(call, "rmsnorm", 1e-6)


def _over(call: Call, kind: str, epsilon: float = 1e-3) -> int:
    axes = tuple(call.axes(call.config.get("axis", -1)))
    scale, center = call.flag("scale", True), kind == "layernorm" and call.flag("center", True)
    learned: dict[str, Any] = (
        {"affine": scale, "bias": center} if kind == "layernorm" else {"affine": call.flag("affine", True)}
    )
    learned |= _epsilon(call, epsilon)
    if len(axes) == 1:
        last = axes[0] == call.rank - 1 and axes != (0,)
        made = _along(call, 0 if last else axes[0], kind, over="last" if last else "channels", **learned)
    elif len(axes) < call.rank:
        row, undone = joined(call, axes)
        made = undone(call.put(kind, row, **learned))
    else:
        made = call.put(kind, over="all", **learned)
    return made if scale or not center else _vector(call, made, "beta", axes, "add")


def groupnorm(call: Call) -> int:
    """GroupNormalization; −1 groups are as many as channels."""
    axis = call.axis(call.config.get("axis", -1))
    count = call.x[0][axis] if call.config.get("groups", 32) == -1 else call.whole("groups", 32)
    scale, center = call.flag("scale", True), call.flag("center", True)
    made = _along(call, axis, "groupnorm", groups=count, affine=scale and center, **_epsilon(call))
    if scale == center:
        return made
    return _vector(call, made, "gamma" if scale else "beta", (axis,), "multiply" if scale else "add")


def spectral(call: Call, kind: str) -> int:
    """SpectralNormalization: a vector that nobody learns, as long as the last axis of the kernel inside.

    It is told with what comes out, or of a transposed convolution with its inputs' channels, which are that axis.
    """
    x, made = call.tensors
    if kind.startswith("DepthwiseConv"):
        length = call.shape(made)[0] // call.shape(x)[0]
    else:
        length = call.shape(x if "Transpose" in kind else made)[0]
    if length not in (1, call.shape(made)[0]):
        raise call.fault("its vector is as long as the channels that come out", f"it has {length}")
    shape = (length, *(1 for _ in call.shape(made)[1:]))
    return call.put("parameter", made, suffix="vector_u", shape=shape, join="multiply", learned=False)


def nothing(call: Call) -> int:
    """A layer that hands its input on: told once a class, and not counted."""
    call.work.identities.setdefault(call.entry.kind, []).append(call.path)
    return call.put("identity")


def standardize(call: Call) -> int:
    """Normalization: a mean, a variance and a count of its own, unless the file gives both."""
    if call.config.get("mean") is not None:
        return nothing(call)
    axis = call.config.get("axis", -1)
    own = set(call.axes(axis)) if axis is not None else set()
    shape = tuple(length if place in own else 1 for place, length in enumerate(call.x[0]))
    made = call.put("parameter", suffix="mean", shape=shape, join="add", learned=False)
    made = call.put("parameter", made, suffix="variance", shape=shape, join="multiply", learned=False)
    return call.put("parameter", made, suffix="count", shape=(1,) * call.rank, join="multiply", learned=False)


def dropout(call: Call) -> int:
    """Dropout, with its rate; of whole samples where its noise has one number for each."""
    rate = call.number("rate", call.number("p", 0.5))
    noise = call.config.get("noise_shape")
    if isinstance(noise, list) and noise[1:] and all(one == 1 for one in noise[1:]):
        return call.put("droppath", rate=rate)
    whole, alpha = (call.entry.kind.startswith(word) or None for word in ("Spatial", "Alpha"))
    return call.put("dropout", rate=rate, channels=whole, alpha=alpha)


NOTHING = (
    "Rescaling",
    "RandomFlip",
    "RandomRotation",
    "RandomZoom",
    "RandomTranslation",
    "RandomContrast",
    "RandomBrightness",
    "RandomHue",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomPerspective",
    "RandomGaussianBlur",
    "RandomColorJitter",
    "RandomColorDegeneration",
    "RandomErasing",
    "RandomGrayscale",
    "RandomInvert",
    "RandomPosterization",
    "RandomElasticTransform",
    "AutoContrast",
    "Equalization",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "Solarization",
    "AugMix",
    "CutMix",
    "MixUp",
    "RandAugment",
    "MaxNumBoundingBoxes",
    "Masking",
    "ActivityRegularization",
    "GaussianNoise",
    "Identity",
)
"""Layers without parameters that keep the shape: at inference they hand their input on, or scale it."""

NORMS: dict[str, Rule] = {
    "BatchNormalization": batchnorm,
    "BatchNormalizationV1": batchnorm,
    "BatchNormalizationV2": batchnorm,
    "SyncBatchNormalization": batchnorm,
    "LayerNormalization": layernorm,
    "GroupNormalization": groupnorm,
    "RMSNormalization": rmsnorm,
    "Normalization": standardize,
    "UnitNormalization": nothing,
    **dict.fromkeys(NOTHING, nothing),
    **dict.fromkeys(
        ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "AlphaDropout"),
        dropout,
    ),
}
"""By Keras's class."""
