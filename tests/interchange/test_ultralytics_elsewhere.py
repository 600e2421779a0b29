"""Files of YOLOv7's and YOLOv9's own repositories, and older ones of YOLOv5's: parts by torch modules written from the
definitions, whole nets as their authors' logs count them."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_ultralytics import STEM, params, write

from cnncalc import CnncalcError, load, report
from cnncalc.interchange.ultralytics.elsewhere import computed

ANCHORS = "anchors:\n  - [10,13, 16,30, 33,23]\n"

ROWS = [
    ("[-1, 1, RepConv, [64]]", 41_344, (64, 320, 320)),  # a 3x3, a 1x1 and the map itself, a norm each
    ("[-1, 1, RepConv, [32, 3, 2]]", 20_608, (32, 160, 160)),
    ("[-1, 1, SPPCSPC, [128]]", 427_776, (128, 320, 320)),
    ("[-1, 1, DownC, [128]]", 45_440, (128, 160, 160)),
    ("[-1, 1, nn.Conv2d, [na * (nc + 5), 1, 1]]", 16_575, (255, 320, 320)),
    ("[-1, 1, Conv, [32, 3, 2, None, 1, nn.LeakyReLU(0.1)]]", 18_496, (32, 160, 160)),
    ("[-1, 1, Conv, [32, 3, 2, None, 1, False]]", 18_496, (32, 160, 160)),
    ("[-1, 1, Conv, [32, [1, 7]]]", 14_400, (32, 320, 320)),
    ("[-1, 1, Conv, [32, [1, 1]]]", 2_112, (32, 320, 320)),
    ("[-1, 1, Stem, [128]]", 94_848, (128, 80, 80)),
    ("[-1, 2, Res, [64]]", 27_136, (64, 320, 320)),
    ("[-1, 1, ResX, [64]]", 4_640, (64, 320, 320)),
    ("[-1, 2, BottleneckCSPA, [128]]", 107_520, (128, 320, 320)),
    ("[-1, 2, BottleneckCSPB, [128]]", 386_816, (128, 320, 320)),
    ("[-1, 2, BottleneckCSPC, [128]]", 111_744, (128, 320, 320)),
    ("[-1, 2, ResCSPA, [128]]", 52_224, (128, 320, 320)),
    ("[-1, 2, ResCSPB, [128]]", 165_632, (128, 320, 320)),
    ("[-1, 2, ResCSPC, [128]]", 56_448, (128, 320, 320)),
    ("[-1, 2, ResXCSPA, [128]]", 44_544, (128, 320, 320)),
    ("[-1, 2, ResXCSPB, [128]]", 134_400, (128, 320, 320)),
    ("[-1, 2, ResXCSPC, [128]]", 48_768, (128, 320, 320)),
    ("[-1, 1, MP, []]", 0, (64, 160, 160)),
    ("[-1, 1, SP, [5]]", 0, (64, 320, 320)),
    ("[-1, 1, ReOrg, []]", 0, (256, 160, 160)),
    ("[-1, 1, Contract, [2]]", 0, (256, 160, 160)),
    ("[-1, 1, Expand, [2]]", 0, (16, 640, 640)),
    ("[[-1, 0], 1, Shortcut, [1]]", 0, (64, 320, 320)),
    ("[-1, 1, nn.LeakyReLU, [0.1]]", 0, (64, 320, 320)),
]
HEADS = [
    ("[[0, 1, 2], 1, IDetect, [nc, anchors]]", 50_682),
    ("[[0, 1, 2, 3, 4, 5], 1, IAuxDetect, [nc, anchors]]", 100_407),
    ("[[0, 1, 2], 1, DDetect, [nc]]", 838_336),
    ("[[0, 1, 2, 3, 4, 5], 1, DualDDetect, [nc]]", 1_676_672),
    ("[[0, 1, 2, 3, 4, 5, 6, 7, 8], 1, TripleDDetect, [nc]]", 2_515_008),
    ("[[0, 1, 2, 3, 4, 5], 1, DualDetect, [nc]]", 1_860_992),
    ("[[0, 1, 2], 1, Detect, [nc]]", 930_496),
]
BESIDE = [
    # what comes out beside boxes: levels of 320, 160 and 80 pixels, prototypes on 640x640, classes of what is no thing
    ("[[0, 1, 2], 1, Segment, [nc, 32, 256]]", 1_763_552, [(116, 134_400), (32, 640, 640)]),
    ("[[0, 1, 2], 1, Panoptic, [nc, 93, 32, 256]]", 1_775_741, [(116, 134_400), (32, 640, 640), (173, 640, 640)]),
]


@pytest.mark.parametrize(("row", "expected", "shape"), ROWS, ids=[row.split(",")[2].strip() for row, _, _ in ROWS])
def test_rows(tmp_path, row, expected, shape):
    alone = params(write(tmp_path, [STEM], ["[-1, 1, nn.Identity, []]"], ANCHORS))
    graph = load(write(tmp_path, [STEM], [row], ANCHORS))
    assert report(graph).totals.params - alone == expected
    assert [graph.nodes[end].shape for end in graph.outputs.values()][-1] == shape


@pytest.mark.parametrize(("row", "expected"), HEADS, ids=[row.split("1, ")[-1].split(",")[0] for row, _ in HEADS])
def test_heads(tmp_path, row, expected):
    stem = [STEM] * row.split("]")[0].count(",") + [STEM]
    alone = params(write(tmp_path, stem, ["[-1, 1, nn.Identity, []]"], ANCHORS))
    graph = load(write(tmp_path, stem, [row], ANCHORS))
    assert (report(graph).totals.params - alone, len(graph.outputs)) == (expected, 1)


@pytest.mark.parametrize(("row", "expected", "shapes"), BESIDE, ids=["Segment", "Panoptic"])
def test_yolov9_s_heads_have_no_anchors(tmp_path, row, expected, shapes):
    """`Segment, [nc, 32, 256]` was read as YOLOv5's, with 32 anchors."""
    alone = params(write(tmp_path, [STEM] * 3, ["[-1, 1, nn.Identity, []]"], "anchors: 3\n"))
    graph = load(write(tmp_path, [STEM] * 3, [row], "anchors: 3\n"))
    assert report(graph).totals.params - alone == expected
    assert [graph.nodes[end].shape for end in graph.outputs.values()] == shapes


def conv(out, kernel=1, stride=1, source=-1):
    return f"[{source}, 1, Conv, [{out}, {kernel}, {stride}]]"


def concat(*sources):
    return f"[[{', '.join(map(str, sources))}], 1, Concat, [1]]"


UP = "[-1, 1, nn.Upsample, [None, 2, 'nearest']]"


def elan(wide, out):
    return [conv(wide), conv(wide, source=-2), *[conv(wide, 3)] * 4, concat(-1, -3, -5, -6), conv(out)]


def wider(wide, half, out):
    return [conv(wide), conv(wide, source=-2), *[conv(half, 3)] * 4, concat(-1, -2, -3, -4, -5, -6), conv(out)]


def halved(wide, *more):
    return ["[-1, 1, MP, []]", conv(wide), conv(wide, source=-3), conv(wide, 3, 2), concat(-1, -3, *more)]


YOLOV7 = (
    [
        conv(32, 3), conv(64, 3, 2), conv(64, 3), conv(128, 3, 2), *elan(64, 256), *halved(128), *elan(128, 512),
        *halved(256), *elan(256, 1024), *halved(512), *elan(256, 1024),
    ],
    [
        "[-1, 1, SPPCSPC, [512]]", conv(256), UP, conv(256, source=37), concat(-1, -2), *wider(256, 128, 256),
        conv(128), UP, conv(128, source=24), concat(-1, -2), *wider(128, 64, 128), *halved(128, 63),
        *wider(256, 128, 256), *halved(256, 51), *wider(512, 256, 512), "[75, 1, RepConv, [256, 3, 1]]",
        "[88, 1, RepConv, [512, 3, 1]]", "[101, 1, RepConv, [1024, 3, 1]]",
        "[[102, 103, 104], 1, IDetect, [nc, anchors]]",
    ],
)  # fmt: skip


def test_yolov7_as_its_authors_count_it(tmp_path):
    """`Model Summary: 415 layers, 37622682 parameters` of its training log."""
    graph = load(write(tmp_path, *YOLOV7, "anchors:\n" + "  - [10,13, 16,30, 33,23]\n" * 3))
    assert report(graph).totals.params == 37_622_682
    assert [graph.nodes[end].shape for end in graph.outputs.values()] == [(25_200, 85)]


def stage(*widths):
    return f"[-1, 1, RepNCSPELAN4, [{', '.join(map(str, widths))}, 1]]"


def down(out):
    return f"[-1, 1, ADown, [{out}]]"


PYRAMID = [
    "[-1, 1, Silence, []]", conv(64, 3, 2), conv(128, 3, 2), stage(256, 128, 64), down(256), stage(512, 256, 128),
    down(512), stage(512, 512, 256), down(512), stage(512, 512, 256),
]  # fmt: skip
AUXILIARY = [
    "[-1, 1, SPPELAN, [512, 256]]", UP, concat(-1, 7), stage(512, 512, 256), UP, concat(-1, 5), stage(256, 256, 128),
    down(256), concat(-1, 13), stage(512, 512, 256), down(512), concat(-1, 10), stage(512, 512, 256),
    "[5, 1, CBLinear, [[256]]]", "[7, 1, CBLinear, [[256, 512]]]", "[9, 1, CBLinear, [[256, 512, 512]]]",
    conv(64, 3, 2, 0), conv(128, 3, 2), stage(256, 128, 64), down(256), "[[23, 24, 25, -1], 1, CBFuse, [[0, 0, 0]]]",
    stage(512, 256, 128), down(512), "[[24, 25, -1], 1, CBFuse, [[1, 1]]]", stage(512, 512, 256), down(512),
    "[[25, -1], 1, CBFuse, [[2]]]", stage(512, 512, 256), "[[31, 34, 37, 16, 19, 22], 1, DualDDetect, [nc]]",
]  # fmt: skip


def test_yolov9_c_as_its_authors_count_it(tmp_path):
    """`yolov9-c summary: 604 layers, 50698278 parameters`, fused, of one class.

    A norm that is fused leaves a bias, and a RepConv its 3x3 alone.
    """
    file = Path(write(tmp_path, PYRAMID, AUXILIARY, "anchors: 3\n"))
    file.write_text(file.read_text().replace("nc: 80", "nc: 1"))
    graph = load(str(file))
    fused = report(graph).totals.params
    for _, node, layer in graph.layers():
        if type(layer).__name__ == "BatchNorm":
            fused -= node.shape[0]
        if node.name.endswith(".conv2.conv"):
            fused -= node.shape[0] * (graph.input_shapes(node)[0][0] + 1)
    assert fused == 50_698_278
    assert [graph.nodes[end].shape for end in graph.outputs.values()] == [(5, 8_400)]


def test_what_is_computed():
    names = {"nc": 80, "na": 3}
    assert [computed(text, names) for text in ("na * (nc + 5)", "nc//2", "nc*2-1", "2*3")] == [255, 40, 159, 6]
    for text in ("na", "x * 2", "nc ** 9", "__import__('os')", "(" * 40 + "+", "1 +", "nc / 0", "+" * 100, "nc / 3"):
        assert computed(text, names) is None
    for text in ("nc - 80", "3 - nc", "999999999 * 999999999"):
        with pytest.raises(Exception, match="whole number"):
            computed(text, names)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("[[0, 1, 0], 1, IAuxDetect, [nc, anchors]]", "as many levels"),
        ("[-1, 1, Conv, [nc - 80, 1]]", "whole number"),
        ("[-1, 1, MP, [0]]", "kernel"),
        ("[-1, 1, IDetect, [nc]]", "anchors"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, row, message):
    with pytest.raises(CnncalcError, match=message):
        load(write(tmp_path, [STEM, STEM], [row], ANCHORS))
