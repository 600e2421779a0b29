"""What training costs: the pass backward and the state of optimizers, held against torch's counts and state_dict."""

from __future__ import annotations

import warnings

import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from cnncalc import CnncalcError, Net, Options, chain, load, to_torch  # noqa: E402
from cnncalc.analysis.costs import report  # noqa: E402
from cnncalc.analysis.memory.optimizers import OPTIMIZERS  # noqa: E402
from cnncalc.cli.main import cnncalc as program  # noqa: E402
from cnncalc.torch_backend.verify import verify  # noqa: E402

NETS = ("lenet5", "alexnet", "vgg16_bn", "resnet50", "densenet121", "googlenet", "squeezenet1_1", "unet", "darknet19",
        "r2plus1d_18")  # fmt: skip
"""Without grouped convolutions, which torch's FlopCounterMode counts wrong in the pass backward."""


def counted(graph, batch=1):
    """What torch's FlopCounterMode, left as it is, counts in the pass backward."""
    module = to_torch(graph, device="meta")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = module(
            *(torch.empty(batch, *graph.nodes[index].shape, device="meta") for index in graph.inputs.values())
        )
        tensors = made.values() if isinstance(made, dict) else [made]
        loss = sum(tensor.sum() for tensor in tensors)
        with FlopCounterMode(display=False) as counter:
            if loss.requires_grad:
                loss.backward()
    return counter.get_total_flops()


# -- steps of several batches --


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "squeezenet1_1", "densenet121"])
@pytest.mark.parametrize("batches", [1, 3])
def test_a_step_of_several_batches_computes_what_torch_counts(name, batches):
    graph = load(name, accumulate=batches)
    module = to_torch(graph, device="meta").train()
    (index,) = graph.inputs.values()
    image = torch.empty(2, *graph.nodes[index].shape, device="meta")
    with FlopCounterMode(display=False) as counter:
        for _ in range(batches):
            module(image).sum().backward()
    totals = report(graph, 2).totals
    assert totals.step_flops == counter.get_total_flops()
    assert totals.train_bytes == report(load(name), 2).totals.train_bytes


def alive(module, image, batches):
    """Bytes of gradients and of what autograd keeps when each pass forward ends; and where the gradients lie."""
    own = {one.untyped_storage().data_ptr() for one in (*module.parameters(), *module.buffers())}
    found, places = [], []
    for _ in range(batches):
        kept = {}

        def keep(tensor, kept=kept):
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in own:
                kept[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            made = module(image)
        gradients = [one.grad for one in module.parameters() if one.grad is not None]
        found.append((sum(one.untyped_storage().nbytes() for one in gradients), sum(kept.values())))
        made.sum().backward()
        places.append([one.grad.data_ptr() for one in module.parameters()])
    return found, places


@pytest.mark.parametrize("name", ["lenet5", "squeezenet1_1", "resnet18"])
def test_batches_add_up_in_one_buffer(name):
    """torch keeps gradients where they are: from the second batch on there is what train_bytes counts, and no more."""
    graph = load(name, input="3x64x64" if name != "lenet5" else None)
    totals = report(graph, 2, optimizer="adam").totals
    module = to_torch(graph).train()
    (index,) = graph.inputs.values()
    found, places = alive(module, torch.rand(2, *graph.nodes[index].shape), 3)
    assert found == [(0, totals.saved_bytes), *[(4 * totals.trainable, totals.saved_bytes)] * 2]
    assert places[0] == places[1] == places[2]
    fixed = 4 * totals.params + totals.buffer_bytes + totals.optimizer_bytes
    assert totals.train_bytes == fixed + sum(found[2])


def test_verify_runs_a_step_of_several_batches():
    found = verify(load("lenet5", accumulate=3), batch=2)
    held = {one.what: (one.predicted, one.measured) for one in found.totals}
    assert found.failed == 0 and {"step flops", "gradient bytes"} <= held.keys()
    assert held["gradient bytes"] == (4 * 61_706, 4 * 61_706)


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_accumulate_is_a_number_of_batches(text):
    done = CliRunner().invoke(program, ["show", "lenet5", "--accumulate", text])
    assert done.exit_code == 2 and "--accumulate" in done.stderr
    with pytest.raises(CnncalcError, match="accumulate"):
        load("lenet5", accumulate=0)


# -- the pass backward --


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("trained", ["all", "the last layer"])
def test_the_pass_backward_is_that_of_torch(name, trained):
    last = [node.name for _, node, layer in load(name).layers() if layer.weighted][-1]
    graph = load(name, Options(freeze=() if trained == "all" else (f"!{last}",)))
    assert report(graph, 2).totals.backward_flops == counted(graph, 2) > 0


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_side_branches_are_trained_too(name):
    graph = load(name, Options(train=True))
    assert report(graph, 2).totals.backward_flops == counted(graph, 2)


@pytest.mark.parametrize(
    ("layers", "frozen", "each"),
    [
        (["conv 4 k3", "conv 5 k3"], (), [2, 4]),
        (["conv 4 k3", "conv 5 k3"], ("conv1",), [0, 2]),
        (["conv 4 k3", "conv 5 k3"], ("conv2",), [2, 2]),
        (["conv 4 k3", "conv 5 k3"], ("*",), [0, 0]),
        (["batchnorm", "conv 4 k3"], (), [0, 4]),
        (["relu", "deconv 4 k3 s2", "linear 3 axis=last"], (), [0, 2, 4]),
        (["conv 4 k3", "argmax 0 keep", "conv 5 k3"], (), [0, 0, 2]),
        (["{add: [[conv 4 k3], [conv 4 k3, conv 4 k1]]}"], (), [2, 2, 4, 0]),
    ],
)
def test_which_gradients_are_wanted(layers, frozen, each):
    """A first layer, and one behind a frozen trunk, needs no gradient of its input; frozen weights need none."""
    graph = chain("3x9x9", layers, Options(freeze=frozen))
    assert [row.backward_flops for row in report(graph, 3).rows] == [
        times * row.macs for times, row in zip(each, report(graph, 3).rows)
    ]
    assert report(graph, 3).totals.backward_flops == counted(graph, 3)


@pytest.mark.parametrize(
    ("shape", "layers"),
    [
        ("8x6", ["attention 2", "attention 4 nofused", "attention 2 value=3"]),
        ("8x6", ["conv 8 k1", "attention 4 shared=2", "lstm 5 layers=2 bidirectional", "gru 3 final"]),
        ("8x6", ["lstm 5 projection=3", "rnn 4"]),
        ("8x4x4", ["conv 8 k1", "attention 2 w2", "attention 2 w2 shift=1 relative", "local 3 k2"]),
        ("3x4x7x7", ["convlstm 4 k3 p1", "convlstm 2 k3 final"]),
        ("4x7x7", ["dwconv k3", "conv 8 k3 g4", "deconv 6 k2 s2 g2", "dwconv k3"]),
    ],
)
@pytest.mark.parametrize("frozen", [None, 0, 1])
def test_layers_of_several_products(shape, layers, frozen):
    """With what torch's counter does not know, or counts wrong, by what the verification adds to it."""
    names = [row.name for row in report(chain(shape, layers, Options())).rows]
    found = verify(chain(shape, layers, Options(freeze=() if frozen is None else (names[frozen],))), batch=2)
    (held,) = (figure for figure in found.totals if figure.what == "backward flops")
    assert held.passed, held


def test_torch_counts_a_depthwise_gradient_with_all_channels():
    """64 channels: 65 times the pass forward, where it is twice that."""
    graph = chain("64x8x8", ["layerscale", "dwconv k3 p1"], Options())
    (forward,) = (row.macs for row in report(graph).rows if row.macs)
    assert counted(graph) == 65 * 2 * forward
    assert report(graph).totals.backward_flops == 2 * 2 * forward


# -- optimizers --

MADE = {
    "sgd": lambda tensors: torch.optim.SGD(tensors, 0.1),
    "momentum": lambda tensors: torch.optim.SGD(tensors, 0.1, momentum=0.9),
    "rmsprop": torch.optim.RMSprop,
    "rmsprop-momentum": lambda tensors: torch.optim.RMSprop(tensors, momentum=0.9),
    "rmsprop-centered": lambda tensors: torch.optim.RMSprop(tensors, centered=True),
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "adam-amsgrad": lambda tensors: torch.optim.Adam(tensors, amsgrad=True),
    "adamw-amsgrad": lambda tensors: torch.optim.AdamW(tensors, amsgrad=True),
    "adamax": torch.optim.Adamax,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "adafactor": torch.optim.Adafactor,
    "asgd": torch.optim.ASGD,
    "rprop": torch.optim.Rprop,
}
NUMBERS = {"adafactor", "asgd"}
"""They look at numbers, so that they need tensors that have some."""


def state(optimizers, tensors):
    """The bytes of state_dict after a step."""
    for tensor in tensors:
        tensor.grad = torch.zeros_like(tensor)
    for optimizer in optimizers:
        optimizer.step()
    held = [values for optimizer in optimizers for values in optimizer.state_dict()["state"].values()]
    found = [value for values in held for value in values.values() if isinstance(value, torch.Tensor)]
    return sum(value.numel() * value.element_size() for value in found)


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("frozen", [(), ("!linear2",)])
def test_the_state_is_that_of_torch(name, frozen):
    layers = ["conv 8 k3", "conv 1 k1", "conv 6 k1", "batchnorm", "prelu", "flatten", "linear 40", "linear 9 nobias"]
    graph = chain("3x12x12", layers, Options(freeze=frozen))
    tensors = [one for one in to_torch(graph).parameters() if one.requires_grad]
    assert report(graph, optimizer=name).totals.optimizer_bytes == state([MADE[name](tensors)], tensors)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", ["momentum", "adam", "nadam"])
def test_the_state_for_whole_nets(net, name):
    graph = load(net)
    tensors = list(to_torch(graph, device="meta").parameters())
    counts = report(graph, optimizer=name)
    assert counts.totals.optimizer_bytes == state([MADE[name](tensors)], tensors)
    assert sum(row.optimizer_bytes for row in counts.rows) == counts.totals.optimizer_bytes


@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_the_state_in_half_precision(name):
    """As wide as the parameters; a counter of steps has 4 bytes all the same."""
    graph = load("lenet5")
    tensors = list(to_torch(graph, device="meta", dtype=torch.float16).parameters())
    assert report(graph, 1, "float16", name).totals.optimizer_bytes == state([MADE[name](tensors)], tensors)


def test_muon_takes_matrices_and_adamw_the_rest():
    graph = load("lenet5")
    tensors = list(to_torch(graph).parameters())
    matrices, others = ([one for one in tensors if (one.dim() == 2) is wanted] for wanted in (True, False))
    assert len(matrices) == 3
    made = [torch.optim.Muon(matrices), torch.optim.AdamW(others)]
    assert report(graph, optimizer="muon").totals.optimizer_bytes == state(made, tensors)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        # bitsandbytes 0.50.2 on CPU, after a step of these tensors: 3x64x7x7, 64, 6400x10, 10, 10x5000, 5000
        ("adam8bit", 2 * (9408 + 64000 + 50000 + 5000 + 4 * (37 + 250 + 196 + 20) + 4 * (64 + 10))),
        ("adamw8bit", 2 * (9408 + 64000 + 50000 + 5000 + 4 * (37 + 250 + 196 + 20) + 4 * (64 + 10))),
        ("lion8bit", 9408 + 64000 + 50000 + 5000 + 4 * (37 + 250 + 196 + 20) + 4 * (64 + 10)),
        ("momentum8bit", 9408 + 64000 + 50000 + 5000 + 4 * (37 + 250 + 196 + 20) + 4 * (64 + 10)),
        ("rmsprop8bit", 9408 + 64000 + 50000 + 5000 + 4 * (37 + 250 + 196 + 20) + 4 * (64 + 10)),
        # lion-pytorch 0.2.5 and timm 1.0.31, likewise
        ("lion", 4 * (9408 + 64 + 64000 + 10 + 50000 + 5000)),
        ("lars", 4 * (9408 + 64 + 64000 + 10 + 50000 + 5000)),
        ("lamb", 2 * 4 * (9408 + 64 + 64000 + 10 + 50000 + 5000)),
    ],
)
def test_the_state_of_other_libraries(name, size):
    graph = chain("3x16x16", ["conv 64 k7", "flatten", "linear 10", "linear 5000"], Options())
    assert report(graph, optimizer=name).totals.optimizer_bytes == size


def test_every_optimizer_is_held_by_one_of_these():
    others = {"muon", "adam8bit", "adamw8bit", "lion8bit", "momentum8bit", "rmsprop8bit", "lion", "lars", "lamb"}
    assert set(OPTIMIZERS) == set(MADE) | others


def test_what_is_shared_has_one_state():
    graph = Net(input="4")
    graph.add("linear 4", name="one")
    graph.add("linear 4", share="one")
    assert report(graph, optimizer="momentum").totals.optimizer_bytes == 4 * 20
    assert report(graph).totals.backward_flops == counted(graph)


def test_an_optimizer_that_there_is_not():
    with pytest.raises(CnncalcError, match="did you mean `adam8bit`"):
        report(load("lenet5"), optimizer="adam8bits")


# -- buffers --


@pytest.mark.parametrize("net", ["resnet18", "swin_t", "swin_v2_t", "lenet5"])
def test_buffers_have_the_bytes_of_torch(net):
    """Counts of batches, and the places in tables of distances, are whole numbers of 8 bytes."""
    module = to_torch(load(net), device="meta")
    held = sum(one.numel() * one.element_size() for one in module.buffers())
    assert report(load(net)).totals.buffer_bytes == held


def test_other_frameworks_count_no_batches():
    assert report(load("resnet50_keras")).totals.buffer_bytes == 4 * report(load("resnet50_keras")).totals.buffers
