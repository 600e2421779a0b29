"""`cnncalc verify`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cnncalc.cli import completing
from cnncalc.cli.faults import coloured
from cnncalc.cli.options import amp_option, net_options, output_options, wanted
from cnncalc.cli.output import answer, form_of
from cnncalc.cli.running import runner_of, runner_options
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cnncalc.cli.options import Wanted
    from cnncalc.pages.verification import NetResult
    from cnncalc.running.runner import Runner

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130


def _nets(paths: Sequence[str], every: bool) -> list[tuple[str, bool]]:
    """Every net that is asked for, and whether it was found in a folder, where a family is passed over."""
    from cnncalc.cli.commands.check import files_in
    from cnncalc.cli.nets import natural
    from cnncalc.language import bundled

    found = [one for path in paths for one in files_in(path)]
    if every:
        found += [(name, True) for name in sorted(bundled(), key=natural)]
    if not found:
        raise CnncalcError(
            Fault("there is no net to verify", help="name one, such as `cnncalc verify vgg16`, or `--all`")
        )
    return found


class _Bar:
    """A progress bar on standard error, where that is a terminal: which net, and how far it is."""

    def __init__(self, nets: int) -> None:
        self.nets, self.done = nets, 0
        self.shown = sys.stderr.isatty()

    def watcher(self, net: str) -> Callable[[int, int], None] | None:
        """What the verification of a net calls as it goes on."""
        if not self.shown:
            return None
        step = [-1]

        def show(done: int, total: int) -> None:
            cells = 24 * done // max(total, 1)
            if cells != step[0]:
                step[0] = cells
                count = f"{self.done + 1}/{self.nets} " if self.nets > 1 else ""
                click.echo(f"\r\x1b[K{count}{net[:40]} {'█' * cells}{'░' * (24 - cells)}", nl=False, err=True)

        show(0, 1)
        return show

    def tell(self, done: int) -> None:
        """So many nets are verified, by several processes."""
        if self.shown:
            count = f"\r\x1b[K{done}/{self.nets}" if done < self.nets else "\r\x1b[K"
            click.echo(count, nl=False, err=True)

    def clear(self) -> None:
        """Take the bar off the terminal."""
        self.done += 1
        if self.shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def _verified(net: str, in_folder: bool, asked: Wanted, given: dict[str, Any], bar: _Bar) -> NetResult:
    from cnncalc.cli.commands.check import why_skipped as skipped
    from cnncalc.language import load
    from cnncalc.pages.verification import NetResult
    from cnncalc.witnesses.table import WITNESSES

    try:
        why_not = skipped(net, asked.options) if in_folder else ""
        if why_not:
            return NetResult(net, None, skipped=why_not)
        witness = WITNESSES[given["witness"]]
        options = {
            "device": given["device"],
            "dtype": asked.dtype,
            "seed": given["seed"],
            "receptive_field": given["receptive_field"],
            "progress": bar.watcher(net),
        }
        graph = load(net, asked.options)
        verification = witness.verify(graph, net=net, batch=asked.options.batch, options=options)
    except CnncalcError as error:
        return NetResult(net, None, error.faults)
    except OSError as error:
        from cnncalc.language.unreadable import fault_of_os_error  # only a mistake pays for it

        return NetResult(net, None, (fault_of_os_error(error),))
    return NetResult(net, verification)


_THERE: list[tuple[Wanted, dict[str, Any]]] = []
"""What is asked of the process that verifies, where it is one of several."""


def _standard_input(nets: Sequence[tuple[str, bool]], asked: Wanted) -> bytes:
    """What comes on standard input, where a net does: others cannot read it."""
    from cnncalc.language.documents.library import standard_input

    return standard_input(asked.options.limits) if any(net == "-" for net, _ in nets) else b""


def _prepare(asked: Wanted, given: dict[str, Any], held: bytes) -> None:
    from cnncalc.language.documents.library import hold_standard_input

    if held:
        hold_standard_input(held)
    _THERE[:] = [(asked, given)]


def _there(task: tuple[str, bool]) -> NetResult:
    ((asked, given),) = _THERE
    return _verified(*task, asked, given, _Bar(0))


def _ended(task: tuple[str, bool]) -> NetResult:
    from cnncalc.pages.verification import NetResult

    message = f"`{task[0][-60:]}`: the process that verified this was ended twice: out of memory?"
    return NetResult(
        task[0], None, (Fault(message, help="use `--device meta`, which needs none, or a smaller `--input`"),)
    )


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


CHOSEN = ("witness", "device", "seed", "receptive_field")
"""The options of a command line that whoever verifies a net has to know."""


def _each(
    nets: Sequence[tuple[str, bool]], asked: Wanted, given: dict[str, Any], runner: Runner
) -> Iterator[NetResult]:
    """The result of every net, in order, by whoever does it."""
    bar = _Bar(len(nets))
    if not runner.alone:
        from cnncalc.running.runner import in_order
        from cnncalc.running.work import Work

        held = _standard_input(nets, asked)
        work = Work(_prepare, (asked, {name: given[name] for name in CHOSEN}, held), _there, _ended)
        for done, result in enumerate(in_order(work, nets, runner), start=1):
            bar.tell(done)
            yield result
        return
    try:
        for net, in_folder in nets:
            result = _verified(net, in_folder, asked, given, bar)
            bar.clear()
            yield result
    finally:
        bar.clear()


@click.command("verify", short_help="Build the net in torch, run it, and hold every number against it.")
@click.argument("paths", metavar="NET|DIR…", nargs=-1, shell_complete=completing.nets)
@click.option("--all", "every", is_flag=True, help="Verify every bundled architecture.")
@click.option(
    "--with", "witness", metavar="FRAMEWORK", default="torch", show_default=True, callback=_known,
    shell_complete=completing.witnesses, help="Which framework builds the net.",
)  # fmt: skip
@click.option(
    "--device", type=click.Choice(("cpu", "cuda", "meta")),
    help="Where torch runs it; meta computes shapes but no numbers.  [default: cpu, or meta for a large net]",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of weights and inputs.")
@click.option("--rows", "every_row", is_flag=True, help="Print every layer, not only those that differ.")
@click.option(
    "--receptive-field", is_flag=True, help="Hold receptive fields too, by gradients at the pixels of each layer."
)
@runner_options
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

    With --amp, types and storages are those of torch.autocast on CUDA, which torch follows without a GPU too.
    """
    from cnncalc.pages.verification import page

    asked = wanted(given)
    _require(asked, given)
    runner = runner_of(given)
    nets = _nets(paths, given["every"])
    form = form_of(given)
    results: list[NetResult] = []
    interrupted = False
    try:
        for result in _each(nets, asked, given, runner):
            results.append(result)
            if result.faults and len(nets) == 1:
                raise CnncalcError(result.faults)
            if result.faults and form != "json":
                click.echo(coloured("\n".join(map(str, result.faults))), err=True)
    except KeyboardInterrupt:
        interrupted = True
    unfinished = len(nets) - len(results) if interrupted else 0
    answer(page(results, every_row=given["every_row"], unfinished=unfinished), given)
    click.get_current_context().exit(_exit_code(results, interrupted))


def _exit_code(results: Sequence[NetResult], interrupted: bool) -> int:
    if interrupted:
        return INTERRUPTED
    if any(result.faults for result in results):
        return BAD_INPUT
    return FAILED if any(result.verification and result.verification.failed for result in results) else 0
