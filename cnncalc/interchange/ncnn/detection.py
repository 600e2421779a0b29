"""ncnn's detection layers: only the shapes of what they give are known here."""

from __future__ import annotations

from math import prod

from cnncalc.interchange.building import Build
from cnncalc.interchange.ncnn.params import Operator

__all__ = ["detections", "grid_detections", "prior_boxes", "proposals", "region_pooling"]


def prior_boxes(operator: Operator, build: Build) -> list[int]:
    """SSD's default boxes: corners and variances, four numbers for each box at each position (priorbox.cpp).

    In MXNet's form, without a second tensor and with sizes in parts of the image, there are no variances.
    """
    if build.axes != 2:
        raise operator.fault("a prior box takes a map with two spatial axes")
    smallest, largest = len(operator.reals(0)), len(operator.reals(1))
    ratios = len(operator.reals(2))
    _, height, width = build.x[0]
    if len(build.tensors) == 1 and operator.whole(9, 0) == -233 and operator.whole(10, 0) == -233 and not largest:
        return [build.opaque((4 * width * height * (smallest - 1 + ratios),))]
    each = smallest * (1 + ratios * (2 if operator.whole(7, 1) else 1)) + largest
    return [build.opaque((2, 4 * width * height * each))]


def detections(operator: Operator, build: Build) -> list[int]:
    """SSD's: class, score and four corners for each object, as many as are kept at most."""
    return [build.opaque((max(operator.whole(3, 100), 1), 6))]


def grid_detections(operator: Operator, build: Build) -> list[int]:
    """YOLO's: class, score and four corners for each object, at most one for each box of each position."""
    boxes = operator.whole(1, 5)
    return [build.opaque((sum(max(boxes, 1) * prod(shape[1:]) for shape in build.x), 6))]


def proposals(operator: Operator, build: Build) -> list[int]:
    """Regions: four corners each. What follows is counted for one region."""
    return [build.opaque((1, 1, 4), suffix=f"_{place}" if place else "") for place in range(len(operator.tops))]


def region_pooling(operator: Operator, build: Build) -> list[int]:
    """Each region's window of the map, brought to one size."""
    by_place = operator.type == "PSROIPooling"
    usual = 7 if by_place else 0
    channels = operator.whole(3, 0) if by_place else build.x[0][0]
    return [build.opaque((channels, operator.whole(1, usual), operator.whole(0, usual)))]
