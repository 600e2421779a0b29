"""By which the texts that a net comes from are known again, in another process or on another day."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.documents.document import Document
from cnncalc.language.faults import Faults

if TYPE_CHECKING:
    from cnncalc.language.options import Options

__all__ = ["digest", "raise_if_other"]


def digest(net: str, options: Options) -> str:
    """Of the net's own text, and of each that it extends. Raises CnncalcError where it cannot be read."""
    texts = Document(net, options, Faults()).texts  # whoever builds it tells its faults
    return sha256("\0".join(texts).encode()).hexdigest()


def raise_if_other(net: str, options: Options, known: str) -> None:
    """Raises CnncalcError where the net is another one here: workers read its files where they run."""
    if digest(net, options) != known:
        message = f"`{net[:80]}` is another net where a worker runs"
        help = "its files are read there too: they must be the same, or hand the net in on standard input, as `-`"
        raise CnncalcError(Fault(message, help=help))
