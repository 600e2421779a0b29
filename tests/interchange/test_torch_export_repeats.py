"""Operations that give elements more than once, weights that are normalised, and tensors on their own, read back."""

from __future__ import annotations

from random import Random

import pytest
from networks import network

from cnncalc import Options, from_torch, report, to_torch
from cnncalc.api.programs import foreign_of
from cnncalc.errors import CnncalcError
from cnncalc.language import load_text

torch = pytest.importorskip("torch")
programs = pytest.importorskip("programs")
exported = pytest.importorskip("cnncalc.torch_backend.exporting").exported
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


def test_modules_that_are_called_as_methods_of_torch_come_back_under_their_names():
    text = "input: 3x8\nlayers: [{conv: 4 k3, name: type}, {conv: 4 k3, name: a.train}, {relu: , name: parameters}]"
    module = to_torch(load_text(text, "n.yaml", Options()))
    read = from_torch(module, torch.zeros(1, 3, 8))
    assert [(row.name, row.params) for row in report(read).rows] == [("type", 40), ("a.train", 52), ("parameters", 0)]
    assert list(module.state_dict()) == ["type.weight", "type.bias", "a.train.weight", "a.train.bias"]


FUNCTIONS = {
    "elu": lambda x: functional.elu(x, 0.3),
    "celu": lambda x: functional.celu(x, 0.3),
    "softplus": lambda x: functional.softplus(x, 2.0),
    "reflect": lambda x: functional.pad(x, (1, 2, 0, 1), mode="reflect"),
    "replicate": lambda x: functional.pad(x, (1, 2, 0, 1), mode="replicate"),
    "circular": lambda x: functional.pad(x, (1, 2, 0, 1), mode="circular"),
    "bicubic": lambda x: functional.interpolate(x, size=(8, 9), mode="bicubic"),
    "bilinear": lambda x: functional.interpolate(x, size=(8, 9), mode="bilinear", align_corners=True),
    "layer_norm": lambda x: functional.layer_norm(x, (7,), eps=0.5),
    "group_norm": lambda x: functional.group_norm(x, 3, eps=0.5),
    "instance_norm": lambda x: functional.instance_norm(x, eps=0.5),
    "rms_norm": lambda x: functional.rms_norm(x, (7,), eps=0.5),
    "argmin": lambda x: x.argmin(2),
    "the smallest": lambda x: x.topk(2, 2, largest=False)[0],
    "added three times": lambda x: torch.add(x, x.sigmoid(), alpha=3),
    "taken off three times": lambda x: torch.sub(x, x.sigmoid(), alpha=3),
    "rounded down": lambda x: torch.div(x, 0.3, rounding_mode="floor"),
    "a power of 2": lambda x: 2.0**x,
    "attention by a factor": lambda x: functional.scaled_dot_product_attention(x, x, x, scale=0.7),
}


@pytest.mark.parametrize("said", FUNCTIONS)
def test_what_is_read_gives_the_numbers_of_the_module(said):
    module, x = module_that(FUNCTIONS[said]), torch.rand(1, 3, 5, 7)
    read = to_torch(from_torch(module, x)).eval()
    torch.testing.assert_close(read(x), module(x), check_dtype=False)


@pytest.mark.parametrize(
    ("does", "said"),
    [
        (lambda x: functional.avg_pool2d(x, 2, divisor_override=3), "counts as a mean"),
        (lambda x: functional.pad(x, (1, 1), value=2.0), "a border of 2.0 counts as one of zeros"),
        (lambda x: torch.div(x, 0.3, rounding_mode="trunc"), "rounded towards zero counts as"),
    ],
)
def test_what_would_give_other_numbers_is_noted(does, said):
    program = exported(module_that(does), [torch.rand(1, 3, 6, 6)])
    assert any(said in note for note in foreign_of(program, "net").notes)


def test_a_border_of_less_than_every_number_is_the_pools_own():
    module = module_that(lambda x: functional.max_pool2d(functional.pad(x, (0, 1, 1, 0), value=float("-inf")), 2))
    read = from_torch(module, torch.zeros(1, 3, 5, 7))
    assert [(row.kind, row.output_shape) for row in report(read).rows] == [("maxpool", (1, 3, 3, 4))]
    x = -torch.rand(1, 3, 5, 7)
    torch.testing.assert_close(to_torch(read).eval()(x), module(x))


def test_one_vector_of_biases_comes_back():
    graph = load_text("input: 3x8\nlayers: [lstm 4 layers=2 bidirectional biases=1 axis=last]", "n.yaml", Options())
    read = from_torch(to_torch(graph), torch.zeros(1, 3, 8))
    assert report(read).totals.params == report(graph).totals.params


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
