"""Operations that give elements more than once, weights that are normalised, and tensors on their own, read back."""

from __future__ import annotations

from random import Random

import pytest
from networks import network

from cnncalc import Options, from_torch, to_torch
from cnncalc.errors import CnncalcError
from cnncalc.language import load_text

torch = pytest.importorskip("torch")
programs = pytest.importorskip("programs")
nn = torch.nn
functional = torch.nn.functional


def module_that(does):
    """A function as a module."""
    made = nn.Identity()
    made.forward = does
    return made


SHAPES = {
    "repeat": (lambda x: x.repeat(1, 2, 1, 3), "6x5x21"),
    "repeat_interleave": (lambda x: x.repeat_interleave(2, 2), "3x10x7"),
    "unfold": (lambda x: x.unfold(3, 3, 2), "3x5x3x3"),
    "im2col": (lambda x: functional.unfold(x, 3, padding=1), "27x35"),
    "fractional_max_pool2d": (lambda x: functional.fractional_max_pool2d(x, 2, (3, 4)), "3x3x4"),
    "pad": (lambda x: functional.pad(x, (-1, 2, 1, -2)), "3x4x8"),
}


@pytest.mark.parametrize("does", SHAPES)
def test_a_shape_is_as_torch_makes_it(does):
    """The shapes are those that torch gives, which the program states and the reader holds."""
    function, wanted = SHAPES[does]
    x = torch.zeros(1, 3, 5, 7)
    assert "x".join(map(str, function(x).shape[1:])) == wanted
    net = from_torch(module_that(function), x)
    assert [net.nodes[index].shape for index in net.outputs.values()] == [tuple(map(int, wanted.split("x")))]


@pytest.mark.parametrize("normalised", ["weight_norm", "spectral_norm"])
def test_a_normalised_weight_is_one(normalised):
    """A direction and a length, or a weight with two vectors, are a layer's own numbers as in torch's module."""
    module = getattr(nn.utils.parametrizations, normalised)(nn.Conv2d(3, 4, 3))
    totals = from_torch(module, torch.zeros(1, 3, 8, 8)).report().totals
    assert totals.params == sum(one.numel() for one in module.parameters())
    assert totals.buffers == sum(one.numel() for one in module.buffers())


def test_a_name_that_torch_export_cannot_take_is_told():
    graph = load_text("input: 3x8\nlayers: [{conv: 4 k3, name: type}]", "n.yaml", Options())
    with pytest.raises(CnncalcError, match=r"torch\.export cannot take a module that is called `type`"):
        from_torch(to_torch(graph), torch.zeros(1, 3, 8))


@pytest.mark.parametrize("way", ["back", "through_torch"])
def test_random_nets_come_back(way):
    held = 0
    for number in range(10):
        net = network(Random(f"back/{number}"))
        try:
            graph = load_text(net.text, "random.yaml", Options(train=net.train))
            lines = getattr(programs, way)(graph)
        except CnncalcError:
            continue  # no net, or one that PyTorch has not
        held += 1
        assert lines == [], net.text
    assert held > 5
