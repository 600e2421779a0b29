"""Sliding windows with borders that torch's own modules lack: uneven ones, and `same`, which depends on the input.

Each takes its padding from the layer's own rule at the sizes that it meets, so that one module serves inputs of any
size.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.arithmetic.windows.formulas import Rounding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.layers.kinds.conv import Deconv, ForwardConvolution
    from cnncalc.layers.kinds.local import LocallyConnected as LocalRule
    from cnncalc.layers.kinds.pool import AvgPool, LPPool, MaxPool

__all__ = [
    "CUT_DECONVOLUTIONS",
    "PADDED_CONVOLUTIONS",
    "LocallyConnected",
    "PaddedAvgPool",
    "PaddedLPPool",
    "PaddedMaxPool",
]

CONVOLVE = (functional.conv1d, functional.conv2d, functional.conv3d)
TRANSPOSED = (functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d)
MAX_POOL = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)
AVG_POOL = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)


def sides(borders: Sequence[tuple[int, int]]) -> list[int]:
    """(before, after) of each axis in the order of `torch.nn.functional.pad`: the last axis first."""
    return [side for border in reversed(borders) for side in border]


def spatial(x: Tensor) -> tuple[int, ...]:
    """The shape of a sample, in plain numbers: while a module is traced for an export its lengths are tensors."""
    return tuple(map(int, x.shape[1:]))


def even(rule: Any, x: Tensor) -> list[int]:
    """The padding of each axis where before and after are the same."""
    return [window.padding(n)[0] for window, n in zip(rule.windows(spatial(x)), spatial(x)[1:])]


class _PaddedConvolution(nn.modules.conv._ConvNd):  # noqa: SLF001  (torch's own base of its convolutions)
    """Lays a copy of the input before, as far as the layer's rule says, and convolves with the rest of the padding."""

    rule: ForwardConvolution

    def forward(self, x: Tensor) -> Tensor:
        borders = self.rule.laid_before(spatial(x))
        padding = even(self.rule, x)
        if borders is not None:
            padding = [before - laid for before, (laid, _) in zip(padding, borders)]
            mode = getattr(self.rule, "mode", "zeros")
            x = functional.pad(x, sides(borders), mode="constant" if mode == "zeros" else mode)
        convolve: Any = CONVOLVE[x.dim() - 3]
        result: Tensor = convolve(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)
        return result


class PaddedConv1d(_PaddedConvolution, nn.Conv1d):
    """A convolution with a border of its own, along one axis."""


class PaddedConv2d(_PaddedConvolution, nn.Conv2d):
    """A convolution with a border of its own, along two axes."""


class PaddedConv3d(_PaddedConvolution, nn.Conv3d):
    """A convolution with a border of its own, along three axes."""


PADDED_CONVOLUTIONS = (PaddedConv1d, PaddedConv2d, PaddedConv3d)


class _CutDeconvolution(nn.modules.conv._ConvTransposeNd):  # noqa: SLF001
    """Runs unpadded, then cuts off, or adds, what the layer's rule says."""

    rule: Deconv

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        windows = self.rule.windows(spatial(x))
        extra = [w.output_padding if w.output_padding < max(w.stride, w.dilation) else 0 for w in windows]
        transposed: Any = TRANSPOSED[x.dim() - 3]
        whole = transposed(x, self.weight, self.bias, self.stride, 0, extra, self.groups, self.dilation)
        borders = []
        for window, n, added in zip(windows, spatial(x)[1:], extra):
            before, _ = window.padding(n)
            spread = (n - 1) * window.stride + window.extent + added
            borders.append((-before, window.length(n) - (spread - before)))
        return functional.pad(whole, sides(borders))


class CutDeconv1d(_CutDeconvolution, nn.ConvTranspose1d):
    """A transposed convolution with a border of its own, along one axis."""


class CutDeconv2d(_CutDeconvolution, nn.ConvTranspose2d):
    """A transposed convolution with a border of its own, along two axes."""


class CutDeconv3d(_CutDeconvolution, nn.ConvTranspose3d):
    """A transposed convolution with a border of its own, along three axes."""


CUT_DECONVOLUTIONS = (CutDeconv1d, CutDeconv2d, CutDeconv3d)


class _PaddedPool(nn.Module):
    """A pool with a border of its own."""

    def __init__(self, rule: Any) -> None:
        super().__init__()
        self.rule = rule

    def extra_repr(self) -> str:
        return f"kernel={self.rule.kernel}, stride={self.rule.stride}, padding={self.rule.padding}"

    def padded(self, x: Tensor, value: float) -> tuple[Tensor, list[int] | int, bool]:
        """The input with its border, if that is laid before; what torch's pool is to pad, and whether to round up."""
        borders = self.rule.explicit_padding(spatial(x))
        if borders is None:
            return x, even(self.rule, x), self.rule.windows(spatial(x))[0].rounding is Rounding.CEIL
        return functional.pad(x, sides(borders), value=value), 0, False

    def sizes(self, x: Tensor) -> tuple[list[int], list[int], list[int]]:
        """Kernel, stride and dilation of each axis."""
        windows = self.rule.windows(spatial(x))
        return [w.kernel for w in windows], [w.stride for w in windows], [w.dilation for w in windows]


class PaddedMaxPool(_PaddedPool):
    """The largest of each window; what lies outside never wins."""

    rule: MaxPool

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride, dilation = self.sizes(x)
        x, padding, up = self.padded(x, float("-inf"))
        pool: Any = MAX_POOL[x.dim() - 3]
        result: Tensor = pool(x, kernel, stride, padding, dilation, ceil_mode=up)
        return result


class PaddedAvgPool(_PaddedPool):
    """The mean of each window, with or without the pixels outside."""

    rule: AvgPool

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride, _ = self.sizes(x)
        pool: Any = AVG_POOL[x.dim() - 3]
        inside = x.new_ones(()).expand(1, 1, *x.shape[2:])
        borders = self.rule.explicit_padding(spatial(x))
        x, padding, up = self.padded(x, 0.0)
        if borders is None:
            result: Tensor = pool(x, kernel, stride, padding, up, count_include_pad=self.rule.count_include_pad)
            return result
        mean: Tensor = pool(x, kernel, stride)
        if self.rule.count_include_pad:
            return mean
        share = pool(functional.pad(inside, sides(borders)), kernel, stride)  # of each window, what lies inside
        scaled: Tensor = mean * share[0, 0].clamp_min_(torch.finfo(share.dtype).tiny).reciprocal_()
        return scaled


class DilatedAvgPool(_PaddedPool):
    """The mean of each dilated window, as a sum of shifted maps: torch has no such pool."""

    rule: AvgPool

    def forward(self, x: Tensor) -> Tensor:
        slid = self.rule.windows(spatial(x))
        lengths = [window.length(n) for window, n in zip(slid, spatial(x)[1:])]
        borders = [
            (window.padding(n)[0], window.padding(n)[1] - window.unseen(n)) for window, n in zip(slid, spatial(x)[1:])
        ]
        if min(lengths) < 1:
            raise ValueError(f"no window on {tuple(x.shape[1:])}")
        total = self._sum(functional.pad(x, sides(borders)), slid, lengths)
        size = math.prod(window.kernel for window in slid)
        if self.rule.count_include_pad:
            return total / size
        inside = self._sum(functional.pad(torch.ones_like(x[:1, :1]), sides(borders)), slid, lengths)
        return total * inside.detach().clamp_min_(1).reciprocal_()

    @staticmethod
    def _sum(x: Tensor, slid: Sequence[Any], lengths: Sequence[int]) -> Tensor:
        total: Tensor | None = None
        for place in itertools.product(*(range(window.kernel) for window in slid)):
            part = x
            for axis, (at, window, length) in enumerate(zip(place, slid, lengths), 2):
                start = at * window.dilation
                part = part[
                    (slice(None),) * axis + (slice(start, start + (length - 1) * window.stride + 1, window.stride),)
                ]
            total = part.clone() if total is None else total + part
        assert total is not None
        return total


class PaddedLPPool(_PaddedPool):
    """The p-norm of each window, with zeros outside."""

    rule: LPPool

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride, _ = self.sizes(x)
        x, _, up = self.padded(x, 0.0)
        pool: Any = (functional.lp_pool1d, functional.lp_pool2d, functional.lp_pool3d)[x.dim() - 3]
        result: Tensor = pool(
            x, self.rule.norm, kernel if x.dim() > 3 else kernel[0], stride if x.dim() > 3 else stride[0], up
        )
        return result


class LocallyConnected(nn.Module):
    """Each position's window times the weights of that position, as one batched product."""

    def __init__(self, rule: LocalRule, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.rule = rule
        sizes = rule.weight_shapes(shape)
        bound = rule.window_size(shape) ** -0.5
        self.weight = nn.Parameter(torch.empty(sizes["weight"]).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(sizes["bias"]).uniform_(-bound, bound)) if rule.bias else None

    def forward(self, x: Tensor) -> Tensor:
        slid = self.rule.windows(spatial(x))
        x = functional.pad(x, sides([window.padding(n) for window, n in zip(slid, spatial(x)[1:])]))
        for axis, window in enumerate(slid, 2):
            span = window.dilation * (window.kernel - 1) + 1
            x = x.unfold(axis, span, window.stride)[..., :: window.dilation]
        lengths = x.shape[2 : 2 + len(slid)]
        ordered = x.permute(*range(2, 2 + len(slid)), 0, 1, *range(2 + len(slid), x.dim()))
        taken = ordered.clone(memory_format=torch.contiguous_format).flatten(0, len(slid) - 1).flatten(2)
        if self.bias is None:
            made = torch.bmm(taken, self.weight)
        else:
            made = torch.baddbmm(self.bias.unsqueeze(1), taken, self.weight)
        return made.permute(1, 2, 0).clone(memory_format=torch.contiguous_format).view(len(made[0]), -1, *lengths)
