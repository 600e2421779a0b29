"""`verify --with`: what a framework has of a net is held row by row, and what is said where it cannot be."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cnncalc.cli.main import cnncalc as program
from cnncalc.graph import Net
from cnncalc.witnesses import table
from cnncalc.witnesses.holding import held
from cnncalc.witnesses.seen import Seen, SeenRow


def net():
    made = Net(input="3x8x8")
    made.add("conv 4 k3", name="first")
    made.add("batchnorm", name="norm", trainable=False)
    return made


TRUE = Seen(
    "a framework 1.0",
    {"first": SeenRow((4, 6, 6), 112, 112, 0), "norm": SeenRow((4, 6, 6), 16, 0, 16)},
    {"norm": (4, 6, 6)},
    SeenRow(None, 128, 112, 16),
)


def failed(seen):
    found = held(net(), seen, net="", batch=2, seconds=0.0)
    rows = {(row.name, figure.what) for row in found.rows for figure in row.failed}
    return rows | {("", figure.what) for figure in found.totals if not figure.passed}


def test_what_is_as_predicted_passes_and_is_counted():
    assert failed(TRUE) == set()
    assert held(net(), TRUE, net="", batch=2, seconds=0.0).held == 8 + 4


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [("shape", (4, 6, 7), "output shape"), ("parameters", 113, "parameters"), ("trainable", 111, "trainable"),
     ("non_trainable", 1, "non-trainable")],
)  # fmt: skip
def test_each_figure_that_differs_is_found(field, value, what):
    rows = {**TRUE.rows, "first": TRUE.rows["first"]._replace(**{field: value})}
    assert failed(TRUE._replace(rows=rows)) == {("first", what)}


def test_totals_and_outputs_are_held_too():
    assert failed(TRUE._replace(total=SeenRow(None, 129, 112, 17))) == {("", "parameters"), ("", "non-trainable")}
    assert failed(TRUE._replace(outputs={"norm": (4, 6, 5)})) == {("", "outputs")}


def test_a_refusal_is_the_one_figure():
    found = held(net(), Seen("a framework", {}, {}, refusal="first: no"), net="", batch=1, seconds=0.0)
    assert [(figure.what, figure.measured, figure.passed) for figure in found.totals] == [("built", "first: no", False)]


@pytest.fixture
def witness(monkeypatch):
    """A framework with all that we say of a net of two layers, as a line of the table."""
    monkeypatch.setitem(table.WITNESSES, "toy", table.Witness("toy", (), "witnesses.toy:seen"))
    monkeypatch.setattr(table, "import_module", lambda name: type("module", (), {"seen": lambda graph, batch: TRUE}))


def verify(*arguments):
    return CliRunner().invoke(program, ["verify", *arguments])


def test_the_command_asks_the_framework_that_is_named(witness, tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(
        "input: 3x8x8\nlayers:\n- {conv: 4 k3, name: first}\n- {batchnorm: , name: norm, trainable: false}\n"
    )
    done = verify(str(path), "--with", "toy", "--format", "json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["nets"][0]["framework"] == "a framework 1.0"
    path.write_text(path.read_text().replace("4 k3", "5 k3"))
    assert verify(str(path), "--with", "toy").exit_code == 1


@pytest.mark.parametrize(
    "option", [("--device", "cpu"), ("--receptive-field",), ("--dtype", "float16"), ("--seed", "1")]
)
def test_what_torch_alone_has_is_refused(witness, option):
    done = verify("lenet5", "--with", "toy", *option)
    assert done.exit_code == 2
    assert option[0] in done.stderr
    assert "--with torch" in done.stderr


def test_a_framework_that_is_not_known_or_not_installed_is_told(monkeypatch):
    assert "torch" in verify("lenet5", "--with", "tensor").stderr
    monkeypatch.setitem(table.WITNESSES, "absent", table.Witness("absent", ("no_such_package",), "witnesses.x:y"))
    told = verify("lenet5", "--with", "absent").stderr
    assert "no_such_package is not installed" in told
    assert "pip install 'cnncalc[absent]'" in told
