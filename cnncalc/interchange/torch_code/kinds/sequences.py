"""Attention and recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.interchange.torch_code.expressions import OWN, Argument, Call, Taken, call, method
from cnncalc.interchange.torch_code.helpers_attention import OTHERS
from cnncalc.interchange.torch_code.kinds.said import Said, X, own, says
from cnncalc.interchange.written import Unsaid

if TYPE_CHECKING:
    from cnncalc.layers import Shape
    from cnncalc.layers.kinds.algebra import contractions
    from cnncalc.layers.kinds.sequences import attention, convolved, recurrent

__all__: list[str] = []

NAMES = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


@says("lstm", "gru", "rnn")
def recurred(layer: recurrent.Recurrent, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """LSTM, GRU and RNN; of one vector of biases, as Keras's, the second is zeros."""
    final = layer.returns == "final"
    options: dict[str, tuple[Any, Any]] = {
        "num_layers": (layer.layers, 1),
        "nonlinearity": (getattr(layer, "nonlinearity", "tanh"), "tanh"),
        "bias": (layer.bias, True),
        "batch_first": (True, False),
        "bidirectional": (layer.bidirectional, False),
        "proj_size": (getattr(layer, "projection", None) or 0, 0),
    }
    if layer.kind != "rnn":
        del options["nonlinearity"]
    if layer.kind != "lstm":
        del options["proj_size"]
    sizes = {"input_size": layer.features(shapes[0]), "hidden_size": layer.hidden}
    module = call(f"nn.{NAMES[layer.kind]}", sizes, **options)
    if layer.bias_vectors == 1:
        module = call("with_one_bias", {"module": module})
    ran = own(method(X, "transpose", 1, 2) if layer.axis == "channels" else X)
    if final:
        state = call("@[1]" if layer.kind != "lstm" else "@[1][0]", {"": ran})
        last = call("[0]", {"": state, "start": -layer.directions, "stop": None, "step": 1})
        return Said(module, method(method(last, "transpose", 0, 1), "flatten", 1), holds=True)
    out = call("@[0]", {"": ran})
    return Said(module, method(out, "transpose", 1, 2) if layer.axis == "channels" else out, holds=True)


@says("attention")
def attended(layer: attention.Attention, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A module in the file itself, with the parameters of torch.nn.MultiheadAttention."""
    otherwise = layer.biased or layer.cosine or layer.scaled != "head"
    if layer.window is not None or otherwise or (layer.names != "in_proj" and len(shapes) == 1):
        return in_windows(layer, shapes)
    size, first = layer.sizes(*shapes), shapes[0]
    own_features = layer.features(first)
    if as_torchs(layer, shapes):
        return of_torch(layer, shapes)
    if layer.names != "in_proj":
        why = f"attention whose matrix is called `{layer.names}` is written of one tensor alone"
        raise Unsaid(why, "leave `names` out, and it is called as in torch.nn.MultiheadAttention")
    features: Any = own_features
    if not layer.packed(*shapes):
        features = (own_features, layer.features(shapes[1]), layer.features(shapes[-1]))
    leaving = layer.leaving(first, size) if layer.project else None
    module = call(
        "Attention",
        {"features": features, "heads": layer.heads},
        rows=(rows_of(size, own_features), None),
        out=(leaving, own_features),
        bias=(layer.bias, True),
        project_bias=(layer.project_bias, True),
        causal=(layer.causal, False),
        last=(layer.axis == "last", False),
    )
    return Said(module, own(*map(Taken, range(len(shapes)))), holds=True)


def rows_of(size: Any, features: int) -> tuple[int, int, int] | None:
    """How many features queries, keys and values have; None where each has those of the input."""
    rows = (size.keyed, size.key, size.value)
    return None if rows == (features,) * 3 else rows


def as_torchs(layer: attention.Attention, shapes: tuple[Shape, ...]) -> bool:
    """Whether it is torch.nn.MultiheadAttention itself: of sequences, with features last."""
    plain = (layer.key, layer.value, layer.out, layer.causal, layer.names) == (None, None, None, False, "in_proj")
    plain = plain and layer.scaled == "head"
    heads = layer.shared in (None, layer.heads) and layer.project and layer.bias == layer.project_bias
    return plain and heads and layer.axis == "last" and all(len(one) == 2 for one in shapes)


def of_torch(layer: attention.Attention, shapes: tuple[Shape, ...]) -> Said:
    """MultiheadAttention."""
    features = [layer.features(one) for one in (shapes[0], shapes[min(1, len(shapes) - 1)], shapes[-1])]
    apart = not layer.packed(*shapes)
    module = call(
        "nn.MultiheadAttention",
        {"embed_dim": features[0], "num_heads": layer.heads},
        bias=(layer.bias, True),
        kdim=(features[1] if apart else None, None),
        vdim=(features[2] if apart else None, None),
        batch_first=(True, False),
    )
    taken = [Argument("", Taken(min(place, len(shapes) - 1))) for place in range(3)]
    return Said(module, call("@[0]", {"": Call(OWN, (*taken, Argument("need_weights", False, True)))}), holds=True)


def in_windows(layer: attention.Attention, shapes: tuple[Shape, ...]) -> Said:
    """Attention within windows, or with biases for distances: another module in the file itself."""
    if len(shapes) > 1:
        raise Unsaid("attention by cosines on several tensors is not written as code", "run the net by `to_torch`")
    size, features, window = layer.sizes(*shapes), layer.features(shapes[0]), tuple(layer.windows(shapes[0]))
    module = call(
        OTHERS.get(layer.names, "WindowAttention"),
        {"features": features, "heads": layer.heads, "window": window},
        shift=(tuple(layer.shifts(shapes[0])), (0,) * len(window)),
        grid=(layer.grid, False),
        relative=(layer.relative and layer.continuous is None, False),
        hidden=(layer.continuous, None),
        cosine=(layer.cosine, False),
        scale=(size.keyed**-0.5 if layer.scaled == "all" else None, None),
        rows=(rows_of(size, features), None),
        out=(layer.leaving(shapes[0], size) if layer.project else None, features),
        bias=(layer.bias, True),
        project_bias=(layer.project_bias, True),
        causal=(layer.causal, False),
    )
    if layer.axis == "last":
        return Said(module, own(), holds=True)
    return Said(module, method(own(method(X, "movedim", 1, -1)), "movedim", -1, 1), holds=True)


@says("einsum")
def einsum(layer: contractions.Einsum, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """torch.einsum, with a letter for the batch before those of the equation."""
    used = set(layer.equation)
    batch = next(letter for letter in "bnzabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in used)
    left, right, out = (f"{batch}{letters}" for letters in layer.letters)
    return Said(function=call("torch.einsum", {"": f"{left},{right}->{out}", "x": X, "y": Taken(1)}))


@says("convlstm")
def conv_lstm(layer: convolved.ConvLSTM, shapes: tuple[Shape, ...], made: Shape) -> Said:
    """A module in the file itself: torch has no recurrence of convolutions."""
    slid = layer.windows(shapes[0])
    module = call(
        "ConvLSTM",
        {
            "c_in": shapes[0][0],
            "c_out": layer.out,
            "kernel": tuple([window.kernel for window in slid]),
            "stride": tuple([window.stride for window in slid]),
            "padding": tuple([window.padding(n)[0] for window, n in zip(slid, shapes[0][2:])]),
            "dilation": tuple([window.dilation for window in slid]),
        },
        bias=(layer.bias, True),
        final=(layer.returns == "final", False),
    )
    return Said(module, own(), holds=True)
