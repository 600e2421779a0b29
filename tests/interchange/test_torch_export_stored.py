"""What a `.pt2` stores of a module, and what of that counts."""

from __future__ import annotations

import warnings
import zipfile

import pytest

from cnncalc import from_torch, report
from cnncalc.language import load
from cnncalc.language.options import Options

torch = pytest.importorskip("torch")
exported = pytest.importorskip("cnncalc.torch_backend.exporting").exported
from torch import nn  # noqa: E402 - torch is an extra
from torch.nn import functional as F  # noqa: E402, N812 - as everybody calls it


class Sliced(nn.Module):
    """A convolution whose weight is a part of a larger tensor."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(100, 3, 3, 3)[:4])

    def forward(self, x):
        return F.conv2d(x, self.weight)


def test_a_weight_that_is_a_part_of_a_tensor_counts_by_its_shape(tmp_path):
    path = tmp_path / "sliced.pt2"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch tells that no tensor of the program is whole
        torch.export.save(torch.export.export(Sliced().eval(), (torch.zeros(1, 3, 8, 8),)), path)
    with zipfile.ZipFile(path) as archive:
        stored = [entry.file_size for entry in archive.infolist() if "/weights/weight_" in entry.filename]
    assert stored == [10_800]  # the whole of it, for 432 bytes
    assert report(load(str(path), Options())).totals.params == 108


def saved(module, x, path):
    """What `show` says of the module's program, written to a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(module, (x,)), path)
    return report(load(str(path), Options())).totals


def alike(*, tied):
    """Two convolutions of 84 numbers each that have the same sizes, or the same tensors."""
    module = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)).eval()
    if tied:
        module[1].weight, module[1].bias = module[0].weight, module[0].bias
    return module


@pytest.mark.parametrize(("tied", "params"), [(False, 168), (True, 84)])
def test_a_shared_convolution_stands_twice_in_a_state_dict_and_counts_once(tmp_path, tied, params):
    module, x = alike(tied=tied), torch.zeros(1, 3, 8, 8)
    assert sum(one.numel() for one in module.state_dict().values()) == 168
    assert saved(module, x, tmp_path / "net.pt2").params == params
    assert report(from_torch(module, x)).totals.params == params


@pytest.mark.parametrize(("tied", "params"), [(False, 168), (True, 84)])
def test_tensors_without_storage_are_told_apart(tmp_path, tied, params):
    with torch.device("meta"):
        module, x = alike(tied=tied), torch.zeros(1, 3, 8, 8)
    assert report(from_torch(module, x)).totals.params == params
    if not tied:  # a program in a file does not say which of them are one
        assert saved(module, x, tmp_path / "net.pt2").params == params


def test_a_module_is_left_as_it_is_and_its_numbers_are_not_written():
    module, x = alike(tied=True), torch.zeros(1, 3, 8, 8)
    before = {name: one.clone() for name, one in module.state_dict().items()}
    program = exported(nn.Sequential(nn.Linear(1000, 1000), nn.Linear(1000, 10)), [torch.zeros(1, 1000)])
    assert len(program) < 50_000  # of four million bytes of weights
    from_torch(module, x)
    torch.testing.assert_close(dict(module.state_dict()), before)
    assert module[0].weight is module[1].weight
