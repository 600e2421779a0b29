"""ncnn's layers on sequences: a matrix whose rows are the places and whose columns the features."""

from __future__ import annotations

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.ncnn.elements import Rule, over_last
from cnncalc.interchange.ncnn.params import Operator

__all__ = ["attention", "recurrent", "rms_norm"]


def attention(operator: Operator, build: Build) -> list[int]:
    """MultiHeadAttention: all heads together have `embed_dim` features, of queries, keys and values alike."""
    features, heads = operator.whole(0, 0), operator.whole(1, 1)
    if heads < 1 or features < 1 or features % heads:
        raise operator.fault("the heads divide the features", f"{features} features, {heads} heads")
    if operator.whole(7, 0):
        raise operator.fault("an attention that keeps what it saw before is not read")
    asked = build.tensors[: len(build.tensors) - bool(operator.whole(5, 0))]
    fields: Fields = {"heads": heads, "axis": "last"}
    if features != build.x[0][-1]:
        fields |= {"key": features // heads, "value": features // heads}
    return [build.put("attention", *asked, **fields)]


def recurrent(kind: str, biases: int) -> Rule:
    """LSTM, GRU and RNN, whose layers have so many vectors of biases; the state that comes in counts as nothing."""

    def rule(operator: Operator, build: Build) -> list[int]:
        out, direction = operator.whole(0, 0), operator.whole(2, 0)
        if direction not in (0, 1, 2):
            raise operator.fault("a recurrent layer reads its sequence in one direction or both")
        fields: Fields = {"hidden": operator.whole(3, out) if kind == "lstm" else out, "axis": "last", "biases": biases}
        if kind == "lstm" and fields["hidden"] != out:
            fields["projection"] = out
        if kind == "gru":
            build.sketch.notes.append(
                f"`{build.name}`: ncnn adds two pairs of a GRU's six vectors of biases, and keeps four"
            )
        if direction == 2:
            fields["bidirectional"] = True
        made = build.put(kind, build.tensors[0], **fields)
        return [made, *_states(operator, build, made, out, direction)]

    return rule


def _states(operator: Operator, build: Build, made: int, out: int, direction: int) -> list[int]:
    """What is left of the last step where the net wants it: of one direction a row of the output, else rows unknown.

    Each has a row a direction, a cell's as wide as what it keeps (lstm.cpp, gru.cpp, rnn.cpp).
    """
    shapes = [(1 + direction // 2, width) for width in (out, operator.whole(3, out))][: len(operator.tops) - 1]
    if not shapes or direction == 2:
        return [build.opaque(shape, made, suffix=f"_state{at}") for at, shape in enumerate(shapes)]
    end = 0 if direction else build.x[0][0] - 1
    last = build.put("slice", made, suffix="_last", channels=(end, end + 1))
    return [last, *(build.opaque(shape, made, suffix="_cell") for shape in shapes[1:])]


def rms_norm(operator: Operator, build: Build) -> list[int]:
    """RMSNorm, over as many of the last axes as its scale is long."""
    return [over_last(operator, build, "rmsnorm")]
