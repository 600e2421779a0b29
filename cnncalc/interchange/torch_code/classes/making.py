"""The classes of a net, each with its arguments, and how each group is made by one."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from typing import Any

from cnncalc.graph import Net
from cnncalc.interchange.torch_code.classes.alike import Alike
from cnncalc.interchange.torch_code.classes.filling import filled, holes_in, kept
from cnncalc.interchange.torch_code.classes.kinds import Kind
from cnncalc.interchange.torch_code.classes.relations import MISSING, Parameter
from cnncalc.interchange.torch_code.classes.runs import Growing, growing
from cnncalc.interchange.torch_code.classes.templates import Unifier
from cnncalc.interchange.torch_code.expressions import (
    HOLDERS,
    REQUIRED,
    Argument,
    Call,
    Counted,
    Listed,
    Mapped,
    Numbered,
    Repeated,
)
from cnncalc.interchange.torch_code.modules.bodies import Bodies, Body, Member, Step
from cnncalc.interchange.torch_code.modules.parts import RESERVED, Group
from cnncalc.interchange.torch_code.modules.sharing import Tie, together
from cnncalc.interchange.torch_code.naming import camel, joined
from cnncalc.records import NamedTuple

MOST_WORDS = 5
"""Modules that the name of a sequence tells."""
__all__ = ["Class", "Classes", "Held", "Taking", "classes"]


class Held(NamedTuple):
    """A module of a class; `test` says whether it is there, empty where it always is."""

    name: str
    made: Any
    test: str = ""

    @property
    def bare(self) -> bool:
        """Whether it is a tensor, and no module."""
        return Member(self.name, self.made).bare


class Taking(NamedTuple):
    """A step of a class; where `flag`, by a `test`, says that it is left out, the tensor `instead` goes on."""

    step: Step
    flag: str = ""
    test: str = ""
    instead: int = -1


class Class(NamedTuple):
    """One class of the file."""

    name: str
    form: str
    parameters: tuple[Parameter, ...]
    members: tuple[Held, ...]
    steps: tuple[Taking, ...]
    body: Body
    kept: tuple[str, ...] = ()
    """The arguments that `forward` needs."""
    ties: tuple[Tie, ...] = ()


class Classes:
    """The classes of a net, the net's own the last."""

    def __init__(self, graph: Net, bodies: Bodies, alike: Alike) -> None:
        self.graph, self.bodies, self.alike = graph, bodies, alike
        self.calls: dict[str, Call] = {}
        """How each group is made."""
        self.kinds: list[Kind] = []
        self.made: list[Class] = []

    def of(self, graph: Net, bodies: Bodies) -> Iterator[Class] | None:
        """Those of a net that has other numbers in the layers that changed, one after another; None for another net."""
        alike = self.alike.of(bodies.found)
        return None if alike is None else self._of(Classes(graph, bodies, alike))

    def _of(self, other: Classes) -> Iterator[Class]:
        changed = other.bodies.changed
        other.calls = {
            group.full: self.calls[group.full]
            for group in other.bodies.root.inside()
            if group.full in self.calls and not any(index in changed for index in group.nodes)
        }
        for kind, made in zip(self.kinds, self.made):
            if any(group.full not in other.calls for group in kind.groups):
                other.add(kind.of(other.bodies.found), made.name)
                yield other.made[-1]
            else:
                yield made

    def resolved(self, value: Any) -> Any:
        """An expression with calls in place of groups."""
        if isinstance(value, Group):
            made = self.calls.get(value.full)
            if made is None:
                items = self.alike.items(self.bodies.found[value.full])
                inner = tuple([Argument("", self.resolved(item)) for item in items])
                made = self.calls[value.full] = Call("nn.Sequential", inner)
            return made
        if isinstance(value, Call):
            if value.function not in HOLDERS:
                return value
            return Call(value.function, tuple([a._replace(value=self.resolved(a.value)) for a in value.arguments]))
        if isinstance(value, (Counted, Listed)):
            return value._replace(items=tuple(map(self.resolved, value.items)))
        if isinstance(value, Mapped):
            return Mapped(tuple([(name, self.resolved(item)) for name, item in value.items]))
        if isinstance(value, Repeated):
            return Repeated(self.resolved(value.item), value.times)
        if isinstance(value, Numbered):
            return value._replace(item=self.resolved(value.item))
        if isinstance(value, Growing):
            return growing(self.resolved(value.first), self.resolved(value.second))
        if type(value) is tuple:
            return tuple(map(self.resolved, value))
        return value

    def add(self, kind: Kind, name: str) -> None:
        """Make the class of a kind, and the calls that make its groups."""
        unifier, members, steps = self.unified(kind, plain=True)
        if unifier.widths > 1:
            unifier, members, steps = self.unified(kind, plain=False)
        names, used = {one.name for one in unifier.parameters}, dict[str, None]()
        steps = [
            one._replace(step=one.step._replace(does=_in_forward(one.step.does, unifier.holes, names, used)))
            for one in steps
        ]
        held = tuple([one._replace(made=filled(one.made, unifier.holes)) for one in members])
        ties = together(self.graph, kind.groups[0], kind.body.ties, self.alike.same)
        parameters = sorted(unifier.parameters, key=_order)
        made = Class(name, kind.body.form, tuple(parameters), held, tuple(steps), kind.body, tuple(used), ties)
        self.kinds.append(kind)
        self.made.append(made)
        for place, group in enumerate(kind.groups):
            arguments = [
                Argument(one.name, one.default if one.values[place] is MISSING else one.values[place], one.default)
                for one in parameters
            ]
            self.calls[group.full] = Call(name, tuple(arguments))

    def unified(self, kind: Kind, *, plain: bool) -> tuple[Unifier, list[Held], list[Taking]]:
        """The modules and steps of a class, what differs in them being holes."""
        reserved = RESERVED | {one.name for one in kind.body.members} | {*dir(builtins)}
        unifier = Unifier(self.known(kind), reserved, plain=plain)
        bodies = [self.bodies.found[group.full] for group in kind.groups]
        if kind.body.form == "sequence":
            items = [self.alike.items(body) for body in bodies]
            members = [
                Held(str(n), unifier.unify([self.resolved(one[n]) for one in items], "", f"layer{n}"))
                for n in range(len(items[0]))
            ]
            return unifier, members, []
        members = self.members(kind, bodies, unifier)
        steps = self.steps(kind, bodies, unifier)
        tests = {".".join(one.step.path) if one.step.bare else one.step.path[0]: one.test
                 for one in steps if one.step.path and one.flag}  # fmt: skip
        return unifier, [one._replace(test=tests.get(one.name, "")) for one in members], steps

    def known(self, kind: Kind) -> dict[tuple[Any, ...], str]:
        """The channels that come into the groups, and those that go out."""
        found: dict[tuple[Any, ...], str] = {}
        flows = [self.bodies.flows[group.full] for group in kind.groups]
        for name, sides, end in (
            ("out_channels", [flow.gives for flow in flows], -1),
            ("in_channels", [flow.takes for flow in flows], 0),
        ):
            if all(sides):
                found[tuple([self.graph.nodes[side[end][0]].shape[0] for side in sides])] = name
        return found

    def steps(self, kind: Kind, bodies: list[Body], unifier: Unifier) -> list[Taking]:
        """The steps, each with the argument that says whether it is there."""
        made = []
        own = [iter(body.steps) for body in bodies]
        for place, step in enumerate(kind.body.steps):
            there = tuple([kind.left[group.full].present[place] for group in kind.groups])
            values = [next(steps).does if present else MISSING for steps, present in zip(own, there)]
            flag, test, instead = "", "", -1
            if not all(there):
                skips = [kind.left[group.full].instead for group, one in zip(kind.groups, there) if not one]
                instead = step.takes[skips[0][place]]
                flag, test = unifier.flag(there, _flag_name(step), module=bool(step.path))
            does = unifier.unify([self.resolved(one) for one in values], "", step.path[-1] if step.path else step.kind)
            made.append(Taking(step._replace(does=does), flag, test, instead))
        return made

    def members(self, kind: Kind, bodies: list[Body], unifier: Unifier) -> list[Held]:
        """The modules."""
        made = []
        of = [{one.name: one.made for one in body.members} for body in bodies]
        for member in kind.body.members:
            values = [self.resolved(one[member.name]) if member.name in one else MISSING for one in of]
            word = member.name if not member.name.isdecimal() else f"layer{member.name}"
            made.append(Held(member.name, unifier.unify(values, "", word)))
        return made


def _in_forward(value: Any, holes: list[Any], names: set[str], used: dict[str, None]) -> Any:
    """What a step does, with attributes for arguments."""
    needed: list[Any] = [kept(one, names, {}) for one in holes]
    for number in holes_in(value):
        kept(holes[number], names, used)
    return filled(value, needed)


def _order(one: Parameter) -> tuple[bool, int]:
    """Those without a default first, and of these what goes in and what comes out."""
    first = ("c_in", "c_out", "k")
    return one.default is not REQUIRED, first.index(one.name) if one.name in first else len(first)


def _flag_name(step: Step) -> str:
    """What says whether a step is there."""
    if step.path:
        return step.path[0] if not step.path[0].isdecimal() else f"layer{step.path[0]}"
    return "residual" if step.kind == "add" else step.kind


def _word(graph: Net, bodies: Bodies, group: Group, hints: Mapping[str, str]) -> str:
    """What a group is called: as its block, or by its name, its modules, or the group around it."""
    block = graph.blocks.get(group.full)
    if block is not None:
        return block
    body, word = bodies.found[group.full], hints[group.full]
    made = [one.made for one in body.members]
    plain = all(isinstance(one, Call) and one.function[:3] == "nn." for one in made)
    if body.form == "sequence" and len(made) < MOST_WORDS and plain:
        return joined([one.function for one in made])
    if not word.isdecimal() and len(word) > 1:
        return word
    around = [part for part in group.full.split(".")[:-1] if not part.isdecimal()] or ["net"]
    return f"{around[-1]}_{word if not word.isdecimal() else 'block'}"


def classes(graph: Net, bodies: Bodies, hints: Mapping[str, str], taken: set[str]) -> Classes:
    """The classes; `hints` are what groups are called, `taken` names that are given."""
    groups = [group for group in (*bodies.root.inside(), bodies.root) if group.full in bodies.found]
    maker = Classes(graph, bodies, Alike(bodies.found, groups, hints))
    own = camel(graph.name)
    own = own if own not in taken else f"{own}Net"
    taken.add(own)
    for kind in maker.alike.kinds():
        first = kind.groups[0]
        stem = camel(_word(graph, bodies, first, hints)) if first.full else own
        name, number = stem, 2
        while name in taken:
            name, number = f"{stem}{number}", number + 1
        name = name if first.full else own
        taken.add(name)
        maker.add(kind, name)
    return maker
