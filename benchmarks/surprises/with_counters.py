"""Counters of operations and receptive fields on layers that they count wrong."""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np
import onnx_tool
import torch
import torchinfo
import torchprofile
import torchvision
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchscan.modules import module_rf

from benchmarks.surprises import tell


def fields(*modules: nn.Module) -> str:
    """torchscan's receptive field of each module, one behind the other on 3×32×32."""
    found, x = [], torch.zeros(1, 3, 32, 32)
    for one in modules:
        y = one(x)
        found.append(f"{module_rf(one, x, y)[0]:.0f}")
        x = y
    return ", ".join(found)


def priced(kind: str, x: tuple[int, ...], y: tuple[int, ...], *weights: tuple[int, ...], **said: object) -> int:
    """onnx-tool's multiply–accumulates of an ONNX file of one node."""
    names = [f"w{at}" for at in range(len(weights))]
    tensors = [numpy_helper.from_array(np.ones(one, np.float32), name) for name, one in zip(names, weights)]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, one) for name, one in (("x", x), ("y", y))]
    graph = helper.make_graph([helper.make_node(kind, ["x", *names], ["y"], **said)], "g", ends[:1], ends[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    with contextlib.redirect_stdout(io.StringIO()):
        read = onnx_tool.Model(model).graph
        read.shape_infer(None)
        read.profile()
    return int(read.macs[0])


def transposed(i: int, o: int, k: int, s: int) -> str:
    """Of a transposed convolution on 8×8: what onnx-tool says, and what it is."""
    length = 7 * s + k
    said = priced("ConvTranspose", (1, i, 8, 8), (1, o, length, length), (i, o, k, k), kernel_shape=(k, k),
                  strides=(s, s))  # fmt: skip
    return f"{said:,} for {i * o * k * k * 64:,}"


def flops(net: nn.Module, gradients: bool) -> int:
    """What FlopCounterMode counts of an image, with gradients or without."""
    with torch.set_grad_enabled(gradients), FlopCounterMode(display=False) as counter:
        net(torch.zeros(1, 3, 224, 224))
    return int(counter.get_total_flops())


warnings.simplefilter("ignore")
vit = torchvision.models.vit_b_16().eval()
normed = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)))
grouped = nn.ConvTranspose2d(4, 8, 4, stride=2, padding=1, groups=4)
tell(
    [
        ("FlopCounterMode: ViT-B/16 in eval mode", flops(vit, True)),
        ("FlopCounterMode: ViT-B/16 in eval mode, no gradients", flops(vit, False)),
        ("torchinfo: mult-adds of a convolution with weight normalisation",
         torchinfo.summary(normed, (1, 3, 8, 8), verbose=0).total_mult_adds),
        ("torchprofile: a transposed convolution 4 to 8 channels, stride 2, 4 groups, on 8×9",
         torchprofile.profile_macs(grouped, torch.zeros(1, 4, 8, 9))),
        ("torchscan: receptive fields of convolution 3, max pool 2, convolution 3, ReLU, transposed convolution 4",
         fields(nn.Conv2d(3, 8, 3), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.ConvTranspose2d(8, 8, 4))),
        ("onnx-tool: an element of a batch norm",
         priced("BatchNormalization", (1, 4, 8, 8), (1, 4, 8, 8), (4,), (4,), (4,), (4,)) // 256),
        ("onnx-tool: a transposed convolution 4 to 8 channels, kernel 3, stride 2", transposed(4, 8, 3, 2)),
        ("onnx-tool: a transposed convolution 4 to 8 channels, kernel 2, stride 2", transposed(4, 8, 2, 2)),
    ]
)  # fmt: skip
