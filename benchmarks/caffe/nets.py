"""The bundled nets that are said in Caffe's words, held against what a real Caffe makes of them."""

from __future__ import annotations

from math import prod

from benchmarks.caffe.asking import Made, asked
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.interchange.writers import writer_for
from cnncalc.language import load
from cnncalc.language.documents.library import bundled
from cnncalc.language.options import Options
from cnncalc.layers.base import count

__all__ = ["held_nets"]


def held_nets(program: str) -> int:
    """Print what differs, and how much was held; 1 where anything differs."""
    graphs: dict[str, Net] = {}
    said: dict[str, str] = {}
    for name in bundled():
        try:
            graph = load(name, Options())
            content = writer_for(None, "caffe").write(graph, 1).content
        except CnncalcError:  # a family with no member of its own, or a net that Caffe has no words for
            continue
        graphs[name], said[name] = graph, str(content)
    held = figures = 0
    wrong: list[str] = []
    unknown: list[str] = []
    for name, made in asked(program, said).items():
        if isinstance(made, str):
            unknown.append(f"{name}: {made}")
            continue
        found = differing(graphs[name], made)
        held, figures = held + 1, figures + len(made.blobs) + 1
        wrong += [f"{name}: {line}" for line in found]
    print("\n".join(wrong + unknown))
    print(f"{held} nets, {figures:,} figures, {len(wrong)} differ; {len(unknown)} are refused")
    return 1 if wrong else 0


def differing(graph: Net, made: Made) -> list[str]:
    """The blobs of layers whose shapes differ, and the sum of what is learned or kept."""
    lines = [
        f"{node.name} is {node.shape}, there {blob[1:]}"
        for _, node, _ in graph.layers()
        if (blob := made.blobs.get(node.name)) is not None and blob[1:] != node.shape
    ]
    ours = sum(
        count(layer.weight_shapes(*graph.input_shapes(node))) + count(layer.buffer_shapes(*graph.input_shapes(node)))
        for _, node, layer in graph.layers()
        if node.share is None
    )
    batch_norms = sum(len(shapes) == 3 and shapes[2] == (1,) for shapes in made.learned.values())
    theirs = sum(prod(shape) for shapes in made.learned.values() for shape in shapes) - batch_norms
    return lines if ours == theirs else [*lines, f"{ours:,} numbers, there {theirs:,} and a factor a batch norm"]
