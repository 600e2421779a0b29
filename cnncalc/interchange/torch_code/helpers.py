"""What torch has no module or function for, as it stands in a file that needs it."""

from __future__ import annotations

from cnncalc.interchange.torch_code.helpers_attention import ATTENTION
from cnncalc.interchange.torch_code.helpers_kinds import KINDS

__all__ = ["HELPERS"]

HELPERS: dict[str, str] = {**ATTENTION, **KINDS}
"""The text of each, by its name, in the order in which they stand in a file."""


def _helper(name: str, text: str) -> None:
    HELPERS[name] = text.strip("\n")


_helper(
    "without",
    '''
def without(module: nn.Module, name: str) -> nn.Module:
    """A module without one of its parameters."""
    module.register_parameter(name, None)
    return module
''',
)
_helper(
    "with_buffer",
    '''
def with_buffer(module: nn.Module, name: str) -> nn.Module:
    """A module with one more buffer, a factor that is 1."""
    module.register_buffer(name, torch.ones(1))
    return module
''',
)
_helper(
    "mean_of_windows",
    '''
def mean_of_windows(
    x: Tensor,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    sides: tuple[int, ...],
    dilation: int | tuple[int, ...] = 1,
    count_include_pad: bool = False,
) -> Tensor:
    """The mean of each window, the border counted or not."""
    steps = (dilation,) * len(kernel) if isinstance(dilation, int) else dilation
    inside = F.pad(torch.ones_like(x[:1, :1]), sides)
    x = F.pad(x, sides)
    for axis, (k, s, d) in enumerate(zip(kernel, stride, steps, strict=True), 2):
        x = x.unfold(axis, d * (k - 1) + 1, s)[..., ::d]
        inside = inside.unfold(axis, d * (k - 1) + 1, s)[..., ::d]
    axes = tuple(range(-len(kernel), 0))
    if count_include_pad:
        return x.mean(axes)
    return x.sum(axes) / inside.sum(axes).clamp(min=1)
''',
)
_helper(
    "pixel_shuffle_nd",
    '''
def pixel_shuffle_nd(x: Tensor, factor: int) -> Tensor:
    """Channels become positions, on any number of axes."""
    rank = x.dim() - 2
    x = x.unflatten(1, (-1,) + (factor,) * rank)
    order = [axis for i in range(rank) for axis in (2 + rank + i, 2 + i)]
    x = x.permute(0, 1, *order)
    for axis in range(rank):
        x = x.flatten(2 + axis, 3 + axis)
    return x
''',
)
_helper(
    "pixel_unshuffle_nd",
    '''
def pixel_unshuffle_nd(x: Tensor, factor: int) -> Tensor:
    """Positions become channels, channel by channel, on any number of axes."""
    rank = x.dim() - 2
    for axis in range(rank):
        x = x.unflatten(2 + 2 * axis, (-1, factor))
    inside, outside = range(3, 3 + 2 * rank, 2), range(2, 2 + 2 * rank, 2)
    return x.permute(0, 1, *inside, *outside).flatten(1, 1 + rank)
''',
)
_helper(
    "space_to_depth",
    '''
def space_to_depth(x: Tensor, factor: int) -> Tensor:
    """Positions become channels; the channels of one pixel stay together."""
    rank = x.dim() - 2
    for axis in range(rank):
        x = x.unflatten(2 + 2 * axis, (-1, factor))
    inside, outside = range(3, 3 + 2 * rank, 2), range(2, 2 + 2 * rank, 2)
    return x.permute(0, *inside, 1, *outside).flatten(1, 1 + rank)
''',
)
_helper(
    "waves",
    '''
def waves(x: Tensor) -> Tensor:
    """Sines and cosines by place (Vaswani et al. 2017)."""
    channels, places = x.shape[1], x[0, 0].numel()
    channel = torch.arange(channels, device=x.device)[:, None]
    place = torch.arange(places, device=x.device)
    rates = torch.exp(channel // 2 * (-2 * math.log(10_000) / channels))
    angles = rates * place + channel % 2 * math.pi / 2
    return angles.sin().to(x.dtype).reshape(x.shape[1:])
''',
)
_helper(
    "rows_by_distance",
    '''
def rows_by_distance(table: Tensor, places: int, asked: int) -> Tensor:
    """The row of a table for each place that asks and each that is asked."""
    step, far = max(asked // places, 1), max(places // asked, 1)
    rows = step * torch.arange(places)[:, None] + far * torch.arange(asked).flip(0)
    return table[:, rows]
''',
)
_helper(
    "GlobalResponseNorm",
    '''
class GlobalResponseNorm(nn.Module):
    """Each channel times its norm over all positions, relative to the mean of these."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        ones = (1,) * (x.dim() - 2)
        axes = tuple(range(2, x.dim()))
        norm = torch.linalg.vector_norm(x, dim=axes, keepdim=True)
        response = norm / (norm.mean(1, keepdim=True) + 1e-6)
        scaled = self.weight.view(-1, *ones) * (x * response)
        return scaled + self.bias.view(-1, *ones) + x
''',
)
_helper(
    "ScaleAndShift",
    '''
class ScaleAndShift(nn.Module):
    """A learned factor for each channel, and a learned shift."""

    def __init__(self, channels: int, initial: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), initial))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        ones = (1,) * (x.dim() - 2)
        return x * self.weight.view(-1, *ones) + self.bias.view(-1, *ones)
''',
)
_helper(
    "DropPath",
    '''
class DropPath(nn.Module):
    """Zeroes whole samples in training, and scales the others up."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        kept = x.new_empty([len(x)] + [1] * (x.dim() - 1)).bernoulli_(1 - self.rate)
        return x * kept / (1 - self.rate) if self.rate < 1 else x * kept
''',
)
_helper(
    "ElementPReLU",
    '''
class ElementPReLU(nn.Module):
    """A leaky ReLU with a learned slope for each element of a sample, but for axes of length 1, which share them."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, 0.25))

    def forward(self, x: Tensor) -> Tensor:
        return F.prelu(x.flatten(1), self.weight.expand(x.shape[1:]).flatten()).view(x.shape)
''',
)
_helper(
    "PairedGroupNorm",
    '''
class PairedGroupNorm(nn.GroupNorm):
    """A group norm with a scale and a shift for each group."""

    def __init__(self, groups: int, channels: int, eps: float = 1e-5) -> None:
        super().__init__(groups, channels, eps, affine=False)
        self.weight = nn.Parameter(torch.ones(groups))
        self.bias = nn.Parameter(torch.zeros(groups))

    def forward(self, x: Tensor) -> Tensor:
        each = self.num_channels // self.num_groups
        weight = self.weight.repeat_interleave(each)
        bias = self.bias.repeat_interleave(each)
        return F.group_norm(x, self.num_groups, weight, bias, self.eps)
''',
)
_helper(
    "LocallyConnected",
    '''
class LocallyConnected(nn.Module):
    """A convolution with weights of its own at every position."""

    def __init__(
        self,
        shape: tuple[int, ...],
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        dilation: tuple[int, ...],
        sides: tuple[int, ...],
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.windows = list(zip(kernel, stride, dilation, strict=True))
        self.sides = sides
        bound = shape[1] ** -0.5
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        zeros = torch.zeros(shape[0], shape[2])
        self.bias = nn.Parameter(zeros) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, self.sides)
        for axis, (kernel, stride, dilation) in enumerate(self.windows, 2):
            span = dilation * (kernel - 1) + 1
            x = x.unfold(axis, span, stride)[..., ::dilation]
        rank = len(self.windows)
        lengths = x.shape[2 : 2 + rank]
        places = range(2, 2 + rank)
        x = x.permute(*places, 0, 1, *range(2 + rank, x.dim()))
        x = x.flatten(0, rank - 1).flatten(2) @ self.weight
        if self.bias is not None:
            x = x + self.bias[:, None]
        return x.permute(1, 2, 0).unflatten(2, lengths)
''',
)
_helper(
    "BiasedEmbedding",
    '''
class BiasedEmbedding(nn.Embedding):
    """An embedding to which a bias is added."""

    def __init__(self, number: int, size: int, padding_idx: int | None = None) -> None:
        super().__init__(number, size, padding_idx)
        self.bias = nn.Parameter(torch.zeros(size))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.bias
''',
)
