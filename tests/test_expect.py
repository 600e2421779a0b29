"""`expect:` and `--require`: every form is read and held, and what is not read is a fault."""

from __future__ import annotations

import pytest
from command_line import runner

from cnncalc.cli.main import cnncalc as program

NET = "input: 3x8x8\nlayers: [conv 4 k1, relu]\n"


def checked(tmp_path, expect, *arguments):
    file = tmp_path / "net.yaml"
    file.write_text(f"{NET}expect: {expect}\n")
    return runner().invoke(program, ["check", str(file), *arguments])


@pytest.mark.parametrize(
    ("expect", "code"),
    [
        ("{shapes: {relu1: [4, 8, 8]}}", 0),
        ("{shapes: {relu1: [4, 8, 9]}}", 1),
        ("{outputs: {relu1: [4, 8, 8], conv1: 4x8x8}}", 0),
        ("{output: [4, 8, 8]}", 0),
        ("{output: [4, 8]}", 1),
        ("{train: {keras: {shapes: {conv1: [4, 8, 7]}}}}", 1),
        ("{params: $(4 * 4), macs: 7_68}", 0),
        ("{max: {params: 16, macs: 1k}}", 0),
        ("{max: {params: 15, macs: 1k}}", 1),
        ("{params: 16, keras: {max: {params: 15}}}", 1),
    ],
)
def test_every_form_of_a_figure_is_held(tmp_path, expect, code):
    done = checked(tmp_path, expect)
    assert done.exit_code == code, done.output
    assert "expects nothing" not in done.output


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ("", "`expect` is a mapping of figures"),
        ("[params, 16]", "`expect` is a mapping of figures"),
        ("{shapes: {relu1: {a: 8}}}", "`shapes relu1` is a shape"),
        ("{shapes: {relu1: [[4, 8, 8]]}}", "`shapes relu1` is a shape"),
        ("{shapes: {relu1: }}", "`shapes relu1` is a shape"),
        ("{shapes: [relu1]}", "`shapes` is a mapping of layers to shapes"),
        ("{shapes: 4x8x8}", "`shapes` is a mapping of layers to shapes"),
        ("{outputs: {relu2: 4x8x8}}", "there is no layer `relu2`"),
        ("{params: [16]}", "`params` is a whole number"),
        ("{params: }", "`params` is a whole number"),
        ("{params: true}", "`params` is a whole number"),
        ("{parms: 16}", "`expect` has no figure `parms`"),
        ("{max: 5M}", "`expect.max` is a mapping of figures"),
        ("{max: {output: 4x8x8}}", "`expect.max` has no figure `output`"),
        ("{keras: {max: {parms: 5M}}}", "`expect.keras.max` has no figure `parms`"),
        ("{keras: 16}", "`expect.keras` is a mapping of figures"),
        ("{train: {keras: {parms: 16}}}", "`expect.train.keras` has no figure `parms`"),
    ],
)
def test_what_is_not_read_is_a_fault(tmp_path, expect, message):
    done = checked(tmp_path, expect)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "= help:" in done.stderr


def test_all_faults_of_a_block_are_told_at_once(tmp_path):
    done = checked(tmp_path, "{parms: 1, macs: x, shapes: {relu2: 1, conv1: y}, keras: {output: {}}}")
    assert done.stderr.count("error:") == 5


def test_what_is_too_much_is_told_with_its_bound(tmp_path):
    done = checked(tmp_path, "{max: {params: 15}}")
    assert "params: expected at most 15, found 16" in done.output


def test_faults_of_a_block_are_told_beside_those_of_the_layers(tmp_path):
    (tmp_path / "net.yaml").write_text("input: 3x8x8\nlayers: [conv 4 k11]\nexpect: {parms: 1, max: {macs: many}}\n")
    done = runner().invoke(program, ["check", str(tmp_path / "net.yaml")])
    assert done.exit_code == 2
    assert done.stderr.count("error:") == 3
    assert [word in done.stderr for word in ("the kernel does not fit", "no figure `parms`", "`many`")] == [True] * 3


def test_variants_in_variants_cost_no_more_than_one_each(tmp_path, monkeypatch):
    from cnncalc.claims import expect

    built = []
    monkeypatch.setattr(expect, "load", lambda net, options: built.append(options) or load(net, options))
    from cnncalc.language import load

    nested = "params: 16"
    for dialect in ["keras", "torch"] * 20:
        nested = f"params: 16, {dialect}: {{{nested}}}"
    done = checked(tmp_path, f"{{{nested}}}")
    assert done.exit_code == 0, done.output
    assert len(built) == 3


@pytest.mark.parametrize(
    ("required", "code", "told"),
    [
        ("params=16", 0, ""),
        ("params=0.016k", 0, ""),
        ("macs=7_68", 0, ""),
        ("output=4x8x8", 0, ""),
        ("output=4x8x9", 1, "expected 4x8x9, found 4x8x8"),
        ("params=17", 1, "expected 17, found 16"),
        ("params=many", 2, "--require params: `many` is no count"),
        ("params=" + "9" * 5_000, 2, "is no count"),
        ("output=many", 2, "--require output: expected lengths"),
        ("output=4x²", 2, "--require output: expected lengths"),
    ],
)
def test_what_is_required_is_read_as_what_it_is(tmp_path, required, code, told):
    done = checked(tmp_path, "{params: 16}", "--require", required)
    assert done.exit_code == code
    assert told in done.output + done.stderr
