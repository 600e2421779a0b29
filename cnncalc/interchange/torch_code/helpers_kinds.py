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
        convolve = (F.conv1d, F.conv2d, F.conv3d)[len(self.half) - 1]
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

KINDS["Blur"] = '''
class Blur(nn.Module):
    """One binomial filter for every channel, which nothing learns."""

    def __init__(
        self,
        channels: int,
        kernel: tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        up: bool = False,
        each: bool = False,
        cut: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        taps = torch.ones(())
        for k in kernel:
            row = torch.tensor([float(math.comb(k - 1, i)) for i in range(k)])
            taps = taps[..., None] * row / row.sum()
        if up:
            taps = taps * math.prod(stride)
        taps = taps.expand(channels if each else 1, 1, *kernel)
        self.register_buffer("filter", taps.clone())
        self.slide = getattr(F, f"conv{'_transpose' * up}{len(kernel)}d")
        self.fields = {"stride": stride, "padding": padding, "groups": channels}
        self.cut = cut

    def forward(self, x: Tensor) -> Tensor:
        taps = self.filter.expand(x.shape[1], *self.filter.shape[1:])
        x = self.slide(x, taps, **self.fields)
        return F.pad(x, self.cut) if self.cut else x
'''.strip()

KINDS["ModulatedConv"] = '''
class ModulatedConv(nn.Module):
    """A convolution whose channels are scaled by styles (Karras et al. 2020)."""

    def __init__(
        self,
        c_in: int,
        c_out: int,
        kernel: tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        up: bool = False,
        bias: bool = True,
        demodulate: bool = True,
        by_weights: bool = False,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(c_out, c_in, *kernel))
        self.bias = nn.Parameter(torch.zeros(c_out)) if bias else None
        self.up, self.demodulate, self.by_weights = up, demodulate, by_weights
        self.convolve = getattr(F, f"conv{'_transpose' * up}{len(kernel)}d")
        self.fields = {"stride": stride, "padding": padding}

    def slide(self, x: Tensor, weight: Tensor, groups: int = 1) -> Tensor:
        if self.up:
            weight = weight.reshape(groups, -1, *weight.shape[1:])
            weight = weight.transpose(1, 2).flatten(0, 1)
        return self.convolve(x, weight, groups=groups, **self.fields)

    def forward(self, x: Tensor, styles: Tensor) -> Tensor:
        batch, ones = len(x), (1,) * (x.dim() - 2)
        scales = styles.reshape(*styles.shape, *ones)
        if self.demodulate or self.by_weights:
            weight = self.weight * scales[:, None]
        if self.demodulate:
            squares = weight.square().sum(tuple(range(2, weight.dim())))
            shortened = (squares + 1e-8).rsqrt().reshape(batch, -1, *ones)
        if self.by_weights:
            if self.demodulate:
                weight = weight * shortened[:, :, None]
            x = x.reshape(1, -1, *x.shape[2:])
            x = self.slide(x, weight.flatten(0, 1), batch)
            x = x.reshape(batch, -1, *x.shape[2:])
        else:
            x = self.slide(x * scales, self.weight)
            x = x * shortened if self.demodulate else x
        return x if self.bias is None else x + self.bias.reshape(-1, *ones)
'''.strip()
