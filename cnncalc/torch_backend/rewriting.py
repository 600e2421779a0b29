"""A net and what a rule made of it, with the same parameters in torch: are the outputs equal?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from cnncalc.answers.rewriting import FOLDED, RESHAPED, SAME, SHIFTED, Proof
from cnncalc.errors import CnncalcError, Fault
from cnncalc.torch_backend.building.builder import GraphModule, build
from cnncalc.torch_backend.running.planning import DTYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.answers.rewriting import Made
    from cnncalc.graph import Net

    Branches = Sequence[Sequence[nn.Module]]
    Maker = Callable[[nn.Module, Branches], None]
    """Gives a module of the new net its parameters, of those of modules of the net before."""

__all__ = ["carried", "prove"]

IMAGES = 2


def prove(rule: str, before: Net, after: Net, made: Sequence[Made], *, seed: int = 0, dtype: str = "float64") -> Proof:
    """Both nets on the same random inputs, as at inference; norms have random scales and statistics.

    Where parameters cannot be carried over, or a net cannot be run, what torch raises.
    """
    stored = DTYPES[dtype]
    with torch.no_grad():
        old = build(before, seed=seed, dtype=stored).eval()
        generator = torch.Generator().manual_seed(seed)
        shapes = [(IMAGES, *before.nodes[index].shape) for index in before.inputs.values()]
        inputs = [torch.randn(shape, generator=generator, dtype=stored) for shape in shapes]
        _unsettle(old, inputs, generator)
        new = carried(old, after, made)
        first, second = (_flat(module, inputs, len(before.outputs), seed) for module in (old, new))
    return Proof(
        rule=rule,
        framework=f"torch {torch.__version__}",
        dtype=dtype,
        seed=seed,
        outputs=first.numel(),
        spread=_largest(*torch.nan_to_num(first)) or _largest(first, torch.zeros_like(first)),
        difference=_largest(first, second),
    )


def carried(module: nn.Module, after: Net, made: Sequence[Made]) -> GraphModule:
    """What a rule made of a net as a module, at inference, its parameters made of those of the net's own module.

    Raises CnncalcError where that is no module of the net before.
    """
    if not isinstance(module, GraphModule) or not all(
        name in module.rows for one in made for branch in one.of for name in branch
    ):
        message = "this is no module of the net that was rewritten"
        raise CnncalcError(Fault(message, help="give what `net.to_torch()` has made, perhaps trained since"))
    held = (*module.parameters(), *module.buffers())
    new = build(after, dtype=next((one.dtype for one in held if one.is_floating_point()), None)).eval()
    with torch.no_grad():
        for one in made:
            MAKERS[one.how](new.rows[one.layer], [[module.rows[name] for name in branch] for branch in one.of])
    return new


def _largest(first: Tensor, second: Tensor) -> float:
    """The largest difference; where neither is a number, there is none."""
    apart = (first - second).abs()
    apart[first.isnan() & second.isnan()] = 0
    return float(apart.max())


def _flat(module: GraphModule, inputs: Sequence[Tensor], count: int, seed: int) -> Tensor:
    """The first outputs of each image in one vector: a vector and a map of one pixel are the same.

    What draws at inference, too, as a fractional pool, draws the same in both nets.
    """
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        made = module(*[one.clone() for one in inputs])  # what is in place may be the first layer
    each = [*made.values()][:count] if isinstance(made, dict) else [made]
    return torch.cat([one.double().flatten(1) for one in each], 1)


def _unsettle(net: GraphModule, inputs: Sequence[Tensor], generator: torch.Generator) -> None:
    """Parameters and statistics as in a net that has learned: what comes out depends on what goes in.

    Filters keep the size of what they take (Glorot & Bengio 2010), scales are not one and shifts not zero, and
    statistics are those of the inputs.
    """
    norms = [one for one in net.modules() if isinstance(one, nn.modules.batchnorm._NormBase)]  # noqa: SLF001
    for module in {id(one): one for one in net.modules()}.values():
        weight = getattr(module, "weight", None)
        if isinstance(weight, Tensor) and weight.dim() > 1:
            weight.mul_(3**0.5)  # torch draws with a variance of 1 / 3n; with 2 / n gates make chaos of rounding
        elif isinstance(weight, Tensor) or module in norms:
            _draw(weight, 0.5, 1.5, generator)
            _draw(getattr(module, "bias", None), -0.5, 0.5, generator)
    for norm in norms:
        norm.momentum = None  # the statistics of one batch, whole
        norm.train()
    net(*[one.clone() for one in inputs])
    net.eval()
    for norm in norms:
        if norm.running_var is not None:  # of few numbers variances are next to nothing, and blow up what comes
            norm.running_var.add_(norm.running_var.mean()).mul_(0.5)


def _draw(values: object, low: float, high: float, generator: torch.Generator) -> None:
    if isinstance(values, Tensor):
        drawn = torch.rand(values.shape, generator=generator, dtype=torch.float64)
        values.copy_(low + (high - low) * drawn)


def _same(module: nn.Module, branches: Branches) -> None:
    """What a module had before, as far as it still has it."""
    theirs = {**dict(branches[0][0].named_parameters()), **dict(branches[0][0].named_buffers())}
    for name, values in (*module.named_parameters(), *module.named_buffers()):
        values.copy_(theirs[name])


def _reshaped(module: nn.Module, branches: Branches) -> None:
    """The same numbers in the order of torch's `flatten`: channels, then rows."""
    theirs = {**dict(branches[0][0].named_parameters()), **dict(branches[0][0].named_buffers())}
    for name, values in (*module.named_parameters(), *module.named_buffers()):
        values.copy_(theirs[name].reshape(values.shape))


def _shifted(module: nn.Module, branches: Branches) -> None:
    """The running mean of a norm without the bias that was added before it."""
    norm, layer = branches[0]
    _same(module, [[norm]])
    bias = layer.bias
    assert isinstance(bias, Tensor)
    mean = module.get_buffer("running_mean")
    mean.sub_(bias)


def _folded(module: nn.Module, branches: Branches) -> None:
    """The sum of branches as one layer: each a kernel, its outputs scaled and shifted, put where its window lies."""
    weight, bias = module.get_parameter("weight"), module.get_parameter("bias")
    weight.zero_()
    bias.zero_()
    for branch in branches:
        layers = [one for one in branch if getattr(one, "weight", None) is not None]
        first = layers[0] if layers and not isinstance(layers[0], nn.modules.batchnorm._BatchNorm) else None  # noqa: SLF001
        kernel = _identity(weight, module) if first is None else first.get_parameter("weight")
        shift = bias.new_zeros(bias.shape) if first is None or first.bias is None else first.get_parameter("bias")
        for norm in branch if first is None else branch[1:]:
            scale, moved = _affine(norm, len(bias))
            kernel, shift = _scaled(kernel, scale, module), shift * scale + moved
        place = [slice(None)] * 2
        for axis, length in enumerate(kernel.shape[2:]):
            start = _padding(module, axis) - (0 if first is None else _padding(first, axis))
            place.append(slice(start, start + length))
        weight[tuple(place)].add_(kernel)
        bias.add_(shift)


def _padding(module: nn.Module, axis: int) -> int:
    padding = getattr(module, "padding", 0)
    return int(padding[axis]) if isinstance(padding, tuple) else 0


def _identity(weight: Tensor, module: nn.Module) -> Tensor:
    """The kernel of one pixel that gives each channel itself."""
    kernel = weight.new_zeros((*weight.shape[:2], *(1,) * (weight.dim() - 2)))
    for channel in range(len(kernel)):
        kernel[channel, channel % weight.shape[1]] = 1
    return kernel


def _affine(norm: nn.Module, channels: int) -> tuple[Tensor, Tensor]:
    """What a norm does at inference, by what it does to zeros and to ones: a scale and a shift for each channel."""
    images = torch.zeros(1, channels, *_ones(norm), dtype=next(norm.buffers()).dtype)
    shift = norm(images).reshape(channels)
    return norm(images + 1).reshape(channels) - shift, shift


def _ones(norm: nn.Module) -> tuple[int, ...]:
    """The axes, of one pixel each, that a norm wants behind the channels."""
    for rank in (2, 3):
        if type(norm).__name__.endswith(f"{rank}d"):
            return (1,) * rank
    return ()


def _scaled(weight: Tensor, scale: Tensor, module: nn.Module) -> Tensor:
    """Each filter times its scale; a transposed convolution has its filters on the second axis, group by group."""
    if not isinstance(module, nn.modules.conv._ConvTransposeNd):  # noqa: SLF001
        return weight * scale.reshape(-1, *(1,) * (weight.dim() - 1))
    groups = module.groups
    apart = weight.reshape(groups, -1, *weight.shape[1:])
    return (apart * scale.reshape(groups, 1, -1, *(1,) * (weight.dim() - 2))).reshape(weight.shape)


MAKERS: dict[str, Maker] = {SAME: _same, FOLDED: _folded, SHIFTED: _shifted, RESHAPED: _reshaped}
