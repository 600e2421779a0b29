"""Device files: a title, a source, peaks, and where they are known a bandwidth and a memory. All faults at once."""

from __future__ import annotations

from cnncalc.answers.roofline import Device
from cnncalc.claims.quantities import parse_quantity
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph.formats import DTYPES, meant
from cnncalc.language.yaml.reader import Mapping, Scalar, YamlNode, read

__all__ = ["read_device", "read_table"]

KEYS = ("title", "source", "peak", "bandwidth", "memory")
EXAMPLE = "such as {title: My board, peak: {float32: 153.6G}, bandwidth: 17.1GB, memory: 8GiB}"
MOST = 10**21
"""More operations or bytes a second than any machine has."""


def read_device(data: bytes, file: str, name: str) -> Device:
    """The one device of a file. Raises CnncalcError."""
    reading = _Reading()
    device = reading.device(name, read(data, file))
    if reading.faults or device is None:
        raise CnncalcError(reading.faults)
    return device


def read_table(data: bytes, file: str) -> dict[str, Device]:
    """Devices by name. Raises CnncalcError."""
    root = read(data, file)
    assert isinstance(root, Mapping)
    reading = _Reading()
    found = {name: reading.device(name, node) for name, (_, node) in root.entries.items()}
    if reading.faults:
        raise CnncalcError(reading.faults)
    return {name: device for name, device in found.items() if device is not None}


class _Reading:
    """Reads devices and collects what is wrong with them."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def device(self, name: str, node: YamlNode) -> Device | None:
        """One device; None where it is none at all."""
        if not isinstance(node, Mapping):
            self.faults.append(Fault("a device is a mapping", node.place(), help=EXAMPLE))
            return None
        for key, (where, _) in node.entries.items():
            if key not in KEYS:
                help = suggestion(key, KEYS, f"it has {', '.join(KEYS)}")
                self.faults.append(Fault(f"a device has no `{key[:60]}`", where.place(), help=help))
        if "peak" not in node.entries:
            self.faults.append(Fault("a device needs its `peak`", node.place(), help=EXAMPLE))
        texts = {key: self._text(key, node) for key in ("title", "source")}
        return Device(
            name,
            texts["title"] or name,
            texts["source"],
            self._peaks(node.entries["peak"][1]) if "peak" in node.entries else {},
            *[self._quantity(key, node.entries[key][1]) if key in node.entries else None for key in KEYS[3:]],
        )

    def _text(self, key: str, node: Mapping) -> str:
        value = node.entries[key][1] if key in node.entries else None
        if value is not None and not isinstance(value, Scalar):
            self.faults.append(Fault(f"`{key}` is a text", value.place(), help=EXAMPLE))
        return value.text if isinstance(value, Scalar) else ""

    def _peaks(self, node: YamlNode) -> dict[str, int]:
        """Operations a second by type."""
        if not isinstance(node, Mapping) or not node.entries:
            self.faults.append(Fault("`peak` is operations a second by type", node.place(), help=EXAMPLE))
            return {}
        found = {}
        for said, (key, value) in node.entries.items():
            dtype = meant(said)
            if dtype not in DTYPES:
                help = suggestion(dtype, DTYPES, f"the types are {', '.join(DTYPES)}")
                self.faults.append(Fault(f"there is no type `{dtype[:60]}`", key.place(), help=help))
            found[dtype] = self._quantity(f"peak {dtype[:60]}", value, in_bytes=False) or 0
        return found

    def _quantity(self, what: str, node: YamlNode, *, in_bytes: bool = True) -> int | None:
        """A whole number from 1, as people write it; None, with a fault, where it is none."""
        text = node.text.replace("_", "") if isinstance(node, Scalar) else ""
        try:
            value = parse_quantity(text, in_bytes=in_bytes)
        except CnncalcError as error:
            fault = error.faults[0]
            self.faults.append(fault._replace(message=f"`{what}`: {fault.message}", place=node.place()))
            return None
        if not 0 < value <= MOST:
            message = f"`{what}` is a number from 1 to 10²¹"
            self.faults.append(Fault(message, node.place(), help=EXAMPLE))
            return None
        return value
