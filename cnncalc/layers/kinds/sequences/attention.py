"""Multi-head attention: of a tensor with itself or with another, everywhere or in windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, everywhere
from cnncalc.layers.backward import Backward
from cnncalc.layers.base import Requirement, Shape, show_shape
from cnncalc.layers.fields import spread
from cnncalc.layers.kinds.sequences.keeping import Keeping
from cnncalc.layers.kinds.sequences.places import way_to_divide
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import axis_name, divisors_help, per_axis_requirements

__all__ = ["Attention"]


@layer(
    "attention",
    aliases=("MultiheadAttention", "MultiHeadAttention", "mhsa", "mha", "self_attention", "GroupQueryAttention"),
)
class Attention(Keeping):
    """Multi-head scaled dot-product attention (Vaswani et al. 2017), as torch.nn.MultiheadAttention.

    On a sequence, features x length, or on a map, whose pixels are the sequence row by row; with `axis=last` the
    features are the last axis, as in length x features. One input asks itself; a second one is what the first asks, a
    third holds the values. MACs are those of the projections and, for each query and each place that it asks, key plus
    value features a head, alike for fused kernels and matrix products. Other operations: biases, the scaling of the
    queries, a softmax a row, and an addition a place for a mask (`causal`, shifted windows) and for `relative` biases.

    With `window` (Liu et al. 2021, Swin) each pixel asks those of its window, of windows shifted by `shift` where a
    window is not the whole axis; with `grid` (Tu et al. 2022, MaxViT) pixels a window apart ask each other. Swin V2
    has `cosine` and `continuous`; its net on the distances is counted for each sample, and torch runs it once a batch.
    """

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
        local = self.window is not None or self.biased
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
        if self.cosine:
            shapes["logit_scale"] = (self.heads, 1, 1)
        if self.continuous is not None:
            shapes["cpb_mlp.0.weight"] = (self.continuous, len(self.places(x[0])))
            shapes["cpb_mlp.0.bias"] = (self.continuous,)
            shapes["cpb_mlp.2.weight"] = (self.heads, self.continuous)
        elif self.relative:
            shapes["relative_position_bias_table"] = (self.distances(x[0]), self.heads)
        return shapes

    def buffer_shapes(self, *x: Shape) -> dict[str, Shape]:
        if self.continuous is None:
            return {}
        windows = self.windows(x[0])
        return {"relative_coords_table": (1, *(2 * w - 1 for w in windows), len(windows))}

    def macs(self, *x: Shape) -> int:
        return sum(self.products(*x)) + self.macs_once(*x)

    def products(self, *x: Shape) -> tuple[int, ...]:
        """MACs: projections of queries, keys and values, their scores, the values' sums, the last projection."""
        size = self.sizes(*x)
        return (
            self.features(x[0]) * size.keyed * size.queries,
            self.features(x[min(1, len(x) - 1)]) * size.key * size.keys,
            self.features(x[-1]) * size.value * size.keys,
            size.queries * size.asked * size.keyed,
            size.queries * size.asked * size.valued,
            size.valued * self.leaving(x[0], size) * size.queries if self.project else 0,
        )

    def last_macs(self, *x: Shape) -> int:
        """Those of the last projection; without one those of the values' sums, of which a fused kernel saves more."""
        *_, sums, joining = self.products(*x)
        return joining or (sums if self.by_hand(*x) else 0)

    def backward_macs(self, backward: Backward, *x: Shape) -> int:
        """Of each product those for the gradients of its two factors; a fused kernel computes all scores once more."""
        if not backward.any:
            return 0
        weights, given = backward.weights, backward.inputs
        sources = given[0], given[min(1, len(x) - 1)], given[-1]
        *entering, scores, sums, joining = self.products(*x)
        query, key, value = (weights or wanted for wanted in sources)
        projections = sum(macs * (weights + wanted) for macs, wanted in zip(entering, sources))
        if self.by_hand(*x):
            meeting = scores * (query + key) + sums * ((query or key) + value)
        else:
            meeting = 3 * scores + 2 * sums
        return projections + meeting + joining * (weights + 1) + self.backward_macs_once(backward, *x)

    def backward_macs_once(self, backward: Backward, *x: Shape) -> int:
        """The net on the distances, which are no input that a gradient is wanted for."""
        if self.continuous is None or not backward.weights:
            return 0
        return self.distances(x[0]) * self.continuous * (len(self.places(x[0])) + 2 * self.heads)

    def macs_once(self, *x: Shape) -> int:
        """The net on the distances."""
        hidden = self.continuous or 0
        return self.distances(x[0]) * hidden * (len(self.places(x[0])) + self.heads) if hidden else 0

    def operations(self, *x: Shape) -> int:
        size = self.sizes(*x)
        biases = size.keyed * size.queries + (size.key + size.value) * size.keys if self.bias else 0
        joining = self.leaving(x[0], size) * size.queries if self.project and self.project_bias else 0
        rows = self.heads * size.queries
        added = self.biased + (self.causal or (self.window is not None and any(self.shifts(x[0]))))
        groups = self.heads if self.shared is None else self.shared
        scaling = size.keyed * size.queries
        if self.cosine:  # a head's features squared, added up and divided; a root and a bound; a scale a score
            scaling = 3 * (scaling + size.key * size.keys) + rows + groups * size.keys
            scaling += 2 * self.heads + rows * size.asked
        net = 0
        if self.continuous is not None:  # a bias and a ReLU a hidden unit; a sigmoid, and times 16, a bias
            net = 2 * self.distances(x[0]) * self.continuous + 5 * self.heads * size.asked * size.asked
        return biases + joining + scaling + rows * ((5 + added) * size.asked - 2) + net

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
