"""What stands behind a net's last weights and is no layer: searches for the best points, lists of boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.tfjs.graph import Graph, Node, ordered
from cnncalc.interchange.tfjs.operations import OPERATIONS, PASSED

__all__ = ["left_out", "more_left_out", "numbers_of", "only_searched", "said", "source"]

WEIGHTED = (
    "Conv2D", "_FusedConv2D", "DepthwiseConv2dNative", "FusedDepthwiseConv2dNative", "Conv2DBackpropInput", "MatMul",
    "_FusedMatMul", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "Prelu",
)  # fmt: skip
"""Operations that learn: where one follows from what is not known, the net cannot be read."""
SEARCHES = (
    "All", "Any", "ArgMax", "ArgMin", "BroadcastTo", "Equal", "Fill", "FloorDiv", "FloorMod", "GatherNd", "GatherV2",
    "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd", "LogicalNot", "LogicalOr", "NonMaxSuppressionV3",
    "NonMaxSuppressionV4", "NonMaxSuppressionV5", "NotEqual", "OneHot", "Pack", "Range", "Reciprocal", "Round",
    "Select", "SelectV2", "Shape", "Size", "Slice", "Split", "SplitV", "SquaredDifference", "StridedSlice", "Tile",
    "TopKV2", "Transpose", "Where", "ZerosLike",
)  # fmt: skip
"""Operations of which a search for answers consists."""
ENTERING = ("Const", "Placeholder")


def left_out(graph: Graph) -> dict[str, Node]:
    """The operations that are not known and all that follows from them, by name.

    Raises CnncalcError, with all operations that are not known together, where one with weights follows, or where they
    are no searches.
    """
    known = {*OPERATIONS, *PASSED, *ENTERING}
    unknown = {node.name for node in graph.nodes.values() if node.kind not in known}
    gone = following(graph, unknown) if unknown else {}
    named = [node for node in graph.nodes.values() if node.name in unknown]
    if any(node.kind in WEIGHTED for node in gone.values()) or any(node.kind not in SEARCHES for node in named):
        raise CnncalcError(fault(named))
    return gone


def following(graph: Graph, names: AbstractSet[str]) -> dict[str, Node]:
    """These nodes and all that take, on any way, what one of them makes."""
    found: dict[str, Node] = {}
    for node in ordered(graph):
        if node.name in names or any(source(one) in found for one in node.inputs):
            found[node.name] = node
    return found


def only_searched(graph: Graph, gone: dict[str, Node], node: Node) -> bool:
    """Whether a reshape hands what it takes to nothing but searches that are left out: they alone need its shape."""
    after = following(graph, {node.name})
    return node.kind == "Reshape" and len(after) > 1 and all(name in gone for name in after if name != node.name)


def more_left_out(graph: Graph, gone: dict[str, Node], node: Node) -> bool:
    """Leave out a node that cannot be read, where the end is left out anyway and nothing after it learns."""
    after = following(graph, {node.name})
    if not gone or any(one.kind in WEIGHTED for one in after.values()):
        return False
    gone.update(after)
    return True


def source(name: str) -> str:
    """The node that makes a tensor: `split:1` is the second of `split`, `^split` only waits for it."""
    return name.lstrip("^").partition(":")[0]


def fault(nodes: list[Node]) -> Fault:
    """What is not known."""
    help = "convert the layers before them alone, or read the net's ONNX form"
    return Fault("the graph has operations that are not known", None, nodes[0].name[:120], counted(nodes), help)


def counted(nodes: list[Node]) -> str:
    """How many there are of each kind."""
    counts = Counter(node.kind for node in nodes)
    listed = ", ".join(f"`{kind[:60]}` {count} ×" for kind, count in counts.most_common(20))
    return listed + (f" and {len(counts) - 20} more" if len(counts) > 20 else "")


def numbers_of(graph: Graph, gone: dict[str, Node]) -> int:
    """The floating-point numbers of the file that only these operations take."""
    own = {source(one) for node in gone.values() for one in node.inputs}
    others = {source(one) for node in graph.nodes.values() if node.name not in gone for one in node.inputs}
    found = (graph.constants[name] for name in own - others if name in graph.constants)
    return sum(product(constant.shape) for constant in found if not constant.whole)


def said(gone: dict[str, Node]) -> str:
    """What was left out, in words."""
    return (
        f"{len(gone)} operations without weights at the end, which search for answers, are left out, and what they take"
        f" comes out: {counted(list(gone.values()))}"
    )
