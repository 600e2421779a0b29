"""`cnncalc search`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnncalc import __version__
from cnncalc.cli import completing
from cnncalc.cli.commands.solve_search import want_option
from cnncalc.cli.commands.sweep import NO_MATTER
from cnncalc.cli.faults import aside
from cnncalc.cli.options import (
    amp_option,
    assignments,
    device_of,
    device_option,
    net_argument,
    net_options,
    optimizer_option,
    output_options,
    separated,
    wanted,
)
from cnncalc.cli.output import answer, form_of
from cnncalc.cli.program.declared import option
from cnncalc.cli.running import held_to, kept_beside, named_progress_bar, runner_of, runner_options, spared, stopped
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from cnncalc.solve.search.answer import Keeping
    from cnncalc.solve.search.question import Question
    from cnncalc.solve.sweep.grid import Grid

NONE = 1


def grid_of(given: dict[str, Any]) -> Grid:
    """The space that --over and the sizes in braces of --input span. Raises CnncalcError."""
    from cnncalc.solve.sweep import ranges

    texts = assignments("--over", separated(given["over"]))
    varied = {name: tuple(ranges.steps(f"--over {name}", text)) for name, text in texts.items()}
    if both := varied.keys() & assignments("--set", given["set_"]).keys():
        message = f"`{min(both)}` is given by --set and by --over"
        raise CnncalcError(Fault(message, help="take one of the two back"))
    for name, values in varied.items():
        if not values:
            message = f"--over {name}: it has no value"
            raise CnncalcError(Fault(message, help=f"write `--over {name}=16,32,64`, or `--over {name}=16:64:16`"))
        varied[name] = tuple(dict.fromkeys(values))
    grid = ranges.grid_of(varied, given["input_"] or "")
    if grid.input:
        given["input_"] = None
    return grid


def question_of(net: str, given: dict[str, Any]) -> Question:
    """What is asked. Raises CnncalcError."""
    from cnncalc.solve.asking import parse_wants
    from cnncalc.solve.search.question import Objective, Question

    grid = grid_of(given)
    asked = wanted(given)
    objectives = [
        Objective(name.strip(), largest)
        for option, largest in (("minimize", False), ("maximize", True))
        for text in given[option]
        for name in text.split(",")
        if name.strip()
    ]
    wants = parse_wants(given["wants"]) if given["wants"] else []
    device = device_of(given)
    return Question(net, asked.options, asked.dtype, grid, tuple(wants), tuple(objectives), given["optimizer"], device)


def _keeping(net: str, given: dict[str, Any], question: Question, keeps: bool) -> tuple[Any, Keeping | None, str]:
    """The journal beside the file that is written, how a search keeps what it computes there, and what of."""
    from cnncalc.language.digest import digest
    from cnncalc.solve.search.answer import Keeping, asked_of
    from cnncalc.solve.sweep.journal import points_journal

    if not keeps:
        return None, None, ""
    texts = digest(net, question.options)
    asked = {name: value for name, value in given.items() if name not in (*NO_MATTER, "samples", "seed")}
    columns = len(question.figures) + len(question.shapes)
    depends = {
        "search": asked, "texts": texts, "version": __version__, "asked": str(asked_of(question).figures),
        "device": question.device,
    }  # fmt: skip
    journal = points_journal(given["file"], "search", depends, question.grid, columns)
    spared(journal, given)

    def begin() -> dict[Any, Any]:
        kept = journal.begin(resume=given["resume"])
        if given["resume"]:
            aside(f"{sum(map(len, kept.values())):,} points kept")
        return kept

    return journal, Keeping(begin, journal.add), texts


@click.command("search", short_help="The best of a space of nets: a Pareto front.")
@net_argument
@option(
    "--over", metavar="NAME=VALUES", multiple=True, shell_complete=completing.variables,
    help="A variable and its values, as width=0.25:1.4:0.05 or kernel=3,5,7. May be repeated.",
)  # fmt: skip
@want_option
@option(
    "--minimize",
    metavar="A,B,…",
    multiple=True,
    shell_complete=completing.figures,
    help="Figures of which less is better.",
)
@option(
    "--maximize",
    metavar="A,B,…",
    multiple=True,
    shell_complete=completing.figures,
    help="Figures of which more is better.",
)
@option(
    "--samples", metavar="N", type=click.IntRange(min=2), default=10_000, show_default=True,
    help="Nets that are looked at where the figures are no sums: every one, or a sample.",
)  # fmt: skip
@option("--seed", metavar="N", type=click.IntRange(min=0), default=0, show_default=True, help="Of the sample.")
@runner_options
@option("--resume", is_flag=True, help="Go on where an interrupted search to the same file stopped.")
@output_options
@device_option
@optimizer_option
@amp_option
@net_options
def command(net: str, **given: Any) -> None:
    """The best of a space of nets: those that no other beats in all that is to be small or large.

    \b
    cnncalc search net.yaml --over width=8:64:8 --over kernel=3,5,7 --minimize macs --maximize params

    Sizes are a part of the space, as in `sweep`: `--input 3x{96:320:32}`. On a `--device`, `latency` can be minimized,
    or wanted, as `--want 'latency <= 5ms'`.
    Where all that is asked for are sums over the layers the answer is exact, however large the space; else every net is
    looked at, or a sample. The answer says which. The exit code is 1 where nothing is as wanted.
    """
    from cnncalc.pages.solving.fronts import page
    from cnncalc.solve.search.answer import search

    form_of(given)  # what cannot be written is not computed
    keeps = kept_beside(given)
    runner, question = runner_of(given), question_of(net, given)
    journal, keeping, texts = _keeping(net, given, question, keeps)
    found = search(
        question, runner=runner, samples=given["samples"], seed=given["seed"], keeping=keeping,
        progress=named_progress_bar(),
    )  # fmt: skip
    if journal is not None:
        held_to(journal, net, question.options, texts)
    if found.stopped:
        stopped(journal.path if journal is not None else None)
    if found.stopped and journal is not None:
        click.get_current_context().exit(130)
    answer(page(found), given)
    if found.stopped:
        click.get_current_context().exit(130)
    if journal is not None:
        journal.end()
    if not found.found:
        click.get_current_context().exit(NONE)
