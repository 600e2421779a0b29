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
from warnings import catch_warnings, simplefilter

from cnncalc.errors import CnncalcError, Fault
from cnncalc.limits import RECURSION
from cnncalc.running.processes import deaf
from cnncalc.running.versions import VERSION, agree, agree_all
from cnncalc.running.work import Work

__all__ = ["in_order"]

AHEAD = 4
"""So many tasks for each thread of a worker are handed out at once."""
PATIENCE = 10
"""Seconds until a scheduler that does not answer is not there, and until one that has no workers will have none."""
LOOK, GONE = 5, 60
"""Seconds after which it is looked whether any worker is left, and those that a new one has to come."""
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}
"""What Dask leaves out on this machine: nobody looks at its pages, and what watches the work takes a tenth of it."""
INSTALL = 'pip install "dask[distributed]"'
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
    except (OSError, distributed.TimeoutError, distributed.CancelledError) as error:
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
    agree(version, VERSION)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
    with _ONE_AT_A_TIME:
        prepare(*given)
        return do(task)


def _result(distributed: Any, client: Any, work: Work, task: Any, future: Any) -> Any:
    """What a task came to; where one worker after the other was lost with it, it may be another's fault: once more."""
    for again in (True, False):
        try:
            return _waited(distributed, client, future)
        except distributed.KilledWorker:
            if again:
                future = _submitted(client, work, task)
    return work.ended(task)


def _waited(distributed: Any, client: Any, future: Any) -> Any:
    """What comes of it, as long as somebody may do it. Raises CnncalcError where no worker came back for a while."""
    alone = 0
    while not future.done():
        try:
            distributed.wait(future, timeout=LOOK)
        except distributed.TimeoutError:
            alone = 0 if client.nthreads() else alone + LOOK
            if alone >= GONE:
                help = "start some; with `-o FILE`, --resume goes on with what was found"
                raise CnncalcError(Fault(f"the scheduler of Dask has had no workers for {GONE} s", help=help)) from None
    return future.result()


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
        client = held.enter_context(_connected(distributed, where))
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except distributed.TimeoutError:
            help = f"start some by `dask worker {where}`, where cnncalc {VERSION} is installed"
            raise CnncalcError(Fault(f"--scheduler {where}: it has no workers", help=help)) from None
        agree_all(client)
        yield client


def _connected(distributed: Any, where: Any) -> Any:
    """A client of the scheduler. Raises CnncalcError where there is none, or one of another Dask."""
    named = f"--scheduler {str(where)[:80]}"
    try:
        with catch_warnings():
            simplefilter("ignore")  # other versions are told as a fault
            return distributed.Client(where, timeout=PATIENCE)
    except (TypeError, AttributeError, KeyError) as error:  # raised there, by what does not know what it is asked
        message = f"{named}: it does not understand Dask {distributed.__version__}"
        help = f"start it, and its workers, with Dask {distributed.__version__}"
        raise CnncalcError(Fault(message, values=str(error)[:200], help=help)) from None
    except (OSError, ValueError) as error:  # nobody there; no address
        help = "start one by `dask scheduler`, and give its address, as tcp://192.168.0.2:8786"
        message = f"{named}: no scheduler of Dask was reached in {PATIENCE} s"
        raise CnncalcError(Fault(message, values=str(error)[:200], help=help)) from None
