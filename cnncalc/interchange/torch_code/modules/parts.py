"""The modules of a net: a group for each level of its names, and what each calls in which order."""

from __future__ import annotations

import keyword
from collections.abc import Container, Iterator, Sequence
from typing import TypeAlias

from cnncalc.graph import Net, Node
from cnncalc.records import NamedTuple

__all__ = ["RESERVED", "SPOKEN", "Flow", "Group", "Operation", "Tensor", "Tensors", "grouped", "identifier",
           "is_attribute", "place_of", "tensor_at"]  # fmt: skip

Tensor: TypeAlias = "tuple[int, int]"
"""A node, and which of the tensors that it makes: a pool that remembers places gives these as the second."""

RESERVED = frozenset(
    [
        "T_destination", "_apply", "_backward_hooks", "_backward_pre_hooks", "_buffers", "_call_impl",
        "_compiled_call_impl", "_forward_hooks", "_forward_hooks_always_called", "_forward_hooks_with_kwargs",
        "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs", "_get_abs_string_index",
        "_get_backward_hooks", "_get_backward_pre_hooks", "_get_item_by_idx", "_get_name",
        "_is_full_backward_hook", "_load_from_state_dict", "_load_state_dict_post_hooks",
        "_load_state_dict_pre_hooks", "_maybe_warn_non_full_backward_hook", "_modules", "_named_members",
        "_non_persistent_buffers_set", "_parameters", "_register_load_state_dict_pre_hook",
        "_register_state_dict_hook", "_replicate_for_data_parallel", "_save_to_state_dict", "_slow_forward",
        "_state_dict_hooks", "_state_dict_pre_hooks", "_version", "_wrapped_call_impl", "add_module",
        "append", "apply", "bfloat16", "buffers", "call_super_init", "children", "clear", "compile", "cpu",
        "cuda", "double", "dump_patches", "eval", "extend", "extra_repr", "float", "forward", "get_buffer",
        "get_extra_state", "get_parameter", "get_submodule", "half", "insert", "ipu", "items", "keys",
        "load_state_dict", "modules", "mtia", "named_buffers", "named_children", "named_modules",
        "named_parameters", "parameters", "pop", "register_backward_hook", "register_buffer",
        "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
        "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook", "register_module", "register_parameter",
        "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_", "set_extra_state",
        "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train", "training", "type",
        "update", "values", "xpu", "zero_grad",
    ]
)  # fmt: skip
"""The names that torch's modules have themselves."""

SPOKEN = frozenset(["self", "nn", "F", "torch", "Tensor", "math", "OrderedDict"])
"""The names that code of a class calls things by, besides classes and functions of its own."""


class Group:
    """A level of names: layers, by their index, and other groups, in the order of their first layers."""

    __slots__ = ("children", "first", "full", "name", "nodes")

    def __init__(self, name: str, full: str) -> None:
        self.name, self.full = name, full
        """`full` is its name in the net, `name` the last part of that as code has it."""
        self.children: dict[str, Group | int] = {}
        self.nodes: list[int] = []

    def inside(self) -> Iterator[Group]:
        """All groups in it, the innermost first."""
        for child in self.children.values():
            if isinstance(child, Group):
                yield from child.inside()
                yield child


def is_attribute(name: str) -> bool:
    """Whether code can say `self.name`; what it cannot is a key."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def place_of(path: Sequence[str], form: str) -> str:
    """A module of a class: `self.layer1`, `self["0"]`; what lies deeper is in a ModuleDict."""
    first, *rest = path
    text = f"self.{first}" if form == "module" else f"self[{first}]" if form == "sequence" else f'self["{first}"]'
    return text + "".join(f'["{name}"]' for name in rest)


def tensor_at(path: Sequence[str], form: str, kept: bool = False) -> str:
    """A tensor of a class, or of a module in it."""
    around = place_of(path[:-1], form) if len(path) > 1 else "self"
    how = "get_buffer" if kept else "get_parameter"
    return f"{around}.{path[-1]}" if is_attribute(path[-1]) else f'{around}.{how}("{path[-1]}")'


def identifier(name: str, taken: Container[str]) -> str:
    """A name for a variable."""
    word = name.replace("-", "_").replace(".", "_")
    word = word if not keyword.iskeyword(word) else f"{word}_"
    return _free(word if word.isidentifier() else f"x{word}", taken)


def _free(word: str, taken: Container[str]) -> str:
    while word in taken:
        word += "_"
    return word


def grouped(graph: Net) -> tuple[Group, dict[str, str]]:
    """The tree of a net's names, and those that had to be changed, each with what it is now."""
    root = Group("", "")
    known: dict[str, Group] = {"": root}
    changed: dict[str, str] = {}
    for index, node, _ in graph.layers():
        *levels, own = node.name.split(".")
        at, full = root, ""
        for level in levels:
            full = f"{full}.{level}" if full else level
            if full not in known:
                name = _called(level, full, at, changed)
                known[full] = Group(name, full)
                at.children[name] = known[full]
            at = known[full]
        name = _called(own, node.name, at, changed)
        at.children[name] = index
    _number(root)
    return root, changed


def _called(own: str, full: str, group: Group, changed: dict[str, str]) -> str:
    held = own in RESERVED or own.startswith("__")  # of two underscores are Python's own, or a class's alone
    name = _free(f"{own.lstrip('_') or 'x'}_" if held else own, group.children)
    if name != own:
        changed[full] = name
    return name


def _number(group: Group) -> list[int]:
    """Note the layers in every group."""
    for child in group.children.values():
        group.nodes += _number(child) if isinstance(child, Group) else [child]
    group.nodes.sort()
    return group.nodes


class Operation(NamedTuple):
    """A call: of a layer, by its index, or of a group, which stands at a path from the group that calls it."""

    path: tuple[str, ...]
    item: Group | int
    takes: tuple[Tensor, ...]
    gives: tuple[Tensor, ...]


class Flow(NamedTuple):
    """What a group calls, in order, the tensors that come into it and those that go out."""

    operations: tuple[Operation, ...]
    takes: tuple[Tensor, ...]
    gives: tuple[Tensor, ...]


class Tensors:
    """Who takes which tensor of a net; layers that no output needs are left aside."""

    def __init__(self, graph: Net) -> None:
        self.graph = graph
        self.nodes = graph.nodes
        self.remembered = {node.inputs[1] for _, node, layer in graph.layers() if layer.kind == "maxunpool"}
        self.outputs = {(index, 0) for index in graph.outputs.values()}
        self.live: set[int] = set()
        waiting = [index for index, _ in self.outputs]
        while waiting:
            index = waiting.pop()
            if index not in self.live:
                self.live.add(index)
                waiting += self.nodes[index].inputs
        self.users: dict[Tensor, list[int]] = {}
        """The layers that an output needs, by the tensor that they take."""
        self.takers: dict[Tensor, list[int]] = {}
        """All that take it."""
        for index, node, _ in graph.layers():
            for tensor in self.taken(node):
                self.takers.setdefault(tensor, []).append(index)
                if index in self.live:
                    self.users.setdefault(tensor, []).append(index)

    def taken(self, node: Node) -> tuple[Tensor, ...]:
        """The tensors that a layer takes."""
        if node.layer is not None and node.layer.kind == "maxunpool":
            return (node.inputs[0], 0), (node.inputs[1], 1)
        return tuple([(index, 0) for index in node.inputs])

    def given(self, index: int) -> tuple[Tensor, ...]:
        """The tensors that a layer gives."""
        return ((index, 0), (index, 1)) if index in self.remembered else ((index, 0),)

    def needed(self, nodes: list[int]) -> list[int]:
        """Those of some layers that an output needs; all of them where it needs none."""
        return [index for index in nodes if index in self.live] or nodes

    def boundary(self, nodes: list[int]) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """The tensors that come into some layers, in the order of need, and those that go out of them."""
        inside = set(nodes)
        live = self.needed(nodes)
        idle = not any(index in self.live for index in nodes)
        users = self.takers if idle else self.users
        takes = [one for index in live for one in self.taken(self.nodes[index]) if one[0] not in inside]
        gives = [
            one
            for index in live
            for one in self.given(index)
            if one in self.outputs
            or any(user not in inside for user in users.get(one, ()))
            or (idle and one not in users)
        ]
        return tuple(dict.fromkeys(takes)), tuple(gives)

    def flow(self, group: Group) -> Flow:
        """The calls of a group, each as soon as it can be; groups that cannot be called as one are taken apart."""
        items: list[tuple[tuple[str, ...], Group | int]] = [((name,), child) for name, child in group.children.items()]
        mixed = True
        while mixed:
            mixed = False
            for place, (path, item) in enumerate(items):
                if isinstance(item, Group) and self._mixed(item):
                    items[place : place + 1] = _apart(path, item)
                    mixed = True
                    break
        while True:
            order, stuck = self._ordered(items, {*self.needed(group.nodes)})
            if not stuck:
                return Flow(tuple(order), *self.boundary(group.nodes))
            path, item = min(
                (one for one in stuck if isinstance(one[1], Group)), key=lambda one: len(getattr(one[1], "nodes", ()))
            )
            assert isinstance(item, Group)
            place = next(number for number, one in enumerate(items) if one[1] is item)
            items[place : place + 1] = _apart(path, item)

    def _mixed(self, group: Group) -> bool:
        """Whether some of its layers are for training alone."""
        only = {self.nodes[index].train_only for index in group.nodes if index in self.live}
        return len(only) > 1

    def _ordered(
        self, items: list[tuple[tuple[str, ...], Group | int]], needed: set[int]
    ) -> tuple[list[Operation], list[tuple[tuple[str, ...], Group | int]]]:
        """The calls in order, and the items that wait for each other."""
        calls: list[Operation] = []
        for path, item in items:
            nodes = item.nodes if isinstance(item, Group) else [item]
            if needed.isdisjoint(nodes):
                continue
            if isinstance(item, Group):
                calls.append(Operation(path, item, *self.boundary(nodes)))
            else:
                calls.append(Operation(path, item, self.taken(self.nodes[item]), self.given(item)))
        made = {one for each in calls for one in each.gives}
        waiting = sorted(calls, key=lambda each: each.item.nodes[0] if isinstance(each.item, Group) else each.item)
        done: set[Tensor] = set()
        order: list[Operation] = []
        while waiting:
            ready = next((e for e in waiting if all(one in done or one not in made for one in e.takes)), None)
            if ready is None:
                return order, [(each.path, each.item) for each in waiting]
            waiting.remove(ready)
            order.append(ready)
            done.update(ready.gives)
        return order, []


def _apart(path: tuple[str, ...], group: Group) -> list[tuple[tuple[str, ...], Group | int]]:
    return [((*path, name), child) for name, child in group.children.items()]
