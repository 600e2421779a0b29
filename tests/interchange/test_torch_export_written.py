"""What is written into parts of a tensor, every other place too, and programs that overwrite nothing."""

from __future__ import annotations

import pytest

from cnncalc import from_torch, load, report, to_torch

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:.isinstance", "ignore:Using padding=")  # of torch itself


class Doing(nn.Module):
    """A function as a module."""

    def __init__(self, does):
        super().__init__()
        self.does = does

    def forward(self, x):
        return self.does(x)


def written(part, does):
    """A tensor of which a part is written over, and what stood there before."""

    def run(x):
        x = x * 2
        does(x[part])
        return x

    return run


def assigned(x):
    """Two maps, one in the odd columns of the other's rows."""
    out = torch.zeros(1, 4, 6, 7)
    out[..., ::2] = x
    out[..., 1::2] = -x[..., :3]
    return out


ALL = slice(None)
STRIDED = {
    "channels": written((ALL, slice(None, None, 2)), lambda part: part.mul_(3)),
    "channels from the second": written((ALL, slice(1, None, 2)), lambda part: part.copy_(part.relu() + 1)),
    "every third row": written((ALL, ALL, slice(1, None, 3)), lambda part: part.add_(1)),
    "columns to a place": written((..., slice(0, 4, 3)), lambda part: part.neg_()),
    "one place": written((..., slice(1, 2, 3)), lambda part: part.neg_()),
    "rows and columns": written((ALL, ALL, slice(None, None, 2), slice(1, None, 2)), lambda part: part.fill_(0)),
    "every place of zeros": assigned,
}


def ways(module, x, folder):
    """The module, read as it is and as a file of the program that was decomposed to one that overwrites nothing."""
    torch.export.save(torch.export.export(module, (x,)).run_decompositions(), folder / "net.pt2")
    return from_torch(module, x), load(folder / "net.pt2")


@pytest.mark.parametrize("does", STRIDED)
def test_every_other_place_that_is_written_is_told(does, tmp_path):
    module, x = Doing(STRIDED[does]), torch.randn(1, 4, 6, 4)
    for read in ways(module, x, tmp_path):
        torch.testing.assert_close(to_torch(read).eval()(x), module(x))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv2d(3, 8, 3, padding=1, padding_mode="circular"), (3, 7, 6)),
        (nn.Conv2d(3, 4, (1, 3), padding=(0, 2), dilation=2, padding_mode="circular"), (3, 7, 6)),
        (nn.Conv1d(2, 3, 4, padding="same", padding_mode="circular"), (2, 9)),
        (nn.Conv3d(2, 3, 3, padding=(1, 0, 1), padding_mode="circular"), (2, 3, 4, 5)),
        (nn.CircularPad2d((3, 1, 0, 2)), (3, 5, 4)),
        (nn.CircularPad1d(4), (3, 4)),
    ],
)
def test_a_border_that_wraps_around_is_one_in_a_program_that_was_decomposed(layer, shape, tmp_path):
    module, x = nn.Sequential(layer).eval(), torch.rand(1, *shape)
    plain, decomposed = ways(module, x, tmp_path)
    rows = [
        [(row.kind, row.output_shape, row.params, row.macs) for row in report(one).rows] for one in (plain, decomposed)
    ]
    assert rows[0] == rows[1]
    built = to_torch(decomposed).eval()
    with torch.no_grad():
        for own, one in zip(built.parameters(), module.parameters(), strict=True):
            own.copy_(one)
    torch.testing.assert_close(built(x), module(x))


def test_what_wraps_around_another_tensor_is_no_border(tmp_path):
    """Parts of two tensors, joined where the border of one would stand."""

    def does(x):
        out = torch.empty(1, 3, 6)
        out[..., 1:5] = x
        out[..., :1] = 2 * x[..., 3:]
        out[..., 5:] = x[..., 1:2]
        return out

    module, x = Doing(does), torch.rand(1, 3, 4)
    for read in ways(module, x, tmp_path):
        assert "pad" not in [row.kind for row in report(read).rows]
        torch.testing.assert_close(to_torch(read).eval()(x), module(x))
