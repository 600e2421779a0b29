"""Multi-head attention: of a tensor with itself or with another, everywhere or in windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import exact_divide, product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, everywhere
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, show_shape
from cnncalc.layers.fields import Choice, Flag, PerAxis, Whole, spread
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import axis_name, divisors_help, per_axis_requirements
from cnncalc.records import NamedTuple

__all__ = ["Attention", "Sizes"]


class Sizes(NamedTuple):
    """The lengths that an attention's costs are made of."""

    queries: int
    """Places that ask."""
    keys: int
    """Places that are asked, in all."""
    asked: int
    """Places that one query asks: all, or those of its window."""
    keyed: int
    """Features of all heads' queries: heads x key."""
    key: int
    """Features of the keys, of the heads that share none."""
    value: int
    """Features of the values, likewise."""
    valued: int
    """Features that all heads give together: heads x value."""


@layer(
    "attention",
    aliases=("MultiheadAttention", "MultiHeadAttention", "mhsa", "mha", "self_attention", "GroupQueryAttention"),
)
class Attention(Layer):
    """Multi-head scaled dot-product attention (Vaswani et al. 2017), as torch.nn.MultiheadAttention.

    On a sequence, features x length, or on a map, whose pixels are the sequence row by row; with `axis=last` the
    features are the last axis, as in length x features. One input asks itself; a second one is what the first asks, a
    third holds the values. MACs are those of the projections and, for each query and each place that it asks, key plus
    value features a head, alike for fused kernels and matrix products. Other operations: biases, the scaling of the
    queries, a softmax a row, and an addition a place for a mask (`causal`, shifted windows) and for `relative` biases.

    With `window` (Liu et al. 2021, Swin) each pixel asks those of its window, of windows shifted by `shift` where a
    window is not the whole axis; with `grid` (Tu et al. 2022, MaxViT) pixels a window apart ask each other.
    """

    inputs: ClassVar[tuple[int, int]] = (1, 3)
    weighted: ClassVar[bool] = True
    autocast: ClassVar[str] = "half"
    heads: int = field(Whole(), "heads that ask side by side", position=0, symbol="h", aliases=("num_heads",))
    key: int | None = field(
        Whole(),
        "features of a head's queries and keys; its share of the input's",
        None,
        aliases=("key_dim", "head_size"),
    )
    value: int | None = field(Whole(), "features of a head's values; as its keys", None, aliases=("value_dim",))
    out: int | None = field(Whole(), "features that come out; as many as came in", None, aliases=("output_dim",))
    shared: int | None = field(
        Whole(), "heads of keys and values, each for several that ask; all", None, aliases=("kv_heads", "num_kv_heads")
    )
    bias: bool = field(Flag(), "whether queries, keys and values have a bias", True, aliases=("qkv_bias", "use_bias"))
    project: bool = field(Flag(), "whether the heads' values are joined by a learned matrix", True)
    project_bias: bool = field(Flag(), "whether that has a bias", True, aliases=("out_bias", "proj_bias"))
    causal: bool = field(Flag(), "a place asks those up to itself alone", False, aliases=("is_causal",))
    fused: bool = field(Flag(), "torch's fused kernel, which keeps no weight of a place for backward", True)
    window: tuple[int, ...] | None = field(PerAxis(), "size of the windows, pixels", None, letter="w", symbol="w")
    shift: tuple[int, ...] = field(PerAxis(0), "by how much the windows are shifted, pixels", (0,))
    grid: bool = field(Flag(), "what would be a window apart asks each other", False)
    relative: bool = field(Flag(), "a learned bias for each head and distance within a window", False)
    axis: str = field(Choice("channels", "last"), "where the features stand", "channels")

    # -- sizes -----------------------------------------------------------------------------------------------------

    def features(self, x: Shape) -> int:
        """Features of a place."""
        return x[0] if self.axis == "channels" else x[-1]

    def places(self, x: Shape) -> Shape:
        """The axes on which the places stand."""
        return x[1:] if self.axis == "channels" else x[:-1]

    def each(self, x: Shape) -> int:
        """Features of a head's queries and keys."""
        return exact_divide(self.features(x), self.heads) if self.key is None else self.key

    def windows(self, x: Shape) -> Shape:
        """The size of the window on each axis of places; the whole axis where there are none."""
        places = self.places(x)
        return places if self.window is None else tuple(spread(self.window, len(places)))

    def shifts(self, x: Shape) -> Shape:
        """By how much the windows are shifted on each axis: not at all where one covers it."""
        shifts = spread(self.shift, len(self.places(x)))
        return tuple(0 if n == w else s for n, w, s in zip(self.places(x), self.windows(x), shifts))

    @property
    def masked(self) -> bool:
        """Whether something is added to the scores of each place, but for windows that shift."""
        return self.relative or self.causal

    def sizes(self, *x: Shape) -> Sizes:
        """All lengths."""
        memory = x[min(1, len(x) - 1)]
        key = self.each(x[0])
        value = key if self.value is None else self.value
        groups = self.heads if self.shared is None else self.shared
        keys = product(self.places(memory))
        asked = keys if self.window is None else product(self.windows(x[0]))
        return Sizes(
            product(self.places(x[0])), keys, asked, self.heads * key, groups * key, groups * value, self.heads * value
        )

    def leaving(self, x: Shape, sizes: Sizes) -> int:
        """Features that come out."""
        if not self.project:
            return sizes.valued
        return self.features(x) if self.out is None else self.out

    # -- answers ---------------------------------------------------------------------------------------------------

    def entering(self, *x: Shape) -> int:
        return self.features(x[0])

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        shape = x[0]
        yield Requirement(
            all(2 <= len(one) <= 4 for one in x),
            "an attention takes a sequence (features x length) or a map",
            f"its inputs are {', '.join(map(show_shape, x))}",
            "`reshape` a vector to features x 1",
        )
        features = self.features(shape)
        yield Requirement(
            self.key is not None or features % self.heads == 0,
            "the heads must divide the features",
            f"{self.heads} heads, {features} features",
            partial(divisors_help, features, self.heads),
        )
        yield Requirement(
            self.shared is None or self.heads % self.shared == 0,
            "the heads of keys and values must divide those that ask",
            f"{self.shared} of {self.heads} heads",
            partial(divisors_help, self.heads, self.shared or 1),
        )
        yield Requirement(
            len(x) < 3 or self.places(x[1]) == self.places(x[-1]),
            "there must be as many values as keys",
            f"keys are {show_shape(x[1 % len(x)])}, values {show_shape(x[-1])}",
            "take both from one tensor: `from: [queries, memory]`",
        )
        yield from self._of_windows(*x)

    def _of_windows(self, *x: Shape) -> Iterator[Requirement]:
        """Windows lie side by side on the map that is asked, which asks itself."""
        local = self.window is not None or self.relative
        yield Requirement(
            len(x) == 1 or not (local or self.causal),
            "windows, distances and what was before are those of one tensor",
            f"it takes {len(x)} tensors",
            "leave `window`, `relative` and `causal` out, or take one tensor",
        )
        if self.window is None:
            yield Requirement(
                max(self.shift) == 0 and not self.grid,
                "only windows can be shifted or spread over a grid",
                f"shift {show_shape(self.shift)}, and no window",
                "write its window too, such as `w7 shift=3`",
            )
            return
        places = self.places(x[0])
        yield from per_axis_requirements(self, len(places))
        for axis, (n, w, s) in enumerate(zip(places, self.windows(x[0]), spread(self.shift, len(places)))):
            name = axis_name(axis, len(places))
            yield Requirement(
                n % w == 0,
                "the windows of an attention must divide the map",
                f"{name} {n}, window {w}",
                partial(way_to_divide, n, w),
            )
            yield Requirement(
                s < w and not (s and self.grid),
                "windows are shifted by less than a window, and those of a grid not at all",
                f"{name} shift {s}, window {w}",
                f"use a shift up to {w - 1}, usually {w // 2}" if not self.grid else "leave out `shift`",
            )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (OPEN,) * len(x[0]) if x else None

    def output_shape(self, *x: Shape) -> Shape:
        out = self.leaving(x[0], self.sizes(*x))
        return (out, *x[0][1:]) if self.axis == "channels" else (*x[0][:-1], out)

    def packed(self, *x: Shape) -> bool:
        """Whether one matrix projects queries, keys and values, as in torch where all inputs have as many features."""
        return all(self.features(one) is self.features(x[0]) or self.features(one) == self.features(x[0]) for one in x)

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        size = self.sizes(*x)
        rows = size.keyed + size.key + size.value
        features = self.features(x[0])
        if self.packed(*x):
            shapes: dict[str, Shape] = {"in_proj_weight": (rows, features)}
        else:
            shapes = {
                "q_proj_weight": (size.keyed, features),
                "k_proj_weight": (size.key, self.features(x[1])),
                "v_proj_weight": (size.value, self.features(x[-1])),
            }
        if self.bias:
            shapes["in_proj_bias"] = (rows,)
        if self.project:
            shapes["out_proj.weight"] = (self.leaving(x[0], size), size.valued)
            if self.project_bias:
                shapes["out_proj.bias"] = (self.leaving(x[0], size),)
        if self.relative:
            shapes["relative_table"] = (product(2 * w - 1 for w in self.windows(x[0])), self.heads)
        return shapes

    def macs(self, *x: Shape) -> int:
        size = self.sizes(*x)
        asking = self.features(x[0]) * size.keyed * size.queries
        keys = self.features(x[min(1, len(x) - 1)]) * size.key * size.keys
        values = self.features(x[-1]) * size.value * size.keys
        meeting = size.queries * size.asked * (size.keyed + size.valued)
        joining = size.valued * self.leaving(x[0], size) * size.queries if self.project else 0
        return asking + keys + values + meeting + joining

    def operations(self, *x: Shape) -> int:
        size = self.sizes(*x)
        biases = size.keyed * size.queries + (size.key + size.value) * size.keys if self.bias else 0
        joining = self.leaving(x[0], size) * size.queries if self.project and self.project_bias else 0
        rows = self.heads * size.queries
        added = self.relative + (self.causal or (self.window is not None and any(self.shifts(x[0]))))
        return biases + joining + size.keyed * size.queries + rows * ((5 + added) * size.asked - 2)

    def reaches_into(self, index: int, *x: Shape) -> tuple[Reach | None, ...] | None:
        """Of several inputs the first asks place by place, and sees all of the others, whichever axes these have."""
        if len(x) == 1:
            return None
        places = range(1, len(x[index])) if self.axis == "channels" else range(len(x[index]) - 1)
        return tuple(IDENTITY if index == 0 and axis in places else everywhere(n) for axis, n in enumerate(x[index]))

    def along(self, x: Shape, axis: int) -> Reach:
        """What a place sees along an axis of the tensor."""
        places = self.places(x)
        if self.window is None or self.grid:
            return everywhere(places[axis])
        return Reach(block=self.windows(x)[axis], offset=self.shifts(x)[axis])

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        last = len(x[0]) - 1
        if len(x) > 1:
            return (IDENTITY,) * last
        if self.axis == "channels":
            return tuple(self.along(x[0], axis) for axis in range(last))
        return (*(self.along(x[0], axis) for axis in range(1, last)), everywhere(x[0][-1]))

    def channel_reach(self, *x: Shape) -> Reach | None:
        if len(x) > 1:
            return IDENTITY
        return everywhere(x[0][0]) if self.axis == "channels" else self.along(x[0], 0)

    def by_hand(self, *x: Shape) -> bool:
        """Whether torch computes it as products of matrices: fused kernels want heads alike, and add nothing."""
        size = self.sizes(*x)
        shifted = self.window is not None and any(self.shifts(x[0]))
        return not self.fused or self.relative or shifted or size.key != size.value

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """What the projections take, and of the heads the queries, keys and values with what came of them.

        A fused kernel keeps its result and a sum a row; products of matrices keep scaled queries, keys, values and the
        weights of all places.
        """
        if not backward.any:
            return
        size = self.sizes(*x)
        if backward.weights:
            for index, one in enumerate(x):
                if self.axis == "last" and self.window is None:
                    yield Saved("input", index)
                else:
                    yield Saved("places", index, shape=one)
        if self.by_hand(*x):
            spread_out = size.keys * (size.keyed + size.valued)
            yield Saved("scaled queries", shape=(size.queries, size.keyed))
            yield Saved("keys and values of every head", shape=(spread_out,))
            yield Saved("weights of all places", shape=(self.heads, size.queries, size.asked))
        else:
            yield Saved("queries", shape=(size.queries, size.keyed))
            yield Saved("keys and values", shape=(size.keys, size.key + size.value))
            yield Saved("sums of rows", shape=(self.heads, size.queries), element="full")
            yield Saved("values of all heads", shape=(size.queries, size.valued))
        if self.project and backward.weights and self.by_hand(*x):
            yield Saved("values of all heads", shape=(size.queries, size.valued))


def way_to_divide(n: int, window: int) -> str:
    """The way out where windows do not divide an axis: the lengths and windows next to it that do."""
    above = -(-n // window) * window
    return f"`pad` or `upsample` the map to {above}, or {divisors_help(n, window)}"
