"""Files that people have and that are not read, most since that would run them: told as what they are, or are named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from cnncalc.errors import CnncalcError, Fault, Place

if TYPE_CHECKING:
    from cnncalc.interchange.file import ForeignFile
    from cnncalc.interchange.sketch import Asked

__all__ = ["YAML_SUFFIXES", "is_yaml", "misnamed", "named_as", "pickle", "python"]

EXPORTED = (
    "export it once: `torch.onnx.export(…)`, `torch.export.save(…)` or Keras's `model.save('net.keras')`; or "
    "`cnncalc.from_torch(module, x)` in Python"
)

YAML_SUFFIXES = (".yaml", ".yml")
NAMED = {
    ".caffemodel": "Caffe's weights",
    ".cfg": "a net of Darknet",
    ".h5": "a Keras model",
    ".hdf5": "a Keras model",
    ".keras": "a Keras model",
    ".mlmodel": "a Core ML model",
    ".mlpackage": "a Core ML model",
    ".nnef": "a graph in NNEF",
    ".onnx": "an ONNX model",
    ".param": "a net of ncnn",
    ".pb": "a TensorFlow graph",
    ".pdmodel": "a PaddlePaddle program",
    ".prototxt": "a net of Caffe",
    ".pt": "a file of PyTorch",
    ".pt2": "a program of torch.export",
    ".pth": "a file of PyTorch",
    ".safetensors": "weights in safetensors",
    ".tflite": "a TensorFlow Lite model",
    ".weights": "weights of Darknet",
    ".xml": "a net of OpenVINO",
}
"""What files with these suffixes are; those of JSON and YAML are of many tools, and our own."""
NO_NET = {
    ".caffemodel": "weights alone do not say the net: give the .prototxt beside them",
    ".pb": "convert it first: `python -m tf2onnx.convert --graphdef …` makes an ONNX model of it",
    ".safetensors": "weights alone do not say the net: give the net, as an ONNX model or in a YAML file",
    ".weights": "weights alone do not say the net: give the .cfg beside them",
}
"""Of formats that are not read, what to do."""
PACKED = "is compressed", "unpack it first"
MISTAKEN: dict[bytes, tuple[str, str]] = {
    rb"\A\s*(?:<!doctype html|<html)": ("is a page of the web", "fetch the file itself: that is its page, or an error"),
    rb"\Aversion https://git-lfs": ("is a pointer of Git LFS to the file", "`git lfs pull` fetches the file itself"),
    rb"\A(?:\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|\x28\xb5\x2f\xfd|Rar!)": PACKED,
    rb"^\s*(?:train_|test_)?net\s*:\s*['\"](?=[\s\S]*^\s*base_lr\s*:)": (
        "says how a net of Caffe is trained, and is none", "give the file that it names as `net`",
    ),
}  # fmt: skip
"""What is met in place of a net, by how it begins, and what to do."""


def pickle(file: ForeignFile, asked: Asked) -> NoReturn:
    """A pickle holds code that loading would run. Raises CnncalcError, always."""
    raise CnncalcError(Fault(f"`{file.name}` is a pickle, and loading one runs whatever it holds", help=EXPORTED))


def python(file: ForeignFile, asked: Asked) -> NoReturn:
    """A program. Raises CnncalcError, always."""
    raise CnncalcError(Fault(f"`{file.name}` is a Python program, and is not run", help=EXPORTED))


def named_as(suffix: str) -> str:
    """What a file with such a suffix is, as `an ONNX model`; empty for one that says nothing."""
    return NAMED.get(suffix.lower(), "")


def is_yaml(file: ForeignFile) -> bool:
    """Whether a file's name says that it is YAML."""
    return file.name.lower().endswith(YAML_SUFFIXES)


def misnamed(file: ForeignFile) -> None:
    """Raises CnncalcError for a file of no known format whose name says that it is of one, or that seems to be none."""
    for begins, (what, help) in MISTAKEN.items():
        if re.search(begins, file.head, re.IGNORECASE | re.MULTILINE):
            raise CnncalcError(Fault(f"the file {what}", Place(file.name, 1, 1), help=help))
    stem, dot, suffix = file.name.rpartition(".")
    suffix = dot + suffix.lower()
    if suffix == ".json" and file.head.lstrip().startswith((b"//", b"/*")):
        help = "begin it with `#`, which a net of ours may have, or take it out"
        raise CnncalcError(Fault("JSON has no comments", Place(file.name, 1, 1), help=help))
    said = named_as(suffix) if stem else ""
    if not said:
        return
    what = "is empty" if not file.head else "is not one that is read" if suffix in NO_NET else "is cut off or not one"
    help = NO_NET.get(suffix, "fetch or export it anew; a net in YAML is named .yaml")
    raise CnncalcError(Fault(f"the file is named as {said}, and {what}", Place(file.name, 1, 1), help=help))
