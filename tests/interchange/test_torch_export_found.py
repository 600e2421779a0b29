"""Nets that random runs found, each the least of its kind: read back, they give the numbers of their module."""

from __future__ import annotations

import pytest

from cnncalc import Options, from_torch, to_torch
from cnncalc.api.programs import foreign_of
from cnncalc.language import load_text

torch = pytest.importorskip("torch")
read_back = pytest.importorskip("benchmarks.read_back")
exported = pytest.importorskip("cnncalc.torch_backend.exporting").exported
from torch import nn  # noqa: E402

functional = torch.nn.functional


def net_of(text):
    return load_text(text, "found.yaml", Options())


NETS = {
    "a copy of a part, before the whole is overwritten": (
        "input: 8\nlayers: [{aux: [slice 7:8, expand 1]}, selu inplace]"
    ),
    "a layer that overwrites what an earlier branch takes": (
        "input: 4x6x6\nlayers:\n  - conv 4 k1\n"
        "  - minimum: [[conv 4 k1], [{maximum: [[layernorm last], relu inplace]}, conv 4 k1], [tanh, conv 4 k1]]"
    ),
    "its branches in the order in which they merge": (
        "input: 2x4x4\nlayers: [{concat: [[], conv 2 k1]}, {minimum: [[conv 3 k3 p1, conv 6 k1], [relu, conv 6 k1], "
        "[{maximum: [[layernorm last bias], relu inplace]}, conv 6 k1]]}]"
    ),
    "a dilated pool in a border of its own": "input: 6x4x5x4\nlayers: [maxpool 3x1x3 s3 same d2x1x3 ceil]",
    "the same of a sequence": "input: 5x7\nlayers: [maxpool k3 same d2 ceil]",
    "a modulated convolution whose bias and weight are as large": (
        "input: 1x1x6\nlayers: [{identity: , name: b}, global_avgpool flat, "
        "{modulated_conv: 1 k1 p0 up=1 nodemodulate by=weights, from: [b, previous]}]"
    ),
    "a blurred volume": "input: 3x5x6x4\nlayers: [blur k3 s2x1x2 p1]",
    "an enlarged volume": "input: 2x3x4x5\nlayers: [blur k4 up=2]",
    "a modulated volume": (
        "input: 4x3x4x5\nlayers: [{identity: , name: b}, global_avgpool flat, linear 4, "
        "{modulated_conv: 6 k3x1x2 p1x0x1, from: [b, previous]}]"
    ),
    "a buffer of each sample in another shape, of two samples": (
        "input: 2\nlayers: [batchnorm nostats, parameter 2 nolearned, reshape 2x1, relu]"
    ),
    "an attention with a table of distances for two samples": (
        "input: 6x4x4\nlayers: [reduce mean 1x2 keep, {attention: 1 relative}, batchnorm nostats]"
    ),
}


@pytest.mark.parametrize("text", NETS.values(), ids=NETS)
def test_a_net_comes_back_with_its_numbers(text):
    torch.manual_seed(0)
    kind, told = read_back.outcome(net_of(text), "torch")
    assert (kind, told.split()[:1]) == ("equal", ["named"]), told


class Computed(nn.Module):
    """A convolution by weights that are computed of learned ones."""

    def __init__(self, rank, transposed, **given):
        super().__init__()
        self.given, self.groups = given, given.get("groups", 1)
        self.word = f"conv{'_transpose' * transposed}{rank}d"
        kernel = (3, 2, 2)[:rank]
        shape = (4, 6 // self.groups) if transposed else (6, 4 // self.groups)
        self.weight = nn.Parameter(torch.rand(*shape, *kernel) - 0.5)

    def forward(self, x):
        return getattr(functional, self.word)(x, torch.tanh(self.weight), **self.given)


@pytest.mark.parametrize(
    ("transposed", "given"),
    [
        *((way, {}) for way in (False, True)),
        *((way, {"stride": 2, "padding": 1, "groups": 2}) for way in (False, True)),
        *((way, {"dilation": 2, "padding": 2}) for way in (False, True)),
        (False, {"padding": "same"}),
    ],
)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_convolution_by_computed_weights_is_the_sum_that_it_is(rank, given, transposed):
    module, x = Computed(rank, transposed, **given).eval(), torch.rand(1, 4, *(6, 7, 5)[:rank])
    read = to_torch(from_torch(module, x)).eval()
    (own,) = read.parameters()
    with torch.no_grad():
        own.copy_(module.weight.reshape(own.shape))
    torch.testing.assert_close(read(x), module(x), rtol=1e-4, atol=1e-5)


def test_a_layer_that_may_overwrite_nothing_says_so():
    text = NETS["its branches in the order in which they merge"]
    net = net_of(text)
    module = to_torch(net).eval()
    found = foreign_of(exported(module, [torch.zeros(1, 2, 4, 4)]), "net")
    assert any("it has an output of its own here" in note for note in found.notes)
    assert "inplace" not in found.text
