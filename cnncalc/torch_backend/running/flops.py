"""Operations of torch that its own FlopCounterMode knows nothing of, counted as it counts their likes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["unknown_to_torch"]


def unknown_to_torch() -> dict[Any, Callable[..., int]]:
    """What FlopCounterMode takes as its `custom_mapping`."""
    names = torch.ops.aten
    return {
        names._trilinear: trilinear,  # noqa: SLF001  (an operator's name, not a private attribute)
        names._scaled_dot_product_flash_attention_for_cpu: attention,  # noqa: SLF001  (as above)
    }


def trilinear(left: Sequence[int], weight: Sequence[int], *_rest: object, **_out: object) -> int:
    """The one operation of nn.Bilinear: a multiply–accumulate for each weight and row."""
    return 2 * left[0] * prod(weight)


def attention(query: Sequence[int], key: Sequence[int], value: Sequence[int], *_rest: object, **_out: object) -> int:
    """The fused attention of a CPU: both products of matrices, whatever is masked, as for the kernels of GPUs."""
    *stack, length, features = query
    return 2 * prod(stack) * length * key[-2] * (features + value[-1])
