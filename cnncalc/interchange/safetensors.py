"""safetensors files: a length, a header in JSON with every tensor's type, shape and place, then the numbers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.files import open_regular
from cnncalc.layers.base import count
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Mapping

    import numpy as np

__all__ = ["WHOLE", "Stored", "header_of", "numbers_of", "prefix_of"]

LONGEST_HEADER = 100_000_000
"""Bytes; the format's own bound."""
BITS = {
    "C64": 64, "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4, "BOOL": 8,
    "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32, "U16": 16, "U8": 8,
}  # fmt: skip
"""Of a number of each type."""
FLOATING = ("F64", "F32", "F16", "BF16")
WHOLE = ("num_batches_tracked", "relative_position_index")
"""Whole numbers beside weights: torch's counter in a batch norm, which distance is which in windows of attention."""
PREFIXES = ("module.", "model.", "_orig_mod.", "backbone.", "net.", "encoder.")
"""What wrappers put before every name: DataParallel, Lightning, torch.compile and others."""
SAVED = "save it anew: `safetensors.torch.save_file(state_dict, …)`"


class Stored(NamedTuple):
    """A tensor in the file: its bytes lie from `start` up to `stop`."""

    type: str
    shape: tuple[int, ...]
    start: int
    stop: int


def prefix_of(wanted: Container[str], stored: Collection[str]) -> str:
    """What stands before every name of the file, and of none in the net."""
    for prefix in PREFIXES:
        inside = [name for name in stored if name.startswith(prefix)]
        if inside and len(inside) == len(stored) and not any(name in wanted for name in stored):
            return prefix
    return ""


def header_of(path: str) -> dict[str, Stored]:
    """Every tensor of the file by name; none of its numbers is read. Raises CnncalcError for a file that is broken."""
    try:
        with open_regular(Path(path)) as file:
            size = file.seek(0, 2)
            file.seek(0)
            length = int.from_bytes(file.read(8), "little")
            if size < 8:
                raise _broken(path, f"{size} bytes")
            if length > min(size - 8, LONGEST_HEADER):
                raise _broken(path, f"a header of {length:,} bytes in {size:,}")
            text = file.read(length)
    except OSError as error:
        raise CnncalcError(Fault(f"`{path}` cannot be read: {error.strerror}", help="name another file")) from None
    try:
        entries = json.loads(text, object_pairs_hook=lambda pairs: _table(path, pairs))
    except (ValueError, RecursionError):
        raise _broken(path, "its header is no JSON") from None
    if not isinstance(entries, dict):
        raise _broken(path, "its header is no table of tensors")
    notes = entries.pop("__metadata__", None)
    if notes is not None and not (isinstance(notes, dict) and all(isinstance(one, str) for one in notes.values())):
        raise _broken(path, "its `__metadata__` is no table of texts")
    found = {name: _entry(path, name, one, 8 + length, size) for name, one in entries.items()}
    _hold_filled(path, found, 8 + length, size)
    return found


def _table(path: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A table of the header. Raises CnncalcError where it has a name twice: readers would not agree which counts."""
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(name for name, number in Counter(name for name, _ in pairs).items() if number > 1)
        raise _broken(path, f"its header has `{twice[:60]}` twice")
    return made


def _hold_filled(path: str, tensors: Mapping[str, Stored], start: int, size: int) -> None:
    """Raises CnncalcError where tensors overlap, or bytes are no tensor's: the format wants each to be one's."""
    before = "the header"
    for name, one in sorted(tensors.items(), key=lambda pair: (pair[1].start, pair[1].stop)):
        if one.start != start:
            how = f"begins {start - one.start:,} bytes within" if one.start < start else "leaves bytes behind"
            raise _broken(path, f"`{name[:60]}` {how} {before}")
        start, before = one.stop, f"`{name[:60]}`"
    if start != size:
        raise _broken(path, f"{size - start:,} bytes behind {before} are no tensor's")


def _broken(path: str, values: str) -> CnncalcError:
    return CnncalcError(Fault(f"`{path}` is no safetensors file, or is damaged", values=values, help=SAVED))


def _entry(path: str, name: str, entry: Any, start: int, size: int) -> Stored:
    """One tensor, held against the size of the file."""
    told = entry if isinstance(entry, dict) else {}
    kind, shape, offsets = str(told.get("dtype")), _lengths(told.get("shape")), _lengths(told.get("data_offsets"))
    if shape is None or offsets is None or kind not in BITS or len(offsets) != 2:
        raise _broken(path, f"the entry `{name[:60]}` is {str(entry)[:80]}")
    made = Stored(kind, shape, start + offsets[0], start + offsets[1])
    if made.stop > size or 8 * (made.stop - made.start) != count({name: shape}) * BITS[kind]:
        raise _broken(path, f"`{name[:60]}` has {made.stop - made.start:,} bytes for {kind} {list(shape)}")
    return made


def _lengths(value: Any) -> tuple[int, ...] | None:
    """A list of whole numbers; None for anything else."""
    if not isinstance(value, list) or len(value) > 64 or not all(type(n) is int and 0 <= n < 2**48 for n in value):
        return None
    return tuple(value)


def numbers_of(path: str, stored: Stored) -> np.ndarray[Any, Any]:
    """The numbers of a tensor as float32. Raises CnncalcError where they are whole ones."""
    import numpy as np

    if stored.type not in FLOATING:
        raise _broken(path, f"weights in {stored.type}")
    with Path(path).open("rb") as file:
        file.seek(stored.start)
        data = file.read(stored.stop - stored.start)
    if stored.type == "BF16":
        wide: np.ndarray[Any, Any] = np.frombuffer(data, "<u2").astype("<u4") << np.uint32(16)
        return wide.view("<f4").reshape(stored.shape)
    kind = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}[stored.type]
    return np.frombuffer(data, kind).astype("<f4", copy=False).reshape(stored.shape)
