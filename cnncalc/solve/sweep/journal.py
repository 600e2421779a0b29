"""What a sweep has found so far, kept in a file beside its target, so that a run that is killed can go on.

The first line says which sweep it is; each further line holds all points of one net. A line is written at once and
whole, and one that was cut off is passed over, so that the file is right whenever the run ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from cnncalc.solve.sweep.grid import Point

__all__ = ["Journal"]

SUFFIX = ".part"


class Journal:
    """The file `TARGET.part`."""

    def __init__(self, target: str, sweep: Mapping[str, object]) -> None:
        self.path = Path(f"{target}{SUFFIX}")
        self.first = json.dumps(sweep, default=str, sort_keys=True)

    def begin(self, *, resume: bool) -> dict[tuple[str, ...], list[Point]]:
        """The nets that an earlier run finished. Raises CnncalcError where there is one that should not go on."""
        found: dict[tuple[str, ...], list[Point]] = {}
        try:
            if not self.path.exists():
                self.path.write_text(f"{self.first}\n", encoding="utf-8")
                return found
            if not resume:
                help = f"go on with --resume, or delete `{self.path}`"
                raise CnncalcError(Fault(f"`{self.path}` holds an unfinished sweep", help=help))
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise CnncalcError(
                Fault(f"`{self.path}` cannot be written: {error.strerror}", help="write elsewhere")
            ) from None
        first, *lines = text.split("\n")
        if first != self.first:
            help = f"give the same net and options again, or delete `{self.path}`"
            raise CnncalcError(Fault(f"`{self.path}` holds another sweep", help=help))
        whole = list(self._read(lines[:-1]))  # what follows the last line end was cut off
        if lines[-1]:
            kept = "".join(f"{line}\n" for line in text.split("\n")[:-1])
            self.path.write_text(kept, encoding="utf-8")
        return dict(whole)

    @staticmethod
    def _read(lines: list[str]) -> Iterator[tuple[tuple[str, ...], list[Point]]]:
        from cnncalc.solve.sweep.grid import Point

        for line in lines:
            record = json.loads(line)
            choice = tuple(record["net"])
            yield (
                choice,
                [Point(choice, tuple(size), tuple(figures), fault) for size, figures, fault in record["points"]],
            )

    def add(self, points: list[Point]) -> None:
        """Keep the points of one net."""
        rows = [[point.lengths, point.figures, point.fault] for point in points]
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"net": points[0].variables, "points": rows}) + "\n")

    def end(self) -> None:
        """All points have been written to the target."""
        self.path.unlink(missing_ok=True)
