"""The arrays of Keras's files, as torch would have them: `.keras`, `.weights.h5`, and the older `.h5`; shapes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.archives import members_of
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.keras.opening import HDF5, Held, held
from cnncalc.layers import Shape
from cnncalc.records import NamedTuple

__all__ = ["Array", "arrays_of", "named", "numbered"]

Arrays: TypeAlias = "dict[str, tuple[Shape, str]]"
"""Shapes and types by name; the type is empty where it is one of floating-point numbers."""

INSIDE = "model.weights.h5"
VARIABLES = "vars"
NO_LAYERS = ("optimizer", "_optimizer", "metrics", "_metrics", "loss_tracker")
"""What a compiled model has beside its layers."""
ASKED = ("query_dense", "key_dense", "value_dense")
PROJECTIONS = (*ASKED, "output_dense")
DIRECTIONS = ("forward_layer", "backward_layer")
NORMS = ("weight", "bias", "running_mean", "running_var")
STATISTICS = NORMS[2:]
ROLES = {
    "kernel": "weight", "depthwise_kernel": "weight", "pointwise_kernel": "weight", "bias": "bias", "gamma": "weight",
    "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var", "embeddings": "weight",
    "alpha": "weight",
}  # fmt: skip
"""What an array is called in the older files, and in torch."""
DEPTHWISE = re.compile(r'"class_name": ?"DepthwiseConv\dD", ?"config": ?\{"name": ?"([^"]{1,200})"')
CELL = re.compile(r"(lstm|gru|simple_rnn|conv_lstm(\dd)?)_cell(_\d+)?")
OF_CELLS = ("kernel", "recurrent_kernel", "bias")
TOP = ("model_weights", "top_level_model_weights", "optimizer_weights")


class Array(NamedTuple):
    """An array in the shape that torch would have, and where it lies in the file."""

    shape: Shape
    path: str


def arrays_of(file: ForeignFile) -> Arrays:
    """Every array by the name and in the shape that torch would have, and its type. Raises CnncalcError."""
    if file.head.startswith(HDF5):
        return _arrays(held(file, arrays=True))
    if not file.head.startswith(b"PK"):
        message = f"`{file.name}` says how a model is made, and holds no weights of it"
        raise CnncalcError(Fault(message, help="save them: `model.save('model.keras')`, or `save_weights`"))
    with members_of(file) as archive:
        member = next((one for one in archive.infolist() if one.filename.endswith(INSIDE)), None)
    if member is None:
        raise CnncalcError(Fault(f"`{file.name}` has no `{INSIDE}` inside"))
    if member.compress_type:
        message = f"`{INSIDE}` in `{file.name}` is compressed"
        raise CnncalcError(Fault(message, help="Keras itself stores it as it is"))
    return _arrays(held(file, member.filename, arrays=True))


def _arrays(file: Held) -> Arrays:
    """The arrays of an HDF5 file, of today's form where groups have variables."""
    found = (
        numbered(file.shapes, file.names) if file.names else named(file.shapes, _depthwise(file.configuration or ""))
    )
    return {name: (one.shape, file.types.get(one.path, "")) for name, one in found.items()}


def _depthwise(configuration: str) -> set[str]:
    """The depthwise layers of a model's configuration: Keras 3 calls their kernels as it does any."""
    return set(DEPTHWISE.findall(configuration))


def numbered(shapes: Mapping[str, Shape], names: Mapping[str, str]) -> dict[str, Array]:
    """`layers/conv2d/vars/0`: layers are called by an attribute, arrays by their place.

    What an optimizer and a generator of random numbers keep is none of the model's.
    """
    found: dict[str, Array] = {}
    for group in names:
        levels = group.split("/")
        if not group or levels[0] in NO_LAYERS or levels[-1].startswith("seed_generator"):
            continue
        above = ["/".join(levels[:end]) for end in range(1, len(levels) + 1)]
        own = [names[path] for path in above if path in names]
        paths = [path for place in range(64) if (path := f"{group}/{VARIABLES}/{place}") in shapes]
        held = [shapes[path] for path in paths]
        if levels[-1] == "cell":
            way = "".join(levels[-2:-1])
            own = own[: -2 if way in DIRECTIONS else -1]
            roles = _cell(held, "_reverse" * (way == DIRECTIONS[1]), maps=any(len(one) > 2 for one in held))
        elif levels[-1] in PROJECTIONS and len(above) > 1:
            own, roles = own[:-1], _projected(levels[-1], held, above[-2], shapes)
        else:
            roles = _roles(re.sub(r"_\d+\Z", "", levels[-1]), held)
        found |= {
            ".".join([*own, role]): Array(shape, path) for path, (role, shape) in zip([*paths, *paths[-1:]], roles)
        }
    return found


def _cell(held: list[Shape], backward: str, *, maps: bool) -> list[tuple[str, Shape]]:
    """The arrays of a recurrent cell: of what comes in, of the state, and a bias, of two rows where there are two."""
    if maps:
        return list(zip(("weight_ih", "weight_hh", "bias"), (*map(turned, held[:2]), *held[2:])))
    rows = [held[2][-1:]] * (2 if len(held[2]) > 1 else 1) if len(held) > 2 else []
    made = zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), (*map(turned, held[:2]), *rows))
    return [(f"{name}_l0{backward}", one) for name, one in made]


def _projected(part: str, held: list[Shape], group: str, shapes: Mapping[str, Shape]) -> list[tuple[str, Shape]]:
    """The arrays of a projection of an attention, whose heads are an axis.

    Torch has those of queries, keys and values in one where they take as many features: with the queries here.
    """
    if part == "output_dense":
        rows = [(*held[0][-1:], product(held[0][:-1]))] if held else []
        return list(zip(("out_proj.weight", "out_proj.bias"), (*rows, *held[1:])))
    asked = [shapes.get(f"{group}/{name}/{VARIABLES}/0") or (0,) for name in ASKED]
    biases = [product(shapes.get(f"{group}/{name}/{VARIABLES}/1", (0,))) for name in ASKED]
    packed = len({shape[0] for shape in asked}) == 1
    roles = [] if packed else [(f"{part[0]}_proj_weight", (product(one[1:]), *one[:1])) for one in held[:1]]
    if part != ASKED[0]:
        return roles
    if packed:
        roles = [("in_proj_weight", (sum(product(shape[1:]) for shape in asked), asked[0][0]))]
    return [*roles, ("in_proj_bias", (sum(biases),))] if any(biases) else roles


def _roles(kind: str, held: list[Shape]) -> list[tuple[str, Shape]]:
    """What the arrays of a layer are in torch, by the layer's class and their order."""
    if len(held) == len(NORMS) and len(set(held)) == 1:
        return list(zip(NORMS, held))
    if kind == "batch_normalization":
        learned = NORMS[1:2] if len(held) == len(STATISTICS) + 1 else ()
        return list(zip((*learned, *STATISTICS), held))
    if kind.startswith("separable_conv") and len(held) > 1:
        rest = [("pointwise.weight", turned(held[1])), *(("pointwise.bias", one) for one in held[2:])]
        return [("depthwise.weight", one_each(held[0])), *rest]
    if not held:
        return []
    if kind == "p_re_lu":
        return [("weight", slopes(held[0]))]
    first = one_each(held[0]) if kind.startswith("depthwise") else held[0] if kind == "embedding" else turned(held[0])
    return [("weight", first), *zip(("bias", "second", "third"), held[1:])]


def named(shapes: Mapping[str, Shape], depthwise: set[str]) -> dict[str, Array]:
    """`model_weights/conv1/conv1/kernel:0`, as Keras writes whole models into one file.

    Keras 3 has the model between: `model_weights/conv1/sequential/conv1/kernel`.
    """
    found: dict[str, Array] = {}
    separable = {path.rpartition("/")[0] for path in shapes if "pointwise_kernel" in path.rpartition("/")[2]}
    for path, shape in shapes.items():
        levels = [level for level in path.split("/") if level not in TOP]
        if path.split("/")[0] == "optimizer_weights" or not levels:
            continue
        array = re.sub(r"(_\d+)?(:0)?\Z", "", levels.pop())
        if len(levels) > 2 and levels[0] == levels[2] and path.startswith("model_weights/"):
            del levels[1]
        levels = [level for place, level in enumerate(levels) if level not in levels[:place]]
        role = ROLES.get(array, array)
        array = "depthwise_kernel" if array == "kernel" and depthwise.intersection(levels[-1:]) else array
        part = TURNS.get(array)
        if array in OF_CELLS and len(levels) > 1 and CELL.fullmatch(levels[-1]):
            found |= _of_cell(levels, array, shape, path)
            continue
        if path.rpartition("/")[0] in separable:
            levels.append("depthwise" if array == "depthwise_kernel" else "pointwise")
        found[".".join([*levels, role])] = Array(part(shape) if part else shape, path)
    return found


def _of_cell(levels: list[str], array: str, shape: Shape, path: str) -> dict[str, Array]:
    """An array of a recurrent cell, which has a level of its own, as each direction of two has."""
    *own, cell = levels
    way = own[-1].partition("_")[0] if len(own) > 1 else ""
    own = own[:-1] if way in ("forward", "backward") else own
    each = [shape if name == array else (1, 1) for name in OF_CELLS]
    held = dict(_cell(each, "_reverse" * (way == "backward"), maps=cell.startswith("conv")))
    wanted = {"kernel": "weight_ih", "recurrent_kernel": "weight_hh", "bias": "bias"}[array]
    return {".".join([*own, role]): Array(one, path) for role, one in held.items() if role.startswith(wanted)}


def turned(shape: Shape) -> Shape:
    """Torch's shape of a kernel, whose last axes are inputs and outputs in Keras."""
    return (shape[-1], shape[-2], *shape[:-2]) if len(shape) > 1 else shape


def one_each(shape: Shape) -> Shape:
    """Torch's shape of a depthwise kernel: outputs for each input are Keras's last axis."""
    return (shape[-2] * shape[-1], 1, *shape[:-2]) if len(shape) > 1 else shape


def slopes(shape: Shape) -> Shape:
    """Torch's shape of slopes: one a channel, which is the last axis in Keras."""
    return shape[-1:] if all(n == 1 for n in shape[:-1]) else (shape[-1], *shape[:-1])


TURNS = {"alpha": slopes, "depthwise_kernel": one_each, "kernel": turned, "pointwise_kernel": turned}
