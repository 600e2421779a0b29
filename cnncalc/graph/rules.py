"""What must hold where a layer meets its inputs."""

from __future__ import annotations

from itertools import chain

from cnncalc.layers import Layer, Requirement, Shape
from cnncalc.layers.habits import habits

__all__ = ["broken_requirement", "undecided"]

_WORDS = {
    "map": "a map (channels and 1 to 3 spatial axes)",
    "vector": "a vector",
}


def undecided(truth: object) -> bool:
    """Whether a requirement is a condition on symbolic lengths that some meet and others do not."""
    return type(truth) is not bool and not getattr(truth, "always", True) and not getattr(truth, "impossible", True)


def _other_inputs(layer: Layer, *, fewer: bool) -> str:
    """The way out where a layer gets fewer tensors than it takes, or more."""
    if fewer:
        return (
            f"name the second by `{layer.beside}: NAME`"
            if layer.beside
            else f"name them with `from: [{layer.called_inputs}]`"
        )
    some = "one tensor" if layer.inputs[1] == 1 else f"up to {layer.inputs[1]} tensors"
    return f"take {some}, or merge them first, as with `{{concat: , from: [a, b]}}`"


def broken_requirement(
    layer: Layer, shapes: tuple[Shape, ...], conditions: list[Requirement] | None = None
) -> Requirement | None:
    """The first condition that these inputs break, or None.

    Of symbolic lengths a requirement may hold for some and not for others: it goes to `conditions`.
    """
    least, most = layer.inputs
    if not least <= len(shapes) <= most:
        wanted = str(least) if least == most else f"at least {least}" if most > 9 else f"{least} to {most}"
        return Requirement(
            False,
            f"`{layer.kind}` takes {wanted} input{'s' if wanted != '1' else ''}, and it gets {len(shapes)}",
            "",
            _other_inputs(layer, fewer=len(shapes) < least),
        )
    for shape in shapes:
        if not shape and layer.kind != "opaque":
            return Requirement(
                False,
                f"`{layer.kind}` takes a tensor with axes",
                "its input is a scalar, one number",
                "end the net with it, or take another layer's output by `from:`",
            )
        rank = len(shape) - 1
        if (layer.needs == "map" and not 1 <= rank <= 3) or (layer.needs == "vector" and rank != 0):
            text = "x".join(map(str, shape))
            return Requirement(
                False,
                f"`{layer.kind}` takes {_WORDS[layer.needs]}",
                f"its input is {'the vector ' if rank == 0 else ''}{text}",
                "put it before `flatten`, or `reshape` first" if rank == 0 else "put `flatten` before it",
            )
    for requirement in chain(habits(layer, *shapes), layer.requirements(*shapes)):
        if conditions is not None and undecided(requirement.holds):
            conditions.append(requirement)
        elif not requirement.holds:
            return requirement
    return None
