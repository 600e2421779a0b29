"""What the rules of figures read of one layer, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnncalc.analysis.pruning import NOTHING, Zeros
from cnncalc.answers.reading import OfLayer
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Node
from cnncalc.layers import Layer
from cnncalc.layers.dialects import Dialect

__all__ = ["nothing", "of_layer"]

WHOLE = 8
"""Bytes of a whole number that torch keeps."""


def of_layer(
    node: Node,
    layer: Layer,
    costs: Sequence[Any],
    images: Any,
    element_bytes: int,
    saved: Callable[[], Any],
    backward: Callable[[], Any],
    again: Callable[[], Any],
    state: Callable[[], Any],
    dialect: Dialect,
    training: bool,
    read: Callable[[], Any],
    stored: int,
    owns: bool | None = None,
    weight_bytes: Any = None,
    zeros: Zeros = NOTHING,
    parts: int = 1,
    trained_parts: int = 1,
) -> OfLayer:
    """What the rules of figures read of a layer.

    `read` are the bytes that it reads of its inputs if it moves any, `stored` those of a number of its parameters,
    `state` those that an optimizer keeps for these; `owns` says whether its output has a storage of its own, where the
    layer alone does not, and `weight_bytes` what its parameters take, where they have a type of their own or
    `zeros` among them.
    """
    weights, biases, buffers, whole, macs, operations = costs
    moves = layer.moves(training=training)
    weight_bytes = (weights + biases) * stored if weight_bytes is None else weight_bytes
    parameters = weight_bytes + buffers * stored if moves and not layer.looks_up else 0
    owned = node.share is None
    if not owned:
        weights = biases = buffers = weight_bytes = 0
    return OfLayer(
        weights,
        biases,
        weight_bytes,
        zeros.weights if owned else 0,
        zeros.macs,
        buffers,
        buffers * stored + (WHOLE * whole if owned else 0),
        macs,
        operations,
        images,
        product(node.shape),
        element_bytes,
        saved,
        backward,
        again,
        state if owned else nothing,
        node.trainable,
        not layer.reuses_input(training=training) if owns is None else owns,
        layer.weighted and owned,
        dialect.buffers_are_parameters,
        read if moves else nothing,
        parameters,
        moves,
        parts,
        trained_parts,
    )


def nothing() -> int:
    """What a layer keeps or reads that keeps or reads nothing."""
    return 0
