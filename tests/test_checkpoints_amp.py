"""Mixed precision and groups that run again, the pass backward too: what lives in torch, and what it computes.

A pass backward needs a device that is there: torch.autocast runs on the CPU, and of what it does otherwise on CUDA, the
operators that it casts to float32 there are cast so here. What is left are masks of dropout, a number of the map's own
type on a CPU and a byte on CUDA.
"""

from __future__ import annotations

from contextlib import contextmanager
from math import prod

import pytest

torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from torch.nn import functional  # noqa: E402
from torch.overrides import TorchFunctionMode  # noqa: E402

from cnncalc import load, to_torch  # noqa: E402
from cnncalc.analysis.costs import report  # noqa: E402
from cnncalc.layers.kinds.regularize import Dropout  # noqa: E402
from cnncalc.torch_backend.running import keeping, training  # noqa: E402

WIDE = {functional.layer_norm, functional.group_norm, functional.softmax, torch.Tensor.softmax}
"""What autocast casts to float32 on CUDA, and not on a CPU."""
NETS = [
    ("resnet18", "layer*.*"),
    ("resnet18", "layer*"),
    ("resnet50", "layer*"),
    ("resnext50_32x4d", "layer*"),
    ("densenet121", "features.denseblock*"),
    ("shufflenet_v2_x1_0", "stage*"),
    ("unet", "*"),
    ("efficientnet_b0", "features.*"),
    ("regnet_y_400mf", "*"),
    ("mnasnet1_0", "layers.*"),
    ("mobilenet_v3_small", "features.*"),
    ("convnext_tiny", "features.*"),
    ("mobilenet_v2", "features.*"),
    ("squeezenet1_1", "features.*"),
]
SMALL = """
name: small
input: 3x16x16
layers:
  - {name: one, layers: [conv 6 k3 p1, groupnorm 2, relu inplace, conv 6 k1]}
  - {name: two, layers: [maxpool 2, conv 8 k1, gelu]}
  - {name: three, layers: [reshape 8x64, permute 1x0, {add: [[layernorm, attention 2 nofused], []]}, flatten, linear 5]}
"""


class _AsOnCuda(TorchFunctionMode):
    def __torch_function__(self, function, _types, args=(), kwargs=None):
        if function in WIDE and torch.is_autocast_enabled("cpu"):
            args = [one.float() if isinstance(one, torch.Tensor) else one for one in args]
            with torch.autocast("cpu", enabled=False):
                return function(*args, **(kwargs or {}))
        return function(*args, **(kwargs or {}))


@contextmanager
def on_cpu(half, *, cache=True):
    with torch.autocast("cpu", half, cache_enabled=cache):
        yield


@pytest.fixture(autouse=True)
def autocast(monkeypatch):
    monkeypatch.setattr(keeping, "autocast", on_cpu)
    monkeypatch.setattr(training, "autocast", on_cpu)


def held(graph, batch=2):
    """Bytes when the pass backward begins and at most, and the operations of that pass, are those of torch."""
    module = to_torch(graph)
    inputs = [torch.randn(batch, *graph.nodes[index].shape) for index in graph.inputs.values()]
    with _AsOnCuda():
        found = keeping.alive(module, inputs, torch.bfloat16)
    step = training.training_step(module, inputs, half=torch.bfloat16)  # products are the same in either type
    totals = report(graph, batch, "amp-bfloat16").totals
    masks = sum(
        batch * prod(node.shape)
        for _, node, layer in graph.layers()
        if isinstance(layer, Dropout) and not layer.inplace
    )
    assert totals.saved_bytes + masks == found.first
    assert max(totals.backward_bytes, totals.saved_bytes + masks) == found.most
    assert totals.backward_flops + 2 * totals.recomputed_macs == step.backward_flops
    return totals


@pytest.mark.parametrize(("net", "pattern"), NETS)
def test_whole_nets_keep_what_torch_keeps(net, pattern):
    totals = held(load(net, input="3x64x64", checkpoint=pattern))
    plain = report(load(net, input="3x64x64"), 2, "amp-bfloat16").totals
    assert totals.saved_bytes < plain.saved_bytes
    assert totals.recomputed_macs > 0


@pytest.mark.parametrize("patterns", [("one",), ("two",), ("three",), ("one", "three"), ("*",)])
@pytest.mark.parametrize("frozen", [(), ("one",), ("!three",), ("two",)])
def test_what_is_frozen_too(patterns, frozen):
    held(load(SMALL, checkpoint=patterns, freeze=frozen))
