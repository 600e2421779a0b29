"""Text to graph. The only package that knows YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.graph import Net
    from cnncalc.language.options import Options
    from cnncalc.language.yaml.reader import YamlNode

__all__ = ["bundled", "chain", "load", "load_text"]


def load(net: str, options: Options) -> Net:
    """The graph of a file, of `-` (standard input) or of a bundled net; raises `CnncalcError` with every fault."""
    from cnncalc.language.building.assembling import Assembler
    from cnncalc.language.documents.document import Document
    from cnncalc.language.faults import Faults

    faults = Faults()
    document = Document(net, options, faults)
    document.symbols = options.symbols
    return Assembler(document, options, faults).build()


def load_text(text: str | bytes, name: str, options: Options) -> Net:
    """The graph of a text, which errors call `name`; raises `CnncalcError` with every fault."""
    from cnncalc.language.yaml.reader import read

    return _of_tree(read(text, name, options.limits), name, options)


def chain(input: str, layers: Sequence[str], options: Options) -> Net:
    """The graph of layers written one after another on the command line; raises `CnncalcError`."""
    from cnncalc.language.documents.arguments import tree

    return _of_tree(tree(input, layers, options.limits), "chain", options)


def _of_tree(root: YamlNode, name: str, options: Options) -> Net:
    from cnncalc.language.building.assembling import Assembler
    from cnncalc.language.documents.document import Document
    from cnncalc.language.faults import Faults

    faults = Faults()
    document = Document.of(root, name, options.limits, faults)
    document.symbols = options.symbols
    return Assembler(document, options, faults).build()


def bundled() -> dict[str, Path]:
    """Every bundled architecture by name."""
    from cnncalc.language.documents.library import bundled as files

    return files()
