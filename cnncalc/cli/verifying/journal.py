"""What `verify` has found so far, a net a line; a net that could not be tried is tried again."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

from cnncalc import __version__
from cnncalc.answers.verification import read_back
from cnncalc.pages.verification import NetResult
from cnncalc.running.journal import Journal
from cnncalc.witnesses.table import WITNESSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.cli.verifying.asked import Asked, Task

__all__ = ["Results", "journal_of"]

Results: TypeAlias = "Journal[int, NetResult]"
"""Results by the place of their nets among all."""
LONGEST = 64_000_000
"""Bytes; a net of 100,000 layers has a third of it."""


def journal_of(target: str, asked: Asked, nets: Sequence[Task]) -> Results:
    """The journal of a verification of these nets, beside the file `target`."""
    depends = {
        "version": __version__,
        "options": list(asked),
        "frameworks": WITNESSES[asked.witness].versions(),
        "nets": _digest([task.net for task in nets]),
        "files": _digest([task.known for task in nets]),
    }

    def read(record: dict[str, Any]) -> tuple[int, NetResult] | None:
        place, skipped = record.get("place"), record.get("skipped")
        if type(place) is not int or not 0 <= place < len(nets) or not isinstance(skipped, str):
            return None
        found = read_back(record.get("found"))
        return (place, NetResult(nets[place].net, found, skipped=skipped)) if found or skipped else None

    return Journal(target, "verification", depends, write=_record, read=read, longest=LONGEST)


def _record(place: int, result: NetResult) -> dict[str, object]:
    return {"place": place, "skipped": result.skipped, "found": result.verification}


def _digest(texts: list[str]) -> str:
    return sha256("\0".join(texts).encode("utf-8", "surrogateescape")).hexdigest()
