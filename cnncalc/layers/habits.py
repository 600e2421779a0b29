"""What a dialect's table says against a layer, whatever its kind: kinds that it has not, or not on so many axes."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.layers.base import Layer, Requirement, Shape, show_shape

__all__ = ["features", "habits", "not_fitting"]


def features(layer: Layer) -> Iterator[str]:
    """What implementations differ in, of what a layer has: by the kind and a word, as `maxpool ceil`."""
    padding, dilation = getattr(layer, "padding", ""), getattr(layer, "dilation", None) or (1,)
    if getattr(layer, "rounding", None) == "ceil":
        yield f"{layer.kind} ceil"
    if max(dilation) > 1:
        yield f"{layer.kind} dilated"
    if isinstance(padding, str) and padding.startswith("same"):
        yield f"{layer.kind} {padding}"
        if any(getattr(layer, "output_padding", None) or ()):
            yield f"{layer.kind} same output_padding"
    scale = getattr(layer, "scale", None)  # a norm has one, too, which says whether it learns
    if isinstance(scale, tuple) and any(one % 1 for one in scale):
        yield f"{layer.kind} by a fraction"


def habits(layer: Layer, *x: Shape) -> Iterator[Requirement]:
    """The conditions on the inputs that hold for any layer of its kind in its dialect."""
    rules = layer.rules
    if layer.kind in rules.missing:
        yield Requirement(
            False, f"{rules.runs} has no `{layer.kind}` here", rules.missing[layer.kind], "use another dialect"
        )
    for feature in features(layer) if rules.unsaid else ():
        yield Requirement(
            feature not in rules.unsaid,
            rules.unsaid.get(feature, ""),
            f"{rules.runs}, `{feature}`",
            "write it in other layers, or ask for another runtime",
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
