"""ONNX's domain of classical learning, `ai.onnx.ml`: converters put some of it before and behind a net."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from cnncalc.interchange.onnx.call import Call, Rule, Value
from cnncalc.interchange.onnx.rules.elements import same
from cnncalc.interchange.onnx.rules.rarer import as_input, dims_of, result

__all__ = ["LABELS"]


def extracted(call: Call) -> list[Value]:
    """ArrayFeatureExtractor: the elements of the last axis at some places, as of a list of labels."""
    full = dims_of(call, 0)
    return [result(call, (*(full[:-1] or (1,)), prod(dims_of(call, 1))))]


LABELS: Mapping[str, Rule] = {
    "ZipMap": same,
    "ArrayFeatureExtractor": extracted,
    **dict.fromkeys(
        ("LabelEncoder", "CategoryMapper", "Scaler", "Normalizer", "Imputer", "Binarizer"), as_input(0)
    ),
}  # fmt: skip
"""What each of them becomes: a map from labels to numbers is these numbers."""
