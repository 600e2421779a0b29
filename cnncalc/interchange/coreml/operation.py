"""One operation of an ML Program: its named inputs, what the file holds of them, and what it is told as."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.onnx.telling import Dims, Telling
from cnncalc.records import NamedTuple

__all__ = ["STORED", "Operation", "Rule", "Value"]

STORED = re.compile(r"(_to_fp16|_quantized|_palettized|_sparsified|_promoted|_cast_fp16)+\Z")
"""What converters put behind the name of a weight whose numbers they store otherwise."""

COMPUTED = re.compile(r"const_[0-9]+\Z")
"""What they call a constant that they have computed."""
IMAGE = re.compile(r"__(scaled|biased)___y_[0-9]+(_to_fp16)?\Z")
"""What they call the numbers by which the pixels of an image are scaled and shifted, which nobody learns."""
FOLDED = "weight_bias"
"""A bias that a folded batch norm left, which ONNX files of torch call so, too."""


class Value(NamedTuple):
    """What the file holds; `values` are None where they are not read."""

    dims: tuple[int, ...]
    values: tuple[Any, ...] | None
    name: str


class Operation:
    """One operation: its named inputs, the stated shapes of its outputs, and the net that it is told to."""

    __slots__ = ("inputs", "kind", "outputs", "tell", "values")

    def __init__(
        self,
        kind: str,
        inputs: Mapping[str, list[str | Value]],
        outputs: Mapping[str, Dims | None],
        tell: Telling,
        values: Mapping[str, Value],
    ) -> None:
        self.kind, self.inputs, self.outputs, self.tell, self.values = kind, inputs, outputs, tell, values
        tell.foreign = f"{kind} {self.name}"

    @property
    def name(self) -> str:
        """What the operation is called: as its first output is."""
        return STORED.sub("", next(iter(self.outputs), ""))

    def fault(self, message: str, values: str = "") -> CnncalcError:
        """What is wrong with it."""
        return CnncalcError(Fault(f"`{self.kind}`: {message}", None, self.name[:120], values))

    def held(self, key: str) -> Value | None:
        """An input that the file holds."""
        found = next(iter(self.inputs.get(key, ())), None)
        return self.values.get(found) if isinstance(found, str) else found

    def wholes(self, key: str) -> tuple[int, ...]:
        """An input of whole numbers; none where it is not given. Raises CnncalcError where it is not known."""
        if key not in self.inputs:
            return ()
        value = self.held(key)
        if value is None or value.values is None or any(isinstance(one, str) for one in value.values):
            raise self.fault(f"the numbers of `{key}` are not known")
        return tuple(int(one) for one in value.values)

    def whole(self, key: str, otherwise: int) -> int:
        """An input that is a whole number, or a truth."""
        return next(iter(self.wholes(key)), otherwise)

    def real(self, key: str, otherwise: float) -> float:
        """An input that is a number."""
        value = self.held(key)
        found = next(iter(value.values or ()), None) if value is not None else None
        return float(f"{found:.7g}") if isinstance(found, (int, float)) else otherwise

    def word(self, key: str, otherwise: str) -> str:
        """An input that is a text."""
        value = self.held(key)
        found = next(iter(value.values or ()), None) if value is not None else None
        return found if isinstance(found, str) else otherwise

    def tensors(self) -> Iterator[str]:
        """The inputs that are no constants."""
        return (one for several in self.inputs.values() for one in several if isinstance(one, str) and self.live(one))

    def live(self, name: str) -> bool:
        """Whether a tensor is made by the net."""
        return name not in self.values

    def x(self, key: str = "x") -> str:
        """A tensor that the net makes, or one that the file holds."""
        found = next(iter(self.inputs.get(key, ())), None)
        if found is None:
            raise self.fault(f"it has no `{key}`")
        return self.tensor(found)

    def several(self, key: str = "values") -> list[str]:
        """A list of tensors."""
        return [self.tensor(one) for one in self.inputs.get(key, ())]

    def tensor(self, found: str | Value) -> str:
        """The name of a tensor; what the file holds is a number, a list of places, or learned."""
        value = self.values.get(found) if isinstance(found, str) else found
        if value is None:
            return str(found)
        numbers = value.values
        if numbers is not None and len(numbers) == 1 and isinstance(numbers[0], (int, float)):
            return self.tell.number(numbers[0])
        if numbers and all(isinstance(one, int) for one in numbers):
            return self.tell.numbers(*numbers)
        if IMAGE.search(value.name):
            return self.tell.filled(self.tell.fresh(), value.dims, None)
        return self.learned(value, "weight")

    def learned(self, value: Value | None, what: str, dims: tuple[int, ...] | None = None) -> str:
        """A learned tensor, called as it is in the file, without what the converter put behind its name."""
        if value is None:
            return ""
        name = STORED.sub("", value.name) or self.name
        what = FOLDED if what == "bias" and self.kind == "conv" and COMPUTED.match(name) else what
        own = name.removesuffix(f"_{what}") if name.endswith(f"_{what}") else self.name
        if value.values is not None and len(set(value.values)) > 1:  # few numbers, of which each layer has a copy
            own = self.tell.copies.setdefault((self.kind, what, value.dims, value.values), own)
        return self.tell.weight(f"{own}.{what}", value.dims if dims is None else dims)

    def say(self, kind: str, *inputs: str, **said: Any) -> None:
        """The operation is this operator."""
        self.tell.put(kind, inputs, tuple(self.outputs), self.name, **said)


Rule: TypeAlias = Callable[[Operation], None]
