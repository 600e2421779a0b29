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

def totals(sk):
    from cnncalc.layers.base import count
    p=b=0
    for o in sk.operators:
        if o.layer is None or o.share is not None: continue
        x=[sk.shape(i) for i in o.inputs]
        p+=count(o.layer.weight_shapes(*x)); b+=count(o.layer.buffer_shapes(*x))
    if sk.dialect=="ncnn": p+=b
    return p,b,{sk.operators[i].name:sk.shape(i) for i in sk.ends()}

def told(sketch):
    params, buffers, outputs = totals(sketch)
    layers = sum(node.layer is not None for node in sketch.operators)
    return Read(sketch.name, params, buffers, layers, {n: "x".join(map(str, s)) for n, s in outputs.items()})


def caffe(text, *, train=False, inputs=None, opaque=False):
    message = read_message(Source("net.prototxt", text), Limits())
    return told(CaffeReader(message, train=train, inputs=inputs or {}, opaque=opaque).read())


def darknet(text, *, inputs=None, opaque=False):
    return told(DarknetReader(sections(Source("net.cfg", text), Limits()), inputs=inputs or {}, opaque=opaque).read())
