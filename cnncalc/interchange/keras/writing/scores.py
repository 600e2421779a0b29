"""The scores of an attention that is composed: of each place for each that it asks, and what is added to them."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, prod

from cnncalc.interchange.keras.writing.model import Scribe, Tensor, distances
from cnncalc.interchange.keras.writing.owned import numbers, tensor_of_its_own
from cnncalc.interchange.keras.writing.windows import Shapes
from cnncalc.layers import Shape
from cnncalc.layers.kinds.sequences.attention import Attention

__all__ = ["Scores", "parted", "permuted", "reshaped"]

BARELY = 1e-12
"""The least length that torch divides a vector by."""
APART = -100.0
"""What is added to the scores of two places that only a shift has brought together."""
NEVER = 1e9
"""A score that is lower by so much has no weight at all."""


def reshaped(scribe: Scribe, tensor: Tensor, shape: Shape, suffix: str) -> Tensor:
    """The elements in another shape."""
    return scribe.layer("Reshape", tensor, suffix=suffix, shape=shape, target_shape=list(shape))


def permuted(scribe: Scribe, tensor: Tensor, order: Sequence[int], suffix: str) -> Tensor:
    """The axes in another order, counted from 0 and without the batch."""
    shape = tuple(tensor.shape[place] for place in order)
    return scribe.layer("Permute", tensor, suffix=suffix, shape=shape, dims=[place + 1 for place in order])


def parted(scribe: Scribe, layer: Attention, x: Shape, tensor: Tensor, suffix: str) -> Tensor:
    """(windows, places of a window, features) of a map."""
    features, windows, places = tensor.shape[-1], layer.windows(x), layer.places(x)
    rank, counts = len(places), [n // w for n, w in zip(places, windows)]
    split = [one for n, w in zip(counts, windows) for one in ((w, n) if layer.grid else (n, w))]
    apart = reshaped(scribe, tensor, (*split, features), f"{suffix}_split")
    outer, inner = [2 * axis for axis in range(rank)], [2 * axis + 1 for axis in range(rank)]
    order = (*inner, *outer) if layer.grid else (*outer, *inner)
    turned = permuted(scribe, apart, (*order, 2 * rank), f"{suffix}_apart")
    return reshaped(scribe, turned, (prod(counts), prod(windows), features), f"{suffix}_windows")


class Scores:
    """Those of one attention."""

    def __init__(self, scribe: Scribe, layer: Attention, x: Shapes) -> None:
        self.scribe, self.layer, self.x = scribe, layer, x[0]
        self.windows, self.shifts = layer.windows(x[0]), layer.shifts(x[0])
        self.asked = layer.sizes(*x).asked
        self.ahead = () if layer.window is None else (1,)
        """An axis for the windows, where there are any."""

    def said(self, query: Tensor, key: Tensor) -> Tensor:
        """Products of queries and keys, scaled, and what is added to them."""
        scribe, layer, rank = self.scribe, self.layer, len(query.shape)
        if layer.cosine:
            query, key = (
                scribe.op("nn.Normalize", one, suffix=f"_{word}_unit", epsilon=BARELY)
                for one, word in ((query, "query"), (key, "key"))
            )
        else:
            each = query.shape[-1] * (layer.heads if layer.scaled == "all" else 1)
            query = scribe.op("numpy.Multiply", query, each**-0.5, suffix="_query_scaled")
        turned = permuted(scribe, key, (*range(rank - 2), rank - 1, rank - 2), "_key_turned")
        shape = (*query.shape[:-1], turned.shape[-1])
        scores = scribe.op("numpy.Matmul", query, turned, suffix="_scores", shape=shape)
        if layer.cosine:
            scores = scribe.layer("Multiply", scores, self.factors(), suffix="_scores_scaled", shape=shape)
        for added, word in self.added():
            scores = scribe.layer("Add", scores, added, suffix=f"_scores_{word}", shape=shape)
        return scores

    def factors(self) -> Tensor:
        """A learned factor for each head, of at most 100."""
        own = tensor_of_its_own(self.scribe, (*self.ahead, self.layer.heads, 1, 1), "_logit_scale")
        bounded = self.scribe.op("numpy.Minimum", own, log(100.0), suffix="_logit_scale_bounded")
        return self.scribe.op("numpy.Exp", bounded, suffix="_factors", shape=own.shape)

    def added(self) -> list[tuple[Tensor, str]]:
        """What depends on places alone, and what it is called."""
        found = []
        if self.layer.biased:
            found.append((self.biases(), "biased"))
        if self.layer.causal:
            found.append((self.never(), "causal"))
        if self.layer.window is not None and any(self.shifts):
            found.append((self.apart(), "masked"))
        return found

    def biases(self) -> Tensor:
        """A bias for each head and distance, looked up an axis after the other for each two places."""
        scribe, layer, rank = self.scribe, self.layer, len(self.windows)
        table = (
            tensor_of_its_own(
                scribe, (*(2 * w - 1 for w in self.windows), layer.heads), "_relative_position_bias_table"
            )
            if layer.continuous is None
            else self.of_distances(layer.continuous)
        )
        for axis, w in enumerate(self.windows):
            places = [one - other + w - 1 for one in range(w) for other in range(w)]
            shape = (*table.shape[:axis], w * w, *table.shape[axis + 1 :])
            table = scribe.op("numpy.Take", table, places, suffix=f"_biases_axis{axis + 1}", shape=shape, axis=axis + 1)
        pairs = [one for w in self.windows for one in (w, w)]
        apart = reshaped(scribe, table, (*pairs, layer.heads), "_biases_pairs")
        asking, asked = [2 * axis for axis in range(rank)], [2 * axis + 1 for axis in range(rank)]
        turned = permuted(scribe, apart, (2 * rank, *asking, *asked), "_biases_turned")
        return reshaped(scribe, turned, (*self.ahead, layer.heads, self.asked, self.asked), "_biases")

    def of_distances(self, hidden: int) -> Tensor:
        """The table as a small net gives it of the distances, whose logarithms are taken (Liu et al. 2022)."""
        scribe, layer, rank = self.scribe, self.layer, len(self.windows)
        lengths = [2 * w - 1 for w in self.windows]
        far = []
        for axis, (w, n) in enumerate(zip(self.windows, lengths)):
            along = (*(1 for _ in range(axis)), n, *(1 for _ in range(rank - axis)))
            row = numbers(scribe, distances(w - 1), f"_distances{axis + 1}", along)
            times = [1, *(1 if at == axis else m for at, m in enumerate(lengths)), 1]
            shape = (*lengths, 1)
            far.append(scribe.op("numpy.Tile", row, suffix=f"_distances{axis + 1}_all", shape=shape, repeats=times))
        every = scribe.layer("Concatenate", *far, suffix="_distances", shape=(*lengths, rank)) if far[1:] else far[0]
        first = scribe.layer("Dense", every, suffix="_cpb_mlp_0", shape=(*lengths, hidden), units=hidden)
        between = scribe.layer("ReLU", first, suffix="_cpb_mlp_1")
        shape = (*lengths, layer.heads)
        last = scribe.layer("Dense", between, suffix="_cpb_mlp_2", shape=shape, units=layer.heads, use_bias=False)
        bounded = scribe.layer("Activation", last, suffix="_biases_bounded", activation="sigmoid")
        scribe.model.made += rank * prod(lengths)
        return scribe.op("numpy.Multiply", bounded, 16.0, suffix="_biases_scaled")

    def never(self) -> Tensor:
        """What leaves places behind one's own without a weight."""
        asking, asked = ((*self.ahead, 1, self.asked, 1), (*self.ahead, 1, 1, self.asked))
        place = numbers(self.scribe, range(self.asked), "_number")
        rows, columns = (
            reshaped(self.scribe, place, shape, f"_{word}_number")
            for shape, word in ((asking, "query"), (asked, "key"))
        )
        gap = self.scribe.layer("Subtract", rows, columns, suffix="_before_gap", shape=(*rows.shape[:-1], self.asked))
        behind = self.scribe.op("numpy.Minimum", gap, 0.0, suffix="_before_behind")
        return self.scribe.op("numpy.Multiply", behind, NEVER, suffix="_before")

    def apart(self) -> Tensor:
        """What keeps places apart that a shift has brought into one window."""
        scribe, places = self.scribe, self.layer.places(self.x)
        rank, parts = len(places), []
        for axis, (n, w, shift) in enumerate(zip(places, self.windows, self.shifts)):
            unit = 3 ** (rank - 1 - axis)
            values = [unit * ((place >= n - w) + (place >= n - shift)) if shift else 0 for place in range(n)]
            along = (*(1 for _ in range(axis)), n, *(1 for _ in range(rank - axis)))
            parts.append(numbers(scribe, values, f"_region{axis + 1}", along))
        regions = scribe.layer("Add", *parts, suffix="_regions", shape=(*places, 1)) if parts[1:] else parts[0]
        rows = parted(scribe, self.layer, self.x, regions, "_regions")
        count = rows.shape[0]
        asking = reshaped(scribe, rows, (count, 1, self.asked, 1), "_query_region")
        asked = reshaped(scribe, rows, (count, 1, 1, self.asked), "_key_region")
        gap = scribe.layer("Subtract", asking, asked, suffix="_mask_gap", shape=(count, 1, self.asked, self.asked))
        width = scribe.op("numpy.Absolute", gap, suffix="_mask_width")
        other = scribe.op("numpy.Minimum", width, 1.0, suffix="_mask_other")
        return scribe.op("numpy.Multiply", other, APART, suffix="_mask")
