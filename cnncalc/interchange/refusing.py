"""Files that people have and that cannot be read without running them: told as what they are."""

from __future__ import annotations

from typing import NoReturn

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.sketch import Asked

__all__ = ["pickle", "python"]

EXPORTED = (
    "export it once: `torch.onnx.export(…)` or `torch.export.save(…)`, or `cnncalc.from_torch(module, x)` in Python"
)


def pickle(file: ForeignFile, asked: Asked) -> NoReturn:
    """A pickle holds code that loading would run. Raises CnncalcError, always."""
    raise CnncalcError(Fault(f"`{file.name}` is a pickle, and loading one runs whatever it holds", help=EXPORTED))


def python(file: ForeignFile, asked: Asked) -> NoReturn:
    """A program. Raises CnncalcError, always."""
    raise CnncalcError(Fault(f"`{file.name}` is a Python program, and is not run", help=EXPORTED))
