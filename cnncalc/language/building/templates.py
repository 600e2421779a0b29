"""What blocks add to nets, kept: the same block with the same arguments on the same shape is put in as it stands.

Kept for all nets of a process. What depends on more than that (`recorded` tells), or is on symbols, is built anew.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping

from cnncalc.graph import Level
from cnncalc.language.building.evaluation import Scope, Tensor
from cnncalc.language.building.layer_reader import LayerReader
from cnncalc.language.building.nesting import Nesting
from cnncalc.language.building.placing import Placer
from cnncalc.language.building.recorded import Recording, Template, Whole
from cnncalc.language.documents.document import Document
from cnncalc.language.documents.library import in_library
from cnncalc.language.expressions import Value
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import YamlNode

__all__ = ["Unfolder", "forget"]

MOST = 50_000
"""So many layers are kept, so that a long search does not fill the memory."""


class Templates:
    """The templates of one file's blocks, under the same variables, defaults and bounds."""

    __slots__ = ("known", "pinned")

    def __init__(self, pinned: list[object]) -> None:
        self.known: dict[Hashable, Template | Whole | None] = {}
        """None for what was met once: most of what a process builds is not built again."""
        self.pinned = pinned
        """What they are of, held so that nothing else can be taken for it."""

    def build(
        self, key: Hashable, source: object, level: Level, start: int, at: Recording, items: Callable[[], int]
    ) -> int:
        """What comes out of a block: its template put in, or what its items build, which may be kept."""
        template = self.known.get(key)
        made = None if template is None else template.place(level, start, at)
        if made is not None:
            return made
        if level.prefix and key not in self.known:  # a whole net is worth it at once, since nothing is made anew of it
            self._keep(key, None)
            return items()
        at.begin()
        made = items()
        template = at.template(level.prefix, start, made)
        if template is not None:
            self._keep(key, template)
            self.pinned.append(source)
        return made

    def _keep(self, key: Hashable, template: Template | Whole | None) -> None:
        _STORE.count(1 if template is None else len(template.layers))
        self.known[key] = template


class _Store:
    """All templates of a process; when they are too many, it begins anew."""

    def __init__(self) -> None:
        self.kept: dict[Hashable, Templates] = {}
        self.layers = 0

    def count(self, layers: int) -> None:
        self.layers += layers
        if self.layers > MOST:
            self.kept.clear()
            self.layers = layers


_STORE = _Store()


def forget() -> None:
    """Build all blocks anew: what a layer answers has changed, as in a test that plants a mistake in a rule."""
    _STORE.kept.clear()
    _STORE.layers = 0


def templates(of: Hashable, blocks: Mapping[str, tuple[object, object]]) -> Templates:
    """The templates of blocks under all else that decides what these build, the same for all nets of a process."""
    pinned: list[object] = [node for _, node in blocks.values()]
    key = of, tuple(map(id, pinned))
    if key not in _STORE.kept:
        _STORE.kept[key] = Templates(pinned)
    return _STORE.kept[key]


class Unfolder:
    """Knows the templates of a file's blocks; `variables` are read when a block is met."""

    def __init__(
        self, placer: Placer, nesting: Nesting, document: Document, variables: Scope, options: Options
    ) -> None:
        self.placer, self.nesting, self.document = placer, nesting, document
        self.variables, self.options = variables, options
        self._templates: dict[bool, Templates] = {}
        """Of the library's blocks where the file has none of its own, which see no variables then; and of others."""
        self.layer_by_layer = False
        """Whether every block is built, since the file says something of single layers in it."""

    def resume(self) -> None:
        """Variables may have changed, and what was being built is left."""
        self._templates, self.placer.lookup.log = {}, None

    def built(
        self, items: list[YamlNode], values: list[Value], tensors: tuple[Tensor, ...], level: Level,
        layers: LayerReader, build: Callable[[], Tensor], *, library: bool = False,
    ) -> Tensor:  # fmt: skip
        """What comes out of a block's items on these tensors, for its arguments' values; `build` builds them.

        A block of the `library` sees no variable of the file, but for the file's own blocks that it may use.
        """
        placer, start = self.placer, tensors[0]
        if self.layer_by_layer or len(tensors) > 1 or start < 0 or level.sharing is not None:
            return build()
        shape = placer.net.nodes[start].shape
        if not all(type(n) is int for n in shape):
            return build()
        alone = library and not self.document.blocks
        known = self._templates.get(alone)
        if known is None:
            seen = "" if alone else repr(self.variables)
            of = layers.dialect, layers.of_the_file, seen, self.options.limits, self.options.train
            known = self._templates[alone] = templates(of, self.document.blocks)
        types = tuple(map(type, values))
        key = id(items), repr(values), types, shape, placer.around, bool(layers.defaults), level.by_position
        at = Recording(placer.net, placer.lookup, self.nesting)
        return known.build(key, items, level, start, at, build)

    def whole(self, items: list[YamlNode], level: Level, layers: LayerReader, build: Callable[[], Tensor]) -> Tensor:
        """What comes out of all items of a net: a bundled one that was built before is put in as a block is."""
        bundled = in_library(self.document.fence)
        tensors = tuple(self.placer.net.inputs.values())
        return self.built(items, [], tensors, level, layers, build) if bundled and tensors else build()
