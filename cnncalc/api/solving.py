"""The inverse problems, asked from Python: `cnncalc.solve.conv(input=224, output=112, kernel=7, stride=2)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from cnncalc.api.answers import Answer
from cnncalc.api.keywords import known_keywords
from cnncalc.api.loading import options_of
from cnncalc.api.nets import Net, load, named
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from os import PathLike

    from cnncalc.answers.solutions import InputAnswer, LayerAnswer
    from cnncalc.solve.file.answer import FileAnswer
    from cnncalc.solve.inputs.batches import BatchAnswer
    from cnncalc.solve.inputs.variables import VariableAnswer

__all__ = ["batch_size", "conv", "deconv", "file", "input_size", "pool", "variable"]

Numbers: TypeAlias = "int | Sequence[int] | str | None"
UNKNOWN = ("padding", "output", "input", "kernel", "stride", "dilation", "output_padding")
"""What is looked for where several numbers are left out: the first that is not given."""


def _solved(kind: str, given: dict[str, Any], dialect: str, rounding: str | None, unknown: str | None) -> Answer[Any]:
    from cnncalc.layers.fields import Border, FieldError, PerAxis
    from cnncalc.pages.solving.solutions import page
    from cnncalc.solve.layer.answer import LayerProblem, solve_layer

    usual = {"stride": (), "dilation": (1,), "output_padding": ()}
    left_out = [name for name in UNKNOWN if name in given and given[name] is None and name not in usual]
    what = unknown or (left_out[0] if left_out else "")
    if not what:
        raise CnncalcError(Fault("nothing is left out", help='leave out one number, or name it: `unknown="stride"`'))
    values: dict[str, Any] = {}
    faults = []
    for name, value in given.items():
        if name == what:
            continue
        if value is None:
            if name in usual:
                values[name] = usual[name]
                continue
            faults.append(Fault(f"`{name}` is missing", help="one number is found where all the others are given"))
            continue
        kind_of = Border() if name == "padding" else PerAxis(0 if name == "output_padding" else 1)
        try:
            values[name] = kind_of.read(value)
        except FieldError as error:
            faults.append(Fault(f"`{name}`: {error.rule}", help=error.help))
    if faults:
        raise CnncalcError(faults)
    problem = LayerProblem(kind, what.replace("_", "-"), dialect=dialect, rounding=rounding, **values)
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
    given = {"input": input, "output": output, "kernel": kernel, "stride": stride, "padding": padding,
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
    given = {"input": input, "output": output, "kernel": kernel, "stride": stride, "padding": padding,
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
    given = {"input": input, "output": output, "kernel": kernel, "stride": stride, "padding": padding,
             "dilation": dilation, "output_padding": output_padding}  # fmt: skip
    return _solved("deconv", given, dialect, None, unknown)


@known_keywords
def input_size(
    net: str | PathLike[str],
    *,
    output: str | None = None,
    same_weights: bool = False,
    strict: bool = False,
    where: Sequence[str] = (),
    low: int | None = None,
    high: int | None = None,
    set: Mapping[str, object] | None = None,  # noqa: A002 - as the option is called
) -> Answer[InputAnswer]:
    """Every input size that a net takes, exact and complete: `cnncalc solve input-size`."""
    from cnncalc.pages.solving.input_sizes import page
    from cnncalc.solve.inputs.sizes import InputWants, solve_input

    options = options_of(input=None, set=set, dialect=None, freeze=(), train=False, opaque=False, limits=None)
    wants = InputWants(output, same_weights, strict, tuple(where), low, high)
    return Answer(solve_input(named(net), options, wants), named(net), page)


@known_keywords
def batch_size(
    net: str | PathLike[str] | Net, *, memory: int | str, optimizer: str | None = None, dtype: str = "float32"
) -> Answer[BatchAnswer]:
    """The largest batch that fits in a memory, as `24GiB`: `cnncalc solve batch-size`."""
    from cnncalc.claims.quantities import parse_quantity
    from cnncalc.pages.solving.searches import batch_page
    from cnncalc.solve.inputs.batches import solve_batch

    held = net if isinstance(net, Net) else load(net)
    room = memory if isinstance(memory, int) else parse_quantity(memory, in_bytes=True)
    return Answer(solve_batch(held, room, dtype, optimizer), held.name, batch_page)


@known_keywords
def variable(
    net: str | PathLike[str], name: str, *, want: str | Sequence[str], dtype: str = "float32"
) -> Answer[VariableAnswer]:
    """The values of a file's variable at which the net is as wanted: `cnncalc solve variable`."""
    from cnncalc.language.options import Options
    from cnncalc.pages.solving.searches import variable_page
    from cnncalc.solve.asking import parse_wants
    from cnncalc.solve.inputs.variables import solve_variable

    wants = parse_wants([want] if isinstance(want, str) else list(want))
    found = solve_variable(named(net), name, Options(), dtype, wants, (None, None, None), None)
    return Answer(found, named(net), variable_page)


@known_keywords
def file(
    net: str | PathLike[str],
    *,
    want: str | Sequence[str] = (),
    minimize: str | None = None,
    maximize: str | None = None,
    dtype: str = "float32",
) -> Answer[FileAnswer]:
    """The numbers of a file that are `?`, so that the net is as wanted: `cnncalc solve file`."""
    from cnncalc.language.options import Options
    from cnncalc.pages.solving.searches import file_page
    from cnncalc.solve.asking import parse_wants
    from cnncalc.solve.file.answer import Goal, solve_file

    figure = maximize or minimize
    goal = Goal(figure, maximize is not None) if figure else None
    wants = parse_wants([want] if isinstance(want, str) else list(want))
    return Answer(solve_file(named(net), Options(), dtype, wants, goal, None), named(net), file_page)
