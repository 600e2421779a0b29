"""What blocks add to nets, kept: the same block with the same arguments on the same shape is put in as it stands.

Kept for all nets of a process. What depends on more than that (`recorded` tells), or is on symbols, is built anew.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping

from cnncalc.graph import Level
from cnncalc.language.building.recorded import Recording, Template, Whole

__all__ = ["Templates", "forget", "templates"]

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
        if key not in self.known:
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
