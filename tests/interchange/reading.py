"""Foreign texts read for a test, as every command reads them: what comes out, as few plain values."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from cnncalc import Options, load, report
from cnncalc.graph import Graph
from cnncalc.layers import show_shape


class Read(NamedTuple):
    """A net that was read."""

    graph: Graph
    name: str
    params: int
    buffers: int
    macs: int
    layers: int
    outputs: dict[str, str]


def read(text: str | bytes, file: str, **options: Any) -> Read:
    """The text as a file of that name."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / file
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        graph = load(str(path), Options(**options))
    found = report(graph)
    outputs = {name: show_shape(graph.nodes[tensor].shape) for name, tensor in graph.outputs.items()}
    totals = found.totals
    layers = sum(1 for _ in graph.layers())
    return Read(graph, graph.name, totals.params, totals.buffers, totals.macs, layers, outputs)


def caffe(text: str | bytes, **options: Any) -> Read:
    return read(text, "net.prototxt", **options)


def darknet(text: str | bytes, **options: Any) -> Read:
    return read(text, "net.cfg", **options)


def ncnn(text: str | bytes, **options: Any) -> Read:
    return read(text, "net.param", **options)
