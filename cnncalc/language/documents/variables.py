"""The values of a file's variables: each may use the others, in any order, but not itself."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from pathlib import Path
from typing import TypeAlias

from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.documents.library import library_folder, members_of
from cnncalc.language.expressions import Value
from cnncalc.language.faults import Faults
from cnncalc.language.values import ValueFault, value_of
from cnncalc.language.yaml.reader import Scalar, YamlNode, plain_value, read, scalar_value
from cnncalc.limits import Limits

__all__ = ["Entry", "Variables", "given_value", "is_required"]

Entry: TypeAlias = "tuple[Scalar, YamlNode]"
"""A key and its value."""
MOST_MEMBERS = 12
"""Of a family, that are named."""


def is_required(node: YamlNode) -> bool:
    """Whether a variable of a file, or an argument of a block, has no value of its own."""
    return isinstance(node, Scalar) and node.plain and node.text == "required"


class Variables:
    """Computes variables one after another, those that one needs before it."""

    def __init__(
        self, declared: MappingType[str, Entry], file: str, limits: Limits, faults: Faults, folder: Path | None
    ) -> None:
        self.declared, self.file, self.limits, self.faults, self.folder = declared, file, limits, faults, folder
        self.values: dict[str, Value] = {}

    def compute(self, settings: MappingType[str, str]) -> dict[str, Value]:
        """All values, `--set` applied. Faults are noted; raises `CnncalcError` where required ones are missing."""
        if len(self.declared) > self.limits.variables:
            key = list(self.declared.values())[self.limits.variables][0]
            message = f"the file has more than {self.limits.variables:,} variables, the bound `variables`"
            self.faults.add(message, key, help=self.limits.way_out("variables"))
            self.faults.raise_any()
        for name, text in settings.items():
            if name in self.declared:
                self._set(name, text)
        missing = [key for name, (key, node) in self.declared.items() if is_required(node) and name not in settings]
        self.faults.broken.update(key.text for key in missing)
        for name in self.declared:
            self._compute(name)
        if missing:
            self._family(missing)
        return {name: self.values[name] for name in self.declared if name in self.values}

    def _set(self, name: str, text: str) -> None:
        """`--set name=value`: what a file would hold there, a list or mapping in brackets too."""
        try:
            value = self.values[name] = given_value(text, self.limits)
            node = self.declared[name][1]
            usual = scalar_value(node.text, node.plain) if isinstance(node, Scalar) else None
            if _is_number(usual) and not _is_number(value):
                message = f"--set {name}={text[:40]}: the net computes with `{name}`, which is a number"
                help = f"in the file it is {usual}; give a number, as `--set {name}={usual}`"
                self.faults.unlike[name] = Fault(message, help=help)
        except CnncalcError as error:
            self.faults.broken.add(name)
            for fault in error.faults:
                self.faults.add(f"--set {name}: {fault.message}", None, values=fault.values, help=fault.help)

    def _compute(self, name: str) -> None:
        """One variable, after those that it turns out to need."""
        waiting = [name]
        while waiting:
            current = waiting[-1]
            if current in self.values or current in self.faults.broken:
                waiting.pop()
                continue
            try:
                self.values[current] = value_of(self.declared[current][1], self.values, self.limits)
            except ValueFault as fault:
                needed = missing_name(fault)
                if needed in self.declared and needed not in self.faults.broken and needed not in waiting:
                    waiting.append(needed)
                    continue
                if needed in waiting:
                    circle = [*waiting[waiting.index(needed) :], needed]
                    fault.error.message = "a variable cannot be computed from itself"
                    fault.error.help = f"{' → '.join(circle)}: give one of them a value"
                self.faults.value(fault)
                self.faults.broken.update(waiting)

    def _family(self, missing: list[Scalar]) -> None:
        names = ", ".join(f"`{key.text}`" for key in missing)
        set_them = "extend it from a file that sets them"
        if missing[0].source.name != self.file:
            set_them = f"set them under `variables:` in {self.file}"
        help = f"{set_them}, or give `--set {missing[0].text}=…`"
        if self.folder == library_folder():
            members = members_of(Path(self.file).stem)
            shown = ", ".join(members[:MOST_MEMBERS]) + (", …" if len(members) > MOST_MEMBERS else "")
            help += f"; of it are {shown}" if members else ""
        self.faults.add(f"this is a family of nets: {names} must be set", missing[0], help=help)
        self.faults.raise_any()


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def given_value(text: str, limits: Limits) -> Value:
    """The value of a variable as `--set` writes it. Raises CnncalcError for brackets that hold no list or mapping."""
    bracketed = text.startswith(("[", "{"))
    return plain_value(read(text, "--set", limits)) if bracketed else scalar_value(text, True)


def missing_name(fault: ValueFault) -> str:
    """The name that an expression lacks; empty where that is not its fault."""
    error = fault.error
    word = fault.node.text[error.offset : error.offset + error.width].lstrip("$")
    return word if error.message.startswith("there is no ") else ""
