"""Names of layers: they nest with dots, and what is not named is called by its kind and count, or by its position."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph.nodes import Origin

__all__ = ["UNKNOWN", "Level", "Names", "groups_of", "is_name", "matching", "why_no_name"]

UNKNOWN = -1
"""In place of a tensor's index: what comes out of a layer with a fault, or of a group that is still open."""

LONGEST = 200


@lru_cache(maxsize=4_096)
def is_name(text: str) -> bool:
    """Whether a text can be the name of a layer, with dots between its levels."""
    return 0 < len(text) <= LONGEST and all(
        part.isdecimal() or part.replace("-", "_").lstrip("0123456789").isidentifier() for part in text.split(".")
    )


def why_no_name(text: str) -> tuple[str, str]:
    """What is wrong with a text that is no name, and the way out."""
    if len(text) > LONGEST:
        return f"a name of {len(text):,} characters is too long", f"{LONGEST} are the most"
    return f"`{text[:60]}` is no name", "use letters, digits, - and _, with dots between levels"


def groups_of(name: str) -> list[str]:
    """The groups that a name stands in: `a` and `a.b` of `a.b.c`."""
    levels = name.split(".") if len(name) <= LONGEST else []
    return [".".join(levels[:depth]) for depth in range(1, len(levels))]


def matching(pattern: str, layers: Mapping[str, int], option: str = "--freeze") -> list[int]:
    """Those of the layers whose names, or groups, match a pattern as `features.*`, or with a `!` before it all others.

    Raises `CnncalcError` where none does.
    """
    wanted = pattern.removeprefix("!")
    matched = [name for name in layers if fnmatchcase(name, wanted) or name.startswith(wanted + ".")]
    if not matched:
        groups = dict.fromkeys(name.rpartition(".")[0] + ".*" for name in layers if "." in name)
        help = suggestion(wanted, [*groups, *layers], "`*` stands for anything, as in `features.*`")
        raise CnncalcError(Fault(f"`{option} {pattern[:60]}` matches no layer", help=help))
    others = set(layers).difference(matched)
    return [index for name, index in layers.items() if (name in others) == pattern.startswith("!")]


class Level:
    """One level of names, a group's. `prefix` is its dotted name with a dot at its end; the outermost has none.

    `like` is the prefix of the group whose parameters the layers in it use, each those of the layer that is called as
    it is there. What is counted in a level stands in the net, so that a level is never changed.
    """

    __slots__ = ("by_position", "entering", "parent", "prefix", "sharing")

    def __init__(
        self, prefix: str = "", parent: Level | None = None, *, by_position: bool = False, like: str | None = None
    ) -> None:
        self.prefix, self.parent, self.by_position = prefix, parent, by_position
        self.sharing: tuple[str, str] | None = parent.sharing if parent is not None else None
        """The innermost group around that shares another's parameters, as both prefixes."""
        if like is not None:
            self.sharing = prefix, like
        self.entering: tuple[int, ...] = ()
        """The tensors that the group takes, called `inputs.0`, `inputs.1`, … in it."""

    def taking(self, entering: tuple[int, ...]) -> Level:
        """The same level, in which these tensors have names."""
        level = Level(self.prefix, self.parent, by_position=self.by_position)
        level.sharing, level.entering = self.sharing, entering
        return level

    def called(self, own: str | None) -> str:
        """What an error calls a layer here that could not be read: its own name, or else the group that it is in."""
        return self.prefix + own if own is not None else self.prefix.rstrip(".")

    def outwards(self) -> Iterator[Level]:
        """This level and all around it, the innermost first."""
        level: Level | None = self
        while level is not None:
            yield level
            level = level.parent


class Names:
    """Every name given so far: `tensors` of layers, groups and inputs, `groups` of groups alone."""

    __slots__ = ("counted", "given", "groups", "own", "tensors")

    def __init__(self) -> None:
        self.tensors: dict[str, int] = {}
        self.groups: dict[str, int] = {}
        self.own: set[str] = set()
        """The layers that were given a name; the others are called by their kind and count, or by their position."""
        self.given: dict[str, Origin] = {}
        """Where the names stand that a file gives."""
        self.counted: dict[str, int] = {}
        """How many layers are called by their kind, or by their position, in each level."""

    def fork(self) -> Names:
        """The same names, to which others can be added."""
        other = Names()
        other.tensors, other.groups, other.own = self.tensors.copy(), self.groups.copy(), self.own.copy()
        other.given, other.counted = self.given.copy(), self.counted.copy()
        return other

    def next(self, kind: str, own: str | None, level: Level) -> str:
        """The full name of the next layer in a level: its own name, or its kind and count, or its position."""
        counted = self.counted
        if level.by_position:
            position = counted.get(level.prefix, 0)
            counted[level.prefix] = position + 1
            return f"{level.prefix}{position if own is None else own}"
        stem = level.prefix + (kind if own is None else own)
        if own is not None:
            return stem
        count = counted.get(stem, 0) + 1
        numbered = f"{stem}_" if kind[-1].isdigit() else stem
        while f"{numbered}{count}" in self.tensors:
            count += 1
        counted[stem] = count
        return f"{numbered}{count}"

    def peek(self, kind: str, own: str | None, level: Level) -> str:
        """What `next` would give, without taking it."""
        counted = self.counted
        self.counted = counted.copy()
        try:
            return self.next(kind, own, level)
        finally:
            self.counted = counted

    def alias(self, name: str, tensor: int) -> None:
        """Call what comes out of several layers by a name, where that is not given yet."""
        if name not in self.tensors:
            self.tensors[name] = self.groups[name] = tensor

    def taken(self, name: str, own: str | None = None) -> Fault | None:
        """Why a full name, whose last part is `own`, cannot be given; None where it can."""
        if own is not None and not is_name(own):
            message, help = why_no_name(own)
            return Fault(message, help=help)
        if name not in self.tensors and name not in self.groups:
            return None
        first = self.given.get(name)
        values = f"first given on line {first.line}" if first is not None else ""
        help = "names are unique within their group: choose another"
        return Fault(f"the name `{name[:60]}` is taken", values=values, help=help)

    def missing(self, name: str, known: Sequence[str]) -> Fault:
        """That there is no layer of this name, with those like it among the known."""
        help = "a layer takes only what was made before it, by its name in the same group or its full name"
        return Fault(f"there is no layer `{name[:60]}` before this one", help=suggestion(name, known, help))

    def state(self) -> Hashable:
        """Equal for two nets only where all names are, and what comes next is called alike."""
        return tuple(self.tensors.items()), tuple(self.groups), tuple(self.counted.items())
