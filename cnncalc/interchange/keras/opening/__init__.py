"""The configuration inside a file: JSON as it is, in the zip of a `.keras`, or in an attribute of an HDF5 file."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.archives import json_of, member_of
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.keras.opening.hdf5 import HDF5, Held, held

__all__ = ["HDF5", "Held", "document", "held"]

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
    configuration = held(file).configuration
    if configuration is None:
        help = "it holds weights alone: save the whole model, or read its `to_json()`"
        raise CnncalcError(Fault(f"`{file.name}` holds no model, only data", help=help))
    return configuration.encode("utf-8", "surrogateescape")
