"""Operations that torch's FlopCounterMode knows nothing of, or counts wrong, counted as it counts their likes."""

from __future__ import annotations

from itertools import zip_longest
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.flop_counter import conv_backward_flop, sdpa_backward_flop_count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.graph import Net

__all__ = ["counted_otherwise", "unknown_to_torch"]

UNKNOWN = {"bilinear": "bilinear layers", "attention": "the two products of fused attention"}
"""By kind: what FlopCounterMode takes for nothing on a CPU."""


def unknown_to_torch(graph: Net) -> str:
    """What is to be said of multiply–accumulates that torch's counter by itself does not see; empty for most nets."""
    kinds = {layer.kind for _, _, layer in graph.layers()}
    found = [words for kind, words in UNKNOWN.items() if kind in kinds]
    if not found:
        return ""
    return f"torch's FlopCounterMode by itself counts nothing for {' and '.join(found)}: here they count as their likes"


def counted_otherwise() -> dict[Any, Callable[..., int]]:
    """What FlopCounterMode takes as its `custom_mapping`."""
    names = torch.ops.aten
    return {
        names._trilinear: trilinear,  # noqa: SLF001  (an operator's name, not a private attribute)
        names._scaled_dot_product_flash_attention_for_cpu: attention,  # noqa: SLF001  (as above)
        names._scaled_dot_product_flash_attention: flash_attention,  # noqa: SLF001  (as above)
        names._scaled_dot_product_flash_attention_for_cpu_backward: attention_backward,  # noqa: SLF001  (as above)
        names.convolution_backward: convolution_backward,
    }


def trilinear(*given: Any, **_out: object) -> int:
    """The one operation of nn.Bilinear, and of its gradients: three tensors multiplied element by element, and sums."""
    shapes = [list(shape) for shape in given[:3]]
    for shape, expanded in zip(shapes, given[3:6], strict=True):
        for axis in expanded:
            shape.insert(axis, 1)
    lengths: list[int] = [max(each) for each in zip_longest(*shapes, fillvalue=1)]
    return 2 * prod(lengths)


def attention(query: Sequence[int], key: Sequence[int], value: Sequence[int], *_rest: object, **_out: object) -> int:
    """The fused attention of a CPU: both products of matrices, whatever is masked, as for the kernels of GPUs."""
    *stack, length, features = query
    return 2 * prod(stack) * length * key[-2] * (features + value[-1])


def flash_attention(
    query: Sequence[int], key: Sequence[int], value: Sequence[int], *_: object, scale: float, **_out: object
) -> int:
    """Without the zeros that fill its heads up to eights of features: how many there are is what it scales by."""
    own = round(scale**-2)
    return attention((*query[:-1], own), key, (*value[:-1], own))


def attention_backward(
    gradient: Sequence[int], query: Sequence[int], key: Sequence[int], value: Sequence[int], *_: object, **_out: object
) -> int:
    """Its gradients, as torch counts those of the kernels of GPUs: the scores once more, and four products."""
    counted: Any = sdpa_backward_flop_count  # untyped in torch, as the one below
    return int(counted(gradient, query, key, value))


def convolution_backward(*given: Any, out_shape: Sequence[Any], **_rest: object) -> int:
    """The gradients of input and weight as torch counts them, but for groups.

    For the gradient of a grouped weight torch multiplies all channels by all, so many times too much as there are
    groups: of a depthwise convolution of 64 channels it counts 65 times the pass forward, not twice.
    """
    *front, groups, (of_input, of_weight, _) = given
    counted: Any = conv_backward_flop
    inputs, weights = (
        counted(*front, groups, mask, out_val=out_shape)
        for mask in ((of_input, False, False), (False, of_weight, False))
    )
    return int(inputs + weights // groups)
