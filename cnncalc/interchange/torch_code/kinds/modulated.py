"""Modulated convolutions and blurs: classes in the file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.interchange.torch_code.expressions import Taken, call
from cnncalc.interchange.torch_code.kinds.said import Said, own, plain, says, sides
from cnncalc.interchange.torch_code.kinds.windows import each_side, padded, symmetric

if TYPE_CHECKING:
    from cnncalc.layers import Shape
    from cnncalc.layers.kinds import modulated

__all__: list[str] = []


@says("blur")
def blur(layer: modulated.Blur, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """Behind a pad where a convolution has no such border; a transposed one cuts what it has too much itself."""
    (shape,) = shapes
    windows: Any = layer.windows(shape)
    native = symmetric(layer) and layer.mode == "zeros"
    borders = [window.padding(n) for window, n in zip(windows, shape[1:])]
    uncut = native or layer.up is None
    module = call(
        "Blur",
        {"channels": shape[0], "kernel": tuple([window.kernel for window in windows])},
        stride=(tuple([window.stride for window in windows]), 1),
        padding=(each_side(layer, shape) if native else 0, 0),
        up=(layer.up is not None, False),
        each=(layer.each, False),
        cut=(() if uncut else sides([(-before, -after) for before, after in borders]), ()),
    )
    around = layer.up is None and not native
    return Said(module, own(padded(Taken(0), borders, mode=layer.mode)) if around else own(), holds=True)


@says("modulated_conv")
def modulated_convolution(layer: modulated.ModulatedConv, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """With the parameters of StyleGAN2's."""
    windows = layer.windows(shapes[0])
    sizes: dict[str, Any] = {
        "c_in": shapes[0][0],
        "c_out": layer.out,
        "kernel": tuple([window.kernel for window in windows]),
    }
    module = call(
        "ModulatedConv",
        sizes,
        stride=(plain([window.stride for window in windows]), 1),
        padding=(each_side(layer, shapes[0]), 0),
        up=(layer.up is not None, False),
        bias=(layer.bias, True),
        demodulate=(layer.demodulate, True),
        by_weights=(layer.by == "weights", False),
    )
    return Said(module, own(Taken(0), Taken(1)), holds=True)
