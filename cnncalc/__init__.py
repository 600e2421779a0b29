"""cnncalc: sizes, parameters and costs of convolutional networks, computed without a framework.

Importing this package loads nothing else; each public name is fetched when it is first used.
"""

from __future__ import annotations

__version__ = "0.1.0"

# public name -> the module that owns it
_OWNERS = {
    "CnncalcError": "cnncalc.errors",
    "Net": "cnncalc.graph",
    "Options": "cnncalc.language.options",
    "bundled": "cnncalc.language",
    "chain": "cnncalc.language",
    "load": "cnncalc.language",
    "report": "cnncalc.analysis.costs",
    "to_torch": "cnncalc.torch_backend.building.builder",
}

__all__ = ["CnncalcError", "Net", "Options", "__version__", "bundled", "chain", "load", "report", "to_torch"]


def __getattr__(name: str) -> object:
    if name not in _OWNERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(_OWNERS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_OWNERS})
