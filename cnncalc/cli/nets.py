"""What can be said about a net's file without building it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.language.documents.document import Document
    from cnncalc.language.options import Options

__all__ = ["family_of", "natural", "open_net", "writes_layers"]


def open_net(net: str, options: Options | None = None) -> Document:
    """The file with all that it extends, read but not built. Raises CnncalcError."""
    from cnncalc.language.documents.document import Document
    from cnncalc.language.faults import Faults
    from cnncalc.language.options import Options

    faults = Faults()
    document = Document(net, options or Options(), faults)
    faults.raise_any()
    return document


def writes_layers(document: Document) -> bool:
    """Whether it is a net or a family at all; a library of blocks is neither."""
    return "layers" in document.keys


def family_of(net: str, document: Document) -> str:
    """The family that a net belongs to: the file at the root of what it extends, or the net itself."""
    from pathlib import Path

    return document.parents[-1] if document.parents else Path(net).stem


def natural(name: str) -> list[tuple[str, int]]:
    """A key that sorts `resnet18` before `resnet101`."""
    return [(word, int(digits or 0)) for word, digits in re.findall(r"([^\d]*)(\d*)", name) if word or digits]
