"""Nets that Python builds layer by layer: each step is held against what it takes before the graph sees it."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.api.boundary.keywords import known_keywords
from cnncalc.errors import CnncalcError
from cnncalc.graph import Input, Level, Node, Origin
from cnncalc.graph import Net as Built
from cnncalc.graph.plan import cast, checkpoint
from cnncalc.layers import FieldError, Layer
from cnncalc.notation.shapes import misshapen, read_shape

__all__ = ["Buildable"]

_TOP = Level()


class Buildable(Built):
    """A net that can be built, with mistakes of the types too as faults."""

    __slots__ = ()

    @known_keywords
    def add(
        self,
        layer: Layer | str,
        inputs: Input | Sequence[Input] | None = None,
        *,
        name: str | None = None,
        level: Level = _TOP,
        share: Input | None = None,
        trainable: bool = True,
        train_only: bool = False,
        origin: Origin | None = None,
    ) -> Node:
        """One layer more, such as `conv 64 k3 s2`; it takes the last tensor, or `inputs`.

        `name` is its own, `share` the layer whose parameters it uses. Raises CnncalcError with all that is wrong with
        it; the net is then as before.
        """
        return super().add(
            layer, inputs, name=name, level=level, share=share, trainable=trainable, train_only=train_only,
            origin=origin,
        )  # fmt: skip

    @known_keywords
    def add_input(self, name: str, shape: str | Sequence[int]) -> Node:
        """One more input, of a shape without the batch; they come before all layers. Raises CnncalcError."""
        try:
            return super().add_input(name, read_shape(shape, symbols=True))
        except FieldError as error:
            raise CnncalcError(misshapen(error)) from None

    @known_keywords
    def group(self, name: str, level: Level = _TOP, *, by_position: bool = False, like: str = "") -> Level:
        """Open a named group; `level` is what is around it. Raises CnncalcError where the name is taken."""
        return super().group(name, level, by_position=by_position, like=like)

    @known_keywords
    def output(self, tensor: Input, name: str | None = None) -> None:
        """Make a tensor an output of the net, under its own name or another. Raises CnncalcError."""
        super().output(tensor, name)

    @known_keywords
    def freeze(self, pattern: str) -> None:
        """Freeze the layers and groups whose names match, as `features.*`, or with a `!` before it all others.

        Their parameters are not trainable then. Raises CnncalcError where no layer matches.
        """
        super().freeze(pattern)

    @known_keywords
    def cast(self, pattern: str, dtype: str) -> None:
        """Store the layers and groups whose names match in a type of their own, as `int8`; the last call wins.

        Raises CnncalcError where no layer matches, and where there is no such type.
        """
        cast(self, [(pattern, dtype)], "cast")

    @known_keywords
    def checkpoint(self, *patterns: str) -> None:
        """Run the groups whose names match again in the pass backward, as torch.utils.checkpoint: `layer*`.

        Of groups in groups the outermost; without a pattern none. Raises CnncalcError where a pattern matches no group.
        """
        checkpoint(self, patterns)
