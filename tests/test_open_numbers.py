"""What rules and helps compute with: plain, symbolic and open numbers mixed in every way; nothing else is raised."""

from __future__ import annotations

import operator
from itertools import product

import pytest
from command_line import runner

from cnncalc.arithmetic.symbolic.algebra import symbolic
from cnncalc.arithmetic.symbolic.bounds import NoClosedForm
from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows import formulas
from cnncalc.cli.main import cnncalc as program

H, W = symbolic("H"), symbolic("W")
NUMBERS = {
    "-3": -3, "0": 0, "1": 1, "7": 7, "H": H, "W": W, "H//2": H // 2, "H%3": H % 3, "-H": -H, "H-9": H - 9,
    "H*W": H * W, "H*H": H * H, "H*W+3": H * W + 3, "H*W%5": (H * W) % 5, "open": OPEN,
}  # fmt: skip
OF_TWO = {
    **{name: getattr(operator, name) for name in ("add", "sub", "mul", "floordiv", "mod")},
    **{name: getattr(operator, name) for name in ("lt", "le", "gt", "ge", "eq", "ne")},
    **{name: getattr(formulas, name) for name in ("ceil_divide", "exact_divide", "larger", "smaller")},
    "common_divisor": formulas.common_divisor, "every": lambda a, b: formulas.every(a == b, a >= 0),
    "product": lambda a, b: formulas.product([a, b]), "all_equal": lambda a, b: formulas.all_equal([a, b]),
    "min": min, "max": max, "sorted": lambda a, b: sorted([a, b]), "sum": lambda a, b: sum([a, b]),
}  # fmt: skip
OF_ONE = {
    "index": operator.index, "int": int, "range": range, "repeated": lambda a: (1,) * a, "bool": bool,
    "text": str, "thousands": lambda a: f"{a:,}", "negative": operator.neg,
}  # fmt: skip


@pytest.mark.parametrize("name", [*OF_TWO, *OF_ONE])
def test_a_number_goes_through_or_says_that_it_has_no_closed_form(name):
    work, many = (OF_TWO[name], 2) if name in OF_TWO else (OF_ONE[name], 1)
    through = 0
    for numbers in product(NUMBERS.values(), repeat=many):
        try:
            work(*numbers)
        except (NoClosedForm, ZeroDivisionError):
            continue
        through += 1
    assert through >= 4


@pytest.mark.parametrize("number", [H, H // 2, H * W, H * W + 3, 7], ids=str)
def test_whatever_is_compared_with_an_open_number_holds(number):
    asked = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq)
    assert all(ask(number, OPEN) and ask(OPEN, number) for ask in asked)
    assert not operator.ne(number, OPEN) and not operator.ne(OPEN, number)


@pytest.mark.parametrize("dialect", ["torch", "keras", "caffe", "onnx"])
@pytest.mark.parametrize("shape", ["3xHxW", "3xHxH", "3xHx8", "3x8xW"])
@pytest.mark.parametrize("kind", ["add", "multiply", "concat", "matmul", "maximum", "divide"])
def test_a_merge_beside_a_faulty_branch(tmp_path, kind, shape, dialect):
    """A branch that is left open beside one of products of lengths: the way out compares the two."""
    net = tmp_path / "net.yaml"
    net.write_text(f"input: 3x8x8\nlayers:\n  - {{{kind}: [[deconv 3 k2 s2], [lstm 4], []]}}\n  - conv 4 k11 s3\n")
    done = runner().invoke(program, ["show", str(net), "--input", shape, "--dialect", dialect])
    assert done.exit_code == 2, done.output
    assert "= help:" in done.stderr
