"""The options that every command which takes a net has, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.analysis.dtypes import HALVES, SPELT_HALVES, with_amp
from cnncalc.claims.quantities import parse_quantity
from cnncalc.cli import completing, listings
from cnncalc.cli.program.declared import Parameters, argument, option
from cnncalc.errors import CnncalcError, Fault
from cnncalc.forms import FORMS
from cnncalc.graph.formats import meant
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.roofline import Device
    from cnncalc.language.options import Options

__all__ = [
    "Wanted",
    "amp_option",
    "assignments",
    "convention_option",
    "device_of",
    "device_option",
    "file_option",
    "format_option",
    "functions_option",
    "net_argument",
    "net_options",
    "optimizer_option",
    "output_options",
    "runtime_option",
    "separated",
    "view_options",
    "wanted",
]

FORMS_BY_NAME = [form.name for form in FORMS]


class Wanted(NamedTuple):
    """What the options of a command line say."""

    options: Options
    dtype: str


net_argument = argument("net", metavar="NET", listing=listings.variables, shell_complete=completing.nets)

_NET_OPTIONS = (
    option(
        "--input", "input_", metavar="SHAPE", once="; several inputs are one option, as `--input {0}`",
        help="Input shape in place of the file's, as 3x320x320; of several inputs a=3x64x64,b=3x64x64.",
    ),
    option("--batch", metavar="N", default="1", show_default=True, help="Images in a batch."),
    option(
        "--set", "set_", metavar="NAME=VALUE", multiple=True, shell_complete=completing.variables,
        listing=listings.variables,
        help="Give a variable of the file another value; `--set help` lists them. May be repeated.",
    ),
    option(
        "--dialect", metavar="NAME", shell_complete=completing.dialects, listing=listings.dialects,
        help="Whose rules hold: torch, keras, caffe, paddle, onnx, ncnn, flax, mlx, tinygrad or mindspore.",
    ),
    option(
        "--freeze", metavar="PATTERN", multiple=True, shell_complete=completing.layers,
        help="Freeze the layers of that name or pattern, as 'features.*', or all others, as '!fc'. May be repeated.",
    ),
    option(
        "--checkpoint", metavar="PATTERN", multiple=True, shell_complete=completing.groups,
        help="Groups that run again in the pass backward in place of being kept, as 'layer*'. May be repeated.",
    ),
    option(
        "--sparsity", metavar="PATTERN=SHARE", multiple=True, shell_complete=completing.groups,
        help="Weights that are zero, as 'features.*=0.5', or 'fc=2:4': nonzeros, and bytes without them. "
        "May be repeated.",
    ),
    option(
        "--shard", metavar="HOW:RANKS", default="", shell_complete=completing.shardings, listing=listings.shardings,
        help="Ranks that train together, as zero2:8: what each holds is rank_bytes; `--shard help` lists the ways.",
    ),
    option(
        "--accumulate", metavar="N", default="1", show_default=True,
        help="Batches whose gradients a step of training adds up: step_flops counts all, bytes are those of one.",
    ),
    option(
        "--train/--eval", default=False,
        help="Count train-only side branches, or leave them out.  [default: eval]",
    ),
    option(
        "--opaque", is_flag=True, help="Of a foreign file: what is not known is a layer of the shape that it declares."
    ),
    option(
        "--dtype", metavar="[PATTERN=]TYPE", multiple=True, shell_complete=completing.dtypes, listing=listings.dtypes,
        help="Type of a number in memory, or of some layers, as 'classifier.*=int8'; `--dtype help` lists those of "
        "layers. May be repeated.  [default: float32]",
    ),
    option(
        "--limit", metavar="NAME=N", multiple=True, shell_complete=completing.limits, listing=listings.limits,
        help="Raise a bound on what a file may ask for, as layers=400k; `--limit help` lists them. May be repeated.",
    ),
    option(
        "--trust", is_flag=True, help="Let the file extend files outside its folder, by `..` or an absolute path."
    ),
)  # fmt: skip

amp_option = option(
    "--amp",
    choices=HALVES,
    aliases=SPELT_HALVES,
    help="Automatic mixed precision: memory as torch.autocast keeps it on CUDA, computing in that type; parameters, "
    "gradients and optimizer state stay float32.",
)


format_option = option(
    "--format",
    "format_",
    metavar="FORM",
    choices=FORMS_BY_NAME,
    aliases={"text": "plain"},  # what `kinds` called it once
    help=f"What to print: {', '.join(FORMS_BY_NAME)}.  [default: what the name of the file says, else table]",
)
file_option = option(
    "-o",
    "--output",
    "file",
    metavar="FILE",
    file=True,
    help="Write there, over what is there, not to standard output.",
)
_OUTPUT_OPTIONS = (format_option, file_option)

optimizer_option = option(
    "--optimizer",
    metavar="NAME",
    default="sgd",
    show_default=True,
    shell_complete=completing.optimizers,
    listing=listings.optimizers,
    help="Whose state the training bytes count, as adamw; `--optimizer help` lists them.",
)

runtime_option = option(
    "--runtime",
    metavar="NAME",
    shell_complete=completing.runtimes,
    listing=listings.runtimes,
    help="The sizes that a runtime makes, as openvino, beside the dialect's; `--runtime help` lists them.",
)

device_option = option(
    "--device",
    metavar="NAME|FILE",
    shell_complete=completing.devices,
    listing=listings.devices,
    help="A device, for the least time on it or its memory: `--device help` lists them, FILE.yaml is your own.",
)

functions_option = option(
    "--functions",
    metavar="PATTERN",
    multiple=True,
    shell_complete=completing.layers,
    help="Layers that are called as functions, which some tools do not see. May be repeated.",
)

convention_option = option(
    "--convention",
    metavar="NAME",
    shell_complete=completing.conventions,
    listing=listings.conventions,
    help="Count as that tool does: torch, fvcore, thop, ultralytics-thop, ptflops, ptflops-aten, torchinfo, "
    "torchscan, torchprofile, calflops, deepspeed, onnx-tool, paddle, paper.",
)
_VIEW_OPTIONS = (
    option(
        "--columns",
        metavar="A,B,…",
        shell_complete=completing.columns,
        listing=listings.columns,
        help="Columns to show, behind the names; `--columns help` lists them.",
    ),
    option("--sort", metavar="COLUMN", shell_complete=completing.columns, help="Sort by that column, largest first."),
    option("--depth", metavar="N", least=1, help="Fold what lies deeper than N levels of names."),
    convention_option,
    option(
        "--style",
        choices=("keras", "keras-nested", "keras-sequential", "paddle", "torchinfo", "torchsummary"),
        help="Print the table as that tool does: its rows, names, totals and MB.",
    ),
    functions_option,
    device_option,
    optimizer_option,
)


net_options = Parameters(_NET_OPTIONS)
output_options = Parameters(_OUTPUT_OPTIONS)
view_options = Parameters(_VIEW_OPTIONS)


def device_of(given: dict[str, Any]) -> Device | None:
    """The device that is asked for. Raises CnncalcError for one that there is not."""
    if given["device"] is None:
        return None
    from cnncalc.tools.devices import device_named

    return device_named(given["device"])


def separated(texts: Sequence[str]) -> list[str]:
    """Each `name=value` of texts that may hold several: a comma stands before the next name.

    >>> separated(["params=1M,macs=2G", "kernel=3,5"])
    ['params=1M', 'macs=2G', 'kernel=3,5']
    """
    from re import split

    return [one for text in texts for one in split(r",(?=\s*[^\W\d]\w*\s*=)", text)]


def assignments(option: str, texts: Sequence[str]) -> dict[str, str]:
    """`name=value` texts of an option that may be repeated. Raises CnncalcError with all that are not of that form."""
    values: dict[str, str] = {}
    faults = []
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not (name and equals):
            faults.append(
                Fault(f"{option} {text}: a name and a value are expected", help=f"write `{option} NAME=VALUE`")
            )
        elif name in values:
            given = f"{values[name]} and {value.strip()}"
            faults.append(Fault(f"{option} {name} is given twice", values=given, help="keep one of the two"))
        values[name] = value.strip()
    if faults:
        raise CnncalcError(faults)
    return values


def quantity(option: str, text: str, least: int = 0, *, in_bytes: bool = False) -> int:
    """The number that an option is given. Raises CnncalcError that names the option."""
    try:
        value = parse_quantity(text, in_bytes=in_bytes)
    except CnncalcError as error:
        raise CnncalcError([fault._replace(message=f"{option}: {fault.message}") for fault in error.faults]) from None
    if value < least:
        raise CnncalcError(Fault(f"{option}: {value} is too small", help=f"the smallest is {least}"))
    return value


def _limits(texts: Sequence[str]) -> Any:
    from cnncalc.limits import raised

    given = assignments("--limit", texts)
    raised(dict.fromkeys(given, 0), "--limit")  # a name that there is not comes before a number that is none
    return raised({name: quantity(f"--limit {name}", text, least=1) for name, text in given.items()}, "--limit")


def wanted(given: dict[str, Any]) -> Wanted:
    """What the shared options come to. Raises CnncalcError."""
    from cnncalc.language.options import Options

    dtype, types = _dtypes(given["dtype"])
    options = Options(
        input=given["input_"],
        batch=quantity("--batch", given["batch"], least=1),
        variables=assignments("--set", given["set_"]),
        dialect=given["dialect"],
        freeze=tuple(given["freeze"]),
        checkpoint=tuple(given["checkpoint"]),
        types=types,
        sparsity=tuple(assignments("--sparsity", given["sparsity"]).items()),
        shard=given["shard"],
        accumulate=quantity("--accumulate", given["accumulate"], least=1),
        train=given["train"],
        opaque=given["opaque"],
        limits=_limits(given["limit"]),
        trust=given["trust"],
    )
    amp = given.get("amp")
    return Wanted(options, dtype if amp is None else with_amp(amp, dtype))


def _dtypes(texts: Sequence[str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The type of the net, and those of some layers by pattern. Raises CnncalcError for two types of the net."""
    plain = [text for text in texts if "=" not in text]
    if len(plain) > 1:
        help = "keep one of them; for some layers write a pattern before it, as --dtype 'classifier.*=int8'"
        raise CnncalcError(Fault(f"--dtype is given {len(plain)} times: {' and '.join(plain)[:80]}", help=help))
    pairs = [text.rpartition("=") for text in texts if "=" in text]
    types = tuple([(pattern.strip(), name.strip()) for pattern, _, name in pairs])
    return meant(plain[0]) if plain else "float32", types
