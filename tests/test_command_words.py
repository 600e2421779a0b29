"""Words that are read without click are read as click reads them; what click refuses is left to it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.cli.program.declared import Command, argument, option
from cnncalc.cli.program.reading import read
from cnncalc.cli.program.table import COMMANDS

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
        ["a", "--columns", "help"], ["a", "--set", "help"], ["a", "--input", "1", "--input", "2"], ["a", "--train=1"],
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
