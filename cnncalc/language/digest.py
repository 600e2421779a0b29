"""By which the texts that a net comes from are known again, in another process or on another day."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.documents.document import Document
from cnncalc.language.faults import Faults
from cnncalc.language.yaml.tree import Scalar, mappings

if TYPE_CHECKING:
    from cnncalc.language.options import Options

__all__ = ["digest", "raise_if_changed", "raise_if_other"]


def digest(net: str, options: Options) -> str:
    """Of the net's own text, and of each that it extends or has as a part. Raises CnncalcError where it has no text."""
    document = Document(net, options, Faults())  # whoever builds it tells its faults
    known, seen = set[str](), 0
    while seen < len(document.roots):
        more, seen = document.roots[seen:], len(document.roots)
        for one in mappings(more):
            part = one.entries["net"][1] if "net" in one.entries else None
            if isinstance(part, Scalar) and part.text not in known:
                known.add(part.text)
                _take_part(document, part)
    return sha256("\0".join(root.source.text for root in document.roots).encode()).hexdigest()


def _take_part(document: Document, part: Scalar) -> None:
    """Add the trees of a net that a layer names; what cannot be read, or names no net, adds none."""
    try:
        document.other(part, Faults())
    except CnncalcError:
        return


def raise_if_other(net: str, options: Options, known: str) -> None:
    """Raises CnncalcError where the net is another one here: workers read its files where they run."""
    if digest(net, options) != known:
        message = f"`{net[:80]}` is another net where a worker runs"
        help = "its files are read there too: they must be the same, or hand the net in on standard input, as `-`"
        raise CnncalcError(Fault(message, help=help))


def raise_if_changed(net: str, options: Options, known: str, what: str) -> None:
    """Raises CnncalcError where the net is not what it was when a run, called `what`, began."""
    if digest(net, options) != known:
        message = f"a file of the net was changed while the {what} ran: some points are of one text, some of the other"
        raise CnncalcError(Fault(message, help=f"run the {what} again"))
