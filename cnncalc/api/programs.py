"""Torch modules as text of our language, by what torch.export says of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.documents.foreign import Foreign

if TYPE_CHECKING:
    from cnncalc.layers import Shape

__all__ = ["foreign_of", "is_call", "run"]

PROGRAM = 1_000_000_000
"""Characters of a program that this process has made itself: as many as there are."""
CALL = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z", re.ASCII)


def foreign_of(program: bytes, name: str, *, opaque: bool = False) -> Foreign:
    """A program of torch.export as text. Raises CnncalcError."""
    from cnncalc.interchange.file import ForeignFile
    from cnncalc.interchange.opening import imported
    from cnncalc.interchange.sketch import Asked
    from cnncalc.limits import Limits

    found = imported(ForeignFile(name, None, Limits(text=PROGRAM), program), Asked(opaque=opaque))
    if found is None:
        message = f"what torch.export made of `{name}` is no program that is known"
        raise CnncalcError(Fault(message, help="write it with `torch.export.save`, and load that file"))
    return found


def is_call(text: str) -> bool:
    """Whether a net is named as `package.module:function`, and is no file."""
    return CALL.match(text) is not None and not Path(text).exists()


def run(called: str, shapes: Mapping[str, Shape] | Sequence[Shape], *, opaque: bool = False) -> Foreign:
    """The net of the module that `package.module:function` makes; it runs that code. Raises CnncalcError."""
    from cnncalc.torch_backend.calling import program_of

    if not shapes:
        help = "such as `--input 3x224x224`; of several inputs `--input a=3x64x64,b=3x64x64`, by name or in their order"
        raise CnncalcError(Fault(f"`{called}` needs the shape of its input", help=help))
    return foreign_of(program_of(called, shapes), called, opaque=opaque)
