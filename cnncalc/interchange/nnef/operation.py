"""One operation of an NNEF graph: its arguments by name, what is fixed of them, and what it is told as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.nnef.text import Call, Name, Value
from cnncalc.interchange.onnx.telling import Telling
from cnncalc.interchange.text import Text

__all__ = ["Operation"]


class Operation:
    """One operation; `dims` are the shapes of the variables that were met, by their names."""

    __slots__ = ("arguments", "call", "dims", "outputs", "source", "tell")

    def __init__(
        self,
        call: Call,
        names: Sequence[str],
        outputs: Sequence[str],
        tell: Telling,
        dims: Mapping[str, tuple[int, ...]],
        source: Text,
    ) -> None:
        self.call, self.outputs, self.tell, self.dims, self.source = call, outputs, tell, dims, source
        self.arguments: dict[str, Value] = {**dict(zip(names, call.ordered)), **call.named}

    @property
    def kind(self) -> str:
        """What NNEF calls it."""
        return self.call.operation

    def fault(self, message: str, values: str = "") -> CnncalcError:
        """What is wrong with it."""
        line = self.source.line(self.call.line)
        place = self.source.place(self.call.line, len(line) - len(line.lstrip()) + 1, len(line.strip()))
        name = self.outputs[0][:120] if self.outputs and "\0" not in self.outputs[0] else ""
        return CnncalcError(Fault(f"`{self.kind}`: {message}", place, name, values))

    def wholes(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers; none where it is not given."""
        found = self.arguments.get(key, [])
        values = found if isinstance(found, list) else [found]
        flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
        if len(flat) > 64 or not all(isinstance(one, int) for one in flat):
            raise self.fault(f"`{key}` is a list of whole numbers", f"it is {str(found)[:60]}")
        return tuple(int(one) for one in flat if isinstance(one, int))

    def whole(self, key: str, otherwise: int) -> int:
        """A whole number, or a truth."""
        return next(iter(self.wholes(key)), otherwise) if key in self.arguments else otherwise

    def real(self, key: str, otherwise: float) -> float:
        """A number."""
        found = self.arguments.get(key, otherwise)
        return float(found) if isinstance(found, (int, float)) else otherwise

    def word(self, key: str, otherwise: str) -> str:
        """A text."""
        found = self.arguments.get(key, otherwise)
        return found if isinstance(found, str) and not isinstance(found, Name) else otherwise

    def tensor(self, key: str) -> str:
        """A tensor; a number becomes one."""
        found = self.arguments.get(key)
        if isinstance(found, Name):
            return str(found)
        if isinstance(found, (int, float)):
            return self.tell.number(float(found))
        raise self.fault(f"`{key}` is a tensor", f"it is {str(found)[:60]}")

    def tensors(self, key: str) -> list[str]:
        """A list of tensors."""
        found = self.arguments.get(key, [])
        values = found if isinstance(found, list) else [found]
        if not values or not all(isinstance(one, Name) for one in values):
            raise self.fault(f"`{key}` is a list of tensors")
        return [str(one) for one in values]

    def optional(self, key: str) -> str:
        """A tensor that may be the number 0 instead, for none."""
        return str(found) if isinstance(found := self.arguments.get(key), Name) else ""

    def fixed(self, key: str) -> tuple[int, ...]:
        """The shape of a variable."""
        found = self.arguments.get(key)
        if not isinstance(found, Name) or found not in self.dims:
            raise self.fault(f"`{key}` is no variable of the graph")
        return self.dims[found]

    def say(self, kind: str, *inputs: str, **said: Any) -> None:
        """The operation is this operator of ONNX."""
        self.tell.put(kind, inputs, tuple(self.outputs), self.outputs[0].replace("\0", ""), **said)
