"""The XML of an intermediate representation: layers with their ports, and edges. Nothing but elements and attributes.

Expat reads it piece by piece. A document type is refused, and with it every entity; depth, layers and axes are bounded.
"""

from __future__ import annotations

from xml.parsers import expat

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.interchange.text import Text
from cnncalc.layers import Shape
from cnncalc.limits import Limits

__all__ = ["Ir", "IrLayer", "declared", "ordered", "read_ir"]

MOST_AXES = 16
LARGEST = 2**40
INSIDE_BODY = ("body", "then_body", "else_body")
"""The nets inside loops and branches, which are not part of the net around them."""


class IrLayer:
    """One layer: its type, its attributes (`data`), and the shapes at its ports, with the batch."""

    __slots__ = (
        "attributes",
        "constants",
        "id",
        "inputs",
        "lifted",
        "line",
        "name",
        "outputs",
        "reopened",
        "text",
        "type",
    )

    def __init__(self, text: Text, line: int, attributes: dict[str, str]) -> None:
        self.text, self.line = text, line
        self.id, self.name, self.type = (attributes.get(key, "") for key in ("id", "name", "type"))
        self.attributes: dict[str, str] = {}
        self.constants: dict[int, list[int]] = {}
        """The whole numbers of inputs that are constants, by their places, where the weights' file lies beside."""
        self.lifted = False
        """Whether all axes are those of one image, and a batch of one was put before them."""
        self.reopened = False
        """Whether the user gives an input another size, so that what the file says of its shapes does not hold."""
        self.inputs: dict[str, list[int]] = {}
        self.outputs: dict[str, list[int]] = {}

    def place(self) -> Place:
        """The line on which it starts."""
        line = self.text.line(self.line)
        return self.text.place(self.line, len(line) - len(line.lstrip()) + 1, min(len(line.strip()), 60))

    def fault(self, message: str, values: str = "", help: str = "") -> CnncalcError:
        """What is wrong with it."""
        return CnncalcError(Fault(message, self.place(), self.name[:80], values, help))

    def wholes(self, name: str) -> list[int]:
        """An attribute as whole numbers with commas between them, none where it is not there; INT8 files write 1.0."""
        parts = [part.removesuffix(".0") for part in self.attributes.get(name, "").split(",") if part.strip()]
        if len(parts) > 64 or not all(part.strip().removeprefix("-").isdecimal() and len(part) < 14 for part in parts):
            raise self.fault(f"`{name}` is a list of whole numbers", f"it is `{self.attributes[name][:40]}`")
        return [int(part) for part in parts]

    def whole(self, name: str, default: int) -> int:
        """An attribute as a whole number."""
        return (self.wholes(name) or [default])[0]

    def flag(self, name: str, *, default: bool) -> bool:
        """An attribute as a truth."""
        return self.attributes.get(name, str(default)).lower() in ("true", "1")

    def made(self) -> list[Shape]:
        """The shapes that come out, with the batch."""
        return [tuple(shape) for shape in self.outputs.values()]


def declared(layer: IrLayer, output: int = 0) -> Shape:
    """The shape of an output without the batch, as the file declares it."""
    shapes = layer.made()
    if output < len(shapes) and shapes[output] == (1,):
        return (1,)  # a number of one image, as a list of one
    if output >= len(shapes) or len(shapes[output]) < 2 or min(shapes[output][1:]) < 1:
        if layer.reopened:
            help = "leave out `--input`, or write the file at this size: `model.reshape`, then `ov.save_model`"
            raise layer.fault(
                "with another `--input` than the file's the shape of this layer does not follow", help=help
            )
        known = "x".join(map(str, shapes[output])) if output < len(shapes) else "none"
        help = "lay the .bin of the weights beside the .xml: lengths that are open follow from its numbers"
        raise layer.fault("this layer needs the shape of its output, with a batch", f"the file says {known}", help)
    return shapes[output][1:]


class Ir:
    """A net: its layers by their numbers, in the order of the file, and the edges that end in each."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.layers: dict[str, IrLayer] = {}
        self.edges: dict[tuple[str, str], tuple[str, str]] = {}
        """(layer, port) that a tensor enters → (layer, port) that it leaves."""

    def sources(self, layer: IrLayer) -> list[tuple[str, str]]:
        """What enters a layer, port by port."""
        return [self.edges[(layer.id, port)] for port in layer.inputs if (layer.id, port) in self.edges]


class _Handler:
    """What expat calls."""

    def __init__(self, parser: expat.XMLParserType, text: Text, limits: Limits) -> None:
        self.parser, self.text, self.limits = parser, text, limits
        self.stack: list[str] = []
        self.inner = 0
        self.net: Ir | None = None
        self.layer: IrLayer | None = None
        self.port: list[int] | None = None
        self.words = ""

    def fail(self, message: str, help: str = "") -> CnncalcError:
        """What is wrong here."""
        place = self.text.place(self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)
        return CnncalcError(Fault(message, place, help=help))

    def doctype(self, *_: object) -> None:
        """No document type: entities could be anything."""
        raise self.fail("a document type has no place in this format")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.stack.append(name)
        if len(self.stack) > self.limits.depth:
            raise self.fail(f"elements nest deeper than {self.limits.depth}, the bound `depth`")
        if name in INSIDE_BODY:
            self.inner += 1
        if self.inner:
            return
        if name == "net" and self.net is None:
            self.net = Ir(attributes.get("name", ""))
        elif self.net is None:
            raise self.fail("the first element is `<net>`")
        elif name == "layer":
            self.layer = IrLayer(self.text, self.parser.CurrentLineNumber, attributes)
            self.net.layers[self.layer.id] = self.layer
            if len(self.net.layers) > self.limits.layers:
                raise self.fail(f"there are more than {self.limits.layers:,} layers", self.limits.way_out("layers"))
        elif name == "data" and self.layer is not None:
            self.layer.attributes.update(attributes)
        elif name == "port" and self.layer is not None:
            self.port = []
            ports = self.layer.outputs if self.stack[-2] == "output" else self.layer.inputs
            ports[attributes.get("id", "")] = self.port
        elif name == "dim":
            self.words = ""
        elif name == "edge":
            ends = [attributes.get(key, "") for key in ("to-layer", "to-port", "from-layer", "from-port")]
            self.net.edges[(ends[0], ends[1])] = (ends[2], ends[3])

    def end(self, name: str) -> None:
        """An element ends."""
        self.stack.pop()
        if name in INSIDE_BODY:
            self.inner -= 1
        elif not self.inner and name == "dim" and self.port is not None:
            words = self.words.strip()
            if len(self.port) >= MOST_AXES or not words.removeprefix("-").isdecimal() or len(words) > 13:
                raise self.fail("a `dim` is a whole number, and a port has at most 16", f"it is `{words[:20]}`")
            self.port.append(int(words))
        elif not self.inner and name == "port":
            self.port = None
        elif not self.inner and name == "layer":
            self.layer = None

    def characters(self, data: str) -> None:
        """Text, of which only that of `dim` is wanted."""
        if self.stack and self.stack[-1] == "dim" and len(self.words) < 32:
            self.words += data


def read_ir(text: Text, limits: Limits) -> Ir:
    """The net in an XML file. Raises CnncalcError with the place of what is wrong."""
    parser = expat.ParserCreate()
    handler = _Handler(parser, text, limits)
    parser.StartDoctypeDeclHandler = handler.doctype
    parser.EntityDeclHandler = handler.doctype
    parser.StartElementHandler, parser.EndElementHandler = handler.start, handler.end
    parser.CharacterDataHandler = handler.characters
    parser.buffer_text = True
    try:
        parser.Parse(text.text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        place = text.place(error.lineno, error.offset + 1)
        message = f"this is no well-formed XML: {expat.ErrorString(error.code)}"
        raise CnncalcError(Fault(message, place, help="the file may have been cut")) from None
    if handler.net is None or not handler.net.layers:
        raise CnncalcError(Fault("this file has no layers", text.place(1, 1)))
    return handler.net


def ordered(net: Ir) -> list[IrLayer]:
    """The layers, each after all that it takes. Raises CnncalcError for a circle."""
    waiting = {
        layer.id: {source[0] for source in net.sources(layer) if source[0] in net.layers}
        for layer in net.layers.values()
    }
    after: dict[str, list[str]] = {}
    for one, before in waiting.items():
        for other in before:
            after.setdefault(other, []).append(one)
    ready = [one for one, before in waiting.items() if not before]
    found: list[IrLayer] = []
    for one in ready:
        found.append(net.layers[one])
        for other in after.get(one, ()):
            waiting[other].discard(one)
            if not waiting[other]:
                ready.append(other)
    if len(found) < len(net.layers):
        stuck = next(layer for layer in net.layers.values() if waiting[layer.id])
        raise stuck.fault("the layers take each other's outputs in a circle")
    return found
