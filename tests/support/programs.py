"""Programs of PyTorch that were written, run and held against the module that `to_torch` makes of the same net."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from cnncalc.graph import Net
from cnncalc.graph.stored import stored_in
from cnncalc.interchange.torch_code.modules.parts import grouped
from cnncalc.interchange.torch_code.writer import written
from cnncalc.torch_backend.building.builder import to_torch

__all__ = ["back", "differences", "given", "main_class", "not_in_place", "run", "scattered", "sizes", "through_torch"]

CLOSE = 1e-5
"""Of the largest number that comes out."""
INSIDE = ("attention", "deconv", "embedding", "gru", "layernorm", "linear", "lstm", "parameter", "positional",
          "rmsnorm", "rnn")  # fmt: skip
"""The kinds whose module may be a part of what the layer does: axes are moved, or a border is cut."""
COUNTED = "num_batches_tracked"
"""torch counts batches in a buffer of its own."""


def run(text: str) -> dict[str, Any]:
    """What a program defines, as an import would find it."""
    space: dict[str, Any] = {"__name__": "program"}
    exec(compile(text, "program.py", "exec"), space)
    return space


def main_class(space: dict[str, Any]) -> type[nn.Module]:
    """The net's own class: the last."""
    return [one for one in space.values() if isinstance(one, type) and one.__module__ == "program"][-1]


def learned(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """Names and shapes of parameters and buffers."""
    return {name: tuple(one.shape) for name, one in module.state_dict().items() if not name.endswith(COUNTED)}


def scattered(module: nn.Module, seed: int) -> None:
    """Give norms, biases and statistics numbers that tell them apart; large kernels keep theirs."""
    random = torch.Generator().manual_seed(seed)
    for name, one in module.state_dict().items():
        if one.is_floating_point() and one.dim() < 2:
            low = 0.5 if "running_var" in name or "weight" in name else -0.1
            one.copy_(low + torch.rand(one.shape, generator=random))


def not_in_place(module: nn.Module) -> None:
    """Have no layer write over what it takes: what comes out does not depend on it, but where the net is wrong."""
    for one in module.modules():
        if hasattr(one, "inplace"):
            setattr(one, "inplace", False)  # noqa: B010  (a name that only some modules have)


def given(graph: Net, batch: int, dtype: torch.dtype) -> list[Tensor]:
    """Inputs from a seed."""
    random = torch.Generator().manual_seed(7)
    shapes = [graph.nodes[index].shape for index in graph.inputs.values()]
    return [torch.randn(batch, *shape, generator=random, dtype=dtype) for shape in shapes]


def differences(graph: Net, *, batch: int = 2, dtype: torch.dtype = torch.float32) -> list[str]:
    """How a program and the module of the same net differ: parameters, shapes of layers, outputs.

    Raises CnncalcError for a net that cannot be said.
    """
    made = main_class(run(str(written(graph, batch).content)))()
    reference = to_torch(graph, dtype=dtype)
    made.to(dtype)
    changed = grouped(graph)[1]
    wanted = {called(name, changed): shape for name, shape in learned(reference).items()}
    if learned(made) != wanted:
        return [f"parameters and buffers differ: {sorted(learned(made).items() ^ wanted.items())[:6]}"]
    names = {name: one.name for name, one in reference.renamed.items()}
    trained = {called(names.get(name, name), changed): one.requires_grad for name, one in reference.named_parameters()}
    found = {name: one.requires_grad for name, one in made.named_parameters()}
    if found != {name: trained.get(name, found[name]) for name in found}:
        return [f"what is trained differs: {sorted(found.items() ^ trained.items())[:6]}"]
    scattered(reference, 3)
    state = {called(name, changed): one for name, one in reference.state_dict().items()}
    made.load_state_dict(state, strict=True)
    inputs = given(graph, batch, dtype)
    made.eval(), reference.eval()
    not_in_place(reference)
    shapes: dict[str, tuple[int, ...]] = {}
    for name, module in made.named_modules():
        module.register_forward_hook(lambda _, __, out, name=name: _note(shapes, name, out))
    remembers = any(layer.beside == "pool" for _, _, layer in graph.layers())
    with torch.enable_grad() if remembers else torch.no_grad():
        torch.manual_seed(5)  # the windows of a fractional pool are drawn
        theirs = reference(*[one.clone() for one in inputs])
        torch.manual_seed(5)
        ours = made(*[one.clone() for one in inputs])
    return [*_shapes(graph, shapes), *_outputs(graph, ours, theirs)]


def sizes(graph: Net) -> list[str]:
    """How a program at the net's own size, on torch's meta device, differs: shapes of layers and outputs, and products.

    The multiply–accumulates are what torch's own counter finds. What it does not know (recurrent cells, attention that
    is one function) it has to miss in the module of `to_torch` alike.
    """
    made, reference = unfilled(graph)
    inputs = [one.to("meta") for one in given(graph, 1, torch.float32)]
    shapes: dict[str, tuple[int, ...]] = {}
    for name, module in made.named_modules():
        module.register_forward_hook(lambda _, __, out, name=name: _note(shapes, name, out))
    ours, found = operations(made, inputs)
    taken = living(graph)
    products = 2 * sum(layer.macs(*graph.input_shapes(node)) for at, node, layer in graph.layers() if at in taken)
    wanted = {name: graph.nodes[at].shape for name, at in graph.outputs.items() if not graph.nodes[at].train_only}
    named = found if isinstance(found, dict) else {next(iter(wanted)): found}
    lines = [
        f"output {name}: {tuple(named[name].shape)}, and it is to be {shape}"
        for name, shape in wanted.items()
        if tuple(named[name].shape[1:]) != shape
    ]
    if ours != products and ours != (theirs := operations(reference, inputs)[0]):
        lines.append(f"{ours:,} operations are counted by torch, {theirs:,} in the module, {products:,} by cnncalc")
    return [*_shapes(graph, shapes), *lines]


def unfilled(graph: Net) -> tuple[nn.Module, nn.Module]:
    """A program and the module of the same net, whose numbers are nowhere."""
    with torch.device("meta"):
        made = main_class(run(str(written(graph, 1).content)))()
    return made.eval().requires_grad_(False), to_torch(graph, device="meta").eval().requires_grad_(False)


def operations(module: nn.Module, inputs: list[Tensor]) -> tuple[int, Any]:
    """What torch's counter finds (two for each multiply–accumulate), and what comes out."""
    usual = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # which hides what attention does
    try:
        with torch.no_grad(), torch.device("meta"), FlopCounterMode(display=False) as counter:
            found = module(*inputs)
    finally:
        torch.backends.mha.set_fastpath_enabled(usual)
    return counter.get_total_flops(), found


def called(name: str, changed: Mapping[str, str]) -> str:
    """A name of the net, as the program has it."""
    levels = name.split(".")
    return ".".join(changed.get(".".join(levels[: n + 1]), level) for n, level in enumerate(levels))


def _note(shapes: dict[str, tuple[int, ...]], name: str, out: Any) -> None:
    if isinstance(out, Tensor) and name not in shapes:  # a shared one is called again
        shapes[name] = tuple(out.shape[1:])


def _shapes(graph: Net, shapes: dict[str, tuple[int, ...]]) -> list[str]:
    """The layers that are a module of their own."""
    changed = grouped(graph)[1]
    wanted = {
        called(node.name, changed): tuple(node.shape) for _, node, layer in graph.layers() if layer.kind not in INSIDE
    }
    return [
        f"{name}: {shapes[name]}, and it is to be {shape}"
        for name, shape in wanted.items()
        if name in shapes and shapes[name] != shape
    ]


def _outputs(graph: Net, ours: Any, theirs: Any) -> list[str]:
    """What comes out; of a net with side branches for training, at inference, the others."""
    kept = {name for name, index in graph.outputs.items() if not graph.nodes[index].train_only}
    wanted = theirs if isinstance(theirs, dict) else {next(iter(graph.outputs)): theirs}
    wanted = {name: one for name, one in wanted.items() if name in kept}
    found = ours if isinstance(ours, dict) else {next(iter(wanted)): ours}
    if found.keys() != wanted.keys():
        return [f"outputs are {sorted(found)}, and they are to be {sorted(wanted)}"]
    lines = []
    for name, one in wanted.items():
        if one.shape != found[name].shape:
            lines.append(f"output {name}: {tuple(found[name].shape)}, and it is to be {tuple(one.shape)}")
            continue
        both = torch.stack([one, found[name]]).nan_to_num()
        apart = (both[0] - both[1]).abs().max().item() if one.numel() else 0.0
        if apart > CLOSE * max(1.0, both[0].abs().max().item()) or (one.isnan() != found[name].isnan()).any():
            lines.append(f"output {name}: {apart:.3g} apart")
    return lines


def living(graph: Net) -> set[int]:
    """The layers whose numbers come out at inference."""
    live: set[int] = set()
    waiting = [index for index in graph.outputs.values() if not graph.nodes[index].train_only]
    while waiting:
        index = waiting.pop()
        layer = graph.nodes[index].layer
        if index not in live and layer is not None:
            live.add(index)
            waiting += graph.nodes[index].inputs[: 2 if layer.beside else layer.seen_inputs]
    return live


def counted(graph: Net) -> dict[str, int]:
    """Of the layers whose numbers come out: multiply–accumulates, and what they hold, but for Caffe's factors."""
    live = living(graph)
    names = {graph.nodes[index].name for index in live}
    macs = sum(layer.macs(*graph.input_shapes(node)) for index, node, layer in graph.layers() if index in live)
    tensors = {name.rpartition("."): one for name, one in stored_in(graph).items() if not one.shared}
    kept = [prod(one.own) for (_, _, role), one in tensors.items() if role != "factor" and one.layer in names]
    return {"multiply–accumulates": macs, "numbers": sum(kept)}


def back(graph: Net) -> list[str]:
    """How a net differs from what is read of the program's own module: its totals. Raises CnncalcError."""
    return _read_back(graph, main_class(run(str(written(graph, 1).content)))())


def through_torch(graph: Net) -> list[str]:
    """How a net differs from what is read of the module that `to_torch` makes of it. Raises CnncalcError."""
    return _read_back(graph, to_torch(graph))


def _read_back(graph: Net, module: nn.Module) -> list[str]:
    from cnncalc import from_torch

    try:
        read = from_torch(module, *given(graph, 1, torch.float32))
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        read = from_torch(module, *given(graph, 2, torch.float32))  # statistics of a batch
    ours = counted(graph)
    return [f"{name}: {n:,}, and there are {ours[name]:,}" for name, n in counted(read).items() if n != ours[name]]
