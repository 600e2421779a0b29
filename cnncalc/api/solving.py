"""The inverse problems, asked from Python: `cnncalc.solve.conv(input=224, output=112, kernel=7, stride=2)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import fspath
from typing import TYPE_CHECKING, Any, TypeAlias

from cnncalc.api.answers import Answer
from cnncalc.api.boundary.keywords import known_keywords
from cnncalc.api.loading import DeviceLike, InputLike, NetLike, options_of, type_of
from cnncalc.api.nets import Net
from cnncalc.api.opening import load
from cnncalc.api.rereading import reread
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from fractions import Fraction

    from cnncalc.answers.solutions import InputAnswer, LayerAnswer
    from cnncalc.solve.files.answer import FileAnswer
    from cnncalc.solve.inputs.batches import BatchAnswer
    from cnncalc.solve.inputs.variables import VariableAnswer

__all__ = ["batch_size", "conv", "deconv", "file", "input_size", "pool", "variable"]

Numbers: TypeAlias = "int | Sequence[int] | str | None"
UNKNOWN = ("padding", "output", "input", "kernel")
"""What is looked for unless it is named: the first that is not given."""


def _solved(kind: str, given: dict[str, Any], dialect: str, rounding: str | None, unknown: str | None) -> Answer[Any]:
    from cnncalc.pages.solving.solutions import page
    from cnncalc.solve.layer.answer import solve_layer
    from cnncalc.solve.layer.asking import USUAL, problem_of

    what = unknown or next((name for name in UNKNOWN if given[name] is None), "")
    if what not in given:
        known = f'leave out one number, or name it: `unknown="stride"`; there are {", ".join(given)}'
        raise CnncalcError(
            Fault(f"there is no `{what[:60]}` to look for" if what else "nothing is left out", help=known)
        )
    problem = problem_of(
        kind, what, given, dialect, rounding, called=lambda name: f"`{name}`",
        missing="one number is found where all the others are given",
        usual={name: value for name, value in USUAL.items() if name != "padding"},  # left out, it is what is asked
    )  # fmt: skip
    return Answer(solve_layer(problem), f"{kind}-{what}", lambda answer: page(answer, None))


@known_keywords
def conv(
    *,
    input: Numbers = None,
    output: Numbers = None,
    kernel: Numbers = None,
    stride: Numbers = None,
    padding: Numbers = None,
    dilation: Numbers = None,
    dialect: str = "torch",
    unknown: str | None = None,
) -> Answer[LayerAnswer]:
    """Every value of the number that is left out at which a convolution gives the wanted size, or a proof of none.

    `unknown` names it where it has a usual value, as `stride` has. Lengths are in pixels, one for all axes or one an
    axis. Raises CnncalcError where more than one number is missing.
    """
    given: dict[str, Any] = {"input": input, "output": output, "kernel": kernel, "stride": stride, "padding": padding,
             "dilation": dilation}  # fmt: skip
    return _solved("conv", given, dialect, None, unknown)


@known_keywords
def pool(
    *,
    input: Numbers = None,
    output: Numbers = None,
    kernel: Numbers = None,
    stride: Numbers = None,
    padding: Numbers = None,
    dilation: Numbers = None,
    rounding: str | None = None,
    dialect: str = "torch",
    unknown: str | None = None,
) -> Answer[LayerAnswer]:
    """The same of a pool, see `conv`; `rounding` is `floor` or `ceil`, else what the dialect says."""
    given: dict[str, Any] = {"input": input, "output": output, "kernel": kernel, "stride": stride, "padding": padding,
             "dilation": dilation}  # fmt: skip
    return _solved("pool", given, dialect, rounding, unknown)


@known_keywords
def deconv(
    *,
    input: Numbers = None,
    output: Numbers = None,
    kernel: Numbers = None,
    stride: Numbers = None,
    padding: Numbers = None,
    dilation: Numbers = None,
    output_padding: Numbers = None,
    dialect: str = "torch",
    unknown: str | None = None,
) -> Answer[LayerAnswer]:
    """The same of a transposed convolution, see `conv`."""
    given: dict[str, Any] = {"input": input, "output": output, "kernel": kernel, "stride": stride, "padding": padding,
             "dilation": dilation, "output_padding": output_padding}  # fmt: skip
    return _solved("deconv", given, dialect, None, unknown)


@known_keywords
def input_size(
    net: NetLike | Net,
    *,
    output: str | None = None,
    same_weights: bool = False,
    strict: bool = False,
    where: str | Sequence[str] = (),
    low: int | None = None,
    high: int | None = None,
    input: InputLike | None = None,
    set: Mapping[str, object] | None = None,  # noqa: A002 - as the option is called
    dialect: str | None = None,
) -> Answer[InputAnswer]:
    """Every input size that a net takes, exact and complete: `cnncalc solve input-size`."""
    from cnncalc.pages.solving.input_sizes import page
    from cnncalc.solve.inputs.sizes import InputWants, solve_input

    path, options = reread(net, input=input, set=set, dialect=dialect)
    conditions = (where,) if isinstance(where, str) else tuple(where)
    wants = InputWants(output, same_weights, strict, conditions, low, high)
    return Answer(solve_input(path, options, wants), path, page)


@known_keywords
def batch_size(
    net: NetLike | Net,
    *,
    memory: int | str | None = None,
    device: DeviceLike | None = None,
    optimizer: str | None = None,
    dtype: str = "float32",
    amp: str | None = None,
    input: InputLike | None = None,
    set: Mapping[str, object] | None = None,  # noqa: A002 - as the option is called
    dialect: str | None = None,
    freeze: str | Sequence[str] = (),
) -> Answer[BatchAnswer]:
    """The largest batch that fits in a memory, as `24GiB` or in bytes, or in that of a device: `solve batch-size`.

    Groups that run again, ranks and types of layers are those with which a net was loaded.
    """
    from cnncalc.claims.quantities import parse_quantity
    from cnncalc.pages.solving.searches import batch_page
    from cnncalc.solve.inputs.batches import solve_batch
    from cnncalc.tools.devices import memory_of

    given: dict[str, Any] = {"input": input, "set": set, "dialect": dialect, "freeze": freeze}
    if not isinstance(net, Net):
        held = load(net, options_of(**given))
    elif any(given.values()):
        held = load(*reread(net, **given))
    else:
        held = net
    room = memory_of(None if device is None else fspath(device), said=memory is not None)
    if isinstance(memory, str) and memory.strip().replace(".", "", 1).isdecimal():
        help = f'write a unit, as "{memory.strip()[:20]}GiB", or bytes as a whole number'
        raise CnncalcError(Fault(f"`memory` {memory[:40]}: bytes, or what?", help=help))
    if memory is not None:
        room = memory if isinstance(memory, int) else parse_quantity(memory, in_bytes=True)
    assert room is not None
    return Answer(solve_batch(held.numbers(), room, type_of(dtype, amp), optimizer), held.name, batch_page)


def _decimal(name: str, value: float | str | None) -> Fraction | None:
    """A bound of a search. Raises CnncalcError for what is no number."""
    from cnncalc.claims.decimals import decimal_number

    if value is None:
        return None
    number = decimal_number(str(value))
    if number is None:
        raise CnncalcError(Fault(f"`{name}`: `{str(value)[:40]}` is no number", help="such as 8 or 0.25"))
    return number


@known_keywords
def variable(
    net: NetLike | Net,
    name: str,
    *,
    want: str | Sequence[str],
    low: float | str | None = None,
    high: float | str | None = None,
    step: float | str | None = None,
    dtype: str = "float32",
    amp: str | None = None,
    optimizer: str = "sgd",
    batch: int = 1,
    input: InputLike | None = None,
    set: Mapping[str, object] | None = None,  # noqa: A002 - as the option is called
    dialect: str | None = None,
    freeze: str | Sequence[str] = (),
) -> Answer[VariableAnswer]:
    """The values of a file's variable at which the net is as wanted: `cnncalc solve variable`.

    Those from `low` to `high` by `step` are tried. Raises CnncalcError where there is no such variable.
    """
    from cnncalc.pages.solving.searches import variable_page
    from cnncalc.solve.asking import parse_wants
    from cnncalc.solve.inputs.variables import solve_variable

    wants = parse_wants([want] if isinstance(want, str) else list(want))
    bounds = (_decimal("low", low), _decimal("high", high), _decimal("step", step))
    path, options = reread(net, input=input, set=set, dialect=dialect, freeze=freeze, batch=batch)
    found = solve_variable(path, name, options, type_of(dtype, amp), wants, bounds, None, optimizer)
    return Answer(found, path, variable_page)


@known_keywords
def file(
    net: NetLike | Net,
    *,
    want: str | Sequence[str] = (),
    minimize: str | None = None,
    maximize: str | None = None,
    dtype: str = "float32",
    amp: str | None = None,
    batch: int = 1,
    input: InputLike | None = None,
    set: Mapping[str, object] | None = None,  # noqa: A002 - as the option is called
    dialect: str | None = None,
    freeze: str | Sequence[str] = (),
) -> Answer[FileAnswer]:
    """The numbers of a file that are `?`, so that the net is as wanted: `cnncalc solve file`."""
    from cnncalc.pages.solving.searches import file_page
    from cnncalc.solve.asking import parse_wants
    from cnncalc.solve.figures import FIGURES
    from cnncalc.solve.files.answer import Goal, solve_file

    figure = maximize or minimize
    if maximize and minimize:
        raise CnncalcError(Fault("`maximize` and `minimize` cannot be had together", help="take one of the two back"))
    if figure and figure not in FIGURES:
        raise CnncalcError(Fault(f"there is no figure `{figure[:60]}`", help=f"there are {', '.join(FIGURES)}"))
    goal = Goal(figure, maximize is not None) if figure else None
    wants = parse_wants([want] if isinstance(want, str) else list(want))
    path, options = reread(net, input=input, set=set, dialect=dialect, freeze=freeze, batch=batch)
    return Answer(solve_file(path, options, type_of(dtype, amp), wants, goal, None), path, file_page)
