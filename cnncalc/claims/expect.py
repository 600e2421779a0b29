"""Holds a net to its `expect:` block and to budgets."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from typing import TYPE_CHECKING

from cnncalc.analysis.costs import report
from cnncalc.answers.figures import KEYS as FIGURES
from cnncalc.answers.report import Report
from cnncalc.answers.roofline import duration_text
from cnncalc.claims.quantities import parse_quantity
from cnncalc.errors import CnncalcError, Fault, Place, suggestion
from cnncalc.graph import Net
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.language.values import ValueFault, value_of
from cnncalc.language.yaml.reader import Mapping, YamlNode
from cnncalc.layers import FieldError, Shape, show_shape
from cnncalc.layers.dialects import DIALECTS
from cnncalc.notation.shapes import read_shape
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.claims.latency import Latency

__all__ = ["Check", "Checked", "check"]

SHAPES = ("outputs", "shapes")
NESTED = ("train", *DIALECTS)
KEYS = (*FIGURES, "output", *SHAPES, *NESTED)


class Check(NamedTuple):
    """One figure held against the net."""

    net: str
    what: str
    expected: int | str
    found: int | str
    passed: bool
    place: Place | None = None
    most: bool = False
    """Whether `expected` is the most that is allowed."""


class Checked(NamedTuple):
    """All that was held against a net."""

    checks: tuple[Check, ...]
    aside: tuple[str, ...] = ()
    """The options under which the net is not the one that the file's `expect:` describes, so that it was left aside."""


def check(
    net: str,
    options: Options,
    maxima: MappingType[str, int],
    required: MappingType[str, int | str],
    dtype: str = "float32",
    optimizer: str = "sgd",
    latency: Latency | None = None,
) -> Checked:
    """Every expectation of the file, then the budgets (`maxima`) and figures (`required`) that were asked for.

    What a file expects is said of the net as it stands there: under options that change it only budgets are held.
    It is said of float32 and sgd; `dtype` and `optimizer` are those of the budgets.
    `required` holds counts, and for `output` a shape as it is printed; `latency` holds the least time on a device, and
    what is above it fails for sure.
    Raises `CnncalcError` where the net cannot be built or an expectation cannot be read.
    """
    graph = load(net, options)
    counted = report(graph, options.batch, dtype, optimizer)
    checks: list[Check] = []
    changes = options.changes()
    if isinstance(graph.expect, YamlNode) and not changes:
        plain = counted if (dtype, optimizer) == ("float32", "sgd") else report(graph, options.batch)
        held = _Held(net, options, graph, plain)
        held.block(graph.expect, options)
        if held.faults:
            raise CnncalcError(held.faults)
        checks += held.checks
    for name, bound in maxima.items():
        found = _figure(name, counted, "--max")
        checks.append(Check(net, name, bound, found, found <= bound, most=True))
    if latency is not None:
        checks.append(_latency(net, counted, latency))
    for name, value in required.items():
        found_now = _output(graph) if name == "output" else _figure(name, counted, "--require")
        checks.append(Check(net, name, value, found_now, found_now == value))
    return Checked(tuple(checks), changes if graph.expect is not None else ())


def _latency(net: str, counted: Report, latency: Latency) -> Check:
    from cnncalc.analysis.roofline import bounded  # which fractions come with

    roofline = bounded(counted, latency.device, latency.dtype).roofline
    assert roofline is not None
    least = roofline.total.seconds
    texts = duration_text(latency.most), f"at least {duration_text(least)} on {latency.device.title}"
    return Check(net, "latency", *texts, least <= latency.most, most=True)


def _figure(name: str, counted: Report, option: str) -> int:
    if name not in FIGURES:
        help = suggestion(name, FIGURES, f"the figures are {', '.join(FIGURES)}")
        raise CnncalcError(Fault(f"{option}: there is no figure `{name[:60]}`", help=help))
    return int(getattr(counted.totals, name))


def _output(graph: Net) -> str:
    first = next(iter(graph.outputs.values()))
    return show_shape(graph.nodes[first].shape)


class _Held:
    """Holds the net to its `expect:` block, with every fault of the block; each variant of the net is built once."""

    def __init__(self, net: str, options: Options, graph: Net, counted: Report) -> None:
        self.net = net
        self.variants = {_variant(options): (graph, counted)}
        self.checks: list[Check] = []
        self.faults: list[Fault] = []

    def block(self, node: YamlNode, options: Options, path: tuple[str, ...] = ()) -> None:
        """Hold the net to one (nested) block."""
        if not isinstance(node, Mapping):
            message = f"`{'.'.join(('expect', *path))}` is a mapping of figures"
            self.faults.append(Fault(message, node.place(), help="such as {output: 1000, params: 61_706}"))
            return
        for key, (key_node, value) in node.entries.items():
            try:
                self._figure(key, key_node, value, options, path)
            except CnncalcError as error:
                self.faults += error.faults

    def _figure(self, key: str, key_node: YamlNode, value: YamlNode, options: Options, path: tuple[str, ...]) -> None:
        prefix = " ".join((*path, key))
        if key in NESTED:
            changed = options._replace(train=True) if key == "train" else options._replace(dialect=key)
            self.block(value, changed, (*path, key))
            return
        if key not in KEYS:
            help = suggestion(key, KEYS, f"it takes {', '.join(KEYS)}")
            raise CnncalcError(Fault(f"`expect` has no figure `{key[:60]}`", key_node.place(), help=help))
        graph, counted = self._built(options)
        if key in SHAPES:
            self._shapes(prefix, value, graph)
        elif key == "output":
            self.checks.append(_shape(self.net, prefix, value, _output(graph)))
        else:
            self.checks.append(_number(self.net, prefix, value, int(getattr(counted.totals, key))))

    def _built(self, options: Options) -> tuple[Net, Report]:
        """The net under other options. Raises CnncalcError."""
        variant = _variant(options)
        if variant not in self.variants:
            graph = load(self.net, options)
            self.variants[variant] = graph, report(graph, options.batch)
        return self.variants[variant]

    def _shapes(self, what: str, node: YamlNode, graph: Net) -> None:
        """`shapes: {layer1: 64x56x56}`: the outputs of layers and groups."""
        if not isinstance(node, Mapping):
            help = "such as {layer1: 64x56x56}"
            raise CnncalcError(Fault(f"`{what}` is a mapping of layers to shapes", node.place(), help=help))
        tensors = {**{one.name: index for index, one in enumerate(graph.nodes)}, **graph.groups}
        for name, (key, value) in node.entries.items():
            if name not in tensors:
                help = suggestion(name, tensors, "`cnncalc show` prints every name")
                self.faults.append(Fault(f"there is no layer `{name[:60]}`", key.place(), help=help))
                continue
            found = show_shape(graph.nodes[tensors[name]].shape)
            try:
                self.checks.append(_shape(self.net, f"{what} {name}", value, found))
            except CnncalcError as error:
                self.faults += error.faults


def _variant(options: Options) -> tuple[bool, str | None]:
    return options.train, options.dialect


def _read(node: YamlNode) -> object:
    try:
        return value_of(node, {})
    except ValueFault as fault:
        raise CnncalcError(Fault(fault.error.message, fault.node.place(), help=fault.error.help)) from None


def _number(net: str, what: str, node: YamlNode, found: int) -> Check:
    expected = _read(node)
    if isinstance(expected, str):
        expected = _quantity(what, expected, node)
    if not isinstance(expected, int) or isinstance(expected, bool):
        help = "write it in full, with _ between thousands if you like"
        raise CnncalcError(Fault(f"`{what}` is a whole number", node.place(), values=f"it is {expected}", help=help))
    return Check(net, what, expected, found, expected == found, node.place())


def _quantity(what: str, text: str, node: YamlNode) -> int:
    """`5M` in full."""
    try:
        return parse_quantity(text, in_bytes=what.endswith("_bytes"))
    except CnncalcError as error:
        fault = error.faults[0]
        message = f"`{what}` is a whole number: {fault.message}"
        raise CnncalcError(Fault(message, node.place(), help=fault.help)) from None


def _shape(net: str, what: str, node: YamlNode, found: str) -> Check:
    value = _read(node)
    try:
        expected: Shape = () if value == "scalar" else read_shape(value)
    except FieldError as error:
        raise CnncalcError(Fault(f"`{what}` is a shape: {error.rule}", node.place(), help="such as 512x7x7")) from None
    return Check(net, what, show_shape(expected), found, show_shape(expected) == found, node.place())
