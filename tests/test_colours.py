"""Colours on a terminal: they change no letter, mark what they should, and stay away where nobody wants them."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.answers.page import Layout
from cnncalc.forms.coloured import Coloured, coloured_faults
from cnncalc.forms.plain import Plain

ERRORS = sorted((Path(__file__).parent / "errors").glob("*.txt"))
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ANSWERS: dict[str, Callable[[], cnncalc.Answer[Any]]] = {
    "explain": lambda: cnncalc.load("lenet5").explain("conv1"),
    "compare": lambda: cnncalc.compare("lenet5", "alexnet"),
    "diff": lambda: cnncalc.compare("resnet18", "resnet34", diff=True),
    "holds": lambda: cnncalc.check("lenet5"),
    "fails": lambda: cnncalc.check("lenet5", max={"params": 1}),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("room", [40, 110])
def test_colours_change_no_letter(name, room):
    page = ANSWERS[name]().page
    layout = Layout(room)
    coloured = Coloured(room).drawn(page.body(layout))
    assert COLOUR.sub("", coloured) == Plain(room).drawn(page.body(layout))
    assert COLOUR.search(coloured)


def test_what_holds_is_green_and_what_fails_red():
    assert "\x1b[32m✓ lenet5" in Coloured().drawn(ANSWERS["holds"]().page.body(Layout()))
    assert "\x1b[31m✗ lenet5" in Coloured().drawn(ANSWERS["fails"]().page.body(Layout()))
    changed = Coloured().drawn(ANSWERS["diff"]().page.body(Layout()))
    assert "\x1b[31m- resnet18" in changed
    assert "\x1b[32m+ resnet34" in changed


def test_faults_keep_their_letters():
    texts = [file.read_text(encoding="utf-8") for file in ERRORS]
    assert len(texts) > 50
    for text in texts:
        assert COLOUR.sub("", coloured_faults(text)) == text
    told = coloured_faults("error: no\n  ┌ a.yaml:4:5\n 4│   - con 5\n  │     ^^^ values\n  = help: `conv`")
    assert told.split("\n") == [
        "\x1b[1;31merror:\x1b[0m no", "\x1b[2m  ┌\x1b[0m a.yaml:4:5", "\x1b[2m 4│\x1b[0m   - con 5",
        "\x1b[2m  │\x1b[0m     \x1b[31m^^^ values\x1b[0m", "\x1b[1;36m  = help:\x1b[0m `conv`",
    ]  # fmt: skip


@pytest.mark.parametrize(("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_only_a_terminal_that_wants_them_has_colours(more, coloured):
    master, slave = pty.openpty()
    environment = {**{name: value for name, value in os.environ.items() if name != "NO_COLOR"}, "TERM": "xterm", **more}
    command = [sys.executable, "-m", "cnncalc", "show", "vgg61"]
    done = subprocess.run(command, stderr=slave, stdout=subprocess.PIPE, env=environment, check=False)
    os.close(slave)
    told = os.read(master, 10_000).decode()
    os.close(master)
    assert done.returncode == 2
    assert "error:" in told
    assert bool(COLOUR.search(told)) == coloured
    piped = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert not COLOUR.search(piped.stderr)
