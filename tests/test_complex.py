"""Nets of complex numbers: every kind is held against torch, or refused, and then torch refuses it too."""

from __future__ import annotations

from random import Random

import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from complex_networks import complex_network  # noqa: E402
from held import first_difference, graph_of, held_types  # noqa: E402
from test_amp import TEXTS  # noqa: E402

from cnncalc import CnncalcError, Options, chain  # noqa: E402
from cnncalc.analysis.costs import report  # noqa: E402
from cnncalc.analysis.symbolic.report import symbolic_report  # noqa: E402
from cnncalc.arithmetic.symbolic.algebra import value_at  # noqa: E402
from cnncalc.cli.main import cnncalc as program  # noqa: E402
from cnncalc.language import load_text  # noqa: E402
from cnncalc.layers.convolving import Convolution  # noqa: E402
from cnncalc.layers.kinds import activation, linear, norm  # noqa: E402
from cnncalc.layers.kinds.algebra.functions import FUNCTIONS  # noqa: E402
from cnncalc.layers.kinds.sequences.recurrent import Recurrent  # noqa: E402
from cnncalc.torch_backend.building.builder import build  # noqa: E402
from cnncalc.torch_backend.running.training import training_step  # noqa: E402
from cnncalc.torch_backend.verify import verify  # noqa: E402

CASES = (
    *TEXTS, *(name for name in FUNCTIONS if name != "clip"),
    "silu", "power 3", "divide 2", "subtract 1", "add 2", "mean 0 keep", "reduce l1 0",
    "conv 3 k1", "conv 3 k3 circular p1",
)  # fmt: skip
COMPOSED = """
{input: 4x6x6, layers: [{conv: 4 k1, name: a}, {conv: 4 k1, name: b}, {einsum: "chw,chw->ch", from: [a, b]}]}
{input: 4x6x6, layers: [unfold k2 s2, {linear: 9 axis=last}, {fold: k2 s2 size=6}]}
{input: 3x4x6x6, layers: [convlstm 3 k3 p1]}
{input: 3x4x6, layers: [{convlstm: 3 k3 same final, trainable: false}, tanh]}
{input: 6x5, layers: [lstm 3 layers=2 bidirectional, gru 4, linear 3 axis=last]}
{input: 6x5, layers: [conv 6 k1, {lstm: 3 layers=2 projection=2 final, trainable: false}]}
{input: 6x5, layers: [rnn 4, rnn 3 final]}
{input: 6x5, layers: [conv 4 k3 causal, tanh, linear 3 axis=last]}
{input: 2x5x5x5, layers: [conv 4 k3 p1, deconv 2 k2 s2, {conv: 3 k1, trainable: false}]}
{input: 4x6x6, layers: [conv 4 k1, reshape 9x16, distances 5 1, identity]}
{input: 2x4x4, layers: [{conv: 2 k3 p1, name: a}, {share: a}, {share: a}]}
{input: 4x6x6, layers: [{add: [conv 4 k1, dwconv k3 p1]}, {multiply: [conv 4 k1, [identity]]}, {concat: [tanh, exp]}]}
{input: 4x6x6, layers: [{matmul: [conv 4 k1, tanh]}, {divide: [[identity], conv 4 k1]}, {power: [tanh, conv 4 k1]}]}
"""
RUNS_ALL_THE_SAME = ("silu inplace",)
"""torch checks of a SiLU whether it can train it, but not of one in place."""


def refused(graph):
    """Whether the net is refused in complex numbers."""
    try:
        graph.report(dtype="complex64")
    except CnncalcError:
        return True
    return False


def trained_by_torch(graph):
    """Whether torch trains it, and what comes out is complex."""
    module = build(graph, dtype=torch.complex64)
    inputs = [torch.randn((2, *graph.nodes[one].shape), dtype=torch.complex64) for one in graph.inputs.values()]
    try:
        outputs = module(*inputs)
        training_step(module, inputs)
    except (RuntimeError, NotImplementedError):
        return False
    return all(one.is_complex() for one in (outputs if isinstance(outputs, tuple) else (outputs,)))


@pytest.mark.parametrize("text", CASES)
def test_a_kind_is_as_torch_has_it_or_refused_by_both(text):
    graph = chain("4x6x6", ["conv 4 k1", text, "identity"], Options())
    if refused(graph):
        assert text in RUNS_ALL_THE_SAME or not trained_by_torch(graph)
        return
    kind, _, rest = text.partition(" ")
    held_types(graph, "complex64", batch=2)
    held_types(chain("4x6x6", [text, "identity"], Options()), "complex128", batch=2)
    frozen = f"{{{kind}: {rest}, trainable: false}}"
    held_types(chain("4x6x6", ["conv 4 k1", frozen, "tanh"], Options()), "complex64")


@pytest.mark.parametrize("text", COMPOSED.strip().splitlines())
def test_a_net(text):
    held_types(graph_of(text), "complex64", batch=2)


def test_half_as_wide_where_torch_has_kernels():
    held_types(graph_of("{input: 4x6x6, layers: [conv 4 k3 p1, flatten, reshape 4x36]}"), "complex32", batch=2)
    with pytest.raises(CnncalcError, match="torch has no complex32 of a layer of this net"):
        verify(chain("6", ["linear 3"], Options()), dtype="complex32")


def test_what_a_convolution_costs_and_keeps():
    """By hand: a complex product is 4 real ones and 2 sums, its sum 2 more; each bias 2."""
    graph = chain("2x5x5", ["conv 3 k3 p1"], Options())
    found = graph.report(dtype="complex64").totals
    assert (found.params, found.weight_bytes, found.macs) == (3 * 2 * 9 + 3, 57 * 8, 54 * 25)
    assert found.flops == (4 + 4) * 54 * 25 + 2 * 75
    assert found.backward_flops == 8 * 54 * 25
    # the map of 8 bytes a number, the sum of its parts and of the weight's of 4
    assert found.saved_bytes == 8 * 50 + 4 * 50 + 4 * 54


@pytest.mark.parametrize(
    ("layers", "dtype", "message"),
    [
        (["conv 3 k1", "relu"], "complex64", "torch cannot train `relu` on complex numbers"),
        (["conv 3 k1", "abs"], "complex64", "`abs` makes real numbers of complex ones"),
        (["{conv: 3 k1, dtype: complex64}", "linear 2 axis=last"], "float32", "weights that are not complex meet"),
        (
            ["{conv: 3 k1, dtype: complex64}", "{conv: 3 k1, dtype: float16}"],
            "float32",
            "weights in float16 that are not",
        ),
        (["{conv: 3 k1, dtype: complex64}", "batchnorm"], "float32", "torch cannot train `batchnorm`"),
    ],
)
def test_what_is_refused(layers, dtype, message):
    graph = chain("2x5x5", layers, Options())
    with pytest.raises(CnncalcError, match=message):
        graph.report(dtype=dtype)


def test_complex_layers_of_a_real_net():
    graph = chain("2x5x5", ["conv 3 k1", "relu", "{conv: 4 k1, dtype: complex64}", "tanh"], Options())
    rows = graph.report().rows
    assert [row.flops for row in rows] == [2 * 150 + 75, 75, 8 * 300 + 2 * 100, 2 * 100]
    assert [row.activation_bytes for row in rows] == [4 * 75, 4 * 75, 8 * 100, 8 * 100]
    assert [row.weight_bytes for row in rows] == [4 * 9, 0, 8 * 16, 0]


def test_closed_forms_are_those_of_numbers():
    text = "{input: 2x7x9, layers: [conv 3 k3 p1, tanh, deconv 2 k2 s2]}"
    options = Options(input="2xHxW", symbols=True)
    closed = symbolic_report(load_text(text, "net.yaml", options), dtype="complex64").totals
    counted = report(graph_of(text), dtype="complex64").totals
    for key in ("flops", "saved_bytes", "peak_bytes", "backward_flops", "train_bytes"):
        assert value_at(closed[key].value, {"H": 7, "W": 9}) == getattr(counted, key)


@pytest.mark.parametrize("said", ["cfloat", "c64", "torch.complex64", "complex64"])
def test_it_goes_by_other_names(said):
    shown = CliRunner().invoke(program, ["chain", "2x5x5", "conv 3 k3", "--dtype", said])
    assert shown.exit_code == 0 and "Weight bytes        456" in shown.stdout


def drawn(nets):
    """So many random nets of complex numbers."""
    return (complex_network(Random(f"complex/{index}")) for index in range(nets))


FAULTS = {
    "no sums of parts": (Convolution, "sums_of_parts", lambda self, x: ()),
    "convolutions of numbers": (Convolution, "complex", "numbers"),
    "linear layers of parts": (linear.Linear, "complex", "parts"),
    "a tanh that keeps its input": (activation.Tanh, "keeps", "input"),
    "a factor that keeps nothing": (norm.LayerScale, "saved", lambda self, backward, *x: ()),
    "a ReLU of complex numbers": (activation.ReLU, "complex", "numbers"),
    "states of real numbers": (Recurrent, "saved", lambda self, backward, *x: ()),
}


@pytest.mark.usefixtures("one_thread")
def test_random_networks():
    assert first_difference(drawn(60)) == []


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name, monkeypatch):
    monkeypatch.setattr(*FAULTS[name])
    assert first_difference(drawn(300)) != []
