"""Programs of torch.export: torch itself exports each module and says its parameters and its output's shape."""

from __future__ import annotations

import contextlib
import io
import random
import time
import warnings
import zipfile

import pytest

import cnncalc
from cnncalc import from_torch, report
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.options import Options

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 - torch is an extra
from torch.nn import functional as F  # noqa: E402, N812 - as everybody calls it
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

MAP, SEQUENCE, VECTOR, VOLUME = (1, 8, 12, 10), (1, 8, 12), (1, 8), (1, 4, 6, 6, 6)


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function, *parts):
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(parts)

    def forward(self, x):
        return self.function(x, *self.parts)


class Token(nn.Module):
    """A class token before a sequence, and learned positions."""

    def __init__(self):
        super().__init__()
        self.token, self.positions = nn.Parameter(torch.zeros(1, 1, 8)), nn.Parameter(torch.zeros(1, 13, 8))

    def forward(self, x):
        x = x.transpose(1, 2)
        return torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.positions


class Own(nn.Module):
    """A map of the module's own through a convolution, added to what comes in, as coded positions are."""

    def __init__(self):
        super().__init__()
        self.places, self.project = nn.Parameter(torch.zeros(1, 4, 12, 10)), nn.Conv2d(4, 8, 1)

    def forward(self, x):
        return x + self.project(self.places)


class Scale(nn.Module):
    """A learned factor for each channel, and one for all."""

    def __init__(self):
        super().__init__()
        self.each, self.all = nn.Parameter(torch.ones(8, 1, 1)), nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x * self.each + self.all


def heads(x, dense):
    q, k, v = dense(x.transpose(1, 2)).view(1, 12, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(1, 12, 8)


def attended(x, attention):
    x = x.transpose(1, 2)
    return attention(x, x, x, need_weights=False)[0]


CASES = {
    "conv": (nn.Conv2d(8, 6, (3, 2), stride=2, padding=1, dilation=(1, 2), groups=2), MAP),
    "conv same": (nn.Conv2d(8, 6, 4, padding="same"), MAP),
    "conv1d": (nn.Conv1d(8, 6, 3, bias=False), SEQUENCE),
    "conv3d": (nn.Conv3d(4, 6, 3), VOLUME),
    "deconv": (nn.ConvTranspose2d(8, 6, 3, stride=2, padding=1, output_padding=1, groups=2), MAP),
    "linear": (nn.Linear(8, 5), VECTOR),
    "linear on the last axis": (nn.Linear(10, 5, bias=False), MAP),
    "batch norm": (nn.BatchNorm2d(8), MAP),
    "batch norm without parameters": (nn.BatchNorm2d(8, affine=False), MAP),
    "batch norm of a vector": (nn.BatchNorm1d(8), (2, 8)),
    "group norm": (nn.GroupNorm(2, 8), MAP),
    "layer norm": (nn.LayerNorm(10), MAP),
    "layer norm over all": (nn.LayerNorm([8, 12, 10]), MAP),
    "layer norm without shift": (nn.LayerNorm(10, bias=False), MAP),
    "rms norm": (nn.RMSNorm(10), MAP),
    "instance norm": (nn.InstanceNorm2d(8, affine=True), MAP),
    "max pool": (nn.MaxPool2d(3, 2, 1, ceil_mode=True), MAP),
    "average pool": (nn.AvgPool2d(3, 2, 1, count_include_pad=False), MAP),
    "adaptive pool": (nn.AdaptiveAvgPool2d((3, 2)), MAP),
    "global pool": (nn.AdaptiveAvgPool2d(1), MAP),
    "largest": (nn.AdaptiveMaxPool2d(1), MAP),
    "activations": (nn.Sequential(nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.ELU(), nn.GELU(), nn.Mish()), MAP),
    "random slopes": (nn.Sequential(nn.Conv2d(8, 4, 1), nn.RReLU(0.1, 0.3)), MAP),
    "more activations": (nn.Sequential(nn.Hardswish(), nn.Hardsigmoid(), nn.Softplus(), nn.Tanh(), nn.SiLU()), MAP),
    "prelu": (nn.PReLU(8), MAP),
    "softmax": (nn.Softmax(dim=-1), MAP),
    "log softmax": (nn.LogSoftmax(dim=1), MAP),
    "dropout": (nn.Dropout(0.3), MAP),
    "flatten": (nn.Flatten(), MAP),
    "flatten some": (nn.Flatten(2), MAP),
    "upsample": (nn.Upsample(scale_factor=2), MAP),
    "upsample to a size": (nn.Upsample(size=(15, 17), mode="bilinear", align_corners=True), MAP),
    "pad": (nn.ZeroPad2d((1, 2, 3, 0)), MAP),
    "pixel shuffle": (nn.PixelShuffle(2), MAP),
    "residual": (Function(lambda x, conv: F.relu(x + conv(x), inplace=True), nn.Conv2d(8, 8, 3, padding=1)), MAP),
    "called twice": (Function(lambda x, conv: conv(conv(x)), nn.Conv2d(8, 8, 3, padding=1)), MAP),
    "branches": (Function(lambda x: torch.cat([x, x * 2, 1 + x], dim=1)), MAP),
    "parts": (Function(lambda x: x.chunk(2, 1)[1] * x.split([4, 4], 1)[0]), MAP),
    "slices": (Function(lambda x: x[:, 2:6, ::2, 1]), MAP),
    "shuffled": (Function(lambda x: x.view(1, 2, 4, 12, 10).transpose(1, 2).reshape(1, 8, 12, 10)), MAP),
    "turned": (Function(lambda x: x.permute(0, 2, 3, 1).mean(dim=(1, 2))), MAP),
    "sums": (Function(lambda x: x.sum(2, keepdim=True) / x.amax(1, keepdim=True)), MAP),
    "gate": (Function(lambda x, fc: x * torch.sigmoid(fc(x.mean((2, 3))))[:, :, None, None], nn.Linear(8, 8)), MAP),
    "rolled": (Function(lambda x: torch.roll(x, (2, -3), (2, 3))), MAP),
    "stacked": (Function(lambda x: torch.stack([x, x], dim=2)), MAP),
    "product": (Function(lambda x: x.transpose(1, 2) @ x), SEQUENCE),
    "lstm": (Function(lambda x, one: one(x)[0], nn.LSTM(12, 5, 2, bidirectional=True, batch_first=True)), SEQUENCE),
    "lstm, projected": (Function(lambda x, one: one(x)[0], nn.LSTM(12, 5, proj_size=3, batch_first=True)), SEQUENCE),
    "gru": (Function(lambda x, one: one(x.transpose(0, 1))[0].transpose(0, 1), nn.GRU(12, 5, bias=False)), SEQUENCE),
    "rnn": (Function(lambda x, one: one(x)[0], nn.RNN(12, 5, nonlinearity="relu", batch_first=True)), SEQUENCE),
    "moved": (Function(lambda x: torch.movedim(x, 1, -1)), MAP),
    "largest along an axis": (Function(lambda x: x.max(2).values + x.min(2, keepdim=True)[0].squeeze(2)), MAP),
    "places": (Function(lambda x: x.argmax(1)), MAP),
    "some of the largest": (Function(lambda x: x.topk(3, dim=2).values), MAP),
    "gated": (nn.GLU(dim=1), MAP),
    "unshuffled": (nn.PixelUnshuffle(2), MAP),
    "cut": (Function(lambda x: F.pad(x, (-1, -2, 0, -3))), MAP),
    "mean of a vector": (Function(lambda x: x.mean(1, keepdim=True)), VECTOR),
    "unit length": (Function(lambda x: F.normalize(x, dim=1)), MAP),
    "equation": (Function(lambda x: torch.einsum("b c h w, b c g w -> b c h g", x, x)), MAP),
    "another equation": (Function(lambda x: torch.einsum("bcw,bwd->bcd", x, x.transpose(1, 2))), SEQUENCE),
    "a third equation": (Function(lambda x: torch.einsum("bchw,bcw->bwc", x, x.sum(2))), MAP),
    "slopes between two": (nn.RReLU(0.1, 0.2), MAP),
    "masked": (Function(lambda x: x + torch.ones(12, 10).tril().masked_fill(torch.ones(10) > 0, 2.0)), MAP),
    "attention": (Function(heads, nn.Linear(8, 24)), SEQUENCE),
    "attention with a bias": (
        Function(lambda x, q: F.scaled_dot_product_attention(x, x, x, q(x) @ x.transpose(1, 2)), nn.Linear(12, 12)),
        SEQUENCE,
    ),
    "one less": (Function(lambda x, one: torch.rsub(one(x), 1.0), nn.Conv2d(8, 8, 1)), MAP),
    "a product and more": (Function(lambda x, one: torch.addcmul(x, x, one(x), value=0.5), nn.Conv2d(8, 8, 1)), MAP),
    "a map of its own": (Own(), MAP),
    "token": (Token(), SEQUENCE),
    "scale": (Scale(), MAP),
    "attention of torch": (Function(attended, nn.MultiheadAttention(8, 2, batch_first=True)), SEQUENCE),
    "embedding": (nn.Embedding(20, 6), "numbers"),
}  # fmt: skip


HEADS = 2 * 2 * 12 * 12 * 4
"""Two products of two heads: 12 x 12 places, 4 features each."""
UNCOUNTED = {
    "attention": HEADS,
    "attention of torch": HEADS + 12 * 8 * 24 + 12 * 8 * 8,
}
"""What FlopCounterMode (torch 2.13) leaves out: fused attention on a CPU; the second has its matrices in it."""


def exported(module, shape, folder):
    """The module as torch writes it, and the input that it was written with."""
    x = torch.zeros((1, 7), dtype=torch.long) if shape == "numbers" else torch.rand(shape)
    module.eval()
    file = folder / "net.pt2"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(module, (x,)), str(file))
    return str(file), x


@pytest.mark.filterwarnings("ignore:LSTM with projections")  # oneDNN has none; torch computes it anyway
@pytest.mark.parametrize("name", CASES)
def test_a_module_is_what_torch_makes_of_it(tmp_path, name):
    module, shape = CASES[name]
    file, x = exported(module, shape, tmp_path)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        y = module(x)
    graph = load(file, Options())
    totals = report(graph).totals
    assert totals.params == sum(one.numel() for one in module.parameters())
    assert [tuple(graph.nodes[end].shape) for end in graph.outputs.values()] == [tuple(y.shape[1:])]
    if "lstm" not in name and name not in ("gru", "rnn"):  # FlopCounterMode does not count fused recurrent layers
        assert totals.macs == counter.get_total_flops() // 2 + UNCOUNTED.get(name, 0)


def test_layers_have_the_names_of_the_modules(tmp_path):
    net = nn.Sequential()
    net.add_module("stem", nn.Sequential(nn.Conv2d(8, 4, 3), nn.BatchNorm2d(4)))
    net.add_module("act", nn.ReLU())
    file, _ = exported(net, MAP, tmp_path)
    assert [node.name for _, node, _ in load(file, Options()).layers()] == ["stem.0", "stem.1", "act"]


def test_a_batch_of_two(tmp_path):
    file, _ = exported(nn.Sequential(nn.Conv2d(8, 4, 3), nn.Flatten(), nn.Linear(320, 3)), (2, 8, 12, 10), tmp_path)
    assert load(file, Options()).nodes[-1].shape == (3,)


def test_a_module_in_python():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.1)).train()
    found = from_torch(net, torch.rand(2, 3, 8, 8))
    assert found.report().totals.params == 3 * 4 * 9 + 4 + 8
    assert found.report(batch=3).outputs == {"2": (3, 4, 6, 6)}
    assert all(one.training for one in net.modules())


def test_a_net_of_ours_comes_back():
    """Our own nets, as torch modules, have the same layers when they are read again."""
    for name in ("mobilenet_v2", "resnet18"):
        there = load(name, Options())
        back = from_torch(cnncalc.to_torch(name), torch.zeros(1, 3, 224, 224))
        ours, theirs = report(there).totals, back.report().totals
        assert (theirs.params, theirs.buffers, theirs.macs) == (ours.params, ours.buffers, ours.macs)
        assert [one.shape for one in back.nodes][-1] == there.nodes[-1].shape


class Unknown(nn.Module):
    def forward(self, x):
        return torch.digamma(x) + torch.i0(x) + torch.digamma(x + 1)


def test_unknown_operators_are_listed_together(tmp_path):
    file, _ = exported(Unknown(), MAP, tmp_path)
    with pytest.raises(CnncalcError) as caught:
        load(file, Options())
    (fault,) = caught.value.faults
    assert fault.values == "`aten.digamma.default` 2 ×, `aten.i0.default` 1 ×"
    assert load(file, Options(opaque=True)).nodes[-1].shape == (8, 12, 10)


def test_a_pickle_is_refused(tmp_path):
    file = tmp_path / "net.pt"
    torch.save(nn.Linear(2, 2).state_dict(), file)
    with pytest.raises(CnncalcError, match="opening one runs code"):
        load(str(file), Options())


@pytest.mark.parametrize(("given", "told"), [("7x8x10", "4x8x3x3, .* 4x7x3x3"), ("8x10x10", "3x192, .* 3x256")])
def test_weights_that_are_not_those_of_the_given_input_are_told(tmp_path, given, told):
    """The program is read as it was exported, and its layers would count as others behind another input."""
    file, _ = exported(nn.Sequential(nn.Conv2d(8, 4, 3), nn.Flatten(), nn.Linear(192, 3)), (1, 8, 8, 10), tmp_path)
    with pytest.raises(CnncalcError, match=rf"its weight does not fit\n.*\n.*{told}[\s\S]*is right with its own input"):
        load(file, Options(input=given))


def test_an_archive_of_another_kind(tmp_path):
    file = tmp_path / "net.pt2"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("net/models/model.json", '{"graph_module": {}}')
    with pytest.raises(CnncalcError, match=r"is no program of torch\.export"):
        load(str(file), Options())


@pytest.mark.parametrize("seed", range(100))
def test_any_broken_file_ends_in_an_answer_or_an_error(tmp_path, seed):
    chance = random.Random(seed)
    made, _ = exported(nn.Sequential(nn.Conv2d(8, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(320, 3)), MAP, tmp_path)
    with zipfile.ZipFile(made) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("models/model.json")]
        text = archive.read(name).decode()
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        text = chance.choice([
            text[:at], text[:at] + text[at + 1 :], text[:at] + chance.choice('[]{}:,-9"') + text[at:],
            text.replace('"as_int": 8', f'"as_int": {chance.choice([-1, 0, 10**12, 7])}', chance.randint(1, 3)),
            text.replace('"as_tensor"', '"as_none"', 1), text.replace("conv2d", "convolution"),
            text.replace('"x"', '"y"', 1), text.replace("linear", "conv2d", chance.randint(1, 5)),
        ])  # fmt: skip
    file = tmp_path / "broken.pt2"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, text)
    data = bytearray(content.getvalue())
    if chance.random() < 0.2:
        data[chance.randrange(4, len(data))] ^= 255
    file.write_bytes(data)
    begun = time.monotonic()
    with contextlib.suppress(CnncalcError):
        assert load(str(file), Options()).outputs
    assert time.monotonic() - begun < 20


class Twice(nn.Module):
    """A convolution that is used twice, under two names."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 3, 3, padding=1)
        self.second = self.first

    def forward(self, x):
        return self.second(self.first(x))


def test_weights_are_counted_by_their_shapes_and_once(tmp_path):
    part = nn.Conv2d(4, 3, 3, bias=False)
    part.weight = nn.Parameter(torch.zeros(25, 4, 3, 3)[:3])  # 432 bytes of a tensor of 3,600
    for module, channels, params in ((part, 4, 108), (Twice(), 3, 84)):
        path = tmp_path / "net.pt2"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch says that it stores the part of a tensor
            torch.export.save(torch.export.export(module, (torch.zeros(1, channels, 8, 8),)), path)
        assert report(load(str(path), Options())).totals.params == params
