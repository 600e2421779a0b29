"""Attention as nodes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product as every_combination
from math import copysign, log, log2, prod
from typing import Any

from cnncalc.interchange.onnx.writing.scribe import Held, Step
from cnncalc.layers import Shape

__all__ = ["attention"]


class Attending:
    """An attention on its way: tokens are batch, windows where there are any, places, features."""

    def __init__(self, step: Step) -> None:
        layer: Any = step.layer
        self.step, self.layer = step, layer
        self.size = layer.sizes(*step.x)
        self.local = layer.window is not None
        self.places: Shape = tuple(map(step.fixed, layer.places(step.x[0])))
        self.window: Shape = tuple(layer.windows(step.x[0]))
        self.shifts: Shape = layer.shifts(step.x[0]) if self.local else ()
        self.lead = (prod(self.places) // prod(self.window),) if self.local else ()

    def rolled(self, x: str, sign: int) -> str:
        """The places moved in a circle by the shift, forward (1) or back (−1)."""
        for axis, (n, shift) in enumerate(zip(self.places, self.shifts), 1):
            if shift:
                at = shift if sign < 0 else n - shift
                parts = (self.step.sliced(x, axis, at, n), self.step.sliced(x, axis, 0, at))
                x = self.step.put("Concat", *parts, axis=axis)
        return x

    def order(self) -> tuple[list[int], list[int]]:
        """Of each axis of places in two parts: those that number the windows, and those inside one."""
        rank = len(self.places)
        outer, inner = [1 + 2 * axis for axis in range(rank)], [2 + 2 * axis for axis in range(rank)]
        return (inner, outer) if self.layer.grid else (outer, inner)

    def parts(self) -> list[int]:
        """Each axis of places in two: windows and places of one, or with a grid the other way round."""
        pairs = [(w, n // w) if self.layer.grid else (n // w, w) for n, w in zip(self.places, self.window)]
        return [one for pair in pairs for one in pair]

    def tokens(self, index: int) -> str:
        """An input as tokens."""
        step, x = self.step, self.step.taken[index]
        shape = step.x[index]
        features = self.layer.features(shape)
        if self.layer.axis == "channels":
            x = step.channels_last(x, len(shape) - 1)
        if not self.local:
            return x if len(shape) == 2 else step.reshaped(x, (prod(self.layer.places(shape)), features))
        if any(self.shifts):
            x = self.rolled(x, -1)
        outer, inner = self.order()
        apart = step.reshaped(x, (*self.parts(), features))
        ordered = step.permuted(apart, 0, *outer, *inner, 1 + 2 * len(self.places))
        return step.reshaped(ordered, (*self.lead, prod(self.window), features))

    def linear(self, x: str, weight: str, bias: str | None) -> str:
        """A product with a matrix along the last axis."""
        made = self.step.put("MatMul", x, self.step.put("Transpose", weight, perm=[1, 0]))
        return made if bias is None else self.step.put("Add", made, bias)

    def projected(self) -> list[str]:
        """Queries, keys and values."""
        step, size = self.step, self.size
        rows = [size.keyed, size.key, size.value]
        packed, several = self.layer.packed(*step.x), len(step.x) > 1
        if packed and not several:
            bias = step.learned("in_proj_bias") if self.layer.bias else None
            all_three = self.linear(self.tokens(0), step.learned("in_proj_weight"), bias)
            return step.split(all_three, len(self.lead) + 2, rows)
        made = []
        for place, name in enumerate("qkv"):
            part = (sum(rows[:place]), sum(rows[: place + 1]))
            weight = (
                step.learned("in_proj_weight", rows=part, name=f"{name}_proj_weight")
                if packed
                else step.learned(f"{name}_proj_weight")
            )
            bias = step.learned("in_proj_bias", rows=part, name=f"{name}_proj_bias") if self.layer.bias else None
            made.append(self.linear(self.tokens(min(place, len(step.x) - 1)), weight, bias))
        return made

    def headed(self, x: str, places: int, heads: int, each: int) -> str:
        """Batch, windows, heads, places, features of a head."""
        lead = len(self.lead)
        apart = self.step.reshaped(x, (*self.lead, places, heads, each))
        return self.step.permuted(apart, *range(lead + 1), lead + 2, lead + 1, lead + 3)

    def repeated(self, x: str, places: int, groups: int, each: int) -> str:
        """Keys or values of groups, once for each head of the group."""
        times = self.layer.heads // groups
        if times == 1:
            return x
        ones = (1,) * len(self.lead)
        apart = self.step.reshaped(x, (*self.lead, groups, 1, places, each))
        wide = self.step.put("Expand", apart, self.step.wholes((1, *ones, 1, times, 1, 1)))
        return self.step.reshaped(wide, (*self.lead, self.layer.heads, places, each))

    def masks(self, places: int) -> list[str]:
        """What is added to the scores: biases by distance, −∞ for what comes later, −100 between parts of a shift."""
        step, added = self.step, []
        if self.layer.biased:
            added.append(self.by_distance(places))
        if self.layer.causal:
            added.append(self.wall(places))
        if any(self.shifts):
            regions = step.scribe.keep(Held((*self.lead, places), tuple(self.regions()), "int64"))
            number = step.put("Cast", regions, to=1)
            columns, rows = (step.unsqueezed(number, *axes) for axes in ((1, 3), (1, 2)))
            apart = step.put("Sign", step.put("Abs", step.put("Sub", columns, rows)))
            added.append(step.put("Mul", apart, step.number(-100)))
        return added

    def wall(self, places: int) -> str:
        """−∞ for every place behind the one that asks: Trilu, which came with opset 14, or what is greater."""
        step, walled = self.step, float("-inf")
        if step.opset >= 14:
            return step.put("Trilu", step.filled(walled, (places, places)), step.whole(1), upper=1)
        asked, asking = (
            step.scribe.keep(Held(shape, tuple(range(places)), "int64")) for shape in ((1, places), (places, 1))
        )
        return step.put("Where", step.put("Greater", asked, asking), step.number(walled), step.number(0))

    def by_distance(self, places: int) -> str:
        """A bias for each head and two places, of a table that is learned, or made by a net on the distances."""
        step, heads = self.step, self.layer.heads
        rows = step.wholes(self.distances())
        if self.layer.continuous is None:
            read = step.put("Gather", step.learned("relative_position_bias_table"), rows)
            return step.permuted(step.put("Reshape", read, step.wholes((places, places, heads))), 2, 0, 1)
        read = step.put("Gather", self.net_on_distances(), rows, axis=1)
        square = step.put("Reshape", read, step.wholes((1, places, places, heads)))
        ones = (1,) * len(self.lead)
        wide = step.put("Reshape", step.permuted(square, 0, 3, 1, 2), step.wholes((1, *ones, heads, places, places)))
        return step.put("Mul", step.put("Sigmoid", wide), step.number(16))

    def net_on_distances(self) -> str:
        """What two layers make of the logarithms of all distances, for one image, which stands for all."""
        step = self.step
        apart = [[8 * at / max(w - 1, 1) for at in range(1 - w, w)] for w in self.window]
        near = [[copysign(log2(abs(n) + 1) / 3, n) for n in one] for one in apart]
        numbers = tuple([one for place in every_combination(*near) for one in place])
        coords = step.scribe.keep(Held((1, len(numbers) // len(near), len(near)), numbers))
        hidden = self.linear(coords, step.learned("cpb_mlp.0.weight"), step.learned("cpb_mlp.0.bias"))
        return self.linear(step.put("Relu", hidden), step.learned("cpb_mlp.2.weight"), None)

    def distances(self) -> list[int]:
        """For each place of a window and each that it asks, the row of the table: every distance along each axis."""
        rows = []
        for at in _places(self.window):
            for asked in _places(self.window):
                row = 0
                for one, other, w in zip(at, asked, self.window):
                    row = row * (2 * w - 1) + one - other + w - 1
                rows.append(row)
        return rows

    def regions(self) -> list[int]:
        """Window by window and place by place: a number for each part of the map that a shift brings together."""

        def part(at: int, n: int, w: int, shift: int) -> int:
            return (at >= n - w) + (at >= n - shift) if shift else 0

        found = []
        counts = [n // w for n, w in zip(self.places, self.window)]
        for window in _places(counts):
            for place in _places(self.window):
                number = 0
                for axis, (n, w, shift) in enumerate(zip(self.places, self.window, self.shifts)):
                    number = 3 * number + part(window[axis] * w + place[axis], n, w, shift)
                found.append(number)
        return found

    def made(self) -> str:
        """The whole layer."""
        step, layer, size = self.step, self.layer, self.size
        groups = layer.heads if layer.shared is None else layer.shared
        asked = prod(self.window) if self.local else size.keys
        asking = prod(self.window) if self.local else size.queries
        each, value = size.keyed // layer.heads, size.valued // layer.heads
        query, key, values = self.projected()
        q = self.headed(query, asking, layer.heads, each)
        k = self.repeated(self.headed(key, asked, groups, each), asked, groups, each)
        v = self.repeated(self.headed(values, asked, groups, value), asked, groups, value)
        lead = len(self.lead)
        scores = self.scores(q, k, each)
        for mask in self.masks(asked):
            scores = step.put("Add", scores, mask)
        met = step.put("MatMul", step.put("Softmax", scores, axis=-1), v)
        joined = step.permuted(met, *range(lead + 1), lead + 2, lead + 1, lead + 3)
        out = step.reshaped(joined, (*self.lead, asking, size.valued))
        if layer.project:
            bias = step.learned("out_proj.bias") if layer.project_bias else None
            out = self.linear(out, step.learned("out_proj.weight"), bias)
        return self.laid_out(out, layer.leaving(step.x[0], size))

    def scores(self, query: str, key: str, each: int) -> str:
        """Products of queries and keys, scaled; of a cosine those of their directions, by a learned scale a head."""
        step, lead = self.step, len(self.lead)
        if self.layer.cosine:
            query, key = (
                step.put("Div", one, step.put("Max", step.reduced("ReduceL2", one, [lead + 3]), step.number(1e-12)))
                for one in (query, key)
            )
        else:
            root = each * (self.layer.heads if self.layer.scaled == "all" else 1)
            query = step.put("Mul", query, step.number(root**-0.5))
        scores = step.put("MatMul", query, step.permuted(key, *range(lead + 2), lead + 3, lead + 2))
        if not self.layer.cosine:
            return scores
        bounded = step.put("Min", step.learned("logit_scale"), step.number(log(100)))
        return step.put("Mul", scores, step.put("Exp", bounded))

    def laid_out(self, x: str, features: int) -> str:
        """As the input is."""
        step, rank = self.step, len(self.places)
        if self.local:
            outer, inner = self.order()
            place = [outer + inner, [*range(1, 1 + 2 * rank)]]
            sizes = self.parts()
            apart = step.reshaped(x, (*(sizes[axis - 1] for axis in place[0]), features))
            back = [1 + place[0].index(axis) for axis in place[1]]
            x = step.reshaped(step.permuted(apart, 0, *back, 1 + 2 * rank), (*self.places, features))
            x = self.rolled(x, 1) if any(self.shifts) else x
        elif rank > 1:
            x = step.reshaped(x, (*self.places, features))
        return step.channels_first(x, rank) if self.layer.axis == "channels" else x


def _places(lengths: Sequence[int]) -> list[tuple[int, ...]]:
    """Every place of a shape, the last axis fastest."""
    found: list[tuple[int, ...]] = [()]
    for n in lengths:
        found = [(*place, at) for place in found for at in range(n)]
    return found


def attention(step: Step) -> str:
    """Projections, products and a softmax."""
    return Attending(step).made()
