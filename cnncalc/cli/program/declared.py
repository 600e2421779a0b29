"""What a command takes, said once: `reading` reads it as it stands, and click's own options are made of it.

Importing click costs more than most answers. So an option is declared in click's words (`help`, `metavar`, `multiple`,
`default`, …), and what would need click to be said has words of its own:

- `choices`: the values that there are; `aliases`: other names of some, by name;
- `least`: a whole number, not below it;
- `file`: a file to write;
- `once`: what more to say to who gives it twice, of `{0}` and `{1}`; whatever is not `multiple` is given once;
- `listing`: click's callback that lists values for the word `help`, and changes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from cnncalc.cli.program.table import COMMANDS
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import click

    Function = TypeVar("Function", bound=Callable[..., Any])

__all__ = ["Command", "Parameter", "Parameters", "argument", "called", "option"]


class Parameter:
    """An option or an argument. On a function it does what click's decorator does."""

    __slots__ = ("is_argument", "names", "said")

    def __init__(self, names: tuple[str, ...], said: Mapping[str, Any], *, is_argument: bool) -> None:
        self.names, self.said, self.is_argument = names, said, is_argument

    @property
    def key(self) -> str:
        """The name by which the command has its value: the word without dashes, or the first of the longest dashes."""
        plain = [name for name in self.names if not name.startswith("-")]
        long = [name for name in self.names if name.startswith("--")]
        return (plain or long)[0].partition("/")[0].lstrip("-").replace("-", "_")

    @property
    def takes_one(self) -> bool:
        """Whether it is an option with one value: given twice it is an error; a flag's last word counts."""
        flag = self.said.get("is_flag") or any("/" in name for name in self.names)
        return not (self.is_argument or flag or self.said.get("multiple"))

    def __call__(self, function: Function) -> Function:
        import click

        said = dict(self.said)
        choices, least = said.pop("choices", None), said.pop("least", None)
        listing, aliases = said.pop("listing", None), said.pop("aliases", None)
        if choices is not None:
            said["type"] = click.Choice([*choices, *(aliases or ())])
        if least is not None:
            said["type"] = click.IntRange(min=least)
        if said.pop("file", False):
            said["type"] = click.Path(dir_okay=False)
        if listing is not None:
            said["callback"] = listing
        if aliases is not None:
            said["callback"] = lambda _, __, value: aliases.get(value, value)
        if self.is_argument:
            return click.argument(*self.names, **said)(function)
        if self.takes_one:
            from cnncalc.cli.program.once import OnceOption

            said["cls"] = OnceOption
        return click.option(*self.names, **said)(function)


class Parameters:
    """Several that go together. On a function they do what click's decorators do, one below the other."""

    __slots__ = ("all",)

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self.all = tuple(parameters)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.all)

    def __call__(self, function: Function) -> Function:
        for parameter in reversed(self.all):
            function = parameter(function)
        return function


def option(*names: str, **said: Any) -> Parameter:
    """An option, declared as `click.option` has it, with the words above."""
    return Parameter(names, said, is_argument=False)


def argument(name: str, **said: Any) -> Parameter:
    """An argument, declared as `click.argument` has it."""
    return Parameter((name,), said, is_argument=True)


class Command(NamedTuple):
    """A command: what it takes, and the function that is called with that and returns the exit code, or None for 0."""

    name: str
    takes: Parameters
    run: Callable[..., int | None]

    def for_click(self) -> click.Command:
        """It as a command of click's."""
        import click

        return click.command(self.name, short_help=COMMANDS[self.name][1])(self.takes(self.run))


def called(name: str, *takes: Parameter) -> Callable[[Callable[..., int | None]], Command]:
    """Makes a command of that name of a function, whose docstring is the help."""
    return lambda run: Command(name, Parameters(takes), run)
