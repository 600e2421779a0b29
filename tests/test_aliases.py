"""Layers called by the names of torch.nn: `verify` builds the class that is named, so that a wrong alias is seen."""

from __future__ import annotations

import inspect

import pytest

torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from torch import nn  # noqa: E402

from cnncalc.errors import CnncalcError  # noqa: E402
from cnncalc.graph import Net, forget  # noqa: E402
from cnncalc.layers import registry  # noqa: E402
from cnncalc.layers.registry import kind_named  # noqa: E402
from cnncalc.notation.lines import parse  # noqa: E402
from cnncalc.torch_backend.verify import verify  # noqa: E402

ARGUMENTS = {
    **dict.fromkeys(("AdaptiveAvgPool", "AdaptiveMaxPool", "CrossMapLRN", "LocalResponseNorm"), "3"),
    **dict.fromkeys(("AvgPool", "LPPool", "Unfold"), "k2"), "MaxPool": "k3 s2 ceil", "FractionalMaxPool": "k2 size=3",
    **dict.fromkeys(("CircularPad", "ConstantPad", "ReflectionPad", "ReplicationPad", "ZeroPad"), "2"),
    **dict.fromkeys(("Conv", "LazyConv", "ConvTranspose", "LazyConvTranspose"), "8 k3 s2"),
    **dict.fromkeys(("GRU", "LSTM", "RNN"), "5 bidirectional"), "Linear": "7", "LazyLinear": "7", "Embedding": "10 5",
    **dict.fromkeys(("ChannelShuffle", "GroupNorm", "MultiheadAttention", "PixelShuffle", "PixelUnshuffle"), "2"),
    **dict.fromkeys(("Upsample", "UpsamplingBilinear", "UpsamplingNearest"), "2"), "Unflatten": "2x-1",
}  # fmt: skip
"""What is to be said of a class, without the `2d` at its name's end."""
CALLED_OTHERWISE = ("Bilinear", "Fold", "MaxUnpool")
"""What takes two tensors, or one of a special shape."""
FURTHER = (
    ("Conv2d", "8x16x16", "8 k4 padding=same"), ("Conv1d", "8x9", "4 k4 d3 same"),
    ("Conv3d", "8x6x6x6", "8 k2x3x4 same"), ("Conv2d", "8x6x6", "8 k4 same s2"),
    ("Conv2d", "8x6x6", "8 k2 same circular"), ("BatchNorm2d", "8x6x6", "nostats"), ("BatchNorm1d", "8", ""),
    ("InstanceNorm2d", "8x6x6", "stats affine"),
    ("Dropout2d", "8x6x6", "0.3 inplace"), ("AlphaDropout", "8x6x6", "0.3 inplace"), ("AlphaDropout", "8x6x6", "1"),
    ("RReLU", "8x6x6", "inplace"), ("RReLU", "8x6x6", "0.1 0.2"), ("GLU", "8x6x6", "axis=0"), ("ELU", "8x6", "0.5"),
)  # fmt: skip
OTHER_THAN_NAMED = {
    ("ChannelShuffle", "8"): "torch refuses a vector",
}


def stem(name):
    return name[:-2] if name[-2:] in ("1d", "2d", "3d") else name


def named():
    """Every class of torch.nn that is a name of a kind: with each number of axes that it takes, and what is said."""
    for name, one in sorted(vars(nn).items()):
        is_module = inspect.isclass(one) and issubclass(one, nn.Module)
        found = kind_named(name) if is_module and stem(name) not in CALLED_OTHERWISE else None
        if found is not None:
            for rank in range(3) if found[1] is None else (found[1],):
                yield name, "x".join(["8", *"666"[:rank]]), ARGUMENTS.get(stem(name), "")
    yield from FURTHER


def differing(shape, *layers, train=True):
    """What verify finds of layers side by side, each behind one with weights so that gradients are wanted; how many."""
    net = Net(input=shape, train=train)
    taken = 0
    for layer in layers:
        first = net.add("conv 8 k1" if "x" in shape else "linear 8", "input")
        try:
            net.add(layer, first)
            taken += 1
        except CnncalcError:  # no layer for such an input
            continue
    found = verify(net, batch=2, device="cpu")
    rows = [f"{row.notation}: {figure}" for row in found.rows for figure in row.failed]
    return rows or [str(figure) for figure in found.totals if not figure.passed], taken


@pytest.mark.parametrize("train", [True, False])
def test_a_layer_is_the_module_that_it_is_called_by(train):
    by_shape = {}
    for name, shape, said in named():
        if (name, shape) not in OTHER_THAN_NAMED:
            by_shape.setdefault(shape, []).append(f"{name} {said}")
    found = [differing(shape, *layers, train=train) for shape, layers in by_shape.items()]
    assert sum(taken for _, taken in found) > 170
    assert [lines for lines, _ in found if lines] == []


@pytest.mark.parametrize(("name", "shape"), OTHER_THAN_NAMED)
def test_what_differs_is_told(name, shape):
    lines, taken = differing(shape, f"{name} {ARGUMENTS[stem(name)]}")
    assert taken == 1 and lines


@pytest.fixture
def fresh():
    """Forget what was read by other tables of names, before and after."""
    for step in range(2):
        parse.cache_clear()
        registry._known.cache_clear()
        forget()
        if step == 0:
            yield


WRONG = (
    # a name, what else it is taken for, and with which fields; the first five were our own mistakes
    ("ReflectionPad2d", "8x6x6", "2", "pad", {}), ("Dropout2d", "8x6x6", "", "dropout", {}),
    ("AlphaDropout", "8x6x6", "", "dropout", {}), ("FeatureAlphaDropout", "8x6x6", "", "dropout", {"channels": True}),
    ("RReLU", "8x6x6", "", "leaky_relu", {}),
    ("ReplicationPad1d", "8x6", "2", "pad", {"mode": "circular"}), ("ReLU6", "8x6", "", "relu", {}),
    ("Hardswish", "8", "", "hardsigmoid", {}), ("Sigmoid", "8", "", "tanh", {}), ("SiLU", "8", "", "mish", {}),
    ("Tanhshrink", "8", "", "function", {"of": "softsign"}), ("LogSigmoid", "8", "", "function", {"of": "tanhshrink"}),
    ("MaxPool2d", "8x6x6", "k2", "avgpool", {}), ("AvgPool2d", "8x6x6", "k2", "maxpool", {}),
    ("LPPool2d", "8x6x6", "k2", "avgpool", {}), ("AdaptiveAvgPool2d", "8x6x6", "3", "adaptive_maxpool", {}),
    ("Conv2d", "8x6x6", "8 k3", "deconv", {}), ("ConvTranspose2d", "8x6x6", "8 k3", "conv", {}),
    ("BatchNorm2d", "8x6x6", "", "instancenorm", {}), ("InstanceNorm2d", "8x6x6", "", "batchnorm", {}),
    ("LayerNorm", "8", "", "rmsnorm", {}), ("LSTM", "8x6", "5", "gru", {}), ("GRU", "8x6", "5", "rnn", {}),
    ("LogSoftmax", "8", "", "softmax", {}), ("Identity", "8", "", "softplus", {}), ("GELU", "8", "", "identity", {}),
    ("UpsamplingBilinear2d", "8x6x6", "2", "upsample", {}), ("PReLU", "8x6x6", "", "leaky_relu", {}),
    ("PixelUnshuffle", "8x6x6", "2", "space_to_depth", {}), ("CrossMapLRN2d", "8x6x6", "3", "lrn", {}),
    ("Hardtanh", "8", "", "function", {"of": "clip", "high": 1.0}),
)  # fmt: skip


@pytest.mark.parametrize(("name", "shape", "said", "kind", "fields"), WRONG)
def test_a_planted_wrong_alias_is_found(fresh, monkeypatch, name, shape, said, kind, fields):
    assert differing(shape, f"{name} {said}") == ([], 1)
    parse.cache_clear()
    registry._known.cache_clear()
    for plain in {registry._normalised(one) for one in (name, stem(name))}:
        monkeypatch.setitem(registry.ALIASES, plain, kind)
        monkeypatch.setitem(registry.PRESETS, plain, fields)
    monkeypatch.setitem(registry.DIALECTS, "torch", registry.DIALECTS["torch"]._replace(names={}))
    lines, taken = differing(shape, f"{name} {said}")
    assert lines or not taken
