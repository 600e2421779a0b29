"""How many bytes a number takes."""

from __future__ import annotations

from cnncalc.errors import CnncalcError, Fault, suggestion

__all__ = ["DTYPES", "element_bytes"]

DTYPES = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "float8": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
}
"""Bytes of an element of each type."""


def element_bytes(dtype: str) -> int:
    """Bytes of an element; raises `CnncalcError` for a type that is not known."""
    if dtype not in DTYPES:
        help = suggestion(dtype, DTYPES, f"the types are {', '.join(DTYPES)}")
        raise CnncalcError(Fault(f"there is no type `{dtype[:60]}`", help=help))
    return DTYPES[dtype]
