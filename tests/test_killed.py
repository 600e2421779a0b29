"""Killed at any moment that changes a file: nothing is half written, lost or done twice, whichever command writes."""

from __future__ import annotations

import os
import signal

import pytest
from command_line import runner
from failing_writes import Killing, on

from cnncalc.cli.main import cnncalc as program
from cnncalc.files import SCRATCH, write_whole
from cnncalc.solve.sweep.evaluating import Evaluator

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is killed")

NET = "input: 3x8x8\nvariables: {width: 4}\nlayers: [conv $width k1, flatten, linear 3]\n"
FOREIGN = "[net]\nheight=8\nwidth=8\nchannels=3\n\n[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
ONCE = {
    "export.prototxt": ("export", "net.yaml", "--to", "caffe", "--force"),
    "import.yaml": ("import", "foreign.cfg", "--force"),
    "rewrite.yaml": ("rewrite", "net.yaml", "width", "2", "--force"),
    "show.json": ("show", "net.yaml"),
    "draw.svg": ("draw", "net.yaml"),
}
LONG = {
    "sweep.csv": ("sweep", "net.yaml", "--set", "width=1:5"),
    "sweep.json": ("sweep", "net.yaml", "--set", "width=1:5"),
    "search.csv": ("search", "net.yaml", "--over", "width=1:5", "--minimize", "peak_bytes"),
}


@pytest.fixture
def given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "foreign.cfg").write_text(FOREIGN)
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def run(*arguments):
    return runner().invoke(program, list(map(str, arguments)))


def killed(arguments, moment, monkeypatch):
    """Whether a process with this command was killed at the k-th change of a file; it may have done all before."""
    child = os.fork()
    if not child:
        try:
            disk = Killing(moment)
            on(monkeypatch, disk)
            disk.watch()
            os._exit(run(*arguments).exit_code)
        finally:
            os._exit(99)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        assert os.waitstatus_to_exitcode(status) == 0
        return False
    assert os.WTERMSIG(status) == signal.SIGKILL
    return True


def whole_of(folder, name, arguments):
    assert run(*arguments, "-o", folder / name).exit_code == 0
    whole = (folder / name).read_bytes()
    (folder / name).unlink()
    return whole


@pytest.mark.parametrize("before", [None, b"what stood there before"])
@pytest.mark.parametrize("name", ONCE)
def test_a_file_is_there_whole_or_as_it_was(given, monkeypatch, name, before):
    target, whole = given / name, whole_of(given, name, ONCE[name])
    for moment in range(1, 20):
        if before is not None:
            target.write_bytes(before)
        if not killed((*ONCE[name], "-o", target), moment, monkeypatch):
            assert moment > 2
            assert target.read_bytes() == whole
            return
        assert (target.read_bytes() if target.exists() else None) in (before, whole)
        for other in given.iterdir():  # what was being written is hidden, and no net or table of that name
            assert other == target or (other.name.startswith(f".{name}.") and other.suffix not in (".yaml", ".yml"))
    pytest.fail("it never came to an end")


@pytest.mark.parametrize("name", LONG)
def test_a_run_goes_on_from_wherever_it_was_killed(given, monkeypatch, name):
    target, part, whole = given / name, given / f"{name}.part", whole_of(given, name, LONG[name])
    asked, plain, computed = (*LONG[name], "-o", target), Evaluator.points, []
    seen = set()
    for moment in range(1, 40):
        if not killed(asked, moment, monkeypatch):
            assert moment > 8
            assert seen == {0, 1, 2, 3, 4, 5}  # it was killed with so many results kept
            return
        assert not target.exists() or target.read_bytes() == whole
        kept = part.read_bytes().count(b"\n") - 1 if part.exists() else 0
        seen.add(max(kept, 0))
        if kept < 0:  # its first line is cut off: it says so, and what to do
            assert "for a fresh start" in run(*asked, "--resume").stderr
            part.unlink()
        computed.clear()
        with monkeypatch.context() as patched:
            patched.setattr(Evaluator, "points", lambda self, part: computed.append(part) or plain(self, part))
            done = run(*asked, *(["--resume"] if part.exists() else []))
        assert done.exit_code == 0, done.stderr
        assert len(computed) == 5 - max(kept, 0)
        assert target.read_bytes() == whole
        assert not part.exists()
        target.unlink()
    pytest.fail("it never came to an end")


def test_a_verification_goes_on_from_wherever_it_was_killed(given, monkeypatch):
    """With --resume what is kept is not verified again, and without it nothing is lost."""
    pytest.importorskip("torch")
    from cnncalc.torch_backend import verify as module

    monkeypatch.setattr(module, "perf_counter", lambda: 0.0)
    (given / "nets").mkdir()
    for width in (2, 3, 5):
        (given / "nets" / f"{width}.yaml").write_text(NET.replace("4", str(width)))
    asked = ("verify", "out/nets", "--device", "meta")
    target, part, whole = given / "all.json", given / "all.json.part", whole_of(given, "all.json", asked)
    plain, seen, into = module.verify, [], (*asked, "-o", target)
    for moment in range(1, 20):
        if not killed(into, moment, monkeypatch):
            assert moment > 6
            return
        assert not target.exists() or target.read_bytes() == whole
        kept = part.read_bytes().count(b"\n") - 1 if part.exists() else 0
        if part.exists():
            before = part.read_bytes()
            assert "holds an unfinished verification" in run(*into).stderr
            assert part.read_bytes() == before
        if kept < 0:
            part.unlink()
        seen.clear()
        with monkeypatch.context() as patched:
            patched.setattr(module, "verify", lambda graph, **how: seen.append(how["net"]) or plain(graph, **how))
            done = run(*into, *(["--resume"] if part.exists() else []))
        assert done.exit_code == 0, done.stderr
        assert seen == [f"out/nets/{width}.yaml" for width in (2, 3, 5)][max(kept, 0) :]
        assert target.read_bytes() == whole
        assert not part.exists()
        target.unlink()
    pytest.fail("it never came to an end")


@pytest.mark.parametrize("name", ["show.json", "odd [a]+.json"])
def test_what_a_killed_write_left_is_taken_away_by_the_next(given, name):
    """Not what may be being written: it is held, or just made; nor what only looks alike."""
    fcntl = pytest.importorskip("fcntl")
    names = ["0000000a", "0000000b", "0000000c"]
    left, held, young = (given / f".{name}.{one}{SCRATCH}" for one in names)
    others = [given / f".{name}.0000000a", given / f".{name}.zzzzzzzz{SCRATCH}", given / f".x{name}.0000000a{SCRATCH}"]
    for file in (left, held, young, *others):
        file.write_text("half")
        os.utime(file, *([] if file == young else [(0, 0)]))
    (given / f".{name}.0000000d{SCRATCH}").mkdir()
    with held.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert run("show", "net.yaml", "-o", given / name).exit_code == 0
    assert not left.exists()
    assert all(file.read_text() == "half" for file in (held, young, *others))
    assert run("show", "net.yaml", "-o", given / name).exit_code == 0
    assert not held.exists()
    assert young.exists()


def test_what_is_being_written_is_held(given):
    """However long it takes, another write of the same file leaves it alone."""
    pytest.importorskip("fcntl")

    def parts():
        yield "one "
        (scratch,) = given.iterdir()
        os.utime(scratch, (0, 0))
        write_whole("other", given / "a.txt")
        assert scratch.exists()
        yield "two"

    write_whole(parts(), given / "a.txt")
    assert (given / "a.txt").read_text() == "one two"
    assert [file.name for file in given.iterdir()] == ["a.txt"]
