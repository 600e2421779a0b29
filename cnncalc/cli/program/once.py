"""Options with one value, as click has them: given twice they are an error, where click takes the last silently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OnceOption"]


class OnceOption(click.Option):
    """An option that takes one value, once; `once` is what more to say to who gives it twice, of `{0}` and `{1}`."""

    def __init__(self, *names: Any, once: str = "", **said: Any) -> None:
        super().__init__(*names, **said)
        self.once = once

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Has every value kept, not the last alone."""
        parser.add_option(obj=self, opts=self.opts, dest=self.name, action="append", nargs=1)

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> Any:
        """The one value. Raises CnncalcError for several, unless a shell only asks what may come next."""
        values = opts.get(str(self.name))
        if isinstance(values, list):
            if len(values) > 1 and not ctx.resilient_parsing:
                message = f"{self.opts[0]} is given {len(values)} times: {' and '.join(values)[:80]}"
                named = [value if "=" in value else f"{name}={value}" for name, value in zip("abcdefgh", values)]
                raise CnncalcError(Fault(message, help="keep one of them" + self.once.format(",".join(named)[:200])))
            opts = {**opts, str(self.name): values[-1]}
        return super().consume_value(ctx, opts)
