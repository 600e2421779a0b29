"""What is settled once all layers stand: outputs, frozen parts, and layers that nothing uses."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from fnmatch import fnmatchcase

from cnncalc.errors import CnncalcError, suggestion
from cnncalc.graph import Net
from cnncalc.graph.formats import FORMATS, meant, no_format
from cnncalc.graph.plan import accumulate, cast, checkpoint, prune, shard
from cnncalc.language.documents.document import Document
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, YamlNode

__all__ = ["CALLED", "finish"]

CALLED = ("function", "mean")
"""How the code of a net may call a layer that is no module."""


def finish(net: Net, document: Document, current: int, options: Options, faults: Faults) -> None:
    """Set the net's outputs and `expect`, freeze, and check that every tensor is used.

    Raises `CnncalcError` with every fault, those found before too.
    """
    faults.raise_any()
    net.notices = {**document.notices, **net.notices}
    if len(net.nodes) == len(net.inputs):
        word, listed = document.keys["layers"]
        help = "put one under `layers:`, such as `- conv 64 k3`"
        if isinstance(listed, Sequence) and listed.items:
            help = "every item is left out by its `when`, repeated no times, or there in training alone (`--train`)"
        faults.add("the net has no layers", word, help=help)
        faults.raise_any()
    last, branches = {net.nodes[current].name: current}, net.chosen
    named = _named_outputs(document, net.names.tensors, faults) if "outputs" in document.keys else last
    net.chosen = {**named, **branches}
    for pattern in options.freeze:
        try:
            net.freeze(pattern)
        except CnncalcError as error:
            faults.extend(error)
    if "dtypes" in document.keys:
        _cast(net, document.keys["dtypes"][1], faults)
    try:
        checkpoint(net, options.checkpoint)
        cast(net, options.types)
        prune(net, options.sparsity)
        shard(net, options.shard)
        accumulate(net, options.accumulate)
    except CnncalcError as error:
        faults.extend(error)
    if not faults:
        _check_used(net, faults, document)
    if not faults and net.chosen == last and not any(current in node.inputs for node in net.nodes):
        net.chosen = {}  # the layer that nothing takes, also where others are put behind it
    if "functions" in document.keys:
        net.functions = _functions(net, document.keys["functions"][1], faults)
    if "expect" in document.keys:
        net.expect = document.keys["expect"][1]
    faults.raise_any()


def _functions(net: Net, node: YamlNode, faults: Faults) -> dict[str, str]:
    """The patterns of layers that are called as functions or as `mean`; one that matches none is a slip."""
    pairs = [(one, "function") for one in (node.items if isinstance(node, Sequence) else [node])]
    if isinstance(node, Mapping):
        pairs = [(key, value.text if isinstance(value, Scalar) else "") for key, value in node.entries.values()]
    found = {}
    for one, called in pairs:
        if not isinstance(one, Scalar) or called not in CALLED:
            help = "such as `functions: ['*relu*']`, or `functions: {avgpool: mean}`"
            faults.add("`functions` names layers, each a `function` or a `mean`", one, help=help)
        elif not _calls(net, one.text):
            faults.add(
                f"`functions`: no layer is called `{one.text[:60]}`", one, help="`cnncalc show` prints every name"
            )
        else:
            found[one.text] = called
    return found


def _calls(net: Net, pattern: str) -> bool:
    """Whether a layer's name matches; one that is its name is found without a look at the others."""
    index = net.names.tensors.get(pattern, -1)
    if index >= 0 and net.nodes[index].layer is not None and net.nodes[index].name == pattern:
        return True
    return any(fnmatchcase(each.name, pattern) for _, each, _ in net.layers())


def _cast(net: Net, node: YamlNode, faults: Faults) -> None:
    """Give layers the types that `dtypes` has for them by pattern."""
    pairs = list(node.entries.values()) if isinstance(node, Mapping) else []
    for key, value in pairs:
        if isinstance(value, Scalar) and meant(value.text) not in FORMATS:
            message, help = no_format(value.text)
            faults.add(message, value, help=help)
        elif isinstance(value, Scalar):
            try:
                cast(net, [(key.text, value.text)], "dtypes:")
            except CnncalcError as error:
                faults.extend(CnncalcError([one._replace(place=key.place()) for one in error.faults]))
    if not pairs or not all(isinstance(value, Scalar) for _, value in pairs):
        faults.add("`dtypes` maps patterns of layers to types", node, help="such as `dtypes: {'classifier.*': int8}`")


def _named_outputs(document: Document, by_name: MappingType[str, int], faults: Faults) -> dict[str, int]:
    node, found = document.keys["outputs"][1], {}
    for one in node.items if isinstance(node, Sequence) else [node]:
        if not isinstance(one, Scalar):
            faults.add("`outputs` is a list of layer names", one, help="such as `outputs: [conv5, linear1]`")
        elif one.text not in by_name:
            help = suggestion(one.text, by_name, "`cnncalc show` prints every name")
            faults.add(f"there is no layer `{one.text[:60]}`", one, help=help)
        else:
            found[one.text] = by_name[one.text]
    return found


def _check_used(net: Net, faults: Faults, document: Document) -> None:
    """Every tensor must be taken by a layer or be an output: an unused one is a slip of `from`."""
    for node in net.unused():
        if node.layer is None:
            entry = document.keys.get("inputs") or document.keys.get("input")
            message = f"the input `{node.name}` is never used"
            faults.add(message, entry[0] if entry else None, help="take it with `from:`")
        else:
            place = node.origin.place() if node.origin else None
            help = "use it, take it out, or name it under `outputs:`"
            faults.add("nothing uses the output of this layer", place, layer=node.name, help=help)
