"""Net -> explanation: every number with its derivation, of the layers asked for or of the whole net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnncalc.analysis.costs import Followed, report
from cnncalc.analysis.receptive.fields import described
from cnncalc.explain.explanation import Explanation, Part
from cnncalc.explain.groups import group_of
from cnncalc.explain.naming import Choice, choices
from cnncalc.explain.telling import Teller
from cnncalc.explain.totals import totals
from cnncalc.graph import Net

if TYPE_CHECKING:
    from cnncalc.answers.roofline import Device

__all__ = ["explain"]

FEW = 12
"""So many layers asked for by one name are all told whole, repeats too."""


def explain(
    graph: Net,
    layers: Sequence[str] = (),
    batch: int = 1,
    dtype: str = "float32",
    pixel: Sequence[int] | None = None,
    optimizer: str = "sgd",
    device: Device | None = None,
) -> Explanation:
    """The layers of these names, groups or patterns, or the whole net as a lecture would tell it.

    `pixel` asks for the region of the input that this output pixel sees, one number an axis, counted from 0; the
    `optimizer` is that of the training bytes, and on a `device` the least time of every layer is told. Raises
    `CnncalcError` for a name that matches nothing, a pixel that there is not, an optimizer that is not known, and a
    device without a peak for the type.
    """
    asked = choices(graph, layers)  # a name that there is not is told at once
    followed = Followed(graph, batch, dtype)
    counted = report(graph, batch, dtype, optimizer, followed)
    if device is not None:
        from cnncalc.analysis.roofline import bounded

        counted = bounded(counted, device, dtype)
    teller = Teller(graph, counted, followed, batch, pixel)
    if not layers:
        parts = teller.walk([index for index, _, _ in graph.layers()])
        return Explanation(counted, tuple(parts), totals(graph, counted, followed, batch))
    told: set[int] = set()
    found: list[Part] = []
    for choice in asked:
        found += _of_choice(teller, choice, [index for index in choice.layers if index not in told])
        told.update(choice.layers)
    return Explanation(counted, tuple(found), None)


def _of_choice(teller: Teller, choice: Choice, left: Sequence[int]) -> list[Part]:
    """What is told of one name: of a group its summary first, and of many layers no more than a walk."""
    found: list[Part] = [group_of(teller.graph, teller.rows, described(teller.seen), choice)] if choice.group else []
    if len(choice.layers) <= FEW:
        return found + [teller.told(index)._replace(whole=True) for index in left]
    return found + teller.walk(left)
