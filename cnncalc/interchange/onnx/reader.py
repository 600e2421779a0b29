"""An ONNX file to a sketch, without the onnx package: weights are stepped over, shapes are computed with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.building import MOST_FAULTS, leading
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.lengths import opened, settled
from cnncalc.interchange.onnx.call import Call, Live, NotKnown, Parts, Sought, Value
from cnncalc.interchange.onnx.control import CONTROL
from cnncalc.interchange.onnx.cutting import of_table
from cnncalc.interchange.onnx.entering import batch_of, entering, leaving
from cnncalc.interchange.onnx.fold import folded
from cnncalc.interchange.onnx.model import model_of
from cnncalc.interchange.onnx.names import before_folds, before_tables, named_by_modules, uncounted
from cnncalc.interchange.onnx.opaque import contradicted, opaque, stated, weightless
from cnncalc.interchange.onnx.parts import Graph, Model, Node, Tensor, in_common, plain_numbers, reached, takes
from cnncalc.interchange.onnx.patterns import together, told
from cnncalc.interchange.onnx.rules.searches import Searches, is_search
from cnncalc.interchange.onnx.rules.table import DOMAINS, is_known, rule_of
from cnncalc.interchange.protobuf.wire import Message
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.interchange.unknown import Unknown

__all__ = ["Reader", "read", "read_model"]

PLAIN = "plain numbers that are added or multiplied, as a hardswish's 3, count as `exporter_constants`: none learned"
DEEPEST = 16
MOST_TURNED = 20_000  # nodes of functions, branches and bodies, over all uses and turns
OF_LISTS = ("SequenceEmpty", "SplitToSequence")  # what makes a list, also of what the file holds
NAMELESS = ("", "main_graph", "main", "torch_jit", "torch-jit-export", "graph", "tf2onnx")


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """A model. Raises CnncalcError with everything that is wrong."""
    try:
        model = model_of(Message(file.data))
    except CnncalcError as error:
        faults = [
            fault._replace(message=f"`{file.name}` seems to be an ONNX file: {fault.message}") for fault in error.faults
        ]
        raise CnncalcError(faults) from None
    return read_model(model, file, asked)


def read_model(model: Model, file: ForeignFile, asked: Asked) -> Sketch:
    """A model whose parts are known, of an ONNX file or told in its terms. Raises CnncalcError.

    What was taken for images may be one: rows of a table, steps, the operands of a sum. And where weights follow what a
    search finds, that is as much as there can be.
    """
    faults: list[CnncalcError] = []
    for whole in (False, True) if batch_of(model.graph.inputs)[0] != 1 else (False,):
        for most in (False, True):
            weighed: list[str] = []
            made = partial(_read, model, file, asked, partial(Searches, model.graph, weighed, most=most), whole)
            try:
                return settled(made, asked)
            except CnncalcError as error:
                faults.append(error)
            if not weighed:
                break
    raise faults[0]


def _read(
    model: Model, file: ForeignFile, asked: Asked, searches: Callable[[], Searches], whole: bool, usual: int | None
) -> Sketch:
    """A model read in one way."""
    return Reader(model, file, asked, usual, searches(), whole=whole).read()


class Reader:
    """One model on its way."""

    def __init__(
        self, model: Model, file: ForeignFile, asked: Asked, usual: int | None, searches: Searches, *, whole: bool
    ) -> None:
        self.whole = whole
        """Whether all axes of its inputs are those of one image, and none is the batch."""
        self.model, self.file, self.asked, self.usual, self.searches = model, file, asked, usual, searches
        source = f"ONNX, opset {model.opset}" + (f", by {model.producer}" if model.producer else "")
        source = source if model.tool == "ONNX" else model.tool
        self.sketch = Sketch(model.graph.name if model.graph.name not in NAMELESS else "", "onnx", source)
        self.unknown = Unknown(model.tool)
        self.faults: list[Fault] = []
        self.batch = 1
        self.owners: dict[Any, int] = {}
        self.common: set[str] = set()
        """Vectors that are added in several places."""
        self.plain: set[str] = set()
        """Plain numbers that are added or multiplied, by name: what exporters make activations and scales of."""
        self.holders: dict[str, Graph] = dict.fromkeys(model.graph.tensors, model.graph)
        """The graph that first held a tensor of a name."""
        self.uses: Mapping[str, int] = {}
        """How often the nodes take a tensor, by name."""
        self.steps = self.turned = 0

    def read(self) -> Sketch:
        """The whole net. Raises CnncalcError with everything that is wrong."""
        graph = self.model.graph
        values: MutableMapping[str, Value | None] = dict(graph.tensors)
        needed = reached(graph)
        self.inputs(graph, values, needed)
        self.run([node for node in graph.nodes if node.number in needed], values, graph.outputs, 0)
        self.faults += self.unknown.faults()
        if self.faults:
            raise CnncalcError(self.faults)
        outputs = [self.output(name, values) for name in graph.outputs]
        lives = dict.fromkeys(live for one in self.searches.outputs.values() for live in one.lives)
        outputs += [leaving(self.sketch, "", one, self.batch) for one in lives if one.tensor not in outputs]
        if self.faults:
            raise CnncalcError(self.faults)
        self.sketch.notes += contradicted(graph, values, self.sketch, self.batch)
        named_by_modules(self.sketch)
        made = leading(self.sketch, [one for one in outputs if one is not None])
        made.notes.append("parameters and buffers are counted as this file has them: exporters fold batch norms")
        made.notes += [*self.searches.said(), *before_folds(graph, needed)]
        made.notes += [*before_tables(graph, needed), *uncounted(graph, needed)]
        if self.plain and not self.model.producer.startswith("cnncalc"):  # our own files hold such numbers, too
            made.beside = len(self.plain)
            made.notes.append(f"{made.beside} {PLAIN}")
        return made

    # -- inputs and outputs --

    def inputs(self, graph: Graph, values: MutableMapping[str, Value | None], needed: set[int]) -> None:
        """The inputs of the net; faults where lengths of them are open."""
        used = {name for node in graph.nodes if node.number in needed for name in takes(node)}
        inputs = {name: declared for name, declared in graph.inputs.items() if name in used or name in graph.outputs}
        self.batch, found, faults = entering(inputs, self.asked.inputs, self.usual, whole=self.whole)
        if faults:  # which are told beside what is not known
            self.faults += faults
            values.update(dict.fromkeys(found))
            return
        for name, one in found.items():
            if one.shape is None:
                values[name] = Tensor((), None if one.number is None else (one.number,))
                self.sketch.idle.append(name)
                continue
            if one.opened and self.usual:
                opened(self.sketch, name, self.usual)
            own = "input" if name.isdecimal() else name
            values[name] = Live(self.sketch.input(own, one.shape), one.axis)

    def output(self, name: str, values: Mapping[str, Value | None]) -> int | None:
        """The tensor of an output; what the file's numbers alone decide is left out."""
        value = values.get(name)
        if isinstance(value, Tensor):
            self.sketch.notes.append(f"the output `{name[:60]}` does not depend on the input, and is left out")
            return None
        if isinstance(value, Sought):
            self.searches.outputs[name] = value
            return None
        if value is None or isinstance(value, Parts):
            own = f"the output `{name[:60]}`"
            self.faults.append(Fault(f"{own} is a list of tensors" if value else f"nothing in the file makes {own}"))
            return None
        return leaving(self.sketch, name, value, self.batch)

    # -- nodes --

    def run(
        self, nodes: Sequence[Node], values: MutableMapping[str, Value | None], outputs: Sequence[str], depth: int
    ) -> None:
        """Go through nodes; `values` gets what they make, None for what is not known."""
        fixed = {name: value for name, value in values.items() if isinstance(value, Tensor)}
        self.uses = self.uses or Counter(name for node in nodes for name in takes(node))
        self.prefold(nodes, fixed, depth)
        whole, found = together(nodes, fixed, outputs)
        self.common |= in_common(whole, fixed)
        self.sketch.notes += told(found)
        values.update((name, tensor) for name, tensor in fixed.items() if name not in values)
        for node in whole:
            self.steps += 1
            if self.steps > self.file.limits.layers:
                message = f"the net has more than {self.file.limits.layers:,} nodes, the bound `layers`"
                raise CnncalcError(Fault(message, help=self.file.limits.way_out("layers")))
            if len(self.faults) >= MOST_FAULTS:
                return
            if all(name in fixed for name in node.outputs):
                continue
            made = self.node(node, values, depth)
            values.update(zip(node.outputs, [*made, *[None] * len(node.outputs)]))
        known = {name: value for name, value in values.items() if isinstance(value, Tensor)}
        self.plain |= plain_numbers(nodes, {node.number for node in whole}, known)

    def prefold(self, nodes: Sequence[Node], fixed: dict[str, Tensor], depth: int) -> None:
        """Compute what follows from the file's tensors alone."""
        for node in nodes:
            if node.domain not in ("", "ai.onnx") or any(name and name not in fixed for name in node.inputs):
                continue
            made = self.folded(node, [fixed.get(name) for name in node.inputs], depth)
            fixed.update(zip(node.outputs, made or ()))

    def folded(self, node: Node, values: Sequence[Tensor | None], depth: int) -> list[Tensor] | None:
        """What a node makes of tensors of the file alone; of a table that it alone reads, all is learned."""
        made = folded(node, values, self.model.opset)
        alone = node.kind in ("Gather", "Slice") and not depth and self.uses[node.inputs[0]] == 1
        return [of_table(values[0], made[0])] if made and alone and values[0] is not None else made

    def node(self, node: Node, values: MutableMapping[str, Value | None], depth: int) -> list[Value | None]:
        """What a node makes."""
        taken = [values.get(name) if name else None for name in node.inputs]
        unknown = [name for name, value in zip(node.inputs, taken) if name and value is None]
        missing = [name for name in unknown if name not in values]
        if missing:
            message = f"{node.called()}, takes the tensor `{missing[0][:60]}`, which nothing before it makes"
            self.faults.append(Fault(message, help="the file is damaged, or its nodes stand in the wrong order"))
        if unknown:  # it follows from something that is not known
            if not (self.asked.opaque or is_known(node, self.model)):
                self.unknown.add(node.operator(), node.where(), None)
            return [None] * len(node.outputs)
        call = Call(self.sketch, node, taken, self.model.opset, self.batch, self.owners, self.common)
        every = map(values.get, takes(node))
        if (node.domain, node.kind) not in self.model.functions and any(isinstance(one, Sought) for one in every):
            return self.searches.behind(call, values, self.unknown)
        try:
            return self.made(call, values, depth)
        except NotKnown as why:
            return self.left(call, values, why)
        except CnncalcError as error:
            self.faults.extend(fault._replace(layer=fault.layer or node.where()) for fault in error.faults)
        return [None] * len(node.outputs)

    def made(self, call: Call, values: MutableMapping[str, Value | None], depth: int) -> list[Any]:
        """What a node makes: folded, inside a branch or a function, or by the table. Raises `NotKnown`."""
        node = call.node
        function = self.model.functions.get((node.domain, node.kind))
        if function is not None:
            inner = dict(zip(function.inputs, [*call.values, *[None] * len(function.inputs)]))
            return self.inside(function.bound(node.attributes), inner, function.outputs, depth)
        if node.domain not in DOMAINS:
            raise NotKnown("")
        if node.kind in CONTROL:
            return CONTROL[node.kind](call, lambda graph, given: self.within(graph, given, call, values, depth))
        if node.kind not in OF_LISTS and not any(isinstance(value, (Live, Parts)) for value in call.values):
            if call.of_each_sample():
                return [self.brought(call).live()]
            made = self.folded(node, [one if isinstance(one, Tensor) else None for one in call.values], depth)
            if made is not None:
                return list(made)
            call = self.brought(call)
        rule = rule_of(node.domain, node.kind)
        if rule is None:
            raise NotKnown("")
        try:
            return list(rule(call))
        except NotKnown:
            within = call.within()
            if within is None:
                raise
            with suppress(NotKnown):  # of one image, what works along the batch works along an axis of the image
                return list(rule(within))
            raise

    def brought(self, call: Call) -> Call:
        """A node of what the file holds for each image, such as queries: a layer brings it. Raises `NotKnown`."""
        own = call.values[0] if call.values else None
        live = call.brought(own) if isinstance(own, Tensor) else None
        if live is None:
            raise NotKnown("of fixed tensors")
        return call.on(live)

    def within(
        self,
        graph: Graph,
        given: Mapping[str, Value | None],
        call: Call,
        values: MutableMapping[str, Value | None],
        depth: int,
    ) -> list[Value | None]:
        """What a graph inside a node makes of these inputs and of what stands around it."""
        around = {name: values[name] for name in takes(call.node) if name in values}
        held = dict(graph.tensors)
        for node in graph.nodes:
            if node.kind == "Constant":
                held.update(zip(node.outputs, folded(node, [], self.model.opset) or ()))
        for name, tensor in held.items():  # graphs beside each other may call different tensors alike
            whose = self.holders.setdefault(tensor.name, graph) is graph
            around[name] = tensor if whose else tensor._replace(name=f"{call.node.outputs[0]}.{tensor.name}")
        around.update(given)
        whole = [node for node in graph.nodes if node.kind != "Constant" and node.outputs]
        return self.inside(whole, around, graph.outputs, depth)

    def inside(
        self, nodes: Sequence[Node], values: MutableMapping[str, Any], outputs: Sequence[str], depth: int
    ) -> list[Any]:
        """What the nodes of a function or a branch make."""
        if depth >= DEEPEST:
            raise CnncalcError(Fault(f"functions and branches stand in each other deeper than {DEEPEST}"))
        self.turned += len(nodes)
        if self.turned > MOST_TURNED:
            raise NotKnown(f"what is inside comes to more than {MOST_TURNED:,} nodes")
        self.run(nodes, values, outputs, depth + 1)
        return [values.get(name) for name in outputs]

    def left(self, call: Call, values: Mapping[str, Value | None], why: NotKnown) -> list[Value | None]:
        """What a node that is not known makes: told, or layers of the shapes that the file states."""
        node, shapes = call.node, stated(call.node, self.model.graph.declared)
        lives = list(dict.fromkeys(value for value in map(values.get, takes(node)) if isinstance(value, Live)))
        known = node.kind in self.model.stated or (node.kind in CONTROL and weightless(node, values))
        in_rows = node.kind == "NonMaxSuppression"  # its first axis is what is found, in all images: no batch
        alone = bool(shapes and lives) and (known or (is_search(node) and not in_rows))
        if not alone and (ended := self.searches.ended(call, values, str(why))):
            return ended
        if not alone and not self.asked.opaque:
            self.unknown.add(node.operator() + (f" ({why})" if str(why) else ""), node.where(), None)
        elif shapes and lives:
            return opaque(call, shapes, lives)
        else:
            help = "`onnx.shape_inference.infer_shapes` writes shapes into the file"
            self.faults.append(Fault(f"the file declares no shape for what {node.called()}, makes", help=help))
        return [None] * len(node.outputs)
