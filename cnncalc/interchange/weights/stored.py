"""The tensors that a file of weights holds, by name: safetensors, ONNX, torch.export, Keras and NumPy's archives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.formats import recognised
from cnncalc.interchange.safetensors import WHOLE, Stored
from cnncalc.interchange.weights.index import is_index, tensors_of_index
from cnncalc.layers import Shape
from cnncalc.limits import Limits

__all__ = ["tensors_of"]

Tensors: TypeAlias = "dict[str, tuple[Shape, str]]"
"""Shapes by name, and the type of what holds other than floating-point numbers; else it is empty."""
Reader: TypeAlias = "Callable[[ForeignFile], Tensors]"
GGUF = b"GGUF"
KNOWN = "weights are held of safetensors, ONNX, torch.export (.pt2), Keras (.keras, .h5) and NumPy (.npz) files"


def tensors_of(path: str, limits: Limits) -> tuple[dict[str, Shape], dict[str, str]]:
    """The shapes of a file's tensors by name, and the types of those that are no floating-point numbers.

    Raises CnncalcError for a file that is none of weights, or whose reading runs code.
    """
    file = ForeignFile(path, Path(path), limits)
    found = None if is_index(file) else recognised(file)
    name = found.name if found is not None else ""
    if name in READERS:
        tensors = _read(READERS[name], file)
    elif name in ("pickle", "TorchScript"):
        message = f"`{path}` is a pickle, and reading one runs code: it is not opened"
        raise CnncalcError(Fault(message, help="save it anew: `safetensors.torch.save_file(state_dict, …)`"))
    elif is_index(file):
        tensors = _read(_index, file)
    elif file.head.startswith(GGUF):
        raise CnncalcError(
            Fault(f"`{path}` is a file of GGUF, which has names and packed types of its own", help=KNOWN)
        )
    elif file.head[8:9] == b"{":
        tensors = _read(_safetensors, file)
    elif file.head.startswith(b"PK\x03\x04"):
        tensors = _read(_numpy, file)
    else:
        what = f"`{path}` is a file of {name}" if name else f"`{path}` is no file of weights that is known"
        raise CnncalcError(Fault(what, help=KNOWN))
    kept = {one: held for one, held in tensors.items() if not one.endswith(WHOLE)}
    shapes = {one: shape for one, (shape, _) in kept.items()}
    return shapes, {one: kind for one, (_, kind) in kept.items() if kind}


def _read(reader: Reader, file: ForeignFile) -> Tensors:
    try:
        return reader(file)
    except CnncalcError as error:  # of a reader that says no way out there is one
        raise error.with_way_out("write the file anew, or take another one: " + KNOWN) from None


def _safetensors(file: ForeignFile) -> Tensors:
    from cnncalc.interchange.safetensors import header_of

    return _typed(header_of(file.name))


def _index(file: ForeignFile) -> Tensors:
    """The tensors of all files that an index names."""
    return _typed(tensors_of_index(file))


def _typed(tensors: Mapping[str, Stored]) -> Tensors:
    """Tensors of safetensors, with the type where it is none of floating-point numbers."""
    return {name: (one.shape, "" if one.type.startswith(("F", "BF")) else one.type) for name, one in tensors.items()}


def _onnx(file: ForeignFile) -> Tensors:
    """Initialisers and constants of floating-point numbers."""
    from cnncalc.interchange.onnx.model import model_of
    from cnncalc.interchange.protobuf.wire import Message

    tensors = model_of(Message(file.data)).graph.tensors
    found = {name: (tensor.dims, "") for name, tensor in tensors.items() if tensor.floating}
    return {_of_fold(name, found): held for name, held in found.items()}


def _of_fold(name: str, tensors: Tensors) -> str:
    """`conv1.weight_bias`, as torch's exporter calls the bias that is left of a batch norm, is `conv1.bias`."""
    bias = name.removesuffix("weight_bias") + "bias"
    return bias if name.endswith(".weight_bias") and bias not in tensors else name


def _torch_export(file: ForeignFile) -> Tensors:
    """Parameters and buffers by their names in the module."""
    from cnncalc.interchange.torch_export.program import program_of

    program = program_of(file)
    named = {**program.parameters, **program.buffers}
    return {name: (program.shapes[tensor], "") for tensor, name in named.items() if tensor in program.shapes}


def _keras(file: ForeignFile) -> Tensors:
    """Arrays by the names and in the shapes that torch would have."""
    from cnncalc.interchange.weights.keras import arrays_of

    return arrays_of(file)


def _numpy(file: ForeignFile) -> Tensors:
    """The arrays of an `.npz`."""
    from cnncalc.interchange.weights.numpy import arrays_of

    arrays = arrays_of(file)
    return {name: (shape, kind if kind.strip("<>=|")[:1] in "biuc" else "") for name, (shape, kind) in arrays.items()}


READERS: dict[str, Reader] = {
    "Keras": _keras,
    "ONNX": _onnx,
    "torch.export": _torch_export,
}
"""By the name of the format."""
