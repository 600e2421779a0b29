"""Whether numbers may follow from a variable: told by one group of a class, before a whole net is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cnncalc.graph import Net
from cnncalc.interchange.torch_code.classes.making import Class, Classes
from cnncalc.interchange.torch_code.expressions import Call, Text
from cnncalc.interchange.torch_code.kinds.said import said_of
from cnncalc.interchange.torch_code.modules.parts import Group
from cnncalc.interchange.written import Unsaid

__all__ = ["first_of_many", "fits"]

Follows = Callable[[Sequence[Any]], bool]


def first_of_many(classes: Classes) -> Group | None:
    """The group of a class of several that a net meets first; None where every class has one group."""
    firsts = [kind.groups[0] for kind in classes.kinds if len(kind.groups) > 1 and kind.body.form == "module"]
    return min(firsts, key=lambda group: group.nodes[-1], default=None)


def fits(graph: Net, classes: Classes, group: Group, net: Net, follows: Follows) -> bool:
    """Whether a group of the beginning of the net for another value is still of its class.

    `follows` says of a number of the net's own, and that for the other value, whether it may follow from the variable.
    False where no arguments of the class make the layers of the group; True where that is not known.
    """
    if [node.name for node in net.nodes] != [node.name for node in graph.nodes[: len(net.nodes)]]:
        return True
    made = next(made for kind, made in zip(classes.kinds, classes.made) if group in kind.groups)
    arguments: dict[str, Any] = {}
    try:
        pairs = [*_pairs(net, made, group)]
    except Unsaid:
        return True
    for said, found in pairs:
        if isinstance(said, Text) and arguments.setdefault(said.text, found) != found:
            return False
    return all(_follows(said, found, arguments, follows) for said, found in pairs)


def _pairs(net: Net, made: Class, group: Group) -> Iterator[tuple[Any, Any]]:
    """What the class says of its layers, and what the net has there."""
    for member in made.members:
        index = group.children.get(member.name)
        if isinstance(index, int):
            node = net.nodes[index]
            yield from _matched(member.made, said_of(node.layer, net.input_shapes(node), node.shape).module)


def _matched(said: Any, found: Any) -> Iterator[tuple[Any, Any]]:
    if not isinstance(found, Call):
        yield said, found
    elif isinstance(said, Call) and said.function == found.function and len(said.arguments) == len(found.arguments):
        for one, other in zip(said.arguments, found.arguments):
            yield from _matched(one.value, other.value)


def _follows(said: Any, found: Any, arguments: dict[str, Any], follows: Follows) -> bool:
    """Whether a number is what an expression of the class's arguments makes, whose constants may follow."""
    if type(found) is not int:
        return True
    if type(said) is int:
        return follows((said, found))
    if not isinstance(said, Call) or said.function not in ("*", "//"):
        return True
    values = [arguments.get(one.value.text) if isinstance(one.value, Text) else one.value for one in said.arguments]
    numbers = [value for value in values if type(value) is int]
    if len(numbers) != 2:
        return True
    left, right = numbers
    if found == (left * right if said.function == "*" else left // max(right, 1)):
        return True
    if said.function == "*":
        return right != 0 and found % right == 0 and follows((left, found // right))
    return found != 0 and left % found == 0 and follows((right, left // found))
