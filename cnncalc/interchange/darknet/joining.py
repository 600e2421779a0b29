"""Darknet's layers that take others by number, and those that lay a map out anew."""

from __future__ import annotations

from math import prod

from cnncalc.interchange.building import Build, learned
from cnncalc.interchange.darknet.activations import activated
from cnncalc.interchange.darknet.config import Section
from cnncalc.interchange.darknet.windows import flat

__all__ = [
    "crop",
    "dropout",
    "history",
    "implicit",
    "reorg",
    "route",
    "scaled",
    "shifted",
    "shortcut",
    "softmax",
    "upsample",
]


def route(section: Section, build: Build) -> int:
    """Layers one after another along the channels; of each, one of `groups` parts (forward_route_layer)."""
    halves = 2 if section.name == "route_lhalf" else 1  # of PyTorch_YOLOv4's, the first half
    groups, chosen = section.whole("groups", halves, 1), section.whole("group_id", 0, 0)
    tensors: list[int] = []
    for number, (tensor, shape) in enumerate(zip(build.tensors, build.x)):
        part = shape[0] // groups
        if part < 1 or part * groups != shape[0] or chosen >= groups:
            raise section.fault(f"`groups` divides the {shape[0]} channels, and `group_id` is below it", "groups")
        suffix, channels = f"_part{number or ''}", (part * chosen, part * (chosen + 1))
        tensors.append(build.put("slice", tensor, suffix=suffix, channels=channels) if groups > 1 else tensor)
    return tensors[0] if len(tensors) == 1 else build.put("concat", *tensors)


def shortcut(section: Section, build: Build) -> int:
    """The current map plus others (forward_shortcut_layer).

    Its own channels and size are kept: of a map with more channels the first ones are added, one with fewer is added to
    the first ones. Of a larger map every so many-th pixel is added, as pjreddie's Darknet does; AlexeyAB's aborts.
    """
    terms = [build.tensors[0]]
    terms += [fitted(section, build, tensor, number) for number, tensor in enumerate(build.tensors[1:])]
    weights = section.text("weights_type", "none")
    if weights != "none":
        shared = weights in ("per_feature", "per_layer")
        terms = [
            learned(build, term, "multiply", f"_weight{number}", shared=shared) for number, term in enumerate(terms)
        ]
    return activated(build, build.put("add", *terms), section.text("activation", "linear"))


def fitted(section: Section, build: Build, tensor: int, number: int) -> int:
    """Another map with the size and the channels of the current one."""
    shape, own = build.shape(tensor), build.x[0]
    suffix = f"{number or ''}"
    if len(shape) != len(own):
        raise section.fault("a shortcut adds a map to a map", "from")
    same_size = tensor if shape[1:] == own[1:] else sampled(section, build, tensor, suffix)
    if shape[0] > own[0]:
        return build.put("slice", same_size, suffix=f"_slice{suffix}", channels=(0, own[0]))
    if shape[0] < own[0]:
        return build.put("pad", same_size, suffix=f"_pad{suffix}", channels=((0, own[0] - shape[0]),))
    return same_size


def sampled(section: Section, build: Build, tensor: int, suffix: str) -> int:
    """Every so many-th pixel of a larger map."""
    shape, own = build.shape(tensor), build.x[0]
    steps = {larger // smaller for larger, smaller in zip(shape[1:], own[1:])}
    step = steps.pop()
    if steps or step < 1 or any((larger - 1) // step + 1 != smaller for larger, smaller in zip(shape[1:], own[1:])):
        values = f"{'x'.join(map(str, shape))} to {'x'.join(map(str, own))}"
        raise section.fault(f"a shortcut adds maps of one size, or of a whole multiple of it, not {values}", "from")
    return build.put("maxpool", tensor, suffix=f"_sample{suffix}", kernel=(1, 1), stride=(step, step), rounding="floor")


def scaled(section: Section, build: Build) -> int:
    """`scale_channels` and `sam`: another layer's map times this one, which has one number a channel or a position."""
    build.takes(2)
    current, other = build.tensors
    return activated(build, build.put("multiply", other, current), section.text("activation", "linear"))


def implicit(section: Section, build: Build) -> int:
    """What YOLOR's nets know beside the image: a learned number a channel, whatever comes in."""
    filters, atoms, ones = section.whole("filters", 128, 1), section.whole("atoms", 1, 1), build.axes * (1,)
    if atoms > 1 and not ones:
        raise section.fault("several numbers a channel are a column, beside a map", "atoms")
    shape = (filters, atoms, *ones[1:]) if ones else (filters,)
    return build.put("parameter", shape=shape)


def shifted(section: Section, build: Build) -> int:
    """`shift_channels`: another layer's numbers a channel are added, in YOLOR's nets."""
    build.takes(2)
    return build.put("add", *build.tensors)


def reorg(section: Section, build: Build) -> int:
    """Positions to channels, or with `reverse` back; `extra` numbers may follow all of them (pjreddie's)."""
    stride = section.whole("stride", 1, 1)
    extra = section.whole("extra", 0, 0)
    if extra:
        column = build.put("reshape", suffix="_reshape", shape=(prod(build.x[0]), 1, 1))
        return build.put("flatten", build.put("pad", column, suffix="_pad", channels=((0, extra),)))
    if stride == 1:
        return build.put("identity")
    return build.put("pixel_shuffle" if section.whole("reverse", 0) else "space_to_depth", factor=stride)


def upsample(section: Section, build: Build) -> int:
    """Each pixel `stride` times an axis; with a negative stride the sum of each window."""
    stride = section.whole("stride", 2)
    if stride == 0:
        raise section.fault("`stride` is not 0", "stride")
    if stride < 0:
        return build.put("avgpool", kernel=(-stride, -stride), stride=(-stride, -stride), rounding="floor")
    return build.put("upsample", scale=(stride, stride))


def crop(section: Section, build: Build) -> int:
    """A random window in training, the middle at inference."""
    size = (section.whole("crop_height", 1, 1), section.whole("crop_width", 1, 1))
    return build.put("crop", size=size)


def dropout(section: Section, build: Build) -> int:
    """`probability` is 0.2 unless given."""
    return build.put("dropout", rate=section.real("probability", 0.2))


def softmax(section: Section, build: Build) -> int:
    """Over all numbers as one vector, or over the channels at each position where `spatial` says so."""
    if section.real("spatial", 0.0):
        return build.put("softmax")
    return build.put("softmax", flat(build, build.tensors[0]))


def history(section: Section, build: Build) -> int:
    """The last maps, stacked along the channels."""
    size = section.whole("history_size", 4, 1)
    channels, *lengths = build.x[0]
    if prod(build.x[0]) * size > 2**40:
        raise section.fault("`history_size` is beyond what a net holds", "history_size")
    return build.opaque((channels * size, *lengths))
