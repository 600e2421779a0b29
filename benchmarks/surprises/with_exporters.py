"""What torch's two ONNX exporters make of nets whose numbers are fresh or trained: docs/formats.md tells it."""

from __future__ import annotations

import copy
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
import torch
import torchvision
from onnx import TensorProto, helper
from torch import nn

from benchmarks.surprises import tell

HELD = (TensorProto.FLOAT, TensorProto.INT64)


def exported(net: nn.Module, *shape: int, dynamo: bool = True, **more: object) -> onnx.ModelProto:
    """As one of the exporters writes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "net.onnx")
        torch.onnx.export(net.eval(), (torch.rand(1, *shape),), path, dynamo=dynamo, **more)
        return onnx.load(path)


def numbers(model: onnx.ModelProto, *types: int) -> int:
    """How many numbers of these types its initialisers hold; floating-point ones where none is named."""
    held = types or HELD[:1]
    return sum(int(np.prod(one.dims)) for one in model.graph.initializer if one.data_type in held)


def nodes(model: onnx.ModelProto) -> int:
    """How many nodes it has, constants apart."""
    return sum(one.op_type != "Constant" for one in model.graph.node)


def trained(net: nn.Module) -> nn.Module:
    """A copy whose batch norms no longer are what they were when they were made."""
    made = copy.deepcopy(net)
    for one in made.modules():
        if isinstance(one, nn.BatchNorm2d):
            for tensor in (one.weight, one.bias, one.running_mean, one.running_var):
                nn.init.uniform_(tensor, 0.5, 1.5)
    return made


class Twice(nn.Module):
    """A convolution that is used twice, each time with a batch norm of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.first, self.second = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.BatchNorm2d(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.conv(self.first(self.conv(x))))


def programmed() -> int:
    """Bytes of the largest entry of a `.pt2` whose weight is a part of a larger tensor."""
    layer = nn.Conv2d(3, 4, 3, bias=False)
    layer.weight = nn.Parameter(torch.rand(100, 27)[:4].view(4, 3, 3, 3))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.pt2"
        torch.export.save(torch.export.export(layer, (torch.rand(1, 3, 8, 8),)), str(path))
        with zipfile.ZipFile(path) as archive:
            return max(one.file_size for one in archive.infolist() if "weights" in one.filename)


def beside() -> int:
    """Bytes of the file beside a net whose tensors there, two of them larger than 1 MiB, take 2,173,600."""
    net = nn.Sequential(nn.Linear(520, 520), nn.ReLU(), nn.Linear(520, 520), nn.ReLU(), nn.Linear(520, 3)).eval()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        torch.onnx.export(net, (torch.rand(1, 520),), str(path), dynamo=True, external_data=True)
        return path.with_suffix(".onnx.data").stat().st_size


def checked(model: onnx.ModelProto) -> str:
    """Whether onnx's full check takes it."""
    try:
        onnx.checker.check_model(model, full_check=True)
    except onnx.shape_inference.InferenceError as error:
        return type(error).__name__
    return "taken"


normed = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8))
equal = nn.Sequential(nn.Conv2d(3, 3, 3, bias=False), nn.Conv2d(3, 3, 3, bias=False))
equal[1].weight.data = equal[0].weight.data.clone()
resnet, twice = torchvision.models.resnet18(), Twice()
weighted = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 8, 3))
circular = nn.Conv2d(3, 8, 3, padding=1, padding_mode="circular")
program = torch.export.export(circular, (torch.rand(1, 3, 8, 8),)).run_decompositions()
int4 = helper.make_tensor("w", TensorProto.INT4, [3, 3, 3], np.zeros(27, np.int8))
tell(
    [
        ("a convolution and a batch norm, 232 numbers, fresh (dynamo)", numbers(exported(normed, 3, 8, 8))),
        ("the same, trained", numbers(exported(trained(normed), 3, 8, 8))),
        ("two convolutions of equal weights, 162 numbers", numbers(exported(equal, 3, 8, 8))),
        ("a shared convolution with two batch norms, 180 numbers, fresh (TorchScript)",
         numbers(exported(twice, 4, 8, 8, dynamo=False))),
        ("the same, trained", numbers(exported(trained(twice), 4, 8, 8, dynamo=False))),
        ("ResNet-18, fresh (dynamo)", numbers(exported(resnet, 3, 224, 224))),
        ("ResNet-18, trained (dynamo)", numbers(exported(trained(resnet), 3, 224, 224))),
        ("a group norm of 8 numbers, opset 18, lengths too",
         numbers(exported(nn.GroupNorm(2, 4), 4, 8, 8, opset_version=18), *HELD)),
        ("the same, opset 21", numbers(exported(nn.GroupNorm(2, 4), 4, 8, 8, opset_version=21), *HELD)),
        ("an instance norm without scale, 4 channels", numbers(exported(nn.InstanceNorm2d(4), 4, 8, 8))),
        ("an adaptive pool from 16×16 to 3×3", numbers(exported(nn.AdaptiveAvgPool2d(3), 3, 16, 16), *HELD)),
        ("nodes of a normalised weight (TorchScript)", nodes(exported(weighted, 3, 8, 8, dynamo=False))),
        ("nodes of the same (dynamo)", nodes(exported(weighted, 3, 8, 8))),
        ("nodes of an LP pool", nodes(exported(nn.LPPool2d(2, 2), 3, 8, 8))),
        ("operators of a circular convolution, decomposed",
         sum(one.op == "call_function" for one in program.graph.nodes)),
        ("onnx's full check of a max pool that rounds up",
         checked(exported(nn.MaxPool2d(2, 3, ceil_mode=True), 1, 6, 6))),
        ("bytes of a weight of 432 that is a part of 10,800, in a .pt2", programmed()),
        ("bytes of 2,173,600 of tensors, beside the file (dynamo, onnx-ir 1.0.0)", beside()),
        ("bytes of 27 numbers in INT4", len(int4.raw_data) or len(int4.int32_data)),
    ]
)  # fmt: skip
