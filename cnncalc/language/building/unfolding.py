"""The layers of a block: built, or put in from a template where they were built alike before."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.graph import Level
from cnncalc.language.building.evaluation import Scope, Tensor
from cnncalc.language.building.layer_reader import LayerReader
from cnncalc.language.building.nesting import Nesting
from cnncalc.language.building.placing import Placer
from cnncalc.language.building.recorded import Recording
from cnncalc.language.building.templates import Templates, templates
from cnncalc.language.documents.document import Document
from cnncalc.language.documents.library import library_folder
from cnncalc.language.expressions import Value
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import YamlNode

__all__ = ["Unfolder"]


class Unfolder:
    """Knows the templates of a file's blocks; `variables` are read when a block is met."""

    def __init__(
        self, placer: Placer, nesting: Nesting, document: Document, variables: Scope, options: Options
    ) -> None:
        self.placer, self.nesting, self.document = placer, nesting, document
        self.variables, self.options = variables, options
        self._templates: Templates | None = None
        self.layer_by_layer = False
        """Whether every block is built, since the file says something of single layers in it."""

    def resume(self) -> None:
        """Variables may have changed, and what was being built is left."""
        self._templates, self.placer.lookup.log = None, None

    def built(
        self, items: list[YamlNode], values: list[Value], tensors: tuple[Tensor, ...], level: Level,
        layers: LayerReader, build: Callable[[], Tensor],
    ) -> Tensor:  # fmt: skip
        """What comes out of a block's items on these tensors, for its arguments' values; `build` builds them."""
        placer, start = self.placer, tensors[0]
        if self.layer_by_layer or len(tensors) > 1 or start < 0 or level.sharing is not None:
            return build()
        shape = placer.net.nodes[start].shape
        if not all(type(n) is int for n in shape):
            return build()
        if self._templates is None:
            of = layers.dialect, layers.of_the_file, repr(self.variables), self.options.limits, self.options.train
            self._templates = templates(of, self.document.blocks)
        types = tuple(map(type, values))
        key = id(items), repr(values), types, shape, placer.around, bool(layers.defaults), level.by_position
        at = Recording(placer.net, placer.lookup, self.nesting)
        return self._templates.build(key, items, level, start, at, build)

    def whole(self, items: list[YamlNode], level: Level, layers: LayerReader, build: Callable[[], Tensor]) -> Tensor:
        """What comes out of all items of a net: a bundled one that was built before is put in as a block is."""
        bundled = self.document.fence == library_folder()
        tensors = tuple(self.placer.net.inputs.values())
        return self.built(items, [], tensors, level, layers, build) if bundled and tensors else build()
