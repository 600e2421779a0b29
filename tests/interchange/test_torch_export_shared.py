"""torch.export: layers that have some parameters in common, and others of their own, count what the module has."""

from __future__ import annotations

import pytest

import cnncalc

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402


class Of(nn.Module):
    """Modules and a function of them."""

    def __init__(self, forward, **parts):
        super().__init__()
        self.made = forward
        for name, part in parts.items():
            setattr(self, name, nn.Parameter(part) if isinstance(part, torch.Tensor) else part)

    def forward(self, x):
        return self.made(self, x)


def tied(bias):
    words, scores = nn.Embedding(20, 6), nn.Linear(6, 20, bias=bias)
    scores.weight = words.weight
    return Of(lambda own, x: own.scores(torch.tanh(own.words(x))), words=words, scores=scores)


def alike(first, second, *names):
    """Two layers, of which the second takes some parameters of the first."""
    for name in names:
        setattr(second, name, getattr(first, name))
    return Of(lambda own, x: own.second(torch.relu(own.first(x))), first=first, second=second)


def turned():
    own = nn.Linear(6, 9)
    return Of(
        lambda of, x: nn.functional.linear(torch.relu(of.own(x)), of.own.weight.t(), of.b), own=own, b=torch.ones(6)
    )


def scored():
    first, words = nn.Linear(6, 20), nn.Embedding(20, 6)
    words.weight = first.weight
    return Of(lambda own, x: own.words(own.first(x).argmax(-1)), first=first, words=words)


def conv(taken, made, **more):
    return nn.Conv2d(taken, made, 3, **more)


WORDS, VECTORS, IMAGE = torch.zeros(1, 7, dtype=torch.int64), torch.zeros(1, 7, 6), torch.zeros(1, 3, 8, 8)
CASES = {
    "a table and scores with a bias": (lambda: tied(bias=True), WORDS),
    "a table and scores": (lambda: tied(bias=False), WORDS),
    "a matrix with two biases": (lambda: alike(nn.Linear(6, 6), nn.Linear(6, 6), "weight"), VECTORS),
    "two matrices with one bias": (lambda: alike(nn.Linear(6, 6), nn.Linear(6, 6), "bias"), VECTORS),
    "filters with two biases": (lambda: alike(conv(3, 3), conv(3, 3), "weight"), IMAGE),
    "all in common": (lambda: alike(conv(3, 3), conv(3, 3), "weight", "bias"), IMAGE),
    "a convolution and its reverse": (lambda: alike(conv(3, 5), nn.ConvTranspose2d(5, 3, 3), "weight"), IMAGE),
    "a matrix and the same turned": (turned, VECTORS),
    "scores and then a table": (scored, VECTORS),
}


@pytest.mark.parametrize("name", CASES)
def test_what_layers_have_in_common_counts_once(name):
    made, x = CASES[name]
    module = made().eval()
    net = cnncalc.from_torch(module, x)
    (output,) = net.outputs.values()
    assert cnncalc.report(net).totals.params == sum(one.numel() for one in module.parameters())
    assert net.nodes[output].shape == tuple(module(x).shape[1:])
