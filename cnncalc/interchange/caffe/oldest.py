"""Caffe's syntax of 2013, `layers { layer { … } bottom: … top: … }`, as the layers of today.

What `UpgradeV0Net` of Caffe's upgrade_proto.cpp does to it: fields of all layers stand in one message there, some under
other names, and a border is a layer of its own before a convolution or a pool.
"""

from __future__ import annotations

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.caffe.prototext import Message, Value

__all__ = ["Oldest"]

PARTS = {
    "concat": "concat_param",
    "conv": "convolution_param",
    "data": "data_param",
    "dropout": "dropout_param",
    "images": "image_data_param",
    "innerproduct": "inner_product_param",
    "lrn": "lrn_param",
    "pool": "pooling_param",
    "window_data": "window_data_param",
}
"""Where today's parameters of a layer stand."""
WORDS = {"batchsize": "batch_size", "biasterm": "bias_term", "kernelsize": "kernel_size"}
OWN = {"name", "type"}
BORDER = "padding"


class Oldest:
    """The borders that layers so far have made, which belong to the layers behind them."""

    __slots__ = ("borders",)

    def __init__(self) -> None:
        self.borders: dict[str, tuple[Message, Value]] = {}
        """By the blob, what adds the border, and the blob without it."""

    def upgraded(self, outer: Message) -> Message | None:
        """A layer as it is written today; None for a border. Raises CnncalcError for one before anything else."""
        inner = outer.message("layer")
        kind, bottoms, tops = inner.word("type"), outer.values("bottom"), outer.values("top")
        if kind == BORDER and len(bottoms) == len(tops) == 1:
            self.borders[tops[0].text] = (inner, bottoms[0])
            return None
        layer, part, transform = (Message(outer.source, inner.offset) for _ in range(3))
        for name, value in inner.entries:
            if name in OWN:
                layer.add(name, value)
            elif name == "cropsize":
                transform.add("crop_size", value)
            else:
                part.add(WORDS.get(name, name), value)
        for bottom in bottoms:
            border = self.borders.get(bottom.text)
            if border and (kind not in ("conv", "pool") or len(bottoms) > 1):
                fault = Fault("a border stands before a convolution or a pool", bottom.place(), inner.word("name"))
                raise CnncalcError(fault)
            for value in border[0].having("pad") if border else ():
                part.add("pad", value)
            layer.add("bottom", border[1] if border else bottom)
        for top in tops:
            self.borders.pop(top.text, None)
            layer.add("top", top)
        layer.add(PARTS.get(kind, f"{kind}_param"), part)
        layer.add("transform_param", transform)
        return layer
