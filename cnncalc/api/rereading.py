"""Nets for questions that read their file many times, under other options each time."""

from __future__ import annotations

from typing import Any

from cnncalc.api.loading import NetLike, options_of, source_of
from cnncalc.api.nets import Net
from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.options import Options

__all__ = ["reread"]


def reread(net: NetLike | Net, **keywords: Any) -> tuple[str, Options]:
    """What a net is read from, and the options to read it under: those of the keywords, else its own.

    Raises CnncalcError for a net that was built, or gone on with, layer by layer.
    """
    asked, usual = options_of(**keywords), Options()
    path: str | None
    if not isinstance(net, Net):
        path, own = source_of(net), usual
    else:
        path, own = (net.path if net.nodes == net.stood else None), net.options
    if path is None:
        help = "write the net as YAML, and give that text, or the path of its file"
        raise CnncalcError(
            Fault("this question builds a net again and again, and this one was built layer by layer", help=help)
        )
    given = {
        name: value for name, value in asked._asdict().items() if value != getattr(usual, name) and name != "symbols"
    }
    return path, own._replace(**given, symbols=False)  # a question whose lengths are symbols makes them so itself
