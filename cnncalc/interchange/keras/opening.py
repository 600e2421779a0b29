"""The configuration inside a file: JSON as it is, in the zip of a `.keras`, or in an attribute of an HDF5 file."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.archives import json_of, member_of
from cnncalc.interchange.file import ForeignFile

__all__ = ["HDF5", "document", "hdf5"]

HDF5 = b"\x89HDF\r\n\x1a\n"
ZIP = b"PK\x03\x04"


def document(file: ForeignFile) -> Any:
    """The file's JSON. Raises CnncalcError."""
    if file.head.startswith(HDF5):
        return json_of(_attribute(file), file.name, file.limits)
    if file.head.startswith(ZIP):
        return json_of(member_of(file, "config.json"), file.name, file.limits)
    return json_of(file.data, file.name, file.limits)


def _attribute(file: ForeignFile) -> bytes:
    """The attribute `model_config`; nothing else of the file is read."""
    value = hdf5(file, lambda root: root.attrs.get("model_config"))
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    help = "it holds weights alone: save the whole model, or read its `to_json()`"
    raise CnncalcError(Fault(f"`{file.name}` holds no model, only data", help=help))


def hdf5(file: ForeignFile, read: Callable[[Any], Any], inside: Any = None) -> Any:
    """What `read` makes of the root of an HDF5 file, or of one that lies inside; h5py opens it. Raises CnncalcError."""
    try:
        import h5py
    except ImportError:
        help = "pip install 'cnncalc[keras]', or save the model as `.keras` or with `to_json`"
        raise CnncalcError(Fault(f"`{file.name}` is an HDF5 file, which h5py reads", help=help)) from None
    whole = inside or (io.BytesIO(bytes(file.data)) if file.path is None else file.path)
    try:
        with h5py.File(whole, "r") as opened:
            return read(opened)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        values = str(error).splitlines()[0][:100] if str(error) else ""
        raise CnncalcError(Fault(f"`{file.name}` is a broken HDF5 file", values=values)) from None
