"""click's runner, the same in all versions that we allow."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from click.testing import CliRunner

# Before 8.2 click's runner mixes the two streams unless it is told not to.
_APART: dict[str, Any] = {"mix_stderr": False} if version("click") < "8.2" else {}


def runner():
    """A runner that keeps standard output and standard error apart."""
    return CliRunner(**_APART)
