"""ncnn's layers on sequences: a matrix whose rows are the places and whose columns the features."""

from __future__ import annotations

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.ncnn.elements import Rule
from cnncalc.interchange.ncnn.params import Operator

__all__ = ["attention", "recurrent", "rms_norm"]


def attention(operator: Operator, build: Build) -> list[int]:
    """MultiHeadAttention: all heads together have `embed_dim` features, of queries, keys and values alike."""
    features, heads = operator.whole(0, 0), operator.whole(1, 1)
    if heads < 1 or features < 1 or features % heads:
        raise operator.fault("the heads divide the features", f"{features} features, {heads} heads")
    asked = build.tensors[: len(build.tensors) - bool(operator.whole(5, 0))]
    fields: Fields = {"heads": heads, "axis": "last"}
    if features != build.x[0][-1]:
        fields |= {"key": features // heads, "value": features // heads}
    return [build.put("attention", *asked, **fields)]


def recurrent(kind: str, biases: int) -> Rule:
    """LSTM, GRU and RNN, whose layers have so many vectors of biases; the state that comes in counts as nothing."""

    def rule(operator: Operator, build: Build) -> list[int]:
        out, direction = operator.whole(0, 0), operator.whole(2, 0)
        if direction not in (0, 1, 2) or len(operator.tops) > 1:
            raise operator.fault("a recurrent layer is read with its sequence alone, in one direction or both")
        fields: Fields = {"hidden": operator.whole(3, out) if kind == "lstm" else out, "axis": "last", "biases": biases}
        if kind == "lstm" and fields["hidden"] != out:
            fields["projection"] = out
        if kind == "gru":
            build.sketch.notes.append(
                f"`{build.name}`: ncnn adds two pairs of a GRU's six vectors of biases, and keeps four"
            )
        if direction == 2:
            fields["bidirectional"] = True
        return [build.put(kind, build.tensors[0], **fields)]

    return rule


def rms_norm(operator: Operator, build: Build) -> list[int]:
    """RMSNorm, over as many of the last axes as its scale is long."""
    size = operator.whole(0, 0)
    over = "last" if size in (0, build.x[0][-1]) else "all"
    return [build.put("rmsnorm", over=over, affine=bool(operator.whole(2, 1)))]
