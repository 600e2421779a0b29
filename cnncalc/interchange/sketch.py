"""stub until onnx lands"""
from __future__ import annotations
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import broken_requirement
from cnncalc.layers.registry import KINDS, kind_named
from cnncalc.layers.fields import FieldError

class Sketch:
    def __init__(self, name="", dialect="torch"):
        self.name, self.dialect = name, dialect
        self.inputs = {}
        self.nodes = []
        self.shapes = []
        self.outputs = []
        self.notes = []
    def input(self, name, shape):
        self.nodes.append(("input", name, None, [], None))
        self.shapes.append(tuple(shape)); self.inputs[name]=tuple(shape)
        return len(self.nodes)-1
    def shape(self, t): return self.shapes[t]
    def add(self, name, kind, fields, inputs, *, place, foreign, share=None, shape=None):
        x = [self.shapes[i] for i in inputs]
        if kind in ("opaque","constant"):
            out = fields["shape"]; layer=None
        else:
            cls = KINDS.get(kind)
            f = dict(fields)
            if cls is None: 
                print("STUB kind", kind); cls=KINDS["identity"]; f={}
            for k in list(f):
                if k not in cls.fields: print("STUB field", kind,k,f.pop(k))
            if "dialect" in cls.fields: f["dialect"]=self.dialect
            try: layer = cls(**f)
            except FieldError as e: raise CnncalcError(Fault(e.rule, place, name, help=e.help)) from None
            r = broken_requirement(layer, tuple(x))
            if r: raise CnncalcError(Fault(r.rule, place, name, r.values, r.help if isinstance(r.help,str) else r.help()))
            out = layer.output_shape(*x)
        self.nodes.append((name, kind, layer, inputs, share)); self.shapes.append(out)
        return len(self.nodes)-1
    def totals(self):
        from cnncalc.layers.base import count
        p=b=0
        for name,kind,layer,inputs,share in self.nodes:
            if layer is None or share is not None: continue
            x=[self.shapes[i] for i in inputs]
            p+=count(layer.weight_shapes(*x)); b+=count(layer.buffer_shapes(*x))
        used={i for n in self.nodes for i in n[3]}
        return p+(b if self.dialect=='ncnn' else 0),b,{self.nodes[i][0]:self.shapes[i] for i in self.outputs}
