"""The nets that are verified, by this process or by others, and how far they are."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from cnncalc.cli.running import named_progress_bar
from cnncalc.errors import CnncalcError, Fault
from cnncalc.pages.verification import NetResult
from cnncalc.witnesses.table import WITNESSES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from cnncalc.cli.verifying.asked import Asked, Task
    from cnncalc.running.runner import Runner

    Progress = Callable[[int, int], None]

__all__ = ["each"]


def each(
    nets: Sequence[Task], asked: Asked, runner: Runner, kept: Collection[int] = ()
) -> Iterator[tuple[int, NetResult]]:
    """The result of every net that is not kept, with its place, in order, by whoever does it."""
    places = [place for place in range(len(nets)) if place not in kept]
    show = named_progress_bar() or _nowhere
    results = _here(nets, places, asked, show) if runner.alone else _elsewhere(nets, places, asked, runner)
    for done, (place, result) in enumerate(zip(places, results), start=len(nets) - len(places) + 1):
        if result.faults:
            show("", 1, 1)
        yield place, result
        if not runner.alone or done == len(nets):
            show("nets", done, len(nets))


def _nowhere(_what: str, _done: int, _total: int) -> None:
    """Nobody looks on."""


def _here(
    nets: Sequence[Task], places: Sequence[int], asked: Asked, show: Callable[[str, int, int], None]
) -> Iterator[NetResult]:
    for done, place in enumerate(places, start=len(nets) - len(places)):
        if len(nets) > 1:
            show(nets[place].net[:40], done, len(nets))
        yield _verified(nets[place], asked, None if len(nets) > 1 else lambda *far: show("layers", *far))


def _verified(task: Task, asked: Asked, progress: Progress | None = None) -> NetResult:
    from cnncalc.cli.nets import why_skipped
    from cnncalc.language import load

    net = task.net
    try:
        why_not = why_skipped(net, asked.options) if task.in_folder else ""
        if why_not:
            return NetResult(net, None, skipped=why_not)
        options = {
            "device": asked.device,
            "dtype": asked.dtype,
            "seed": asked.seed,
            "receptive_field": asked.receptive_field,
            "progress": progress,
        }
        graph = load(net, asked.options)
        found = WITNESSES[asked.witness].verify(graph, net=net, batch=asked.options.batch, options=options)
    except CnncalcError as error:
        return NetResult(net, None, error.faults)
    except OSError as error:
        from cnncalc.language.unreadable import fault_of_os_error  # only a mistake pays for it

        return NetResult(net, None, (fault_of_os_error(error),))
    return NetResult(net, found)


def _elsewhere(nets: Sequence[Task], places: Sequence[int], asked: Asked, runner: Runner) -> Iterator[NetResult]:
    from cnncalc.language.documents.library import standard_input
    from cnncalc.running.runner import in_order
    from cnncalc.running.work import Work

    held = standard_input(asked.options.limits) if any(task.net == "-" for task in nets) else b""
    given = asked, WITNESSES[asked.witness].versions(), held, uuid4().hex
    yield from in_order(Work(_prepare, given, _there, _ended), [nets[place] for place in places], runner)


_THERE: dict[str, Asked] = {}
"""What is asked of the process that verifies, where it is one of several: of one verification, by its mark."""


def _prepare(asked: Asked, versions: Mapping[str, str], held: bytes, mark: str) -> None:
    """Raises CnncalcError where the framework is not there, or another release of it."""
    from cnncalc.language.documents.library import hold_standard_input

    if mark in _THERE:
        return
    witness = WITNESSES[asked.witness]
    witness.require()
    if (theirs := witness.versions()) != versions:
        found, ours = (", ".join(f"{name} {of[name] or 'of no version'}" for name in of) for of in (theirs, versions))
        help = f"install {ours} where the workers run, and start them again"
        raise CnncalcError(Fault(f"a worker has {found}, and this is {ours}", help=help))
    if held:
        hold_standard_input(held)
    _THERE.clear()
    _THERE[mark] = asked


def _there(task: Task) -> NetResult:
    from cnncalc.language.digest import raise_if_other

    (asked,) = _THERE.values()
    try:
        raise_if_other(task.net, asked.options, task.known)
    except CnncalcError as error:
        return NetResult(task.net, None, error.faults)
    return _verified(task, asked)


def _ended(task: Task) -> NetResult:
    message = f"`{task.net[-60:]}`: the process that verified this was ended twice: out of memory?"
    help = "use `--device meta`, which needs none, or a smaller `--input`"
    return NetResult(task.net, None, (Fault(message, help=help),))
