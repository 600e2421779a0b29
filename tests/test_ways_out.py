"""Ways out of ordinary slips can be followed: what a help proposes is taken."""

from __future__ import annotations

import pytest
from command_line import runner

from cnncalc.cli.main import cnncalc as program

NET = """\
variables: {{width: 8}}
input: 3x32x32
blocks: {{unit: {{with: {{out: 8, stride: 1}}, layers: [conv $out k3 s$stride p1, relu]}}}}
layers: [{0}, global_avgpool, flatten, linear 10]
"""


@pytest.mark.parametrize(
    ("slip", "told", "right"),
    [
        ("conv 8 5/2/1", "kernel, stride and padding are written `k5 s2 p1`", "conv 8 k5 s2 p1"),
        ("pool 3/1", "write which: `maxpool k3 s1`, `avgpool k3 s1`", "maxpool k3 s1"),
        ("conv $width*2 k3", "arithmetic stands in brackets: `$(width*2)`", "conv $(width*2) k3"),
        ("conv 8 k3 relu", "`relu` is a layer of its own: write it behind this one", "[conv 8 k3, relu]"),
        ("conv 8 k3 name=stem", "as in `{conv: 64 k3, name: stem}`", "{conv: 64 k3, name: stem}"),
        ("{type: conv, out: 8}", "the kind is the key: `conv: 64 k3`", "conv: 64 k3"),
        ("{unit: 8, stride: 2}", "as in `unit: {stride: …}`", "unit: {out: 8, stride: 2}"),
    ],
)
def test_what_is_proposed_for_a_layer_is_taken(slip, told, right, tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(NET.format(slip))
    wrong = runner().invoke(program, ["show", str(file)])
    assert wrong.exit_code == 2
    assert told in wrong.stderr
    file.write_text(NET.format(f"{{layers: {right}}}" if right[0] == "[" else right))
    assert runner().invoke(program, ["show", str(file)]).exit_code == 0


@pytest.mark.parametrize(
    ("words", "told", "right"),
    [
        (["show", "resnet18", "--dtype", "int4"], "--dtype '*=int4'", ["show", "resnet18", "--dtype", "*=int4"]),
        (["show", "lenet5", "--dialect", "tf"], "did you mean `keras`?", ["show", "lenet5", "--dialect", "keras"]),
        (
            ["search", "lenet5", "--over", "classes=8..10", "--minimize", "macs"], "a range is written `8:10`",
            ["search", "lenet5", "--over", "classes=8:10", "--minimize", "macs"],
        ),
        (["chain", "conv 16 k3"], "the input comes first", ["chain", "3x224x224", "conv 64 k7 s2 p3"]),
    ],
)  # fmt: skip
def test_what_is_proposed_for_a_command_is_taken(words, told, right):
    wrong = runner().invoke(program, words)
    assert wrong.exit_code == 2
    assert told in wrong.stderr
    assert runner().invoke(program, right).exit_code == 0
