"""One mistake, one error: what only follows from a fault that was told is no other one."""

from __future__ import annotations

import pytest

from cnncalc import CnncalcError, load


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ("[lineer 3, {relu: , from: lineer1}]", "there is no kind or block `lineer`"),
        ("[{lineer: 3, name: a}, {add: {from: [a, input]}}]", "there is no kind, block or key `lineer`"),
        ("[{foo: 3}, {add: {from: [foo1, input]}}]", "there is no kind, block or key `foo`"),
        ("[{conv: 4 k3, nam: a}, relu, {add: {from: [a, conv1, relu1]}}]", "there is no kind, block or key `nam`"),
        ("[{name: a, conv: 4, relu: }, relu, {add: {from: [a, relu1]}}]", "one item has two kinds, `conv` and `relu`"),
        ("[{name: a, layers: conv 3 k3}, {add: {from: [a, a.conv1]}}]", "`layers` is a list of layers"),
        ("[{name: a, layers: {x: conv 3, y: conv 4}}, {add: {from: [a.x, a.y]}}]", "`layers` is a list of layers"),
        ("[{name: s, layers: [conv 4 k3, lineer 3]}, {add: {from: [s, s.conv1]}}]", "no kind or block `lineer`"),
        ("[conv 4 k3, linear 10, batchnorm, conv 3 k3, maxpool k2]", "a linear layer takes a vector"),
        ("[conv 4 k3, {concat: [[maxpool k2], [conv 3 k3]]}, conv 4 k3, relu]", "of `concat` have different sizes"),
        ("[{residual: {out: [8, 16]}}]", "a list of 2 cannot stand inside a text"),
        ("[residual 8.5, residual 8.5]", "expected a whole number ≥ 1, got `8.5`"),
    ],
)
def test_what_follows_from_a_fault_is_no_second_one(layers, said):
    with pytest.raises(CnncalcError) as error:
        load(f"input: 3x8x8\nlayers: {layers}\n")
    (fault,) = error.value.faults
    assert said in fault.message


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ("[lineer 3, {relu: , from: other1}]", ["no kind or block `lineer`", "no layer `other1`"]),
        ("[residual 8.5, conv 4 k3 s0]", ["got `8.5`", "`stride` of `conv`"]),
        ("[bottleneck 8 stride=0 groups=x]", ["`stride` of `conv`", "`conv` does not know `gx`"]),
        ("[{conv: 4 k3, nam: a}, conv 4 kx]", ["key `nam`", "`conv` does not know `kx`"]),
    ],
)
def test_another_mistake_is_told_too(layers, said):
    with pytest.raises(CnncalcError) as error:
        load(f"input: 3x8x8\nlayers: {layers}\n")
    told = str(error.value)
    assert [text for text in said if text not in told] == []
