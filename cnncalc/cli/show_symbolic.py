"""`cnncalc show --input 3xHxW`: formulas in place of numbers."""

from __future__ import annotations

from typing import Any

from cnncalc.cli.options import wanted
from cnncalc.cli.output import emit
from cnncalc.cli.showing import form_of
from cnncalc.errors import CnncalcError, Fault

__all__ = ["show_symbolic"]

REFUSED = {"sort": "formulas have no order", "depth": "formulas are not folded", "convention": "it counts numbers"}


def show_symbolic(net: str, given: dict[str, Any]) -> None:
    """Prints or writes the net's closed forms."""
    from cnncalc.analysis.symbolic import BATCH, symbolic_report
    from cnncalc.language import load
    from cnncalc.render.symbolic import draw

    for option, why in REFUSED.items():
        if given.get(option) is not None:
            raise CnncalcError(
                Fault(f"--{option} does not go with symbols: {why}", help="give the input's size in numbers")
            )
    any_batch = given["batch"] == BATCH
    asked = wanted({**given, "batch": "1"} if any_batch else given)
    columns = [key.strip() for key in (given["columns"] or "").split(",") if key.strip()]
    graph = load(net, asked.options._replace(symbols=True))
    report = symbolic_report(graph, batch=None if any_batch else asked.options.batch, dtype=asked.dtype)
    emit(draw(report, form_of(given), columns), given["output"])
