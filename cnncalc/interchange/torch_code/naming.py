"""Names of classes."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

__all__ = ["camel", "joined"]

WORDS = {
    "bn": "BN",
    "batchnorm": "BatchNorm",
    "cn": "CN",
    "mbconv": "MBConv",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "resnet": "ResNet",
    "silu": "SiLU",
    "sppf": "SPPF",
    "unet": "UNet",
}
"""Words that the field writes in its own way."""
SHORT = {"BatchNorm": "BN", "ConvTranspose": "Deconv"}
"""Modules of torch whose names are shorter in that of a class."""


def camel(name: str) -> str:
    """`double_conv` as a class is called: `DoubleConv`."""
    parts = [part for part in re.split(r"[^0-9A-Za-z]+", name) if part]
    joined = "".join(WORDS.get(part, part[0].upper() + part[1:]) for part in parts)
    joined = joined if joined[:1].isalpha() else f"Net{joined}"
    return f"{joined}Net" if keyword.iskeyword(joined) else joined


def joined(functions: Iterable[str]) -> str:
    """What a sequence of modules is called: `ConvBNReLU6`."""
    words = [re.sub(r"[123]d$", "", one.rpartition(".")[2]) for one in functions]
    return "".join(SHORT.get(word, word) for word in words)
