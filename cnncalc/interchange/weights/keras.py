"""The arrays of Keras's files, as torch would have them: `.keras`, `.weights.h5`, and the older `.h5`; shapes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.archives import members_of
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.keras.opening import HDF5, hdf5
from cnncalc.layers import Shape

__all__ = ["arrays_of", "named", "numbered"]

MOST = 100_000
"""Arrays of a file."""
INSIDE = "model.weights.h5"
VARIABLES, NAME = "vars", "name"
NORMS = ("weight", "bias", "running_mean", "running_var")
STATISTICS = NORMS[2:]
ROLES = {
    "kernel": "weight", "depthwise_kernel": "weight", "pointwise_kernel": "weight", "bias": "bias", "gamma": "weight",
    "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var", "embeddings": "weight",
    "alpha": "weight",
}  # fmt: skip
"""What an array is called in the older files, and in torch."""
DEPTHWISE = re.compile(r'"class_name": ?"DepthwiseConv\dD", ?"config": ?\{"name": ?"([^"]{1,200})"')
TOP = ("model_weights", "top_level_model_weights", "optimizer_weights")


def arrays_of(file: ForeignFile) -> dict[str, Shape]:
    """Every array by the name and in the shape that torch would have. Raises CnncalcError."""
    if file.head.startswith(HDF5):
        found: dict[str, Shape] = hdf5(file, _arrays)
        return found
    with members_of(file) as archive:
        member = next((one for one in archive.infolist() if one.filename.endswith(INSIDE)), None)
        if member is None:
            raise CnncalcError(Fault(f"`{file.name}` has no `{INSIDE}` inside"))
        if member.compress_type:
            message = f"`{INSIDE}` in `{file.name}` is compressed"
            raise CnncalcError(Fault(message, help="Keras itself stores it as it is"))
        with archive.open(member) as inside:
            within: dict[str, Shape] = hdf5(file, _arrays, inside)
            return within


def _arrays(root: Any) -> dict[str, Shape]:
    """The arrays of an HDF5 file, of today's form where groups have variables."""
    shapes: dict[str, Shape] = {}
    names: dict[str, str] = {}

    def visit(path: str, one: Any) -> bool | None:
        if hasattr(one, "shape"):
            shapes[path] = tuple(int(n) for n in one.shape)
        elif path.rpartition("/")[2] == VARIABLES and NAME in one.attrs:
            names[path.rpartition("/")[0]] = str(one.attrs[NAME])
        return True if len(shapes) > MOST else None

    if root.visititems(visit):
        raise CnncalcError(Fault(f"the file has more than {MOST:,} arrays"))
    return numbered(shapes, names) if names else named(shapes, _depthwise(str(root.attrs.get("model_config", ""))))


def _depthwise(configuration: str) -> set[str]:
    """The depthwise layers of a model's configuration: Keras 3 calls their kernels as it does any."""
    return set(DEPTHWISE.findall(configuration))


def numbered(shapes: Mapping[str, Shape], names: Mapping[str, str]) -> dict[str, Shape]:
    """`layers/conv2d/vars/0`: layers are called by an attribute, arrays by their place."""
    found: dict[str, Shape] = {}
    for group in names:
        if not group:
            continue
        levels = group.split("/")
        own = [names[path] for path in ("/".join(levels[:end]) for end in range(1, len(levels) + 1)) if path in names]
        held = [shapes[path] for place in range(64) if (path := f"{group}/{VARIABLES}/{place}") in shapes]
        kind = re.sub(r"_\d+\Z", "", levels[-1])
        found |= {f"{'.'.join(own)}.{role}": shape for role, shape in _roles(kind, held)}
    return found


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
    first = one_each(held[0]) if kind.startswith("depthwise") else held[0] if kind == "embedding" else turned(held[0])
    return [("weight", first), *zip(("bias", "second", "third"), held[1:])]


def named(shapes: Mapping[str, Shape], depthwise: set[str]) -> dict[str, Shape]:
    """`model_weights/conv1/conv1/kernel:0`, as Keras writes whole models into one file."""
    found: dict[str, Shape] = {}
    separable = {path.rpartition("/")[0] for path in shapes if "pointwise_kernel" in path.rpartition("/")[2]}
    for path, shape in shapes.items():
        levels = [level for level in path.split("/") if level not in TOP]
        if path.split("/")[0] == "optimizer_weights" or not levels:
            continue
        array = re.sub(r"(_\d+)?(:0)?\Z", "", levels.pop())
        levels = [level for place, level in enumerate(levels) if level not in levels[:place]]
        role = ROLES.get(array, array)
        array = "depthwise_kernel" if array == "kernel" and depthwise.intersection(levels[-1:]) else array
        part = TURNS.get(array)
        if path.rpartition("/")[0] in separable:
            levels.append("depthwise" if array == "depthwise_kernel" else "pointwise")
        found[".".join([*levels, role])] = part(shape) if part else shape
    return found


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
