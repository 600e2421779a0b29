"""Groups that are one class: alike but for numbers, and for steps that some of them leave out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from cnncalc.interchange.torch_code.classes.leaving import Left, left_out
from cnncalc.interchange.torch_code.classes.runs import Growing, named_runs
from cnncalc.interchange.torch_code.expressions import (
    HOLDERS,
    REQUIRED,
    Call,
    Listed,
    Mapped,
    Numbered,
    Repeated,
    call,
    flat,
    is_number,
)
from cnncalc.interchange.torch_code.modules.bodies import Body, Member, beside
from cnncalc.interchange.torch_code.modules.parts import Group

__all__ = ["Alike", "Kind"]

LEAST_PLACES = 3
"""In so many places, or in two where it is long, a sequence becomes a class; elsewhere it stands where it is used."""
LONG = 90
"""Characters."""


class Key:
    """What a body says, its numbers apart; one object for all that say the same."""

    __slots__ = ("said",)

    def __init__(self, said: tuple[Any, ...]) -> None:
        self.said = said


class Kind:
    """One class: the groups that are of it, and what they have in common, with every step that any of them has."""

    def __init__(self, whole: Group, body: Body) -> None:
        self.whole, self.body = whole, body
        """The group that has every step, and what it says."""
        self.groups: list[Group] = []
        self.left: dict[str, Left] = {}
        """What each group leaves out, by its full name."""

    def of(self, bodies: Mapping[str, Body]) -> Kind:
        """It among other bodies of the same groups."""
        other = Kind(self.whole, bodies[self.whole.full])
        other.groups, other.left = self.groups, self.left
        return other


class Alike:
    """The classes of a net's groups."""

    def __init__(self, bodies: Mapping[str, Body], groups: Sequence[Group], hints: Mapping[str, str]) -> None:
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
        while self._round():
            pass
        self._promote()
        while self._round():
            pass

    def of(self, bodies: Mapping[str, Body]) -> Alike | None:
        """The classes of the same groups with other numbers in these bodies; None where more than numbers differs."""
        other = Alike.__new__(Alike)
        other.__dict__.update(self.__dict__)
        other.bodies, other.said, other.told = bodies, {}, {}
        other.shapes, other.sames, other.settled = {**self.shapes}, {**self.sames}, {**self.settled}
        for full, body in bodies.items():
            if body is not self.bodies[full] and other.key(body) is not self.keys[full]:
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
        if isinstance(value, Repeated):
            return ("repeated", self.shape(value.item))
        if isinstance(value, Numbered):
            return ("numbered", value.stem, value.first, self.shape(value.item))
        if isinstance(value, Growing):
            return ("growing", self.shape(value.first))
        if isinstance(value, bool):
            return "?"
        return "#" if is_number(value) else (type(value).__name__, value)

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
            if not any(isinstance(one.made, Group) or one.made.function in HOLDERS for one in body.members):
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
        for group in self.groups:
            owner = self.representative(self.keys[group.full])
            for path, inner in self._inline_in(self.bodies[group.full].members, ""):
                key = self._key_of_sequence(self.bodies[inner.full])
                places.setdefault(key, set()).add((owner if group.full else "", path))
                lengths[key] = len(flat_length(self, inner))
        for key, found in places.items():
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
        return self._in_order([*found.values()])

    @staticmethod
    def _in_order(kinds: list[Kind]) -> list[Kind]:
        """The kinds, each behind those whose groups stand in its own."""
        of = {group.full: number for number, kind in enumerate(kinds) for group in kind.groups}
        inside = [{of[one.full] for group in kind.groups for one in group.inside() if one.full in of} for kind in kinds]
        order: dict[int, None] = {}
        waiting = [*range(len(kinds) - 1, -1, -1)]
        while waiting:
            number = waiting[-1]
            left = sorted(inside[number] - {number} - order.keys(), reverse=True)
            if left and number not in order:
                waiting += left
            else:
                order.setdefault(waiting.pop())
        return [kinds[number] for number in order]


def flat_length(alike: Alike, group: Group) -> str:
    """A sequence, about as long as it is when written."""
    items = alike.items(alike.bodies[group.full])
    return "".join([flat(one) if isinstance(one, Call) else " " * 30 for one in items])
