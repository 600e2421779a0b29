"""A report as the JSON contract names its parts: sizes are whole numbers, or text where they are symbolic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.figures import OF_LAYERS
from cnncalc.answers.page import Each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.counting import Counting
    from cnncalc.answers.report import ReceptiveField, Report, Row
    from cnncalc.answers.roofline import Bound, Roofline

__all__ = ["bound_object", "counting_object", "layer_object", "object_of"]


def _size(value: object) -> int | str:
    return value if isinstance(value, int) else str(value)


def _shape(shape: Sequence[object]) -> list[int | str]:
    return [_size(value) for value in shape]


def layer_object(row: Row) -> dict[str, object]:
    """One layer, as the contract names its parts."""
    return {
        "name": row.name,
        "kind": row.kind,
        "notation": row.notation,
        "from": list(row.inputs),
        "input_shapes": [_shape(shape) for shape in row.input_shapes],
        "output_shape": _shape(row.output_shape),
        **{key: _size(getattr(row, key)) for key in OF_LAYERS},
        "receptive_field": _field(row.receptive_field),
        "line": row.line,
        **({"origin": row.origin} if row.origin else {}),
    }


def _field(field: ReceptiveField) -> dict[str, object]:
    """Size, stride and padding an axis; `null` with a note where the pixels see regions of no one size.

    Of a net with several inputs it is that on the first which reaches the layer, and `inputs` has that on each.
    """
    more = {"inputs": {name: _field(one) for name, one in field.inputs}} if field.inputs else {}
    if field.note or not field.size:
        return {"size": None, "stride": None, "padding": None, "note": field.note, **more}
    return {**{key: _shape(getattr(field, key)) for key in ("size", "stride", "padding")}, **more}


def object_of(report: Report) -> dict[str, object]:
    """The report as the contract names its parts."""
    return {
        "name": report.name,
        "source": report.source,
        "dialect": report.dialect,
        "input": {name: _shape(shape) for name, shape in report.inputs.items()},
        "layers": Each(report.layers, lambda row: _layer(row, report)),
        "outputs": {name: _shape(shape) for name, shape in report.outputs.items()},
        "totals": {key: _size(value) for key, value in report.totals._asdict().items()},
        **({"amp": report.amp} if report.amp else {}),
        **({"dtypes": dict(report.types)} if report.types else {}),
        **({"shard": {"by": report.sharding[0], "ranks": report.sharding[1]}} if report.sharding[0] else {}),
        **({"accumulate": report.accumulate} if report.accumulate > 1 else {}),
        **({"checkpoints": list(report.checkpoints)} if report.checkpoints else {}),
        **({"device": _roofline(report.roofline)} if report.roofline else {}),
        **({"convention": counting_object(report.counting)} if report.counting else {}),
    }


def _layer(row: Row, report: Report) -> dict[str, object]:
    """A layer with what its report has besides: a convention's count, its least time on a device."""
    counted = {"counted": row.counted} if report.counting else {}
    bound = {"bound": bound_object(row.bound)} if row.bound else {}
    return layer_object(row) | counted | bound


def bound_object(bound: Bound) -> dict[str, object]:
    """Whole picoseconds, cut off, so that they stay a bound."""
    return {
        "flops": bound.flops,
        "moved_bytes": bound.moved,
        "by": bound.by or None,
        "picoseconds": int(bound.seconds * 10**12),
    }


def _roofline(roofline: Roofline) -> dict[str, object]:
    device = roofline.device
    said = {"name": device.name, "title": device.title, "source": device.source, "peak": device.peak[roofline.dtype]}
    more = {"bandwidth": device.bandwidth, "memory": device.memory, "bound": bound_object(roofline.total)}
    return {**said, "dtype": roofline.dtype, **more}


def counting_object(counting: Counting) -> dict[str, object]:
    """A net as a convention counts it; each layer's own count stands with the layer."""
    convention = counting.convention
    return {
        "name": convention.name,
        "tool": convention.tool,
        "unit": convention.unit,
        "total": counting.total,
        "partial": bool(counting.unknown),
        "not_counted": counting.unknown,
        "leaves_out": convention.leaves_out,
        "mistakes": counting.bugs,
    }
