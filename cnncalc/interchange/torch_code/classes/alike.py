"""Groups that are one class: alike but for numbers, and for steps that some of them leave out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from cnncalc.interchange.torch_code.classes.kinds import Key, Kind, in_order
from cnncalc.interchange.torch_code.classes.leaving import Left, left_out
from cnncalc.interchange.torch_code.classes.loops import looped
from cnncalc.interchange.torch_code.classes.runs import Growing, named_runs
from cnncalc.interchange.torch_code.expressions import (
    HOLDERS,
    REQUIRED,
    Call,
    Counted,
    Listed,
    Looped,
    Mapped,
    Numbered,
    Repeated,
    call,
    flat,
    is_number,
)
from cnncalc.interchange.torch_code.modules.bodies import Body, Member, beside
from cnncalc.interchange.torch_code.modules.parts import Group

__all__ = ["Alike"]

LEAST_PLACES = 3
"""In so many places, or in two where it is long, a sequence becomes a class; elsewhere it stands where it is used."""
LONG = 90
"""Characters."""
MOST_ITEMS = 12
"""A longer sequence that differs from place to place is no class: it would take as many arguments."""


class Alike:
    """The classes of a net's groups."""

    def __init__(self, bodies: dict[str, Body], groups: Sequence[Group], hints: Mapping[str, str]) -> None:
        self.bodies, self.hints = bodies, hints
        self.groups = groups
        """Innermost first; the net itself is the last."""
        self.promoted: set[Key] = set()
        """The sequences, by what they say, that are classes."""
        self._known: dict[tuple[Any, ...], Key] = {}
        self.merged: dict[Key, Key] = {}
        """Keys of bodies, each to that of a body that has all of its steps."""
        self.lefts: dict[tuple[Key, Key], Left] = {}
        self.said: dict[str, Hashable] = {}
        self.told: dict[int, tuple[Any, ...]] = {}
        self.shapes: dict[int, Hashable] = {}
        """What calls without groups say, their numbers apart, by their identity."""
        self.sames: dict[int, Hashable] = {}
        """All that they say, likewise."""
        self.settled: dict[int, Key] = {}
        """The keys of bodies without groups, likewise."""
        self.keys: dict[str, Key] = {}
        for group in groups:
            bodies[group.full] = looped(bodies[group.full], self.same)
        while self._round():
            pass
        self._promote()
        while self._round():
            pass

    def of(self, bodies: dict[str, Body]) -> Alike | None:
        """The classes of the same groups with other numbers in these bodies; None where more than numbers differs."""
        other = Alike.__new__(Alike)
        other.__dict__.update(self.__dict__)
        other.bodies, other.said, other.told = bodies, {}, {}
        other.shapes, other.sames, other.settled = {**self.shapes}, {**self.sames}, {**self.settled}
        for group in self.groups:
            body = bodies[group.full]
            if body is not self.bodies[group.full]:
                body = bodies[group.full] = looped(body, other.same)
                if other.key(body) is not self.keys[group.full]:
                    return None
        return other

    # -- which are alike --

    def inline(self, group: Group) -> bool:
        """Whether a group is written where it is used."""
        return bool(group.full) and self.bodies[group.full].form == "sequence" and (
            self._key_of_sequence(self.bodies[group.full]) not in self.promoted
        )  # fmt: skip

    def shape(self, value: Any) -> Hashable:
        """What an expression says, its numbers apart."""
        if isinstance(value, Group):
            if self.inline(value):
                return ("sequence", self._key_of_sequence(self.bodies[value.full]))
            return ("class", self.representative(self.keys[value.full]))
        if isinstance(value, Call):
            found = self.shapes.get(id(value))
            if found is None:
                said = tuple([(a.name, a.default is REQUIRED, self.shape(a.value)) for a in value.arguments])
                found = ("call", value.function, said)
                if value.function not in HOLDERS:
                    self.shapes[id(value)] = found
            return found
        if isinstance(value, Listed):
            return ("list", *map(self.shape, value.items))
        if isinstance(value, Mapped):
            return ("dict", *[(name, self.shape(item)) for name, item in value.items])
        if isinstance(value, bool):
            return "?"
        return "#" if is_number(value) else self._shape_of_many(value)

    def _shape_of_many(self, value: Any) -> Hashable:
        """Of what stands for several modules or steps, however many they are."""
        if isinstance(value, Repeated):
            return ("repeated", self.shape(value.item))
        if isinstance(value, Counted):
            return ("counted", value.names, *map(self.shape, value.items))
        if isinstance(value, Looped):
            return ("looped", value.gives, *[(beside(step), self.shape(step.does)) for step in value.steps])
        if isinstance(value, Numbered):
            return ("numbered", value.stem, value.first, self.shape(value.item))
        if isinstance(value, Growing):
            return ("growing", self.shape(value.first))
        return (type(value).__name__, value)

    def representative(self, key: Key) -> Key:
        """The key of the class that a body's key stands for."""
        while key in self.merged:
            key = self.merged[key]
        return key

    def items(self, body: Body) -> tuple[Any, ...]:
        """The members of a sequence, those that follow their equals told once."""
        found = self.told.get(id(body))
        if found is None:
            found = self.told[id(body)] = self._told(body)
        return found

    def _told(self, body: Body) -> tuple[Any, ...]:
        if body.keyed:
            named = tuple(named_runs(body.members, self.same))
            if not any(isinstance(one, Numbered) for one in named):
                return (call("OrderedDict", {"": Mapped(named)}),)
            return (call("OrderedDict", {"": named[0] if len(named) == 1 else Listed(named)}),)
        made: list[Any] = []
        for member in body.members:
            if not isinstance(member.made, Group):
                made.append(member.made)
            elif made and isinstance(made[-1], Repeated) and self.same(made[-1].item) == self.same(member.made):
                made[-1] = Repeated(made[-1].item, made[-1].times + 1)
            else:
                made.append(Repeated(member.made, 1))
        return tuple(made)

    def same(self, value: Any) -> Hashable:
        """All that an expression says, equal for two only where they are."""
        if isinstance(value, Group):
            if value.full not in self.bodies:
                return ("apart", value.full)  # a group whose members are called one by one
            if value.full not in self.said:
                body = self.bodies[value.full]
                members = tuple([(one.name, self.same(one.made)) for one in body.members])
                steps = tuple([(*beside(one), self.same(one.does)) for one in body.steps])
                said = ("group", body.form, members, steps, body.takes, body.gives, body.ties)
                self.said[value.full] = said
            return self.said[value.full]
        if isinstance(value, Call) and value.function not in HOLDERS:
            found = self.sames.get(id(value))
            if found is None:
                found = self.sames[id(value)] = ("Call", *map(self.same, value))
            return found
        if type(value) is tuple or hasattr(value, "_fields"):
            return (type(value).__name__, *map(self.same, value))
        return (type(value).__name__, value if value is not REQUIRED else "REQUIRED")

    def _one(self, said: tuple[Any, ...]) -> Key:
        found = self._known.get(said)
        if found is None:
            found = self._known[said] = Key(said)
        return found

    def _key_of_sequence(self, body: Body) -> Key:
        return self._one(("sequence", *map(self.shape, self.items(body))))

    def key(self, body: Body) -> Key:
        """What a body says, its numbers apart."""
        found = self.settled.get(id(body))
        if found is None:
            found = self._key(body)
            if all(isinstance(one.made, Call) and one.made.function not in HOLDERS for one in body.members):
                self.settled[id(body)] = found
        return found

    def _key(self, body: Body) -> Key:
        if body.form == "sequence":
            return self._key_of_sequence(body)
        members = tuple([(one.name, self.shape(one.made)) for one in body.members])
        steps = tuple([(*beside(one), self.shape(one.does)) for one in body.steps])
        return self._one((body.form, members, steps, body.takes, body.gives, body.ties))

    # -- rounds --

    def _round(self) -> bool:
        """Find every group's key, the innermost first, and merge what can be; True where something was merged."""
        known: dict[Key, Body] = {}
        hinted: dict[str, list[Key]] = {}
        for group in self.groups:
            body = self.bodies[group.full]
            key = self.keys[group.full] = self.key(body)
            if key not in known and body.form == "module" and group.full:
                known[key] = body
                hinted.setdefault(self.hints.get(group.full, ""), []).append(key)
        before = len(self.merged)
        for keys in hinted.values():
            standing = dict.fromkeys([self.representative(key) for key in keys])  # in the order of the groups
            left = sorted([key for key in standing if key in known], key=lambda key: -len(known[key].steps))
            for place, larger in enumerate(left):
                for smaller in left[place + 1 :]:
                    if smaller not in self.merged and larger not in self.merged:
                        self._merge(larger, smaller, known)
        return len(self.merged) > before

    def _merge(self, larger: Key, smaller: Key, known: Mapping[Key, Body]) -> None:
        """Let one body stand for another that has fewer steps, and for all that this one stood for."""
        found: dict[Key, Left] = {}
        chosen: dict[int, int] = {}
        for (of, _), left in self.lefts.items():
            if of is larger:
                chosen.update(left.instead)
        for key in [smaller, *(key for (of, key) in self.lefts if of is smaller and key in known)]:
            mine = left_out(known[larger], known[key], self.shape, chosen)
            if mine is None:
                return
            chosen.update(mine.instead)
            found[key] = mine
        self.merged[smaller] = larger
        self.lefts.update({(larger, key): left for key, left in found.items()})

    def _promote(self) -> None:
        """Make classes of the sequences that stand in several places."""
        places: dict[Key, set[tuple[Hashable, str]]] = {}
        lengths: Counter[Key] = Counter()
        sizes: dict[Key, set[Hashable]] = {}
        for group in self.groups:
            owner = self.representative(self.keys[group.full])
            for path, inner in self._inline_in(self.bodies[group.full].members, ""):
                key = self._key_of_sequence(self.bodies[inner.full])
                places.setdefault(key, set()).add((owner if group.full else "", path))
                lengths[key] = len(flat_length(self, inner))
                sizes.setdefault(key, set()).add(self.same(inner))
        for key, found in places.items():
            if len(sizes[key]) > 1 and len(key.said) > MOST_ITEMS:
                continue
            if len(found) >= LEAST_PLACES or (len(found) > 1 and lengths[key] > LONG):
                self.promoted.add(key)

    def _inline_in(self, members: Sequence[Member], path: str) -> Iterator[tuple[str, Group]]:
        """The sequences that stand in a body, each with its place."""
        for member in members:
            if isinstance(member.made, Group) and self.bodies[member.made.full].form == "sequence":
                at = f"{path}.{member.name}"
                yield at, member.made

    def kinds(self) -> list[Kind]:
        """The classes, in an order in which each uses those before it; the net itself is the last."""
        found: dict[Key, Kind] = {}
        for group in self.groups:
            if self.inline(group):
                continue
            key = self.representative(self.keys[group.full])
            kind = found.get(key)
            if kind is None:
                kind = found[key] = Kind(group, self.bodies[group.full])
            body, own = self.bodies[group.full], self.keys[group.full]
            if own == key:
                kind.whole, kind.body = group, body
                kind.left[group.full] = Left((True,) * len(body.steps), {})
            else:
                kind.left[group.full] = self.lefts[key, own]
            kind.groups.append(group)
        return in_order([*found.values()])


def flat_length(alike: Alike, group: Group) -> str:
    """A sequence, about as long as it is when written."""
    items = alike.items(alike.bodies[group.full])
    return "".join([flat(one) if isinstance(one, Call) else " " * 30 for one in items])
