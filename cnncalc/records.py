"""Named tuples that cost next to nothing before one is made: typing's own compile every annotation, and a function.

Type checkers take `NamedTuple` for typing's, and it does what that does. `Record` has fields that are only known at run
time, as the figures of a table are.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import NamedTuple

    from typing_extensions import Self

    def _getter(place: int, text: str) -> Any: ...
else:
    from operator import itemgetter

    try:  # as the standard library has it, for the same reason: this one is made in C
        from _collections import _tuplegetter as _getter
    except ImportError:

        def _getter(place, text):
            return property(itemgetter(place), doc=text)


__all__ = ["NamedTuple", "Record"]


OFTEN = 50
"""Calls with names, or without defaults, after which a class is worth a function that is compiled for it."""


def _maker(fields: tuple[str, ...], defaults: Mapping[str, Any]) -> Any:
    """The `__new__` of such tuples: a list of all values needs no function of its own, one in names only if many come.

    Of no type checker's concern: the fields are only known now.
    """
    count, made, named_calls = len(fields), tuple.__new__, 0

    def new(cls: Any, /, *values: Any, **named: Any) -> Any:
        nonlocal named_calls
        if not named and len(values) == count:
            return made(cls, values)
        named_calls += 1
        rest = fields[len(values) :]
        if named_calls < OFTEN and len(values) <= count and named.keys() <= set(rest):
            given = {**defaults, **named}
            if given.keys() >= set(rest):
                return made(cls, (*values, *[given[name] for name in rest]))
        owner = next(one for one in cls.__mro__ if "_field_defaults" in vars(one))
        compiled: Any = namedtuple(owner.__name__, fields, defaults=defaults.values())  # type: ignore[misc]  # noqa: PYI024
        owner.__new__ = staticmethod(compiled.__new__)
        return owner.__new__(cls, *values, **named)

    return staticmethod(new)


def _make(cls: Any, values: Iterable[Any]) -> Any:
    made = tuple.__new__(cls, values)
    if len(made) != len(cls._fields):
        raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
    return made


def _replace(self: Any, /, **changes: Any) -> Any:
    made = tuple.__new__(type(self), map(changes.pop, self._fields, self))
    if changes:
        raise TypeError(f"Got unexpected field names: {list(changes)!r}")
    return made


def _asdict(self: Any) -> dict[str, Any]:
    return dict(zip(self._fields, self))


def _repr(self: Any) -> str:
    return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in zip(self._fields, self))})"


def _getnewargs(self: Any) -> tuple[Any, ...]:
    return tuple(self)


def _space(fields: Sequence[str], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What the class of such tuples has."""
    getters = {name: _getter(place, "") for place, name in enumerate(fields)}
    return {
        "__new__": _maker(tuple(fields), defaults),
        "__repr__": _repr,
        "__getnewargs__": _getnewargs,
        "__match_args__": tuple(fields),
        "_fields": tuple(fields),
        "_field_defaults": defaults,
        "_make": classmethod(_make),
        "_replace": _replace,
        "_asdict": _asdict,
        **getters,
    }


if not TYPE_CHECKING:

    class _Meta(type):
        """Makes a class of tuples from the fields that a class declares."""

        def __new__(cls, name, bases, space):
            if not bases:
                return super().__new__(cls, name, bases, space)
            fields = tuple(space.get("__annotations__", ()))
            defaults = {field: space.pop(field) for field in fields if field in space}
            return type(name, (tuple,), {**_space(fields, defaults), **space, "__slots__": ()})

    class NamedTuple(metaclass=_Meta):
        """What a named tuple inherits."""


class Record(tuple[Any, ...]):
    """What a class with `fields=` inherits; it declares those that are no figures, for readers and type checkers."""

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, fields: Sequence[str], defaults: Sequence[object] = ()) -> None:
        last = fields[len(fields) - len(defaults) :]
        for name, value in _space(fields, dict(zip(last, defaults))).items():
            setattr(cls, name, value)

    if TYPE_CHECKING:

        def __new__(cls, *values: Any, **named: Any) -> Self: ...
        def _replace(self, **changes: Any) -> Self: ...
        def _asdict(self) -> dict[str, Any]: ...
