"""Whatever fails while a result is written, and whenever: nothing is lost, half written or done twice."""

from __future__ import annotations

import json

import pytest
from command_line import runner
from failing_writes import Disk, on

from cnncalc.cli.main import cnncalc as program
from cnncalc.solve.sweep.evaluating import Evaluator

SWEEP = ("lenet5", "--set", "classes=1:6", "--input", "1x{28:36:4}")
WRITERS = [
    ("show", "lenet5"),
    ("show", "lenet5", "--format", "json"),
    ("show", "lenet5", "--format", "csv"),
    ("show", "lenet5", "--input", "1xHxW"),
    ("chain", "3x8x8", "conv 4 k3", "relu"),
    ("explain", "lenet5"),
    ("explain", "lenet5", "--format", "html"),
    ("compare", "lenet5", "alexnet"),
    ("check", "lenet5"),
    ("check", "lenet5", "--format", "json"),
    ("kinds", "conv"),
    ("kinds", "--format", "markdown"),
    ("solve", "batch-size", "lenet5", "--memory", "1GB"),
    ("solve", "variable", "lenet5", "classes", "--want", "params <= 61k", "--to", "12"),
    ("solve", "input-size", "lenet5"),
    ("solve", "conv-padding", "--input", "224", "--output", "112", "--kernel", "7", "--stride", "2"),
    ("sweep", *SWEEP),
    ("sweep", *SWEEP, "--pareto", "params,macs"),
    ("search", "lenet5", "--over", "classes=1:9", "--minimize", "params", "--maximize", "macs"),
    ("search", "lenet5", "--over", "classes=1:5", "--minimize", "latency", "--device", "a100"),
    ("draw", "lenet5"),
    ("draw", "lenet5", "--view", "volumes"),
    ("list", "--family", "vgg"),
    ("schema",),
    ("export", "lenet5", "--to", "caffe", "--force"),
    ("export", "lenet5", "--to", "torch", "--force"),
    ("export", "lenet5", "--to", "keras-json", "--force"),
    ("rewrite", "vgg11_bn", "fold-batchnorm", "--force"),
    ("import", "foreign.cfg", "--force"),
]
FOREIGN = "[net]\nheight=8\nwidth=8\nchannels=3\n\n[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"


def run(*arguments):
    return runner().invoke(program, list(map(str, arguments)))


@pytest.mark.parametrize("arguments", WRITERS, ids=" ".join)
@pytest.mark.parametrize("before", [None, "what stood there before\n"])
def test_a_disk_that_is_full_leaves_what_stood_there(tmp_path, monkeypatch, arguments, before):
    suffix = {"draw": ".svg", "rewrite": ".yaml", "import": ".yaml"}.get(arguments[0], "")
    target, first = tmp_path / f"result{suffix}", tmp_path / f"whole{suffix}"
    if arguments[0] == "import":
        (tmp_path.parent / "foreign.cfg").write_text(FOREIGN)
        arguments = ("import", tmp_path.parent / "foreign.cfg", "--force")
    if run(*arguments, "-o", first).exit_code == 2:
        pytest.skip("this command writes to standard output only")
    whole = first.read_bytes()
    first.unlink()
    for fails in range(1, 30):
        if before is not None:
            target.write_text(before)
        disk = Disk(fails)
        with monkeypatch.context() as patched:
            on(patched, disk)
            done = run(*arguments, "-o", target)
        if not disk.failed:
            assert done.exit_code == 0
            assert target.read_bytes() == whole
            assert [path.name for path in tmp_path.iterdir()] == [target.name]
            assert fails > 1
            return
        assert done.exit_code == 2
        assert "cannot be written: No space left on device" in done.output
        assert "help" in done.output
        assert (target.read_text() if target.exists() else None) == before
        assert {path.name for path in tmp_path.iterdir()} <= {target.name, f"{target.name}.part"}
        (tmp_path / f"{target.name}.part").unlink(missing_ok=True)
    pytest.fail("it never came to an end")


def test_a_disk_that_is_full_in_the_middle_of_many_rows(tmp_path, monkeypatch):
    """Rows are written as they are made: some are on the disk when it is full."""
    monkeypatch.setattr("cnncalc.cli.output.AT_ONCE", 9_000)
    whole, target = tmp_path / "whole.json", tmp_path / "rows.json"
    assert run("show", "resnet50", "-o", whole).exit_code == 0
    assert whole.read_text() == run("show", "resnet50", "--format", "json").stdout
    for fails in range(1, 40):
        target.write_text("before")
        disk = Disk(fails)
        with monkeypatch.context() as patched:
            on(patched, disk)
            done = run("show", "resnet50", "-o", target)
        if not disk.failed:
            assert fails > 5
            assert target.read_bytes() == whole.read_bytes()
            return
        assert done.exit_code == 2
        assert target.read_text() == "before"
        assert {path.name for path in tmp_path.iterdir()} == {target.name, whole.name}
    pytest.fail("it never came to an end")


def counted(monkeypatch):
    """The nets that are computed from now on."""
    computed = []
    plain = Evaluator.points
    monkeypatch.setattr(Evaluator, "points", lambda self, part: computed.append(part.choice) or plain(self, part))
    return computed


@pytest.mark.parametrize("name", ["sweep.csv", "sweep.jsonl", "sweep.json", "sweep.md"])
def test_a_sweep_goes_on_from_wherever_the_disk_was_full(tmp_path, monkeypatch, name):
    """Only the net whose line could not be kept is computed again."""
    target, part = tmp_path / name, tmp_path / f"{name}.part"
    assert run("sweep", *SWEEP, "-o", target).exit_code == 0
    whole = target.read_bytes()
    computed = counted(monkeypatch)
    for fails in range(1, 30):
        target.unlink(missing_ok=True)
        computed.clear()
        disk = Disk(fails)
        with monkeypatch.context() as patched:
            on(patched, disk)
            first = run("sweep", *SWEEP, "-o", target)
        if not disk.failed:
            return
        assert first.exit_code == 2
        assert not target.exists()
        kept = part.read_bytes().count(b"\n") - 1 if part.exists() else 0
        assert len(computed) - kept in (0, 1)
        computed.clear()
        again = run("sweep", *SWEEP, "-o", target, *(["--resume"] if part.exists() else []))
        assert again.exit_code == 0, again.stderr
        assert len(computed) == 6 - kept
        assert target.read_bytes() == whole
        assert not part.exists()
    pytest.fail("it never came to an end")


def test_a_disk_that_fills_up_again_and_again_still_gets_there(tmp_path, monkeypatch):
    target, part = tmp_path / "sweep.csv", tmp_path / "sweep.csv.part"
    computed = counted(monkeypatch)
    for _ in range(30):
        disk = Disk(3)
        with monkeypatch.context() as patched:
            on(patched, disk)
            done = run("sweep", *SWEEP, "-o", target, *(["--resume"] if part.exists() else []))
        if done.exit_code == 0:
            break
    assert done.exit_code == 0
    assert target.read_text() == run("sweep", *SWEEP, "--format", "csv").stdout
    assert len(computed) <= 3 * 6  # six each of this run and of the witness, and those whose line was cut off


# -- what a journal goes on from --

NET = "extends: parent\nvariables: {classes: 3}\n"
PARENT = "input: 3x8x8\nvariables: {classes: 1, width: 4}\nlayers: [conv $width k1, flatten, linear $classes]\n"


@pytest.fixture
def nets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "parent.yaml").write_text(PARENT)
    return tmp_path


def stop(monkeypatch, net, *arguments, **more):
    """A sweep that stops after two nets."""
    plain, count = Evaluator.points, []

    def stopping(self, part):
        count.append(part)
        if len(count) > 2:
            raise KeyboardInterrupt
        return plain(self, part)

    with monkeypatch.context() as patched:
        patched.setattr(Evaluator, "points", stopping)
        done = runner().invoke(program, ["sweep", net, "--set", "classes=1:5", "-o", "s.csv", *arguments], **more)
    assert done.exit_code == 130


def resumed(net, *more_arguments, **more):
    arguments = ["sweep", net, "--set", "classes=1:5", "-o", "s.csv", "--resume", *more_arguments]
    return runner().invoke(program, arguments, **more)


CHANGED = PARENT.replace("width: 4", "width: 8")


@pytest.mark.parametrize("net", ["net", "net.yaml", "./net.yaml"])
def test_a_sweep_whose_parent_changed_is_another(nets, monkeypatch, net):
    stop(monkeypatch, net)
    (nets / "parent.yaml").write_text(CHANGED)
    done = resumed(net)
    assert done.exit_code == 2
    assert "`s.csv.part` holds another sweep" in done.stderr
    (nets / "parent.yaml").write_text(PARENT)
    assert resumed(net).exit_code == 0


def test_a_sweep_of_standard_input_is_known_by_its_text(nets, monkeypatch):
    stop(monkeypatch, "-", input=PARENT)
    assert "holds another sweep" in resumed("-", input=CHANGED).stderr
    assert resumed("-", input=PARENT).exit_code == 0


@pytest.mark.parametrize(
    "option",
    [["--batch", "2"], ["--dialect", "keras"], ["--freeze", "*"], ["--train"], ["--dtype", "float16"],
     ["--set", "width=5"], ["--input", "3x4x4"], ["--optimizer", "adam"], ["--figures", "macs"],
     ["--amp", "float16"], ["--limit", "depth=63"]],
    ids=" ".join,
)  # fmt: skip
def test_other_options_make_another_sweep(nets, monkeypatch, option):
    stop(monkeypatch, "net")
    assert "holds another sweep" in resumed("net", *option).stderr
    (nets / "s.csv.part").unlink()
    stop(monkeypatch, "net", *option)
    assert "holds another sweep" in resumed("net").stderr
    assert resumed("net", *option, "--jobs", "1", "--pareto", "").exit_code == 0


def test_another_version_makes_another_sweep(nets, monkeypatch):
    stop(monkeypatch, "net")
    monkeypatch.setattr("cnncalc.cli.commands.sweep.__version__", "0.0.1")
    assert "holds another sweep" in resumed("net").stderr


def test_a_file_that_changes_while_the_sweep_runs_is_told(nets, monkeypatch):
    plain = Evaluator.points

    def changing(self, part):
        (nets / "parent.yaml").write_text(CHANGED)
        return plain(self, part)

    monkeypatch.setattr(Evaluator, "points", changing)
    done = runner().invoke(program, ["sweep", "net", "--set", "classes=1:5", "-o", "s.csv"])
    assert done.exit_code == 2
    assert "was changed while the sweep ran" in done.stderr
    assert not (nets / "s.csv").exists()
    assert not (nets / "s.csv.part").exists()


JOURNALS = {
    "empty": (b"", "is empty"),
    "cut": (b'{"net": "le', "is cut off"),
    "garbage": (b"\xff\xfe\x00\n{}\n", "is no journal"),
    "no JSON": (b"classes,params\n1,2\n", "is no journal"),
    "a list": (b"[]\n", "is no journal"),
    "a deep list": (b"[" * 100_000 + b"\n", "is no journal"),
    "a vast number": (b"9" * 5_000 + b"\n", "is no journal"),
    "another": (b"{}\n", "holds another sweep"),
    "no end": (b"\0" * 3_000_000, "is cut off"),
}


@pytest.mark.parametrize("name", JOURNALS)
def test_a_journal_that_is_none_says_so_and_how_to_begin_afresh(nets, name):
    data, told = JOURNALS[name]
    (nets / "s.csv.part").write_bytes(data)
    done = resumed("net")
    assert done.exit_code == 2
    assert told in done.stderr
    assert "delete `s.csv.part` for a fresh start" in done.stderr
    assert (nets / "s.csv.part").read_bytes() == data


LINES = [
    b"\n", b"null\n", b"{}\n", b"[1]\n", b"\xff\n",
    b'{"net": "1", "from": 0, "figures": [[1], [2]], "faults": [0], "texts": []}\n',
    b'{"net": ["9"], "from": 0, "figures": [[1], [2]], "faults": [0], "texts": []}\n',
    b'{"net": [1], "from": 0, "figures": [[1], [2]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 1, "figures": [[1], [2]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": false, "figures": [[1], [2]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [["1"], [2]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1], [2.5]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[true], [2]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1, 1], [2, 2]], "faults": [0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1], [2]], "faults": [0, 0], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1], [2]], "faults": [-1], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1], [2]], "faults": [1], "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1], [2]], "faults": 3, "texts": []}\n',
    b'{"net": ["1"], "from": 0, "figures": [[1], [2]], "faults": [0], "texts": [3]}\n',
    b'{"net": ["1"], "from": 0}\n',
    b"[" * 100_000 + b"\n", b"7" * 5_000 + b"\n", b"x" * 5_000_000 + b"\n",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES, ids=lambda line: repr(line[:50]))
def test_a_line_that_is_none_of_ours_is_passed_over(nets, monkeypatch, line):
    assert run("sweep", "net", "--set", "classes=1:5", "-o", "whole.csv").exit_code == 0
    stop(monkeypatch, "net")
    first, *rest = (nets / "s.csv.part").read_bytes().splitlines(keepends=True)
    (nets / "s.csv.part").write_bytes(first + line + b"".join(rest) + line[: len(line) // 2])
    computed = counted(monkeypatch)
    done = resumed("net")
    assert done.exit_code == 0, done.stderr
    assert computed == [("3",), ("4",), ("5",)]
    assert (nets / "s.csv").read_text() == (nets / "whole.csv").read_text()


def test_a_journal_is_one_line_a_net(nets, monkeypatch):
    stop(monkeypatch, "net")
    first, *lines = (nets / "s.csv.part").read_text().splitlines()
    assert json.loads(first)["figures"] == ["params", "macs"]
    assert [json.loads(line)["net"] for line in lines] == [["1"], ["2"]]
