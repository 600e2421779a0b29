"""What torch keeps and counts where a good guess is wrong: each figure measured, and what cnncalc says of the same.

`python -m benchmarks.surprises` prints the table; the tests hold it, and that docs/surprises.md tells each figure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import cnncalc

MAP = "4x32x32"
"""4,096 numbers of four bytes: 16,384 bytes."""


class Surprise(NamedTuple):
    """One figure that is easily guessed wrong."""

    subject: str
    figure: int
    """What is measured, in bytes or floating-point operations."""
    measured: Callable[[], int]
    ours: Callable[[], int] | None = None
    """What cnncalc says of the same; none where it says nothing of the kind."""
    compiles: bool = False
    """Whether it needs a C++ compiler and half a minute: the tests leave it to `python -m benchmarks.surprises`."""


def kept(layer: nn.Module, *, frozen: bool = False, shape: tuple[int, ...] = (4, 32, 32)) -> int:
    """The bytes of all storages, parameters and buffers apart, that autograd keeps for one step of a layer."""
    layer.train().requires_grad_(not frozen)
    own = {one.untyped_storage().data_ptr() for one in (*layer.parameters(), *layer.buffers())}
    storages: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    entering = torch.rand(1, *shape, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        layer(entering * 1.0)  # a layer in place may not touch what is a leaf
    return sum(one.nbytes() for place, one in storages.items() if place not in own)


def said(text: str, *more: str, shape: str = MAP, freeze: tuple[str, ...] = ()) -> int:
    """What cnncalc says that `text` keeps behind a layer that keeps nothing of its output, `more` behind it."""
    before = "upsample 1"  # an output with a gradient, of which nothing is kept
    channels = shape.partition("x")[0]
    report = cnncalc.chain(shape, f"conv {channels} k1 nobias", before, text, *more, freeze=freeze).report()
    return sum(row.saved_bytes for row in report.rows[2:])


def flops(call: Callable[[], Any]) -> int:
    """What FlopCounterMode counts while it is called."""
    with FlopCounterMode(display=False) as counter:
        call()
    return int(counter.get_total_flops())


def _backward() -> int:
    image = torch.rand(1, 64, 8, 8, requires_grad=True)
    layer = nn.Conv2d(64, 64, 3, padding=1, groups=64, bias=False)
    forward = flops(lambda: layer(image))
    return flops(lambda: layer(image).sum().backward()) // forward - 1


def _attention(weights: bool, gradients: bool) -> int:
    layer, rows = nn.MultiheadAttention(32, 4, batch_first=True).eval(), torch.rand(1, 10, 32)
    with torch.set_grad_enabled(gradients):
        return flops(lambda: layer(rows, rows, rows, need_weights=weights))


class _ChannelsLast(nn.Module):
    """A convolution in torch's other layout, and a vector of what comes out."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.linear = nn.Conv2d(4, 4, 1), nn.Linear(4096, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = torch.relu(self.convolution(x.to(memory_format=torch.channels_last)))
        vector: torch.Tensor = self.linear(seen.flatten(1))
        return vector


class _Pooled(nn.Module):
    """Two convolutions, a max pool between them, a mean behind them."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(4, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = nn.functional.max_pool2d(torch.relu(self.first(x)), 2)
        return torch.relu(self.second(pooled)).mean((2, 3))


def _compiled() -> int:
    """What is kept of the same net once inductor has compiled it."""
    return kept(torch.compile(_Pooled()))  # type: ignore[arg-type] # a compiled module is called as one


def _encoder(training: bool, gradients: bool) -> int:
    layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True).train(training)
    with torch.set_grad_enabled(gradients):
        return flops(lambda: layer(torch.rand(1, 10, 32)))


PADS = (
    ("reflect", nn.ReflectionPad2d, 37_120),
    ("replicate", nn.ReplicationPad2d, 37_120),
    ("circular", nn.CircularPad2d, 20_736),
)
SPARED = ("leaky_relu", "elu", "selu")
IN_PLACE = (
    ("relu", nn.ReLU), ("leaky_relu", nn.LeakyReLU), ("elu", nn.ELU), ("selu", nn.SELU), ("relu6", nn.ReLU6),
    ("silu", nn.SiLU), ("hardswish", nn.Hardswish), ("mish", nn.Mish),
)  # fmt: skip


def _table() -> list[Surprise]:
    point = "conv 4 k1"
    conv: Callable[[], nn.Module] = lambda: nn.Conv2d(4, 4, 1)  # noqa: E731
    table = [
        Surprise(
            f"{name} padding, then a convolution", figure,
            lambda pad=pad: kept(nn.Sequential(pad(2), conv())),
            lambda name=name: said(f"pad 2 {name}", point),
        )
        for name, pad, figure in PADS
    ]  # fmt: skip
    table += [
        Surprise(
            f"{name}{' in place' * inplace}, then a convolution",
            16_384 if name == "relu" or (inplace and name in SPARED) else 32_768,
            lambda kind=kind, inplace=inplace: kept(nn.Sequential(kind(inplace=inplace), conv())),
            lambda name=name, inplace=inplace: said(name + " inplace" * inplace, point),
        )
        for name, kind in IN_PLACE
        for inplace in (False, True)
    ]  # fmt: skip
    return [
        *table,
        Surprise("average pooling, 2×2", 16_384, lambda: kept(nn.AvgPool2d(2)), lambda: said("avgpool k2")),
        Surprise("average pooling to 1×1", 0, lambda: kept(nn.AdaptiveAvgPool2d(1)), lambda: said("global_avgpool")),
        Surprise(
            "LRN over 5 of 8 channels of 16×16", 36_864,
            lambda: kept(nn.LocalResponseNorm(5), shape=(8, 16, 16)), lambda: said("lrn 5", shape="8x16x16"),
        ),
        Surprise(
            "frozen 1×1 convolution", 16_384,
            lambda: kept(conv(), frozen=True), lambda: said(point, freeze=("conv2",)),
        ),
        Surprise("frozen linear layer", 0, lambda: kept(nn.Linear(32, 32), frozen=True)),
        Surprise(
            "RMS norm on a CPU, 256 × 16", 33_792,
            lambda: kept(nn.RMSNorm(16), shape=(16, 16, 16)), lambda: said("rmsnorm", shape="16x16x16"),
        ),
        Surprise("dropout on a CPU", 16_384, lambda: kept(nn.Dropout()), lambda: said("dropout 0.5")),
        Surprise("dropout of channels", 16, lambda: kept(nn.Dropout2d()), lambda: said("Dropout2d 0.5")),
        Surprise("dropout that keeps mean and variance, CPU and CUDA", 16_384, lambda: kept(nn.AlphaDropout()),
                 lambda: said("AlphaDropout 0.5")),
        Surprise("a convolution in channels_last, flattened for a linear layer", 49_152, lambda: kept(_ChannelsLast())),
        Surprise("two convolutions with a max pool between", 81_920, lambda: kept(_Pooled()),
                 lambda: said("conv 8 k3 p1", "relu", "maxpool k2", "conv 8 k3 p1", "relu", "global_avgpool")),
        Surprise("the same, compiled", 40_320, _compiled, compiles=True),
        Surprise("FlopCounterMode: attention that gives its weights", 94_720, lambda: _attention(True, True)),
        Surprise("FlopCounterMode: attention that does not", 81_920, lambda: _attention(False, True)),
        Surprise("FlopCounterMode: attention, no gradients", 0, lambda: _attention(False, False)),
        Surprise("FlopCounterMode: backward of a depthwise convolution, 64 channels, over forward", 65, _backward),
        Surprise("FlopCounterMode: an encoder layer in training", 163_840, lambda: _encoder(True, True)),
        Surprise("FlopCounterMode: an encoder layer, no gradients", 0, lambda: _encoder(False, False)),
        Surprise("FlopCounterMode: a GRU", 23_040, lambda: flops(lambda: nn.GRU(8, 16)(torch.rand(10, 1, 8)))),
        Surprise("FlopCounterMode: an LSTM", 0, lambda: flops(lambda: nn.LSTM(8, 16)(torch.rand(10, 1, 8)))),
        Surprise(
            "FlopCounterMode: a matrix times a vector", 0,
            lambda: flops(lambda: torch.mv(torch.rand(4, 5), torch.rand(5))),
        ),
    ]  # fmt: skip


SURPRISES = _table()
