"""`cnncalc kinds`."""

from __future__ import annotations

from typing import Any

from cnncalc.cli import completing
from cnncalc.cli.options import output_options
from cnncalc.cli.output import answer
from cnncalc.cli.program.declared import argument, called
from cnncalc.errors import CnncalcError, Fault, suggestion


@called(
    "kinds",
    argument("kind", required=False, shell_complete=completing.kinds),
    *output_options,
)
def command(kind: str | None, **given: Any) -> None:
    """Say what a kind of layer is and which fields it has; without KIND, list all kinds.

    KIND may be any name that a framework gives it: `conv`, `Conv2d`, `dense`, `bn`; or a block of the library.
    """
    from cnncalc.language.documents.library import block_texts
    from cnncalc.layers import kind_named
    from cnncalc.notation.elsewhere import way_from
    from cnncalc.notation.vocabulary import kind_names
    from cnncalc.pages.kinds import block_page, listing, page

    found = None if kind is None else kind_named(kind)
    if kind is None:
        answer(listing(block_texts()), given)
    elif found is not None:
        answer(page(found[0]), given)
    elif kind in block_texts():
        answer(block_page(kind, block_texts()[kind]), given)
    else:
        near = suggestion(kind, [*kind_names(), *block_texts()], "`cnncalc kinds` lists all")
        help = way_from(kind) or near
        raise CnncalcError(Fault(f"there is no kind or block `{kind[:60]}`", help=help))
