"""`import package.module:function`: the user's code is run, and what it makes is read; what it raises is told."""

from __future__ import annotations

import pytest
from command_line import runner

from cnncalc.cli.main import cnncalc as program

pytest.importorskip("torch")

CODE = """
from torch import nn
print("a greeting")
class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.fc = nn.Conv2d(3, 8, 3, 2, 1), nn.Linear(8, 5)
    def forward(self, x):
        return self.fc(self.stem(x).relu().mean((2, 3)))
class Two(nn.Module):
    def forward(self, a, b):
        return a + b
made = Small()
def broken():
    raise RuntimeError("no luck")
def number():
    return 7
"""


@pytest.fixture
def called(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets_of_a_user.py").write_text(CODE)

    def run(name, *more):
        done = runner().invoke(program, ["import", f"nets_of_a_user:{name}", *more])
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.mark.parametrize("name", ["Small", "made"])
def test_a_module_is_read_and_the_user_is_told_that_code_runs(called, name):
    code, out, err = called(name, "--input", "3x32x32")
    assert code == 0
    assert "expect: {output: 5, params: 269, macs: 55336}" in out
    assert "stem" in out
    assert f"note: this runs the code of `nets_of_a_user:{name}`" in err
    assert "greeting" not in out


def test_several_inputs_are_given_in_their_order(called):
    code, out, _ = called("Two", "--input", "a=3x4x4,b=3x4x4")
    assert code == 0
    assert "output: 3x4x4" in out


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("Small", (), "needs the shape of its input"),
        ("Small", ("--input", "3y4"), "--input 3y4"),
        ("Small", ("--input", "4x32x32"), "ended in"),
        ("broken", ("--input", "3x3"), "ended in RuntimeError"),
        ("number", ("--input", "3x3"), "makes a `int`, and no torch module"),
        ("missing", ("--input", "3x3"), "ended in AttributeError"),
    ],
)
def test_what_goes_wrong_is_told(called, name, more, said):
    code, out, err = called(name, *more)
    assert code == 2
    assert said in out + err
    assert "Traceback" not in out + err
