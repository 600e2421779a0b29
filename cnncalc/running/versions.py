"""Whether whoever shares the work has what this process has: the same rules, and the same Dask to be told by."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from cnncalc.errors import CnncalcError, Fault

__all__ = ["VERSION", "agree", "agree_all"]

VERSION: str = import_module("cnncalc").__version__
"""The package's own: it names all floors above this one, for types, and none of them is meant here."""


def agree(ours: str, theirs: str | None, who: str = "a worker of Dask") -> None:
    """Raises CnncalcError where somebody would count by the rules of another version."""
    if ours != theirs:
        found = f"cnncalc {theirs}" if theirs else "no cnncalc that knows of this"
        help = f"install cnncalc {ours} where the scheduler and its workers run, and start them again"
        raise CnncalcError(Fault(f"{who} has {found}, and this is {ours}", help=help))


def agree_all(client: Any) -> None:
    """Raises CnncalcError where the scheduler or a worker has another Python, another Dask or another cnncalc.

    Python and Dask come first: those with another one may not understand what they are asked, and never answer.
    """
    found = client.get_versions()
    ours = _platform(found["client"])
    for who, theirs in [("the scheduler of Dask", found["scheduler"]), *_named(found["workers"])]:
        for name, version in _platform(theirs).items():
            if version != ours[name]:
                help = f"start the scheduler and its workers with {name} {ours[name]}, or this with {name} {version}"
                raise CnncalcError(Fault(f"{who} has {name} {version}, and this has {ours[name]}", help=help))
    agree(VERSION, _of_scheduler(client), "the scheduler of Dask")
    for who, version in _named(client.run(_version, on_error="return")):
        agree(VERSION, version if isinstance(version, str) else None, who)


def _named(of_workers: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(f"the worker of Dask at {address}", one) for address, one in of_workers.items()]


def _platform(versions: Any) -> dict[str, str]:
    """Python, whose code is read by the same release alone, and Dask, whose parts talk to their likes."""
    packages = versions["packages"] if isinstance(versions, dict) else {}
    python = str(packages.get("python", "unknown"))
    return {"Python": ".".join(python.split(".")[:2]), "Dask": str(packages.get("distributed", "unknown"))}


def _version() -> str:
    """What is installed where it is called."""
    return VERSION


def _of_scheduler(client: Any) -> str | None:
    """The version of a scheduler, which reads what it hands out; None where it has none, or one from before this."""
    try:
        return str(client.run_on_scheduler(_version))
    except (ImportError, AttributeError):
        return None
