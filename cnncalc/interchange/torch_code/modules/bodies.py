"""What a group is as code: the modules that it has and the steps that it takes, its numbers not yet told apart."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from cnncalc.graph import Net, Node
from cnncalc.graph.stored import nameless
from cnncalc.interchange.torch_code.expressions import Call, Mapped, Taken, Text, call, flat, replaced
from cnncalc.interchange.torch_code.kinds.said import PARAMETRISATIONS, Said, own, remembered, said_of
from cnncalc.interchange.torch_code.modules.parts import Flow, Group, Operation, Tensor, Tensors, is_attribute
from cnncalc.interchange.torch_code.modules.sharing import Tie
from cnncalc.interchange.torch_code.naming import camel
from cnncalc.interchange.written import SAME_MEMORY, Unsaid, Unsayable
from cnncalc.records import NamedTuple

__all__ = ["Bodies", "Body", "Member", "Step", "beside", "numbered"]

LEAST_COUNTED = 3
"""So many groups in a row whose names count up are a sequence."""
TENSORS = ("nn.Parameter", "nn.Buffer")


class Member(NamedTuple):
    """A module of a group: what makes it, a `Group` where that is one."""

    name: str
    made: Any

    @property
    def bare(self) -> bool:
        """Whether it is a tensor, which may stand deeper than a name."""
        return isinstance(self.made, Call) and self.made.function in TENSORS


class Step(NamedTuple):
    """One call. Tensors are numbered in their group: those that come in first, then those that steps give."""

    path: tuple[Any, ...]
    """Of its own module, names, or a `Counting` in a loop; empty for a function."""
    does: Any
    takes: tuple[int, ...]
    gives: tuple[int, ...]
    kind: str
    """Of its layer; empty for a group."""
    train_only: bool
    weighted: bool
    """Whether it is worth a line: a layer with weights, or a group."""
    bare: bool = False
    """Whether what stands at its path is a tensor, and no module."""


def beside(step: Step) -> tuple[Any, ...]:
    """All of a step but what it does."""
    return (step.path, step.takes, step.gives, step.kind, step.train_only, step.weighted, step.bare)


@cache
def called(number: int) -> Call:
    """The call of a group that takes so many tensors."""
    return own(*map(Taken, range(number)))


class Body(NamedTuple):
    """A group as code. In a `sequence` each member takes what the one before it gives, and there are no steps."""

    form: str
    """`module`, `dict` where some members have numbers for names, or `sequence`."""
    members: tuple[Member, ...]
    steps: tuple[Step, ...]
    takes: int
    gives: tuple[int, ...]
    ties: tuple[Tie, ...] = ()

    @property
    def keyed(self) -> bool:
        """Whether it is a sequence whose members have names."""
        return self.form == "sequence" and [one.name for one in self.members] != [
            str(number) for number in range(len(self.members))
        ]


def _apart(said: Said) -> Said:
    """A layer that leaves its input as it is."""
    return said._replace(module=_without_inplace(said.module), function=_without_inplace(said.function))


def _without_inplace(value: Call | None) -> Call | None:
    if value is None:
        return None
    return Call(value.function, tuple([one for one in value.arguments if one.name != "inplace"]))


def numbered(names: Sequence[str]) -> bool:
    """Whether names are one word and numbers that count up."""
    stem = names[0].rstrip("0123456789")
    first = names[0].removeprefix(stem)
    return bool(stem and first) and [*names] == [f"{stem}{int(first) + place}" for place in range(len(names))]


def is_heavy(node: Node) -> bool:
    """Whether a layer begins a line: it multiplies by weights."""
    return node.layer is not None and node.layer.weighted


def _without_identities(steps: Sequence[Step], numbers: dict[Tensor, int]) -> Iterator[Step]:
    """The steps without those that give what they take; `numbers` of tensors are changed with them."""
    known: dict[int, int] = {}
    for step in steps:
        takes = tuple([known.get(one, one) for one in step.takes])
        if isinstance(step.does, Taken):
            known[step.gives[0]] = takes[step.does.place]
        else:
            yield step._replace(takes=takes)
    for tensor, number in numbers.items():
        numbers[tensor] = known.get(number, number)


class Bodies:
    """The bodies of all groups of a net; raises CnncalcError where a layer cannot be said."""

    def __init__(
        self,
        graph: Net,
        root: Group,
        ties: Mapping[str, tuple[Tie, ...]],
        like: Bodies | None = None,
        changed: Collection[int] = (),
    ) -> None:
        """`like` are those of the same net where it has other numbers, in the layers of these indices alone."""
        self.graph, self.root, self.ties = graph, root, ties
        self.like, self.changed = like, changed
        self.tensors: Tensors = Tensors(graph) if like is None else like.tensors
        self.unsayable = Unsayable("PyTorch")
        self.met: dict[tuple[int, bool], Said] = {}
        """What is said of a layer on its inputs, by their signature and whether it gives places too."""
        self.said: dict[int, Said] = {} if like is None else {**like.said}
        for index in changed if like is not None else [index for index, _, _ in graph.layers()]:
            self.said[index] = self._says(index, graph.nodes[index])
        self.unsayable.raise_any()
        self.again: dict[int, str] = {} if like is None else like.again
        """The layers that are another one of their group called again, and what that is called there."""
        if like is None:
            self.again.update([pair for group in (root, *root.inside()) for pair in self._again(group)])
        self.found: dict[str, Body] = {}
        """By the groups' full names."""
        self.flows: dict[str, Flow] = {} if like is None else like.flows
        """What each of these calls, likewise."""
        self.wrapped: dict[tuple[str, str], str] = {} if like is None else {**like.wrapped}
        """The classes for what is no module of torch, each by what it is and does."""
        self._build(root)

    def _says(self, index: int, node: Node) -> Said:
        """A layer by the table; nothing, and a fault, for one that cannot be said."""
        assert node.layer is not None
        key = node.signature, index in self.tensors.remembered
        try:
            said = self.met.get(key)
            if said is None:
                said = said_of(node.layer, self.graph.input_shapes(node), node.shape)
                said = self.met[key] = remembered(said) if key[1] else said
            overwrites = getattr(node.layer, "inplace", False)
            return _apart(said) if overwrites and not self._alone(node) else said
        except Unsaid as error:
            self.unsayable.add(node, error.why, error.help)
            return Said()

    def _alone(self, node: Node) -> bool:
        """Whether a layer that overwrites its input overwrites nothing else: no other tensor, no input of the net."""
        index = node.inputs[0]
        while len(self.tensors.users.get((index, 0), ())) < 2 and (index, 0) not in self.tensors.outputs:
            before = self.graph.nodes[index]
            if before.layer is None or before.layer.kind == "expand" or getattr(before.layer, "join", "") == "alone":
                return False
            if before.layer.kind not in SAME_MEMORY:
                return True
            index = before.inputs[0]
        return False

    def _again(self, group: Group) -> Iterator[tuple[int, str]]:
        names = {child: name for name, child in group.children.items() if isinstance(child, int)}
        for index in names:
            node = self.graph.nodes[index]
            if node.share is not None and self.said[index].holds and nameless(self.graph, node):
                yield index, names[node.share]

    def _build(self, group: Group) -> None:
        """Make the body of a group, and those of all groups in it that are called."""
        if self.like is not None and not any(index in self.changed for index in group.nodes):
            known = self.like.found
            self.found.update([(one.full, known[one.full]) for one in (*group.inside(), group) if one.full in known])
            return
        flow = self.flows.get(group.full) or self.tensors.flow(group)
        self.flows[group.full] = flow
        called = {one.path for one in flow.operations}
        sequence = self._is_sequence(group, flow)
        members = []
        loose: list[Member] = []
        for name, child in group.children.items():
            made = self._made(child, (name,), called, loose, sequence=sequence)
            if made is not None:
                members.append(Member(name, made))
        members += loose
        numbers = {tensor: number for number, tensor in enumerate(flow.takes)}
        steps = () if sequence else tuple([self._step(one, numbers) for one in flow.operations])
        steps = tuple(_without_identities(steps, numbers))
        if all(one.train_only for one in steps):
            steps = tuple([one._replace(train_only=False) for one in steps])
        keyed = not all(is_attribute(one.name) for one in members if not one.bare)
        form = "sequence" if sequence else "dict" if keyed else "module"
        gives = () if sequence else tuple([numbers[one] for one in flow.gives])
        ties = self.ties.get(group.full, ())
        self.found[group.full] = Body(form, tuple(members), steps, len(flow.takes), gives, ties)

    def _is_sequence(self, group: Group, flow: Flow) -> bool:
        """Whether its members follow one another, and are called by their positions or cannot be attributes."""
        names = [*group.children]
        placed = names == [str(number) for number in range(len(names))] or not any(map(is_attribute, names))
        counted = len(names) >= LEAST_COUNTED and numbered(names) and all(
            isinstance(child, Group) for child in group.children.values()
        )  # fmt: skip
        if not (placed or counted) or len(flow.operations) != len(names) or len(flow.takes) != 1:
            return False
        layers = [child for child in group.children.values() if isinstance(child, int)]
        if any(self.said[index].bare or index in self.again for index in layers):
            return False
        before = flow.takes
        for name, operation in zip(names, flow.operations):
            if operation.path != (name,) or operation.takes != before or len(operation.gives) != 1:
                return False
            before = operation.gives
        return flow.gives == before and group.full not in self.ties

    def _is_module(self, index: int) -> bool:
        """Whether a module stands for a layer: where it has parameters, and where it was given a name."""
        said = self.said[index]
        if said.holds or said.module is None:
            return said.holds
        return said.function is None or self.graph.nodes[index].name in self.graph.names.own

    def _made(
        self,
        child: Group | int,
        path: tuple[str, ...],
        called: set[tuple[str, ...]],
        loose: list[Member],
        *,
        sequence: bool,
    ) -> Any:
        """What makes a module; None where there is none. Tensors, which may lie deeper, are noted as `loose`."""
        if isinstance(child, int):
            if child in self.again:
                return None
            said = self.said[child]
            if said.bare:
                loose.append(Member(".".join(path), said.module))
                return None
            if sequence and said.does != own():
                return self._wrapped(child, said)
            return said.module if sequence or self._is_module(child) else None
        if path in called or not any(one[: len(path)] == path for one in called):
            if path not in called and not any(self.said[index].holds for index in child.nodes):
                return None
            self._build(child)
            return child
        before = len(loose)
        inner = [
            (name, self._made(one, (*path, name), called, loose, sequence=False))
            for name, one in child.children.items()
        ]
        held = tuple([(name, made) for name, made in inner if made is not None])
        return call("nn.ModuleDict", {"modules": Mapped(held)}) if held or len(loose) > before else None

    def _wrapped(self, index: int, said: Said) -> Call:
        """A class of the file's own, for a member of a sequence that is no module of torch."""
        around = ""
        if said.module is not None and str(said.module.function).startswith(PARAMETRISATIONS):
            around, said = said.module.function, said._replace(module=said.module.arguments[0].value)
        base = "nn.Module" if said.module is None else said.module.function
        does = said.function if said.module is None else said.does
        text = flat(replaced(does, {0: Text("x")}, "super().forward"))
        layer = self.graph.nodes[index].layer
        assert layer is not None
        name = self.wrapped.get((base, text))
        if name is None:
            stem = camel(layer.kind) + ("" if said.module is None else "On" + base.rpartition(".")[2])
            number = sum(1 for one in self.wrapped.values() if one.rstrip("0123456789") == stem) + 1
            name = self.wrapped[base, text] = stem if number == 1 else f"{stem}{number}"
        made = Call(name, () if said.module is None else said.module.arguments)
        return call(around, {"module": made}) if around else made

    def _step(self, operation: Operation, numbers: dict[Tensor, int]) -> Step:
        """A call, its tensors by number; those that it gives get theirs."""
        takes = tuple([numbers[one] for one in operation.takes])
        for one in operation.gives:
            numbers[one] = len(numbers)
        gives = tuple([numbers[one] for one in operation.gives])
        if isinstance(operation.item, Group):
            does: Any = called(len(takes))
            only = self.graph.nodes[self.tensors.needed(operation.item.nodes)[0]].train_only
            return Step(operation.path, does, takes, gives, "", only, weighted=True)
        node, said = self.graph.nodes[operation.item], self.said[operation.item]
        assert node.layer is not None
        module = self._is_module(operation.item)
        does = said.does if module else said.function
        name = self.again.get(operation.item, operation.path[-1])
        path = (*operation.path[:-1], name) if module else ()
        heavy = said.holds and is_heavy(node)
        return Step(path, does, takes, gives, node.layer.kind, node.train_only, heavy, said.bare)
