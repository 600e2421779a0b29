"""A net that was rewritten, as Python gets it: what changed, the new net, its file, and the proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from cnncalc.api.answers import Answer
from cnncalc.api.boundary.keywords import known_keywords
from cnncalc.errors import CnncalcError, Fault
from cnncalc.pages.rewriting import Proved, page
from cnncalc.rewrites.rewriting import Rewriting
from cnncalc.rewrites.rewriting import rewritten as through
from cnncalc.rewrites.table import asked

if TYPE_CHECKING:
    from torch import nn

    from cnncalc.graph import Net
    from cnncalc.language.options import Options

N = TypeVar("N")

__all__ = ["Rewritten", "proved", "rewritten"]


class Rewritten(Answer[Rewriting], Generic[N]):
    """What rules made of a net: `steps` with the figures before and after, `yaml`, its file, and `net`, to be asked."""

    def __init__(self, found: Rewriting, net: N) -> None:
        super().__init__(found, found.net, page)
        self.net = net

    @known_keywords
    def verify(self, *, seed: int = 0) -> Answer[Proved]:
        """Exact rules proved, and every number of the new net held against torch: `cnncalc rewrite … --verify`.

        It needs torch. Raises CnncalcError.
        """
        return Answer(proved(self.data, seed), self.data.net, lambda found: page(self.data, found))

    @known_keywords
    def to_torch(self, module: nn.Module) -> nn.Module:
        """The new net as a torch module whose parameters are made of those of `module`, at inference. It needs torch.

        `module` is the net before, as its `to_torch` has made it, with whatever weights it has by now. It is left as it
        is. Raises CnncalcError for another module, and for a rule that is not exact.
        """
        from cnncalc.torch_backend.rewriting import carried

        for step in self.data.steps:
            if not step.asked.rule.exact:
                message = f"`{step.asked.text[:60]}` makes a net that has to be trained"
                raise CnncalcError(Fault(message, help="`.net.to_torch()` has new weights"))
        for step in self.data.steps:
            module = carried(module, step.graphs[1], step.made)
        return module

    @known_keywords
    def save(self, file: str | PathLike[str], *, force: bool = False) -> None:
        """Write the net as a `.yaml` file. Raises CnncalcError for another name, and for a file that is there.

        With `force` that file is written over.
        """
        from cnncalc.files import write_whole
        from cnncalc.interchange.writers import spare_yaml

        name = fspath(file)
        spare_yaml(name, force=force)
        try:
            write_whole(self.data.yaml, Path(name))
        except OSError as error:
            message = f"`{name[-60:]}` cannot be written: {error.strerror}"
            raise CnncalcError(Fault(message, help="write elsewhere")) from None


def rewritten(
    graph: Net,
    name: str,
    rules: Sequence[str],
    at: str | Sequence[str],
    options: Options,
    load: Callable[[str], N],
) -> Rewritten[N]:
    """A net through rules; `load` makes one of a text. Raises CnncalcError."""
    patterns = [at] if isinstance(at, str) else at
    found = through(name, graph, asked(rules), patterns, batch=options.batch)
    return Rewritten(found, load(found.yaml))


def proved(found: Rewriting, seed: int = 0) -> Proved:
    """The outputs of each exact step held against one another, and the new net against torch. Raises CnncalcError."""
    from cnncalc.torch_backend.rewriting import prove
    from cnncalc.torch_backend.verify import verify

    proofs = [prove(one.asked.text, *one.graphs, one.made, seed=seed) for one in found.steps if one.asked.rule.exact]
    return Proved(tuple(proofs), verify(found.graph, net=found.net, seed=seed))
