"""What people call in their nets: modules, functions and methods of tensors, each held against the module itself."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc import from_torch, report
from cnncalc.api.programs import foreign_of

torch = pytest.importorskip("torch")
modules = pytest.importorskip("modules")
exported = pytest.importorskip("cnncalc.torch_backend.exporting").exported
from torch import nn  # noqa: E402 - torch is an extra
from torch.nn import functional as F  # noqa: E402, N812 - as everybody calls it

Doing = modules.Doing
MAP, SEQUENCE, TOKENS, VECTOR, VOLUME = (1, 8, 12, 10), (1, 8, 12), (1, 6, 8), (1, 8), (1, 4, 6, 6, 6)


def among_tokens(x, attention):
    return attention(x, x, x)[0]


def across(x, attention):
    x = x.transpose(0, 1)
    return attention(x, x, x)[0].transpose(0, 1)


def grouped(x):
    """Channels in turn from two groups."""
    return x.view(1, 2, 4, 12, 10).transpose(1, 2).contiguous().view(1, 8, 12, 10)


def focused(x):
    return torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)


def brought_to_one(x):
    return (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, unbiased=False) + 1e-6).sqrt()


def by_response(x):
    length = x.norm(p=2, dim=(2, 3), keepdim=True)
    return x * (length / (length.mean(1, keepdim=True) + 1e-6))


def standardised(x, conv):
    weight = conv.weight - conv.weight.mean((1, 2, 3), keepdim=True)
    return F.conv2d(x, weight / (conv.weight.std((1, 2, 3), keepdim=True) + 1e-5), conv.bias, padding=1)


def twice(x, cell):
    state = cell(x[:, :, 0], x[:, :5, 1])
    return cell(x[:, :, 1], state)


def remembering(x, cell):
    inside = x[:, :5, 2]
    state, inside = cell(x[:, :, 0], (x[:, :5, 1], inside))
    return cell(x[:, :, 1], (state, inside))[0]


def by_matrix(x, dense):
    return torch.einsum("nchw,kc->nkhw", x, dense.weight)


def mean_and_last(x, layer):
    states, last = layer(x.mT)
    return torch.cat([states.mean(1), last[-1]], 1)


def of_both_ways(x, layer):
    last = layer(x.mT)[1][0]
    return torch.cat([last[-2], last[-1]], 1)


def of_all_and_more(x, layer):
    states, last = layer(x.mT)
    return last.sum(0) + states[:, 3]


def undone(x, pool, unpool):
    return unpool(*pool(x))


LAYER: dict[str, Any] = {"d_model": 8, "nhead": 2, "dim_feedforward": 16, "batch_first": True}
CASES = {
    MAP: {
        "interpolate by two factors": lambda x: F.interpolate(x, scale_factor=(2, 3)),
        "interpolate by 1.5": lambda x: F.interpolate(x, scale_factor=1.5, mode="bilinear"),
        "interpolate by a half": lambda x: F.interpolate(x, scale_factor=0.5, recompute_scale_factor=True),
        "interpolate an area": lambda x: F.interpolate(x, size=(6, 5), mode="area"),
        "interpolate exactly": lambda x: F.interpolate(x, scale_factor=2, mode="nearest-exact"),
        "adaptive pool of one axis": lambda x: F.adaptive_avg_pool2d(x, (1, None)),
        "adaptive pool with places": lambda x: F.adaptive_max_pool2d(x, (3, 2), return_indices=True)[0],
        "mean of pixels": lambda x: x.mean((2, 3), keepdim=True),
        "mean of all": lambda x: x.mean((1, 2, 3), keepdim=True),
        "std": lambda x: x.std((2, 3), keepdim=True),
        "var": lambda x: x.var(1, unbiased=False),
        "var and mean": lambda x: torch.var_mean(x, 1, keepdim=True),
        "std and mean": lambda x: torch.std_mean(x, (2, 3)),
        "chunk": lambda x: torch.cat(x.chunk(3, 1)[::-1], 1),
        "split": lambda x: torch.split(x, [3, 5], 1)[1],
        "tensor_split": lambda x: torch.tensor_split(x, 3, 2)[1],
        "hsplit": lambda x: torch.hsplit(x, 2)[1],
        "unbind and stack": lambda x: torch.stack(x.unbind(2)[::2], 1),
        "normalize": lambda x: F.normalize(x, p=1, dim=-1),
        "norm by maximum": lambda x: torch.linalg.vector_norm(x, ord=float("inf"), dim=1),
        "norm of order 3": lambda x: x.norm(p=3, dim=1, keepdim=True),
        "cosine": lambda x: F.cosine_similarity(x, x.tanh(), dim=1),
        "pixel_unshuffle": lambda x: F.pixel_unshuffle(x, 2),
        "reflect": lambda x: F.pad(x, (1, 2, 3, 1), mode="reflect"),
        "circular": lambda x: F.pad(x, (1, 2, 3, 1), mode="circular"),
        "pad channels": lambda x: F.pad(x, (0, 0, 0, 0, 2, 3)),
        "a circular convolution": nn.Conv2d(8, 4, 3, padding=1, padding_mode="circular"),
        "a reflecting convolution": nn.Conv2d(8, 4, 3, padding=1, padding_mode="reflect"),
        "shuffle by view": grouped,
        "channel_shuffle": nn.ChannelShuffle(2),
        "focus": focused,
        "unfold and fold": lambda x: F.fold(F.unfold(x, 2, stride=2), (12, 10), 2, stride=2),
        "unpool": Doing(undone, nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)),
        "where": lambda x: torch.where(x > 0.4, x, x * 0.1),
        "where not": lambda x: torch.where(x <= 0.4, 0.0, x),
        "where far": lambda x: torch.where(x >= 0.4, x, float("-inf")).softmax(1),
        "where two numbers": lambda x: torch.where(x < 0.4, 2.0, 3.0),
        "masked_fill": lambda x: x.masked_fill(x.mean(1, keepdim=True) > 0.5, -1e9).softmax(1),
        "masked_fill by 2": lambda x: x.masked_fill(x != 0.5, 2.0),
        "mask": lambda x: x * (x > 0.4),
        "conditions": lambda x: ((x > 0.2) & ~(x > 0.7) | (x == 0.9)).float() * x,
        "clamp": lambda x: x.clamp(-0.5, 0.5) + x.clip(max=0.3) + torch.clamp_max(x, 0.2) + x.clamp_min(0.1),
        "threshold": lambda x: F.threshold(x, 0.1, 20) + F.hardshrink(x, 0.3) + F.softshrink(x, 0.2),
        "lerp": lambda x: torch.lerp(x, x.sigmoid(), 0.3) + torch.lerp(x, x.sigmoid(), x.tanh()),
        "roll": lambda x: x.roll((2, -3), (2, 3)),
        "repeat_interleave": lambda x: x.repeat_interleave(2, 1),
        "expand": lambda x: x.mean((2, 3), keepdim=True).expand(-1, -1, 12, 10),
        "expand_as": lambda x: x[:, :1].expand_as(x) * x,
        "expand with an axis more": lambda x: x[:, :, None].expand(1, 8, 3, 12, 10),
        "over the largest": lambda x: x / x.max() + x.min(),
        "max of two": lambda x: torch.max(x, x.tanh()) + torch.min(x, x.square()),
        "amax": lambda x: x.amax((2, 3)),
        "LRN": nn.LocalResponseNorm(3),
        "LPPool": nn.LPPool2d(2, 3, 2),
        "layer norm of pixels": Doing(lambda x, n: n(x), nn.LayerNorm([12, 10])),
        "layer norm of channels": Doing(lambda x, n: n(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), nn.LayerNorm(8)),
        "layer norm by hand": brought_to_one,
        "response norm by hand": by_response,
        "standardised weights": Doing(standardised, nn.Conv2d(8, 4, 3)),
        "moved axes": lambda x: x.swapaxes(1, 2).swapdims(2, 3).movedim(1, -1).mT,
        "differences": lambda x: x.diff(dim=2),
        "remainders": lambda x: x % 0.3 + x // 0.2,
        "addcdiv": lambda x: torch.addcdiv(x, x, x + 1, value=0.5),
        "hypot": lambda x: torch.hypot(x, x + 1) + torch.logaddexp(x, x * 2),
        "nan_to_num": lambda x: torch.nan_to_num(x.log()),
        "instance norm with statistics": nn.InstanceNorm2d(8, affine=True, track_running_stats=True),
        "softmin": lambda x: F.softmin(x, 1),
        "an enlargement by pixels": nn.Upsample(scale_factor=2, mode="bicubic"),
        "two outputs": lambda x: (x.relu(), {"more": [x.tanh()]}),
        "one output twice": lambda x: [x.relu()] * 2,
        "einsum by a matrix": Doing(by_matrix, nn.Linear(8, 3, bias=False)),
        "sizes": lambda x: x.reshape(x.size(0), -1, x.shape[2] // 2, x.shape[3] * 2),
    },
    SEQUENCE: {
        "einsum of one": lambda x: torch.einsum("bct->btc", x) + torch.einsum("b c t -> b c", x)[:, None],
        "einsum of three": lambda x: torch.einsum("bct,bcs,bs->bt", x, x, x[:, 0]),
        "einsum with dots": lambda x: torch.einsum("...ct,...cs->...ts", x, x),
        "baddbmm": lambda x: torch.baddbmm(x @ x.mT, x, x.mT, beta=0.5, alpha=2),
        "last state": Doing(lambda x, r: r(x.mT)[1][0][-1], nn.LSTM(8, 5, 2, batch_first=True)),
        "last state of a GRU": Doing(lambda x, r: r(x.mT)[1].squeeze(0), nn.GRU(8, 5, batch_first=True)),
        "states and the last one": Doing(
            mean_and_last, nn.GRU(8, 5, batch_first=True)
        ),
        "last states of both ways": Doing(
            of_both_ways,
            nn.LSTM(8, 5, 2, batch_first=True, bidirectional=True),
        ),
        "last states of all layers": Doing(
            lambda x, r: r(x.mT)[1].transpose(0, 1).flatten(1), nn.GRU(8, 5, 2, batch_first=True, bidirectional=True)
        ),
        "all states and the last of all": Doing(
            of_all_and_more, nn.RNN(8, 5, 2, batch_first=True)
        ),
        "a cell of an LSTM": Doing(remembering, nn.LSTMCell(8, 5)),
        "a cell of a GRU": Doing(twice, nn.GRUCell(8, 5)),
        "a cell": Doing(twice, nn.RNNCell(8, 5, nonlinearity="relu")),
    },
    TOKENS: {
        "MultiheadAttention": Doing(among_tokens, nn.MultiheadAttention(8, 2, batch_first=True)),
        "MultiheadAttention, sequence first": Doing(across, nn.MultiheadAttention(8, 2)),
        "MultiheadAttention on keys": Doing(
            lambda x, a: a(x, x[..., :5], x[..., :5])[0], nn.MultiheadAttention(8, 2, kdim=5, vdim=5, batch_first=True)
        ),
        "TransformerEncoderLayer": nn.TransformerEncoderLayer(**LAYER),
        "TransformerEncoder": nn.TransformerEncoder(nn.TransformerEncoderLayer(**LAYER), 2, enable_nested_tensor=False),
        "TransformerDecoderLayer": Doing(lambda x, d: d(x, x), nn.TransformerDecoderLayer(**LAYER)),
        "Transformer": Doing(lambda x, t: t(x, x), nn.Transformer(8, 2, 1, 1, 16, batch_first=True)),
    },
    VECTOR: {
        "roll as a row": lambda x: x.roll(3),
        "outer product": lambda x: x[:, :, None] * x[:, None, :],
        "a bag": Doing(lambda x, e: e((x * 40).long()[:, :5]), nn.EmbeddingBag(50, 4)),
        "pairwise_distance": lambda x: F.pairwise_distance(x, x.tanh(), keepdim=True),
    },
    VOLUME: {"replicate": lambda x: F.pad(x, (1, 2, 1, 1, 0, 1), mode="replicate")},
}  # fmt: skip
NAMED = [(shape, name) for shape, cases in CASES.items() for name in cases]


@pytest.mark.parametrize(("shape", "name"), NAMED)
def test_a_call_is_what_it_is(shape, name):
    does = CASES[shape][name]
    torch.manual_seed(3)
    modules.held(does if isinstance(does, nn.Module) else Doing(does), torch.rand(shape))


FIXED = {
    "a causal mask": (lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True), TOKENS),
    "a mask of the code": (
        lambda x: (x @ x.mT).masked_fill(torch.ones(6, 6).triu(1).bool(), float("-inf")).softmax(-1),
        TOKENS,
    ),
    "a triangle": (lambda x: torch.tril(x @ x.mT), TOKENS),
    "places as channels": (
        lambda x: torch.cat([x, torch.linspace(-1, 1, 10).expand(1, 1, 12, 10)], 1),
        MAP,
    ),
    "chance": (lambda x: F.gumbel_softmax(x + torch.randn_like(x), dim=1), MAP),
    "cumsum": (lambda x: x.cumsum(1), MAP),
    "flip": (lambda x: torch.flip(x, [2, 3]), MAP),
    "chosen channels": (lambda x: x[:, [0, 2, 4]] + x.index_select(1, torch.tensor([1, 2, 3])), MAP),
    "gather": (lambda x: torch.gather(x, 1, x.argmax(1, keepdim=True)), MAP),
    "sort": (lambda x: x.sort(1)[0] + x.sort(1)[1], MAP),
    "one_hot": (lambda x: F.one_hot(x.argmax(1), 8).float(), MAP),
    "scatter": (lambda x: torch.zeros_like(x).scatter(1, x.argmax(1, keepdim=True), 1.0), MAP),
    "a flow": (lambda x: F.grid_sample(x, x[:, :2].permute(0, 2, 3, 1), align_corners=True), MAP),
    "fft": (lambda x: torch.fft.rfft2(x).abs(), MAP),
    "cdist": (lambda x: torch.cdist(x, x), SEQUENCE),
}


@pytest.mark.parametrize("name", FIXED)
def test_what_has_numbers_of_its_own_is_known_by_its_shape(name):
    """A fixed mask is a constant, whose numbers are not read; what has no rule of ours is opaque."""
    does, shape = FIXED[name]
    read = modules.held(Doing(does), torch.rand(shape), numbers=False)
    assert {"constant", "opaque"} & {row.kind for row in report(read).rows}


class Transformed(nn.Module):
    """A spatial transformer (Jaderberg et al. 2015): where a map is looked up is computed of it."""

    def __init__(self):
        super().__init__()
        self.where, self.last = nn.Linear(8, 6), nn.Conv2d(8, 4, 3)

    def forward(self, x):
        grid = F.affine_grid(self.where(x.mean((2, 3))).view(-1, 2, 3), x.size(), align_corners=False)
        return self.last(F.grid_sample(x, grid, align_corners=False))


class Translating(nn.Module):
    """Two recurrences, of which the second begins with the last states of the first."""

    def __init__(self):
        super().__init__()
        self.encode, self.decode = nn.LSTM(8, 5, batch_first=True), nn.LSTM(8, 5, batch_first=True)

    def forward(self, x):
        return self.decode(x, self.encode(x)[1])[0]


@pytest.mark.parametrize(("module", "shape"), [(Transformed(), MAP), (Translating(), TOKENS)])
def test_what_is_computed_for_a_layer_keeps_what_computes_it(module, shape):
    modules.held(module, torch.rand(shape), numbers=False)


def test_first_and_last_states_are_noted():
    program = exported(Translating(), [torch.rand(TOKENS)])
    notes = " ".join(foreign_of(program, "net").notes)
    assert "`decode`: its first states, which are computed, are a layer of which only the shape is known" in notes
    assert "`encode`: the last states inside its cells are a layer of which only the shape is known" in notes


def test_a_wide_border_of_less_than_every_number_is_the_edge():
    """A window that reaches the map reaches its edge: no other number comes out."""

    def does(x):
        return F.max_pool2d(F.pad(x, (2, 2, 2, 1), value=float("-inf")), 3, 1)

    read = modules.held(Doing(does), -1 - torch.rand(MAP))
    assert [row.kind for row in report(read).rows] == ["pad", "maxpool"]


def test_a_border_of_less_than_every_number_may_be_a_dilated_pools_own():
    def does(x):
        return F.max_pool2d(F.pad(x, (2, 2, 2, 2), value=float("-inf")), 3, 1, dilation=2)

    read = modules.held(Doing(does), -1 - torch.rand(MAP))
    assert [row.kind for row in report(read).rows] == ["maxpool"]


def test_an_output_that_is_given_twice_comes_out_twice():
    read = from_torch(Doing(lambda x: [x.relu()] * 2), torch.rand(MAP))
    assert len(read.outputs) == 2
