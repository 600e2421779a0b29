"""Whether bytes are an ONNX model: its fields and no others, a graph among them."""

from __future__ import annotations

from cnncalc.errors import CnncalcError
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.onnx.wire import Message, Span

__all__ = ["is_onnx"]

NUMBERS, PAYLOADS = {1, 5}, {2, 3, 4, 6, 7, 8, 14, 20, 25, 26}


def is_onnx(file: ForeignFile) -> bool:
    """Whether a file is a ModelProto, even one that is cut short: every field is one that a model has."""
    versions = graphs = 0
    try:
        for field, value in Message(file.data).fields():
            if field not in (PAYLOADS if isinstance(value, Span) else NUMBERS):
                return False
            versions += field == 1 and isinstance(value, int) and 0 < value < 1000
            graphs += field in (7, 8)
    except CnncalcError:
        return versions > 0
    return graphs > 0
