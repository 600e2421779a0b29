"""Every tensor of a net has one of its name and shape in the file, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from cnncalc.claims.expect import Check
from cnncalc.graph import Net
from cnncalc.graph.stored import Stored, stored_in
from cnncalc.interchange.safetensors import prefix_of
from cnncalc.interchange.weights.stored import tensors_of
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.layers import Shape
from cnncalc.layers.kinds.norm import BatchNorm

__all__ = ["held"]

MOST_TOLD = 20
MOST_COMPARED = 400
"""Names among which the nearest is looked for."""


def held(net: str, options: Options, path: str) -> tuple[Check, ...]:
    """The net against the file of weights at `path`. Raises CnncalcError where either cannot be read."""
    graph = load(net, options)
    own = stored_in(graph).values()
    wanted = {one.name: one.shape for one in own if not one.shared}  # by the names of a state_dict
    stored, types = tensors_of(path, options.limits)
    checks: list[Check] = []
    prefix = prefix_of(wanted, stored)
    if prefix:
        said = f"`{prefix}` before every name"
        checks.append(Check(net, "names of weights", "those of the net", said, passed=False))
        stored = {name.removeprefix(prefix): shape for name, shape in stored.items()}
        types = {name.removeprefix(prefix): kind for name, kind in types.items()}
    said_so = _in_whole_numbers(graph, own)
    strange = {one: kind for one, kind in types.items() if stored[one] == wanted.get(one) and one not in said_so}
    alike = sum(stored.get(name) == shape for name, shape in wanted.items()) - len(strange)
    checks.append(Check(net, "weights", len(wanted), alike, alike == len(wanted) == len(stored)))
    folded = _folded(graph, own, wanted, stored)
    if folded:
        said = "none: they are in the layers before, as in the net that `cnncalc rewrite NET fold-batchnorm` makes"
        checks.append(Check(net, "batch norms", len({*folded.values()}), said, passed=False))
    wrong = [name for name, shape in wanted.items() if stored.get(name) != shape and name not in folded]
    meant = wanted.keys() | _biases(wanted) if folded else wanted.keys()
    more = [name for name in stored if name not in meant]
    checks += [_differing(net, name, wanted[name], stored, more) for name in wrong[:MOST_TOLD]]
    checks += [_of_whole_numbers(net, name, wanted[name], kind) for name, kind in list(strange.items())[:MOST_TOLD]]
    checks += [Check(net, name, "none in the net", _said(stored[name]), passed=False) for name in more[:MOST_TOLD]]
    left = max(len(wrong) - MOST_TOLD, 0) + max(len(strange) - MOST_TOLD, 0) + max(len(more) - MOST_TOLD, 0)
    if left:
        checks.append(Check(net, "and other tensors", 0, left, passed=False))
    return tuple(checks)


def _folded(
    graph: Net, own: Iterable[Stored], wanted: Mapping[str, Shape], stored: Mapping[str, Shape]
) -> dict[str, str]:
    """The tensors of batch norms, each with its layer, where the file has none of them, and else what is the net's."""
    layers = {node.name for _, node, layer in graph.layers() if isinstance(layer, BatchNorm)}
    norms = {one.name: one.layer for one in own if one.layer in layers}
    left = {name: shape for name, shape in wanted.items() if name not in norms}
    biases = _biases(wanted) - {*wanted}
    others = all(stored.get(name) == shape for name, shape in left.items()) or not biases.isdisjoint(stored)
    return norms if others and stored.keys() <= left.keys() | biases else {}


def _biases(wanted: Iterable[str]) -> set[str]:
    """What the biases are called, or would be, of all that has a weight."""
    return {name.removesuffix("weight") + "bias" for name in wanted if name.endswith("weight")}


def _differing(net: str, name: str, shape: Shape, stored: Mapping[str, Shape], more: list[str]) -> Check:
    """A tensor that the file has in another shape, or not, with the name that comes nearest."""
    found = stored.get(name)
    if found is None:
        near = get_close_matches(name, more[:MOST_COMPARED], 1)
        said = f"none; `{near[0][:80]}` {_said(stored[near[0]])} comes nearest" if near else "none"
    else:
        said = _said(found) + (", its axes in another order" if sorted(found) == sorted(shape) else "")
    return Check(net, name, _said(shape), said, passed=False)


def _in_whole_numbers(graph: Net, own: Iterable[Stored]) -> set[str]:
    """The tensors of layers that the net itself stores in whole numbers."""
    layers = {node.name for _, node, _ in graph.layers() if "int" in node.dtype}
    return {one.name for one in own if one.layer in layers}


def _of_whole_numbers(net: str, name: str, shape: Shape, kind: str) -> Check:
    """A tensor of the right shape whose numbers are none that a net computes with: it is quantised, or another one."""
    return Check(net, name, f"{_said(shape)}, floating-point numbers", f"{_said(shape)} in {kind}", passed=False)


def _said(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "one number"
