"""Recurrences of convolutions and convolutions that bend, as they stand in a file that needs them."""

from __future__ import annotations

__all__ = ["KINDS"]

KINDS: dict[str, str] = {}
"""The text of each, by its name."""

KINDS["with_one_bias"] = '''
def with_one_bias(module: nn.RNNBase) -> nn.RNNBase:
    """A recurrent module whose second vectors of biases are zeros that stay."""
    for name, bias in [*module.named_parameters()]:
        if name.startswith("bias_hh"):
            delattr(module, name)
            zeros = torch.zeros_like(bias.detach())
            module.register_buffer(name, zeros, persistent=False)
            setattr(module, name, zeros)  # for the list that the module keeps of them
    return module
'''.strip()

KINDS["ConvLSTM"] = '''
class ConvLSTM(nn.Module):
    """An LSTM with convolutions in place of matrices (Shi et al. 2015)."""

    def __init__(
        self,
        c_in: int,
        c_out: int,
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[int, ...],
        dilation: tuple[int, ...],
        bias: bool = True,
        final: bool = False,
    ) -> None:
        super().__init__()
        self.c_out, self.final = c_out, final
        self.fields, self.half = (stride, padding, dilation), [k // 2 for k in kernel]
        self.weight_ih = nn.Parameter(torch.randn(4 * c_out, c_in, *kernel) * 0.1)
        self.weight_hh = nn.Parameter(torch.randn(4 * c_out, c_out, *kernel) * 0.1)
        self.bias = nn.Parameter(torch.zeros(4 * c_out)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        convolve = F.conv1d if len(self.half) == 1 else F.conv2d
        states: list[Tensor] = []
        for one in x.unbind(2):
            gates = convolve(one, self.weight_ih, self.bias, *self.fields)
            if not states:
                cell = gates.new_zeros(len(x), self.c_out, *gates.shape[2:])
            state = states[-1] if states else cell
            gates = gates + convolve(state, self.weight_hh, padding=self.half)
            entering, leaving, kept, new = gates.chunk(4, 1)
            cell = kept.sigmoid() * cell + entering.sigmoid() * new.tanh()
            states.append(leaving.sigmoid() * cell.tanh())
        return states[-1] if self.final else torch.stack(states, 2)
'''.strip()

KINDS["DeformConv2d"] = '''
class DeformConv2d(nn.Conv2d):
    """A convolution whose pixels are looked up where offsets say (Dai et al. 2017)."""

    def forward(self, x: Tensor, offsets: Tensor, mask: Tensor | None = None) -> Tensor:
        batch, _, *lengths = x.shape
        taps, places = math.prod(self.kernel_size), offsets.shape[2:]
        groups = offsets.shape[1] // (2 * taps)
        pairs = zip(self.kernel_size, self.dilation, strict=True)
        tap = torch.cartesian_prod(*(d * torch.arange(k) for k, d in pairs))
        axes = zip(places, self.stride, self.padding, strict=True)
        starts = (torch.arange(n) * s - p for n, s, p in axes)
        start = torch.stack(torch.meshgrid(*starts, indexing="ij"))
        at = (tap[:, :, None, None] + start).to(x.device)
        at = at + offsets.reshape(batch * groups, taps, 2, *places)
        size = torch.tensor(lengths, device=x.device)[:, None, None]
        grid = ((2 * at + 1) / size - 1).flip(2).movedim(2, -1).flatten(1, 2)
        maps = x.reshape(batch * groups, -1, *lengths)
        found = F.grid_sample(maps, grid, align_corners=False)
        found = found.reshape(batch, groups, -1, taps, *places)
        if mask is not None:
            found = found * mask.reshape(batch, groups, 1, taps, *places)
        columns = found.reshape(batch, self.groups, -1, places.numel())
        filters = self.weight.unflatten(0, (self.groups, -1)).flatten(2)
        x = (filters @ columns).reshape(batch, -1, *places)
        return x if self.bias is None else x + self.bias[:, None, None]
'''.strip()
