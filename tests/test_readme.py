"""The README is run: its sessions print what it says, its file is a net, its commands are all there."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from cnncalc import Options
from cnncalc.analysis.expect import check
from cnncalc.cli.main import COMMANDS, cnncalc
from cnncalc.layers.registry import KINDS

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def sessions():
    """Every (command, output) of the console blocks; an output that ends in ... is only its beginning."""
    for block in blocks("console"):
        for part in block.split("$ cnncalc ")[1:]:
            command, _, output = part.partition("\n")
            yield pytest.param(command, output, id=command[:40])


@pytest.mark.parametrize(("command", "output"), list(sessions()))
def test_a_session_prints_what_the_readme_says(command, output):
    printed = CliRunner().invoke(cnncalc, shlex.split(command)).output
    if output.endswith("...\n"):
        assert printed.startswith(output.removesuffix("...\n"))
    else:
        assert printed == output


def test_the_file_is_a_net_that_keeps_its_word(tmp_path):
    (text,) = blocks("yaml")
    file = tmp_path / "net.yaml"
    file.write_text(text, encoding="utf-8")
    checks = check(str(file), Options(), {}, {})
    assert [(one.what, one.passed) for one in checks] == [("output", True), ("params", True)]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command):
    assert f"`cnncalc {command}" in README


def test_ci_runs_what_the_readme_tells_to_run():
    assert "bash .ci/run" in README


def test_the_reference_of_the_kinds_is_current():
    from cnncalc.render.kinds import markdown

    page = Path(__file__).parent.parent / "docs" / "kinds.md"
    assert page.read_text(encoding="utf-8") == markdown(), "`cnncalc kinds --format markdown -o docs/kinds.md`"


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
