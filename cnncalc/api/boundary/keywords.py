"""The boundary of the public functions: what is asked wrongly is a CnncalcError, with a way out in Python's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from types import CodeType
from typing import Any, TypeVar, cast

from cnncalc.api.boundary.values import fault_of
from cnncalc.api.boundary.words import in_python
from cnncalc.errors import CnncalcError, Fault, suggestion

__all__ = ["known_keywords"]

F = TypeVar("F", bound=Callable[..., Any])
VARIADIC = 0x04
"""The flag of code that takes any number of values, Python's CO_VARARGS."""


class Signature:
    """What a function takes: its names, those that need not be given, and what each is declared to be."""

    __slots__ = ("called", "declared", "given", "names", "rest", "usual")

    def __init__(self, function: Any) -> None:
        code: CodeType = function.__code__
        named = code.co_argcount + code.co_kwonlyargcount
        name: str = function.__name__
        self.called = function.__qualname__.partition(".")[0] if name == "__init__" else name
        self.names = code.co_varnames[:named]
        self.given = self.names[: code.co_argcount]
        """The names that values without a keyword go to, in order."""
        self.rest = code.co_varnames[named] if code.co_flags & VARIADIC else None
        """The name of all values behind them."""
        positional = self.given[code.co_argcount - len(function.__defaults__ or ()) :]
        self.usual = {*positional, *(function.__kwdefaults__ or {})}
        self.declared: Mapping[str, str] = function.__annotations__

    def faults(self, values: tuple[Any, ...], named: Mapping[str, Any]) -> Iterator[Fault]:
        """All that is wrong with a call."""
        offered = [name for name in self.names if name not in ("self", "cls")]
        for name in named:
            if name not in self.names:
                message = f"`{self.called}` has no keyword `{name[:60]}`"
                yield Fault(message, help=suggestion(name, offered, f"it has {', '.join(offered)}"))
        if len(values) > len(self.given) and self.rest is None:
            help = f"give the others by name: {', '.join(offered)}"
            yield Fault(f"`{self.called}` takes fewer values without a keyword", help=help)
        given = {*self.given[: len(values)], *named}
        for name in self.names:
            if name not in given and name not in self.usual:
                yield Fault(f"`{self.called}` needs `{name}`", help=f"give it, as `{name}=…`")
        behind = [(self.rest, value) for value in values[len(self.given) :]] if self.rest is not None else []
        for each, value in [*zip(self.given, values), *named.items(), *behind]:
            wrong = fault_of(each, value, self.declared.get(each, "object"))
            if wrong is not None:
                yield wrong


def known_keywords(function: F) -> F:
    """Make a function raise CnncalcError for all that is wrong with its call, and say every fault in Python's words."""
    signature = Signature(function)

    @wraps(function)
    def checked(*values: Any, **named: Any) -> Any:
        faults = list(signature.faults(values, named))
        if faults:
            raise CnncalcError(faults)
        try:
            return function(*values, **named)
        except CnncalcError as error:
            raise in_python(error) from error.__cause__
        except OSError as error:
            from cnncalc.language.unreadable import fault_of_os_error

            raise CnncalcError(fault_of_os_error(error, "write elsewhere, or make room")) from error

    return cast("F", checked)
