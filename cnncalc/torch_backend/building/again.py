"""Groups that run again in the pass backward: the steps of a net as torch.utils.checkpoint takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.utils.checkpoint import checkpoint

from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from cnncalc.graph.plan import Part

__all__ = ["Again", "Step"]


class Step(NamedTuple):
    """One layer's call: the module, the tensors that it takes and the one that it makes, and what may go after it."""

    module: nn.Module
    inputs: tuple[int, ...]
    output: int
    freed: tuple[int, ...]


class Again:
    """The steps of a group, run by torch.utils.checkpoint."""

    def __init__(self, part: Part, steps: Sequence[Step], lasting: set[int]) -> None:
        """`lasting` are the nodes whose tensors are outputs of the net, or are taken outside."""
        self.steps, self.inputs = tuple(steps), part.inputs
        self.given = tuple([step.output for step in steps if step.output in lasting])
        self.freed = tuple([one for step in steps for one in step.freed if one < part.first])

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What the group gives of the tensors that it takes."""
        tensors = dict(zip(self.inputs, inputs, strict=True))
        for module, taken, made, freed in self.steps:
            tensors[made] = module(*[tensors[index] for index in taken])
            for index in freed:
                del tensors[index]
        return tuple([tensors[index] for index in self.given])

    def run(self, tensors: dict[int, Tensor]) -> None:
        """Put what the group gives to the tensors of the net, and take away what nothing needs any more."""
        made: Any = checkpoint(self.forward, *[tensors[index] for index in self.inputs], use_reentrant=False)
        tensors.update(zip(self.given, made, strict=True))
        for index in self.freed:
            del tensors[index]
