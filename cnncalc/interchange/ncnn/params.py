"""ncnn's `.param`: a number that marks the format, how many layers and blobs there are, then a layer a line.

`Type name inputs outputs input… output… 0=64 1=3 -23309=2,1,1`: settings have numbers instead of names (the tables of
ncnn's docs/developer-guide/operators.md); a number below −23300 marks a list, which starts with its length.
"""

from __future__ import annotations

import re

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.interchange.building import MOST_FAULTS
from cnncalc.interchange.text import Text
from cnncalc.limits import Limits

__all__ = ["MAGIC", "Operator", "operators"]

MAGIC = "7767517"
PIECE = re.compile(r'(?:[^\s"]|"[^"\n]*")+')
WHOLE = re.compile(r"[-+]?\d{1,12}", re.ASCII)
REAL = re.compile(r"[-+]?(?:\d{1,20}\.?\d{0,20}|\.\d{1,20})(?:[eE][-+]?\d{1,3})?", re.ASCII)
LARGEST = 2**31 - 1
"""Of a whole number: ncnn's are C's int."""
MOST_SETTINGS = 64
ARRAY = -23300


class Operator:
    """One layer: its type, its name, the blobs that it takes and makes, and its settings by number."""

    __slots__ = ("bottoms", "line", "name", "settings", "source", "tops", "type")

    def __init__(self, source: Text, line: int, type: str, name: str) -> None:  # noqa: A002 - ncnn calls it so
        self.source, self.line, self.type, self.name = source, line, type, name
        self.bottoms: list[str] = []
        self.tops: list[str] = []
        self.settings: dict[int, list[str]] = {}

    def place(self) -> Place:
        """Its line, at its type."""
        text = self.source.line(self.line)
        return self.source.place(self.line, len(text) - len(text.lstrip()) + 1, len(self.type))

    def fault(self, message: str, values: str = "", help: str = "") -> CnncalcError:
        """What is wrong with it."""
        return CnncalcError(Fault(message, self.place(), self.name, values, help))

    def whole(self, number: int, default: int) -> int:
        """The setting of that number as a whole number."""
        return self.wholes(number)[0] if number in self.settings else default

    def wholes(self, number: int) -> list[int]:
        """The setting of that number as whole numbers, none where it is not there."""
        found: list[int] = []
        for text in self.settings.get(number, ()):
            match = WHOLE.match(text)
            if match is None or abs(int(match[0])) > LARGEST:
                raise self.fault(f"setting {number} is a whole number", f"it is `{text[:40]}`")
            found.append(int(match[0]))
        if number in self.settings and not found:
            raise self.fault(f"setting {number} is an empty list")
        return found

    def real(self, number: int, default: float) -> float:
        """The setting of that number as a decimal number."""
        return self.reals(number)[0] if self.settings.get(number) else default

    def reals(self, number: int) -> list[float]:
        """The setting of that number as decimal numbers, none where it is not there."""
        found: list[float] = []
        for text in self.settings.get(number, ()):
            match = REAL.match(text)
            if match is None or abs(float(match[0])) == float("inf"):
                raise self.fault(f"setting {number} is a decimal number", f"it is `{text[:40]}`")
            found.append(float(match[0]))
        return found

    def text(self, number: int) -> str:
        """The setting of that number as a text, without its quotes."""
        return ",".join(self.settings.get(number, ())).strip('"')


def operators(source: Text, limits: Limits) -> list[Operator]:
    """Every layer of a file. Raises CnncalcError for what is no `.param`, or is cut."""
    lines = [(number, text) for number, text in enumerate(source.lines, 1) if text.strip()]
    if not lines or lines[0][1].split() != [MAGIC]:
        place = source.place(1, 1, len(source.line(1)))
        message = f"an ncnn `.param` starts with {MAGIC}"
        raise CnncalcError(Fault(message, place, help="older files are brought up to date by ncnn's `ncnnoptimize`"))
    counts = [int(text) for text in lines[1][1].split() if WHOLE.fullmatch(text)] if len(lines) > 1 else []
    if len(counts) != 2:
        raise CnncalcError(Fault("the second line says how many layers and blobs there are", source.place(2, 1)))
    if any(text.split()[0].startswith("pnnx.") for _, text in lines[2:4]):
        message, help = (
            "this is pnnx's own form of a net, not ncnn's",
            "give the `.ncnn.param` that pnnx writes beside it",
        )
        raise CnncalcError(Fault(message, source.place(lines[2][0], 1), help=help))
    if len(lines) - 2 > limits.layers:
        message = f"the file has more than {limits.layers:,} layers, the bound `layers`"
        raise CnncalcError(Fault(message, source.place(2, 1), help=limits.way_out("layers")))
    found: list[Operator] = []
    faults: list[Fault] = []
    for number, text in lines[2 : 2 + counts[0]]:  # ncnn reads no further
        try:
            found.append(_operator(source, number, PIECE.findall(text)))
        except CnncalcError as error:
            faults.extend(error.faults)
        if len(faults) >= MOST_FAULTS:
            break
    if not faults and len(found) != counts[0]:
        values = f"it says {counts[0]}, and there are {len(found)}"
        faults.append(
            Fault(
                "the file has fewer layers than its second line says",
                source.place(2, 1),
                values=values,
                help="it may have been cut",
            )
        )
    if faults:
        raise CnncalcError(faults)
    return found


def _operator(source: Text, number: int, pieces: list[str]) -> Operator:
    """One line."""
    text = source.line(number)
    place = source.place(number, len(text) - len(text.lstrip()) + 1, len(text.strip()))
    counts = [int(piece) if WHOLE.fullmatch(piece) else -1 for piece in pieces[2:4]]
    if len(counts) < 2 or min(counts) < 0 or 4 + sum(counts) > len(pieces):
        message = "a line is `Type name inputs outputs`, the blobs, and settings such as `0=64`"
        raise CnncalcError(Fault(message, place, help="the line may have been cut"))
    operator = Operator(source, number, pieces[0], pieces[1])
    taken, made = counts
    operator.bottoms = pieces[4 : 4 + taken]
    operator.tops = pieces[4 + taken : 4 + taken + made]
    for piece in pieces[4 + taken + made :]:
        key, equals, value = piece.partition("=")
        if not equals or not WHOLE.fullmatch(key) or len(operator.settings) >= MOST_SETTINGS:
            raise CnncalcError(Fault(f"`{piece[:40]}` is no setting such as `0=64`", place, operator.name))
        values = value.split(",") if not value.startswith('"') else [value]
        setting = int(key)
        if setting <= ARRAY:
            setting, values = ARRAY - setting, values[1:]
        operator.settings[setting] = values
    return operator
