"""`cnncalc completion`."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")


@click.command("completion", short_help="Print the script that completes cnncalc's words in a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that completes cnncalc's words in a shell.

    It completes commands, options, files, bundled nets, layer names, variables and columns. For good:

    \b
    bash   echo 'eval "$(cnncalc completion bash)"' >> ~/.bashrc
    zsh    echo 'eval "$(cnncalc completion zsh)"' >> ~/.zshrc
    fish   cnncalc completion fish > ~/.config/fish/completions/cnncalc.fish
    """
    from click.shell_completion import ShellComplete, get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(context.find_root().command, {}, "cnncalc", "_CNNCALC_COMPLETE")
    # the class for bash starts bash to see its version; the script is wanted whether or not it is installed here
    click.echo(ShellComplete.source(script))
