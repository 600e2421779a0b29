"""One run in this process, watched: its exit code, its seconds, its memory, and what in it is a finding."""

from __future__ import annotations

import io
import os
import re
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import cnncalc as cnncalc_package
from benchmarks.hostile.commands import Case
from cnncalc.cli.main import cnncalc

__all__ = ["GIVEN_UP", "Outcome", "everything", "pace", "run"]

SECONDS = 2.0
"""Of a processor that takes `UNIT` for `ADDITIONS`; on a slower one a run may take as much longer."""
ADDITIONS, UNIT = 1_000_000, 0.030
MEGABYTES = 500
GIVEN_UP = 20
"""Seconds after which a run is ended, whatever the processor."""
CODES = (0, 1, 2, 130, 141)
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
STUCK = 300
"""Seconds of the wall after which the process is ended: one that waits takes no time of a processor."""
COMPLETE = {"_CNNCALC_COMPLETE": "bash_complete"}


LEFT_OUT = ("torch_backend", "witnesses", "__main__")
"""What runs other frameworks, and what runs when it is imported."""


def everything() -> None:
    """Import all modules of the program: no run pays for it, and a tree that changes changes no run."""
    root = Path(cnncalc_package.__path__[0])
    for path in sorted(root.rglob("*.py")):
        words = path.relative_to(root.parent).with_suffix("").parts
        if not set(LEFT_OUT) & {*words}:
            with suppress(ImportError):  # of a library that is not installed
                import_module(".".join(word for word in words if word != "__init__"))


def pace() -> float:
    """How many times as long as the processor of `UNIT` this one takes just now, at least 1."""
    start, total = time.process_time(), 0
    for number in range(ADDITIONS):
        total += number
    return max(1.0, (time.process_time() - start) / UNIT)


class GivenUp(BaseException):
    """The run took too long."""


class Outcome(NamedTuple):
    """What came of a run."""

    code: int | None
    seconds: float
    megabytes: float
    """The most memory of this process so far."""
    finding: str
    """What must not be; empty where all is well."""


def run(case: Case) -> Outcome:
    """Runs one case in the current folder, which is emptied first."""
    _laid_out(case)
    printed, told = io.BytesIO(), io.BytesIO()
    start, code, failure = time.process_time(), None, ""
    with _streams(case, printed, told), _watched():
        try:
            cnncalc.main(args=list(case.arguments), prog_name="cnncalc")
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else -1
        except GivenUp:
            failure = f"given up after {GIVEN_UP} s"
        except BaseException:  # noqa: BLE001  (whatever it is, it is a finding)
            failure = traceback.format_exc()[-3_000:]
    seconds = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Outcome(code, seconds, memory, failure or _fault(case, code, seconds, printed, told))


def _fault(case: Case, code: int | None, seconds: float, printed: io.BytesIO, told: io.BytesIO) -> str:
    """What is wrong with a run that ended by itself."""
    out, err = (text.getvalue().decode("utf-8", "replace") for text in (printed, told))
    if code not in CODES:
        return f"exit code {code}"
    if "Traceback" in out + err:
        return f"a traceback is printed\n{(out + err)[-2_000:]}"
    if seconds > SECONDS and seconds > SECONDS * (slow := pace()):
        return f"it took {seconds:.1f} s, on a processor that takes {slow:.1f} times as long as one may"
    if case.completing or case.arguments[0] == "completion":
        return ""
    if odd := STEERING.search(out + err):
        return f"a character that steers a terminal is printed: U+{ord(odd[0]):04X}"
    written = {"-o", "--output"} & {*case.arguments}
    if code == 2 and not written and not (out + err).strip():
        return "exit code 2 without a word"
    if code == 2 and "error:" in err and err.count("= help:") < err.count("error:"):
        return f"a message without a way out\n{err[-1_500:]}"
    return ""


def _laid_out(case: Case) -> None:
    for entry in os.scandir():
        shutil.rmtree(entry) if entry.is_dir(follow_symlinks=False) else Path(entry).unlink()
    for name, data in case.files.items():
        Path(name).write_bytes(data)


@contextmanager
def _streams(case: Case, printed: io.BytesIO, told: io.BytesIO) -> Iterator[None]:
    """Standard streams of its own, and the environment of a shell that completes."""
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.TextIOWrapper(io.BytesIO(case.input), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(printed, encoding="utf-8", errors="replace", write_through=True)
    sys.stderr = io.TextIOWrapper(told, encoding="utf-8", errors="replace", write_through=True)
    if case.completing:
        words = " ".join(["cnncalc", *(re.sub(r"\s", "", word) or "x" for word in case.arguments)])
        count = str(len(case.arguments))
        os.environ.update(
            COMPLETE, COMP_WORDS=words.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), COMP_CWORD=count
        )
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            stream.detach()  # or the bytes would be closed with it
        sys.stdin, sys.stdout, sys.stderr = before
        for name in (*COMPLETE, "COMP_WORDS", "COMP_CWORD") if case.completing else ():
            del os.environ[name]


@contextmanager
def _watched() -> Iterator[None]:
    def ended(*_: object) -> None:
        raise GivenUp

    signal.alarm(STUCK)  # ends the process, whatever it waits for
    signal.signal(signal.SIGVTALRM, ended)
    signal.setitimer(signal.ITIMER_VIRTUAL, GIVEN_UP, 1)  # again and again, should something swallow the first
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
