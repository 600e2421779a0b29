"""Our learned tensors, embeddings, recurrences, products and reductions in Paddle."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Shape
from cnncalc.layers.kinds import norm, tensors
from cnncalc.layers.kinds.algebra import contractions, distances, products, reductions
from cnncalc.layers.kinds.sequences import recurrent
from cnncalc.witnesses.paddle.attention import attended
from cnncalc.witnesses.paddle.own import first, last, own
from cnncalc.witnesses.paddle.windows import Rule, Run

__all__ = ["RULES"]

Shapes = tuple[Shape, ...]


def given(paddle: Any, layer: tensors.Given, x: Shapes) -> Run:
    """A parameter, a buffer or a constant, alone or joined with what comes in."""
    shape = {"tensor": (1, *layer.shape)}
    learned = shape if isinstance(layer, tensors.Parameter) and layer.learned else {}
    kept = shape if isinstance(layer, tensors.Parameter) and not layer.learned else {}

    def run(module: Any, tensor: Any) -> Any:
        mine = module.tensor if learned or kept else paddle.ones([1, *layer.shape])
        if layer.join == "add":
            return tensor + mine
        if layer.join == "multiply":
            return tensor * mine
        mine = paddle.expand(mine, [tensor.shape[0], *layer.shape])
        if layer.join == "alone":
            return mine
        return paddle.concat([mine, tensor] if layer.first else [tensor, mine], axis=layer.axis % len(x[0]) + 1)

    return own(paddle, run, learned, kept)  # type: ignore[no-any-return]  # no types


def positions(paddle: Any, layer: tensors.Positional, x: Shapes) -> Run:
    """A parameter of the input's shape, added to it."""
    if layer.by != "learned":
        raise Unsaid("Paddle has no layer of fixed sines", "`by=learned` learns them")
    return own(paddle, lambda module, tensor: tensor + module.tensor, {"tensor": (1, *x[0])})  # type: ignore[no-any-return]  # no types


def embedded(paddle: Any, layer: tensors.Embedding, x: Shapes) -> Run:
    """Embedding of numbers without channels."""
    if layer.bias:
        raise Unsaid("Paddle's embedding has no bias", "leave `bias` out")
    table = paddle.nn.Embedding(layer.vocabulary, layer.features, padding_idx=layer.padding)

    def run(module: Any, tensor: Any) -> Any:
        numbers = tensor if len(x[0]) == 1 else tensor[:, 0]
        made = module.table(paddle.cast(numbers, "int64"))
        return made if layer.axis == "last" else first(paddle, made)

    return own(paddle, run, table=table)  # type: ignore[no-any-return]  # no types


CELLS = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}


def ran(paddle: Any, layer: recurrent.Recurrent, x: Shapes) -> Run:
    """LSTM, GRU and SimpleRNN."""
    if not layer.bias:
        raise Unsaid("Paddle's cells without biases end the process when they run", "leave `nobias` out")
    if layer.bias_vectors != 2:
        raise Unsaid("Paddle's cells have two vectors of biases, and this has one", "leave `biases` out")
    said: dict[str, Any] = {}
    if getattr(layer, "projection", None) is not None:
        said["proj_size"] = layer.projection  # type: ignore[attr-defined]  # of an LSTM
    if layer.kind == "rnn":
        said["activation"] = layer.nonlinearity  # type: ignore[attr-defined]  # of an RNN
    cells = getattr(paddle.nn, CELLS[layer.kind])(
        layer.features(x[0]),
        layer.hidden,
        num_layers=layer.layers,
        direction="bidirect" if layer.bidirectional else "forward",
        **said,
    )

    def run(module: Any, tensor: Any) -> Any:
        made, states = module.cells(tensor if layer.axis == "last" else last(paddle, tensor))
        if layer.returns == "sequence":
            return made if layer.axis == "last" else first(paddle, made)
        state = states[0] if layer.kind == "lstm" else states
        return paddle.flatten(paddle.transpose(state[-layer.directions :], [1, 0, 2]), 1)

    return own(paddle, run, cells=cells)  # type: ignore[no-any-return]  # no types


def multiplied(paddle: Any, layer: products.MatMul, x: Shapes) -> Run:
    """matmul."""
    return lambda left, right: paddle.matmul(left, right, transpose_y=layer.transposed)


def summed(paddle: Any, layer: contractions.Einsum, x: Shapes) -> Run:
    """einsum, with a letter for the batch."""
    left, right, out = layer.letters
    free = next(
        letter for letter in "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba" if letter not in left + right
    )
    return lambda *tensors: paddle.einsum(f"{free}{left},{free}{right}->{free}{out}", *tensors)


def by_distance(paddle: Any, layer: distances.Distances, x: Shapes) -> Run:
    """gather along the first axis, for each two places."""
    step, far = (max(layer.places, layer.asked) // n for n in (layer.places, layer.asked))

    def run(tensor: Any) -> Any:
        asking = paddle.unsqueeze(paddle.arange(layer.places) * step, 1)
        row = asking + (layer.asked - 1 - paddle.arange(layer.asked)) * far
        made = paddle.gather(tensor, paddle.flatten(row), axis=1)
        return paddle.reshape(made, [tensor.shape[0], layer.places, layer.asked, *tensor.shape[2:]])

    return run


WAYS = {"sum": "sum", "mean": "mean", "max": "amax", "min": "amin", "logsumexp": "logsumexp"}


def reduced(paddle: Any, layer: reductions.Reduce, x: Shapes) -> Run:
    """sum, mean, amax, amin, logsumexp and the norms."""
    axes = [axis % len(x[0]) + 1 for axis in layer.axes]
    if layer.by in WAYS:
        return lambda tensor: getattr(paddle, WAYS[layer.by])(tensor, axis=axes, keepdim=layer.keep)
    power = {"l1": 1, "l2": 2}[layer.by]
    return lambda tensor: paddle.sum(paddle.abs(tensor) ** power, axis=axes, keepdim=layer.keep) ** (1 / power)


def largest_at(paddle: Any, layer: reductions.ArgMax, x: Shapes) -> Run:
    """argmax, whose places go on as numbers of the net's type."""
    (axis,) = (one % len(x[0]) + 1 for one in layer.axes)
    return lambda tensor: paddle.argmax(tensor, axis=axis, keepdim=layer.keep).astype(tensor.dtype)


def top_k(paddle: Any, layer: reductions.TopK, x: Shapes) -> Run:
    """topk; its values."""
    return lambda tensor: paddle.topk(tensor, layer.k, axis=layer.axis % len(x[0]) + 1)[0]


def selected(paddle: Any, layer: reductions.Select, x: Shapes) -> Run:
    """One place of an axis, which goes."""
    key = (*(slice(None),) * (layer.axis % len(x[0]) + 1), layer.at)
    return lambda tensor: tensor[key]


def spread_out(paddle: Any, layer: reductions.Expand, x: Shapes) -> Run:
    """expand."""
    return lambda tensor: paddle.expand(tensor, [tensor.shape[0], *layer.shape])


def scaled(paddle: Any, layer: norm.LayerScale, x: Shapes) -> Run:
    """A factor a channel, and a shift."""
    shape = (x[0][0], *(1,) * (len(x[0]) - 1))

    def run(module: Any, tensor: Any) -> Any:
        return tensor * module.factor + module.shift if layer.bias else tensor * module.factor

    return own(paddle, run, {"factor": shape, **({"shift": shape} if layer.bias else {})})  # type: ignore[no-any-return]


def response_norm(paddle: Any, layer: norm.GlobalResponseNorm, x: Shapes) -> Run:
    """γ·x·N(‖x‖) + β + x."""
    axes, shape = list(range(2, len(x[0]) + 1)), (x[0][0], *(1,) * (len(x[0]) - 1))

    def run(module: Any, tensor: Any) -> Any:
        size = paddle.sqrt(paddle.sum(tensor * tensor, axis=axes, keepdim=True))
        ratio = size / (paddle.mean(size, axis=1, keepdim=True) + 1e-6)
        return module.factor * (tensor * ratio) + module.shift + tensor

    return own(paddle, run, {"factor": shape, "shift": shape})  # type: ignore[no-any-return]  # no types


def root_mean_square(paddle: Any, layer: products.RMSNorm, x: Shapes) -> Run:
    """rms_norm over the last axes, which the channels are brought to."""
    over = {"channels": x[0][:1], "last": x[0][-1:], "all": x[0]}[layer.over]
    moved = layer.over == "channels" and len(x[0]) > 1

    def run(module: Any, tensor: Any) -> Any:
        tensor = last(paddle, tensor) if moved else tensor
        axes = list(range(-len(over), 0))
        made = tensor / paddle.sqrt(paddle.mean(tensor * tensor, axis=axes, keepdim=True) + layer.eps)
        made = made * module.factor if layer.affine else made
        return first(paddle, made) if moved else made

    return own(paddle, run, {"factor": over} if layer.affine else {})  # type: ignore[no-any-return]  # no types


RULES: dict[str, Rule] = {
    **dict.fromkeys(("constant", "parameter"), given),
    **dict.fromkeys(CELLS, ran),
    "argmax": largest_at,
    "distances": by_distance,
    "attention": attended,
    "einsum": summed,
    "embedding": embedded,
    "expand": spread_out,
    "grn": response_norm,
    "layerscale": scaled,
    "matmul": multiplied,
    "positional": positions,
    "reduce": reduced,
    "rmsnorm": root_mean_square,
    "select": selected,
    "topk": top_k,
}
