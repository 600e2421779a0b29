"""What is asked of every net that is verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.language.options import Options

__all__ = ["Asked", "Task", "tasks"]


class Asked(NamedTuple):
    """The options, and by which framework it is done, how."""

    options: Options
    dtype: str
    witness: str
    device: str | None
    seed: int
    receptive_field: bool


class Task(NamedTuple):
    """A net, and whether it was found in a folder, where a family is passed over."""

    net: str
    in_folder: bool
    known: str = ""
    """By which its files are known again; empty where that is of no use."""


def tasks(nets: list[tuple[str, bool]], asked: Asked, *, known_again: bool) -> list[Task]:
    """The nets; if they are to be known again, with what their files are known by, or what is wrong with these."""
    if not known_again:
        return [Task(*net) for net in nets]
    from cnncalc.errors import CnncalcError
    from cnncalc.language.digest import digest

    found = []
    for net, in_folder in nets:
        try:
            known = digest(net, asked.options)
        except CnncalcError as error:
            known = str(error)
        except OSError as error:
            known = error.strerror or str(error)
        found.append(Task(net, in_folder, known))
    return found
