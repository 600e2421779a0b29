"""The layers of a block: built, or put in from a template where they were built alike before."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnncalc.graph import Level
from cnncalc.language.building.blocks import Block
from cnncalc.language.building.evaluation import Scope, Tensor
from cnncalc.language.building.layer_reader import LayerReader
from cnncalc.language.building.nesting import Nesting
from cnncalc.language.building.placing import Placer
from cnncalc.language.building.templates import Recording, Templates, templates
from cnncalc.language.documents.variables import Entry
from cnncalc.language.options import Options

__all__ = ["Unfolder"]


class Unfolder:
    """Knows the templates of a file's blocks; `variables` are read when a block is met."""

    def __init__(
        self, placer: Placer, nesting: Nesting, blocks: Mapping[str, Entry], variables: Scope, options: Options
    ) -> None:
        self.placer, self.nesting, self.blocks = placer, nesting, blocks
        self.variables, self.options = variables, options
        self._templates: Templates | None = None
        self.layer_by_layer = False
        """Whether every block is built, since the file says something of single layers in it."""

    def resume(self) -> None:
        """Variables may have changed, and what was being built is left."""
        self._templates, self.placer.lookup.log = None, None

    def built(
        self, block: Block, scope: Scope, tensors: tuple[Tensor, ...], level: Level, layers: LayerReader,
        build: Callable[[], Tensor],
    ) -> Tensor:  # fmt: skip
        """What comes out of a block on these tensors, its arguments in scope; `build` builds its layers."""
        placer, start = self.placer, tensors[0]
        if self.layer_by_layer or len(tensors) > 1 or start < 0 or level.sharing is not None:
            return build()
        shape = placer.net.nodes[start].shape
        if not all(type(n) is int for n in shape):
            return build()
        if self._templates is None:
            of = layers.dialect, layers.of_the_file, repr(self.variables), self.options.limits, self.options.train
            self._templates = templates(of, self.blocks)
        values = [scope[name] for name in block.parameters]
        key = (id(block.items), repr(values), tuple(map(type, values)), shape, placer.trainable, placer.train_only,
               bool(layers.defaults), level.by_position)  # fmt: skip
        return self._templates.build(key, level, start, Recording(placer.net, placer.lookup, self.nesting), build)
