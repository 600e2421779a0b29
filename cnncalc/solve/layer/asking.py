"""What is known of a layer, as people say it, to a problem: one way for the command line and for Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.layers import FieldError
from cnncalc.layers.dialects import DIALECTS, like_dialect
from cnncalc.layers.fields import Border, FieldType, PerAxis
from cnncalc.solve.layer.answer import LayerProblem

__all__ = ["NUMBERS", "USUAL", "problem_of"]

LONGEST = 10**9

ROUNDINGS = (None, "floor", "ceil")
"""How a pool rounds; None as its dialect does."""
NUMBERS: dict[str, FieldType] = {
    "input": PerAxis(),
    "output": PerAxis(),
    "kernel": PerAxis(),
    "stride": PerAxis(),
    "padding": Border(),
    "dilation": PerAxis(),
    "output_padding": PerAxis(0),
}
"""Every number of a layer; it may be given once for all axes or one an axis."""
USUAL: dict[str, Any] = {"stride": (), "padding": ((0, 0),), "dilation": (1,), "output_padding": ()}
"""What a number is that nobody says; the others have to be said."""


def problem_of(
    kind: str,
    unknown: str,
    given: Mapping[str, object],
    dialect: str,
    rounding: str | None,
    *,
    called: Callable[[str], str],
    missing: str,
    usual: Mapping[str, Any] = USUAL,
) -> LayerProblem:
    """The problem of finding `unknown`; a number that is None is not given. Raises CnncalcError with all that is wrong.

    A fault calls a number as `called` says; `missing` is the way out where one is.
    """
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in given.items():
        if name == unknown:
            continue
        if value is None and name in usual:
            values[name] = usual[name]
        elif value is None:
            faults.append(Fault(f"{called(name)} is missing", help=missing))
        else:
            try:
                values[name] = NUMBERS[name].read(value)
            except FieldError as error:
                help = error.help or "such as 3, or 1x7 for one an axis"
                gap = isinstance(value, str) and not all(part.strip() for part in value.split("x"))
                rule = f"`{str(value)[:40]}` lacks a number" if gap else error.rule
                faults.append(Fault(f"{called(name)}: {rule}", help=help))
    if dialect not in DIALECTS:
        message = f"{called('dialect')}: there is no dialect `{dialect[:60]}`"
        faults.append(Fault(message, help=like_dialect(dialect)))
    if rounding not in ROUNDINGS:
        help = "it may be floor or ceil"
        faults.append(Fault(f"{called('rounding')}: there is no rounding `{str(rounding)[:40]}`", help=help))
    if not faults:
        faults += _axes_faults(values, called)
    if faults:
        raise CnncalcError(faults)
    return LayerProblem(kind, unknown.replace("_", "-"), dialect=dialect, rounding=rounding, **values)


def _axes_faults(values: Mapping[str, Any], called: Callable[[str], str]) -> list[Fault]:
    """Numbers for different numbers of axes, and numbers that no layer has."""
    lengths = {name: len(value) for name, value in values.items() if isinstance(value, tuple) and len(value) > 1}
    faults = []
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name.replace('_', '-')} {length}" for name, length in lengths.items())
        help = "give one number for all axes, or the same number of axes everywhere"
        faults.append(Fault("the numbers of axes differ", values=found, help=help))
    for name, value in values.items():
        pairs = () if isinstance(value, str) else value
        flat = [n for one in pairs for n in (one if isinstance(one, tuple) else (one,))]
        if any(n > LONGEST for n in flat):
            message = f"{called(name)}: at most {LONGEST:,}"
            faults.append(Fault(message, values=f"it is {max(flat):,}", help="take a smaller one"))
    return faults
