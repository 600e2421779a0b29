"""Net to torch module: names, order, sharing, freezing, inputs and outputs, seeds; and that it trains."""

from __future__ import annotations

from math import ceil

import pytest

torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from held import graph_of  # noqa: E402
from torch import nn  # noqa: E402

import cnncalc  # noqa: E402
from cnncalc.errors import CnncalcError  # noqa: E402
from cnncalc.layers import KINDS, kind_named  # noqa: E402
from cnncalc.torch_backend.building.builder import build, to_torch  # noqa: E402
from cnncalc.torch_backend.building.kinds import BUILDERS, module_of  # noqa: E402


def module(text, **options):
    return build(graph_of(text), **options)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("conv", "conv.weight"), "`conv.weight` is a tensor of `conv`, and a layer"),
        (("conv", "conv.weight.more"), "`conv.weight` is a tensor of `conv`, and a layer"),
        (("conv.bias", "conv"), "`conv.bias` is a tensor of `conv`, and a layer"),
        (("conv", "conv.more"), ""),
    ],
)
def test_a_layer_is_not_called_as_a_tensor_is(names, told):
    graph = graph_of(f"{{input: 3x8x8, layers: [{{conv: 4 k3, name: {names[0]}}}, {{conv: 4 k3, name: {names[1]}}}]}}")
    if told:
        with pytest.raises(CnncalcError, match="would have one name") as raised:
            to_torch(graph)
        assert raised.value.faults[0].values.startswith(told)
    else:
        assert set(to_torch(graph).state_dict()) == {f"{one}.{role}" for one in names for role in ("weight", "bias")}


def test_every_kind_has_a_builder():
    assert set(BUILDERS) == set(KINDS)


def test_a_kind_without_a_builder_is_named(monkeypatch):
    monkeypatch.delitem(BUILDERS, "relu")
    with pytest.raises(CnncalcError) as caught:
        module("{input: 3x8x8, layers: [{name: stem, layers: [conv 4 k3, relu]}]}")
    (fault,) = caught.value.faults
    assert fault.message == "torch has no module for the kind `relu`"
    assert fault.layer == "stem.relu1"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("conv: 4 k3 p1", "Conv{}d"), ("dwconv: 2 k3", "Conv{}d"), ("deconv: 4 k2 s2", "ConvTranspose{}d"),
        ("maxpool: 2 ceil", "MaxPool{}d"), ("avgpool: 2", "AvgPool{}d"), ("lppool: 2", "LPPool{}d"),
        ("batchnorm: ", "BatchNorm{}d"), ("instancenorm: ", "InstanceNorm{}d"), ("pad: 1:2", "ZeroPad{}d"),
        ("adaptive_maxpool: 3", "AdaptiveMaxPool{}d"), ("global_avgpool: ", "AdaptiveAvgPool{}d"),
        ("conv: 4 k2 same", "PaddedConv{}d"), ("deconv: 4 k3 p1:0", "CutDeconv{}d"), ("upsample: 2", "Upsample"),
        ("groupnorm: 2", "GroupNorm"), ("lrn: ", "LocalResponseNorm"), ("prelu: ", "PReLU"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_layer_is_torchs_own_module_where_there_is_one(text, kind, rank):
    net = module(f"{{input: {'x'.join(['4'] + ['6'] * rank)}, layers: [{{{text}, name: it}}]}}")
    assert type(net.it).__name__ == kind.format(rank)


def test_state_dict_keys_are_the_dotted_names():
    keys = list(to_torch("resnet18", device="meta").state_dict())
    assert keys[:6] == [
        "conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked",
    ]  # fmt: skip
    assert {"layer1.0.conv1.weight", "layer2.0.downsample.0.weight", "layer4.1.bn2.running_var", "fc.bias"} <= set(keys)
    assert len(keys) == 122


def test_names_that_torch_uses_itself_are_no_trouble():
    net = module(
        "{input: 3x8x8, layers: "
        "[{conv: 4 k1, name: type}, {conv: 4 k1, name: train.forward}, {conv: 4 k1, name: type.weight}]}"
    )
    assert list(net.state_dict()) == [
        "type.weight", "type.bias", "type.weight.weight", "type.weight.bias",
        "train.forward.weight", "train.forward.bias",
    ]  # fmt: skip
    assert net(torch.zeros(1, 3, 8, 8)).shape == (1, 4, 8, 8)


def test_layers_that_share_are_one_module():
    net = module(
        "{input: 3x8x8, layers: "
        "[{conv: 3 k3 p1, name: a}, relu, {share: a, name: b}, {conv: 3 k3 p2 d2, share: a, name: c}]}"
    )
    assert net.b is net.a
    assert net.c is not net.a
    assert net.c.weight is net.a.weight
    assert net.c.dilation == (2, 2)
    assert sum(parameter.numel() for parameter in net.parameters()) == 3 * 3 * 9 + 3


def test_frozen_layers_take_no_gradient():
    net = module(
        "{input: 3x8x8, layers: "
        "[{layers: [conv 4 k3, batchnorm], name: stem, trainable: false}, relu, {conv: 2 k1, name: head}]}"
    )
    wanted = {name: parameter.requires_grad for name, parameter in net.named_parameters()}
    assert {name.split(".")[0]: flag for name, flag in wanted.items()} == {"stem": False, "head": True}
    net(torch.rand(2, 3, 8, 8)).sum().backward()
    assert net.stem.conv1.weight.grad is None
    assert net.head.weight.grad is not None


def test_several_inputs_come_in_their_order_and_several_outputs_by_name():
    net = module(
        """
        inputs: {left: 2x4x4, right: 3x4x4}
        outputs: [both, last]
        layers:
          - {concat: , from: [left, right], name: both}
          - {conv: 1 k1, name: last}
        """.replace("\n        ", "\n")
    )
    outputs = net(torch.zeros(1, 2, 4, 4), torch.ones(1, 3, 4, 4))
    assert list(outputs) == ["both", "last"]
    assert outputs["both"].mean((0, 2, 3)).tolist() == [0, 0, 1, 1, 1]
    with pytest.raises(TypeError, match=r"takes 2 inputs \(left, right\), not 1"):
        net(torch.zeros(1, 2, 4, 4))


def test_weights_depend_on_the_seed_alone_and_leave_torchs_own_state():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, same, other = (to_torch("lenet5", seed=seed) for seed in (1, 1, 2))
    assert torch.rand(1) == expected
    assert torch.equal(one.conv1.weight, same.conv1.weight)
    assert not torch.equal(one.conv1.weight, other.conv1.weight)


def test_dtype_and_device():
    assert to_torch("lenet5", dtype=torch.float64).conv1.weight.dtype == torch.float64
    assert next(to_torch("vgg16", device="meta").parameters()).is_meta


def test_same_padding_follows_the_input():
    net = module("{input: 1x7x8, layers: [{conv: 2 k3 s2 same, name: c}, {maxpool: 2 s2 same, name: p}]}")
    for height in range(3, 12):
        assert net(torch.zeros(1, 1, height, 8)).shape[2] == ceil(ceil(height / 2) / 2)


@pytest.mark.parametrize(
    ("word", "kernel", "expected"), [("same", [0.0, 1.0], [1, 1, 1, 0]), ("same_lower", [1.0, 0.0], [0, 1, 1, 1])]
)
def test_the_odd_pixel_lies_after_and_with_same_lower_before(word, kernel, expected):
    net = module(f"{{input: 1x4, layers: [{{conv: 1 k2 {word} nobias, name: c}}]}}")
    with torch.no_grad():
        net.c.weight.copy_(torch.tensor([[kernel]]))
    assert net(torch.ones(1, 1, 4)).flatten().tolist() == expected


def test_a_border_below_none_leaves_pixels_out_on_both_sides():
    """As onnxruntime 1.32 has `same` where strides leap over pixels: it begins with the second of nine."""
    net = module("{dialect: onnx, input: 1x9, layers: [maxpool 1 s3 d3 same ceil]}")
    assert net(torch.arange(9.0).reshape(1, 1, 9)).flatten().tolist() == [1, 4, 7]


def test_windows_that_reach_over_the_end_are_run_where_same_lays_no_border():
    """`same` of a dilated pool is that of its kernel in onnxruntime 1.32, too little for the last window."""
    net = module("{dialect: onnx, input: 1x8, layers: [maxpool k2 s2 d2 same ceil]}")
    assert net(torch.arange(8.0).reshape(1, 1, 8)).flatten().tolist() == [2, 4, 6, 6]


def test_a_padded_average_can_leave_the_border_out():
    counted, left_out = (
        module(f"{{input: 1x3, layers: [avgpool k2 s2 p0:1 {flag}count_include_pad]}}") for flag in ("", "no")
    )
    x = torch.full((1, 1, 3), 6.0)
    assert counted(x).flatten().tolist() == [6, 3]
    assert left_out(x).flatten().tolist() == [6, 6]


def test_what_lies_outside_wins_no_max_pool():
    net = module("{input: 1x3, layers: [maxpool k2 s2 p1:0]}")
    assert net(torch.tensor([[[-3.0, -2.0, -1.0]]])).flatten().tolist() == [-3, -1]


def test_a_cut_deconvolution_is_the_plain_one_without_its_ends():
    plain = module("{input: 2x5, layers: [{deconv: 3 k3 s2, name: d}]}", seed=1)
    cut = module("{input: 2x5, layers: [{deconv: 3 k3 s2 p1:2, name: d}]}", seed=1)
    x = torch.rand(1, 2, 5)
    assert torch.equal(cut(x), plain(x)[:, :, 1:-2])


@pytest.mark.parametrize(
    ("text", "shape"),
    [("pixel_shuffle 2", (8, 3, 3)), ("pixel_unshuffle 3", (2, 6, 9)), ("channel_shuffle 3", (6, 2, 2))],
)
def test_our_shuffles_are_torchs(text, shape):
    from cnncalc.torch_backend.building import modules

    kind, number = text.split()
    name = "".join(word.title() for word in kind.split("_"))
    ours, theirs = getattr(modules, name)(int(number)), getattr(nn, name)(int(number))
    x = torch.rand(2, *shape)
    assert torch.equal(ours(x), theirs(x))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_shuffles_undo_one_another(rank):
    shape = (2, *(6,) * rank)
    apart = module_of(kind_named("pixel_unshuffle")[0](factor=3), (shape,))
    back = module_of(kind_named("pixel_shuffle")[0](factor=3), ((2 * 3**rank, *(2,) * rank),))
    x = torch.rand(1, *shape)
    assert torch.equal(back(apart(x)), x)


def test_space_to_depth_keeps_the_channels_of_a_pixel_together():
    depth = module_of(kind_named("space_to_depth")[0](factor=2), ((2, 4, 4),))
    x = torch.arange(32.0).reshape(1, 2, 4, 4)
    assert depth(x)[0, :2, 0, 0].tolist() == x[0, :, 0, 0].tolist()
    assert depth(x)[0, 2:4, 0, 0].tolist() == x[0, :, 0, 1].tolist()


def test_the_module_trains_as_it_is():
    net = cnncalc.to_torch("lenet5")
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    images, classes = torch.rand(8, 1, 28, 28), torch.arange(8)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(images), classes)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.1


def test_a_saved_state_comes_back(tmp_path):
    net = cnncalc.to_torch("lenet5", seed=1)
    torch.save(net.state_dict(), tmp_path / "lenet5.pt")
    other = cnncalc.to_torch("lenet5", seed=2)
    other.load_state_dict(torch.load(tmp_path / "lenet5.pt"))
    x = torch.rand(1, 1, 28, 28)
    assert torch.equal(net(x), other(x))


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize(("n", "out"), [(5, 10), (7, 5), (6, 9), (8, 3), (6, 6), (4, 12)])
def test_a_cubic_upsample_sees_four_pixels(n, out, corners):
    """By torch's gradients. Where a pixel lies on one, the others of its four have no weight."""
    layer = kind_named("upsample")[0](size=(out, 1), mode="cubic", align_corners=corners)
    reach, _ = layer.reaches((1, n, 1))
    module = module_of(layer, ((1, n, 1),))
    for at in range(out):
        x = torch.rand(1, 1, n, 1, dtype=torch.float64, requires_grad=True)
        module(x)[0, 0, at, 0].backward()
        seen = {place for place, one in enumerate(x.grad.flatten().tolist()) if abs(one) > 1e-9}
        told = {min(max(place, 0), n - 1) for place in reach.pixels(at)}
        assert seen == told or (len(seen) == 1 and seen < told)
