"""A net: which layers take which tensors, in execution order, with all shapes known. Anybody can build one.

>>> net = Net(input="3x32x32")
>>> x = net.add("conv 16 k3 p1", name="stem")
>>> y = net.add("relu")
>>> net.add("add", [x, y]).shape
(16, 32, 32)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.graph.again import Again
from cnncalc.graph.fitting import broken, made_otherwise, not_as_asserted, parameters_misfit
from cnncalc.graph.met import Met, met
from cnncalc.graph.names import UNKNOWN, Level, Names, matching
from cnncalc.graph.nodes import Node, Origin, place_of
from cnncalc.graph.plan import Plan
from cnncalc.graph.signatures import Signatures
from cnncalc.layers import FieldError, Layer, Requirement, Shape
from cnncalc.limits import Limits
from cnncalc.notation.lines import Parsed, TokenError, parse
from cnncalc.notation.shapes import misshapen, read_shape
from cnncalc.notation.vocabulary import READ_ON

__all__ = ["Input", "Net"]

Input: TypeAlias = "Node | int | str"
"""A tensor that a layer takes: the node that makes it, its index, or its name."""
_TOP = Level()


class Net:
    """A whole net. `nodes` stand in execution order, the inputs first; shapes are without the batch."""

    __slots__ = (
        "again", "blocks", "chosen", "dialect", "expect", "file", "functions", "idle", "inputs", "limits", "name",
        "names", "nodes", "noted", "notices", "origins", "plan", "signed", "source", "train",
    )  # fmt: skip

    def __init__(
        self,
        name: str = "net",
        *,
        input: object = None,
        source: str = "",
        dialect: str = "torch",
        file: str = "",
        train: bool = False,
        limits: Limits = Limits(),
    ) -> None:
        """`input` is a shape without the batch, `3x32x32`, or a mapping of names to several. Raises `CnncalcError`."""
        self.name, self.source, self.dialect, self.file, self.train = name, source, dialect, file, train
        self.limits, self.plan = limits, Plan()
        self.nodes: list[Node] = []
        self.inputs: dict[str, int] = {}
        self.signed, self.names = Signatures(limits), Names()
        self.chosen: dict[str, int] = {}  # the tensors that were made outputs, by name
        self.idle: set[int] = set()  # the ends of side branches that are no outputs: nothing takes what they make
        self.blocks: dict[str, str] = {}
        """The block that each group is a use of, where it is one with names and no plain sequence."""
        self.again: Again | None = None  # of a net that stands as it was read: how it is read for other variables
        self.expect: Any = None  # the file's `expect:` as it was read
        self.functions: dict[str, str] = {}  # patterns of layers that its code calls as a `function`, or a `mean`
        self.notices: dict[str, str] = {}  # what a reader may not expect of how it was written, by where
        self.noted: tuple[str, ...] = ()  # what the reader of another tool's file says that it did
        self.origins: Mapping[str, str] = {}  # by name the operator of another tool's file that a layer comes from
        if input is not None:
            for one, shape in (input if isinstance(input, Mapping) else {"input": input}).items():
                try:
                    self.add_input(one, read_shape(shape, symbols=True))
                except FieldError as error:
                    raise CnncalcError(misshapen(error)) from None

    def fork(self) -> Net:
        """A net of its own that goes on from here; nodes are shared, so that only lists and tables are copied."""
        other = Net(self.name, source=self.source, dialect=self.dialect, file=self.file, train=self.train)
        other.limits, other.expect, other.origins, other.plan = self.limits, self.expect, self.origins, self.plan
        other.nodes, other.signed, other.names = self.nodes.copy(), self.signed.fork(), self.names.fork()
        other.inputs, other.chosen = self.inputs.copy(), self.chosen.copy()
        other.blocks, other.idle, other.functions = self.blocks.copy(), self.idle.copy(), self.functions
        other.notices, other.noted = self.notices.copy(), self.noted
        return other

    def standing(self) -> Net:
        """The net as it stands, to be read: what is added to this one, or frozen in it, is not in the other."""
        other = Net(self.name, source=self.source, dialect=self.dialect, file=self.file, train=self.train)
        other.limits, other.expect, other.signed, other.names = self.limits, self.expect, self.signed, self.names
        other.nodes, other.inputs, other.chosen = self.nodes.copy(), self.inputs.copy(), self.chosen.copy()
        other.blocks, other.idle, other.functions = self.blocks, self.idle.copy(), self.functions
        other.notices, other.noted, other.origins, other.plan = self.notices, self.noted, self.origins, self.plan
        return other

    def resized(self, inputs: Mapping[int, Shape]) -> Net | None:
        """The same layers on inputs of other shapes, by the inputs' indices; None where a layer does not take them."""
        made = self.fork()
        for index, shape in inputs.items():
            made.nodes[index] = made.nodes[index].resized(shape, -1)
        return made if made.infer() else None

    def infer(self) -> bool:
        """Infer all shapes anew from those of the inputs; False where a layer does not take what it gets."""
        nodes, self.signed = self.nodes, Signatures(self.limits)
        sign, shapes = self.signed.sign, self.signed.shapes
        for index, node in enumerate(nodes):
            if node.layer is not None:
                signature = sign(node.layer, tuple([nodes[one].shape for one in node.inputs]))
                if isinstance(signature, Requirement):
                    return False
                nodes[index] = node.resized(shapes[signature], signature)
        return True

    # -- what is in it --

    def __repr__(self) -> str:
        return f"<Net {self.name!r}: {len(self.nodes) - len(self.inputs):,} layers>"

    @property
    def signatures(self) -> Sequence[Met]:
        """Every layer with its input shapes, each once: what follows from them alone is computed once for each."""
        return self.signed.pairs

    @property
    def conditions(self) -> dict[int, list[Requirement]]:
        """Of symbolic input lengths: what each signature requires of them."""
        return self.signed.conditions

    @property
    def groups(self) -> dict[str, int]:
        """The tensor that comes out of each named group."""
        return self.names.groups

    @property
    def outputs(self) -> dict[str, int]:
        """The tensors that the net gives by name: those that were chosen, else those that no layer takes."""
        if self.chosen:
            return self.chosen
        used = self.idle.union(*[node.inputs for node in self.nodes])
        unused = [self.nodes[index] for index in range(len(self.nodes)) if index not in used]
        return {node.name: node.index for node in unused if node.layer is not None}

    def layers(self) -> Iterator[tuple[int, Node, Layer]]:
        """Every node that is a layer, with its index."""
        return ((index, node, node.layer) for index, node in enumerate(self.nodes) if node.layer is not None)

    def input_shapes(self, node: Node) -> tuple[Shape, ...]:
        """The shapes of the tensors that a node takes."""
        return tuple(self.nodes[index].shape for index in node.inputs)

    def unused(self) -> list[Node]:
        """The layers and inputs whose tensors no layer takes, and that are no outputs."""
        used = self.idle.union(self.outputs.values(), *[node.inputs for node in self.nodes])
        return [node for node in self.nodes if node.index not in used]

    # -- building it --

    def add_input(self, name: str, shape: Shape) -> Node:
        """One more input, of a shape without the batch; they come before all layers."""
        node = Node(name, None, (), shape, index=len(self.nodes))
        self.nodes.append(node)
        self.inputs[name] = self.names.tensors[name] = node.index
        return node

    def add(
        self,
        layer: Layer | str,
        inputs: Input | Sequence[Input] | None = None,
        *,
        name: str | None = None,
        level: Level = _TOP,
        share: Input | None = None,
        trainable: bool = True,
        train_only: bool = False,
        origin: Origin | None = None,
    ) -> Node:
        """One layer more, such as `conv 64 k3 s2`; it takes the last tensor, or `inputs`.

        Its name is `name` in its `level`, or else its kind and count. `share` is the layer whose parameters it uses,
        `origin` where it was written. Raises `CnncalcError` with all that is wrong with it; the net is then as before.
        """
        parsed = self._parsed(layer, origin)
        place = place_of(origin)
        if inputs is None:
            inputs = self.nodes[-1:]
        taken = [inputs] if isinstance(inputs, (Node, int, str)) else inputs
        tensors = tuple([self._found(one, place) for one in taken])
        owner = None if share is None else self._found(share, place)
        wrong = None if name is None else self.names.taken(level.prefix + name, name)
        if wrong is not None:
            raise CnncalcError(wrong._replace(place=place))
        counted = self.names.counted.copy()
        full = self.names.next(parsed.layer.kind, name, level)
        try:
            node = self.place(parsed, tensors, full, level, owner, trainable, train_only, "", origin)
        except CnncalcError:
            self.names.counted = counted
            raise
        assert node is not None  # it fits, or its faults were raised
        if name is not None:
            self.names.own.add(full)
        return node

    def output(self, tensor: Input, name: str | None = None) -> None:
        """Make a tensor an output of the net, under its own name or another; raises `CnncalcError`."""
        index = self._found(tensor, None)
        self.chosen[name or self.nodes[index].name] = index

    def group(self, name: str, level: Level = _TOP, *, by_position: bool = False, like: str = "") -> Level:
        """Open a named group; `level` is what is around it. With `like` it uses the parameters of that group.

        Raises `CnncalcError` where the name is taken.
        """
        full = level.prefix + name
        wrong = self.names.taken(full, name)
        if wrong is not None:
            raise CnncalcError(wrong)
        self.names.groups[full] = UNKNOWN
        return Level(full + ".", level, by_position=by_position, like=like + "." if like else None)

    def close(self, group: Level, tensor: int) -> None:
        """Close a group, out of which this tensor comes."""
        del self.names.groups[group.prefix[:-1]]
        self.names.tensors[group.prefix[:-1]] = self.names.groups[group.prefix[:-1]] = tensor

    def freeze(self, pattern: str) -> None:
        """Freeze the layers and groups whose names match, as `features.*`, or with a `!` before it all others.

        Their parameters are not trainable then. Raises `CnncalcError` where no layer matches.
        """
        for index in matching(pattern, {node.name: index for index, node, _ in self.layers()}):
            self.nodes[index] = self.nodes[index].frozen()

    def _found(self, one: Input, place: Place | None) -> int:
        """The index of a tensor; raises `CnncalcError` where the net has no such."""
        index = one.index if isinstance(one, Node) else one
        index = self.names.tensors.get(index, UNKNOWN) if isinstance(index, str) else index
        if 0 <= index < len(self.nodes) and (not isinstance(one, Node) or self.nodes[index].alike(one)):
            return index
        name = one.name if isinstance(one, Node) else str(one)
        raise CnncalcError(self.names.missing(name, list(self.names.tensors)[-1_000:])._replace(place=place))

    def _parsed(self, layer: Layer | str, origin: Origin | None) -> Parsed:
        """The layer of a notation; raises `CnncalcError` with every mistake in it."""
        if isinstance(layer, Layer):
            return Parsed(layer)
        try:
            return parse(layer, self.dialect)
        except TokenError as error:
            place = place_of(origin) or Place(self.name, max(len(self.nodes) - len(self.inputs), 0) + 1, 1, 1, layer)
            found = [(one, place.moved(one.offset, one.width)) for one in (error, *error.others)]
            raise CnncalcError([Fault(one.message, at, help=one.help or READ_ON) for one, at in found]) from None

    def place(
        self,
        parsed: Parsed,
        tensors: tuple[int, ...],
        name: str,
        level: Level,
        share: int | None,
        trainable: bool,
        train_only: bool,
        dtype: str,
        origin: Origin | None,
        faults: list[Fault] | None = None,
    ) -> Node | None:
        """What `add` does, under a full name and on tensors that there are, for one who may collect faults.

        They go to `faults`, and the layer is put in all the same if its shape is known; None where it is not. Without
        `faults`, and where no layer more may be added at all, they are raised as a `CnncalcError`.
        """
        nodes = self.nodes
        layer, rank, channels = parsed
        if len(nodes) >= self.limits.layers + len(self.inputs):
            message = f"the net has more than {self.limits.layers:,} layers, the bound `layers`"
            raise CnncalcError(Fault(message, place_of(origin), name, help=self.limits.way_out("layers")))
        one = len(tensors) == 1  # as most have
        shapes = (nodes[tensors[0]].shape,) if one else tuple([nodes[tensor].shape for tensor in tensors])
        signature = self.signed.sign(layer, shapes)
        found: list[Fault] = []
        if isinstance(signature, Requirement):
            found = [broken(signature, nodes, list(self.inputs.values()), layer, tensors)]
        else:
            if rank is not None or channels is not None:
                found += not_as_asserted(parsed, shapes, self.signed, signature)
            if layer.made_by:
                found += made_otherwise(nodes, layer, tensors)
            if share is not None or level.sharing is not None:
                share, misfit = self._owner(share, name, level, met(layer, shapes), signature)
                found += misfit
        if found:
            found = [fault._replace(place=place_of(origin), layer=name) for fault in found]
            if faults is None:
                raise CnncalcError(found)
            faults += found
        if isinstance(signature, Requirement):
            return None
        shape = self.signed.shapes[signature]
        node = Node(name, layer, tensors, shape, len(nodes), signature, trainable, share, train_only, origin, dtype)
        nodes.append(node)
        self.names.tensors[name] = node.index
        return node

    def _owner(
        self, share: int | None, name: str, level: Level, layer: Met, signature: int
    ) -> tuple[int | None, list[Fault]]:
        """The node whose parameters a layer uses: that of its own `share`, or of a group around it; or a fault."""
        if share is None and level.sharing is not None:
            new, old = level.sharing
            share = self.names.tensors.get(old + name[len(new) :])
        if share is None or share == UNKNOWN:
            return None, []
        root = self.nodes[share].share
        owner = self.nodes[share if root is None else root]
        theirs = None if owner.layer is None else met(owner.layer, self.input_shapes(owner))
        misfit = parameters_misfit(layer, theirs, owner.name, self.signed, signature)
        return (owner.index, []) if misfit is None else (None, [misfit])
