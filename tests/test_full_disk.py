"""A disk that is full at any write: nothing is lost, half written or done twice, whichever command writes."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from command_line import runner
from failing_writes import Disk, on

from cnncalc import CnncalcError, load
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
    ("solve", "file", "unknown.yaml", "--want", "params <= 100"),
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
    ("verify", "lenet5", "--device", "meta"),
    ("verify", "lenet5", "lenet_cifar", "--device", "meta", "--format", "json"),
]
GIVEN = {
    "foreign.cfg": "[net]\nheight=8\nwidth=8\nchannels=3\n\n"
    "[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n",
    "unknown.yaml": "input: 3x8x8\nlayers: [conv ?1..8 k1, relu, conv ?1..3 k3]\n",
}


def run(*arguments):
    return runner().invoke(program, list(map(str, arguments)))


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("given")
    for name, text in GIVEN.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("arguments", WRITERS, ids=" ".join)
@pytest.mark.parametrize("before", [None, "what stood there before\n"])
def test_a_disk_that_is_full_leaves_what_stood_there(tmp_path, monkeypatch, given, arguments, before):
    suffix = {"draw": ".svg", "rewrite": ".yaml", "import": ".yaml"}.get(arguments[0], "")
    target, first = tmp_path / f"result{suffix}", tmp_path / f"whole{suffix}"
    monkeypatch.chdir(given)
    if arguments[0] == "verify":
        pytest.importorskip("torch")
        monkeypatch.setattr("cnncalc.torch_backend.verify.perf_counter", lambda: 0.0)
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


def test_every_command_that_writes_a_file_is_tried():
    commands = dict(writing(program))
    tried = {commands.get(words[:1]) or commands[words[:2]] for words in WRITERS}
    assert [words for words, code in commands.items() if code not in tried] == []


def writing(command, words=()):
    """The words of every command, and of every one below another, that takes `-o`; and the code that it runs."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from writing(command.get_command(context, name), (*words, name))
    elif any("-o" in one.opts for one in command.params):
        yield words, command.callback.__code__


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


# -- verify --

NAMES = ("a", "b", "bad", "c")
NET = "input: 3x8x8\nlayers: [conv 4 k1, flatten, linear {}]\n"


@pytest.fixture
def verified(tmp_path, monkeypatch):
    """Four nets, of which one is none, and those that are verified from now on."""
    pytest.importorskip("torch")
    from cnncalc.torch_backend import verify as module

    monkeypatch.setattr(module, "perf_counter", lambda: 0.0)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    for place, name in enumerate(NAMES):
        (tmp_path / "nets" / f"{name}.yaml").write_text(NET.format(place + 2 if name != "bad" else "x"))
    seen, plain = [], module.verify
    monkeypatch.setattr(
        module, "verify", lambda graph, **options: seen.append(options["net"]) or plain(graph, **options)
    )
    return seen


@pytest.mark.parametrize("name", ["all.json", "all.md", "all.csv", "all.html"])
def test_a_verification_goes_on_from_wherever_the_disk_was_full(tmp_path, monkeypatch, verified, name):
    """Only the net whose line could not be kept is verified again, and no file is there before it is whole."""
    target, part = tmp_path / name, tmp_path / f"{name}.part"
    command = ("verify", "nets", "--device", "meta", "-o", name)
    assert run(*command).exit_code == 2  # of the one that is none
    whole = target.read_bytes()
    for fails in range(1, 30):
        target.unlink()
        verified.clear()
        disk = Disk(fails)
        with monkeypatch.context() as patched:
            on(patched, disk)
            first = run(*command)
        if not disk.failed:
            assert fails > 5
            assert target.read_bytes() == whole
            return
        assert "cannot be written: No space left on device" in first.stderr
        assert not target.exists()
        kept = part.read_bytes().count(b"\n") - 1 if part.exists() else 0
        assert len(verified) - kept in (0, 1)
        verified.clear()
        again = run(*command, *(["--resume"] if part.exists() else []))
        assert again.exit_code == 2
        assert len(verified) == 3 - kept
        assert target.read_bytes() == whole
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "nets"])
    pytest.fail("it never came to an end")


def test_the_page_is_built_whole_or_stays_as_it_was(tmp_path, monkeypatch):
    """Node.js is not asked for here: what it would write stands for itself."""
    from web import build as module

    modules = tmp_path / "node_modules"
    for name in (*(f"pyodide/{name}" for name in module.PYODIDE), "esbuild/package.json"):
        (modules / name).parent.mkdir(parents=True, exist_ok=True)
        (modules / name).write_text(name)
    site = tmp_path / "dist"
    monkeypatch.setattr(module, "MODULES", modules)
    monkeypatch.setattr(module, "DIST", site)
    monkeypatch.setattr(module, "_bundle", lambda source, target, *options: target.write_text(f"{source} {options}"))
    monkeypatch.setattr(module, "_pack", lambda target: target.write_bytes(b"packed"))
    module.build()
    first = {path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert len(first) == 12
    (site / "before").write_text("before")
    for fails in range(1, 30):
        disk = Disk(fails)
        with monkeypatch.context() as patched:
            on(patched, disk)
            failed = caught(OSError, module.build)
        assert failed == disk.failed
        assert sorted(path.name for path in tmp_path.iterdir()) == ["dist", "node_modules"]
        now = {path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()}
        if not failed:
            assert fails > 5
            assert now == first
            return
        assert now == first | {Path("before"): b"before"}
    pytest.fail("it never came to an end")


def caught(kind, call):
    try:
        call()
    except kind:
        return True
    return False


SAVED = {
    "net.svg": lambda file: load("lenet5").draw().save(file),
    "net.caffe.prototxt": lambda file: load("lenet5").export(file, to="caffe", force=True),
    "net.py": lambda file: load("lenet5").export(file, force=True),
    "net.yaml": lambda file: load("lenet5").rewrite("new-head 7").save(file, force=True),
}


@pytest.mark.parametrize("name", SAVED)
def test_what_python_saves_is_whole_or_not_there(tmp_path, monkeypatch, name):
    file, save = tmp_path / name, SAVED[name]
    save(file)
    whole = file.read_bytes()
    for fails in range(1, 30):
        file.write_text("before")
        disk = Disk(fails)
        with monkeypatch.context() as patched:
            on(patched, disk)
            failed = caught(CnncalcError, lambda: save(file))
        assert failed == disk.failed
        assert list(tmp_path.iterdir()) == [file]
        assert file.read_bytes() == (b"before" if failed else whole)
        if not failed:
            assert fails > 1
            return
    pytest.fail("it never came to an end")
