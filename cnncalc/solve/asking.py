"""`--want 'params <= 3.5M'` as records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.claims.latency import LATENCY, PICOSECONDS
from cnncalc.claims.quantities import parse_duration, parse_lengths, parse_quantity
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.solve.figures import Want

__all__ = ["parse_wants"]

_FORM = re.compile(r"\s*([\w.$-]+)\s*(<=|>=|==|!=|=|<|>)\s*(\S+)\s*\Z")


def parse_wants(texts: Sequence[str]) -> list[Want]:
    """The wants of a command line; raises CnncalcError with all that cannot be read."""
    wants: list[Want] = []
    faults: list[Fault] = []
    for text in texts:
        try:
            wants.append(_parsed(text))
        except CnncalcError as error:
            faults += error.faults
    if not texts:
        faults.append(Fault("nothing is wanted", help="say what, such as --want 'params <= 3.5M'"))
    if faults:
        raise CnncalcError(faults)
    return wants


def _parsed(text: str) -> Want:
    from cnncalc.solve.figures import Want

    match = _FORM.match(text)
    if match is None:
        help = "such as 'params <= 3.5M', 'output == 512x7x7' or 'layer4 == 512x7x7'"
        raise CnncalcError(Fault(f"--want {text[:80]}: a figure, a comparison and a value are expected", help=help))
    figure, operator, value = match.groups()
    operator = "==" if operator == "=" else operator
    lengths = parse_lengths(value)
    if figure != LATENCY and lengths is not None and len(lengths) > 1:
        return Want(figure, operator, "x".join(map(str, lengths)))
    return Want(figure, operator, _number(text, figure, value))


def _number(text: str, figure: str, value: str) -> int:
    try:
        if figure == LATENCY:
            return int(parse_duration(value) * PICOSECONDS)
        return parse_quantity(value, in_bytes=figure.endswith("_bytes"))
    except CnncalcError as error:
        faults = [fault._replace(message=f"--want {text[:80]}: {fault.message}") for fault in error.faults]
        raise CnncalcError(faults) from None
