"""Writes the pages of the site that follow from the program and the README: commands, nets and the first page.

    python docs/make_reference.py

They are not kept: `mkdocs build` takes what this has just written.
"""

from __future__ import annotations

import re
from pathlib import Path

import click

from cnncalc.cli.main import COMMANDS
from cnncalc.cli.main import cnncalc as program
from cnncalc.files import write_whole

DOCS = Path(__file__).resolve().parent
WIDTH = 100


def help_of(command: click.Command, path: str) -> str:
    """What `--help` prints, as for a terminal of 100 columns."""
    with click.Context(command, info_name=path, terminal_width=WIDTH, max_content_width=WIDTH) as context:
        return command.get_help(context)


def commands() -> str:
    """Every command and sub-command with its help."""
    parts = ["# Commands\n\nWhat `cnncalc COMMAND --help` prints, of every command.\n"]
    for name in COMMANDS:
        command = program.get_command(click.Context(program), name)
        assert command is not None
        parts.append(f"## cnncalc {name}\n\n```text\n{help_of(command, f'cnncalc {name}')}\n```\n")
        if isinstance(command, click.Group):
            for sub in command.list_commands(click.Context(command)):
                inner = command.get_command(click.Context(command), sub)
                assert inner is not None
                title = f"cnncalc {name} {sub}"
                parts.append(f"### {title}\n\n```text\n{help_of(inner, title)}\n```\n")
    return "\n".join(parts)


def index() -> str:
    """The README as the first page: its links into docs/ are links beside it."""
    text = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    text = text.replace("[中文](README.zh-CN.md)\n", "")  # which is no page of the site
    return re.sub(r"\]\(docs/", "](", text).replace("](CONTRIBUTING.md)", "](architecture.md)")


def nets() -> str:
    """The bundled nets with their totals, a table."""
    from click.testing import CliRunner

    done = CliRunner().invoke(program, ["list", "--format", "markdown"])
    assert done.exit_code == 0, done.output
    return (
        "# The bundled nets\n\n`cnncalc list`: each can be shown, explained, changed and extended by its name.\n\n"
        + done.output
    )


PAGES = {"commands.md": commands, "index.md": index, "nets.md": nets}


def main() -> None:
    """Write all of them."""
    for name, make in PAGES.items():
        write_whole(make(), DOCS / name)


if __name__ == "__main__":
    main()
