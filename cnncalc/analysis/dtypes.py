"""How many bytes a number takes."""

from __future__ import annotations

from cnncalc.errors import CnncalcError, Fault, near, suggestion
from cnncalc.graph.formats import DTYPES, FORMATS, SPELLINGS, meant, parts_of
from cnncalc.records import NamedTuple

__all__ = ["HALVES", "SPELT_HALVES", "Numbers", "amp_of", "element_bytes", "numbers_of", "with_amp"]

HALVES = ("float16", "bfloat16")
"""The types that torch's automatic mixed precision computes in."""
SPELT_HALVES = {name: meaning for name, meaning in SPELLINGS.items() if meaning in HALVES}
"""What else they are called."""
_AMP = "amp-"


class Numbers(NamedTuple):
    """The bytes of the numbers of a net."""

    size: int
    """Of a number that is stored: a parameter, its gradient, an element of an input; and of all where no other is."""
    half: int = 0
    """Of a number that torch.autocast computes in; 0 where the net is of one type."""
    parts: int = 1
    """Real numbers that each is made of: 2 where they are complex."""


def element_bytes(dtype: str) -> int:
    """Bytes of an element of a net of one type; raises `CnncalcError` for a type that is not known, and for `amp-…`."""
    if dtype not in DTYPES:
        if amp_of(dtype):
            help = "leave --amp out"
            raise CnncalcError(Fault("this is not known of automatic mixed precision, where types differ", help=help))
        like = dict.fromkeys(meant(one) for one in near(dtype, [*DTYPES, *SPELLINGS]))
        near_ones = " or ".join(f"`{one}`" for one in like if one in DTYPES)
        if meant(dtype) in FORMATS:
            help = f"it stores single layers: --dtype '*={meant(dtype)}' gives it to all that it takes"
            raise CnncalcError(Fault(f"`{dtype[:60]}` is no type of a whole net", help=help))
        help = f"did you mean {near_ones}?" if near_ones else f"the types are {', '.join(DTYPES)}"
        raise CnncalcError(Fault(f"there is no type `{dtype[:60]}`", help=help))
    return DTYPES[dtype]


def numbers_of(dtype: str) -> Numbers:
    """The numbers of a net of this type, or of automatic mixed precision; raises `CnncalcError`."""
    amp = amp_of(dtype)
    if amp:
        return Numbers(DTYPES["float32"], DTYPES[amp])
    return Numbers(element_bytes(dtype), parts=parts_of(dtype))


def with_amp(amp: str, dtype: str = "float32") -> str:
    """What stands for a type where torch.autocast computes in `amp`: `amp-bfloat16`.

    Raises `CnncalcError` for a half type that there is not, and where the parameters were to be of another type.
    """
    amp = SPELT_HALVES.get(amp, amp)
    if amp not in HALVES:
        help = suggestion(amp, HALVES, f"the types are {', '.join(HALVES)}")
        raise CnncalcError(Fault(f"--amp: there is no mixed precision in `{amp[:60]}`", help=help))
    if dtype != "float32":
        help = "leave --dtype out, or --amp for a net that is of one type throughout"
        raise CnncalcError(Fault(f"--amp {amp}: the parameters are float32, not {dtype[:60]}", help=help))
    return _AMP + amp


def amp_of(dtype: str) -> str:
    """The half type of `amp-bfloat16`; empty for other types."""
    half = dtype.removeprefix(_AMP)
    return half if half != dtype and half in HALVES else ""
