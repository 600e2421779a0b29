"""Keywords of the public functions: one that there is not is answered with those that are near."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from cnncalc.errors import CnncalcError, Fault, suggestion

__all__ = ["known_keywords"]

F = TypeVar("F", bound=Callable[..., Any])


def known_keywords(function: F) -> F:
    """Make a function raise CnncalcError, with a way out, for a keyword that it does not have."""
    code: Any = getattr(function, "__code__")  # noqa: B009 - not every callable has one, and a function does
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @wraps(function)
    def checked(*values: Any, **named: Any) -> Any:
        unknown = [name for name in named if name not in names]
        if unknown:
            offered = [name for name in names if name not in ("self", "cls")]
            raise CnncalcError(
                [
                    Fault(
                        f"`{function.__name__}` has no keyword `{name[:60]}`",
                        help=suggestion(name, offered, f"it has {', '.join(offered)}"),
                    )
                    for name in unknown
                ]
            )
        return function(*values, **named)

    return cast("F", checked)
