"""A variable of a file: every value on a grid at which the net is as wanted, and the extreme ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from cnncalc.analysis.memory.optimizers import optimizer_named
from cnncalc.claims.decimals import decimal_number, decimal_text
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph import Net
from cnncalc.graph.way_out import unread
from cnncalc.language import loader
from cnncalc.language.documents.document import Document
from cnncalc.language.documents.foreign import in_ours
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.records import NamedTuple
from cnncalc.solve.figures import BUILT, FIGURES, Measured, Want, check_wants, taken

__all__ = ["Trial", "VariableAnswer", "solve_variable"]

MOST = 20_000
AFRESH = 12
"""What a layer takes besides, in layers that are measured, that the net before did not have."""
REFUSED = 1_000
"""The least that a value takes that makes no net, until one does: it may be the last layer that is wrong."""


class Trial(NamedTuple):
    """One value that was tried."""

    value: str
    met: bool
    figures: tuple[tuple[str, int | str], ...]
    """What the wanted figures come to; none where no such net can be built."""
    fault: str = ""


class VariableAnswer(NamedTuple):
    """All values of a variable that were tried, in order."""

    net: str
    variable: str
    wants: tuple[str, ...]
    trials: tuple[Trial, ...]
    complete: bool
    """Whether every value within the bounds was tried."""
    step: str
    """From one value to the next; the answer is exact on this grid, and says nothing of values between."""
    left: str = ""
    """Why not every value was tried; empty where all were."""

    @property
    def met(self) -> tuple[Trial, ...]:
        """Those at which the net is as wanted."""
        return tuple(trial for trial in self.trials if trial.met)


def solve_variable(
    net: str,
    variable: str,
    options: Options,
    dtype: str,
    wants: Sequence[Want],
    bounds: tuple[Fraction | None, Fraction | None, Fraction | None],
    progress: Callable[[int, int], None] | None = None,
    optimizer: str = "sgd",
) -> VariableAnswer:
    """Every value from `bounds[0]` to `bounds[1]` in steps of `bounds[2]`; an interruption keeps what was found."""
    check_wants(wants)
    optimizer_named(optimizer)
    low, high, step = _grid(_value(net, variable, options), variable, bounds)
    count = int((high - low) // step) + 1
    if count > MOST:
        help = "take a larger --step, or a nearer --from and --to"
        raise CnncalcError(Fault(f"{count:,} values are more than {MOST:,}", help=help))
    build = loader(net, options)
    figures = {want.figure for want in wants}
    trials: list[Trial] = []
    left, built, one = "", 0, REFUSED
    before: Net | None = None
    try:
        for number in range(count):
            text = decimal_text(low + number * step)
            trial, graph, stood = _trial(build, variable, text, options.batch, dtype, wants, optimizer)
            trials.append(trial)
            if graph is not None:
                one = taken(len(graph.nodes), figures) + _new(graph, before)
                before = graph
            built += one if graph is not None else max(one, BUILT * stood)
            if progress is not None:
                progress(number + 1, count)
            if built > options.limits.search and number + 1 < count:
                left = f"the bound `search`, {options.limits.search:,}, was reached, and no more nets are built"
                left += f": {options.limits.way_out('search')}"
                break
    except KeyboardInterrupt:
        left = "it was interrupted"
    if trials and all(trial.fault for trial in trials):
        message = f"no value of `{variable}` that was tried makes a net"
        mostly = Counter(trial.fault for trial in trials).most_common(1)[0][0]
        raise CnncalcError(Fault(message, values=mostly, help="try other values with --from and --to"))
    return VariableAnswer(
        net, variable, tuple(want.text for want in wants), tuple(trials), not left, decimal_text(step), left
    )


def _new(net: Net, before: Net | None) -> int:
    """What a net takes that does not begin as the one before it did."""
    if before is None:
        return BUILT * len(net.nodes) + AFRESH * len(net.signatures)
    alike = sum([one is other for one, other in zip(net.nodes, before.nodes)])
    return BUILT * (len(net.nodes) - alike) + AFRESH * len({*net.signatures}.difference(before.signatures))


def _value(net: str, variable: str, options: Options) -> str:
    """The variable's own value as text; empty where it is required. Raises `CnncalcError` where there is none."""
    faults = Faults()
    document = Document(net, options, faults)
    document.declares(options.variables)  # which no value of this one mends
    faults.raise_any()
    if variable not in document.variables:
        known = list(document.variables)
        own = suggestion(variable, known, f"it declares {', '.join(known) or 'none'}")
        help = in_ours(document.foreign, document.file, own, "declare it under `variables:`")
        raise CnncalcError(Fault(f"the file has no variable `{variable[:60]}`", help=help))
    text = getattr(document.variables[variable][1], "text", None)
    if text is None or text in ("true", "false"):
        raise CnncalcError(Fault(f"the variable `{variable}` is no number", help="only a number has an extreme value"))
    return str(text)


def _grid(
    text: str, variable: str, bounds: tuple[Fraction | None, Fraction | None, Fraction | None]
) -> tuple[Fraction, Fraction, Fraction]:
    """First, last and step: whole numbers where the variable is one, else steps of 0.05."""
    low, high, step = bounds
    own = decimal_number(text.replace("_", ""))
    if own is None and high is None:
        help = "give --to (and --from and --step)"
        raise CnncalcError(Fault(f"the variable `{variable}` has no number of its own to start from", help=help))
    whole = own is None or ("." not in text and "e" not in text)
    if step is None:
        step = Fraction(1) if whole and (low or Fraction(1)).denominator == 1 else Fraction(1, 20)
    if step <= 0:
        raise CnncalcError(Fault("--step must be more than 0", help="such as --step 0.25"))
    low = step if low is None else low
    high = (max(4 * own, 64 * step) if own is not None else low) if high is None else high
    if low > high:
        raise CnncalcError(
            Fault(f"--from {decimal_text(low)} is larger than --to {decimal_text(high)}", help="swap the two")
        )
    return low, high, step


def _trial(
    build: Callable[[Mapping[str, str]], Net],
    variable: str,
    text: str,
    batch: int,
    dtype: str,
    wants: Sequence[Want],
    optimizer: str,
) -> tuple[Trial, Net | None, int]:
    """One value, the net that was built for it, and of one that is none the layers that stood."""
    try:
        graph = unread(lambda: build({variable: text}))
    except CnncalcError as error:
        return Trial(text, met=False, figures=(), fault=error.faults[0].message), None, error.built
    measured = Measured(graph, batch, dtype, optimizer)
    met = measured.meets_all(wants)
    names = list(dict.fromkeys(want.figure for want in wants))
    usual = [name for name in ("params", "macs") if name not in names and any(want in FIGURES for want in names)]
    figures = tuple((name, measured.figure(name)) for name in (*names, *usual))
    return Trial(text, met, figures), graph, 0
