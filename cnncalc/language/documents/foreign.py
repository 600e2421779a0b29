"""Files that other tools wrote, opened as text of the language by the readers of `cnncalc.interchange`.

The readers stand above the language, since what they write is loaded as any text: they are named here, not imported,
and loaded when a file is met that is no bundled one.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from cnncalc.graph import Net
from cnncalc.language.options import Options
from cnncalc.records import NamedTuple

__all__ = ["Foreign", "foreign", "in_ours", "in_package"]

READERS = "cnncalc.interchange.opening"
PACKAGES = ("Data/com.apple.CoreML/model.mlmodel", "graph.nnef")
"""Where the net lies in a folder that is one model: a `.mlpackage` of Core ML, a model in NNEF."""


def in_package(folder: Path) -> Path | None:
    """The file with the net of a folder that is one model; None for any other folder."""
    return next((file for place in PACKAGES if (file := folder / place).is_file()), None)


class Foreign(NamedTuple):
    """The text that a file became, and what whoever reads it should know."""

    text: str
    format: str
    notes: tuple[str, ...] = ()
    """What was folded, left out or not counted."""
    settings: tuple[str, ...] = ()
    """What its reader has taken of the settings that the user made, so that the text has no such variable."""
    origins: Mapping[str, str] = {}
    """The operator of the file that each layer comes from, by the layer's name in the text."""
    inputs: Mapping[str, str] = {}
    """What the text calls an input that the file calls otherwise: `--input input:0=3x64x64` means `input_0`."""
    idle: tuple[str, ...] = ()
    """Inputs of the file that the text has not, since nothing that is counted depends on them."""
    assumed: tuple[str, ...] = ()
    """Those of the notes that every number goes by: what is taken for lengths that the file leaves open."""
    net: Net | None = None
    """The net that the text was read back as, under no options, when it was held against the file."""


def in_ours(found: Foreign | None, file: str, way: str, there: str = "") -> str:
    """A way out that is a line of a file: one that another tool wrote has none such, but what it becomes has."""
    written = f"`cnncalc import {file} -o net.yaml` writes it in cnncalc's language"
    return way if found is None else f"{written}: there, {there or way}"


def foreign(name: str, path: Path | None, content: bytes | None, options: Options) -> Foreign | None:
    """The file as text; None where it is of no foreign format. Raises CnncalcError with all that is wrong with it."""
    found = import_module(READERS).opened(name, path, content, options)
    assert found is None or isinstance(found, Foreign)
    return found
