"""Files that people have and that are not read, most since that would run them: told as what they are."""

from __future__ import annotations

from typing import NoReturn

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.sketch import Asked

__all__ = ["core_ml", "nnef", "pickle", "python"]

EXPORTED = (
    "export it once: `torch.onnx.export(…)` or `torch.export.save(…)`, or `cnncalc.from_torch(module, x)` in Python"
)

CONVERTED = "load what it was converted from, or that as an ONNX file"


def core_ml(file: ForeignFile, asked: Asked) -> NoReturn:
    """A model of Apple's. Raises CnncalcError, always."""
    raise CnncalcError(Fault(f"`{file.name}` is a Core ML model, which is not read yet", help=CONVERTED))


def nnef(file: ForeignFile, asked: Asked) -> NoReturn:
    """Khronos's exchange format. Raises CnncalcError, always."""
    raise CnncalcError(Fault(f"`{file.name}` is a graph in NNEF, which is not read yet", help=CONVERTED))


def pickle(file: ForeignFile, asked: Asked) -> NoReturn:
    """A pickle holds code that loading would run. Raises CnncalcError, always."""
    raise CnncalcError(Fault(f"`{file.name}` is a pickle, and loading one runs whatever it holds", help=EXPORTED))


def python(file: ForeignFile, asked: Asked) -> NoReturn:
    """A program. Raises CnncalcError, always."""
    raise CnncalcError(Fault(f"`{file.name}` is a Python program, and is not run", help=EXPORTED))
