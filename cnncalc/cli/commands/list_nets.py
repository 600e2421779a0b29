"""`cnncalc list`, and the members of a family for `cnncalc show --variants`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnncalc.claims.quantities import parse_quantity
from cnncalc.cli.options import output_options
from cnncalc.cli.output import answer
from cnncalc.cli.program.declared import called, option
from cnncalc.errors import CnncalcError, Fault, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.language.expressions import ExpressionError

_QUANTITY = re.compile(r"\b\d+(?:_\d+)*(?:\.\d+)?\s*(?:[kKMGT]i?B?)\b")


@called(
    "list",
    option(
        "--where",
        metavar="CONDITION",
        multiple=True,
        help="Only the nets for which it holds, as 'params < 5M and macs < 600M'. May be repeated: all hold.",
    ),
    option("--family", metavar="NAME", help="Only the members of that family, as resnet."),
    *output_options,
)
def command(where: tuple[str, ...], family: str | None, **given: Any) -> None:
    """List the bundled architectures with their totals, and the families that members can be made of.

    CONDITION is an expression on the totals (params, macs, flops, peak_bytes, weighted_layers, …), name and family.
    """
    conditions = [_checked(one) for one in where]
    listed(" and ".join(f"({one})" for one in conditions) or None, family, given)


def listed(where: str | None, family: str | None, given: dict[str, Any]) -> None:
    """Print the bundled nets of a family, or all, for which a condition holds."""
    from cnncalc.cli.kept_totals import every_net
    from cnncalc.pages.listing import Family, Net, page

    nets, families, known = [], [], set()
    for one in every_net():
        known.add(one.family)
        if family not in (None, one.family):
            continue
        if one.required:
            families.append(Family(one.name, one.title, one.required))
        elif where is None or _holds(where, {**one.totals, "name": one.name, "family": one.family}):
            params, macs = one.totals["params"], one.totals["macs"]
            nets.append(Net(one.name, one.title, one.family, one.inputs, params, macs))
    if family is not None and family not in known:
        help = suggestion(family, known, "`cnncalc list --format json` says each net's family")
        raise CnncalcError(Fault(f"there is no family `{family[:60]}`", help=help))
    answer(page(nets, families if where is None else []), given)


def _checked(where: str) -> str:
    """A condition with its quantities in full; raises CnncalcError where it is none, before any net is counted."""
    from cnncalc.language.expressions import ExpressionError, check_syntax

    text = _QUANTITY.sub(lambda match: str(parse_quantity(match.group())), where)
    try:
        check_syntax(text)
    except ExpressionError as error:
        raise _fault(error) from None
    return text


def _holds(where: str, scope: Mapping[str, Any]) -> bool:
    """Whether a condition holds of a net; raises CnncalcError where it cannot be told."""
    from cnncalc.language.expressions import ExpressionError, evaluate

    try:
        return bool(evaluate(where, scope))
    except ExpressionError as error:
        raise _fault(error) from None


def _fault(error: ExpressionError) -> CnncalcError:
    example = "such as 'params < 5M and macs < 600M'"
    help = f"{error.help_beside_options}, {example}" if error.help_beside_options else f"write a condition {example}"
    return CnncalcError(Fault(f"--where: {error.message}", help=help))
