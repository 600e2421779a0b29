"""torchvision's own operators, where it is installed: by `from_torch` and as `.pt2`."""

from __future__ import annotations

import pytest

from cnncalc import from_torch, load, report, to_torch

torch = pytest.importorskip("torch")
ops = pytest.importorskip("torchvision.ops")
from torch import nn  # noqa: E402


class Deformed(nn.Module):
    """A deformable convolution whose offsets, and perhaps weights of pixels, are made by convolutions."""

    def __init__(self, *, masked=False, groups=1, offsets=1, bias=True, stride=1, spread=1):
        super().__init__()
        windows = (3, stride, spread, spread)
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.offsets = nn.Conv2d(8, 18 * offsets, *windows)
        self.mask = nn.Conv2d(8, 9 * offsets, *windows) if masked else None
        self.deformed = ops.DeformConv2d(8, 12, *windows, groups, bias)

    def forward(self, x):
        x = self.stem(x)
        return self.deformed(x, self.offsets(x), None if self.mask is None else self.mask(x).sigmoid())


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"masked": True},
        {"groups": 2, "offsets": 2, "bias": False, "stride": 2},
        {"masked": True, "offsets": 4, "spread": 2},
    ],
)
@pytest.mark.parametrize("way", ["from_torch", "pt2", "decomposed"])
def test_a_deformable_convolution_is_one_layer(way, given, tmp_path):
    module, x = Deformed(**given).eval(), torch.rand(1, 3, 9, 8)
    wanted = module(x)
    if way == "from_torch":
        read = from_torch(module, x)
    else:
        program = torch.export.export(module, (x,))
        program = program.run_decompositions() if way == "decomposed" else program
        torch.export.save(program, tmp_path / "net.pt2")
        read = load(tmp_path / "net.pt2")
    (output,) = read.outputs.values()
    assert read.nodes[output].shape == tuple(wanted.shape[1:])
    rows = {row.name: row for row in report(read).rows}
    own = sum(one.numel() for one in module.deformed.parameters())
    assert (rows["deformed"].kind, rows["deformed"].params) == ("deform_conv", own)
    pixels = wanted.shape[2] * wanted.shape[3]
    assert rows["deformed"].macs == module.deformed.weight.numel() * pixels  # torch's counter knows none of it
    assert report(read).totals.params == sum(one.numel() for one in module.parameters())
    built = to_torch(read).eval()
    built.load_state_dict(module.state_dict())
    torch.testing.assert_close(built(x), wanted, rtol=1e-4, atol=1e-4)
