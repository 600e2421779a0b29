"""`paddle.flops`, which makes a number of an array."""

from __future__ import annotations

import paddle

from benchmarks.surprises import tell


def counted() -> object:
    """Of a convolution 3×3, 3 to 4 channels on 8×8; the error's name where it ends in one."""
    try:
        return paddle.flops(paddle.nn.Sequential(paddle.nn.Conv2D(3, 4, 3)), [1, 3, 8, 8])
    except TypeError as error:
        return type(error).__name__


tell([("paddle.flops: a convolution 3×3, 3 to 4 channels on 8×8", counted())])
