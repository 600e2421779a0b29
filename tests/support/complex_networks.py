"""Random networks of complex numbers, of the kinds that take them."""

from __future__ import annotations

from random import Random

from networks import Drawing, Network, network

from cnncalc.analysis.formats import check_types
from cnncalc.errors import CnncalcError
from cnncalc.language import load_text
from cnncalc.language.options import Options
from cnncalc.notation.lines import TokenError, parse

__all__ = ["complex_network"]

Shape = tuple[int, ...]


class OfComplex(Drawing):
    """Draws layers that torch trains on complex numbers."""

    def after(self, text: str, *shapes: Shape) -> Shape | None:
        try:
            taken = parse(text, self.dialect).layer.on_complex() in ("numbers", "parts")
        except TokenError:
            return None
        return super().after(text, *shapes) if taken else None

    def layer(self, shape: Shape) -> tuple[str, Shape]:
        text, after = super().layer(shape)
        return (text, after) if text != "identity" else (self.random.choice(("tanh", "sigmoid", "layerscale")), shape)


def complex_network(random: Random) -> Network:
    """A whole net of complex numbers; one with a merge or a block that does not take them is drawn anew."""
    while True:
        net = network(random, by=OfComplex)
        try:
            check_types(load_text(net.text, "random.yaml", Options(train=net.train)), 0, 2)
        except CnncalcError:
            continue
        return net._replace(dtype=random.choice(("complex64", "complex64", "complex128")), fields=False)
