"""A net as a configuration of Darknet (AlexeyAB's); what does not take the layer above it is led there by a route."""

from __future__ import annotations

from collections import Counter

from cnncalc.graph import Net, Node
from cnncalc.interchange.darknet.lacking import LACKED
from cnncalc.interchange.darknet.saying import ACTIVATIONS, SECTIONS, Lines, activation_of, check_norm
from cnncalc.interchange.written import Unsaid, Unsayable, Written, without_normalised_weights
from cnncalc.layers import Shape

__all__ = ["written"]

SECOND = ("connected", "convolutional", "local")
"""Sections that have an activation, and all but the last a batch norm."""


def written(graph: Net, batch: int) -> Written:
    """The text of a cfg. Raises CnncalcError with every layer that Darknet cannot say."""
    return _Writer(graph, batch).net()


class _Writer:
    """One net on its way; `places` is the number of the section that makes each tensor, −1 for the input."""

    def __init__(self, graph: Net, batch: int) -> None:
        self.graph, self.batch = graph, batch
        self.sections: list[str] = []
        self.places: dict[int, int] = {}
        self.uses = Counter(tensor for node in graph.nodes for tensor in node.inputs)
        self.uses.update(graph.outputs.values())
        self.users: dict[int, list[int]] = {}
        """The layers that take each tensor."""
        for index, node in enumerate(graph.nodes):
            for tensor in node.inputs:
                self.users.setdefault(tensor, []).append(index)
        self.unsayable = Unsayable("Darknet")
        self.done: set[int] = set()
        """Layers that a section before theirs has said already."""

    def net(self) -> Written:
        """The whole text."""
        inputs = [node for node in self.graph.nodes if node.layer is None]
        for node in inputs[1:]:
            self.unsayable.add(node, "a net of Darknet has one input", "`concat` them outside of the net")
        first = self.add("activation", ["activation=linear"]) if self.asked_by_number(inputs[0].index) else -1
        self.places.update(dict.fromkeys([node.index for node in inputs], first))
        for index, node in enumerate(self.graph.nodes):
            if node.layer is not None and index not in self.done:
                try:
                    self.layer(index, node)
                except Unsaid as error:
                    self.unsayable.add(node, error.why, error.help)
                    self.places[index] = len(self.sections) - 1
        last = [self.places[tensor] for tensor in self.graph.outputs.values()]
        if len(last) > 1:
            node = self.graph.nodes[next(iter(self.graph.outputs.values()))]
            why = f"a net of Darknet gives what its last layer gives, and this one has {len(last)} outputs"
            self.unsayable.add(node, why, "`outputs:` names one")
        elif last != [len(self.sections) - 1]:
            self.add("route", [f"layers={last[0]}"])
        self.unsayable.raise_any()
        return Written("\n".join([self.head(inputs[0].shape), *self.sections]))

    def asked_by_number(self, index: int) -> bool:
        """Whether an input is more than what the first section takes, so that a section has to hand it on."""
        users = [self.graph.nodes[user] for user in self.users.get(index, [])]
        return len(users) > 1 or any(len(one.inputs) > 1 or one.layer.kind == "slice" for one in users if one.layer)

    def head(self, shape: Shape) -> str:
        """The `[net]` section."""
        name = "".join(letter if letter.isprintable() else " " for letter in self.graph.name)
        lines = [f"# {name}", "[net]", f"batch={self.batch}"]
        if len(shape) == 3:
            return "\n".join([*lines, f"height={shape[1]}", f"width={shape[2]}", f"channels={shape[0]}", ""])
        return "\n".join([*lines, f"inputs={shape[0]}" if len(shape) == 1 else "", ""])

    def add(self, section: str, lines: Lines) -> int:
        """One more section; its number."""
        self.sections.append("\n".join([f"[{section}]", *lines, ""]))
        return len(self.sections) - 1

    def layer(self, index: int, node: Node) -> None:
        """One of our layers as a section, with what may stand in it behind a convolution."""
        layer = node.layer
        assert layer is not None
        if layer.kind in ("identity", "droppath", "flatten"):
            self.flat(index, node)
            return
        rule = SECTIONS.get(layer.kind)
        if rule is None:
            raise Unsaid(*LACKED.get(layer.kind, ("it has no such layer", "")))
        without_normalised_weights(layer, "Darknet")
        if len(node.shape) not in (1, 3) or any(len(x) not in (1, 3) for x in self.graph.input_shapes(node)):
            raise Unsaid("maps of Darknet have two spatial axes", "describe the net on images")
        if node.share is not None:
            raise Unsaid("sections that share their weights are not written", "give each parameters of its own")
        section, lines, takes = rule(layer, self.graph.input_shapes(node), node.shape)
        places = [self.places[tensor] for tensor in node.inputs]
        if takes == "layers":
            lines = [f"layers={','.join(map(str, places))}", *lines]
        else:
            main = takes if isinstance(takes, int) else 0
            self.current(places[main])
            if len(places) > 1:
                lines = [
                    f"from={','.join(str(place) for number, place in enumerate(places) if number != main)}",
                    *lines,
                ]
        if -1 in places and (takes == "layers" or len(places) > 1):
            raise Unsaid(
                "the input has no number by which a layer of Darknet could take it",
                "put an activation or a convolution behind it",
            )
        self.finish(index, section, lines)

    def finish(self, index: int, section: str, lines: Lines) -> None:
        """Write a section, with the batch norm and the activation that follow it alone."""
        said = [index]
        if section in SECOND:
            norm = self.follower(index, ("batchnorm",)) if section != "local" else None
            if getattr(self.graph.nodes[index].layer, "bias", True):
                pass  # a batch norm behind a bias is a section of its own
            elif norm is None:
                raise Unsaid("a section without a batch norm has a bias", "write `bias`, or a batch norm behind it")
            else:
                check_norm(self.graph.nodes[norm].layer)
                lines, said = ["batch_normalize=1", *lines], [*said, norm]
        if section in (*SECOND, "shortcut"):
            active = self.follower(said[-1], ACTIVATIONS)
            name = None if active is None else activation_of(self.graph.nodes[active].layer)
            lines = [*lines, f"activation={name or 'linear'}"]
            said += [active] if active is not None and name else []
        place = self.add(section, lines)
        self.places.update(dict.fromkeys(said, place))
        self.done.update(said)

    def follower(self, index: int, kinds: tuple[str, ...]) -> int | None:
        """The only layer that takes a tensor, if it is one of these kinds."""
        users = self.users.get(index, [])
        if self.uses[index] != 1 or len(users) != 1:
            return None
        layer = self.graph.nodes[users[0]].layer
        return users[0] if layer is not None and layer.kind in kinds else None

    def current(self, place: int) -> None:
        """Make a section's output the one that the next section takes."""
        if place == len(self.sections) - 1:
            return
        if place < 0:
            raise Unsaid(
                "the input has no number by which a layer of Darknet could take it",
                "put an activation or a convolution behind it",
            )
        self.add("route", [f"layers={place}"])

    def flat(self, index: int, node: Node) -> None:
        """No section: a flatten stands before what takes vectors only, or ends the net."""
        layer = node.layer
        assert layer is not None
        users = [self.graph.nodes[user].layer for user in self.users.get(index, [])]
        taking = ("linear", "softmax", "dropout", "flatten", "identity", "droppath")
        if layer.kind == "flatten" and any(user is None or user.kind not in taking for user in users):
            raise Unsaid(
                "a map becomes a vector only before `connected` and `softmax` in Darknet", "leave the `flatten` out"
            )
        self.places[index] = self.places[node.inputs[0]]
