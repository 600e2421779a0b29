"""A net's variables as arguments of its class, where numbers alone follow from them."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from cnncalc.errors import CnncalcError
from cnncalc.graph import Net, Node
from cnncalc.interchange.torch_code.classes.making import Class, Classes
from cnncalc.interchange.torch_code.classes.relations import Parameter
from cnncalc.interchange.torch_code.classes.screening import first_of_many, fits
from cnncalc.interchange.torch_code.expressions import REQUIRED, Argument, Call, Text, call
from cnncalc.interchange.torch_code.helpers import HELPERS
from cnncalc.interchange.torch_code.modules.bodies import Bodies
from cnncalc.interchange.torch_code.modules.parts import RESERVED, SPOKEN, Group, is_attribute
from cnncalc.records import NamedTuple

__all__ = ["Program", "with_arguments"]

MOST_LAYERS = 2_000
"""Of a larger net the classes are made once only."""


class Program(NamedTuple):
    """What a program says: its classes, and all else that must be the same for other values."""

    classes: Classes
    rest: Any


Make: TypeAlias = Callable[[Net], Program]


class Unfit(Exception):
    """The classes for another value differ in more than numbers that follow from it."""


def with_arguments(graph: Net, program: Program, make: Make) -> list[Class]:
    """The classes, with an argument for each variable that only numbers in them follow from."""
    made = program.classes.made
    if graph.again is None or graph.nodes != graph.again.nodes or len(graph.nodes) > MOST_LAYERS:
        return made
    taken = {*RESERVED, *SPOKEN, *HELPERS, *dir(builtins), *program.classes.bodies.wrapped.values()}
    for each in made:
        taken.update([each.name, *(one.name for one in each.members), *(one.name for one in each.parameters)])
    group = first_of_many(program.classes)
    for name, value in graph.again.numbers.items():
        free = value != 0 and is_attribute(name) and name not in taken and not name.startswith("__")
        if free and (group is None or _fits(graph, program.classes, group, name, value)):
            made = _varied(graph, program, make, made, name, value)
    return made


def _fits(graph: Net, classes: Classes, group: Group, name: str, value: int | float) -> bool:
    """Whether another value leaves a group in its class, as far as the net's beginning tells."""
    assert graph.again is not None
    other = _others(value)[0][0]
    try:
        begun = graph.again.begin({name: repr(other)}, group.full)
    except CnncalcError:
        return True
    return fits(graph, classes, group, begun, _Varying(name, (value, other)).follows)


def _varied(graph: Net, program: Program, make: Make, made: list[Class], name: str, value: int | float) -> list[Class]:
    """The classes with one more argument; as they were where its values change more than numbers."""
    assert graph.again is not None
    for others in _others(value):
        found, known = made, list[list[Class]]()
        for number, other in enumerate(others, 1):  # what does not fit mostly does not with the first
            try:
                net = graph.again.build({name: repr(other)})
            except CnncalcError:
                break  # a number of heads divides twice the width, and not one more
            try:
                known.append([])
                varying = _Varying(name, (value, *others[:number]))
                others_of = [*known[:-1], _noted(_of(graph, program, make, net), known[-1])]
                found = varying.classes(program.classes.made, others_of, made)
            except (CnncalcError, Unfit):
                return made
        else:
            return found
    return made


def _others(value: int | float) -> tuple[tuple[int | float, int | float], ...]:
    """Pairs of other values, by which it is told what follows from one: the first pair for which there are nets."""
    if type(value) is float:
        return ((value / 2, value / 4),)
    return ((value + 1, 2 * value), (2 * value, 3 * value)) if value != 1 else ((2, 3),)


def _noted(found: Iterable[Class], known: list[Class]) -> Iterator[Class]:
    """Classes as they are made, each noted."""
    for one in found:
        known.append(one)
        yield one


def _of(graph: Net, program: Program, make: Make, net: Net) -> Iterable[Class]:
    """The classes of a net for another value. Raises Unfit where it is another net, and CnncalcError."""
    if not _stand_alike(graph, net):  # a repeat is longer
        other = make(net)
        if other.rest != program.rest or len(other.classes.made) != len(program.classes.made):
            raise Unfit
        return other.classes.made
    before, ours, theirs = program.classes.bodies, graph.signed.pairs, net.signed.pairs
    layers = zip(graph.layers(), net.layers())
    changed = {n for (n, one, _), (_, two, _) in layers if ours[one.signature] is not theirs[two.signature]}
    bodies = Bodies(net, before.root, before.ties, before, changed)
    found = program.classes.of(net, bodies) if bodies.wrapped == before.wrapped else None
    if found is None:
        raise Unfit
    return found


def _stand_alike(graph: Net, net: Net) -> bool:
    """Whether two nets differ in numbers alone: the same kinds of layers stand in the same places."""
    if len(graph.nodes) != len(net.nodes) or graph.outputs != net.outputs:
        return False
    return all(_place(one) == _place(other) for one, other in zip(graph.nodes, net.nodes))


def _place(node: Node) -> tuple[object, ...]:
    kind = "" if node.layer is None else node.layer.kind
    return kind, node.name, node.inputs, node.share, node.trainable, node.train_only


class _Varying:
    """One variable on its way into the classes. `values` are those of the net itself and of the others."""

    def __init__(self, name: str, values: Sequence[int | float]) -> None:
        self.name, self.values = name, tuple(values)
        self.needing: set[str] = set()
        """The classes that need it."""
        self.asked = False

    def classes(self, own: Sequence[Class], others: Sequence[Iterable[Class]], made: list[Class]) -> list[Class]:
        """The classes with it as an argument: `made` of the net's `own`, and those for other values. Raises Unfit."""
        changed = [self.changed(now, base, others) for now, base, *others in zip(made, own, *others)]
        if not self.needing:
            raise Unfit
        handed = [self.handed(one) for one in changed]  # each stands behind those that it calls
        return [self.declared(one, own=place == len(handed) - 1) for place, one in enumerate(handed)]

    def changed(self, now: Class, base: Class, others: Sequence[Class]) -> Class:
        """A class in which numbers that differ follow from the variable."""
        if all(one is base for one in others):
            return now
        said = [
            (one.name, one.form, len(one.members), len(one.steps), one.kept, one.ties, one.body.takes, one.body.gives,
             [(each.name, each.role, each.default) for each in one.parameters])
            for one in (base, *others)
        ]  # fmt: skip
        if any(one != said[0] for one in said):
            raise Unfit
        members = self.walked(now.members, base.members, [one.members for one in others], self.name)
        self.asked = False
        steps = self.walked(now.steps, base.steps, [one.steps for one in others], f"self.{self.name}")
        kept = (*now.kept, self.name) if self.asked else now.kept
        if (members, steps) != (now.members, now.steps):
            self.needing.add(now.name)
        return now._replace(members=members, steps=steps, kept=kept)

    def walked(self, now: Any, base: Any, others: Sequence[Any], name: str) -> Any:
        """A value of the net's own, numbers that differ replaced. Raises Unfit where anything else does."""
        if all(type(one) is type(base) and one == base for one in others):
            return now
        if any(type(one) is not type(base) for one in others):
            raise Unfit
        if type(base) in (int, float):
            if type(now) is not type(base):
                raise Unfit  # it follows from another variable too
            self.asked = True
            return self.said((base, *others), name)
        if not isinstance(base, tuple) or any(len(one) != len(base) for one in (now, *others)):
            raise Unfit
        inside = [self.walked(now[n], base[n], [one[n] for one in others], name) for n in range(len(base))]
        return tuple(inside) if type(base) is tuple else type(base)(*inside)

    def said(self, numbers: Sequence[int | float], name: str) -> Any:
        """Numbers as an expression of the variable: itself, so many times it, a part of it, or more or less."""
        pairs = [*zip(numbers, self.values)]
        if all(n == value and type(n) is type(value) for n, value in pairs):
            return Text(name)
        if any(type(n) is not int or type(value) is not int for n, value in pairs):
            raise Unfit
        own: tuple[Any, Any] = pairs[0]
        factor, part, more = own[0] // max(own[1], 1), own[1] // max(own[0], 1), own[0] - own[1]
        if factor > 1 and all(n == factor * value for n, value in pairs):
            return call("*", {"factor": factor, "of": Text(name)})
        if part > 1 and all(n * part == value for n, value in pairs):
            return call("//", {"of": Text(name), "by": part})
        if all(n == value + more for n, value in pairs):
            return call("+" if more > 0 else "-", {"left": Text(name), "right": abs(more)})
        raise Unfit

    def follows(self, numbers: Sequence[int | float]) -> bool:
        """Whether numbers are an expression of it, or all the same."""
        try:
            return len({*numbers}) == 1 or bool(self.said(numbers, self.name))
        except Unfit:
            return False

    def handed(self, one: Class) -> Class:
        """A class that hands the variable on to those of its members that need it."""
        members = self.calling(one.members)
        if members != one.members:
            self.needing.add(one.name)
        return one._replace(members=members)

    def calling(self, value: Any) -> Any:
        """A value in which calls of classes that need the variable are given it, behind what they need beside."""
        if not isinstance(value, tuple):
            return value
        inside = [self.calling(one) for one in value]
        made = tuple(inside) if type(value) is tuple else type(value)(*inside)
        if isinstance(made, Call) and made.function in self.needing:
            needed = [a for a in made.arguments if a.default is REQUIRED]
            usual = [a for a in made.arguments if a.default is not REQUIRED]
            return made._replace(arguments=(*needed, Argument(self.name, Text(self.name)), *usual))
        return made

    def declared(self, one: Class, *, own: bool) -> Class:
        """A class with the argument, where it needs it; the net's own has a usual value for it."""
        if one.name not in self.needing:
            return one
        more = Parameter(self.name, "variable", self.values[:1], self.values[0] if own else REQUIRED)
        needed = [p for p in one.parameters if p.default is REQUIRED]
        usual = [p for p in one.parameters if p.default is not REQUIRED]
        return one._replace(parameters=(*needed, *usual, more) if own else (*needed, more, *usual))
