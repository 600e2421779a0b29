"""Any net that Python may hand over: a name, a path, a text, a mapping, an open file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import IO, TYPE_CHECKING, TypeAlias, Union

from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.options import Options
from cnncalc.limits import raised
from cnncalc.notation.shapes import has_symbols

if TYPE_CHECKING:
    from cnncalc.answers.report import Report
    from cnncalc.answers.roofline import Device

__all__ = [
    "DeviceLike",
    "InputLike",
    "NetLike",
    "device_of",
    "on_device",
    "options_of",
    "source_of",
    "type_of",
    "written",
]

NetLike: TypeAlias = Union[str, "PathLike[str]", Mapping[str, object], IO[str], IO[bytes]]
"""A bundled net's name, a path, YAML text (with a line end in it), the same as a mapping, or an open file."""


InputLike: TypeAlias = str | Sequence[int] | Mapping[str, object]
"""A shape without the batch: `3x224x224`, (3, 224, 224), or a mapping of the inputs' names to theirs."""


DeviceLike: TypeAlias = Union[str, "PathLike[str]"]
"""A bundled device's name, or the path of a device's file."""


def options_of(
    *,
    input: InputLike | None = None,
    set: Mapping[str, object] | None = None,  # noqa: A002 - as the option is called
    dialect: str | None = None,
    freeze: str | Sequence[str] = (),
    checkpoint: str | Sequence[str] = (),
    dtypes: Mapping[str, str] | None = None,
    sparsity: Mapping[str, object] | None = None,
    shard: str = "",
    accumulate: int = 1,
    train: bool = False,
    opaque: bool = False,
    limits: Mapping[str, int] | None = None,
    batch: int = 1,
    trust: bool = False,
) -> Options:
    """The options that keywords come to, as those of the command line. Raises CnncalcError."""
    shape = None if input is None else _shape(input)
    small = [name for name, value in (limits or {}).items() if value < 1]
    if small:
        raise CnncalcError([Fault(f"the bound `{name[:60]}` is too small", help="the smallest is 1") for name in small])
    return Options(
        input=shape,
        batch=batch,
        variables={name: written(value) for name, value in (set or {}).items()},
        dialect=dialect,
        freeze=(freeze,) if isinstance(freeze, str) else tuple(freeze),
        checkpoint=(checkpoint,) if isinstance(checkpoint, str) else tuple(checkpoint),
        types=tuple((dtypes or {}).items()),
        sparsity=tuple((pattern, str(share)) for pattern, share in (sparsity or {}).items()),
        shard=shard,
        accumulate=accumulate,
        train=train,
        opaque=opaque,
        limits=raised(limits or {}),
        symbols=shape is not None and has_symbols(shape),
        trust=trust,
    )


def _shape(input: object) -> str:
    """A shape, or those of several inputs, as `--input` takes them. Raises CnncalcError."""
    if isinstance(input, str):
        return input
    if isinstance(input, Mapping) and input:
        return ",".join(f"{name}={_shape(shape)}" for name, shape in input.items())
    if isinstance(input, (list, tuple)) and input and all(isinstance(one, (int, str)) for one in input):
        return "x".join(map(str, input))
    empty = isinstance(input, (Mapping, list, tuple)) and not input
    message = "`input` is empty" if empty else f"`input` cannot be {type(input).__name__}"
    help = 'give "3x224x224", (3, 224, 224), or a mapping of names to such shapes'
    raise CnncalcError(Fault(message, help=help))


def written(value: object) -> str:
    """A value of a variable as `--set` takes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def type_of(dtype: str, amp: str | None) -> str:
    """A type of numbers, or what automatic mixed precision makes of it. Raises CnncalcError."""
    from cnncalc.analysis.dtypes import with_amp
    from cnncalc.graph.formats import meant

    return meant(dtype) if amp is None else with_amp(amp, meant(dtype))


def source_of(net: NetLike) -> str:
    """The name or path of a net, or what stands for one that is a text: it can be read again and again.

    Raises CnncalcError for what is no net.
    """
    from cnncalc.language import given_text

    if isinstance(net, Mapping):
        from json import dumps

        try:
            return given_text(dumps(net), "<mapping>")
        except (TypeError, ValueError, RecursionError) as error:
            help = "use text, numbers, lists and mappings, as in a file"
            raise CnncalcError(Fault(f"the mapping is no net: {error}", help=help)) from None
    if isinstance(net, PathLike):
        return fspath(net)
    if isinstance(net, str):
        return given_text(net, "<text>") if "\n" in net else net
    read = getattr(net, "read", None)
    if read is None:
        message = f"a net cannot be of the type `{type(net).__name__}`"
        raise CnncalcError(Fault(message, help="give a name, a path, YAML text, a mapping or an open file"))
    content = read()
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
    return given_text(text, "<text>")


def device_of(given: DeviceLike | None) -> Device | None:
    """The device; None where none is given. Raises CnncalcError for one that there is not."""
    if given is None:
        return None
    from cnncalc.tools.devices import device_named

    return device_named(fspath(given))


def on_device(report: Report, given: DeviceLike | None, dtype: str) -> Report:
    """The report with its least time on the device, or as it is without one. Raises CnncalcError."""
    if given is None:
        return report
    from cnncalc.tools import devices

    return devices.on_device(report, fspath(given), dtype)
