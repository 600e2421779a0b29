"""Text is golden; what is printed is read back and added up again."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from drawn import render
from hypothesis import given
from hypothesis import strategies as st
from reports import Pen, report_of, resnet50, row, vgg16

from cnncalc.errors import CnncalcError
from cnncalc.forms.fitting import bar, cut, shortened
from cnncalc.pages.show.columns import COLUMNS
from cnncalc.pages.show.folding import fold, fold_to_fit
from cnncalc.pages.show.report import ALL, View, page
from cnncalc.text import percent, size_text, width


def small():
    """A net of six layers with a group, two hints and a frozen layer."""
    pen = Pen((3, 32, 32))
    pen.conv("stem.conv", 8, 3)
    pen.batchnorm("stem.bn")
    pen.add("stem.relu", "relu", inputs=("stem.bn",))
    pen.pool("pool", "maxpool k2", 16)
    pen.add("flatten", "flatten", (2048,))
    pen.linear("fc", 10)
    pen.rows[0] = pen.rows[0]._replace(trainable=0)
    hints = [
        ("stem.conv", "its bias does nothing before batch norm"),
        ("pool", "drops a pixel"),
        ("fc", "drops a pixel"),
    ]
    return report_of("A small|net", (3, 32, 32), pen.rows, hints)


PLAIN = """\
A small|net: input 3x32x32, batch 1, dialect torch

Layer      Operation     Output   Params     MACs
stem.conv  conv 8 k3 p1  8x32x32     224  221,184
stem.bn    batchnorm     8x32x32      16        0
stem.relu  relu          8x32x32       0        0
pool       maxpool k2    8x16x16       0        0
flatten    flatten       2048          0        0
fc         linear 10     10       20,490   20,480

Parameters         20,730  20,704 weights + 26 biases
Trainable          20,506  224 not trainable
Buffers                16
MACs              241,664
FLOPs             512,010
Weight bytes       82,920  81.0 KiB
Activation bytes  114,728  112.0 KiB, input included
Peak bytes         32,768  32.0 KiB alive at once in inference
Saved bytes        32,808  32.0 KiB kept for backward
Training bytes    198,648  194.0 KiB with saved, weights, gradients and sgd
Layers                  6  2 with weights

hint: stem.conv: its bias does nothing before batch norm
hint: pool, fc: drops a pixel
"""

FOLDED = """\
Layer    Operation   Output   Params     MACs
stem     3 layers    8x32x32     240  221,184
pool     maxpool k2  8x16x16       0        0
flatten  flatten     2048          0        0
fc       linear 10   10       20,490   20,480
"""

MARKDOWN = """\
### A small\\|net

input 3x32x32, batch 1, dialect torch

| Layer | Operation | Output | Params | MACs |
| --- | --- | --- | ---: | ---: |
| stem.conv | conv 8 k3 p1 | 8x32x32 | 224 | 221,184 |
| stem.bn | batchnorm | 8x32x32 | 16 | 0 |
| stem.relu | relu | 8x32x32 | 0 | 0 |
| pool | maxpool k2 | 8x16x16 | 0 | 0 |
| flatten | flatten | 2048 | 0 | 0 |
| fc | linear 10 | 10 | 20,490 | 20,480 |

| Total |  |  |
| --- | ---: | --- |
| Parameters | 20,730 | 20,704 weights + 26 biases |
| Trainable | 20,506 | 224 not trainable |
| Buffers | 16 |  |
| MACs | 241,664 |  |
| FLOPs | 512,010 |  |
| Weight bytes | 82,920 | 81.0 KiB |
| Activation bytes | 114,728 | 112.0 KiB, input included |
| Peak bytes | 32,768 | 32.0 KiB alive at once in inference |
| Saved bytes | 32,808 | 32.0 KiB kept for backward |
| Training bytes | 198,648 | 194.0 KiB with saved, weights, gradients and sgd |
| Layers | 6 | 2 with weights |

- hint: stem.conv: its bias does nothing before batch norm
- hint: pool, fc: drops a pixel
"""

CSV = """\
name,kind,notation,from,input_shape,output_shape,params,weights,biases,trainable,buffers,macs,flops,weight_bytes,activation_bytes,\
moved_bytes,saved_bytes,backward_flops,nonzeros,nonzero_macs,recomputed_macs,optimizer_bytes,receptive_field,stride,line
stem.conv,conv,conv 8 k3 p1,input,3x32x32,8x32x32,224,216,8,0,0,221184,450560,896,32768,\
33664,32768,884736,224,221184,0,0,,,5
stem.bn,batchnorm,batchnorm,input,8x32x32,8x32x32,16,8,8,16,16,0,8192,64,32768,\
32832,0,0,16,0,0,0,,,6
"""

JSON_LAYER = {
    "name": "stem.conv",
    "kind": "conv",
    "notation": "conv 8 k3 p1",
    "from": ["input"],
    "input_shapes": [[1, 3, 32, 32]],
    "output_shape": [1, 8, 32, 32],
    "params": 224,
    "weights": 216,
    "biases": 8,
    "trainable": 0,
    "buffers": 0,
    "macs": 221184,
    "flops": 450560,
    "activation_bytes": 32768,
    "line": 5,
}

JSON_TOTALS = {
    "layers": 6,
    "weighted_layers": 2,
    "params": 20730,
    "weights": 20704,
    "biases": 26,
    "trainable": 20506,
    "buffers": 16,
    "macs": 241664,
    "flops": 512010,
    "weight_bytes": 82920,
    "activation_bytes": 114728,
}


def on_terminal(report, columns, view=ALL, height=40):
    """The lines of the terminal's table at that width, without colour."""
    from rich.console import Console

    from cnncalc.forms.table import draw

    console = Console(width=columns, height=height, force_terminal=True, color_system=None)
    return draw(page(report, view), console=console).split("\n")


def counts(lines, column):
    """The numbers that stand in a column of text, found by where its heading ends."""
    heading = next(line for line in lines if line.lstrip().startswith("Layer "))
    end = heading.index(column) + len(column)
    found = []
    for line in lines[lines.index(heading) + 1 :]:
        if not line.strip():
            break
        if "Parameters" in line:
            break
        if line.strip("─ "):
            found.append(int(re.search(r"[\d,]+$", line[:end])[0].replace(",", "")))
    return found


# -- golden text --


def test_plain_text():
    assert render(small(), "plain") == PLAIN


def test_plain_text_folded():
    assert FOLDED in render(small(), "plain", View(depth=1))


def test_markdown():
    assert render(small(), "markdown") == MARKDOWN


def test_csv():
    assert render(small(), "csv").startswith(CSV)


def test_json_holds_the_contract():
    written = json.loads(render(small(), "json"))
    assert list(written) == ["name", "source", "dialect", "input", "layers", "outputs", "totals"]
    assert written["input"] == {"input": [1, 3, 32, 32]}
    assert written["layers"][0].items() >= JSON_LAYER.items()
    assert written["outputs"] == {"fc": [1, 10]}
    assert written["totals"].items() >= JSON_TOTALS.items()
    assert [layer["name"] for layer in written["layers"]] == [each.name for each in small().rows]


def test_symbolic_sizes_are_text():
    class Size:
        def __str__(self):
            return "H // 2"

    first = small().rows[0]._replace(output_shape=(1, 8, Size(), Size()), macs=Size())
    report = small().changed(rows=(first,))
    layer = json.loads(render(report, "json"))["layers"][0]
    assert layer["output_shape"] == [1, 8, "H // 2", "H // 2"]
    assert layer["macs"] == "H // 2"
    assert "8xH // 2xH // 2" in render(report, "plain")


# -- what is printed adds up --


@pytest.mark.parametrize("net", [small, vgg16, resnet50])
@pytest.mark.parametrize("depth", [None, 1, 2, 3])
def test_printed_columns_add_up_to_the_printed_totals(net, depth):
    report = net()
    lines = render(report, "plain", View(depth=depth)).split("\n")
    assert sum(counts(lines, "Params")) == report.totals.params
    assert sum(counts(lines, "MACs")) == report.totals.macs
    assert f"{report.totals.params:,}" in next(line for line in lines if line.startswith("Parameters"))
    assert f"{report.totals.macs:,}" in next(line for line in lines if line.startswith("MACs"))


@pytest.mark.parametrize("net", [small, vgg16, resnet50])
@pytest.mark.parametrize("depth", [None, 1, 2, 3])
@pytest.mark.parametrize("columns", [80, 160])
def test_the_terminal_table_adds_up(net, depth, columns):
    report = net()
    lines = on_terminal(report, columns, View(depth=depth))
    assert sum(counts(lines, "Params")) == report.totals.params
    assert sum(counts(lines, "MACs")) == report.totals.macs


def test_csv_adds_up():
    lines = list(csv.DictReader(io.StringIO(render(resnet50(), "csv"))))
    for key in ("params", "weights", "biases", "trainable", "buffers", "macs", "flops", "activation_bytes"):
        assert sum(int(line[key]) for line in lines) == getattr(resnet50().totals, key)


def test_vgg16_is_the_published_one():
    """The report made by hand, so that the tests above add up something real."""
    assert vgg16().totals.params == 138_357_544
    assert vgg16().totals.macs == 15_470_264_320
    assert resnet50().totals.params == 25_557_032


# -- the terminal --


@pytest.mark.parametrize("net", [small, vgg16, resnet50])
@pytest.mark.parametrize("columns", [60, 80, 100, 160])
@pytest.mark.parametrize(
    "view", [View(), View(depth=9), View(sort="macs"), View(columns=tuple(column.key for column in COLUMNS))]
)
def test_no_line_is_wider_than_the_terminal(net, columns, view):
    for line in on_terminal(net(), columns, view):
        assert width(line) <= columns, line


@pytest.mark.parametrize("columns", [1, 2, 5, 10, 20, 40])
def test_an_absurdly_narrow_terminal_still_gets_an_answer(columns):
    assert on_terminal(vgg16(), columns)


def test_no_number_is_ever_cut():
    everything = View(columns=tuple(column.key for column in COLUMNS))
    whole = {f"{value:,}" for each in vgg16().rows for value in each if isinstance(value, int)}
    for columns in (60, 80, 100):
        for line in on_terminal(vgg16(), columns, everything)[5:45]:
            assert all(number in whole for number in re.findall(r"\d+(?:,\d+)+", line)), line


def test_bars_and_shares_appear_where_there_is_room():
    narrow, wide = "\n".join(on_terminal(vgg16(), 80)), "\n".join(on_terminal(vgg16(), 160))
    assert "█" in narrow and "█" in wide
    assert "74.3%" in wide and "74.3%" not in narrow


def test_what_there_is_no_room_for_is_named():
    assert "too narrow for params, macs" in " ".join(line.strip() for line in on_terminal(vgg16(), 40))


def test_repeated_blocks_share_a_row():
    text = "\n".join(on_terminal(resnet50(), 100))
    assert re.search(r"layer3\.1–5 +5 × 10 layers +1024x14x14 +5,585,920", text)
    assert "layer3.2" not in text


def test_sorting_keeps_repeated_blocks_apart():
    assert "layer3.2" in "\n".join(on_terminal(resnet50(), 100, View(sort="macs")))


def test_a_flat_net_of_100_000_layers_is_drawn_at_once():
    first = row("conv", "conv 8 k3 p1", (8, 32, 32), (8, 32, 32), weights=576, macs=576 * 1024)
    report = report_of("deep", (8, 32, 32), [first._replace(name=f"conv{number}") for number in range(100_000)])
    assert len(on_terminal(report, 80)) > 100_000
    assert render(report, "plain").count("\n") > 100_000


def test_names_and_titles_cannot_move_the_cursor():
    report = small().changed(name="a\x1b[2Jb\nc [bold]d")
    for text in (render(report, "plain"), "\n".join(on_terminal(report, 80)), render(report, "markdown")):
        assert "\x1b[2J" not in text
        assert r"a\x1b[2Jb\nc" in text.replace(r"\\", "\\").replace(r"\[", "[")


def test_wide_letters_stay_aligned():
    report = small().changed(rows=(small().rows[0]._replace(name="畳み込み"), small().rows[1]))
    lines = render(report, "plain").split("\n")[3:5]
    assert len({width(line[: line.index("8x32x32")]) for line in lines}) == 1


# -- choosing --


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.key)
def test_every_column_can_be_chosen_and_sorted_by(column):
    for form in ("plain", "csv", "markdown"):
        text = render(small(), form, View(columns=("name", column.key), sort=column.key))
        assert (column.key if form == "csv" else column.heading) in text


def test_sorting_puts_the_largest_first():
    lines = render(vgg16(), "plain", View(columns=("name", "params"), sort="params")).split("\n")
    assert [line.split()[0] for line in lines[3:6]] == ["classifier.0", "classifier.3", "classifier.6"]
    assert counts(lines, "Params") == sorted(counts(lines, "Params"), reverse=True)


def test_sorting_by_a_shape_goes_by_its_size():
    lines = render(small(), "plain", View(columns=("output_shape",), sort="output_shape")).split("\n")
    assert [line.split()[1] for line in lines[3:9]] == ["8x32x32", "8x32x32", "8x32x32", "8x16x16", "2048", "10"]


@pytest.mark.parametrize("view", [View(columns=("name", "parms", "mac")), View(sort="parms")])
def test_an_unknown_column_is_an_error_with_near_names(view):
    with pytest.raises(CnncalcError, match="there is no column `parms`") as caught:
        render(small(), "plain", view)
    assert "`params`" in caught.value.faults[0].help
    assert "activation_bytes" in caught.value.faults[0].help
    assert len(caught.value.faults) == (2 if view.columns else 1)


# -- folding --


def test_a_group_keeps_its_place_its_sums_and_its_last_shape():
    rows = fold(resnet50().rows, 1)
    assert [each.name for each in rows] == [
        "conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "flatten", "fc",
    ]  # fmt: skip
    layer3 = rows[6]
    assert (layer3.kind, layer3.notation) == ("group", "62 layers")
    assert layer3.output_shape == (1, 1024, 14, 14)
    assert layer3.input_shapes == ((1, 512, 28, 28),)
    assert layer3.params == sum(each.params for each in resnet50().rows if each.name.startswith("layer3."))


def test_rows_of_a_group_that_are_apart_come_together():
    names = ("a.conv", "b.conv", "a.relu")
    rows = [row(name, "relu", (1, 2, 2), (1, 2, 2)) for name in names]
    assert [(each.name, each.notation) for each in fold(rows, 1)] == [("a", "2 layers"), ("b.conv", "relu")]


def test_a_net_that_fits_is_not_folded():
    assert fold_to_fit(vgg16().rows, 48) == list(vgg16().rows)


def test_a_table_is_not_folded_to_next_to_nothing():
    """VGG with batch norm has three groups and 55 layers: three rows would say nothing."""
    assert len(fold_to_fit(vgg16().rows, 30)) == len(vgg16().rows)


@given(st.lists(st.lists(st.sampled_from("ab1"), min_size=1, max_size=4), max_size=30), st.integers(1, 5))
def test_folding_never_loses_a_parameter(names, depth):
    rows = [row(".".join(name), "conv 1", (1, 4), (1, 4), weights=index) for index, name in enumerate(names)]
    for folded in (fold(rows, depth), fold_to_fit(rows, 10), fold_to_fit(rows, 10, repeats=False)):
        assert sum(each.params for each in folded) == sum(each.params for each in rows)
        assert len(folded) <= len(rows)


# -- words and numbers --


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(1, 8, "▏"), (1, 1000, "▏"), (0, 8, ""), (8, 8, "█"), (4, 8, "▌"), (0, 0, "")],
)
def test_a_bar_of_one_cell(part, whole, text):
    assert bar(part, whole, 1) == text


@given(st.integers(0, 10**12), st.integers(1, 10**12), st.integers(1, 12))
def test_a_bar_never_outgrows_its_cells(part, more, cells):
    assert len(bar(part, part + more, cells)) <= cells


@given(st.text(), st.integers(1, 30))
def test_cut_words_fit(text, most):
    assert width(cut(text, most)) <= most
    assert width(shortened(text, most)) <= most


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (40, "0.04 KiB"),
        (1024, "1.00 KiB"),
        (1024**2 - 1, "1,024.0 KiB"),
        (1024**2, "1.00 MiB"),
        (553_430_176, "527.8 MiB"),
        (14_400_000_000, "13.4 GiB"),
    ],
)
def test_sizes_in_words(count, text):
    assert size_text(count) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(1, 3, "33.3%"), (2, 3, "66.7%"), (1, 10_000, "<0.1%"), (0, 5, ""), (5, 5, "100.0%")]
)
def test_shares(part, whole, text):
    assert percent(part, whole) == text
