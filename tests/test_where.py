"""`solve input-size --where`: the sizes that a condition leaves are those that trying every size finds."""

from __future__ import annotations

import csv
import io
import re
from itertools import product

import pytest

from cnncalc.errors import CnncalcError
from cnncalc.forms import text as drawn
from cnncalc.language import given_chain, load
from cnncalc.language.options import Options
from cnncalc.pages.solving.input_sizes import page
from cnncalc.solve.inputs.sizes import InputWants, solve_input

WHERES = [
    "(H - 12) % 16 == 4 and H > 64 or H == 16", "64 <= H <= 128", "H in [48, 50, 64]", "not H % 32 == 0", "H != 48",
    "H not in [16, 32]", "max(H, 40) == 48", "-H < -70", "H // 16 == 3 or H * 2 == 160", "H % 48 == 0 and H < 200",
]  # fmt: skip


@pytest.mark.parametrize("text", WHERES)
def test_conditions_of_one_length_are_exact_and_complete(text):
    wants = InputWants(where=(text,))
    answer = solve_input("unet", Options(), wants)
    assert not answer.boxes and not answer.remarks
    assert answer.sets[1].text == "W divisible by 16"
    lines = [line for line in csv.DictReader(io.StringIO(drawn(page(answer), "csv"))) if line["axis"] == "H"]
    found = {
        n
        for line in lines
        for n in range(int(line["first"]), int(line["last"] or 400) + 1, int(line["step"]))
        if n < 400
    }
    assert found == {n for n in range(16, 400, 16) if eval(text, {"H": n, "max": max})}


@pytest.mark.parametrize("text", ["H == 2 * W", "H * W <= 2400", "abs(H - W) < 3", "H < W or H > 45", "H / 2 == 20"])
def test_conditions_that_tie_axes_are_complete_up_to_the_bound(text):
    answer = solve_input("vgg16", Options(), InputWants(where=(text,), high=70))
    found = [(h, w) for box in answer.boxes for h in range(box[0][1], box[0][2] + 1)
             for w in range(box[1][1], box[1][2] + 1)]  # fmt: skip
    sizes = range(32, 71)
    assert len(found) == len(set(found))
    assert set(found) == {(h, w) for h in sizes for w in sizes if eval(text, {"H": h, "W": w, "abs": abs})}
    assert not answer.remarks  # complete: `--to` ends them


TRUTHS_AS_NUMBERS = [
    "(H > 40) == (W > 40)", "(H > 40) != (W > 40)", "not (H > 40) == (W > 40)", "(H > 40) < 1", "(H == 40) == 1",
    "(H > 40) + (W > 50) == 1", "max(H > 40, W > 40) == 1", "[H] == [33]", "H % 9 == (W > 60)",
]  # fmt: skip


@pytest.mark.parametrize("text", TRUTHS_AS_NUMBERS)
def test_truths_that_are_compared_or_added_are_numbers_as_in_python(text):
    answer = solve_input("vgg16", Options(), InputWants(where=(text,), high=66))
    found = {(h, w) for box in answer.boxes for h in range(box[0][1], box[0][2] + 1)
             for w in range(box[1][1], box[1][2] + 1)}  # fmt: skip
    sizes = range(32, 67)
    assert found == {(h, w) for h in sizes for w in sizes if eval(text, {"H": h, "W": w, "max": max})}


def test_a_truth_written_out_is_one():
    answer = solve_input("vgg16", Options(), InputWants(where=("H > 40 and True",)))
    assert not answer.boxes and answer.sets[0].text == "H ≥ 41"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2 ** H < 300", "larger than 1,000,000,000,000, the bound `number`\n  looked at where H = 40\n"),
        ("H / (W - 40) > 3", "is divided by zero\n  looked at where H = 32, W = 40\n"),
    ],
)
def test_a_condition_that_some_sizes_break_is_refused_with_the_size(text, said):
    with pytest.raises(CnncalcError) as refused:
        solve_input("vgg16", Options(), InputWants(where=(text,)))
    assert said in str(refused.value)


def test_a_condition_of_one_length_without_closed_form_does_not_tie_the_axes():
    answer = solve_input("vgg16", Options(), InputWants(where=("H ** 2 > 1600",)))
    assert answer.remarks == (
        "H ** 2 > 1600 has no closed form here, so that sizes are listed up to 1,024 only; see --to.",
    )
    assert answer.boxes == ((("H", 41, 1_024), ("W", 32, 1_024)),)


@pytest.mark.parametrize(
    ("text", "holds"),
    [("abs(1) == 1", True), ("abs(1) == 2", False), ("not ((0 != 2) or (L != min(L, 0)))", False), ("True or L", True)],
)
def test_a_condition_that_names_no_length_holds_at_all_sizes_or_at_none(text, holds):
    answer = solve_input("vgg16", Options(), InputWants(where=(text,)))
    assert ([one.text for one in answer.sets], bool(answer.proof)) == (
        (["H ≥ 32", "W ≥ 32"], False) if holds else ([], True)
    )


def test_where_the_list_is_not_complete_it_says_so():
    answer = solve_input("vgg16", Options(), InputWants(where=("H == 2 * W",)))
    assert "listed up to 1,024 only" in answer.remarks[0]
    endless = solve_input("vgg16", Options(), InputWants(where=("H <= W and H < 70",)))
    assert "listed up to 1,024 only" in endless.remarks[0]


@pytest.mark.parametrize(
    ("text", "works"),
    [
        ("H * W >= 4096", lambda h, w: h * w >= 4_096),
        ("H * W <= 4096", lambda h, w: h * w <= 4_096),
        ("H * W == 4096", lambda h, w: h * w == 4_096),
        ("H // 2 * (W // 3) >= 500 and H + W >= 90", lambda h, w: (h // 2) * (w // 3) >= 500 and h + w >= 90),
        ("H == W and H < 100", lambda h, w: h == w < 100),
        ("W <= 2 * H and H < 70", lambda h, w: w <= 2 * h and h < 70),
        ("H + W <= 130", lambda h, w: h + w <= 130),
    ],
)
def test_where_the_list_is_complete_it_holds_every_size(text, works):
    answer = solve_input("vgg16", Options(), InputWants(where=(text,)))
    assert not answer.remarks
    for h in (*range(30, 140, 9), 63, 64, 65, 128, 129, 1_024, 1_025, 5_000):
        for w in (*range(30, 140, 9), 63, 64, 65, 128, 129, 1_024, 1_025, 5_000):
            inside = [box for box in answer.boxes if all(
                low <= n and (high is None or n <= high) for n, (_, low, high) in zip((h, w), box))]  # fmt: skip
            assert len(inside) == (h >= 32 and w >= 32 and works(h, w)), (h, w)


def test_a_product_that_no_size_reaches_is_refused_for_good():
    answer = solve_input("vgg16", Options(), InputWants(where=("H * W == 37",)))
    assert answer.proof == "No size meets H·W = 37."


def test_a_net_whose_axes_are_tied_by_a_norm():
    answer = solve_input("cyclegan_generator", Options(), InputWants())
    assert answer.boxes == ((("H", 5, None), ("W", 1, None)), (("H", 1, 4), ("W", 5, None)))
    assert [clause.source for clause in answer.clauses] == ["instancenorm3"]  # the others follow from it
    for h in range(1, 8):
        for w in range(1, 8):
            if h >= 5 or w >= 5:
                load("cyclegan_generator", Options(input=f"3x{h}x{w}"))
            else:
                with pytest.raises(CnncalcError):
                    load("cyclegan_generator", Options(input=f"3x{h}x{w}"))


@pytest.mark.parametrize(
    ("where", "layers"),
    [
        (("D * H >= 7", "H * W + D >= 20"), ["relu"]),
        (("D + 2 * W >= 17",), ["maxpool 2"]),
        (("D * H * W >= 40", "H >= 3"), ["conv 2 k3 s2"]),
        ((), ["maxpool 2 s2x1x2", "instancenorm nostats"]),
    ],
)
def test_what_goes_on_to_hold_is_kept_at_once(where, layers):
    """Each size lies in one box where it does, and in none where the net or a condition refuses it."""
    net = given_chain("1x9x9x9", layers)
    found = solve_input(net, Options(), InputWants(where=where, high=8))
    assert len(found.boxes) < 60
    lengths = range(1, 9)
    for d, h, w in product(lengths, lengths, lengths):
        inside = [
            box for box in found.boxes if all(low <= n <= (last or n) for n, (_, low, last) in zip((d, h, w), box))
        ]
        wanted = all(eval(text, {"D": d, "H": h, "W": w}) for text in where)
        try:
            load(net, Options(input=f"1x{d}x{h}x{w}"))
        except CnncalcError:
            wanted = False
        assert len(inside) == wanted, (d, h, w)


@pytest.mark.parametrize(
    "text",
    [
        "D == W",
        "H * W - W == 20",
        "D * W == W + 2 * H",
        "2 * W <= D",
        "H + 3 == W",
        "D + H == 2 * W",
        "W // 8 == D // 8",
        "D == 3 and H > W",
    ],
)
def test_where_one_axis_follows_from_the_others_few_lengths_are_tried(tmp_path, monkeypatch, text):
    """Bisection finds them: the work of trying all is far beyond the bound."""
    monkeypatch.setattr("cnncalc.solve.inputs.boxes.MOST_WORK", 60_000)
    net = tmp_path / "net.yaml"
    net.write_text("input: 2x4x4x4\nlayers: [relu]\n")
    found = solve_input(str(net), Options(), InputWants(where=(text,), high=40))
    meant = {at for at in product(range(1, 41), repeat=3) if eval(text, dict(zip("DHW", at)))}
    assert meant == {at for box in found.boxes for at in product(*(range(low, last + 1) for _, low, last in box))}
    assert not found.remarks


def test_boxes_that_touch_are_one():
    answer = solve_input("vgg16", Options(), InputWants(where=("H * W <= 1200",), high=64))
    assert answer.boxes[0] == (("H", 32, 32), ("W", 32, 37))


def test_the_nearest_of_an_axis_that_meets_what_is_wanted_is_that():
    answer = solve_input("resnet50", Options(), InputWants(output="0x7"))
    assert answer.nearest == ("⌈H/32⌉ = 1 at H = 1", "⌈W/32⌉ = 7 at W = 193")


@pytest.mark.parametrize("text", ["sum([H] * 1000) > W", "[H] * W == [5] * 5", "max([H] * 5000) == W"])
def test_long_lists_in_a_condition_are_work_too(tmp_path, text):
    """What a text goes through is known only when it is tried: once it was a minute at 128 lengths by 128."""
    (tmp_path / "map.yaml").write_text("input: 3x8x8\nlayers: [relu]\n")
    answer = solve_input(str(tmp_path / "map.yaml"), Options(), InputWants(where=(text,)))
    found = {
        (h, w)
        for (_, low, high), (_, left, right) in answer.boxes
        for h in range(low, (high or low) + 1)
        for w in range(left, (right or left) + 1)
    }
    reach = int(re.search(r"up to ([\d,]+) only", answer.remarks[0])[1].replace(",", ""))
    assert reach >= 2
    assert found == {(h, w) for h in range(1, reach + 1) for w in range(1, reach + 1) if eval(text, {"H": h, "W": w})}


@pytest.mark.parametrize("text", ["H == ５", "H == ٥", "H % ２ == 0", "H < 1.٥", "int('５') == H"])
def test_digits_of_other_scripts_are_no_numbers(text):
    with pytest.raises(CnncalcError):
        solve_input("lenet5", Options(), InputWants(where=(text,)))
