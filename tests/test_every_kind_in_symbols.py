"""Every kind on lengths that are symbols: formulas that give the numbers, sizes that work, what is seen, what is told.

Where a kind has no closed form, the answer says why in a sentence.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from types import MappingProxyType

import pytest
from click.testing import CliRunner

from cnncalc.analysis.costs import report
from cnncalc.analysis.symbolic.report import symbolic_report
from cnncalc.answers.figures import KEYS
from cnncalc.arithmetic.symbolic.algebra import value_at
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.language import load, load_text
from cnncalc.language.options import Options
from cnncalc.layers import KINDS

MAPS = """
conv 3 k3 p1 | local 3 k3 | dwconv k3 s2 | deconv 3 k2 s2 | linear 5 axis=last | maxpool 2 | avgpool 2 ceil | lppool 2
adaptive_maxpool 2 | adaptive_avgpool $(height // 2)x3 | global_maxpool | global_avgpool | spp 1x2 | batchnorm
groupnorm 2 | layernorm | instancenorm | lrn 3 | crossmap_lrn 3 | grn | layerscale | relu | relu6 | leaky_relu | elu
selu | gelu | silu | mish
| sigmoid | tanh | hardswish | hardsigmoid | softplus | softmax axis=1 | log_softmax | prelu | maxout 2 | dropout
droppath
| rrelu | flatten | reshape 2x2x-1 | permute 1x2x0 | pad 1 | crop 1 | slice 1:3 | upsample 2 | upsample 1.5
upsample 2 cubic
upsample size=$(2 * height)x$(width + 1) | pixel_shuffle 2 | pixel_unshuffle 2 | space_to_depth 2 | channel_shuffle 2
identity | function exp | glu | reduce mean 1 | argmax 0 keep | topk 2 axis=1 | select 0 axis=1 | expand -1x-1x-1
rmsnorm
| parameter 4x1x1 multiply | constant 4x1x1 add | positional | attention 2 | attention 2 w2 relative | unfold k3
fractional_maxpool k2 size=3 | opaque 3x4 | add 1 | multiply 2 | maximum 0 | minimum 0 | power 2 | subtract 1
divide 2 | parameter 4x1x8 concat axis=1 | blur k3 s2 p1 reflect | blur k4 p1 up=2
"""
SEQUENCES = "lstm 3 bidirectional | gru 3 final | rnn 3 | attention 2 causal | linear 3 axis=last | embedding 9 3"
OTHERS = {
    "concat": ("4xHxW", "[{concat: [[conv 2 k3 p1], []]}]"),
    "matmul": ("4xHxW", "[{matmul: {transposed: true, branches: [[tanh], []]}}]"),
    "einsum": ("4xHxW", '[{einsum: {equation: "chw,cjw->hj", branches: [[tanh], []]}}]'),
    "bilinear": ("4xHxW", "[global_avgpool flat, {bilinear: {out: 3, branches: [[tanh], []]}}]"),
    "maxunpool": ("4xHxW", "[{maxpool: 2, name: pooled}, {maxunpool: 2, pool: pooled}]"),
    "deform_conv": ("4xHxW", "[{tanh: , name: x}, conv 18 k3 p1, {deform_conv: 3 k3 p1, from: [x, previous]}]"),
    "modulated_conv": (
        "4xHxW",
        "[{tanh: , name: x}, global_avgpool flat, linear 4, {modulated_conv: 3 k3 p1, from: [x, previous]}]",
    ),
    "modulated_conv up": (
        "4xHxW",
        "[{tanh: , name: x}, global_avgpool flat, linear 4, {modulated_conv: 3 k3 up=2 weights, from: [x, previous]}]",
    ),
    "distances": ("4xHxW", "[{parameter: 7x2 nobatch}, distances 4 2]"),
    "fold": ("4xHxW", "[unfold k2 s2, relu, fold k2 8x8 s2]"),
    "convlstm": ("4x3xHxW", "[convlstm 2 k3 same]"),
    "convlstm of symbols": ("4xDxHxW", "[convlstm 2 k3 final]"),
}
NETS = {
    **{
        text.strip(): ("4xHxW", f"['{text.strip()}', identity]")
        for text in MAPS.replace("\n", "|").split("|")
        if text.strip()
    },
    **{
        text: ("1xL" if text.startswith("embedding") else "4xL", f"['{text}', identity]")
        for text in SEQUENCES.split(" | ")
    },
    **OTHERS,
}
SIZES = [{"H": 12, "W": 10}, {"H": 16, "W": 16}, {"H": 8, "W": 8}, {"H": 9, "W": 13}]


def written(name, tmp_path: Path):
    shape, layers = NETS[name]
    file = tmp_path / "net.yaml"
    file.write_text(f"input: {in_numbers(shape)}\nlayers: {layers}\n", encoding="utf-8")
    return str(file), shape


def in_numbers(shape, lengths=MappingProxyType({"H": 8, "W": 8, "L": 8, "D": 4})):
    return "x".join(str(lengths.get(part, part)) for part in shape.split("x"))


def test_every_kind_is_here():
    found = set()
    for shape, layers in NETS.values():
        net = load_text(f"input: {in_numbers(shape)}\nlayers: {layers}\n", "net.yaml", Options())
        found |= {layer.kind for layer, _ in net.signatures}
    assert set(KINDS) - found == set()


@pytest.mark.parametrize("name", NETS)
def test_a_kind_has_formulas_that_give_its_numbers_or_says_why_not(name, tmp_path):
    file, shape = written(name, tmp_path)
    try:
        closed = symbolic_report(load(file, Options(input=shape, symbols=True)), batch=1)
    except CnncalcError as error:
        for fault in error.faults:
            assert "closed form" in str(fault), fault
            assert fault.help
        return
    held = 0
    for lengths in ({**size, "L": size["H"], "D": 3} for size in SIZES):
        try:
            counted = report(load(file, Options(input=in_numbers(shape, lengths))))
        except CnncalcError:
            continue
        held += 1
        for key in KEYS:
            form = closed.totals[key]
            if form.value is None:
                assert len(form.text) > 10, form
            else:
                assert value_at(form.value, lengths) == getattr(counted.totals, key), (key, lengths)
    assert held


@pytest.mark.parametrize("name", NETS)
def test_a_kind_is_explained_and_its_sizes_are_solved(name, tmp_path):
    file, _ = written(name, tmp_path)
    told = CliRunner().invoke(program, ["explain", file])
    assert (told.exit_code, told.exception) == (0, None), told.output
    assert len(told.output) > 100


@pytest.mark.parametrize("name", NETS)
def test_a_kind_takes_the_sizes_that_are_solved_and_no_others(name, tmp_path):
    file, _ = written(name, tmp_path)
    solved = CliRunner().invoke(program, ["solve", "input-size", file, "--to", str(MOST), "--format", "json"])
    answer = json.loads(solved.stdout)
    if solved.exit_code == 2:
        assert "closed form" in answer["error"]["message"]
        return
    assert (solved.exit_code, answer["solved"]) == (0, True)
    if boxes := answer["boxes"]:  # axes that depend on each other
        for at in product(range(1, MOST + 1), repeat=2):
            lengths = dict(zip(boxes[0], at, strict=True))
            inside = any(all(low <= lengths[axis] <= high for axis, (low, high) in box.items()) for box in boxes)
            assert taken(file, in_numbers(answer["input"], lengths)) == inside, lengths
        return
    fits = {one["symbol"]: one["intervals"] for one in answer["sets"]}
    least = {symbol: intervals[0][0] for symbol, intervals in fits.items()}
    for symbol, intervals in fits.items():
        for n in range(1, MOST + 1):
            shape = in_numbers(answer["input"], {**least, symbol: n})
            assert taken(file, shape) == any(low <= n <= high for low, high in intervals), shape


MOST = 14


def taken(file, shape):
    try:
        load(file, Options(input=shape))
    except CnncalcError:
        return False
    return True


@pytest.mark.parametrize("name", NETS)
def test_a_kind_says_what_it_sees_or_why_nobody_knows(name, tmp_path):
    file, shape = written(name, tmp_path)
    for row in report(load(file, Options(input=in_numbers(shape)))).rows:
        seen = row.receptive_field
        assert (
            seen.note in WHOLE
            or (seen.note.startswith("undefined: ") and " " in seen.note[12:])
            or (seen.note == "" and len(seen.size) == len(seen.stride))
        ), (row.name, seen)


WHOLE = ("the whole input", "nothing: this input does not reach it")
