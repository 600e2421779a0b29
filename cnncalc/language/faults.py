"""Collects every fault of a file, so that independent mistakes are all reported in one run."""

from __future__ import annotations

import re

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.language.expressions import ExpressionError
from cnncalc.language.values import ValueFault
from cnncalc.language.yaml.reader import Scalar, YamlNode
from cnncalc.notation.vocabulary import READ_ON, TokenError

__all__ = ["Faults"]

_NAME = re.compile(r"[A-Za-z_]\w*")
MOST = 100
"""Enough to work on; a file with more has one cause."""


DIGITS = "0123456789"

TURNS = "`i`, `first` and `last` are in scope inside `repeat` and `for`"


class Faults:
    """The faults met so far; the same fault at the same place (in each turn of a loop, say) is kept once."""

    def __init__(self) -> None:
        self.found: dict[tuple[Place | None, str], Fault] = {}
        self.uses: list[YamlNode] = []
        """The uses of blocks that are being built, the outermost first."""
        self.extending: YamlNode | None = None
        """What the file names after `extends`: a fault in a family says which member met it."""
        self.met = 0
        """How many faults were met, those included that are not noted a second time or follow from another."""
        self.broken: set[str] = set()
        """Variables whose value could not be computed: that they are missing is no second fault."""
        self.unread: set[str] = set()
        """Words that were not understood, without a number behind them."""
        self.told: set[tuple[Place, str]] = set()
        """What was said of a use, in a file, of a block of another one."""
        self.unlike: dict[str, Fault] = {}
        """Of variables that `--set` makes what no number is where the file has one: what is said where that matters."""

    def __len__(self) -> int:
        return len(self.found)

    def add(
        self, message: str, at: YamlNode | Place | None, *, layer: str | None = None, values: str = "", help: str = ""
    ) -> None:
        """Note a fault; raises at once where there are too many."""
        self.note(Fault(message, at.place() if isinstance(at, YamlNode) else at, layer or None, values, help))

    def note(self, fault: Fault) -> None:
        """Note a fault as it was found, with where the blocks that it stands in are used; raises as `add` does."""
        self.met += 1
        place = fault.place
        if (place, fault.message) not in self.found:
            if self._of_the_use(place, fault.message):
                return
            used = tuple(use.place() for use in reversed(self.uses)) if place else ()
            if place and self.extending and self.extending.source.name != place.file:
                used = (*used, _whole_line(self.extending.place()))
            self.found[place, fault.message] = fault._replace(used=used)
        else:
            self._of_the_use(place, fault.message)
        if len(self.found) >= MOST:
            self.raise_any()

    def unreadable(self, *words: str) -> None:
        """Note words that stand where a kind, a key or a name may be meant, of which a fault says that they are not."""
        self.unread.update(word.rstrip(DIGITS) for word in words)

    def explains(self, name: str) -> bool:
        """Whether a layer is missing because what is to make it could not be read: that is no second fault."""
        return any(part.rstrip(DIGITS) in self.unread for part in name.split("."))

    def _of_the_use(self, place: Place | None, message: str) -> bool:
        """Whether this was said of the use of a block of another file: what it is given stands on many lines there."""
        use = next((one for one in reversed(self.uses) if place is not None and one.source.name != place.file), None)
        if use is None:
            return False
        said = use.place(), message
        known = said in self.told
        self.told.add(said)
        return known

    def token(self, error: TokenError, node: YamlNode, layer: str | None = None, values: str = "") -> None:
        """A layer that could not be read, with every mistake in it; points at the token, as far as it has a place."""
        for one in (error, *error.others):
            place = node.place()
            if isinstance(node, Scalar) and one.width and node.plain:
                place = place.moved(one.offset, one.width)
            self.add(one.message, place, layer=layer, values=values, help=one.help or READ_ON)

    def expression(self, error: ExpressionError, node: YamlNode, layer: str | None = None) -> None:
        """An expression that could not be evaluated."""
        text = node.text if isinstance(node, Scalar) else ""
        word = text[error.offset : error.offset + error.width].lstrip("$")
        missing = error.message.startswith("there is no ")
        if missing and word in self.broken:
            self.met += 1
            return
        culprit = next((name for name in _NAME.findall(word) if name in self.unlike), None)
        if culprit is not None:
            self.note(self.unlike[culprit])
            return
        help = TURNS if missing and word in ("i", "first", "last") else error.help
        place = node.place()
        if isinstance(node, Scalar) and node.plain:
            place = place.moved(error.offset, error.width)
        self.add(error.message, place, layer=layer, help=help)

    def value(self, fault: ValueFault, layer: str | None = None) -> None:
        """A value whose expression could not be evaluated."""
        self.expression(fault.error, fault.node, layer)

    def extend(self, error: CnncalcError) -> None:
        """All the faults of an error."""
        for fault in error.faults:
            self.found.setdefault((fault.place, fault.message), fault)

    def raise_any(self) -> None:
        """Raise all that was found, in the order of the text; does nothing where nothing was."""
        if self.found:
            order = sorted(self.found.values(), key=lambda f: (f.place.line, f.place.column) if f.place else (0, 0))
            raise CnncalcError(order)


def _whole_line(place: Place) -> Place:
    """The place of `extends: NAME`, of which `place` is the name."""
    start = max(place.text.find("extends"), 0)
    return place._replace(column=start + 1, width=place.column + place.width - 1 - start)
