"""The inputs of a Caffe net: what its data layers say of their shapes, and which of their tops are labels."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.interchange.caffe.net import CaffeLayer
from cnncalc.interchange.caffe.prototext import Message
from cnncalc.layers.base import Shape

__all__ = ["FREE", "LABELLED", "OPEN", "data_shapes", "labels", "legacy_inputs", "loss", "regions", "targets"]

LOSSES = {
    "accuracy",
    "contrastiveloss",
    "detectionevaluate",
    "evaldetection",
    "euclideanloss",
    "hingeloss",
    "infogainloss",
    "multiboxloss",
    "multinomiallogisticloss",
    "segaccuracy",
    "segmentationevaluate",
    "sigmoidcrossentropyloss",
    "smoothl1loss",
    "softmaxwithloss",
    "tripletloss",
}
"""Layers that compare with labels and give one number for the whole batch."""
LEARNED = {"centerloss", "labelspecificadd"}
"""Those that learn something themselves."""
TARGETS = {"anchortarget", "boxannotatorohem", "frcnnanchortarget"}
"""Layers that say what the losses of an R-CNN compare with. What chooses regions as well is a proposal."""
LABELLED = {"assistedexcitation", "centerloss", "largemargininnerproduct", "margininnerproduct", "proposal"}
"""Layers that take labels beside what they are made of: they are read without these."""
POOLED = {"psroipooling", "roialign", "roipooling"}
"""Layers that take regions second, five numbers each."""
FREE = {"input", "dummydata", "parameter"}
"""Layers whose tops are data, all of them."""
IMAGES = {
    "data",
    "imagedata",
    "windowdata",
    "annotateddata",
    "videodata",
    "memorydata",
    "imagesegdata",
    "denseimagedata",
    "python",
}
OPEN = (0, 0)
"""The size of an image that the file does not say."""


def legacy_inputs(net: Message) -> list[tuple[str, Shape | None]]:
    """The inputs that a net names: `input`, with `input_shape` or four `input_dim` each (clips five), batch first."""
    names = [value.text for value in net.values("input")]
    shapes = [tuple(shape.wholes("dim")) for shape in net.messages("input_shape")]
    dims = net.wholes("input_dim")
    if not shapes:
        each = 5 if len(dims) == 5 * len(names) else 4  # a clip has frames, too
        shapes = [tuple(dims[start : start + each]) for start in range(0, len(dims), each)]
    return [(name, shapes[place] if place < len(shapes) else None) for place, name in enumerate(names)]


def data_shapes(layer: CaffeLayer) -> list[Shape | None]:
    """The shape of each top with the batch, None where the file does not say it.

    An image has three channels unless the file says grey: what a database holds is not in the file.
    """
    tops = len(layer.tops)
    said = [*layer.part("input_param").messages("shape"), *layer.part("dummy_data_param").messages("shape")]
    said += layer.part("parameter_param").messages("shape")
    if said:
        shapes = [tuple(shape.wholes("dim")) for shape in said]
        return [shapes[min(place, len(shapes) - 1)] for place in range(tops)]
    four = layer.part("dummy_data_param", "memory_data_param")
    named = [four.wholes(name) for name in ("channels", "height", "width")]
    if all(named):
        return [(1, *(given[min(place, len(given) - 1)] for given in named)) for place in range(tops)]
    each = layer.kind == "python"
    return [_image(layer), *(_image(layer) if each else None for _ in range(tops - 1))]


def _image(layer: CaffeLayer) -> Shape | None:
    """An image of the size to which the layer crops or resizes it, or of an `OPEN` one."""
    if layer.kind not in IMAGES:
        return None
    own = layer.part("data_param", "image_data_param", "window_data_param")
    transform = layer.part("transform_param")
    resize = transform.message("resize_param")
    crop = transform.whole("crop_size", own.whole("crop_size", 0))
    sizes = [
        (crop, crop),
        (transform.whole("crop_h", 0), transform.whole("crop_w", 0)),
        (resize.whole("height", 0), resize.whole("width", 0)),
        (own.whole("new_height", 0), own.whole("new_width", 0)),
    ]
    size = next((size for size in sizes if min(size) > 0), None)
    grey = transform.flag("force_gray", default=False) or not own.flag("is_color", default=True)
    frames = own.whole("new_length", 0) if layer.kind == "videodata" else 0  # of a clip, as C3D's fork has it
    return (1, 1 if grey else 3, *((frames,) if frames > 0 else ()), *(size or OPEN))


def loss(layer: CaffeLayer, *, known: bool = True) -> bool:
    """Whether a layer compares with labels: one of Caffe's, of a fork by its name, or one of no `known` type (Python's
    among them) that has a weight as a loss."""
    if layer.kind in LEARNED:
        return False
    ends = layer.kind.removesuffix("ohem").endswith(("loss", "accuracy"))
    weighted = layer.kind == "python" or not known
    return layer.kind in LOSSES or ends or (weighted and bool(layer.message.having("loss_weight")))


def targets(layer: CaffeLayer) -> bool:
    """Whether a layer makes labels of labels: what each anchor or region is to become, in the training of R-CNNs."""
    return layer.kind in TARGETS or (layer.kind == "python" and "target" in layer.type.lower())


def regions(layer: CaffeLayer, blob: str) -> bool:
    """Whether a layer takes a blob as regions of a map."""
    return layer.kind in POOLED and blob in layer.bottoms[1:]


def labels(layers: Sequence[CaffeLayer]) -> set[str]:
    """The tops of data layers that only losses use, however they get there: they are no inputs of the net.

    The first top of a data layer is data. So is what losses compare with where no layer makes it.
    """
    consumers: dict[str, list[CaffeLayer]] = {}
    for layer in layers:
        for bottom in layer.bottoms:
            consumers.setdefault(bottom, []).append(layer)
    found = {top for layer in layers if targets(layer) for top in layer.tops}
    for layer in layers:
        if layer.bottoms or layer.kind in FREE:
            continue
        for top in layer.tops[1:]:
            reached = _reached(top, consumers)
            if reached is not None:
                found |= reached
    made = {top for layer in layers for top in layer.tops}
    return found.union(
        blob
        for blob, taking in consumers.items()
        if blob not in made and all(loss(layer) and layer.bottoms[0] != blob for layer in taking)
    )


WEIGHTED = {"convolution", "deconvolution", "innerproduct", "embed", "lstm", "rnn", "depthwiseconvolution"}


def _reached(top: str, consumers: dict[str, list[CaffeLayer]]) -> set[str] | None:
    """All blobs in which a top is before a loss takes them; None where a layer with weights takes one: it is data."""
    reached, waiting = {top}, [top]
    while waiting:
        for layer in consumers.get(waiting.pop(), ()):
            if layer.kind in WEIGHTED:
                return None
            if loss(layer) or targets(layer) or layer.kind in LABELLED:
                continue
            for made in layer.tops:
                if made not in reached:
                    reached.add(made)
                    waiting.append(made)
    return reached
