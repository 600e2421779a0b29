"""`cnncalc verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnncalc.cli import completing
from cnncalc.cli.faults import aside
from cnncalc.cli.options import amp_option, net_options, output_options, wanted
from cnncalc.cli.output import answer, form_of
from cnncalc.cli.program.declared import option
from cnncalc.cli.running import kept_beside, runner_of, runner_options, spared, stopped
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.cli.options import Wanted
    from cnncalc.cli.verifying.asked import Asked, Task
    from cnncalc.cli.verifying.journal import Results
    from cnncalc.pages.verification import NetResult

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130


def _nets(paths: Sequence[str], every: bool) -> list[tuple[str, bool]]:
    """Every net that is asked for, and whether it was found in a folder, where a family is passed over."""
    from cnncalc.cli.nets import files_in, natural
    from cnncalc.language import bundled

    found = [one for path in paths for one in files_in(path)]
    if every:
        found += [(name, True) for name in sorted(bundled(), key=natural)]
    if not found:
        raise CnncalcError(
            Fault("there is no net to verify", help="name one, such as `cnncalc verify vgg16`, or `--all`")
        )
    return found


def _known(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """The name of a framework of the table."""
    from cnncalc.errors import suggestion
    from cnncalc.witnesses.table import WITNESSES

    if value not in WITNESSES:
        help = suggestion(value, WITNESSES, f"the frameworks are {', '.join(WITNESSES)}")
        raise CnncalcError(Fault(f"`--with {value[:40]}` names no framework that nets are built in", help=help))
    return value


def _require(asked: Wanted, given: dict[str, Any]) -> None:
    """Raises CnncalcError where the framework is not installed, or has not what is asked for."""
    from cnncalc.witnesses.table import WITNESSES

    witness = WITNESSES[given["witness"]]
    witness.require()
    told = {
        "--device": given["device"] is not None,
        "--seed": given["seed"] != 0,
        "--receptive-field": given["receptive_field"],
        f"--dtype or --amp ({asked.dtype})": asked.dtype != "float32",
    }
    wrong = [option for option, is_given in told.items() if is_given and not witness.options]
    if wrong:
        message = f"{wrong[0]} is of `--with torch` alone"
        raise CnncalcError(Fault(message, help=f"leave it out: {witness.name} gives shapes and counts"))


@click.command("verify", short_help="Build the net in torch, run it, and hold every number against it.")
@click.argument("paths", metavar="NET|DIR…", nargs=-1, shell_complete=completing.nets)
@option("--all", "every", is_flag=True, help="Verify every bundled architecture.")
@option(
    "--with", "witness", metavar="FRAMEWORK", default="torch", show_default=True, callback=_known,
    shell_complete=completing.witnesses, help="Which framework builds the net.",
)  # fmt: skip
@option(
    "--device", type=click.Choice(("cpu", "cuda", "meta")),
    help="Where torch runs it; meta computes shapes but no numbers.  [default: cpu, or meta for a large net]",
)  # fmt: skip
@option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of weights and inputs.")
@option("--rows", "every_row", is_flag=True, help="Print every layer, not only those that differ.")
@option("--receptive-field", is_flag=True, help="Hold receptive fields too, by gradients at the pixels of each layer.")
@runner_options
@option("--resume", is_flag=True, help="Go on where an interrupted verification to the same file stopped.")
@output_options
@amp_option
@net_options
def command(paths: tuple[str, ...], **given: Any) -> None:
    """Build the net in torch, run it, and hold every number against it.

    Shapes, parameters, buffers and multiply–accumulates of each layer, what autograd keeps for backward, and the most
    memory alive in inference, predicted beside measured; then one step of training. The exit code is 0 where all
    agree, 1 where a figure differs, and 2 where a net could not be tried. It needs torch: pip install torch.

    Multiply–accumulates are half of what torch's FlopCounterMode counts, where that knows the operators. Attention and
    LSTMs fused on a CPU, bilinear layers and the gradient of grouped weights it does not know or counts wrong: of these
    the products are held that the operators compute (docs/surprises.md says which and why).

    With --with, another framework builds the net, and what it has is held: the output shape, the parameters, the
    trainable and the non-trainable numbers of each layer, and what it refuses.

    Many nets are shared out by --jobs, or by Dask with --workers and --scheduler: the results are the same, in order.
    With -o FILE what was found so far is kept beside it, so that --resume goes on where a run was ended.

    With --amp, types and storages are those of torch.autocast on CUDA, which torch follows without a GPU too.
    """
    from cnncalc.cli.verifying.asked import tasks
    from cnncalc.cli.verifying.nets import each
    from cnncalc.pages.verification import page

    asked = wanted(given)
    _require(asked, given)
    runner = runner_of(given)
    form, keeps = form_of(given), kept_beside(given)
    asks = _asked(asked, given)
    nets = tasks(_nets(paths, given["every"]), asks, known_again=keeps or not runner.alone)
    journal = _journal(nets, asks, given) if keeps else None
    spared(journal, given)
    results: dict[int, NetResult] = {}
    interrupted = False
    try:
        if journal is not None:
            results = journal.begin(resume=given["resume"])
        if given["resume"]:
            aside(f"{len(results):,} nets kept, {len(nets) - len(results):,} to verify")
        for place, result in each(nets, asks, runner, frozenset(results)):
            results[place] = result
            if journal is not None and not result.faults:
                journal.add(place, result)
            if result.faults and len(nets) == 1:
                raise CnncalcError(result.faults)
            if result.faults and form != "json":
                aside("\n".join(map(str, result.faults)))
    except KeyboardInterrupt:
        interrupted = True
        stopped(journal.path if journal is not None else None)
    found = [results[place] for place in sorted(results)]
    unfinished = len(nets) - len(found) if interrupted else 0
    answer(page(found, every_row=given["every_row"], unfinished=unfinished), given)
    if journal is not None and not interrupted:
        journal.end()
    click.get_current_context().exit(_exit_code(found, interrupted))


def _asked(asked: Wanted, given: dict[str, Any]) -> Asked:
    from cnncalc.cli.verifying.asked import Asked

    chosen = [given[name] for name in ("witness", "device", "seed", "receptive_field")]
    return Asked(asked.options, asked.dtype, *chosen)


def _journal(nets: Sequence[Task], asked: Asked, given: dict[str, Any]) -> Results | None:
    """What is found of many nets is kept; of one there is nothing to go on from."""
    from cnncalc.cli.verifying.journal import journal_of

    return journal_of(given["file"], asked, nets) if len(nets) > 1 or given["resume"] else None


def _exit_code(results: Sequence[NetResult], interrupted: bool) -> int:
    if interrupted:
        return INTERRUPTED
    if any(result.faults for result in results):
        return BAD_INPUT
    return FAILED if any(result.verification and result.verification.failed for result in results) else 0
