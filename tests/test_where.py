"""`solve input-size --where`: the sizes that a condition leaves are those that trying every size finds."""

from __future__ import annotations

import csv
import io

import pytest

from cnncalc.language.options import Options
from cnncalc.render.input_sizes import draw
from cnncalc.solve.input_sizes import InputWants, solve_input

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
    lines = [line for line in csv.DictReader(io.StringIO(draw(answer, "csv"))) if line["axis"] == "H"]
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
    assert "listed up to 70 only" in answer.remarks[0]


def test_boxes_that_touch_are_one():
    answer = solve_input("vgg16", Options(), InputWants(where=("H * W <= 1200",), high=64))
    assert answer.boxes[0] == (("H", 32, 32), ("W", 32, 37))
