"""Modules in which the batch is merged with windows, heads or rows of one sample, and weights that are made of others.

torch counts the parameters and multiply–accumulates of each, and what is read is built again and gives its numbers.
"""

from __future__ import annotations

import copy
import warnings

import pytest

from cnncalc import from_torch, report, to_torch

torch = pytest.importorskip("torch")
exported = pytest.importorskip("cnncalc.torch_backend.exporting").exported
from torch import nn  # noqa: E402 - torch is an extra
from torch.nn import functional as F  # noqa: E402, N812 - as everybody calls it
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402


class Doing(nn.Module):
    """A function of a module's parts, of numbers that it learns and of numbers that it keeps."""

    def __init__(self, does, *parts, learned=(), kept=()):
        super().__init__()
        self.does, self.parts = does, nn.ModuleList(parts)
        self.learned = nn.ParameterList(nn.Parameter(torch.rand(shape)) for shape in learned)
        for at, shape in enumerate(kept):
            self.register_buffer(f"kept_{at}", torch.rand(shape))

    def forward(self, x):
        return self.does(x, *self.parts, *self.learned, *self.buffers(recurse=False))


def windowed(x, *layers):
    """Four windows of a map as a batch, through layers, and back beside one another."""
    batch, channels, height, width = x.shape
    x = x.view(batch, channels, 2, height // 2, 2, width // 2).permute(0, 2, 4, 1, 3, 5)
    x = x.reshape(batch * 4, channels, height // 2, width // 2)
    for layer in layers:
        x = layer(x)
    return x.reshape(batch, 4, *x.shape[1:]).flatten(1, 2)


def by_heads(x, layer):
    """A volume of heads, each through one layer."""
    return layer(x.reshape(x.shape[0] * 2, x.shape[1] // 2, *x.shape[2:])).reshape(x.shape)


def rows(x, layer):
    """Each row of a map as a sequence."""
    made, _ = layer(x.permute(0, 2, 3, 1).flatten(0, 1))
    return made.reshape(1, x.shape[2], x.shape[3], -1)


def biased(x, layer, one, other, zeros):
    return F.linear(x, layer.weight, torch.cat([one, zeros, other]))


def scaled(x, weight):
    return F.conv2d(x, weight * 0.5, padding=1)


def tokens(x, layer):
    return layer(x.flatten(0, 1)).reshape(x.shape)


def attending(x, keys, *, shared):
    q, k = x.reshape(1, 4, 6, 8), keys.expand(1, *keys.shape)
    return F.scaled_dot_product_attention(q, k, k, enable_gqa=shared)


MAP, TOKENS = (1, 4, 8, 8), (1, 6, 8)
CASES = {
    "convolutions of windows": (Doing(windowed, nn.Conv2d(4, 6, 3, 2, 1), nn.BatchNorm2d(6), nn.PReLU(6)), MAP),
    "a depthwise one with its padding": (Doing(windowed, nn.Conv2d(4, 4, 3, padding="same", groups=4)), MAP),
    "a transposed one of windows": (Doing(windowed, nn.ConvTranspose2d(4, 3, 2, 2)), MAP),
    "pools of windows": (Doing(windowed, nn.MaxPool2d(2), nn.AvgPool2d(3, 1, 1)), MAP),
    "adaptive pools of windows": (Doing(windowed, nn.AdaptiveAvgPool2d(2)), MAP),
    "one number a window": (Doing(windowed, nn.AdaptiveAvgPool2d(1)), MAP),
    "an enlargement of windows": (Doing(windowed, nn.Upsample(scale_factor=2)), MAP),
    "a border of windows": (Doing(windowed, nn.ZeroPad2d((1, 0, 2, 1))), MAP),
    "convolutions of sequences": (Doing(lambda x, c: c(x.flatten(0, 1)[:, None]), nn.Conv1d(1, 3, 3)), MAP[:3]),
    "volumes of heads": (Doing(by_heads, nn.Conv3d(2, 2, 3, padding=1, groups=2)), (1, 4, 3, 4, 5)),
    "an LSTM of rows": (Doing(rows, nn.LSTM(4, 3, batch_first=True, bidirectional=True)), MAP),
    "a batch norm of tokens": (Doing(tokens, nn.BatchNorm1d(8)), TOKENS),
    "a bias of parts": (Doing(biased, nn.Linear(8, 9, bias=False), learned=[3, 3], kept=[3]), TOKENS),
    "a blur": (Doing(lambda x, k: F.conv2d(x, k, stride=2, padding=1, groups=4), kept=[(4, 1, 3, 3)]), MAP),
    "a fixed convolution": (Doing(lambda x, k, b: F.conv2d(x, k, b, groups=2), kept=[(6, 2, 3, 3), 6]), MAP),
    "a fixed product": (Doing(lambda x, b, w: F.linear(x, w, b), learned=[5], kept=[(5, 8)]), TOKENS),
    "a fixed product of a vector": (Doing(lambda x, w: F.linear(x.flatten(1), w), kept=[(5, 48)]), TOKENS),
    "heads that share keys": (Doing(lambda x, k: attending(x, k, shared=True), learned=[(2, 6, 8)]), (1, 4, 48)),
    "heads that share one key": (Doing(lambda x, k: attending(x, k, shared=False), learned=[(1, 6, 8)]), (1, 4, 48)),
    "a stack of matrices": (Doing(lambda x, w: torch.einsum("bhwc,hkc->bhwk", x, w), learned=[(4, 5, 8)]), MAP),
    "a stack of one matrix": (Doing(lambda x, w: x @ w, learned=[(1, 8, 5)]), MAP),
    "a stack with fewer axes": (Doing(lambda x, w: x @ w, learned=[(4, 8, 5)]), MAP),
    "copies": (Doing(lambda x: x.tile(1, 2, 1, 3)), MAP),
    "copies along new axes": (Doing(lambda x: x.repeat(3, 1, 2, 1, 1).flatten(0, 2)[None]), MAP),
    "copies as a batch": (Doing(lambda x: x.repeat_interleave(3, 0).flatten(0, 1)[None]), MAP),
    "parts without elements": (Doing(lambda x: torch.cat([x[:, :0], x * 2, x[:, 4:]], 1)), MAP),
    "bounds that are tensors": (Doing(lambda x, a: x.clamp(max=a.sum()), kept=[3]), MAP),
    "an enlargement to its own size": (
        Doing(lambda x: F.interpolate(x * 2, (8, 8), mode="bicubic", antialias=True)),
        MAP,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_sample_in_parts_is_read_as_torch_runs_it(name):
    module, shape = CASES[name]
    module, x = module.eval(), torch.rand(shape)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            nn.init.uniform_(tensor, 0.5, 1.5)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        read = from_torch(module, x)
        with FlopCounterMode(display=False) as counter:
            copy.deepcopy(module).to("meta")(x.to("meta"))  # on a CPU it takes no notice of some attentions
        made = module(x)
    totals = report(read).totals
    assert totals.params == sum(one.numel() for one in module.parameters())
    assert 2 * totals.macs == counter.get_total_flops()
    again = to_torch(read).eval()
    own, layers = module.state_dict(keep_vars=True), again.state_dict(keep_vars=True)
    called = [(own.pop(key), layers.pop(key)) for key in list(layers) if key in own]
    shared = {tensor for _, tensor in called}
    for tensor in layers.values():
        if tensor not in shared:  # a function of a module has no name of its own
            found = next(key for key, one in own.items() if one.shape == tensor.shape)
            called.append((own.pop(found), tensor))
    for one, tensor in called:
        tensor.data.copy_(one.data.reshape(tensor.shape))
    torch.testing.assert_close(again(x).reshape(made.shape), made)
