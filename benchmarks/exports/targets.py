"""`python -m benchmarks.exports.targets -o docs/targets.md`: what each kind is in each form that is written."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import each_kind  # noqa: E402

from cnncalc.errors import CnncalcError, Fault  # noqa: E402
from cnncalc.graph import Net, Node  # noqa: E402
from cnncalc.interchange.caffe.writing.writer import said  # noqa: E402
from cnncalc.interchange.darknet.writer import _Writer  # noqa: E402  # which section is which layer
from cnncalc.interchange.keras.writing.writer import model_of  # noqa: E402
from cnncalc.interchange.onnx.writing.writer import noted  # noqa: E402
from cnncalc.interchange.torch_code.writer import written  # noqa: E402

__all__ = ["faults", "page"]

OPSET = 24
"""Of the column of ONNX; with it the table does not depend on the package that is installed."""
MOST_NAMED = 3


def torch(graph: Net, node: Node) -> list[str]:
    """Its module or function; a class where torch has none."""
    text = str(written(graph, 1).content)
    return ["a class in the file"] if len(re.findall(r"^class ", text, re.MULTILINE)) > 1 else ["torch's own"]


def keras(graph: Net, node: Node) -> list[str]:
    """Its layers and operations."""
    model = model_of(graph)
    return [made.kind for name, made in model.layers.items() if model.groups.get(name) == node.name]


def onnx(graph: Net, node: Node) -> list[str]:
    """Its nodes."""
    nodes = noted(graph, OPSET)[0].nodes
    return [one.kind for one in nodes if one.name == node.name or one.name.startswith(f"{node.name}/")]


def caffe(graph: Net, node: Node) -> list[str]:
    """Its layers."""
    return [piece.type for piece in said(graph, 1)[1].get(node.index, [])]


def darknet(graph: Net, node: Node) -> list[str]:
    """Its section."""
    writer = _Writer(graph, 1)
    writer.net()
    sections = [
        writer.sections[writer.places[index]] for index in (node.index, *node.inputs) if writer.places[index] >= 0
    ]
    own = len(node.inputs) == 0 or writer.places[node.index] != writer.places[node.inputs[0]]
    return [sections[0].split("\n")[0].strip("[]")] if own and sections else []


TARGETS: dict[str, Callable[[Net, Node], list[str]]] = {
    "PyTorch": torch, "Keras": keras, "ONNX": onnx, "Caffe": caffe, "Darknet": darknet,
}  # fmt: skip


def asked(target: str, kind: str, graph: Net) -> list[str] | Fault:
    """What the layer of a kind is in a target, or why it is none."""
    node = next(node for node in reversed(graph.nodes) if node.layer is not None and node.layer.kind == kind)
    try:
        return TARGETS[target](graph, node)
    except CnncalcError as error:
        return next((fault for fault in error.faults if fault.layer == node.name), error.faults[0])


def faults() -> dict[tuple[str, str], tuple[str, Fault]]:
    """By case and target, the layer's name and the fault of all that is refused."""
    return {
        (name, target): (kind, found)
        for name, (kind, graph) in each_kind.nets().items()
        for target in TARGETS
        if isinstance(found := asked(target, kind, graph), Fault)
    }


def cell(found: list[str] | Fault) -> str:
    """What stands in the table."""
    if isinstance(found, Fault):
        return "–"
    names = ", ".join(one if " " in one else f"`{one}`" for one in found[:MOST_NAMED]) or "nothing"
    return names + (f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else "")


def page() -> str:
    """The page of the documentation."""
    cases = each_kind.nets()
    table = {name: [asked(target, *case) for target in TARGETS] for name, case in cases.items()}
    rows = [f"| {name} | {' | '.join(map(cell, found))} |" for name, found in table.items()]
    usual = [found for name, found in table.items() if name not in each_kind.VARIANTS]
    counts = [
        f"{target} {sum(isinstance(found[place], list) for found in usual)}" for place, target in enumerate(TARGETS)
    ]
    lists = "\n\n".join(
        f"## Not in {target}\n\n{lacked}"
        for place, target in enumerate(TARGETS)
        if (lacked := reasons({name: found[place] for name, found in table.items()}))
    )
    head = HEAD.format(
        kinds=len(usual), told=", ".join(counts), opset=OPSET, head=" | ".join(TARGETS), lines="| --- " * 5
    )
    return f"{head}{chr(10).join(rows)}\n\n{lists}\n"


def reasons(column: dict[str, list[str] | Fault]) -> str:
    """A list of what a target refuses, those of one reason together."""
    together: dict[str, list[str]] = {}
    for name, one in column.items():
        if isinstance(one, Fault):
            together.setdefault(f"{one.values or one.message}; {one.help}", []).append(name)
    return "\n".join(f"- **{', '.join(names)}**: {why}" for why, names in together.items())


HEAD = """# What each kind is in other tools

Made by `python -m benchmarks.exports.targets -o docs/targets.md`; a test holds it. Each kind in a net as small as can
be, as `cnncalc export` writes it: one name is a layer of that tool, several are a composition that computes the same,
`–` is refused, and below is why, and the way out. ONNX is of opset {opset}. Of {kinds} kinds are written: {told}.
The last rows are kinds with a field that is not as usual.

| kind | {head} |
| --- {lines}|
"""


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports.targets", description=__doc__)
    parser.add_argument("-o", default="docs/targets.md")
    Path(parser.parse_args().o).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
