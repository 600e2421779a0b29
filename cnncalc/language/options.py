"""What a user may change about a net without touching its file."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.limits import Limits
from cnncalc.records import NamedTuple

__all__ = ["Options"]


class Options(NamedTuple):
    """The options shared by all commands that take a net; see COMMANDS in the documentation."""

    input: str | None = None
    """`3x320x320`, or `left=3x64x64,right=3x64x64` where a net has several inputs."""
    batch: int = 1
    variables: Mapping[str, str] = {}
    """`--set name=value`."""
    dialect: str | None = None
    freeze: tuple[str, ...] = ()
    """Patterns of layer names, as in `features.*`."""
    checkpoint: tuple[str, ...] = ()
    """Patterns of groups that run again in the pass backward, as in `layer*`."""
    types: tuple[tuple[str, str], ...] = ()
    """Patterns of layers and groups, each with the type that they are stored in: `("classifier.*", "int8")`."""
    sparsity: tuple[tuple[str, str], ...] = ()
    """Patterns of layers and groups, each with the share of weights that are zero, or 2:4."""
    shard: str = ""
    """How ranks share what training holds, and how many: `zero2:8`."""
    accumulate: int = 1
    """Batches whose gradients a step of training adds up."""
    train: bool = False
    """Whether side branches that only training uses are part of the net."""
    limits: Limits = Limits()
    opaque: bool = False
    """Whether operators of a foreign file that are not known become layers of a declared shape."""
    trust: bool = False
    """Whether a file may extend one that lies outside its folder."""
    symbols: bool = False
    """Whether `input` may hold symbols, as `3xHxW`, for which sizes become closed forms."""

    def changes(self) -> tuple[str, ...]:
        """The options given under which a file's net is not the one that its `expect:` describes.

        >>> Options(batch=8, variables={"width": "0.5"}).changes()
        ('--batch', '--set')
        """
        given = {
            "--input": self.input is not None,
            "--batch": self.batch != 1,
            "--set": bool(self.variables),
            "--dialect": self.dialect is not None,
            "--freeze": bool(self.freeze),
            "--checkpoint": bool(self.checkpoint),
            "--dtype PATTERN=TYPE": bool(self.types),
            "--sparsity": bool(self.sparsity),
            "--shard": bool(self.shard),
            "--accumulate": self.accumulate != 1,
            "--train": self.train,
        }
        return tuple(option for option, changed in given.items() if changed)
