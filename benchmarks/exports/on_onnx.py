"""ONNX models: checked by the onnx package, run by onnxruntime with torch's weights, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
import programs
import torch

from benchmarks.exports.nets import Case, large
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.interchange.onnx.writing.model import newest_opset
from cnncalc.interchange.onnx.writing.values import named
from cnncalc.interchange.onnx.writing.writer import noted, written
from cnncalc.interchange.writers import writer_for
from cnncalc.torch_backend.building.builder import build

__all__ = ["back", "held"]

CLOSE = 1e-4
"""Of the largest number that comes out, and of a hundredth at least."""
MOST_BYTES = 1_900_000_000
"""Of weights in one file; those of larger nets lie in a file beside."""

torch.set_num_threads(1)


def held(case: Case) -> list[str]:
    """A model against torch: what the net's own size reads back as, and what comes out of the small one."""
    lines, small = back(case), case.small
    if lines or small.dialect.startswith("onnx"):
        return lines  # in the dialects of ONNX a layer is the node of that name, and not what torch makes of it
    module = build(small).eval()
    programs.scattered(module, 3)
    programs.not_in_place(module)
    inputs = dict(zip(small.inputs, programs.given(small, 1 if large(small) else 2, torch.float32)))
    with torch.no_grad():
        wanted = module(*[one.clone() for one in inputs.values()])
    state = {name: one.detach().numpy() for name, one in module.state_dict().items()}
    del module
    with TemporaryDirectory() as folder:
        file = _kept(small, state, Path(folder))
        del state
        onnx.checker.check_model(str(file), full_check=True)
        _inferred(file)
        session = onnxruntime.InferenceSession(str(file), _options(), providers=["CPUExecutionProvider"])
        found = session.run(None, {name: one.numpy() for name, one in inputs.items()})
    listed = [wanted] if isinstance(wanted, torch.Tensor) else list(wanted.values())
    if len(found) != len(listed):
        return [f"{len(found)} outputs, and there are to be {len(listed)}"]
    return [
        f"output {name}: {line}"
        for name, ours, theirs in zip(small.outputs, found, listed)
        if (line := _apart(ours, theirs.numpy()))
    ]


def _kept(graph: Net, state: Mapping[str, Any], folder: Path) -> Path:
    """The model as a file; where it is larger than a message may be, its weights lie beside, as the file declares."""
    file = folder / "net.onnx"
    beside = sum(one.nbytes for one in state.values()) > MOST_BYTES
    source = None if beside else named(state)
    made = written(graph, 1, source=source, values="none" if beside else "random", file=file.name)
    assert isinstance(made.content, bytes)
    file.write_bytes(made.content)
    if beside:
        numbers, learned = named(state), noted(graph, newest_opset())[0].learned
        model = onnx.load(str(file), load_external_data=False)
        with (folder / "net.onnx.data").open("wb") as data:
            for one in model.graph.initializer:
                if one.data_location == onnx.TensorProto.EXTERNAL:
                    told = {entry.key: entry.value for entry in one.external_data}
                    assert data.tell() == int(told["offset"])
                    data.write(np.ascontiguousarray(numbers(one.name, learned[one.name])).tobytes())
    return file


def _inferred(file: Path) -> None:
    """Infer shapes, strictly. Raises what the package raises."""
    model = onnx.load(str(file), load_external_data=False)
    for one in model.graph.initializer:  # numbers of weights say nothing of shapes, and are copied three times
        if len(one.raw_data) > 10_000:
            one.ClearField("raw_data")
            one.data_location = onnx.TensorProto.EXTERNAL
            one.external_data.add(key="location", value="beside")
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)


def _options() -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return options


def _apart(ours: Any, theirs: Any) -> str:
    """How far two outputs are apart; nothing where they are close."""
    if ours.shape != theirs.shape:
        return f"{ours.shape}, and it is to be {theirs.shape}"
    if (np.isnan(ours) != np.isnan(theirs)).any():
        return "other places have numbers that are none"
    with np.errstate(invalid="ignore"):
        apart = float(np.nan_to_num(np.abs(ours - theirs)).max(initial=0))
    scale = max(float(np.nan_to_num(np.abs(theirs)).max(initial=0)), 0.01)
    return f"{apart / scale:.3g} apart" if apart > CLOSE * scale else ""


def back(case: Case) -> list[str]:
    """The net against what is read of its model, which `write` holds. Raises CnncalcError where it is refused."""
    try:
        writer_for(None, "onnx").write(case.whole, 1, values="none", file="net.onnx")
    except CnncalcError as error:
        if not any(fault.layer for fault in error.faults):
            return [f"{error.faults[0].message}: {error.faults[0].values}"]
        raise
    return []
