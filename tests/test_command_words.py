"""Words that are read without click are read as click reads them; what click refuses is left to it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from command_line import runner
from hypothesis import given
from hypothesis import strategies as st

from cnncalc import CnncalcError
from cnncalc.cli.commands.solve import QUESTIONS
from cnncalc.cli.main import cnncalc as program
from cnncalc.cli.program.declared import Command, argument, option
from cnncalc.cli.program.reading import read
from cnncalc.cli.program.table import COMMANDS
from cnncalc.layers.dialects import DIALECTS
from cnncalc.tools.conventions import NAMES

FOUND = {name: import_module(f"cnncalc.cli.commands.{module}").command for name, (module, _) in COMMANDS.items()}
DECLARED = {name: found for name, found in FOUND.items() if isinstance(found, Command)}
VALUES = [
    "",
    "-",
    "--",
    "1",
    "0",
    "-1",
    "help",
    "json",
    "text",
    "a=b",
    "3xHxW",
    "x" * 9,
    "²",
    "1_0",
    "lenet5",
    "-o",
    "-x",
]
WORDS = ["--depth", "--depth=2", "--format=csv", "--input=-1", "--train=1", "--nothing", "-ofile", "--help", "--set="]


def by_click(command, words):
    return command.for_click().make_context(command.name, list(words)).params


def known(command):
    return [part for one in command.takes if not one.is_argument for name in one.names for part in name.split("/")]


def test_what_is_asked_most_is_declared():
    assert set(DECLARED) >= {"show", "chain", "explain", "compare", "list", "kinds"}


@given(st.data())
def test_what_is_read_is_what_click_reads(data):
    command = DECLARED[data.draw(st.sampled_from(sorted(DECLARED)))]
    word = st.sampled_from([*known(command), *VALUES, *WORDS, *VALUES])
    words = data.draw(st.lists(word, max_size=6))
    plain = read(words, command.takes.all)
    if plain is not None:
        assert plain == by_click(command, words)


def calls():
    """Each option of each command, with each of its values that are told, or another."""
    for name, command in DECLARED.items():
        loose = {"list": [], "schema": [], "chain": ["3x8x8", "relu"]}.get(name, ["relu"])
        for one in command.takes:
            values = [*one.said.get("choices", ()), *one.said.get("aliases", ())] or ["7"]
            for part in "/".join(() if one.is_argument else one.names).split("/"):
                alone = one.said.get("is_flag") or "--train/--eval" in one.names
                if part.startswith("-"):
                    yield from [(name, [*loose, part, *([] if alone else [value])]) for value in values]


@pytest.mark.parametrize(("name", "words"), list(calls()))
def test_every_option_is_read_without_click(name, words):
    plain = read(words, DECLARED[name].takes.all)
    assert plain is not None
    assert plain == by_click(DECLARED[name], words)


@pytest.mark.parametrize(
    "words",
    [
        [], ["--help"], ["a", "b"], ["a", "--depth", "0"], ["a", "--depth", "x"], ["a", "--format", "nothing"],
        ["a", "-x"], ["a", "--dtype", "int8", "--dtype", "help"],
        ["a", "--columns", "help"], ["a", "--set", "help"], ["a", "--input", "1", "--input", "2"],
        ["a", "--batch", "1", "--batch", "2"], ["a", "--depth", "1", "--depth", "1"], ["a", "--train=1"],
        ["a", "--depth"], ["a", "--sort", "--depth"], ["a", "-o", "/"], ["--", "a"],
    ],
)  # fmt: skip
def test_what_needs_click_is_left_to_it(words):
    assert read(words, DECLARED["show"].takes.all) is None


def test_an_option_of_another_type_is_left_to_click():
    takes = [argument("net"), option("--seed", type=int)]
    assert read(["a"], takes) == {"net": "a", "seed": None}
    assert read(["a", "--seed", "1"], takes) is None


@pytest.mark.parametrize(("depth", "loaded"), [("1", "False"), ("x", "True")])
def test_right_words_load_no_click_and_wrong_ones_do(depth, loaded):
    show = "import sys; from cnncalc.cli.main import main\n"
    show += "try: main()\nfinally: print('click' in sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", show, "show", "lenet5", "--depth", depth]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.splitlines()[-1] == loaded


def plain_commands():
    """Every command as click has it, with the questions of `solve`, and what each needs besides options."""
    whole = click.Context(program)
    for name in COMMANDS:
        command: Any = program.get_command(whole, name)
        inside = [command.get_command(whole, one) for one in QUESTIONS] if name == "solve" else [command]
        yield from ((one.name, one) for one in inside)


@pytest.mark.parametrize(("name", "command"), list(plain_commands()))
def test_an_option_with_one_value_is_given_once(name, command):
    """The last of two was taken, and the other ignored without a word."""
    needed = [word for one in command.params if isinstance(one, click.Argument) for word in ("lenet5",)[: one.required]]
    for one in command.params:
        if isinstance(one, click.Option) and not (one.multiple or one.is_flag):
            words = one.opts[0], one.opts[-1]
            with pytest.raises(CnncalcError) as raised:
                command.make_context(name, [*needed, words[0], "7", words[1], "8"])
            assert f"{one.opts[0]} is given 2 times: 7 and 8" in str(raised.value)
            command.make_context(name, [words[0], "7", words[1], "8"], resilient_parsing=True)  # a shell completes


def test_every_option_is_declared_by_option():
    """click's own would take the last of two values."""
    from cnncalc import cli

    for file in Path(cli.__file__).parent.rglob("*.py"):
        assert "click.option(" not in file.read_text() or file.name == "declared.py"


@pytest.mark.parametrize(
    ("words", "names"),
    [(["show", "lenet5", "--dialect", "help"], DIALECTS), (["solve", "conv-padding", "--dialect", "help"], DIALECTS),
     (["explain", "lenet5", "--convention", "help"], NAMES)],
    ids=" ".join,
)  # fmt: skip
def test_help_as_a_value_lists_the_names(words, names):
    done = runner().invoke(program, words)
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(names)
    assert all(len(line.split()) > 1 for line in done.stdout.splitlines())


@pytest.mark.parametrize("net", ["3,32,32", "3x32x32", "3xHxW", "(3, 32, 32)"])
def test_a_shape_in_the_place_of_a_net_is_told_as_one(net):
    done = runner().invoke(program, ["show", net])
    assert done.exit_code == 2
    meant = "3xHxW" if "H" in net else "3x32x32"
    assert f"`cnncalc chain {meant} LAYER…`, or a net with `--input {meant}`" in done.stderr


@pytest.mark.parametrize("condition", ["params**99999 < 3", "sum([1]*10000000) < 3", "(" * 500 + "1" + ")" * 500])
def test_a_condition_of_list_advises_no_option_that_it_lacks(condition):
    done = runner().invoke(program, ["list", "--where", condition])
    assert done.exit_code == 2
    assert "--limit" not in done.stderr
    assert "such as 'params < 5M and macs < 600M'" in done.stderr
