"""Expressions: Python itself is the witness for values, tables for faults and bounds."""

from __future__ import annotations

import math
import re
import sys
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.language.expressions import ExpressionError, evaluate, expand
from cnncalc.limits import Limits

SCOPE: dict[str, Any] = {
    "width": 64, "k": 3, "ratio": 0.5, "two": 2.0, "flag": True, "nothing": None, "word": "ab",
    "sizes": [64, 128], "config": {"depth": [2, 3], "name": "a"}, "größe": 7,
}  # fmt: skip
MISTAKES = [
    # text, message, the marked stretch of the text, help
    ("conv $(wdth)", "there is no `wdth` here", "wdth", "did you mean `width`?"),
    ("$wdth", "there is no `wdth` here", "$wdth", "did you mean `width`?"),
    ("k1x$kx3", "there is no `kx3` here", "$kx3", "if `k` is meant, write `$(k)x3`"),
    ("$zzzzzz", "there is no `zzzzzz` here", "$zzzzzz", "the names here are `width`, `k`"),
    ("$(max)", "`max` is a function", "max", "write max(…)"),
    ("$(foo(1))", "there is no function `foo`", "foo", "did you mean `floor`?"),
    ("$(k.x())", "only a function can be called", "(", "the functions are min, max"),
    ("$(width +)", "the expression ends after `+`, where a value was expected", "+", "write a value behind it"),
    ("conv $(width", "this `$(` is never closed", "$(", "add `)`"),
    ("$([1, 2)", "this `[` is never closed", "[", "add `]`"),
    ("$([1, 2}])", "expected `]` or an operator, not `}`", "}", "write `]` or an operator there"),
    ("$(1)) + $(]2)", "expected a value, not `]`", "]", "write a value there"),
    ("$( )", "the expression is empty", " ", "write a number"),
    ("$(k k)", "expected an operator or the end, not `k`", "k", "write an operator or the end there"),
    ("$(k ^ 2)", "`^` is not part of an expression", "^", "a power is `**`"),
    ("$(k = 2)", "`=` is not part of an expression", "=", "equality is `==`"),
    ("$(k is 2)", "expected an operator or the end, not `is`", "is", "equality is `==`"),
    ("$(lambda: 1)", "expected a value, not `lambda`", "lambda", "expressions make no functions"),
    ("$(1 if k)", "this `if` has no `else`", "if", "write `a if condition else b`"),
    ("$(sizes[0:1])", "expected `]`: an item is read, not a stretch of several, not `:`", ":", "write `]` there"),
    ("a $ b", "`$` is followed by neither a name nor `(`", "$", "write `$$` for a dollar sign"),
    ("${k}", "`$` is followed by neither a name nor `(`", "$", "write `$k` or `$(k)`"),
    ("$(width / (k - 3))", "64 is divided by zero", "width / (k - 3)", "test the divisor first"),
    ("$(1 + k % 0)", "3 is divided by zero", "k % 0", "test the divisor first"),
    ("$(0 ** -1)", "zero cannot be raised to a negative power", "0 ** -1", "test the divisor first: `a / b if b"),
    ("$((-8) ** 0.5)", "the result is not a finite real number", "(-8) ** 0.5", "no square root of what is"),
    ("$(k + '3')", "cannot add 3 and the text '3'", "k + '3'", "write 3 without quotes"),
    ("$('%d' % 3)", "cannot take the remainder of dividing the text '%d' by 3", "'%d' % 3", "arithmetic is of"),
    ("$(-word)", "cannot take the negative of the text 'ab'", "-word", "arithmetic is of numbers; `+` joins two"),
    ("$(k < word)", "cannot order 3 and the text 'ab'", "k < word", "arithmetic is of numbers; `+` joins two texts"),
    ("$(1 in 2)", "cannot look into 2", "1 in 2", "`in` needs a list"),
    ("$(sizes[2])", "the list has no item 2: it has 2, counted from 0", "sizes[2]", "its last item is [1]"),
    ("$(sizes[0.0])", "an item is asked for by its place, a whole number, not by 0.0", "sizes[0.0]", "such as [0]"),
    ("$(config.dept)", "the mapping has no key `dept`", "config.dept", "did you mean `depth`?"),
    ("$(k.real)", "`.real` reads a mapping, and this is 3", "k.real", "such as {depth: 2}, or `x[0]` of a list"),
    ("$(word.__class__)", "`.__class__` reads a mapping, and this is the text 'ab'", "word.__class__", "such as"),
    ("$(max('a', 1))", "cannot take max with the text 'a': it needs numbers", "max('a', 1)", "arithmetic is of"),
    ("$(min([]))", "`min` of nothing", "min([])", "a list that is not empty"),
    ("$(abs(1, 2))", "`abs` takes 1 value, and 2 are given", "abs(1, 2)", "separate them by commas"),
    ("$(sum(3))", "`sum` takes a list, not 3", "sum(3)", "write sum([a, b, c])"),
    ("$(divisible(30, 0))", "the divisor is a positive whole number, not 0", "divisible(30, 0)", "such as"),
    ("$(32 * 'half')", "cannot multiply 32 by the text 'half'", "32 * 'half'", "arithmetic is of numbers; `+`"),
    ("x $sizes", "a list of 2 cannot stand inside a text", "$sizes", "`$(x[0])`"),
    ("x $(config)", "a mapping of 2 cannot stand inside a text", "$(config)", "`$(x[0])`"),
]  # fmt: skip
BOMBS = [
    ("2**10**9", "number"), ("10**13", "number"), ("9" * 900, "number"), ("-(10**6)**10**6", "number"),
    ("2**(2**39)", "number"), ("10**12 * 10", "number"), ("10**12 + 1", "number"), ("0 - 10**12 - 1", "number"),
    ("int(1e300)", "number"), ("floor(1e300)", "number"), ("sum([10**12, 1])", "number"),
    ("[0] * 10**10", "items"), ("10**10 * [0]", "items"),
    ("[0] * 10000 + [0]", "items"), ("[[0] * 200] * 200", "items"),
    ("(" * 300 + "1" + ")" * 300, "depth"), ("-" * 900 + "1", "depth"), ("not " * 200 + "1", "depth"),
    ("2" + "**2" * 300, "depth"), ("1 if 1 else " * 70 + "1", "depth"), ("[" * 400, "depth"),
    ("{1:" * 200, "depth"), ("max(" * 100 + "1" + ")" * 100, "depth"), ("1+" * 600 + "1", "expression"),
    ("9" * 5_000, "expression"),
    ("'" + "a" * 5_000 + "'", "expression"), ("9" * 100_000, "items"), ("(" * 10_000_000, "items"),
]  # fmt: skip
TEXTS = [
    ("conv $(width*4) k1", "conv 256 k1"),
    ("$width", 64),
    ("$(width)", 64),
    ("$flag", True),
    ("$(nothing)", None),
    ("$sizes", [64, 128]),
    ("$(config.depth[1])", 3),
    ("$(config['name'])", "a"),
    ("dropout $ratio", "dropout 0.5"),
    ("conv $two", "conv 2"),
    ("$two", 2.0),
    ("x $flag $nothing", "x true null"),
    ("a $$ b", "a $ b"),
    ("$$", "$"),
    ("$$width", "$width"),
    ("no dollar", "no dollar"),
    ("$width.x", "64.x"),
    ("$(k)x$(k + 2)", "3x5"),
    ("$('(' + word)", "(ab"),
    ("$größe", 7),
    ("conv $(1e20)", "conv 1e+20"),
    ("$(1_000 + .5)", 1000.5),
    ("$(true and not false)", True),
    ("$({'a': 1, 2: k}['2'])", 3),
    ("$((1, 2)[1])", 2),
    ("$()".replace("()", "(())"), []),
    ("$('it\\'s')", "it's"),
    ("$(flag and $width > 3)", True),
]


def failure(text: str, scope: dict[str, Any] = SCOPE, limits: Limits = Limits()) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        expand(text, scope, limits)
    return caught.value


def attempt(text: str, scope: dict[str, Any], limits: Limits = Limits()) -> object:
    """The value, or the error."""
    try:
        return expand(text, scope, limits)
    except ExpressionError as error:
        return error


@pytest.mark.parametrize(("text", "value"), TEXTS)
def test_texts(text: str, value: object) -> None:
    made = expand(text, SCOPE)
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize(("text", "message", "marked", "help"), MISTAKES)
def test_mistakes_are_named_and_marked(text: str, message: str, marked: str, help: str) -> None:
    error = failure(text)
    assert error.message.startswith(message)
    assert text[error.offset : error.offset + error.width] == marked
    assert help and help in error.help


@pytest.mark.parametrize(("text", "bound"), BOMBS, ids=lambda value: value[:20])
def test_bombs_stop_at_a_named_bound(text: str, bound: str) -> None:
    tracemalloc.start()
    start = time.process_time()
    error = failure(f"$({text})")
    seconds = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert f"the bound `{bound}`" in error.message
    assert f"--limit {bound}=" in error.help
    assert seconds < 0.5
    assert peak < 20_000_000


def test_bounds_can_be_raised() -> None:
    assert evaluate("2**50", {}, Limits(number=2**50)) == 2**50
    assert evaluate("1+" * 600 + "1", {}, Limits(expression=2000)) == 601
    longer = evaluate("[0] * 20000", {}, Limits(items=20000))
    assert isinstance(longer, list)
    assert len(longer) == 20000
    assert evaluate("(" * 100 + "1" + ")" * 100, {}, Limits(depth=200)) == 1


@pytest.mark.parametrize("text", ["(" * 100_000, "-" * 100_000 + "1", "[" * 50_000 + "]" * 50_000, "9" * 100_000])
def test_raised_bounds_still_give_no_traceback(text: str) -> None:
    assert failure(f"$({text})", {}, Limits(depth=10**9, expression=10**9)).message


def test_lists_that_double_stay_small() -> None:
    scope: dict[str, object] = {"x0": [1]}
    turn = 0
    while (made := attempt(f"$([x{turn}, x{turn}])", scope)) and not isinstance(made, ExpressionError):
        turn += 1
        scope[f"x{turn}"] = made
    assert isinstance(made, ExpressionError)
    assert "the bound `items`" in made.message
    assert turn < 15


def test_lists_nested_by_one_name_after_the_other_are_no_traceback() -> None:
    left: list[object] = []
    right: list[object] = []
    for _ in range(100_000):
        left, right = [left], [right]
    with pytest.raises(ExpressionError, match="nested too deeply"):
        evaluate("left == right", {"left": left, "right": right})


def test_the_rule_of_mobilenet() -> None:
    # The channels of MobileNetV2 with width 0.75 and 0.35 (Sandler et al. 2018, as published in torchvision).
    stages = [32, 16, 24, 32, 64, 96, 160, 320]
    made = [[evaluate(f"divisible({stage} * {width}, 8)", {}) for stage in stages] for width in (0.75, 0.35)]
    assert made == [[24, 16, 24, 24, 48, 72, 120, 240], [16, 8, 8, 16, 24, 32, 56, 112]]
    assert evaluate("divisible(3, 8, 16)", {}) == 16


def test_only_what_is_needed_is_computed() -> None:
    assert evaluate("1 if flag else missing", SCOPE) == 1
    assert evaluate("false and missing", SCOPE) is False
    assert evaluate("flag or missing", SCOPE) is True
    assert evaluate("3 < 2 < missing", SCOPE) is False


def test_a_plain_name_imports_no_grammar() -> None:
    import subprocess

    code = (
        "import sys; from cnncalc.language.expressions import expand; assert expand('conv $a', {'a': 1}) == 'conv 1';"
        "print([name for name in ('ast', 'yaml', 'cnncalc.language.expressions.parser') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# ------------------------------------------------------------------------------- Python is the witness

NUMBERS = st.one_of(
    st.integers(0, 30).map(str), st.sampled_from(["0.5", "2.25", "1e3", "a", "b", "c", "True", "False"])
)


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = ["+", "-", "*", "/", "//", "%", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
    return st.one_of(
        st.lists(inner, min_size=2, max_size=4).flatmap(
            lambda parts: st.lists(st.sampled_from(operators), min_size=3, max_size=3).map(
                lambda signs: " ".join(word for pair in zip(parts, signs, strict=False) for word in pair).rsplit(
                    " ", 1
                )[0]
            )
        ),
        inner.map("({})".format),
        inner.map("-{}".format),
        inner.map("(not {})".format),
        st.tuples(inner, st.integers(0, 5)).map(lambda pair: f"({pair[0]})**{pair[1]}"),
        st.tuples(inner, inner, inner).map(lambda three: "({} if {} else {})".format(*three)),
        st.tuples(inner, inner).map(lambda pair: "max({}, {})".format(*pair)),
        st.tuples(inner, inner).map(lambda pair: "({} in [{}, 1, 2])".format(*pair)),
        st.tuples(inner, inner).map(lambda pair: "[{}, {}][-1]".format(*pair)),
        inner.map("abs({})".format),
    )


@given(st.recursive(NUMBERS, _combined, max_leaves=12), st.integers(-5, 5), st.integers(1, 100), st.floats(-4, 4))
def test_values_are_those_of_python(text: str, a: int, b: int, c: float) -> None:
    scope: dict[str, Any] = {"a": a, "b": b, "c": c}
    try:
        expected = eval(text, {"__builtins__": {}, "max": max, "abs": abs}, scope)
    except (ZeroDivisionError, OverflowError):
        expected = math.nan
    value = attempt(f"$({text})", scope, Limits(number=10**300, depth=200, expression=5000))
    if isinstance(value, ExpressionError):
        # Python may not need the part that is beyond the bounds; here it is refused on the way.
        assert re.search("by zero|not a finite|larger than", value.message)
    else:
        assert value == expected
        assert type(value) is type(expected)


@given(st.text(st.sampled_from("$()[]{}'\"\\ \n.,:+-*/%<>=!019aeifnotr_é"), max_size=40))
def test_no_text_breaks_the_grammar(text: str) -> None:
    for source in (text, f"$({text})"):
        value = attempt(source, {"a": 1, "t": "x"})
        if isinstance(value, ExpressionError):
            assert 0 <= value.offset <= len(source)
            assert value.width >= 1
            assert value.message
        else:
            assert value is None or isinstance(value, (int, float, str, list, dict))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_dollars_doubled_are_the_text_itself(text: str) -> None:
    assert expand(text.replace("$", "$$"), {}) == text


@given(st.integers(-(10**9), 10**9) | st.booleans() | st.floats(-1e6, 1e6) | st.none())
def test_a_value_written_into_a_text_reads_back(value: Any) -> None:
    from cnncalc.language.yaml.reader import scalar_value

    written = str(expand("x $v", {"v": value})).removeprefix("x ")
    assert scalar_value(written, True) == value
