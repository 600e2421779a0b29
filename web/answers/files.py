"""Files: those of the library, one that is dropped on the page, and what the page gives to be saved."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.opening import imported, shapes_of
from cnncalc.interchange.sketch import Asked
from cnncalc.interchange.writers import WRITERS
from cnncalc.language import bundled
from cnncalc.limits import Limits
from cnncalc.text import printable
from web.answers.held import held

__all__ = ["library", "opened", "written"]


def library(name: str) -> dict[str, Any]:
    """The text of a bundled net. Raises CnncalcError where there is none of that name."""
    path = bundled().get(name)
    if path is None:
        raise CnncalcError(Fault(f"there is no bundled net `{name[:60]}`", help="choose one from the library"))
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return {"text": "".join([line for line in lines if not line.startswith("# yaml-language-server")])}


def opened(name: str, content: bytes = b"", input: str | None = None) -> dict[str, Any]:
    """A file as text of the language, with what its reader has to say; the `input` is for one that leaves its open.

    Raises CnncalcError.
    """
    limits = Limits()
    asked = Asked(shapes_of(input) if input else {}, opaque=True)
    found = imported(ForeignFile(printable(name), None, limits, content), asked)
    if found is not None:
        return {"text": found.text, "notes": [printable(note) for note in found.notes]}
    try:
        text = "\0" if len(content) > limits.text else content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        message = f"`{printable(name)}` is of no format that is known"
        raise CnncalcError(Fault(message, help="docs/formats.md says what is read"))
    return {"text": text, "notes": []}


def written(text: str, form: str) -> dict[str, Any]:
    """A net as a document (`csv`, `markdown`), or as a text of another tool (`caffe`). Raises CnncalcError."""
    net = held(text).net
    writer = next((one for one in WRITERS if one.name == form), None)
    if writer is None:
        return {"text": net.report().text(form)}
    made = writer.write(net, 1)
    return {"text": str(made.content), "notes": [printable(note) for note in made.notes]}
