"""What a `.pt2` stores of a module, and what of that counts."""

from __future__ import annotations

import warnings
import zipfile

import pytest

from cnncalc import report
from cnncalc.language import load
from cnncalc.language.options import Options

torch = pytest.importorskip("torch")
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
