"""Nets made of other nets: what a file changes of the net that it extends, and nets that are a part of another."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from cnncalc.errors import CnncalcError, suggestion
from cnncalc.graph import UNKNOWN, Level, Net
from cnncalc.language.building.builder import Builder
from cnncalc.language.building.evaluation import Scope, Tensor
from cnncalc.language.building.items import BRANCH, NET, Item, is_merge
from cnncalc.language.building.lookup import DROPPED, Body
from cnncalc.language.documents.document import PARTS, Document
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, YamlNode
from cnncalc.layers.kinds.linear import Linear
from cnncalc.layers.kinds.reshape import Flatten

__all__ = ["Assembler"]

OPENING = 500
"""Another net takes as much work as so many layers, since its file is read."""
LOOPS = ("repeat", "for", "when")


class _Reached(Exception):
    """The layer at which a part of another net ends stands."""


class Assembler(Builder):
    """Builds a net, and the other nets that it is made of."""

    def __init__(self, document: Document, options: Options, faults: Faults) -> None:
        super().__init__(document, options, faults)
        self.changes = self.unfolder.layer_by_layer = any(document.parts.values())
        self.met: set[tuple[str, str]] = set()
        """The changes that have met their layer, by key and full name."""
        listed = document.keys.get("layers", (None, None))[1]
        self.outermost = listed.items if isinstance(listed, Sequence) else []
        self.goal = ""
        """Of a part of another net: the full name of the layer or group at which it ends."""

    def build(self) -> Net:
        net = self.of_its_own()
        if self.options.input is not None and not self.options.symbols and _flattens(net):
            self.tell_grown(net)
        return net

    def begun(self, last: str) -> Net:
        """The net up to the layer or group of that full name; raises `CnncalcError`."""
        items, start, level = self.begin()
        self.goal, self.unfolder.layer_by_layer = last, True
        with suppress(_Reached):
            self.items(items, start, dict(self.variables), level)
        self.faults.raise_any()
        return self.net

    def of_its_own(self) -> Net:
        """The net, held against no other; raises `CnncalcError` with every fault found."""
        return super().build()

    def items(self, nodes: list[YamlNode], current: Tensor, scope: Scope, level: Level) -> Tensor:
        made = super().items(nodes, current, scope, level)
        if self.changes and level.parent is None and nodes is self.outermost:
            self.check_met()
        return made

    def item(self, node: YamlNode, current: Tensor, scope: Scope, level: Level) -> Tensor:
        if self.changes and isinstance(node, Scalar) and (kind := self.blocks.head(node, scope, current)):
            self.nesting.count(node)
            made = self.changed(kind, None, node, (current,), scope, level)
        else:
            made = super().item(node, current, scope, level)
        if self.goal:
            self.reached()
        return made

    def once(self, item: Item, turn: int | None, current: Tensor, scope: Scope, level: Level) -> Tensor:
        made = super().once(item, turn, current, scope, level)
        if self.goal:
            self.reached()
        return made

    def reached(self) -> None:
        """End where the last layer that is wanted stands, in the middle of a loop too."""
        if self.net.names.tensors.get(self.goal, UNKNOWN) != UNKNOWN:
            raise _Reached

    def made(
        self, item: Item, own: str | None, tensors: tuple[Tensor, ...], current: Tensor, scope: Scope, level: Level
    ) -> Tensor:
        if self.changes and item.kind is not None:
            kind = "group" if item.kind in ("layers", BRANCH) else item.kind
            if own is not None or kind != "group" or item.naming is not None:
                return self.changed(kind, own, item, tensors, scope, level, current)
        return self.as_written(item, own, tensors, current, scope, level)

    def as_written(
        self, item: Item, own: str | None, tensors: tuple[Tensor, ...], current: Tensor, scope: Scope, level: Level
    ) -> Tensor:
        """What an item makes, whatever the file changes around it."""
        if item.kind == NET and self.blocks.find(NET) is None:
            return self.other_net(item, own, tensors, scope, level)
        return super().made(item, own, tensors, current, scope, level)

    def tell_grown(self, net: Net) -> None:
        """Tell of linear layers that have other weights than on the file's own input: no trained ones would fit."""
        try:
            own = Assembler(self.document, self.options._replace(input=None), Faults()).of_its_own()
        except CnncalcError:  # it may have no input of its own
            return
        for _, node, layer in net.layers():
            index = own.names.tensors.get(node.name, UNKNOWN)
            before = own.nodes[index] if index != UNKNOWN else node
            if isinstance(layer, Linear) and isinstance(before.layer, Linear):
                here, there = net.input_shapes(node)[0][0], own.input_shapes(before)[0][0]
                if here != there:
                    net.notices[node.name] = (
                        f"it takes {here:,} numbers on this input and {there:,} on the file's own: other weights"
                    )

    # -- parts of the net that is extended --

    def take(self, key: str, name: str) -> YamlNode | None:
        """What stands under `replace`, `after` or `without` for the layer of this full name; once."""
        if name not in self.document.parts[key] or (key, name) in self.met:
            return None
        self.met.add((key, name))
        return self.document.parts[key][name][1]

    def changed(
        self,
        kind: str,
        own: str | None,
        item: Item | Scalar,
        tensors: tuple[Tensor, ...],
        scope: Scope,
        level: Level,
        current: Tensor = UNKNOWN,
    ) -> Tensor:
        """What an item makes in a file that changes some: nothing, or what stands in its place, or more behind it."""
        names = self.net.names
        full = names.peek(kind, own, level)
        if self.take("without", full) is not None:
            names.next(kind, own, level)
            return tensors[0]
        other = self.take("replace", full)
        if other is not None:
            names.next(kind, own, level)
            made = self.instead(other, item, full[len(level.prefix) :], tensors, scope, level)
        elif isinstance(item, Scalar):
            made = self.notation(item, None, None, tensors, scope, level)
        else:
            made = self.as_written(item, own, tensors, current, scope, level)
        more = self.take("after", full)
        if more is not None and made != DROPPED:
            made = self.items(_items(more) or [more], made, dict(scope), level)
        return made

    def instead(
        self, node: YamlNode, old: Item | Scalar, own: str, tensors: tuple[Tensor, ...], scope: Scope, level: Level
    ) -> Tensor:
        """What stands in the place of a layer or group, under its name; another merge merges the same branches."""
        if isinstance(node, Scalar) and is_merge(node.text) and isinstance(old, Item) and old.branches is not None:
            return self.merge(old._replace(kind=node.text, key=node), own, tensors, scope, level)
        items = _items(node)
        if items is not None:
            if len(tensors) != 1:
                message = f"`{own[:60]}` takes several tensors: one layer that does so can stand in its place, no list"
                self.faults.add(message, node, help="such as `replace: {add1: concat}`")
                return self.lookup.keep(own, level)
            body: Body = lambda builder, inner, start: builder.items(items, start, dict(scope), inner)  # noqa: E731
            return self.named(own, "group", body, tensors[0], level, node, by_position=False)
        if isinstance(node, Scalar):
            return self.notation(node, None, own, tensors, scope, level)
        item = self.reader.read(node)
        if item is None:
            return self.lookup.keep(own, level)
        around = self.placer.enter(item, scope, tensors[0])
        made = self.as_written(item, own, tensors, tensors[0], scope, level)
        self.placer.around = around
        return made

    def check_met(self) -> None:
        """A fault for each change of a layer that the net does not have."""
        names: Iterable[str] = self.net.names.tensors
        for key in PARTS if self.changes else ():
            for name, (node, _) in self.document.parts[key].items():
                if (key, name) not in self.met:
                    help = suggestion(name, names, "`cnncalc show` of the net that is extended prints every name")
                    message = f"`{key}`: the net that is extended has no layer or group `{name[:60]}`"
                    self.faults.add(message, node, help=help)

    # -- nets that are a part of this one --

    def other_net(self, item: Item, own: str | None, tensors: tuple[Tensor, ...], scope: Scope, level: Level) -> Tensor:
        """`{net: resnet50, to: layer4}`: another net's layers on this one's tensor, in a group of their own."""
        if not self.lookup.one_tensor(tensors, item, "a net") or not isinstance(item.value, Scalar):
            if not isinstance(item.value, Scalar):
                self.faults.add("`net` names one file or bundled net", item.node, help="such as `{net: resnet50}`")
            return self.lookup.keep(own, level)
        self.nesting.count(item.node, OPENING)
        before = self.faults.met
        document = self.document.other(item.value, self.faults)
        if self.faults.met > before:
            return self.lookup.keep(own, level)
        settings = self.settings(item.settings, scope, tensors[0])
        plain = self.options._replace(variables=settings, freeze=(), checkpoint=(), types=(), sparsity=(), shard="")
        inside = Assembler(document, plain, self.faults)
        inside.resume_in(self)
        if inside.layers.dialect != self.layers.dialect:
            help = f"write `dialect: {inside.layers.dialect}` in this file"
            values = f"`{item.value.text[:60]}` is of {inside.layers.dialect}, this net of {self.layers.dialect}"
            self.faults.add("a net has one dialect", item.node, values=values, help=help)
            return self.lookup.keep(own, level)
        by_position = document.text("naming") == "index"
        body: Body = lambda _, inner, start: inside.up_to(item.to, start, inner)  # noqa: E731
        kind = document.parents[0].replace("-", "_") if document.parents else NET
        return self.named(own, kind, body, tensors[0], level, item.node, by_position=by_position)

    def settings(self, node: YamlNode | None, scope: Scope, tensor: Tensor) -> dict[str, str]:
        """The variables of another net, as `--set` gives them."""
        if node is None:
            return {}
        if not isinstance(node, Mapping):
            self.faults.add("`set` is a mapping of variables to values", node, help="such as `set: {width: 0.5}`")
            return {}
        values = self.evaluator.value(node, scope, tensor)
        given = values.items() if isinstance(values, dict) else ()
        return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given}

    def resume_in(self, outer: Assembler) -> None:
        """Go on with the net of another builder, for the layers of a part of it."""
        self.net = self.evaluator.net = self.lookup.net = self.placer.net = outer.net
        self.nesting = self.unfolder.nesting = outer.nesting
        self.lookup.bodies = outer.lookup.bodies
        self.placer.around = outer.placer.around

    def up_to(self, last: YamlNode | None, current: Tensor, level: Level) -> Tensor:
        """All layers of this builder's file, or those up to the one that is named, which stands in no group."""
        name = last.text if isinstance(last, Scalar) else ""
        tensors, listed = self.net.names.tensors, self.document.keys.get("layers")
        tensors[f"{level.prefix}input"] = current
        known = set(tensors)
        self.goal = f"{level.prefix}{name}" if name else ""
        self.unfolder.layer_by_layer |= "." in name
        items = self.reader.list_of(listed[1] if listed else None, "layers")
        try:
            current = self.items(items, current, dict(self.variables), level)
        except _Reached:
            return tensors[self.goal]
        self.check_met()
        if last is not None:
            within = [one[len(level.prefix) :] for one in tensors if one not in known and one.startswith(level.prefix)]
            outermost = [one for one in within if "." not in one]
            help = suggestion(name, outermost, f"a layer or group that stands in no other: {', '.join(outermost[:12])}")
            self.faults.add(f"`to`: the net has no layer or group `{name[:60]}`", last, help=help)
        return current


def _flattens(net: Net) -> bool:
    """Whether a map of more than one pixel is made a vector somewhere."""
    return any(
        isinstance(layer, Flatten) and any(length != 1 for length in net.input_shapes(node)[0][1:])
        for _, node, layer in net.layers()
    )


def _items(node: YamlNode) -> list[YamlNode] | None:
    """The items that a change puts in, where they are a list of their own, or one item that turns or may be absent."""
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Mapping) and any(key in node.entries for key in LOOPS):
        return [node]
    return None
