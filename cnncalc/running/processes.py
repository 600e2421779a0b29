"""Tasks that are done by several processes, in order; a process that is killed takes one task with it, and no more."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from multiprocessing import parent_process
from queue import SimpleQueue
from threading import Thread, current_thread, main_thread
from typing import TYPE_CHECKING, Any

from cnncalc.limits import RECURSION
from cnncalc.running.work import Work

if TYPE_CHECKING:
    from concurrent.futures import Future
    from multiprocessing.process import BaseProcess

__all__ = ["deaf", "in_order"]

AHEAD = 4
"""So many tasks for each process are handed out at once: results wait for their turn, and must not pile up."""


def in_order(work: Work, tasks: Iterable[Any], jobs: int) -> Iterator[Any]:
    """The result of every task, in order, from so many processes.

    A task whose process was ended from outside is done again, by a process of its own; where that is ended as well,
    the task is what ends it, and `work.ended(task)` stands in its place. The others go on.
    """
    left = iter(tasks)
    while True:
        handed: deque[Any] = deque()
        yield from _until_one_ends(work, left, handed, jobs)
        if not handed:
            return
        task = handed.popleft()
        yield next(_until_one_ends(work, iter([task]), deque(), 1), None) or work.ended(task)
        left = chain(handed, left)


def _until_one_ends(work: Work, left: Iterator[Any], handed: deque[Any], jobs: int) -> Iterator[Any]:
    """The results of the first tasks: all of them, or those before one whose process was ended.

    Those that were handed out and have no result are left in `handed`.
    """
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import active_children, get_context

    others = set(active_children())
    results: deque[Future[Any]] = deque()
    ready: SimpleQueue[object] = SimpleQueue()  # something for each result that is there, and for Ctrl-C
    with _interrupted_later(ready) as interrupted:
        pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (work.prepare, work.given))
        try:
            while True:
                while len(handed) < jobs * AHEAD and (task := next(left, None)) is not None:
                    handed.append(task)
                    with deaf():  # a process is started when the first task that it could do is handed out
                        results.append(pool.submit(work.do, task))
                    results[-1].add_done_callback(ready.put)
                while not ready.empty():  # told of what is looked at now; each holds a result
                    ready.get()
                if interrupted or not results:
                    return
                if results[0].done():
                    yield results[0].result()
                    results.popleft()
                    handed.popleft()
                else:
                    ready.get()
        except BrokenProcessPool:
            return
        finally:
            for child in set(active_children()) - others:
                child.terminate()
            # Waited for, which takes a moment only: where Python ends while the pool's thread does, it writes to a
            # closed pipe and tells of it.
            pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupted_later(ready: SimpleQueue[object]) -> Iterator[list[int]]:
    """Ctrl-C is put into the list and told to who waits for `ready`; it is passed on at the end.

    Raised wherever it comes, it can leave the lock of a result or of the pool taken, and what waits for that waits for
    ever. Who does not listen to it (nohup) goes on so, and it is Python's main thread alone that hears.
    """
    interrupted: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if current_thread() is not main_thread() or not callable(before):
        yield interrupted
        return

    def note(number: int, _: object) -> None:
        interrupted.append(number)
        ready.put(number)

    signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
        if interrupted:
            signal.raise_signal(signal.SIGINT)


def _begin(prepare: Callable[..., None], given: tuple[Any, ...]) -> None:
    """What a process does first: it ends with the one that started it, whatever ends that."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
    Thread(target=_end_with, args=(parent_process(),), daemon=True).start()
    prepare(*given)


def _end_with(parent: BaseProcess | None) -> None:
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def deaf() -> Iterator[None]:
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
