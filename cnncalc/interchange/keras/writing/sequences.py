"""Our attention, recurrent layers, learned tensors and embeddings as Keras's layers."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.keras.writing.model import Scribe, Tensor, out
from cnncalc.interchange.keras.writing.owned import as_keras, as_ours, ones, tensor_of_its_own
from cnncalc.interchange.keras.writing.windows import Shapes, Taken, stepped, zeros
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Shape
from cnncalc.layers.kinds import tensors
from cnncalc.layers.kinds.algebra import reductions
from cnncalc.layers.kinds.algebra.distances import Distances
from cnncalc.layers.kinds.sequences import attention, convolved, recurrent

__all__ = ["apart", "attended", "embedded", "fixed", "given", "positions", "ran", "ran_over_maps", "selected"]


def _is_plain(layer: attention.Attention) -> bool:
    """Whether it is Keras's own: of all places, with keys and a scale for each head, which are joined at the end."""
    local = layer.window is not None or layer.biased or layer.causal
    heads = layer.scaled == "head" and not layer.cosine and layer.shared in (None, layer.heads)
    return not local and heads and layer.project and layer.bias == layer.project_bias


def attended(scribe: Scribe, layer: attention.Attention, x: Shapes, taken: Taken) -> Tensor:
    """MultiHeadAttention, features last; what it has not is composed."""
    if not _is_plain(layer):
        from cnncalc.interchange.keras.writing.attention import composed

        return composed(scribe, layer, x, taken)
    last = layer.axis == "last"
    sources = [as_ours(scribe, one, shape, f"_{word}") if last else one
               for one, shape, word in zip(taken, x, ("query", "key", "value"))]  # fmt: skip
    query, value = sources[0], sources[-1]
    size = layer.sizes(*x)
    key, wide = size.keyed // layer.heads, size.valued // layer.heads
    leaving = layer.leaving(x[0], size)
    said: dict[str, Any] = {
        "num_heads": layer.heads,
        "key_dim": key,
        "value_dim": None if wide == key else wide,
        "use_bias": None if layer.bias else False,
        "output_shape": None if leaving == layer.features(x[0]) else leaving,
    }
    asked = [query, value, *sources[1:2]] if len(sources) == 3 else [query, value]
    places = query.shape[:-1]
    made = scribe.layer("MultiHeadAttention", *asked, apart=True, shape=(*places, leaving), **said)
    return as_keras(scribe, made, layer.output_shape(*x)) if last else made


CELLS = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}


def ran(scribe: Scribe, layer: recurrent.Recurrent, x: Shapes, taken: Taken) -> Tensor:
    """LSTM, GRU and SimpleRNN, one after another, in both directions within a Bidirectional.

    A second vector of biases, which only a GRU of Keras's has, is a row of the kernel: that of a feature that is 1.
    """
    if getattr(layer, "projection", None) is not None:
        raise Unsaid("Keras's cells project no state", "leave `projection` out")
    said: dict[str, Any] = {"units": layer.hidden}
    if not layer.bias:
        said["use_bias"] = False
    if layer.kind == "gru":
        said["reset_after"] = layer.bias_vectors != 1
    second = layer.kind != "gru" and layer.bias_vectors == 2
    if getattr(layer, "nonlinearity", "tanh") == "relu":
        said["activation"] = "relu"
    last = layer.axis == "last"
    at = as_ours(scribe, taken[0], x[0], "_sequence") if last else taken[0]
    for number in range(layer.layers):
        ends = number == layer.layers - 1
        whole = layer.returns == "sequence" or not ends
        suffix = "" if ends else f"_layer{number}"
        width = layer.directions * layer.hidden
        shape = (at.shape[0], width) if whole else (width,)
        cell = {**said, "return_sequences": True} if whole else said
        if second:
            wider = (at.shape[0], at.shape[1] + 1)
            border = {"pad_width": [[0, 0], [0, 0], [0, 1]]}
            one = {"constant_values": 1.0}
            at = scribe.op("numpy.Pad", at, suffix=f"_layer{number}_one", shape=wider, kwargs=one, **border)
            scribe.model.macs += layer.cell.gates * layer.hidden * layer.directions * at.shape[0]
        at = _cell(scribe, layer, cell, at, suffix, shape)
    return as_keras(scribe, at, layer.output_shape(*x)) if last and layer.returns == "sequence" else at


def _cell(
    scribe: Scribe, layer: recurrent.Recurrent, said: dict[str, Any], x: Tensor, suffix: str, shape: Shape
) -> Tensor:
    kind = CELLS[layer.kind]
    if not layer.bidirectional:
        return scribe.layer(kind, x, suffix=suffix, shape=shape, **said)
    if not scribe.trainable:
        said = {**said, "trainable": False}
    inner = {"module": "keras.layers", "class_name": kind, "config": said, "registered_name": None}
    return scribe.layer("Bidirectional", x, suffix=suffix, shape=shape, layer=inner)


def ran_over_maps(scribe: Scribe, layer: convolved.ConvLSTM, x: Shapes, taken: Taken) -> Tensor:
    """ConvLSTM1D to ConvLSTM3D, behind zeros where no word of Keras's says their padding."""
    (shape,) = x
    windows, (channels, _, *lengths) = layer.windows(shape), shape
    if any(one.stride > 1 for one in windows) and any(one.dilation > 1 for one in windows):
        raise Unsaid("Keras takes no stride together with a dilation", "set one of them to 1")
    said, pairs = stepped(windows, (channels, *lengths), layer.padding)
    tensor = zeros(scribe, taken[0], [(0, 0), *pairs])
    if not layer.bias:
        said["use_bias"] = False
    if layer.returns == "sequence":
        said["return_sequences"] = True
    return scribe.layer(f"ConvLSTM{len(windows)}D", tensor, filters=layer.out, **said)


def given(scribe: Scribe, layer: tensors.Parameter, x: Shapes, taken: Taken) -> Tensor:
    """A learned tensor, alone or joined with what comes in."""
    alone = layer.join == "alone"
    beside = taken[0] if alone else None  # what comes before is still there
    own = tensor_of_its_own(scribe, out(layer.shape), "" if alone else "_tensor", beside=beside, trained=layer.learned)
    if alone:
        return own
    if layer.join == "concat":
        axis = layer.axis % len(x[0]) or -1
        both = (own, taken[0]) if layer.first else (taken[0], own)
        return scribe.layer("Concatenate", *both, axis=None if axis == -1 else axis)
    return scribe.layer("Add" if layer.join == "add" else "Multiply", taken[0], own)


def fixed(scribe: Scribe, layer: tensors.Constant, x: Shapes, taken: Taken) -> Tensor:
    """A tensor of ones, as torch has it here: the net does not say its numbers."""
    if layer.join == "concat" and len(x[0]) > 1:
        axis = layer.axis % len(x[0]) or len(x[0])
        width = (layer.shape[axis % len(x[0])], 0) if layer.first else (0, layer.shape[axis % len(x[0])])
        pairs = [[0, 0], *([*width] if place == axis else [0, 0] for place in range(1, len(x[0]) + 1))]
        return scribe.op("numpy.Pad", taken[0], kwargs={"constant_values": 1.0}, pad_width=pairs)
    shape = out(layer.shape)
    one = ones(scribe, taken[0] if layer.join == "alone" else None)
    own = scribe.layer("Reshape", one, suffix="_number", shape=(1,) * len(shape), target_shape=[1] * len(shape))
    suffix = "" if layer.join == "alone" else "_tensor"
    own = scribe.op("numpy.Tile", own, suffix=suffix, shape=shape, repeats=[1, *shape])
    if layer.join == "alone":
        return own
    both = (own, taken[0]) if layer.join == "concat" and layer.first else (taken[0], own)
    return scribe.layer({"concat": "Concatenate"}.get(layer.join, layer.join.capitalize()), *both)


def apart(scribe: Scribe, layer: Distances, x: Shapes, taken: Taken) -> Tensor:
    """The row of a table for each two places, looked up with the rows as its first axis."""
    y, table = layer.output_shape(*x), as_ours(scribe, taken[0], x[0], "_rows")
    places = [row for rows in layer.rows() for row in rows]
    found = scribe.op("numpy.Take", table, places, suffix="_found", shape=(len(places), *x[0][1:]), axis=1)
    return as_keras(scribe, scribe.layer("Reshape", found, shape=y, target_shape=list(y)), y)


def positions(scribe: Scribe, layer: tensors.Positional, x: Shapes, taken: Taken) -> Tensor:
    """A learned tensor of the input's own shape, added to it."""
    if layer.by != "learned":
        raise Unsaid("Keras has no layer of fixed sines", "`by=learned` learns them")
    return scribe.layer("Add", taken[0], tensor_of_its_own(scribe, taken[0].shape, "_tensor"))


def selected(scribe: Scribe, layer: reductions.Select, x: Shapes, taken: Taken) -> Tensor:
    """One place of an axis, which goes."""
    place, rank = layer.place(x[0]), len(x[0])
    at = layer.at % x[0][place]
    axis = scribe.axis(place, x[0]) % (rank + 1)
    key = [slice(at, at + 1) if number == axis else slice(None) for number in range(rank + 1)]
    cut = (*taken[0].shape[: axis - 1], 1, *taken[0].shape[axis:])
    one = scribe.op("numpy.GetItem", taken[0], key, suffix="_place", shape=cut)
    left = (*cut[: axis - 1], *cut[axis:])
    if place or rank < 3 or scribe.turned:
        return scribe.layer("Reshape", one, shape=left, target_shape=list(left))
    flat = scribe.layer("Reshape", one, suffix="_shape", shape=left, target_shape=list(left))
    return scribe.turn(flat, [*range(2, rank), 1])  # the first axis of places is the channels now


def embedded(scribe: Scribe, layer: tensors.Embedding, x: Shapes, taken: Taken) -> Tensor:
    """Embedding of numbers without channels."""
    if layer.bias or layer.padding is not None:
        raise Unsaid(
            "Keras's embedding has no bias and no number that stays 0",
            "leave `bias` out, and add a `parameter` behind it",
        )
    numbers, places = taken[0], layer.positions(x[0])
    if numbers.shape != places:
        numbers = scribe.layer("Reshape", numbers, suffix="_numbers", shape=places, target_shape=list(places))
    last = layer.axis == "last"
    made = scribe.layer(
        "Embedding",
        numbers,
        shape=(*places, layer.features),
        input_dim=layer.vocabulary,
        output_dim=layer.features,
    )
    return as_keras(scribe, made, layer.output_shape(*x)) if last else made
