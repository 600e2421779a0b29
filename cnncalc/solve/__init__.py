"""Inverse problems: what must go in so that this comes out.

As a public name, `cnncalc.solve.conv(...)` and its sisters are those of `cnncalc.api.solving`, which stand above this
room: they are named here, not imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

QUESTIONS = ("batch_size", "conv", "deconv", "file", "input_size", "pool", "variable")


def __getattr__(name: str) -> Any:
    if name not in QUESTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("cnncalc.api.solving"), name)
