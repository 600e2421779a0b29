"""Foreign texts read for a test: what comes out, as few plain values."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.interchange.caffe.prototext import read_message
from cnncalc.interchange.caffe.reader import Reader as CaffeReader
from cnncalc.interchange.darknet.config import sections
from cnncalc.interchange.darknet.reader import Reader as DarknetReader
from cnncalc.language.yaml.tree import Source
from cnncalc.limits import Limits


class Read(NamedTuple):
    name: str
    params: int
    buffers: int
    layers: int
    outputs: dict[str, str]


def told(sketch):
    params, buffers, outputs = sketch.totals()
    layers = sum(node[2] is not None or node[1] == "opaque" for node in sketch.nodes)
    return Read(sketch.name, params, buffers, layers, {n: "x".join(map(str, s)) for n, s in outputs.items()})


def caffe(text, *, train=False, inputs=None, opaque=False):
    message = read_message(Source("net.prototxt", text), Limits())
    return told(CaffeReader(message, train=train, inputs=inputs or {}, opaque=opaque).read())


def darknet(text, *, inputs=None, opaque=False):
    return told(DarknetReader(sections(Source("net.cfg", text), Limits()), inputs=inputs or {}, opaque=opaque).read())
