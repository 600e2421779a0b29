"""`--columns help` and its like: what an option takes, listed, in place of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from cnncalc.language.yaml.reader import Scalar, YamlNode

__all__ = [
    "columns", "conventions", "devices", "dialects", "dtypes", "figures", "limits", "optimizers", "runtimes",
    "shardings", "variables",
]  # fmt: skip


def columns(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """`--columns help` lists the columns and ends."""
    if value == "help":
        from cnncalc.pages.show.columns import COLUMNS

        marks = ["usual" if column.usual else "" for column in COLUMNS]
        keys, headings = [column.key for column in COLUMNS], [column.heading for column in COLUMNS]
        _listing(context, keys, headings, marks)
    return value


def _listing(context: click.Context, *columns: Sequence[str]) -> None:
    """Print names with what is said of each, and end."""
    import click

    from cnncalc.text import aligned

    click.echo("\n".join(aligned(list(zip(*columns)), [False] * len(columns))))
    context.exit()


def figures(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """`--figures help` lists the figures and ends."""
    if value == "help":
        from cnncalc.answers.figures import CLAIMED

        _listing(context, [*CLAIMED], [*CLAIMED.values()])
    return value


def limits(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """`--limit help` lists the bounds and ends."""
    if "help" in value:
        from cnncalc.limits import Limits

        _listing(context, Limits._fields, [f"{bound:,}" for bound in Limits()])
    return value


def devices(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """`--device help` lists the devices and ends."""
    if value == "help":
        from cnncalc.tools.devices import devices

        known = devices()
        _listing(context, list(known), [device.title for device in known.values()])
    return value


def variables(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """`--set help` lists the net's variables, each as its file has it, and ends.

    Of the net and the option, whichever comes last on the command line knows both.
    """
    known = {**context.params, parameter.name: value}
    if "help" in (known.get("set_") or ()) and known.get("net"):
        from cnncalc.cli.nets import open_net

        variables = open_net(known["net"]).variables
        _listing(context, list(variables), [_as_written(key, node) for key, node in variables.values()])
    return value


def _as_written(key: Scalar, node: YamlNode) -> str:
    """A key with its value: its line, for what is said there beside it, or what is its own of a line of several."""
    line = key.source.lines[key.line - 1].strip()
    value = getattr(node, "text", "")
    return line if line.startswith(key.text) or not value else f"{key.text}: {value}"


def optimizers(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """`--optimizer help` lists the optimizers and ends."""
    if value == "help":
        from cnncalc.analysis.memory.optimizers import OPTIMIZERS

        _listing(context, list(OPTIMIZERS), [one.title for one in OPTIMIZERS.values()])
    return value


def runtimes(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """`--runtime help` lists the runtimes with the releases that were measured, and ends."""
    if value == "help":
        from cnncalc.tools.runtimes.table import RUNTIMES

        _listing(context, list(RUNTIMES), [str(one) for one in RUNTIMES.values()])
    return value


def dtypes(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """`--dtype help` lists the types of layers and ends."""
    if "help" in value:
        from cnncalc.graph.formats import FORMATS

        _listing(context, list(FORMATS), [one.title for one in FORMATS.values()])
    return value


def dialects(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """`--dialect help` lists the dialects with the frameworks that were measured, and ends."""
    if value == "help":
        from cnncalc.layers.dialects import DIALECTS

        _listing(context, list(DIALECTS), [one.runs or "PyTorch, whose rules are ours" for one in DIALECTS.values()])
    return value


def conventions(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """`--convention help` lists the tools whose counts are known, and ends."""
    if value == "help":
        from cnncalc.tools.conventions import NAMES, convention_named

        known = [convention_named(name) for name in NAMES]
        _listing(context, NAMES, [one.unit for one in known], [one.tool for one in known])
    return value


def shardings(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """`--shard help` lists the ways in which ranks share what training holds, and ends."""
    if value == "help":
        from cnncalc.analysis.memory.sharding import SHARDINGS

        _listing(context, list(SHARDINGS), [one.title for one in SHARDINGS.values()])
    return value
