"""Who does the work: this process, some processes of this machine, or the workers of Dask."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.records import NamedTuple
from cnncalc.running.work import Work

__all__ = ["HERE", "Runner", "in_order"]


class Runner(NamedTuple):
    """One of three ways to have work done."""

    jobs: int = 1
    """So many processes of this machine."""
    workers: int = 0
    """So many workers of Dask on this machine."""
    scheduler: str = ""
    """The address of a scheduler of Dask, `tcp://host:8786`."""

    @property
    def alone(self) -> bool:
        """Whether this process does it all."""
        return self.jobs < 2 and not self.workers and not self.scheduler

    @property
    def alike(self) -> int:
        """As many tasks as this are done at a time, as far as is known before they begin."""
        return max(self.jobs, self.workers, 8 if self.scheduler else 1)

    def checked(self) -> Runner:
        """The same, with no more processes than can be of use. Raises CnncalcError where it is two ways at once."""
        ways = [("--jobs", self.jobs > 1), ("--workers", self.workers), ("--scheduler", self.scheduler)]
        given = [name for name, is_given in ways if is_given]
        if len(given) > 1:
            message = f"{' and '.join(given)} are two ways to share the work out"
            raise CnncalcError(Fault(message, help="take one of them"))
        return self._replace(jobs=min(self.jobs, max(os.cpu_count() or 1, 2)))


HERE = Runner()


def in_order(work: Work, tasks: Iterable[Any], runner: Runner = HERE) -> Iterator[Any]:
    """The result of every task, in order, and no more of them at a time than can be looked at soon.

    Raises CnncalcError where Dask is not installed, or its scheduler or workers are not there or of another version.
    """
    if runner.alone:
        work.prepare(*work.given)
        yield from map(work.do, tasks)
    elif runner.workers or runner.scheduler:
        from cnncalc.running import cluster

        yield from cluster.in_order(work, tasks, runner.scheduler or runner.workers)
    else:
        from cnncalc.running import processes

        yield from processes.in_order(work, tasks, runner.jobs)
