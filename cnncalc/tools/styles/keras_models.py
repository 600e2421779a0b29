"""Keras's other models: a Sequential, and models whose groups are models themselves, each one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault
from cnncalc.tools.styles.keras import Nested, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.tools.modules import Call, Group, Modules

__all__ = ["as_sequential", "folded"]


def as_sequential(table: Table, net: Modules) -> Table:
    """The table of a Sequential, which has no row for its input. Raises CnncalcError for a net that branches."""
    if not table.linear:
        raise CnncalcError(
            Fault(
                "a Sequential is a plain sequence of layers, each called once",
                values=f"`{net.name[:60]}` branches, has several inputs, or calls a layer again",
                help="`--style keras` prints it as a functional model",
            )
        )
    table.order = [name for name in table.order if name not in net.inputs]
    return table


def folded(net: Modules) -> tuple[Modules, dict[str, Nested]]:
    """The net with each outermost group that one tensor leaves as one call, and what a row says of these."""
    groups = [group for group in net.groups if "." not in group.name and _whole(net, group)]
    within = {call.name: group for group in groups for call in net.calls[group.first : group.last + 1]}
    ends = {net.calls[group.last].name: group.name for group in groups}
    calls: list[Call] = []
    models: dict[str, Nested] = {}
    for call in net.calls:
        group = within.get(call.name)
        if group is None:
            calls.append(call._replace(inputs=tuple(ends.get(one, one) for one in call.inputs)))
        elif net.calls[group.first] is call:
            models[group.name], made = _model(net, group, within, ends)
            calls.append(made)
    outputs = tuple(ends.get(name, name) for name in net.outputs)
    return net._replace(calls=tuple(calls), outputs=outputs), models


def _whole(net: Modules, group: Group) -> bool:
    """Whether a group is a model: its calls stand together, and of their tensors only the last is taken outside."""
    inside = net.calls[group.first : group.last + 1]
    names = {call.name for call in inside}
    if any(not call.name.startswith(f"{group.name}.") for call in inside):
        return False
    taken = {one for call in net.calls if call.name not in names for one in call.inputs} | {*net.outputs}
    return not any(call.name in taken for call in inside[:-1])


def _model(net: Modules, group: Group, within: dict[str, Group], ends: dict[str, str]) -> tuple[Nested, Call]:
    """A group as one call; where all of it is another's, it is a call of that."""
    inside = net.calls[group.first : group.last + 1]
    names = {call.name for call in inside}
    entering = dict.fromkeys(one for call in inside for one in call.inputs if one not in names)
    held = {call.owner or call.name: call for call in reversed(inside)}
    new = [call for name, call in held.items() if name in names]
    params, own = ([call.parameters + call.buffers for call in one] for one in (held.values(), new))
    made = inside[-1]._replace(
        name=group.name,
        inputs=tuple(ends.get(one, one) for one in entering),
        parameters=sum(call.parameters for call in held.values()),
        buffers=sum(call.buffers for call in held.values()),
        owner=_owner(inside, within),
        own_name=True,
    )
    return Nested("Functional", sum(call.parameters for call in new if call.trainable), sum(params) - sum(own)), made


def _owner(inside: Sequence[Call], within: dict[str, Group]) -> str:
    """The group all of whose layers are called again by these; empty where there is none."""
    owners = {within.get(call.owner) for call in inside if call.parameters}
    owner = owners.pop() if len(owners) == 1 else None
    return owner.name if owner is not None and owner.last - owner.first == len(inside) - 1 else ""
