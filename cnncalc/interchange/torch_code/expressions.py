"""Expressions of Python as values: compared, varied in their numbers, and laid out as ruff and black lay them out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnncalc.records import NamedTuple

__all__ = [
    "HOLDERS",
    "INFIX",
    "OWN",
    "REQUIRED",
    "Argument",
    "Call",
    "Conditional",
    "Counted",
    "Counting",
    "Listed",
    "Looped",
    "Mapped",
    "Numbered",
    "Optional",
    "Repeated",
    "Taken",
    "Text",
    "call",
    "flat",
    "is_number",
    "literal",
    "method",
    "name_of",
    "operand",
    "replaced",
    "shown",
    "takings",
    "turn",
]

INFIX = ("+", "-", "*", "/", "**", "@", "//")
"""The functions that are operators."""


class _Required:
    """In place of a default where there is none."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()
OWN = "own"
"""The function that a layer's own module is."""
HOLDERS = ("nn.ModuleDict", "OrderedDict")
"""The functions among whose arguments groups may stand."""


class Taken(NamedTuple):
    """One of the tensors that a layer takes."""

    place: int


class Text(NamedTuple):
    """What stands as it is, such as a name."""

    text: str


class Listed(NamedTuple):
    """A list."""

    items: tuple[Any, ...]


class Mapped(NamedTuple):
    """A dict with texts for keys."""

    items: tuple[tuple[str, Any], ...]


class Conditional(NamedTuple):
    """`value if test else other`, on the right of an assignment or a return."""

    value: Any
    test: str
    other: Any


class Numbered(NamedTuple):
    """Members with names that count up, among those of a sequence; `item` may say `i`, from 0 on."""

    stem: str
    first: int
    times: Any
    item: Any


class Optional(NamedTuple):
    """`*([item] if flag else [])`, among arguments."""

    item: Any
    flag: str


class Repeated(NamedTuple):
    """`*(item for _ in range(times))`, among arguments."""

    item: Any
    times: Any


class Counting(NamedTuple):
    """The name of a module in each round of a loop: a word and a number that grows from `first` by `step`."""

    stem: str
    first: int
    step: int

    @property
    def text(self) -> str:
        """It as code, by the round `i`."""
        number = "i" if self.step == 1 else f"{self.step} * i"
        return f'f"{self.stem}{{{number} + {self.first}}}"' if self.first else f'f"{self.stem}{{{number}}}"'


class Counted(NamedTuple):
    """The modules of a loop, those of each round and how many rounds there are."""

    names: tuple[Counting, ...]
    items: tuple[Any, ...]
    times: Any


class Looped(NamedTuple):
    """What a loop does: the steps of a round, whose tensors have their own numbers; 0 is what `gives` gave before."""

    steps: tuple[Any, ...]
    gives: int
    times: Any


class Argument(NamedTuple):
    """One argument. One with a default is written with its name, and only where it is something else."""

    name: str
    value: Any
    default: Any = REQUIRED


class Call(NamedTuple):
    """A call: of a function; of a method, `.flatten`; of an operator, `+`; a part, `[1:]` or `@values`."""

    function: Any
    arguments: tuple[Argument, ...] = ()


def call(function: Any, required: Mapping[str, Any] | None = None, **optional: tuple[Any, Any]) -> Call:
    """A call with arguments by position and, each as value and default, by name."""
    positional = tuple([Argument(name, value) for name, value in (required or {}).items()])
    named = tuple([Argument(name, value, default) for name, (value, default) in optional.items()])
    return Call(function, positional + named)


def method(receiver: Any, name: str, *values: Any, **optional: tuple[Any, Any]) -> Call:
    """A method of what an expression gives."""
    numbered = {f"number{place}": value for place, value in enumerate(values, 1)}
    return call(f".{name}", {"": receiver, **numbered}, **optional)


def is_number(value: Any) -> bool:
    """Whether it is a number, or a tuple of numbers: what may be an argument of a class."""
    if type(value) is tuple:
        return all(map(is_number, value))
    return type(value) in (int, float)


def takings(value: Any) -> Iterator[int]:
    """The places of the tensors that an expression takes, in its order, each as often as it stands there."""
    if isinstance(value, Taken):
        yield value.place
    elif isinstance(value, Call):
        for argument in value.arguments:
            yield from takings(argument.value)
    elif isinstance(value, Listed):
        for item in value.items:
            yield from takings(item)
    elif isinstance(value, Looped):
        inside = {step.gives[0] for step in value.steps}
        yield from sorted({place for step in value.steps for place in step.takes} - inside)


def replaced(value: Any, tensors: Mapping[int, Any], own: Any) -> Any:
    """An expression with others in place of the tensors that it takes, and of its own module."""
    if isinstance(value, Taken):
        return tensors[value.place]
    if value == Text(OWN):
        return Text(own)
    if isinstance(value, Listed):
        return Listed(tuple([replaced(item, tensors, own) for item in value.items]))
    if isinstance(value, Call):
        function = own if value.function == OWN else value.function
        changed = [one._replace(value=replaced(one.value, tensors, own)) for one in value.arguments]
        return Call(function, tuple(changed))
    return value


def literal(value: Any) -> str:
    """A constant as Python writes it, strings in double quotes."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    return repr(value)


def flat(value: Any) -> str:
    """An expression on one line."""
    if isinstance(value, Text):
        return value.text
    if isinstance(value, Listed):
        return f"[{', '.join(map(flat, value.items))}]"
    if isinstance(value, Conditional):
        return f"{flat(value.value)} if {value.test} else {flat(value.other)}"
    if isinstance(value, Mapped):
        return f"{{{', '.join([f'{literal(name)}: {flat(item)}' for name, item in value.items])}}}"
    if isinstance(value, Numbered):
        return f"*({turn(value)})"
    if isinstance(value, Optional):
        return f"*([{flat(value.item)}] if {value.flag} else [])"
    if isinstance(value, Repeated):
        if value.times == 1:
            return flat(value.item)
        return f"*({flat(value.item)} for _ in range({flat(value.times)}))"
    if isinstance(value, Call):
        return _flat_call(value)
    if type(value) is tuple:
        return f"({', '.join(map(flat, value))}{',' if len(value) == 1 else ''})"
    return literal(value)


def shown(arguments: tuple[Argument, ...]) -> list[tuple[str, Any]]:
    """The arguments that are written, each with what stands before its value."""
    shown = [one for one in arguments if one.default is REQUIRED or one.value != one.default]
    return [("" if one.default is REQUIRED else f"{one.name}=", one.value) for one in shown]


def operand(value: Any, within: str = "") -> str:
    """An operand, in brackets where it is one of an operator itself that does not bind closer."""
    text = flat(value)
    bare = isinstance(value, Call) and value.function in INFIX and (within, value.function) != ("+", "*")
    return f"({text})" if bare or (is_number(value) and text.startswith("-")) else text


def _flat_call(value: Call) -> str:
    function = value.function if isinstance(value.function, str) else flat(value.function)
    if function in INFIX:
        operands = [flat(value.arguments[0].value) if function == "+" else operand(value.arguments[0].value)]
        return f" {function} ".join([*operands, *(operand(one.value, function) for one in value.arguments[1:])])
    if function[0] in ".@[":
        receiver = operand(value.arguments[0].value)
        rest = value.arguments[1:]
        if function[0] == "@":
            return f"{receiver}{'' if function[1] == '[' else '.'}{function[1:]}"
        if function[0] == "[":
            return f"{receiver}{_part(int(function[1:-1]), [one.value for one in rest])}"
        return f"{receiver}{function}({', '.join(before + flat(one) for before, one in shown(rest))})"
    if [type(one.value) for one in value.arguments] == [Numbered]:
        return f"{function}({turn(value.arguments[0].value)})"
    return f"{function}({', '.join(before + flat(one) for before, one in shown(value.arguments))})"


def _part(axis: int, bounds: list[Any]) -> str:
    """`[:, 2:4]`: a stretch of an axis, its start, stop and step where they are not the usual ones."""
    start, stop, step = bounds
    words = ["" if start == 0 else _bound(start), "" if stop is None else _bound(stop)]
    text = ":".join(words if step == 1 else [*words, _bound(step)])
    if any(isinstance(one, Call) or "." in flat(one) for one in (start, stop)):  # as black writes computed bounds
        text = " : ".join(words).strip()
    return f"[{':, ' * axis}{text}]"


def _bound(value: Any) -> str:
    return flat(value)


def turn(value: Numbered) -> str:
    """The members with names that count up, as a generator."""
    return f"({name_of(value).text}, {flat(value.item)}) for i in range({flat(value.times)})"


def name_of(value: Numbered) -> Text:
    """The name of a member, by its number."""
    number = f"i + {value.first}" if value.first else "i"
    return Text(f'f"{value.stem}{{{number}}}"')
