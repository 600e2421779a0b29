"""Which pixel is the nearest where a map is enlarged, as torch finds it: by products in float32."""

from __future__ import annotations

import struct

__all__ = ["nearest_places", "single"]


def single(number: float) -> float:
    """The nearest number that float32 has."""
    found: float = struct.unpack("<f", struct.pack("<f", number))[0]
    return found


def nearest_places(n: int, out: int) -> list[int]:
    """Which of `n` pixels each of `out` is, as torch enlarges by the nearest one."""
    factor = single(n / out)
    return [min(int(single(at * factor)), n - 1) for at in range(out)]
