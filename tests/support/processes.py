"""The program as a process of its own, with limits on time and memory: for what concerns a whole process."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

SECONDS = 10
"""Of computing; several times what the slowest case takes. It tells a hang."""
MEGABYTES = 500
ROOT = Path(__file__).parents[2]


def _limited(seconds, megabytes):
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))

    return limit


def cnncalc(*arguments, cwd=None, shell="", seconds=SECONDS, megabytes=MEGABYTES, _complete=None, **more):
    """What `cnncalc ARGUMENTS` does, `shell` being redirections as `>&-`; never a traceback, a signal or a hang.

    `_complete` is a line that a shell asks to be completed at its end.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    if _complete is not None:
        count = str(len(_complete.split(" ")) - 1)
        environment |= {"_CNNCALC_COMPLETE": "bash_complete", "COMP_WORDS": _complete, "COMP_CWORD": count}
    command: list[Any] = [sys.executable, "-m", "cnncalc", *map(os.fsencode, map(str, arguments))]
    if shell:
        command = ["sh", "-c", f'"$@" {shell}', "sh", *command]
    done: Any = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, timeout=6 * seconds, check=False,
        preexec_fn=_limited(seconds, megabytes), **{"stdin": subprocess.DEVNULL, **more},
    )  # fmt: skip
    done.stdout, done.stderr = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    assert "Traceback" not in done.stderr + done.stdout, done.stderr[-3000:]
    assert done.returncode in (0, 1, 2, 130, 141), (done.returncode, done.stderr[-1000:])
    return done
