"""Where a result goes: standard output, or a file that appears whole or not at all."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cnncalc.answers.page import Page

__all__ = ["answer", "emit", "form_of"]

PLAIN_SUFFIXES = (".txt",)
"""Of files that a table is written to, besides those without a suffix."""


def form_of(given: Mapping[str, Any]) -> str:
    """The form that is asked for: what `--format` says, or else what the name of the output file says.

    Raises CnncalcError where it cannot be had here.
    """
    from cnncalc.forms import by_suffix, form_named, ready

    file = given["file"]
    by_name = by_suffix(file or "")
    if given["format_"] is None and file is not None:
        _known_suffix(file, by_name)
    form = form_named(given["format_"] or by_name or "table")
    if form.binary and file in (None, "-"):
        message = f"{form.name.capitalize()} goes to a file"
        raise CnncalcError(Fault(message, help=f"add `-o FILE{form.suffix}`"))
    ready(form)
    on_terminal = file is None and sys.stdout.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}
    return "plain" if form.name == "table" and not on_terminal else form.name


def _known_suffix(file: str, form: str) -> None:
    """Raises CnncalcError for a file whose name asks for a form that there is not."""
    from pathlib import Path

    from cnncalc.forms import FORMS

    suffix = Path(file).suffix
    if suffix and not form and suffix.lower() not in PLAIN_SUFFIXES:
        known = ", ".join(sorted({*(one.suffix for one in FORMS if one.suffix), *PLAIN_SUFFIXES}))
        help = f"these are written: {known}; for another name, say `--format table`"
        raise CnncalcError(Fault(f"-o {file}: nothing is written as `{suffix}`", help=help))


def answer(page: Page, given: Mapping[str, Any]) -> None:
    """Prints the page, or writes it to the file, in the form that is asked for. Raises CnncalcError."""
    from cnncalc.forms import draw

    emit(draw(page, form_of(given)), given["file"])


def emit(text: str | bytes, output: str | None) -> None:
    """Prints the text, or writes it to the file `output` by way of a temporary file beside it.

    Raises CnncalcError for a folder that there is not, or a file that cannot be written.
    """
    if output is None or output == "-":
        click.echo(text, nl=False)
        return
    from pathlib import Path

    target = Path(output)
    if not target.parent.is_dir():
        raise CnncalcError(Fault(f"there is no folder `{target.parent}`", help="make it first, or write elsewhere"))
    _spare_nets(target)
    try:
        _write(text, target)
    except OSError as error:  # its own message would name the temporary file
        raise CnncalcError(Fault(f"`{output}` cannot be written: {error.strerror}", help="write elsewhere")) from None


def _spare_nets(target: Path) -> None:
    """Raises CnncalcError for a target that was read as a net, or as what a net extends: it would be lost."""
    library = sys.modules.get("cnncalc.language.documents.library")
    if library is not None and target.exists() and target.resolve() in library.READ:
        message = f"-o {target}: this file was read as a net, and would be lost"
        raise CnncalcError(Fault(message, help="write elsewhere"))


def _write(text: str | bytes, target: Path) -> None:
    from pathlib import Path
    from tempfile import NamedTemporaryFile

    content = text.encode() if isinstance(text, str) else text
    if target.exists() and not target.is_file():  # a device or a pipe cannot be replaced
        target.write_bytes(content)
        return
    target = target.resolve()  # what a link points to is what is written
    with NamedTemporaryFile("wb", dir=target.parent, prefix=f".{target.name}.", delete=False) as scratch:
        try:
            scratch.write(content)
            scratch.close()
            mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
            Path(scratch.name).chmod(mode)
            Path(scratch.name).replace(target)
        except BaseException:
            Path(scratch.name).unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
