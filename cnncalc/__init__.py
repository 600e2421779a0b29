"""cnncalc: sizes, parameters and costs of convolutional networks, computed without a framework.

Importing this package loads nothing else; each public name is fetched when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers read it; importing `typing` would load it
if TYPE_CHECKING:
    from cnncalc import solve
    from cnncalc.api.answers import Answer, Report
    from cnncalc.api.builtin import bundled, from_torch, report, rewrite, to_torch
    from cnncalc.api.nets import Net
    from cnncalc.api.opening import chain, load
    from cnncalc.api.questions import check, compare, search, sweep
    from cnncalc.errors import CnncalcError
    from cnncalc.language.options import Options

__version__ = "0.1.0"

# public name -> the module that owns it
_OWNERS = {
    "Answer": "cnncalc.api.answers",
    "CnncalcError": "cnncalc.errors",
    "Net": "cnncalc.api.nets",
    "Options": "cnncalc.language.options",
    "Report": "cnncalc.api.answers",
    "bundled": "cnncalc.api.builtin",
    "chain": "cnncalc.api.opening",
    "check": "cnncalc.api.questions",
    "compare": "cnncalc.api.questions",
    "from_torch": "cnncalc.api.builtin",
    "load": "cnncalc.api.opening",
    "report": "cnncalc.api.builtin",
    "rewrite": "cnncalc.api.builtin",
    "search": "cnncalc.api.questions",
    "solve": "cnncalc.solve",
    "sweep": "cnncalc.api.questions",
    "to_torch": "cnncalc.api.builtin",
}

__all__ = [
    "Answer",
    "CnncalcError",
    "Net",
    "Options",
    "Report",
    "__version__",
    "bundled",
    "chain",
    "check",
    "compare",
    "from_torch",
    "load",
    "report",
    "rewrite",
    "search",
    "solve",
    "sweep",
    "to_torch",
]


def __getattr__(name: str) -> object:
    if name not in _OWNERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    owner = import_module(_OWNERS[name])
    value: object = owner if name == "solve" else getattr(owner, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_OWNERS})
