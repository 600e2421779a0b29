"""Weights that are zero: how many torch prunes, and bytes and MACs without them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cnncalc import CnncalcError, Net, Options, chain, load
from cnncalc.analysis.costs import report
from cnncalc.cli.main import cnncalc as program

LAYERS = ["conv 6 k3", "batchnorm", "relu", "dwconv k3", "flatten", "linear 7"]
"""On 3x8x8: 162 weights and 6 biases, 12, 54 and 6, 672 and 7."""


def run(*arguments):
    return CliRunner().invoke(program, arguments)


def rows(share, **options):
    graph = chain("3x8x8", LAYERS, Options(sparsity=(("*", share),), **options))
    return {row.name: row for row in report(graph, 2).rows if row.params}


@pytest.mark.parametrize("share", ["0.5", "0.3", "0.05", "0.25", "0.9", "1", "0", "0.0031"])
def test_torch_prunes_as_many(share):
    torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")
    from torch.nn.utils import prune

    from cnncalc import to_torch

    graph = chain("3x8x8", LAYERS, Options(sparsity=(("*", share),)))
    counted = {row.name: row for row in report(graph).rows}
    for name, module in to_torch(graph).rows.items():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            prune.l1_unstructured(module, "weight", amount=float(share))
            kept = int(module.weight_mask.sum()) + module.bias.numel()
            assert counted[name].nonzeros == kept, name


def test_macs_fall_as_the_weights_do():
    """A weight is used as often as any other of its layer."""
    for row in rows("0.5").values():
        zeros = row.params - row.nonzeros
        assert row.nonzero_macs * row.weights == row.macs * (row.weights - zeros) or not row.macs
    assert rows("0.5")["conv1"].nonzero_macs == rows("0.5")["conv1"].macs // 2
    assert rows("0.5")["batchnorm1"].nonzeros == 12


def test_a_share_is_stored_as_a_bit_a_weight_and_the_values():
    found = rows("0.5")
    assert found["conv1"].weight_bytes == 4 * 81 + 21 + 4 * 6  # 162 bits are 21 bytes
    assert found["linear1"].weight_bytes == 4 * 336 + 84 + 4 * 7
    assert found["batchnorm1"].weight_bytes == 4 * 12


def test_a_pattern_is_stored_as_values_and_their_places():
    """Rows of 27, 9 and 96 weights have 6, 2 and 24 runs of four; what is left over is kept. A place is two bits."""
    found = rows("2:4")
    assert [found[name].nonzeros for name in ("conv1", "dwconv1", "linear1")] == [
        6 * (27 - 12) + 6,
        6 * (9 - 4) + 6,
        7 * (96 - 48) + 7,
    ]
    assert found["linear1"].weight_bytes == 4 * 336 + 336 * 2 // 8 + 4 * 7


@pytest.mark.parametrize(("dtype", "each", "more"), [("float16", 2, 2 * 7), ("int8", 1, 7 * 5 + 7 * 12)])
def test_types_of_layers_hold_for_what_is_kept(dtype, each, more):
    found = rows("2:4", types=(("linear1", dtype),))["linear1"]
    assert found.weight_bytes == each * 336 + 84 + more


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_two_in_four_as_torch_stores_it(name):
    """The values and the places of torch's SparseSemiStructuredTensor."""
    torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")
    conversions = pytest.importorskip("torch.sparse._semi_structured_conversions")
    dense = torch.tensor([1.0, 0.0, 2.0, 0.0]).repeat(64, 32).to(getattr(torch, name))
    made = conversions.sparse_semi_structured_from_dense_cutlass(dense)
    graph = chain("128", ["linear 64 nobias"], Options(sparsity=(("*", "2:4"),)))
    held = sum(one.numel() * one.element_size() for one in made)
    assert report(graph, dtype=name).totals.weight_bytes == held


def test_what_is_shared_counts_once():
    graph = Net(input="4")
    graph.add("linear 4", name="one")
    graph.add("linear 4", share="one")
    assert report(graph).totals.nonzeros == 20


def test_nothing_is_zero_unless_it_is_asked():
    totals = report(load("resnet18"), 3).totals
    assert (totals.nonzeros, totals.nonzero_macs) == (totals.params, totals.macs)


def test_python_the_command_line_and_budgets():
    said = json.loads(run("show", "alexnet", "--sparsity", "features.*=0.5", "--format", "json").stdout)
    assert said == load("alexnet", sparsity={"features.*": 0.5}).report().to_dict()
    assert said["totals"]["params"] == 61_100_840
    assert run("check", "alexnet", "--sparsity", "*=0.9", "--max", "nonzeros=7M").exit_code == 0
    assert run("check", "alexnet", "--max", "nonzeros=7M").exit_code == 1


def test_symbols():
    asked = ("--input", "3xHxW", "--format", "json", "--sparsity")
    known = json.loads(run("show", "alexnet", *asked, "features.*=0.5").stdout)["totals"]
    assert known["nonzeros"] == report(load("alexnet", sparsity={"features.*": 0.5})).totals.nonzeros


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*=1.5", ["is more than all", "0.5"]),
        ("*=4:2", ["keeps 4 of 2"]),
        ("*=half", ["is no share", "2:4"]),
        ("*=1:999", ["keeps 1 of 999"]),
        ("*=-1", ["is no share"]),
        ("featurs.*=0.5", ["matches no layer", "did you mean `features.*`"]),
        ("features.*", ["a name and a value"]),
    ],
)
def test_what_is_wrong_is_told(text, words):
    done = run("show", "alexnet", "--sparsity", text)
    assert done.exit_code == 2
    assert all(word in done.stderr for word in words), done.stderr


def test_formats_that_say_nothing_of_zeros():
    with pytest.raises(CnncalcError, match="zeros are not left out of nf4"):
        load("alexnet", sparsity={"*": 0.5}, dtypes={"*": "nf4"}).report()


@pytest.mark.parametrize(
    ("want", "values"), [("nonzeros <= 800", "1 2 3"), ("nonzeros > 800", "4"), ("params > 0", "1 2 3 4")]
)
def test_unknowns_are_solved_for_what_sparsity_decides(tmp_path, want, values):
    """No figure is a sum over the layers then: each net is counted by itself. Of n filters, n + 245·n + 5 are left."""
    (tmp_path / "n.yaml").write_text("input: 3x9x9\nlayers: [conv ?1..4 k3, relu, flatten, linear 5]\n")
    options = ("--sparsity", "conv1=1", "--all", "--format", "csv")
    done = run("solve", "file", str(tmp_path / "n.yaml"), "--want", want, *options)
    assert done.exit_code == 0
    assert " ".join(line.split(",")[0] for line in done.stdout.split()[1:]) == values
