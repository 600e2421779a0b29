"""The numbers that a NeuralNetwork holds inside of its layers, compared without being read: all one number, the same.

The older form has a layer that a net calls twice as two layers, each with a copy of its weights.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from cnncalc.interchange.protobuf.fields import Fields
from cnncalc.interchange.protobuf.wire import Bytes, Span

__all__ = ["FULL", "HALF", "INTEGER", "QUANTISED", "RAW", "Copies", "diagonal", "even"]

FULL, HALF, RAW, INTEGER, QUANTISED = 1, 2, 30, 31, 40
"""The fields of weights: float32, float16, bytes, int8, and how bytes are meant."""
CHUNK = 1 << 16
SAMPLE = 64
MOST_ROWS = 2_048
MOST_ALIKE = 16
"""Layers that are alike in their middle, and not the same."""
WEIGHTS = {
    100: (90, 91), 140: (20, 21), 150: (20, 21), 160: (15, 16, 17, 18), 245: (2, 5), 250: (2,), 290: (2,),
    400: (30, 31, 32), 410: (30, 31, 32, 50, 51, 52, 70, 71, 72), 420: (20,), 430: (20,), 1040: (20, 21), 1045: (8, 9),
    1070: (2,), 1350: (3, 4), 1471: (60, 61),
}  # fmt: skip
"""The fields of a layer's settings that are weights, by the field of the settings; a PReLU has its slopes deeper."""
PRELU = (130, 25, 1)
"""The settings of an activation, and the fields of its slopes."""


def even(weights: Fields) -> float | None:
    """The number that all of them are; None where they differ, are none, or are stored in bits."""
    for field, letter in ((FULL, "f"), (HALF, "e")):
        span, width = next(iter(weights.all.get(field, ())), None), struct.calcsize(letter)
        data = weights.message.data
        if isinstance(span, Span) and span.stop - span.start >= width:
            same = repeated(data, span, width)
            return float(struct.unpack(f"<{letter}", data[span.start : span.start + width])[0]) if same else None
    return None


def repeated(data: Bytes, span: Span, width: int) -> bool:
    """Whether a payload is one number of so many bytes over and over."""
    many = bytes(data[span.start : span.start + width]) * (CHUNK // width)
    return all(part == many[: len(part)] for part in chunks(data, span))


def diagonal(weights: Fields, size: int) -> bool:
    """Whether a square matrix of so many rows is ones on its diagonal and zeros beside it."""
    for field, letter in ((FULL, "f"), (HALF, "e")):
        span, width = next(iter(weights.all.get(field, ())), None), struct.calcsize(letter)
        if isinstance(span, Span) and span.stop - span.start == size * size * width and size <= MOST_ROWS:
            data, one = weights.message.data, struct.pack(f"<{letter}", 1.0)
            starts = range(span.start, span.stop, size * width)
            rows = ((at, bytes(width * row) + one + bytes(width * (size - row - 1))) for row, at in enumerate(starts))
            return all(bytes(data[at : at + size * width]) == row for at, row in rows)
    return False


def chunks(data: Bytes, span: Span) -> Iterator[bytes]:
    """A payload, some of it at a time."""
    return (bytes(data[at : min(at + CHUNK, span.stop)]) for at in range(span.start, span.stop, CHUNK))


class Copies:
    """The layers that were met, of which later ones may be copies."""

    def __init__(self) -> None:
        self.met: dict[tuple[int, int, bytes], list[tuple[str, Bytes, Span]]] = {}
        self.tensors: list[tuple[str, Bytes, Span]] = []
        """Tensors that are layers by themselves, such as tables, and where their numbers lie."""

    def owner(self, name: str, number: int, settings: Fields) -> str:
        """The name of the first layer with the same settings and the same weights; that of the layer itself.

        Weights each of which is one number over and over, as those of a fresh norm, may be those of any layer.
        """
        data, span = settings.message.data, settings.message.span
        if not learned(number, settings):
            return name
        middle = (span.start + span.stop) // 2
        sample = bytes(data[middle : min(middle + SAMPLE, span.stop)])
        same = self.met.setdefault((number, span.stop - span.start, sample), [])
        for first, whose, other in same:
            if all(a == b for a, b in zip(chunks(data, span), chunks(whose, other))):
                return first
        if len(same) < MOST_ALIKE:
            same.append((name, data, span))
        return name

    def keep(self, name: str, weights: Fields) -> None:
        """Note a tensor that a matrix may be, too."""
        for span in (*weights.all.get(FULL, ()), *weights.all.get(HALF, ())):
            if isinstance(span, Span) and len(self.tensors) < MOST_ALIKE:
                self.tensors.append((name, weights.message.data, span))

    def tensor(self, weights: Fields) -> str:
        """The name of the tensor with the same numbers; empty where there is none."""
        data = weights.message.data
        for span in (*weights.all.get(FULL, ()), *weights.all.get(HALF, ())):
            for name, whose, other in self.tensors if isinstance(span, Span) else ():
                alike = span.stop - span.start == other.stop - other.start
                if alike and all(a == b for a, b in zip(chunks(data, span), chunks(whose, other))):
                    return "" if repeated(data, span, 4) else name
        return ""


def learned(number: int, settings: Fields) -> bool:
    """Whether a layer has weights that no other layer has by chance."""
    blobs = [settings.part(field) for field in WEIGHTS.get(number, ())]
    if number == PRELU[0]:
        blobs = [settings.part(PRELU[1]).part(PRELU[2])]
    spans = [
        (blob.message.data, span, 2 if field == HALF else 4)
        for blob in blobs
        for field, values in blob.all.items()
        for span in values
        if isinstance(span, Span) and field != QUANTISED
    ]
    return any(not repeated(*one) for one in spans)
