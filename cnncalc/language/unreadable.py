"""What the system says of files that cannot be read or written, as faults with files of a like name."""

from __future__ import annotations

import os
from pathlib import Path

from cnncalc.errors import Fault, near

__all__ = ["fault_of_os_error"]


def fault_of_os_error(error: OSError, otherwise: str = "write to a file with -o, or make room") -> Fault:
    """A file that cannot be read or written; `otherwise` is the way out where the error names none."""
    if error.filename is None:
        return Fault("the output cannot be written", values=(error.strerror or str(error)).lower(), help=otherwise)
    name = os.fsdecode(error.filename)[:200]
    if isinstance(error, FileNotFoundError):
        return Fault(f"there is no file `{name}`", help=_near_files(name))
    if isinstance(error, IsADirectoryError):
        return Fault(f"`{name}` is a folder", help="name a file in it")
    if isinstance(error, PermissionError):
        return Fault(f"there is no permission to use `{name}`", help="change its permissions, or name another file")
    why = (error.strerror or str(error)).lower()
    return Fault(f"`{name}` cannot be used", values=why, help="name another file")


def _near_files(name: str) -> str:
    """Files of the same folder and bundled nets with a name like it."""
    from cnncalc.language import bundled

    path = Path(name)
    beside = {str(path.with_name(found)): None for found in _names_in(path.parent)}
    matches = near(name, [*beside, *bundled()])
    return (
        f"did you mean {' or '.join(f'`{match}`' for match in matches)}?"
        if matches
        else ("`cnncalc list` shows the bundled nets")
    )


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())[:10_000]
    except OSError:
        return []
