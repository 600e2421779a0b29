"""ONNX models: checked by the onnx package, run by onnxruntime with torch's weights, and read back.

Where onnxruntime gives something else than torch, the onnx package's own evaluator runs the same model in 64 bits: if
that gives what torch gives in 64 bits, the file is right, and what tells the two runtimes apart is rounding, or numbers
that are none.
"""

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

from benchmarks.exports.evaluating import evaluated
from benchmarks.exports.nets import SETTLED, Case, large
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
CLOSE_IN_64_BITS = 1e-9
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
    wanted = _outputs(module, inputs)
    if any(one.isnan().any() for one in wanted):  # as of roots of negative numbers
        inputs = {name: one.abs() + 0.1 for name, one in inputs.items()}
        wanted = _outputs(module, inputs)
    state = {name: one.detach().numpy() for name, one in module.state_dict().items()}
    given = {name: one.numpy() for name, one in inputs.items()}
    with TemporaryDirectory() as folder:
        file = _kept(small, state, Path(folder))
        onnx.checker.check_model(str(file), full_check=True)
        _inferred(file)
        session = onnxruntime.InferenceSession(str(file), _options(), providers=["CPUExecutionProvider"])
        found = session.run(None, given)
        lines = _apart(small, found, wanted)
        if lines and not large(small):
            bare = _beside_the_map(small, module)
            wanted = _outputs(module.double(), {name: one.double() for name, one in inputs.items()})
            with np.errstate(all="ignore"):
                exact = evaluated(onnx.load(str(file)), given)
            if bare:  # −∞ times the zeros of an algorithm is no number, and which it has is its own matter
                places = [np.isfinite(one) & np.isfinite(other.numpy()) for one, other in zip(exact, wanted)]
                exact = [np.where(at, one, 0) for at, one in zip(places, exact)]
                wanted = [torch.where(torch.from_numpy(at), one, 0) for at, one in zip(places, wanted)]
            told = _apart(small, exact, wanted, CLOSE_IN_64_BITS)
            return [*lines, *told] if told else [f"{SETTLED}{line}" for line in lines]
    return lines


def _beside_the_map(graph: Net, module: torch.nn.Module) -> list[str]:
    """Gets the names of pools that give −∞ for a window of padding alone, once the module has run."""
    pools = {node.name for _, node, layer in graph.layers() if layer.kind in ("maxpool", "spp")}
    found: list[str] = []

    def note(name: str, taken: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        if all(one.isfinite().all() for one in taken) and out.isneginf().any():
            found.append(name)

    for name, one in module.named_modules():
        if name in pools:
            one.register_forward_hook(lambda _, taken, out, name=name: note(name, taken, out))
    return found


def _outputs(module: torch.nn.Module, inputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    with torch.no_grad():
        found = module(*[one.clone() for one in inputs.values()])
    return [found] if isinstance(found, torch.Tensor) else list(found.values())


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


def _apart(graph: Net, found: list[Any], wanted: list[torch.Tensor], close: float = CLOSE) -> list[str]:
    """How what comes out differs, output by output."""
    if len(found) != len(wanted):
        return [f"{len(found)} outputs, and there are to be {len(wanted)}"]
    told = [
        (name, _difference(ours, theirs.numpy(), close)) for name, ours, theirs in zip(graph.outputs, found, wanted)
    ]
    return [f"output {name}: {line}" for name, line in told if line]


def _difference(ours: Any, theirs: Any, close: float) -> str:
    """How far two outputs are apart; nothing where they are close, and infinite or none at the same places."""
    if ours.shape != theirs.shape:
        return f"{ours.shape}, and it is to be {theirs.shape}"
    if (np.isnan(ours) != np.isnan(theirs)).any():
        return "other places have numbers that are none"
    finite = np.isfinite(theirs)
    if (np.isfinite(ours) != finite).any() or (
        ours[~finite & ~np.isnan(ours)] != theirs[~finite & ~np.isnan(ours)]
    ).any():
        return "other places are infinite"
    apart = float(np.abs(ours[finite] - theirs[finite]).max(initial=0))
    scale = max(float(np.abs(theirs[finite]).max(initial=0)), 0.01)
    return f"{apart / scale:.3g} apart" if apart > close * scale else ""


def back(case: Case) -> list[str]:
    """The net against what is read of its model, which `write` holds. Raises CnncalcError where it is refused."""
    try:
        writer_for(None, "onnx").write(case.whole, 1, values="none", file="net.onnx")
    except CnncalcError as error:
        if not any(fault.layer for fault in error.faults):
            return [f"{error.faults[0].message}: {error.faults[0].values}"]
        raise
    return []
