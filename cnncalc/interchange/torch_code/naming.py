"""Names of classes, and how code says a module or a tensor."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence

from cnncalc.interchange.torch_code.modules.parts import is_attribute

__all__ = ["camel", "joined", "place_of", "tensor_at"]

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


def place_of(path: Sequence[str], form: str) -> str:
    """A module of a class: `self.layer1`, `self["0"]`; what lies deeper is in a ModuleDict."""
    first, *rest = path
    text = f"self.{first}" if form == "module" else f"self[{first}]" if form == "sequence" else f'self["{first}"]'
    return text + "".join(f'["{name}"]' for name in rest)


def tensor_at(path: Sequence[str], form: str, kept: bool = False) -> str:
    """A tensor of a class, or of a module in it."""
    around = place_of(path[:-1], form) if len(path) > 1 else "self"
    how = "get_buffer" if kept else "get_parameter"
    return f"{around}.{path[-1]}" if is_attribute(path[-1]) else f'{around}.{how}("{path[-1]}")'
