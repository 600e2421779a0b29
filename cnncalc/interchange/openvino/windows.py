"""OpenVINO's convolutions and pools. The shapes of the weights stand at the port that takes them."""

from __future__ import annotations

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.openvino.xml import IrLayer

__all__ = ["convolution", "deconvolution", "pooling"]

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


def filters(layer: IrLayer, weights: list[int], *, transposed: bool) -> Fields:
    """The fields that weights and attributes give. Grouped ones have the groups as their first axis."""
    grouped = layer.type.startswith("Group")
    if len(weights) < 3 + grouped:
        raise layer.fault("the weights of a convolution have an axis for outputs, inputs and each length")
    groups, (first, second, *kernel) = (weights[0], weights[1:]) if grouped else (1, weights)
    out = (second if transposed else first) * groups
    fields: Fields = {"out": out, "kernel": tuple(kernel), "groups": groups, "padding": borders(layer)}
    fields["stride"] = tuple(layer.wholes("strides")) or (1,)
    fields["dilation"] = tuple(layer.wholes("dilations")) or (1,)
    return fields


def convolution(layer: IrLayer, build: Build, weights: list[int], *, bias: bool) -> int:
    """Convolution and GroupConvolution, with the bias of an Add behind it."""
    return build.put("conv", bias=bias, **filters(layer, weights, transposed=False))


def deconvolution(layer: IrLayer, build: Build, weights: list[int], *, bias: bool) -> int:
    """ConvolutionBackpropData and its grouped form."""
    fields = filters(layer, weights, transposed=True)
    extra = layer.wholes("output_padding")
    if any(extra):
        fields["output_padding"] = tuple(extra)
    if isinstance(fields["padding"], str):
        raise layer.fault("a transposed convolution is read with explicit padding only")
    return build.put("deconv", bias=bias, **fields)


def pooling(layer: IrLayer, build: Build) -> int:
    """MaxPool and AvgPool; they round down unless told."""
    fields: Fields = {
        "kernel": tuple(layer.wholes("kernel")),
        "stride": tuple(layer.wholes("strides")) or (1,),
        "padding": borders(layer),
        "rounding": "ceil" if layer.attributes.get("rounding_type", "floor").startswith("ceil") else "floor",
    }
    if not fields["kernel"]:
        raise layer.fault("a pool needs `kernel`")
    if layer.type == "AvgPool":
        key = "exclude-pad" if "exclude-pad" in layer.attributes else "exclude_pad"
        return build.put("avgpool", count_include_pad=not layer.flag(key, default=False), **fields)
    fields["dilation"] = tuple(layer.wholes("dilations")) or (1,)
    return build.put("maxpool", **fields)
