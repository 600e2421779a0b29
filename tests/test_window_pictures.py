"""Pictures of windows: steps as counted one by one, transposed ones the other way round, fields to scale."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from command_line import runner
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.pictures.windows.field import Seen, field
from cnncalc.pictures.windows.panels import INSIDE, LOST, OUTSIDE, panels_of
from cnncalc.pictures.windows.steps import steps

SVG = "{http://www.w3.org/2000/svg}"


def panels(length, *layers):
    net = Net(input=(1, length))
    for layer in layers:
        net.add(layer)
    return list(panels_of(net))


@given(n=st.integers(1, 24), k=st.integers(1, 5), s=st.integers(1, 4), p=st.integers(0, 3), d=st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_each_step_meets_what_a_window_meets(n, k, s, p, d):
    extent = d * (k - 1) + 1
    starts = [start for start in range(-p, n + p, s) if start + extent <= n + p]
    if not starts:
        with pytest.raises(CnncalcError):
            panels(n, f"conv 1 k{k} s{s} p{p} d{d}")
        return
    found = panels(n, f"conv 1 k{k} s{s} p{p} d{d}")
    if not found:  # each output sees its own pixel, and nothing else
        assert (k, s, p) == (1, 1, 0)
        return
    (panel,) = found
    assert panel.steps == tuple(tuple(range(start, start + extent, d)) for start in starts)
    met = {place for step in panel.steps for place in step}
    for at, state in enumerate(panel.cells):
        place = panel.first + at
        assert state == (OUTSIDE if not 0 <= place < n else INSIDE if place in met else LOST)
    ET.fromstring(steps(found, "windows"))


@given(n=st.integers(1, 12), k=st.integers(1, 5), s=st.integers(2, 4), p=st.integers(0, 2), d=st.integers(1, 2))
@settings(max_examples=100, deadline=None)
def test_a_transposed_window_runs_the_other_way(n, k, s, p, d):
    length = (n - 1) * s - 2 * p + d * (k - 1) + 1
    if length < 1:
        return
    (panel,) = panels(n, f"deconv 1 k{k} s{s} p{p} d{d}")
    for o in range(length):  # a convolution with the same numbers takes output o from the places that it is added to
        mine = {i for i, step in enumerate(panel.steps) if o in step}
        assert mine == {i for i in range(n) for tap in range(k) if i * s - p + tap * d == o}
    assert panel.cells.count(OUTSIDE) == len(panel.cells) - length


@pytest.mark.parametrize(
    ("length", "layer", "told", "states"),
    [
        (8, "conv 4 k3 s2", "rounding down leaves 1 cell over · 1 input never seen", {INSIDE: 7, LOST: 1}),
        (8, "maxpool k3 s2 ceil", "the last window hangs over by 1", {INSIDE: 8, OUTSIDE: 1}),
        (7, "conv 4 k3 d2 p2", "dilation 2", {INSIDE: 7, OUTSIDE: 4}),
        (4, "deconv 8 k3 s2 p1 output_padding=1", "output padding 1", {INSIDE: 8, OUTSIDE: 1}),
        (4, "upsample 2", "each input goes to", {INSIDE: 8}),
        (9, "adaptive_avgpool 4", "each output sees", {INSIDE: 9}),
    ],
)
def test_what_is_said_of_a_window(length, layer, told, states):
    (panel,) = panels(length, layer)
    assert told in panel.facts
    assert {state: panel.cells.count(state) for state in (INSIDE, OUTSIDE, LOST) if state in panel.cells} == states


@pytest.mark.parametrize(
    "layer",
    ["conv 1 k999999 p999999 s999999", "maxpool k5 s99999999 p2", "deconv 1 k3 s9999999", "conv 1 k1 s1 p99999"],
)
def test_what_is_too_far_is_not_drawn(layer):
    assert all(len(panel.cells) < 20_000 for panel in panels(3000, layer))


@pytest.mark.parametrize(
    ("layer", "drawn"), [("unfold k3", 0), ("attention 1 window=2", 1), ("crop 1", 1), ("pad 1", 1), ("relu", 0)]
)
def test_other_windows_are_drawn_or_left_out(layer, drawn):
    net = Net(input=(4, 8, 8))
    net.add(layer)
    found = list(panels_of(net))
    assert len(found) == drawn
    if found:
        ET.fromstring(steps(found, "windows"))


@pytest.mark.parametrize(
    ("blur", "alike"),
    [
        ("blur k1 up=3 p1", "deconv 1 k1 s3 p1"),
        ("blur k4 up=2 p1", "deconv 1 k4 s2 p1"),
        ("blur k3 s2 p1", "dwconv k3 s2 p1"),
    ],
)
@pytest.mark.parametrize("length", [2, 9])
def test_a_blur_is_drawn_as_what_slides_alike(length, blur, alike):
    (ours,), (theirs,) = panels(length, blur), panels(length, alike)
    assert (ours.cells, ours.steps, ours.first) == (theirs.cells, theirs.steps, theirs.first)


def test_a_long_axis_shows_its_ends():
    found = panels(2000, "conv 4 k5 s2 p2")
    svg = steps(found, "windows")
    texts = [one.text for one in ET.fromstring(svg).iter(f"{SVG}text")]
    assert {"0", "1999", "…", "⋮", "output 0", "output 999"} <= set(texts)
    assert "1000" not in texts
    assert len(svg) < 20_000


def rects(svg, style):
    return [
        tuple(float(one.get(key)) for key in ("x", "y", "width", "height"))
        for one in ET.fromstring(svg).iter(f"{SVG}rect")
        if one.get("class") == style
    ]


def test_a_field_is_drawn_to_scale():
    net = cnncalc.load("lenet5")
    explained = net.explain("conv2", pixel=(3, 5))
    svg = explained._repr_svg_()
    (x, y, width, height), (left, top, wide, tall) = rects(svg, "g")[1], rects(svg, "seen")[0]
    pixel = width / 28
    assert (round((left - x) / pixel, 2), round((top - y) / pixel, 2)) == (8, 4)
    assert (round(wide / pixel, 2), round(tall / pixel, 2)) == (14, 14)
    assert height == width
    moved = sorted((round((one[0] - left) / pixel, 2), round((one[1] - top) / pixel, 2)) for one in rects(svg, "next"))
    assert moved == [(0, 2), (2, 0)]
    assert explained.text("html").count("<figure class=") == 1


def test_what_a_floor_drops_is_red():
    svg = cnncalc.chain("3x8x8", "conv 4 k3 s2").explain("conv1", pixel=(0, 0))._repr_svg_()
    assert len(rects(svg, "lost")) == 2
    assert "red: seen by no pixel" in svg


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_field_of_any_number_of_axes(axes):
    seen = [Seen(0, -1, 1, 9, 5, 2, (0, 8))] * axes
    svg = field("layer", "what it sees", seen)
    assert len(rects(svg, "seen")) == 1
    assert not rects(svg, "lost")


def test_without_a_pixel_there_is_no_field():
    assert cnncalc.load("lenet5").explain("conv2")._repr_svg_() is None


def test_the_commands_draw_them(tmp_path):
    file = tmp_path / "steps.svg"
    done = runner().invoke(program, ["chain", "3x17x17", "conv 16 k5 s2 p1", "relu", "maxpool k2", "-o", str(file)])
    assert done.exit_code == 0
    text = file.read_text(encoding="utf-8")
    assert "conv1: conv 16 k5 s2 p1, height 17 → 8" in text
    assert "maxpool1: maxpool k2, height 8 → 4" in text
    field_file = tmp_path / "field.svg"
    done = runner().invoke(program, ["explain", "resnet18", "layer1.0.conv1", "--pixel", "3,5", "-o", str(field_file)])
    assert done.exit_code == 0
    assert "rows 3 to 21 and columns 11 to 29" in field_file.read_text(encoding="utf-8")
    refused = runner().invoke(program, ["explain", "resnet18", "layer1.0.conv1", "-o", str(field_file)])
    assert refused.exit_code == 2
    assert "has no form svg" in refused.stderr
    assert "--pixel 3,5" in refused.stderr
    done = runner().invoke(program, ["chain", "3x8x8", "relu", "-o", str(file)])  # no window moves: the net itself
    assert done.exit_code == 0
    assert ">relu<" in file.read_text(encoding="utf-8")
