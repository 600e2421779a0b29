"""Names of classes."""

from __future__ import annotations

import re

__all__ = ["camel"]

WORDS = {
    "bn": "BN",
    "batchnorm": "BatchNorm",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "silu": "SiLU",
    "mbconv": "MBConv",
    "resnet": "ResNet",
    "unet": "UNet",
    "cn": "CN",
    "sppf": "SPPF",
    "space": "Space",
}
"""Words that the field writes in its own way."""


def camel(name: str) -> str:
    """`double_conv` as a class is called: `DoubleConv`."""
    parts = [part for part in re.split(r"[^0-9A-Za-z]+", name) if part]
    joined = "".join(WORDS.get(part, part[0].upper() + part[1:]) for part in parts)
    return joined if joined[:1].isalpha() else f"Net{joined}"
