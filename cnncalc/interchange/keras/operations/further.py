"""Operations that are layers of Keras's in other words, on images and on sequences; and attention of three tensors."""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import Window, product
from cnncalc.interchange.keras.call import Call, Rule
from cnncalc.interchange.keras.norms import layernorm, rmsnorm
from cnncalc.interchange.keras.operations.laying_out import argument, without_channels
from cnncalc.interchange.keras.operations.measures import variance
from cnncalc.interchange.keras.windows import WINDOWS

__all__ = ["FURTHER"]


def hstack(call: Call) -> int:
    """Along the first axis behind the batch."""
    return call.put("concat", axis=call.axis(1) or None) if len(call.tensors) > 1 else call.tensors[0]


def average(call: Call) -> int:
    """The mean along axes, without weights."""
    if len(call.tensors) > 1 or argument(call, 2, "weights") is not None:
        raise call.fault("its weights are none")
    axes = call.axes(argument(call, 1, "axis"))
    if len(axes) == call.rank:
        raise call.fault("it keeps at least one axis beside the batch")
    return without_channels(call, call.put("reduce", by="mean", axes=tuple(axes)), axes)


def moments(call: Call) -> list[int]:
    """The mean and the variance along axes."""
    call.entry = call.entry._replace(config={**call.config, "axis": argument(call, 1, "axes")})
    keep = bool(argument(call, 2, "keepdims", default=False))
    axes = call.axes(call.config["axis"])
    mean = call.put("reduce", suffix="mean", by="mean", axes=tuple(axes), keep=keep or None)
    mean = mean if keep else without_channels(call, mean, axes)
    return [mean, variance(call)] if 1 in call.wanted else [mean]


def unstack(call: Call) -> list[int]:
    """Each place of an axis by itself."""
    axis = call.axis(argument(call, 2, "axis", default=0))
    return [
        without_channels(call, call.put("select", suffix=f"part{at}", at=at, axis=axis or None), (axis,))
        if at in call.wanted
        else call.tensors[0]
        for at in range(min(call.x[0][axis], 10_000))
    ]


def _image(call: Call) -> tuple[int, ...]:
    """The height and the width of maps, whose channels lie last."""
    if call.rank != 3 or call.word("data_format", "channels_last") != call.work.layout:
        raise call.fault("it takes maps, whose channels lie where the model's do")
    return call.x[0][1:]


def _margins(call: Call, way: str, sign: int) -> tuple[tuple[int, int], ...]:
    """How much an image gets or loses before and after, of two of: before, after, and the length that is left."""
    found = []
    for n, (before, after), target in zip(
        _image(call), (("top", "bottom"), ("left", "right")), ("target_height", "target_width")
    ):
        first, last, length = (call.config.get(key) for key in (f"{before}_{way}", f"{after}_{way}", target))
        if any(one is not None and (type(one) is not int or not 0 <= one <= 10**9) for one in (first, last, length)):
            raise call.fault("its borders and lengths are whole numbers", f"{str((first, last, length))[:60]} of {n}")
        over = sign * ((n if length is None else length) - n)
        first = over - (last or 0) if first is None else first
        last = over - first if last is None else last
        if first < 0 or last < 0:
            raise call.fault("its borders and its length do not fit the image", f"{first} and {last} of {n}")
        found.append((first, last))
    return tuple(found)


def crop_images(call: Call) -> int:
    """A part of an image."""
    return call.put("crop", border=_margins(call, "cropping", -1))


def pad_images(call: Call) -> int:
    """An image within zeros."""
    return call.put("pad", border=_margins(call, "padding", 1))


def patches(call: Call) -> int:
    """The pixels of each window as the channels of one place."""
    lengths, size = _image(call), call.lengths("size")
    stride = size if call.config.get("strides") is None else call.lengths("strides")
    dilation = call.lengths("dilation_rate")
    border = "same" if call.word("padding", "valid") == "same" else (0, 0)
    places = [Window(k, s, border, d).length(n) for n, k, s, d in zip(lengths, size, stride, dilation)]
    if min(places) < 1:
        raise call.fault("its window is larger than the image", f"{size} of {lengths}")
    return call.put("opaque", shape=(call.x[0][0] * product(size), *places), of="extract_patches")


def attended(call: Call) -> int:
    """Scaled products of queries and keys, and the values by them: positions x heads x features."""
    if len(call.tensors) < 3 or any(len(shape) != 3 for shape in call.x[:3]):
        raise call.fault("it takes positions x heads x features three times")
    query, key, value = call.tensors[:3]
    if len({call.shape(one)[2] for one in (query, key, value)}) > 1:
        raise call.fault("keys and values have as many heads as queries", help="repeat them")
    scores = call.put("einsum", query, key, suffix="scores", equation="dqh,dkh->khq")
    scaled = call.put("multiply", scores, suffix="scaled", number=call.shape(query)[0] ** -0.5)
    weights = call.put("softmax", scaled, suffix="weights")
    return call.put("einsum", weights, value, suffix="attended", equation="khq,ekh->eqh")


def normed(rule: Rule, **config: Any) -> Rule:
    """A norm without factors and shifts."""

    def made(call: Call) -> int | list[int]:
        given = [argument(call, at, name) for at, name in ((1, "gamma"), (2, "beta"), (1, "scale"))]
        if len(call.tensors) > 1 or any(one is not None for one in given):
            raise call.fault("its factors and shifts are none", help="use the layer of this name")
        call.entry = call.entry._replace(config={**call.config, **config})
        return rule(call)

    return made


FURTHER: dict[str, Rule] = {
    **{
        f"{way}{name}_pool": WINDOWS[f"{cls}Pool"]
        for way, cls in (("", ""), ("adaptive_", "Adaptive"))
        for name, cls in (("average", f"{cls}Average"), ("max", f"{cls}Max"))
    },
    "hstack": hstack,
    "average": average,
    "moments": moments,
    "unstack": unstack,
    "crop_images": crop_images,
    "pad_images": pad_images,
    "extract_patches": patches,
    "dot_product_attention": attended,
    "layer_norm": normed(layernorm, scale=False, center=False, rms_scaling=False),
    "rms_norm": normed(rmsnorm, affine=False),
}
"""By the operation's name in small letters."""
