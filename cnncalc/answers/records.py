"""Records whose fields the table of figures names: named tuples that are only known at run time."""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

__all__ = ["Record"]


class Record(tuple[Any, ...]):
    """What a class with `fields=` inherits; it declares those that are no figures, for readers and type checkers."""

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, fields: Sequence[str], defaults: Sequence[object] = ()) -> None:
        # the typed way takes no list of names, and mypy none that it cannot read
        made = namedtuple(cls.__name__, fields, defaults=defaults)  # type: ignore[misc]  # noqa: PYI024
        for name in ("__new__", "__getnewargs__", "__repr__", "_fields", "_make", "_replace", "_asdict", *fields):
            setattr(cls, name, made.__dict__[name])

    if TYPE_CHECKING:

        def __new__(cls, *values: Any, **named: Any) -> Self: ...
        def _replace(self, **changes: Any) -> Self: ...
        def _asdict(self) -> dict[str, Any]: ...
