"""In what cnncalc and Paddle may differ, layer by layer, with the reasons."""

from __future__ import annotations

from benchmarks.witnessed_table import Settled
from cnncalc.graph import Net
from cnncalc.witnesses.paddle.witness import RULES, lone

__all__ = ["KINDS", "SETTLED", "lone", "settled_refusal"]

COMPOSED = {"attention", "distances", "embedding", "grn", "gru", "lstm", "parameter", "positional", "rmsnorm", "rnn"}
KINDS = tuple(sorted({*RULES} - {"reshape", "crop", "function"} - COMPOSED))
"""The kinds that are one layer or function there, which says itself what it refuses."""


def settled_refusal(graph: Net, refusal: str) -> str:
    """Why a whole net that we take is refused, where that is known."""
    if "OP(embedding) expected" in refusal:
        return "an embedding behind layers that make numbers, few of which are among its own"
    return ""


SETTLED = (
    Settled(
        "a border of more pixels than the map has: alone it is inferred and not run, and a run refuses it",
        lambda layer, shapes, said, theirs: "there are too few" in said,
    ),
    Settled(
        "tensors with unlike numbers of axes meet by the last ones, the batch among them: the error says so",
        lambda layer, shapes, said, theirs: "so that the batch would meet a channel" in said,
    ),
    Settled(
        "a permutation that does not name all axes leaves the others where they are; here it names all",
        lambda layer, shapes, said, theirs: layer.kind == "permute" and "names every axis" in said,
    ),
    Settled(
        "a window does not fit, or sees padding alone: the error says what Paddle makes of it",
        lambda layer, shapes, said, theirs: "Paddle divides" in said or "Paddle goes on" in said,
    ),
    Settled(
        "a slice reaches out of its axis, and is cut, if need be to a tensor without elements",
        lambda layer, shapes, said, theirs: layer.kind == "slice" and "must lie inside" in said,
    ),
    Settled(
        "maps without a pixel, which Paddle makes and we refuse",
        lambda layer, shapes, said, theirs: isinstance(theirs, tuple) and min(theirs, default=1) < 1,
    ),
    Settled(
        "a stack or an axis of one is repeated for those that it meets, which `expand` says here",
        lambda layer, shapes, said, theirs: "stacks of a matmul differ" in said or "axes of one letter differ" in said,
    ),
    Settled(
        "vectors, which are matrices there with the batch as an axis",
        lambda layer, shapes, said, theirs: layer.kind == "matmul" and len(shapes[0]) == 1,
    ),
    Settled(
        "a number without axes is a tensor there",
        lambda layer, shapes, said, theirs: theirs == (),
    ),
    Settled(
        "a linear layer acts on the last axis of a map there, which is `axis=last` here: the error says so",
        lambda layer, shapes, said, theirs: layer.kind == "linear" and "takes a vector" in said,
    ),
)
