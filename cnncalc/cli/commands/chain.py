"""`cnncalc chain`."""

from __future__ import annotations

from typing import Any

from cnncalc.cli import completing
from cnncalc.cli.options import amp_option, net_options, output_options, runtime_option, view_options, wanted
from cnncalc.cli.program.declared import argument, called, option
from cnncalc.cli.show_symbolic import asks_symbols, show_symbolic
from cnncalc.cli.showing import show_graph, view_of
from cnncalc.errors import CnncalcError, Fault


@called(
    "chain",
    argument("shape", metavar="INPUT"),
    argument("layers", metavar="LAYER…", nargs=-1, required=True, shell_complete=completing.kinds),
    option("--explain", is_flag=True, help="Say why: the derivation of every number."),
    *view_options,
    *output_options,
    amp_option,
    *net_options,
    runtime_option,
)
def command(shape: str, layers: tuple[str, ...], **given: Any) -> None:
    """Show layers that are written on the command line.

    \b
    cnncalc chain 3x200x200 'conv 16 k5 s2 p1' 'maxpool k3 s1 ceil' 'conv 16 k3 p1'
    """
    import re

    if given["input_"] is not None:
        raise CnncalcError(
            Fault("chain takes its input first, not by --input", help=f"`cnncalc chain {given['input_']} …`")
        )
    _quoted(shape, layers)
    try:
        _shown(shape, layers, given)
    except CnncalcError:
        file = shape if re.search(r"\.[a-zA-Z]\w+\Z", shape) else ""  # be it there or not
        if not (net := file or next(filter(_is_net, (shape, *layers)), "")):
            raise
        help = f"`cnncalc show {net}` shows it, and `cnncalc explain {net}` says why"
        if not net.endswith((".yaml", ".yml")) and "." in net:
            help += f"; `cnncalc import {net} -o net.yaml` writes it in cnncalc's language, where layers can be added"
        message = f"chain takes the shape of an input, and layers: `{net[:200]}` names a net"
        raise CnncalcError(Fault(message, help=help)) from None


def _is_net(word: str) -> bool:
    """Whether a word names a file, or a bundled net."""
    from pathlib import Path

    from cnncalc.language import bundled

    plain = " " not in word and len(word) < 256 and "\0" not in word
    return plain and (Path(word).is_file() or word in bundled())


def _shown(shape: str, layers: tuple[str, ...], given: dict[str, Any]) -> None:
    """Show or explain them."""
    from cnncalc.language import chain

    if given["explain"]:
        from cnncalc.cli.commands.explain import explain_graph, refuse_views

        refuse_views(given, symbols=asks_symbols(shape, given["batch"]))
        asked = wanted(given)
        explain_graph(chain(shape, layers, asked.options), asked, (), given)
        return
    if asks_symbols(shape, given["batch"]):
        given["input_"] = shape
        numbers = "x".join("1" if part.isalpha() else part for part in shape.split("x"))
        show_symbolic(lambda options: chain(numbers, layers, options), given)
        return
    view = view_of(given)
    asked = wanted(given)
    show_graph(chain(shape, layers, asked.options), asked, view, given, windows=True)


def _quoted(shape: str, layers: tuple[str, ...]) -> None:
    """Raises CnncalcError where the shell has divided a layer into its words."""
    import re

    from cnncalc.layers import kind_named

    parts: list[list[str]] = []
    for word in layers:
        loose = re.fullmatch(r"[a-z]?[-+.:x0-9]*[0-9]|same|valid|ceil|nobias|[a-z_]+=\S+", word) and not kind_named(
            word
        )
        if loose and parts and " " not in parts[-1][0]:
            parts[-1].append(word)
        else:
            parts.append([word])
    if any(len(part) > 1 for part in parts):
        quoted = " ".join(f"'{' '.join(part)}'" if len(part) > 1 or " " in part[0] else part[0] for part in parts)
        message = "the words of a layer are one argument"
        raise CnncalcError(Fault(message, help=f"quote each layer: `cnncalc chain {shape} {quoted}`"))
