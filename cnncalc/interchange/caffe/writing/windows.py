"""Our convolutions, linear layers and pools as Caffe's layers."""

from __future__ import annotations

from math import prod

from cnncalc.interchange.caffe.writing.composed import reshaped_to
from cnncalc.interchange.caffe.writing.pieces import Piece, Said, Values
from cnncalc.interchange.written import Unsaid, of_zeros
from cnncalc.layers import Shape
from cnncalc.layers.convolving import Bordered
from cnncalc.layers.kinds import conv, linear, pool, pyramid

__all__ = ["adaptive", "convolution", "deconvolution", "full", "slid_pool", "spatial_pyramid", "whole_pool"]


def _sizes(name: str, values: list[int], default: int | None) -> Values:
    """A size once for all axes, or one an axis; height and width have names of their own."""
    if all(value == default for value in values):
        return []
    if len(set(values)) == 1:
        return [(name, values[0])]
    stem = name.removesuffix("_size")
    if len(values) == 2:
        return [(f"{stem}_h", values[0]), (f"{stem}_w", values[1])]
    return [(name, value) for value in values]


def _even(paddings: list[tuple[int, int]]) -> list[int]:
    if any(before != after for before, after in paddings):
        raise Unsaid("Caffe pads both sides of an axis alike", "use a symmetric padding, or crop after a larger one")
    return [before for before, _ in paddings]


def convolution(layer: Bordered, x: tuple[Shape, ...], y: Shape) -> Said:
    """Convolution; one with a group a channel is that with as many groups."""
    slid = layer.windows(x[0])
    paddings = [window.padding(n) for window, n in zip(slid, x[0][1:])]
    of_zeros(layer.mode, paddings, "Caffe")
    padding = _even(paddings)
    groups = layer.group_count(x[0])
    values: Values = [("num_output", layer.filters(x[0]))]
    values += _sizes("kernel_size", [window.kernel for window in slid], None)
    values += _sizes("stride", [window.stride for window in slid], 1) + _sizes("pad", padding, 0)
    dilations = [window.dilation for window in slid]
    if dilations != [1] * len(slid):
        said = dilations[:1] if len(set(dilations)) == 1 else dilations
        values.extend(("dilation", one) for one in said)
    values += [("group", groups)] * (groups > 1) + [("bias_term", False)] * (not layer.bias)
    return [Piece("Convolution", "convolution_param", tuple(values), 1 + layer.bias)]


def deconvolution(layer: conv.Deconv, x: tuple[Shape, ...], y: Shape) -> Said:
    """Deconvolution, which adds nothing to its output."""
    slid = layer.windows(x[0])
    if any(window.output_padding for window in slid):
        raise Unsaid("Caffe's Deconvolution has no output padding", "leave it out, or `crop` less")
    padding = _even([window.padding(n) for window, n in zip(slid, x[0][1:])])
    values: Values = [("num_output", layer.out)]
    values += _sizes("kernel_size", [window.kernel for window in slid], None)
    values += _sizes("stride", [window.stride for window in slid], 1) + _sizes("pad", padding, 0)
    if any(window.dilation > 1 for window in slid):
        values += [("dilation", window.dilation) for window in slid]
    values += [("group", layer.groups)] * (layer.groups > 1) + [("bias_term", False)] * (not layer.bias)
    return [Piece("Deconvolution", "convolution_param", tuple(values), 1 + layer.bias)]


def full(layer: linear.Linear, x: tuple[Shape, ...], y: Shape) -> Said:
    """InnerProduct, on the last axis where the layer acts on it."""
    values: Values = [("num_output", layer.out)]
    values += [("bias_term", False)] * (not layer.bias)
    if layer.axis == "last" and len(x[0]) > 1:
        values.append(("axis", len(x[0])))
    return [Piece("InnerProduct", "inner_product_param", tuple(values), 1 + layer.bias)]


def slid_pool(layer: pool.MaxPool | pool.AvgPool, x: tuple[Shape, ...], y: Shape) -> Said:
    """Pooling. Caffe's own rounds up; where that gives another size, `round_mode: FLOOR` (Caffe since 2018)."""
    slid = layer.windows(x[0])
    if len(slid) != 2:
        raise Unsaid("Caffe's Pooling has two spatial axes", "`reshape` it to them")
    if any(window.dilation > 1 for window in slid):
        raise Unsaid("Caffe's Pooling has no dilation", "leave it out, or use a larger kernel")
    padding = _even([window.padding(n) for window, n in zip(slid, x[0][1:])])
    if isinstance(layer, pool.AvgPool) and any(padding) and not layer.count_include_pad:
        raise Unsaid("Caffe's average pools count their padding", "`count_include_pad` says so")
    values: Values = [("pool", "AVE" if isinstance(layer, pool.AvgPool) else "MAX")]
    values += _sizes("kernel_size", [window.kernel for window in slid], None)
    unsaid = layer.dialect == "caffe" and layer.stride is None
    values += [] if unsaid else _sizes("stride", [window.stride for window in slid], 1)
    values += _sizes("pad", padding, 0)
    sizes = [_pooled(n, window.kernel, window.stride, p) for n, window, p in zip(x[0][1:], slid, padding)]
    if sizes != list(y[1:]) and not (layer.dialect == "caffe" and layer.rounding is None):  # then it says nothing
        floors = [(n + 2 * p - window.kernel) // window.stride + 1 for n, window, p in zip(x[0][1:], slid, padding)]
        if floors != list(y[1:]):
            raise Unsaid(
                f"Caffe's Pooling makes {sizes[0]}x{sizes[1]} of it, and this one {y[1]}x{y[2]}",
                "write another padding or rounding",
            )
        values.append(("round_mode", "FLOOR"))
    return [Piece("Pooling", "pooling_param", tuple(values))]


def _pooled(n: int, kernel: int, stride: int, padding: int) -> int:
    """The length that PoolingLayer::Reshape gives: rounded up, the last window clipped where the pool is padded."""
    length = -(-(n + 2 * padding - kernel) // stride) + 1
    return length - 1 if padding and (length - 1) * stride >= n + padding else length


def whole_pool(layer: pool.GlobalPool, x: tuple[Shape, ...], y: Shape) -> Said:
    """Pooling over the whole map, of other axes than two in one; then Flatten for a vector."""
    way = "AVE" if isinstance(layer, pool.GlobalAvgPool) else "MAX"
    whole = Piece("Pooling", "pooling_param", (("pool", way), ("global_pooling", True)))
    if len(x[0]) != 3:
        return [reshaped_to((x[0][0], prod(x[0][1:]), 1), "_pixels"), whole._replace(suffix="_pool"), reshaped_to(y)]
    return [whole] + [Piece("Flatten", suffix="_flat")] * (len(y) == 1)


def adaptive(layer: pool.AdaptivePool, x: tuple[Shape, ...], y: Shape) -> Said:
    """A pool of even windows, where the output's size divides the input's."""
    if len(x[0]) != 3 or any(n % m for n, m in zip(x[0][1:], y[1:])):
        raise Unsaid(
            "an adaptive pool is a Pooling of Caffe only where its windows are all alike",
            "let its size divide the map's",
        )
    kernel = [n // m for n, m in zip(x[0][1:], y[1:])]
    way = "AVE" if isinstance(layer, pool.AdaptiveAvgPool) else "MAX"
    values = [("pool", way), *_sizes("kernel_size", kernel, None), *_sizes("stride", kernel, 1)]
    return [Piece("Pooling", "pooling_param", tuple(values))]


def spatial_pyramid(layer: pyramid.SpatialPyramid, x: tuple[Shape, ...], y: Shape) -> Said:
    """SPP, whose levels are powers of two."""
    if layer.levels != tuple(2**level for level in range(len(layer.levels))) or len(x[0]) != 3:
        raise Unsaid(
            "Caffe's SPP has the levels 1, 2, 4, … on two spatial axes", "write its pools, `flatten` and `concat`"
        )
    values = (("pyramid_height", len(layer.levels)), ("pool", "AVE" if layer.mode == "avg" else "MAX"))
    return [Piece("SPP", "spp_param", values)]
