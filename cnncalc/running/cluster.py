"""Tasks that are done on Dask: by workers of this machine, or by those of a scheduler that runs somewhere.

Dask hands the tasks out, and gives those of a worker that was lost to the others. What comes back is taken in order, so
that whoever writes it down writes each result once; no more tasks are handed out than have results that soon are next.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from threading import Lock
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.limits import RECURSION
from cnncalc.running.processes import deaf
from cnncalc.running.work import Work

__all__ = ["in_order"]

AHEAD = 4
"""So many tasks for each thread of a worker are handed out at once."""
PATIENCE = 10
"""Seconds until a scheduler that does not answer is not there, and until one that has no workers will have none."""
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}
"""What Dask leaves out on this machine: nobody looks at its pages, and what watches the work takes a tenth of it."""
INSTALL = 'pip install "dask[distributed]"'
VERSION: str = import_module("cnncalc").__version__
"""The package's own: it names all floors above this one, for types, and none of them is meant here."""
_ONE_AT_A_TIME = Lock()
"""Held by the one task that a process does: threads of a worker share what is remembered of nets."""


def in_order(work: Work, tasks: Iterable[Any], where: str | int) -> Iterator[Any]:
    """The result of every task, in order, from so many workers of this machine or from those of a scheduler.

    A task that ends every worker which does it has `work.ended(task)` in its place. Raises CnncalcError where Dask is
    not installed, where the scheduler or its workers are not there, or go away, and where their cnncalc is another.
    """
    try:
        import distributed
    except ImportError:
        message = "work is shared out by Dask, which is not installed"
        raise CnncalcError(Fault(message, help=f"`{INSTALL}`; `--jobs 2` needs nothing")) from None
    _hush()
    try:
        with _client(distributed, where) as client:
            yield from _results(distributed, client, work, tasks)
    except (OSError, TimeoutError, distributed.CancelledError) as error:
        message = "the scheduler of Dask went away"
        help = "start it again; with `-o FILE`, --resume goes on with what was found"
        raise CnncalcError(Fault(message, values=str(error)[:200], help=help)) from None


def _hush() -> None:
    """What matters of what Dask would write to standard error is told as a fault."""
    for name in [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _results(distributed: Any, client: Any, work: Work, tasks: Iterable[Any]) -> Iterator[Any]:
    ahead = AHEAD * max(sum(client.nthreads().values()), 1)
    left, handed = iter(tasks), deque[tuple[Any, Any]]()
    while True:
        while len(handed) < ahead and (task := next(left, None)) is not None:
            handed.append((task, _submitted(client, work, task)))
        if not handed:
            return
        task, future = handed[0]
        yield _result(distributed, client, work, task, future)
        handed.popleft()


def _submitted(client: Any, work: Work, task: Any) -> Any:
    return client.submit(_done, VERSION, work.prepare, work.given, work.do, task, pure=False)


def _done(version: str, prepare: Any, given: tuple[Any, ...], do: Any, task: Any) -> Any:
    """What a worker does. Workers that came later than the rest are of any version."""
    _agree(version, VERSION)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
    with _ONE_AT_A_TIME:
        prepare(*given)
        return do(task)


def _result(distributed: Any, client: Any, work: Work, task: Any, future: Any) -> Any:
    """What a task came to; where one worker after the other was lost with it, it may be another's fault: once more."""
    for again in (True, False):
        try:
            return future.result()
        except distributed.KilledWorker:
            if again:
                future = _submitted(client, work, task)
    return work.ended(task)


@contextmanager
def _client(distributed: Any, where: str | int) -> Iterator[Any]:
    """Someone who takes tasks, all of whose workers are of this version. Raises CnncalcError."""
    with ExitStack() as held:
        if isinstance(where, int):
            held.enter_context(import_module("dask").config.set(QUIET))
            with deaf():  # Ctrl-C is heard by the process that writes, and by no worker
                where = held.enter_context(
                    distributed.LocalCluster(
                        n_workers=min(where, max(os.cpu_count() or 1, 2)), threads_per_worker=1, processes=True,
                        dashboard_address=None, silence_logs=logging.CRITICAL + 1,
                    )
                )  # fmt: skip
        try:
            client = held.enter_context(distributed.Client(where, timeout=PATIENCE))
        except (OSError, ValueError) as error:  # nobody there; no address
            help = "start one by `dask scheduler`, and give its address, as tcp://192.168.0.2:8786"
            message = f"--scheduler {str(where)[:80]}: no scheduler of Dask was reached in {PATIENCE} s"
            raise CnncalcError(Fault(message, values=str(error)[:200], help=help)) from None
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            help = f"start some by `dask worker {where}`, where cnncalc {VERSION} is installed"
            raise CnncalcError(Fault(f"--scheduler {where}: it has no workers", help=help)) from None
        _agree(VERSION, _of_scheduler(client), "the scheduler of Dask")
        for worker, theirs in client.run(_version, on_error="return").items():
            _agree(VERSION, theirs if isinstance(theirs, str) else None, f"the worker of Dask at {worker}")
        yield client


def _version() -> str:
    """What is installed where it is called."""
    return VERSION


def _of_scheduler(client: Any) -> str | None:
    """The version of a scheduler, which reads what it hands out; None where it has none, or one from before this."""
    try:
        return str(client.run_on_scheduler(_version))
    except (ImportError, AttributeError):
        return None


def _agree(ours: str, theirs: str | None, who: str = "a worker of Dask") -> None:
    """Raises CnncalcError where somebody would count by the rules of another version."""
    if ours != theirs:
        found = f"cnncalc {theirs}" if theirs else "no cnncalc that knows of this"
        help = f"install cnncalc {ours} where the scheduler and its workers run, and start them again"
        raise CnncalcError(Fault(f"{who} has {found}, and this is {ours}", help=help))
