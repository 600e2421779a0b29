"""What a dialect's table says against a layer, whatever its kind: kinds that it has not, or not on so many axes."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.layers.base import Layer, Requirement, Shape, show_shape

__all__ = ["habits", "not_fitting"]


def habits(layer: Layer, *x: Shape) -> Iterator[Requirement]:
    """The conditions on the inputs that hold for any layer of its kind in its dialect."""
    rules = layer.rules
    if layer.kind in rules.missing:
        yield Requirement(
            False, f"{rules.runs} has no `{layer.kind}` here", rules.missing[layer.kind], "use another dialect"
        )
    ranks = rules.ranks.get(layer.kind)
    if ranks and len(x[0]) - 1 not in ranks:
        axes = " or ".join(map(str, ranks))
        yield Requirement(
            False,
            f"{rules.runs} has `{layer.kind}` on {axes} spatial axes only",
            f"the input is {show_shape(x[0])}",
            "`reshape` the input, or use another dialect",
        )


def not_fitting(layer: Layer) -> str:
    """What is said beside the sizes of a window that does not fit its input, where the framework goes on."""
    return f"; {layer.rules.truncates}" if layer.rules.truncates else ""
