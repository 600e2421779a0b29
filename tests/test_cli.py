"""The command line: what it prints where, its exit codes, and how it takes wrong usage."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import click
import pytest
from command_line import runner
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.claims.quantities import parse_quantity
from cnncalc.cli.main import COMMANDS
from cnncalc.cli.main import cnncalc as program
from cnncalc.cli.nets import natural
from cnncalc.errors import CnncalcError

NET = """\
name: small
input: 3x8x8
variables: {width: 4}
layers:
  - {name: stem, layers: [conv $width k3 p1, batchnorm, relu]}
  - flatten
  - linear 10
expect: {output: 10, params: 2690}
"""


def run(*arguments, stdin=None):
    """The command in this process: exit code, standard output, standard error."""
    return runner().invoke(program, [str(argument) for argument in arguments], input=stdin)


def process(*arguments, **options):
    """The command as a process of its own."""
    command = [sys.executable, "-m", "cnncalc", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False, **options)


@pytest.fixture
def net(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(NET)
    return file


# -- commands and help --


def test_help_lists_every_command():
    text = run("--help").stdout
    assert all(f"\n  {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_says_what_they_say(name):
    command = program.get_command(click.Context(program), name)
    assert command.name == name
    assert command.short_help == COMMANDS[name][1]
    assert command.help.startswith(COMMANDS[name][1].rstrip(".")[:20])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name):
    result = run(name, "--help")
    assert result.exit_code == 0
    command = program.get_command(click.Context(program), name)
    for parameter in command.params:
        assert isinstance(parameter, click.Argument) or parameter.help, parameter.name


def test_version():
    assert run("--version").stdout.startswith("cnncalc 0.")


# -- show and chain --


def test_show_a_bundled_net():
    result = run("show", "vgg16.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Parameters           138,357,544" in result.stdout


def test_show_a_file_and_standard_input(net):
    assert run("show", net).stdout == run("show", "-", stdin=NET).stdout
    assert "2,690" in run("show", net).stdout


def test_show_takes_every_option(net):
    arguments = ["--input", "3x4x4", "--batch", "2", "--set", "width=8", "--freeze", "stem.*", "--train"]
    arguments += ["--dialect", "keras", "--dtype", "float16", "--limit", "layers=1k", "--format", "json"]
    result = run("show", net, *arguments)
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["input"] == {"input": [2, 3, 4, 4]}
    assert report["dialect"] == "keras"
    assert report["layers"][0]["output_shape"] == [2, 8, 4, 4]
    assert report["layers"][0]["trainable"] == 0
    assert report["layers"][0]["params"] == 8 * 27 + 8


def test_chain():
    result = run("chain", "3x200x200", "conv 16 k5 s2 p1", "maxpool k3 s1 ceil", "conv 16 k3 p1", "--format", "json")
    shapes = [layer["output_shape"] for layer in json.loads(result.stdout)["layers"]]
    assert shapes == [[1, 16, 99, 99], [1, 16, 97, 97], [1, 16, 97, 97]]


@pytest.mark.parametrize(
    ("option", "start"),
    [
        ("table", "small: input 3x8x8"),
        ("json", '{\n  "name": "small"'),
        ("csv", "name,kind,"),
        ("markdown", "### small"),
    ],
)
def test_formats(net, option, start):
    assert run("show", net, "--format", option).stdout.startswith(start)


def test_columns_sort_and_depth(net):
    lines = run("show", net, "--columns", "name, params", "--sort", "params", "--depth", 1).stdout.split("\n")
    assert [line.split() for line in lines[2:6]] == [
        ["Layer", "Params"],
        ["linear1", "2,570"],
        ["stem", "120"],
        ["flatten1", "0"],
    ]


def test_chosen_columns_stand_behind_the_names():
    """Rows of numbers alone say nothing to people; a program gets what it asks for."""
    lines = run("show", "lenet5", "--columns", "params").stdout.splitlines()
    assert lines[2].split() == ["Layer", "Params"]
    assert lines[3].split()[1] == "156"
    assert run("show", "lenet5", "--columns", "params", "--format", "csv").stdout.splitlines()[:2] == ["params", "156"]


def test_columns_help_lists_the_columns():
    result = run("show", "vgg16", "--columns", "help")
    assert result.exit_code == 0
    assert "activation_bytes" in result.stdout


# -- output files --


@pytest.mark.parametrize(
    ("name", "start"), [("a.json", "{"), ("a.csv", "name,"), ("a.md", "### small"), ("a.txt", "small: input")]
)
def test_the_name_of_the_output_file_says_its_form(net, tmp_path, name, start):
    result = run("show", net, "-o", tmp_path / name)
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


def test_an_error_leaves_nothing_behind(net, tmp_path):
    before = sorted(tmp_path.iterdir())
    assert run("show", net, "-o", tmp_path / "out.txt", "--set", "width=-1").exit_code == 2
    assert run("show", net, "-o", tmp_path / "nowhere" / "out.txt").exit_code == 2
    assert sorted(tmp_path.iterdir()) == before


def test_an_old_file_is_replaced_and_keeps_its_mode(net, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("old")
    out.chmod(0o640)
    (tmp_path / "link.csv").symlink_to(out)
    assert run("show", net, "-o", tmp_path / "link.csv").exit_code == 0
    assert out.read_text().startswith("name,")
    assert out.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.csv", "out.csv", "small.yaml"]


# -- check and list --


def test_check_a_file_that_holds(net):
    result = run("check", net)
    assert result.exit_code == 0, result.stdout
    assert result.stdout == f"✓ {net}: 2 figures\n1 file checked, 2 figures: all hold\n"


def test_check_a_file_that_does_not(net):
    net.write_text(NET.replace("2690", "2691"))
    result = run("check", net)
    assert result.exit_code == 1
    assert "params: expected 2,691, found 2,690" in result.stdout
    assert ":8)" in result.stdout


def test_budgets(net):
    assert run("check", net, "--max", "params=2.69k", "--require", "output=10").exit_code == 0
    assert run("check", net, "--max", "params=2689").exit_code == 1
    assert run("check", net, "--require", "output=11").exit_code == 1


def test_what_a_file_expects_is_said_of_it_as_it_stands(net):
    said = "`expect:` describes the file without --input --batch, and is not held"
    alone = run("check", net, "--input", "3x8x8", "--batch", "2")
    assert (alone.exit_code, alone.stdout.split("\n")[0]) == (1, f"· {net}: {said}")
    budget = run("check", net, "--input", "3x8x8", "--batch", "2", "--max", "params=1G")
    assert (budget.exit_code, budget.stdout.split("\n")[0]) == (0, f"✓ {net}: 1 figure ({said})")
    assert run("check", net, "--train", "--require", "params=1").exit_code == 1
    answer = json.loads(run("check", net, "--freeze", "*", "--format", "json").stdout)
    assert answer["files"][0]["expect_not_held_under"] == ["--freeze"]
    assert run("check", net, "--limit", "layers=10").stdout.startswith(f"✓ {net}: 2 figures\n")


def test_budgets_on_memory_are_of_the_type_and_the_optimizer(net):
    two_bytes_each = run("check", net, "--max", "weight_bytes=5380", "--dtype", "float16")
    assert (two_bytes_each.exit_code, two_bytes_each.stdout.split("\n")[0]) == (0, f"✓ {net}: 3 figures")
    assert run("check", net, "--max", "weight_bytes=5380", "--amp", "float16").exit_code == 1
    plain = json.loads(run("show", net, "--format", "json").stdout)["totals"]["train_bytes"]
    moments = 2 * 4 * 2690 + 4 * 6  # and a counter for each of six tensors
    for bound, exit_code in ((plain + moments, 0), (plain + moments - 1, 1)):
        assert run("check", net, "--max", f"train_bytes={bound}", "--optimizer", "adam").exit_code == exit_code


def test_counts_are_not_given_in_bytes(net):
    for text, help in (("params=10MB", "leave out the `B`"), ("macs=7B", "billions are `G`"), ("layers=5kib", "`b`")):
        result = run("check", net, "--max", text)
        assert result.exit_code == 2
        assert "is a size in bytes, and a count is expected" in result.stderr
        assert help in result.stderr
    assert run("check", net, "--max", "weight_bytes=1MB").exit_code == 0


def test_check_writes_json_into_a_json_file(net, tmp_path):
    assert run("check", net, "-o", tmp_path / "out.json").exit_code == 0
    assert json.loads((tmp_path / "out.json").read_text())["passed"] is True


def test_check_goes_on_after_a_file_that_is_wrong(net, tmp_path):
    (tmp_path / "a.yaml").write_text("layers: [cnv 3]\n")
    (tmp_path / ".hidden.yaml").write_text("nonsense")
    result = run("check", tmp_path)
    assert result.exit_code == 2
    assert "a.yaml" in result.stderr
    assert f"✓ {net}: 2 figures" in result.stdout
    assert "1 file with errors" in result.stdout


def test_check_in_json(net, tmp_path):
    (tmp_path / "a.yaml").write_text("layers: [cnv 3]\n")
    result = run("check", tmp_path, "--format", "json")
    assert (result.exit_code, result.stderr) == (2, "")
    answer = json.loads(result.stdout)
    assert answer["passed"] is False
    wrong, right = answer["files"]
    assert wrong["error"]["line"] == 1
    assert [check["what"] for check in right["checks"]] == ["output", "params"]


def test_list():
    result = run("list")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "138,357,544" in next(line for line in result.stdout.split("\n") if line.startswith("vgg16 "))
    assert "resnet (block, depths)" in result.stdout
    nets = json.loads(run("list", "--format", "json").stdout)["nets"]
    assert [net["name"] for net in nets] == sorted((net["name"] for net in nets), key=natural)
    assert len(list(csv.reader(io.StringIO(run("list", "--format", "csv").stdout)))) == len(nets) + 1
    assert "| vgg16 | 138,357,544 |" in run("list", "--format", "markdown").stdout


def test_every_condition_of_a_list_holds():
    """The last of two was taken, without a word."""
    both = run("list", "--where", "params < 5M", "--where", "macs > 1G", "--format", "csv").stdout
    assert both == run("list", "--where", "params < 5M and macs > 1G", "--format", "csv").stdout
    assert 1 < both.count("\n") < run("list", "--where", "macs > 1G", "--format", "csv").stdout.count("\n")
    assert run("list", "--where", "params < 5M) or (macs", "--where", "macs > 1G").exit_code == 2


# -- wrong usage --


@pytest.mark.parametrize(
    ("arguments", "message", "help_text"),
    [
        ("show vgg61", "there is no file or bundled net `vgg61`", "vgg16"),
        ("shw vgg16", "there is no command `shw`", "cnncalc show"),
        ("vgg16.yaml", "there is no command `vgg16.yaml`", "cnncalc show vgg16.yaml"),
        ("vgg16", "there is no command `vgg16`", "to show that net: `cnncalc show vgg16`"),
        ("show vgg16 --colums name", "there is no option `--colums`", "--columns"),
        ("show vgg16 --amp", "option `--amp` requires an argument", "cnncalc show --help"),
        ("show vgg16 --columns nme", "there is no column `nme`", "`name`"),
        ("show vgg16 --sort parms", "there is no column `parms`", "`params`"),
        ("show", "NET is missing", "cnncalc show --help"),
        ("chain 3x8x8", "LAYER… is missing", "cnncalc chain --help"),
        ("show vgg16 resnet18", "got unexpected extra argument (resnet18)", "--help"),
        ("show vgg16 --format jsn", "--format: `jsn` is not one of", "--help"),
        ("show vgg16 --format JSON", "--format: `JSON` is not one of", "did you mean `json`?"),
        ("draw vgg16 --heat mac", "--heat: `mac` is not one of", "did you mean `macs`?"),
        ("show vgg16 classes=7", "got unexpected extra argument (classes=7)", "did you mean `--set classes=7`?"),
        ("show vgg16 3x64x64", "got unexpected extra argument (3x64x64)", "did you mean `--input 3x64x64`?"),
        ("kinds conv stride=2", "got unexpected extra argument (stride=2)", "= help: `cnncalc kinds --help`"),
        ("verify vgg16 --jobs all", "--jobs: `all` is not a valid integer\n", "--help"),
        ("show vgg16 --input 3,64,64", "`--input 3,64,64`: expected one shape", "write `--input 3x64x64`"),
        ("show vgg16 --input 3X64X64", "`--input 3X64X64`: expected one shape", "write 3x64x64"),
        ("show vgg16 --input (3,64,64)", "`--input (3,64,64)`: expected one shape", "write `--input 3x64x64`"),
        ("show vgg16 --input 64", "`--input 64` is not like", "`--input 3x64x64`"),
        ("show vgg16 --input 3x{64,96}", "a shape is wanted, not several", "`cnncalc sweep … --input '3x{64,96}'`"),
        ("chain 3X8X8 relu", "expected one shape, got `3X8X8`", "write 3x8x8"),
        ("chain 3x8x8 nn.ReLU", "there is no kind or block `nn.ReLU`", "write `ReLU`, without `nn.`"),
        ("chain 3x8x8 add:[[relu],[]]", "there is no kind or block", "= help:"),
        ("show vgg16 --batch 1.5", "--batch: `1.5` is not a whole number", "1.5"),
        ("list --family vgg --family resnet", "--family is given 2 times: vgg and resnet", "keep one of them"),
        ("sweep vgg16 --input 3x{}", "--input 3x{}: lengths are whole numbers", "3x{96:320:32}"),
        ("compare vgg16 lenet5 --set lrn=false", "there is no variable `lrn` to set\n  of lenet5\n", "classes"),
        ("show vgg16 --batch 0", "--batch: 0 is too small", "1"),
        ("show vgg16 --set classes", "--set classes: a name and a value are expected", "NAME=VALUE"),
        ("show vgg16 --limit layrs=3", "there is no bound `layrs`", "`layers`"),
        ("show vgg16 --depth x", "--depth: `x` is not a valid integer", "--help"),
        ("show vgg16 --format json --depth 1", "--depth does not go with --format json", "every layer"),
        ("chain 3x8x8 relu --input 3x9x9", "chain takes its input first", "cnncalc chain 3x9x9"),
        ("check vgg16 --max parms=1", "--max: there is no figure `parms`", "`params`"),
        ("completion csh", "SHELL: `csh` is not one of", "--help"),
        ("show vgg16 -o no/such/folder.txt", "there is no folder `no/such`", "make it"),
    ],
)
def test_wrong_usage(arguments, message, help_text):
    result = run(*arguments.split())
    assert result.exit_code == 2
    told = result.stderr or json.loads(result.stdout)["error"]["message"] + str(json.loads(result.stdout))
    assert message in told
    assert help_text in told
    assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit)


def test_a_mapping_without_its_braces_says_so():
    result = run("chain", "3x8x8", "add: [[relu], []]")
    assert (result.exit_code, "in braces: `{add: [[relu], []]}`" in result.stderr) == (2, True)


def test_json_that_is_no_net_has_a_way_out(tmp_path):
    (tmp_path / "none.json").write_text("{}")
    result = run("import", tmp_path / "none.json")
    assert (result.exit_code, "= help: name a file of another tool" in result.stderr) == (2, True)


def test_a_layer_that_starts_with_a_dash_says_so():
    assert run("chain", "3x8x8", "-relu").exit_code == 2


def test_faults_in_json():
    result = run("show", "vgg61", "--format=json")
    assert (result.exit_code, result.stderr) == (2, "")
    assert list(json.loads(result.stdout)["error"]) == ["message", "file", "line", "column", "layer", "help"]


def test_several_faults_in_json():
    result = run("show", "vgg16", "--columns", "nme,parms", "--format", "json")
    answer = json.loads(result.stdout)
    assert [fault["message"] for fault in answer["errors"]] == [
        "there is no column `nme`",
        "there is no column `parms`",
    ]
    assert answer["error"] == answer["errors"][0]


def test_a_file_that_may_not_be_read(net):
    net.chmod(0)
    if os.access(net, os.R_OK):
        pytest.skip("this user may read everything")
    result = run("show", net)
    assert result.exit_code == 2
    assert "small.yaml" in result.stderr


# -- quantities --


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("5M", 5_000_000),
        ("4.1G", 4_100_000_000),
        ("24GiB", 24 * 1024**3),
        ("24 GB", 24 * 10**9),
        ("1.5ki", 1536),
        ("138_357_544", 138_357_544),
        ("5e6", 5_000_000),
        ("2.5e1k", 25_000),
        ("0", 0),
        ("0.1T", 10**11),
        ("7B", 7),
    ],
)
def test_quantities(text, value):
    assert parse_quantity(text) == value


@pytest.mark.parametrize(
    "text", ["", "M", "1.0001k", "-5", "5X", "5iB", "1,000", "1e999", "1" * 50, "½", "٣", "0x10", "inf"]
)
def test_what_is_no_quantity(text):
    with pytest.raises(CnncalcError):
        parse_quantity(text)


@given(st.integers(0, 10**15), st.sampled_from(["", "k", "M", "G", "Ki", "MiB", "TB"]))
def test_quantities_are_exact(number, unit):
    powers = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "MiB": 2**20, "TB": 10**12}
    assert parse_quantity(f"{number}{unit}") == number * powers[unit]


@given(st.text(max_size=60))
def test_any_text_is_a_quantity_or_an_error(text):
    with suppress(CnncalcError):
        assert parse_quantity(text) >= 0


# -- completion --


def completed(*words):
    """What a shell would offer for the last word."""
    from click.shell_completion import ShellComplete

    *before, incomplete = words
    shell = ShellComplete(program, {}, "cnncalc", "_CNNCALC_COMPLETE")
    return [item.value for item in shell.get_completions(list(before), incomplete)]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["sc"], ["schema"]),
        (
            ["show", "vgg1"],
            ["vgg11", "vgg11_bn", "vgg11_lrn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg16_c", "vgg19"],
        ),
        (["show", "--dial"], ["--dialect"]),
        (["show", "vgg16", "--dialect", "ke"], ["keras"]),
        (["show", "vgg16", "--dtype", "bf"], ["bfloat16"]),
        (["show", "vgg16", "--freeze", "classifier"], ["classifier.*", "classifier.0", "classifier.1"]),
        (["show", "vgg16", "--set", "cl"], ["classes="]),
        (["show", "vgg16", "--limit", "la"], ["layers="]),
        (["show", "vgg16", "--columns", "name,par"], ["name,params", "name,params_share"]),
        (["show", "vgg16", "--sort", "ma"], ["macs", "macs_share"]),
        (["show", "vgg16", "--format", "j"], ["json"]),
        (["rewrite", "vgg16", "f"], ["fold-batchnorm", "fuse-branches", "fc-to-conv", "flatten-kernel"]),
        (["rewrite", "vgg16", "fold-batchnorm", "--at", "classifier"], ["classifier.*", "classifier.0"]),
        (["show", "no_such_net", "--freeze", "a"], []),
    ],
)
def test_completion(words, offered):
    assert completed(*words)[: len(offered)] == offered


def test_completion_of_files(net, monkeypatch):
    monkeypatch.chdir(net.parent)
    assert completed("show", "sma") == ["small.yaml"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell):
    result = run("completion", shell)
    assert result.exit_code == 0
    assert f"_CNNCALC_COMPLETE={shell}_complete" in result.stdout


def test_completion_in_a_shell():
    environment = {
        **os.environ,
        "_CNNCALC_COMPLETE": "bash_complete",
        "COMP_WORDS": "cnncalc show vgg16_",
        "COMP_CWORD": "2",
    }
    assert process(env=environment).stdout == "plain,vgg16_bn\nplain,vgg16_c\n"


# -- whole processes --


def test_a_process_that_shows():
    done = process("show", "lenet5")
    assert (done.returncode, done.stderr) == (0, "")
    assert "61,706" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_process_with_wrong_usage():
    done = process("show", "no_such_net")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there is no file or bundled net `no_such_net`")


def test_a_pipe_that_nobody_reads():
    command = [sys.executable, "-m", "cnncalc", "show", "densenet201", "--format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(60) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_error():
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "cnncalc", "show", "lenet5"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 2
    told, help = done.stderr.split("  = help: ")
    assert told == "error: the output cannot be written\n  no space left on device\n"
    assert "-o" in help


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupt_ends_quietly():
    command = [sys.executable, "-m", "cnncalc", "show", "-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # a process that a script starts in the background inherits an ignored SIGINT
    heeding = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(command, **pipes, **heeding) as running:
        time.sleep(3)
        running.send_signal(signal.SIGINT)
        output, told = running.communicate(timeout=60)
    assert (running.returncode, output, told) == (130, b"", b"")


def test_a_terminal_without_unicode_gets_question_marks():
    done = process("check", "lenet5", env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("? lenet5")


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")
@pytest.mark.parametrize("columns", [80, 160])
def test_on_a_terminal_the_table_is_drawn_to_its_width(columns):
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "40"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "cnncalc", "show", "resnet18"]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, env=environment) as running:
        os.close(theirs)
        text = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # how a pseudo-terminal says that the other side has closed
                break
            if not piece:
                break
            text += piece
        assert running.wait(60) == 0, running.stderr.read()
    os.close(ours)
    drawn = text.decode()
    assert "\x1b[1m" in drawn
    assert "─" * 60 in drawn
    assert "11,689,512" in drawn
    plain = re.sub(r"\x1b\[[0-9;]*m", "", drawn)
    assert max(map(len, plain.splitlines())) <= columns


# -- searching the library --


def test_list_where():
    nets = json.loads(run("list", "--where", "params < 62k and macs < 0.5M", "--format", "json").stdout)["nets"]
    assert {net["name"] for net in nets} >= {"lenet5", "lenet5_original", "lenet5_variant"}
    assert all(net["params"] < 62_000 and net["macs"] < 500_000 for net in nets)


def test_a_family_names_its_members():
    told = run("show", "densenet").stderr
    assert "; of it are densenet121, densenet161, densenet169, densenet201" in told
    assert "hrnet" not in run("show", "resnet").stderr.replace("hrnet_w", "")
    assert all(run("show", name).exit_code == 0 for name in ("densenet121", "densenet201"))


def test_variants_of_a_family():
    by_member, by_family = (run("show", name, "--variants", "--format", "json").stdout for name in ("vgg16", "vgg"))
    assert by_member == by_family
    assert {net["family"] for net in json.loads(by_member)["nets"]} == {"vgg"}
    assert len(json.loads(by_member)["nets"]) >= 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "--where", "parms < 5M"], "did you mean `params`?"),
        (["list", "--where", "params <"], "--where:"),
        (["list", "--family", "resnt"], "did you mean `resnet`?"),
    ],
)
def test_a_search_that_cannot_be_read(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
