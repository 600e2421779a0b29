"""Where an attention's places stand and how many features they have: the fields and lengths of the kind `attention`."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.arithmetic.windows.formulas import exact_divide, product
from cnncalc.layers.base import Layer, Shape, field
from cnncalc.layers.fields import Choice, Flag, PerAxis, Whole, spread
from cnncalc.layers.windows import divisors_help
from cnncalc.records import NamedTuple

__all__ = ["NAMES", "Places", "Sizes", "way_to_divide"]


NAMES = {"in_proj": ("in_proj_", "out_proj."), "qkv": ("qkv.", "proj."), "to_qkv": ("to_qkv.", "merge.")}
"""What stands before `weight` and `bias` of the first matrix, and of that which joins the heads."""


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


class Places(Layer):
    """The fields of an attention, and the lengths that follow from them."""

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
    continuous: int | None = field(
        Whole(), "these biases come of a net with so many hidden units on the distances (Swin V2)", None
    )
    cosine: bool = field(Flag(), "queries and keys have length 1, and a learned scale for each head", False)
    scaled: str = field(
        Choice("head", "all"), "scores are divided by the root of a head's features, or of all heads'", "head"
    )
    axis: str = field(Choice("channels", "last"), "where the features stand", "channels")
    names: str = field(
        Choice(*NAMES), "what checkpoints call its projections: as torch, as Swin and timm, as MaxViT", "in_proj"
    )

    def stored(self, *x: Shape) -> dict[str, tuple[str, Shape]]:
        (first, last), (own_first, own_last) = NAMES[self.names], NAMES["in_proj"]
        known = super().stored(*x)
        return {role: (name.replace(own_first, first).replace(own_last, last), shape)
                for role, (name, shape) in known.items()}  # fmt: skip

    def whole_numbers(self, *x: Shape) -> int:
        """Of biases by distance, the row of the table for each two places of a window."""
        asked = self.sizes(*x).asked
        return asked * asked if self.biased else 0

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
        return self.biased or self.causal

    @property
    def biased(self) -> bool:
        """Whether each head and distance has a bias of its own."""
        return self.relative or self.continuous is not None

    def distances(self, x: Shape) -> int:
        """How many distances there are within a window."""
        return product(2 * w - 1 for w in self.windows(x))

    def packed(self, *x: Shape) -> bool:
        """Whether one matrix projects queries, keys and values, as in torch where all inputs have as many features."""
        return all(self.features(one) is self.features(x[0]) or self.features(one) == self.features(x[0]) for one in x)

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


def way_to_divide(n: int, window: int) -> str:
    """The way out where windows do not divide an axis: the lengths and windows next to it that do."""
    above = -(-n // window) * window
    return f"`pad` or `upsample` the map to {above}, or {divisors_help(n, window)}"
