"""What can be said about a net's file without building it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.language.documents.document import Document
    from cnncalc.language.options import Options

__all__ = ["family_of", "files_in", "natural", "open_net", "why_skipped", "writes_layers"]


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


def files_in(path: str) -> Iterator[tuple[str, bool]]:
    """The files that an argument names, and whether it named them by their folder."""
    import os
    from pathlib import Path

    folder = Path(path)
    if path == "-" or not folder.is_dir():
        yield path, False
        return
    found: list[Path] = []
    for inside, folders, names in os.walk(folder):  # which passes over a folder that cannot be read, or is gone
        folders[:] = [name for name in folders if not name.startswith(".")]
        there = [Path(inside, name) for name in names if name.endswith((".yaml", ".yml")) and not name.startswith(".")]
        found += [file for file in there if file.is_file()]
    yield from ((str(file), True) for file in sorted(found, key=lambda each: natural(str(each))))


def why_skipped(net: str, options: Options) -> str:
    """Why a file of a folder is no net that could be checked; empty where it is one."""
    document = open_net(net, options)
    if not writes_layers(document):
        return "a library of blocks" if document.blocks else ""
    missing = [name for name in document.required() if name not in options.variables]
    return f"a family: {', '.join(missing)} to be set" if missing else ""
