"""`cnncalc sweep`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnncalc import __version__
from cnncalc.cli import completing, listings
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
    wanted,
)
from cnncalc.cli.output import answer, form_of
from cnncalc.cli.program.declared import option
from cnncalc.cli.running import RUNNERS, held_to, kept_beside, progress_bar, runner_of, runner_options, spared, stopped
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.roofline import Device
    from cnncalc.running.runner import Runner
    from cnncalc.solve.sweep.grid import Grid, Part
    from cnncalc.solve.sweep.journal import PointsJournal
    from cnncalc.solve.sweep.points import Point, Points


def grid_of(given: dict[str, Any]) -> Grid:
    """What the options vary; they keep what they fix. Raises CnncalcError."""
    from cnncalc.solve.sweep import ranges

    fixed, varied = [], {}
    for name, text in assignments("--set", given["set_"]).items():
        values = ranges.steps(f"--set {name}", text) if ":" in text or "," in text else []
        if len(values) > 1 or (values and not text.startswith("[")):
            varied[name] = tuple(values)
        else:
            fixed.append(f"{name}={text}")
    given["set_"] = tuple(fixed)
    grid = ranges.grid_of(varied, given["input_"] or "")
    if grid.input:
        given["input_"] = None
    return grid


NO_MATTER = (*RUNNERS, "resume", "file", "format_", "pareto", "figures")
"""Options that change nothing in what is computed, or that are looked at by themselves."""


@click.command("sweep", short_help="A net over a grid of variables and input sizes.")
@net_argument
@option(
    "--figures", metavar="A,B,…", default="params,macs", show_default=True, callback=listings.figures,
    shell_complete=completing.figures, help="What to compute; `--figures help` lists them.",
)  # fmt: skip
@optimizer_option
@device_option
@option(
    "--pareto", metavar="A,-B", shell_complete=completing.figures,
    help="Only the points that no other beats in all of these figures; of one with `-` before it more is better.",
)  # fmt: skip
@runner_options
@option("--resume", is_flag=True, help="Go on where an interrupted sweep to the same file stopped.")
@output_options
@amp_option
@net_options
def command(net: str, **given: Any) -> None:
    """A net over a grid of variables and input sizes.

    \b
    cnncalc sweep mobilenet_v2 --set width=0.25:1.4:0.05 --input 3x{96:320:32} --format csv

    `3x{96:320:32}` is a square map, `3x{96:320:32}x{96:320:32}` every height with every width. Sizes are computed from
    the net's closed form, so that a thousand of them cost little more than one. On a `--device` the least time,
    `latency`, is a figure too, and every size a net of its own.
    """
    from cnncalc.language.digest import digest
    from cnncalc.pages.solving.sweeps import page
    from cnncalc.solve.fronts import front
    from cnncalc.solve.sweep.grid import asked_figures, check
    from cnncalc.solve.sweep.journal import points_journal

    form_of(given)  # what cannot be written is not computed
    keeps = kept_beside(given)
    asked = {name: value for name, value in given.items() if name not in NO_MATTER}
    grid, runner = grid_of(given), runner_of(given)
    wished = [name.strip() for name in (given["pareto"] or "").split(",") if name.strip()]
    device = device_of(given)
    named = [name.strip() for name in given["figures"].split(",") if name.strip()]
    figures = asked_figures(named, wished, device=device is not None)
    options = wanted(given).options
    check(grid, figures, given["optimizer"], options.limits, device=device is not None)
    depends = {"texts": digest(net, options), "version": __version__, **asked, "figures": figures, "device": device}
    journal = points_journal(given["file"], "sweep", depends, grid, len(figures)) if keeps else None
    spared(journal, given)
    points, whole = _found(net, given, grid, figures, journal, runner, device)
    if journal is not None:
        held_to(journal, net, options, depends["texts"])
    if whole or journal is None:
        best = front(points, figures, wished) if wished else points
        answer(page(best, grid, figures, front=bool(wished)), given)
    if not whole:
        click.get_current_context().exit(130)
    if journal is not None:
        journal.end()
    if points and not any(point.figures for point in points):
        aside(Fault("the net works at no point of this grid", help="the table says why: give other values or sizes"))
        click.get_current_context().exit(1)


def _found(
    net: str,
    given: dict[str, Any],
    grid: Grid,
    figures: list[str],
    journal: PointsJournal | None,
    runner: Runner,
    device: Device | None,
) -> tuple[Sequence[Point], bool]:
    """Every point, and whether they are all; what is found is kept in the journal on the way."""
    from cnncalc.solve.sweep.points import Joined
    from cnncalc.solve.sweep.sweeping import sweep

    asked = wanted(given)
    kept: dict[Part, Points] = {}
    whole = True
    try:
        if journal is not None:
            kept = journal.begin(resume=given["resume"])
        if given["resume"]:
            rows = sum(map(len, kept.values()))
            aside(f"{rows:,} rows kept, {grid.points - rows:,} to compute")
        found = sweep(
            net, asked.options, asked.dtype, grid, figures, optimizer=given["optimizer"], device=device, runner=runner,
            done=frozenset(kept), progress=progress_bar(),
        )  # fmt: skip
        try:
            for part, points in found:
                kept[part] = points
                if journal is not None:
                    journal.add(part, points)
        except CnncalcError:
            if journal is not None and not any(point.figures for points in kept.values() for point in points):
                journal.end()
            raise
    except KeyboardInterrupt:
        whole = False
        stopped(journal.path if journal is not None else None)
    return Joined([kept[part] for part in grid.parts() if part in kept]), whole
