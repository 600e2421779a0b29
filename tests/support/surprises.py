"""What torch keeps and counts where a good guess is wrong: each figure measured, and what cnncalc says of the same.

`python -m benchmarks.surprises` prints the table; the tests hold it, and that docs/surprises.md tells each figure.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint_sequential
from torch.utils.flop_counter import FlopCounterMode

import cnncalc
from cnncalc.analysis.costs import report
from cnncalc.torch_backend.building.autocasting import pretend_cuda

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
    needs: str = ""
    """What else it needs, "a compiler" or "CUDA": the tests leave it to `python -m benchmarks.surprises` then."""


def kept(layer: nn.Module, *, frozen: bool = False, shape: tuple[int, ...] = (4, 32, 32), cuda: bool = False) -> int:
    """The bytes of all storages, parameters and buffers apart, that autograd keeps for one step of a layer.

    With `cuda` the tensors are torch's own fakes, which have that device's place and no numbers: it needs none.
    """
    layer.train().requires_grad_(not frozen)
    storages: dict[int, torch.UntypedStorage] = {}

    def place(tensor: torch.Tensor) -> int:
        return tensor.untyped_storage()._cdata

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storages[place(tensor)] = tensor.untyped_storage()
        return tensor

    mode: AbstractContextManager[Any] = nullcontext()
    device = next((one.device for one in layer.parameters()), None)
    entering = torch.rand(shape if len(shape) > 3 else (1, *shape), device=device)
    if cuda:
        mode, (entering,) = pretend_cuda(layer, [entering])
    own = {place(one) for one in (*layer.parameters(), *layer.buffers())}
    with mode, torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        layer(entering.requires_grad_() * 1.0)  # a layer in place may not touch what is a leaf
    return sum(one.nbytes() for at, one in storages.items() if at not in own)


def said(text: str, *more: str, shape: str = MAP, **options: Any) -> int:
    """What cnncalc says that `text` keeps behind a layer that keeps nothing of its output, `more` behind it."""
    before = "upsample 1"  # an output with a gradient, of which nothing is kept
    channels = shape.partition("x")[0]
    net = cnncalc.chain(shape, f"conv {channels} k1 nobias", before, text, *more, **options)
    return sum(row.saved_bytes for row in net.report().rows[2:])


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

    def __init__(self, channels: int = 4, filters: int = 8) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(channels, filters, 3, padding=1), nn.Conv2d(filters, filters, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = nn.functional.max_pool2d(torch.relu(self.first(x)), 2)
        return torch.relu(self.second(pooled)).mean((2, 3))


class _Mean(nn.Module):
    """A convolution, a ReLU and a mean."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(4, 8, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.first(x)).mean((2, 3))


POOLED = ("conv 8 k3 p1", "relu", "maxpool k2", "conv 8 k3 p1", "relu", "global_avgpool")
FOUR = (4, 3, 32, 32)


def compiled(net: nn.Module, **options: Any) -> int:
    """What is kept of a net once inductor has compiled it."""
    torch.compiler.reset()
    return kept(torch.compile(net), **options)  # type: ignore[arg-type] # a compiled module is called as one


class _Segments(nn.Module):
    """Ten blocks of a convolution and a ReLU, by `checkpoint_sequential` in so many segments; of none, as they are."""

    def __init__(self, segments: int) -> None:
        super().__init__()
        self.segments = segments
        self.blocks = nn.Sequential(
            *(nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()) for _ in range(10))
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> Any:
        if not self.segments:
            return self.blocks(x)
        return checkpoint_sequential(self.blocks, self.segments, x, use_reentrant=False)


def _segments(segments: int) -> int:
    """cnncalc of the same: the blocks of all segments but the last run again, as torch divides them."""
    each = 10 // segments if segments else 10
    ends = [*range(0, each * (max(segments, 1) - 1) + 1, each), 10]
    groups = [
        f"{{name: s{at}, layers: [{', '.join(['conv 4 k3 p1, relu'] * (end - begin))}]}}"
        for at, (begin, end) in enumerate(pairwise(ends))
    ]
    again = tuple(f"s{at}" for at in range(len(groups) - 1))
    net = cnncalc.chain(MAP, ["conv 4 k1 nobias", "upsample 1", *groups], cnncalc.Options(checkpoint=again))
    return report(net).totals.saved_bytes - 16_384  # that of the layer in front


def _state(optimizer: Callable[..., torch.optim.Optimizer]) -> int:
    """What an optimizer keeps of a 1×1 convolution of 64 channels after a step."""
    layer = nn.Conv2d(64, 64, 1, bias=False)
    made = optimizer(layer.parameters())
    layer(torch.rand(1, 64, 2, 2)).sum().backward()
    made.step()
    return sum(one.nbytes for one in made.state[layer.weight].values())


def _kept_state(name: str) -> int:
    return report(cnncalc.chain("64x2x2", "conv 64 k1 nobias"), optimizer=name).totals.optimizer_bytes


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
        Surprise(
            "frozen linear layer", 0, lambda: kept(nn.Linear(32, 32), frozen=True),
            lambda: said("linear 32 axis=last", freeze=("linear1",)),
        ),
        Surprise(
            "RMS norm on a CPU, 256 × 16", 33_792,
            lambda: kept(nn.RMSNorm(16), shape=(16, 16, 16)), lambda: said("rmsnorm", shape="16x16x16"),
        ),
        Surprise("the same on CUDA", 17_408, lambda: kept(nn.RMSNorm(16).cuda(), shape=(16, 16, 16)), needs="CUDA"),
        Surprise("dropout on a CPU", 16_384, lambda: kept(nn.Dropout()), lambda: said("dropout 0.5")),
        Surprise("dropout on CUDA", 4_096, lambda: kept(nn.Dropout(), cuda=True)),
        Surprise("dropout of channels", 16, lambda: kept(nn.Dropout2d()), lambda: said("Dropout2d 0.5")),
        *(
            Surprise(f"dropout that keeps mean and variance on {'CUDA' if cuda else 'a CPU'}", 16_384,
                     lambda cuda=cuda: kept(nn.AlphaDropout(), cuda=cuda), lambda: said("AlphaDropout 0.5"))
            for cuda in (False, True)
        ),
        Surprise("a convolution in channels_last, flattened for a linear layer", 49_152, lambda: kept(_ChannelsLast())),
        *(
            Surprise(f"ten blocks of a convolution and a ReLU, in {segments or 'no'} segments", figure,
                     lambda segments=segments: kept(_Segments(segments)), lambda segments=segments: _segments(segments))
            for segments, figure in {0: 180_224, 2: 114_688, 5: 114_688, **dict.fromkeys(range(6, 11), 180_224)}.items()
        ),
        Surprise("two convolutions with a max pool between", 81_920, lambda: kept(_Pooled()), lambda: said(*POOLED)),
        Surprise("the same, compiled", 40_320, lambda: compiled(_Pooled()), needs="a compiler"),
        Surprise("the same of 4 channels on four images of 3×32×32", 180_224, lambda: kept(_Pooled(3, 4), shape=FOUR)),
        Surprise("the same, compiled", 91_120, lambda: compiled(_Pooled(3, 4), shape=FOUR), needs="a compiler"),
        Surprise("a convolution, a ReLU and a mean", 49_152, lambda: kept(_Mean()),
                 lambda: said("conv 8 k3 p1", "relu", "global_avgpool")),
        Surprise("the same, compiled", 25_728, lambda: compiled(_Mean()), needs="a compiler"),
        Surprise("Adam's state of a 1×1 convolution of 64 channels", 32_772, lambda: _state(torch.optim.Adam),
                 lambda: _kept_state("adam")),
        Surprise("Adafactor's state of the same", 32_772, lambda: _state(torch.optim.Adafactor),
                 lambda: _kept_state("adafactor")),
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
