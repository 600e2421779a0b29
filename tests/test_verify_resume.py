"""`verify` of many nets that is ended on the way, by whatever, goes on: the same rows, none lost and none twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import runner
from processes import ROOT
from test_workers import children

from cnncalc import CnncalcError, Options
from cnncalc.answers.verification import Figure, Verification, VerifiedRow, read_back
from cnncalc.cli.main import cnncalc as program
from cnncalc.cli.verifying.asked import Asked
from cnncalc.cli.verifying.nets import _prepare
from cnncalc.running.journal import summed

torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from cnncalc.torch_backend import verify as module  # noqa: E402
from cnncalc.torch_backend.verify import verify  # noqa: E402

NET = "input: 3x8x8\nvariables: {width: 4}\nlayers: [conv $width k1, flatten, linear 3]\n"
NAMES = ("a", "b", "c", "d")


def run(*arguments):
    return runner().invoke(program, ["verify", *map(str, arguments)])


@pytest.fixture
def nets(tmp_path, monkeypatch):
    """Four nets, and one of them is none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    for place, name in enumerate(NAMES):
        (tmp_path / "nets" / f"{name}.yaml").write_text(NET.replace("3]", f"{place + 2}]"))
    (tmp_path / "nets" / "bad.yaml").write_text("{input: 3x2x2, layers: [conv 4 k3]}")
    return tmp_path


def told(text):
    """What a verification says, without its seconds."""
    return [{key: one[key] for key in one if key != "seconds"} for one in json.loads(text)["nets"]]


def stop_after(monkeypatch, count):
    """From now on, the graphs that torch runs; after so many comes Ctrl-C."""
    seen = []

    def stopping(graph, **options):
        if len(seen) == count:
            raise KeyboardInterrupt
        seen.append(options["net"])
        return verify(graph, **options)

    monkeypatch.setattr(module, "verify", stopping)
    return seen


@pytest.mark.parametrize("after", [0, 1, 3])
def test_an_interrupted_verification_goes_on(nets, monkeypatch, after):
    whole = told(run("nets", "--format", "json").stdout)
    seen = stop_after(monkeypatch, after)
    stopped = run("nets", "-o", "all.json")
    assert stopped.exit_code == 130
    assert stopped.stderr.endswith("Stopped. What was found is in `all.json.part`: --resume goes on from there.\n")
    refused = run("nets", "-o", "all.json")
    assert refused.exit_code == 2 and "holds an unfinished verification" in refused.stderr
    stop_after(monkeypatch, 99)
    done = run("nets", "-o", "all.json", "--resume")
    assert done.exit_code == 2  # bad.yaml, which is tried again
    assert done.stderr.startswith(f"{after} nets kept, {5 - after} to verify\n")
    assert told((nets / "all.json").read_text()) == whole
    assert not (nets / "all.json.part").exists()
    assert len(seen) == after


def cut(nets):
    """The journal of a run that was stopped after two nets."""
    return nets / "all.json.part"


@pytest.fixture
def half(nets, monkeypatch):
    with monkeypatch.context() as patched:
        stop_after(patched, 2)
        assert run("nets", "-o", "all.json").exit_code == 130
    return nets


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (("--seed", "1"), "options"),
        (("--device", "meta"), "options"),
        (("--batch", "2"), "options"),
        (("--amp", "bfloat16"), "options"),
        (("nets/a.yaml",), "files, nets"),
    ],
)
def test_another_verification_does_not_go_on(half, more, what):
    done = run("nets", "-o", "all.json", "--resume", *more)
    assert done.exit_code == 2
    assert "`all.json.part` holds another verification" in done.stderr and f"({what})" in done.stderr
    assert cut(half).exists()


def test_a_file_that_was_changed_and_another_torch_are_another_verification(half, monkeypatch):
    monkeypatch.setattr("cnncalc.witnesses.table.Witness.versions", lambda self: {"torch": "1.0"})
    assert "(frameworks)" in run("nets", "-o", "all.json", "--resume").stderr
    monkeypatch.undo()
    monkeypatch.chdir(half)
    (half / "nets" / "d.yaml").write_text(NET.replace("4", "5"))
    assert "(files)" in run("nets", "-o", "all.json", "--resume").stderr


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe\n",
        b"[]\n",
        b'{"place": 4, "skipped": "", "found": [1, 2]}\n',
        b'{"place": 99, "skipped": "no", "found": null}\n',
        b'{"place": "4", "skipped": "no", "found": null}\n',
        b'{"place": 4, "skipped": "", "found": null}\n',
        b'{"place": 4, "skipped": "cut off',
    ],
)
def test_lines_that_are_none_of_ours_are_passed_over(half, line):
    if line.endswith(b"}\n"):  # one that is as it was written, too
        first = cut(half).read_text().partition("\n")[0]
        line = summed(json.loads(line), first).encode() + b"\n"
    with cut(half).open("ab") as file:
        file.write(line)
    done = run("nets", "-o", "all.json", "--resume")
    assert done.stderr.startswith("2 nets kept, 3 to verify\n")
    assert [one["net"] for one in told((half / "all.json").read_text())] == [
        f"nets/{name}.yaml" for name in ("a", "b", "bad", "c", "d")
    ]


def test_one_net_keeps_no_journal(nets):
    done = run("nets/a.yaml", "-o", "one.json")
    assert (done.exit_code, sorted(path.name for path in nets.glob("one*"))) == (0, ["one.json"])
    assert "--resume goes with a file" in run("nets", "--resume").stderr


def begun(folder, lines, how):
    """A verification whose journal has so many lines, of the bundled nets in the order of their names."""
    command = [sys.executable, "-m", "cnncalc", "verify", *SEVERAL, *how, "-o", str(folder / "all.json")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    part, deadline = folder / "all.json.part", time.monotonic() + 120
    while time.monotonic() < deadline and not (part.exists() and part.read_bytes().count(b"\n") >= lines):
        time.sleep(0.005)
    return process, part


SEVERAL = ["lenet5", "lenet_cifar", "lenet5_original", "alexnet", "squeezenet1_1", "resnet18", "--device", "meta"]
TWO = [pytest.param(("--jobs", "2"), id="jobs"), pytest.param(("--workers", "2"), id="dask")]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc for a process's children")
@pytest.mark.parametrize("how", TWO)
def test_a_process_and_then_the_client_are_killed(tmp_path, how):
    if how[0] == "--workers":
        pytest.importorskip("distributed")
    process, part = begun(tmp_path, 2, how)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    process.kill()
    process.communicate(timeout=60)
    kept = {json.loads(line)["place"] for line in part.read_bytes().splitlines(keepends=True)[1:] if line[-1:] == b"\n"}
    assert 1 <= len(kept) < 6
    again = run(*SEVERAL, "-o", tmp_path / "all.json", "--resume")
    assert again.exit_code == 0, again.stderr
    assert f"{len(kept)} nets kept, {6 - len(kept)} to verify" in again.stderr
    assert not part.exists()
    assert told((tmp_path / "all.json").read_text()) == told(run(*SEVERAL, "--format", "json").stdout)


def test_a_bar_says_which_net_and_how_far(nets, monkeypatch):
    """It goes on from what is kept, and is gone before a fault is told."""
    shown = []
    monkeypatch.setattr("cnncalc.cli.verifying.nets.named_progress_bar", lambda: lambda *now: shown.append(now))
    with monkeypatch.context() as patched:
        stop_after(patched, 1)
        assert run("nets", "-o", "all.json").exit_code == 130
    assert shown == [("nets/a.yaml", 0, 5), ("nets/b.yaml", 1, 5)]
    shown.clear()
    run("nets", "-o", "all.json", "--resume")
    names = [("nets/b.yaml", 1, 5), ("nets/bad.yaml", 2, 5), ("", 1, 1), ("nets/c.yaml", 3, 5), ("nets/d.yaml", 4, 5)]
    assert shown == [*names, ("nets", 5, 5)]


def test_workers_with_another_torch_are_refused():
    asked = Asked(Options(), "float32", "torch", None, 0, False)
    with pytest.raises(CnncalcError, match=r"a worker has torch \d\S+, and this is torch 1\.0"):
        _prepare(asked, {"torch": "1.0"}, b"", "mark")


def test_what_was_verified_is_read_back_as_it_was():
    figures = (
        Figure("shape", (1, 2), None),
        Figure("outputs", {"a": (1, 2)}, {}),
        Figure("runs", "runs", "no"),
        Figure("n", 3, True),
    )
    found = Verification(
        "n", "N", "torch", "cpu", "float32", 1, (VerifiedRow("a", "conv", "conv 3", figures),), figures, ("note",), 1.25
    )
    as_json = json.loads(json.dumps(found))
    assert read_back(as_json) == found
    for place in range(len(as_json)):
        assert read_back([*as_json[:place], {}, *as_json[place + 1 :]]) is None
    assert read_back(as_json[:-1]) is None
