"""ONNX models: checked by the onnx package, run by onnxruntime with torch's weights, and read back.

Where onnxruntime gives something else than torch, places are set aside where torch in 64 bits has no finite number. If
that does not settle it, and torch's own 32 bits are nearer to the numbers in 64 bits, the onnx package's evaluator runs
the same model in 64 bits: if that gives what torch gives, the file is right, and the rest is rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
import programs
import torch

from benchmarks.exports.evaluating import evaluated
from benchmarks.exports.nets import NOT_HELD, SETTLED, Case, large
from cnncalc import Options, load
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.interchange.onnx.writing.model import newest_opset
from cnncalc.interchange.onnx.writing.values import named
from cnncalc.interchange.onnx.writing.writer import noted, written
from cnncalc.interchange.writers import writer_for
from cnncalc.torch_backend.building.builder import build
from cnncalc.torch_backend.building.kinds.unfolding import Unpooled

__all__ = ["back", "digest", "digest_at_11", "digest_at_12", "held", "held_at_11", "held_at_12", "held_open"]

CLOSE = 1e-4
"""Of the largest number that comes out, and of a hundredth at least."""
CLOSE_IN_64_BITS = 1e-6
"""The attributes of nodes, such as an epsilon, have 32 bits."""
MOST_BYTES = 1_900_000_000
"""Of weights in one file; those of larger nets lie in a file beside."""

torch.set_num_threads(1)


def held(case: Case, opset: int | None = None) -> list[str]:
    """A model against torch: what the net's own size reads back as, and what comes out of the small one."""
    lines, small = back(case, opset), case.small
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
        file = _kept(small, state, Path(folder), opset)
        onnx.checker.check_model(str(file), full_check=True)
        _inferred(file)
        session = onnxruntime.InferenceSession(str(file), _options(), providers=["CPUExecutionProvider"])
        found = session.run(None, given)
        lines = _apart(small, found, wanted)
        if lines and not large(small):
            exact = _outputs(module.double(), {name: one.double() for name, one in inputs.items()})
            ours, theirs, both = (_finite(one, exact) for one in (found, wanted, exact))
            told = _apart(small, ours, theirs)
            if told and not all(_nearer(*each) for each in zip(ours, theirs, both)):
                told = _apart(small, _finite(evaluated(onnx.load(str(file)), given), exact), both, CLOSE_IN_64_BITS)
                if told:
                    return [*lines, *told]
            return [f"{SETTLED}{line}" for line in lines]
    return lines


held_at_11, held_at_12 = partial(held, opset=11), partial(held, opset=12)


def digest(case: Case, opset: int | None = None) -> str:
    """What is held, in a few letters: the models without weights at both sizes, to the byte."""
    made = [written(one, 1, opset=opset, values="none").content for one in {id(one): one for one in case[1:]}.values()]
    return sha256(b"".join(map(bytes, made))).hexdigest()[:16]  # type: ignore[arg-type]  # a model is bytes


digest_at_11, digest_at_12 = partial(digest, opset=11), partial(digest, opset=12)


GROWN = ((0, 0), (32, 64), (96, 32))
"""By how much the height and the width are larger than the smallest, in the runs of a model whose lengths are open."""


def held_open(case: Case) -> list[str]:
    """One model with height, width and batch left open, run at three sizes. Raises CnncalcError where it is none."""
    shapes = [case.small.nodes[index].shape for index in case.small.inputs.values()]
    if len(shapes) != 1 or len(shapes[0]) != 3:
        return [f"{NOT_HELD}its input is no map"]
    (channels, *lengths), lines = shapes[0], []
    graph = load(case.name, Options(input=f"{channels}xHxW", symbols=True))
    module = build(case.small).eval()
    programs.scattered(module, 3)
    state = module.state_dict()
    with TemporaryDirectory() as folder:
        file = _kept(graph, {name: one.numpy() for name, one in state.items()}, Path(folder), None)
        onnx.checker.check_model(str(file), full_check=True)
        _inferred(file)
        session = onnxruntime.InferenceSession(str(file), _options(), providers=["CPUExecutionProvider"])
        for batch, more in enumerate(GROWN, 1):
            size = [n + extra for n, extra in zip(lengths, more)]
            one = load(case.name, Options(input="x".join(map(str, (channels, *size)))))
            other = build(one).eval()
            other.load_state_dict(state)
            x = programs.given(one, batch, torch.float32)[0]
            found = session.run(None, {next(iter(one.inputs)): x.numpy()})
            wanted = _outputs(other, {"x": x})
            lines += [f"{size}: {line}" for line in _apart(one, found, wanted)]
    return lines


def _finite(outputs: list[Any], exact: list[torch.Tensor]) -> list[Any]:
    """Outputs with 0 where torch in 64 bits has no finite number, as behind a pool's window of padding alone.

    onnxruntime gives −3.4e38 there for −∞, and passes over numbers that are none. No finite number depends on these.
    """
    return [torch.where(at.isfinite(), torch.as_tensor(one), 0) for one, at in zip(outputs, exact)]


def _nearer(ours: Any, theirs: Any, exact: Any) -> bool:
    """Whether onnxruntime is not further from the numbers in 64 bits than twice what torch's 32 bits are."""
    apart, usual = (float((one - exact).abs().max()) if exact.numel() else 0.0 for one in (ours, theirs))
    return apart <= 2 * usual


def _outputs(module: torch.nn.Module, inputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    followed = any(isinstance(one, Unpooled) for one in module.modules())  # which takes its pool's places only then
    with torch.set_grad_enabled(followed):
        found = module(*[one.clone() for one in inputs.values()])
    return [one.detach() for one in ([found] if isinstance(found, torch.Tensor) else found.values())]


def _kept(graph: Net, state: Mapping[str, Any], folder: Path, opset: int | None) -> Path:
    """The model as a file; where it is larger than a message may be, its weights lie beside, as the file declares."""
    file = folder / "net.onnx"
    beside = sum(one.nbytes for one in state.values()) > MOST_BYTES
    source = None if beside else named(state)
    made = written(graph, 1, opset=opset, source=source, values="none" if beside else "random", file=file.name)
    assert isinstance(made.content, bytes)
    file.write_bytes(made.content)
    if beside:
        numbers, learned = named(state), noted(graph, opset or newest_opset())[0].learned
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


def _apart(graph: Net, found: list[Any], wanted: list[Any], close: float = CLOSE) -> list[str]:
    """How what comes out differs, output by output."""
    if len(found) != len(wanted):
        return [f"{len(found)} outputs, and there are to be {len(wanted)}"]
    told = [
        (name, _difference(np.asarray(ours), np.asarray(theirs), close))
        for name, ours, theirs in zip(graph.outputs, found, wanted)
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


def back(case: Case, opset: int | None = None) -> list[str]:
    """The net against what is read of its model, which `write` holds. Raises CnncalcError where it is refused."""
    said = {} if opset is None else {"opset": opset}
    try:
        writer_for(None, "onnx").write(case.whole, 1, values="none", file="net.onnx", **said)
    except CnncalcError as error:
        if not any(fault.layer for fault in error.faults):
            return [f"{error.faults[0].message}: {error.faults[0].values}"]
        raise
    return []
