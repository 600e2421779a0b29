"""Receptive fields held against torch: which pixels of the input light a pixel of each layer.

Along one axis of the input at a time, all pixels up to some row are lit, then all from some row on. A pixel that sees
rows a to b is lit by the first from a on, and by the second up to b. With the edge of the light moved over as many rows
as the fields take to repeat, that measures both ends of the field of every pixel of every layer exactly. Where the
fields are larger than the image, a larger input is taken as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cnncalc.analysis.receptive.fields import NOTHING
from cnncalc.analysis.receptive.sight import Digit, Sight
from cnncalc.answers.verification import Figure
from cnncalc.layers.kinds.conv import Deconv
from cnncalc.layers.kinds.modulated import Blur, ModulatedConv
from cnncalc.layers.kinds.resize import Crop
from cnncalc.layers.kinds.sequences.convolved import ConvLSTM
from cnncalc.layers.windows import axis_name
from cnncalc.records import NamedTuple
from cnncalc.torch_backend.fields.lighting import Lamp, narrowed
from cnncalc.torch_backend.fields.trials import chunks, lit_nodes, own_size, picks_channels, whole_fields

if TYPE_CHECKING:
    from cnncalc.arithmetic.windows.reach import Field
    from cnncalc.graph import Net, Node
    from cnncalc.torch_backend.fields.trials import Trial

__all__ = ["held_fields"]

NEVER = 1 << 40
"""Stands for the end of a field that sees nothing."""


class Dark(NamedTuple):
    """Of each pixel of a layer along an axis of the input: in how many images it is dark."""

    places: Tensor
    upto: Tensor
    """Of those in which all rows up to one of the trial's ends are lit."""
    since: Tensor
    """Of those in which all rows from one of the ends on are."""


def held_fields(graph: Net) -> dict[str, list[Figure]]:
    """For each layer that does not act pixel by pixel: where the fields of its pixels begin and end, also as measured.

    Exactly, but for pixels that see beyond a border: those see no more than predicted.
    """
    found: dict[str, list[Figure]] = {}
    lamp = Lamp(channels=picks_channels(graph))
    for source, index in graph.inputs.items():
        for axis in range(len(graph.nodes[index].shape) - 1):
            own = own_size(graph, source, axis)
            larger = whole_fields(own)
            for trial in [own] if larger is None else [own, larger]:
                for at, dark in _measured(trial, lamp).items():
                    found.setdefault(graph.nodes[at].name, []).append(_held(trial, at, dark))
    return found


def _measured(trial: Trial, lamp: Lamp) -> dict[int, Dark]:
    """Every layer's dark pixels, by its index."""
    found: dict[int, Dark] = {}
    rows = torch.arange(trial.graph.nodes[trial.graph.inputs[trial.source]].shape[1 + trial.axis])
    for ends in chunks(trial):
        images = torch.cat([rows <= ends[:, None], rows >= ends[:, None]]).to(torch.float32)

        def look(index: int, _node: Node, lit: Tensor, new: bool) -> None:
            sight = trial.seen[index]
            if new and (isinstance(sight, Sight) or sight == NOTHING):
                places, along = _along(lit, sight, trial.axis)
                upto, since = (along == 0).reshape(2, -1, len(places)).sum(1)
                before = found.get(index)
                found[index] = (
                    Dark(places, upto + before.upto, since + before.since) if before else Dark(places, upto, since)
                )

        with torch.no_grad():
            lit_nodes(trial, images, lamp, look)
    return found


def _along(lit: Tensor, sight: Sight | str, axis: int) -> tuple[Tensor, Tensor]:
    """The places along an axis of the input that a layer's elements have, and the light of all elements at each."""
    others: list[int] = []
    places = torch.zeros(1, dtype=torch.long)
    at = 1
    for place in range(lit.dim() - 1):
        entry = sight.axes[place] if isinstance(sight, Sight) else None
        digits = entry if isinstance(entry, tuple) else (Digit(entry, lit.shape[at]),)
        if len(digits) > 1:
            lengths = [digit.length for digit in digits]
            lit = lit.reshape(*lit.shape[:at], *lengths, *lit.shape[at + 1 :])
        for digit in digits:
            if digit.axis == axis:
                places = (places[:, None] + digit.weight * torch.arange(digit.length)).flatten()
            else:
                others.append(at)
            at += 1
    lit = narrowed(lit, *others)
    lit = lit.amax(others) if others else lit
    return places, lit.reshape(len(lit), -1)


def _held(trial: Trial, index: int, dark: Dark) -> Figure:
    """The ends of a layer's fields: those of two pixels in the middle, unless others differ."""
    sight = trial.seen[index]
    name = axis_name(trial.axis, len(trial.graph.nodes[trial.graph.inputs[trial.source]].shape) - 1)
    if not isinstance(sight, Sight):
        lit = bool((dark.upto < len(trial.ends)).any())
        return Figure("receptive field", f"{name}: {sight}", f"{name}: {'something' if lit else sight}")
    field, extent = sight.fields[trial.axis], sight.extents[trial.axis]
    first, last = _ends(field, dark.places)
    inside = (first == NEVER) if extent is None else (first == NEVER) | (first > extent[0]) & (last < extent[1])
    strict = _tidy(trial.graph)
    seeing = dark.upto.lt(len(trial.ends)) | dark.since.lt(len(trial.ends))
    if field.constant:  # a pixel of padding sees nothing, any other the same
        inside = seeing & strict
    elif not strict and not seeing.any():  # along another axis its windows hold nothing but padding
        inside = seeing
    ends = torch.tensor(trial.ends)
    begin, end = torch.tensor(extent or (NEVER, -NEVER))
    sides = (
        ("from", torch.searchsorted(ends, first), torch.searchsorted(ends, begin), dark.upto),
        ("to", _after(ends, last), _after(ends, end), dark.since),
    )
    texts: list[list[str]] = [[], []]
    for what, own, together, measured in sides:
        wrong = torch.where(inside, measured != own, measured < own)
        at = _middle(wrong if wrong.any() else inside & (own > 0) & (own < len(ends)))
        who, numbers = "together", (int(together), int(measured.min()))
        if not strict and numbers[1] > numbers[0]:
            numbers = (numbers[1], numbers[1])
        if at is not None and (wrong.any() or numbers[0] == numbers[1]):
            who, numbers = str(int(dark.places[at])), (int(own[at]), int(measured[at]))
        for text, number in zip(texts, numbers, strict=True):
            text.append(f"{who} sees {what} {_row(trial.ends, number, what)}")
    return Figure("receptive field", *(f"{name} {', '.join(text)}" for text in texts))


def _tidy(graph: Net) -> bool:
    """Whether every window holds a pixel of the map, so that the borders of maps see what is predicted, and no less."""
    if any(isinstance(layer, (Crop, Deconv, ConvLSTM, ModulatedConv)) for layer, _ in graph.signatures):
        return False
    if any(isinstance(layer, Blur) and layer.up is not None for layer, _ in graph.signatures):
        return False
    for layer, shapes in graph.signatures:
        if len(shapes[0]) > 1 and layer.taken_axes(*shapes) is None:
            for reach, n, out in zip(
                layer.reaches(*shapes), shapes[0][1:], layer.output_shape(*shapes)[1:], strict=False
            ):
                if (
                    reach is None
                    or reach.step > 1
                    or reach.last < 0
                    or (reach.a * (out - 1) + reach.first) // reach.c >= n
                ):
                    return False
    return True


def _after(ends: Tensor, last: Tensor) -> Tensor:
    """How many of the ends lie behind these rows."""
    return len(ends) - torch.searchsorted(ends, last, right=True)


def _ends(field: Field, places: Tensor) -> tuple[Tensor, Tensor]:
    """The first and the last row that the pixels at these places see."""
    known = [interval or (NEVER, -NEVER) for interval in field.phases]
    low, high = torch.tensor(known).T
    phases = places % field.period
    moved = places // field.period * field.advance
    nothing = low[phases] == NEVER
    return (
        torch.where(nothing, NEVER, low[phases] + moved),
        torch.where(nothing, -NEVER, high[phases] + moved),
    )


def _middle(those: Tensor) -> int | None:
    """The index in the middle of those that are true."""
    places = those.nonzero().flatten()
    return int(places[len(places) // 2]) if len(places) else None


def _row(ends: list[int], dark: int, what: str) -> str:
    """The row at which light was first seen, `dark` images having been dark."""
    if dark == len(ends):
        return "nowhere"
    return str(ends[dark] if what == "from" else ends[len(ends) - 1 - dark])
