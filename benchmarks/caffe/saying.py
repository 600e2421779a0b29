"""One layer of the caffe dialect as a prototxt, also one that we refuse: field by field, with no look at its output."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.caffe.writing.pieces import FACTORS, Piece
from cnncalc.interchange.caffe.writing.saying import RULES
from cnncalc.interchange.caffe.writing.writer import fields, text
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Layer, Shape
from cnncalc.layers.fields import spread
from cnncalc.layers.windows import per_axis_requirements

__all__ = ["lone"]

KINDS = frozenset(RULES) - {"adaptive_avgpool", "adaptive_maxpool", "droppath", "identity", "upsample"}
"""What BVLC's Caffe has a layer for that needs no look at the output's size."""
FORKS = {"Upsample", "Interp", "Permute", "Normalize", "ShuffleChannel"}


def lone(layer: Layer, shapes: tuple[Shape, ...]) -> str:
    """A net of that layer alone; raises `Unsaid` where Caffe has no words for it."""
    worded = isinstance(getattr(layer, "padding", None), str) or getattr(layer, "norm", None) is not None
    if layer.kind not in KINDS or worded or getattr(layer, "alpha", False) is True or not _meant(layer, shapes[0]):
        raise Unsaid("no layer of Caffe")
    pieces = SAYING.get(layer.kind, _pieces)(layer, shapes)
    if not pieces or any(piece.type in FORKS or piece.tops or piece.suffix == FACTORS for piece in pieces):
        raise Unsaid("no layer of BVLC's Caffe, or one with several tops")
    lines = ['name: "lone"']
    bottoms = [f"x{place}" for place in range(len(shapes))]
    for name, shape in zip(bottoms, shapes):
        dims = tuple(("dim", n) for n in (2, *shape))
        lines += _layer(name, Piece("Input", "input_param", (("shape", dims),)), [], name)
    for place, piece in enumerate(pieces):
        top = "lone" if place == len(pieces) - 1 else f"part{place}"
        lines += _layer(top, piece, bottoms, top)
        bottoms = [top]
    return "\n".join(lines) + "\n"


def _meant(layer: Layer, shape: Shape) -> bool:
    """Whether a layer can be said at all: as many axes as it takes, and fields with a number for each."""
    rank = len(shape) - 1
    mapped = layer.needs != "map" or 1 <= rank <= 3
    return mapped and next(per_axis_requirements(layer, rank), None) is None


def _layer(name: str, piece: Piece, bottoms: list[str], top: str) -> list[str]:
    lines = ["layer {", f"  name: {text(name)}", f"  type: {text(piece.type)}"]
    lines += [f"  bottom: {text(bottom)}" for bottom in bottoms]
    lines.append(f"  top: {text(top)}")
    if piece.values:
        lines += [f"  {piece.part} {{", *(f"    {line}" for line in fields(piece.values)), "  }"]
    return [*lines, "}"]


def _pieces(layer: Layer, shapes: tuple[Shape, ...]) -> list[Piece]:
    """As the writer says it; of what we refuse the output is taken for the input."""
    from cnncalc.graph import broken_requirement

    broken = broken_requirement(layer, shapes)
    if broken is not None and (layer.kind == "reshape" or "there is no axis" in broken.rule):
        raise Unsaid("the writer says the shape that comes out, and counts axes behind the batch")
    made = layer.output_shape(*shapes) if broken is None else shapes[0]
    return RULES[layer.kind](layer, shapes, made)


def _local_norm(layer: Any, shapes: tuple[Shape, ...]) -> list[Piece]:
    """LRN, of any size."""
    return [Piece("LRN", "lrn_param", (("local_size", layer.size),))]


def _merge(layer: Layer, shapes: tuple[Shape, ...]) -> list[Piece]:
    """Eltwise, of any shapes."""
    if getattr(layer, "number", None) is not None or (layer.kind == "multiply" and len(set(shapes)) > 1):
        raise Unsaid("a number is no blob, and a Scale multiplies by a factor for each channel")
    return [Piece("Eltwise", "eltwise_param", (("operation", OPERATIONS[layer.kind]),))]


def _pool(layer: Any, shapes: tuple[Shape, ...]) -> list[Piece]:
    """A Pooling by its fields: Caffe's own rounding unless the file says which."""
    rank = len(shapes[0]) - 1
    if isinstance(layer.padding, str) or max(layer.dilation) > 1:
        raise Unsaid("Caffe's Pooling has neither words for its padding nor a dilation")
    borders = [*spread(layer.padding, rank)]
    if any(before != after for before, after in borders) or not getattr(layer, "count_include_pad", True):
        raise Unsaid("Caffe pads both sides of an axis alike, and counts it")
    values: list[tuple[str, object]] = [("pool", "AVE" if layer.kind == "avgpool" else "MAX")]
    sizes = {"kernel": [*spread(layer.kernel, rank)], "pad": [before for before, _ in borders]}
    if layer.stride is not None:
        sizes["stride"] = [*spread(layer.stride, rank)]
    for name, each in sizes.items():
        if len(set(each)) == 1:
            values.append((name if name != "kernel" else "kernel_size", each[0]))
        elif rank == 2:
            values += [(f"{name}_h", each[0]), (f"{name}_w", each[1])]
        else:
            raise Unsaid("Caffe's Pooling has two spatial axes")
    if layer.rounding is not None:
        values.append(("round_mode", layer.rounding.upper()))
    return [Piece("Pooling", "pooling_param", tuple(values))]


OPERATIONS = {"add": "SUM", "maximum": "MAX", "multiply": "PROD"}
SAYING = {
    "lrn": _local_norm, **dict.fromkeys(OPERATIONS, _merge), **dict.fromkeys(("maxpool", "avgpool"), _pool),
}  # fmt: skip
"""What is said without the writer, which looks at what comes out, or refuses it."""
