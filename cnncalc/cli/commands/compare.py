"""`cnncalc compare`."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.cli import completing
from cnncalc.cli.options import amp_option, net_options, output_options, wanted
from cnncalc.cli.output import emit, on_terminal
from cnncalc.cli.showing import form_of
from cnncalc.errors import CnncalcError, Fault


@click.command("compare", short_help="Compare nets side by side, or two of them layer by layer.")
@click.argument("nets", metavar="NET…", nargs=-1, required=True, shell_complete=completing.nets)
@click.option("--diff", is_flag=True, help="Align two nets and show the layers that changed.")
@output_options
@amp_option
@net_options
def command(nets: tuple[str, ...], **given: Any) -> None:
    """Compare nets side by side, or two of them layer by layer.

    Depth, layers, parameters, MACs, FLOPs, memory, and the receptive field and stride of the last feature map before a
    net pools or flattens all of it. Where there is room, each net's ratio to the first stands beside it.
    """
    from cnncalc.analysis.comparison import changes, compared
    from cnncalc.forms.pages import changes as changed
    from cnncalc.forms.pages import comparison
    from cnncalc.language import load

    if given["diff"] and len(nets) != 2:
        raise CnncalcError(Fault(f"--diff takes two nets, not {len(nets)}", help="write `cnncalc compare --diff A B`"))
    asked = wanted(given)
    found = [compared(net, load(net, asked.options), asked.options.batch, asked.dtype) for net in nets]
    form = form_of(given)
    if given["diff"]:
        differing = changes(found[0].report, found[1].report)
        if form == "json":
            text = changed.as_json(found, differing)
        elif form == "csv":
            text = changed.as_csv(differing)
        elif form == "markdown":
            text = f"```diff\n{changed.as_text(found, differing)}```\n"
        else:
            text = changed.as_text(found, differing)
            text = _coloured(text) if form == "table" else text
    elif form == "json":
        text = comparison.as_json(found)
    elif form == "csv":
        text = comparison.as_csv(found)
    elif form == "markdown":
        text = comparison.as_markdown(found)
    else:
        text = comparison.as_text(found, _room(given["output"]))
    emit(text, given["output"])


def _room(output: str | None) -> int | None:
    """The width of the terminal; none for a file or a pipe."""
    if not on_terminal(output):
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def _coloured(diff: str) -> str:
    """What was in red, what is in green, as people know it from diffs; plain where the user wants no colour."""
    import os

    if os.environ.get("NO_COLOR"):
        return diff
    colours = {"-": "red", "+": "green"}
    lines = diff.split("\n")
    return "\n".join(click.style(line, fg=colours[line[0]]) if line[:1] in colours else line for line in lines)
