"""What a random network is drawn with: one layer at a time, names, and the shapes that follow."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from layer_texts import layer_text

from cnncalc.graph import broken_requirement
from cnncalc.notation.lines import TokenError, parse

__all__ = ["Piece", "Shape", "Sketch", "Step", "Template", "through"]

Shape = tuple[int, ...]
Step = Callable[[Shape], "Shape | None"]
"""From the shape that enters to the one that leaves; None where a layer refuses it."""

DIALECTS = ("torch", "torch", "torch", "torch", "torch", "torch", "keras", "caffe", "paddle", "onnx")
WORDS = ("stem", "a", "b", "left_1", "head", "type", "weight", "train", "x.y", "conv.0", "forward")
MOST_ELEMENTS = 4_000


class Piece(NamedTuple):
    """Items, as they will be written, and what they do to a shape."""

    items: list[Any]
    step: Step


class Template(NamedTuple):
    """A sequence of notations with `$c` and `$k` in them."""

    texts: tuple[str, ...]
    arguments: tuple[str, ...]


def through(steps: list[Step], entering: Shape) -> Shape | None:
    """One step after another; None where one refuses."""
    shape: Shape | None = entering
    for step in steps:
        if shape is None:
            return None
        shape = step(shape)
    return shape


class Sketch:
    """One net as it is being drawn."""

    def __init__(self, random: Random, dialect: str = "") -> None:
        self.random = random
        self.dialect = dialect or random.choice(DIALECTS)
        self.refused: list[tuple[str, Shape]] = []
        self.names: dict[str, Shape] = {}
        self.shareable: list[tuple[str, str, Shape]] = []
        """Named layers: (name, notation, shape that enters)."""
        self.groups: list[tuple[str, Shape, Shape]] = []
        """Named groups: (name, shape that enters, shape that leaves)."""
        self.words = list(WORDS)
        random.shuffle(self.words)
        self.blocks: dict[str, Template] = {}
        self.budget = random.choice((3, 6, 10, 16))

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def after(self, text: str, *shapes: Shape) -> Shape | None:
        """The output shape; None where the layer is refused or its output is too large to run in a hurry."""
        try:
            layer = parse(text, self.dialect).layer
        except TokenError:
            return None
        if broken_requirement(layer, shapes) is not None:
            if len(shapes) == 1:
                self.refused.append((text, shapes[0]))
            return None
        shape = layer.output_shape(*shapes)
        size = 1
        for n in shape:
            size *= n
        return shape if size <= MOST_ELEMENTS and len(shape) <= 6 else None

    def step(self, text: str) -> Step:
        return lambda shape: self.after(text, shape)

    def layer(self, shape: Shape) -> tuple[str, Shape]:
        """A layer that takes the shape."""
        for _ in range(6):
            text = layer_text(self.random, shape)
            after = self.after(text, shape)
            if after is not None:
                return text, after
        return "identity", shape

    def single(self, shape: Shape, *, fixed: bool) -> Piece:
        """A layer as text, or as a mapping with a name, frozen, or with an expression in it."""
        text, after = self.layer(shape)
        step = self.step(text)
        kind, _, rest = text.partition(" ")
        if not self.chance(0.25):
            return Piece([text], step)
        item: dict[str, Any] = {kind: rest or None}
        if fixed and self.chance(0.2) and kind == "conv" and rest.split()[0].isdigit():
            out, _, more = rest.partition(" ")
            item[kind] = f"$({out} + {shape[0]} - in_channels) {more}"
        if self.chance(0.25):
            item["trainable"] = False
        if self.chance(0.15):
            item["when"] = self.random.choice(("true", "in_channels >= 1", f"$(in_channels == {shape[0]})"))
            if item["when"] != "true":
                # as part of a repeated body it may come and go
                condition = item["when"]
                step = self.conditional(step, None if ">=" in condition else shape[0])
        if fixed and self.words and self.chance(0.5):
            name = item["name"] = self.words.pop()
            self.names[name] = after
            if "when" not in item:
                self.shareable.append((name, text, shape))
        return Piece([item], step)

    @staticmethod
    def conditional(step: Step, channels: int | None) -> Step:
        return lambda shape: step(shape) if channels in (None, shape[0]) else shape

    def forget(self, names: dict[str, Shape]) -> None:
        """Names given inside a level without a name of its own cannot be reached from outside."""
        self.shareable = [one for one in self.shareable if one[0] in names]
        self.groups = [one for one in self.groups if one[0] in names]
        self.names = names

    def sequence(self, shape: Shape, length: int, depth: int, *, fixed: bool) -> Piece:
        """Some items. `fixed`: they run once, so that names in them stand for one shape each."""
        raise NotImplementedError
