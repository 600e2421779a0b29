"""Reads model files of Ultralytics: YAML, so that a place of theirs is a place of ours."""

from __future__ import annotations

from pathlib import Path

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.sketch import Asked
from cnncalc.interchange.ultralytics.source import SETTINGS, written
from cnncalc.interchange.ultralytics.values import is_model_file
from cnncalc.language.documents.foreign import Foreign
from cnncalc.language.yaml.reader import Mapping
from cnncalc.language.yaml.reader import read as read_yaml

__all__ = ["read"]


def read(file: ForeignFile, asked: Asked) -> Foreign | None:
    """The file as text, a line for each row of it; None for a file of our own language. Raises CnncalcError."""
    root = read_yaml(bytes(file.data[:]), file.name, file.limits)
    if not is_model_file(root):
        if isinstance(root, Mapping) and "layers" in root.entries:
            return None
        help = "a row is `[from, repeats, module, arguments]`"
        raise CnncalcError(Fault("`backbone` and `head` are lists of rows", root.place(), help=help))
    assert isinstance(root, Mapping)
    text = written(root, Path(file.name).stem, asked.settings)
    notes = ("what turns a head's numbers into boxes has no parameters, and is left out",)
    return Foreign(text, "Ultralytics", notes, settings=SETTINGS)
