"""`cnncalc rewrite`: a net through rules that make another net of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnncalc.cli import completing
from cnncalc.cli.options import format_option, net_argument, net_options, wanted
from cnncalc.cli.output import answer, emit
from cnncalc.cli.program.declared import option
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from cnncalc.pages.rewriting import Proved
    from cnncalc.rewrites.rewriting import Rewriting

__all__ = ["command"]


def _list_rules(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """`help` among the rules lists them and ends."""
    if "help" in value:
        from cnncalc.rewrites.table import RULES
        from cnncalc.text import aligned

        rows = [(rule.usage, "exact" if rule.exact else "", rule.what) for rule in RULES]
        click.echo("\n".join(aligned(rows, [False] * 3)))
        context.exit()
    return value


@click.command("rewrite", short_help="Make another net of a net: fold, split, fuse, replace, and what that gains.")
@net_argument
@click.argument(
    "rules", metavar="RULE…", nargs=-1, required=True, callback=_list_rules, shell_complete=completing.rules
)
@option(
    "--at",
    metavar="PATTERN",
    multiple=True,
    shell_complete=completing.layers,
    help="Only layers of that name or pattern, as 'layer3.*', or all others, as '!fc'. May be repeated.",
)
@option(
    "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False),
    help="Write the net there, as a .yaml file; `-` prints it alone.",
)  # fmt: skip
@option("--force", is_flag=True, help="Write over a file that is there, that of the net too.")
@option(
    "--verify", is_flag=True,
    help="Prove exact rules in torch, outputs against outputs, and hold the new net against it.",
)  # fmt: skip
@option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of what --verify draws.")
@format_option
@net_options
def command(net: str, rules: tuple[str, ...], output: str | None, force: bool, **given: Any) -> None:
    """Make another net of a net, by rules that are applied in order: `fold-batchnorm`, `new-head 10`, `width 0.5`, …

    `cnncalc rewrite NET help` lists the rules. Each says which layers it changes, and what that gains: parameters,
    MACs, memory, receptive field before and after. Where each layer that changes has its line in NET's file, only these
    lines do, and comments stay; else the net is written anew. Exact rules leave the outputs as they are, with
    parameters that are made of those before; the other nets have to be trained.
    """
    from cnncalc.interchange.writers import spare_yaml
    from cnncalc.language import load
    from cnncalc.pages.rewriting import page
    from cnncalc.rewrites.rewriting import rewritten
    from cnncalc.rewrites.table import asked

    if output is not None and output != "-":
        spare_yaml(output, force=force)
    wants = wanted(given)
    applied = asked(rules)
    _printable(given)
    graph = load(net, wants.options)
    found = rewritten(net, graph, applied, given["at"], batch=wants.options.batch, dtype=wants.dtype)
    proved = _proved(found, given["seed"]) if given["verify"] else None
    if output is not None:
        emit(found.yaml, output, over=force)
    if output != "-":
        answer(page(found, proved, written=output or ""), {**given, "file": None})
    if proved is not None and not proved.passed:
        raise click.exceptions.Exit(1)


def _printable(given: dict[str, Any]) -> None:
    """Raises CnncalcError for a form that goes to a file: the file is the net's."""
    from cnncalc.forms import FORMS

    if any(form.binary and form.name == given["format_"] for form in FORMS):
        help = f"the forms are {', '.join(form.name for form in FORMS if not form.binary)}"
        raise CnncalcError(Fault(f"--format {given['format_']}: the answer goes to standard output", help=help))


def _proved(found: Rewriting, seed: int) -> Proved:
    """The proof. Raises CnncalcError where there is no torch."""
    from cnncalc.api.rewriting import proved

    return proved(found, seed)
