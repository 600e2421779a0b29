"""OpenVINO's convolutions and pools. The shapes of the weights stand at the port that takes them."""

from __future__ import annotations

from typing import TypeAlias

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.openvino.xml import IrLayer, declared

__all__ = ["channels", "convolution", "deconvolution", "pooling"]

Borders: TypeAlias = "tuple[tuple[int, int], ...]"
SAME = {"same_upper": "same", "same_lower": "same_lower"}


def borders(layer: IrLayer) -> object:
    """The padding, explicit or by a rule."""
    auto = layer.attributes.get("auto_pad", "explicit").lower()
    if auto in SAME:
        return SAME[auto]
    begin, end = layer.wholes("pads_begin"), layer.wholes("pads_end")
    if auto == "valid" or not begin:
        return ((0, 0),)
    if len(begin) != len(end):
        raise layer.fault("`pads_begin` and `pads_end` are as many")
    return tuple(zip(begin, end))


def channels(layer: IrLayer, weights: list[int]) -> int:
    """How many come out of a convolution with weights of these lengths."""
    grouped = layer.type.startswith("Group")
    if len(weights) < 3 + grouped:
        raise layer.fault("the weights of a convolution have an axis for outputs, inputs and each length")
    groups, (first, second, *_) = (weights[0], weights[1:]) if grouped else (1, weights)
    return (second if "Backprop" in layer.type else first) * groups


def filters(layer: IrLayer, build: Build, weights: list[int]) -> Fields:
    """The fields that weights and attributes give. Grouped ones have the groups as their first axis."""
    grouped = layer.type.startswith("Group")
    groups, (_, _, *kernel) = (weights[0], weights[1:]) if grouped else (1, weights)
    out = channels(layer, weights)
    entering = groups * (weights[1 + grouped] if "Backprop" not in layer.type else weights[grouped])
    if entering != build.x[0][0]:
        raise layer.fault(
            "the weights of a convolution are for the channels that come in", f"{entering}, {build.x[0][0]}"
        )
    fields: Fields = {"out": out, "kernel": tuple(kernel), "groups": groups, "padding": borders(layer)}
    fields["stride"] = tuple(layer.wholes("strides")) or (1,)
    fields["dilation"] = tuple(layer.wholes("dilations")) or (1,)
    return fields


def convolution(layer: IrLayer, build: Build, weights: list[int], *, bias: bool) -> int:
    """Convolution and GroupConvolution, with the bias of an Add behind it."""
    return build.put("conv", bias=bias, **filters(layer, build, weights))


def deconvolution(layer: IrLayer, build: Build, weights: list[int], *, bias: bool) -> int:
    """ConvolutionBackpropData and its grouped form."""
    fields = filters(layer, build, weights)
    extra = layer.wholes("output_padding")
    if any(extra):
        fields["output_padding"] = tuple(extra)
    if isinstance(fields["padding"], str):
        raise layer.fault("a transposed convolution is read with explicit padding only")
    return build.put("deconv", bias=bias, **fields)


def rounded_up(layer: IrLayer, build: Build, kernel: tuple[int, ...], padding: Borders) -> tuple[int, ...]:
    """The lengths that OpenVINO gives a pool that rounds up, where the file says those of another input.

    A maximum of opset 8 counts a window that begins behind the image; an average, and `ceil_torch`, leave it out.
    """
    clipped = layer.type == "AvgPool" or layer.attributes.get("rounding_type", "").endswith("torch")
    strides = layer.wholes("strides") or [1] * len(kernel)
    dilations = layer.wholes("dilations") or [1] * len(kernel)
    pairs = padding if len(padding) == len(kernel) else padding[:1] * len(kernel)
    made = []
    for n, k, s, d, (a, b) in zip(build.x[0][1:], kernel, strides, dilations, pairs):
        steps = -(-(n + a + b - (k - 1) * d - 1) // s)
        made.append(steps + 1 - (clipped and steps * s >= n + a))
    return tuple(made)


def widened(layer: IrLayer, build: Build, kernel: tuple[int, ...], padding: Borders) -> Borders:
    """The borders with which windows that round down make the stated output."""
    lengths, made = (
        build.x[0][1:],
        declared(layer)[1:] if not layer.reopened else rounded_up(layer, build, kernel, padding),
    )
    if not len(lengths) == len(made) == len(kernel):
        raise layer.fault("the axes of its kernel and of its shapes differ")
    strides = layer.wholes("strides") or [1] * len(kernel)
    dilations = layer.wholes("dilations") or [1] * len(kernel)
    pairs = padding if len(padding) == len(kernel) else padding[:1] * len(kernel)
    rows = zip(lengths, made, kernel, strides, dilations, pairs)
    return tuple((a, max(b, (m - 1) * s + (k - 1) * d + 1 - n - a)) for n, m, k, s, d, (a, b) in rows)


def pooling(layer: IrLayer, build: Build) -> int:
    """MaxPool and AvgPool; they round down unless told.

    Those that round up make as many as the file states: by OpenVINO 2026.4 3 of 6 pixels by a maximum of 2 and a stride
    of 3, and 2 by an average. What the last window lacks is a border.
    """
    kernel = tuple(layer.wholes("kernel"))
    if not kernel:
        raise layer.fault("a pool needs `kernel`")
    fields: Fields = {"kernel": kernel, "stride": tuple(layer.wholes("strides")) or (1,), "padding": borders(layer)}
    if layer.attributes.get("rounding_type", "floor").startswith("ceil") and not isinstance(fields["padding"], str):
        fields["padding"] = widened(layer, build, kernel, fields["padding"])
        if any(2 * one > side for pair, side in zip(fields["padding"], kernel) for one in pair):
            border = build.put("pad", suffix="_border", border=fields.pop("padding"))
            build.use(0, border)
    if layer.type == "AvgPool":
        key = "exclude-pad" if "exclude-pad" in layer.attributes else "exclude_pad"
        return build.put("avgpool", count_include_pad=not layer.flag(key, default=False), **fields)
    fields["dilation"] = tuple(layer.wholes("dilations")) or (1,)
    return build.put("maxpool", **fields)
