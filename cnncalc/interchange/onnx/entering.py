"""Inputs and outputs of an ONNX graph: which axis of each is the batch, and the lengths that the file leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from cnncalc.errors import Fault
from cnncalc.interchange.onnx.call import WITHIN, Live
from cnncalc.interchange.sketch import Sketch
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

__all__ = ["Entered", "entering", "leaving"]

Dims: TypeAlias = "tuple[int | str | None, ...]"
MOST_CHANNELS = 4
"""Channels of an image; what has more is no image whose sides may be taken as usual."""


class Entered(NamedTuple):
    """An input: its shape without the batch, None for one number; the axis of the batch; whether sides were open."""

    shape: Shape | None
    axis: int = 0
    opened: bool = False
    number: int | None = None
    """The single number that it is, where the user says so."""


def entering(
    inputs: Mapping[str, Dims | None], asked: Mapping[str, Shape], usual: int | None, *, whole: bool = False
) -> tuple[int, dict[str, Entered], list[Fault]]:
    """The batch, each input, and what is wrong with them; `usual` is the length of open sides.

    With `whole` all axes of all inputs are those of one image.
    """
    batch, within = (1, set(inputs)) if whole else batch_of(inputs)
    alike = {declared[0] for name, declared in inputs.items() if declared and declared[0] and name not in within}
    found: dict[str, Entered] = {}
    faults: list[Fault] = []
    for name, declared in inputs.items():
        given = asked.get(name) or asked.get("")
        if declared == ():
            found[name] = Entered(None, number=asked[name][0] if len(asked.get(name, ())) == 1 else None)
        elif name in within and declared is not None:
            stated = tuple(n if isinstance(n, int) else 1 if n in alike else 0 for n in declared)
            found[name] = Entered(given or stated, WITHIN)
        elif given is None and declared is not None and usual and sides(declared):
            lengths = tuple(n if isinstance(n, int) else usual for n in declared[1:])
            found[name] = Entered(lengths, opened=lengths != declared[1:])
        else:
            found[name] = Entered(given or tuple(n if isinstance(n, int) else 0 for n in (declared or ())[1:]))
        shape, whole_of = found[name].shape, declared if name in within else (declared or ())[1:]
        if shape is not None and (not shape or min(shape) < 1):
            faults.append(open_shape(name, declared or (), name in within))
        elif given and declared and len(given) != len(whole_of or ()):
            faults.append(other_axes(name, given, declared, name in within))
    if all(one.shape is None for one in found.values()):
        faults += [Fault(f"the input `{name[:60]}` has 0 axes: no batch and something in it") for name in found]
    return batch, found, faults


def batch_of(inputs: Mapping[str, Dims | None]) -> tuple[int, set[str]]:
    """The length of the batch, and the inputs that have none: lists, and those whose first axis is another one's.

    Such are the states that recurrent layers are given, whose first axis is the layers'.
    """
    firsts = {name: declared[0] for name, declared in inputs.items() if declared is not None and len(declared) > 1}
    lists = {name for name, declared in inputs.items() if declared is not None and len(declared) == 1}
    stated = {first for first in firsts.values() if isinstance(first, int)}
    if len(stated) == 1 and all(isinstance(first, int) for first in firsts.values()):
        return stated.pop(), lists
    return 1, lists | {name for name, first in firsts.items() if isinstance(first, int) and first != 1}


def other_axes(name: str, given: Shape, declared: Dims, within: bool) -> Fault:
    """What to say of a shape that is given with more or fewer axes than the file's input has."""
    own = declared if within else declared[1:]
    batch = "none of them the batch" if within else "behind the batch"
    said = "x".join("?" if n is None else str(n) for n in own)
    rule = f"the input `{name[:60]}` has {len(own)} axes, {batch}: {len(given)} are given"
    sizes = "x".join(str(n) if isinstance(n, int) else "1" for n in own)
    return Fault(
        rule, None, name, f"{'x'.join(map(str, given))} for {said}", f"give it so: `--input {name[:60]}={sizes}`"
    )


def sides(declared: Dims) -> bool:
    """Whether it is an image, whose sides may be taken as usual."""
    return len(declared) > 2 and isinstance(declared[1], int) and declared[1] <= MOST_CHANNELS


def _symbols(own: Dims) -> str:
    """A map with a symbol for each length that is open.

    >>> _symbols((1, 64, "width"))
    '1x64xW'
    """
    letters = "DHW"[1 - len(own) :]
    return "x".join(str(n) if isinstance(n, int) else letter for n, letter in zip(own, f" {letters}"))


def open_shape(name: str, declared: Dims, within: bool) -> Fault:
    """What to say of an input whose lengths the file leaves open."""
    own = declared if within else declared[1:]
    said = "x".join("?" if n is None else str(n) for n in own)
    values = f"it says {said}" if said else "it says none"
    sizes = "x".join(str(n) if isinstance(n, int) else "224" for n in own) or "3x224x224"
    closed = "" if not 2 <= len(own) <= 4 or not isinstance(own[0], int) else f" (`{_symbols(own)}` for closed forms)"
    help = f"give it: `--input {sizes}`{closed}, or `--input {name[:60]}={sizes}` where there are several"
    return Fault(f"the file leaves the shape of the input `{name[:60]}` open", None, name, values, help)


def leaving(sketch: Sketch, name: str, live: Live, batch: int) -> int:
    """The tensor of an output, with the batch first; notes of the sketch say where it is elsewhere in the file.

    One without a name is none of the file.
    """
    shape = sketch.shape(live.tensor)
    if live.axis == WITHIN:
        if batch != 1 or shape[:1] != (1,) or len(shape) < 2:
            full = "x".join(map(str, shape))
            said = f"the output `{name[:60]}` of one image is {full}, without an axis for the batch"
            sketch.notes += [said] if name else []
            return live.tensor
        fields = {"shape": shape[1:]}
        return sketch.add("", "reshape", fields, [live.tensor], place=None, foreign=f"the output {name[:60]}".strip())
    if live.axis and name:
        full = "x".join(map(str, (*shape[: live.axis], "N", *shape[live.axis :])))
        sketch.notes.append(f"the output `{name[:60]}` is {full} in the file; here the batch comes first")
    return live.tensor
