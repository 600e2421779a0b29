"""Attention that Keras's MultiHeadAttention is not, by its parts: dense layers, axes laid out anew, and products.

Within windows, with biases by distance, by cosines, of places before alone, without a last projection.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from cnncalc.interchange.keras.writing.model import Scribe, Tensor
from cnncalc.interchange.keras.writing.owned import as_keras, as_ours
from cnncalc.interchange.keras.writing.scores import Scores, parted, permuted, reshaped
from cnncalc.interchange.keras.writing.windows import Shapes, Taken
from cnncalc.layers.kinds.sequences.attention import Attention

__all__ = ["composed"]


def composed(scribe: Scribe, layer: Attention, x: Shapes, taken: Taken) -> Tensor:
    """An attention by its parts; its own name is that of what comes last."""
    return _Composed(scribe, layer, x).said(taken)


class _Composed:
    """One attention: heads are (windows, heads, places, features), without windows (heads, places, features)."""

    def __init__(self, scribe: Scribe, layer: Attention, x: Shapes) -> None:
        self.scribe, self.layer, self.x = scribe, layer, x
        self.size, self.places = layer.sizes(*x), layer.places(x[0])
        self.shifts = layer.shifts(x[0])
        self.last = layer.axis == "last"
        steps = {
            "proj": layer.project,
            "map": len(self.places) > 1 or layer.window is not None,
            "shift": any(self.shifts),
        }
        self.following = [step for step, done in steps.items() if done]
        """What is still to be done behind the heads' values."""

    def said(self, taken: Taken) -> Tensor:
        """All of it."""
        scribe, layer = self.scribe, self.layer
        sources = [
            as_ours(scribe, one, shape, f"_{word}") if self.last else one
            for one, shape, word in zip(taken, self.x, ("places", "asked", "values"))
        ]
        rows = [self.rows(one, word) for one, word in zip(sources, ("", "_asked", "_values"))]
        query, key, value = self.projected(rows)
        weights = scribe.layer("Softmax", Scores(scribe, layer, self.x).said(query, key), suffix="_weights")
        shape = (*query.shape[:-1], value.shape[-1])
        mixed = scribe.op("numpy.Matmul", weights, value, suffix="_mixed", shape=shape)
        *beside, heads, places, _ = range(len(shape))
        turned = permuted(scribe, mixed, (*beside, places, heads, len(shape) - 1), "_turned")
        joined = (*turned.shape[:-2], self.size.valued)
        made = reshaped(scribe, turned, joined, "_joined" if self.following else "")
        if layer.project:
            made = self.dense(made, layer.leaving(self.x[0], self.size), layer.project_bias, self.step("proj"))
        return self.laid_out(made)

    def step(self, name: str) -> str:
        """The suffix of a step behind the heads' values: the last one has none."""
        self.following.remove(name)
        return f"_{name}" if self.following else ""

    def dense(self, tensor: Tensor, units: int, bias: bool, suffix: str) -> Tensor:
        shape, said = (*tensor.shape[:-1], units), {} if bias else {"use_bias": False}
        return self.scribe.layer("Dense", tensor, suffix=suffix, shape=shape, units=units, **said)

    def rows(self, tensor: Tensor, suffix: str) -> Tensor:
        """The places of a tensor in a row, those of each window apart."""
        *places, features = tensor.shape
        if self.layer.window is None:
            return reshaped(self.scribe, tensor, (prod(places), features), f"{suffix}_row") if places[1:] else tensor
        if any(self.shifts):
            tensor = self.rolled(tensor, [-one for one in self.shifts], "_rolled")
        return parted(self.scribe, self.layer, self.x[0], tensor, "")

    def rolled(self, tensor: Tensor, shifts: Sequence[int], suffix: str) -> Tensor:
        """The map moved along its axes; what leaves it comes back at the other end."""
        axes = [*range(1, len(shifts) + 1)]
        return self.scribe.op("numpy.Roll", tensor, suffix=suffix, shape=tensor.shape, shift=[*shifts], axis=axes)

    def laid_out(self, tensor: Tensor) -> Tensor:
        """The map that the rows of places are parts of, as it came in."""
        scribe, layer, features, rank = self.scribe, self.layer, tensor.shape[-1], len(self.places)
        if layer.window is not None:
            windows = layer.windows(self.x[0])
            counts = [n // w for n, w in zip(self.places, windows)]
            apart = reshaped(scribe, tensor, (*counts, *windows, features), "_parts")
            pairs = [(rank + axis, axis) if layer.grid else (axis, rank + axis) for axis in range(rank)]
            tensor = permuted(scribe, apart, [*(one for pair in pairs for one in pair), 2 * rank], "_together")
        if "map" in self.following:
            tensor = reshaped(scribe, tensor, (*self.places, features), self.step("map"))
        if any(self.shifts):
            tensor = self.rolled(tensor, self.shifts, self.step("shift"))
        return as_keras(scribe, tensor, layer.output_shape(*self.x)) if self.last else tensor

    def projected(self, rows: list[Tensor]) -> list[Tensor]:
        """Queries, keys and values, a head's features apart."""
        layer, size = self.layer, self.size
        groups = layer.heads if layer.shared is None else layer.shared
        parts = [(size.keyed, layer.heads, "_query"), (size.key, groups, "_key"), (size.value, groups, "_value")]
        if len(rows) > 1:
            sources = (rows[0], rows[1], rows[-1])
            return [
                self.heads(self.dense(one, width, layer.bias, f"{word}_dense"), heads, word)
                for one, (width, heads, word) in zip(sources, parts)
            ]
        whole = self.dense(rows[0], sum(width for width, _, _ in parts), layer.bias, "_qkv")
        ends = [sum(width for width, _, _ in parts[:number]) for number in range(4)]
        return [
            self.heads(self.cut(whole, start, stop, f"{word}_part"), heads, word)
            for (start, stop), (_, heads, word) in zip(pairwise(ends), parts)
        ]

    def cut(self, tensor: Tensor, start: int, stop: int, suffix: str) -> Tensor:
        """Some of the features."""
        key = [*(slice(None) for _ in tensor.shape), slice(start or None, None if stop == tensor.shape[-1] else stop)]
        shape = (*tensor.shape[:-1], stop - start)
        return self.scribe.op("numpy.GetItem", tensor, key, suffix=suffix, shape=shape)

    def heads(self, tensor: Tensor, heads: int, suffix: str) -> Tensor:
        """The places of each head in a matrix; keys and values for every head that asks."""
        *beside, places, width = tensor.shape
        rank, each = len(beside), width // heads
        apart = reshaped(self.scribe, tensor, (*beside, places, heads, each), f"{suffix}_heads")
        made = permuted(self.scribe, apart, (*range(rank), rank + 1, rank, rank + 2), f"{suffix}_each")
        times = self.layer.heads // heads
        if times == 1:
            return made
        single = reshaped(self.scribe, made, (*beside, heads, 1, places, each), f"{suffix}_single")
        repeats = [1, *(1 for _ in beside), 1, times, 1, 1]
        spread: Sequence[int] = (*beside, heads, times, places, each)
        many = self.scribe.op("numpy.Tile", single, suffix=f"{suffix}_many", shape=tuple(spread), repeats=repeats)
        return reshaped(self.scribe, many, (*beside, heads * times, places, each), f"{suffix}_all")
