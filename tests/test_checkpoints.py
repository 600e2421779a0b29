"""Groups that run again in the pass backward, held against torch.utils.checkpoint: bytes by what lives, and FLOPs."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from cnncalc import CnncalcError, Net, Options, chain, load, to_torch  # noqa: E402
from cnncalc.analysis.costs import report  # noqa: E402
from cnncalc.cli.main import cnncalc as program  # noqa: E402
from cnncalc.solve.inputs.batches import solve_batch  # noqa: E402
from cnncalc.torch_backend.running.keeping import alive  # noqa: E402
from cnncalc.torch_backend.running.training import training_step  # noqa: E402
from cnncalc.torch_backend.verify import verify  # noqa: E402

WHOLE = [
    ("vgg16", "features"),
    ("resnet50", "layer*"),
    ("resnet18", "layer*.*"),
    ("densenet121", "features.denseblock*"),
    ("mobilenet_v2", "features.*"),
    ("googlenet", "inception*"),
    ("shufflenet_v2_x1_0", "stage*"),
    ("vit_b_32", "encoder.layers.*"),
    ("convnext_tiny", "features.*"),
    ("unet", "*"),
]

SMALL = """
name: small
input: 3x12x12
layers:
  - conv 4 k3
  - {name: one, layers: [conv 6 k3 p1, batchnorm, relu inplace, conv 6 k1]}
  - {name: two, layers: [maxpool 2, conv 8 k1, dropout 0.2]}
  - {name: three, layers: [relu, {add: [[conv 8 k3 p1], []]}, gelu, global_avgpool, flatten, linear 5]}
"""


def held(graph, batch=2):
    """The figures of a net are those of torch, which runs on tensors without numbers."""
    module = to_torch(graph, device="meta")
    inputs = [torch.empty(batch, *graph.nodes[index].shape, device="meta") for index in graph.inputs.values()]
    found, totals = alive(module, inputs), report(graph, batch).totals
    assert (totals.saved_bytes, totals.backward_bytes) == tuple(found)
    assert totals.backward_flops + 2 * totals.recomputed_macs == training_step(module, inputs).backward_flops
    return totals


@pytest.mark.parametrize(("net", "pattern"), WHOLE)
def test_whole_nets_keep_what_torch_keeps(net, pattern):
    plain = report(load(net), 2).totals
    totals = held(load(net, checkpoint=pattern))
    assert totals.saved_bytes < plain.saved_bytes
    assert totals.recomputed_macs <= plain.macs


@pytest.mark.parametrize("patterns", [("one",), ("two",), ("three",), ("one", "three"), ("*",)])
@pytest.mark.parametrize("frozen", [(), ("conv1",), ("conv1", "one"), ("!three",), ("three", "two"), ("*",)])
def test_what_is_frozen_too(patterns, frozen):
    held(load(SMALL, checkpoint=patterns, freeze=frozen))


@pytest.mark.parametrize("net", ["lenet5", "alexnet", "googlenet"])
def test_a_net_that_keeps_all_has_most_when_the_pass_backward_begins(net):
    """By what lives, not by autograd's hooks: a second witness of the saved bytes."""
    totals = held(load(net))
    assert totals.saved_bytes == totals.backward_bytes
    assert totals.recomputed_macs == 0


@pytest.mark.parametrize(
    "layers",
    [
        "attention 2",
        "attention 2 nofused",
        "attention 2 noproject",
        "attention 2 noproject nofused",
        "lstm 5",
        "conv 4 k3 norm=weight",
        "relu, conv 4 k3",
    ],
)
def test_torch_stops_where_nothing_is_saved_any_more(layers):
    """The last product of a group is not done again, unless something is saved behind it."""
    shape = "4x6" if "k3" not in layers else "4x6x6"
    text = f"name: tail\ninput: {shape}\nlayers:\n  - conv 4 k1\n  - {{name: group, layers: [conv 4 k1, {layers}]}}\n"
    for more in ("", "  - relu\n"):
        held(load(text + more, checkpoint="group"))


def test_the_module_gives_the_same_gradients():
    """Run again, a group computes what it computed: checkpoints change bytes and no number."""
    found = []
    for checkpoint in ((), ("*",)):
        module = to_torch(load(SMALL.replace(", dropout 0.2", ""), checkpoint=checkpoint), seed=3)
        torch.manual_seed(0)
        module(torch.randn(2, 3, 12, 12)).sum().backward()
        found.append([one.grad for one in module.parameters()])
    for plain, again in zip(*found, strict=True):
        assert torch.equal(plain, again)


def test_verification_holds_it():
    found = verify(load(SMALL, checkpoint="*"))
    assert found.failed == 0
    assert {"saved bytes", "backward bytes", "backward flops"} <= {figure.what for figure in found.totals}


@pytest.mark.parametrize(("pattern", "optimizer"), [("layer*", "sgd"), ("layer*.*", "adam"), ("layer4", "momentum")])
@pytest.mark.parametrize("memory", [10**9, 24 * 2**30])
def test_the_largest_batch_is_the_largest(pattern, optimizer, memory):
    """Which group needs most depends on the batch, so that bytes are no line."""
    graph = load("resnet18", checkpoint=pattern)
    answer = solve_batch(graph, memory, "float32", optimizer)
    fits, more = (
        report(graph, one, "float32", optimizer).totals.train_bytes for one in (answer.batch, answer.batch + 1)
    )
    assert fits == answer.used <= memory < more == answer.next


def test_python_and_the_command_line_say_the_same():
    net = load("resnet18")
    net.checkpoint("layer*")
    said = CliRunner().invoke(program, ["show", "resnet18", "--checkpoint", "layer*", "--format", "json"]).stdout
    assert json.loads(said) == net.report().to_dict() == load("resnet18", checkpoint="layer*").report().to_dict()
    assert json.loads(said)["checkpoints"] == ["layer1", "layer2", "layer3", "layer4"]
    net.checkpoint()
    assert "checkpoints" not in net.report().to_dict()


def test_the_totals_say_what_runs_again():
    totals = load("resnet18", checkpoint="layer*").report().totals
    shown = CliRunner().invoke(program, ["show", "resnet18", "--checkpoint", "layer*"]).stdout
    for label, value in (("MACs again", totals.recomputed_macs), ("Most kept", totals.backward_bytes)):
        assert re.search(rf"^{label} +{value:,} ", shown, re.MULTILINE)
    assert "with the most that is kept, weights, gradients and sgd" in shown
    assert "Most kept" not in CliRunner().invoke(program, ["show", "resnet18"]).stdout


def test_groups_in_groups_run_again_once():
    assert report(load("resnet18", checkpoint=("layer*", "layer1.0"))).checkpoints == (
        "layer1", "layer2", "layer3", "layer4",
    )  # fmt: skip


def test_explanations_say_so():
    run = CliRunner().invoke
    said = run(program, ["explain", "resnet18", "layer1.0.conv1", "--checkpoint", "layer1"]).stdout
    assert "it runs again with layer1" in said
    assert "when layer1 has run again" in run(program, ["explain", "resnet18", "--checkpoint", "layer*"]).stdout


@pytest.mark.parametrize(
    ("patterns", "message", "help"),
    [
        (("layre1",), "matches no group", "did you mean `layer1`"),
        (("fc",), "names layers, and no group", "before a dot"),
        (("layer1", "nothing*"), "nothing* matches no group", "before a dot"),
    ],
)
def test_patterns_that_name_no_group(patterns, message, help):
    with pytest.raises(CnncalcError, match=message.replace("*", r"\*")) as raised:
        load("resnet18", Options(checkpoint=patterns))
    assert help in str(raised.value)


def test_a_net_without_groups_says_how_to_make_one():
    with pytest.raises(CnncalcError, match="matches no group") as raised:
        chain("3x8x8", ["conv 4 k3"], Options(checkpoint=("a*",)))
    assert "name a list of layers" in str(raised.value)


def test_a_group_must_stand_together():
    net = Net(input="3x8x8")
    group = net.group("stage")
    net.add("conv 4 k1", level=group)
    net.add("relu", name="between")
    net.close(group, net.add("conv 4 k1", level=group).index)
    with pytest.raises(CnncalcError, match="`between` runs between layers of `stage`"):
        net.checkpoint("stage")


@pytest.mark.parametrize(
    ("name", "groups"),
    [("resnet18", "layer*"), ("mobilenet_v2", "features.*"), ("densenet121", "features.denseblock*")],
)
def test_what_the_pass_forward_keeps_in_mixed_precision_is_what_lives(name, groups):
    """On a CUDA device that is not there, as torch.autocast casts there; the copies of weights too."""
    graph = load(name, input="3x64x64", checkpoint=groups)
    found = verify(graph, batch=2, dtype="amp-bfloat16")
    (held,) = [one for one in found.totals if one.what == "saved bytes"]
    assert found.failed == 0 and held.passed
    assert held.predicted < report(load(name, input="3x64x64"), 2, "amp-bfloat16").totals.saved_bytes
