"""Work on Dask: the same rows as alone, whoever is killed on the way, none lost and none twice."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import time
from pathlib import Path

import pytest
from command_line import runner
from test_workers import SLOW, begin, begun, children, none, square

from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.running import cluster, versions
from cnncalc.running.runner import Runner, in_order
from cnncalc.running.work import Work

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
TWO = ("--workers", "2")


def test_a_task_that_ends_its_worker_is_named_and_the_rest_goes_on(tmp_path):
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        found = list(in_order(Work(begin, (tmp_path,), square, none), range(9), Runner(workers=2)))
    assert [value for at, value in enumerate(found) if at != 5] == [0, 1, 4, 9, 16, 36, 49, 64]
    assert found[5] == -5


def whole(arguments):
    return runner().invoke(program, ["sweep", *arguments, "--format", "csv"]).stdout


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc for a process's children")
def test_a_worker_that_is_killed_loses_nothing(tmp_path):
    process, _ = begun(tmp_path, 3, TWO)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    _, told = process.communicate(timeout=120)
    assert (process.returncode, told) == (0, "")
    assert (tmp_path / "sweep.csv").read_text() == whole(SLOW)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc for a process's children")
def test_a_client_that_is_killed_is_gone_on_from(tmp_path):
    process, part = begun(tmp_path, 3, TWO)
    workers = children(process.pid)
    assert len(workers) == 2
    process.kill()
    process.communicate(timeout=60)
    kept = [json.loads(line)["net"] for line in part.read_bytes().splitlines()[1:] if line.endswith(b"}")]
    assert 2 <= len(kept) < 40
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").is_dir() for pid in workers):
        time.sleep(0.05)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").is_dir()]
    again = runner().invoke(program, ["sweep", *SLOW, "-o", str(tmp_path / "sweep.csv"), *TWO, "--resume"])
    assert (again.exit_code, again.stderr) == (0, f"{3 * len(kept)} rows kept, {120 - 3 * len(kept)} to compute\n")
    rows = list(csv.reader((tmp_path / "sweep.csv").read_text().splitlines()))
    assert len(rows) == len({tuple(row) for row in rows}) == 121
    assert (tmp_path / "sweep.csv").read_text() == whole(SLOW)


def test_sizes_of_one_net_are_shared_out(tmp_path):
    """40,000 sizes, in parts of a hundred rows: a net is built by each worker, not for each part."""
    sizes = ("lenet5", "--input", "1x{28:227}x{28:227}", "--figures", "macs,peak_bytes")
    done = runner().invoke(program, ["sweep", *sizes, *TWO, "--format", "csv"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == whole(sizes)


def test_a_net_on_standard_input_is_handed_on():
    net = "input: 3x8x8\nvariables: {classes: 3}\nlayers: [conv 8 k1, flatten, linear $classes]\n"
    done = runner().invoke(program, ["sweep", "-", "--set", "classes=1:2", *TWO, "--format", "csv"], input=net)
    assert done.stdout == "classes,params,macs,fault\n1,545,2048,\n2,1058,2560,\n"


def test_a_sample_is_the_same_whoever_computes_it():
    asked = [
        "search",
        "mobilenet_v2",
        "--over",
        "width=0.25:1:0.05,classes=10:100:10",
        "--minimize",
        "peak_bytes,params",
    ]
    asked += ["--maximize", "macs", "--samples", "12", "--format", "csv"]
    alone, shared = (runner().invoke(program, [*asked, *how]) for how in ((), TWO))
    assert (alone.exit_code, shared.exit_code) == (0, 0), shared.output
    assert alone.stdout == shared.stdout


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere://x", "127.0.0.1"])
def test_a_scheduler_that_is_not_there_is_told_soon(monkeypatch, address):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    start = time.monotonic()
    done = runner().invoke(program, ["sweep", *SLOW, "--scheduler", address])
    assert time.monotonic() - start < 10
    assert done.exit_code == 2
    assert f"--scheduler {address}: no scheduler of Dask was reached" in done.stderr
    assert "dask scheduler" in done.stderr


def test_workers_of_another_version_are_refused(monkeypatch):
    monkeypatch.setattr(versions, "VERSION", "0.0.9")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as there:
        done = runner().invoke(program, ["sweep", *SLOW, "--scheduler", there.scheduler_address])
    assert done.exit_code == 2
    assert re.search(r"has cnncalc \S+, and this is 0\.0\.9", done.stderr)
    assert "install cnncalc 0.0.9" in done.stderr


def test_a_worker_that_comes_later_is_held_to_the_version_too():
    with pytest.raises(CnncalcError, match=r"has cnncalc .*, and this is 0\.0\.9"):
        cluster._done("0.0.9", begin, (), square, 3)


@pytest.mark.parametrize(
    ("package", "theirs", "told"),
    [("python", "3.9.1.final.0", "Python 3.9, and this has"), ("distributed", "2020.1.0", "Dask 2020.1.0, and this")],
)
@pytest.mark.parametrize("who", ["the scheduler", "the worker"])
def test_another_python_and_another_dask_are_refused(package, theirs, told, who):
    """Tried with real ones too: a worker of Dask 2025.1.0 ended when it was asked, and nobody ever answered."""

    class Client:
        def get_versions(self):
            ours = {"packages": {"python": "3.11.7.final.0", "distributed": "2026.8.0"}}
            other = {"packages": {**ours["packages"], package: theirs}}
            first, second = (other, ours) if who == "the scheduler" else (ours, other)
            return {"client": ours, "scheduler": first, "workers": {"tcp://a:1": second}}

    with pytest.raises(CnncalcError, match=re.escape(told)) as raised:
        versions.agree_all(Client())
    assert who in str(raised.value) and "start the scheduler and its workers with" in str(raised.value)


def test_workers_that_are_all_gone_are_told(monkeypatch):
    monkeypatch.setattr(cluster, "LOOK", 0.2)
    monkeypatch.setattr(cluster, "GONE", 0.6)
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as there, distributed.Client(there) as client:
        future = client.submit(square, 3)
        with pytest.raises(CnncalcError, match="has had no workers for"):
            cluster._waited(distributed, client, future)


def test_a_scheduler_without_workers_is_told(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as there:
        done = runner().invoke(program, ["sweep", *SLOW, "--scheduler", there.scheduler_address])
    assert done.exit_code == 2
    assert "it has no workers" in done.stderr
