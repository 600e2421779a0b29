"""How far the algebra of lengths goes: what has no closed form, and what would take too long to find one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

from cnncalc.errors import CnncalcError, Fault

__all__ = ["IN_NUMBERS", "MOST", "NoClosedForm", "also_forget", "begin_work", "kept", "settle", "spend"]

MOST = 200_000
"""A form with more cases is no closed form any more."""
MOST_WORK = 4_000_000
"""Cases that the formulas of one net, or of one question about it, go through together."""
MOST_KEPT = 16_384
IN_NUMBERS = "give the input's size in numbers"
"""The way out where lengths are symbols and a rule cannot go on with them."""
LONGEST_SHOWN = 300

Thing = TypeVar("Thing")
Function = TypeVar("Function", bound=Callable[..., Any])
_KEPT: list[Callable[[], None]] = []
"""Each forgets what one function has given so far."""
_SPENT = {"now": 0, "kept": 0}
"""Cases gone through since the net or the question began, and before that since all was last forgotten."""


class NoClosedForm(CnncalcError):
    """Something that has no exact closed form here; the message says what. In place of a number it makes all so.

    Wherever nobody has a better answer it is one: it says that there is none, and what to do.
    """

    def __init__(self, what: str) -> None:
        super().__init__(Fault("there is no closed form here", values=_short(what), help=IN_NUMBERS))
        self.what = what

    def __reduce__(self) -> tuple[Any, ...]:
        return NoClosedForm, (self.what,)

    def __str__(self) -> str:
        return _short(self.what)

    def __add__(self, _: object) -> NoClosedForm:
        return self

    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __add__


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def kept(function: Function) -> Function:
    """The function with what it gave last, which is forgotten where that takes much room."""
    known = lru_cache(maxsize=MOST_KEPT)(function)
    _KEPT.append(known.cache_clear)
    return known  # type: ignore[return-value]  # it is called as the function is


def also_forget(forget: Callable[[], None]) -> None:
    """Something else that is kept holds forms: it is forgotten with them."""
    _KEPT.append(forget)


def begin_work() -> None:
    """A net, or a question about one, begins: nothing is spent yet."""
    _SPENT["kept"] += _SPENT["now"]
    _SPENT["now"] = 0
    if _SPENT["kept"] > MOST_WORK:
        _SPENT["kept"] = 0
        for forget in _KEPT:
            forget()


def settle(first: Thing, waits_for: Callable[[Thing], Iterable[Thing]], done: Callable[[Thing], object]) -> None:
    """Do what is to be done with a thing, after all that it waits for: no call is in another, however deep."""
    waiting = [first]
    while waiting:
        others = list(waits_for(waiting[-1]))
        if others:
            waiting += others
        else:
            done(waiting.pop())


def spend(symbol: str, period: int, start: int) -> None:
    """Count the cases that making a form goes through; raises `NoClosedForm` where it, or all together, is too much."""
    if period > MOST or start > MOST:
        raise NoClosedForm(f"a formula in {symbol} of more than {MOST:,} cases")
    _SPENT["now"] += period + start
    if _SPENT["now"] > MOST_WORK:
        raise NoClosedForm(f"formulas in {symbol} that go through more than {MOST_WORK:,} cases together")
