"""Random layers as notation, in tokens that a person might write: every kind, sensible for a shape, or wild.

All randomness comes from a `random.Random`, so that Hypothesis (`st.randoms()`) and a plain seed can drive it alike.
A shape is (channels, *spatial), without the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from kind_texts import KIND_WRITERS, MAP_ONLY, PAIRS

__all__ = ["ACTIVATIONS", "MAP_KINDS", "MERGES", "TWO", "VECTOR_KINDS", "layer_text", "wild_text"]

Shape = tuple[int, ...]

ACTIVATIONS = (
    "relu", "relu6", "leaky_relu", "rrelu", "elu", "selu", "gelu", "silu", "mish", "sigmoid", "tanh", "hardswish",
    "hardsigmoid",
    "softplus", "softmax", "log_softmax", "prelu", "maxout",
)  # fmt: skip
IN_PLACE = ("relu", "relu6", "leaky_relu", "elu", "selu", "silu", "mish", "hardswish", "hardsigmoid", "dropout")
ANYWHERE = (
    *ACTIVATIONS, "batchnorm", "layernorm", "groupnorm", "layerscale", "dropout", "droppath", "identity", "flatten",
    "reshape", "permute", "slice", "channel_shuffle", *(kind for kind in KIND_WRITERS if kind not in MAP_ONLY),
)  # fmt: skip
MAP_KINDS = (
    *ANYWHERE, "conv", "local", "dwconv", "deconv", "linear", "maxpool", "avgpool", "lppool", "adaptive_maxpool",
    "adaptive_avgpool", "global_maxpool", "global_avgpool", "spp", "instancenorm", "lrn", "crossmap_lrn", "grn",
    "pad", "crop", "upsample", "pixel_shuffle", "pixel_unshuffle", "space_to_depth", *MAP_ONLY,
)  # fmt: skip
VECTOR_KINDS = (*ANYWHERE, "linear")
MERGES = ("add", "multiply", "maximum", "minimum", "concat")
TWO = (*PAIRS, "matmul")
"""Merges of two tensors."""


def divisors(number: int) -> list[int]:
    return [d for d in range(1, number + 1) if number % d == 0]


def per_axis(random: Random, rank: int, draw: Callable[[int], int]) -> str:
    """`3`, or `1x7`: one number for all axes or one an axis; `draw` is asked for each axis (−1: for all)."""
    if rank == 1 or random.random() < 0.7:
        return str(draw(-1))
    return "x".join(str(draw(axis)) for axis in range(rank))


def border(random: Random, rank: int, most: int) -> str:
    """`1`, `0x3`, `2:1` or `2:1x0:0`."""

    def side(_: int = 0) -> str:
        before = random.randint(0, most)
        return f"{before}:{random.randint(0, most)}" if random.random() < 0.35 else str(before)

    return side() if rank == 1 or random.random() < 0.7 else "x".join(side() for _ in range(rank))


def padding(random: Random, rank: int, most: int) -> str:
    """A padding token, or nothing."""
    roll = random.random()
    if roll < 0.3:
        return ""
    if roll < 0.42:
        return " same"
    if roll < 0.48:
        return random.choice((" same_lower", " valid"))
    return f" p{border(random, rank, most)}"


def within(shape: Shape, axis: int) -> int:
    """The length of a spatial axis; of −1, which stands for all, the shortest."""
    return min(shape[1:]) if axis < 0 else shape[1 + axis]


def kernel_of(random: Random, shape: Shape) -> str:
    """A kernel that mostly fits."""

    def one(axis: int) -> int:
        if within(shape, axis) > 1:
            return random.choice((1, 2, 3, 3, random.randint(1, 5)))
        return random.choice((1, 1, 1, 2, 3))

    return per_axis(random, len(shape) - 1, one)


def few(random: Random) -> int:
    """Mostly 1."""
    return random.choice((1, 1, 1, 2, 2, 3))


def flags(random: Random, *names: str) -> str:
    """Each flag set, cleared, written out, or left alone."""
    text = ""
    for name in names:
        roll = random.random()
        if roll < 0.2:
            text += f" no{name}"
        elif roll < 0.35:
            text += f" {name}"
        elif roll < 0.45:
            text += f" {name}={random.choice(('true', 'false'))}"
    return text


def channels_like(random: Random, groups: int) -> int:
    """A small number of channels that the groups divide."""
    return groups * random.randint(1, max(1, 8 // groups))


def grouped(random: Random, shape: Shape) -> tuple[int, str]:
    """Filters and a groups token."""
    groups = random.choice(divisors(shape[0])) if random.random() < 0.35 else 1
    return channels_like(random, groups), f" g{groups}" if groups > 1 or random.random() < 0.1 else ""


def spaced(random: Random, rank: int, letter: str, chance: float) -> str:
    """A stride or dilation token, or nothing."""
    return f" {letter}{per_axis(random, rank, lambda _: few(random))}" if random.random() < chance else ""


def of_torch(random: Random) -> str:
    """What a border is made of, and what the weight is made of."""
    mode = random.choice((" reflect", " replicate", " circular", " mode=zeros")) if random.random() < 0.1 else ""
    return mode + (random.choice((" weight", " norm=spectral")) if random.random() < 0.08 else "")


def conv(random: Random, shape: Shape, kind: str = "conv") -> str:
    rank = len(shape) - 1
    out, groups = grouped(random, shape)
    groups = groups if kind == "conv" else ""
    return (
        f"{kind} {out} k{kernel_of(random, shape)}{spaced(random, rank, 's', 0.4)}{padding(random, rank, 2)}"
        f"{spaced(random, rank, 'd', 0.25)}{groups}{flags(random, 'bias')}{of_torch(random) if kind == 'conv' else ''}"
    )


def dwconv(random: Random, shape: Shape) -> str:
    rank = len(shape) - 1
    times = random.choice(("", "", " 1", " 2", " 3"))
    return (
        f"dwconv{times} k{kernel_of(random, shape)}{spaced(random, rank, 's', 0.4)}{padding(random, rank, 2)}"
        f"{spaced(random, rank, 'd', 0.25)}{flags(random, 'bias')}{of_torch(random)}"
    )


def deconv(random: Random, shape: Shape) -> str:
    rank = len(shape) - 1
    out, groups = grouped(random, shape)
    extra = (
        f" output_padding={per_axis(random, rank, lambda _: random.choice((0, 1, 1, 2)))}"
        if random.random() < 0.25
        else ""
    )
    return (
        f"deconv {out} k{kernel_of(random, shape)}{spaced(random, rank, 's', 0.7)}{padding(random, rank, 1)}"
        f"{spaced(random, rank, 'd', 0.2)}{groups}{extra}{flags(random, 'bias')}"
    )


def sliding_pool(random: Random, shape: Shape, kind: str) -> str:
    rank = len(shape) - 1
    text = f"{kind} {random.choice(('', 'k'))}{kernel_of(random, shape)}{spaced(random, rank, 's', 0.6)}"
    if kind != "lppool":
        text += padding(random, rank, 1)
    if kind == "maxpool":
        text += spaced(random, rank, "d", 0.2)
    text += random.choice(("", "", " ceil", " ceil", " floor"))
    if kind == "avgpool":
        text += flags(random, "count_include_pad")
    if kind == "lppool":
        text += random.choice(("", " norm=1", " norm=3", " norm=2.5"))
    return text


def adaptive(random: Random, shape: Shape, kind: str) -> str:
    return f"{kind} {per_axis(random, len(shape) - 1, lambda _: random.choice((1, 1, 2, 3, 4)))}"


def spp(random: Random, shape: Shape, kind: str) -> str:
    levels = random.choice(("", " 1", " 1x2", " 2", " 2x1", " 1x2x3"))
    return f"spp{levels}{random.choice(('', ' max', ' avg'))}"


def border_layer(random: Random, shape: Shape, kind: str) -> str:
    if kind == "crop" and random.random() < 0.4:
        return f"crop size={per_axis(random, len(shape) - 1, lambda axis: random.randint(1, within(shape, axis)))}"
    sides = f"{kind} {border(random, len(shape) - 1, 2 if kind == 'pad' else 1)}"
    return f"{sides} channels={border(random, 1, 3)}" if kind == "pad" and random.random() < 0.3 else sides


CUBIC = (" cubic", " align_corners bicubic")
"""On two axes; elsewhere both refuse them."""


def upsample(random: Random, shape: Shape, kind: str) -> str:
    rank = len(shape) - 1
    sized = random.random() < 0.3
    amount = per_axis(random, rank, lambda _: random.choice((1, 2, 2, 3)) + 2 * sized)
    if not sized and random.random() < 0.3:
        amount = per_axis(random, rank, lambda _: random.choice((1, 2, 3)))
        amount = amount.replace("1", random.choice(("1.5", "1.3", "0.7", "1.3636363636363635")))
    linear = (" linear", " bilinear", " trilinear")[rank - 1]
    mode = random.choice(("", "", " nearest", " linear", linear, " align_corners linear", *CUBIC))
    return f"upsample {'size=' if sized else ''}{amount}{mode}"


def shuffling(random: Random, shape: Shape, kind: str) -> str:
    if kind == "channel_shuffle":
        return f"{kind} {random.choice(('', 'g'))}{random.choice(divisors(shape[0]))}"
    return f"{kind} {random.choice((1, 2, 2, 2, 3))}"


def reshape(random: Random, shape: Shape, kind: str) -> str:
    total = 1
    for n in shape:
        total *= n
    parts = []
    for _ in range(random.randint(0, 3)):
        part = random.choice([d for d in divisors(total) if d <= 12])
        parts.append(part)
        total //= part
    parts.append(random.choice((-1, total)))
    random.shuffle(parts)
    return f"reshape {'x'.join(map(str, parts))}"


def permute(random: Random, shape: Shape, kind: str) -> str:
    order = list(range(len(shape)))
    random.shuffle(order)
    return f"permute {'x'.join(map(str, order))}"


def slice_(random: Random, shape: Shape, kind: str) -> str:
    axis = random.randrange(-len(shape), len(shape)) if random.random() < 0.3 else 0
    start = random.randrange(shape[axis])
    stop = random.randint(start + 1, shape[axis])
    text = f"slice {start or random.choice(('', '0'))}:{'' if stop == shape[axis] and random.random() < 0.5 else stop}"
    return text + (f" axis={axis}" if axis else "") + (f" step={random.randint(1, 3)}" if random.random() < 0.2 else "")


def norm(random: Random, shape: Shape, kind: str) -> str:
    if kind == "batchnorm":
        return kind + flags(random, "affine", "stats", "scale")
    if kind == "instancenorm":
        return kind + flags(random, "affine", "stats")
    if kind == "layernorm":
        return kind + random.choice(("", " channels", " all", " last")) + flags(random, "affine", "bias")
    if kind == "groupnorm":
        return f"{kind} {random.choice(divisors(shape[0]))}{flags(random, 'affine')}"
    if kind == "crossmap_lrn":
        return f"{kind} {random.randint(2, 5)}"  # torch's own gradient of one channel fails
    if kind == "lrn":
        return kind + random.choice(("", " 1", " 3", " 4", " size=5"))
    return kind + (" initial=0.1" if kind == "layerscale" and random.random() < 0.3 else "")


def activation(random: Random, shape: Shape, kind: str) -> str:
    text = kind
    if kind in ("leaky_relu", "elu") and random.random() < 0.4:
        text += random.choice((" 0.2", " 1", " 0.01"))
    if kind == "rrelu":
        text += random.choice(("", " 0.1", " 0.1 0.1"))
    if kind == "prelu":
        along = "x".join(map(str, sorted(random.sample(range(len(shape)), random.randint(1, len(shape))))))
        text += random.choice(("", " per_channel", " shared", f" shared_along={along}"))
    if kind == "gelu":
        text += random.choice(("", " tanh", " approximate=none"))
    if kind in ("softmax", "log_softmax") and random.random() < 0.5:
        text += f" axis={random.randrange(-len(shape), len(shape))}"
    if kind == "maxout":
        return f"maxout {random.choice([d for d in divisors(shape[0]) if d > 1] or [2])}"
    if kind in ("dropout", "droppath"):
        text += random.choice(("", " 0.5", " 0", " 1", " 0.1", " rate=0.2"))
    if kind == "dropout" and random.random() < 0.4:
        text += random.choice((" channels", " alpha", " alpha channels"))
    if kind in IN_PLACE and random.random() < 0.3:
        text += " inplace"
    return text


def linear(random: Random, shape: Shape, kind: str) -> str:
    axis = " axis=last" if (len(shape) > 1 and random.random() < 0.9) or random.random() < 0.1 else ""
    made = random.choice((" weight", " norm=spectral")) if random.random() < 0.08 else ""
    return f"linear {random.randint(1, 8)}{axis}{flags(random, 'bias')}{made}"


def plain(random: Random, shape: Shape, kind: str) -> str:
    return kind + (flags(random, "flat") if kind.startswith("global") else "")


WRITERS: dict[str, Callable[[Random, Shape, str], str]] = {
    "conv": lambda random, shape, _: conv(random, shape),
    "local": lambda random, shape, _: conv(random, shape, "local"),
    "dwconv": lambda random, shape, _: dwconv(random, shape),
    "deconv": lambda random, shape, _: deconv(random, shape),
    "linear": linear,
    "spp": spp,
    "upsample": upsample,
    "reshape": reshape,
    "permute": permute,
    "slice": slice_,
    "maxpool": sliding_pool,
    "avgpool": sliding_pool,
    "lppool": sliding_pool,
    **dict.fromkeys(("adaptive_maxpool", "adaptive_avgpool"), adaptive),
    **dict.fromkeys(("pad", "crop"), border_layer),
    **dict.fromkeys(("pixel_shuffle", "pixel_unshuffle", "space_to_depth", "channel_shuffle"), shuffling),
    **dict.fromkeys(
        ("batchnorm", "instancenorm", "layernorm", "groupnorm", "lrn", "crossmap_lrn", "grn", "layerscale"), norm
    ),
    **dict.fromkeys((*ACTIVATIONS, "dropout", "droppath"), activation),
    **dict.fromkeys(("global_maxpool", "global_avgpool", "identity", "flatten"), plain),
    **KIND_WRITERS,
}
# what nets consist of mostly stands here more than once
_FREQUENT = ("conv", "conv", "conv", "conv", "batchnorm", "relu", "maxpool", "avgpool", "dwconv", "deconv")


def layer_text(random: Random, shape: Shape) -> str:
    """A layer that mostly fits an input of this shape."""
    if 1 in shape and random.random() < 0.1:
        return _written(random, shape, "expand")
    if (len(shape) == 1 or shape[0] == 1) and random.random() < 0.1:
        return _written(random, shape, "embedding")
    if len(shape) == 1:
        return _written(random, shape, random.choice((*VECTOR_KINDS, "linear", "linear", "linear", "batchnorm")))
    if len(shape) > 4:
        return _written(
            random, shape, random.choice((*ACTIVATIONS, "flatten", "flatten", "reshape", "permute", "layernorm"))
        )
    return _written(random, shape, random.choice(_FREQUENT if random.random() < 0.4 else MAP_KINDS))


def _written(random: Random, shape: Shape, kind: str) -> str:
    return WRITERS[kind](random, shape, kind)


def wild_text(random: Random) -> tuple[str, tuple[Shape, ...]]:
    """A layer, and inputs that have little to do with it: most of what can be wrong with shapes is wrong sometimes."""

    def shape(least: int = 0) -> Shape:
        rank = random.choice((0, 1, 2, 2, 2, 3)) if least == 0 else random.choice((1, 2, 2, 3))
        return tuple(random.randint(1, 6) for _ in range(rank + 1))

    if random.random() < 0.12:
        first = shape()
        others = [tuple(random.choice((n, n, n, 1, n + 1)) for n in first) for _ in range(random.randint(1, 2))]
        if random.random() < 0.15:
            others[0] = shape()
        if random.random() < 0.3:
            return random.choice((*TWO, "matmul transposed", "einsum ab,bc->ac", "einsum a,ba->b")), (first, others[0])
        return random.choice(MERGES), (first, *others)
    if random.random() < 0.05:
        return f"bilinear {random.randint(1, 4)}", (shape()[:1], shape()[: random.choice((1, 1, 1, 2))])
    if random.random() < 0.03:
        meant = tuple(random.randint(1, 3) for _ in range(5))
        return _written(random, meant, random.choice(ANYWHERE)), (meant,)
    kind = random.choice(("conv", "dwconv", "deconv", "maxpool", "avgpool", *WRITERS))
    meant = shape(1) if kind in MAP_KINDS and kind not in VECTOR_KINDS else shape()
    text = _written(random, meant, kind)
    if random.random() < 0.5:
        return text, (tuple(max(1, n + random.choice((-1, 0, 0, 1))) for n in meant),)
    return text, (meant if random.random() < 0.8 else shape(),)
