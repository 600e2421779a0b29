"""Attention and recurrent layers."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.torch_code.expressions import Taken, call, method
from cnncalc.interchange.torch_code.kinds.said import Said, X, own, says
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Shape
from cnncalc.layers.kinds.sequences import attention, recurrent

__all__: list[str] = []

NAMES = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


@says(recurrent.LSTM, recurrent.GRU, recurrent.RNN)
def recurred(layer: recurrent.Recurrent, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """LSTM, GRU and RNN; a cell with one vector of biases, as Keras's, torch has not."""
    if layer.bias_vectors == 1:
        raise Unsaid("torch's cells have two vectors of biases, and this has one", "write `biases=2`, or `nobias`")
    final = layer.returns == "final"
    options: dict[str, tuple[Any, Any]] = {
        "num_layers": (layer.layers, 1),
        "nonlinearity": (getattr(layer, "nonlinearity", "tanh"), "tanh"),
        "bias": (layer.bias, True),
        "batch_first": (True, False),
        "bidirectional": (layer.bidirectional, False),
        "proj_size": (getattr(layer, "projection", None) or 0, 0),
    }
    if not isinstance(layer, recurrent.RNN):
        del options["nonlinearity"]
    if not isinstance(layer, recurrent.LSTM):
        del options["proj_size"]
    sizes = {"input_size": layer.features(shapes[0]), "hidden_size": layer.hidden}
    module = call(f"nn.{NAMES[layer.kind]}", sizes, **options)
    ran = own(method(X, "transpose", 1, 2) if layer.axis == "channels" else X)
    if final:
        state = call("@[1]" if not isinstance(layer, recurrent.LSTM) else "@[1][0]", {"": ran})
        last = call("[0]", {"": state, "start": -layer.directions, "stop": None, "step": 1})
        return Said(module, method(method(last, "transpose", 0, 1), "flatten", 1), holds=True)
    out = call("@[0]", {"": ran})
    return Said(module, method(out, "transpose", 1, 2) if layer.axis == "channels" else out, holds=True)


@says(attention.Attention)
def attended(layer: attention.Attention, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A module in the file itself, with the parameters of torch.nn.MultiheadAttention."""
    if layer.window is not None or layer.relative:
        what = "windows" if layer.window is not None else "relative positions"
        raise Unsaid(f"attention with {what} is not written as code", "run the net by `to_torch`")
    size, first = layer.sizes(*shapes), shapes[0]
    own_features = layer.features(first)
    features: Any = own_features
    if not layer.packed(*shapes):
        features = (own_features, layer.features(shapes[1]), layer.features(shapes[-1]))
    leaving = layer.leaving(first, size) if layer.project else None
    module = call(
        "Attention",
        {"features": features, "heads": layer.heads},
        rows=((size.keyed, size.key, size.value), (own_features,) * 3),
        out=(leaving, own_features),
        bias=(layer.bias, True),
        project_bias=(layer.project_bias, True),
        causal=(layer.causal, False),
    )
    taken = [Taken(place) for place in range(len(shapes))]
    tokens: list[Any] = [*taken]
    if layer.axis == "channels":
        tokens = [method(method(one, "flatten", 2), "transpose", 1, 2) for one in taken]
    elif len(first) > 2:
        tokens = [method(one, "flatten", 1, -2) for one in taken]
    does = own(*tokens)
    if layer.axis == "channels":
        turned = method(does, "transpose", 1, 2)
        return Said(module, turned if len(made) == 2 else method(turned, "unflatten", 2, tuple(made[1:])), holds=True)
    return Said(module, does if len(made) == 2 else method(does, "unflatten", 1, tuple(made[:-1])), holds=True)
