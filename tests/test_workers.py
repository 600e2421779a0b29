"""Several processes: whatever ends one of them, every other task is done, once, and in order."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from command_line import runner
from processes import ROOT

from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError, Fault
from cnncalc.running.runner import Runner, in_order
from cnncalc.running.work import Work

SLOW = ["densenet121", "--set", "classes=1:40", "--input", "3x{64:128:32}"]


def begin(folder):
    os.environ["WORKERS_TEST"] = str(folder)


def square(number):
    """Ends its own process at 3 once, at 5 always; refuses 11."""
    seen = Path(os.environ["WORKERS_TEST"]) / str(number)
    if number == 5 or (number == 3 and not seen.exists()):
        seen.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 11:
        raise CnncalcError([Fault("first", help="a"), Fault("second", help="b")])
    return number * number


def none(number):
    return -number


@pytest.mark.parametrize("jobs", [2, 3])
def test_a_task_that_ends_its_process_is_named_and_the_rest_goes_on(tmp_path, jobs):
    found = list(in_order(Work(begin, (tmp_path,), square, none), range(9), Runner(jobs)))
    assert found == [0, 1, 4, 9, 16, -5, 36, 49, 64]


@pytest.mark.parametrize("tasks", [range(3), [1, 5, 2], [3]])
def test_no_thread_is_left_when_the_work_is_done(tmp_path, tasks):
    """One that closes a pool's pipes while Python ends has Python tell of a closed pipe."""
    before = {*threading.enumerate()}
    list(in_order(Work(begin, (tmp_path,), square, none), tasks, Runner(2)))
    assert {*threading.enumerate()} == before


def test_no_thread_is_left_when_the_rest_is_not_wanted(tmp_path):
    before = {*threading.enumerate()}
    results = in_order(Work(begin, (tmp_path,), square, none), range(40), Runner(2))
    assert next(results) == 0
    del results
    assert {*threading.enumerate()} == before


class Found:
    """A result that can be told among all objects."""


def found(_):
    return Found()


def test_a_result_that_was_taken_is_let_go_however_slow_who_takes_them_is(tmp_path):
    alive = []
    for place, _ in enumerate(in_order(Work(begin, (tmp_path,), found, none), range(200), Runner(2))):
        time.sleep(0.005)  # all that is handed out is there before it is taken
        if place % 50 == 49:
            alive.append(sum(type(one) is Found for one in gc.get_objects()))
    assert max(alive) < 30


@pytest.fixture
def listening():
    """A process that hears interrupts: one that a script starts in the background does not."""
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, heard)


@pytest.mark.usefixtures("listening")
def test_an_interrupt_waits_until_no_lock_of_the_pool_is_held(tmp_path):
    """Raised where it comes, it can leave a result's lock taken, for which the pool's thread then waits for ever."""
    before, heard = {*threading.enumerate()}, signal.getsignal(signal.SIGINT)
    results = in_order(Work(begin, (tmp_path,), square, none), range(40), Runner(2))
    assert next(results) == 0
    signal.raise_signal(signal.SIGINT)  # the result that is looked at is kept before
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert ({*threading.enumerate()}, signal.getsignal(signal.SIGINT)) == (before, heard)


def test_who_does_not_listen_to_interrupts_goes_on(tmp_path):
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        results = in_order(Work(begin, (tmp_path,), square, none), range(3), Runner(2))
        assert next(results) == 0
        signal.raise_signal(signal.SIGINT)
        assert [*results] == [1, 4]
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, heard)


def test_faults_come_whole_out_of_a_process(tmp_path):
    with pytest.raises(CnncalcError) as caught:
        list(in_order(Work(begin, (tmp_path,), square, none), [1, 11, 2], Runner(2)))
    assert [fault.message for fault in caught.value.faults] == ["first", "second"]


def children(process):
    """The processes that it started, which do its work."""
    pids = [int(pid) for found in Path(f"/proc/{process}/task").glob("*/children") for pid in found.read_text().split()]
    return [pid for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def begun(tmp_path, lines, how=("--jobs", "2")):
    """A sweep with two processes, whose journal has so many lines."""
    command = [sys.executable, "-m", "cnncalc", "sweep", *SLOW, *how, "-o", str(tmp_path / "sweep.csv")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # a process that a script starts in the background inherits an ignored SIGINT
    heeding = {"start_new_session": True, "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **heeding
    )
    part, deadline = tmp_path / "sweep.csv.part", time.monotonic() + 60
    while time.monotonic() < deadline and not (part.exists() and part.read_bytes().count(b"\n") >= lines):
        time.sleep(0.005)
    return process, part


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc for a process's children")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_sweep_outlives_a_process_that_is_killed(tmp_path, how):
    process, _ = begun(tmp_path, 3)
    os.kill(children(process.pid)[0], how)
    _, told = process.communicate(timeout=120)
    assert (process.returncode, told) == (0, "")
    whole = runner().invoke(program, ["sweep", *SLOW, "--format", "csv"])
    assert (tmp_path / "sweep.csv").read_text() == whole.stdout


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc for a process's children")
def test_no_process_is_left_when_the_one_that_writes_is_killed(tmp_path):
    process, part = begun(tmp_path, 3)
    left = children(process.pid)
    assert left
    process.kill()
    process.communicate(timeout=60)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").is_dir() for pid in left):
        time.sleep(0.05)
    assert not [pid for pid in left if Path(f"/proc/{pid}").is_dir()]
    assert part.exists()


@pytest.mark.parametrize(("lines", "after"), [(1, 0), (1, 0.1), (1, 0.25), (1, 0.4), (2, 0), (3, 0)])
def test_an_interrupt_at_any_time_shows_no_traceback(tmp_path, lines, after):
    """Ctrl-C at a terminal goes to all processes of the group at once, those that are just being started included."""
    process, part = begun(tmp_path, lines)
    time.sleep(after)
    os.killpg(process.pid, signal.SIGINT)
    printed, told = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)  # the latter is Python's own, where code in a text was running
    assert (printed, told.strip().endswith("--resume goes on from there.")) == ("", True), told
    assert part.exists()


def test_dask_that_is_not_installed_is_told_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    for how in (["--workers", "2"], ["--scheduler", "tcp://127.0.0.1:8786"]):
        done = runner().invoke(program, ["sweep", *SLOW, *how])
        assert done.exit_code == 2
        assert "Dask, which is not installed" in done.stderr and 'pip install "dask[distributed]"' in done.stderr


def test_work_is_shared_out_one_way():
    done = runner().invoke(program, ["sweep", *SLOW, "--workers", "2", "--jobs", "2"])
    assert done.exit_code == 2
    assert "--jobs and --workers are two ways" in done.stderr
