"""What each of several ranks holds: torch's fully_shard on a process group that only pretends, DeepSpeed by hand."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from cnncalc import CnncalcError, Options, chain, load
from cnncalc.analysis.costs import Counts, report
from cnncalc.cli.main import cnncalc as program
from cnncalc.solve.inputs.batches import solve_batch

LAYERS = ["conv 10 k3", "batchnorm", "conv 6 k1", "flatten", "linear 21"]
"""10x3x3x3 + 10, 10 + 10, 6x10x1x1 + 6, 21x96 + 21: 280, 20, 66 and 2,037 numbers, 2,403 in all."""
SHARED = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import torch
from torch import distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.testing._internal.distributed.fake_pg import FakeStore
from cnncalc import load, to_torch

found = []
for ranks in (3, 8):
    distributed.init_process_group("fake", store=FakeStore(), rank=0, world_size=ranks)
    mesh = init_device_mesh("cpu", (ranks,))
    for net, freeze in (("lenet5", ()), ("squeezenet1_1", ()), ("lenet5", ("!linear1",))):
        for make in (torch.optim.SGD, torch.optim.Adam):
            module = to_torch(load(net, freeze=freeze))
            fully_shard(module, mesh=mesh)
            parameters = list(module.parameters())
            trained = [one for one in parameters if one.requires_grad]
            optimizer = make(trained, lr=0.1)
            for one in trained:
                one.grad = torch.zeros_like(one)
            optimizer.step()
            held = [value for values in optimizer.state.values() for value in values.values()]
            local = [one.to_local() if hasattr(one, "to_local") else one for one in held]
            found.append([
                net, list(freeze), ranks, make.__name__.lower(),
                sum(one.to_local().numel() for one in parameters) * 4,
                sum(one.grad.to_local().numel() for one in trained) * 4,
                sum(one.numel() * one.element_size() for one in local),
            ])
    distributed.destroy_process_group()
print(json.dumps(found))
"""


def held(shard, optimizer="adam", freeze=()):
    graph = chain("3x6x6", LAYERS, Options(shard=shard, freeze=freeze))
    return tuple(Counts(graph, 1, "float32", optimizer).held)


def run(*arguments):
    return CliRunner().invoke(program, arguments)


def test_the_first_rank_holds_what_torch_gives_it():
    pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")
    done = subprocess.run([sys.executable, "-c", SHARED], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    cases = json.loads(done.stdout)
    assert len(cases) == 12
    for net, freeze, ranks, optimizer, *expected in cases:
        graph = load(net, freeze=freeze, shard=f"fsdp:{ranks}")
        assert list(Counts(graph, 1, "float32", optimizer).held) == expected, (net, freeze, ranks, optimizer)


def test_deepspeed_pads_to_twice_the_ranks():
    """2,403 numbers on 8 ranks are 2,416, a multiple of 16: 302 a rank. The state is one tensor with one counter."""
    assert held("zero1:8") == (4 * 2403, 4 * 2403, 2 * 4 * 302 + 4)
    assert held("zero2:8") == (4 * 2403, 4 * 302, 2 * 4 * 302 + 4)


def test_deepspeed_pads_each_tensor_where_it_shards_parameters():
    """270, 10, 10, 10, 60, 6, 2016 and 21 numbers on 8 ranks: 34 + 2 + 2 + 2 + 8 + 1 + 252 + 3."""
    assert held("zero3:8", "momentum") == (4 * 304, 4 * 304, 4 * 304)


def test_what_is_frozen_has_no_gradient_and_no_state():
    assert held("zero2:4", freeze=("!conv2",)) == (4 * 2403, 4 * 18, 2 * 4 * 18 + 4)  # 66 numbers are 72
    assert held("fsdp:4", freeze=("*",))[1:] == (0, 0)
    assert held("zero3:4", freeze=("*",))[1:] == (0, 0)


def test_replicas_have_buckets():
    assert held("ddp:8", "sgd") == (4 * 2403, 2 * 4 * 2403, 0)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adafactor"])
def test_one_rank_alone_holds_what_training_holds(optimizer):
    graph = load("lenet5")
    totals = report(graph, 4, "float32", optimizer).totals
    assert totals.rank_bytes == totals.train_bytes
    alone = report(load("lenet5", shard="fsdp:1"), 4, "float32", optimizer).totals
    assert alone.rank_bytes == totals.train_bytes


def test_a_rank_has_its_own_activations_and_buffers():
    graph = load("resnet18", shard="zero3:8")
    totals = report(graph, 4, optimizer="adam").totals
    held_ = Counts(graph, 4, "float32", "adam").held
    assert totals.rank_bytes == sum(held_) + totals.buffer_bytes + totals.saved_bytes
    assert totals.train_bytes == report(load("resnet18"), 4, optimizer="adam").totals.train_bytes


def test_the_largest_batch_is_that_of_a_rank():
    graph = load("resnet50", shard="zero2:8")
    answer = solve_batch(graph, 8 * 2**30, "float32", "adam")
    sizes = [report(graph, batch, "float32", "adam").totals.rank_bytes for batch in (answer.batch, answer.batch + 1)]
    assert sizes[0] == answer.used <= 8 * 2**30 < sizes[1]
    assert sum(value for _, value in answer.parts) == answer.fixed
    assert answer.batch > solve_batch(load("resnet50"), 8 * 2**30, "float32", "adam").batch


def test_it_is_said_in_show_json_and_closed_forms():
    said = run("show", "lenet5", "--shard", "zero2:8", "--optimizer", "adam", "--batch", "4")
    assert "of each of 8, by zero2" in said.stdout
    answer = json.loads(run("show", "lenet5", "--shard", "zero2:8", "--format", "json").stdout)
    assert answer["shard"] == {"by": "zero2", "ranks": 8}
    closed = json.loads(run("show", "lenet5", "--input", "1xHxW", "--shard", "zero2:8", "--format", "json").stdout)
    assert "28·H·W" in closed["totals"]["rank_bytes"]["text"]
    assert run("check", "lenet5", "--shard", "zero3:8", "--max", "rank_bytes=1MB").exit_code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("zero4:8", ["no way to share training called `zero4`", "did you mean `zero"]),
        ("zero2", ["--shard zero2:8"]),
        ("zero2:0", ["0 ranks", "from 1 to"]),
        ("zero2:many", ["--shard zero2:8"]),
        (":8", ["--shard zero2:8"]),
        ("zero2:99999999", ["99999999 ranks", "from 1 to"]),
    ],
)
def test_what_is_wrong_is_told(text, words):
    done = run("show", "lenet5", "--shard", text)
    assert done.exit_code == 2
    assert all(word in done.stderr for word in words), done.stderr
    with pytest.raises(CnncalcError):
        load("lenet5", shard=text).report()
