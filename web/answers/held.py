"""The text in the editor as a net: built once, and asked many times."""

from __future__ import annotations

from functools import lru_cache

from cnncalc.answers.page import Layout, Page
from cnncalc.api import Net
from cnncalc.graph import Net as Built
from cnncalc.language.building.builder import Builder
from cnncalc.language.documents.document import Document
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import YamlNode, read
from cnncalc.records import NamedTuple

__all__ = ["TEXT", "Held", "held", "markup"]

TEXT = "net.yaml"
"""What errors call the text in the editor."""


class Held(NamedTuple):
    """A net with the document that it was built from."""

    net: Net
    document: Document
    root: YamlNode
    """Of the text itself: the document's is that of the last file that it extends."""


def _built(text: str, options: Options) -> tuple[Built, Document, YamlNode]:
    """What `cnncalc.language.load_text` does, with the document, which knows where each variable stands."""
    faults = Faults()
    root = read(text, TEXT, options.limits)
    document = Document.of(root, TEXT, options.limits, faults)
    document.symbols = options.symbols
    return Builder(document, options, faults).build(), document, root


@lru_cache(maxsize=1)
def held(text: str) -> Held:
    """The net of a text. Raises CnncalcError with every fault."""
    built, document, root = _built(text, Options())
    return Held(Net.of(built, Options(), lambda options: _built(text, options)[0]), document, root)


def markup(page: Page) -> str:
    """What a page says, as HTML in which every name is escaped."""
    from cnncalc.forms.web.html import fragment

    return fragment(page, Layout(document=True))
