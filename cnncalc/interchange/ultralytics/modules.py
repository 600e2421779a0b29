"""The modules that model files of Ultralytics name: which block or kind of ours each is, and with which arguments.

The blocks stand in `architectures/ultralytics_blocks.yaml`, their arguments in the order of the files. What a file's
parser does to the arguments stands here. (Ultralytics 8.4, `parse_model` of nn/tasks.py; YOLOv5 7.0, models/yolo.py.)
"""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.interchange.ultralytics.rows import Fields, Row, UnusableError, given, whole
from cnncalc.records import NamedTuple

__all__ = ["MODULES", "YOLOV5", "Module"]


class Module(NamedTuple):
    """How one module is written: a block, or a kind, with the arguments `names` and what `more` makes of the row."""

    block: str
    names: str = ""
    scaled: bool = False
    """Whether the first argument is a width that is scaled."""
    inner: bool = False
    """Whether the repeats are the argument `n`; any other module stands so many times in a row."""
    more: Callable[[Row, Fields], None] | None = None
    ends: tuple[str, ...] = ()
    """Of a head: what it gives beside its last tensor, by the names inside its block."""

    def fields(self, row: Row) -> Fields:
        """The arguments of the block. Raises UnusableError."""
        fields = given(self.names, row.arguments)
        first = self.names.partition(" ")[0]
        if self.scaled:
            fields[first] = row.scaling.width_of(whole(fields.get(first), "a width"), row)
        if self.inner:
            fields["n"] = row.repeats
        if self.more is not None:
            self.more(row, fields)
        return fields


def _activation(row: Row, fields: Fields) -> None:
    """A flag that switches the activation off, or the activation itself as Python writes it.

    Before YOLOv5 7.0, and in YOLOv7, there is no dilation before it.
    """
    if isinstance(fields.get("d"), (bool, str)):
        fields["act"] = fields.pop("d")
    if isinstance(fields.get("k"), str) and "p" not in fields:  # a length for each axis
        fields["p"] = "x".join(str(int(one) // 2) for one in fields["k"].split("x"))
    act = fields.pop("act", True)
    if act is not True:
        fields["act"] = row.scaling.activation_of(act) if isinstance(act, str) else "none"


def _c3k2(row: Row, fields: Fields) -> None:
    """The larger scales have C3k blocks wherever the file says."""
    if row.scaling.scale in ("m", "l", "x"):
        fields["c3k"] = True


def _a2c2f(row: Row, fields: Fields) -> None:
    """The largest scales are residual, with a narrower MLP."""
    if row.scaling.scale in ("l", "x"):
        for name, value in given(MODULES["A2C2f"].names, [*row.arguments, True, 1.2]).items():
            fields.setdefault(name, value)


def _c2f_attention(row: Row, fields: Fields) -> None:
    """Heads are scaled with the width; the embedding is as wide as the inner channels."""
    heads = whole(fields.get("nh", 1), "heads")
    scaling = row.scaling
    if heads > 1:
        fields["nh"] = int(max(round(min(heads, scaling.most // 2 // 32)) * scaling.width, 1))
    fields["ec"] = int(fields["out"] * fields.get("e", 0.5))


def _detect(row: Row, fields: Fields) -> None:
    """What the head takes from the file: the bins of a side, a second set of branches, and which branches."""
    scaling = row.scaling
    given_ones = {"reg_max": scaling.reg_max, "end2end": scaling.end2end, "legacy": scaling.legacy}
    fields.update((name, value) for name, value in given_ones.items() if value != USUAL[name])


def _segment(row: Row, fields: Fields) -> None:
    _detect(row, fields)
    _protos(row, fields)


def _pose(row: Row, fields: Fields) -> None:
    """Keypoints times numbers of each."""
    _detect(row, fields)
    shape = fields.pop("keypoints", None) or row.scaling.keypoints
    if not isinstance(shape, list) or len(shape) != 2:
        raise UnusableError("`kpt_shape` is the number of keypoints and of numbers of each, such as [17, 3]")
    points, numbers = (whole(one, "a number of keypoints") for one in shape)
    fields["extra"] = points * numbers
    if row.name == "Pose26":
        fields.update(points=points, numbers=numbers)


def _anchors(row: Row, fields: Fields) -> None:
    """As many anchors as a level has pairs."""
    anchors = fields.pop("anchors", None)
    first = anchors[0] if isinstance(anchors, list) and anchors else anchors
    fields["anchors"] = len(first) // 2 if isinstance(first, list) else whole(first, "the number of anchors")


def _segment5(row: Row, fields: Fields) -> None:
    _anchors(row, fields)
    _protos(row, fields)


def _protos(row: Row, fields: Fields) -> None:
    fields["protos"] = row.scaling.width_of(whole(fields.get("protos", 256), "the width of the prototypes"), row)


def _concat(row: Row, fields: Fields) -> None:
    dimension = whole(fields.pop("dimension", 1), "the axis")
    if dimension > 1:
        fields["axis"] = dimension - 1


def _upsample(row: Row, fields: Fields) -> None:
    """`nn.Upsample(size, scale_factor, mode, align_corners)`."""
    mode = fields.pop("mode", "nearest")
    if mode != "nearest":
        fields["mode"] = mode
    if not fields.get("align_corners", True):
        del fields["align_corners"]


def _pad(row: Row, fields: Fields) -> None:
    """torch pads the last axis first: left, right, top, bottom."""
    sides = fields.pop("border", None)
    sides = [int(one) for one in str(sides).split("x")] if isinstance(sides, str) else [sides] * 4
    if len(sides) != 4 or not all(isinstance(one, int) for one in sides):
        raise UnusableError("a border is one number, or [left, right, top, bottom]")
    left, right, top, bottom = sides
    fields["border"] = f"{top}:{bottom}x{left}:{right}"


def _stage(form: str, **usual: float) -> Module:
    """A stage of YOLOv7's and YOLOR's of residual units, whose inner width `res` says."""
    return Module(f"BottleneckCSP{form}", STAGE, True, True, lambda row, fields: fields.update({**usual, **fields}))


def _by_two(row: Row, fields: Fields) -> None:
    """Four neighbours side by side, in whatever order."""
    fields["scale"] = 2


USUAL = {"reg_max": 16, "end2end": False, "legacy": True}
"""What heads are unless told."""
CONV = "out k s p g d act"
STAGE = "out shortcut g e"
HEAD = "nc reg_max end2end legacy"

MODULES: dict[str, Module] = {
    "Conv": Module("Conv", CONV, scaled=True, more=_activation),
    "DWConv": Module("DWConv", "out k s d act", scaled=True, more=_activation),
    "ConvTranspose": Module("ConvTranspose", "out k s p bn act", scaled=True, more=_activation),
    "DWConvTranspose2d": Module("DWConvTranspose2d", "out k s p1 p2", scaled=True),
    "Focus": Module("Focus", "out k s p g act", scaled=True, more=_activation),
    "GhostConv": Module("GhostConv", "out k s g act", scaled=True, more=_activation),
    "SCDown": Module("SCDown", "out k s", scaled=True),
    "AConv": Module("AConv", "out", scaled=True),
    "ADown": Module("ADown", "out", scaled=True),
    "Bottleneck": Module("Bottleneck", "out shortcut g", scaled=True),
    "GhostBottleneck": Module("GhostBottleneck", "out k s", scaled=True),
    "SPP": Module("SPP", "out sizes", scaled=True),
    "SPPF": Module("SPPF", "out k n shortcut", scaled=True),
    "SPPELAN": Module("SPPELAN", "out c k", scaled=True),
    "C1": Module("C1", "out", scaled=True, inner=True),
    "C2": Module("C2", STAGE, scaled=True, inner=True),
    "C2f": Module("C2f", STAGE, scaled=True, inner=True),
    "C3": Module("C3", STAGE, scaled=True, inner=True),
    "C3x": Module("C3x", STAGE, scaled=True, inner=True),
    "C3TR": Module("C3TR", STAGE, scaled=True, inner=True),
    "C3Ghost": Module("C3Ghost", STAGE, scaled=True, inner=True),
    "C3k2": Module("C3k2", "out c3k e attn g shortcut", scaled=True, inner=True, more=_c3k2),
    "C2fCIB": Module("C2fCIB", "out shortcut lk g e", scaled=True, inner=True),
    "C2PSA": Module("C2PSA", "out e", scaled=True, inner=True),
    "C2fPSA": Module("C2fPSA", "out e", scaled=True, inner=True),
    "PSA": Module("PSA", "out e", scaled=True),
    "A2C2f": Module("A2C2f", "out a2 area residual mlp_ratio e g shortcut", scaled=True, inner=True, more=_a2c2f),
    "C2fAttn": Module("C2fAttn", "out ec nh gc shortcut g e", scaled=True, inner=True, more=_c2f_attention),
    "BottleneckCSP": Module("BottleneckCSP", STAGE, scaled=True, inner=True),
    "RepC3": Module("RepC3", "out e", scaled=True, inner=True),
    "RepNCSPELAN4": Module("RepNCSPELAN4", "out c3 c4 n", scaled=True),
    "ELAN1": Module("ELAN1", "out c3 c4", scaled=True),
    "ResNetLayer": Module("ResNetLayer", "in width s is_first n e", more=lambda row, fields: fields.pop("in", None)),
    "HGStem": Module("HGStem", "middle out"),
    "HGBlock": Module("HGBlock", "middle out k lightconv shortcut", inner=True),
    "AIFI": Module("AIFI", "cm heads"),
    "ImagePoolingAttn": Module("ImagePoolingAttn", "ec ct nh k scale"),
    "Classify": Module("Classify", "out k s p g", ends=("linear",)),
    "Detect": Module("Detect", HEAD, more=_detect),
    "v10Detect": Module("Detect", "nc", more=lambda row, fields: fields.update(end2end=True, legacy=False)),
    "Segment": Module("Segment", "nc extra protos", more=_segment, ends=("proto",)),
    "Segment26": Module("Segment26", "nc extra protos", more=_segment, ends=("proto",)),
    "OBB": Module("Detect", "nc extra", more=_detect),
    "OBB26": Module("Detect", "nc extra", more=_detect),
    "Pose": Module("Detect", "nc keypoints", more=_pose),
    "Pose26": Module("Pose26", "nc keypoints", more=_pose),
    "WorldDetect": Module("WorldDetect", "nc embed with_bn", more=_detect),
    "YOLOEDetect": Module("YOLOEDetect", "nc embed with_bn", more=_detect),
    "YOLOESegment": Module("YOLOESegment", "nc extra protos embed with_bn", more=_segment, ends=("proto",)),
    "YOLOESegment26": Module("YOLOESegment26", "nc extra protos embed with_bn", more=_segment, ends=("proto",)),
    "SemanticSegment": Module("SemanticSegment", "nc"),
    "Depth": Module("Depth", "c"),
    "RTDETRDecoder": Module("RTDETRDecoder", "nc hd nq ndp nh ndl d_ffn"),
    "Concat": Module("concat", "dimension", more=_concat),
    "Silence": Module("identity"),
    "nn.Identity": Module("identity"),
    "nn.Upsample": Module("upsample", "size scale mode align_corners", more=_upsample),
    "nn.MaxPool2d": Module("maxpool", "kernel stride padding dilation"),
    "nn.AvgPool2d": Module("avgpool", "kernel stride padding"),
    "nn.AdaptiveAvgPool2d": Module("adaptive_avgpool", "output"),
    "nn.ZeroPad2d": Module("pad", "border", more=_pad),
    "nn.BatchNorm2d": Module("batchnorm", "in", more=lambda row, fields: fields.pop("in", None)),
    "nn.ConvTranspose2d": Module("deconv", "out kernel stride padding output_padding groups bias", scaled=True),
    "nn.Conv2d": Module("conv", "in out kernel stride padding dilation groups bias"),
    "nn.Flatten": Module("flatten"),
    "nn.Dropout": Module("dropout", "rate"),
    "nn.ReLU": Module("relu", "inplace"),
    "nn.SiLU": Module("silu", "inplace"),
    "nn.Sigmoid": Module("sigmoid"),
}
"""By the name that a file gives; `CBLinear` and `CBFuse` hand on lists of tensors, and are read in `rows`."""

ACTIVATIONS = {
    "nn.LeakyReLU": Module("leaky_relu", "slope inplace"),
    "nn.Hardswish": Module("hardswish", "inplace"),
    "nn.ReLU6": Module("relu6", "inplace"),
    "nn.Mish": Module("mish", "inplace"),
    "nn.GELU": Module("gelu"),
    "nn.Tanh": Module("tanh"),
    "nn.AdaptiveMaxPool2d": Module("adaptive_maxpool", "output"),
    "nn.PixelShuffle": Module("pixel_shuffle", "scale"),
    "nn.PixelUnshuffle": Module("pixel_unshuffle", "scale"),
}
"""Modules of torch's that files of the users' own have."""
MODULES.update(ACTIVATIONS)

YOLOV5: dict[str, Module] = {
    **MODULES,
    "nn.Conv2d": Module("conv", "out kernel stride padding dilation groups bias", scaled=True),
    "Contract": Module("space_to_depth", "scale"),
    "Expand": Module("pixel_shuffle", "scale"),
    "MP": Module("MP", "k"),
    "SP": Module("SP", "k s"),
    "ReOrg": Module("space_to_depth", more=_by_two),
    "Shortcut": Module("add", "dimension", more=lambda row, fields: fields.clear()),
    "RepConv": Module("RepConv7", "out k s p g act", scaled=True, more=_activation),
    "DownC": Module("DownC", "out k", scaled=True, inner=True),
    "SPPCSPC": Module("SPPCSPC", "out shortcut g e sizes", scaled=True, inner=True),
    "IDetect": Module("IDetect", "nc anchors", more=_anchors),
    "Stem": Module("Stem", "out", scaled=True),
    "Res": Module("Res", STAGE, scaled=True),
    "ResX": Module("Res", STAGE, scaled=True, more=lambda row, fields: fields.update(g=fields.get("g", 32))),
    **{f"BottleneckCSP{form}": Module(f"BottleneckCSP{form}", STAGE, scaled=True, inner=True) for form in "ABC"},
    **{f"ResCSP{form}": _stage(form, res=0.5) for form in "ABC"},
    **{f"ResXCSP{form}": _stage(form, res=1.0, g=32) for form in "ABC"},
    "DDetect": Module("DDetect", "nc"),
    "Detect of YOLOv9": Module("DDetect", "nc", more=lambda row, fields: fields.update(g=1)),
    "Segment of YOLOv9": Module("Segment9", "nc extra protos", more=_protos, ends=("proto",)),
    "Panoptic": Module("Segment9", "nc semantic extra protos", ends=("proto", "uconv")),
    "Bottleneck": Module("Bottleneck13", "out shortcut g e", scaled=True),
    "GhostConv": Module("GhostConv", "out k s g act", scaled=True, more=_activation),
    "SPPF": Module("SPPF", "out k", scaled=True),
    "C3SPP": Module("C3SPP", "out sizes", scaled=True),
    "CrossConv": Module("CrossConv", "out k s g e shortcut", scaled=True),
    "Detect": Module("Detect5", "nc anchors", more=_anchors),
    "Segment": Module("Segment5", "nc anchors extra protos", more=_segment5, ends=("proto",)),
}
"""YOLOv5's own repository, YOLOv7's and YOLOv9's: heads with anchors, other pairs of kernels."""
