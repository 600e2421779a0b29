"""What a shell may complete: nets, layers, variables, columns. A faulty net only leaves nothing to offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click
    from click.shell_completion import CompletionItem

__all__ = [
    "budgets", "columns", "conventions", "devices", "dialects", "dtypes", "figures", "kinds", "layers", "limits",
    "nets", "rules", "variable_names", "variables", "witnesses",
]  # fmt: skip


def _starting(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def _net(context: click.Context) -> str | None:
    """The net on the command line: where an option still waits for its value, click has sorted no arguments yet."""
    net = context.params.get("net") or next((word for word in context.args if not word.startswith("-")), None)
    return str(net) if net else None


def nets(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Bundled nets and files of the language; below a folder, whatever the shell finds there."""
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from cnncalc.language import bundled

    here = (path.name for path in Path().glob("*.y*ml") if path.name.isprintable() and path.is_file())
    found = _starting(bundled(), incomplete) + _starting(sorted(here), incomplete)
    return found or [CompletionItem(incomplete, type="file")]


def layers(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The layers of the net that stands on the command line, and `group.*` for each of its groups."""
    from cnncalc.language import load
    from cnncalc.language.options import Options

    net = _net(context)
    if not net:
        return []
    try:
        names = [node.name for _, node, _ in load(net, Options(train=True)).layers()]
    except (CnncalcError, OSError):
        return []
    groups: dict[str, None] = {}
    for name in names:
        levels = name.split(".")
        groups.update({".".join([*levels[:depth], "*"]): None for depth in range(1, len(levels))})
    return _starting([*groups, *names], incomplete)


def groups(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Patterns of the groups of the net that stands on the command line, but for the `*` behind a dot."""
    found = [str(one.value) for one in layers(context, parameter, "")]
    return _starting([name.removesuffix(".*") for name in found if name.endswith(".*")], incomplete)


def variables(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """`name=` for each variable of the net that stands on the command line."""
    from cnncalc.cli.nets import open_net

    net = _net(context)
    if not net:
        return []
    try:
        names = open_net(net).variables
    except (CnncalcError, OSError):
        return []
    return _starting([f"{name}=" for name in names], incomplete)


def variable_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Each variable of the net that stands on the command line."""
    from click.shell_completion import CompletionItem

    found = variables(context, parameter, incomplete)
    return [CompletionItem(str(one.value).removesuffix("=")) for one in found]


def kinds(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The kinds of layers, the library's blocks, and behind a first letter the names of frameworks."""
    from cnncalc.language.documents.library import block_texts
    from cnncalc.layers import KINDS
    from cnncalc.notation.vocabulary import kind_names

    return _starting(dict.fromkeys([*KINDS, *block_texts(), *(kind_names() if incomplete else ())]), incomplete)


def figures(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The figures; after a comma, the next one of the list."""
    from cnncalc.answers.figures import CLAIMED

    before, comma, _ = incomplete.rpartition(",")
    return _starting([before + comma + key for key in CLAIMED], incomplete)


def budgets(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """`figure=` for each figure."""
    from cnncalc.answers.figures import CLAIMED

    return _starting([f"{key}=" for key in CLAIMED], incomplete)


def witnesses(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The frameworks that a net can be held against."""
    from cnncalc.witnesses.table import WITNESSES

    return _starting(WITNESSES, incomplete)


def conventions(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The tools whose way to count is known; after a comma, the second of two."""
    from cnncalc.tools.conventions import NAMES

    before, comma, _ = incomplete.rpartition(",")
    return _starting([before + comma + name for name in NAMES], incomplete)


def devices(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The bundled devices."""
    from cnncalc.tools.devices import devices as known

    return _starting(known(), incomplete)


def optimizers(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The optimizers whose state is known."""
    from cnncalc.analysis.memory.optimizers import OPTIMIZERS

    return _starting(OPTIMIZERS, incomplete)


def runtimes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The runtimes that were measured."""
    from cnncalc.tools.runtimes.table import RUNTIMES

    return _starting(RUNTIMES, incomplete)


def shardings(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """`how:` for each way in which ranks share what training holds."""
    from cnncalc.analysis.memory.sharding import SHARDINGS

    return _starting([f"{name}:" for name in SHARDINGS], incomplete)


def dialects(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The frameworks whose rules are known."""
    from cnncalc.layers.dialects import DIALECTS

    return _starting(DIALECTS, incomplete)


def dtypes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The types of numbers whose size is known; behind a pattern those of layers."""
    from cnncalc.graph.formats import DTYPES, FORMATS

    pattern, equals, _ = incomplete.rpartition("=")
    return _starting([pattern + equals + name for name in (FORMATS if equals else DTYPES)], incomplete)


def limits(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """`name=` for each bound."""
    from cnncalc.limits import Limits

    return _starting([f"{name}=" for name in Limits._fields], incomplete)


def columns(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The columns; after a comma, the next one of the list."""
    from cnncalc.pages.show.columns import COLUMNS

    before, comma, _ = incomplete.rpartition(",")
    return _starting([before + comma + column.key for column in COLUMNS], incomplete)


def rules(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The rules of `rewrite`."""
    from cnncalc.rewrites.table import RULES

    return _starting([rule.name for rule in RULES], incomplete)
