"""Normalisations, learned and not, and layers that only training or other tools know."""

from __future__ import annotations

from cnncalc.interchange.keras.call import Call, Rule

__all__ = ["NORMS", "NOTHING", "nothing"]


def batchnorm(call: Call) -> int:
    """BatchNormalization: a scale and a shift, each of which may be missing."""
    if call.axis(call.config.get("axis", -1)) != 0:
        raise call.fault("it normalises along an axis that is not the channels", help="permute the axes in the model")
    scale, center = call.flag("scale", True), call.flag("center", True)
    if call.rank <= 4:
        return call.put("batchnorm", affine=scale or center, scale=scale or not center, bias=center or not scale)
    raise call.fault("it takes a vector, or a map with 1 to 3 spatial axes")


def layernorm(call: Call) -> int:
    """LayerNormalization over the last axis, or over all."""
    axes = call.axes(call.config.get("axis", -1))
    named = {(0,): "channels", tuple(range(call.rank)): "all", (call.rank - 1,): "last"}
    over = named.get((0,) if axes == [0] else tuple(axes), "")
    if not over:
        raise call.fault(
            "it normalises over the channels, over the last axis of the map, or over all",
            f"these are {len(axes)} of {call.rank} axes",
        )
    scale, center = call.flag("scale", True), call.flag("center", True)
    if call.flag("rms_scaling"):
        return call.put("rmsnorm", over=over, affine=scale)
    return call.put("layernorm", over=over, affine=scale, bias=center)


def groupnorm(call: Call) -> int:
    """GroupNormalization; −1 groups are as many as channels."""
    groups = call.config.get("groups", 32)
    count = call.x[0][0] if groups == -1 else call.whole("groups", 32)
    scale, center = call.flag("scale", True), call.flag("center", True)
    if scale != center:
        raise call.fault("a scale without a shift, or a shift without a scale, is not counted")
    return call.put("groupnorm", groups=count, affine=scale)


def rmsnorm(call: Call) -> int:
    """RMSNormalization over the last axis."""
    if call.axes(call.config.get("axis", -1)) != [0]:
        raise call.fault("it normalises over the channels")
    return call.put("rmsnorm")


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
