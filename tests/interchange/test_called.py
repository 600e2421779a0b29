"""`import package.module:function`: the user's code is run, and what it makes is read; what it raises is told."""

from __future__ import annotations

import pytest
from command_line import runner

from cnncalc.cli.main import cnncalc as program

pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")  # torch's own, of its scripts

CODE = """
import dataclasses
import torch
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
class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.conv = nn.Embedding(100, 16), nn.Conv1d(16, 8, 3)
    def forward(self, ids):
        return self.conv(self.table(ids).transpose(1, 2))
class Chosen(nn.Module):
    def forward(self, x):
        return x[x > 0]
def lazy():
    return nn.DataParallel(nn.Sequential(nn.LazyConv2d(8, 3), nn.Flatten(), nn.LazyLinear(5)))
def compiled():
    return torch.compile(Small())
def half():
    return Small().half()
def normed():
    return nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 8, 3)))
def scripted():
    return torch.jit.trace(Small(), torch.zeros(1, 3, 32, 32))
def quantized():
    return torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Flatten(), nn.Linear(192, 5)), {nn.Linear})
def leaves():
    raise SystemExit(0)
def broken():
    raise RuntimeError("no luck")
def number():
    return 7
class Sized(nn.Conv2d):
    def __init__(self, width):
        super().__init__(3, width, 3)
class Odd(nn.Module):
    def forward(self, x):
        return object()
class Counted(nn.Module):
    def forward(self, x):
        return x * float(x.sum().item())
@dataclasses.dataclass
class Found:
    logits: torch.Tensor
    states: tuple
class Answering(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.out = nn.Embedding(30, 8), nn.Linear(8, 4)
    def forward(self, ids, mask=None, *, scale=None):
        x = self.table(ids)
        x = x if mask is None else x * mask[:, :, None]
        return Found(self.out(x), (x.mean(1), {"last": x[:, -1]}))
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
    ("name", "shape", "said"),
    [
        ("lazy", "3x8x8", ["conv: 8 k3, name: 0", "linear: 5", "params: 1669"]),
        ("compiled", "3x32x32", ["name: stem", "params: 269"]),
        ("half", "3x32x32", ["name: stem", "params: 269"]),
        ("normed", "3x8x8", ["conv: 8 k3 weight, name: 0}", "params: 232"]),
        ("Table", "12", ["name: table", "output: 8x10", "params: 1992"]),
    ],
)
def test_modules_as_users_have_them_are_read(called, name, shape, said):
    code, out, err = called(name, "--input", shape)
    assert code == 0, err
    for words in said:
        assert words in out


@pytest.mark.parametrize("given", ["12", "ids=12,mask=12", "mask=12,ids=12"])
def test_inputs_go_to_their_names_and_records_of_tensors_come_out(called, given):
    code, out, err = called("Answering", "--input", given)
    assert code == 0, err
    assert "12x4" in out
    assert "params: 276" in out
    assert ("multiply" in out) == ("mask" in given)


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ("nets_of_no_one:Small", "there is no Python module `nets_of_no_one`"),
        ("nets_of_a_user.py:Small", "write `nets_of_a_user:Small`, without `.py`"),
        ("unfinished:Small", "unfinished.py:1:7"),
        ("lacking:Small", "lacking.py:2:1"),
    ],
)
def test_a_package_that_cannot_be_imported_is_told(called, tmp_path, package, said):
    (tmp_path / "unfinished.py").write_text("def f(:\n")
    (tmp_path / "lacking.py").write_text("import os\nimport nets_of_no_one\n")
    done = runner().invoke(program, ["import", package, "--input", "3x8x8"])
    assert done.exit_code == 2
    assert said in done.stderr


def test_what_torch_prints_of_branches_on_numbers_is_not_shown(called):
    """It prints the program as far as it came."""
    assert "def forward" not in called("Counted", "--input", "3x3")[2]


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("Small", (), "needs the shape of its input"),
        ("Small", ("--input", "3y4"), "--input 3y4"),
        ("Small", ("--input", "4x32x32"), "running `nets_of_a_user:Small` ended in RuntimeError"),
        ("Small", ("--input", "4x32x32"), "return self.fc(self.stem(x).relu().mean((2, 3)))"),
        ("broken", ("--input", "3x3"), "making `nets_of_a_user:broken` ended in RuntimeError"),
        ("broken", ("--input", "3x3"), 'raise RuntimeError("no luck")'),
        ("Sized", ("--input", "3x3"), "cannot be called without `width`"),
        ("Sized", ("--input", "3x3"), "such as `def net(): return Sized(…)`"),
        ("Odd", ("--input", "3x3"), "the module gives a `object`, of which nobody knows the tensors"),
        ("Counted", ("--input", "3x3"), "the code computes a number of a tensor and goes on with it"),
        ("Two", ("--input", "a=3x3,c=3x3"), "`forward` of the module takes no `c`"),
        ("Smal", ("--input", "3x3"), "did you mean `Small`?"),
        ("number", ("--input", "3x3"), "makes a `int`, and no torch module"),
        ("leaves", ("--input", "3x3"), "ended in SystemExit"),
        ("scripted", ("--input", "3x32x32"), "takes no scripted module"),
        ("quantized", ("--input", "3x8x8"), "whose weights torch has packed"),
        ("Chosen", ("--input", "3x8x8"), "a length follows from the numbers that the code computes"),
        ("missing", ("--input", "3x3"), "there is no `missing` in `nets_of_a_user`"),
    ],
)
def test_what_goes_wrong_is_told(called, name, more, said):
    code, out, err = called(name, *more)
    assert code == 2
    assert said in out + err
    assert "Traceback" not in out + err
