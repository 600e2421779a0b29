"""`solve` for one layer: what it finds is what trying everything finds, in the order in which people choose."""

from __future__ import annotations

import csv
import io
import json
from itertools import product
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc.cli.commands.solve import QUESTIONS
from cnncalc.cli.main import cnncalc as program
from cnncalc.language import chain
from cnncalc.language.options import Options
from cnncalc.solve.layer.answer import LayerProblem, solve_layer
from cnncalc.solve.layer.axis import UNKNOWNS, Axis, bounds_of, candidates, with_value

DIALECTS = ("torch", "keras", "caffe", "paddle", "onnx")


def run(*arguments):
    return CliRunner().invoke(program, ["solve", *map(str, arguments)])


def answered(*arguments):
    done = run(*arguments, "--format", "json")
    assert done.exit_code in (0, 1), done.output
    return json.loads(done.stdout)


# -- the set of solutions --


@st.composite
def axes(draw):
    kind = draw(st.sampled_from(("conv", "pool", "deconv")))
    small = st.integers(0, 4)
    border = draw(st.one_of(st.tuples(small, small), st.sampled_from(("same", "same_lower"))))
    return Axis(
        kind,
        draw(st.integers(1, 24)),
        draw(st.integers(1, 7)),
        draw(st.one_of(st.none(), st.integers(1, 5))) if kind == "pool" else draw(st.integers(1, 5)),
        border,
        draw(st.integers(1, 3)),
        draw(st.integers(0, 2)) if kind == "deconv" else 0,
        draw(st.sampled_from((None, "floor", "ceil"))) if kind == "pool" else None,
        draw(st.sampled_from(DIALECTS)),
    )


def gives(axis, output):
    return axis.broken() is None and axis.layer().output_shape(axis.shape)[1] == output


@settings(max_examples=300, deadline=None)
@given(axes(), st.sampled_from(("kernel", "stride", "dilation", "input", "output-padding")), st.integers(1, 30))
def test_a_number_is_found_wherever_trying_everything_finds_it(axis, unknown, output):
    if unknown == "output-padding" and axis.kind != "deconv":
        return
    posed = with_value(axis, unknown, 0 if unknown == "output-padding" else 1)
    bounds = bounds_of(posed, unknown, output)
    given = candidates(posed, unknown, output, bounds, any_output_padding=False)
    found = {one for one in given if one.broken() is None}
    most = max(bounds.high, 60) if bounds.complete else bounds.high
    values = range(0 if unknown == "output-padding" else 1, most + 1)
    tried = {one for value in values if gives(one := with_value(posed, unknown, value), output)}
    beyond = {one for one in tried if getattr(one, unknown.replace("-", "_")) > bounds.high}
    assert tried - beyond == found
    if unknown in ("input", "output-padding"):
        assert not beyond
    if beyond:  # only where the number changes nothing any more
        assert output == 1 or axis.kernel == 1 or axis.input == 1


@settings(max_examples=200, deadline=None)
@given(axes(), st.integers(1, 30), st.booleans())
def test_a_padding_is_found_wherever_trying_everything_finds_it(axis, output, free):
    free = free and axis.kind == "deconv"
    posed = axis._replace(border=(0, 0))
    bounds = bounds_of(posed, "padding", output)
    given = candidates(posed, "padding", output, bounds, any_output_padding=free)
    found = {one for one in given if one.broken() is None}
    extras = range(max(axis.window().stride, axis.dilation)) if free else (posed.output_padding,)
    sides = range(bounds.high + 1)
    tried = {posed._replace(border=(a, b), output_padding=extra) for a in sides for b in sides for extra in extras}
    assert {one for one in tried if gives(one, output)} == found


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("rounding", [None, "floor", "ceil"])
def test_the_paddings_of_every_small_pool_are_those_that_trying_all_finds(dialect, rounding):
    for n, kernel, stride in product((4, 5, 8), (2, 3, 4, 5), (1, 2, 3, 4)):
        posed = Axis("pool", n, kernel, stride, (0, 0), 1, 0, rounding, dialect)
        for output in range(1, 12):
            bounds = bounds_of(posed, "padding", output)
            sides = range(bounds.high + 1)
            tried = {one for a in sides for b in sides if gives(one := posed._replace(border=(a, b)), output)}
            given = list(candidates(posed, "padding", output, bounds, any_output_padding=False))
            assert {one for one in given if one.broken() is None} == tried
            assert len(given) == len(set(given))
            problem = LayerProblem("pool", "padding", (output,), (n,), (kernel,), (stride,))
            (answer,) = solve_layer(problem._replace(rounding=rounding, dialect=dialect)).axes
            assert all(one.output == output for one in answer.choices)
            if answer.proof.startswith("Within the bounds"):
                lengths = {posed._replace(border=(a, b)).length() for a in sides for b in sides}
                assert f"gives {min(lengths):,}, the least" in answer.proof
                assert f"gives {max(lengths):,}, the most" in answer.proof


def windows(n, kernel, stride, dilation, before, after):
    """Every window that lies inside the padded input, one by one."""
    extent = dilation * (kernel - 1) + 1
    return len([start for start in range(0, n + before + after, stride) if start + extent <= n + before + after])


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 20), st.integers(1, 6), st.integers(1, 4), st.integers(1, 3), st.integers(1, 20))
def test_paddings_are_those_at_which_counting_windows_gives_the_output(n, kernel, stride, dilation, output):
    problem = LayerProblem("conv", "padding", (output,), (n,), (kernel,), (stride,), dilation=(dilation,))
    (axis,) = solve_layer(problem).axes
    sides = range(dilation * (kernel - 1) + 1)
    counted = {(a, b) for a in sides for b in sides if windows(n, kernel, stride, dilation, a, b) == output}
    assert {(dict(one.fields)["before"], dict(one.fields)["after"]) for one in axis.choices} == counted
    assert axis.total == len(counted)
    assert bool(axis.proof) != bool(counted)


# -- the order, the names, the working --

BEST = [
    ("conv-padding --input 224 --output 112 --kernel 7 --stride 2", ["3", "2:3", "3:2"]),
    ("conv-padding --input 56 --output 56 --kernel 3", ["1", "0:2", "2:0"]),
    ("conv-padding --input 56 --output 56 --kernel 3 --dilation 2", ["2", "1:3", "3:1"]),
    ("conv-padding --input 28 --output 28 --kernel 2", ["0:1", "1:0"]),
    ("conv-padding --input 32 --output 28 --kernel 5", ["0"]),
    ("pool-padding --input 112 --output 56 --kernel 3 --stride 2", ["1", "0:1", "1:0"]),
    ("pool-padding --input 112 --output 57 --kernel 3 --stride 2 --dialect caffe", ["1"]),
    ("conv-kernel --input 224 --output 55 --stride 4 --padding 2", ["11", "10", "12", "9"]),
    ("conv-stride --input 224 --output 112 --kernel 7 --padding 3", ["2"]),
    ("conv-dilation --input 64 --output 60 --kernel 3", ["2"]),
    ("conv-input --output 112 --kernel 7 --stride 2 --padding 3", ["224", "223"]),
    ("pool-kernel --input 112 --output 56 --stride 2", ["2", "1"]),
    ("pool-stride --input 224 --output 112 --kernel 2", ["2"]),
    ("deconv-padding --input 112 --output 224 --kernel 4 --stride 2", ["1"]),
    ("deconv-padding --input 112 --output 224 --kernel 3 --stride 2", ["1 output_padding=1", "0:1", "1:0"]),
    ("deconv-kernel --input 28 --output 56 --stride 2", ["2"]),
    ("deconv-output-padding --input 112 --output 224 --kernel 3 --stride 2 --padding 1", ["1"]),
    ("deconv-stride --input 7 --output 14 --kernel 2", ["2"]),
    ("deconv-input --output 224 --kernel 2 --stride 2", ["112"]),
    ("deconv-dilation --input 8 --output 12 --kernel 3", ["2"]),
]


@pytest.mark.parametrize(("question", "first"), BEST, ids=[question for question, _ in BEST])
def test_the_best_come_first(question, first):
    (axis,) = answered(*question.split())["axes"]
    assert [one["text"] for one in axis["solutions"][: len(first)]] == first


def test_each_choice_says_what_it_is_and_how_it_works_out():
    (axis,) = answered("conv-padding", "--input", 224, "--output", 112, "--kernel", 7, "--stride", 2)["axes"]
    three, same, lower = axis["solutions"][:3]
    assert three["names"] == ["symmetric"] and three["torch"] == "padding=3"
    assert same["names"] == ["same"] and same["torch"] == "pad 2:3 first"
    assert lower["names"] == ["same_lower"]
    assert three["working"] == "⌊(n + 2·p − k)/s⌋ + 1 = ⌊(224 + 2·3 − 7)/2⌋ + 1 = ⌊111.5⌋ + 1 = 112"
    assert axis["count"] == 13 and axis["complete"]


def test_at_stride_1_torch_has_same_by_itself():
    (axis,) = answered("conv-padding", "--input", 8, "--output", 8, "--kernel", 4)["axes"]
    assert [(one["text"], one["torch"]) for one in axis["solutions"][:2]] == [
        ("1:2", "padding='same'"),
        ("2:1", "pad 2:1 first"),
    ]


def tensorflow_same(n, kernel, stride):
    """What TensorFlow pads a convolution from n·stride pixels by, which the transposed one of n pixels crops."""
    total = max((n - 1) * stride + kernel - n * stride, 0)
    return total // 2, total - total // 2


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (5, 3), (2, 2), (5, 1)])
def test_a_transposed_convolution_says_which_padding_is_same(kernel, stride):
    sizes = ("--input", 8, "--output", 8 * stride, "--kernel", kernel, "--stride", stride)
    (axis,) = answered("deconv-padding", *sizes, "--output-padding", 0)["axes"]
    (same,) = [one for one in axis["solutions"] if "same" in one["names"]]
    assert (same["before"], same["after"]) == tensorflow_same(8, kernel, stride)


def test_a_column_of_notes_has_a_heading():
    text = run("conv-padding", "--input", 224, "--output", 112, "--kernel", 7, "--stride", 2).stdout
    assert text.splitlines()[4].split() == ["padding", "note", "PyTorch", "output", "working"]


def test_what_same_comes_to_is_told_by_its_own_rule():
    told = run("deconv-kernel", "--input", 28, "--output", 56, "--stride", 2, "--padding", "same", "--dialect", "keras")
    assert "With `same` the output is input·stride whatever the kernel is." in told.stdout
    told = run("conv-kernel", "--input", 28, "--output", 14, "--stride", 2, "--padding", "same")
    assert "With `same` the output is ⌈input/stride⌉ whatever the kernel is." in told.stdout


def test_axes_are_solved_by_themselves():
    answer = answered("conv-padding", "--input", "224x112", "--output", "112x112", "--kernel", "7x3", "--stride", "2x1")
    assert answer["best"] == "conv … k7x3 s2x1 p3x1"
    assert [axis["axis"] for axis in answer["axes"]] == ["height", "width"]
    (both,) = answered("pool-padding", "--input", "8x8", "--output", "4x4", "--kernel", 2)["axes"]
    assert both["axis"] == "height, width"


@settings(max_examples=300, deadline=None)
@given(axes(), axes(), st.sampled_from(UNKNOWNS), st.booleans())
def test_the_best_of_two_axes_is_a_layer_that_gives_both(first, second, unknown, free):
    """Each axis is asked for what a layer of its own numbers gives, so that there is an answer."""
    second = second._replace(kind=first.kind, rounding=first.rounding, dialect=first.dialect)
    second = second._replace(border=first.border if isinstance(first.border, str) else (second.input % 3, 1))
    both = [first, second._replace(output_padding=second.output_padding * (first.kind == "deconv"))]
    if any(one.broken() for one in both) or (unknown == "output-padding" and first.kind != "deconv"):
        return
    if first.stride is None or second.stride is None:  # which a problem has for all axes or for none
        both = [one._replace(stride=one.stride or one.kernel) for one in both]
    outputs = tuple(one.layer().output_shape(one.shape)[1] for one in both)
    known: dict[str, Any] = {
        name: tuple(getattr(one, name) for one in both)
        for name in ("input", "kernel", "stride", "dilation", "output_padding")
        if name != unknown.replace("-", "_")
    }
    if unknown == "padding" and free:
        del known["output_padding"]
    known["padding"] = first.border if isinstance(first.border, str) else tuple(one.border for one in both)
    if unknown == "padding":
        del known["padding"]
    sizes = tuple(one.input for one in both)
    answer = solve_layer(
        LayerProblem(first.kind, unknown, outputs, rounding=first.rounding, dialect=first.dialect, **known)
    )
    if all(axis.total for axis in answer.axes):
        if unknown == "input":
            sizes = tuple(int(axis.choices[0].text) for axis in (answer.axes * 2)[:2])
        net = chain(f"1x{sizes[0]}x{sizes[1]}", [answer.best.replace("…", "1")], Options(dialect=first.dialect))
        assert [node.shape[1:] for node in net.nodes][-1] == outputs, answer.best


# -- none, and what comes closest --


def test_where_there_is_none_it_is_proved_and_the_nearest_are_told():
    done = run("conv-stride", "--input", 224, "--output", 100, "--kernel", 7, "--padding", 3)
    assert done.exit_code == 1
    assert "stride 2 gives 112 and stride 3 gives 75, so that none gives 100" in done.stdout
    (axis,) = answered("conv-stride", "--input", 224, "--output", 100, "--kernel", 7, "--padding", 3)["axes"]
    assert [one["output"] for one in axis["nearest"]][:2] == [112, 75]


@settings(max_examples=200, deadline=None)
@given(axes(), st.sampled_from(UNKNOWNS), st.integers(1, 40))
def test_every_problem_has_choices_or_a_proof(axis, unknown, output):
    if unknown == "output-padding" and axis.kind != "deconv":
        return
    word = isinstance(axis.border, str)
    problem = LayerProblem(
        axis.kind, unknown, (output,), (axis.input,), (axis.kernel,), (axis.stride,) if axis.stride else (),
        axis.border if word else (axis.border,), (axis.dilation,), (axis.output_padding,), axis.rounding, axis.dialect,
    )  # fmt: skip
    if unknown == "padding":
        problem = problem._replace(padding=((0, 0),))
    if unknown == "stride":
        problem = problem._replace(stride=(1,))
    (one,) = solve_layer(problem).axes
    assert bool(one.total) != bool(one.proof)
    assert all(choice.output == output for choice in one.choices)
    assert all(choice.output != output and choice.output >= 1 for choice in one.nearest)
    assert all(choice.working.endswith(f"{choice.output:,}") for choice in (*one.choices[:3], *one.nearest))


# -- forms and usage --


def test_csv_and_markdown_hold_every_choice():
    arguments = ("conv-padding", "--input", 224, "--output", 112, "--kernel", 7, "--stride", 2)
    lines = list(csv.DictReader(io.StringIO(run(*arguments, "--format", "csv").stdout)))
    assert len(lines) == 13
    assert (lines[1]["before"], lines[1]["after"], lines[1]["names"]) == ("2", "3", "same")
    text = run(*arguments, "--format", "markdown", "--all").stdout
    assert text.count("\n| ") == 13 + 2


def test_a_file_is_written(tmp_path):
    target = tmp_path / "answer.json"
    assert run("pool-stride", "--input", 8, "--output", 4, "--kernel", 2, "-o", target).exit_code == 0
    assert json.loads(target.read_text())["best"] == "maxpool k2 s2"


WRONG = [
    ("conv-padding --output 3 --kernel 3", "--input is missing"),
    ("conv-padding --input 8 --output 0 --kernel 3", "--output: expected a whole number ≥ 1"),
    ("conv-padding --input 8x8 --output 4x4x4 --kernel 3", "the numbers of axes differ"),
    ("conv-padding --input 8 --output 4 --kernel 3 --dialect tensorflow", "there is no dialect"),
    ("conv-stride --input 8 --output 4 --kernel 3 --padding 1x?", "`?` stands for an unknown"),
    ("conv-stride --input 99999999999 --output 4 --kernel 3", "at most 1,000,000,000"),
    ("conv-paddin --input 8", "did you mean `conv-padding`"),
    ("conv-padding --output-padding 1", "no option"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=[arguments for arguments, _ in WRONG])
def test_wrong_usage_is_told(arguments, message):
    done = run(*arguments.split())
    assert done.exit_code == 2
    assert message in done.stderr


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_has_help(question):
    done = run(question, "--help")
    assert done.exit_code == 0 and "--" in done.stdout


def test_large_numbers_take_no_time():
    for question in ("conv-stride", "conv-dilation"):
        done = run(question, "--input", 10**9, "--output", 7, "--kernel", 3)
        assert done.exit_code in (0, 1)
    done = run("conv-padding", "--input", 10**9, "--output", 10**9, "--kernel", 10**6 + 1)
    assert done.exit_code in (0, 1)
