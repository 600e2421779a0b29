"""A class out of groups that are alike: what differs between them becomes its arguments."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from cnncalc.interchange.torch_code.classes.filling import Hole
from cnncalc.interchange.torch_code.classes.leaving import from_the_end
from cnncalc.interchange.torch_code.expressions import (
    REQUIRED,
    Argument,
    Call,
    Listed,
    Mapped,
    Numbered,
    Optional,
    Repeated,
    Text,
    call,
    flat,
    is_number,
)
from cnncalc.records import NamedTuple

__all__ = ["ALWAYS", "MISSING", "Parameter", "Unifier"]

MISSING = Text("<missing>")
"""In place of what a group leaves out."""
ALWAYS = Text("<always>")
"""A default that no value is: the argument is written by name."""
SMALL = 4
"""A number up to which the usual value of an argument is its default."""
ROLES = ("stride", "padding", "dilation", "kernel_size", "kernel", "repeats", "eps", "rate", "p", "negative_slope",
         "scale_factor", "output_size", "dim", "size", "initial", "sides", "groups", "number")  # fmt: skip
"""What numbers are besides channels: those of one role are one argument where they are equal."""
FOLLOWED = ("channels", "stride")  # what a step that only some groups have takes from the arguments
NAMED_ALWAYS = ("repeats", "kernel_size", "channels")
"""What a reader wants to see, usual or not."""
FACTORS = range(2, 33)


class Parameter(NamedTuple):
    """An argument of a class, with its value for each group; MISSING where that does not need it."""

    name: str
    role: str
    values: tuple[Any, ...]
    default: Any = REQUIRED

    @property
    def type(self) -> str:
        """Its annotation."""
        kinds = {type(value) for value in self.values if value is not MISSING}
        if kinds == {bool}:
            return "bool"
        if float in kinds:
            return "float"
        return "int" if kinds == {int} else "tuple[int, ...]" if kinds == {tuple} else "int | tuple[int, ...]"


def role_of(name: str) -> str:
    """What a number is, by the name of the argument that it is: `channels` where it is nothing else."""
    if name == "k" or name.endswith("_k"):
        return "kernel_size"
    for role in ROLES:
        if name == role or name.endswith(f"_{role}") or name.rstrip("0123456789") == role:
            return role
    return "channels"


def _kind(value: Any) -> Any:
    """What a member of a sequence is, its arguments apart."""
    value = value.item if isinstance(value, Repeated) else value
    return (value.function, len(value.arguments)) if isinstance(value, Call) else value


class Unifier:
    """Expressions that are alike but for numbers, as one; `known` are vectors that have a name of their own."""

    def __init__(self, known: Mapping[tuple[Any, ...], str], reserved: Container[str], *, plain: bool) -> None:
        self.known = known
        self.parameters: list[Parameter] = []
        self.holes: list[Any] = []
        """What stands in each hole."""
        self.taken: set[str] = {"self"}
        self.flags: dict[tuple[Any, ...], tuple[str, str]] = {}
        self.plain = plain
        """Whether there is one number of channels besides those that go in and out, so that it is the width."""
        self.reserved = reserved
        """The names of the modules, and what torch's modules have themselves."""

    def unify(self, values: Sequence[Any], name: str, member: str) -> Any:
        """One expression with holes for several; `name` is the argument that they are, `member` the module."""
        present = [value for value in values if value is not MISSING]
        first = present[0]
        if all(value is first or (type(value) is type(first) and value == first) for value in present):
            return first
        if isinstance(first, Call) and first.function == "nn.Sequential":
            return Call(first.function, tuple(self._items(values, member)))
        if isinstance(first, Call):
            return Call(first.function, tuple(self._arguments(values, member)))
        if isinstance(first, Listed):
            return Listed(tuple(self._each([MISSING if v is MISSING else v.items for v in values], name, member)))
        if isinstance(first, Mapped):
            names = [key for key, _ in first.items]
            inner = [MISSING if v is MISSING else tuple([item for _, item in v.items]) for v in values]
            return Mapped(tuple(zip(names, self._each(inner, name, member))))
        if isinstance(first, Repeated):
            item = self.unify([MISSING if v is MISSING else v.item for v in values], name, member)
            times = [MISSING if v is MISSING else v.times for v in values]
            return Repeated(item, self.unify(times, "repeats", member))
        if isinstance(first, Numbered):
            item = self.unify([MISSING if v is MISSING else v.item for v in values], name, member)
            times = [MISSING if v is MISSING else v.times for v in values]
            return first._replace(item=item, times=self.unify(times, "repeats", member))
        if type(first) is tuple and not is_number(first):
            return tuple(self._each(values, name, member))
        return self._hole(tuple(values), name, member)

    def _items(self, values: Sequence[Any], member: str) -> Iterator[Argument]:
        """The members of sequences, of which some may lack one."""
        whole = max((v for v in values if v is not MISSING), key=lambda v: len(v.arguments))
        kinds = [_kind(one.value) for one in whole.arguments]
        rows = []
        for value in values:
            own = [] if value is MISSING else [one.value for one in value.arguments]
            there = [False] * len(kinds) if value is MISSING else from_the_end(kinds, [*map(_kind, own)])
            assert there is not None
            rows.append([own.pop(0) if one else MISSING for one in there])
        columns = [*enumerate(zip(*rows))]
        made: dict[int, Any] = {}
        for place, column in sorted(columns, key=lambda one: one[1].count(MISSING)):
            item = self.unify(column, "", member)
            flags = tuple([MISSING if whole is MISSING else one is not MISSING for one, whole in zip(column, values)])
            if False in flags:
                item = Optional(item, self.flag(flags, "expand" if place == 0 else f"with_{place}", module=False)[1])
            made[place] = item
        for place, _ in columns:
            yield Argument("", made[place])

    def _each(self, values: Sequence[Any], name: str, member: str) -> list[Any]:
        lengths = range(len(next(value for value in values if value is not MISSING)))
        return [self.unify([v if v is MISSING else v[n] for v in values], name, member) for n in lengths]

    def _arguments(self, values: Sequence[Any], member: str) -> list[Argument]:
        """The arguments of a call."""
        made = []
        first = next(value for value in values if value is not MISSING)
        for place, one in enumerate(first.arguments):
            column = [MISSING if v is MISSING else v.arguments[place].value for v in values]
            value = self.unify(column, one.name, member)
            default = one.default
            these = [v.arguments[place] for v in values if v is not MISSING]
            if any(v.default != default for v in these):
                same = all(v.value == v.default for v in these)
                default = value if same else ALWAYS
            if value != default and MISSING in column:
                value = self._followed(value, tuple(column), one.name)
            made.append(Argument(one.name, value, default))
        return made

    def _followed(self, value: Any, values: tuple[Any, ...], name: str) -> Any:
        """What only some groups have, all of them alike: the argument that says it of these, where there is one."""
        role = role_of(name)
        found = next((p for p in self.parameters if p.role == role and _covers(p.values, values)), None)
        if isinstance(value, Hole) or type(value) is bool or role not in FOLLOWED or found is None:
            return value
        self.holes.append(Text(found.name))
        return Hole(len(self.holes) - 1)

    def _hole(self, values: tuple[Any, ...], name: str, member: str) -> Hole:
        """A place for numbers that differ: an argument that is there already, one worked out, or a new one."""
        boolean = any(type(value) is bool for value in values)
        role = name if boolean else role_of(name)
        found = next((p for p in self.parameters if p.role == role and _covers(p.values, values)), None)
        made: Any = None if found is None else Text(found.name)
        if made is None and role == "groups":
            found = next((p for p in self.parameters if p.role == "channels" and _covers(p.values, values)), None)
            made = None if found is None else Text(found.name)
        entering = role == "channels" and any(w == "in_channels" and _covers(v, values) for v, w in self.known.items())
        if made is None and role in ("channels", "groups", "padding") and not entering:
            made = self._worked_out(values, role)
        if made is None:
            made = Text(self._new(values, name, role, member))
        self.holes.append(made)
        return Hole(len(self.holes) - 1)

    def _worked_out(self, values: tuple[Any, ...], role: str) -> Any:
        """Numbers that are those of another argument times, or divided by, a constant; or the sum of two."""
        from_role = ("kernel_size", "kernel", "dilation") if role == "padding" else ("channels",)
        known = [p for p in self.parameters if p.role in from_role and all(type(v) is int or v is MISSING
                                                                           for v in p.values)]  # fmt: skip
        if not all(type(value) is int or value is MISSING for value in values):
            return None
        for one in known:
            pairs = [(v, p) for v, p in zip(values, one.values) if v is not MISSING]
            found = None if any(p is MISSING or p == 0 for _, p in pairs) else _scaled(one.name, pairs, role)
            if found is not None:
                return found
        return _summed(known, values) if role == "channels" else None

    def _new(self, values: tuple[Any, ...], name: str, role: str, member: str) -> str:
        """The name of a new argument."""
        word: str | None = name
        if role == "channels":
            word, values = next(((w, v) for v, w in self.known.items() if _covers(v, values)), (None, values))
        word = {"in_channels": "c_in", "out_channels": "c_out", "kernel_size": "k"}.get(word or "", word)
        if word is None or word in self.taken:
            word = "width" if role == "channels" and self.plain else f"{member}_{_short(name)}"
        if word in ("", "number") or word.startswith("number"):
            word = "size"
        stem, number = re.sub(r"\W", "_", word).strip("_") or "size", 2
        stem = stem if stem.isidentifier() and not keyword.iskeyword(stem) else f"n{stem}"
        word = stem
        while word in self.taken or word in self.reserved:
            word, number = f"{stem}{number}", number + 1
        self.taken.add(word)
        self.parameters.append(Parameter(word, role, values, _usual(values, role)))
        return word

    @property
    def widths(self) -> int:
        """How many numbers of channels there are besides those that go in and out."""
        return sum(1 for one in self.parameters if one.role == "channels" and one.name not in ("c_in", "c_out"))

    def test(self, values: tuple[Any, ...]) -> str:
        """What people write for such a flag, of strides and channels, where that says it; else empty."""
        stride = next((one for one in self.parameters if one.role == "stride"), None)
        channels = [(one.name, one.values) for one in self.parameters if one.role == "channels"]
        entering = next((v for name, v in channels if name == "c_in"), None)
        if entering is None:
            return ""
        for name, found in (*self.leaving(), *channels):
            if name == "c_in":
                continue
            pairs = [*zip(entering, found)]
            if any(MISSING in pair for pair in pairs):
                continue
            same = tuple([one == other for one, other in pairs])
            if _covers(tuple([not one for one in same]), values):
                return f"c_in != {name}"
            if stride is None or MISSING in stride.values:
                continue
            one_step = tuple([one == 1 for one in stride.values])
            if _covers(tuple([a and b for a, b in zip(one_step, same)]), values):
                return f"stride == 1 and c_in == {name}" if stride.name == "stride" else ""
            if _covers(tuple([not (a and b) for a, b in zip(one_step, same)]), values):
                return f"stride != 1 or c_in != {name}" if stride.name == "stride" else ""
        return ""

    def leaving(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """The channels that go out, as they are said by the arguments."""
        for values, name in self.known.items():
            if name == "out_channels":
                found = next((Text(p.name) for p in self.parameters if p.values == values), None)
                made = found or self._worked_out(values, "channels")
                if made is not None:
                    yield flat(made), values

    def flag(self, values: tuple[Any, ...], wanted: str, *, module: bool) -> tuple[str, str]:
        """What says which groups have a step: a name, which a module may have too, and the test behind it."""
        if values in self.flags:
            return self.flags[values]
        test = self.test(values)
        word, number = wanted, 2
        while word in self.taken or (word in self.reserved and not module):
            word, number = f"{wanted}{number}", number + 1
        self.taken.add(word)
        if not test:
            usual = Counter(value for value in values if value is not MISSING).most_common(1)[0][0]
            self.parameters.append(Parameter(word, "flag", values, usual))
        self.flags[values] = word, test or word
        return self.flags[values]


def _scaled(name: str, pairs: Sequence[tuple[int, int]], role: str) -> Any:
    """Numbers as another argument times, or divided by, a constant; a padding as half of the kernel."""
    if role == "padding":
        return call("//", {"of": Text(name), "by": 2}) if all(p // 2 == v for v, p in pairs) else None
    for factor in FACTORS:
        if all(v == factor * p for v, p in pairs):
            return call("*", {"factor": factor, "of": Text(name)})
        if all(v * factor == p for v, p in pairs):
            return call("//", {"of": Text(name), "by": factor})
    return None


def _summed(known: Sequence[Parameter], values: Sequence[Any]) -> Any:
    """Numbers as the sum of two arguments."""
    for place, one in enumerate(known):
        for other in known[place:]:
            terms = [(v, a, b) for v, a, b in zip(values, one.values, other.values) if v is not MISSING]
            if all(a is not MISSING and b is not MISSING and v == a + b for v, a, b in terms):
                return call("+", {"left": Text(one.name), "right": Text(other.name)})
    return None


def _short(name: str) -> str:
    """The last word of an argument's name."""
    short = {"out_channels": "channels", "c_out": "channels", "num_features": "channels", "in_channels": "c_in"}
    return short.get(name, name)


def _covers(known: tuple[Any, ...], values: tuple[Any, ...]) -> bool:
    """Whether an argument has these values, wherever one is needed."""
    return all(v is MISSING or (type(k) is type(v) and k == v) for k, v in zip(known, values))


def _usual(values: tuple[Any, ...], role: str) -> Any:
    """The default of an argument: what it mostly is, where that is small or no number of channels."""
    present = [value for value in values if value is not MISSING]
    value, count = Counter(present).most_common(1)[0]
    if len(present) < len(values) or type(value) is bool:
        return value
    small = type(value) is int and value <= SMALL and role not in NAMED_ALWAYS
    return value if small and 2 * count >= len(present) else REQUIRED
