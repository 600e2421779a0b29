"""Nets for questions that read their file many times, under other options each time."""

from __future__ import annotations

from typing import Any

from cnncalc.api.loading import NetLike, kept, options_of, path_of
from cnncalc.api.nets import Net
from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.options import Options

__all__ = ["reread"]


def reread(net: NetLike | Net, **keywords: Any) -> tuple[str, Options]:
    """The name or path of a net, and the options to read it under: those of the keywords, else its own.

    Raises CnncalcError for a net without a file, or to which layers were added since.
    """
    asked, usual = options_of(**keywords), Options()
    if not isinstance(net, Net):
        path = path_of(kept(net))
        own = usual
    else:
        path, own = (net.path if net.nodes == net.stood else None), net.options
    if path is None:
        help = "write the net to a file, as YAML, and give its path"
        raise CnncalcError(Fault("this question reads a net's file again and again, and this net has none", help=help))
    given = {name: value for name, value in asked._asdict().items() if value != getattr(usual, name)}
    return path, own._replace(**given)
