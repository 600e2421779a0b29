"""Weights that several layers take: an IR has a constant once, and an edge to each layer that takes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from collections.abc import Set as AbstractSet

from cnncalc.interchange.openvino.xml import Ir, IrLayer
from cnncalc.interchange.sketch import Sketch

__all__ = ["Sharing"]


class Sharing:
    """Who took which constants first."""

    def __init__(self, net: Ir, sketch: Sketch, passed: tuple[str, ...]) -> None:
        self.net, self.sketch, self.passed = net, sketch, passed
        self.owners: dict[tuple[str, ...], list[int]] = {}
        self.uses: Counter[str] = Counter()
        """How many layers that may have a bias take a weight."""

    def count(self, order: list[IrLayer], moving: AbstractSet[str], kinds: Container[str]) -> None:
        """Count the layers of some types that take each weight."""
        for layer in order:
            taken = {source for source, _ in self.net.sources(layer) if source not in moving}
            self.uses.update(map(self.root, taken if layer.type in kinds else ()))

    def several(self, layer: IrLayer) -> bool:
        """Whether another layer has the weight of this one: each may have a bias of its own, apart from it then."""
        return any(self.uses[self.root(source)] > 1 for source, _ in self.net.sources(layer))

    def settle(self, layers: list[IrLayer], moving: AbstractSet[str], start: int) -> None:
        """Let what was made since `start`, of these layers, have the parameters of what took the same constants."""
        made = [one for one in range(start, len(self.sketch.operators)) if self.sketch.parameters(one)]
        if not made:
            return
        taken = [source for layer in layers for source, _ in self.net.sources(layer) if source not in moving]
        owners = self.owners.setdefault(tuple(map(self.root, taken)), made)
        for owner, one in zip(owners, made):
            if owner != one and self.sketch.can_share(owner, one):
                self.sketch.operators[one] = self.sketch.operators[one]._replace(share=owner)

    def root(self, source: str) -> str:
        """The constant that a layer gives, if it changes its type alone."""
        for _ in self.net.layers:
            layer = self.net.layers.get(source)
            sources = self.net.sources(layer) if layer is not None and layer.type in self.passed else []
            if not sources:
                break
            source = sources[0][0]
        return source
