"""Holds a net to its `expect:` block and to budgets."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from typing import NamedTuple

from cnncalc.analysis.costs import report
from cnncalc.answers.report import Report, Totals
from cnncalc.errors import CnncalcError, Fault, Place, suggestion
from cnncalc.graph import Graph
from cnncalc.language import load
from cnncalc.language.documents.document import input_shape
from cnncalc.language.options import Options
from cnncalc.language.values import ValueFault, value_of
from cnncalc.language.yaml.reader import Mapping, Node, Scalar
from cnncalc.layers import FieldError, Shape, show_shape
from cnncalc.layers.dialects import DIALECTS

__all__ = ["Check", "Checked", "check"]

FIGURES = Totals._fields
"""The totals that can be expected or bounded."""
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
    required: MappingType[str, str],
    dtype: str = "float32",
    optimizer: str = "sgd",
) -> Checked:
    """Every expectation of the file, then the budgets (`maxima`) and figures (`required`) that were asked for.

    What a file expects is said of the net as it stands there: under options that change it only budgets are held.
    It is said of float32 and sgd; `dtype` and `optimizer` are those of the budgets.
    Raises `CnncalcError` where the net cannot be built or an expectation cannot be read.
    """
    graph = load(net, options)
    counted = report(graph, options.batch, dtype, optimizer)
    checks: list[Check] = []
    changes = options.changes()
    if isinstance(graph.expect, Node) and not changes:
        plain = counted if (dtype, optimizer) == ("float32", "sgd") else report(graph, options.batch)
        checks += _expectations(net, graph.expect, graph, plain, options, ())
    for name, bound in maxima.items():
        found = _figure(name, counted, "--max")
        checks.append(Check(net, name, bound, found, found <= bound, most=True))
    for name, text in required.items():
        checks.append(_required(net, name, text, graph, counted))
    return Checked(tuple(checks), changes if graph.expect is not None else ())


def _figure(name: str, counted: Report, option: str) -> int:
    if name not in FIGURES:
        help = suggestion(name, FIGURES, f"the figures are {', '.join(FIGURES)}")
        raise CnncalcError(Fault(f"{option}: there is no figure `{name[:60]}`", help=help))
    return int(getattr(counted.totals, name))


def _required(net: str, name: str, text: str, graph: Graph, counted: Report) -> Check:
    if name == "output":
        found = _output(graph)
        return Check(net, name, text, found, found == text)
    number = _figure(name, counted, "--require")
    plain = text.replace("_", "").replace(",", "")
    return Check(net, name, int(plain) if plain.isdecimal() else text, number, plain == str(number))


def _output(graph: Graph) -> str:
    first = next(iter(graph.outputs.values()))
    return show_shape(graph.nodes[first].shape)


def _expectations(
    net: str, node: Node, graph: Graph, counted: Report, options: Options, path: tuple[str, ...]
) -> list[Check]:
    """The checks of one (nested) `expect:` block."""
    if not isinstance(node, Mapping):
        message = f"`{'.'.join(('expect', *path))}` is a mapping of figures"
        raise CnncalcError(Fault(message, node.place(), help="such as {output: 1000, params: 61_706}"))
    checks: list[Check] = []
    for key, (key_node, value) in node.entries.items():
        prefix = " ".join((*path, key))
        if key in FIGURES:
            checks.append(_number(net, prefix, value, int(getattr(counted.totals, key))))
        elif key == "output":
            checks.append(_shape(net, prefix, value, _output(graph)))
        elif key in SHAPES:
            checks += _shapes(net, prefix, value, graph)
        elif key in NESTED:
            other = options._replace(train=True) if key == "train" else options._replace(dialect=key)
            again = load(net, other)
            checks += _expectations(net, value, again, report(again, options.batch), other, (*path, key))
        else:
            help = suggestion(key, KEYS, f"it takes {', '.join(KEYS)}")
            raise CnncalcError(Fault(f"`expect` has no figure `{key[:60]}`", key_node.place(), help=help))
    return checks


def _read(node: Node) -> object:
    try:
        return value_of(node, {})
    except ValueFault as fault:
        raise CnncalcError(Fault(fault.error.message, fault.node.place(), help=fault.error.help)) from None


def _number(net: str, what: str, node: Node, found: int) -> Check:
    expected = _read(node)
    if not isinstance(expected, int) or isinstance(expected, bool):
        help = "write it in full, with _ between thousands if you like"
        raise CnncalcError(Fault(f"`{what}` is a whole number", node.place(), values=f"it is {expected}", help=help))
    return Check(net, what, expected, found, expected == found, node.place())


def _shape(net: str, what: str, node: Node, found: str) -> Check:
    value = _read(node)
    try:
        expected: Shape = input_shape(value)
    except FieldError as error:
        raise CnncalcError(Fault(f"`{what}` is a shape: {error.rule}", node.place(), help="such as 512x7x7")) from None
    return Check(net, what, show_shape(expected), found, show_shape(expected) == found, node.place())


def _shapes(net: str, what: str, node: Node, graph: Graph) -> list[Check]:
    """`shapes: {layer1: 64x56x56}`: the outputs of layers and groups."""
    if not isinstance(node, Mapping):
        raise CnncalcError(Fault(f"`{what}` is a mapping of layers to shapes", node.place()))
    tensors = {**{one.name: index for index, one in enumerate(graph.nodes)}, **graph.groups}
    checks = []
    for name, (key, value) in node.entries.items():
        if name not in tensors:
            help = suggestion(name, tensors, "`cnncalc show` prints every name")
            raise CnncalcError(Fault(f"there is no layer `{name[:60]}`", key.place(), help=help))
        found = show_shape(graph.nodes[tensors[name]].shape)
        if isinstance(value, Scalar):
            checks.append(_shape(net, f"{what} {name}", value, found))
    return checks
