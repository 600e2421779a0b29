"""What a shell may complete: nets, layers, variables, columns. A fault only means that there is nothing to offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

__all__ = ["columns", "dialects", "layers", "limits", "nets", "variables"]


def nets(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return []


def layers(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return []


def variables(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return []


def dialects(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return []


def limits(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return []


def columns(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return []
