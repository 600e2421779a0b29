"""The text in the editor as a net: built once, and asked many times."""

from __future__ import annotations

from functools import lru_cache

from cnncalc.answers.page import Layout, Page
from cnncalc.api import Net
from cnncalc.language import load_text, read_document
from cnncalc.language.documents.document import Document
from cnncalc.language.documents.library import Given
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


@lru_cache(maxsize=1)
def held(text: str) -> Held:
    """The net of a text. Raises CnncalcError with every fault."""
    options = Options()
    root = read(text, TEXT, options.limits)
    built, document = read_document(Given.read_by(lambda _: root, TEXT), options)
    return Held(Net.of(built, options, lambda other: load_text(text, TEXT, other)), document, root)


def markup(page: Page) -> str:
    """What a page says, as HTML in which every name is escaped."""
    from cnncalc.forms.web.html import fragment

    return fragment(page, Layout(document=True))
