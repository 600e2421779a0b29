"""The README and the pages are run: sessions print what is said, files are nets, every command is there."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from cnncalc import Options
from cnncalc.claims.expect import check
from cnncalc.cli.main import COMMANDS, cnncalc
from cnncalc.layers.registry import KINDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = ROOT / "README.zh-CN.md"
PAGES = [*sorted((ROOT / "docs").glob("*.md")), CHINESE]


def blocks(language, text=README):
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def sessions(text=README):
    """Every (command, output) of the console blocks; an output that ends in ... is only its beginning."""
    for block in blocks("console", text):
        for part in block.split("$ cnncalc ")[1:]:
            command, _, output = part.partition("\n")
            yield pytest.param(command, output, id=command[:40])


def pages_sessions():
    """Those of the pages, each with its page."""
    for page in PAGES:
        for one in sessions(page.read_text(encoding="utf-8")):
            yield pytest.param(page, *one.values, id=f"{page.stem}: {one.id}")


@pytest.mark.parametrize(("command", "output"), list(sessions()))
def test_a_session_prints_what_the_readme_says(command, output):
    holds(command, output)


@pytest.mark.parametrize(("page", "command", "output"), list(pages_sessions()))
def test_a_session_prints_what_its_page_says(page, command, output, tmp_path, monkeypatch):
    """A page's YAML blocks are files, by the name in their first line."""
    monkeypatch.chdir(tmp_path)
    for text in blocks("yaml", page.read_text(encoding="utf-8")):
        name = re.match(r"# ([\w.-]+\.yaml)\n", text)
        if name:
            Path(name[1]).write_text(text, encoding="utf-8")
    holds(command, output)


def holds(command, output):
    printed = CliRunner().invoke(cnncalc, shlex.split(command)).output
    if output.endswith("...\n"):
        assert printed.startswith(output.removesuffix("...\n"))
    else:
        assert printed == output


def test_the_file_is_a_net_that_keeps_its_word(tmp_path):
    (text,) = blocks("yaml")
    file = tmp_path / "net.yaml"
    file.write_text(text, encoding="utf-8")
    checks = check(str(file), Options(), {}, {}).checks
    assert [(one.what, one.passed) for one in checks] == [("output", True), ("params", True), ("macs", True)]


def test_the_net_of_the_chinese_readme_keeps_its_word(tmp_path):
    (text,) = blocks("yaml", CHINESE.read_text(encoding="utf-8"))
    file = tmp_path / "net.yaml"
    file.write_text(text, encoding="utf-8")
    checks = check(str(file), Options(), {}, {}).checks
    assert [(one.what, one.passed) for one in checks] == [("output", True), ("params", True)]


def test_the_hook_for_commits_runs_a_command_that_there_is():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["entry"].split() == ["cnncalc", "check"]
    assert "check" in COMMANDS
    assert f"id: {hook['id']}" in (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command):
    assert f"`cnncalc {command}" in README


def test_ci_runs_what_the_readme_tells_to_run():
    assert "bash .ci/run" in README


def test_the_reference_of_the_kinds_is_current():
    from cnncalc.forms import text
    from cnncalc.pages.kinds import listing

    page = Path(__file__).parent.parent / "docs" / "kinds.md"
    assert page.read_text(encoding="utf-8") == text(listing(()), "markdown"), (
        "`cnncalc kinds --format markdown -o docs/kinds.md`"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_section(kind):
    assert f"\n## {kind}\n" in (Path(__file__).parent.parent / "docs" / "kinds.md").read_text(encoding="utf-8")


def test_the_schema_is_current():
    import json

    from cnncalc.language.schema import json_schema

    file = Path(__file__).parent.parent / "architectures" / "schema.json"
    assert json.loads(file.read_text(encoding="utf-8")) == json_schema(), (
        "`cnncalc schema -o architectures/schema.json`"
    )
