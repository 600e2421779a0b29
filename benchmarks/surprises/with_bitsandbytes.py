"""The state of bitsandbytes' Adam8bit, of a tensor just below its limit and at it."""

from __future__ import annotations

import torch
from bitsandbytes.optim import Adam8bit

from benchmarks.surprises import tell


def state(numbers: int) -> int:
    """Bytes kept for so many numbers after a step, without the tables of 256 values that all tensors share."""
    parameter = torch.nn.Parameter(torch.rand(numbers))
    optimizer = Adam8bit([parameter])
    parameter.sum().backward()
    optimizer.step()
    held = optimizer.state[parameter].items()
    return sum(one.nbytes for name, one in held if torch.is_tensor(one) and not name.startswith("qmap"))


tell((f"bitsandbytes: bytes that Adam8bit keeps of {numbers:,} numbers", state(numbers)) for numbers in (4_095, 4_096))
