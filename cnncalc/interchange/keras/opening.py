"""The configuration inside a file: JSON as it is, in the zip of a `.keras`, or in an attribute of an HDF5 file."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.archives import json_of, member_of
from cnncalc.interchange.file import ForeignFile

__all__ = ["HDF5", "document"]

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
    """The attribute `model_config`, which h5py reads; nothing else of the file is."""
    try:
        import h5py
    except ImportError:
        help = "pip install 'cnncalc[keras]', or save the model as `.keras` or with `to_json`"
        raise CnncalcError(Fault("reading an HDF5 file needs h5py", help=help)) from None
    import io

    try:
        with h5py.File(io.BytesIO(bytes(file.data)) if file.path is None else file.path, "r") as opened:
            value = opened.attrs.get("model_config")
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        values = str(error).splitlines()[0][:100] if str(error) else ""
        raise CnncalcError(Fault(f"`{file.name}` is a broken HDF5 file", values=values)) from None
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    help = "it holds weights alone: save the whole model, or read its `to_json()`"
    raise CnncalcError(Fault(f"`{file.name}` holds no model, only data", help=help))
