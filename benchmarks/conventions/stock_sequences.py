"""The newer kinds of layers as torch's stock modules: attention, recurrence, look-ups, products of two tensors."""

from __future__ import annotations

import torch
from torch import nn
from torchvision.ops import DeformConv2d

from benchmarks.conventions.stock_kinds import scalar

RECURRENT = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
REDUCED = {"mean": torch.mean, "sum": torch.sum, "max": torch.amax, "min": torch.amin, "logsumexp": torch.logsumexp,
           "l1": lambda x, axes, keep: torch.linalg.vector_norm(x, 1, axes, keep),
           "l2": lambda x, axes, keep: torch.linalg.vector_norm(x, 2, axes, keep)}  # fmt: skip
MADE = (*RECURRENT, "attention", "embedding", "rmsnorm", "glu", "unfold", "fold", "fractional_maxpool", "deform_conv")
CALLED = (
    "matmul", "einsum", "reduce", "argmax", "select", "topk", "expand", "subtract", "divide", "power", "minimum",
    "parameter", "constant", "positional", "function",
)  # fmt: skip
OTHER_NAMES = {"negate": "neg", "log_sigmoid": "logsigmoid"}


class Along(nn.Module):
    """A module that takes length x features, called on features x length."""

    def __init__(self, layer, module):
        super().__init__()
        self.swap = layer.axis == "channels"
        self.final = getattr(layer, "returns", "") == "final"
        self.module = module

    def forward(self, *inputs):
        taken = [one.flatten(2).transpose(1, 2) if self.swap else one for one in inputs]
        if isinstance(self.module, nn.MultiheadAttention):
            asks, memory, values = taken[0], taken[min(1, len(taken) - 1)], taken[-1]
            made = self.module(asks, memory, values, need_weights=False)[0]
        else:
            made = self.module(*taken)[0]
        if self.final:
            return made[:, -1]
        return made.transpose(1, 2).reshape(inputs[0].shape) if self._keeps(made, inputs) else self._turned(made)

    def _keeps(self, made, inputs):
        return self.swap and made.numel() == inputs[0].numel()

    def _turned(self, made):
        return made.transpose(1, 2) if self.swap else made


class Looked(nn.Module):
    """An embedding of whole numbers, whatever type they come in."""

    def __init__(self, layer):
        super().__init__()
        self.swap = layer.axis == "channels"
        self.module = nn.Embedding(layer.vocabulary, layer.features, padding_idx=layer.padding)

    def forward(self, x):
        made = self.module((x[:, 0] if x.dim() > 2 else x).long())
        return made.transpose(1, 2) if self.swap else made


def attended(layer, shapes):
    plain = (
        layer.window is None and not layer.biased and not layer.cosine and not layer.causal and layer.project
        and layer.bias == layer.project_bias and {layer.key, layer.value, layer.out, layer.shared} == {None}
    )  # fmt: skip
    if not plain:
        raise NotImplementedError("an attention that is not torch's")
    sides = {"kdim": layer.features(shapes[min(1, len(shapes) - 1)]), "vdim": layer.features(shapes[-1])}
    features = layer.features(shapes[0])
    return Along(layer, nn.MultiheadAttention(features, layer.heads, bias=layer.bias, batch_first=True, **sides))


def recurred(layer, x):
    if layer.bias_vectors not in (0, 2):
        raise NotImplementedError("one vector of biases")
    given = {"num_layers": layer.layers, "bidirectional": layer.bidirectional, "bias": layer.bias}
    if layer.kind == "lstm":
        given["proj_size"] = layer.projection or 0
    if layer.kind == "rnn":
        given["nonlinearity"] = layer.nonlinearity
    return Along(layer, RECURRENT[layer.kind](layer.features(x), layer.hidden, batch_first=True, **given))


def made_of(layer, shapes):
    """The stock module of a layer of one of the kinds in MADE."""
    x, kind = shapes[0], layer.kind
    if kind == "attention":
        return attended(layer, shapes)
    if kind in RECURRENT:
        return recurred(layer, x)
    if kind == "embedding":
        return Looked(layer)
    if kind == "rmsnorm":
        if layer.over == "channels" and len(x) > 1:
            raise NotImplementedError("RMSNorm over channels")
        return nn.RMSNorm(x if layer.over == "all" else x[-1:], eps=layer.eps, elementwise_affine=layer.affine)
    if kind == "glu":
        return nn.GLU(1)
    if kind == "fractional_maxpool":
        return getattr(nn, f"FractionalMaxPool{len(x) - 1}d")(scalar(layer.kernel), output_size=tuple(layer.size))
    windows = {name: scalar(getattr(layer, name)) for name in ("stride", "padding", "dilation")}
    if kind == "deform_conv":
        return DeformConv2d(x[0], layer.out, scalar(layer.kernel), groups=layer.groups, bias=layer.bias, **windows)
    if kind == "unfold":
        return nn.Unfold(scalar(layer.kernel), **windows)
    return nn.Fold(tuple(layer.size), scalar(layer.kernel), **windows)


def joined(layer, own, x):
    if layer.join == "alone":
        return own.expand(len(x), *own.shape[1:])
    if layer.join == "concat":
        spread = own.expand(len(x), *own.shape[1:])
        return torch.cat([spread, x] if layer.first else [x, spread], layer.axis + 1 if layer.axis >= 0 else layer.axis)
    return x * own if layer.join == "multiply" else x + own


def called_of(layer, tensors, own):
    """What one of the kinds in CALLED does; `own` is the tensor that it brings itself."""
    x, kind = tensors[0], layer.kind
    if kind in ("parameter", "constant"):
        return joined(layer, own, x)
    if kind == "positional":
        return x + own
    if kind == "matmul":
        return x @ (tensors[1].transpose(-1, -2) if layer.transposed else tensors[1])
    if kind == "einsum":  # which has a letter for the batch
        left, right, out = layer.letters
        return torch.einsum(f"Z{left},Z{right}->Z{out}", *tensors)
    if kind == "reduce":
        return REDUCED[layer.by](x, tuple(axis + 1 if axis >= 0 else axis for axis in layer.axes), layer.keep)
    if kind == "argmax":
        return torch.argmax(x, layer.axes[0] + 1, layer.keep).to(x.dtype)
    if kind == "topk":
        return torch.topk(x, layer.k, layer.axis + 1).values
    if kind == "select":
        return x.select(layer.axis + 1, layer.at)
    if kind == "expand":
        return x.expand(len(x), *layer.shape)
    if kind == "function":
        name = OTHER_NAMES.get(layer.of, layer.of)
        if name == "clip":
            return torch.clamp(x, layer.low, layer.high)
        return (getattr(torch, name, None) or getattr(torch.nn.functional, name))(x)
    other = tensors[1] if len(tensors) > 1 else layer.number
    return {"subtract": lambda: x - other, "divide": lambda: x / other, "power": lambda: x**other,
            "minimum": lambda: torch.minimum(x, torch.as_tensor(other))}[kind]()  # fmt: skip
