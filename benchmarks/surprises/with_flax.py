"""XLA's cost analysis, which Flax's `tabulate(compute_flops=True)` prints."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import lax

from benchmarks.surprises import tell


def flops(function, *arguments) -> int:
    """What XLA counts of a function before it compiles it, as Flax asks it."""
    return int(jax.jit(function).lower(*arguments).cost_analysis()["flops"])


def convolved(x, kernel):
    """With as much border as keeps the size."""
    return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def dropped(shape: tuple[int, ...]) -> int:
    """Half of so many numbers."""
    layer = nn.Dropout(0.5, deterministic=False)
    return flops(lambda x, key: layer.apply({}, x, rngs={"dropout": key}), jnp.ones(shape), jax.random.key(0))


tell(
    [
        ("XLA: a convolution 3×3 with borders, 4 to 8 channels on 10×10",
         flops(convolved, jnp.ones((1, 10, 10, 4)), jnp.ones((3, 3, 4, 8)))),
        ("Flax: a dropout of 4×4×16×16 numbers", dropped((4, 4, 16, 16))),
        ("Flax: a dropout of 4,096 numbers in a row", dropped((4096,))),
    ]
)  # fmt: skip
