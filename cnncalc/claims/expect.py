"""Holds a net to its `expect:` block and to budgets."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from typing import TYPE_CHECKING

from cnncalc.analysis.costs import report
from cnncalc.answers.figures import CLAIMED as FIGURES
from cnncalc.answers.figures import RECEPTIVE_FIELD
from cnncalc.answers.report import Report
from cnncalc.answers.roofline import duration_text
from cnncalc.claims.expectations import OUTPUT, SHAPES, Expectation, enough, expectations
from cnncalc.claims.figures import longest_field
from cnncalc.errors import CnncalcError, Fault, Place, suggestion
from cnncalc.graph import Net
from cnncalc.language import load, stated_by
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import YamlNode
from cnncalc.layers import show_shape
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.claims.latency import Latency

__all__ = ["Check", "Checked", "check"]


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
    graph = _loaded(net, options)
    counted = report(graph, options.batch, dtype, optimizer)
    checks: list[Check] = []
    changes = options.changes()
    if isinstance(graph.expect, YamlNode) and not changes:
        plain = counted if (dtype, optimizer) == ("float32", "sgd") else report(graph, options.batch)
        checks += _Held(net, options, graph, plain).all(graph.expect)
    for name, bound in maxima.items():
        found = _figure(name, graph, counted, "--max")
        checks.append(Check(net, name, bound, found, found <= bound, most=True))
    if latency is not None:
        checks.append(_latency(net, counted, latency))
    for name, value in required.items():
        found_now = _output(graph) if name == "output" else _figure(name, graph, counted, "--require")
        checks.append(Check(net, name, value, found_now, found_now == value))
    return Checked(tuple(checks), changes if graph.expect is not None else ())


def _latency(net: str, counted: Report, latency: Latency) -> Check:
    from cnncalc.analysis.roofline import bounded  # which fractions come with

    roofline = bounded(counted, latency.device, latency.dtype).roofline
    assert roofline is not None
    least = roofline.total.seconds
    texts = duration_text(latency.most), f"at least {duration_text(least)} on {latency.device.title}"
    return Check(net, "latency", *texts, least <= latency.most, most=True)


def _figure(name: str, graph: Net, counted: Report, option: str) -> int:
    if name not in FIGURES:
        help = suggestion(name, FIGURES, f"the figures are {', '.join(FIGURES)}")
        raise CnncalcError(Fault(f"{option}: there is no figure `{name[:60]}`", help=help))
    return _number(name, graph, counted)


def _number(name: str, graph: Net, counted: Report) -> int:
    return longest_field(graph) if name == RECEPTIVE_FIELD else int(getattr(counted.totals, name))


def _output(graph: Net) -> str:
    first = next(iter(graph.outputs.values()))
    return show_shape(graph.nodes[first].shape)


class _Held:
    """Holds the net to what its file expects; each variant of the net is built once."""

    def __init__(self, net: str, options: Options, graph: Net, counted: Report) -> None:
        self.net, self.options = net, options
        self.variants = {(options.train, options.dialect): (graph, counted)}
        self.broken: dict[tuple[bool, str | None], CnncalcError] = {}
        """The variants that are no net."""
        self.named: dict[int, dict[str, int]] = {}
        """The tensors of layers and groups by their names, of each net that was built."""

    def all(self, block: YamlNode) -> list[Check]:
        """Every expectation held. Raises CnncalcError with every fault of the block."""
        expected, faults = expectations(block)
        checks = []
        for one in expected:
            try:
                checks.append(self._one(one))
            except CnncalcError as error:
                faults += [fault for fault in error.faults if fault not in faults]
                if enough(faults):
                    break
        if faults:
            raise CnncalcError(faults)
        return checks

    def _one(self, one: Expectation) -> Check:
        graph, counted = self._built(one)
        if one.most:
            found = _number(one.figure, graph, counted)
            held = isinstance(one.expected, int) and found <= one.expected
            return Check(self.net, one.what, one.expected, found, held, one.place, most=True)
        told = self._shape_of(one, graph) if one.figure in SHAPES else _figure_of(one, graph, counted)
        return Check(self.net, one.what, one.expected, told, told == one.expected, one.place)

    def _built(self, one: Expectation) -> tuple[Net, Report]:
        """The net under the options that the block names. Raises CnncalcError."""
        variant = one.train or self.options.train, one.dialect or self.options.dialect
        if variant in self.broken:
            raise self.broken[variant]
        if variant not in self.variants:
            options = self.options._replace(train=variant[0], dialect=variant[1])
            try:
                graph = load(self.net, options)
            except CnncalcError as error:
                self.broken[variant] = error
                raise
            self.variants[variant] = graph, report(graph, options.batch)
        return self.variants[variant]

    def _shape_of(self, one: Expectation, graph: Net) -> str:
        """The output of a layer or group. Raises CnncalcError where there is none of that name."""
        if id(graph) not in self.named:
            self.named[id(graph)] = {**{node.name: index for index, node in enumerate(graph.nodes)}, **graph.groups}
        tensors = self.named[id(graph)]
        if one.layer not in tensors:
            help = suggestion(one.layer, tensors, "`cnncalc show` prints every name")
            raise CnncalcError(Fault(f"there is no layer `{one.layer[:60]}`", one.named, help=help))
        return show_shape(graph.nodes[tensors[one.layer]].shape)


def _figure_of(one: Expectation, graph: Net, counted: Report) -> int | str:
    return _output(graph) if one.figure == OUTPUT else _number(one.figure, graph, counted)


def _loaded(net: str, options: Options) -> Net:
    """The net. Raises CnncalcError with its faults, and those of its `expect:` beside them."""
    try:
        return load(net, options)
    except CnncalcError as error:
        stated = stated_by(net, options)
        if stated is None:
            raise
        raise CnncalcError([*error.faults, *expectations(stated)[1]]) from None
