"""Light through the kinds that torch's own operations would dim: what meets, what goes over axes, what picks places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.nn import functional

from cnncalc.layers.axes import placed
from cnncalc.layers.kinds import activation, deformable, fractional, modulated, resize, tensors, unfolding
from cnncalc.layers.kinds.algebra import contractions, functions, products, reductions
from cnncalc.layers.kinds.sequences import attention, convolved, recurrent
from cnncalc.torch_backend.building.windows import CONVOLVE, TRANSPOSED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from cnncalc.layers import Layer, Shape

__all__ = ["RULES", "lit_through"]


def halved(layer: functions.Glu, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """Each half meets the other."""
    first, second = taken[0].chunk(2, 1 + layer.place(tuple(taken[0].shape[1:])))
    return first + second


def reduced(layer: reductions.OverAxes, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """All along the axes."""
    axes = [1 + axis for axis in placed(layer.axes, tuple(taken[0].shape[1:]))]
    return taken[0].amax(axes, layer.keep)


def chosen(layer: reductions.TopK, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """Any of all along the axis."""
    return taken[0].amax(1 + layer.place(out), keepdim=True)


def selected(layer: reductions.Select, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """The place, and no axis."""
    return taken[0].select(1 + layer.place(tuple(taken[0].shape[1:])), layer.at)


def cut(layer: resize.Slice, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """The places."""
    (start, stop), place = layer.channels, 1 + layer.axis % (taken[0].dim() - 1)
    return taken[0][(slice(None),) * place + (slice(start, None if stop == -1 else stop, layer.step),)]


def itself(layer: Layer, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """Elements of length 1 are repeated."""
    return taken[0]


def multiplied(layer: products.MatMul, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """All of both matrices: of rows that meet columns it is told so."""
    left, right = (one.amax((-2, -1), keepdim=True) for one in taken)
    return left + right


def along(layer: activation.Softmax, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """All along the axis."""
    return taken[0].amax(1 + layer.axis % len(out), keepdim=True)


def joined(layer: tensors.Given, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """The tensor of its own is dark."""
    x = taken[0]
    if layer.join == "alone":
        return x.new_zeros(()).expand(len(x), *(1,) * len(out))
    if layer.join != "concat":
        return x
    place = layer.axis % len(out)
    sides = [0, 0] * (len(out) - 1 - place) + ([layer.shape[place], 0] if layer.first else [0, layer.shape[place]])
    return functional.pad(x, sides)


def looked_up(layer: tensors.Embedding, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """Each number lights its vector."""
    x = taken[0]
    numbers = x[:, 0] if x.dim() > 2 else x
    return numbers.unsqueeze(1 if layer.axis == "channels" else -1)


def attended(layer: attention.Attention, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """All places of a window, or of the whole; of several tensors the first place by place."""
    features = 1 if layer.axis == "channels" else -1
    lit = [one.amax(features, keepdim=True) for one in taken]
    if len(lit) > 1:
        others = [one.amax(tuple(range(1, one.dim())), keepdim=True) for one in lit[1:]]
        axes = (1,) * len(out)
        return lit[0] + sum(one.reshape(-1, *axes) for one in others)
    x = lit[0].movedim(-1, 1) if layer.axis == "last" else lit[0]
    shape = tuple(taken[0].shape[1:])
    if layer.window is None or layer.grid:
        x = x.amax(tuple(range(2, x.dim())), keepdim=True)
        return x if layer.axis == "channels" else x.movedim(1, -1)
    for axis, (n, w, s) in enumerate(
        zip(layer.places(shape), layer.windows(shape), layer.shifts(shape), strict=True), 2
    ):
        before = (w - s) % w
        along = functional.pad(x.movedim(axis, -1), [before, (-before - n) % w])
        blocks = (
            along.reshape(*along.shape[:-1], -1, w).amax(-1, keepdim=True).expand(*along.shape[:-1], -1, w).flatten(-2)
        )
        x = blocks.narrow(-1, before, n).movedim(-1, axis)
    return x if layer.axis == "channels" else x.movedim(1, -1)


def recurred(layer: recurrent.Recurrent, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """All of the sequence."""
    lit = taken[0].amax((1, 2))
    return lit.reshape(-1, *(1,) * len(out))


def stepped(layer: convolved.ConvLSTM, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """All steps; of each map a window, and half a kernel of the state more for each step before the last."""
    x = taken[0]
    lit, windows = x.amax((1, 2), keepdim=True)[:, :, 0], layer.windows(tuple(x.shape[1:]))
    ones = lit.new_ones(1, 1, *(window.kernel for window in windows))
    convolve, padding = (
        CONVOLVE[len(windows) - 1],
        [window.padding(n)[0] for window, n in zip(windows, x.shape[3:], strict=True)],
    )
    strides, dilations = [window.stride for window in windows], [window.dilation for window in windows]
    lit = convolve(lit, ones, None, strides, padding, dilations)
    for _ in range(x.shape[2] - 1):
        lit = lit + convolve(lit, ones, None, 1, [window.kernel // 2 for window in windows])
    return lit if layer.returns == "final" else lit.unsqueeze(2)


def contracted(layer: contractions.Einsum, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """All of both tensors."""
    left, right = (one.amax(tuple(range(1, one.dim()))).reshape(-1, *(1,) * len(out)) for one in taken)
    return left + right


def unpooled(layer: unfolding.MaxUnpool, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """All pixels of a window, one of which is the pixel's place."""
    x = taken[0]
    windows = layer.windows(tuple(x.shape[1:]))
    flat = x.reshape(-1, 1, *x.shape[2:])
    spread = TRANSPOSED[len(windows) - 1]
    ones = x.new_ones(1, 1, *(window.kernel for window in windows))
    lit = spread(flat, ones, None, [window.stride for window in windows], [window.padding(1)[0] for window in windows])
    lit = lit.reshape(*x.shape[:2], *lit.shape[2:])
    for axis, n in enumerate(out[1:], 2):
        missing = n - lit.shape[axis]
        lit = functional.pad(lit, [0, 0] * (lit.dim() - 1 - axis) + [0, missing]) if missing else lit
    return lit


def styled(layer: modulated.ModulatedConv, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """The windows of the map, and every style."""
    x, styles = taken
    slid = layer.windows(tuple(x.shape[1:]))
    slide: Any = (CONVOLVE if layer.up is None else TRANSPOSED)[len(slid) - 1]
    ones = x.new_ones(1, 1, *(window.kernel for window in slid))
    strides, padding = [window.stride for window in slid], [window.padding(1)[0] for window in slid]
    lit: Tensor = slide(x.amax(1, keepdim=True), ones, None, strides, padding)
    return lit + styles.amax(1).reshape(-1, *(1,) * (len(slid) + 1))


def unknown(layer: tensors.Opaque, taken: Sequence[Tensor], out: Shape) -> Tensor:
    """Nobody knows; nothing is told of it either."""
    return taken[0].new_zeros(()).expand(len(taken[0]), *(1,) * len(out))


RULES: dict[type[Layer], Callable[..., Tensor]] = {
    functions.Glu: halved,
    reductions.Reduce: reduced,
    reductions.ArgMax: reduced,
    reductions.TopK: chosen,
    reductions.Select: selected,
    reductions.Expand: itself,
    resize.Slice: cut,
    products.MatMul: multiplied,
    contractions.Einsum: contracted,
    convolved.ConvLSTM: stepped,
    tensors.Parameter: joined,
    tensors.Constant: joined,
    tensors.Embedding: looked_up,
    tensors.Opaque: unknown,
    unfolding.MaxUnpool: unpooled,
    unfolding.Fold: unknown,
    fractional.FractionalMaxPool: unknown,
    deformable.DeformableConv: unknown,
    modulated.ModulatedConv: styled,
    attention.Attention: attended,
    recurrent.LSTM: recurred,
    recurrent.GRU: recurred,
    recurrent.RNN: recurred,
    activation.Softmax: along,
    activation.LogSoftmax: along,
}


def lit_through(layer: Layer, taken: Sequence[Tensor], out: Shape) -> Tensor | None:
    """What these tensors light of an output of shape `out`, or of one that is expanded to it; None: no rule here."""
    rule = RULES.get(type(layer))
    return None if rule is None else rule(layer, taken, out)
