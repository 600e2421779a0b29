"""An attention that is none of Keras's, of dense layers, products of matrices and what lays elements out anew."""

from __future__ import annotations

from math import log, prod

from cnncalc.interchange.keras.writing.model import Scribe, Tensor
from cnncalc.interchange.keras.writing.own import ones, tensor_of_its_own
from cnncalc.interchange.keras.writing.windows import Shapes
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Shape
from cnncalc.layers.kinds.sequences.attention import Attention

__all__ = ["composed"]

APART = -100.0
"""What is added to the scores of places that only a shift brings together."""


def composed(scribe: Scribe, layer: Attention, x: Shapes, sources: list[Tensor], suffix: str) -> Tensor:
    """The attention of tensors whose features come last."""
    if layer.causal or layer.shared not in (None, layer.heads):
        raise Unsaid("an attention of what was before, or of shared heads, is not composed for Keras", "`--to torch`")
    paper = _Paper(scribe, layer, x)
    return paper.attention(sources, suffix)


class _Paper:
    """One attention on its way; tensors are (windows, heads, places, features) once the windows are cut."""

    def __init__(self, scribe: Scribe, layer: Attention, x: Shapes) -> None:
        self.scribe, self.layer, self.x = scribe, layer, x
        self.places, self.windows, self.shifts = layer.places(x[0]), layer.windows(x[0]), layer.shifts(x[0])
        self.size = layer.sizes(*x)
        self.local = layer.window is not None

    # -- what lays elements out anew --

    def reshaped(self, tensor: Tensor, shape: Shape, suffix: str) -> Tensor:
        """The elements in their order."""
        return self.scribe.layer("Reshape", tensor, suffix=suffix, shape=shape, target_shape=list(shape))

    def turned(self, tensor: Tensor, order: list[int], suffix: str) -> Tensor:
        """The axes in another order, counted without the batch."""
        shape = tuple(tensor.shape[axis] for axis in order)
        return self.scribe.layer("Permute", tensor, suffix=suffix, shape=shape, dims=[axis + 1 for axis in order])

    def cut(self, tensor: Tensor, axis: int, start: int, stop: int, suffix: str) -> Tensor:
        """Places of an axis."""
        key = [slice(start, stop) if place == axis + 1 else slice(None) for place in range(len(tensor.shape) + 1)]
        shape = (*tensor.shape[:axis], stop - start, *tensor.shape[axis + 1 :])
        return self.scribe.op("numpy.GetItem", tensor, key, suffix=suffix, shape=shape)

    def joined(self, parts: list[Tensor], axis: int, suffix: str) -> Tensor:
        """One behind another."""
        if len(parts) == 1:
            return parts[0]
        length = sum(one.shape[axis] for one in parts)
        shape = (*parts[0].shape[:axis], length, *parts[0].shape[axis + 1 :])
        return self.scribe.layer("Concatenate", *parts, suffix=suffix, shape=shape, axis=axis + 1)

    def rolled(self, tensor: Tensor, back: bool, suffix: str) -> Tensor:
        """By the shift on each axis, what leaves at one end coming in at the other."""
        for axis, (n, shift) in enumerate(zip(self.places, self.shifts)):
            at = n - shift if back else shift
            if shift:
                ends = [self.cut(tensor, axis, at, n, f"{suffix}{axis}_after")]
                ends.append(self.cut(tensor, axis, 0, at, f"{suffix}{axis}_before"))
                tensor = self.joined(ends, axis, f"{suffix}{axis}")
        return tensor

    def order(self) -> list[int]:
        """Windows before the places within them."""
        rank = len(self.places)
        outer, inner = [2 * axis for axis in range(rank)], [2 * axis + 1 for axis in range(rank)]
        return [*(inner + outer if self.layer.grid else outer + inner), 2 * rank]

    def parted(self, tensor: Tensor, suffix: str) -> Tensor:
        """(windows, places of a window, features)."""
        features = tensor.shape[-1]
        if not self.local:
            return self.reshaped(tensor, (1, prod(tensor.shape[:-1]), features), f"{suffix}_rows")
        tensor = self.rolled(tensor, False, f"{suffix}_rolled")
        pairs = [(n // w, w) for n, w in zip(self.places, self.windows)]
        split = [n for pair in pairs for n in (pair[::-1] if self.layer.grid else pair)]
        apart = self.turned(
            self.reshaped(tensor, (*split, features), f"{suffix}_split"), self.order(), f"{suffix}_windows"
        )
        windows = prod(n // w for n, w in zip(self.places, self.windows))
        return self.reshaped(apart, (windows, self.size.asked, features), f"{suffix}_rows")

    def whole(self, tensor: Tensor, suffix: str) -> Tensor:
        """The inverse; it is the layer itself, or what is turned behind it."""
        features, order = tensor.shape[-1], self.order()
        if not self.local:
            return self.reshaped(tensor, (*self.places, features), suffix)
        counts = [n // w for n, w in zip(self.places, self.windows)]
        apart = self.reshaped(tensor, (*counts, *self.windows, features), "_apart")
        back = self.turned(apart, [order.index(axis) for axis in range(len(order))], "_back")
        rolled = any(self.shifts)
        map_ = self.reshaped(back, (*self.places, features), "_map" if rolled else suffix)
        return self.scribe.layer("Identity", self.rolled(map_, True, "_unrolled"), suffix=suffix) if rolled else map_

    # -- the attention --

    def attention(self, sources: list[Tensor], suffix: str) -> Tensor:
        """Projections, scores, a softmax, the values' sums, and the heads joined."""
        layer, size, scribe = self.layer, self.size, self.scribe
        words = ("query", "key", "value")
        rows = [self.parted(one, f"_{word}") for one, word in zip(sources, words)]
        asked = (rows[0], rows[min(1, len(rows) - 1)], rows[-1])
        widths = (size.keyed, size.key, size.value)
        query, key, value = (self.heads(one, word, width) for one, word, width in zip(asked, words, widths))
        query, key = (self.unit(query, "_query"), self.unit(key, "_key")) if layer.cosine else (query, key)
        scores = self.scores(query, self.turned(key, [0, 1, 3, 2], "_key_across"), sources[0])
        if layer.biased:
            scores = scribe.layer("Add", scores, self.biases(sources[0]), suffix="_biased")
        if self.local and any(self.shifts):
            scores = scribe.layer("Add", scores, self.apart(sources[0]), suffix="_masked")
        weights = scribe.layer("Softmax", scores, suffix="_weights")
        sums = scribe.op("numpy.Matmul", weights, value, suffix="_sums", shape=(*weights.shape[:-1], value.shape[-1]))
        side = self.turned(sums, [0, 2, 1, 3], "_side")
        made = self.reshaped(side, (*side.shape[:2], size.valued), "_values")
        if layer.project:
            made = self.dense(made, layer.leaving(self.x[0], size), "_joined", bias=layer.project_bias)
        return self.whole(made, suffix)

    def dense(self, tensor: Tensor, units: int, suffix: str, *, bias: bool) -> Tensor:
        """A dense layer on the features."""
        shape = (*tensor.shape[:-1], units)
        return self.scribe.layer(
            "Dense", tensor, suffix=suffix, shape=shape, units=units, use_bias=None if bias else False
        )

    def heads(self, rows: Tensor, word: str, width: int) -> Tensor:
        """(windows, heads, places, features of a head)."""
        made = self.dense(rows, width, f"_{word}", bias=self.layer.bias)
        shape = (*made.shape[:2], self.layer.heads, width // self.layer.heads)
        return self.turned(self.reshaped(made, shape, f"_{word}_heads"), [0, 2, 1, 3], f"_{word}_side")

    def unit(self, tensor: Tensor, suffix: str) -> Tensor:
        """Of length 1."""
        square = self.scribe.op("numpy.Square", tensor, suffix=f"{suffix}_square")
        one = (*tensor.shape[:-1], 1)
        total = self.scribe.op("numpy.Sum", square, suffix=f"{suffix}_sum", shape=one, axis=[-1], keepdims=True)
        length = self.scribe.op("numpy.Sqrt", total, suffix=f"{suffix}_length")
        return self.scribe.op("numpy.Divide", tensor, length, suffix=f"{suffix}_unit")

    def scores(self, query: Tensor, key: Tensor, beside: Tensor) -> Tensor:
        """The products of queries and keys, scaled."""
        layer, scribe = self.layer, self.scribe
        shape = (*query.shape[:-1], key.shape[-1])
        if not layer.cosine:
            each = query.shape[-1] * (layer.heads if layer.scaled == "all" else 1)
            query = scribe.op("numpy.Multiply", query, each**-0.5, suffix="_query_scaled")
            return scribe.op("numpy.Matmul", query, key, suffix="_scores", shape=shape)
        own = tensor_of_its_own(scribe, beside, (1, layer.heads, 1, 1), "_scale")
        bounded = scribe.op("numpy.Minimum", own, log(100), suffix="_scale_bounded")
        factor = scribe.op("numpy.Exp", bounded, suffix="_scale_factor")
        products = scribe.op("numpy.Matmul", query, key, suffix="_scores", shape=shape)
        return scribe.layer("Multiply", products, factor, suffix="_scores_scaled")

    def biases(self, beside: Tensor) -> Tensor:
        """(1, heads, places, places): of each two places the row of the table for their distance."""
        heads, rank = self.layer.heads, len(self.windows)
        far = tuple(2 * w - 1 for w in self.windows)
        table = self.table(beside, (*far, heads))
        for axis, w in enumerate(self.windows):  # behind each place that is asked those that ask
            parts = [self.cut(table, axis, w - 1 - at, 2 * w - 1 - at, f"_far{axis}_{at}") for at in range(w)]
            table = self.joined(parts, axis, f"_far{axis}")
        split = self.reshaped(table, (*(n for w in self.windows for n in (w, w)), heads), "_far_split")
        order = [2 * rank, *range(1, 2 * rank, 2), *range(0, 2 * rank, 2)]
        places = prod(self.windows)
        return self.reshaped(self.turned(split, order, "_far_heads"), (1, heads, places, places), "_far")

    def table(self, beside: Tensor, shape: Shape) -> Tensor:
        """A learned number for each distance and head; or what a net makes of the distances."""
        layer, scribe = self.layer, self.scribe
        if layer.continuous is None:
            return tensor_of_its_own(scribe, beside, shape, "_table")
        around = tensor_of_its_own(scribe, beside, (*shape[:-1], len(self.windows)), "_around", trained=False)
        hidden = scribe.layer("ReLU", self.dense(around, layer.continuous, "_net0", bias=True), suffix="_net1")
        made = scribe.layer(
            "Activation", self.dense(hidden, layer.heads, "_net2", bias=False), suffix="_net3", activation="sigmoid"
        )
        return scribe.op("numpy.Multiply", made, 16.0, suffix="_net4")

    def apart(self, beside: Tensor) -> Tensor:
        """(windows, 1, places, places): what sets those apart that were not neighbours before the shift."""
        rank, scribe = len(self.places), self.scribe
        number: Tensor | None = None
        for axis, (n, w, shift) in enumerate(zip(self.places, self.windows, self.shifts)):
            if not shift:
                continue
            line = [
                self.scaled(
                    ones(
                        scribe,
                        beside,
                        tuple(count if one == axis else 1 for one in range(rank + 1)),
                        f"_region{axis}_{part}",
                    ),
                    float(part * 3**axis),
                )
                for part, count in enumerate((n - w, w - shift, shift))
            ]
            along = self.joined(line, axis, f"_region{axis}")
            number = along if number is None else self.met("Add", number, along, f"_regions{axis}")
        assert number is not None
        whole = self.scribe.op(
            "numpy.Tile",
            number,
            repeats=[1, *(n // m for n, m in zip((*self.places, 1), number.shape))],
            suffix="_regions",
            shape=(*self.places, 1),
        )
        pairs = [(n // w, w) for n, w in zip(self.places, self.windows)]
        split = self.reshaped(whole, (*(n for pair in pairs for n in pair), 1), "_regions_split")
        count, each = prod(n // w for n, w in zip(self.places, self.windows)), prod(self.windows)
        rows = self.turned(split, self.order(), "_regions_windows")
        asking = self.reshaped(rows, (count, 1, each, 1), "_regions_asking")
        asked = self.reshaped(rows, (count, 1, 1, each), "_regions_asked")
        between = scribe.op(
            "numpy.Absolute", self.met("Subtract", asking, asked, "_regions_between"), suffix="_regions_far"
        )
        return self.scaled(scribe.op("numpy.Minimum", between, 1.0, suffix="_regions_apart"), APART)

    def scaled(self, tensor: Tensor, by: float) -> Tensor:
        """Times a number."""
        return self.scribe.op("numpy.Multiply", tensor, by, suffix="_times")

    def met(self, kind: str, one: Tensor, other: Tensor, suffix: str) -> Tensor:
        """Two tensors, an axis of length 1 standing for all places."""
        shape = tuple(map(max, one.shape, other.shape))
        return self.scribe.layer(kind, one, other, suffix=suffix, shape=shape)
