"""A Darknet configuration to a sketch: each layer on the one before it, unless it names others by number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.building import Build, each_made, finished
from cnncalc.interchange.darknet.config import Section, sections
from cnncalc.interchange.darknet.table import ALIASES, DETECTORS, LOSSES, RULES
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.interchange.text import Text
from cnncalc.interchange.unknown import Unknown
from cnncalc.layers.base import Shape

__all__ = ["Reader", "read"]

OTHERS = {
    "contrastive": "yolo_layer",
    "control_channels": "from",
    "route": "layers",
    "route_lhalf": "layers",
    "sam": "from",
    "scale_channels": "from",
    "shift_channels": "from",
    "shortcut": "from",
}
"""The key by which a layer takes others."""
SHORT = {"Gaussian_yolo": "yolo", "connected": "fc", "convolutional": "conv", "deconvolutional": "deconv"}
"""What layers are called here, with their number, where Darknet's word is long."""
MAPS = (
    "avgpool",
    "conv_lstm",
    "convolutional",
    "crnn",
    "deconvolutional",
    "local",
    "local_avgpool",
    "maxpool",
    "upsample",
)
"""Sections that take maps; the vector of a [connected] is a map of one pixel to them."""
NUMBERED = re.compile(r"_(\d+)")
NOTHING = -1
"""What comes out of a layer that could not be read."""


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """A cfg. Raises CnncalcError with everything that is wrong."""
    return Reader(sections(Text(file.name, file.text), file.limits), asked).read()


class Reader:
    """One net on its way."""

    def __init__(self, found: Sequence[Section], asked: Asked) -> None:
        self.sections, self.given, self.opaque = found, asked.inputs, asked.opaque
        self.sketch = Sketch("", "torch")
        self.tensors: list[int] = []
        """What each layer makes, by its number."""
        self.made: list[list[int]] = []
        """What each layer became, for those that share its parameters."""
        self.unknown = Unknown("Darknet")

    def read(self) -> Sketch:
        """The whole net. Raises CnncalcError with everything that is wrong."""
        if not self.sections or kind_of(self.sections[0]) != "net":
            place = self.sections[0].place() if self.sections else None
            raise CnncalcError(Fault("the first section is `[net]`", place, help="is it a Darknet configuration?"))
        self.input = self.sketch.input(
            "input", self.given.get("") or self.given.get("input") or shape_of(self.sections[0])
        )
        detected: list[int] = []
        for section, became in each_made(self.sections[1:], self.layer, self.unknown):
            tensor, made = became or (NOTHING, [])
            kind = kind_of(section)
            if kind in DETECTORS:
                detected.append(tensor)
            elif kind == "contrastive" and detected:
                detected[-1] = tensor  # it goes on from a detector's output
            self.tensors.append(tensor)
            self.made.append(made)
        if not self.tensors:
            raise CnncalcError(Fault("this file has no layers", self.sections[0].place()))
        return unnamed(finished(self.sketch, detected or self.tensors[-1:]))

    def layer(self, section: Section) -> tuple[int, list[int]]:
        """The tensor that a section makes, and all layers that it became."""
        kind, number = kind_of(section), len(self.tensors)
        current = self.tensors[-1] if self.tensors else self.input
        if kind in LOSSES:
            return current, []
        others = OTHERS.get(kind, "")
        tensors = [] if OTHERS.get(kind) == "layers" else [current]
        if others:
            tensors += [self.tensors[place] for place in self.numbers(section, others, number)]
        if kind not in RULES and not self.opaque:
            self.unknown.add(f"[{section.name}]", f"layer {number}", section.place())
            return NOTHING, []
        if NOTHING in tensors:
            return NOTHING, []
        shared = self.made[self.numbers(section, "share_index", number)[0]] if "share_index" in section.options else []
        build = Build(
            self.sketch, f"{SHORT.get(kind, kind)}_{number}", f"[{section.name}]", section.place(), tensors, shared
        )
        if kind in MAPS and build.axes == 0:
            build.use(0, build.put("reshape", suffix="_map", shape=(*build.x[0], 1, 1)))
        rule = RULES.get(kind)
        tensor = rule(section, build) if rule else build.opaque(build.x[0])
        return tensor, build.made

    def numbers(self, section: Section, key: str, number: int) -> list[int]:
        """Layers by their numbers, negative ones counted back from this one."""
        named = section.wholes(key)
        if not named:
            raise section.fault(f"`{key}` names the layers that are taken", key, "such as `-1` for the one before")
        places = [number + place if place < 0 else place for place in named]
        for place in places:
            if not 0 <= place < number:
                help = f"layers are numbered from 0; this is layer {number}"
                raise section.fault(f"there is no layer {place} before this one", key, help)
        return places


def unnamed(sketch: Sketch) -> Sketch:
    """The sketch without the names that are made up here for messages, so that what repeats is seen to repeat.

    Darknet's layers have numbers alone: those are told as what the layers are in the file. A detector keeps its name.
    """
    for place, operator in enumerate(sketch.operators):
        found = NUMBERED.search(operator.name)
        if operator.layer is not None and found is not None:
            section = operator.foreign.strip("[]")
            name = operator.name if section in DETECTORS else ""
            sketch.operators[place] = operator._replace(name=name, foreign=f"{found[1]} {section}")
    return sketch


def kind_of(section: Section) -> str:
    """What a section is, whatever it is called."""
    return ALIASES.get(section.name, section.name)


def shape_of(net: Section) -> Shape:
    """The input: a map, or a vector of `inputs`."""
    map_shape = (net.whole("channels", 0, 0), net.whole("height", 0, 0), net.whole("width", 0, 0))
    if min(map_shape) > 0:
        return map_shape
    inputs = net.whole("inputs", 0, 0)
    if inputs < 1:
        raise net.fault("`[net]` says no `height`, `width` and `channels`", "", "give them: `--input 3x416x416`")
    return (inputs,)
