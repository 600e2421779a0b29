"""`cnncalc show --input 3xHxW`: formulas in place of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.cli.options import wanted
from cnncalc.cli.output import emit
from cnncalc.cli.showing import form_of
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.graph import Graph
    from cnncalc.language.options import Options

__all__ = ["asks_symbols", "show_symbolic"]

REFUSED = {"sort": "formulas have no order", "depth": "formulas are not folded", "convention": "it counts numbers"}


def asks_symbols(shape: str | None, batch: str) -> bool:
    """Whether lengths, or the batch, are symbols: `--input 3xHxW`, `--batch N`."""
    lengths = (shape or "").replace("=", "x").replace(",", "x").split("x")
    return batch == "N" or any(len(part) == 1 and part.isalpha() and part.isupper() for part in lengths)


def show_symbolic(graph_of: Callable[[Options], Graph], given: dict[str, Any]) -> None:
    """Prints or writes the closed forms of the net that the options give."""
    from cnncalc.analysis.symbolic import BATCH, symbolic_report
    from cnncalc.render.symbolic import draw

    for option, why in REFUSED.items():
        if given.get(option) is not None:
            raise CnncalcError(
                Fault(f"--{option} does not go with symbols: {why}", help="give the input's size in numbers")
            )
    any_batch = given["batch"] == BATCH
    asked = wanted({**given, "batch": "1"} if any_batch else given)
    columns = [key.strip() for key in (given["columns"] or "").split(",") if key.strip()]
    graph = graph_of(asked.options._replace(symbols=True))
    report = symbolic_report(graph, batch=None if any_batch else asked.options.batch, dtype=asked.dtype)
    emit(draw(report, form_of(given), columns), given["output"])
