"""Convolutions and pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.arithmetic.windows.formulas import Rounding
from cnncalc.interchange.torch_code.expressions import Argument, Call, Listed, Taken, call, method
from cnncalc.interchange.torch_code.kinds.said import Said, X, own, plain, rank_of, says, sides
from cnncalc.layers.fields import spread

if TYPE_CHECKING:
    from cnncalc.layers import Shape
    from cnncalc.layers.convolving import Bordered
    from cnncalc.layers.kinds import conv, deformable, fractional, local, pool, pyramid, unfolding

__all__: list[str] = []

OUTSIDE = float("-inf")
"""What lies outside of a map, for the largest of a window."""


def symmetric(layer: Any) -> bool:
    """Whether the padding is the same on both sides whatever the input's size."""
    return not isinstance(layer.padding, str) and all(before == after for before, after in layer.padding)


def padded(x: Any, borders: Any, value: float = 0.0, mode: str = "zeros") -> Call:
    """A map with a border."""
    said = {"mode": ("constant" if mode == "zeros" else mode, "constant"), "value": (value, 0.0)}
    return call("F.pad", {"input": x, "sides": sides(list(borders))}, **said)


def each_side(layer: Any, shape: Shape) -> Any:
    """The padding of each axis, where before and after are the same."""
    return plain([window.padding(n)[0] for window, n in zip(layer.windows(shape), shape[1:])])


def _convolving(name: str, layer: Any, shape: Shape, filters: int, padding: Any, **more: tuple[Any, Any]) -> Call:
    """The module of a convolution, with the arguments that all of torch's have."""
    slid = layer.windows(shape)
    sizes = {"in_channels": shape[0], "out_channels": filters, "kernel_size": plain([window.kernel for window in slid])}
    return call(
        name,
        sizes,
        stride=(plain([window.stride for window in slid]), 1),
        padding=(padding, 0),
        dilation=(plain([window.dilation for window in slid]), 1),
        groups=(layer.group_count(shape), 1),
        bias=(layer.bias, True),
        **more,
    )


@says("conv", "dwconv")
def convolution(layer: Bordered, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Conv1d to Conv3d, behind a pad where torch has no such border."""
    (shape,) = shapes
    borders = None if symmetric(layer) else layer.explicit_padding(shape)
    same = borders is not None and layer.native_same()
    padding = "same" if same else each_side(layer, shape) if borders is None else 0
    borders = None if same else borders
    mode = (layer.mode if borders is None else "zeros", "zeros")
    module = _convolving(f"nn.Conv{rank_of(shapes)}d", layer, shape, layer.filters(shape), padding, padding_mode=mode)
    return Said(module, own() if borders is None else own(padded(X, borders, mode=layer.mode)), holds=True)


@says("deform_conv")
def deformable_convolution(layer: deformable.DeformableConv, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A module in the file itself, with the parameters of torchvision's: torch has none."""
    module = _convolving("DeformConv2d", layer, shapes[0], layer.out, each_side(layer, shapes[0]))
    return Said(module, own(*map(Taken, range(len(shapes)))), holds=True)


@says("deconv")
def deconvolution(layer: conv.Deconv, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """ConvTranspose1d to ConvTranspose3d, cut to size where torch cannot pad so."""
    (shape,) = shapes
    slid = layer.windows(shape)
    filled = all(window.output_padding < max(window.stride, window.dilation) for window in slid)
    native = symmetric(layer) and filled
    fits = [w.output_padding if w.output_padding < max(w.stride, w.dilation) else 0 for w in slid]
    module = call(
        f"nn.ConvTranspose{rank_of(shapes)}d",
        {
            "in_channels": shape[0],
            "out_channels": layer.out,
            "kernel_size": plain([window.kernel for window in slid]),
        },
        stride=(plain([window.stride for window in slid]), 1),
        padding=(each_side(layer, shape) if native else 0, 0),
        output_padding=(plain(fits), 0),
        groups=(layer.groups, 1),
        bias=(layer.bias, True),
        dilation=(plain([window.dilation for window in slid]), 1),
    )
    if native:
        return Said(module, own(), holds=True)
    borders = []
    for window, n, added in zip(slid, shape[1:], fits):
        before, _ = window.padding(n)
        spanned = (n - 1) * window.stride + window.extent + added
        borders.append((-before, window.length(n) - (spanned - before)))
    return Said(module, padded(own(), borders), holds=True)


@says("local")
def locally_connected(layer: local.LocallyConnected, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A module in the file itself."""
    sizes = layer.weight_shapes(*shapes)
    slid = layer.windows(shapes[0])
    borders = [window.padding(n) for window, n in zip(slid, shapes[0][1:])]
    module = call(
        "LocallyConnected",
        {
            "weight": sizes["weight"],
            "kernel": tuple([window.kernel for window in slid]),
            "stride": tuple([window.stride for window in slid]),
            "dilation": tuple([window.dilation for window in slid]),
            "sides": sides(borders),
        },
        bias=(layer.bias, True),
    )
    return Said(module, own(), holds=True)


def native_pool(layer: pool.Pool, shape: Shape) -> dict[str, tuple[Any, Any]] | None:
    """What torch's own pool takes behind its kernel, or None where it cannot pad or round so."""
    even = symmetric(layer) and (layer.dialect == "torch" or layer.explicit_padding(shape) is None)
    if not even and layer.explicit_padding(shape) is not None:
        return None
    slid = layer.windows(shape)
    return {
        "stride": (plain([window.stride for window in slid]), plain([window.kernel for window in slid])),
        "padding": (each_side(layer, shape), 0),
        "ceil_mode": (slid[0].rounding is Rounding.CEIL, False),
    }


def kernel_of(layer: pool.Pool, shape: Shape) -> Any:
    """The kernel."""
    return plain([window.kernel for window in layer.windows(shape)])


def pooled(name: str, kernel: Any, options: dict[str, tuple[Any, Any]], shapes: tuple[Shape, ...]) -> Said:
    """torch's pool of that name, as a module and as a function."""
    rank = rank_of(shapes)
    words = {"MaxPool": "max_pool", "AvgPool": "avg_pool"}
    return Said(
        call(f"nn.{name}{rank}d", {"kernel_size": kernel}, **options),
        own(),
        call(f"F.{words[name]}{rank}d", {"input": X, "kernel_size": kernel}, **options),
    )


def behind_pad(name: str, layer: pool.Pool, shape: Shape, value: float, **more: tuple[Any, Any]) -> Call:
    """torch's pool of that name on a map with its border."""
    borders = layer.explicit_padding(shape)
    assert borders is not None
    kernel = kernel_of(layer, shape)
    stride = plain([window.stride for window in layer.windows(shape)])
    taken = {"input": padded(X, borders, value), "kernel_size": kernel}
    return call(f"F.{name}{len(shape) - 1}d", taken, stride=(stride, kernel), **more)


@says("maxpool")
def max_pool(layer: pool.MaxPool, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """MaxPool1d to MaxPool3d."""
    dilation = (plain([window.dilation for window in layer.windows(shapes[0])]), 1)
    native = native_pool(layer, shapes[0])
    if native is None:
        return Said(function=behind_pad("max_pool", layer, shapes[0], OUTSIDE, dilation=dilation))
    return pooled("MaxPool", kernel_of(layer, shapes[0]), {**native, "dilation": dilation}, shapes)


@says("avgpool")
def avg_pool(layer: pool.AvgPool, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """AvgPool1d to AvgPool3d; a function in the file itself where the border does not count."""
    native = native_pool(layer, shapes[0])
    counts = layer.count_include_pad
    if max(layer.dilation) == 1 and native is not None:
        uncounted = {"count_include_pad": (counts, True)}
        return pooled("AvgPool", kernel_of(layer, shapes[0]), {**native, **uncounted}, shapes)
    if max(layer.dilation) == 1 and counts:
        return Said(function=behind_pad("avg_pool", layer, shapes[0], 0.0))
    slid = layer.windows(shapes[0])
    borders = layer.explicit_padding(shapes[0])
    if max(layer.dilation) > 1:
        borders = tuple([(w.padding(n)[0], w.padding(n)[1] - w.unseen(n)) for w, n in zip(slid, shapes[0][1:])])
    assert borders is not None
    taken = {
        "x": X,
        "kernel": tuple([window.kernel for window in slid]),
        "stride": tuple([window.stride for window in slid]),
        "sides": sides(borders),
    }
    dilation = tuple([window.dilation for window in slid])
    return Said(
        function=call("mean_of_windows", taken, dilation=(plain(dilation), 1), count_include_pad=(counts, False))
    )


@says("lppool")
def lp_pool(layer: pool.LPPool, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """LPPool1d to LPPool3d."""
    native, kernel, rank = native_pool(layer, shapes[0]), kernel_of(layer, shapes[0]), rank_of(shapes)
    borders = layer.explicit_padding(shapes[0])
    if native is None or (native["padding"][0] and borders is None):
        borders = borders or tuple([window.padding(n) for window, n in zip(layer.windows(shapes[0]), shapes[0][1:])])
        stride = plain([window.stride for window in layer.windows(shapes[0])])
        taken = {"input": padded(X, borders), "norm_type": layer.norm, "kernel_size": kernel}
        return Said(function=call(f"F.lp_pool{rank}d", taken, stride=(stride, kernel)))
    options = {name: native[name] for name in ("stride", "ceil_mode")}
    return Said(
        call(f"nn.LPPool{rank}d", {"norm_type": layer.norm, "kernel_size": kernel}, **options),
        own(),
        call(f"F.lp_pool{rank}d", {"input": X, "norm_type": layer.norm, "kernel_size": kernel}, **options),
    )


@says("adaptive_maxpool", "adaptive_avgpool")
def adaptive_pool(layer: pool.AdaptivePool, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """AdaptiveMaxPool1d to AdaptiveAvgPool3d."""
    return to_size(plain(made[1:]), layer.kind == "adaptive_maxpool", rank_of(shapes))


def to_size(size: Any, largest: bool, rank: int) -> Said:
    """An adaptive pool."""
    name, word = ("AdaptiveMaxPool", "adaptive_max_pool") if largest else ("AdaptiveAvgPool", "adaptive_avg_pool")
    return Said(
        call(f"nn.{name}{rank}d", {"output_size": size}),
        own(),
        call(f"F.{word}{rank}d", {"input": X, "output_size": size}),
    )


@says("global_maxpool", "global_avgpool")
def global_pool(layer: pool.GlobalPool, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """An adaptive pool to one pixel, flattened where the layer says so."""
    said = to_size(1, layer.kind == "global_maxpool", rank_of(shapes))
    if not layer.flat:
        return said
    both = Call("nn.Sequential", (Argument("", said.module), Argument("", call("nn.Flatten"))))
    return Said(both, own(), method(said.function, "flatten", 1))


@says("fractional_maxpool")
def fractional_pool(layer: fractional.FractionalMaxPool, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """FractionalMaxPool2d and 3d, whose windows are drawn anew each time."""
    rank = rank_of(shapes)
    kernel, size = {"kernel_size": plain(tuple(spread(layer.kernel, rank)))}, (plain(made[1:]), None)
    return Said(
        call(f"nn.FractionalMaxPool{rank}d", kernel, output_size=size),
        own(),
        call(f"F.fractional_max_pool{rank}d", {"input": X, **kernel}, output_size=size),
    )


@says("spp")
def spatial_pyramid(layer: pyramid.SpatialPyramid, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """An adaptive pool for each level, flattened and joined; where one level alone is a map, that pool."""
    pools = [to_size(level, layer.mode == "max", rank_of(shapes)) for level in layer.levels]
    if len(made) > 1:
        return pools[0]
    flattened = Listed(tuple([method(one.function, "flatten", 1) for one in pools]))
    return Said(function=call("torch.cat", {"tensors": flattened, "dim": 1}))


@says("unfold")
def unfold(layer: unfolding.Unfold, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Unfold."""
    options = {
        name: (plain(tuple(spread(getattr(layer, name), 2))), usual)
        for name, usual in (("dilation", 1), ("padding", 0), ("stride", 1))
    }
    kernel = {"kernel_size": plain(tuple(spread(layer.kernel, 2)))}
    return Said(call("nn.Unfold", kernel, **options), own(), call("F.unfold", {"input": X, **kernel}, **options))


@says("fold")
def fold(layer: unfolding.Fold, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Fold."""
    options = {
        name: (plain(tuple(spread(getattr(layer, name), 2))), usual)
        for name, usual in (("dilation", 1), ("padding", 0), ("stride", 1))
    }
    sizes = {"output_size": tuple(spread(layer.size, 2)), "kernel_size": plain(tuple(spread(layer.kernel, 2)))}
    return Said(call("nn.Fold", sizes, **options), own(), call("F.fold", {"input": X, **sizes}, **options))


@says("maxunpool")
def max_unpool(layer: unfolding.MaxUnpool, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """max_unpool1d to max_unpool3d; the second tensor is the places that its pool remembered."""
    slid = layer.windows(shapes[0])
    taken = {"input": X, "indices": Taken(1), "kernel_size": plain([window.kernel for window in slid])}
    function = call(
        f"F.max_unpool{rank_of(shapes)}d",
        taken,
        stride=(plain([window.stride for window in slid]), taken["kernel_size"]),
        padding=(plain([window.padding(1)[0] for window in slid]), 0),
        output_size=(tuple(made[1:]), None),
    )
    return Said(function=function)
