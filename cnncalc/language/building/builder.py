"""Text to graph: items, groups, loops, branches and blocks become nodes; sizes are inferred on the way."""

from __future__ import annotations

from cnncalc.errors import CnncalcError
from cnncalc.graph import UNKNOWN, Level, Net
from cnncalc.language.building.blocks import NAMING_HELP, Block, Blocks, BlockUse
from cnncalc.language.building.evaluation import Evaluator, Scope, Tensor
from cnncalc.language.building.finish import finish
from cnncalc.language.building.items import BRANCH, BRANCH_HELP, Item, ItemReader
from cnncalc.language.building.layer_reader import LayerReader
from cnncalc.language.building.lookup import DROPPED, Body, Lookup
from cnncalc.language.building.nesting import ARGUMENTS, USE, Nesting
from cnncalc.language.building.placing import Around, Placer
from cnncalc.language.building.templates import Unfolder
from cnncalc.language.documents.document import Document
from cnncalc.language.documents.inputs import input_shapes
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import Scalar, Sequence, YamlNode
from cnncalc.notation.lines import Parsed

__all__ = ["Builder"]


class Builder:
    """Builds one graph from one document; faults are collected, and raised together."""

    def __init__(self, document: Document, options: Options, faults: Faults) -> None:
        self.document, self.options, self.faults, self.limits = document, options, faults, options.limits
        dialect = document.dialect(options.dialect)
        self.net = Net(document.text("name") or document.file, source=document.text("source"), dialect=dialect,
                       file=document.file, train=options.train, limits=options.limits)  # fmt: skip
        self.variables = document.scope(options.variables)
        self.evaluator = Evaluator(self.net, self.limits, faults)
        defaults = document.default_fields(self.variables)
        self.blocks = Blocks(document.blocks, self.variables, self.evaluator, faults)
        self.layers = LayerReader(dialect, defaults, self.evaluator, faults, self.blocks.names)
        self.reader = ItemReader(self.blocks, faults)
        self.lookup = Lookup(self.net, self.evaluator, faults)
        self.placer = Placer(self.net, self.lookup, faults)
        self.nesting = Nesting(self.limits, faults)
        self.unfolder = Unfolder(self.placer, self.nesting, document, self.variables, options)

    def build(self) -> Net:
        """The net; raises `CnncalcError` with every fault found."""
        items, start, level = self.begin()
        build = lambda: self.items(items, start, dict(self.variables), level)  # noqa: E731
        return self.end(self.unfolder.whole(items, level, self.layers, build))

    def begin(self) -> tuple[list[YamlNode], Tensor, Level]:
        """Add the inputs; the items to be built, the tensor that enters them, and the level that they stand in."""
        self.faults.extending = self.document.extends
        for name, shape in input_shapes(self.document, self.options.input, self.variables).items():
            self.net.add_input(name, shape)
        self.lookup.guessing = not self.net.nodes
        naming = self.document.text("naming", "kind")
        if naming not in ("index", "kind"):
            self.faults.add("`naming` is `index` or `kind`", self.document.keys["naming"][1], help=NAMING_HELP)
        level = Level(by_position=naming == "index")
        return self.reader.list_of(self.document.layers(), "layers"), 0 if self.net.nodes else UNKNOWN, level

    def end(self, current: Tensor) -> Net:
        """The net whose last item gave that tensor; raises `CnncalcError` with every fault found."""
        try:
            finish(self.net, self.document, current, self.options, self.faults)
        except CnncalcError as error:
            error.built = len(self.net.nodes)
            raise
        return self.net

    def resume(self, net: Net, bodies: dict[str, Body], depth: int) -> None:
        """Go on with a net that this builder has built so far, or a fork of it, so many groups and merges deep."""
        self.net = self.evaluator.net = self.lookup.net = self.placer.net = net
        self.lookup.bodies = bodies
        self.placer.around = Around()
        self.nesting.resume(depth)
        self.unfolder.resume()
        self.faults.found.clear()

    # -- items --

    def items(self, nodes: list[YamlNode], current: Tensor, scope: Scope, level: Level) -> Tensor:
        """A sequence of items; returns what comes out of the last."""
        for node in nodes:
            if (made := self.item(node, current, scope, level)) != DROPPED:
                current = made
        return current

    def item(self, node: YamlNode, current: Tensor, scope: Scope, level: Level) -> Tensor:
        """One item of a list: a notation, a nested list, or a mapping."""
        self.nesting.count(node)
        if isinstance(node, Scalar):
            return self.notation(node, None, None, (current,), scope, level)
        if isinstance(node, Sequence):
            with self.nesting.within(node):
                return self.items(node.items, current, scope, level)
        item = self.reader.read(node)
        if item is None:
            return self.placer.unread(node, level)
        if item.kind == BRANCH:
            self.faults.add("`branch` stands only in the list of a merge", item.key, help=BRANCH_HELP)
            return UNKNOWN
        return (self.ends(item, current, scope, level) or [current])[-1]

    def ends(self, item: Item, current: Tensor, scope: Scope, level: Level) -> list[Tensor]:
        """What comes out of an item: one tensor, or of a `branch` that is repeated one for each turn."""
        if item.when is not None:
            truth = self.evaluator.flag(item.when, scope, current)
            if not truth:
                return [self.lookup.left_out(item.plain_name, level, item.when if truth is False else None)]
        if item.repeat is None and item.loop is None:
            return [self.once(item, None, current, scope, level)]
        return self.turns(item, current, scope, level)

    def turns(self, item: Item, current: Tensor, scope: Scope, level: Level) -> list[Tensor]:
        """Every turn of a `repeat` or `for`. Each starts where the one before ended; of a `branch` all start alike."""
        ends: list[Tensor] = []
        turns = self.evaluator.turns(item.repeat, item.loop, scope, current)
        if turns is None:
            return [self.lookup.keep(item.plain_name, level)]
        for turn, inner in turns:
            self.nesting.count(item.node)
            known, met = len(self.faults), self.faults.met
            made = self.once(item, turn, current, inner, level)
            if made != DROPPED:
                ends.append(made)
                current = current if item.kind == BRANCH else made
            if len(self.faults) == known and self.faults.met > met and turn > 1:
                break  # nothing more to find
        if item.plain_name is not None and item.kind != BRANCH:
            self.net.names.alias(level.prefix + item.plain_name, current)
        return ends

    def once(self, item: Item, turn: int | None, current: Tensor, scope: Scope, level: Level) -> Tensor:
        """One turn of an item, with its own name, sources, and what it says of its layers."""
        own = None
        if item.name is not None:
            own = self.evaluator.text(item.name, scope, current)
            if own is not None and turn is not None and "$" not in item.name.text:
                own = f"{own}.{turn}"
            if own is not None and not self.lookup.free(level.prefix + own, item.name, own):
                return UNKNOWN
        tensors = (current,) if item.source is None else self.lookup.sources(item.source, current, scope, level)
        outer = self.placer.enter(item, scope, current)
        made = self.made(item, own, tensors, current, scope, level)
        self.placer.around = outer
        return made

    def made(
        self, item: Item, own: str | None, tensors: tuple[Tensor, ...], current: Tensor, scope: Scope, level: Level
    ) -> Tensor:
        """What an item makes of its input tensors."""
        if item.kind == "aux":
            return self.side_branch(item, own, tensors, current, scope, level)
        if item.kind in ("layers", BRANCH):
            return self.group(item, own, tensors, scope, level)
        if item.branches is not None:
            return self.merge(item, own, tensors, scope, level)
        if item.kind is None:
            return self.again(item, own, tensors, level)
        if isinstance(item.value, Scalar):
            return self.notation(item.value, item, own, tensors, scope, level)
        return self.long_form(item, own, tensors, scope, level)

    # -- groups, blocks, merges, side branches --

    def group(self, item: Item, own: str | None, tensors: tuple[Tensor, ...], scope: Scope, level: Level) -> Tensor:
        """A group: a level of names where it has a name or a naming, else part of the level around it."""
        if not self.lookup.one_tensor(tensors, item, "a group"):
            return self.lookup.keep(own, level)
        nodes = self.reader.list_of(item.value, item.kind or "layers")
        kept, flat = dict(scope), own is None and item.naming is None
        body: Body = lambda builder, inner, start: builder.items(nodes, start, dict(kept), inner)  # noqa: E731
        return self.named(own, "group", body, tensors[0], level, item.node, by_position=item.by_position, flat=flat)

    def named(
        self, own: str | None, kind: str, body: Body, start: Tensor, level: Level, node: YamlNode, *,
        by_position: bool, like: str = "", flat: bool = False,
    ) -> Tensor:  # fmt: skip
        """Run a body in a level of its own (not if `flat`), with the parameters of the group `like` if one is named."""
        inner = level if flat else self.opened(own, kind, body, level, node, by_position, like)
        if inner is None:
            return UNKNOWN
        with self.nesting.within(node):
            made = body(self, inner, start)
        if not flat:
            self.net.close(inner, made)
        return made

    def opened(
        self, own: str | None, kind: str, body: Body, level: Level, node: YamlNode, by_position: bool, like: str
    ) -> Level | None:
        """The level that a body is to be run in; None, and a fault, where its name is taken."""
        name = self.net.names.next(kind, own, level)
        if own is None and not self.lookup.free(name, node):
            return None
        self.lookup.bodies[name] = body
        return self.net.group(name[len(level.prefix) :], level, by_position=by_position, like=like)

    def again(self, item: Item, own: str | None, tensors: tuple[Tensor, ...], level: Level) -> Tensor:
        """`{share: NAME}`: an earlier layer or group once more, with the same parameters."""
        found = self.lookup.shared(item, level)
        if not isinstance(found, tuple):
            layer = self.net.nodes[found].layer if found is not None else None
            if layer is None:
                return self.lookup.keep(own, level)
            return self.placer.place(Parsed(layer), own, tensors, item.node, level, found)
        if not self.lookup.one_tensor(tensors, item, "a group"):
            return self.lookup.keep(own, level)
        name, body = found
        return self.named(own, "group", body, tensors[0], level, item.node, by_position=item.by_position, like=name)

    def block(
        self, block: Block, use: BlockUse, own: str | None, tensors: tuple[Tensor, ...], scope: Scope, level: Level
    ) -> Tensor:
        """A block's layers, in a level of their own unless it is flat, with its arguments in scope.

        `inputs` is the number of tensors that it takes; they are called `inputs.0`, the current one, `inputs.1`, …
        """
        self.nesting.count(use.node, USE + len(block.parameters) // ARGUMENTS)
        inner_scope = self.blocks.scope(block, use, scope, tensors)
        if inner_scope is None:
            return self.lookup.keep(own, level)
        flat = block.flat and own is None

        def body(builder: Builder, inner: Level, start: Tensor) -> Tensor:
            if start != tensors[0] and len(tensors) > 1:
                message = f"the block `{block.name}` takes several tensors, and is no group to share"
                builder.faults.add(message, use.node, help="share the layers inside it, one by one")
                return UNKNOWN
            inner = inner.taking((start, *tensors[1:]))
            if not block.by_position and not flat:
                builder.net.blocks[inner.prefix[:-1]] = block.name
            outer = builder.layers
            builder.layers = outer.without_defaults() if block.library else outer
            builder.faults.uses.append(use.node)
            try:
                if flat:
                    return builder.items(block.items, start, dict(inner_scope), inner)
                build = lambda: builder.items(block.items, start, dict(inner_scope), inner)  # noqa: E731
                values, taken = [inner_scope[name] for name in block.parameters], (start, *tensors[1:])
                unfold, layers = builder.unfolder.built, builder.layers
                return unfold(block.items, values, taken, inner, layers, build, library=block.library)
            finally:
                builder.faults.uses.pop()
                builder.layers = outer

        return self.named(own, block.name, body, tensors[0], level, use.node, by_position=block.by_position, flat=flat)

    def merge(self, item: Item, own: str | None, tensors: tuple[Tensor, ...], scope: Scope, level: Level) -> Tensor:
        """A merge of branches that all start at one tensor; a merge left with one branch is that branch."""
        if not self.lookup.one_tensor(tensors, item, "a merge with branches"):
            return self.lookup.keep(own, level)
        ends: list[Tensor] = []
        with self.nesting.within(item.node):
            for branch in item.branches or ():
                read = self.reader.read(branch)
                if isinstance(branch, Sequence):
                    ends.append(self.items(branch.items, tensors[0], dict(scope), level))
                elif read is not None and read.kind == BRANCH:
                    ends += self.ends(read, tensors[0], dict(scope), level)
                else:
                    ends.append(self.item(branch, tensors[0], dict(scope), level))
        ends = [end for end in ends if end != DROPPED]
        if item.one_branch:
            text = f"`{item.kind}` has one branch, which is all that it is; the input itself is a branch `[]`"
            self.net.notices[f"line {item.node.line}"], self.lookup.reached = text, -1  # no template tells it again
        if len(ends) < 2:
            return ends[0] if ends else tensors[0]
        return self.long_form(item, own, tuple(ends), scope, level)

    def side_branch(
        self, item: Item, own: str | None, tensors: tuple[Tensor, ...], current: Tensor, scope: Scope, level: Level
    ) -> Tensor:
        """`aux`: a branch with an output of its own; the current tensor goes on unchanged."""
        train_only = item.train_only is not None and self.evaluator.flag(item.train_only, scope, current) is True
        if train_only and not self.options.train:
            self.net.names.next("aux", own, level)
            return current
        if not self.lookup.one_tensor(tensors, item, "a side branch"):
            return current
        nodes = self.reader.list_of(item.value, "aux")
        outer = self.placer.around
        self.placer.around = outer._replace(train_only=outer.train_only or train_only)
        kept = dict(scope)
        body: Body = lambda builder, inner, start: builder.items(nodes, start, dict(kept), inner)  # noqa: E731
        end = self.named(own, "aux", body, tensors[0], level, item.node, by_position=item.by_position)
        self.placer.around = outer
        if end >= 0 and item.output is not None and self.evaluator.flag(item.output, scope, current) is False:
            self.net.idle.add(end)
        elif end >= 0:
            self.net.output(end)
        return current

    # -- layers --

    def notation(
        self, node: Scalar, item: Item | None, own: str | None, tensors: tuple[Tensor, ...], scope: Scope, level: Level
    ) -> Tensor:
        """A layer or the use of a block in one line; `item` is what it is the value of, if anything."""
        key = item.key if item is not None else None
        found = self.blocks.used(node, key, scope, tensors[0])
        if found is not None:
            return self.block(*found, own, tensors, scope, level)
        if key is None and self.lookup.for_a_kind(node, level):
            return UNKNOWN
        at = node if node.text or key is None else key
        parsed = self.layers.line(node, key, scope, tensors[0], level, own)
        return self.placer.place(parsed, own, tensors, at, level, self.lookup.owner(item, level))

    def long_form(self, item: Item, own: str | None, tensors: tuple[Tensor, ...], scope: Scope, level: Level) -> Tensor:
        """A layer or block whose fields are a mapping, or a merge of tensors."""
        assert item.kind is not None
        at = item.key or item.node
        block = self.blocks.find(item.kind)
        if block is not None:
            return self.block(block, BlockUse(at, (), item.value), own, tensors, scope, level)
        parsed = self.layers.fields(item, scope, tensors[0], level, own)
        return self.placer.place(parsed, own, tensors, at, level, self.lookup.owner(item, level))
