"""A class out of groups that are alike: what differs between them becomes its arguments."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from cnncalc.interchange.torch_code.classes.filling import Hole
from cnncalc.interchange.torch_code.classes.leaving import from_the_end
from cnncalc.interchange.torch_code.classes.relations import (
    MISSING,
    Parameter,
    covers,
    role_of,
    scaled,
    short,
    summed,
)
from cnncalc.interchange.torch_code.expressions import (
    REQUIRED,
    Argument,
    Call,
    Counted,
    Listed,
    Looped,
    Mapped,
    Numbered,
    Optional,
    Repeated,
    Text,
    flat,
    is_number,
)

__all__ = ["ALWAYS", "Unifier"]

ALWAYS = Text("<always>")
"""A default that no value is: the argument is written by name."""
SMALL = 4
"""A number up to which the usual value of an argument is its default."""
FOLLOWED = ("channels", "stride")  # what a step that only some groups have takes from the arguments
NAMED_ALWAYS = ("repeats", "kernel_size", "channels")
"""What a reader wants to see, usual or not."""


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
        if isinstance(first, (Counted, Looped)):
            return self._loop(values, first, member)
        if type(first) is tuple and not is_number(first):
            return tuple(self._each(values, name, member))
        return self._hole(tuple(values), name, member)

    def _loop(self, values: Sequence[Any], first: Counted | Looped, member: str) -> Counted | Looped:
        """The modules of loops, or their steps."""
        times = self.unify([v if v is MISSING else v.times for v in values], "repeats", member)
        if isinstance(first, Counted):
            items = zip(first.names, *[v.items for v in values if v is not MISSING])
            return Counted(first.names, tuple([self.unify(each, "", name.stem) for name, *each in items]), times)
        steps = zip(*[v.steps for v in values if v is not MISSING])
        made = [one[0]._replace(does=self.unify([step.does for step in one], "", member)) for one in steps]
        return Looped(tuple(made), first.gives, times)

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
        found = next((p for p in self.parameters if p.role == role and covers(p.values, values)), None)
        if isinstance(value, Hole) or type(value) is bool or role not in FOLLOWED or found is None:
            return value
        self.holes.append(Text(found.name))
        return Hole(len(self.holes) - 1)

    def _hole(self, values: tuple[Any, ...], name: str, member: str) -> Hole:
        """A place for numbers that differ: an argument that is there already, one worked out, or a new one."""
        boolean = any(type(value) is bool for value in values)
        role = name if boolean else role_of(name)
        found = next((p for p in self.parameters if p.role == role and covers(p.values, values)), None)
        made: Any = None if found is None else Text(found.name)
        if made is None and role == "groups":
            found = next((p for p in self.parameters if p.role == "channels" and covers(p.values, values)), None)
            made = None if found is None else Text(found.name)
        entering = role == "channels" and any(w == "in_channels" and covers(v, values) for v, w in self.known.items())
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
            found = None if any(p is MISSING or p == 0 for _, p in pairs) else scaled(one.name, pairs, role)
            if found is not None:
                return found
        return summed(known, values) if role == "channels" else None

    def _new(self, values: tuple[Any, ...], name: str, role: str, member: str) -> str:
        """The name of a new argument."""
        word: str | None = name
        if role == "channels":
            word, values = next(((w, v) for v, w in self.known.items() if covers(v, values)), (None, values))
        word = {"in_channels": "c_in", "out_channels": "c_out", "kernel_size": "k"}.get(word or "", word)
        if word is None or word in self.taken:
            word = "width" if role == "channels" and self.plain else f"{member}_{short(name)}"
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
            if covers(tuple([not one for one in same]), values):
                return f"c_in != {name}"
            if stride is None or MISSING in stride.values:
                continue
            one_step = tuple([one == 1 for one in stride.values])
            if covers(tuple([a and b for a, b in zip(one_step, same)]), values):
                return f"stride == 1 and c_in == {name}" if stride.name == "stride" else ""
            if covers(tuple([not (a and b) for a, b in zip(one_step, same)]), values):
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


def _usual(values: tuple[Any, ...], role: str) -> Any:
    """The default of an argument: what it mostly is, where that is small or no number of channels."""
    present = [value for value in values if value is not MISSING]
    value, count = Counter(present).most_common(1)[0]
    if len(present) < len(values) or type(value) is bool:
        return value
    small = type(value) is int and value <= SMALL and role not in NAMED_ALWAYS
    return value if small and 2 * count >= len(present) else REQUIRED
