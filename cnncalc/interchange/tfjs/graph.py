"""A graph of TensorFlow, as graph models of TensorFlow.js hold it: nodes, and constants whose shapes it states.

The numbers of constants lie in files beside. Those that say a shape, an axis or a border are read from there; where the
files are not at hand, what follows from the shapes around is taken.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.tfjs.constants import Constant, constants_of, dims_of, files_of
from cnncalc.records import NamedTuple

__all__ = ["Graph", "Node", "graph_of", "ordered"]

MOST_NODES = 100_000


class Node(NamedTuple):
    """One operation: what it is called, what it takes, and its attributes as they stand there."""

    name: str
    kind: str
    inputs: list[str]
    attributes: dict[str, Any]

    def value(self, key: str, kind: str) -> Any:
        """An attribute of a kind: `b`, `i`, `f`, `s`; None where there is none."""
        one = self.attributes.get(key)
        return one.get(kind) if isinstance(one, dict) else None

    def flag(self, key: str) -> bool:
        """A flag."""
        return self.value(key, "b") is True

    def text(self, key: str) -> str:
        """A text, which stands there in base 64."""
        return decoded(self.value(key, "s"))

    def texts(self, key: str) -> list[str]:
        """A list of texts."""
        listed = self.value(key, "list")
        return [decoded(one) for one in _list(listed.get("s"))] if isinstance(listed, dict) else []

    def numbers(self, key: str) -> list[int]:
        """A list of whole numbers, which stand there as texts."""
        listed = self.value(key, "list")
        found = _list(listed.get("i")) if isinstance(listed, dict) else []
        return [int(one) for one in found if str(one).removeprefix("-").isdecimal() and len(str(one)) < 12]


class Graph(NamedTuple):
    """A whole graph."""

    nodes: dict[str, Node]
    constants: dict[str, Constant]
    shapes: dict[str, list[int]]
    """The shapes that the signature states for outputs, by the node's name."""
    files: tuple[str, ...] = ()
    """The files of the weights, as the manifest names them."""


def decoded(value: Any) -> str:
    """A text in base 64, or as it is."""
    text = value if isinstance(value, str) else ""
    try:
        return base64.b64decode(text, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return text


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def graph_of(root: dict[str, Any], file: ForeignFile) -> Graph:
    """The graph of a `model.json`. Raises CnncalcError."""
    listed = _list(root["modelTopology"].get("node"))
    if len(listed) > MOST_NODES:
        raise CnncalcError(Fault(f"the graph has more than {MOST_NODES:,} nodes"))
    nodes: dict[str, Node] = {}
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str) or not isinstance(one.get("op"), str):
            raise CnncalcError(Fault("a node of the graph has a name and an operator", values=str(one)[:80]))
        inputs = [str(taken).removesuffix(":0") for taken in _list(one.get("input")) if not str(taken).startswith("^")]
        attributes = one.get("attr")
        nodes[one["name"]] = Node(one["name"], one["op"], inputs, attributes if isinstance(attributes, dict) else {})
    return Graph(nodes, constants_of(root, nodes, file), _stated(root), files_of(root))


def _stated(root: dict[str, Any]) -> dict[str, list[int]]:
    signature = root.get("signature") or root.get("userDefinedMetadata", {})
    if isinstance(signature, dict) and isinstance(signature.get("signature"), dict):
        signature = signature["signature"]
    outputs = signature.get("outputs") if isinstance(signature, dict) else None
    found: dict[str, list[int]] = {}
    for key, one in outputs.items() if isinstance(outputs, dict) else ():
        shape = dims_of(one.get("tensorShape") if isinstance(one, dict) else None)
        if shape is not None:
            found[str(one.get("name", key)).removesuffix(":0")] = shape
    return found


def ordered(graph: Graph) -> list[Node]:
    """The nodes, each after those that it takes. Raises CnncalcError for a circle, and for what is not there."""
    state: dict[str, bool] = {}
    order: list[Node] = []
    for name in graph.nodes:
        waiting = [name]
        while waiting:
            one = waiting[-1]
            if state.get(one):
                waiting.pop()
                continue
            node = graph.nodes[one]
            missing = [taken for taken in node.inputs if taken.partition(":")[0] not in graph.nodes]
            if missing:
                raise CnncalcError(Fault("a node takes what no node makes", layer=one[:80], values=missing[0][:80]))
            open_ones = [taken.partition(":")[0] for taken in node.inputs if not state.get(taken.partition(":")[0])]
            if open_ones and one in state:
                raise CnncalcError(Fault("the nodes take each other in a circle", layer=one[:80]))
            if open_ones:
                state[one] = False
                waiting += open_ones
                continue
            state[one] = True
            order.append(node)
            waiting.pop()
    return order
