"""Foreign texts read for a test, as every command reads them: what comes out, as few plain values."""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from cnncalc import Options, load, report
from cnncalc.graph import Net
from cnncalc.layers import show_shape


class Read(NamedTuple):
    """A net that was read."""

    graph: Net
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


def ncnn_net(*lines: str, shape: str = "0=8 1=8 2=3") -> str:
    """A net of these layers, each of which takes the blob before it unless it names one."""
    body = [f"Input in 0 1 x {shape}", *lines]
    return "\n".join(["7767517", f"{len(body)} 99", *body]) + "\n"


def ncnn_layer(layer: str, settings: str, shape: str) -> str:
    return ncnn_net(f"{layer} l 1 1 x y {settings}", shape=shape)


def mutated(whole: bytes, seed: int, *, least: int, kept: int = 0) -> bytes:
    """A file with some bytes changed behind the first `kept`, sometimes cut, to no less than `least` bytes."""
    random = Random(seed)
    data = bytearray(whole)
    for _ in range(random.choice((1, 1, 3, 12))):
        at = random.randrange(kept, len(data))
        data[at : at + random.choice((1, 1, 4))] = random.randbytes(random.choice((1, 4)))
    if random.random() < 0.1:
        del data[random.randrange(least, len(data)) :]
    return bytes(data)
