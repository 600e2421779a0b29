"""A net's table as people know it from a framework or a summary tool: its rows, names, totals and its own "MB"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault, suggestion

if TYPE_CHECKING:
    from cnncalc.graph import Net

__all__ = ["NAMES", "draw"]

NAMES = ("keras", "keras-nested", "keras-sequential", "paddle", "torchinfo", "torchsummary")


def draw(graph: Net, style: str, batch: int = 1, dtype: str = "float32", depth: int | None = None) -> str:
    """The table in one of NAMES, with a line end. Raises CnncalcError for another, or for a dtype that there is not.

    `depth` is for torchinfo: how many levels of modules it prints.
    """
    from cnncalc.tools.modules import modules

    net = modules(graph, batch)
    if style in ("keras", "keras-nested", "keras-sequential"):
        from cnncalc.analysis.dtypes import element_bytes
        from cnncalc.tools.styles import keras, keras_models

        if style == "keras-nested":
            net, models = keras_models.folded(net)
            return keras.draw(net, element_bytes(dtype), keras.Table(net, models))
        table = keras.Table(net)
        return keras.draw(
            net, element_bytes(dtype), table if style == "keras" else keras_models.as_sequential(table, net)
        )
    if style == "paddle":
        from cnncalc.tools.styles import paddle

        return paddle.draw(net)
    if style == "torchsummary":
        from cnncalc.tools.styles import torchsummary

        return torchsummary.draw(net)
    if style == "torchinfo":
        from cnncalc.analysis.dtypes import element_bytes
        from cnncalc.tools.conventions import convention_named
        from cnncalc.tools.conventions.counting import count
        from cnncalc.tools.styles import torchinfo

        counting = count(graph, convention_named("torchinfo"), batch)
        return torchinfo.draw(net, counting, element_bytes(dtype), depth)
    help = suggestion(style, NAMES, f"the styles are {', '.join(NAMES)}")
    raise CnncalcError(Fault(f"there is no style `{style[:60]}`", help=help))
