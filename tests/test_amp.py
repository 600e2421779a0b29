"""Automatic mixed precision: what torch.autocast keeps on CUDA, held kind by kind against autocast and autograd.

No GPU is needed: torch acts on tensors that only pretend to be on CUDA as it does on real ones, but for the numbers.
"""

from __future__ import annotations

from random import Random

import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from held import first_difference, graph_of, held_types  # noqa: E402
from networks import network  # noqa: E402

from cnncalc import CnncalcError, Options, chain, load  # noqa: E402
from cnncalc.analysis.memory.elements import Elements  # noqa: E402
from cnncalc.cli.main import cnncalc as program  # noqa: E402
from cnncalc.layers import KINDS, Layer  # noqa: E402
from cnncalc.layers.kinds import (  # noqa: E402
    activation,
    linear,
    norm,
    regularize,
    resize,
)
from cnncalc.layers.kinds.sequences import attention  # noqa: E402
from cnncalc.notation.lines import parse  # noqa: E402
from cnncalc.torch_backend.building import autocasting  # noqa: E402
from cnncalc.torch_backend.verify import verify  # noqa: E402

HALF, FLOAT = "conv 4 k1", "softmax"
"""Layers after which a tensor is in half precision, or in float32."""

MAPS = """
conv 3 k3 p1 reflect | conv 3 k2 norm=weight | dwconv k3 spectral | linear 5 axis=last spectral
conv 3 k3 p1 | conv 3 k2 same nobias | dwconv k3 p1 | deconv 3 k2 s2 | linear 5 axis=last | maxpool 2
local 3 k3 p1 | local 3 k2 nobias
fractional_maxpool k2 size=3
maxpool 4 s1 same | avgpool 2 | avgpool 2 s1 same nocount_include_pad | lppool 2 | lppool 2 norm=1
adaptive_maxpool 2 | adaptive_avgpool 2
global_maxpool | global_avgpool | spp 1x2 | spp 1x2 mode=avg | batchnorm | batchnorm noaffine nostats
layernorm | layernorm over=all noaffine | groupnorm 2 | instancenorm | instancenorm affine | instancenorm stats
crossmap_lrn 3
instancenorm affine stats | lrn 3 | grn | layerscale | relu | relu inplace | relu6 | relu6 inplace | leaky_relu inplace
elu | selu | gelu | silu inplace | mish | sigmoid | tanh | hardswish inplace | hardsigmoid | softplus | softmax
log_softmax | prelu | prelu per_channel | maxout 2 | dropout 0.3 | dropout 0.3 inplace | dropout 1.0 | dropout 0.0
prelu shared_along=1 | rrelu | rrelu inplace | AlphaDropout 0.3 | FeatureAlphaDropout 0.3 inplace | Dropout2d 0.3
droppath 0.3 | flatten | reshape 8x18 | permute 1x2x0 | pad 1 | crop 1 | slice 1:3 | upsample 2
upsample 1.5 cubic
upsample 2 mode=bilinear | pixel_shuffle 2 | pixel_unshuffle 2 | space_to_depth 2 | channel_shuffle 2 | identity
exp | sqrt | square | abs | clip 0.1 0.5 | softsign | log_sigmoid | floor | glu | multiply 0.5 | power 2 | maximum 0.5
mean 1x2 | reduce sum 0 | reduce max -1 keep | reduce l2 1 | logsumexp 0 keep | argmax 0 keep | topk 2 axis=1
select 0 axis=1 | expand -1x-1x-1 | softmax axis=-1 | slice 1:5 axis=2 step=2 | rmsnorm | rmsnorm last noaffine
parameter 4x1x1 multiply | parameter 4x1x6 concat axis=1 first | parameter 3x5 | parameter 4x6x6 add nolearned
attention 2 | attention 4 axis=last key=3 causal nobias | attention 2 shared=1 noproject | attention 2 nofused
attention 2 w3x2 shift=1 relative | attention 1 w2 grid value=3 | attention 2 w3 cosine continuous=3 | attention 4 key=8
blur k3 p1 | blur k3 s2 p1 reflect each | blur k4 p1 up=2
unfold k3 s2 | constant 4x1x1 multiply | constant 2x2 | positional | positional sine | opaque 3x4
"""
MERGES = ("add", "multiply", "maximum", "minimum", "concat")
PAIRS = ("subtract", "divide", "power", "matmul")
ELSEWHERE = {"bilinear", "convlstm", "deform_conv", "distances", "einsum", "embedding", "fold", "maxunpool",
             "modulated_conv"}  # fmt: skip
"""Kinds that take no map; their tests stand below."""
UNTOLD = {"lstm", "gru", "rnn"}
"""On CUDA cuDNN runs them, and keeps a workspace of a size that it alone knows."""
TEXTS = [text.strip() for line in MAPS.strip().splitlines() for text in line.split("|")]


def test_the_cases_below_know_every_kind():
    named = {parse(text).layer.kind for text in TEXTS}
    assert named | {*MERGES, *PAIRS} | ELSEWHERE | UNTOLD == set(KINDS)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("before", [[HALF], [HALF, FLOAT]], ids=["half", "float32"])
def test_a_kind_after_either_type(text, before):
    kind, _, rest = text.partition(" ")
    frozen = f"{{{kind}: {rest}, trainable: false}}"
    for layer in (text, frozen):
        held_types(chain("4x6x6", [*before, layer, "identity"], Options()), batch=2)


@pytest.mark.parametrize("text", TEXTS)
def test_a_kind_on_an_image_that_wants_no_gradient(text):
    held_types(chain("4x6x6", [text, "identity"], Options()), "amp-float16", batch=2)


@pytest.mark.parametrize("kind", MERGES)
@pytest.mark.parametrize("types", ["hh", "hf", "fh", "ff", "hhf", "fhh", "hfh"])
def test_a_merge_of_types(kind, types):
    branches = ", ".join({"h": f"[{HALF}]", "f": f"[{HALF}, {FLOAT}]"}[one] for one in types)
    held_types(graph_of(f"{{input: 4x6x6, layers: [conv 4 k1, {{{kind}: [{branches}]}}, relu, conv 2 k1]}}"))


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("types", ["hh", "hf", "fh", "ff"])
def test_a_pair_of_types(kind, types):
    test_a_merge_of_types(kind, types)


@pytest.mark.parametrize("shape", ["144", "4x2x3x3x2"])
@pytest.mark.parametrize("text", ["dropout 0.3 channels", "dropout 0.3 channels inplace", "FeatureAlphaDropout 0.3"])
def test_whole_channels_of_a_vector_and_on_four_axes(text, shape):
    held_types(chain("4x6x6", [HALF, f"reshape {shape}", text, "identity"], Options()), batch=2)


@pytest.mark.parametrize("axis", ["channels", "last"])
def test_an_embedding(axis):
    held_types(chain("1x6", [f"embedding 9 4 axis={axis}", "linear 3 axis=last"], Options()), batch=2)


@pytest.mark.parametrize("before", [[HALF], [HALF, FLOAT]], ids=["half", "float32"])
def test_rows_by_distance(before):
    held_types(chain("4x6x6", [*before, "reshape 9x16", "distances 5 1", "identity"], Options()), batch=2)


@pytest.mark.parametrize("types", ["hh", "hf", "ff"])
def test_a_bilinear_layer_of_types(types):
    names = {"h": "a", "f": "b"}
    sources = ", ".join(names[one] for one in types)
    layers = f"{{linear: 7, name: a}}, {{softmax: , name: b}}, {{bilinear: 7, from: [{sources}], name: c}}"
    held_types(graph_of(f"{{input: 6, layers: [{layers}, {{add: , from: [b, c]}}]}}"), batch=3)


# -- weights: torch keeps copies of them --


def test_a_trained_weight_is_copied_once_however_often_it_is_used():
    found = held_types(graph_of("{input: 2x4x4, layers: [{conv: 2 k3 p1, name: a}, {share: a}, {share: a}]}"))
    weight, plane = 2 * (2 * 2 * 9), 2 * (2 * 4 * 4)
    assert list(found.values()) == [weight + plane, plane, plane]


def test_a_frozen_weight_is_copied_at_each_use():
    net = "{input: 2x4x4, layers: [conv 2 k1, {conv: 2 k3 p1, name: a, trainable: false}, {share: a}, {share: a}]}"
    found = held_types(graph_of(net))
    weight, plane = 2 * (2 * 2 * 9), 2 * (2 * 4 * 4)
    assert list(found.values()) == [8 + plane, weight + plane, weight + plane, weight + plane]


def test_a_linear_layer_keeps_its_weight_for_its_inputs_gradient_alone():
    found = held_types(chain("6", ["linear 5", "linear 4"], Options()), batch=3)
    assert found == {"linear1": 3 * 6 * 2, "linear2": 3 * 5 * 2 + 4 * 5 * 2}


def test_what_is_cast_is_cast_for_each_layer():
    """A float32 tensor that two convolutions take is kept as two copies in half precision, and itself by softmax."""
    net = "{input: 2x4x4, layers: [{conv: 2 k1, name: a}, {softmax: , name: b}, {add: [conv 2 k1, conv 2 k1]}]}"
    found = held_types(graph_of(net))
    assert found == {"a": 64 + 8, "b": 128, "conv1": 64 + 8, "conv2": 64 + 8, "add1": 0}


# -- whole nets --

NETS = (
    "alexnet_paper", "convnext_v2_atto", "dcgan_generator", "efficientnet_b0", "googlenet", "lenet5_original",
    "mobilenet_v2", "nin", "resnet18", "retinanet_resnet50_fpn", "segnet", "shufflenet_g4", "unet_3d", "vdsr",
    "vgg11_lrn", "yolov5n",
)  # fmt: skip


@pytest.mark.parametrize("net", NETS)
def test_a_bundled_net(net):
    held_types(load(net, Options(train=True)))


def test_both_halves_and_any_batch():
    graph = load("resnet18", Options())
    one, other = held_types(graph, "amp-float16", batch=2), held_types(graph, "amp-bfloat16", batch=2)
    assert one == other


def test_peaks_and_activations_are_of_their_types():
    found = verify(chain("3x8x8", ["conv 4 k3 p1", "upsample 2", "conv 2 k1"], Options()), dtype="amp-float16")
    assert found.failed == 0
    # at the upsample: what the convolution gave, 4x8x8 in half precision, and 4x16x16 in float32
    peak = next(figure for figure in found.totals if figure.what == "peak bytes")
    assert peak.measured == 4 * 256 * 4 + 2 * 256 * 2  # then that and what the last convolution gives


# -- the pretence --


def test_autocast_leaves_everything_as_it_was():
    before = torch.is_autocast_enabled("cuda"), torch.get_autocast_dtype("cuda"), torch.is_autocast_cache_enabled()
    inside = []

    def failing():
        with autocasting.autocast(torch.bfloat16, cache=False):
            inside.append(
                (torch.is_autocast_enabled("cuda"), torch.get_autocast_dtype("cuda"), torch.is_autocast_cache_enabled())
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert inside == [(True, torch.bfloat16, False)]
    after = torch.is_autocast_enabled("cuda"), torch.get_autocast_dtype("cuda"), torch.is_autocast_cache_enabled()
    assert after == before
    with autocasting.autocast(None):
        assert not torch.is_autocast_enabled("cuda")


@pytest.mark.skipif(torch.backends.cuda.is_built(), reason="this torch is built with CUDA")
def test_a_torch_that_cannot_pretend_says_so(monkeypatch):
    monkeypatch.setattr(autocasting, "REGISTRY", "no_such_symbol")
    with pytest.raises(CnncalcError, match="this build of torch knows nothing of CUDA"):
        verify(load("lenet5", Options()), dtype="amp-float16")


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_other_devices_are_refused(device):
    with pytest.raises(CnncalcError, match=f"not on {device}"):
        verify(load("lenet5", Options()), dtype="amp-float16", device=device)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device on this machine")
def test_on_a_device():
    held_types(load("lenet5", Options()), device="cuda")


# -- random networks, and faults planted in the rules --


def drawn(nets):
    """So many random nets under mixed precision, but for those of kinds that it is not told of."""
    for index in range(nets):
        net = network(Random(f"amp/{index}"))
        if not any(kind in net.text for kind in UNTOLD):
            yield net._replace(dtype=("amp-float16", "amp-bfloat16")[index % 2])


def copied_once(plain):
    """Copies of frozen weights that are made once, as those of trained ones are."""

    def weight(self, index, backward):
        return plain(self, index, backward._replace(weights=True))

    return weight


def cast_once(plain):
    """One copy of a tensor, however many layers have it cast."""

    def own(self, index, saved):
        found = plain(self, index, saved)
        return found._replace(key=("cast", found.what)) if found.what.endswith(("half precision", "float32")) else found

    return own


FAULTS = {
    "no keys and values of an attention": (
        attention.Attention,
        "saved_heads",
        lambda self, backward, size, *x: (),
    ),
    "an upsample as its input is": (resize.Upsample, "autocast", "follow"),
    "a linear layer as its input is": (linear.Linear, "autocast", "follow"),
    "a layer norm in half precision": (norm.LayerNorm, "autocast", "follow"),
    "a factor that keeps half precision": (norm.LayerScale, "autocast", "follow"),
    "a PReLU in float32": (activation.PReLU, "autocast", "float32"),
    "a linear layer that always keeps its weight": (linear.Linear, "keeps_weight", Layer.keeps_weight),
    "a mask of numbers": (
        regularize.Dropout,
        "saved",
        lambda self, backward, *x, plain=regularize.Dropout.saved: (
            saved._replace(element="") for saved in plain(self, backward, *x)
        ),
    ),
    "statistics in half precision": (
        norm.BatchNorm,
        "saved",
        lambda self, backward, *x, plain=norm.BatchNorm.saved: (
            saved._replace(element="") for saved in plain(self, backward, *x)
        ),
    ),
    "a frozen weight that is copied once": (Elements, "weights", copied_once(Elements.weights)),
    "no copies of weights": (Elements, "weights", lambda self, index, backward: ()),
    "a tensor that is cast once": (Elements, "own", cast_once(Elements.own)),
    "the type of the first input": (
        Elements,
        "computing",
        lambda self, index, first=0, plain=Elements.computing: plain(self, index, 1),
    ),
}


@pytest.mark.usefixtures("one_thread")
def test_random_networks():
    assert first_difference(drawn(60)) == []


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name, monkeypatch):
    monkeypatch.setattr(*FAULTS[name])
    assert first_difference(drawn(800)) != []


@pytest.mark.parametrize(("said", "meant"), [("bf16", "bfloat16"), ("fp16", "float16"), ("half", "float16")])
def test_half_types_go_by_other_names(said, meant):
    shown = [
        CliRunner().invoke(program, ["show", "lenet5", "--amp", name, "--format", "json"]) for name in (said, meant)
    ]
    assert shown[0].exit_code == 0 and shown[0].stdout == shown[1].stdout
    assert load("lenet5").report(amp=said).totals == load("lenet5").report(amp=meant).totals
