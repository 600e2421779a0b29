"""The formats that are read: how each is recognised, by content, and where its reader is. One line a format."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from cnncalc.errors import CnncalcError
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.refusing import is_yaml
from cnncalc.records import NamedTuple

__all__ = ["FORMATS", "Format", "recognised"]


class Format(NamedTuple):
    """One format. `reader` is `module:function` below `cnncalc.interchange`, imported when a file of it is met."""

    name: str
    recognise: Callable[[ForeignFile], bool]
    reader: str

    def read(self, *arguments: Any) -> Any:
        """What the reader makes of a file, see `cnncalc.interchange.sketch`."""
        module, _, function = self.reader.partition(":")
        return getattr(import_module(f"cnncalc.interchange.{module}"), function)(*arguments)


def matches(pattern: bytes) -> Callable[[ForeignFile], bool]:
    """A test whether the first bytes of a file hold a pattern."""
    return lambda file: re.search(pattern, file.head, re.MULTILINE) is not None  # compiled when a file comes so far


def is_onnx(file: ForeignFile) -> bool:
    """Whether a file is a ModelProto, even one that is cut short: every field is one that a model has."""
    if file.head[:1] not in (b"\x08", b"\x12", b"\x1a", b":", b"B"):
        return False
    from cnncalc.interchange.protobuf.wire import Message, Span

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


NUMBERS, PAYLOADS = {1, 5}, {2, 3, 4, 6, 7, 8, 14, 20, 25, 26}
"""The fields of a ModelProto, by what they hold."""


def is_prototxt(file: ForeignFile) -> bool:
    """Whether a layer of Caffe begins somewhere; YAML in braces looks alike, and its name tells it apart."""
    return not is_yaml(file) and LAYER(file)


LAYER = matches(rb"""(?:^|[\s"'};])layers?\s*:?\s*[{<]\s*(?:#|$|\w+\s*[:{<])""")

TEXT = 1 << 16
"""The bytes of a text in which a key may stand behind long comments."""


def within(pattern: bytes) -> Callable[[ForeignFile], bool]:
    """A test whether the first bytes of a text hold a pattern, more of them than `matches` looks at."""
    return lambda file: b"\0" not in file.head and re.search(pattern, file.data[:TEXT], re.MULTILINE) is not None


DIRECTORY = 1 << 20
"""The bytes at an archive's end in which the names of its members are looked for."""


def named(member: bytes, text: bytes) -> bool:
    """Whether a member of that name, and not one whose name only ends so, stands in an archive's bytes."""
    return re.search(rb"(?<![\w.-])" + re.escape(member), text) is not None


def may_be_tar(file: ForeignFile) -> bool:
    """Whether a file is a tar, packed or not; what unpacks it is imported for one that may be."""
    if not re.match(TAR, file.head):
        return False
    from cnncalc.interchange.archives import is_tar

    return is_tar(file)


def archive_with(member: bytes) -> Callable[[ForeignFile], bool]:
    """A test whether a file is a zip archive with a member whose name ends so."""
    return lambda file: file.head.startswith(b"PK\x03\x04") and named(member, file.data[-DIRECTORY:])


JSON = rb"\A(?:\xef\xbb\xbf)?(?:\s|//[^\n]*\n|#[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)*\{"
"""How JSON begins, also behind comments, which it has not: its reader says so."""
CORE_ML = matches(rb"\A\x08[\x01-\x40]\x12[\x80-\xff]{0,3}[\x00-\x7f](?:\n|[\xa2\xaa]\x01)")
"""A version, then a description that begins with an input, or with functions."""
TAR = rb"\A(?:\x1f\x8b\x08|[\s\S]{257}ustar)"
NNEF = rb"\A(?:\xef\xbb\xbf)?(?:\s|#[^\n]*\n)*version\s+\d+\.\d+\s*;[\s\S]*^[ \t]*graph\s"
"""Begun at one place alone: a search that begins at every line, and goes on past lines, takes their number's square."""
FORMATS: tuple[Format, ...] = (
    Format("Core ML", CORE_ML, "coreml.reader:read"),
    Format("Core ML", archive_with(b"com.apple.CoreML/model.mlmodel"), "coreml.reader:read_package"),
    Format("ONNX", is_onnx, "onnx.reader:read"),
    Format("TensorFlow Lite", matches(rb"\A[\s\S]{4}TFL3"), "tflite.reader:read"),
    Format(
        "PaddlePaddle", matches(JSON + rb'\s*"base_code"|\A\n[\x80-\xff]*[\x00-\x7f]\x08\x00\x10'), "paddle.reader:read"
    ),
    Format("Ultralytics", within(rb"^(backbone|head)\s*:"), "ultralytics.reader:read"),
    Format("Keras", matches(rb"\A\x89HDF\r\n\x1a\n"), "keras.reader:read"),
    Format("torch.export", archive_with(b"models/model.json"), "torch_export.reader:read"),
    Format("TorchScript", archive_with(b"data.pkl"), "torch_export.reader:refuse_script"),
    Format("Keras", archive_with(b"config.json"), "keras.reader:read"),
    Format("TensorFlow.js", matches(JSON + rb'[\s\S]*"(modelTopology|weightsManifest)"\s*:'), "tfjs.reader:read"),
    Format("Keras", matches(JSON + rb'[\s\S]*"(class_name|keras_version)"\s*:'), "keras.reader:read"),
    Format("Caffe", is_prototxt, "caffe.reader:read"),
    Format("Darknet", matches(rb"\A(?:\s*[#;][^\n]*\n)*\s*\[\s*net(?:work)?\s*\]"), "darknet.reader:read"),
    Format("OpenVINO", matches(rb"<net\s[^>]*\bversion="), "openvino.reader:read"),
    Format("ncnn", matches(rb"\A\s*7767517\s"), "ncnn.reader:read"),
    Format("NNEF", within(NNEF), "nnef.reader:read"),
    Format("NNEF", may_be_tar, "nnef.reader:read"),
    Format("pickle", matches(rb"\A\x80[\x02-\x05]"), "refusing:pickle"),
    Format("Python", matches(rb"^(?:import|from|class|def) [A-Za-z_][\w.]*(?:\s|[:(])"), "refusing:python"),
)


def recognised(file: ForeignFile) -> Format | None:
    """The format of a file, or None for what no reader knows."""
    return next((one for one in FORMATS if one.recognise(file)), None)
