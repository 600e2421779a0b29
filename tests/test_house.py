"""The house: what imports what, and that versions and tables agree."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import cnncalc

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "cnncalc").rglob("*.py"))


LONGER = {"arithmetic/symbolic/algebra.py": 501}
"""Files that may have more than 320 lines: sizes and polynomials are one algebra, each makes the other."""


CROWDED = {"cnncalc/cli/commands": 21, "cnncalc/layers/kinds": 25, "cnncalc/solve/files": 16}
"""Rooms that may have more than 13 files: tables of commands and of kinds, and one that is being rebuilt."""


def loaded(code):
    """The modules that a fresh Python has after running the code."""
    script = f"import sys; before = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_importing_the_package_loads_nothing():
    assert loaded("import cnncalc") - {"__future__"} == {"cnncalc"}


def test_the_command_line_loads_no_engine_before_a_command_runs():
    modules = loaded("import cnncalc.cli.main")
    assert not modules & {"click", "rich", "torch", "yaml", "cnncalc.language", "cnncalc.forms", "cnncalc.cli.commands"}


def test_a_piped_show_loads_neither_rich_nor_torch():
    call = "cnncalc.main(['show', 'lenet5'], prog_name='cnncalc')"
    code = f"from cnncalc.cli.main import cnncalc\ntry: {call}\nexcept SystemExit: pass"
    modules = loaded(code)
    assert "cnncalc.pages.show.report" in modules
    assert not modules & {"rich", "torch", "numpy", "difflib", "json"}


@pytest.mark.parametrize("name", cnncalc.__all__)
def test_every_public_name_is_there(name):
    if name == "to_torch":
        pytest.importorskip("torch")
    assert getattr(cnncalc, name)
    assert name in dir(cnncalc)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        cnncalc.nothing  # noqa: B018 - reading it is the test


def test_the_version_is_the_installed_one():
    assert metadata.version("cnncalc") == cnncalc.__version__


def test_the_changelog_knows_the_version():
    assert f"## {cnncalc.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert len(text.splitlines()) <= LONGER.get(str(path.relative_to(ROOT / "cnncalc")), 320)
    assert re.search(r"^from __future__ import annotations$", text, re.MULTILINE) or len(text.splitlines()) < 5


def test_no_room_has_more_files_than_a_dozen():
    rooms = {path for path in (ROOT / "cnncalc").rglob("*") if path.is_dir() and path.name != "__pycache__"}
    many = {str(room.relative_to(ROOT)): len(list(room.glob("*.py"))) - 1 for room in rooms}
    assert {room: count for room, count in many.items() if count > CROWDED.get(room, 13)} == {}


def test_the_package_is_typed():
    assert (ROOT / "cnncalc" / "py.typed").exists()
