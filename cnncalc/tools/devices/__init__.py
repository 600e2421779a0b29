"""Devices and what they can do at most: a table with its sources, and files of the same form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault, suggestion

if TYPE_CHECKING:
    from cnncalc.answers.report import Report
    from cnncalc.answers.roofline import Device

__all__ = ["device_named", "devices", "memory_of", "on_device"]

MOST_BYTES = 1_000_000
"""Of a device's file."""


def devices() -> dict[str, Device]:
    """The bundled devices by name."""
    from pathlib import Path

    from cnncalc.tools.devices.reading import read_table

    file = Path(__file__).with_name("table.yaml")
    return read_table(file.read_bytes(), str(file))


def device_named(name: str) -> Device:
    """The bundled device of that name, or that of a file. Raises CnncalcError, for a file with all its faults."""
    if name.endswith((".yaml", ".yml")):
        from pathlib import Path

        from cnncalc.tools.devices.reading import read_device

        file = Path(name)
        if not file.is_file():
            raise CnncalcError(
                Fault(f"--device: there is no file `{name[:200]}`", help="docs/devices.md has an example")
            )
        if file.stat().st_size > MOST_BYTES:
            message = f"--device: `{name[:200]}` has {file.stat().st_size:,} bytes, and a device takes a few hundred"
            raise CnncalcError(Fault(message, help="docs/devices.md has an example"))
        return read_device(file.read_bytes(), name, file.stem)
    known = devices()
    wanted = name.strip().lower().replace("_", "-").replace(" ", "-")
    if wanted not in known:
        help = suggestion(wanted, known, f"there are {', '.join(known)}; a file of your own ends in .yaml")
        raise CnncalcError(Fault(f"there is no device `{name[:60]}`", help=help))
    return known[wanted]


def memory_of(device: str | None, *, said: bool) -> int | None:
    """The bytes that a device has; None where it is `said` how many there are.

    Raises CnncalcError where there are two answers or none, and where nobody knows the device's.
    """
    if said == (device is not None):
        message = "the memory is given twice" if said else "how much memory is there?"
        raise CnncalcError(Fault(message, help="write `--memory 24GiB`, or `--device a100`"))
    if device is None:
        return None
    found = device_named(device)
    if found.memory is None:
        help = "say how much is there, as `--memory 8GiB`"
        raise CnncalcError(Fault(f"the memory of {found.title} is not known", help=help))
    return found.memory


def on_device(report: Report, name: str, dtype: str) -> Report:
    """The report with its least time on a device. Raises CnncalcError for one that there is not or lacks the type."""
    from cnncalc.analysis.roofline import bounded

    return bounded(report, device_named(name), dtype)
