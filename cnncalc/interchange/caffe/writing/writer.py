"""A net as a prototxt, for BVLC's Caffe; what only a fork has, or Caffe since 2018, is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cnncalc.graph import Net, Node
from cnncalc.interchange.caffe.writing.lacking import LACKED
from cnncalc.interchange.caffe.writing.pieces import FACTORS, Piece
from cnncalc.interchange.caffe.writing.saying import RULES
from cnncalc.interchange.written import Unsaid, Unsayable, Written, without_normalised_weights

__all__ = ["said", "written"]

LATER = "is of Caffe since 2018"
FORKS = {
    "Clip": LATER,
    "Interp": "is of DeepLab's Caffe",
    "Upsample": "is of forks for SegNet and YOLO",
    "Permute": "is of SSD's Caffe (weiliu89/caffe)",
    "Swish": LATER,
}


def written(graph: Net, batch: int) -> Written:
    """The text of a prototxt. Raises CnncalcError with every layer that Caffe cannot say."""
    return said(graph, batch)[0]


def said(graph: Net, batch: int) -> tuple[Written, dict[int, list[Piece]]]:
    """The text, and the layers of Caffe that each node became; a node that became none is left out."""
    writer = _Writer(graph, batch)
    return writer.net(), writer.pieces


class _Writer:
    """One net on its way; each tensor is a blob."""

    def __init__(self, graph: Net, batch: int) -> None:
        self.graph, self.batch = graph, batch
        self.lines: list[str] = []
        self.blobs: dict[int, str] = {}
        self.uses = Counter(tensor for node in graph.nodes for tensor in node.inputs)
        self.uses.update(graph.outputs.values())
        self.users = Counter(self.uses)
        """How many layers and outputs still want a blob: one that only one wants may be written over."""
        self.owners = {node.share for node in graph.nodes if node.share is not None}
        self.unsayable = Unsayable("Caffe")
        self.special: dict[str, str] = {}
        self.pieces: dict[int, list[Piece]] = {}

    def net(self) -> Written:
        """The whole text."""
        self.lines.append(f"name: {text(self.graph.name)}")
        for index, node in enumerate(self.graph.nodes):
            if node.layer is None:
                self.input(index, node)
            else:
                try:
                    self.layer(index, node)
                except Unsaid as error:
                    self.unsayable.add(node, error.why, error.help)
                    self.blobs[index] = node.name
        self.unsayable.raise_any()
        self.kept_outputs()
        notes = [f"`{what}` {where}" for what, where in sorted(self.special.items())]
        return Written("\n".join(self.lines) + "\n", tuple(notes))

    def input(self, index: int, node: Node) -> None:
        """An Input layer."""
        self.blobs[index] = node.name
        shape = tuple(("dim", n) for n in (self.batch, *node.shape))
        self.write(node.name, Piece("Input", "input_param", (("shape", shape),)), (), (node.name,), node, index)

    def layer(self, index: int, node: Node) -> None:
        """One of our layers: no, one or more layers of Caffe, each on what the one before it makes."""
        assert node.layer is not None
        without_normalised_weights(node.layer, "Caffe")
        kind = node.layer.kind
        rule = RULES.get(kind)
        if rule is None:
            raise Unsaid(*LACKED.get(kind, ("it has no such layer", "")))
        pieces = rule(node.layer, self.graph.input_shapes(node), node.shape)
        bottoms = [self.blobs[tensor] for tensor in node.inputs]
        if not pieces:
            self.blobs[index] = bottoms[0]
            self.users[index] += self.users[node.inputs[0]] - 1
            return
        self.pieces[index] = pieces
        alone = self.users[node.inputs[0]] == 1 and self.graph.nodes[node.inputs[0]].layer is not None
        own = bottoms[0]
        for place, piece in enumerate(pieces):
            name = node.name + piece.suffix
            if piece.suffix == FACTORS:
                bottoms = self.factors(name, piece, bottoms, node, index)
                continue
            top = bottoms[0] if piece.in_place and (alone or place) else name
            tops = tuple(name + suffix for suffix in piece.tops) or (top,)
            self.write(name, piece, [*bottoms, own] if piece.beside else bottoms, tops, node, index)
            self.silence(tops, name if piece.tops else top)
            bottoms = [name if piece.tops else top]
        self.blobs[index] = bottoms[0]

    def factors(self, name: str, piece: Piece, bottoms: list[str], node: Node, index: int) -> list[str]:
        """The bottoms of a Scale: the map, and the number for each channel as a vector."""
        factor = next(place for place, x in enumerate(self.graph.input_shapes(node)) if x != node.shape)
        self.write(name, piece, bottoms[factor : factor + 1], (name,), node, index)
        return [bottoms[1 - factor], name]

    def kept_outputs(self) -> None:
        """A Split for each output that a layer takes: in Caffe what a layer takes comes out no more."""
        taken = {tensor for node in self.graph.nodes for tensor in node.inputs}
        for tensor in self.graph.outputs.values():
            if tensor in taken:
                blob = self.blobs[tensor]
                self.lines += ["layer {", f"  name: {text(blob + '_output')}", '  type: "Split"']
                self.lines += [f"  bottom: {text(blob)}", f"  top: {text(blob + '_output')}", "}"]

    def silence(self, tops: Iterable[str], wanted: str) -> None:
        """A Silence for the tops that nothing takes."""
        for top in tops:
            if top != wanted:
                self.lines += ["layer {", f"  name: {text(top + '_silence')}", '  type: "Silence"']
                self.lines += [f"  bottom: {text(top)}", "}"]

    def write(
        self, name: str, piece: Piece, bottoms: Iterable[str], tops: Iterable[str], node: Node, index: int
    ) -> None:
        """One layer."""
        if piece.type in FORKS:
            self.special[piece.type] = FORKS[piece.type]
        if ("round_mode", "FLOOR") in piece.values:
            self.special["round_mode: FLOOR"] = LATER
        self.lines += ["layer {", f"  name: {text(name)}", f"  type: {text(piece.type)}"]
        self.lines += [f"  bottom: {text(bottom)}" for bottom in bottoms]
        self.lines += [f"  top: {text(top)}" for top in tops]
        for blob in range(piece.learns):
            values = self.parameter(node, index, piece, blob)
            self.lines += [f"  param {{ {' '.join(values)} }}"] if values else []
        if piece.values:
            self.lines += [f"  {piece.part} {{", *(f"    {line}" for line in fields(piece.values)), "  }"]
        self.lines.append("}")

    def parameter(self, node: Node, index: int, piece: Piece, blob: int) -> list[str]:
        """What a layer says of one of its blobs: the name by which it is shared, and that it does not learn."""
        values = []
        if node.share is not None or index in self.owners:
            owner = self.graph.nodes[node.share] if node.share is not None else node
            values.append(f"name: {text(f'{owner.name}{piece.suffix}_{blob}')}")
        if not node.trainable:
            values.append("lr_mult: 0")
        return values


def fields(values: Iterable[tuple[str, object]]) -> Iterable[str]:
    """Lines of a message."""
    for name, value in values:
        if isinstance(value, tuple):
            yield f"{name} {{ {' '.join(fields(value))} }}"
        elif isinstance(value, bool):
            yield f"{name}: {'true' if value else 'false'}"
        else:
            yield f"{name}: {value}"


def text(value: str) -> str:
    """A text in quotes."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(letter if letter.isprintable() else " " for letter in escaped) + '"'
