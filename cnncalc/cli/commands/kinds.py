"""`cnncalc kinds`."""

from __future__ import annotations

import click

from cnncalc.cli.output import emit
from cnncalc.errors import CnncalcError, Fault, suggestion


@click.command("kinds", short_help="Say what a kind of layer is and which fields it has.")
@click.argument("kind", required=False)
@click.option(
    "--format", "format_", type=click.Choice(("text", "markdown", "json")), default="text", help="What to print."
)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write there, not to standard output."
)
def command(kind: str | None, format_: str, output: str | None) -> None:
    """Say what a kind of layer is and which fields it has; without KIND, list all kinds.

    KIND may be any name that a framework gives it: `conv`, `Conv2d`, `dense`, `bn`; or a block of the library.
    """
    import json

    from cnncalc.forms.pages.kinds import kinds, listing, markdown, object_of, page
    from cnncalc.language.documents.library import block_texts
    from cnncalc.layers import kind_named
    from cnncalc.notation.vocabulary import kind_names

    if kind is None:
        if format_ == "json":
            emit(json.dumps([object_of(cls) for cls in kinds()], indent=2) + "\n", output)
        else:
            emit(markdown() if format_ == "markdown" else listing(block_texts()), output)
        return
    found = kind_named(kind)
    if found is None and kind in block_texts():
        text = block_texts()[kind]
        emit(json.dumps({"block": kind, "text": text}, indent=2) + "\n" if format_ == "json" else text, output)
        return
    if found is None:
        help = suggestion(kind, [*kind_names(), *block_texts()], "`cnncalc kinds` lists all")
        raise CnncalcError(Fault(f"there is no kind or block `{kind[:60]}`", help=help))
    emit(json.dumps(object_of(found[0]), indent=2) + "\n" if format_ == "json" else page(found[0]), output)
