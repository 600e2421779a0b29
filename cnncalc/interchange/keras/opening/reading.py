"""The program of the process that reads an HDF5 file; it is given as a text and imports nothing of ours.

Its arguments are the file (empty: standard input), a member of it that is a zip, the arrays that are told at most, and
where modules are looked for. It prints one object of JSON.
"""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

MEGABYTES, SECONDS = 1_000, 2
WHOLE = "biuc"
"""NumPy's letters for types of other than floating-point numbers."""


def bounded() -> None:
    """Takes no more memory and time than a broken file may have it take."""
    try:
        import resource

        taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except (ImportError, OSError):  # not Linux
        return
    most = taken + MEGABYTES * 2**20  # NumPy has taken some already
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(spent.ru_utime + spent.ru_stime) + SECONDS + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def told(root: Any, most: int) -> dict[str, Any]:
    """The configuration, and with `most` the shapes, the types that are not floating-point, the names of groups."""
    shapes: dict[str, list[int]] = {}
    types: dict[str, str] = {}
    names: dict[str, str] = {}

    def visit(path: str, one: Any) -> bool | None:
        if hasattr(one, "shape"):
            shapes[path] = [int(n) for n in one.shape]
            if one.dtype.kind in WHOLE:
                types[path] = str(one.dtype)
        elif path.rpartition("/")[2] == "vars" and "name" in one.attrs:
            names[path.rpartition("/")[0]] = str(one.attrs["name"])
        return True if len(shapes) > most else None

    value = root.attrs.get("model_config")
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    if most:
        root.visititems(visit)
    configuration = value if isinstance(value, str) else None
    return {"configuration": configuration, "shapes": shapes, "types": types, "names": names}


def main(file: str, member: str, most: str, places: str) -> None:
    """Print what the file holds, or what is wrong with it."""
    sys.path[:] = places.split(os.pathsep)
    import h5py

    bounded()
    whole: Any = file or io.BytesIO(sys.stdin.buffer.read())
    try:
        if member:
            with zipfile.ZipFile(whole) as archive, archive.open(member) as inside, h5py.File(inside, "r") as root:
                found = told(root, int(most))
        else:
            with h5py.File(whole, "r") as root:
                found = told(root, int(most))
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError, zipfile.BadZipFile) as error:
        found = {"error": (str(error).splitlines() or [type(error).__name__])[0]}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
