"""What is done with each of many tasks, as it is sent to whoever does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.records import NamedTuple

__all__ = ["Work"]


class Work(NamedTuple):
    """What is done with each task; all of it can be sent to another process."""

    prepare: Callable[..., None]
    """Sets a process up for it, by `given`; on Dask before every task, since others may have had their turn there."""
    given: tuple[Any, ...]
    do: Callable[[Any], Any]
    ended: Callable[[Any], Any]
    """What stands in place of the result of a task that ends every process which does it."""
