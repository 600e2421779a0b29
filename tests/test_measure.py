"""What `measure` reads off small hand-made modules, held against numbers counted by hand.

Float32 throughout, so a number is 4 bytes; the indices of a max pool are 8 bytes each.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from cnncalc.torch_backend.running.measure import Kept, Measurement, measure  # noqa: E402
from cnncalc.torch_backend.running.training import training_step  # noqa: E402
from cnncalc.torch_backend.running.watching import watched  # noqa: E402


def leaves(module: nn.Module) -> dict[str, nn.Module]:
    return {name: part for name, part in module.named_modules() if name and not list(part.children())}


def run(module: nn.Module, *shapes: tuple[int, ...], device: str = "cpu") -> Measurement:
    torch.manual_seed(0)
    return measure(module.to(device), leaves(module), [torch.rand(shape, device=device) for shape in shapes])


class Net(nn.Module):
    """Named layers and a forward pass given as a function of them and the inputs."""

    def __init__(self, forward, **parts: nn.Module) -> None:
        super().__init__()
        self.run = forward
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, *inputs: Tensor):
        return self.run(self, *inputs)


def small() -> nn.Sequential:
    """1x3x8x8 → conv 1x4x8x8 → relu in place → pool 1x4x4x4 → 64 → 5."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 5)
    )


def test_a_small_net_row_by_row():
    result = run(small(), (1, 3, 8, 8))
    rows = list(result.rows.values())
    assert [row.output_shapes for row in rows] == [
        ((1, 4, 8, 8),), ((1, 4, 8, 8),), ((1, 4, 4, 4),), ((1, 64),), ((1, 5),),
    ]  # fmt: skip
    assert [row.calls for row in rows] == [1] * 5
    assert rows[0].parameters == {"weight": (4, 3, 3, 3), "bias": (4,)}
    assert rows[4].parameters == {"weight": (5, 64), "bias": (5,)}
    assert [row.macs for row in rows] == [8 * 8 * 4 * 27, 0, 0, 0, 64 * 5]
    assert result.macs == 6912 + 320
    assert result.params == result.trainable == (108 + 4) + (320 + 5)
    assert result.buffers == 0
    assert result.finite is True
    assert result.output_shapes == ((1, 5),)


def test_what_autograd_keeps_row_by_row():
    result = run(small(), (1, 3, 8, 8))
    image = Kept((1, 3, 8, 8), "float32", 768)
    activation = Kept((1, 4, 8, 8), "float32", 1024)
    indices = Kept((1, 4, 4, 4), "int64", 512)
    vector = Kept((1, 64), "float32", 256)
    # the pool keeps its input too, but that is relu's output, counted already
    assert [row.kept for row in result.rows.values()] == [(image,), (activation,), (indices,), (), (vector,)]
    assert [row.saved_bytes for row in result.rows.values()] == [768, 1024, 512, 0, 256]
    assert result.saved_bytes == 768 + 1024 + 512 + 256
    assert result.saved_input_bytes == 768
    assert result.saved_parameter_bytes == (108 + 320) * 4  # the two weights, not the biases


def test_the_batch_multiplies_everything_but_parameters():
    one, three = run(small(), (1, 3, 8, 8)), run(small(), (3, 3, 8, 8))
    assert three.saved_bytes == 3 * one.saved_bytes
    assert three.macs == 3 * one.macs
    assert three.peak_bytes == 3 * one.peak_bytes
    assert three.saved_parameter_bytes == one.saved_parameter_bytes


def test_peak_of_a_chain():
    result = run(small(), (1, 3, 8, 8))
    assert result.peak_bytes == 768 + 1024  # the convolution: image and output. relu works in place
    assert result.operation_peak_bytes == 1024 + 256 + 512  # the pool returns its indices as well
    wide = nn.Sequential(nn.Conv2d(1, 8, 1), nn.ReLU(), nn.Conv2d(8, 1, 1))
    assert run(wide, (1, 1, 5, 5)).peak_bytes == 2 * 800  # relu makes a second tensor; the image is gone by then


def test_peak_holds_what_a_later_layer_takes():
    def forward(net, x):
        a = net.a(x)
        return net.add(net.c(net.b(a)), a)

    net = Net(forward, a=nn.Conv2d(1, 2, 1), b=nn.Conv2d(2, 6, 1), c=nn.Conv2d(6, 2, 1), add=Net(lambda _, p, q: p + q))
    # 4x4 planes of 64 bytes: at c, its input 6, its output 2 and a's output 2 for the addition
    assert run(net, (1, 1, 4, 4)).peak_bytes == (6 + 2 + 2) * 64


def test_peak_does_not_depend_on_how_modules_are_nested():
    layers = [nn.Conv2d(1, 8, 1), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)]
    flat, nested = nn.Sequential(*layers), nn.Sequential(layers[0], nn.Sequential(*layers[1:]))
    assert run(flat, (1, 1, 4, 4)).peak_bytes == run(nested, (1, 1, 4, 4)).peak_bytes == 16 * 64


def test_peak_leaves_out_what_lives_inside_one_row():
    class Padded(nn.Conv2d):
        def forward(self, x):
            return super().forward(functional.pad(x, (0, 1, 0, 1)))

    result = run(nn.Sequential(Padded(2, 2, 2)), (1, 2, 7, 7))
    assert result.peak_bytes == (98 + 98) * 4
    assert result.operation_peak_bytes == (128 + 98) * 4  # the padded copy 8x8 takes the image's place
    assert result.saved_bytes == 128 * 4  # and autograd keeps the copy, not the image
    assert result.saved_input_bytes == 0


def test_peak_keeps_outputs_to_the_end():
    def forward(net, x):
        side = net.side(x)
        return {"main": net.last(net.main(x)), "side": side}

    net = Net(forward, side=nn.Conv2d(1, 4, 1), main=nn.Conv2d(1, 4, 1), last=nn.Conv2d(4, 4, 1))
    result = run(net, (1, 1, 4, 4))
    assert result.output_shapes == ((1, 4, 4, 4), (1, 4, 4, 4))
    assert result.peak_bytes == 12 * 64


def test_peak_counts_what_a_row_takes_without_computing_anything():
    def forward(net, x):
        first = net.first(x)
        last = net.last(net.wide(first))
        return last, net.size(first)

    parts = {"first": nn.Conv2d(1, 2, 1), "wide": nn.Conv2d(2, 6, 1), "last": nn.Conv2d(6, 6, 1)}
    size = Net(lambda _, x: torch.full((1,), x.numel()))
    assert run(Net(forward, size=size, **parts), (1, 1, 4, 4)).peak_bytes == (2 + 6 + 6) * 64  # first waits for `size`


def test_peak_counts_an_output_that_nobody_takes():
    def forward(net, x):
        net.unheard(x)
        return net.last(x)

    net = Net(forward, unheard=nn.Conv2d(1, 9, 1), last=nn.Conv2d(1, 2, 1))
    assert run(net, (1, 1, 4, 4)).peak_bytes == (1 + 9) * 64


def triple(x: Tensor) -> Tensor:
    return torch.cat([x, x, x], 1)


def test_peak_between_rows_goes_operation_by_operation():
    net = Net(lambda net, x: net.last(triple(net.first(x))), first=nn.Conv2d(1, 4, 1), last=nn.Conv2d(12, 1, 1))
    assert run(net, (1, 1, 4, 4)).peak_bytes == (4 + 12) * 64
    net.run = lambda net, x: net.last(triple(net.first(x)).abs()[:, :1].repeat(1, 12, 1, 1))
    assert run(net, (1, 1, 4, 4)).peak_bytes == (12 + 12) * 64  # three in a row that no layer sees, two at once


def test_peak_of_a_row_around_a_row():
    inner = nn.Conv2d(1, 4, 1)
    outer = Net(lambda net, x: triple(net.inner(x)), inner=inner)
    result = measure(outer, {"outer": outer, "inner": inner}, [torch.rand(1, 1, 4, 4)])
    assert result.peak_bytes == (4 + 12) * 64  # the image is gone when the inner row has ended


def test_peak_is_of_inference():
    net = nn.Sequential(nn.Conv2d(1, 4, 1), nn.Dropout(), nn.Conv2d(4, 1, 1))
    assert run(net.train(), (1, 1, 4, 4)).peak_bytes == (1 + 4) * 64  # in training dropout would make 4 planes more


def test_batch_norm_has_buffers_and_a_counter():
    result = run(nn.Sequential(nn.BatchNorm2d(5)), (2, 5, 3, 3))
    row = result.rows["0"]
    assert row.buffers == {"running_mean": (5,), "running_var": (5,)}
    assert row.counters == {"num_batches_tracked": ()}
    assert result.buffers == 10
    assert result.params == 10
    assert result.saved_bytes == (90 + 5 + 5) * 4  # the input, and mean and inverse deviation of the batch
    assert result.saved_parameter_bytes == (5 + 5 + 5) * 4  # weight and the running statistics stand apart


def test_eval_mode_is_measured_as_it_stands():
    net = nn.Sequential(nn.BatchNorm2d(5), nn.Dropout()).eval()
    result = run(net, (2, 5, 3, 3))
    assert result.saved_bytes == 90 * 4
    assert not net.training
    assert run(net.train(), (2, 5, 3, 3)).saved_bytes == (90 + 10 + 90) * 4  # dropout's noise too
    assert net.training
    assert net[1].training


def test_frozen_layers_keep_nothing_until_something_before_them_learns():
    net = nn.Sequential(nn.Linear(6, 7), nn.ReLU(), nn.Linear(7, 8), nn.Linear(8, 9))
    net[0].requires_grad_(False)
    result = run(net, (1, 6))
    assert result.rows["0"].frozen == ("weight", "bias")
    assert result.rows["2"].frozen == ()
    assert [row.saved_bytes for row in result.rows.values()] == [0, 0, 28, 32]
    assert result.trainable == result.params - 49
    net[3].requires_grad_(False)
    net[0].requires_grad_(True)
    assert [row.saved_bytes for row in run(net, (1, 6)).rows.values()] == [24, 28, 0, 0]


@pytest.mark.parametrize(
    ("module", "shapes", "macs"),
    [
        (nn.Conv2d(6, 4, 3, groups=2, bias=False), [(2, 6, 5, 5)], 2 * 9 * 4 * 3 * 9),
        (nn.Conv2d(6, 12, 3, groups=6, padding=1), [(1, 6, 5, 5)], 25 * 12 * 9),
        (nn.Conv1d(2, 3, 5, stride=2, dilation=2), [(1, 2, 20)], 6 * 3 * 2 * 5),
        (nn.Conv3d(1, 2, 2), [(1, 1, 3, 3, 3)], 8 * 2 * 8),
        (nn.ConvTranspose2d(4, 2, 3, stride=2, output_padding=1), [(1, 4, 5, 5)], 25 * 4 * 2 * 9),
        (nn.ConvTranspose2d(4, 6, 2, stride=2, groups=2), [(1, 4, 5, 5)], 25 * 4 * 3 * 4),
        (nn.Linear(3, 4, bias=False), [(2, 5, 3)], 10 * 12),
        (nn.Bilinear(3, 4, 5), [(2, 3), (2, 4)], 2 * 60),
        (nn.Bilinear(3, 4, 5, bias=False), [(2, 6, 3), (2, 6, 4)], 12 * 60),
        (nn.LPPool2d(2, 2), [(1, 2, 4, 4)], 0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_multiply_accumulates(module, shapes, macs, device):
    net = Net(lambda net, *inputs: net.layer(*inputs), layer=module)
    result = run(net, *shapes, device=device)
    assert result.rows["layer"].macs == macs
    assert result.macs == macs


def test_one_module_under_two_names_has_its_calls_dealt_out():
    conv = nn.Conv2d(1, 1, 3)
    net = Net(lambda net, x: net.conv(net.conv(x)), conv=conv)
    result = measure(net, {"first": conv, "second": conv}, [torch.rand(1, 1, 9, 9)])
    first, second = result.rows["first"], result.rows["second"]
    assert (first.output_shapes, second.output_shapes) == (((1, 1, 7, 7),), ((1, 1, 5, 5),))
    assert (first.macs, second.macs) == (49 * 9, 25 * 9)
    assert (first.saved_bytes, second.saved_bytes) == (81 * 4, 49 * 4)
    assert result.params == 10
    both = measure(net, {"conv": conv}, [torch.rand(1, 1, 9, 9)]).rows["conv"]
    assert (both.calls, both.macs, both.output_shapes) == (2, 74 * 9, ((1, 1, 7, 7), (1, 1, 5, 5)))


def test_a_row_inside_a_row_has_its_own_share():
    inner = nn.Linear(4, 5)
    outer = Net(lambda net, x: net.inner(x) @ torch.ones(5, 3), inner=inner)
    net = Net(lambda net, x: net.outer(x) @ torch.ones(3, 2), outer=outer)
    result = measure(net, {"outer": outer, "inner": inner}, [torch.rand(1, 4)])
    assert (result.rows["inner"].macs, result.rows["outer"].macs, result.macs) == (20, 15, 20 + 15 + 6)
    assert result.rows["outer"].output_shapes == ((1, 3),)


def test_a_row_that_is_never_called_says_so():
    net = Net(lambda net, x: net.used(x), used=nn.Linear(2, 2), unused=nn.Linear(2, 3))
    row = run(net, (1, 2)).rows["unused"]
    assert (row.calls, row.output_shapes, row.macs, row.saved_bytes) == (0, (), 0, 0)
    assert row.parameters == {"weight": (3, 2), "bias": (3,)}


def test_several_inputs_and_outputs():
    net = Net(lambda net, a, b: (net.left(a), [net.right(b)], None), left=nn.Linear(2, 3), right=nn.Linear(4, 5))
    result = run(net, (1, 2), (6, 4))
    assert result.output_shapes == ((1, 3), (6, 5))
    assert result.saved_input_bytes == result.saved_bytes == (2 + 24) * 4


def test_numbers_that_are_not_finite_are_noticed():
    net: Any = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid())
    with torch.no_grad():
        net[0].bias.fill_(float("inf"))
    result = run(net, (1, 2))
    assert result.rows["0"].finite is False
    assert result.rows["1"].finite is True
    assert result.finite is True


def test_meta_agrees_with_cpu():
    parts = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU6(inplace=True), nn.LocalResponseNorm(3), nn.GroupNorm(2, 4)]
    net = nn.Sequential(*parts, nn.LPPool2d(2, 2), nn.Dropout(), nn.Flatten(), nn.Linear(36, 5))
    cpu, meta = run(net, (2, 3, 9, 9)), run(net, (2, 3, 9, 9), device="meta")
    assert meta.device == "meta"
    assert meta.finite is None
    assert all(row.finite is None for row in meta.rows.values())
    same = ("output_shapes", "params", "buffers", "macs", "saved_bytes", "saved_input_bytes", "peak_bytes")
    assert {name: getattr(cpu, name) for name in same} == {name: getattr(meta, name) for name in same}
    assert [row.kept for row in cpu.rows.values()] == [row.kept for row in meta.rows.values()]


def test_vgg16_keeps_the_published_bytes():
    layers: list[nn.Module] = []
    with torch.device("meta"):
        channels = 3
        for width, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            for _ in range(depth):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.MaxPool2d(2))
        layers += [nn.AdaptiveAvgPool2d(7), nn.Flatten()]
        for features in (25088, 4096):
            layers += [nn.Linear(features, 4096), nn.ReLU(inplace=True), nn.Dropout()]
        layers.append(nn.Linear(4096, 1000))
    result = run(nn.Sequential(*layers), (1, 3, 224, 224), device="meta")
    assert (result.params, result.macs, result.saved_bytes) == (138357544, 15470264320, 73355264)
    assert result.peak_bytes == 2 * 64 * 224 * 224 * 4


def test_inputs_are_not_written_over():
    net, image = nn.Sequential(nn.ReLU(inplace=True)), torch.full((1, 2), -1.0)
    measure(net, leaves(net), [image])
    training_step(net, [image])
    assert image.tolist() == [[-1, -1]]


def test_bytes_are_measured_only_when_asked_for():
    net = small()
    result = measure(net, leaves(net), [torch.rand(1, 3, 8, 8)], saved=False, peak=False)
    bytes_asked = [value for name, value in result._asdict().items() if name.endswith("_bytes")]
    assert bytes_asked == [None] * 6
    assert all(row.kept is None and row.saved_bytes is None for row in result.rows.values())


def test_nothing_is_left_behind_after_a_failure():
    net = small()
    with pytest.raises(RuntimeError, match="channels"):
        measure(net, leaves(net), [torch.rand(1, 2, 8, 8)])
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.modules())
    seen = []
    with watched({"net": net}, lambda *args: seen.append(args[:2]), lambda *args: seen.append(args[:2])):
        net(torch.rand(1, 3, 8, 8))
    assert seen == [("net", ""), ("net", "")]


def test_a_training_step_moves_the_weight_down_its_gradient():
    net: Any = nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.0)).eval()
    with torch.no_grad():
        net[0].weight.fill_(2.0)
        net[0].bias.fill_(0.0)
    step = training_step(net, [torch.tensor([[3.0]])], lr=0.1)
    assert step == (6.0, (), True, 2, 8)  # a product for the weight, none for the image; two gradients of 4 bytes
    assert net[0].weight.item() == pytest.approx(2.0 - 0.1 * 3)
    assert net[0].bias.item() == pytest.approx(-0.1)
    assert not any(part.training for part in net.modules())


def test_a_training_step_sums_outputs_and_names_what_it_never_reached():
    net: Any = Net(lambda net, x: (net.a(x), net.a(x)), a=nn.Linear(2, 2), idle=nn.Linear(2, 2))
    with torch.no_grad():
        net.a.weight.fill_(1.0)
        net.a.bias.fill_(0.5)
    step = training_step(net, [torch.ones(1, 2)])
    assert step.loss == pytest.approx(2 * 2.5)
    assert step.without_gradient == ("idle.weight", "idle.bias")


def test_a_training_step_without_anything_to_train():
    frozen = nn.Linear(2, 1).requires_grad_(False)
    assert training_step(frozen, [torch.zeros(1, 2)]) == (pytest.approx(frozen.bias.item()), (), True, 0, 0)
    assert training_step(small().to("meta"), [torch.rand(1, 3, 8, 8, device="meta")])[:3] == (None, (), None)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_reports_the_allocators_peak():
    result = run(small(), (1, 3, 8, 8), device="cuda")
    assert result.saved_bytes == 768 + 1024 + 512 + 256
    assert result.cuda_peak_bytes >= result.peak_bytes + result.params * 4


def test_without_torch_one_line_says_how_to_install_it():
    program = "import sys; sys.modules['torch'] = None; import cnncalc.torch_backend"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "torch is not installed" in done.stderr
    assert "pip install torch" in done.stderr
