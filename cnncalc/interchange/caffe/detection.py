"""Detection layers of Caffe's forks: SSD's boxes, R-CNN's regions. Only the shapes of what they give are known here."""

from __future__ import annotations

from cnncalc.interchange.building import Build
from cnncalc.interchange.caffe.net import CaffeLayer

__all__ = ["boxes", "clusters", "decoded", "detections", "interpolation", "prior_boxes", "proposals", "region_pooling"]


def prior_boxes(layer: CaffeLayer, build: Build) -> list[int]:
    """SSD's default boxes: corners and variances, four numbers for each box at each position (PriorBoxLayer)."""
    part = layer.part("prior_box_param")
    ratios = [1.0]
    flip = part.flag("flip", default=True)
    for value in part.values("aspect_ratio"):
        ratio = value.real("aspect_ratio")
        if ratio <= 0:
            raise layer.fault("`aspect_ratio` is above 0")
        if all(abs(ratio - known) >= 1e-6 for known in ratios):
            ratios += [ratio, 1 / ratio] if flip else [ratio]
    boxes = len(ratios) * len(part.values("min_size")) + len(part.values("max_size"))
    if not boxes or build.axes != 2:
        raise layer.fault("a prior box needs `min_size`, and a map with two spatial axes")
    _, height, width = build.x[0]
    return [build.opaque((2, boxes * height * width * 4))]


def detections(layer: CaffeLayer, build: Build) -> list[int]:
    """What is found: seven numbers for each object, as many as there are; Caffe sets room for one."""
    return [build.opaque((1, 1, 7))]


def proposals(layer: CaffeLayer, build: Build) -> list[int]:
    """Regions: the batch's image and four corners for each. What follows is counted for one region."""
    return [build.opaque((5,)), *(build.opaque((1,), suffix=f"_{number}") for number in range(1, len(layer.tops)))]


def boxes(layer: CaffeLayer, build: Build) -> list[int]:
    """MS-CNN's BoxOutput: a region, and with a second top its score as well (box_output_layer.cpp)."""
    return [
        build.opaque((5 + number, 1, 1), suffix=f"_{number}" if number else "") for number in range(len(layer.tops))
    ]


def decoded(layer: CaffeLayer, build: Build) -> list[int]:
    """MS-CNN's DecodeBBox: regions moved by what was found for them (decode_bbox_layer.cpp)."""
    build.takes(2)
    return [build.opaque(build.x[1])]


def region_pooling(layer: CaffeLayer, build: Build) -> list[int]:
    """Each region's window of the map, brought to one size; a position-sensitive one has its own channels."""
    part = layer.part("roi_pooling_param", "psroi_pooling_param", "roi_align_param")
    if layer.kind == "psroipooling":
        channels, group = part.whole("output_dim", 0), part.whole("group_size", 0)
        size = (channels, group, group)
    else:
        size = (build.x[0][0], part.whole("pooled_h", 0), part.whole("pooled_w", 0))
    if min(size) < 1:
        raise layer.fault("the size that regions are pooled to is missing", "it is " + "x".join(map(str, size)))
    return [build.opaque(size)]


def clusters(layer: CaffeLayer, build: Build) -> list[int]:
    """DetectNet's: boxes put together, 50 at most, five numbers each (clustering.py of NVIDIA/caffe)."""
    return [build.opaque((50, 5), suffix=f"_{number}" if number else "") for number in range(len(layer.tops))]


def interpolation(layer: CaffeLayer, build: Build) -> list[int]:
    """DeepLab's and PSPNet's Interp: bilinear, to a size, or by factors that keep the corners (InterpLayer)."""
    part = layer.part("interp_param")
    height, width = part.whole("height", 0), part.whole("width", 0)
    zoom, shrink = part.whole("zoom_factor", 1), part.whole("shrink_factor", 1)
    border = part.whole("pad_beg", 0) + part.whole("pad_end", 0)
    if zoom < 1 or shrink < 1 or border > 0 or build.axes != 2:
        raise layer.fault("this `Interp` cannot be read", f"zoom {zoom}, shrink {shrink}, pads {border}")
    if len(build.tensors) == 2:
        size = build.x[1][1:]
    elif height and width:
        size = (height, width)
    else:
        small = [(n + border - 1) // shrink + 1 for n in build.x[0][1:]]
        size = tuple(n + (n - 1) * (zoom - 1) for n in small)
    return [build.put("upsample", build.tensors[0], size=size, mode="linear", align_corners=True)]
