"""Constants of a graph: their shapes, and of small ones of whole numbers what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.file import ForeignFile
from cnncalc.records import NamedTuple

__all__ = ["Constant", "constants_of", "dims_of", "files_of"]

BYTES = {"float32": 4, "int32": 4, "bool": 1, "uint8": 1, "uint16": 2, "float16": 2, "complex64": 8}
MOST_NUMBERS = 64
MOST_WEIGHTS = 200_000


class Constant(NamedTuple):
    """One constant; `values` are None where they are not at hand."""

    shape: tuple[int, ...]
    whole: bool
    values: list[int] | None = None


def constants_of(root: Mapping[str, Any], nodes: Mapping[str, Any], file: ForeignFile) -> dict[str, Constant]:
    """Every constant by the name of its node, as the manifest of the weights lists them."""
    found: dict[str, Constant] = {}
    groups = root.get("weightsManifest")
    for group in groups if isinstance(groups, list) else []:
        if not isinstance(group, dict) or not isinstance(group.get("weights"), list):
            continue
        shards, offset = _Shards(group.get("paths"), file), 0
        for weight in group["weights"][:MOST_WEIGHTS]:
            shape = weight.get("shape") if isinstance(weight, dict) else None
            if not isinstance(shape, list) or not all(type(one) is int and 0 <= one < 10**9 for one in shape):
                continue
            kind = str(weight.get("dtype"))
            stored = weight.get("quantization")
            size = BYTES.get(str(stored.get("dtype")) if isinstance(stored, dict) else kind, 4)
            count = product(shape)
            values = shards.numbers(offset, count) if kind == "int32" and count <= MOST_NUMBERS else None
            offset += size * count
            found[str(weight.get("name"))] = Constant(tuple(shape), kind != "float32", values)
    for name, node in nodes.items():
        if node.kind == "Const" and name not in found:
            found[name] = _inline(node)
    return found


def files_of(root: Mapping[str, Any]) -> tuple[str, ...]:
    """The files of the weights that the manifest names."""
    groups = root.get("weightsManifest")
    listed = [group.get("paths") for group in groups if isinstance(group, dict)] if isinstance(groups, list) else []
    return tuple(one for paths in listed if isinstance(paths, list) for one in paths if isinstance(one, str))


def _inline(node: Any) -> Constant:
    """A constant that stands in the graph itself, or of which it only states the shape."""
    tensor = node.value("value", "tensor")
    shape = dims_of(tensor.get("tensorShape")) if isinstance(tensor, dict) else None
    kind = str(tensor.get("dtype")) if isinstance(tensor, dict) else ""
    values = tensor.get("intVal") if isinstance(tensor, dict) else None
    whole = all(type(one) is int for one in values) if isinstance(values, list) else False
    return Constant(tuple(shape or ()), kind not in ("DT_FLOAT", ""), values if whole else None)


def dims_of(shape: Any) -> list[int] | None:
    """The lengths of `{dim: [{size: "3"}]}`; None where they are not there."""
    dims = shape.get("dim", []) if isinstance(shape, dict) else None
    if not isinstance(dims, list):
        return None
    sizes = [str(one.get("size", "")) if isinstance(one, dict) else "" for one in dims]
    return (
        [int(size) for size in sizes]
        if all(one.removeprefix("-").isdecimal() and len(one) < 12 for one in sizes)
        else None
    )


class _Shards:
    """The files of a group of weights, which lie beside; they are one row of bytes."""

    def __init__(self, paths: Any, file: ForeignFile) -> None:
        folder = file.path.parent if file.path is not None else None
        names = [one for one in paths if isinstance(one, str)] if isinstance(paths, list) else []
        plain = [one for one in names if one and "/" not in one and "\\" not in one and not one.startswith(".")]
        self.files = [folder / one for one in plain[:1_000]] if folder is not None and plain == names else []

    def numbers(self, offset: int, count: int) -> list[int] | None:
        """Whole numbers of four bytes each; None where the files are not at hand."""
        data = b""
        for one in self.files:
            try:
                size = one.stat().st_size
                if offset < size:
                    with one.open("rb") as opened:
                        opened.seek(offset)
                        data += opened.read(4 * count - len(data))
                    offset = 0
                else:
                    offset -= size
            except OSError:
                return None
            if len(data) >= 4 * count:
                return [int.from_bytes(data[at : at + 4], "little", signed=True) for at in range(0, 4 * count, 4)]
        return [] if not count and self.files else None
