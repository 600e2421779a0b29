"""Net -> torch.nn.Module: the same layers under the same names, run in the same order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph.stored import nameless, one_module, stored_in
from cnncalc.torch_backend.building.again import Again, Step
from cnncalc.torch_backend.building.kinds import module_of
from cnncalc.torch_backend.building.kinds.naming import without_warnings
from cnncalc.torch_backend.building.kinds.unfolding import remember_places

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.graph import Net, Node
    from cnncalc.language.options import Options
    from cnncalc.layers import Layer, Shape

    Make = Callable[[Layer, tuple[Shape, ...], str], nn.Module]

__all__ = ["GraphModule", "Group", "build", "to_torch"]

LARGEST_SEED = 2**63 - 1
"""The largest that torch's generators take."""


class Group(nn.Module):
    """Layers whose names begin alike; a level of `state_dict` keys, never called itself."""

    def put(self, name: str, module: nn.Module) -> None:
        """Make `module` the child `name`. Unlike add_module it takes names that nn.Module has, such as `type`."""
        self._modules[name] = module

    def train(self, mode: bool = True) -> Group:
        """As nn.Module does it, where a layer may be called `training` too."""
        self.__dict__["training"] = mode
        for child in self.children():
            child.train(mode)
        return self


class GraphModule(Group):
    """A net. It takes the net's inputs in their order, and gives its output, or a dict of outputs where it has several.

    `rows` holds each layer's module by name, in execution order; layers that share parameters may have one module.
    """

    def __init__(self, graph: Net, modules: dict[int, nn.Module], *, sharing: bool = True) -> None:
        super().__init__()
        self.name = graph.name
        self.inputs = dict(graph.inputs)
        self.outputs = dict(graph.outputs)
        self.rows: dict[str, nn.Module] = {graph.nodes[index].name: module for index, module in modules.items()}
        last = {index: index for index in range(len(graph.nodes))}
        for index, node, _ in graph.layers():
            last.update(dict.fromkeys(node.inputs, index))
        for index in graph.outputs.values():
            last[index] = len(graph.nodes)
        freed: dict[int, list[int]] = {}
        for tensor, use in last.items():
            freed.setdefault(use, []).append(tensor)
        self.unused = tuple(index for index in graph.inputs.values() if last[index] == index)
        self.steps = tuple(
            Step(modules[index], node.inputs, index, tuple(freed.get(index, ()))) for index, node, _ in graph.layers()
        )
        self.again = _again(graph, self.steps)
        self.borrowers = tuple(
            (modules[node.share], modules[index])
            for index, node, _ in graph.layers()
            if sharing and node.share is not None and modules[node.share] is not modules[index]
        )
        again = {
            node.name
            for index, node, _ in graph.layers()
            if nameless(graph, node) and node.share is not None and modules[index] is modules[node.share]
        }
        for name, module in self.rows.items():
            if name not in again:
                _place(self, name, module)
        self._share()
        self.renamed = {own: one for own, one in stored_in(graph).items() if own != one.name}
        if self.renamed:
            self.register_state_dict_post_hook(_as_checkpoints)  # type: ignore[no-untyped-call]  # untyped in torch
            self.register_load_state_dict_pre_hook(_as_modules)  # type: ignore[no-untyped-call]  # untyped in torch

    def _share(self) -> None:
        """Give the layers that share parameters in a module of their own those of their owners, and the buffers.

        Those of their parts too: what a parametrisation makes a weight of, and an attention's last matrix, stand there.
        """
        for owner, module in self.borrowers:
            for path, part in owner.named_modules():
                own = module.get_submodule(path)
                for name, tensor in (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)):
                    setattr(own, name, tensor)

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        """What `to`, `double`, `cuda` … do; they copy each buffer for itself, and what was shared has to be again."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # untyped in torch
        self._share()
        return self

    def forward(self, *inputs: Tensor) -> Tensor | dict[str, Tensor]:
        """Run the layers one after another; each tensor goes after its last use."""
        if len(inputs) != len(self.inputs):
            raise TypeError(
                f"{self.name} takes {len(self.inputs)} inputs ({', '.join(self.inputs)}), not {len(inputs)}"
            )
        tensors: dict[int, Tensor] = dict(zip(self.inputs.values(), inputs))
        for index in self.unused:
            del tensors[index]
        del inputs
        ended = -1
        for module, taken, made, freed in self.steps:
            if made in self.again:
                self.again[made].run(tensors)
                ended = self.again[made].steps[-1].output
            if made <= ended:
                continue
            tensors[made] = module(*[tensors[index] for index in taken])
            for index in freed:
                del tensors[index]
        if len(self.outputs) == 1:
            return tensors[next(iter(self.outputs.values()))]
        return {name: tensors[index] for name, index in self.outputs.items()}


def _as_checkpoints(net: Any, state: dict[str, Tensor], prefix: str, _: object) -> None:
    """What `state_dict` gives, called and laid out as in checkpoints of the field."""
    for own, one in net.renamed.items():
        if prefix + own in state:
            state[prefix + one.name] = state.pop(prefix + own).reshape(one.shape)


def _as_modules(net: Any, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    """What is to be loaded, called and laid out as the modules have it; a tensor of a wrong shape is left to torch."""
    for own, one in net.renamed.items():
        if prefix + one.name in state:
            found = state.pop(prefix + one.name)
            state[prefix + own] = found.reshape(one.own) if tuple(found.shape) == one.shape else found


def _again(graph: Net, steps: tuple[Step, ...]) -> dict[int, Again]:
    """The groups that run again, by the first node of each."""
    found = {}
    for part in graph.plan.checkpoints:
        own = [step for step in steps if part.first <= step.output <= part.last]
        outside = {one for step in steps if step.output > part.last for one in step.inputs}
        found[part.first] = Again(part, own, outside.union(graph.outputs.values()))
    return found


def _place(root: Group, name: str, module: nn.Module) -> None:
    """Put a module where its dotted name says, making the groups on the way."""
    *groups, own = name.split(".")
    at: nn.Module = root
    for part in groups:
        children = at._modules  # noqa: SLF001  (the dict itself: a name may be one that nn.Module uses)
        child = children.get(part)
        if child is None:
            child = children[part] = Group()
        at = child
    at._modules[own] = module  # noqa: SLF001


def _device(device: str | torch.device) -> torch.device:
    """A device that is there. Raises CnncalcError."""
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError, ValueError):
        message = f"torch knows no device `{str(device)[:40]}`"
        raise CnncalcError(Fault(message, help="such as `cpu`, `cuda` or `meta`")) from None
    if found.type == "cuda" and not torch.cuda.is_available():
        raise CnncalcError(Fault("torch finds no CUDA device here", help="take `cpu` or `meta`"))
    return found


def build(
    graph: Net,
    *,
    seed: int = 0,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    make: Make = module_of,
) -> GraphModule:
    """The module of a graph, in training mode, with random weights that depend on `seed` alone.

    `make` makes the module of each layer. `requires_grad` follows freezing. The global random state is left as it is.
    Raises CnncalcError for a kind that has no builder, and for a device, a type or a seed that torch does not take.
    """
    modules: dict[int, nn.Module] = {}
    device = _device(device)
    if not 0 <= seed <= LARGEST_SEED:
        raise CnncalcError(Fault(f"torch has no seed {seed}", help=f"give one from 0 to {LARGEST_SEED}"))
    if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
        raise CnncalcError(
            Fault(f"weights cannot be of the type {dtype}", help="take one with fractions, as torch.float16")
        )
    if device.type == "cpu":  # fork_rng would do here too, but takes longer than a small net
        state = torch.get_rng_state()
        torch.default_generator.manual_seed(seed)
        try:
            _fill(graph, modules, make)
        finally:
            torch.set_rng_state(state)
    else:
        with torch.random.fork_rng([device] if device.type == "cuda" else []), device:
            torch.manual_seed(seed)
            _fill(graph, modules, make)
    module = GraphModule(graph, modules)
    if dtype is not None and dtype != torch.get_default_dtype():
        with without_warnings():
            module.to(dtype)
    return module


def _fill(graph: Net, modules: dict[int, nn.Module], make: Make) -> None:
    for index, node, layer in graph.layers():
        shapes = graph.input_shapes(node)
        if node.share is not None and _of_one_module(graph, graph.nodes[node.share], node):
            modules[index] = modules[node.share]
            continue
        modules[index] = module = make(layer, shapes, node.name)
        if node.share is None and not node.trainable:
            module.requires_grad_(requires_grad=False)
        if layer.beside == "pool":
            remember_places(modules, index, node.inputs[1])


def _of_one_module(graph: Net, owner: Node, node: Node) -> bool:
    """Whether two layers have one module: where they share anything."""
    if owner.layer is None or not one_module(graph, owner, node):
        return False
    shapes = graph.input_shapes(owner)
    return bool(owner.layer.weight_shapes(*shapes) or owner.layer.buffer_shapes(*shapes))


def to_torch(
    net: str | Net,
    options: Options | None = None,
    *,
    seed: int = 0,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
) -> GraphModule:
    """The torch module of a net, by the name of a bundled architecture, by its file, or as a graph; ready for training.

    The keys of its `state_dict` are the layers' dotted names. Weights are initialised as torch does, from `seed`.
    """
    if isinstance(net, str):
        from cnncalc.language import load
        from cnncalc.language.options import Options as AllOptions

        net = load(net, options or AllOptions())
    _hold_names_apart(net)
    return build(net, seed=seed, device=device, dtype=dtype)


def _hold_names_apart(graph: Net) -> None:
    """Raises CnncalcError where a tensor would have the name of a layer, or of another tensor, in a `state_dict`."""
    layers = [node.name.split(".") for _, node, _ in graph.layers()]
    levels = {".".join(parts[:count]) for parts in layers for count in range(1, len(parts) + 1)}
    found: dict[str, str] = {}
    for one in stored_in(graph).values():
        if one.shared:
            continue
        other = found.setdefault(one.name, one.layer)
        if other != one.layer or (one.name in levels and one.name != one.layer):
            values = f"`{one.name}` is a tensor of `{one.layer}`, and " + (
                f"one of `{other}`" if other != one.layer else "a layer, or the beginning of a layer's name"
            )
            help = "give one of the layers another name"
            raise CnncalcError(
                Fault("two things of a module of torch would have one name", None, one.layer, values, help)
            )
