"""`cnncalc check`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from cnncalc.cli import completing
from cnncalc.cli.faults import aside
from cnncalc.cli.nets import files_in, why_skipped
from cnncalc.cli.options import (
    Wanted,
    amp_option,
    assignments,
    device_of,
    device_option,
    net_options,
    optimizer_option,
    output_options,
    quantity,
    separated,
    wanted,
)
from cnncalc.cli.output import answer, form_of
from cnncalc.cli.program.declared import option
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.claims.latency import Latency
    from cnncalc.pages.checks import FileResult

FAILED = 1
BAD_INPUT = 2


def _is_there(net: str) -> None:
    """Raises CnncalcError for a file of ours that is not there and has the name of a bundled net, which is right."""
    stem, _, suffix = net.rpartition(".")
    if suffix in ("yaml", "yml") and not os.path.lexists(net):
        from cnncalc.language import bundled

        if stem in bundled():
            help = f"`cnncalc check {stem}` is for the bundled net"
            raise CnncalcError(Fault(f"there is no file `{net}` here", help=help))


def _result(
    net: str,
    in_folder: bool,
    asked: Wanted,
    given: dict[str, Any],
    maxima: dict[str, int],
    required: dict[str, int | str],
    latency: Latency | None,
) -> FileResult:
    from pathlib import Path

    from cnncalc.claims.expect import check
    from cnncalc.pages.checks import FileResult

    shown = printable(net)
    try:
        if in_folder and (skipped := why_skipped(net, asked.options)):
            return FileResult(shown, (), skipped, ())
        _is_there(net)
        checked = check(net, asked.options, maxima, required, asked.dtype, given["optimizer"], latency)
        checks = checked.checks
        if given["weights"]:
            from cnncalc.interchange.weights.held import held

            checks += held(net, asked.options, given["weights"])
        return FileResult(shown, checks, "", (), checked.aside)
    except CnncalcError as error:
        if in_folder and not Path(net).exists():
            return FileResult(shown, (), "gone since the folder was listed", ())
        return FileResult(shown, (), "", error.faults)
    except OSError as error:
        from cnncalc.language.unreadable import fault_of_os_error  # only a mistake pays for it

        return FileResult(shown, (), "", (fault_of_os_error(error),))


def _unknown(option: str, names: Iterable[str], known: Sequence[str]) -> list[Fault]:
    """The figures that there are not: wrong for every file, and said once."""
    return [
        Fault(f"{option}: there is no figure `{name}`", help=suggestion(name, known, f"there are {', '.join(known)}"))
        for name in names
        if name not in known
    ]


def _required(name: str, text: str) -> int | str:
    """What --require asks for: a count, or a shape as it is printed. Raises CnncalcError."""
    if name != "output":
        return quantity(f"--require {name}", text.replace(",", ""), in_bytes=name.endswith("_bytes"))
    from cnncalc.layers import FieldError, show_shape
    from cnncalc.notation.shapes import read_shape

    try:
        return show_shape(read_shape(text))
    except FieldError as error:
        raise CnncalcError(Fault(f"--require output: {error.rule}", help="such as output=512x7x7")) from None


def _exit_code(results: Sequence[FileResult], *, allow_empty: bool) -> int:
    if any(result.faults for result in results):
        return BAD_INPUT
    if not allow_empty and not any(result.checks for result in results):
        message = "nothing was held: no file has an `expect:` that applies, and no budget was given"
        help = "write `expect: {params: …}` in the file, or add `--max params=5M`; --allow-empty takes it for good"
        aside(Fault(message, help=help))
        return FAILED
    return FAILED if any(not check.passed for result in results for check in result.checks) else 0


@click.command("check", short_help="Hold files to their `expect:` blocks and to budgets.")
@click.argument("paths", metavar="FILE|DIR…", nargs=-1, required=True, shell_complete=completing.nets)
@option(
    "--max",
    "maxima",
    metavar="FIGURE=N",
    multiple=True,
    shell_complete=completing.budgets,
    help="A budget, as params=5M, macs=600M, or with --device latency=5ms. May be repeated.",
)
@option(
    "--require",
    "required",
    metavar="FIGURE=VALUE",
    multiple=True,
    help="What must be so, as output=1000. May be repeated.",
)
@option(
    "--weights",
    metavar="FILE",
    help="A file of weights (safetensors, ONNX, .pt2): each tensor of the net has one of its name and shape there.",
)
@option("--allow-empty", is_flag=True, help="Take it for good that there is nothing to hold.")
@output_options
@net_options
@amp_option
@device_option
@optimizer_option
def command(paths: tuple[str, ...], **given: Any) -> None:
    """Hold files to their `expect:` blocks and to budgets.

    Of a folder, every .yaml file in it is checked. `expect:` describes the net as the file stands: under --set,
    --input, --batch, --dialect, --freeze or --train only the budgets are held. --dtype, --amp and --optimizer are those
    of the budgets on memory. --max latency=5ms fails where even the least time on the --device is longer. The exit code
    is 0 where all figures hold, 1 where one does not, and 2 where a file is not a net; the other files are checked all
    the same.
    """
    from cnncalc.answers.figures import CLAIMED
    from cnncalc.claims.latency import LATENCY, latency_budget
    from cnncalc.pages import checks

    asked = wanted(given)
    device = device_of(given)
    budgets = assignments("--max", separated(given["maxima"]))
    texts = assignments("--require", separated(given["required"]))
    latency = latency_budget(budgets.pop(LATENCY, None), device, asked.dtype)
    faults = _unknown("--max", budgets, (*CLAIMED, LATENCY)) + _unknown("--require", texts, (*CLAIMED, "output"))
    if faults:
        raise CnncalcError(faults)
    maxima = {name: quantity(f"--max {name}", text, in_bytes=name.endswith("_bytes")) for name, text in budgets.items()}
    required = {name: _required(name, text) for name, text in texts.items()}
    form = form_of(given)
    results = []
    for path in paths:
        for net, in_folder in files_in(path):
            result = _result(net, in_folder, asked, given, maxima, required, latency)
            results.append(result)
            if result.faults and form not in ("json", "github"):
                aside("\n".join(map(str, result.faults)))
    answer(checks.page(results), given)
    click.get_current_context().exit(_exit_code(results, allow_empty=given["allow_empty"]))
