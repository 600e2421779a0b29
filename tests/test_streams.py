"""Streams that are closed, full or gone, and names that no terminal should see raw: told, and never a traceback."""

from __future__ import annotations

import csv
import io
import json
import os
import signal

import pytest
from processes import cnncalc

from cnncalc.cli import main

NET = "input: 3x8x8\nvariables: {x: 1}\nlayers: [conv $x k1, relu]\n"
SHOWN = [
    ("show", "lenet5", "--format", "json"), ("--help",), ("sweep", "lenet5", "--set", "classes=1,2"),
]  # fmt: skip
WRONG = [("show", "nosuch"), ("show", "nosuch", "--format", "json"), ("show", "--nosuch")]
FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")  # noqa: PTH110


@pytest.mark.parametrize("shell", [">&-", ">&- 2>&-", ">&- 2>&- <&-", pytest.param(">/dev/full", marks=FULL),
                                   pytest.param(">/dev/full 2>/dev/full", marks=FULL)])  # fmt: skip
@pytest.mark.parametrize("arguments", [*SHOWN, *WRONG], ids=" ".join)
def test_an_output_that_cannot_be_written_is_bad_input(arguments, shell):
    done = cnncalc(*arguments, shell=shell)
    assert done.returncode == 2
    if "2>" not in shell and arguments in SHOWN:
        assert "error: the output cannot be written" in done.stderr
        assert "= help:" in done.stderr


@pytest.mark.parametrize("shell", ["2>&-", "<&-", "2>&- <&-", pytest.param("2>/dev/full", marks=FULL)])
def test_other_streams_are_not_needed(shell):
    assert cnncalc("show", "lenet5", shell=shell).returncode == 0
    assert cnncalc("show", "nosuch", shell=shell).returncode == 2
    assert cnncalc("show", "nosuch", "--format", "json", shell=shell).stdout.startswith("{")


@pytest.mark.parametrize(
    "arguments",
    [("check", "bad.yaml", "n.yaml"), ("check", "none.yaml"), ("sweep", "n.yaml", "--set", "x=1,2", "-o", "s.csv"),
     ("sweep", "n.yaml", "--set", "x=1,2", "--resume", "-o", "s.csv"), ("sweep", "n.yaml", "--input", "4x{1,2}")],
    ids=" ".join,
)  # fmt: skip
@FULL
def test_what_is_told_beside_an_answer_is_not_needed(tmp_path, arguments):
    (tmp_path / "n.yaml").write_text(NET)
    (tmp_path / "none.yaml").write_text(NET)
    (tmp_path / "bad.yaml").write_text("input: 3x8x8\nlayers: [conw 3 k3]\n")
    told = cnncalc(*arguments, cwd=tmp_path)
    (tmp_path / "s.csv").unlink(missing_ok=True)
    lost = cnncalc(*arguments, cwd=tmp_path, shell="2>/dev/full")
    assert (lost.returncode, lost.stdout) == (told.returncode, told.stdout)
    assert (tmp_path / "s.csv").exists() == ("-o" in arguments)


def test_a_net_from_an_input_that_is_closed():
    done = cnncalc("show", "-", shell="<&-")
    assert done.returncode == 2
    assert "there is no standard input" in done.stderr


def test_with_all_streams_closed_a_file_is_still_written(tmp_path):
    assert cnncalc("show", "lenet5", "-o", "net.txt", cwd=tmp_path, shell=">&- 2>&- <&-").returncode == 0
    assert (tmp_path / "net.txt").read_text() == cnncalc("show", "lenet5").stdout


@pytest.mark.parametrize(
    ("arguments", "name", "shell"),
    [(SHOWN[0], "stdout", ">&- 2>&- <&-"), (SHOWN[0], "stderr", "2>&-"), (SHOWN[2], "stdout", ">&-"),
     (("export", "lenet5", "--to", "caffe", "--force"), "stdout", ">&-")],
)  # fmt: skip
def test_a_stream_that_was_closed_is_no_device_that_takes_all(arguments, name, shell):
    """It was the null device that stood in its place."""
    done = cnncalc(*arguments, "-o", f"/dev/{name}", shell=shell)
    assert done.returncode == 2
    if shell == ">&-":
        assert "`/dev/stdout` cannot be written: nobody reads it\n  = help: write elsewhere" in done.stderr


def test_a_reader_that_leaves_ends_it_as_a_shell_does():
    done = cnncalc("sweep", "lenet5", "--input", "1x{28:4000}", shell="| true")
    assert (done.returncode, done.stderr) == (0, "")


def test_who_interrupts_while_something_is_imported_sees_no_traceback(monkeypatch):
    def interrupted(name):
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(main, "import_module", interrupted)
    monkeypatch.setattr("sys.argv", ["cnncalc", "show", "lenet5"])
    try:
        with pytest.raises(SystemExit) as end:
            main.main()
        assert end.value.code == 130
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL  # a second time ends it at once
    finally:
        signal.signal(signal.SIGINT, before)


NAMES = {
    b"\xff.yaml": r"\xff.yaml",
    b"a\x1b[31m\r\x07\nb.yaml": r"a\x1b[31m\r\x07\nb.yaml",
    "a\u202eb.yaml".encode(): r"a\u202eb.yaml",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", [NET, "input: 3x8x8\nlayers: [conw 3 k3]\n"], ids=["net", "fault"])
def test_a_name_with_odd_letters_is_shown_escaped(tmp_path, name, text):
    (tmp_path / os.fsdecode(name)).write_text(text)
    net, found = os.fsdecode(name), []
    forms = ["table", "csv", "json", "markdown"]
    for form in forms:
        done = cnncalc("show", net, "--format", form, cwd=tmp_path)
        assert done.returncode == (0 if text == NET else 2)
        found.append(done.stdout + done.stderr)
    found += [(done.stdout + done.stderr) for done in (
        cnncalc("compare", net, net, cwd=tmp_path), cnncalc("check", net, ".", cwd=tmp_path),
        cnncalc("explain", net, cwd=tmp_path), cnncalc("sweep", net, "--set", "x=1,2", cwd=tmp_path),
        cnncalc("sweep", net, "--set", "x=1,2", "-o", f"{net}.csv", cwd=tmp_path),
    )]  # fmt: skip
    for printed in found:
        assert not any(letter in printed for letter in "\x1b\x07\r\u202e\ufffd")
    shown = NAMES[name]
    assert json.loads(found[forms.index("json")]) is not None
    assert shown in found[0]
    if text == NET:
        assert len(list(csv.reader(io.StringIO(found[forms.index("csv")])))) == 3
        assert (tmp_path / os.fsdecode(name + b".csv")).exists()


def test_completion_offers_what_a_shell_can_be_told(tmp_path):
    for name in (*NAMES, b"plain.yaml"):
        (tmp_path / os.fsdecode(name)).write_text(NET)
    done = cnncalc(cwd=tmp_path, shell="", _complete="cnncalc show ")
    assert "plain,plain.yaml" in done.stdout
    assert "\ufffd" not in done.stdout and "\x1b" not in done.stdout


@pytest.mark.parametrize("arguments", [("show", "lenet5"), ("sweep", "lenet5", "--set", "classes=1,2")], ids=" ".join)
def test_a_link_to_itself_is_no_place_to_write(tmp_path, arguments):
    (tmp_path / "self").symlink_to("self")
    done = cnncalc(*arguments, "-o", "self", cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["self"]
    assert cnncalc("show", "self", cwd=tmp_path).returncode == 2


def test_cells_that_a_spreadsheet_would_compute_are_texts(tmp_path):
    (tmp_path / "=1+1.yaml").write_text(NET)
    done = cnncalc("compare", "=1+1.yaml", "=1+1.yaml", "--format", "csv", cwd=tmp_path)
    cells = [cell for row in csv.reader(io.StringIO(done.stdout)) for cell in row]
    assert "'=1+1.yaml" in cells
    values = cnncalc("sweep", "=1+1.yaml", "--set", "x==1+1,-1,@a,+3", "--format", "csv", cwd=tmp_path).stdout
    assert [row[0] for row in csv.reader(io.StringIO(values))] == ["x", "'=1+1", "-1", "'@a", "+3"]
