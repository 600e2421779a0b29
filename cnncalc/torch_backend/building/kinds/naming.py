"""The module that a file names, as `AlphaDropout`, made by torch's class of that name: so a wrong alias is seen.

The builders make a module of a layer's kind. Where a file calls the kind by the name of a class of torch.nn, one of
that class runs in its place, with arguments of the class's own names; what the file leaves out is left out there too.
"""

from __future__ import annotations

import inspect
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from cnncalc.answers.verification import Figure
from cnncalc.layers.fields import PerAxis, spread
from cnncalc.layers.registry import preset_of
from cnncalc.notation.vocabulary import field_named
from cnncalc.torch_backend.building.kinds.registry import module_of, plain, rank_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cnncalc.layers import Layer, Shape

__all__ = ["Naming", "without_warnings"]

OF_VECTORS = ("in_features", "in1_features", "in2_features")
ENTERING = ("in_channels", "num_features", "num_channels", "input_size", "embed_dim", *OF_VECTORS)
"""Arguments that say how many channels or features come in, one for each input in turn."""
APART = (nn.SyncBatchNorm, nn.MultiheadAttention, nn.RNNBase, nn.Embedding, nn.modules.pooling._MaxUnpoolNd)  # noqa: SLF001
"""What runs on a GPU alone, or takes or gives other tensors than a net's: the kind's own module stands for them."""
PLAIN: dict[type[nn.Module], type[nn.Module]] = {nn.Softmax2d: nn.Softmax}
"""What is a module of another class, by torch's own documentation."""
OTHERWISE: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "ceil_mode": ("rounding", lambda rounding: rounding == "ceil"),
    "dim": ("axis", lambda axis: axis + 1 if axis >= 0 else axis),
}
"""Arguments that say a field in words of their own."""
MOST = 1 << 16
"""The most numbers of an input for which the numbers of two modules are compared."""


@contextmanager
def without_warnings() -> Iterator[None]:
    """Without torch's warnings of the copy that an uneven `same` makes, which we count, and of complex numbers."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same'|Complex modules are a new|ComplexHalf support")
        yield


class Naming:
    """Makes modules as they are named, and holds of each whether it is what we take it for."""

    def __init__(self) -> None:
        self.held: dict[str, Figure] = {}
        """By layer: the class that is named, and the one that we take it for."""

    def __call__(self, layer: Layer, shapes: tuple[Shape, ...], name: str = "") -> nn.Module:
        """The module of a layer. Raises CnncalcError for a kind without a builder, and what torch raises."""
        own = module_of(layer, shapes, name)
        named = _class(layer, rank_of(shapes))
        if named is None:
            return own
        made = own if type(own) is named else _made(layer, shapes, named) or own
        apart = issubclass(named, APART)
        alike = _same_state(own, made) if apart else _alike(own, made, named, shapes)
        self.held[name] = Figure("module", named.__name__, named.__name__ if alike else type(own).__name__)
        return own if apart else made


def _class(layer: Layer, rank: int) -> type[nn.Module] | None:
    """The class of torch.nn by whose name a layer was called, that of the map's axes where it says none; else None."""
    if layer.dialect != "torch" or not layer.called:
        return None
    for name in (layer.called, f"{layer.called}{rank}d"):
        found = getattr(nn, name.rpartition(".")[2], None)
        if isinstance(found, type) and issubclass(found, nn.Module):
            return None if issubclass(found, nn.modules.lazy.LazyModuleMixin) else found
    return None


def _alike(own: nn.Module, module: nn.Module, named: type[nn.Module], shapes: tuple[Shape, ...]) -> bool:
    """Whether a module is of the class named; of one akin to it, or of ours, it is to give the same numbers."""
    made, named = type(own), PLAIN.get(named, named)
    akin = issubclass(made, named) or issubclass(named, made) or not made.__module__.startswith("torch.")
    return made is named or (akin and (own is module or _same_numbers(own, module, shapes)))


def _same_state(own: nn.Module, module: nn.Module) -> bool:
    """Whether two modules have the same parameters and buffers."""
    ours, theirs = ({name: one.shape for name, one in each.state_dict().items()} for each in (own, module))
    return ours == theirs


def _same_numbers(own: nn.Module, module: nn.Module, shapes: tuple[Shape, ...]) -> bool:
    """Whether two modules give the same, with the same weights; taken for granted where there are no numbers."""
    if torch.get_default_device().type == "meta" or max(torch.Size(shape).numel() for shape in shapes) > MOST:
        return True
    inputs = [torch.randn(2, *shape) for shape in shapes]
    try:
        own.load_state_dict(module.state_dict())
        with torch.no_grad(), without_warnings():
            ours, theirs = own.eval()(*inputs), module.eval()(*inputs)
    except (RuntimeError, ValueError):
        return False
    finally:
        module.train()
    return bool(ours.shape == theirs.shape and torch.allclose(ours, theirs, atol=1e-5))


def _made(layer: Layer, shapes: tuple[Shape, ...], named: type[nn.Module]) -> nn.Module | None:
    """A module of the class; None where the class has no argument for what the file says, or is to be told more."""
    arguments = _arguments(layer, shapes, named)
    try:
        return None if arguments is None else named(**arguments)
    except (TypeError, ValueError):  # `same` at a stride, as torch has none
        return None


def _arguments(layer: Layer, shapes: tuple[Shape, ...], named: type[nn.Module]) -> dict[str, Any] | None:
    """What the class is to be called with; None where a field of the layer cannot be said, or an argument is open."""
    left = {name for name, one in layer.fields.items() if not one.hidden and getattr(layer, name) != one.default}
    left -= preset_of(layer.called).keys()
    given: dict[str, Any] = {}
    entering = iter(shapes)
    of = nn.RNNBase if issubclass(named, nn.RNNBase) else named  # those say no more than that they take the same
    for name, parameter in inspect.signature(of).parameters.items():
        if name == "mode" and of is nn.RNNBase:
            continue
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            continue
        word, said = OTHERWISE.get(name, (name, _as_it_is))
        field = field_named(type(layer), word)
        value = None if field is None else getattr(layer, field.name)
        open_there = parameter.default in (inspect.Parameter.empty, None)
        if name in ENTERING:
            given[name] = next(entering)[-1 if name in OF_VECTORS else 0]
        elif field is not None and value is not None and (field.name in left or open_there):
            given[name] = _axis_by_axis(said(value), field.type, rank_of(shapes))
            left.discard(field.name)
        elif parameter.default is inspect.Parameter.empty:
            return None
    pads = "Pad" in named.__name__ and isinstance(given.get("padding"), tuple)  # whose sides have an order of their own
    return None if left or pads or None in given.values() else given


def _as_it_is(value: Any) -> Any:
    return value


def _axis_by_axis(value: Any, field: object, rank: int) -> Any:
    """A field's value with a number for each axis, as torch takes it; None where it cannot."""
    if isinstance(field, PerAxis):
        return plain([*spread(value, rank)])
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        each = [*spread(value, rank)]
        return plain([before for before, _ in each]) if all(before == after for before, after in each) else None
    return value
