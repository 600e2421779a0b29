"""Model files of Ultralytics: each module's parameters as the package itself builds it, and files that are broken."""

from __future__ import annotations

import contextlib
import random
import textwrap
import time

import pytest
from command_line import runner

from cnncalc import report
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.options import Options

# The parameters of one row on 64 channels, at depth and width 1, as ultralytics 8.4.190 builds the module (torch 2.14,
# `sum(p.numel() for p in module.parameters())`).
MODULES = [
    ("[-1, 1, Conv, [64, 3, 2]]", 36_992),
    ("[-1, 1, Conv, [64, 1, 1, None, 1, 1, False]]", 4_224),
    ("[-1, 1, DWConv, [96, 3, 1]]", 1_920),
    ("[-1, 1, GhostConv, [64, 3, 2]]", 19_360),
    ("[-1, 1, Focus, [64, 3]]", 147_584),
    ("[-1, 1, ConvTranspose, [64, 2, 2]]", 16_512),
    ("[-1, 2, Bottleneck, [64]]", 74_112),
    ("[-1, 2, C1, [64]]", 78_208),
    ("[-1, 2, C2, [64, True]]", 45_568),
    ("[-1, 2, C2f, [64, True]]", 49_664),
    ("[-1, 2, C3, [64]]", 29_184),
    ("[-1, 2, C3x, [64]]", 20_992),
    ("[-1, 2, C3TR, [64]]", 28_192),
    ("[-1, 2, C3Ghost, [64]]", 10_864),
    ("[-1, 2, C3k2, [64, False, 0.25]]", 11_040),
    ("[-1, 1, C3k2, [64, True]]", 22_016),
    ("[-1, 1, C3k2, [64, True, 0.5, True]]", 27_712),
    ("[-1, 1, C2fCIB, [64, True, True]]", 19_456),
    ("[-1, 1, C2PSA, [64]]", 16_352),
    ("[-1, 1, C2fPSA, [64]]", 18_400),
    ("[-1, 1, PSA, [64]]", 16_352),
    ("[-1, 1, A2C2f, [64, True, 4]]", 26_880),
    ("[-1, 1, A2C2f, [64, True, 1, True, 1.2]]", 23_512),
    ("[-1, 1, A2C2f, [64, False, -1]]", 17_856),
    ("[-1, 1, BottleneckCSP, [64]]", 28_096),
    ("[-1, 3, RepC3, [64]]", 132_096),
    ("[-1, 1, RepNCSPELAN4, [64, 32, 16, 2]]", 17_216),
    ("[-1, 1, ELAN1, [64, 32, 16]]", 11_008),
    ("[-1, 1, SPP, [64]]", 10_432),
    ("[-1, 1, SPPF, [64, 5]]", 10_432),
    ("[-1, 1, SPPF, [64, 5, 3, True]]", 10_432),
    ("[-1, 1, SPPELAN, [64, 32]]", 10_432),
    ("[-1, 1, AConv, [64]]", 36_992),
    ("[-1, 1, ADown, [64]]", 10_368),
    ("[-1, 1, SCDown, [64, 3, 2]]", 4_928),
    ("[-1, 1, HGStem, [32, 64]]", 43_360),
    ("[-1, 3, HGBlock, [32, 64, 3]]", 44_416),
    ("[-1, 3, HGBlock, [32, 64, 3, True]]", 12_704),
    ("[-1, 1, ResNetLayer, [64, 16, 2, False, 2]]", 13_312),
    ("[-1, 1, ResNetLayer, [64, 16, 1, True, 1]]", 50_208),
    ("[-1, 1, AIFI, [128, 8]]", 33_472),
    ("[-1, 1, nn.ConvTranspose2d, [64, 2, 2]]", 16_448),
    ("[-1, 1, nn.BatchNorm2d, [64]]", 128),
]

# Whole heads on three levels of 64, 64 and 64 channels, from the same witness.
HEADS = [
    ("Detect, [nc]", 565_888),
    ("Classify, [nc]", 186_960),
    ("Segment, [nc, 32, 64]", 744_928),
    ("Pose, [nc, [17, 3]]", 732_811),
    ("OBB, [nc, 1]", 600_691),
    ("v10Detect, [nc]", 588_304),
]


def write(folder, backbone, head, more="", name="net.yaml"):
    rows = "".join(f"  - {row}\n" for row in backbone)
    ends = "".join(f"  - {row}\n" for row in head)
    file = folder / name
    file.write_text(f"nc: 80\n{more}\nbackbone:\n{rows}head:\n{ends}", encoding="utf-8")
    return str(file)


def params(file, **settings):
    return report(load(file, Options(variables=settings))).totals.params


STEM = "[-1, 1, Conv, [64, 3, 2]]"


@pytest.mark.parametrize(
    ("row", "expected"), MODULES, ids=[row.split(",")[2].strip() + str(n) for n, (row, _) in enumerate(MODULES)]
)
def test_a_module_has_the_parameters_of_the_package(tmp_path, row, expected):
    alone = params(write(tmp_path, [STEM], ["[-1, 1, nn.Identity, []]"]))
    with_it = params(write(tmp_path, [STEM], [row]))
    assert with_it - alone == expected


@pytest.mark.parametrize(("row", "expected"), HEADS, ids=[row.split(",")[0] for row, _ in HEADS])
def test_a_head_has_the_parameters_of_the_package(tmp_path, row, expected):
    stem = [STEM] * 3
    taken = "-1" if row.startswith("Classify") else "[0, 1, 2]"
    alone = params(write(tmp_path, stem, ["[-1, 1, nn.Identity, []]"]))
    assert params(write(tmp_path, stem, [f"[{taken}, 1, {row}]"])) - alone == expected


YOLO8 = """
    scales:
      n: [0.33, 0.25, 1024]
      s: [0.33, 0.50, 1024]
      x: [1.00, 1.25, 512]
    backbone:
      - [-1, 1, Conv, [64, 3, 2]]
      - [-1, 1, Conv, [128, 3, 2]]
      - [-1, 3, C2f, [128, True]]
      - [-1, 1, Conv, [256, 3, 2]]
      - [-1, 6, C2f, [256, True]]
      - [-1, 1, Conv, [512, 3, 2]]
      - [-1, 6, C2f, [512, True]]
      - [-1, 1, Conv, [1024, 3, 2]]
      - [-1, 3, C2f, [1024, True]]
      - [-1, 1, SPPF, [1024, 5]]
    head:
      - [-1, 1, nn.Upsample, [None, 2, "nearest"]]
      - [[-1, 6], 1, Concat, [1]]
      - [-1, 3, C2f, [512]]
      - [-1, 1, nn.Upsample, [None, 2, "nearest"]]
      - [[-1, 4], 1, Concat, [1]]
      - [-1, 3, C2f, [256]]
      - [-1, 1, Conv, [256, 3, 2]]
      - [[-1, 12], 1, Concat, [1]]
      - [-1, 3, C2f, [512]]
      - [-1, 1, Conv, [512, 3, 2]]
      - [[-1, 9], 1, Concat, [1]]
      - [-1, 3, C2f, [1024]]
      - [[15, 18, 21], 1, Detect, [nc]]
"""


@pytest.fixture
def yolo8(tmp_path):
    file = tmp_path / "yolov8.yaml"
    file.write_text("nc: 80\n" + textwrap.dedent(YOLO8), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(("scale", "expected"), [("n", 3_157_200), ("s", 11_166_560), ("x", 68_229_648)])
def test_yolo8_at_each_scale_as_its_authors_say(yolo8, scale, expected):
    """The summaries that the authors' file states for its scales, https://docs.ultralytics.com/models/yolov8."""
    graph = load(yolo8, Options(variables={"scale": scale}))
    assert report(graph).totals.params == expected
    assert [graph.nodes[end].shape for end in graph.outputs.values()] == [(84, 8400)]


def test_it_is_the_net_of_the_library(yolo8):
    """Our own YOLOv8n, written by hand."""
    ours, theirs = report(load("yolov8n", Options())).totals, report(load(yolo8, Options())).totals
    assert (theirs.params, theirs.buffers, theirs.macs) == (ours.params, ours.buffers, ours.macs)


def test_the_scale_is_that_of_the_name_or_the_first(yolo8, tmp_path):
    renamed = tmp_path / "yolov8s.yaml"
    renamed.write_text((tmp_path / "yolov8.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert params(yolo8) == 3_157_200
    assert params(str(renamed)) == 11_166_560


def test_layers_are_called_as_in_checkpoints(yolo8):
    graph = load(yolo8, Options())
    names = {node.name for node in graph.nodes}
    assert {"0.conv", "2.m.0.cv1.bn", "22.cv2.0.2", "22.cv3.2.1.conv", "22.dfl.conv"} <= names


def test_where_only_the_size_is_wrong_the_file_is_not_to_be_changed(yolo8):
    with pytest.raises(CnncalcError) as raised:
        load(str(yolo8), Options(input="3x100x100"))
    assert {fault.help for fault in raised.value.faults} == {
        "the file is right with its own input, but not with `--input 3x100x100`: leave that out, or give another size"
    }


def test_classes_are_a_variable(yolo8):
    # one class: the three last convolutions of the scores lose 79 filters of 80 channels and a bias each
    assert params(yolo8) - params(yolo8, nc="1") > 3 * 79 * 65
    graph = load(yolo8, Options(variables={"nc": "1"}))
    assert [graph.nodes[end].shape for end in graph.outputs.values()] == [(5, 8400)]


def test_a_second_set_of_branches_is_counted_and_no_output(tmp_path):
    rows = [STEM, STEM, STEM]
    once = load(write(tmp_path, rows, ["[[0, 1, 2], 1, Detect, [nc]]"]), Options())
    twice = load(write(tmp_path, rows, ["[[0, 1, 2], 1, Detect, [nc]]"], "end2end: True"), Options())
    assert list(twice.outputs) == list(once.outputs)
    head = {node.name.removeprefix("3.one2one.") for node in twice.nodes if node.name.startswith("3.one2one.")}
    assert {"cv2.0.0.conv", "cv3.2.2"} <= head
    assert "dfl.conv" not in head  # one for both


def test_yolov5s_own_heads_have_anchors(tmp_path):
    anchors = "anchors:\n  - [10,13, 16,30, 33,23]\n"
    file = write(tmp_path, [STEM], ["[[0], 1, Detect, [nc, anchors]]"], anchors)
    graph = load(file, Options())
    assert report(graph).totals.params == 1_856 + 3 * 85 * 64 + 3 * 85
    assert [graph.nodes[end].shape for end in graph.outputs.values()] == [(3 * 320 * 320, 85)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # models/common.py of YOLOv5 7.0, by hand; a convolution has its kernel and two numbers a channel of its norm
        ("[-1, 1, C3SPP, [64]]", 2 * (64 * 32 + 64) + (32 * 16 + 32) + (64 * 32 + 64) + (64 * 64 + 128)),
        ("[-1, 1, CrossConv, [64, 3, 2]]", 2 * (64 * 64 * 3 + 128)),
        ("[-1, 1, Bottleneck, [64]]", (64 * 32 + 64) + (32 * 64 * 9 + 128)),
        ("[-1, 1, SPPF, [64, 5]]", (64 * 32 + 64) + (128 * 64 + 128)),
    ],
)
def test_modules_of_yolov5s_own_repository(tmp_path, row, expected):
    anchors = "anchors: 3\nactivation: nn.LeakyReLU(0.1)\n"
    alone = params(write(tmp_path, [STEM], ["[-1, 1, nn.Identity, []]"], anchors))
    assert params(write(tmp_path, [STEM], [row], anchors)) - alone == expected


def test_the_blocks_of_all_modules_are_there():
    from cnncalc.interchange.ultralytics.modules import MODULES, YOLOV5
    from cnncalc.language.documents.library import library_folder
    from cnncalc.layers import kind_named

    text = (library_folder() / "ultralytics_blocks.yaml").read_text(encoding="utf-8")
    for module in (*MODULES.values(), *YOLOV5.values()):
        assert kind_named(module.block) or f"\n  {module.block}:" in text, module.block


def test_lists_of_tensors(tmp_path):
    rows = [STEM, "[0, 1, CBLinear, [[16, 64]]]", "[0, 1, Conv, [64, 3, 2]]"]
    graph = load(write(tmp_path, rows, ["[[1, -1], 1, CBFuse, [[1]]]"]), Options())
    # a 1x1 convolution with a bias to 80 channels, of which the last 64 are added
    assert report(graph).totals.params == 1_856 + (64 * 80 + 80) + 36_992
    assert graph.nodes[-1].shape == (64, 160, 160)


TEXT = """\
name: net
source: "net of Ultralytics, row by row"
extends: ultralytics_blocks
input: 3x640x640
variables: {nc: 80}
naming: index
layers:
  - Conv 64 k=3 s=2
  - {naming: index, layers: [{Bottleneck: 64, repeat: 2}], name: "1"}
  - C2f 64 shortcut=true n=3
  - {concat: , from: ["2", "0"]}
  - Conv 64 k=1 g=1 d=1 act=none
  - {Detect: $nc, from: ["0", "4"]}
"""


def test_the_text_that_a_person_would_have_written(tmp_path):
    rows = [STEM, "[-1, 2, Bottleneck, [64]]", "[-1, 3, C2f, [64, True]]"]
    ends = [
        "[[-1, 0], 1, Concat, [1]]",
        "[-1, 1, Conv, [64, 1, None, None, 1, 1, False]]",
        "[[0, -1], 1, Detect, [nc]]",
    ]
    done = runner().invoke(program, ["import", write(tmp_path, rows, ends)])
    text, _, figures = done.stdout.partition("expect: ")
    assert text == TEXT
    assert figures.startswith("{output: 84x204800, params: 531824, ")  # as ultralytics 8.4.190 builds it


ERRORS = [
    ("[-1, 1, Konv, [64]]", "the file names modules that are not known"),
    ("[-1, 1, Conv, [64, 3, 2, 1, 1, 1, True, 9]]", "it takes out, k, s, p, g, d, act, and 8 are given"),
    ("[-1, 1, Conv, []]", "a width is a whole number from 1"),
    ("[-1, 1, Conv, [-4]]", "a width is a whole number from 1"),
    ("[-1, 1, Conv, [x]]", "a width is a whole number from 1"),
    ("[7, 1, Conv, [64]]", "it takes row 7, and only those before 1 are there"),
    ("[-9, 1, Conv, [64]]", "it takes row -8"),
    ("[[], 99999999, Conv, [64]]", "a module stands at most 10,000 times"),
    ("[-1, 1, Conv, 64]", "its arguments are a list"),
    ("[-1, 1, Conv]", "it is a list of four"),
    ("[-1, 1, Conv, [999999999]]", ""),
    ("[[0, -1], 1, CBFuse, [[1]]]", "row 0 has 0 parts"),
    ("[-1, 1, nn.ZeroPad2d, [[1, 2]]]", "a border is one number, or [left, right, top, bottom]"),
]


@pytest.mark.parametrize(("row", "message"), ERRORS)
def test_what_is_wrong_is_said_with_its_place(tmp_path, row, message):
    file = write(tmp_path, [STEM], [row])
    if not message:
        assert params(file) > 10**9
        return
    with pytest.raises(CnncalcError) as caught:
        load(file, Options())
    fault = caught.value.faults[0]
    assert message in f"{fault.message} {fault.values}"
    assert fault.place is not None
    assert fault.place.line == 6


def test_unknown_modules_are_listed_together(tmp_path):
    file = write(tmp_path, [STEM, "[-1, 1, Foo, []]", "[-1, 1, Bar, []]", "[-1, 1, Foo, []]"], ["[-1, 1, Conv, [0]]"])
    with pytest.raises(CnncalcError) as caught:
        load(file, Options())
    assert caught.value.faults[0].values == "`Foo` 2 ×, `Bar` 1 ×"
    assert len(caught.value.faults) == 2


def test_there_is_no_such_scale_or_setting(yolo8):
    with pytest.raises(CnncalcError, match="there is no scale `q`"):
        load(yolo8, Options(variables={"scale": "q"}))
    with pytest.raises(CnncalcError, match="has no `scael` to set"):
        load(yolo8, Options(variables={"scael": "n"}))


def test_a_file_of_our_own_language_stays_ours(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("head: 3\nlayers: [relu]\n", encoding="utf-8")
    with pytest.raises(CnncalcError, match="there is no key `head`"):
        load(str(file), Options())


def cut(text, at, chance):
    return text[:at]


def dropped(text, at, chance):
    return text[:at] + text[at + 1 :]


def inserted(text, at, chance):
    return text[:at] + chance.choice("[]{}:,-*&9'\"\n") + text[at:]


def nested(text, at, chance):
    return text[:at] + "[" * 200 + text[at:]


def swollen(text, at, chance):
    return text.replace("64", chance.choice(["-64", "99999999999", "[64]", "null", "[[[[1]]]]"]), 1)


def repeated(text, at, chance):
    return text.replace("3, C2f", f"{chance.choice(['1e9', '-3', '10000', 'x'])}, C2f", 1)


@pytest.mark.parametrize("seed", range(60))
def test_any_broken_file_ends_in_an_answer_or_an_error(tmp_path, seed):
    """Cut, doubled, nested and swollen: an answer or an error of ours, soon."""
    chance = random.Random(seed)
    text = "nc: 80\n" + textwrap.dedent(YOLO8)
    for _ in range(chance.randint(1, 4)):
        broken = chance.choice([cut, dropped, inserted, nested, swollen, repeated])
        text = broken(text, chance.randrange(len(text) + 1), chance)
    file = tmp_path / "net.yaml"
    file.write_text(text, encoding="utf-8")
    begun = time.monotonic()
    with contextlib.suppress(CnncalcError):
        assert load(str(file), Options()).outputs
    assert time.monotonic() - begun < 20
