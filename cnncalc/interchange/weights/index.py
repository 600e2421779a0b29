"""Weights in several safetensors files beside an index in JSON, which says the file of each tensor by its name."""

from __future__ import annotations

from pathlib import Path

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.archives import json_of
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.safetensors import Stored, header_of

__all__ = ["is_index", "tensors_of_index"]

MAP = "weight_map"
BEGINNING = 1 << 16
"""Bytes in which the index's key is looked for."""
MOST_FILES = 1000


def is_index(file: ForeignFile) -> bool:
    """Whether a file is such an index."""
    return file.head.lstrip().startswith(b"{") and f'"{MAP}"'.encode() in file.data[:BEGINNING]


def tensors_of_index(file: ForeignFile) -> dict[str, Stored]:
    """The tensors of all files that an index names, which lie beside it; headers alone. Raises CnncalcError."""
    document = json_of(file.data, file.name, file.limits)
    table = document.get(MAP) if isinstance(document, dict) else None
    if not isinstance(table, dict) or not all(isinstance(one, str) for one in table.values()):
        raise CnncalcError(Fault(f"`{MAP}` in `{file.name}` is a table of tensors and the files that hold them"))
    files = dict.fromkeys(table.values())
    if len(files) > MOST_FILES:
        raise CnncalcError(Fault(f"`{file.name}` names more than {MOST_FILES:,} files"))
    strange = next((one for one in files if not _is_beside(file, one)), None)
    if file.path is None or strange is not None:
        raise CnncalcError(Fault(f"`{file.name}` names {(strange or '')[:80]!a}, which is no file beside it"))
    found: dict[str, Stored] = {}
    for name in files:
        held = header_of(str(file.path.with_name(name)))
        strange = next((tensor for tensor in held if table.get(tensor) != name), None)
        if strange is not None:
            what = f"`{name[:80]}` holds `{strange[:80]}`, which `{file.name}` says of another file, or of none"
            raise CnncalcError(Fault(what))
        found |= held
    lacking = next((tensor for tensor in table if tensor not in found), None)
    if lacking is not None:
        raise CnncalcError(Fault(f"`{table[lacking][:80]}` does not hold `{lacking[:80]}`, as `{file.name}` says"))
    return found


def _is_beside(file: ForeignFile, name: str) -> bool:
    """Whether a name alone, of no folder, is that of a file that lies beside; no pipe, which would be waited for."""
    alone = name.isprintable() and 0 < len(name.encode()) < 256 and Path(name).name == name and "\\" not in name
    return alone and file.path is not None and file.path.with_name(name).is_file()
