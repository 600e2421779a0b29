"""Tasks that are done by several processes, in order; a process that is killed takes one task with it, and no more."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import parent_process
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from cnncalc.limits import RECURSION

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

__all__ = ["in_order"]

Task = TypeVar("Task")
Result = TypeVar("Result")
AHEAD = 4
"""So many tasks for each process are handed out at once: results wait for their turn, and must not pile up."""


def in_order(
    prepare: Callable[..., None],
    given: tuple[Any, ...],
    work: Callable[[Task], Result],
    ended: Callable[[Task], Result],
    tasks: Sequence[Task],
    jobs: int,
) -> Iterator[Result]:
    """`work(task)` of every task, in order, from `jobs` processes; each is set up by `prepare(*given)`.

    A task whose process was ended from outside is done again, by a process of its own; where that is ended as well,
    the task is what ends it, and `ended(task)` stands in its place. The others go on.
    """
    start = 0
    while start < len(tasks):
        for result in _until_one_ends(prepare, given, work, tasks[start:], jobs):
            yield result
            start += 1
        if start < len(tasks):
            yield next(_until_one_ends(prepare, given, work, [tasks[start]], 1), None) or ended(tasks[start])
            start += 1


def _until_one_ends(
    prepare: Callable[..., None],
    given: tuple[Any, ...],
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    jobs: int,
) -> Iterator[Result]:
    """The results of the first tasks: all of them, or those before one whose process was ended."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import active_children, get_context

    others = set(active_children())
    pool = ProcessPoolExecutor(min(jobs, len(tasks)), get_context("spawn"), _begin, (prepare, given))
    left, handed = iter(tasks), deque[Any]()
    try:
        _hand_out(pool, work, left, handed, jobs * AHEAD)
        while handed:
            yield handed[0].result()
            handed.popleft()
            _hand_out(pool, work, left, handed, jobs * AHEAD)
    except BrokenProcessPool:
        return
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(active_children()) - others:
            child.terminate()


def _begin(prepare: Callable[..., None], given: tuple[Any, ...]) -> None:
    """What a process does first: it ends with the one that started it, whatever ends that."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
    Thread(target=_end_with, args=(parent_process(),), daemon=True).start()
    prepare(*given)


def _end_with(parent: BaseProcess | None) -> None:
    if parent is not None:
        parent.join()
        os._exit(1)


def _hand_out(
    pool: ProcessPoolExecutor, work: Callable[[Any], Any], left: Iterator[Any], handed: deque[Future[Any]], most: int
) -> None:
    while len(handed) < most and (task := next(left, None)) is not None:
        with _deaf():  # a process is started when the first task that it could do is handed out
            handed.append(pool.submit(work, task))


@contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl-C goes to every process; those that are started meanwhile never hear it, and the one that writes does after.

    Only the one that writes knows what to do. What a process blocks when it is started it blocks from its first moment.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
