"""Products of two tensors by an equation, in torch: what torch.einsum does, one stack of products of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from cnncalc.layers.kinds.algebra import contractions
from cnncalc.torch_backend.building.kinds.registry import builds

if TYPE_CHECKING:
    from cnncalc.layers import Shape

__all__: list[str] = []


class Summed(nn.Module):
    """An equation's sum of products, of whole tensors."""

    def __init__(self, rule: contractions.Einsum) -> None:
        super().__init__()
        self.rule = rule

    def forward(self, *inputs: Tensor) -> Tensor:
        rule = self.rule
        lengths: dict[str, int] = {}
        for letters, one in zip(rule.letters, inputs, strict=False):
            if len(letters) != one.dim() - 1:
                raise ValueError(f"{letters} for {tuple(one.shape[1:])}")
            for letter, n in zip(letters, one.shape[1:], strict=True):
                if lengths.setdefault(letter, n) != n:
                    raise ValueError(f"{letter} is {lengths[letter]} and {n}")
        left, right = (self.added(index, one.contiguous()) for index, one in enumerate(inputs))
        return (self.multiplied(left, right, lengths) if rule.met else self.met(left, right)).contiguous()

    def added(self, index: int, x: Tensor) -> Tensor:
        """Without the axes that it has alone and that do not come out."""
        own, used = self.rule.letters[index], self.rule.used(index)
        axes = [1 + place for place, letter in enumerate(own) if letter not in used]
        return x.sum(axes) if axes else x

    def multiplied(self, left: Tensor, right: Tensor, lengths: dict[str, int]) -> Tensor:
        """One product for each matrix of the stack."""
        matrices = []
        for index, one in enumerate((left, right)):
            stack, own, summed = self.rule.grouped(index)
            order = [*stack, *own, *summed] if index == 0 else [*stack, *summed, *own]
            laid = one.permute(0, *(1 + self.rule.used(index).index(letter) for letter in order))
            first = len(own) if index == 0 else len(summed)
            laid = laid.reshape(
                _count(laid, 0, 1 + len(stack)),
                _count(laid, 1 + len(stack), first),
                _count(laid, 1 + len(stack) + first),
            )
            matrices.append(laid)
        made = matrices[0] @ matrices[1]
        letters = [*self.rule.grouped(0)[0], *self.rule.grouped(0)[1], *self.rule.grouped(1)[1]]
        apart = made.reshape(len(left), *(lengths[letter] for letter in letters))
        return apart.permute(0, *(1 + letters.index(letter) for letter in self.rule.letters[2]))

    def met(self, left: Tensor, right: Tensor) -> Tensor:
        """Element by element, the axes in the output's order."""
        out = self.rule.letters[2]
        each = []
        for index, one in enumerate((left, right)):
            used = self.rule.used(index)
            ordered = one.permute(0, *(1 + used.index(letter) for letter in out if letter in used))
            spread = (slice(None), *(slice(None) if letter in used else None for letter in out))
            each.append(ordered[spread])
        return each[0] * each[1]


def _count(x: Tensor, start: int, axes: int | None = None) -> int:
    """Elements along some axes from one on; along all that follow unless it is said how many."""
    made = 1
    for n in x.shape[start:] if axes is None else x.shape[start : start + axes]:
        made *= n
    return made


@builds(contractions.Einsum)
def summed(layer: contractions.Einsum, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own, so that axes of length 1 are treated as all others."""
    return Summed(layer)
