"""What backward keeps of an attention, and what torch computes it with."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.arithmetic.windows.formulas import ceil_divide
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Shape
from cnncalc.layers.kinds.sequences.places import Places, Sizes

__all__ = ["Keeping"]


class Keeping(Places):
    """The tensors that autograd keeps of an attention: in one type, or under torch.autocast, as on CUDA."""

    def by_hand(self, *x: Shape) -> bool:
        """Whether torch computes it as products of matrices: fused kernels want heads alike, and add nothing."""
        size = self.sizes(*x)
        shifted = self.window is not None and any(self.shifts(x[0]))
        plain = self.fused and self.scaled == "head" and not (self.biased or self.cosine or shifted)
        return not plain or size.key != size.value

    def joins(self, x: Shape) -> int:
        """All places are the rows of one matrix; where features come first they are laid out anew anyway."""
        return len(x) - 1

    def cast_weights(self, backward: Backward, *x: Shape) -> dict[str, int]:
        """Those of projections whose input wants a gradient, and of the net on the distances the second one."""
        if not backward.any:
            return {}
        shapes = self.weight_shapes(*x)
        given = backward.inputs[0], backward.inputs[min(1, len(x) - 1)], backward.inputs[-1]
        wanted = {"in_proj_weight": len(x) == 1 and given[0], "out_proj.weight": True}  # else its parts: `saved_inputs`
        wanted |= dict(zip(("q_proj_weight", "k_proj_weight", "v_proj_weight"), given))
        wanted["cpb_mlp.2.weight"] = backward.weights
        return {name: 1 for name in shapes if wanted.get(name)}

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """What the projections take, and of the heads the queries, keys and values with what came of them.

        A fused kernel keeps its result and a sum a row; products of matrices keep scaled queries, keys, values and the
        weights of all places.
        """
        if not backward.any:
            return
        size = self.sizes(*x)
        yield from self.saved_inputs(backward, size, *x)
        if self.by_hand(*x):
            query, key, value = self.wanted(backward)
            if self.cosine:
                yield from self.saved_lengths(backward, size, *x)
            if key:
                yield Saved("scaled queries", shape=(size.queries, size.keyed))
            yield from self.saved_heads(backward, size, *x)
            weights = (self.heads, size.queries, size.asked)
            if query or key or not backward.autocast:
                yield Saved("weights of all places", shape=weights, element=_precise(backward))
            if value and backward.autocast:
                yield Saved("weights of all places, as they are multiplied", shape=weights)
        else:
            yield from self.saved_fused(backward, size, *x)
        if self.continuous is not None and backward.weights:
            if backward.autocast:
                yield Saved("distances", shape=(self.distances(x[0]), len(self.places(x[0]))), batched=False)
            yield Saved("hidden units", shape=(self.distances(x[0]), self.continuous), batched=False)
            yield Saved("biases", shape=(self.heads, size.asked, size.asked), batched=False)
        if self.project and backward.weights and self.by_hand(*x):
            yield Saved("values of all heads", shape=(size.queries, size.valued))

    def wanted(self, backward: Backward) -> tuple[bool, bool, bool]:
        """Whether gradients of queries, keys and values are wanted."""
        first, *others = (backward.weights or one for one in backward.inputs)
        return first, (others or [first])[0], (others or [first])[-1]

    def saved_inputs(self, backward: Backward, size: Sizes, *x: Shape) -> Iterator[Saved]:
        """What the projections take. Under autocast each casts its own, a part of the one matrix too."""
        if backward.weights:
            for index, one in enumerate(x):
                for again in range(1 + (len(x) == 2 and index == 1)):
                    if self.axis == "last" and self.window is None:
                        yield Saved("input", index)
                    else:
                        yield Saved("places", index, shape=one, element="cast" if again else "")
        if backward.autocast and len(x) > 1 and self.packed(*x):
            rows = (size.keyed, size.key, size.value)
            features = self.features(x[0])
            given = backward.inputs[0], backward.inputs[1], backward.inputs[-1]
            for count, wanted in zip(rows, given):
                if wanted:
                    yield Saved("weight in half precision", shape=(count, features), batched=False)

    def saved_fused(self, backward: Backward, size: Sizes, *x: Shape) -> Iterator[Saved]:
        """FlashAttention has heads of eights of features, made larger with zeros, and the state of random numbers."""
        keyed, key, value, valued = size.keyed, size.key, size.value, size.valued
        if backward.autocast:
            groups = self.heads if self.shared is None else self.shared
            each = self.each(x[0])
            filled = 8 * ceil_divide(each, 8)
            keyed = valued = self.heads * filled
            key = value = groups * filled
            yield Saved("the state of its random numbers", shape=(3,), size=8, batched=False)
            in_a_row = each == 1 and (size.asked == 1 or self.undivided(backward, *x))
            apart = each != filled and self.heads > 1 and not in_a_row
            if self.project and backward.weights and apart:
                yield Saved("values of all heads, without the zeros", shape=(size.queries, size.valued))
        yield Saved("queries", shape=(size.queries, keyed))
        yield Saved("keys and values", shape=(size.keys, key + value))
        yield Saved("sums of rows", shape=(self.heads, size.queries), element="full")
        yield Saved("values of all heads", shape=(size.queries, valued))

    def undivided(self, backward: Backward, *x: Shape) -> bool:
        """Whether there is one window of one image."""
        return backward.alone and all(n == w for n, w in zip(self.places(x[0]), self.windows(x[0])))

    def saved_heads(self, backward: Backward, size: Sizes, *x: Shape) -> Iterator[Saved]:
        """Keys and values, laid out head by head for their products unless one matrix for each window is there anyway.

        Else they lie where they were made: with the queries where one matrix makes all, or cosines have made new keys.
        """
        groups = self.heads if self.shared is None else self.shared
        whole = self.undivided(backward, *x) if len(x) == 1 else backward.alone
        query, key, _ = self.wanted(backward)
        if groups < self.heads or not (self.heads == 1 or whole):
            each = query * size.keyed + (query or key) * size.valued
            yield Saved("keys and values of every head", shape=(size.keys * each,))
        elif self.cosine:
            yield Saved("keys of length 1", shape=(size.keys, query * size.key))
            if len(x) > 1:
                yield Saved("values", shape=(size.keys, (query or key) * size.value))
        else:
            queries = size.keyed * size.queries if len(x) == 1 else 0
            each = query * size.key + (query or key) * size.value
            yield Saved("queries, keys and values", shape=(queries + size.keys * each,))

    def saved_lengths(self, backward: Backward, size: Sizes, *x: Shape) -> Iterator[Saved]:
        """Of a cosine: queries and keys, which lie with the values where one matrix makes them all; their lengths as
        they are and bounded; the scales, and where these are learned the scores.
        """
        values = size.value * size.keys if len(x) == 1 else 0
        groups = self.heads if self.shared is None else self.shared
        query, key, _ = self.wanted(backward)
        laid = query * size.keyed * size.queries + key * size.key * size.keys
        yield Saved("queries and keys", shape=(laid + values,))
        lengths = query * self.heads * size.queries + key * groups * size.keys
        yield Saved("their lengths", shape=(2, lengths), element=_precise(backward))
        if query or key:
            yield Saved("scales", shape=(self.heads,), batched=False, element=_precise(backward))
        if backward.weights:
            yield Saved("cosines", shape=(self.heads, size.queries, size.asked))


def _precise(backward: Backward) -> str:
    """The element of what autocast computes in float32, and a net of one type in that."""
    return "full" if backward.autocast else ""
