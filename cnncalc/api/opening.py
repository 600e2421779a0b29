"""Nets from elsewhere: of a name, a file, a text or a mapping, and chains of layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnncalc.api.boundary.keywords import known_keywords
from cnncalc.api.loading import InputLike, NetLike, options_of, source_of
from cnncalc.api.nets import Net
from cnncalc.graph import Net as Built
from cnncalc.language.options import Options

__all__ = ["chain", "load"]


@known_keywords
def load(
    net: NetLike | Built,
    options: Options | None = None,
    *,
    input: InputLike | None = None,
    set: Mapping[str, object] | None = None,  # noqa: A002 - as the option is called
    dialect: str | None = None,
    freeze: str | Sequence[str] = (),
    checkpoint: str | Sequence[str] = (),
    dtypes: Mapping[str, str] | None = None,
    sparsity: Mapping[str, object] | None = None,
    shard: str = "",
    accumulate: int = 1,
    train: bool = False,
    opaque: bool = False,
    limits: Mapping[str, int] | None = None,
    trust: bool = False,
) -> Net:
    """A net: bundled (`load("resnet50")`), of a file, of YAML text, of a mapping, or of another tool's file.

    The keywords are the options of the command line: `load("resnet50", input="3x320x320", set={"width": 0.5})`;
    `options` is all of them in one. Raises CnncalcError with every fault.
    """
    asked = options or options_of(
        input=input, set=set, dialect=dialect, freeze=freeze, checkpoint=checkpoint, dtypes=dtypes,
        sparsity=sparsity, shard=shard, accumulate=accumulate, train=train, opaque=opaque, limits=limits, trust=trust,
    )  # fmt: skip
    if isinstance(net, Built):
        return Net.of(net, asked, None)
    return Net.read(source_of(net), asked)


@known_keywords
def chain(
    input: str | Sequence[int],
    *layers: str | Sequence[str] | Options,
    batch: int = 1,
    dialect: str | None = None,
    freeze: str | Sequence[str] = (),
    limits: Mapping[str, int] | None = None,
) -> Net:
    """Layers one after another: `chain("3x32x32", "conv 16 k3", "relu")`. Raises CnncalcError with every fault.

    The layers may come as one list too, and behind them all options in one.
    """
    from cnncalc.language import given_chain

    texts = [
        text for one in layers if not isinstance(one, Options) for text in ([one] if isinstance(one, str) else one)
    ]
    given = next((one for one in layers if isinstance(one, Options)), None)
    asked = given or options_of(dialect=dialect, freeze=freeze, limits=limits, batch=batch)

    return Net.read(given_chain(options_of(input=input).input or "", texts), asked)
