"""What frameworks differ in: defaults, how pools round, transposed `same`, what is refused, what a parameter is.

A layer that slides windows carries the name of its dialect, so that its rules can look up here what the framework does.
The rules and where they were read stand in docs/dialects.md.
"""

from __future__ import annotations

from cnncalc.arithmetic.windows.formulas import Rounding
from cnncalc.records import NamedTuple

__all__ = ["DIALECTS", "Dialect"]


class Dialect(NamedTuple):
    """The habits of one framework."""

    name: str
    pool_rounding: str = "floor"
    """How a pool rounds where the file does not say."""
    ceil: Rounding = Rounding.CEIL
    """What `ceil` means."""
    clip_needs_padding: bool = False
    """Caffe clips the last window of a ceil-mode pool only where the pool is padded."""
    pool_stride_is_kernel: bool = True
    """Where a pool's stride is not given it equals the kernel; else it is 1."""
    pool_padding_limit: str = "half"
    """The most padding a pool takes: `half` its kernel, less than its `extent`, or `none` checked."""
    transposed_same: str = ""
    """The rule of `same` for a transposed convolution; empty where there is none."""
    transposed_fills_stride: bool = False
    """Keras: an unpadded transposed convolution whose stride is larger than its kernel gives n·s."""
    same_ignores_dilation: bool = False
    """Paddle: `same` sets the dilation of a convolution to 1."""
    stride_with_dilation: bool = True
    """False: a stride and a dilation above 1 in one layer are refused."""
    buffers_are_parameters: bool = False
    """Batch norm's running statistics are counted among the parameters, as not trainable."""
    statistics_have_factor: bool = False
    """Caffe keeps batch norm's mean and variance as sums, with a third blob of one number by which both are divided."""
    linear_flattens: bool = False
    """A linear layer takes a map as one long vector."""


DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect("torch"),
        Dialect(
            "keras",
            pool_padding_limit="none",
            transposed_same="keras",
            transposed_fills_stride=True,
            stride_with_dilation=False,
            buffers_are_parameters=True,
        ),
        Dialect(
            "caffe",
            pool_rounding="ceil",
            clip_needs_padding=True,
            pool_stride_is_kernel=False,
            pool_padding_limit="extent",
            statistics_have_factor=True,
            linear_flattens=True,
        ),
        Dialect(
            "paddle",
            ceil=Rounding.CEIL_UNCLIPPED,
            pool_padding_limit="extent",
            transposed_same="paddle",
            same_ignores_dilation=True,
            buffers_are_parameters=True,
        ),
        Dialect(
            "ncnn",
            pool_rounding="ceil",
            ceil=Rounding.CEIL_UNCLIPPED,
            pool_stride_is_kernel=False,
            pool_padding_limit="none",
            buffers_are_parameters=True,
            linear_flattens=True,
        ),
        Dialect("onnx", pool_stride_is_kernel=False, pool_padding_limit="extent", transposed_same="onnx"),
    )
}
