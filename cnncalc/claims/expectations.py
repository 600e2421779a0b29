"""What a file's `expect:` says, read: no net is built for it."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.answers.figures import CLAIMED as FIGURES
from cnncalc.claims.quantities import parse_quantity
from cnncalc.errors import CnncalcError, Fault, Place, suggestion
from cnncalc.language.values import ValueFault, value_of
from cnncalc.language.yaml.reader import Mapping, Scalar, YamlNode
from cnncalc.layers import FieldError, Shape, show_shape
from cnncalc.layers.dialects import DIALECTS
from cnncalc.notation.shapes import read_shape
from cnncalc.records import NamedTuple

__all__ = ["OUTPUT", "SHAPES", "Expectation", "enough", "expectations"]

OUTPUT = "output"
SHAPES = ("outputs", "shapes")
MOST = "max"
MOST_FAULTS = 100
NESTED = ("train", *DIALECTS)
KEYS = (*FIGURES, OUTPUT, *SHAPES, MOST, *NESTED)


class Expectation(NamedTuple):
    """One figure that a file states of its net, or the most that it may be."""

    what: str
    """As it is told: `keras params`."""
    figure: str
    """A figure of the totals, or `output`, `outputs`, `shapes`."""
    layer: str
    """The layer or group whose shape it is; empty for figures of the whole net."""
    expected: int | str
    """A count, or a shape as it is printed."""
    place: Place
    named: Place | None = None
    """Where the layer is named."""
    most: bool = False
    """Whether `expected` is the most that is allowed."""
    train: bool = False
    dialect: str | None = None


def expectations(block: YamlNode) -> tuple[list[Expectation], list[Fault]]:
    """All that a block states, and each of its faults."""
    reader = _Reader()
    reader.block(block, ())
    return reader.found, reader.faults


def enough(faults: Sequence[Fault]) -> bool:
    """Whether there are as many faults as anybody reads: what follows is not looked at."""
    return len(faults) >= MOST_FAULTS


class _Reader:
    """Reads a block and those within it."""

    def __init__(self) -> None:
        self.found: list[Expectation] = []
        self.faults: list[Fault] = []

    def block(self, node: YamlNode, path: tuple[str, ...]) -> None:
        """Read one block, which stands under the keys of `path`."""
        if not isinstance(node, Mapping):
            message = f"`{'.'.join(('expect', *path))}` is a mapping of figures"
            self.faults.append(Fault(message, node.place(), help="such as {output: 1000, params: 61_706}"))
            return
        for key, (key_node, value) in node.entries.items():
            if enough(self.faults):
                return
            try:
                self._entry(key, key_node, value, path)
            except CnncalcError as error:
                self.faults += error.faults

    def _entry(self, key: str, key_node: Scalar, value: YamlNode, path: tuple[str, ...]) -> None:
        known = FIGURES if path[-1:] == (MOST,) else KEYS
        if key not in known:
            help = suggestion(key, known, f"it takes {', '.join(known)}")
            message = f"`{'.'.join(('expect', *path))}` has no figure `{key[:60]}`"
            raise CnncalcError(Fault(message, key_node.place(), help=help))
        what = " ".join((*(step for step in path if step != MOST), key))
        if key == MOST or key in NESTED:
            self.block(value, (*path, key))
        elif key in SHAPES:
            self._shapes(what, key, value, path)
        else:
            expected = _shape(what, value) if key == OUTPUT else _count(what, value)
            self._add(Expectation(what, key, "", expected, value.place()), path)

    def _add(self, expectation: Expectation, path: tuple[str, ...]) -> None:
        dialects = [step for step in path if step in DIALECTS]
        self.found.append(
            expectation._replace(most=MOST in path, train="train" in path, dialect=dialects[-1] if dialects else None)
        )

    def _shapes(self, what: str, key: str, node: YamlNode, path: tuple[str, ...]) -> None:
        """`shapes: {layer1: 64x56x56}`: the outputs of layers and groups."""
        if not isinstance(node, Mapping):
            help = "such as {layer1: 64x56x56}"
            raise CnncalcError(Fault(f"`{what}` is a mapping of layers to shapes", node.place(), help=help))
        for name, (name_node, value) in node.entries.items():
            told = f"{what} {name}"
            if enough(self.faults):
                return
            try:
                self._add(Expectation(told, key, name, _shape(told, value), value.place(), name_node.place()), path)
            except CnncalcError as error:
                self.faults += error.faults


def _read(node: YamlNode) -> object:
    try:
        return value_of(node, {})
    except ValueFault as fault:
        raise CnncalcError(Fault(fault.error.message, fault.node.place(), help=fault.error.help)) from None


def _count(what: str, node: YamlNode) -> int:
    """A whole number, in full or as `5M`. Raises CnncalcError."""
    expected = _read(node)
    if isinstance(expected, str):
        expected = _quantity(what, expected, node)
    if not isinstance(expected, int) or isinstance(expected, bool):
        help = "write it in full, with _ between thousands if you like"
        if what == "layers" and isinstance(node, Mapping):
            help = "it is how many layers there are; what each gives is held by `shapes: {conv1: 64x112x112}`"
        raise CnncalcError(Fault(f"`{what}` is a whole number", node.place(), values=f"it is {expected}", help=help))
    return expected


def _quantity(what: str, text: str, node: YamlNode) -> int:
    try:
        return parse_quantity(text, in_bytes=what.endswith("_bytes"))
    except CnncalcError as error:
        fault = error.faults[0]
        message = f"`{what}` is a whole number: {fault.message}"
        raise CnncalcError(Fault(message, node.place(), help=fault.help)) from None


def _shape(what: str, node: YamlNode) -> str:
    value = _read(node)
    try:
        expected: Shape = () if value == "scalar" else read_shape(value)
    except FieldError as error:
        raise CnncalcError(Fault(f"`{what}` is a shape: {error.rule}", node.place(), help="such as 512x7x7")) from None
    return show_shape(expected)
