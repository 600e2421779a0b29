"""What a rule of the table works with: one call of a layer, its tensors, and layers of ours to put on them.

Keras's axes are turned: its last axis, the channels, is our first. `channels_first` models are taken as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.keras.config import Entry
from cnncalc.interchange.sketch import Sketch
from cnncalc.layers import KINDS, Layer, Shape
from cnncalc.text import Distinct

__all__ = ["Call", "Rule", "Work"]


class Work:
    """What all calls of a file share."""

    def __init__(self, sketch: Sketch, channels_first: bool, inputs: dict[str, Shape]) -> None:
        self.sketch, self.channels_first, self.inputs = sketch, channels_first, inputs
        self.owners: dict[str, int] = {}
        """The layer of ours that holds the parameters of each foreign one, by its path."""
        self.distinct = Distinct()
        self.calls = 0
        self.stepped = 0
        """Calls on single time steps."""
        self.unknown: list[tuple[str, str]] = []
        """Layers that no rule knows: their class and name."""
        self.identities: dict[str, list[str]] = {}
        """Layers that are taken for identities, by class."""

    @property
    def layout(self) -> str:
        """Keras's word for where the channels lie."""
        return "channels_first" if self.channels_first else "channels_last"

    def shape_in(self, shape: Shape) -> Shape:
        """A shape of Keras's, without the batch, as ours."""
        return shape if self.channels_first or not shape else (shape[-1], *shape[:-1])

    def shape_out(self, shape: Shape) -> Shape:
        """A shape of ours as Keras has it."""
        return shape if self.channels_first or not shape else (*shape[1:], shape[0])

    def name(self, wanted: str) -> str:
        """A name that no other layer has."""
        cleaned = "".join(one if one.isalnum() or one in "_-." else "_" for one in wanted.replace("/", "."))[:150]
        parts = [part if part[0].isalnum() or part[0] == "_" else f"_{part}" for part in cleaned.split(".") if part]
        return self.distinct(".".join(parts) or "layer")


class Call:
    """One call of a layer. `put` adds a layer of ours and gives its tensor."""

    def __init__(self, work: Work, entry: Entry, path: str, tensors: list[int], timed: bool = False) -> None:
        self.work, self.entry, self.path, self.tensors, self.timed = work, entry, path, tensors, timed
        self.args: list[Any] = []
        """The arguments as the file has them, in which tensors are their numbers below `tensors`."""
        self.kwargs: dict[str, Any] = {}
        self.wanted: frozenset[int] = frozenset({0})
        """Which of the tensors that it makes are taken."""
        self.stem = work.name(path)
        self.named = False
        """Whether a layer of ours has the call's own name."""

    @property
    def config(self) -> dict[str, Any]:
        """The layer's configuration."""
        return self.entry.config

    @property
    def x(self) -> list[Shape]:
        """Our shapes of the tensors that it takes."""
        return [self.work.sketch.shape(tensor) for tensor in self.tensors]

    @property
    def rank(self) -> int:
        """The axes of its first tensor, without the batch."""
        return len(self.x[0])

    @property
    def step_axis(self) -> int:
        """Our axis of the steps of a layer that runs at every time step, Keras's first."""
        return 0 if self.work.channels_first else 1

    @property
    def spatial(self) -> int:
        """The axes that windows slide along; the first of a layer that runs at every time step is not one."""
        return self.rank - 1 - self.timed

    def shape(self, tensor: int) -> Shape:
        """Our shape of a tensor."""
        return self.work.sketch.shape(tensor)

    def put(self, kind: str, *tensors: int, suffix: str = "", owner: str = "", **fields: Any) -> int:
        """A layer on these tensors, or on all that the call takes; one that was called before shares its parameters.

        `owner` is a word for parameters that layers of several kinds have in common.
        """
        if suffix:
            name = self.work.name(f"{self.stem}.{suffix}")
        else:
            name = self.work.name(f"{self.stem}_{kind}") if self.named else self.stem
            self.named = True
        owner = f"{self.path}/{suffix}/{owner or kind}"
        weighted = KINDS[kind].weight_shapes is not Layer.weight_shapes
        made = self.work.sketch.add(
            name,
            kind,
            {key: value for key, value in fields.items() if value is not None},
            list(tensors or self.tensors),
            place=None,
            foreign=self.entry.kind,
            share=self.work.owners.get(owner) if weighted else None,
        )
        if weighted:
            self.work.owners.setdefault(owner, made)
            self.work.sketch.train(made, self.config.get("trainable") is not False)
        return made

    def fault(self, rule: str, values: str = "", help: str = "") -> CnncalcError:
        """What is wrong with the layer."""
        return CnncalcError(Fault(f"`{self.entry.kind}`: {rule}", layer=self.path, values=values, help=help))

    # -- configuration --

    def whole(self, key: str, default: int | None = None, least: int = 1) -> int:
        """A whole number of the configuration."""
        value = self.config.get(key, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 10**9:
            raise self.fault(f"`{key}` is a whole number from {least}", f"it is {str(value)[:40]}")
        return value

    def number(self, key: str, default: float | None = None) -> float | None:
        """A number of the configuration; None where there is none."""
        value = self.config.get(key, default)
        if isinstance(value, dict):  # a cast value, as Keras 3 writes it
            value = value.get("config", {}).get("value") if isinstance(value.get("config"), dict) else None
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.fault(f"`{key}` is a number", f"it is {str(value)[:40]}")
        return float(value)

    def flag(self, key: str, default: bool = False) -> bool:
        """A flag of the configuration."""
        value = self.config.get(key, default)
        return default if value is None else bool(value)

    def lengths(self, key: str, default: Any = 1, axes: int | None = None) -> tuple[int, ...]:
        """A length for each spatial axis, of a number or a list."""
        axes = self.spatial if axes is None else axes
        value = self.config.get(key, default)
        value = default if value is None else value
        listed = value if isinstance(value, (list, tuple)) else [value] * max(axes, 1)
        if len(listed) == 1 and axes > 1:
            listed = list(listed) * axes
        if len(listed) != axes or not all(type(one) is int and 0 <= one <= 10**9 for one in listed):
            raise self.fault(f"`{key}` is a length for each of {axes} axes", f"it is {str(value)[:60]}")
        return tuple(listed)

    def word(self, key: str, default: str = "") -> str:
        """A word of the configuration, in small letters."""
        return str(self.config.get(key) or default).lower()

    # -- axes --

    def axis(self, value: Any, tensor: int | None = None) -> int:
        """Our number of an axis of Keras's, which counts the batch."""
        rank = len(self.shape(self.tensors[0] if tensor is None else tensor))
        if isinstance(value, list) and len(value) == 1:
            (value,) = value
        if self.timed and type(value) is int and value > 0:
            value += 1  # what runs at every time step counts axes without the steps
        if isinstance(value, bool) or not isinstance(value, int) or not (1 <= value <= rank or -rank <= value <= -1):
            raise self.fault(
                "an axis lies outside the tensor", f"axis {str(value)[:20]} of {rank + 1} axes, the batch first"
            )
        place = value - 1 if value > 0 else rank + value
        if self.work.channels_first:
            return place
        return 0 if place == rank - 1 else place + 1

    def axes(self, value: Any, tensor: int | None = None) -> list[int]:
        """Our numbers of axes; None stands for all but the batch."""
        if value is None:
            return list(range(len(self.shape(self.tensors[0] if tensor is None else tensor))))
        return sorted({self.axis(one, tensor) for one in (value if isinstance(value, list) else [value])})


Rule = Callable[[Call], "int | list[int]"]
"""Adds the layers of one call; gives the tensor that comes out, or several."""
