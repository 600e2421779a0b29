"""What an HDF5 file holds, read by a process of its own: a broken one can keep the library busy for ever."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.file import ForeignFile
from cnncalc.layers import Shape
from cnncalc.records import NamedTuple

__all__ = ["HDF5", "Held", "held"]

HDF5 = b"\x89HDF\r\n\x1a\n"
MOST = 100_000
"""Arrays of a file."""
SECONDS = 20
"""So long the library may take, the start of its process and the import of NumPy included: a second or two is usual."""
READER = Path(__file__).with_name("reading.py")


class Held(NamedTuple):
    """What is asked of an HDF5 file."""

    configuration: str | None
    """The attribute `model_config` of its root."""
    shapes: dict[str, Shape]
    """Of its arrays, by path."""
    types: dict[str, str]
    """NumPy's names for those that hold no floating-point numbers."""
    names: dict[str, str]
    """What today's form calls the layers, by the path of the group that their variables are in."""


def held(file: ForeignFile, member: str = "", *, arrays: bool = False) -> Held:
    """What the file holds, or a stored member of it that is a zip; its arrays where they are asked for.

    Raises CnncalcError where h5py is not installed, and where the file is broken.
    """
    import subprocess  # a model in JSON does not pay for it
    from importlib.util import find_spec

    if find_spec("h5py") is None:
        install = "pip install 'cnncalc[keras]'"
        help = install if arrays else f"{install}, or save the model as `.keras` or with `to_json`"
        what = f"`{member[:100]}` in `{file.name}`" if member else f"`{file.name}`"
        raise CnncalcError(Fault(f"{what} is an HDF5 file, which h5py reads", help=help))
    path = "" if file.path is None else os.path.realpath(file.path)
    asked = [path, member, str(MOST if arrays else 0), os.pathsep.join(sys.path)]
    command = [sys.executable, "-I", "-c", READER.read_text(encoding="utf-8"), *asked]
    data = bytes(file.data) if file.path is None else b""
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, with a program of ours
            command, input=data, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        values = f"the HDF5 library did not come to an end in {SECONDS} s"
        raise CnncalcError(Fault(f"`{file.name}` is a broken HDF5 file", values=values)) from None
    found = _answer(done.stdout)
    if found is None or "error" in found:
        values = "the HDF5 library took too long for it, or crashed" if found is None else str(found["error"])[:100]
        raise CnncalcError(Fault(f"`{file.name}` is a broken HDF5 file", values=values))
    shapes = {path: tuple(lengths) for path, lengths in found["shapes"].items()}
    if len(shapes) > MOST:
        raise CnncalcError(Fault(f"the file has more than {MOST:,} arrays"))
    return Held(found["configuration"], shapes, found["types"], found["names"])


def _answer(printed: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(printed)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
