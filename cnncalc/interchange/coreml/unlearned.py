"""Numbers of a file that nobody learned, which the converter writes into both forms of Core ML."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.interchange.onnx.telling import Telling

__all__ = ["INVERSED", "NO_BIAS", "divided"]

INVERSED = "_inversed_"
"""What the converter puts before the name of a division that it writes as a product, and of its numbers."""
NO_BIAS = "zeros that the converter writes as a bias or a shift where a layer has none"


def divided(tell: Telling, x: str, dims: Sequence[int], outputs: Sequence[str], name: str) -> None:
    """Such a division: nobody learns a divisor. Behind a difference it is a batch norm that has statistics alone."""
    found = apart(tell, x)
    size = prod(dims)
    if found is not None and found[1] == size == max(dims, default=1) > 1:
        statistics = [tell.weight(f"{name}.{what}", (size,)) for what in ("running_mean", "running_var")]
        tell.put("BatchNormalization", [found[0], "", "", *statistics], outputs, name)
    else:
        tell.put("Mul", [x, tell.filled(tell.fresh(), dims, None)], outputs, name)


def apart(tell: Telling, name: str) -> tuple[str, int] | None:
    """What numbers of the file are taken from, and how many they are, where a tensor is such a difference."""
    maker = tell.maker(name)
    if maker is None or maker.kind not in ("Sub", "Add"):
        return None
    taken = tell.tensors.get(maker.inputs[1])
    if maker.kind == "Add":  # the older form adds what it has negated
        negated = tell.maker(maker.inputs[1])
        taken = tell.tensors.get(negated.inputs[0]) if negated is not None and negated.kind == "Neg" else None
    return None if taken is None else (maker.inputs[0], taken.size)
