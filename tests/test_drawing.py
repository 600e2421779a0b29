"""Pictures of nets: nothing overlaps, no text leaves its box, few wires cross, and no name does anything."""

from __future__ import annotations

import re
from importlib.util import find_spec
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from command_line import runner
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_checks import SVG, across_cards, crossings, overlapping, placed, texts_outside, unconnected

from cnncalc.analysis.costs import report
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.graph.names import Level
from cnncalc.language import load, load_text
from cnncalc.language.options import Options
from cnncalc.pictures.drawing import View, drawing
from cnncalc.pictures.flow.blocks import Card, Frame
from cnncalc.pictures.flow.drawing import laid
from cnncalc.pictures.ink import cut, width_of
from cnncalc.pictures.volumes.drawing import solids
from cnncalc.pictures.volumes.maps import maps_of
from cnncalc.tools.devices import on_device

TOP = Level()
DRAWN = {  # what it draws, and how often two wires cross in it
    "lenet5": 0,
    "resnet18": 0,
    "unet": 0,
    "densenet100_12_cifar": 0,
    "googlenet": 0,
    "unetpp": 35,
    "yolov8n": 0,
    "hrnet_w18": 190,
    "nasnet_mobile": 206,
}


def counted(name):
    return report(load(name, Options()))


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_overlaps_and_few_wires_cross(name):
    answer = counted(name)
    found = laid(answer)
    assert not overlapping(found.block)
    assert not across_cards(found.block)
    assert not unconnected(found.block)
    assert crossings(found.block) <= DRAWN[name]
    svg = drawing(answer)
    assert not texts_outside(svg)
    drawn = [one.box for one, _ in placed(found.block) if isinstance(one, Card)]
    assert sum(len(box.rows) for box in drawn) <= len(answer.rows)
    assert sum(len(box.rows) * times(found.tree.top, box) for box in drawn) == len(answer.rows)


@st.composite
def graphs(draw):
    """Nets of which each layer takes any tensors before it, in groups that open and close anywhere."""
    net = Net(input=(2, 4, 4))
    level, opened = TOP, []
    for _ in range(draw(st.integers(2, 24))):
        if opened and draw(st.booleans()):
            net.close(level, len(net.nodes) - 1)
            level = opened.pop()
        elif draw(st.integers(0, 2)) == 0 and len(opened) < 3:
            opened.append(level)
            level = net.group(f"g{len(net.nodes)}_{len(opened)}", level)
        taken = draw(
            st.lists(st.integers(max(len(net.nodes) - 5, 0), len(net.nodes) - 1), min_size=1, max_size=3, unique=True)
        )
        net.add("relu" if len(taken) == 1 else "add", taken, level=level)
    while opened:
        net.close(level, len(net.nodes) - 1)
        level = opened.pop()
    return net


@given(net=graphs())
@settings(max_examples=120, deadline=None)
def test_any_graph_is_drawn_with_all_its_wires(net):
    answer = report(net)
    found = laid(answer)
    assert not overlapping(found.block)
    assert not across_cards(found.block)
    assert not unconnected(found.block)
    assert not texts_outside(drawing(answer))


def times(top, box):
    """How often a box stands there, with all the groups around it."""
    inner = [one for one in top.inner or () if one.first <= box.first < one.last]
    return 1 if not inner else inner[0].count * (1 if inner[0] is box else times(inner[0], box))


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_depth_folds(depth):
    answer = counted("resnet50")
    found = laid(answer, depth)
    assert not overlapping(found.block)
    names = [one.box.name for one, _ in placed(found.block) if isinstance(one, Card) and one.box.kind == "group"]
    assert all(name.count(".") == depth - 1 for name in names)
    assert len(names) == {1: 4, 2: 8, 3: 4}[depth]


def test_repeated_groups_are_one_box():
    found = laid(counted("resnet50"))
    frames = {one.box.label: one.box.count for one, _ in placed(found.block) if isinstance(one, Frame)}
    assert frames["layer1.1–2"] == 2
    assert frames["layer3.1–5"] == 5


@pytest.mark.parametrize(("beside", "counts"), [("", {"t1.u1–u2–t3": 6}), (", relu", {"t1–t3": 3, "u1–u2": 2})])
def test_what_repeats_inside_of_what_repeats_is_drawn(beside, counts):
    unit = "{repeat: 2, name: u$(i + 1), layers: [conv 4 k3 p1, {layers: [tanh, conv 4 k1], name: v}]}" + beside
    graph = load_text(f"input: 4x6\nlayers: [{{repeat: 3, name: t$(i + 1), layers: [{unit}]}}, relu]", "n", Options())
    found = laid(report(graph))
    frames = {one.box.label: one.box.count for one, _ in placed(found.block) if isinstance(one, Frame)}
    assert {label: frames.get(label) for label in counts} == counts
    assert not unconnected(found.block)


HOSTILE = """
name: <script>alert(1)</script>"'&
input: 3x8x8
layers:
  - conv 4 k3 p1
  - {name: a, layers: [relu, conv 4 k3 p1]}
"""


def test_a_name_is_never_markup():
    svg = drawing(report(load_text(HOSTILE, "net", Options())))
    root = ET.fromstring(svg)
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
        "svg", "title", "desc", "style", "g", "rect", "text", "path",
    }  # fmt: skip
    assert root.find(f"{SVG}title").text.startswith("<script>")
    assert not re.search(r"<script|\son\w+=|href|url\(", svg)


def test_a_net_too_large_to_be_seen_names_a_depth():
    text = "input: 1x4x4\nlayers:\n  - {repeat: 2100, name: g$(i), layers: [conv $(i + 1) k1, relu]}\n"
    answer = report(load_text(text, "net", Options()))
    with pytest.raises(CnncalcError, match="4,201 boxes, and a picture at most 4,000") as failure:
        drawing(answer, View(depth=2))
    assert failure.value.faults[0].help == "`--depth 1` draws 2,101"
    assert drawing(answer).startswith("<svg")


def test_the_command_draws_and_refuses(tmp_path):
    file = tmp_path / "net.svg"
    done = runner().invoke(program, ["draw", "lenet5", "-o", str(file), "--heat", "macs"])
    assert done.exit_code == 0
    assert "h9" in file.read_text(encoding="utf-8")
    refused = runner().invoke(program, ["draw", "lenet5", "-o", "net.bmp"])
    assert refused.exit_code == 2
    assert "nothing is drawn as `.bmp`" in refused.stderr
    assert ".svg" in refused.stderr


def test_the_hottest_box_takes_longest_on_the_device():
    answer = on_device(counted("alexnet"), "a100", "float32")
    root = ET.fromstring(drawing(answer, View(heat="latency")))
    hot = [one.get("data-layer") for one in root.iter(f"{SVG}g") if "h9" in one[0].get("class", "").split()]
    assert hot == [max(answer.rows, key=lambda row: row.bound.seconds).name] == ["classifier.1"]
    texts = [one.text for one in root.iter(f"{SVG}text")]
    assert "least time: none to most" in texts
    assert any(text.endswith(" · 74.0 µs") for text in texts if text)  # 151,064,576 bytes at 2,039 GB/s, cut off


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_a_theme_has_its_colours(theme):
    svg = drawing(counted("lenet5"), View(theme=theme))
    assert ("prefers-color-scheme:dark" in svg) == (theme == "auto")
    assert ("#ffffff" in svg) == (theme != "dark")
    assert ("#0d1117" in svg) == (theme != "light")


@pytest.mark.parametrize("text", ["", "conv", "W" * 50, "层" * 40])
def test_what_is_cut_fits(text):
    assert width_of(cut(text, 100, 12), 12) <= 100
    assert (cut(text, 100, 12) == text) == (width_of(text, 12) <= 100)


@pytest.mark.parametrize(
    ("name", "style"), [("vgg16", ""), ("alexnet_paper", "alexnet"), ("unet", ""), ("unet", "vgg")]
)
def test_feature_maps_stand_apart(name, style):
    answer = counted(name)
    lanes = solids(maps_of(answer), style)
    assert len(lanes) == (2 if style == "alexnet" else 1)
    for lane in lanes:
        for one, other in pairwise(lane):
            assert one.right <= other.x and one.x + one.wide <= other.x
    for one, other in zip(*lanes) if len(lanes) == 2 else ():
        assert one.y + one.tall < other.top
    svg = drawing(answer, View(view="volumes", style=style))
    ET.fromstring(svg)


def test_feature_maps_are_to_scale():
    (lane,) = solids(maps_of(counted("vgg16")))
    maps = [one for one in lane if one.of.lengths and one.of.lengths[0] > 7]
    assert len({round(one.tall / one.of.lengths[0], 6) for one in maps}) == 1
    assert len({round(one.deep / one.of.lengths[1], 6) for one in maps}) == 1
    ordered = sorted(maps, key=lambda one: one.of.channels)
    assert all(one.thick <= other.thick for one, other in pairwise(ordered))


def test_a_unet_returns_and_skips():
    maps = maps_of(counted("unet"))
    assert [maps[place].lengths for one in maps for place in one.skips] == [
        (64, 64), (128, 128), (256, 256), (512, 512),
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", [".svg", ".html", ".dot", ".mmd"])
def test_every_kind_of_file(suffix, tmp_path):
    file = tmp_path / f"net{suffix}"
    done = runner().invoke(program, ["draw", "resnet18", "-o", str(file)])
    assert done.exit_code == 0
    text = file.read_text(encoding="utf-8")
    begins = {".svg": "<svg", ".html": "<!DOCTYPE html>", ".dot": 'digraph "ResNet-18"', ".mmd": "flowchart TD"}
    assert text.startswith(begins[suffix])
    if suffix in (".dot", ".mmd"):
        arrows = re.findall(r"(n\d+) -+> (n\d+)", text)
        drawn = set(re.findall(r"^ +(n\d+) ?\[", text, re.MULTILINE))
        assert {one for arrow in arrows for one in arrow} == drawn


@pytest.mark.parametrize(("suffix", "library"), [(".png", "resvg_py"), (".pdf", "cairosvg")])
def test_pixels_and_pages_need_an_extra(suffix, library, tmp_path):
    file = tmp_path / f"net{suffix}"
    done = runner().invoke(program, ["draw", "lenet5", "-o", str(file)])
    if find_spec(library) is None:
        assert done.exit_code == 2
        assert f"pip install {library}" in done.stderr
    else:
        assert file.read_bytes()[:4] in (b"\x89PNG", b"%PDF")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--style", "unet"], "add `--view volumes`"),
        (["--view", "volumes", "--heat", "macs"], "leave `--view volumes` out"),
        (["--scale", "3"], "add `-o net.png`"),
        (["--heat", "latency"], "add `--device a100`"),
    ],
)
def test_what_does_not_go_together_is_said(words, told):
    refused = runner().invoke(program, ["draw", "lenet5", *words])
    assert refused.exit_code == 2
    assert told in refused.stderr


def test_a_scatter_marks_what_no_other_beats(tmp_path):
    file = tmp_path / "nets.svg"
    nets = ["squeezenet1_0", "shufflenet_v2_x1_0", "resnet18", "vgg16"]
    assert runner().invoke(program, ["compare", *nets, "-o", str(file)]).exit_code == 0
    root = ET.parse(file).getroot()
    front = [
        one.find(f"{SVG}title").text.partition(":")[0] for one in root.iter(f"{SVG}circle") if one.get("r") == "4.5"
    ]
    assert front == nets[:2]
    ticks = [one.text for one in root.iter(f"{SVG}text") if "m" in one.get("class").split()]
    assert "10 M" in ticks


@pytest.mark.parametrize(
    "words",
    [
        ("search", "--over", "w=1:4", "--maximize", "params", "--minimize", "latency"),
        ("sweep", "--set", "w=1:4", "--figures", "params", "--pareto", "latency,-params"),
    ],
)
def test_a_front_is_drawn_whole_and_its_times_as_times(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text("input: 3x64x64\nvariables: {w: 4}\nlayers: [conv $w k3]\n")
    command, *options = words
    done = runner().invoke(program, [command, "net.yaml", *options, "--device", "jetson-nano", "-o", "front.svg"])
    assert done.exit_code == 0, done.output
    root = ET.parse("front.svg").getroot()
    circles = [one.find(f"{SVG}title").text for one in root.iter(f"{SVG}circle") if one.get("r") == "4.5"]
    texts = [one.text for one in root.iter(f"{SVG}text")]
    assert len(circles) == 4 and all(" µs, Least time" in told for told in circles), circles
    assert "Least time" in texts and any(re.fullmatch(r"\d+(\.\d+)? µs", text) for text in texts)
    assert "4 points; filled: no other beats these in all that is to be small or large" in texts


def test_one_figure_is_no_plot(tmp_path):
    words = ["sweep", "lenet5", "--input", "1x{28:32:4}", "--figures", "params", "-o", str(tmp_path / "a.svg")]
    refused = runner().invoke(program, words)
    assert refused.exit_code == 2
    assert "--figures params,macs" in refused.stderr


def test_a_tensor_without_axes_is_drawn_in_every_view():
    net = Net(input=(3, 8, 8))
    net.add_input("label", ())
    net.add("conv 4 k3", "input")
    answer = report(net)
    for view in ("flow", "volumes"):
        ET.fromstring(drawing(answer, View(view=view)))
    assert "a number" in drawing(answer)


@pytest.mark.parametrize(("net", "convolutions", "most"), [("resnet18", 17, 1), ("resnet50", 49, 5), ("vgg16", 13, 1)])
def test_volumes_show_every_convolution_of_the_longest_way(net, convolutions, most):
    """Repeated blocks one by one where that fits, and else with how often; no two by one name."""
    maps = maps_of(counted(net))
    assert sum(one.times for one in maps if one.family == "conv") == convolutions
    assert max(one.times for one in maps) == most
    assert len({one.name for one in maps}) == len(maps)
